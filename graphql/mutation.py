"""The roots of writing. A write answers with a union: what became of it, or the named error that stopped all of it."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import msgspec
import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from raceline.domain.errors import BatchTooLarge as BatchTooLargeError
from raceline.domain.errors import LogUnavailable as LogUnavailableError
from raceline.domain.errors import NotQuarantined as NotQuarantinedError
from raceline.domain.event import Outcome
from raceline.graphql.context import Context
from raceline.graphql.declare import mutation
from raceline.graphql.model_mutation import ModelMutation
from raceline.graphql.racetrack_mutation import RacetrackMutation
from raceline.graphql.scalars import Int64, Position, parse_global_id
from raceline.graphql.write_errors import BatchTooLarge, LogUnavailable, NotQuarantined, told

Info = strawberry.Info[Context, None]


@strawberry.input(description="An event as its source tells it.")
class EventInput:
    """An envelope (design, section 4), in the names of the API."""

    type: str
    customer_id: str
    occurred_at: datetime
    source: str | None = strawberry.field(default=UNSET, description="Who says so; `graphql` when nobody is named.")
    event_id: str | None = strawberry.field(
        default=UNSET, description="With `source`, its identity: the same again changes nothing."
    )
    account: str | None = UNSET
    product: str | None = UNSET
    sequence: Int64 | None = UNSET
    schema_version: int | None = UNSET
    correlation_id: str | None = UNSET
    causation_id: str | None = UNSET
    data: JSON | None = UNSET


@strawberry.enum(description="What became of an event.")
class OutcomeKind(Enum):
    """The closed union of domain.event.Outcome."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@strawberry.type(description="What became of one event of a batch.")
class EventOutcome:
    """An Outcome of the domain."""

    outcome: OutcomeKind
    event_id: str | None
    position: Position | None = strawberry.field(
        description="Where it stands in the log, also when it stood there before."
    )
    reason: str | None = strawberry.field(description="Why it is in quarantine, in a word.")
    detail: str | None


@strawberry.type(description="An outcome for each event, in the order of the input.")
class RecordEventsPayload:
    """What became of a batch."""

    results: list[EventOutcome]
    position: Position | None = strawberry.field(
        description="The greatest position of the results; ask with it as `minPosition` to read your own write."
    )
    accepted: int
    duplicates: int
    quarantined: int


@strawberry.type(description="What became of the entry.")
class RequeuePayload:
    """What became of one entry of the quarantine."""

    result: EventOutcome


RecordEventsResult = Annotated[
    RecordEventsPayload | BatchTooLarge | LogUnavailable, strawberry.union("RecordEventsResult")
]
RequeueResult = Annotated[RequeuePayload | NotQuarantined | LogUnavailable, strawberry.union("RequeueResult")]


def _envelope(event: EventInput) -> bytes:
    """The event in the envelope's own names; what was not given is left out."""
    renamed = {"account": "account_id"}
    given = {
        renamed.get(name, name): value
        for name, value in vars(event).items()
        if value is not UNSET and value is not None
    }
    return msgspec.json.encode(given)


def _outcome(outcome: Outcome) -> EventOutcome:
    return EventOutcome(
        outcome=OutcomeKind(outcome.outcome),
        event_id=outcome.event_id,
        position=None if outcome.position is None else Position(outcome.position),
        reason=outcome.reason,
        detail=outcome.detail,
    )


def _payload(results: list[EventOutcome]) -> RecordEventsPayload:
    kinds = [result.outcome for result in results]
    return RecordEventsPayload(
        results=results,
        position=max((result.position for result in results if result.position is not None), default=None),
        accepted=kinds.count(OutcomeKind.ACCEPTED),
        duplicates=kinds.count(OutcomeKind.DUPLICATE),
        quarantined=kinds.count(OutcomeKind.QUARANTINED),
    )


@strawberry.type
class Mutation(RacetrackMutation, ModelMutation):
    """The roots of writing."""

    @mutation
    async def record_events(self, info: Info, events: list[EventInput]) -> RecordEventsResult:
        """Record events; each is accepted, known already, or in quarantine with its reason."""
        api = info.context.api
        try:
            if len(events) > api.limits.batch:
                raise BatchTooLargeError(limit="batch", allowed=api.limits.batch, found=len(events))
            outcomes = await api.record([_envelope(event) for event in events])
        except BatchTooLargeError as error:
            facts: dict[str, Any] = {**told(error), **error.facts}
            return BatchTooLarge(**facts)
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return _payload([_outcome(outcome) for outcome in outcomes])

    @mutation
    async def requeue(
        self,
        info: Info,
        quarantine_id: Annotated[strawberry.ID, strawberry.argument(description="The `id` of the entry.")],
        corrected: Annotated[
            JSON | None, strawberry.argument(description="The whole envelope, in the names of POST /v1/events.")
        ] = UNSET,
    ) -> RequeueResult:
        """Offer an entry of the quarantine again, as it came in or corrected."""
        type_name, key = parse_global_id(quarantine_id) or ("", "")
        raw = None if corrected is UNSET or corrected is None else msgspec.json.encode(corrected)
        try:
            if type_name != "QuarantineEntry" or not (key.isascii() and key.isdecimal() and len(key) < 19):
                raise NotQuarantinedError
            outcome = await info.context.api.requeue(int(key), raw)
        except NotQuarantinedError as error:
            return NotQuarantined(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return RequeuePayload(result=_outcome(outcome))
