"""Rows of the live read models as flat tables, read in batches and in one snapshot."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from raceline.app.export_tables import JSON, NUMBERS, Column, Table
from raceline.domain import arrow
from raceline.domain.errors import LogUnavailable, NoRacetrack, NoReadModels
from raceline.domain.racetrack_registry import refuse_unknown_stage
from raceline.domain.racetracks import Racetracks
from raceline.domain.sql import statements

_SQL = statements("raceline.app", "export.sql")


@dataclass(frozen=True)
class Span:
    """The days from one to another, both included; None is without bound."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Track:
    """The racetrack that is exported: its live version, and the time zone of its days."""

    name: str
    version: int
    title: str
    time_zone: str


class Snapshot:
    """The live read models at one position, for as long as it is open."""

    def __init__(self, connection: Connection, live: dict[str, Any]) -> None:
        self._connection = connection
        self.position: int = live["position"]
        arrow.settings(connection, {"generation": live["name"], "clock": live["clock"].isoformat()})
        arrow.rows(connection, _SQL["read_tables_of"])

    def track(self, racetracks: Racetracks, name: str | None) -> Track | None:
        """The racetrack of this name; without a name the default one, if there is any.

        Raises UnknownRacetrack, NotInForce, NoReadModels when it has just been activated.
        """
        rows = arrow.rows(self._connection, _SQL["racetracks"]).to_pylist()
        found = next((row for row in rows if name in (None, row["racetrack"])), None)
        if found is not None:
            return Track(*found.values())
        if name is not None:
            racetracks.registry().get(name)
            raise NoReadModels("The racetrack has just been activated.", racetrack=name)
        return None

    def refuse_unknown(self, track: Track, stages: tuple[str, ...]) -> None:
        """Raises UnknownStage, with the nearest name."""
        arrow.settings(self._connection, {"racetrack": track.name})
        known = arrow.rows(self._connection, _SQL["stages"])["stage"].to_pylist()
        for stage in stages:
            refuse_unknown_stage(track.name, stage, known)

    def batches(
        self, table: Table, span: Span, track: Track | None, stages: tuple[str, ...] = (), *, text_lists: bool = False
    ) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """The rows of a table in its order, and their schema, which says what each column means.

        text_lists: lists are written as text, as in CSV. Raises NoRacetrack, LogUnavailable.
        """
        if table.of_racetrack and track is None:
            raise NoRacetrack
        zone = track.time_zone if track is not None and table.name != "paths" else "UTC"
        self._set(span, zone, track, stages)
        lines = self._read(_selected(table, text_lists=text_lists))
        schema: pa.Schema = next(lines)
        told = _told(schema, table, self._facts(span, track))
        return told, (pa.RecordBatch.from_arrays(batch.columns, schema=told) for batch in lines)

    def _set(self, span: Span, zone: str, track: Track | None, stages: tuple[str, ...]) -> None:
        arrow.settings(
            self._connection,
            {
                "from": "" if span.first is None else span.first.isoformat(),
                "to": "" if span.last is None else span.last.isoformat(),
                "zone": zone,
                "racetrack": "" if track is None else track.name,
                "stages": ",".join(stages),
            },
        )
        (bounds,) = arrow.rows(self._connection, _SQL["span"]).to_pylist()
        arrow.settings(self._connection, bounds)

    def _facts(self, span: Span, track: Track | None) -> dict[str, str]:
        facts = {"position": str(self.position), "from": str(span.first or ""), "to": str(span.last or "")}
        return facts if track is None else {**facts, "racetrack": f"{track.name}@{track.version}"}

    def _read(self, statement: LiteralString) -> Iterator[Any]:
        """The schema, and then the batches."""
        with arrow.translated(), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
            yield reader.schema
            try:
                yield from reader
            except (pa.ArrowException, OSError) as error:  # the driver's own error is lost on the way through Arrow
                raise LogUnavailable(str(error)) from error


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """The live read models as they are now. Raises NoReadModels, LogUnavailable."""
    with arrow.connect(url) as connection:
        arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        live = arrow.rows(connection, _SQL["generation"]).to_pylist()
        if not live:
            raise NoReadModels
        yield Snapshot(connection, live[0])


def _selected(table: Table, *, text_lists: bool) -> LiteralString:
    """The statement of a table in its order; names of columns are our own."""
    columns = ", ".join(_column(column) if text_lists else f"t.{column.name}" for column in table.columns)
    order = ", ".join(f"t.{name}" for name in table.order)
    return f"SELECT {columns} FROM ({_SQL[table.name]}) AS t ORDER BY {order}"  # noqa: S608


def _column(column: Column) -> str:
    match column.csv:
        case str(kind) if kind == NUMBERS:
            return f"array_to_string(t.{column.name}, ' ') AS {column.name}"
        case str(kind) if kind == JSON:
            return f"array_to_json(t.{column.name})::text AS {column.name}"
    return f"t.{column.name}"


def _told(schema: pa.Schema, table: Table, facts: dict[str, str]) -> pa.Schema:
    """The schema with what the columns mean, and at which position the rows are true."""
    fields = [
        field.with_metadata({"documentation": column.says}) for field, column in zip(schema, table.columns, strict=True)
    ]
    return pa.schema(fields, {f"raceline.{name}": text for name, text in facts.items()})
