"""A stage that few have left: its Aalen-Johansen curve, shrunken towards that of all stages, as a predictor of time.

So a thin stage is scored like any other: the predictors are lines between the days of TIME_KNOTS, and all weights but
those of the days in the stage are 0.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.aalen_johansen import Curves, aalen_johansen, conditional, shrunken
from raceline.analytics.basis import DAYS_IN_STAGE, Basis
from raceline.analytics.incidence import E, K
from raceline.analytics.landmark_model_reference import Lengths
from raceline.analytics.landmark_model_types import Floats

PRIOR = 5.0  # stays that count as having ended like those of all stages
_LEAST = 1e-9  # of a chance: its logarithm is wanted


class Days(NamedTuple):
    """The columns of the days in the stage, and the days (p,) at which lines meet; from the first column's start on."""

    first: int
    days: Floats


def possible(stages: int) -> NDArray[np.bool_]:
    """Exits (S, E) that stages in the order of the racetrack can have at all: there is none beyond its ends."""
    found = np.ones((stages, E), np.bool_)
    found[-1:, 0] = False
    found[-2:, 1] = False
    found[:1, 3] = False
    return found


def days_of(basis: Basis, names: Sequence[str], longest: float) -> Days:
    """Where the lines meet: at 0, at each knot, and at the longest that was seen; only 0 where it never varied."""
    if DAYS_IN_STAGE not in names:
        return Days(0, np.zeros(1))
    f = list(names).index(DAYS_IN_STAGE)
    first = int(basis.first[f]) + int(basis.missing[f])
    knots = basis.knot[first : int(basis.first[f + 1])]
    if not len(knots) or np.isnan(knots[0]):
        return Days(first, np.zeros(1))
    return Days(first, np.array([0.0, *np.expm1(knots[1:]).tolist(), longest]))


def curve_of(lengths: Lengths, of: NDArray[np.bool_], weights: Floats | None = None) -> Curves:
    """The curve of some stays; weights (m,) of all."""
    own = None if weights is None else weights[of]
    return aalen_johansen(lengths.days[of], lengths.exit[of], lengths.entry[of], own)


def baseline_weights(
    curves: Curves, towards: Curves, can: NDArray[np.bool_], days: Days, size: int
) -> tuple[Floats, Floats]:
    """Intercept (K, E) and weights (size, K, E) of the shrunken curve; can (E,): the exits that are possible."""
    eta = _predictors(conditional(shrunken(curves, towards, PRIOR), days.days))
    eta[:, :, ~can | ~(towards.left > 0).any(axis=0)] = -np.inf
    weight = np.zeros((size, K, E))
    if len(days.days) > 1:
        finite = np.where(np.isfinite(eta), eta, 0.0)
        slope = np.diff(finite, axis=0) / np.diff(np.log1p(days.days))[:, None, None]
        weight[days.first : days.first + len(slope)] = np.diff(slope, axis=0, prepend=0.0)
    return eta[0], weight


def _predictors(incidence: Floats) -> Floats:
    """Logarithms (p, K, E) of the chance of each exit in a bin against that of staying."""
    before = np.concatenate([np.zeros_like(incidence[:, :1]), incidence[:, :-1]], axis=1)
    stay = np.maximum(1 - incidence.sum(axis=2, keepdims=True), _LEAST)
    return np.asarray(np.log(np.maximum(incidence - before, _LEAST)) - np.log(stay))
