"""Where the figures of stages day by day come from; see columns.py and grid.py.

Objects that are parts of a cell are no rows of their own: what stands for `row` below is what their columns begin with.
"""

from datetime import date

from raceline.domain.days import in_order
from raceline.graphql.forecast_columns import forecast
from raceline.graphql.grid import Grid, Ranked, grid_of, side_of
from raceline.graphql.pieces import Json, Sql, piece
from raceline.graphql.plan import LIST_LENGTH, OWN_LENGTH, Columns, Compile, Plan, Selection
from raceline.graphql.stage_case_columns import bucket_cases, metric_cases
from raceline.graphql.stage_day_objects import TOP_PAGES, TOP_VALUES
from raceline.graphql.tables import Tables, grid_tables


def stage_days(selection: Selection, _: Sql) -> Sql:
    """Each stage on each day; null for a version that the tables do not have."""
    plan, asked, version = selection.plan, selection.arguments, selection.plan.question.version
    stages: list[str] | None = asked.get("stages")
    plan.name(plan.question.racetrack)
    for stage in stages or ():
        plan.name(plan.question.racetrack, stage)
    selection.weight *= _days(asked["from"], asked["to"]) * (LIST_LENGTH if stages is None else len(stages))
    plan.budget.cost += selection.weight
    plan.budget.check()
    tables = grid_tables(plan.question)
    parts = {
        "racetrack": _racetrack(plan, tables),
        "first_day": plan.bind(asked["from"], "date"),
        "last_day": plan.bind(asked["to"], "date"),
    }
    plan.grid = Grid(plan, tables, **parts)
    object_ = _object(selection, plan.grid.row)
    source = plan.grid.statement(_places(plan, stages, **tables, **parts))
    found = piece("cells", object=object_, row=plan.grid.row, source=source)
    return found if version is None else piece("cells_or_null", list=found)


def _racetrack(plan: Plan, tables: Tables) -> Sql:
    track = plan.question.racetrack
    return piece("default_racetrack", **tables) if track is None else plan.bind(track.name)


def _places(plan: Plan, stages: list[str] | None, **parts: Sql) -> Sql:
    version = plan.question.version
    of_version = "true" if version is None else f"t.version = {plan.bind(version.version, 'bigint')}"
    if stages is None:
        every = piece("places", filter=Sql(of_version), **parts)
        return Sql(f"{every} {piece('no_place', filter=Sql(of_version), **parts)}")
    return piece("places", filter=Sql(f"{of_version} AND s.stage = ANY ({plan.bind(stages, 'text[]')})"), **parts)


def _days(first: date, last: date) -> int:
    in_order(first, last)
    return (last - first).days + 1


def _object(selection: Selection, row: Sql) -> Json:
    """As text; when nothing but __typename is selected, the planner gives JSON."""
    found = selection.object(row)
    return found if isinstance(found, Json) else Json(f"({found})::text")


def _metrics(side: str) -> Compile:
    return lambda selection, row: _object(selection, Sql(f"{row}.{side}_"))


def _sum(name: str) -> Compile:
    return lambda selection, prefix: grid_of(selection).sum(side_of(prefix), name)


def _sentiment(selection: Selection, prefix: Sql) -> Sql:
    grid_of(selection).sum(side_of(prefix), "scored")
    return Json(piece("sentiment", prefix=prefix, object=_object(selection, prefix)))


def _mean(selection: Selection, prefix: Sql) -> Sql:
    return Json(f"({grid_of(selection).sum(side_of(prefix), 'score')} / ({prefix}scored * 10000))")


def _extreme(figure: str) -> Compile:
    return lambda selection, prefix: grid_of(selection).extreme(side_of(prefix), figure)


def _share(figure: str) -> Compile:
    return lambda selection, prefix: Json(
        f"({grid_of(selection).sum(side_of(prefix), figure)}::float8 / {prefix}scored)"
    )


def _surveys(selection: Selection, prefix: Sql) -> Sql:
    for figure in ("surveys", "survey_score"):
        grid_of(selection).sum(side_of(prefix), figure)
    return _object(selection, prefix)


def _first(selection: Selection, default: int) -> Sql:
    return selection.plan.bind(selection.page_size(default), "bigint")


def _severities(selection: Selection, prefix: Sql) -> Sql:
    selection.weight *= OWN_LENGTH
    selection.plan.budget.cost += selection.weight
    return _buckets(selection, prefix, "severity", None)


