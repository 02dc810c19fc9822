"""The planner: what was selected below a root field becomes one SQL statement that gives its finished JSON.

It walks the selection as graphql-core collected it (fragments, aliases, @include and @skip are its business) and puts
pieces of plan.sql together. Values are bound, names of tables and columns are ours; aliases are bound as values too.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any, NewType, TypeAlias, cast

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetails

from raceline.domain.errors import InvalidArgument, LimitExceeded
from raceline.domain.sql import statements
from raceline.graphql.context import Limits
from raceline.graphql.listings import CUSTOMER_COLUMNS, PATH_COLUMNS, TIMELINE_COLUMNS, Listing
from raceline.graphql.relay import DEFAULT_FIRST
from raceline.graphql.scalars import parse_cursor

if TYPE_CHECKING:
    from raceline.graphql.executor import Executor

# Text of a statement: our own words and the names of parameters, never a value.
Sql = NewType("Sql", str)

PAIRS_PER_CALL = 50
# What a plain list counts for: nobody says how long it may be, so this is more than a path usually has.
LIST_LENGTH = 15
# What is told again, behind a reference or for each entry of a plain list, may be the very object whose lists are long.
_AGAIN = 30
# What a customer as known at another time counts for: all of the journey is derived for the question.
_KNOWN_COST = 5_000
KNOWN_COLUMNS = {
    "customers": CUSTOMER_COLUMNS.replace("c.", "k."),
    "timeline": TIMELINE_COLUMNS.replace("t.", "k."),
    "paths": PATH_COLUMNS.replace("p.", "k."),
}
_LIVE = {name: Sql(f"live.{name}") for name in KNOWN_COLUMNS}
_KNOWN = {name: Sql(f"known_{name}") for name in KNOWN_COLUMNS}


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


PIECES = {name: _without_comments(text) for name, text in statements("raceline.graphql", "plan.sql").items()}


def piece(name: str, **parts: Sql) -> Sql:
    """A piece of plan.sql with its places filled."""
    return Sql(PIECES[name].format_map(parts))


def literal(name: str) -> Sql:
    """A name of the schema as a text constant of SQL; only for names that are our own."""
    return Sql(f"'{name}'")


Compile: TypeAlias = "Callable[[Selection, Sql], Sql]"
Value: TypeAlias = Callable[[str, list[FieldDetails]], Sql]
Columns: TypeAlias = Mapping[str, Mapping[str, Compile]]


class Budget:
    """What one operation could cost: objects in its answers, and fields in its statements."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.cost = 0
        self.fields = 0

    def check(self) -> None:
        """Raise LimitExceeded if it is spent."""
        for name in ("cost", "fields"):
            if (found := getattr(self, name)) > (allowed := getattr(self.limits, name)):
                raise LimitExceeded(limit=name, allowed=allowed, found=found)


