# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read: the object types of the API. Their fields are answered by the statements in columns.py.

Nothing here is ever instantiated, and no resolver runs: the planner turns the selection into one SQL statement.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from raceline.graphql.declare import planned
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
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> "PathConnection":
        """The customer's visits, in the order in which they started."""


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


@strawberry.type(description="One event of a customer as people read it.")
class TimelineEntry:
    """A row of live.timeline."""

    n: int = strawberry.field(description="Its place among the customer's events, from 1.")
    title: str
    type: str
    occurred_at: datetime
    event: Event
    path: "Path | None" = strawberry.field(description="The visit that the event belongs to.")


@strawberry.type(description="A turn: the page before it is the page after it.")
class Turnaround:
    """A turnaround (design, section 6)."""

    page: str
    depth: int = strawberry.field(description="The longest mirrored arm: A B C B A has depth 2.")
    index: int = strawberry.field(description="The step at which it turns, from 1.")


@strawberry.type(description="A run a b a b of four steps or more.")
class PingPong:
    """A ping-pong (design, section 6)."""

    page: str = strawberry.field(description="The page at the first turn.")
    index: int = strawberry.field(description="The step of the first turn, from 1.")
    bounces: int


@strawberry.type(description="A return to a page at a distance of more than two steps.")
class Loop:
    """A loop (design, section 6)."""

    page: str
    index: int = strawberry.field(description="The step at which it is back, from 1.")
    distance: int = strawberry.field(description="So many steps after the page was last seen.")


@strawberry.type(description="One page of a path.")
class PathStep:
    """A step: an element of the parallel arrays of live.paths."""

    page: str
    occurred_at: datetime
    implied: bool = strawberry.field(description="Nobody saw this step; the next click says that it was made.")
    event: Event = strawberry.field(description="The event that says so.")


@strawberry.type(description="The ordered pages of one visit.")
class Path(Node):
    """A path: a row of live.paths."""

    customer: Customer
    started_at: datetime
    ended_at: datetime
    pages: list[str]
    length: int
    resolved: bool = strawberry.field(description="The customer said that the visit solved the matter.")
    turnarounds: list[Turnaround]
    ping_pongs: list[PingPong]
    loops: list[Loop]
    steps: list[PathStep]
    events: list[Event] = strawberry.field(description="Every event of the visit, also those whose page collapsed.")


@strawberry.type(description="What customers did at one page, over all paths.")
class Page:
    """A row of live.pages."""

    page: str
    visits: int
    customers: int
    opportunities: int = strawberry.field(description="Visits that could have been turns: neither first nor last.")
    turnarounds: int
    rate: float | None = strawberry.field(description="Turnarounds per opportunity; null without an opportunity.")
    depth: float | None = strawberry.field(description="Mean depth of its turnarounds; null without one.")
    ping_pongs: int


@strawberry.type
class PathLengths:
    """How long some paths are. The variance is that of the population; both are null when there is no path."""

    paths: int
    mean_length: float | None
    variance_length: float | None = strawberry.field(description="Of the population.")


@strawberry.type(description="Figures over the paths that started in a span of days (UTC).")
class PathStatistics:
    """Sums over live.path_days."""

    all: PathLengths
    resolved: PathLengths
    open: PathLengths
    share_resolved: float | None
    share_with_turnaround: float | None
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")


@strawberry.enum(description="`LIVE` answers questions; `BUILDING` is being replayed and will take its place.")
class ProjectionStatus(Enum):
    """What a generation of read models is for."""

    LIVE = "live"
    BUILDING = "building"


@strawberry.type(description="A generation of read models and how far behind the log it is.")
class Projection:
    """A row of raceline.generation."""

    name: str
    status: ProjectionStatus
    position: Position
    lag_events: int
    lag_seconds: float = strawberry.field(description="Age of the oldest event that it has not taken yet.")
    failed_position: Position | None = strawberry.field(
        description="It stopped before this event; nothing was skipped."
    )
    failure: str | None


@strawberry.type(description="The log, and what is derived from it.")
class Log:
    """The one row of raceline.log_head."""

    head: Position = strawberry.field(description="The position of the newest event; 0 when there is none.")
    recorded_at: datetime | None = strawberry.field(description="When the newest event was recorded.")
    position: Position = strawberry.field(description="Up to this position the read models are true.")
    projections: list[Projection]


@strawberry.type(description="Input that the log did not take, kept whole.")
class QuarantineEntry(Node):
    """A row of raceline.quarantine."""

    source: str
    place: str = strawberry.field(description="Where it stood in its source, such as `clicks.csv:17`.")
    reason: str
    detail: str
    raw: str | None = strawberry.field(description="As it came in; null when it is no UTF-8 text.")
    raw_base64: str
    received_at: datetime
    requeued_at: datetime | None
    event: Event | None = strawberry.field(description="What it became when it was offered again.")


@strawberry.type
class CustomerConnection(Connection[Customer]):
    """A page of customers."""


@strawberry.type
class EventConnection(Connection[Event]):
    """A page of events."""


@strawberry.type
class TimelineConnection(Connection[TimelineEntry]):
    """A page of a customer's timeline."""


@strawberry.type
class PathConnection(Connection[Path]):
    """A page of paths."""


@strawberry.type
class PageConnection(Connection[Page]):
    """A page of pages."""


@strawberry.type
class QuarantineConnection(Connection[QuarantineEntry]):
    """A page of rejected input."""
