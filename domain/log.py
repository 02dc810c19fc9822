"""The event log: append, and read back by customer, by position, in pages.

    append(events, rejects)      all in one transaction: stored, known already, or kept in quarantine
    append(..., expected=...)    refused with WrongExpectation when a customer has newer events
    read_after(position)         pages in commit order: a reader that remembers one position misses nothing
    read_customer(customer)      in the customer's total order
    head()                       the newest position
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
from psycopg.rows import class_row

from raceline.domain import arrays
from raceline.domain.errors import WrongExpectation
from raceline.domain.event import Event, Outcome, Reject
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


class Placed(NamedTuple):
    """What the log did with one event: its position, and whether it was stored, known already, or in conflict."""

    position: int
    known: bool = False
    conflict: bool = False


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
        events: Sequence[Event],
        rejects: Sequence[Reject] = (),
        *,
        batch_source: str = "",
        expected: Mapping[str, int] | None = None,
    ) -> list[Outcome]:
        """Append events and keep rejects, in one transaction; an outcome for each event, in order.

        `expected` maps a customer to the position of the newest event that the caller knows of (0: none).
        """
        repeats = _Repeats(events)
        with self.datastore.connected() as conn, conn.transaction():
            placed = self._append(conn, repeats, len(rejects), batch_source, expected or {})
            conflicts = _conflicts(events, placed)
            _quarantine(conn, [*rejects, *conflicts])
        return [_outcome(event, place) for event, place in zip(events, placed, strict=True)]

    def _append(
        self,
        conn: Connection[Any],
        repeats: "_Repeats",
        quarantined: int,
        batch_source: str,
        expected: Mapping[str, int],
    ) -> list[Placed]:
        distinct = repeats.distinct
        lock = conn.execute(_SQL["lock"], {"room": len(distinct)}, prepare=True).fetchone()
        assert lock is not None, "lock_log gives one row"  # noqa: S101
        if expected:
            _check_expected(conn, expected)
        counts = {
            "batch_id": lock["batch_id"],
            "batch_source": batch_source,
            "received": len(repeats.events) + quarantined,
            "duplicate": len(repeats.events) - len(distinct) - repeats.conflicts,
            "conflicting": repeats.conflicts,
            "quarantined": quarantined,
        }
        # One round trip: the statement, and the notification that commit will deliver.
        with conn.pipeline():
            rows = conn.execute(_SQL["append"], {**_columns(distinct), **counts}, prepare=True)
            conn.execute(_SQL["notify"], prepare=True)
        known = {row["n"]: Placed(row["position"], known=True, conflict=row["conflict"]) for row in rows}
        return repeats.spread(_place(len(distinct), known, lock["position_before"]))

    def head(self) -> int:
        """The newest position; 0 for an empty log."""
        with self.datastore.connected() as conn:
            row = conn.execute(_SQL["head"]).fetchone()
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


class _Repeats:
    """The events of a batch without its own repetitions: the first of each identity is what the log sees."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        first: dict[bytes, int] = {}
        self._first_of = [first.setdefault(event.uid, n) for n, event in enumerate(events)]
        if len(first) == len(events):
            self.distinct, self._place_of = list(events), list(range(len(events)))
            self.conflicts = 0
            return
        self.distinct = [events[n] for n in first.values()]
        place = {n: k for k, n in enumerate(first.values())}
        self._place_of = [place[n] for n in self._first_of]
        self.conflicts = sum(
            events[first_n].content_hash != event.content_hash
            for first_n, event in zip(self._first_of, events, strict=True)
        )

    def spread(self, placed: Sequence[Placed]) -> list[Placed]:
        """The places of the distinct events, given to every event of the batch."""
        if len(placed) == len(self.events):
            return list(placed)
        return [self._spread_one(n, placed[k]) for n, k in enumerate(self._place_of)]

    def _spread_one(self, n: int, place: Placed) -> Placed:
        first = self._first_of[n]
        if first == n:
            return place
        same = self.events[first].content_hash == self.events[n].content_hash
        return Placed(place.position, known=True, conflict=place.conflict if same else True)


