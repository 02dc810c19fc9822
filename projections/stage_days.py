"""The figures of each stage and day under a version that is not live, or of the customers of one account: derived from
their events, never written (design, sections 5 and 7)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import NoReadModels
from raceline.domain.racetrack_registry import Version
from raceline.projections.cases import cases_of
from raceline.projections.everybody import everybody
from raceline.projections.extremes import counted_spells, extreme_table
from raceline.projections.in_force import with_racetracks
from raceline.projections.race import race_tables
from raceline.projections.race_tables import definitions
from raceline.projections.rules import Rules
from raceline.projections.sums import added
from raceline.projections.tables import RACE

# Of changes, what happened before the first day is one row of the day before it; amounts belong to their days alone.
_CHANGES = ("stage_days", "case_days", "case_buckets")
_AMOUNTS = ("stage_views", "overlay_days")
_EXTREME_GROUP = ["racetrack", "side", "stage"]

Rows = dict[str, list[dict[str, Any]]]


def stage_days(
    url: str,
    catalogue: Catalogue,
    rules: Rules,
    version: Version,
    from_day: date,
    to_day: date,
    *,
    account: str | None = None,
    chunk: int = 500_000,
) -> Rows:
    """What the live tables would hold of these days if this version were active; of one account's customers, or of all.

    Rows by table: the definition (racetracks, racetrack_stages, racetrack_severities, racetrack_overlays and the like),
    stage_days, case_days, case_buckets, case_extremes, stage_views, overlay_days, and checkpoint, a row with the
    position and the clock (microseconds since 1970) of the answer. Raises NoReadModels, UnreadableRacetrack,
    InvalidRacetrack when the catalogue lacks what the version is about, LogUnavailable.
    """
    raced = with_racetracks(rules, catalogue, (version,))
    (track,) = raced.tracks
    told = {name: RACE[name].empty_table() for name in (*_CHANGES, *_AMOUNTS)}
    spells = counted_spells([RACE["case_spells"].empty_table()])
    with everybody(url, catalogue, raced, account=account, chunk=chunk) as (live, chunks):
        if live is None:
            raise NoReadModels
        for columns in chunks:
            tables = race_tables(columns, cases_of(columns, raced.cases), track, live.clock)
            for name, before in told.items():
                told[name] = added(name, [before, _within(tables[name], name, from_day, to_day)])
            spells = counted_spells([tables["case_spells"]], spells)
    return {
        **{name: table.to_pylist() for name, table in definitions(raced.tracks).items()},
        **{name: table.to_pylist() for name, table in told.items()},
        "case_extremes": list(_last_before(extreme_table(spells), from_day, to_day)),
        "checkpoint": [{"position": live.position, "clock": live.clock}],
    }


def _within(table: pa.Table, name: str, from_day: date, to_day: date) -> pa.Table:
    table = table.filter(pc.less_equal(table["day"], to_day))
    if name in _AMOUNTS:
        return table.filter(pc.greater_equal(table["day"], from_day))
    day = pc.max_element_wise(table["day"], pa.scalar(from_day - timedelta(days=1)))
    return table.set_column(table.schema.get_field_index("day"), "day", day)


def _last_before(extremes: pa.Table, from_day: date, to_day: date) -> Iterator[dict[str, Any]]:
    """The extremes from the first day on, and of each stage those that were true when it began."""
    last: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in extremes.sort_by("day").to_pylist():
        if row["day"] < from_day:
            last[tuple(row[key] for key in _EXTREME_GROUP)] = row
        elif row["day"] <= to_day:
            yield row
    yield from last.values()
