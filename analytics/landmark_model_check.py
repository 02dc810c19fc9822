"""Whether the arrays of a landmark model fit together: kernels do not look where they read, so a file does not reach
them before it was looked at."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from raceline.analytics.incidence import E, K
from raceline.analytics.landmark_model_types import GROUPS, TIERS, LandmarkModel

# By field, the type and the lengths of its axes: S stages, f features, d columns of the basis, K bins, E exits, R
# replicates, M background rows, b borders of drift, t knots of curves; `f+1`: one more.
SHAPES = {
    "groups": ("int8", "f"),
    "basis.first": ("int64", "f+1"),
    "basis.missing": ("bool", "f"),
    "basis.knot": ("float64", "d"),
    "tier": ("int8", "S"),
    "moves": ("int64", "S"),
    "landmarks": ("int64", "S"),
    "low": ("float64", "S f"),
    "high": ("float64", "S f"),
    "typical": ("float64", "S f"),
    "imputed": ("bool", "S f"),
    "baseline.days": ("float64", "S t"),
    "baseline.gone": ("float64", "S t E"),
    "baseline.rate": ("float64", "S E"),
    "intercept": ("float64", "S K E"),
    "weight": ("float64", "S d K E"),
    "replicate_intercept": ("float32", "R S K E"),
    "replicate_weight": ("float32", "R S d K E"),
    "background": ("float64", "S M f"),
    "drift_edges": ("float64", "S f+1 b"),
    "drift_counts": ("int64", "S f+1 b+2"),
}
_FINITE = ("baseline.days", "baseline.gone", "baseline.rate", "weight", "replicate_weight")
_BELOW_INFINITY = ("intercept", "replicate_intercept")  # -inf: an exit that was never seen


def checked(model: LandmarkModel) -> None:
    """Raises ValueError, with the name of the array, when one is of another type or shape than the others need, or
    holds what no model can."""
    names = model.names
    if len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
        raise ValueError("the names of the features are not all different")
    arrays = dict(arrays_of(model))
    sizes = {"K": K, "E": E, "f": len(names)}
    for name, (kind, axes) in SHAPES.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray) or array.dtype != kind:
            raise ValueError(f"{name} is not an array of {kind}")
        _fit(name, array.shape, axes.split(), sizes)
    _values(model, arrays)


def arrays_of(model: LandmarkModel) -> Iterator[tuple[str, Any]]:
    """The arrays by name; those of a part as part.name."""
    for field in fields(model):
        value = getattr(model, field.name)
        if field.name == "names":
            continue
        if isinstance(value, tuple):
            yield from ((f"{field.name}.{name}", one) for name, one in value._asdict().items())  # type: ignore[attr-defined]
        else:
            yield field.name, value


def _fit(name: str, shape: tuple[int, ...], axes: list[str], sizes: dict[str, int]) -> None:
    """Each axis is as long as it was wherever it was met first."""
    wanted = []
    for axis, length in zip(axes, shape, strict=False):
        symbol, _, more = axis.partition("+")
        wanted.append(sizes.setdefault(symbol, length - int(more or 0)) + int(more or 0))
    if len(shape) != len(axes) or tuple(wanted) != shape:
        raise ValueError(f"{name} is of {shape}, which does not fit the other arrays")


def _values(model: LandmarkModel, arrays: dict[str, Any]) -> None:
    first, missing = model.basis.first, model.basis.missing
    columns = np.diff(first)
    if first[0] != 0 or first[-1] != len(model.basis.knot) or (columns < missing).any():
        raise ValueError("basis.first does not say which columns belong to which feature")
    for name, top in (("tier", len(TIERS)), ("groups", len(GROUPS))):
        if not ((arrays[name] >= 0) & (arrays[name] < top)).all():
            raise ValueError(f"{name} has numbers that stand for nothing")
    for name in _FINITE:
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} has values that are no numbers")
    for name in _BELOW_INFINITY:
        if not (arrays[name] < np.inf).all():
            raise ValueError(f"{name} has values that are no numbers")
    days, gone, rate = model.baseline
    if not days.shape[1] or (days[:, 0] != 0).any() or (np.diff(days) < 0).any() or (rate < 0).any():
        raise ValueError("baseline.days and baseline.rate are no curves")
    if (gone < 0).any() or (gone.sum(axis=2) > 1 + 1e-9).any() or (np.diff(gone, axis=1) < -1e-9).any():
        raise ValueError("baseline.gone falls, or is more than all")
    if (model.low > model.high).any() or (model.drift_counts < 0).any():
        raise ValueError("low is above high, or counts are below zero")