def _place(count: int, known: Mapping[int, Placed], position: int) -> list[Placed]:
    if not known:
        return [Placed(position) for position in range(position + 1, position + count + 1)]
    placed = []
    for n in range(count):
        if n not in known:
            position += 1
        placed.append(known.get(n) or Placed(position))
    return placed


def _check_expected(conn: Connection[Any], expected: Mapping[str, int]) -> None:
    for row in conn.execute(_SQL["newest_of_customers"], {"customers": list(expected)}):
        if row["position"] != expected[row["customer_id"]]:
            raise WrongExpectation(
                customer=row["customer_id"], expected=expected[row["customer_id"]], found=row["position"]
            )


def _columns(events: Sequence[Event]) -> dict[str, arrays.BinaryArray]:
    return {
        "uid": arrays.uuids([event.uid for event in events]),
        "hash": arrays.byteas([event.content_hash for event in events]),
        "source": arrays.texts([event.source for event in events]),
        "event_id": arrays.texts([event.event_id for event in events]),
        "type": arrays.texts([event.type for event in events]),
        "schema_version": arrays.integers([event.schema_version for event in events]),
        "customer_id": arrays.texts([event.customer_id for event in events]),
        "account_id": arrays.texts([event.account_id for event in events]),
        "product": arrays.texts([event.product for event in events]),
        "occurred_at": arrays.timestamps([event.occurred_at for event in events]),
        "sequence": arrays.bigints([event.sequence for event in events]),
        "correlation_id": arrays.texts([event.correlation_id for event in events]),
        "causation_id": arrays.texts([event.causation_id for event in events]),
        "data": arrays.jsonbs([event.data for event in events]),
    }


def _conflicts(events: Sequence[Event], placed: Sequence[Placed]) -> list[Reject]:
    return [
        Reject(
            source=event.source,
            place=f"event {event.event_id}",
            reason="conflict",
            detail=f"the log has other content for this source and event_id, at position {place.position}",
            raw=msgspec.json.encode(as_envelope(event)),
            event_id=event.event_id,
        )
        for event, place in zip(events, placed, strict=True)
        if place.conflict
    ]


def as_envelope(event: Event) -> dict[str, Any]:
    """The envelope that would make this event again."""
    from raceline.domain.event import moment

    fields = {name: getattr(event, name) for name in event.__struct_fields__ if name not in ("uid", "content_hash")}
    fields["occurred_at"] = moment(event.occurred_at)
    fields["data"] = msgspec.Raw(event.data)
    return {name: value for name, value in fields.items() if value is not None}


def _quarantine(conn: Connection[Any], rejects: Sequence[Reject]) -> None:
    if not rejects:
        return
    digests = [
        blake2b(reject.source.encode() + b"\0" + reject.reason.encode() + b"\0" + reject.raw, digest_size=16).digest()
        for reject in rejects
    ]
    conn.execute(
        _SQL["quarantine"],
        {
            "digest": arrays.byteas(digests),
            "source": arrays.texts([reject.source for reject in rejects]),
            "place": arrays.texts([reject.place for reject in rejects]),
            "reason": arrays.texts([reject.reason for reject in rejects]),
            "detail": arrays.texts([reject.detail for reject in rejects]),
            "raw": arrays.byteas([reject.raw for reject in rejects]),
        },
    )


def _outcome(event: Event, place: Placed) -> Outcome:
    if place.conflict:
        return Outcome(
            outcome="quarantined",
            event_id=event.event_id,
            reason="conflict",
            detail=f"the log has other content for this source and event_id, at position {place.position}",
        )
    return Outcome(outcome="duplicate" if place.known else "accepted", event_id=event.event_id, position=place.position)
