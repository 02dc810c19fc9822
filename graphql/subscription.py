"""What can be followed."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, cast

import strawberry
from strawberry import UNSET

from raceline.graphql.context import Context
from raceline.graphql.declare import subscription
from raceline.graphql.scalars import Position


@strawberry.type(description="The log has moved on to this position.")
class LogAdvance:
    """A new head of the log."""

    position: Position
    recorded_at: datetime


@strawberry.type
class Subscription:
    """The roots of following."""

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
