"""Who waits for the log or the read models to move on: one connection of this process hears for all of them.

NOTIFY wakes it, and it looks by itself every second, because a notification can get lost. What it then tells is what it
read and never what a notification said. A connection that dies is opened again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection

from raceline.domain.errors import LogUnavailable, PositionAhead, ProjectionTimeout
from raceline.domain.sql import statements

_POSITIONS = statements("raceline.graphql", "plan.sql")["positions"]
_ANSWER_SECONDS = 10
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Positions:
    """Where things stand: the head of the log, when it was recorded, and how far the live read models are: their
    position, their generation, and the moment up to which timers have fired."""

    head: int = 0
    recorded_at: datetime | None = None
    live: int = 0
    generation: str | None = None
    clock: datetime | None = None


class Watch:
    """Follows the log and the live read models of one database. `poll`: seconds between looks when nothing is heard."""

    def __init__(self, url: str, *, poll: float = 1.0) -> None:
        self.url = url
        self.poll = poll
        self.positions = Positions()
        self._looked = False
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watch":
        self._task = asyncio.create_task(self._run(), name="raceline-watch")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def reach(self, position: int, timeout: float) -> None:
        """Wait until the live read models are true up to a position.

        Raises PositionAhead when the log has not come so far itself, and ProjectionTimeout, both with where it stands.
        """
        if self.positions.live >= position:
            return
        if self.positions.head < position:  # perhaps we have not heard of it yet
            await self.look()
        if self.positions.head < position:
            raise PositionAhead(position=position, head=self.positions.head)
        try:
            async with asyncio.timeout(timeout):
                while self.positions.live < position:
                    await self._moved.wait()
        except TimeoutError:
            found = self.positions
            raise ProjectionTimeout(position=position, live=found.live, head=found.head, seconds=timeout) from None

    async def advances(self, after: int | None) -> AsyncIterator[Positions]:
        """The head of the log whenever it is further than before, first than `after`; always the newest, in order."""
        if after is None and not self._looked:
            await self.look()
        seen = self.positions.head if after is None else after
        while True:
            moved = self._moved
            if self.positions.head > seen:
                seen = self.positions.head
                yield self.positions
            else:
                await moved.wait()

    async def ticks(self) -> AsyncIterator[Positions]:
        """Where things stand, at once and whenever the live read models are others, or true at a later moment."""
        if not self._looked:
            await self.look()
        seen = None
        while True:
            moved, found = self._moved, self.positions
            if found.clock is not None and (found.generation, found.clock) != seen:
                seen = found.generation, found.clock
                yield found
            else:
                await moved.wait()

    def _connect(self) -> Awaitable[AsyncConnection[Any]]:
        return AsyncConnection.connect(
            self.url, autocommit=True, connect_timeout=_ANSWER_SECONDS, application_name="raceline watch"
        )

    async def look(self) -> None:
        """Read where things stand now. Raises LogUnavailable."""
        try:
            async with await self._connect() as conn:
                await self._read(conn)
        except (psycopg.Error, TimeoutError) as error:
            raise LogUnavailable from error

    async def _run(self) -> None:
        pause = 0.1
        while True:
            try:
                async with await self._connect() as conn:
                    await conn.execute("LISTEN raceline_log")
                    await conn.execute("LISTEN raceline_views")
                    await self._read(conn)
                    pause = 0.1
                    await self._follow(conn)
            except (psycopg.Error, TimeoutError) as error:
                told = str(error).strip().partition("\n")[0]
                _log.warning("the watch lost its connection and opens another: %s", told)
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.poll)

    async def _follow(self, conn: AsyncConnection[Any]) -> None:
        while True:
            await self._read(conn)
            async for _ in conn.notifies(timeout=self.poll, stop_after=1):
                pass

    async def _read(self, conn: AsyncConnection[Any]) -> None:
        async with asyncio.timeout(_ANSWER_SECONDS):  # a connection that was cut silently never answers
            cursor = await conn.execute(_POSITIONS)
            row = await cursor.fetchone()
        self._looked = True
        if row is None or self.positions == (found := Positions(*row)):
            return
        self.positions = found
        self._moved.set()
        self._moved = asyncio.Event()
