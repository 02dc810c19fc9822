"""Statements that only read, sent to the database; what goes wrong there is told in the words of raceline's errors."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from raceline.domain.errors import LimitExceeded, LogBusy, LogUnavailable, NoReadModels
from raceline.graphql.context import Api


async def fetch(api: Api, statement: bytes, parameters: Mapping[str, Any]) -> Any:
    """The one row of a statement that only reads. Raises LogUnavailable, LogBusy, LimitExceeded, NoReadModels."""
    return await reading(api, lambda conn: row_of(conn, statement, parameters))


async def fetch_all(api: Api, statement: bytes, parameters: Mapping[str, Any]) -> list[Any]:
    """All rows of a statement that bounds them itself; raises as `fetch` does."""

    async def read(conn: AsyncConnection[Any]) -> list[Any]:
        async with conn.cursor() as cursor:
            await cursor.execute(statement, parameters)
            return await cursor.fetchall()

    rows: list[Any] = await reading(api, read)
    return rows


async def reading(api: Api, read: Callable[[AsyncConnection[Any]], Awaitable[Any]]) -> Any:
    """What is read on a connection. Raises LogUnavailable, LogBusy, LimitExceeded, NoReadModels."""
    try:
        try:
            async with api.pool.connection() as conn:
                return await read(conn)
        except (psycopg.errors.QueryCanceled, PoolTimeout):
            raise
        except psycopg.OperationalError:
            # A connection that died in the pool, or a deadlock with a switch of generations: reading can be done again.
            await api.pool.check()
            async with api.pool.connection() as conn:
                return await read(conn)
    except psycopg.errors.QueryCanceled as error:
        raise LimitExceeded(limit="statement_timeout") from error
    except psycopg.errors.UndefinedTable as error:
        if '"live.' not in str(error):
            raise
        raise NoReadModels from error
    except PoolTimeout as error:
        await api.watch.look()  # or the database is away, which it raises
        raise LogBusy("All connections of this API are in use.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise LogUnavailable from error


async def row_of(conn: AsyncConnection[Any], statement: bytes, parameters: Mapping[str, Any]) -> Any:
    """The one row of a statement on a connection."""
    async with conn.cursor() as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone()
