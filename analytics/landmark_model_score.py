"""What a landmark model says of rows: compiled scalar code, the same bits for a row whatever rows are beside it."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import DAYS_IN_STAGE, column
from raceline.analytics.blocks import CORES, side_by_side
from raceline.analytics.incidence import E, K, from_hazards
from raceline.analytics.kernel import inner, kernel
from raceline.analytics.landmark_model_offset import add_offset, offsets
from raceline.analytics.landmark_model_types import GROUPS, TIME, Floats, LandmarkModel

ROWS_A_BLOCK = 4_096  # from here on a second core is worth its start


class Linear(NamedTuple):
    """Predictors of rows of one stage, against staying: intercept (K, E) + the sum of groups (n, G, K, E) over G.

    What the days in the stage say by the curve of the stage is in the group TIME.
    """

    intercept: Floats
    groups: Floats


def score(model: LandmarkModel, stage: NDArray[np.int32], features: Floats) -> Floats:
    """Cumulative incidence (n, K, E) of rows: stage (n,), features (n, f), nan is missing. See hazards."""
    return from_hazards(hazards(model, stage, features))


def score_replicates(model: LandmarkModel, stage: NDArray[np.int32], features: Floats) -> Floats:
    """The same by each replicate (R, n, K, E)."""
    pairs = zip(model.replicate_intercept, model.replicate_weight, strict=True)
    found = [from_hazards(_hazards_of(model, stage, features, *pair)) for pair in pairs]
    return np.array(found).reshape(len(found), len(stage), K, E)


def hazards(model: LandmarkModel, stage: NDArray[np.int32], features: Floats) -> Floats:
    """Chance (n, K, E) to leave by an exit within a bin, of those still there at its start.

    Values outside of what the stage showed in training count as the nearest that it showed; a missing value, where none
    was ever missing, as the typical one. Raises ValueError for features of another number and IndexError for a stage
    that the model does not know.
    """
    return _hazards_of(model, stage, features, model.intercept, model.weight)


def linear(model: LandmarkModel, stage: int, features: Floats) -> Linear:
    """The predictors of rows (n, f) of one stage, by group of features; a weight of 0 adds exactly 0."""
    features = _checked(model, np.array([stage], np.int32), features)
    groups = np.zeros((len(features), len(GROUPS), K, E))
    days = np.zeros(len(features)) if (at := _days(model)) < 0 else features[:, at]
    groups[:, TIME] = offsets(model.baseline, np.full(len(features), stage, np.int32), days)
    _add_groups(model.basis, _rules(model), model.groups, stage, features, model.weight, groups)
    return Linear(model.intercept[stage].copy(), groups)


def _hazards_of(
    model: LandmarkModel, stage: NDArray[np.int32], features: Floats, intercept: NDArray[Any], weight: NDArray[Any]
) -> Floats:
    features = _checked(model, stage, features)
    if len(stage) != len(features):
        raise ValueError(f"{len(stage)} stages for {len(features)} rows")
    found = np.empty((len(stage), K, E))
    parts, days = (model.basis, model.baseline), _days(model)
    rules, flat = _rules(model), weight.reshape(*weight.shape[:2], K * E)
    stage = np.ascontiguousarray(stage, np.int32)

    def work(first: int, last: int) -> None:
        _hazards(parts, days, rules, stage[first:last], features[first:last], intercept, flat, found[first:last])

    side_by_side(work, _blocks(len(stage)))
    return found


class _Rules(NamedTuple):
    """What a value counts as, by stage and feature."""

    low: Floats
    high: Floats
    typical: Floats
    imputed: NDArray[np.bool_]


def _days(model: LandmarkModel) -> int:
    """The feature that tells the days in the stage, -1 for none."""
    return model.names.index(DAYS_IN_STAGE) if DAYS_IN_STAGE in model.names else -1


def _rules(model: LandmarkModel) -> _Rules:
    return _Rules(model.low, model.high, model.typical, model.imputed)


def _checked(model: LandmarkModel, stage: NDArray[np.int32], features: Floats) -> Floats:
    if features.ndim != 2 or features.shape[1] != len(model.names):
        raise ValueError(f"rows of {len(model.names)} features are wanted, not an array of {features.shape}")
    if len(stage) and (stage.min() < 0 or stage.max() >= model.stages):
        raise IndexError(f"the model knows stages 0 to {model.stages - 1}")
    return np.ascontiguousarray(features, np.float64)


def _blocks(rows: int) -> list[tuple[int, int]]:
    borders = np.linspace(0, rows, min(CORES, max(1, rows // ROWS_A_BLOCK)) + 1).astype(np.int64).tolist()
    return list(pairwise(borders))


@inner
def _counted(rules: _Rules, s: int, f: int, x: float) -> float:
    """What the value counts as; nan stays where it was missing in training too."""
    if np.isnan(x):
        return float(rules.typical[s, f]) if rules.imputed[s, f] else x
    if np.isnan(rules.low[s, f]):  # never seen in this stage
        return np.nan
    return float(min(max(x, rules.low[s, f]), rules.high[s, f]))


@inner
def _share(eta: Floats, found: Floats, i: int, k: int) -> None:
    """The chances of the exits of one bin, from their predictors."""
    top = 0.0
    for e in range(found.shape[2]):
        top = max(top, eta[k, e])
    total = np.exp(-top)
    for e in range(found.shape[2]):
        found[i, k, e] = np.exp(eta[k, e] - top)
        total += found[i, k, e]
    for e in range(found.shape[2]):
        found[i, k, e] /= total


@kernel
def _hazards(
    parts: Any, days: int, rules: Any, stage: Any, features: Floats, intercept: NDArray[Any], weight: NDArray[Any],
    found: Floats,
) -> None:  # fmt: skip
    basis, baseline = parts
    bins, exits = intercept.shape[1], intercept.shape[2]
    eta, work = np.empty((bins, exits)), np.empty((2, exits))
    flat = eta.reshape(bins * exits)
    for i in range(len(stage)):
        s = stage[i]
        for j in range(len(flat)):
            flat[j] = intercept[s, j // exits, j % exits]
        add_offset(baseline, s, features[i, days] if days >= 0 else 0.0, work, eta)
        for f in range(features.shape[1]):
            x = _counted(rules, s, f, features[i, f])
            first, last = basis.first[f], basis.first[f + 1]
            if np.isnan(x):
                last = first + basis.missing[f]
            else:
                first += basis.missing[f]
            for d in range(first, last):
                z = 1.0 if np.isnan(x) else column(basis.knot[d], x)
                if z != 0.0:
                    for j in range(len(flat)):
                        flat[j] += z * weight[s, d, j]
        for k in range(bins):
            _share(eta, found, i, k)


@kernel
def _add_groups(
    basis: Any, rules: Any, group: Any, s: int, features: Floats, weight: NDArray[Any], found: Floats
) -> None:
    for i in range(len(features)):
        for f in range(features.shape[1]):
            x = _counted(rules, s, f, features[i, f])
            first, last = basis.first[f], basis.first[f + 1]
            if np.isnan(x):
                last = first + basis.missing[f]
            else:
                first += basis.missing[f]
            for d in range(first, last):
                z = 1.0 if np.isnan(x) else column(basis.knot[d], x)
                if z != 0.0:
                    found[i, group[f]] += z * weight[s, d]
