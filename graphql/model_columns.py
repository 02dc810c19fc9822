"""Where the fields of models, and of how their predictions turned out, come from; see columns.py."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal

from raceline.domain.errors import InvalidArgument
from raceline.graphql.compiling import column, enum, expression, many, moment, rows
from raceline.graphql.injected import names
from raceline.graphql.injected_models import LEDGER, MODELS
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Compile, Selection
from raceline.graphql.question import Racetrack
from raceline.projections.ledger_asked import LedgerAsk

# All predictions that were made are looked at.
_LEDGER_COST = 1_000


def models(selection: Selection, row: Sql) -> Sql:
    """The models of a racetrack, or of all."""
    plan, track = selection.plan, selection.arguments.get("racetrack")
    plan.name(None if track is None else Racetrack(track))
    plan.models = (track, None)
    condition = "true" if track is None else f"t.racetrack = {plan.bind(track)}"
    return rows(selection, row, "models", columns=columns_of("models"), filter=Sql(condition))


def model_version(selection: Selection, _: Sql) -> Sql:
    """One model; null when there is none of this version."""
    plan, asked = selection.plan, selection.arguments
    plan.name(Racetrack(asked["racetrack"]))
    plan.models = (asked["racetrack"], asked["version"])
    row, version = plan.row(), plan.bind(asked["version"], "bigint")
    condition = f"{row}.racetrack = {plan.bind(asked['racetrack'])} AND {row}.version = {version}"
    return _model(selection, row, Sql(condition))


def version_of(selection: Selection, row: Sql) -> Sql:
    """The model that a prediction is by."""
    found = selection.plan.row()
    with selection.plan.repeating():
        return _model(selection, found, piece("model_of_prediction", row=found, parent=row))


def _model(selection: Selection, row: Sql, condition: Sql) -> Sql:
    return piece("one", object=selection.object(row), source=Sql(f"given_models AS {row}"), filter=condition)


def days_of(horizon: Any) -> int:
    """A PredictionHorizon in days."""
    return int(horizon.value if isinstance(horizon, Enum) else horizon)


def columns_of(table: str) -> Sql:
    """The columns of a given table."""
    return Sql(", ".join(f"t.{name}" for name in names({**MODELS, **LEDGER}[table])))


def _told(table: str) -> Compile:
    """A plain list of the rows about a model."""
    return many("model_rows", own=True, table=table, columns=columns_of(table))


def _ask(selection: Selection, kind: Literal["calibration", "over_time", "drift"]) -> Sql:
    """Ask the ledger; gives the key of the rows of its answer."""
    plan, asked = selection.plan, selection.arguments
    plan.budget.cost += _LEDGER_COST
    track, version = plan.models
    if (stage := asked.get("stage")) is not None:
        if track is None:
            raise InvalidArgument(
                "A stage is one of a racetrack: say which, as in `models(racetrack: ...)`.", stage=stage
            )
        plan.name(Racetrack(track), stage)
    horizon = 7 if kind == "drift" else days_of(asked["horizon"])
    key = len(plan.ledger)
    plan.ledger.append(LedgerAsk(key, kind, track, version, horizon, stage, asked.get("from"), asked.get("to")))
    return Sql(key)


def _calibration(selection: Selection, row: Sql) -> Sql:
    found = selection.plan.row()
    table = Sql("ledger_calibration")
    source = piece(
        "ledger_rows", key=_ask(selection, "calibration"), parent=row, row=found, table=table, columns=columns_of(table)
    )
    return piece("one", object=selection.object(found), source=source, filter=Sql("true"))


def _over_time(selection: Selection, row: Sql) -> Sql:
    table = Sql("ledger_weeks")
    key = _ask(selection, "over_time")
    return rows(selection, row, "ledger_rows", own=True, key=key, table=table, columns=columns_of(table))


def _drift(selection: Selection, row: Sql) -> Sql:
    found = selection.plan.row()
    source = piece("of_drift", key=_ask(selection, "drift"), parent=row, row=found)
    return piece("one", object=selection.object(found), source=source, filter=Sql("true"))


def _drift_features(selection: Selection, row: Sql) -> Sql:
    first, found = selection.plan.bind(selection.page_size(), "bigint"), selection.plan.row()
    source = piece("drift_features", parent=row, row=found, first=first)
    return piece("many", object=selection.object(found), row=found, source=source)


def _unreadable(selection: Selection, row: Sql) -> Sql:
    selection.plan.files_checked = True
    return Sql(f"{row}.unreadable")


def _fact(name: str) -> Compile:
    return lambda *_: piece("ledger_fact", fact=Sql(name))


def _stage(_: Selection, row: Sql) -> Sql:
    return Sql(f"NULLIF({row}.stage, '')")


_FIGURES: Mapping[str, Compile] = {
    "customers": column("customers"),
    "rows": column("rows"),
    "moves": column("moves"),
    "brier": column("brier"),
    "baselineBrier": column("baseline_brier"),
    "logLoss": column("log_loss"),
    "baselineLogLoss": column("baseline_log_loss"),
    "skill": column("skill"),
    "skillLow": column("skill_low"),
    "skillHigh": column("skill_high"),
    "slope": column("slope"),
    "slopeLow": column("slope_low"),
    "slopeHigh": column("slope_high"),
    "intercept": column("intercept"),
    "observed": column("observed"),
    "expected": column("expected"),
    "ratio": column("ratio"),
    "ratioLow": column("ratio_low"),
    "ratioHigh": column("ratio_high"),
    "auc": column("auc"),
    "cIndex": column("c_index"),
}
_LEFT_OUT = {
    "revised": column("revised"),
    "otherVersion": column("other_version"),
    "pending": column("pending"),
}

MODEL_COLUMNS: Columns = {
    "ModelVersion": {
        "name": lambda _, row: Sql(f"({row}.racetrack || '#' || {row}.version)"),
        "racetrack": column("racetrack"),
        "version": column("version"),
        "racetrackVersion": column("racetrack_version"),
        "status": enum("status"),
        "hash": column("hash"),
        "registeredAt": moment("registered_at"),
        "registeredBy": column("registered_by"),
        "position": column("position"),
        "promotedAt": moment("promoted_at"),
        "promotedBy": column("promoted_by"),
        "forced": column("forced"),
        "cutOff": column("cut_off"),
        "cutOffAt": moment("cut_off_at"),
        "firstPosition": column("first_position"),
        "heldOutFrom": moment("held_out_from"),
        "liveSince": moment("live_since"),
        "seed": column("seed"),
        "landmarks": column("landmarks"),
        "customers": column("customers"),
        "codeVersion": column("code_version"),
        "features": column("features"),
        "parameters": lambda _, row: Sql(f"{row}.parameters::json"),
        "unreadable": _unreadable,
        "stages": _told("model_stages"),
        "checks": _told("model_checks"),
        "evaluation": many("model_metrics", own=True, columns=columns_of("model_metrics")),
        "decisions": _told("model_decisions"),
        "calibration": _calibration,
        "overTime": _over_time,
        "drift": _drift,
    },
    "ModelStage": {
        "stage": column("stage"),
        "title": column("title"),
        "tier": enum("tier"),
        "moves": column("moves"),
        "landmarks": column("landmarks"),
    },
    "ModelCheck": {
        "rule": column("rule"),
        "needed": column("needed"),
        "observed": column("observed"),
        "passed": column("passed"),
    },
    "ModelDecision": {
        "kind": enum("kind"),
        "decidedAt": moment("decided_at"),
        "decidedBy": column("decided_by"),
        "position": column("position"),
        "forced": column("forced"),
        "failed": column("failed"),
        "reason": column("reason"),
        "inForce": column("in_force"),
    },
    "ModelEvaluation": {
        "horizon": expression("horizon_name"),
        "stage": _stage,
        **_FIGURES,
        "exitsLogLoss": column("exits_log_loss"),
        "baselineExitsLogLoss": column("baseline_exits_log_loss"),
        "bins": many("model_bins", own=True),
    },
    "Calibration": {
        "horizon": expression("horizon_name"),
        **_FIGURES,
        "bins": many("ledger_bins", own=True),
        **_LEFT_OUT,
        "position": _fact("position"),
        "firstDay": _fact("first_day"),
        "leftOut": _fact("left_out"),
    },
    "ModelWeek": {"week": column("week"), **_FIGURES, **_LEFT_OUT},
    "CalibrationBin": {
        "n": column("n"),
        "predicted": column("predicted"),
        "observed": column("observed"),
        "rows": column("rows"),
        "low": column("low"),
        "high": column("high"),
    },
    "Drift": {
        "stable": expression("drift_count", verdict="STABLE"),
        "watch": expression("drift_count", verdict="WATCH"),
        "alarm": expression("drift_count", verdict="ALARM"),
        "tooFew": expression("drift_count", verdict="TOO_FEW"),
        "features": _drift_features,
    },
    "FeatureDrift": {
        "feature": lambda _, row: Sql(f"NULLIF({row}.feature, '')"),
        "title": column("title"),
        "stage": _stage,
        "fromDay": column("from_day"),
        "toDay": column("to_day"),
        "rows": column("rows"),
        "stability": column("stability"),
        "verdict": enum("verdict"),
    },
}
