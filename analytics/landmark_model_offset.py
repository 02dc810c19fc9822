"""What the curve of a stage says of a row: predictors that the effects of a model's features are added to."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import BIN_ENDS, E, K
from raceline.analytics.kernel import inner, kernel
from raceline.analytics.landmark_model_types import Baseline, Floats

LEAST = 1e-5  # chance to leave by an exit, or to stay, within a bin
LEAST_LEFT = 1e-6  # of all stays: where fewer are left, rates tell
_STARTS = np.array((0.0, *BIN_ENDS[:-1]))
_ENDS = np.array(BIN_ENDS)


def offsets(baseline: Baseline, stage: NDArray[np.int32], since: Floats) -> Floats:
    """Predictors (n, K, E) against staying, of rows in a stage (n,) since so many days (n,); nan counts as 0."""
    found = np.zeros((len(stage), K, E))
    _offsets(baseline, np.ascontiguousarray(stage, np.int32), np.ascontiguousarray(since, np.float64), found)
    return found


@inner
def gone_by(baseline: Any, s: int, day: float, found: Floats, row: int) -> float:
    """Who has left by a day, by exit, into a row of found (2, E); gives who has not."""
    low, high = 0, baseline.days.shape[1]
    while high - low > 1:
        middle = (low + high) // 2
        if baseline.days[s, middle] <= day:
            low = middle
        else:
            high = middle
    there, exits, knot = 1.0, found.shape[1], baseline.days[s, low]
    for e in range(exits):
        found[row, e] = baseline.gone[s, low, e]
    if high < baseline.days.shape[1]:
        part = (day - knot) / (baseline.days[s, high] - knot)
        for e in range(exits):
            found[row, e] += part * (baseline.gone[s, high, e] - found[row, e])
            there -= found[row, e]
        return there
    total = 0.0
    for e in range(exits):
        there -= found[row, e]
        total += baseline.rate[s, e]
    if total > 0.0:
        fall = -math.expm1(-total * (day - knot)) * there
        for e in range(exits):
            found[row, e] += fall * baseline.rate[s, e] / total
        there -= fall
    return there


@inner
def add_offset(baseline: Any, s: int, since: float, work: Floats, eta: Floats) -> None:
    """Add the predictors of one row to eta (K, E); work (2, E) is overwritten."""
    bins, exits = eta.shape
    since = max(since, 0.0) if not np.isnan(since) else 0.0
    there = gone_by(baseline, s, since, work, 0)
    total = 0.0
    for e in range(exits):
        total += baseline.rate[s, e]
    for k in range(bins):
        now, then = k % 2, 1 - k % 2
        left = gone_by(baseline, s, since + _ENDS[k], work, then)
        stay, rest = 1.0, -math.expm1(-total * (_ENDS[k] - _STARTS[k]))
        for e in range(exits):
            if there > LEAST_LEFT:
                work[now, e] = (work[then, e] - work[now, e]) / there
            else:
                work[now, e] = rest * baseline.rate[s, e] / total if total > 0.0 else 0.0
            stay -= work[now, e]
        stay = math.log(min(max(stay, LEAST), 1 - LEAST))
        for e in range(exits):
            eta[k, e] += math.log(min(max(work[now, e], LEAST), 1 - LEAST)) - stay
        there = left


@kernel
def _offsets(baseline: Any, stage: Any, since: Floats, found: Floats) -> None:
    work = np.empty((2, found.shape[2]))
    for i in range(len(stage)):
        add_offset(baseline, stage[i], since[i], work, found[i])
