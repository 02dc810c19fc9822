"""Where the predictions of a stage as a whole come from; see columns.py."""

from raceline.graphql.compiling import column
from raceline.graphql.grid import grid_of
from raceline.graphql.model_columns import columns_of
from raceline.graphql.pieces import Json, Sql, piece
from raceline.graphql.plan import Columns, Compile, Selection


def stage_predictions(selection: Selection, row: Sql) -> Sql:
    """What is predicted now of the customers in a stage; null when nothing is."""
    found = selection.plan.row()
    return _as_json(selection, found, piece("stage_predictions", parent=row, row=found))


def _came_true(selection: Selection, row: Sql) -> Sql:
    found = selection.plan.row()
    return _as_json(selection, found, piece("came_true", parent=row, row=found, columns=columns_of("ledger_stages")))


def _as_json(selection: Selection, row: Sql, source: Sql) -> Sql:
    """An object whose figures are text, where JSON is put together."""
    return Sql(f"({piece('one', object=selection.object(row), source=source, filter=Sql('true'))})::json")


def forecast(selection: Selection, _: Sql) -> Sql:
    """What was predicted in a stage on a day; null for what the ledger is not about."""
    if selection.plan.question.surveyed:
        return Json("'null'")
    grid = grid_of(selection)
    ranked = grid.list()
    object_ = selection.object(ranked.row)
    entry = object_ if isinstance(object_, Json) else Json(f"({object_})::text")
    found = ranked.kept(entry)
    grid.join_forecasts(ranked, columns_of("ledger_days"))
    return Json(f"COALESCE(NULLIF({found}, ''), 'null')")


def _number(name: str) -> Compile:
    """A figure as text, for it is also told in the grid of stages and days."""
    return lambda _, row: Json(f"COALESCE({row}.{name}::text, 'null')")


_SUMS = {
    "withinDay": _number("mean_day"),
    "withinWeek": _number("mean_week"),
    "withinMonth": _number("mean_month"),
    "outWithinMonth": _number("mean_left_month"),
    "expectedWithinDay": _number("expected_day"),
    "expectedWithinWeek": _number("expected_week"),
    "expectedWithinMonth": _number("expected_month"),
    "expectedOutWithinMonth": _number("expected_left_month"),
}

FORECAST_COLUMNS: Columns = {
    "StagePredictions": {
        "customers": column("predicted"),
        **_SUMS,
        "expectedDays": column("expected_days"),
        "cameTrue": _came_true,
    },
    "StageForecast": {
        "day": lambda _, row: Json(f"to_json({row}.day)::text"),
        "customers": _number("predicted"),
        "revised": _number("revised"),
        "otherVersion": _number("other_version"),
        **_SUMS,
        "movedWithinDay": _number("moved_day"),
        "movedWithinWeek": _number("moved_week"),
        "movedWithinMonth": _number("moved_month"),
        "wentOutWithinMonth": _number("left_month"),
    },
}
