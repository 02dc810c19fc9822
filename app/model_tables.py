"""What is printed of a model: how it did on the data held out, its stages, and the rules of promotion."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from raceline.app.terminal import printable, show, show_table

if TYPE_CHECKING:
    from raceline.domain.model_registry import ModelVersion

_NONE = 0.01  # moves that are expected; with fewer their number says nothing
_HORIZONS = {1: "day", 7: "week", 30: "month"}


def show_metrics(metrics: Mapping[str, Any], *, stages: bool = True) -> None:
    """The tables of a model's metrics (README, "Predictions"); stages: also a row for each of them."""
    evaluation = metrics.get("evaluation", ())
    show_table(
        "On customers and days held out: the chance to move on to the next stage",
        (
            "within a",
            "rows",
            "customers",
            "moves",
            "log loss",
            "baseline",
            "skill",
            "slope",
            "observed / expected",
            "AUC",
        ),
        [_evaluated(one) for one in evaluation if one["stage"] is None],
    )
    if stages:
        weeks = {one["stage"]: one for one in evaluation if one["horizon"] == 7}
        show_table(
            "Stages: what was learned from, and how the week's chance did on the data held out",
            (
                "stage",
                "learned",
                "moves",
                "landmarks",
                "rows",
                "moves held out",
                "skill",
                "slope",
                "observed / expected",
            ),
            [_stage(one, weeks.get(one["stage"], {})) for one in metrics.get("stages", ())],
        )
        if len(metrics.get("stages", ())) > 1:
            show(f"{metrics['stages'][-1]['stage']} is the last stage: there is no next one to move on to.")
            show("")
    show_table(
        "Rules of promotion",
        ("rule", "needed", "observed", ""),
        [(one["rule"], one["needed"], figure(one["observed"], 3), "passed" if one["passed"] else "NOT PASSED")
         for one in metrics.get("checks", ())],
    )  # fmt: skip


def _evaluated(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        _HORIZONS.get(one["horizon"], f"{one['horizon']} days"),
        *(f"{one[name]:,}" for name in ("rows", "customers", "moves")),
        figure(one["log_loss"], 4),
        figure(one["baseline_log_loss"], 4),
        between(one, "skill"),
        between(one, "slope"),
        between(one, "ratio"),
        figure(one["auc"], 3),
    )


def _stage(one: Mapping[str, Any], week: Mapping[str, Any]) -> tuple[object, ...]:
    counts = (f"{one['moves']:,}", f"{one['landmarks']:,}", f"{week.get('rows', 0):,}", f"{week.get('moves', 0):,}")
    return (one["stage"], one["tier"], *counts, *(between(week, name) for name in ("skill", "slope", "ratio")))


def between(row: Mapping[str, Any], name: str) -> str:
    """A figure and its interval, such as 0.21 (0.15 to 0.26); nothing where it is not defined."""
    value, low, high = (row.get(one) for one in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        return ""
    if name == "ratio" and (row.get("expected") or 0.0) < _NONE:
        return "-"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


def figure(value: float | None, digits: int) -> str:
    """A number, nothing where there is none."""
    return "" if value is None else f"{value:,.{digits}f}".removesuffix("." + "0" * digits)


def week_of(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the chance within a week did, over all stages; empty when that was not evaluated."""
    found = (one for one in metrics.get("evaluation", ()) if (one["horizon"], one["stage"]) == (7, None))
    return next(found, {})


def show_models(models: "Sequence[ModelVersion]") -> None:
    """A row for each model."""
    show_table(
        "",
        (
            "model",
            "status",
            "racetrack version",
            "registered",
            "by",
            "until",
            "landmarks",
            "skill of the week",
            "checks",
        ),
        [_listed(one) for one in models],
    )


def _listed(one: "ModelVersion") -> tuple[object, ...]:
    metrics, parameters = one.metrics_read, one.parameters_read
    checks, failed = len(metrics.get("checks", ())), len(one.failed)
    passed = "passed" if not failed else f"{failed} of {checks} not passed"
    landmarks = parameters.get("landmarks")
    return (
        one.name, status(one), one.racetrack_version, f"{one.recorded_at:%Y-%m-%d %H:%M}", printable(one.by),
        str(parameters.get("until", ""))[:10], "" if landmarks is None else f"{landmarks:,}",
        between(week_of(metrics), "skill"), passed,
    )  # fmt: skip


def status(one: "ModelVersion") -> str:
    """In words."""
    forced = one.status == "promoted" and one.promotion is not None and one.promotion.forced
    return one.status.replace("_", " ") + (", forced" if forced else "")


def show_model(one: "ModelVersion") -> None:
    """All that there is to say of one model."""
    parameters = one.parameters_read
    facts = {
        "model": f"{one.name} ({status(one)} since position {one.since:,})",
        "trained for": f"{one.racetrack}@{one.racetrack_version}, content {one.racetrack_hash[:12]}",
        "registered": f"{one.recorded_at:%Y-%m-%d %H:%M:%S} by {printable(one.by)}, at position {one.position:,}",
        "file": one.hash,
        **{name.replace("_", " "): _said(value) for name, value in parameters.items() if name != "features"},
        "features": f"{len(parameters.get('features', ()))}",
    }
    width = max(map(len, facts))
    for name, value in facts.items():
        show(f"{name:<{width}}  {value}")
    show("")
    show_metrics(one.metrics_read)


def _said(value: object) -> str:
    match value:
        case None:
            return "-"
        case int() if not isinstance(value, bool):
            return f"{value:,}"
    return printable(str(value))