def _values(dimension: str) -> Compile:
    def compiled(selection: Selection, prefix: Sql) -> Sql:
        return _buckets(selection, prefix, dimension, _first(selection, TOP_VALUES))

    return compiled


def _buckets(selection: Selection, prefix: Sql, dimension: str, first: Sql | None) -> Sql:
    grid = grid_of(selection)
    ranked = grid.list(first, side_of(prefix), dimension)
    found = _object(selection, ranked.cell)
    grid.join_buckets(ranked)
    return found


def _top(kind: str) -> Compile:
    def compiled(selection: Selection, _: Sql) -> Sql:
        grid = grid_of(selection)
        ranked = grid.list(_first(selection, TOP_PAGES))
        found = _object(selection, ranked.cell)
        grid.join_views(ranked, kind)
        return found

    return compiled


def _views(kind: str) -> Compile:
    def compiled(selection: Selection, _: Sql) -> Sql:
        grid = grid_of(selection)
        ranked = grid.list()
        found = ranked.amount()
        grid.join_views(ranked, kind)
        return found

    return compiled


def _overlays(selection: Selection, _: Sql) -> Sql:
    grid = grid_of(selection)
    ranked = grid.list()
    selection.weight *= OWN_LENGTH
    selection.plan.budget.cost += selection.weight
    found = ranked.kept(_object(selection, ranked.row))
    grid.join_overlays(ranked)
    return _array(found)


def _ranked(selection: Selection, cell: Sql) -> Ranked:
    return grid_of(selection).lists[cell]


def _kept(selection: Selection, cell: Sql) -> Sql:
    ranked = _ranked(selection, cell)
    return _array(ranked.kept(_object(selection, ranked.row)))


def _array(entries: Json) -> Json:
    return Json(f"('[' || {entries} || ']')")


def _left_out(name: str) -> Compile:
    return lambda selection, cell: _ranked(selection, cell).left_out(name)


def _told(name: str) -> Compile:
    """A column that is JSON, or a number, and never null."""
    return lambda _, row: Json(f"{row}.{name}")


def _text(name: str) -> Compile:
    return lambda _, row: Json(f"COALESCE(to_json({row}.{name})::text, 'null')")


STAGE_DAY_COLUMNS: Columns = {
    "StageDay": {
        "racetrack": _told("told_racetrack"),
        "version": _told("version"),
        "stage": _told("told_stage"),
        "title": _told("told_title"),
        "n": _told("told_n"),
        "day": _told("told_day"),
        "position": lambda selection, _: Json(selection.plan.position),
        "customers": lambda selection, _: grid_of(selection).people(),
        "entered": lambda selection, _: grid_of(selection).flow("entered"),
        "left": lambda selection, _: grid_of(selection).flow("departed"),
        "open": _metrics("open"),
        "closed": _metrics("closed"),
        "pagesViewed": _views("page"),
        "contentViewed": _views("content"),
        "topPages": _top("page"),
        "topContent": _top("content"),
        "overlays": _overlays,
        "predictions": forecast,
    },
    "CaseMetrics": {
        "count": _sum("cases"),
        "sentiment": _sentiment,
        "severities": _severities,
        "causes": _values("cause"),
        "problems": _values("problem"),
        "surveys": _surveys,
        "cases": metric_cases,
    },
    "Sentiment": {
        "cases": _sum("scored"),
        "mean": _mean,
        "minimum": _extreme("minimum"),
        "maximum": _extreme("maximum"),
        "negative": _share("negative"),
        "neutral": _share("neutral"),
        "positive": _share("positive"),
    },
    "CaseBuckets": {
        "buckets": _kept,
        "leftOutValues": _left_out("left_out"),
        "leftOutCases": _left_out("left_out_amount"),
    },
    "CaseBucket": {
        "value": _told("told"),
        "count": _told("amount"),
        "cases": bucket_cases,
    },
    "TopPages": {
        "pages": _kept,
        "leftOutPages": _left_out("left_out"),
        "leftOutViews": _left_out("left_out_amount"),
    },
    "ViewedPage": {"page": _text("page"), "views": _told("amount")},
    "OverlayValue": {
        "overlay": _text("overlay"),
        "title": _text("title"),
        "aggregate": lambda _, row: Json(f"to_json(upper({row}.aggregate))::text"),
        "value": lambda _, row: Json(f"COALESCE({row}.value::text, 'null')"),
        "events": _told("events"),
    },
}
