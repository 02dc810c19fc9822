"""What can be followed."""

from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum
from typing import Annotated, cast

import strawberry
from strawberry import UNSET

from raceline.graphql.changes import Change, Changes, Followed
from raceline.graphql.context import Context
from raceline.graphql.declare import Reference, referenced, subscription
from raceline.graphql.journey_objects import JourneyRevision, StageMove
from raceline.graphql.scalars import Position


@strawberry.type(description="The log has moved on to this position.")
class LogAdvance:
    """A new head of the log."""

    position: Position
    recorded_at: datetime


@strawberry.enum(description="What became known.")
class JourneyChangeKind(Enum):
    """The kinds of changes.py."""

    MOVED = strawberry.enum_value("MOVED", description="A customer moved.")
    REVISED = strawberry.enum_value("REVISED", description="A late event changed what was known.")
    CORRECTED = strawberry.enum_value(
        "CORRECTED", description="Another version of the racetrack is in force: read again what you keep."
    )


@strawberry.type(description="Something that became known of journeys.")
class JourneyChange:
    """A Change of changes.py."""

    kind: JourneyChangeKind
    customer: str | None = strawberry.field(description="Null where it is about all of them.")
    racetrack: str
    version: int
    position: Position = strawberry.field(
        description="After a lost connection ask for what is after this; what became known at one moment comes again."
    )
    recorded_at: datetime = strawberry.field(description="Since when it is known.")
    change: strawberry.Private[Change]

    @referenced
    def move(self) -> StageMove | None:
        """The move; null when it is none, or was taken back since."""
        one = self.change
        key = (one.racetrack, one.version, one.entered_at, one.trigger, one.customer)
        return cast(StageMove, Reference(key)) if one.kind == "MOVED" else None

    @referenced
    def revision(self) -> JourneyRevision | None:
        """The revision; null when it is none."""
        one = self.change
        key = (one.customer, one.racetrack, one.known_at)
        return cast(JourneyRevision, Reference(key)) if one.kind == "REVISED" else None


After = Annotated[
    Position | None, strawberry.argument(description="First what became known after this position was recorded.")
]


async def _told(
    info: strawberry.Info[Context, None], followed: Followed, after: int | None
) -> AsyncGenerator[JourneyChange, None]:
    async for one in Changes(info.context.api, followed).since(after):
        yield JourneyChange(
            kind=JourneyChangeKind(one.kind),
            customer=one.customer,
            racetrack=one.racetrack,
            version=one.version,
            position=Position(one.resume),
            recorded_at=one.known_at,
            change=one,
        )


@strawberry.type
class Subscription:
    """The roots of following."""

    @subscription
    async def journey_changed(
        self, info: strawberry.Info[Context, None], customer: str, after: After = UNSET
    ) -> AsyncGenerator[JourneyChange, None]:
        """Whatever becomes known of a customer's journeys, in the order in which it does; nothing is left out."""
        async for change in _told(info, Followed(customer), None if after is UNSET else after):
            yield change

    @subscription
    async def stage_moved(
        self,
        info: strawberry.Info[Context, None],
        stages: Annotated[list[str] | None, strawberry.argument(description="Only moves into these stages.")] = UNSET,
        racetrack: Annotated[str | None, strawberry.argument(description="Only on this racetrack.")] = UNSET,
        after: After = UNSET,
    ) -> AsyncGenerator[JourneyChange, None]:
        """Whatever becomes known of all journeys, in the order in which it does; nothing is left out."""
        followed = Followed(racetrack=racetrack or None, stages=None if stages is UNSET else stages)
        async for change in _told(info, followed, None if after is UNSET else after):
            yield change

    @subscription
    async def log_advanced(
        self,
        info: strawberry.Info[Context, None],
        after: Annotated[
            Position | None, strawberry.argument(description="Tell at once if the log is further than this.")
        ] = UNSET,
    ) -> AsyncGenerator[LogAdvance, None]:
        """The head of the log whenever it moves: always the newest, in order; a slow client skips what lies between.

        After a lost connection, ask again with the last position seen.
        """
        seen = None if after is UNSET else after
        async for found in info.context.api.watch.advances(seen):
            yield LogAdvance(position=Position(found.head), recorded_at=cast(datetime, found.recorded_at))
