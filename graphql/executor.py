"""How an operation is executed: a root field that is planned becomes one statement, everything else is graphql-core's.

The JSON that PostgreSQL made goes into the response as it is, so no Python runs per row or per field.
"""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from graphql import GraphQLField, GraphQLOutputType, GraphQLResolveInfo, get_argument_values
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path
from psycopg_pool import PoolTimeout
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from raceline.domain.errors import InvalidArgument, LimitExceeded, LogBusy, LogUnavailable, NoReadModels
from raceline.graphql.columns import COLUMNS
from raceline.graphql.context import Api, Context
from raceline.graphql.declare import PLANNED
from raceline.graphql.plan import PIECES, Budget, Columns, Plan, storable
from raceline.graphql.roots import ROOTS
from raceline.graphql.scalars import parse_position

MIN_POSITION_HEADER = "Raceline-Min-Position"
_COLUMNS: Columns = {"Query": ROOTS, **COLUMNS}
# These tell about the log as it is now; everything else can be asked to wait for the read models.
_NEVER_WAIT = ("log", "quarantine")


class Executor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with planned root fields. One is made for each operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget: Budget | None = None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Answer a planned field; complete any other as graphql-core does."""
        if result is PLANNED:
            return self._plan(field_details_list, info)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def arguments(self, definition: GraphQLField, details: FieldDetails) -> dict[str, Any]:
        """The coerced arguments of a field, by their names in the schema."""
        if not definition.args:
            return {}
        return get_argument_values(
            definition, details.node, self.variable_values, details.fragment_variable_values, self.hide_suggestions
        )

    def _plan(self, details: list[FieldDetails], info: GraphQLResolveInfo[Any]) -> Coroutine[Any, Any, Any]:
        # All root fields are planned before the first one runs, so the cost of the whole operation is known by then.
        context: Context = self.context_value
        self.budget = budget = self.budget or Budget(context.api.limits)
        arguments = self.arguments(info.parent_type.fields[info.field_name], details[0])
        plan = Plan(self, _COLUMNS, budget, known=arguments.get("knownAt") is not None)
        statement = plan.statement(info.parent_type.name, details)
        return _answer(context, plan, statement, info.field_name, arguments)


async def _answer(
    context: Context, plan: Plan, statement: bytes, name: str, arguments: Mapping[str, Any]
) -> msgspec.Raw | None:
    plan.budget.check()
    api = context.api
    if name not in _NEVER_WAIT and (position := _wanted(context, arguments)):
        await api.watch.reach(position, api.limits.min_position_timeout)
    if (known_at := arguments.get("knownAt")) is not None:
        plan.parameters |= await _as_known(api, arguments["id"], known_at, plan.known)
    row = await fetch(api, statement, plan.parameters)
    return None if row[0] is None else msgspec.Raw(row[0].encode())


def _wanted(context: Context, arguments: Mapping[str, Any]) -> int:
    """The position that both the argument and the header are content with; 0 when there is neither."""
    header = 0
    if context.min_position is not None:
        try:
            header = parse_position(context.min_position.strip())
        except ValueError as error:
            raise InvalidArgument(str(error), header=MIN_POSITION_HEADER, found=context.min_position) from error
    return max(header, arguments.get("minPosition") or 0)


async def _as_known(api: Api, customer: str, known_at: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The rows of one customer as derived from only what was recorded by then, as parameters of the statement.

    `wanted`: the tables that it reads.
    """
    if (time := known_at.get("time")) is not None:
        (position,) = await fetch(api, PIECES["position_at"].encode(), {"time": time})
    else:
        head, _, _ = await fetch(api, PIECES["positions"].encode(), {})
        position = min(known_at["position"], head)
    rows = {} if storable(customer) is None else await api.as_known(customer, position)
    tables = {f"known_{name}": msgspec.json.encode(rows.get(name, [])).decode() for name in wanted}
    return {"known_position": position, **tables}


async def fetch(api: Api, statement: bytes, parameters: Mapping[str, Any]) -> Any:
    """The one row of a statement that only reads. Raises LogUnavailable, LogBusy, LimitExceeded, NoReadModels."""
    try:
        try:
            return await _row(api, statement, parameters)
        except (psycopg.errors.QueryCanceled, PoolTimeout):
            raise
        except psycopg.OperationalError:
            # A connection that died in the pool, or a deadlock with a switch of generations: reading can be done again.
            await api.pool.check()
            return await _row(api, statement, parameters)
    except psycopg.errors.QueryCanceled as error:
        raise LimitExceeded(limit="statement_timeout") from error
    except psycopg.errors.UndefinedTable as error:
        raise NoReadModels from error
    except PoolTimeout as error:
        await api.watch.look()  # or the database is away, which it raises
        raise LogBusy("All connections of this API are in use.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise LogUnavailable from error


async def _row(api: Api, statement: bytes, parameters: Mapping[str, Any]) -> Any:
    async with api.pool.connection() as conn, conn.cursor() as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone()
