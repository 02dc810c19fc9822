"""The planner: what was selected below a root field becomes one SQL statement that gives its finished JSON.

It walks the selection as graphql-core collected it (fragments, aliases, @include and @skip are its business) and puts
pieces of plan.sql together. Values are bound, names of tables and columns are ours; aliases are bound as values too.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetails

from raceline.domain.errors import InvalidArgument, LimitExceeded, RacelineError
from raceline.graphql.bound import kind_of, storable
from raceline.graphql.budget import Budget
from raceline.graphql.listings import Listing
from raceline.graphql.pieces import Json, Sql, literal, piece
from raceline.graphql.question import Question, Racetrack
from raceline.graphql.relay import DEFAULT_FIRST
from raceline.graphql.scalars import parse_cursor
from raceline.graphql.tables import Tables, given, known, position_for, relation, tables_for
from raceline.projections.asked import WhatIf
from raceline.projections.ledger_asked import LedgerAsk

if TYPE_CHECKING:
    from raceline.graphql.executor import Executor
    from raceline.graphql.grid import Grid
    from raceline.graphql.path_asked import PathsAsked

PAIRS_PER_CALL = 50
# What a plain list counts for: nobody says how long it may be, so this is more than a path usually has.
LIST_LENGTH = 15
# What is told again, behind a reference or for each entry of a plain list, may be the very object whose lists are long.
_AGAIN = 30
# What a customer counts for who is derived for the question.
_DERIVED_COST = 5_000
_DERIVED_OF_MANY = 1_000
# A list that each entry has for itself, as a move has its evidence: all of them together are no longer than a journey.
OWN_LENGTH = 4
_NOBODY = Sql("SELECT NULL::text AS customer_id WHERE false")
_OUT_OF_SCOPE = (
    "`nextMoves`, `stalledReasons`, the reasons and what-ifs of a prediction, and a `version` of a racetrack are"
    " derived on demand, for the customers of the question; ask for them below `customer`, `customers`, `account`, or"
    " the `node` of a customer."
)
# What is counted once for a statement, whoever reads it.
_ONCE = ("racers", "predicted_stages")

Compile: TypeAlias = "Callable[[Selection, Sql], Sql]"
Value: TypeAlias = Callable[[str, list[FieldDetails]], Sql]
Columns: TypeAlias = Mapping[str, Mapping[str, Compile]]


def _head(parts: list[Sql], text: str) -> str:
    """What a statement is given: the rows that were sent along, by the names that it reads them by."""
    parts = parts + [piece(name) for name in _ONCE if re.search(rf"\b{name}\b", text)]
    parts += [relation(*table) for table in given(text)]
    return f"WITH {', '.join(parts)} " if parts else ""


class Plan:
    """A statement in the making: its parameters, its aliases, the tables it reads, and what it could cost.

    given: the tables that it has to be given, by where they come from. derived: of those, by prefix, the version of a
    racetrack by which customers are derived; None: the racetracks of the question. scope: statements that give whom.
    named: racetracks, and stages of them, that the client named and that there have to be; None: the default racetrack.
    grid: the stages and days that are told. paths: what is asked of the paths in memory. what_ifs: changes of
    customers that are answered. models: those of this racetrack and version are told, None is all; ledger: what is
    asked of their predictions; files_checked: whether it is asked if their files can be read. refused: why this
    statement cannot be sent, should it come to that.
    """

    def __init__(
        self, executor: "Executor", columns: Columns, budget: Budget, question: Question, *, source: Any = None
    ) -> None:
        self.executor = executor
        self.columns = columns
        self.budget = budget
        self.question = question
        self.source = source
        self.parameters: dict[str, Any] = {}
        self.tables = self._root = tables_for(question)
        self.position = position_for(question)
        self.clock = Sql("%(known_clock)s::timestamptz") if question.derived else piece("live_clock")
        self.given: list[tuple[str, str]] = []
        self.derived: dict[str, Racetrack | None] = {"known": question.version}
        self.scope: list[Sql] = []
        self.named: list[tuple[str | None, str | None]] = []
        self.scope_size = 0
        self.grid: Grid | None = None
        self.paths: PathsAsked | None = None
        self.what_ifs: list[WhatIf] = []
        self.models: tuple[str | None, int | None] = (None, None)
        self.ledger: list[LedgerAsk] = []
        self.files_checked = False
        self.refused: RacelineError | None = None
        self._rows = 0
        self._repeats = 1

    def statement(self, parent: str, details: list[FieldDetails]) -> bytes:
        """The statement of one root field: one row of one column, the field's JSON as text, or null."""
        answer = self.field(parent, details[0].node.name.value, details, Sql("NULL"), 1)
        self.given = given(answer)
        self.derived = {prefix: track for prefix, track in self.derived.items() if prefix in dict(self.given)}
        self._charge()
        gate = [piece("gate")] if "live." in answer else []
        return f"{_head(gate, answer)}SELECT ({answer})::text".encode()

    def customers(self) -> bytes:
        """The statement of whom a question is about, and of where the read models stand."""
        text = piece("live_point", scope=Sql(" UNION ".join(self.scope) or _NOBODY))
        return f"{_head([], text)}{text}".encode()

    def _charge(self) -> None:
        self.budget.cost += 1
        if not self.derived:
            return
        whom = len(self.question.customers) or self.scope_size
        if whom == 0 and not self.scope:
            raise InvalidArgument(_OUT_OF_SCOPE)
        self.budget.cost += len(self.derived) * max(_DERIVED_COST, whom * _DERIVED_OF_MANY)

    def piece(self, name: str, **parts: Sql) -> Sql:
        """A piece with its places filled, those of the tables and of the clock too."""
        return piece(name, **{**self.tables, "clock": self.clock, **parts})

    @contextmanager
    def reading(self, tables: Tables | None = None) -> Iterator[None]:
        """What is planned inside of this reads other tables; without any, those of the question."""
        before, self.tables = self.tables, self._root if tables is None else tables
        yield
        self.tables = before

    def tables_of(self, track: Racetrack | None) -> Tables:
        """The tables that know a racetrack: those of the question, or rows derived by another version."""
        if track is None or track.version is None or track == self.question.version:
            return self._root
        prefix = next((prefix for prefix, other in self.derived.items() if other == track), f"known{len(self.derived)}")
        self.derived[prefix] = track
        return known(prefix)

    def racetrack(self, track: Racetrack | None) -> Sql:
        """The name of a racetrack; of the default one, if none is meant."""
        return self.piece("default_racetrack") if track is None else self.bind(track.name)

    def name(self, track: Racetrack | None, stage: str | None = None) -> None:
        """Have it said when a racetrack or its stage is unknown; a version that is named is looked up anyhow."""
        if stage is not None or (track is not None and track.version is None):
            self.named.append((track and track.name, stage))

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
        selected = self.executor.collect_subfields(type_, details).grouped_field_set
        self.budget.fields += len(selected)
        self.budget.check()  # already here, so that planning itself cannot go on for ever
        fields = [(key, group[0].node.name.value, group) for key, group in selected.items()]
        values = [None if name == "__typename" else value(name, group) for _, name, group in fields]
        labels = [(key, key != name) for key, name, _ in fields]
        if any(values) and all(one is None or isinstance(one, Json) for one in values):
            return self._text_object(labels, [one or Sql(f"'\"{type_name}\"'") for one in values])
        told = [literal(type_name) if one is None else _as_json(one) for one in values]
        pairs = [
            f"{self.bind(key) if is_alias else literal(key)}, {one}"
            for (key, is_alias), one in zip(labels, told, strict=True)
        ]
        calls = [
            Sql(f"json_build_object({', '.join(pairs[start : start + PAIRS_PER_CALL])})")
            for start in range(0, len(pairs) or 1, PAIRS_PER_CALL)
        ]
        return reduce(lambda left, right: piece("join_objects", left=left, right=right), calls)

    def _text_object(self, labels: list[tuple[str, bool]], values: list[Sql]) -> Json:
        parts = []
        for n, ((key, is_alias), value) in enumerate(zip(labels, values, strict=True)):
            label = f'{"," if n else "{"}"{key}":'
            parts += [self.bind(label) if is_alias else literal(label), value]
        return Json(f"({' || '.join([*parts, literal('}')])})")

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

    def own_entry(self, row: Sql, length: int = OWN_LENGTH) -> Sql:
        """The JSON object of an entry of a plain list that its parent has for itself. length: what it counts for."""
        self.weight *= length
        self.plan.budget.cost += self.weight
        return self.object(row)

    def entry(self, row: Sql) -> Sql:
        """The JSON object of an entry of a plain list; its entries count like those of a page."""
        self.weight *= self.plan.list_length()
        self.plan.budget.cost += self.weight
        with self.plan.repeating():
            return self.object(row)

    def size(self, argument: str = "first", default: int = DEFAULT_FIRST) -> int:
        """How long a list may be by an argument, within the limits."""
        asked = self.arguments.get(argument)
        found = default if asked is None else int(asked)
        if found < 0:
            raise InvalidArgument("A page cannot hold fewer than no entries.", argument=argument, found=found)
        if found > self.plan.budget.limits.page_size:
            raise LimitExceeded(limit="page_size", allowed=self.plan.budget.limits.page_size, found=found)
        return found

    def page_size(self, default: int = DEFAULT_FIRST) -> int:
        """`first`, within the limits; its product with those above is what the page could cost."""
        first = self.size("first", default)
        self.weight *= first
        self.plan.budget.cost += self.weight
        return first

    def behind(self, listing: Listing, places: Mapping[str, Sql]) -> list[Sql]:
        """The condition that the cursor `after` makes, if there is one."""
        if (after := self.arguments.get("after")) is None:
            return []
        key = parse_cursor(after, listing.name, listing.shape)
        bound = [self.plan.bind(part, kind_of(part)) for part in key]
        return [Sql(f"({listing.after.format(*bound, **places)})")]


def _as_json(value: Sql) -> Sql:
    return Sql(f"({value})::json") if isinstance(value, Json) else value
