"""Stages as a whole under a version that is not live: derived from all events, never written (design, section 5)."""

from typing import Any

import pyarrow as pa

from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import NoReadModels
from raceline.domain.racetrack_registry import Version
from raceline.projections.cases import cases_of
from raceline.projections.everybody import everybody
from raceline.projections.in_force import with_racetracks
from raceline.projections.race import race_tables
from raceline.projections.race_tables import definitions
from raceline.projections.rules import Rules
from raceline.projections.stage_lengths import lengths_of
from raceline.projections.sums import added
from raceline.projections.tables import RACE

_SUMS = ("stage_days", "transitions", "rule_sources")
_STAYS = ["racetrack", "to_stage", "entered_at", "left_at"]

Rows = dict[str, list[dict[str, Any]]]


def survey(url: str, catalogue: Catalogue, rules: Rules, version: Version, *, chunk: int = 500_000) -> Rows:
    """What the live read models would say of stages if this version were active, up to where they are.

    Rows by table: the definition (racetracks, racetrack_stages, racetrack_rules, rule_conditions), the sums stage_days,
    transitions and rule_sources, stage_lengths, racers (how many customers have any event in scope), and checkpoint, a
    row with the position and the clock (microseconds since 1970) of the answer. Raises NoReadModels,
    UnreadableRacetrack, InvalidRacetrack when the catalogue lacks what the version is about, LogUnavailable.
    """
    raced = with_racetracks(rules, catalogue, (version,))
    (track,) = raced.tracks
    told: dict[str, list[pa.Table]] = {name: [RACE[name].empty_table()] for name in _SUMS}
    stays = [RACE["moves"].empty_table().select(_STAYS)]
    racers = 0
    with everybody(url, catalogue, raced, chunk=chunk) as (live, chunks):
        if live is None:
            raise NoReadModels
        for columns in chunks:
            tables = race_tables(columns, cases_of(columns, rules.cases), track, live.clock).tables
            racers += tables["journeys"].num_rows
            stays.append(tables["moves"].select(_STAYS))
            for name in _SUMS:
                told[name].append(tables[name])
    sums = {name: added(name, tables).to_pylist() for name, tables in told.items()}
    return {
        **{name: table.to_pylist() for name, table in definitions(raced.tracks).items()},
        **sums,
        "stage_lengths": lengths_of(pa.concat_tables(stays), live.clock),
        "racers": [{"racetrack": version.name, "customers": racers}],
        "checkpoint": [{"position": live.position, "clock": live.clock}],
    }
