"""Where the cases behind the figures of stages and days come from; see columns.py."""

from dataclasses import replace

from raceline.domain.errors import InvalidArgument
from raceline.graphql.case_columns import score
from raceline.graphql.compiling import column, one, row_where
from raceline.graphql.connection import page
from raceline.graphql.grid import grid_of, side_of
from raceline.graphql.listings import STAGE_CASES
from raceline.graphql.pieces import Json, Sql, literal, piece
from raceline.graphql.plan import Columns, Selection

# The cases of a cell are looked up for this cell alone, which is dearer than an object of a list.
_LOOK_UP_COST = 20
_DIMENSIONS = ("severity", "problem", "cause")
_NOT_ACTIVE = (
    "The cases behind the figures are told for the active version of a racetrack; of a version that is not active only"
    " the figures are derived."
)


def metric_cases(selection: Selection, prefix: Sql) -> Sql:
    """The cases of a cell, open or closed, of which all is true that was said."""
    said = [
        Sql(f"s.{name} = {selection.plan.bind(value)}")
        for name in _DIMENSIONS
        if (value := selection.arguments.get(name)) is not None
    ]
    return _cases(selection, grid_of(selection).row, side_of(prefix), said)


def bucket_cases(selection: Selection, row: Sql) -> Sql:
    """The cases of a bucket of a cell."""
    ranked = next(one for one in grid_of(selection).lists.values() if one.row == row)
    said = piece("has_said", dimension=Sql(ranked.dimension), row=row)
    return _cases(selection, row, ranked.side, [said])


def _cases(selection: Selection, cell: Sql, side: str, said: list[Sql]) -> Sql:
    """The cases that are counted in a cell."""
    plan = selection.plan
    plan.budget.cost += _LOOK_UP_COST * selection.weight
    if plan.question.surveyed and plan.question.version is not None:
        plan.refused = InvalidArgument(_NOT_ACTIVE, argument="racetrack")
    where = [piece("counted_cases", row=cell, side=literal(side)), *said]
    if plan.question.account is not None:
        where.append(piece("case_of_account", account=plan.bind(plan.question.account)))
    listing = replace(STAGE_CASES, columns=f"{STAGE_CASES.columns}, {cell}.day AS on_day")
    with plan.reading():
        return Json(f"({page(selection, listing, where, cell)})::text")


def _case(selection: Selection, row: Sql) -> Sql:
    found = selection.plan.row()
    return row_where(selection, "cases", found, piece("counted_case", row=found, parent=row))


def _move(selection: Selection, row: Sql) -> Sql:
    found = selection.plan.row()
    return row_where(selection, "moves", found, piece("counted_stay", row=found, parent=row))


STAGE_CASE_COLUMNS: Columns = {
    "StageCase": {
        "case": _case,
        "stage": lambda _, row: Sql(f"NULLIF({row}.stage, '')"),
        "severity": column("severity"),
        "problem": column("problem"),
        "cause": column("cause"),
        "sentiment": score("sentiment"),
        "fromDay": column("from_day"),
        "toDay": lambda _, row: piece("to_day", row=row),
        "event": one("event", "position", "event"),
        "move": _move,
    },
}
