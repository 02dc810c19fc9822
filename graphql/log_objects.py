"""What can be read of the log itself, of the read models, and of rejected input. See objects.py."""

from datetime import datetime
from enum import Enum

import strawberry

from raceline.graphql.objects import Event
from raceline.graphql.relay import Connection, Node
from raceline.graphql.scalars import Position


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
class QuarantineConnection(Connection[QuarantineEntry]):
    """A page of rejected input."""
