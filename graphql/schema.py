"""The schema: what the API knows how to answer, and its text that is committed as schema.graphql."""

from collections.abc import Callable

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from raceline.graphql.case_objects import Case
from raceline.graphql.context import Limits
from raceline.graphql.executor import Executor
from raceline.graphql.journey_objects import StageMove
from raceline.graphql.limits import Checked, Documents
from raceline.graphql.log_objects import QuarantineEntry
from raceline.graphql.mutation import Mutation
from raceline.graphql.objects import Customer, Event
from raceline.graphql.path_objects import Path
from raceline.graphql.problems import Presentable
from raceline.graphql.query import Query
from raceline.graphql.scalars import SCALARS
from raceline.graphql.stage_objects import Account
from raceline.graphql.subscription import Subscription


class Schema(strawberry.Schema):
    """strawberry's schema; errors are logged where they are made presentable."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: strawberry would log what a client did wrong as an error of the server."""


def make_schema(limits: Limits | None = None) -> Schema:
    """The schema with its limits; one for a process."""
    documents = Documents(limits or Limits())
    extensions: list[Callable[[], SchemaExtension]] = [lambda: Checked(documents), Presentable]
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Account, Case, Customer, Event, Path, QuarantineEntry, StageMove],
        extensions=extensions,
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def sdl() -> str:
    """The schema as text; `make docs` writes it to graphql/schema.graphql."""
    return make_schema().as_str() + "\n"
