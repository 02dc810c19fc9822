"""How an operation is executed: a root field that is planned becomes one statement, everything else is graphql-core's.

The JSON that PostgreSQL made goes into the response as it is, so no Python runs per row or per field.
"""

from collections.abc import Coroutine
from typing import Any

from graphql import GraphQLField, GraphQLOutputType, GraphQLResolveInfo, get_argument_values
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from raceline.graphql.answer import Planned, answer
from raceline.graphql.budget import Budget
from raceline.graphql.columns import COLUMNS
from raceline.graphql.context import Context
from raceline.graphql.declare import PLANNED, Reference
from raceline.graphql.journey_columns import FOLLOWED_COLUMNS
from raceline.graphql.plan import Columns, Plan
from raceline.graphql.question import Question, questions
from raceline.graphql.roots import ROOTS

_COLUMNS: Columns = {"Query": ROOTS, **COLUMNS, **FOLLOWED_COLUMNS}


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
        if result is PLANNED or isinstance(result, Reference):
            return self._plan(field_details_list, info, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def arguments(self, definition: GraphQLField, details: FieldDetails) -> dict[str, Any]:
        """The coerced arguments of a field, by their names in the schema."""
        if not definition.args:
            return {}
        return get_argument_values(
            definition, details.node, self.variable_values, details.fragment_variable_values, self.hide_suggestions
        )

    def _plan(
        self, details: list[FieldDetails], info: GraphQLResolveInfo[Any], source: Any
    ) -> Coroutine[Any, Any, Any]:
        # All root fields are planned before the first one runs, so the cost of the whole operation is known by then.
        context: Context = self.context_value
        self.budget = self.budget or Budget(context.api.limits)
        field, arguments = info.field_name, self.arguments(info.parent_type.fields[info.field_name], details[0])
        plans = [self._planned(info.parent_type.name, details, asked, source) for asked in questions(field, arguments)]
        return answer(context, plans, field, arguments)

    def _planned(self, parent: str, details: list[FieldDetails], asked: Question, source: Any) -> Planned:
        assert self.budget is not None  # noqa: S101 - made by the caller
        plan = Plan(self, _COLUMNS, self.budget, asked, source=source)
        return plan, plan.statement(parent, details)
