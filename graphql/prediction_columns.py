"""Where the fields of predictions come from; see columns.py.

What is stored is read from live.predictions; reasons, intervals and what-ifs are derived for the question, and then the
prediction they are told of is taken from the same derivation, so that they always add up to it.
"""

from collections.abc import Mapping
from typing import Any, cast

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from raceline.domain.errors import InvalidArgument, LimitExceeded
from raceline.domain.log import shown
from raceline.graphql.compiling import column, enum, moment, row_object
from raceline.graphql.listings import EVENT_COLUMNS
from raceline.graphql.model_columns import days_of, version_of
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Compile, Plan, Selection
from raceline.graphql.tables import Tables
from raceline.projections.asked import Change, WhatIf

# How long the lists of a prediction are at most, or about.
_EXITS, _BINS, _GROUPS, _FEATURES, _EVENTS = 5, 7, 8, 12, 20
# What is derived for the question.
_DERIVED = ("factors", "baseRate", "interval", "whatIf")
_WHAT_IF_COST = 20  # what one more prediction of a customer counts for
_LONGEST = 2_000  # name of a feature or a page
_HORIZON_DAYS = Sql("90.0::float8")


def tables_of_journey(selection: Selection, tables: Tables) -> Tables:
    """The tables that a journey is told from: predictions of which more is asked than is stored are derived as well."""
    asked = {
        name
        for field, details in _selected(selection.plan, "Journey", selection.details)
        if field == "prediction"
        for name, _ in _selected(selection.plan, "Prediction", details)
    }
    if asked.isdisjoint(_DERIVED):
        return tables
    prefix = tables["factors"].partition("_")[0]
    return {**tables, "predictions": Sql(f"{prefix}_predictions")}


def _selected(plan: Plan, type_name: str, details: list[FieldDetails]) -> list[tuple[str, list[FieldDetails]]]:
    type_ = cast(GraphQLObjectType, plan.executor.schema.get_type(type_name))
    groups = plan.executor.collect_subfields(type_, details).grouped_field_set.values()
    return [(group[0].node.name.value, group) for group in groups]


def prediction(selection: Selection, row: Sql) -> Sql:
    """The prediction of the customer on the racetrack of the row; null without one."""
    found = selection.plan.row()
    source = selection.plan.piece("prediction", parent=row, row=found)
    return piece("one", object=selection.object(found), source=source, filter=Sql("true"))


def prediction_note(selection: Selection, row: Sql) -> Sql:
    """Why there is none."""
    selection.plan.files_checked = True
    return selection.plan.piece("prediction_note", row=row, position=selection.plan.position)


def _list(source: str, length: int, **parts: str) -> Compile:
    """A plain list that the prediction has for itself, of about so many entries."""
    names = {name: Sql(text) for name, text in parts.items()}

    def compiled(selection: Selection, parent: Sql) -> Sql:
        row, within = selection.plan.row(), selection.arguments.get("within")
        more = names if within is None else {**names, "horizon": Sql(days_of(within))}
        made = selection.plan.piece(source, parent=parent, row=row, **more)
        return piece("many", object=selection.own_entry(row, length), row=row, source=made)

    return compiled


def _base_rate(selection: Selection, row: Sql) -> Sql:
    return selection.plan.piece("base_rate", row=row, horizon=Sql(days_of(selection.arguments["within"])))


def _what_if(selection: Selection, row: Sql) -> Sql:
    plan, found = selection.plan, selection.plan.row()
    changes = _changes(plan, selection.arguments["changes"])
    plan.budget.cost += selection.weight * (_WHAT_IF_COST + len(changes))
    plan.what_ifs.append(WhatIf(len(plan.what_ifs), changes))
    source = plan.piece("what_if", parent=row, row=found, key=Sql(plan.what_ifs[-1].key))
    return piece("one", object=selection.object(found), source=source, filter=Sql("true"))


