"""Stages day by day as batches of a flat table."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import NamedTuple

import pyarrow as pa

from raceline.app.asking import Ask
from raceline.app.stage_day_tables import (
    LONG,
    Days,
    Row,
    Scale,
    batch_schema,
    long_days,
    long_rows,
    wide_columns,
    wide_days,
    wide_row,
)
from raceline.domain.errors import NoReadModels
from raceline.domain.racetracks import Racetracks


class DayTable(NamedTuple):
    """Batches, each with the day that it comes to, and the position at which all of them are true."""

    schema: pa.Schema
    batches: Iterator[tuple[date, pa.RecordBatch]]
    position: int


def day_batches(racetracks: Racetracks, ask: Ask, days: Days, by: str | None = None) -> DayTable:
    """The rows of these days. by: not all figures, but the cases by severity, cause or problem, a row for each value.

    Raises UnknownRacetrack, UnknownStage, NotInForce, NoRacetrack, NoReadModels, and what the database raises.
    """
    parts = asked_days(racetracks, ask, days, by)
    first = next(parts)
    version = racetracks.registry().get(first[0]["racetrack"], first[0]["version"])
    facts = {"position": first[0]["position"], "racetrack": f"{version.name}@{version.version}"}
    definition = version.racetrack
    scale = Scale(tuple(map(str, definition.severities)), tuple(definition.overlays))
    schema = batch_schema(
        wide_columns(scale) if by is None else LONG, {name: str(fact) for name, fact in facts.items()}
    )

    def batches() -> Iterator[tuple[date, pa.RecordBatch]]:
        for part in chain([first], parts):
            rows = [wide_row(row, scale) for row in part] if by is None else _long(part, by)
            yield date.fromisoformat(part[-1]["day"]), pa.RecordBatch.from_pylist(rows, schema)

    return DayTable(schema, batches(), int(first[0]["position"]))


def asked_days(racetracks: Racetracks, ask: Ask, days: Days, by: str | None = None) -> Iterator[list[Row]]:
    """The answers to `stageDays`, month by month; raises as `day_batches` does."""
    racetracks.registry().meant(*days.racetrack or (None,))
    for part in wide_days(ask, days) if by is None else long_days(ask, days, by):
        if not part:
            raise NoReadModels("The racetrack has just been activated.")
        yield part


def _long(part: list[Row], by: str) -> list[Row]:
    return [flat for row in part for flat in long_rows(row, by)]
