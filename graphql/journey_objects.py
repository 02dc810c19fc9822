# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of a journey: stays, moves and why, why not yet, and since when it is known. See objects.py."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from raceline.graphql.declare import planned
from raceline.graphql.prediction_objects import Prediction
from raceline.graphql.racetrack_objects import ConditionKind, ConditionUnit, MoveKind, Rule
from raceline.graphql.relay import Node
from raceline.graphql.scalars import Position

if TYPE_CHECKING:
    from raceline.graphql.case_objects import Case
    from raceline.graphql.objects import Customer, Event

OPEN_CASES = 20
OpenCasesFirst = Annotated[int | None, strawberry.argument(description="At most so many.")]
LazyCustomer: TypeAlias = Annotated["Customer", strawberry.lazy("raceline.graphql.objects")]
LazyEvent: TypeAlias = Annotated["Event", strawberry.lazy("raceline.graphql.objects")]
LazyCase: TypeAlias = Annotated["Case", strawberry.lazy("raceline.graphql.case_objects")]


@strawberry.enum(description="What an event has to do with a condition.")
class EvidenceRole(Enum):
    """The roles of journey.sql."""

    COUNTED = strawberry.enum_value("COUNTED", description="One of the events that the condition needed.")
    LAST_BEFORE = strawberry.enum_value("LAST_BEFORE", description="The last one before it was silent for long enough.")
    TRIGGER = strawberry.enum_value("TRIGGER", description="The move was made at this event, which was not counted.")


@strawberry.type(description="An event that made a rule true.")
class Evidence:
    """An element of the evidence of live.moves."""

    event: LazyEvent
    role: EvidenceRole
    note: str = strawberry.field(description="The condition that it belongs to, in words.")


@strawberry.type(description="One condition of a rule, and what was observed of it.")
class Condition:
    """A row of live.rule_conditions beside an element of live.moves."""

    node: int = strawberry.field(description="Its place in the order of the file, from 0.")
    depth: int = strawberry.field(description="How deep it stands below the rule; 0 is the whole condition.")
    kind: ConditionKind
    says: str = strawberry.field(description="The condition in words.")
    satisfied: bool
    observed: float | None = strawberry.field(description="In `unit`; null for `all`, `any` and `not`.")
    needed: float | None
    unit: ConditionUnit | None
    evidence: list[Evidence]


@strawberry.type(description="The change from one stay to the next, and why. Its id is permanent.")
class StageMove(Node):
    """A row of live.moves."""

    customer: LazyCustomer | None
    racetrack: str
    racetrack_version: int
    from_: str | None = strawberry.field(name="from", description="Null: from outside of the racetrack.")
    to: str | None = strawberry.field(description="Null: the customer left the racetrack.")
    kind: MoveKind
    edge: str | None = strawberry.field(description="The edge by which going back is no regression.")
    entered_at: datetime = strawberry.field(description="When it happened.")
    left_at: datetime | None = strawberry.field(description="When the stay that it began ended; null while it lasts.")
    recorded_at: datetime = strawberry.field(description="Since when the store knows it.")
    taken_back_at: datetime | None = strawberry.field(
        description="Of a move that is asked for by its id and known no more: when a late event took it back. "
        "It is told as it was known until then."
    )
    rule: Rule | None = strawberry.field(description="Null where a racetrack puts everybody into its first stage.")
    conditions: list[Condition] = strawberry.field(description="Those of the rule, in the order of the file.")
    evidence: list[Evidence] = strawberry.field(description="The exact events that made the rule true.")
    trigger: LazyEvent | None = strawberry.field(description="The event at which it was made; null for a timer.")


@strawberry.type(description="The time from entering a stage until leaving it.")
class StageStay:
    """A row of live.moves that leads into a stage."""

    stage: str
    title: str
    entered_at: datetime
    left_at: datetime | None = strawberry.field(description="Null while it lasts.")
    days: float = strawberry.field(description="Until now, while it lasts.")
    move: StageMove = strawberry.field(description="The move that began it.")


@strawberry.type(description="A rule that could move the customer on, and how far it is.")
class WhyNotYet:
    """A row that is derived on demand."""

    rule: Rule
    to: str | None = strawberry.field(description="Null: out of the racetrack.")
    kind: MoveKind = strawberry.field(description="What the move would be.")
    conditions: list[Condition]
    missing: list[Condition] = strawberry.field(
        description="What stands in the way: leaves that do not hold, and under a `not` those that do."
    )
    holds: bool = strawberry.field(description="It holds already: the customer moves at the next event or timer.")
    fires_at: datetime | None = strawberry.field(
        description="The next timer at which the rule will hold if no further event comes; null if there is none: "
        "it needs an event."
    )


@strawberry.type(description="A stay as it was believed before or after a revision.")
class RevisedStay:
    """An element of live.revisions."""

    stage: str | None = strawberry.field(description="Null: outside of the racetrack.")
    entered_at: datetime
    left_at: datetime | None


@strawberry.type(description="A late event changed what was known: the stays from the first difference on.")
class JourneyRevision:
    """A row of live.revisions."""

    recorded_at: datetime = strawberry.field(description="When the store learned of it.")
    events: list[LazyEvent] = strawberry.field(description="The late events.")
    before: list[RevisedStay]
    after: list[RevisedStay]


@strawberry.enum(description="Where a customer stands on a racetrack.")
class JourneyStatus(Enum):
    """The status of live.journeys."""

    OUTSIDE = strawberry.enum_value("outside", description="In no stage yet.")
    IN_STAGE = "in_stage"
    LEFT = strawberry.enum_value("left", description="Left the racetrack; may come back.")


@strawberry.type(description="Where a customer stands on a racetrack, how they came there, and why.")
class Journey:
    """A row of live.journeys."""

    racetrack: str
    version: int
    title: str = strawberry.field(description="Of the racetrack.")
    position: Position = strawberry.field(description="Up to this position of the log this answer is true.")
    clock: datetime | None = strawberry.field(description="Up to this moment timers have fired.")
    account: str | None
    status: JourneyStatus
    current_stage: str | None
    stage_title: str | None
    since: datetime | None = strawberry.field(description="Since when in the stage, or outside after having left.")
    days_in_stage: float | None
    stays: list[StageStay]
    moves: list[StageMove]
    next_moves: list[WhyNotYet] = strawberry.field(
        description="Why not yet: each rule that could move the customer on, in order of preference. Derived on demand."
    )
    revisions: list[JourneyRevision] = strawberry.field(description="Since when we know: what late events changed.")
    revisions_left_out: int = strawberry.field(
        description="Older steps of knowledge of a very long journey that were not looked at for revisions."
    )
    move_count: int
    laps: int
    regressions: int
    skips: int
    stalled: bool | None = strawberry.field(
        description="Whether the open stay is longer than `stalledAfter` of the stage; null if that cannot be said."
    )
    stalled_reasons: list[WhyNotYet] = strawberry.field(
        description="The rules that would have moved a stalled customer forward. Derived on demand."
    )
    open_case_count: int = strawberry.field(description="All of the customer's open cases on this racetrack.")
    prediction: Prediction | None = strawberry.field(
        description="When the customer will move on from the current stage; null outside of all stages and without a "
        "model, and then `predictionNote` says why."
    )
    prediction_note: str | None = strawberry.field(description="Why there is no prediction; null when there is one.")

    @planned
    def open_cases(self, first: OpenCasesFirst = OPEN_CASES) -> list[LazyCase]:
        """The customer's open support cases on this racetrack, those first heard of first: they too may be why nothing
        moves on. `openCaseCount` says how many there are.
        """
