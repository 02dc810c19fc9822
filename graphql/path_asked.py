"""What a root field asks of the paths in memory: its arguments, the lists of paths it tells, and how long lists may be.

The figures are counted before the statement is sent, and sent along with it; so the answer is true at their position.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from raceline.domain.errors import InvalidArgument
from raceline.graphql.bound import storable
from raceline.graphql.connection import page
from raceline.graphql.listings import PATHS
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Compile, Selection
from raceline.graphql.question import Racetrack
from raceline.graphql.scalars import parse_cursor
from raceline.projections.path_list import PathList
from raceline.projections.path_period import days_of

# All paths are looked at, whatever is told of them.
COUNTED_COST = 1_000
# Arguments that say which paths are meant, or which stage.
_ARMS = ("a", "b")  # questions of their own
_FILTERS = ("where", *_ARMS)
# What PostgreSQL cannot hold (half a surrogate pair) no path has; so it becomes what it cannot hold either.
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


@dataclass
class PathsAsked:
    """A question to the paths. root: the name of its field; sizes: of the plain lists of its answer, by name; lists: of
    the paths behind its rows."""

    root: str
    arguments: dict[str, Any]
    sizes: dict[str, int]
    lists: list[PathList] = field(default_factory=list)


def ask(selection: Selection, root: str, *lists: str, **arguments: Any) -> PathsAsked:
    """Begin a question to the paths. lists: arguments that say how long a list is; arguments: put in the place of those
    that were given. Raises LimitExceeded for a list that is too long, InvalidArgument for a pattern that is no text and
    for days that are none.
    """
    plan = selection.plan
    plan.budget.cost += COUNTED_COST
    sizes = {name: selection.size(name) for name in lists}
    given: dict[str, Any] = _plain(selection.arguments)
    given.pop("minPosition", None)
    for stated in (given, *(given[name] for name in _FILTERS if name in given)):
        _name(selection, stated)
    days_of(given, given.get("where"), past=given.get("past"))
    for arm in _ARMS:
        days_of(given.get(arm))
    plan.paths = PathsAsked(root, {**given, **arguments}, sizes)
    plan.position = Sql("%(paths_position)s::bigint")
    return plan.paths


def _name(selection: Selection, stated: Mapping[str, Any]) -> None:
    """Have an unknown stage or racetrack refused, and text that no pattern can be."""
    track = stated.get("racetrack")
    selection.plan.name(None if track is None else Racetrack(track), stated.get("stage") or None)  # empty: in no stage
    if (pattern := stated.get("pattern")) is not None and storable(pattern) is None:
        raise InvalidArgument("A pattern cannot hold a NUL or half a surrogate pair.", argument="pattern")


def _plain(value: Any) -> Any:
    """An argument without enums and without what is null."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return _HALF_A_PAIR.sub("\0", value) if isinstance(value, str) else value


def asked(selection: Selection) -> PathsAsked:
    """The question that is being put together; only for what is selected below a root field that asks the paths."""
    found = selection.plan.paths
    assert found is not None, "these fields are only below a question to the paths"  # noqa: S101
    return found


def listed(table: str, size: str) -> Compile:
    """A plain list of the rows of a given table, as long as an argument of the root field allows."""

    def compiled(selection: Selection, _: Sql) -> Sql:
        row = selection.plan.row()
        selection.weight *= asked(selection).sizes[size]
        selection.plan.budget.cost += selection.weight
        return piece("many", object=selection.object(row), row=row, source=Sql(f"given_{table} AS {row}"))

    return compiled


def paths_of(row_type: str, of: str = "paths") -> Compile:
    """The connection of the paths behind a row of a given table, which has its number in column n."""
    return lambda selection, row: told(selection, row, of, row_type, Sql(f"{row}.n"))


def told(selection: Selection, parent: Sql, of: str, row_type: str, n: Sql) -> Sql:
    """A connection of paths that were found in memory; n: of the row that they are told of, or 0."""
    selection.plan.budget.cost += selection.weight  # they are looked for also when none of them is told
    lists, after = asked(selection).lists, selection.arguments.get("after")
    key: tuple[datetime, int] | None = None if after is None else parse_cursor(after, PATHS.name, PATHS.shape)
    number = Sql(len(lists))
    lists.append(PathList(len(lists), of, row_type, selection.size(), key))
    listing = replace(
        PATHS,
        source=piece("given_paths", list=number, n=n),
        total=piece("given_total", list=number, n=n),
        more=piece("given_more", list=number, n=n),
    )
    return page(selection, listing, [], parent)
