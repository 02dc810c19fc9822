"""The event log: append, and read back by customer, by position, in pages.

    append(events, rejects)      all in one transaction: stored, known already, or kept in quarantine
    append(..., expected=...)    refused with WrongExpectation when a customer has newer events
    read_after(position)         pages in commit order: a reader that remembers one position misses nothing
    read_customer(customer)      in the customer's total order
    head()                       the newest position; position_at(moment): the newest that was recorded by then
    quarantined(), requeue(...)  what was rejected, and a second chance for it

Every call raises LogUnavailable when the database is away (nothing was stored, call again: an append is idempotent) and
LogRefused when the database refuses a value. Columns for projections are read by `raceline.domain.columns`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import DictRow, class_row

from raceline.domain import arrays
from raceline.domain.batch import COPY_FROM, Batch, Known, Placed, columns, conflicts, outcomes
from raceline.domain.copying import Rows
from raceline.domain.errors import WrongExpectation
from raceline.domain.event import Event, Outcome, Reject, micros
from raceline.domain.recorder import LogDatastore, LogRecorder
from raceline.domain.sql import statements

_SQL = statements("raceline.domain", "log.sql")


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log gives it back."""

    position: int
    recorded_at: datetime
    occurred_at: datetime
    event_uid: UUID
    source: str
    event_id: str
    type: str
    schema_version: int
    customer_id: str
    account_id: str | None
    product: str | None
    sequence: int | None
    correlation_id: str | None
    causation_id: str | None
    data: str


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """Rejected input as the log keeps it; `requeued_as` is the position it was stored at in the end."""

    quarantine_id: int
    received_at: datetime
    source: str
    place: str
    reason: str
    detail: str
    raw: bytes
    requeued_at: datetime | None
    requeued_as: int | None


class EventLog:
    """The append-only log of one database; safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = 4, lock_timeout: int = 30) -> None:
        self.url = url
        self.datastore = LogDatastore(url, pool_size=pool_size, lock_timeout=lock_timeout)

    def recorder(self) -> LogRecorder:
        """The same log as a recorder of the eventsourcing library."""
        return LogRecorder(self.datastore)

    def close(self) -> None:
        """Give the connections back."""
        self.datastore.close()

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(
        self,
        events: Sequence[Event] | Batch,
        rejects: Sequence[Reject] = (),
        *,
        batch_source: str = "",
        expected: Mapping[str, int] | None = None,
    ) -> list[Outcome]:
        """Append events and keep rejects, in one transaction; an outcome for each event, in order.

        `expected` maps a customer to the position of the newest event that the caller knows of (0: none). It guards
        what is new: the same append again is a duplicate, as ever.
        """
        if not events and not rejects:
            return []
        # Made before the lock: whoever holds it keeps all others waiting.
        batch, source = events if isinstance(events, Batch) else Batch(events), shown(batch_source)
        with self.datastore.connected() as conn, conn.transaction():
            held = _hold(conn, batch.asked, len(batch.distinct), expected or {})
            fresh, placed = batch.fresh(held.known), batch.placed(held.known, held.position)
            if fresh:
                held.check_expected()
            conflicting = conflicts(batch.events, placed)
            row = {"batch_id": held.batch_id, "batch_source": source, "quarantined": len(rejects)}
            row |= _counts(placed, len(fresh), len(conflicting))
            if len(fresh) >= COPY_FROM:
                _copy(conn, batch.rows if batch.rows and fresh is batch.distinct else Rows(fresh), held)
                conn.execute(_SQL["copied"], row | {"recorded_at": held.recorded_at}, prepare=True)
            elif fresh:
                conn.execute(_SQL["store"], row | columns(fresh) | {"recorded_at": held.recorded_at}, prepare=True)
            else:
                conn.execute(_SQL["nothing_stored"], row, prepare=True)
            _quarantine(conn, [*rejects, *conflicting])
        return outcomes(batch.events, placed)

    def head(self) -> int:
        """The newest position; 0 for an empty log."""
        with self.datastore.connected() as conn:
            row = conn.execute(_SQL["head"]).fetchone()
        return int(row["position"]) if row else 0

    def position_at(self, moment: datetime) -> int:
        """The newest position that was recorded by a moment; 0 when nothing was."""
        with self.datastore.connected() as conn:
            row = conn.execute(_SQL["position_at"], {"time": moment}).fetchone()
        return int(row["position"]) if row else 0

    def read_after(self, position: int, *, page: int = 5_000) -> Iterator[list[Recorded]]:
        """Pages of the facts after a position, up to the present head, in the order in which they were recorded."""
        while True:
            rows = self._read("events_after", {"after": position, "limit": page})
            if rows:
                yield rows
            if len(rows) < page:
                return
            position = rows[-1].position

    def read_customer(self, customer_id: str, *, up_to: int = 2**63 - 1) -> list[Recorded]:
        """The facts of one customer recorded up to a position, in their total order (design, section 5)."""
        return self._read("events_of_customer", {"customer_id": customer_id, "up_to": up_to})

    def _read(self, name: str, parameters: Mapping[str, Any]) -> list[Recorded]:
        with self.datastore.connected() as conn:
            cursor = conn.cursor(binary=True, row_factory=class_row(Recorded))
            return cursor.execute(_SQL[name], parameters, prepare=True).fetchall()

    def quarantined(self, *, after: int = 0, limit: int = 1_000, with_requeued: bool = False) -> list[Quarantined]:
        """Rejected input with an id above `after`, oldest first."""
        with self.datastore.connected() as conn:
            cursor = conn.cursor(row_factory=class_row(Quarantined))
            return cursor.execute(
                _SQL["quarantined"], {"after": after, "limit": limit, "with_requeued": with_requeued}
            ).fetchall()

    def quarantined_one(self, quarantine_id: int) -> Quarantined | None:
        """One entry of the quarantine, or None."""
        found = self.quarantined(after=quarantine_id - 1, limit=1, with_requeued=True)
        return found[0] if found and found[0].quarantine_id == quarantine_id else None

    def mark_requeued(self, quarantine_id: int, position: int) -> None:
        """Note that an entry of the quarantine was taken in the end, at this position."""
        with self.datastore.connected() as conn:
            conn.execute(_SQL["mark_requeued"], {"quarantine_id": quarantine_id, "position": position})


class _Held(NamedTuple):
    """What is true while the log's lock is held: the head, and what the log knows of a batch and its customers."""

    position: int
    recorded_at: datetime
    batch_id: int
    known: dict[int, Known]
    newest: dict[str, int]
    expected: Mapping[str, int]

    def check_expected(self) -> None:
        for customer, found in self.newest.items():
            if found != self.expected[customer]:
                raise WrongExpectation(customer=customer, expected=self.expected[customer], found=found)