def _changes(plan: Plan, given: list[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The changes of a what-if. Raises LimitExceeded, InvalidArgument."""
    changes, allowed = tuple(map(_change, given)), plan.budget.limits.changes
    if (found := sum(len(one.pages or "1") for one in changes)) > allowed:
        raise LimitExceeded("Each page counts as a change.", limit="changes", allowed=allowed, found=found)
    return changes


def _change(given: Mapping[str, Any]) -> Change:
    # What PostgreSQL cannot hold no feature and no page is called; it is told back as it can be shown.
    feature, value, pages = shown(given["feature"]), given.get("value"), given.get("pages")
    if (value is None) == (pages is None):
        raise InvalidArgument("Say either `value` or `pages`.", argument="changes", feature=feature[:_LONGEST])
    if any(len(name) > _LONGEST for name in (feature, *(pages or ()))):
        raise InvalidArgument(f"A name has at most {_LONGEST} characters.", argument="changes")
    return Change(feature, value, None if pages is None else tuple(map(shown, pages)))


def _tail(later: str, sooner: str) -> Compile:
    """The chance of the time between two horizons."""
    return lambda _, row: Sql(f"({row}.{later} - {row}.{sooner})")


def _word(chance: str) -> Compile:
    return lambda _, row: piece("likelihood", value=Sql(f"{row}.{chance}"))


def _of_the_same_row(selection: Selection, row: Sql) -> Sql:
    return selection.object(row)


def _range(figure: str) -> Compile:
    return row_object("predicted_range", figure=figure)


_CHANCES = {
    "withinDay": column("within_day"),
    "withinWeek": column("within_week"),
    "withinMonth": column("within_month"),
}

PREDICTION_COLUMNS: Columns = {
    "Prediction": {
        "stage": column("stage"),
        "tier": enum("tier"),
        **_CHANCES,
        "tomorrow": column("within_day"),
        "restOfWeek": _tail("within_week", "within_day"),
        "restOfMonth": _tail("within_month", "within_week"),
        "likelihood": _of_the_same_row,
        "exits": _list("exits", _EXITS),
        "curve": _list("prediction_curve", _BINS),
        "expectedDays": column("expected_days"),
        "horizonDays": lambda *_: _HORIZON_DAYS,
        "medianDays": column("median_days"),
        "expectedDaysIfNext": column("expected_days_if_next"),
        "daysInStage": column("days_in_stage"),
        "interval": _of_the_same_row,
        "factors": _list("factors", _GROUPS),
        "baseRate": _base_rate,
        "modelVersion": version_of,
        "racetrackVersion": column("version"),
        "position": column("position"),
        "computedAt": moment("computed_at"),
        "whatIf": _what_if,
    },
    "LikelihoodWords": {"day": _word("within_day"), "week": _word("within_week"), "month": _word("within_month")},
    "ExitChance": {"exit": column("exit"), **_CHANCES},
    "PredictionPoint": {name: column(name) for name in ("days", "next", "further", "edge", "backward", "out")},
    "PredictionInterval": {name: _range(name) for name in (*_CHANCES, "expectedDays")},
    "PredictedRange": {"low": column("low"), "high": column("high")},
    "Factor": {
        "group": enum('"group"'),
        "title": column("title"),
        "contribution": column("contribution"),
        "features": _list("factor_features", _FEATURES),
        "events": _list("factor_events", _EVENTS, columns=EVENT_COLUMNS),
        "eventCount": column("events"),
    },
    "FactorFeature": {
        "feature": column("feature"),
        "title": column("title"),
        "value": column("value"),
        "typical": column("typical"),
        "said": column("said"),
    },
    "WhatIf": {
        **_CHANCES,
        "expectedDays": column("expected_days"),
        "exits": _list("exits", _EXITS),
        "basis": column("basis"),
        "note": column("note"),
        "refusals": _list("what_if_refusals", _EXITS),
    },
    "WhatIfRefusal": {"feature": column("feature"), "reason": column("reason")},
}
