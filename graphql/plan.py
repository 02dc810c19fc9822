"""The planner: what was selected below a root field becomes one SQL statement that gives its finished JSON.

It walks the selection as graphql-core collected it (fragments, aliases, @include and @skip are its business) and puts
pieces of plan.sql together. Values are bound, names of tables and columns are ours; aliases are bound as values too.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any, LiteralString, Protocol, TypeAlias, cast

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from psycopg.sql import SQL, Composable, Composed, Identifier

from raceline.domain.errors import InvalidArgument, LimitExceeded
from raceline.domain.sql import statements
from raceline.graphql.context import Limits
from raceline.graphql.listings import CUSTOMER_COLUMNS, PATH_COLUMNS, TIMELINE_COLUMNS, Listing
from raceline.graphql.objects import DEFAULT_FIRST
from raceline.graphql.scalars import parse_cursor

PAIRS_PER_CALL = 50
KNOWN_COLUMNS: dict[str, LiteralString] = {
    "customers": CUSTOMER_COLUMNS.replace("c.", "k."),
    "timeline": TIMELINE_COLUMNS.replace("t.", "k."),
    "paths": PATH_COLUMNS.replace("p.", "k."),
}
_LIVE: dict[str, Composable] = {name: Identifier("live", name) for name in KNOWN_COLUMNS}


def _without_comments(text: LiteralString) -> LiteralString:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


PIECES = {name: _without_comments(text) for name, text in statements("raceline.graphql", "plan.sql").items()}


def piece(name: str, **parts: Composable) -> Composed:
    """A piece of plan.sql with its places filled."""
    return SQL(PIECES[name]).format(**parts)


@cache
def literal(name: str) -> SQL:
    """A name of the schema as a text constant of SQL; only for names that are our own."""
    return SQL(f"'{name}'")


class Selecting(Protocol):
    """What the planner needs of graphql-core's executor."""

    schema: GraphQLSchema

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: Any) -> CollectedFields:
        """The fields selected of an object of this type, by response key."""

    def arguments(self, definition: GraphQLField, details: FieldDetails) -> dict[str, Any]:
        """The coerced arguments of a field."""


Compile: TypeAlias = "Callable[[Selection, Composable], Composable]"
Value: TypeAlias = Callable[[str, Sequence[FieldDetails]], Composable]
Columns: TypeAlias = Mapping[str, Mapping[str, Compile]]


class Plan:
    """A statement in the making: its parameters, its aliases, the tables it reads, and what it could cost."""

    def __init__(self, executor: Selecting, columns: Columns, limits: Limits, *, known: bool = False) -> None:
        self.executor = executor
        self.columns = columns
        self.limits = limits
        self.parameters: dict[str, Any] = {}
        self.cost = 1
        self.tables = {name: Identifier(f"known_{name}") for name in _LIVE} if known else _LIVE
        self.position: Composable = SQL("%(known_position)s::bigint") if known else piece("live_position")
        self._rows = 0

    def statement(self, parent: str, details: Sequence[FieldDetails]) -> Composed:
        """The statement of one root field: one row of one column, the field's JSON as text, or null."""
        answer = self.field(parent, details[0].node.name.value, details, SQL("NULL"), 1)
        known = [
            piece("known", relation=table, columns=SQL(KNOWN_COLUMNS[name]), table=_LIVE[name], rows=_known_rows(name))
            for name, table in self.tables.items()
            if table is not _LIVE[name]
        ]
        head = SQL("WITH {} ").format(SQL(", ").join(known)) if known else SQL("")
        return SQL("{}SELECT ({})::text").format(head, answer)

    def bind(self, value: Any, kind: LiteralString = "text") -> Composable:
        """A bound parameter. Text that PostgreSQL cannot hold becomes null, which equals nothing that is stored."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = _storable(value)
        return SQL(f"%({name})s::{kind}")

    def row(self) -> Identifier:
        """A new alias."""
        self._rows += 1
        return Identifier(f"r{self._rows}")

    def object(self, type_name: str, details: Sequence[FieldDetails], value: Value) -> Composable:
        """The JSON object of what was selected of a type; `value` gives the SQL of each of its fields."""
        type_ = cast(GraphQLObjectType, self.executor.schema.get_type(type_name))
        pairs = []
        for key, group in self.executor.collect_subfields(type_, details).grouped_field_set.items():
            name = group[0].node.name.value
            label = literal(key) if key == name else self.bind(key)
            pairs.append(
                SQL("{}, {}").format(label, literal(type_name) if name == "__typename" else value(name, group))
            )
        calls = [
            SQL("json_build_object({})").format(SQL(", ").join(pairs[start : start + PAIRS_PER_CALL]))
            for start in range(0, len(pairs) or 1, PAIRS_PER_CALL)
        ]
        return reduce(lambda left, right: piece("join_objects", left=left, right=right), calls)

    def row_object(self, type_name: str, details: Sequence[FieldDetails], row: Composable, weight: int) -> Composable:
        """The JSON object of what was selected of the object in `row`, at most `weight` times in the answer."""

        def value(name: str, group: Sequence[FieldDetails]) -> Composable:
            return self.field(type_name, name, group, row, weight)

        return self.object(type_name, details, value)

    def field(
        self, parent: str, name: str, details: Sequence[FieldDetails], row: Composable, weight: int
    ) -> Composable:
        """The SQL of one field of the object of type `parent` in `row`."""
        type_ = cast(GraphQLObjectType, self.executor.schema.get_type(parent))
        return self.columns[parent][name](Selection(self, type_.fields[name], details, weight), row)


class Selection:
    """One field as the client selected it. `weight`: how many times at most its parent is in the answer."""

    def __init__(self, plan: Plan, definition: GraphQLField, details: Sequence[FieldDetails], weight: int) -> None:
        self.plan = plan
        self.details = details
        self.weight = weight
        self.type_name = get_named_type(definition.type).name
        self.arguments = plan.executor.arguments(definition, details[0])

    def object(self, row: Composable, *, type_name: str = "") -> Composable:
        """The JSON object of what was selected of the object in `row`."""
        return self.plan.row_object(type_name or self.type_name, self.details, row, self.weight)

    def page_size(self) -> int:
        """`first`, within the limits; its product with those above is what the page could cost."""
        asked = self.arguments.get("first")
        first = DEFAULT_FIRST if asked is None else int(asked)
        if first < 0:
            raise InvalidArgument("A page cannot hold fewer than no entries.", argument="first", found=first)
        if first > self.plan.limits.page_size:
            raise LimitExceeded(limit="page_size", allowed=self.plan.limits.page_size, found=first)
        self.weight *= first
        self.plan.cost += self.weight
        return first

    def behind(self, listing: Listing) -> list[Composable]:
        """The condition that the cursor `after` makes, if there is one."""
        if (after := self.arguments.get("after")) is None:
            return []
        key = parse_cursor(after, listing.name, listing.shape)
        bound = [self.plan.bind(part, _kind(part)) for part in key]
        return [SQL("(") + SQL(listing.after).format(*bound, **self.plan.tables) + SQL(")")]


def _known_rows(name: str) -> SQL:
    return SQL(f"%(known_{name})s")


def _kind(value: Any) -> LiteralString:
    match value:
        case int():
            return "bigint"
        case float():
            return "float8"
        case str():
            return "text"
        case _:
            return "timestamptz"


def _storable(value: Any) -> Any:
    """The value, with text that PostgreSQL cannot hold (a NUL, half a surrogate pair) replaced by null."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, str) and ("\0" in value or not (value.isascii() or _encodable(value))):
        return None
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
