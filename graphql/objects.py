# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read: the object types of the API. Their fields are answered by the statements in columns.py.

Nothing here is ever instantiated, and no resolver runs: the planner turns the selection into one SQL statement.
"""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from raceline.graphql.case_objects import CaseConnection, CaseStatus
from raceline.graphql.declare import planned
from raceline.graphql.journey_objects import Journey, StageMove
from raceline.graphql.path_objects import Path, PathConnection
from raceline.graphql.racetrack_objects import RacetrackRef
from raceline.graphql.relay import DEFAULT_FIRST, After, Connection, First, Node
from raceline.graphql.scalars import Int64, Position

Types = Annotated[list[str] | None, strawberry.argument(description="Only events of these types.")]


@strawberry.type(description="The one whose journey it is, by the identifier that the source uses.")
class Customer(Node):
    """A customer: a row of live.customers."""

    guid: str
    account: str | None = strawberry.field(description="The company that the customer belongs to.")
    first_occurred_at: datetime
    last_occurred_at: datetime
    event_count: int
    path_count: int
    position: Position = strawberry.field(description="Up to this position of the log this answer is true.")

    @planned
    def timeline(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> "TimelineConnection":
        """The customer's events as people read them, in the order in which they happened."""

    @planned
    def events(self, types: Types = UNSET, first: First = DEFAULT_FIRST, after: After = UNSET) -> "EventConnection":
        """The customer's events, in the order in which they happened."""

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """The customer's visits, in the order in which they started."""

    @planned
    def cases(
        self, status: CaseStatus | None = UNSET, first: First = DEFAULT_FIRST, after: After = UNSET
    ) -> CaseConnection:
        """The customer's support cases, in the order in which they were opened."""

    @planned
    def journey(self, racetrack: RacetrackRef | None = UNSET) -> Journey | None:
        """Where the customer stands on a racetrack, how they came there, and why.

        By default on the one that the question names, or else on the one that was activated first. A version that is
        not the active one is derived on demand.
        """

    journeys: list[Journey] = strawberry.field(description="On every racetrack that has events of the customer.")


@strawberry.type(description="An immutable fact about one customer.")
class Event(Node):
    """An event: a row of the log."""

    position: Position
    type: str
    source: str
    event_id: str = strawberry.field(description="With `source`, the identity of the event.")
    customer_id: str
    customer: Customer | None = strawberry.field(description="Null until the read models have come to this event.")
    account: str | None
    product: str | None
    occurred_at: datetime = strawberry.field(description="When it happened; the source says so.")
    recorded_at: datetime = strawberry.field(description="When the store took it.")
    sequence: Int64 | None = strawberry.field(description="The source's own counter; it orders events of equal time.")
    schema_version: int
    correlation_id: str | None
    causation_id: str | None
    data: JSON
    caused_moves: list[StageMove] = strawberry.field(description="The moves that were made at this event.")
    evidence_of: list[StageMove] = strawberry.field(description="The moves that this event is evidence of.")


@strawberry.type(description="One event of a customer as people read it.")
class TimelineEntry:
    """A row of live.timeline."""

    n: int = strawberry.field(description="Its place among the customer's events, from 1.")
    title: str
    type: str
    occurred_at: datetime
    event: Event
    path: Path | None = strawberry.field(description="The visit that the event belongs to.")


@strawberry.type
class CustomerConnection(Connection[Customer]):
    """A page of customers."""


@strawberry.type
class EventConnection(Connection[Event]):
    """A page of events."""


@strawberry.type
class TimelineConnection(Connection[TimelineEntry]):
    """A page of a customer's timeline."""
