"""The figures of each stage and day under a version that is not live, or of the customers of one account: derived from
their events, never written (design, sections 5 and 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import NoReadModels
from raceline.domain.racetrack_registry import Version
from raceline.domain.sql import statements
from raceline.projections.cases import cases_of
from raceline.projections.everybody import everybody
from raceline.projections.extremes import counted_spells, extreme_table
from raceline.projections.in_force import with_racetracks
from raceline.projections.race import race_tables
from raceline.projections.race_tables import definitions
from raceline.projections.rules import Rules
from raceline.projections.sums import added, grouped
from raceline.projections.tables import RACE

_SQL = statements("raceline.projections", "stages.sql")
# Of changes, what happened before the first day is one row of the day before it; amounts belong to their days alone.
_CHANGES = ("stage_days", "case_days", "case_buckets")
_AMOUNTS = ("stage_views", "overlay_days")
_EXTREME_GROUP = ["racetrack", "side", "stage"]
_FEW = 100_000  # rows that are added up together: each time costs all that were added up before

Rows = dict[str, list[dict[str, Any]]]


class Moment(NamedTuple):
    """Up to where something is true: a position, and the clock that timers were looked at, microseconds since 1970."""

    position: int
    clock: int


@dataclass(frozen=True)
class StageDays:
    """What the live tables would hold if a version were active, of all days.

    definition, sums: by their names, as `between` gives them; extremes: case_extremes, by day.
    """

    at: Moment
    definition: Mapping[str, pa.Table]
    sums: Mapping[str, pa.Table]
    extremes: pa.Table

    @property
    def size(self) -> int:
        """Its bytes in memory."""
        return sum(int(table.nbytes) for table in (*self.definition.values(), *self.sums.values(), self.extremes))

    def between(self, from_day: date, to_day: date) -> Rows:
        """The rows that the figures of these days are made of, both included: changes before the first are summed to
        the day before it, extremes are those from the first on and those that were true when it began.

        Rows by table: the definition (racetracks, racetrack_stages, racetrack_severities, racetrack_overlays and the
        like), stage_days, case_days, case_buckets, case_extremes, stage_views, overlay_days, and checkpoint, a row with
        the position and the clock of the answer.
        """
        return {
            **{name: table.to_pylist() for name, table in self.definition.items()},
            **{name: _within(table, name, from_day, to_day).to_pylist() for name, table in self.sums.items()},
            "case_extremes": _last_before(self.extremes, from_day, to_day).to_pylist(),
            "checkpoint": [self.at._asdict()],
        }


def stage_days(
    url: str,
    catalogue: Catalogue,
    rules: Rules,
    version: Version,
    *,
    account: str | None = None,
    chunk: int = 500_000,
) -> StageDays:
    """The figures of all days under a version, of one account's customers, or of all; up to where what is live is.

    Raises NoReadModels, UnreadableRacetrack, InvalidRacetrack when the catalogue lacks what the version is about,
    LogUnavailable.
    """
    raced = with_racetracks(rules, catalogue, (version,))
    (track,) = raced.tracks
    sums = {name: _Sum(name) for name in (*_CHANGES, *_AMOUNTS)}
    spells = counted_spells([RACE["case_spells"].empty_table()])
    with everybody(url, catalogue, raced, account=account, chunk=chunk) as (live, chunks):
        if live is None:
            raise NoReadModels
        for columns in chunks:
            tables = race_tables(columns, cases_of(columns, raced.cases), track, live.clock).tables
            for name, sum_ in sums.items():
                sum_.add(tables[name])
            spells = counted_spells([tables["case_spells"]], spells)
    return StageDays(
        Moment(live.position, live.clock),
        definitions(raced.tracks),
        {name: sum_.total() for name, sum_ in sums.items()},
        extreme_table(spells).sort_by("day"),
    )


def live_moment(url: str) -> Moment:
    """Up to where the live read models are true. Raises NoReadModels, LogUnavailable."""
    with arrow.connect(url) as connection:
        found = arrow.rows(connection, _SQL["checkpoint"]).to_pylist()
    if not found:
        raise NoReadModels
    return Moment(found[0]["position"], found[0]["clock"])


class _Sum:
    """The sums `name` of one chunk after the other. They are added up when there is as much more as there was."""

    def __init__(self, name: str) -> None:
        self._name, self._tables = name, [RACE[name].empty_table()]

    def add(self, table: pa.Table) -> None:
        self._tables.append(table)
        first, *more = (one.num_rows for one in self._tables)
        if sum(more) > max(_FEW, first):
            self._tables = [self.total()]

    def total(self) -> pa.Table:
        return added(self._name, self._tables)


def _within(table: pa.Table, name: str, from_day: date, to_day: date) -> pa.Table:
    table = table.filter(pc.less_equal(table["day"], to_day))
    since = table.filter(pc.greater_equal(table["day"], from_day))
    if name in _AMOUNTS or from_day == date.min:
        return since
    before = table.filter(pc.less(table["day"], from_day))
    day = pa.repeat(pa.scalar(from_day - timedelta(days=1)), before.num_rows)
    before = before.set_column(table.schema.get_field_index("day"), "day", day)
    return pa.concat_tables([added(name, [before]), since])


def _last_before(extremes: pa.Table, from_day: date, to_day: date) -> pa.Table:
    """The extremes from the first day on, and of each stage those that were true when it began."""
    day = extremes["day"]
    before = extremes.filter(pc.less(day, from_day))
    numbered = before.append_column("i", pa.array(np.arange(before.num_rows)))
    last = grouped(numbered, _EXTREME_GROUP).aggregate([("i", "max")])["i_max"]
    since = extremes.filter(pc.and_(pc.greater_equal(day, from_day), pc.less_equal(day, to_day)))
    return pa.concat_tables([before.take(last), since])
