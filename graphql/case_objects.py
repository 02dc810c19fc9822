# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of support cases: their state, their lives, and what each of their events did. See objects.py."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.journey_objects import StageMove
from raceline.graphql.racetrack_objects import RacetrackRef
from raceline.graphql.relay import Connection, Node
from raceline.graphql.scalars import Position

if TYPE_CHECKING:
    from raceline.graphql.objects import Customer, Event

HISTORY = 50
HistoryFirst = Annotated[int | None, strawberry.argument(description="At most so many events, from the first one on.")]
LazyCustomer: TypeAlias = Annotated["Customer", strawberry.lazy("raceline.graphql.objects")]
LazyEvent: TypeAlias = Annotated["Event", strawberry.lazy("raceline.graphql.objects")]


@strawberry.enum(description="Whether a case is open.")
class CaseStatus(Enum):
    """The status of live.cases."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = strawberry.enum_value("unknown", description="Only surveys about it are known.")


@strawberry.enum(description="What an event does to its case; the catalogue says it of a type.")
class CaseDoes(Enum):
    """The role of a type of event."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"
    REOPENED = "reopened"
    SURVEYED = "surveyed"


@strawberry.type(description="Surveys that customers answered.")
class Surveys:
    """A count and the mean of the scores."""

    count: int
    mean: float | None = strawberry.field(description="Of their scores; null when there is none.")


@strawberry.type(description="A text of the customer.")
class CaseText:
    """Of an event of live.cases that has a language."""

    sentiment: float | None = strawberry.field(description="From -1 to 1; null when the scorer cannot read the text.")
    language: str = strawberry.field(description="As ISO 639 has it; und: not known, zxx: no words.")
    scorer: str = strawberry.field(description="What scored it, with its version.")


@strawberry.type(description="One event of a case, and what is known of the case after it.")
class CaseEvent:
    """An element of the parallel arrays of live.cases."""

    event: LazyEvent
    does: CaseDoes
    open: bool | None = strawberry.field(description="Whether the case is open after it; null while nothing says so.")
    severity: str | None
    problem: str | None
    cause: str | None
    assignment_group: str | None
    assigned_to: str | None
    text: CaseText | None = strawberry.field(description="The customer's own text in this event, if it has one.")
    sentiment: float | None = strawberry.field(description="The mean over the customer's texts so far, from -1 to 1.")
    survey: float | None = strawberry.field(description="The score that the customer gave.")
    stage: str | None = strawberry.field(description="The customer's at that instant; null for none.")
    move: StageMove | None = strawberry.field(description="The move that had put the customer into that stage.")


@strawberry.type(description="A support case: opened, updated, closed, perhaps reopened and surveyed.")
class Case(Node):
    """A row of live.cases. What can change is as known now, or as of the moment that the question is about."""

    case_id: str = strawberry.field(description="With the customer, the identity of the case.")
    customer: LazyCustomer
    status: CaseStatus
    opened_at: datetime | None = strawberry.field(description="For the first time; null while that is not known.")
    closed_at: datetime | None = strawberry.field(description="For the last time; null while it is open.")
    open_days: float = strawberry.field(description="How long it has been open so far, all open times together.")
    reopened: int = strawberry.field(description="How many times.")
    reassigned: int = strawberry.field(description="How many times it went to another group or another person.")
    severity: str | None
    problem: str | None = strawberry.field(description="What the customer described.")
    cause: str | None = strawberry.field(description="The code of the underlying cause.")
    assignment_group: str | None
    assigned_to: str | None
    sentiment: float | None = strawberry.field(description="The mean over the customer's texts, from -1 to 1.")
    text_count: int = strawberry.field(description="The customer's texts that were scored.")
    surveys: Surveys
    event_count: int = strawberry.field(description="All of its events.")
    position: Position = strawberry.field(description="Up to this position of the log this answer is true.")

    @planned
    def history(self, racetrack: RacetrackRef | None = UNSET, first: HistoryFirst = HISTORY) -> list[CaseEvent]:
        """Its events in the order in which they happened; `eventCount` says how many there are.

        `racetrack`: whose stages they are told with; by default the one that the question names, or else the one that
        was activated first.
        """


@strawberry.type
class CaseConnection(Connection[Case]):
    """A page of cases."""
