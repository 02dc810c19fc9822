"""The ledger of predictions of a store in memory, kept up to date, with what came true.

Its rows are read once, and then only those that are new; the stays are read again whenever the read models have gone
on, because time alone ends stays. Whoever asks gets what was true at one position of the log.
"""

from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from typing import LiteralString, NamedTuple

import adbc_driver_manager
import numpy as np
import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from raceline.domain import arrow
from raceline.domain.errors import LogRefused, NoReadModels
from raceline.domain.sql import statements
from raceline.projections.generation import checked
from raceline.projections.ledger_columns import (
    NOTHING,
    Books,
    Ledger,
    Predicted,
    coded,
    one_after_another,
    outcomes,
)
from raceline.projections.path_columns import Names

_SQL = statements("raceline.projections", "ledger.sql")
_DROPPED = ("42P01", "3F000")  # undefined_table, invalid_schema_name: of a generation that is live no longer
# What took long is not made anew for each new event: it may be old by so many times what it took.
_PATIENCE = 20
_MOST_PATIENCE = 60.0  # seconds
_LONG_SECONDS = 0.5


class _Standing(NamedTuple):
    name: str
    position: int
    clock: int
    last: int


@dataclass(frozen=True)
class _Kept:
    """The rows so far. last: the id of the newest; after_day: since 1970, up to there rows are left out."""

    rows: Predicted
    books: Books
    last: int = 0
    after_day: int | None = None
    left_out: int = 0


class KeptLedger:
    """The ledger of one store, kept up to date; safe to share between threads.

    most_rows: of all racetracks together. Of a longer ledger the newest days are kept, the newest day in any case.
    """

    def __init__(self, url: str, most_rows: int = 4_000_000) -> None:
        self.url, self._most = url, most_rows
        self._lock = Lock()
        self._kept: _Kept | None = None
        self._ledger: Ledger | None = None
        self._until = 0.0

    def now(self, min_position: int = 0) -> Ledger:
        """The ledger and what came true, as far as the live read models are; among very many rows up to a minute old,
        but never from before a position. Raises NoReadModels, LogUnavailable, LogRefused."""
        with self._lock:
            found = self._ledger
            if found is not None and monotonic() < self._until and found.position >= min_position:
                return found
            begun = monotonic()
            try:
                ledger = self._looked()
            except LogRefused as error:
                if not _was_dropped(error):
                    raise
                ledger = self._looked()
            took = monotonic() - begun
            self._until = monotonic() + (min(_PATIENCE * took, _MOST_PATIENCE) if took > _LONG_SECONDS else 0)
            self._ledger = ledger
            return ledger

    def _looked(self) -> Ledger:
        with arrow.connect(self.url) as connection:
            arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = arrow.rows(connection, _SQL["standing"]).to_pylist()
            if not found:
                raise NoReadModels
            standing = _Standing(**found[0])
            if self._ledger is not None and _stands(self._ledger) == standing:
                return self._ledger
            if self._kept is None or self._kept.last < standing.last:
                self._kept = self._read_on(connection, self._kept)
            return self._joined(connection, self._kept, standing)

    def _read_on(self, connection: Connection, kept: _Kept | None) -> _Kept:
        kept = self._begun(connection) if kept is None else kept
        arrow.settings(connection, {"after": str(kept.last), "after_day": _written(kept.after_day)})
        parts, last = [kept.rows], kept.last
        for batch in arrow.batches(connection, _SQL["ledger"]):
            if batch.num_rows:
                parts.append(coded(batch, kept.books))
                last = max(last, int(batch["id"].to_numpy().max()))
        return self._bounded(replace(kept, rows=one_after_another(parts), last=last))

    def _begun(self, connection: Connection) -> _Kept:
        arrow.settings(connection, {"most": str(self._most)})
        beyond = arrow.rows(connection, _SQL["beyond"])["day"].cast(pa.int32()).to_pylist()
        kept = _Kept(NOTHING, Books(Names(), Names(), Names("")))
        if not beyond:
            return kept
        arrow.settings(connection, {"after_day": _written(beyond[0])})
        left_out = arrow.rows(connection, _SQL["left_out"])["rows"][0].as_py()
        return replace(kept, after_day=beyond[0], left_out=left_out)

    def _bounded(self, kept: _Kept) -> _Kept:
        """Without the oldest days, when there are more rows than may be kept."""
        day = kept.rows.day
        if len(day) <= self._most:
            return kept
        after = min(int(np.partition(day, len(day) - self._most - 1)[len(day) - self._most - 1]), int(day.max()) - 1)
        rows = kept.rows.where(day > after)
        left_out = kept.left_out + len(day) - len(rows.day)
        return replace(kept, rows=rows, after_day=after, left_out=left_out)

    def _joined(self, connection: Connection, kept: _Kept, standing: _Standing) -> Ledger:
        books = kept.books
        arrow.settings(connection, {"racetracks": ",".join(books.racetracks.array.to_pylist())})
        versions = arrow.rows(connection, _of_generation("versions", standing.name)).to_pylist()
        moves = arrow.rows(connection, _of_generation("moves", standing.name))
        return Ledger(
            generation=standing.name,
            position=standing.position,
            clock=standing.clock,
            rows=kept.rows,
            outcomes=outcomes(kept.rows, moves, {one["racetrack"]: one["version"] for one in versions}, books),
            racetracks=books.racetracks.array,
            stages=books.stages.array,
            last=kept.last,
            first_day=int(kept.rows.day.min()) if len(kept.rows.day) else None,
            left_out=kept.left_out,
        )


def _stands(ledger: Ledger) -> _Standing:
    return _Standing(ledger.generation, ledger.position, ledger.clock, ledger.last)


def _written(day: int | None) -> str:
    return "-infinity" if day is None else str(np.datetime64(day, "D"))


def _of_generation(name: LiteralString, generation: str) -> LiteralString:
    return _SQL[name].replace("{views}", checked(generation))


def _was_dropped(error: LogRefused) -> bool:
    """Whether the generation was replaced between two statements."""
    cause = error.__cause__
    return isinstance(cause, adbc_driver_manager.Error) and cause.sqlstate in _DROPPED
