"""Registered models as the rows that the API tells them by (graphql/injected_models.py)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from raceline.domain.model_decisions import Decision, ModelDecisions
from raceline.domain.model_registry import Decided, ModelVersion

Row = dict[str, Any]
Rows = dict[str, list[Row]]
# Of a model's parameters, those that have a column of their own; moments are written as text.
_PARAMETERS = ("cut_off", "first_position", "seed", "landmarks", "customers", "code_version")
_MOMENTS = ("cut_off_at", "held_out_from", "live_since")
_EVALUATED = (
    "customers", "rows", "moves", "brier", "baseline_brier", "log_loss", "baseline_log_loss", "skill", "skill_low",
    "skill_high", "slope", "slope_low", "slope_high", "intercept", "observed", "expected", "ratio",
    "ratio_low", "ratio_high", "auc", "c_index", "exits_log_loss", "baseline_exits_log_loss",
)  # fmt: skip
_BIN = ("horizon", "n", "predicted", "observed", "rows", "low", "high")


def model_rows(
    versions: Iterable[ModelVersion],
    titles: Callable[[ModelVersion], Mapping[str, str]],
) -> Rows:
    """The tables models, model_stages, model_checks, model_metrics and model_calibration.

    titles: of the stages of the racetrack that a model is of. Whether its file can be read is not looked at.
    """
    rows: Rows = {"models": [], "model_stages": [], "model_checks": [], "model_metrics": [], "model_calibration": []}
    for version in versions:
        name, metrics, called = (
            {"racetrack": version.racetrack, "model": version.version},
            _read(version),
            titles(version),
        )
        rows["models"].append(_model(version))
        for n, stage in enumerate(metrics["stages"], 1):
            title = called.get(stage["stage"], stage["stage"])
            told = {key: stage[key] for key in ("stage", "tier", "moves", "landmarks")}
            rows["model_stages"].append({**name, "n": n, "title": title, **told})
        for n, check in enumerate(metrics["checks"], 1):
            told = {key: check[key] for key in ("rule", "needed", "observed", "passed")}
            rows["model_checks"].append({**name, "n": n, **told})
        rows["model_metrics"] += [_of_stage(name, one, ("horizon", *_EVALUATED)) for one in metrics["evaluation"]]
        rows["model_calibration"] += [_of_stage(name, one, _BIN) for one in metrics["bins"]]
    return rows


def _read(version: ModelVersion) -> dict[str, list[Row]]:
    """What is said of it; a model that somebody registered by hand need not say anything."""
    found = version.metrics_read
    return {name: found.get(name, []) for name in ("stages", "checks", "evaluation", "bins")}


def _model(version: ModelVersion) -> Row:
    given, promoted = version.parameters_read, version.promotion
    return {
        "racetrack": version.racetrack,
        "version": version.version,
        "racetrack_version": version.racetrack_version,
        "status": version.status,
        "hash": version.hash,
        "registered_at": version.recorded_at,
        "registered_by": version.by,
        "position": version.position,
        "promoted_at": promoted and promoted.at,
        "promoted_by": promoted and promoted.by,
        "forced": promoted is not None and promoted.forced,
        **{name: given.get(name) for name in _PARAMETERS},
        **{name: given.get(name) and datetime.fromisoformat(given[name]) for name in _MOMENTS},
        "features": given.get("features", []),
        "parameters": version.parameters,
        "unreadable": None,
    }


def _of_stage(name: Row, told: Row, columns: Sequence[str]) -> Row:
    return {**name, "stage": told["stage"] or "", **{column: told.get(column) for column in columns}}


def decision_rows(decisions: Iterable[Decided], racetrack: str | None) -> list[Row]:
    """The table model_decisions, of one racetrack or of all. A step back is told of both models that it is about."""
    rows: list[Row] = []
    in_force: dict[str, int | None] = {}
    counts: dict[tuple[str, int], int] = {}
    for position, at, decision in decisions:
        if racetrack not in (None, decision.racetrack):
            continue
        in_force[decision.racetrack] = _in_force(decision, in_force.get(decision.racetrack))
        for model in _about(decision):
            place = (decision.racetrack, model)
            counts[place] = counts.get(place, 0) + 1
            told = {"racetrack": decision.racetrack, "model": model, "n": counts[place], **_told(decision)}
            known = {"decided_at": at, "position": position, "in_force": in_force[decision.racetrack]}
            rows.append({**told, **known})
    return rows


def _about(decision: Decision) -> list[int]:
    if isinstance(decision, ModelDecisions.RolledBack) and decision.instead_of is not None:
        return [decision.version, decision.instead_of]
    return [decision.version]


def _in_force(decision: Decision, before: int | None) -> int | None:
    match decision:
        case ModelDecisions.Promoted() | ModelDecisions.RolledBack():
            return decision.version
        case ModelDecisions.Retired():
            return None
    return before


def _told(decision: Decision) -> Row:
    kinds = {"Registered": "registered", "Promoted": "promoted", "RolledBack": "rolled_back", "Retired": "retired"}
    promoted = decision if isinstance(decision, ModelDecisions.Promoted) else None
    return {
        "kind": kinds[type(decision).__name__],
        "decided_by": decision.by,
        "forced": promoted is not None and promoted.forced,
        "failed": list(promoted.failed) if promoted else [],
        "reason": promoted.reason if promoted else "",
    }
