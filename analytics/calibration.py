"""Do chances mean what they say: of those who were given 30 %, did 30 % move?

Several predictions of one customer are no independent proof, so all intervals take the customer as the unit: variances
are those of sums per customer (Liang and Zeger, Biometrika 73, 1986). They are of 95 %.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import Floats

Bools: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int32] | NDArray[np.int64]

Z = 1.959963984540054  # of a confidence of 95 %
# The least chance that is counted: what was said to be impossible and came true costs much, but not everything.
LEAST = 1e-6
_STEPS = 50  # of Newton's method, which takes fewer than ten where there is an answer
_FARTHEST = 30.0  # a slope beyond this is one that grows for ever
# A slope is told of so many that came true and as many that did not; of fewer its interval is far too narrow.
LEAST_MOVES = 10
# So many customers have to stand between a slope and infinity: with fewer, residuals vanish, and intervals with them.
LEAST_HOLDING = 3


class Bin(NamedTuple):
    """Predictions of about the same chance: its mean, the share that came true, how many, and the share's interval."""

    predicted: float
    observed: float
    rows: int
    low: float
    high: float


class Estimate(NamedTuple):
    """A figure and its interval; nan where there is none."""

    value: float
    low: float
    high: float


class Line(NamedTuple):
    """Log odds of what came true, by those of the chance: 0 and 1 are right."""

    intercept: float
    slope: Estimate


NOTHING = Estimate(np.nan, np.nan, np.nan)


def calibration_bins(p: Floats, y: Bools, customer: Codes | None = None, bins: int = 10) -> tuple[Bin, ...]:
    """The calibration curve: at most so many bins of about as many predictions each, ascending by chance.

    p (n,) chances; y (n,) whether it came true; customer (n,) whose (default: each another's). Equal chances share a
    bin. The interval is Wilson's (1927) for as many predictions as independent ones would tell the same.
    """
    customer = np.arange(len(p)) if customer is None else customer
    order = np.argsort(p, kind="stable")
    p, y, customer = p[order], y[order], customer[order]
    wanted = np.arange(1, bins) * len(p) // bins
    # A border within equal chances moves to where they begin.
    borders = np.unique(np.searchsorted(p, p[wanted])) if len(p) else wanted[:0]
    places = np.split(np.arange(len(p)), borders[borders > 0])
    return tuple(_bin(p[place], y[place], customer[place]) for place in places if len(place))


def slope(p: Floats, y: Bools, customer: Codes) -> Line:
    """Calibration intercept and slope (Cox, Biometrika 45, 1958), by logistic regression of y on the log odds of p.

    nan where fewer than LEAST_MOVES came true or did not, where all chances are the same, and where they divide the two
    exactly, or would without fewer than LEAST_HOLDING customers.
    """
    p = np.clip(p, LEAST, 1 - LEAST)
    x = np.column_stack([np.ones(len(p)), np.log(p / (1 - p))])
    line, information = np.zeros(2), np.eye(2)
    if min(y.sum(), (~y).sum()) < LEAST_MOVES or np.ptp(x[:, 1]) < 1e-9:
        return Line(np.nan, NOTHING)
    if _holding(p, y, customer) < LEAST_HOLDING:
        return Line(np.nan, NOTHING)
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(x @ line, -_FARTHEST, _FARTHEST)))
        information = (x * (fitted * (1 - fitted))[:, None]).T @ x
        if np.linalg.cond(information) > 1e14:
            return Line(np.nan, NOTHING)
        step = np.linalg.solve(information, x.T @ (y - fitted))
        line += np.clip(step, -2, 2)
        if np.abs(line).max() > _FARTHEST:
            return Line(np.nan, NOTHING)
        if np.abs(step).max() < 1e-10:
            break
    scores = by_customer(x * (y - fitted)[:, None], customer)
    spread = np.linalg.solve(information, np.linalg.solve(information, scores.T @ scores).T)
    return Line(float(line[0]), around(float(line[1]), float(spread[1, 1]), len(scores)))


def _holding(p: Floats, y: Bools, customer: Codes) -> int:
    """How many customers keep a slope from infinity: those on the wrong side of the chance that best divides what came
    true from what did not, upwards or downwards."""
    order = np.argsort(p, kind="stable")
    p, y, customer = p[order], y[order], customer[order]
    came = np.concatenate([[0], np.cumsum(y)])
    # Wrong when the first k are said not to come true, and all others to; equal chances are on one side.
    wrong = 2 * came - np.arange(len(p) + 1) + np.count_nonzero(~y)
    between = np.flatnonzero(np.concatenate([[True], np.diff(p) > 0, [True]]))
    rows = np.arange(len(p))
    up, down = between[wrong[between].argmin()], between[wrong[between].argmax()]
    return min(customers_of(customer[y != (rows >= up)]), customers_of(customer[y != (rows < down)]))


def observed_over_expected(p: Floats, y: Bools, customer: Codes) -> Estimate:
    """How many came true over how many were to be expected; nan where none were.

    Where none came true the upper bound is the rule of three: more than three would hardly have been missed.
    """
    expected = float(p.sum())
    if expected <= 0:
        return NOTHING
    if not y.any():
        return Estimate(0.0, 0.0, 3 / expected)
    found = ratio(y.astype(np.float64), p, customer)
    return found._replace(low=max(found.low, 0.0))


def ratio(above: Floats, below: Floats, customer: Codes) -> Estimate:
    """Ratio of two sums, with the interval of a ratio estimate over customers (Cochran, Sampling Techniques, 6.4)."""
    total = float(below.sum())
    if total == 0:
        return NOTHING
    value = float(above.sum()) / total
    residual = by_customer((above - value * below)[:, None], customer)
    return around(value, float((residual**2).sum()) / total**2, len(residual))


def around(value: float, variance: float, customers: int) -> Estimate:
    """The figure with its interval, from the variance that sums over so many customers give; none of a single one."""
    if customers < 2:
        return Estimate(value, np.nan, np.nan)
    error = Z * float(np.sqrt(variance * customers / (customers - 1)))
    return Estimate(value, value - error, value + error)


def by_customer(values: Floats, customer: Codes) -> Floats:
    """Sums (customers, m) of values (n, m), of the customers (n,) that there are."""
    place, present = _places(customer)
    return np.column_stack([np.bincount(place, column, len(present))[present] for column in values.T])


def customers_of(customer: Codes) -> int:
    """How many different ones there are."""
    return int(_places(customer)[1].sum())


def _places(customer: Codes) -> tuple[Codes, Bools]:
    """Numbers of customers from 0, and which numbers there are; small codes are numbers, and sorting is spared."""
    if len(customer) and not 0 <= customer.min() <= customer.max() < 8 * len(customer):
        customer = np.unique(customer, return_inverse=True)[1]
    return customer, np.bincount(customer) > 0


def wilson(share: float, rows: float) -> tuple[float, float]:
    """Interval of a share of so many independent rows."""
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    width = Z / (1 + Z**2 / rows) * float(np.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2)))
    return max(middle - width, 0.0), min(middle + width, 1.0)


def _bin(p: Floats, y: Bools, customer: Codes) -> Bin:
    share, rows = float(y.mean()), len(y)
    residual = by_customer((y.astype(np.float64) - share)[:, None], customer)
    alone = share * (1 - share) * rows
    # How much more the sums over customers vary than those of independent rows would; at least 1. Where all or none
    # came true nothing varies, and each customer counts once.
    effect = max(float((residual**2).sum()) / alone, 1.0) if alone else rows / len(residual)
    return Bin(float(p.mean()), share, rows, *wilson(share, rows / effect))
