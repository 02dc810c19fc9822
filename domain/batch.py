"""A batch on its way into the log: which of its events are new, known already, or in conflict (design, section 4)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from raceline.domain import arrays
from raceline.domain.copying import Rows
from raceline.domain.event import Event, Outcome, Reject, moment


class Placed(NamedTuple):
    """What the log did with one event: its position, and whether it was stored, known already, or in conflict."""

    position: int
    known: bool = False
    conflict: bool = False


class Known(NamedTuple):
    """What the log holds already of an identity."""

    position: int
    content_hash: bytes


# From so many events on, COPY is faster than arrays in spite of its round trips.
COPY_FROM = 300


class Batch:
    """The events of one append, ready for it.

    distinct: the first of each identity, what the log is asked about by the parameters `asked`. rows: these as COPY
    takes them, for a batch that is large enough.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        first: dict[bytes, int] = {}
        self._first_of = [first.setdefault(event.uid, n) for n, event in enumerate(events)]
        self.distinct = [events[n] for n in first.values()]
        self._rank = {n: rank for rank, n in enumerate(first.values())}
        self.asked = identities(self.distinct)
        self.rows = Rows(self.distinct) if len(self.distinct) >= COPY_FROM else None

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def fresh(self, known: Mapping[int, Known]) -> list[Event]:
        """The distinct events without those that are known, by their rank among the distinct ones."""
        return [event for rank, event in enumerate(self.distinct) if rank not in known] if known else self.distinct

    def placed(self, known: Mapping[int, Known], position: int) -> list[Placed]:
        """The place of every event of the batch; the fresh ones follow `position`.

        An event is measured against what the log holds, and else against the first of its identity in the batch.
        """
        if not known and len(self.distinct) == len(self.events):
            return [Placed(at) for at in range(position + 1, position + 1 + len(self.events))]
        firsts = []
        for rank, event in enumerate(self.distinct):
            if rank not in known:
                position += 1
            firsts.append(known.get(rank) or Known(position, event.content_hash))
        return [self._place(n, firsts, known) for n in range(len(self.events))]

    def _place(self, n: int, firsts: Sequence[Known], known: Mapping[int, Known]) -> Placed:
        rank = self._rank[self._first_of[n]]
        position, content_hash = firsts[rank]
        repeated = rank in known or self._first_of[n] != n
        return Placed(position, known=repeated, conflict=self.events[n].content_hash != content_hash)


def identities(events: Sequence[Event]) -> dict[str, arrays.BinaryArray]:
    """The parameters of the statements that look identities up and store them."""
    return {
        "uid": arrays.uuids([event.uid for event in events]),
        "hash": arrays.byteas([event.content_hash for event in events]),
    }


def columns(events: Sequence[Event]) -> dict[str, arrays.BinaryArray]:
    """The parameters of the statement that stores events."""
    return identities(events) | {
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


def conflicts(events: Sequence[Event], placed: Sequence[Placed]) -> list[Reject]:
    """What goes to quarantine because the log has other content for its identity."""
    return [
        Reject(
            source=event.source,
            place=f"event {event.event_id}",
            reason="conflict",
            detail=_conflict(place),
            raw=envelope_json(event),
            event_id=event.event_id,
        )
        for event, place in zip(events, placed, strict=True)
        if place.conflict
    ]


def envelope_json(event: Event) -> bytes:
    """The JSON text of an envelope that would make this event again."""
    fields: dict[str, Any] = {
        name: value
        for name in event.__struct_fields__
        if name not in ("uid", "content_hash") and (value := getattr(event, name)) is not None
    }
    return msgspec.json.encode(fields | {"occurred_at": moment(event.occurred_at), "data": msgspec.Raw(event.data)})


def outcomes(events: Sequence[Event], placed: Sequence[Placed]) -> list[Outcome]:
    """What became of each event."""
    return [_outcome(event, place) for event, place in zip(events, placed, strict=True)]


def _outcome(event: Event, place: Placed) -> Outcome:
    if place.conflict:
        return Outcome(outcome="quarantined", event_id=event.event_id, reason="conflict", detail=_conflict(place))
    return Outcome(outcome="duplicate" if place.known else "accepted", event_id=event.event_id, position=place.position)


def _conflict(place: Placed) -> str:
    return f"the log has other content for this source and event_id, at position {place.position}"
