"""GraphQL asked from inside: what a command reads of the API's answers, in one snapshot of the read models."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import Any, cast

import msgspec
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

from raceline.app.api import Composed
from raceline.app.racetracks import RacetrackAnswers
from raceline.app.runtime import Runtime
from raceline.domain.errors import RacelineError
from raceline.domain.recorder import translated
from raceline.graphql.context import Api, Context
from raceline.graphql.problems import Presentable
from raceline.graphql.schema import Schema, make_schema

Ask = Callable[..., dict[str, Any]]
_SNAPSHOT = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# The limits protect a server from strangers. Here the question is ours, and whoever asks it waits for it.
_UNLIMITED = {"statement_timeout_seconds": 0, "query_cost": 2**62, "page_size_limit": 2**31 - 1}


@contextmanager
def asking(store: Runtime) -> Iterator[Ask]:
    """`ask(query, **variables)` gives the data of an answer, every time of the same position.

    What is derived on demand (versions that are not active, the customers of an account, lengths of stay, figures of
    paths) is of the position that it says itself; what is asked of stageDays part by part, or of paths in several
    questions, is of one.
    Raises what the API would tell as errors: UnknownRacetrack, UnknownStage, NoRacetrack, NoReadModels, LogUnavailable.
    """
    world = Composed(replace(store, settings=store.settings.model_copy(update=_UNLIMITED)))
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        try:
            with translated():
                api = runner.run(_opened(opened, world))
            schema = make_schema(api.limits)
            schema.extensions = tuple(one for one in schema.extensions if one is not Presentable)  # raised as they are
            yield lambda query, **variables: runner.run(_answer(schema, api, query, variables))
        finally:
            runner.run(opened.aclose())


async def _opened(stack: AsyncExitStack, world: Composed) -> Api:
    await stack.enter_async_context(world.opened())
    conn = await stack.enter_async_context(world.api.pool.connection())
    await conn.execute(_SNAPSHOT)
    stack.push_async_callback(_end, conn)
    cast(RacetrackAnswers, world.api.racetracks).hold()
    world.paths.hold()
    world.models.hold()
    return replace(world.api, pool=cast(AsyncConnectionPool[AsyncConnection[Any]], _Held(conn)))


async def _end(conn: AsyncConnection[Any]) -> None:
    with suppress(OperationalError):  # a connection that was lost has nothing to end
        await conn.rollback()


class _Held:
    """Of a pool what the API uses of it, with one connection, whose transaction is the snapshot."""

    def __init__(self, conn: AsyncConnection[Any]) -> None:
        self._conn = conn

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        yield self._conn

    async def check(self) -> None:
        """Nothing: another connection would have another snapshot."""


async def _answer(schema: Schema, api: Api, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in variables.items() if value is not None}
    result = await schema.execute(query, variable_values=given, context_value=Context(api))
    for error in result.errors or ():
        raise error.original_error or RacelineError(error.message)
    return cast(dict[str, Any], msgspec.json.decode(msgspec.json.encode(result.data)))