class Plan:
    """A statement in the making: its parameters, its aliases, the tables it reads, and what it could cost.

    known: which of the tables it wants to be given, as they were known at `known_position`.
    """

    def __init__(self, executor: "Executor", columns: Columns, budget: Budget, *, known: bool = False) -> None:
        self.executor = executor
        self.columns = columns
        self.budget = budget
        self.parameters: dict[str, Any] = {}
        self.tables = _KNOWN if known else _LIVE
        self.position = Sql("%(known_position)s::bigint") if known else piece("live_position")
        self.known: list[str] = []
        self._rows = 0
        self._repeats = 1

    def statement(self, parent: str, details: list[FieldDetails]) -> bytes:
        """The statement of one root field: one row of one column, the field's JSON as text, or null."""
        self.budget.cost += 1 if self.tables is _LIVE else _KNOWN_COST
        answer = self.field(parent, details[0].node.name.value, details, Sql("NULL"), 1)
        self.known = [name for name, table in _KNOWN.items() if table in answer]
        known = [
            piece(
                "known",
                relation=_KNOWN[name],
                columns=Sql(KNOWN_COLUMNS[name]),
                table=_LIVE[name],
                rows=Sql(f"%({_KNOWN[name]})s"),
            )
            for name in self.known
        ]
        gate = [piece("gate")] if "live." in answer else []
        head = f"WITH {', '.join(gate + known)} " if gate or known else ""
        return f"{head}SELECT ({answer})::text".encode()

    def bind(self, value: Any, kind: str = "text") -> Sql:
        """A bound parameter. Text that PostgreSQL cannot hold becomes null, which equals nothing that is stored."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = storable(value)
        return Sql(f"%({name})s::{kind}")

    @contextmanager
    def repeating(self) -> Iterator[None]:
        """What is planned inside of this can be told again and again, so its plain lists count for more."""
        self._repeats *= _AGAIN
        yield
        self._repeats //= _AGAIN

    def list_length(self) -> int:
        """What a plain list counts for here."""
        return LIST_LENGTH * self._repeats

    def row(self) -> Sql:
        """A new alias."""
        self._rows += 1
        return Sql(f"r{self._rows}")

    def object(self, type_name: str, details: list[FieldDetails], value: Value) -> Sql:
        """The JSON object of what was selected of a type; `value` gives the SQL of each of its fields."""
        type_ = cast(GraphQLObjectType, self.executor.schema.get_type(type_name))
        pairs = []
        selected = self.executor.collect_subfields(type_, details).grouped_field_set
        self.budget.fields += len(selected)
        self.budget.check()  # already here, so that planning itself cannot go on for ever
        for key, group in selected.items():
            name = group[0].node.name.value
            label = literal(key) if key == name else self.bind(key)
            pairs.append(f"{label}, {literal(type_name) if name == '__typename' else value(name, group)}")
        calls = [
            Sql(f"json_build_object({', '.join(pairs[start : start + PAIRS_PER_CALL])})")
            for start in range(0, len(pairs) or 1, PAIRS_PER_CALL)
        ]
        return reduce(lambda left, right: piece("join_objects", left=left, right=right), calls)

    def row_object(self, type_name: str, details: list[FieldDetails], row: Sql, weight: int) -> Sql:
        """The JSON object of what was selected of the object in `row`, at most `weight` times in the answer."""

        def value(name: str, group: list[FieldDetails]) -> Sql:
            return self.field(type_name, name, group, row, weight)

        return self.object(type_name, details, value)

    def field(self, parent: str, name: str, details: list[FieldDetails], row: Sql, weight: int) -> Sql:
        """The SQL of one field of the object of type `parent` in `row`."""
        type_ = cast(GraphQLObjectType, self.executor.schema.get_type(parent))
        return self.columns[parent][name](Selection(self, type_.fields[name], details, weight), row)


class Selection:
    """One field as the client selected it. `weight`: how many times at most its parent is in the answer."""

    def __init__(self, plan: Plan, definition: GraphQLField, details: list[FieldDetails], weight: int) -> None:
        self.plan = plan
        self.details = details
        self.weight = weight
        self.type_name = get_named_type(definition.type).name
        self.arguments = plan.executor.arguments(definition, details[0])

    def object(self, row: Sql, *, type_name: str = "") -> Sql:
        """The JSON object of what was selected of the object in `row`."""
        return self.plan.row_object(type_name or self.type_name, self.details, row, self.weight)

    def entry(self, row: Sql) -> Sql:
        """The JSON object of an entry of a plain list; its entries count like those of a page."""
        self.weight *= self.plan.list_length()
        self.plan.budget.cost += self.weight
        with self.plan.repeating():
            return self.object(row)

    def page_size(self) -> int:
        """`first`, within the limits; its product with those above is what the page could cost."""
        asked = self.arguments.get("first")
        first = DEFAULT_FIRST if asked is None else int(asked)
        if first < 0:
            raise InvalidArgument("A page cannot hold fewer than no entries.", argument="first", found=first)
        if first > self.plan.budget.limits.page_size:
            raise LimitExceeded(limit="page_size", allowed=self.plan.budget.limits.page_size, found=first)
        self.weight *= first
        self.plan.budget.cost += self.weight
        return first

    def behind(self, listing: Listing, places: Mapping[str, Sql]) -> list[Sql]:
        """The condition that the cursor `after` makes, if there is one."""
        if (after := self.arguments.get("after")) is None:
            return []
        key = parse_cursor(after, listing.name, listing.shape)
        bound = [self.plan.bind(part, _kind(part)) for part in key]
        return [Sql(f"({listing.after.format(*bound, **places)})")]


def _kind(value: Any) -> str:
    match value:
        case int():
            return "bigint"
        case float():
            return "float8"
        case str():
            return "text"
        case _:
            return "timestamptz"


def storable(value: Any) -> Any:
    """The value, with text that PostgreSQL cannot hold (a NUL, half a surrogate pair) replaced by null."""
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, str) and ("\0" in value or not (value.isascii() or _encodable(value))):
        return None
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
