"""The one way in: check a record, append it, or keep it in quarantine (design, section 3).

HTTP, GraphQL and files all bring the JSON text of each envelope.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from raceline.domain.batch import Batch, envelope_json
from raceline.domain.check import Check
from raceline.domain.errors import LogRefused
from raceline.domain.event import Event, Outcome, Reject
from raceline.domain.log import EventLog

# Classes of PostgreSQL's errors: data it cannot hold, and limits of the server that they exceed.
_OF_A_VALUE = ("22", "54")


@dataclass
class Summary:
    """What became of the records of one input."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count these outcomes."""
        for outcome in outcomes:
            self.received += 1
            match outcome.outcome:
                case "accepted":
                    self.accepted += 1
                case "duplicate":
                    self.duplicate += 1
                case "quarantined":
                    self.quarantined += 1
                    reason = outcome.reason or "malformed"
                    self.reasons[reason] = self.reasons.get(reason, 0) + 1


def _wall_clock() -> int:
    return time.time_ns() // 1_000


@dataclass(frozen=True)
class Ingest:
    """Takes records in. `clock` gives microseconds since 1970; the rules themselves know no clock."""

    log: EventLog
    check: Check
    clock: Callable[[], int] = _wall_clock

    def record(self, raws: Sequence[bytes], *, source: str, place: str) -> list[Outcome]:
        """Take the JSON texts of envelopes; an outcome for each, in order.

        `source` serves the envelopes that name none; `place` says where they come from, such as `POST /v1/events`.
        """
        return self.store(self.check_all(raws, source=source, place=place), batch_source=place)

    def check_all(self, raws: Sequence[bytes], *, source: str, place: str) -> list[Event | Reject]:
        """What `record` checks before it stores; each record's place is its number, from 0."""
        now = self.clock()
        return [self.check(raw, source=source, place=f"{place}[{n}]", now=now) for n, raw in enumerate(raws)]

    def store(self, checked: "Sequence[Event | Reject] | Prepared", *, batch_source: str) -> list[Outcome]:
        """Append what was checked and quarantine the rest, in one transaction; an outcome for each, in order."""
        prepared = checked if isinstance(checked, Prepared) else prepare(checked)
        try:
            stored = self.log.append(prepared.batch, prepared.rejects, batch_source=batch_source)
        except LogRefused as error:
            if not str(error.facts.get("sqlstate")).startswith(_OF_A_VALUE):
                raise
            return self._store_halves(prepared.checked, batch_source, error)
        if not prepared.rejects:
            return stored
        following = iter(stored)
        return [next(following) if isinstance(item, Event) else _rejected(item) for item in prepared.checked]

    def _store_halves(self, checked: Sequence[Event | Reject], batch_source: str, error: LogRefused) -> list[Outcome]:
        """Find the one value that the database refuses: the check let it through, and nothing else may suffer."""
        if len(checked) > 1:
            half = len(checked) // 2
            first = self.store(checked[:half], batch_source=batch_source)
            return first + self.store(checked[half:], batch_source=batch_source)
        only = checked[0]
        if isinstance(only, Reject):
            raise error
        refused = Reject(source=only.source, place=f"{batch_source} event {only.event_id}", reason="unstorable",
                         detail=str(error), raw=envelope_json(only), event_id=only.event_id)  # fmt: skip
        return self.store([refused], batch_source=batch_source)


class Prepared(NamedTuple):
    """What was checked, ready to be stored: its events as the log takes them, and its rejects."""

    checked: Sequence[Event | Reject]
    batch: Batch
    rejects: Sequence[Reject]


def prepare(checked: Sequence[Event | Reject]) -> Prepared:
    """The part of storing that needs no database, so that it can be done while another batch is appended."""
    events = [item for item in checked if isinstance(item, Event)]
    rejects = [item for item in checked if isinstance(item, Reject)]
    return Prepared(checked, Batch(events), rejects)


def _rejected(reject: Reject) -> Outcome:
    return Outcome(outcome="quarantined", event_id=reject.event_id, reason=reject.reason, detail=reject.detail)
