"""Features as columns of a linear predictor: hinges on a logarithmic scale, so that effects may bend.

A feature of two values is one column; any other is u = sign(x) log(1 + |x|) and what of u is above each knot (a linear
spline). A feature that is sometimes missing has a column for that before them; a constant one has no column.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.blocks import even_blocks, side_by_side
from raceline.analytics.kernel import inner, kernel

Floats = NDArray[np.float64]

DAYS_IN_STAGE = "days_in_stage"
TIME_KNOTS = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 120.0)  # days: how a hazard bends with time is asked closely
# Of the values above 0 of a count (beside 1: whether at all is often what matters), or of any other feature.
COUNT_QUANTILES = (0.5, 0.85)
QUANTILES = (0.25, 0.5, 0.75)
SAMPLE = 200_000  # rows that quantiles are taken from


class Basis(NamedTuple):
    """Columns of f features. first: (f + 1,) offsets of a feature's columns.

    missing: (f,) whether the first tells that the value is missing. knot: (d,) on the scale of u: nan for a column that
    is the value itself or tells that it is missing, -inf for u.
    """

    first: NDArray[np.int64]
    missing: NDArray[np.bool_]
    knot: Floats

    @property
    def size(self) -> int:
        """How many columns there are, d."""
        return len(self.knot)

    def feature(self) -> NDArray[np.int64]:
        """Of each column (d,), the feature that it tells of."""
        return np.repeat(np.arange(len(self.missing)), np.diff(self.first))


def basis_of(features: Floats, names: Sequence[str]) -> Basis:
    """The columns that these rows (n, f) ask for; nan is missing. Knots are values seen, or days of TIME_KNOTS."""
    step = max(1, len(features) // SAMPLE)
    missing, knots, counts = np.zeros(len(names), np.bool_), [], [0]
    for f, name in enumerate(names):
        column = features[:, f]
        gone = np.isnan(column)
        seen = column[~gone]
        found = _knots(seen, step, name) if len(seen) and seen.min() < seen.max() else []
        missing[f] = bool(gone.any()) and len(seen) > 0
        own = [np.nan] * bool(missing[f]) + found
        knots += own
        counts.append(len(own))
    return Basis(np.cumsum(counts), missing, np.array(knots, np.float64))


def columns(basis: Basis, features: Floats) -> NDArray[np.float32]:
    """The columns (n, d) of rows (n, f)."""
    features = np.ascontiguousarray(features, np.float64)
    out = np.zeros((len(features), basis.size), np.float32)
    side_by_side(
        lambda first, last: _columns(basis.first, basis.missing, basis.knot, features[first:last], out[first:last]),
        even_blocks(len(features)),
    )
    return out


def _knots(seen: Floats, step: int, name: str) -> list[float]:
    """Of a feature that is not constant: nan for one of two values, else -inf and the inner knots."""
    low, high = float(seen.min()), float(seen.max())
    if low == 0.0 and high == 1.0 and not np.any((seen > 0) & (seen < 1)):
        return [np.nan]
    if name == DAYS_IN_STAGE:
        inner_knots = np.array(TIME_KNOTS)
    elif low >= 0 and not np.any(seen[::step] % 1):
        inner_knots = np.append(1.0, np.quantile(seen[seen > 0][::step], COUNT_QUANTILES, method="nearest"))
    else:
        inner_knots = np.quantile(seen[::step], QUANTILES, method="nearest")
    inside = np.unique(inner_knots[(inner_knots > low) & (inner_knots < high)])
    return [-np.inf, *(np.sign(inside) * np.log1p(np.abs(inside))).tolist()]


@inner
def column(knot: float, x: float) -> float:
    """One column of a value x that is there."""
    if np.isnan(knot):
        return x
    u: float = math.log1p(x) if x >= 0 else -math.log1p(-x)
    if knot == -np.inf:
        return u
    return max(u - knot, 0.0)


@kernel
def _columns(
    first: NDArray[np.int64], missing: NDArray[np.bool_], knot: Floats, features: Floats, out: NDArray[np.float32]
) -> None:
    for i in range(len(features)):
        for f in range(len(missing)):
            x = features[i, f]
            start = first[f]
            if np.isnan(x):
                if missing[f]:
                    out[i, start] = 1.0
                continue
            for d in range(start + missing[f], first[f + 1]):
                out[i, d] = column(knot[d], x)
