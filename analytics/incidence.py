"""How likely a customer has left a stage by a day, and by which exit: one coherent set of cumulative incidences.

Each answer of a prediction (within a day, a week, a month; expected days; the median) is read off the same set, so that
no two of them can contradict each other. Inside a bin the hazard is constant: the share that is still there falls
exponentially, and the exits share that fall in proportion (Prentice et al., Biometrics 34, 1978, for the exits).

Every row is computed for itself by compiled scalar code, so its figures are the same to the last bit whether it is one
row or one of a million.
"""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import inner, kernel

Floats: TypeAlias = NDArray[np.float64]

# Days after the landmark at which a bin ends.
BIN_ENDS = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 90.0)
# Forward to the next stage, further forward, back by a legal edge or a lap, a regression, out of the racetrack.
EXITS = ("NEXT", "FURTHER", "EDGE", "BACKWARD", "OUT")
K = len(BIN_ENDS)
E = len(EXITS)
HORIZON = BIN_ENDS[-1]

_ENDS = np.array(BIN_ENDS)
# Where nobody stays to the end of a bin a constant hazard would have to be infinite. It is at most the one that leaves
# one in a million, and the bin still ends where it must.
_LEAST_SHARE = 1e-6
_NEARLY_FLAT = 1e-2  # from here on a series is nearer than the formula, which takes the difference of large numbers


def from_hazards(hazards: Floats) -> Floats:
    """Cumulative incidence (n, K, E) by the end of each bin.

    hazards: (n, K, E) probability of leaving by that exit within the bin, given still there at its start. They are not
    below 0, and their sum over the exits of a bin is not above 1.
    """
    return _from_hazards(_checked(hazards))


def survival(incidence: Floats) -> Floats:
    """Probability (n, K) of still being there at the end of each bin."""
    return _survival(_checked(incidence))


def at(incidence: Floats, days: float) -> Floats:
    """Cumulative incidence (n, E) by so many days after the landmark, 0 to HORIZON; ValueError for others."""
    if not 0 <= days <= HORIZON:
        raise ValueError(f"{days:g} days are outside of 0 to {HORIZON:g}")
    return _at(_checked(incidence), float(days))


def expected_days(incidence: Floats) -> Floats:
    """Mean (n,) of the days that remain, restricted to HORIZON: who stays longer counts as HORIZON days."""
    return _expected_days(_checked(incidence))


def median_days(incidence: Floats) -> Floats:
    """Days (n,) after which half have left, by whatever exit; nan where that is not within HORIZON."""
    return _median_days(_checked(incidence))


def expected_days_if(incidence: Floats, exit: int) -> Floats:  # noqa: A002 - the word of the house
    """Mean days (n,) until leaving, of those who leave by this exit within HORIZON; nan where nobody does."""
    if not 0 <= exit < E:
        raise IndexError(f"there is no exit {exit}")
    return _expected_days_if(_checked(incidence), exit)


def _checked(values: Floats) -> Floats:
    if values.shape[1:] != (K, E):
        raise ValueError(f"not (n, {K}, {E}) but {values.shape}")
    return np.ascontiguousarray(values, np.float64)


@inner
def _there(incidence: Floats, i: int, k: int) -> float:
    """Share of row i that is still there at the end of bin k; before the first bin (k = -1) that is everybody."""
    left = 0.0
    if k >= 0:
        for e in range(incidence.shape[2]):
            left += incidence[i, k, e]
    return max(1.0 - left, 0.0)


@inner
def _steepness(before: float, after: float) -> float:
    """Logarithm of the share of those there at the start of a bin that is there at its end; 0 where nobody leaves."""
    if before <= after:
        return 0.0
    return math.log(_LEAST_SHARE) if after <= before * _LEAST_SHARE else math.log1p((after - before) / before)


@inner
def _done(steepness: float, share: float) -> float:
    """Of those who leave within a bin, how many have left when that share of the bin is over."""
    return share if steepness == 0.0 else math.expm1(steepness * share) / math.expm1(steepness)


@inner
def _mean_of_leaving(steepness: float) -> float:
    """When those who leave within a bin do so, on average: from 0 (its start) to 1 (its end)."""
    if steepness > -_NEARLY_FLAT:
        return 0.5 + steepness / 12 - steepness**3 / 720
    return 1.0 - 1.0 / steepness + 1.0 / math.expm1(steepness)


@kernel
def _from_hazards(hazards: Floats) -> Floats:
    found = np.empty_like(hazards)
    rows, bins, exits = hazards.shape
    for i in range(rows):
        there = 1.0
        for k in range(bins):
            stay = 1.0
            for e in range(exits):
                before = found[i, k - 1, e] if k else 0.0
                found[i, k, e] = before + there * hazards[i, k, e]
                stay -= hazards[i, k, e]
            there *= max(stay, 0.0)
    return found


@kernel
def _survival(incidence: Floats) -> Floats:
    rows, bins, _ = incidence.shape
    found = np.empty((rows, bins))
    for i in range(rows):
        for k in range(bins):
            found[i, k] = _there(incidence, i, k)
    return found


@kernel
def _at(incidence: Floats, days: float) -> Floats:
    rows, _, exits = incidence.shape
    found = np.empty((rows, exits))
    k = 0
    while _ENDS[k] < days:
        k += 1
    start = _ENDS[k - 1] if k else 0.0
    share = (days - start) / (_ENDS[k] - start)
    for i in range(rows):
        done = _done(_steepness(_there(incidence, i, k - 1), _there(incidence, i, k)), share)
        for e in range(exits):
            before = incidence[i, k - 1, e] if k else 0.0
            found[i, e] = before + done * (incidence[i, k, e] - before) if share < 1 else incidence[i, k, e]
    return found


@kernel
def _expected_days(incidence: Floats) -> Floats:
    rows, bins, _ = incidence.shape
    found = np.zeros(rows)
    for i in range(rows):
        before, start = 1.0, 0.0
        for k in range(bins):
            after = _there(incidence, i, k)
            stayed = after + max(before - after, 0.0) * _mean_of_leaving(_steepness(before, after))
            found[i] += (_ENDS[k] - start) * stayed
            before, start = after, _ENDS[k]
    return found


@kernel
def _median_days(incidence: Floats) -> Floats:
    rows, bins, _ = incidence.shape
    found = np.full(rows, np.nan)
    for i in range(rows):
        before, start = 1.0, 0.0
        for k in range(bins):
            after = _there(incidence, i, k)
            if after <= 0.5:
                steepness = _steepness(before, after)
                done = (before - 0.5) / (before - after)
                found[i] = start + (_ENDS[k] - start) * math.log1p(done * math.expm1(steepness)) / steepness
                break
            before, start = after, _ENDS[k]
    return found


@kernel
def _expected_days_if(incidence: Floats, exit: int) -> Floats:  # noqa: A002
    rows, bins, _ = incidence.shape
    found = np.full(rows, np.nan)
    for i in range(rows):
        left, days = 0.0, 0.0
        before, start = 1.0, 0.0
        for k in range(bins):
            after = _there(incidence, i, k)
            leaving = incidence[i, k, exit] - left
            days += leaving * (start + (_ENDS[k] - start) * _mean_of_leaving(_steepness(before, after)))
            left, before, start = incidence[i, k, exit], after, _ENDS[k]
        if left > 0.0:
            found[i] = days / left
    return found
