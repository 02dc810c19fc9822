"""What GraphQL and the REST addresses are given: connections, and functions that do in threads whatever blocks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from raceline.app.models import ModelAnswers
from raceline.app.paths import PathAnswers
from raceline.app.racetracks import RacetrackAnswers
from raceline.app.runtime import Runtime
from raceline.app.settings import Settings
from raceline.domain.event import Outcome
from raceline.domain.group_commit import GroupCommit
from raceline.domain.requeue import requeue
from raceline.graphql.context import Api, Limits
from raceline.graphql.watch import Watch
from raceline.projections.as_known import Answer, AsKnown
from raceline.projections.asked import Asked

POOL_PATIENCE_SECONDS = 5.0
_AT_ONCE = 65_536  # bytes that are checked in less time than a thread takes to start


class Composed:
    """The world of the API; `api` is GraphQL's part of it. No more threads block than there are connections."""

    def __init__(self, runtime: Runtime) -> None:
        self._ingest = runtime.ingest
        self._wait = runtime.settings.group_commit_ms / 1000
        self._threads = CapacityLimiter(runtime.settings.pool_size)
        url = reading(runtime.url, runtime.settings)
        self._as_known = AsKnown(url, runtime.catalogue, runtime.rules, runtime.racetracks, runtime.models)
        self.paths = PathAnswers(runtime.url, runtime.settings.path_steps)
        self.models = ModelAnswers(url, runtime, self._in_thread)
        self.api = Api(
            pool=_pool(url, runtime.settings),
            watch=Watch(runtime.url),
            record=self._record_graphql,
            requeue=self._requeue,
            as_known=self._derive_as_known,
            racetracks=RacetrackAnswers(url, runtime, runtime.racetracks, self._in_thread),
            paths=self.paths,
            models=self.models,
            limits=_limits(runtime.settings),
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open what lives in the event loop, and close it."""
        self._group = GroupCommit(self._ingest, wait=self._wait)
        try:
            async with self.api.pool, self.api.watch:
                yield
        finally:
            await run_sync(self._group.close)
            await run_sync(self._as_known.close)

    async def record(self, raws: Sequence[bytes], source: str, place: str) -> list[Outcome]:
        """Take the JSON texts of envelopes, as `Ingest.record` does; small appends are committed together."""
        check = partial(self._ingest.check_all, raws, source=source, place=place)
        checked = check() if sum(map(len, raws)) <= _AT_ONCE else await self._in_thread(check)
        return await asyncio.wrap_future(self._group.submit(checked, batch_source=place))

    async def _record_graphql(self, raws: Sequence[bytes]) -> list[Outcome]:
        return await self.record(raws, "graphql", "recordEvents")

    async def _requeue(self, quarantine_id: int, corrected: bytes | None) -> Outcome:
        outcome: Outcome = await self._in_thread(requeue, self._ingest, quarantine_id, corrected)
        return outcome

    async def _derive_as_known(self, asked: Asked) -> Answer:
        rows: Answer = await self._in_thread(self._as_known, asked)
        return rows

    async def _in_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await run_sync(partial(function, *args, **kwargs), limiter=self._threads)


def reading(url: str, settings: Settings) -> str:
    """The database as the API reads it: no statement takes longer than the settings allow."""
    options = [
        str(conninfo_to_dict(url).get("options") or ""),
        f"-c statement_timeout={int(settings.statement_timeout_seconds * 1000)}",
        "-c jit=off",  # its compiling takes longer than the short statements of the API
    ]
    return make_conninfo(url, options=" ".join(options).strip())


def _pool(url: str, settings: Settings) -> AsyncConnectionPool[AsyncConnection[Any]]:
    # Each answer is one statement, so nothing is gained by a transaction around it.
    return AsyncConnectionPool(
        url,
        kwargs={"autocommit": True, "application_name": "raceline api"},
        min_size=1,
        max_size=settings.pool_size,
        timeout=POOL_PATIENCE_SECONDS,
        open=False,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        page_size=settings.page_size_limit,
        cost=settings.query_cost,
        depth=settings.query_depth,
        aliases=settings.query_aliases,
        tokens=settings.query_tokens,
        body=settings.max_body_bytes,
        batch=settings.max_batch_events,
        min_position_timeout=settings.min_position_timeout_seconds,
        documents=settings.query_cache,
        graphiql=settings.graphiql,
    )