def _hold(conn: Connection[DictRow], asked: Mapping[str, Any], room: int, expected: Mapping[str, int]) -> _Held:
    """Take the lock until commit and look, in one round trip."""
    with conn.pipeline():
        lock = conn.execute(_SQL["lock"], {"room": room}, prepare=True)
        known = conn.execute(_SQL["known"], asked, prepare=True)
        newest = conn.execute(_SQL["newest_of_customers"], {"customers": list(expected)}) if expected else ()
    head = lock.fetchone()
    assert head is not None, "lock_log gives one row"  # noqa: S101
    return _Held(
        head["position_before"],
        head["recorded_at"],
        head["batch_id"],
        {row["rank"]: Known(row["position"], row["content_hash"]) for row in known},
        {row["customer_id"]: row["position"] for row in newest},
        expected,
    )


def _copy(conn: Connection[DictRow], rows: Rows, held: _Held) -> None:
    with conn.cursor().copy(_SQL["copy_events"]) as events:
        events.write(rows.events(held.position, micros(held.recorded_at), held.batch_id))
    with conn.cursor().copy(_SQL["copy_keys"]) as keys:
        keys.write(rows.keys(held.position))


def _counts(placed: Sequence[Placed], stored: int, conflicting: int) -> dict[str, int]:
    """Of the events, not of what was rejected before."""
    return {
        "received": len(placed),
        "stored": stored,
        "duplicate": len(placed) - stored - conflicting,
        "conflicting": conflicting,
    }


def _quarantine(conn: Connection[Any], rejects: Sequence[Reject]) -> None:
    if not rejects:
        return
    digests = [
        blake2b(
            shown(reject.source).encode() + b"\0" + reject.reason.encode() + b"\0" + reject.raw, digest_size=16
        ).digest()
        for reject in rejects
    ]
    conn.execute(
        _SQL["quarantine"],
        {
            "digest": arrays.byteas(digests),
            "source": arrays.texts([shown(reject.source) for reject in rejects]),
            "place": arrays.texts([shown(reject.place) for reject in rejects]),
            "reason": arrays.texts([reject.reason for reject in rejects]),
            "detail": arrays.texts([shown(reject.detail) for reject in rejects]),
            "raw": arrays.byteas([reject.raw for reject in rejects]),
        },
    )


def shown(text: str) -> str:
    """Text about input, as PostgreSQL can hold it: what it cannot is written out as an escape."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")
