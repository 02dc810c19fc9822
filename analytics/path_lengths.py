"""Lengths of paths and shares of them: sums by group, and the comparison of two arms or periods.

The customer is the independent unit. A mean or share of paths is a ratio of sums over customers, and its error is that
of the customers' residuals (Cochran, Sampling Techniques, 1977, chapter 6; a variance is the mean of squared
residuals). One customer may have paths in both arms; what such customers have in common then cancels, or adds. For few
or very unequal customers residuals are widened by their leverage, and the error is judged by Student's t with as many
degrees of freedom as customers of so unequal a weight are worth (Bell and McCaffrey, Survey Methodology 28, 2002,
"CR2"). Shares are compared with one customer all of whose paths are so, and one none of whose are, added to each arm
(Agresti and Caffo, The American Statistician 54, 2000): without them, an arm without a single exception would seem to
be known exactly. The error of a variance hangs on the longest paths, which a small arm may not have seen yet: each arm
counts as varying at least as much as both together, so that its test rather misses a difference than finds a false one.
Means of very unequal arms (20 customers against 400) find up to one false difference in ten instead of twenty.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from raceline.analytics.false_discovery import discovery_rates
from raceline.analytics.kernel import kernel

Longs: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Arms: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

METRICS: Final = (
    "mean_length",
    "mean_length_resolved",
    "mean_length_open",
    "share_resolved",
    "share_with_turnaround",
    "variance_length",
    "variance_length_resolved",
)
_ROUNDING = 1e-9  # an error smaller than this part of what is compared comes from adding fractions, not from customers


class LengthSums(NamedTuple):
    """Sums over the paths of each group, all (groups, 2): [:, 0] open ones, [:, 1] resolved ones."""

    paths: Longs
    length: Longs
    squared: Longs


class PathComparison(NamedTuple):
    """Two arms compared, each (7,) in the order of METRICS; nan where an arm has no path of the kind.

    low .. t are also nan where the customers tell nothing of the error: where an arm has fewer than two customers with
    paths of the kind, or none of them differs from the others of its arm. Shares always have them.
    """

    a: Floats
    b: Floats
    difference: Floats  # b - a
    low: Floats  # of the difference, with 95 % confidence; exclude 0 if, and only if, p < 0.05
    high: Floats
    t: Floats
    freedom: Floats  # degrees of freedom
    p: Floats  # two-sided
    q: Floats  # p corrected for all the comparisons made here


class _Arms(NamedTuple):
    """Paths (2, c) of each customer in either arm, and the sum (2, c) of some figure of them."""

    paths: Floats
    figure: Floats


def length_sums(length: Longs, resolved: Flags, group: Codes, groups: int) -> LengthSums:
    """Sum the lengths of p paths, all (p,), by group: codes below `groups`, or -1 for a path that belongs to none.

    Raises IndexError for another code, and ValueError when the lengths of the columns differ.
    """
    _check_columns(len(length), resolved, group)
    if len(group) and not (group.min() >= -1 and group.max() < groups):
        raise IndexError(f"the code of a group is not in -1 .. {groups - 1}")
    sums = np.zeros((3, groups, 2), np.int64)
    _sum_lengths(length, resolved, group, sums)
    return LengthSums(*sums)


def mean_and_variance(paths: Longs, length: Longs, squared: Longs) -> tuple[Floats, Floats]:
    """Mean and population variance of lengths from their sums, all of one shape; nan without a path."""
    known = paths > 0
    count = np.where(known, paths, 1)
    mean = np.where(known, length / count, np.nan)
    return mean, np.maximum(squared / count - mean * mean, 0.0)


def compare_paths(customer: Codes, arm: Arms, length: Longs, resolved: Flags, turned: Flags) -> PathComparison:
    """Compare arm 1, "b", with arm 0, "a"; all (p,), in any order.

    customer: codes from 0, not far above the number of customers; turned: the path has a turnaround. A path that
    belongs to both arms is given twice. Raises ValueError when lengths differ or an arm is neither 0 nor 1.
    """
    _check_columns(len(customer), arm, length, resolved, turned)
    if len(customer) and not (arm.min() >= 0 and arm.max() <= 1 and customer.min() >= 0):
        raise ValueError("an arm is neither 0 nor 1, or the code of a customer is negative")
    sums = np.zeros((2, int(customer.max(initial=-1)) + 1, 7), np.int64)
    _sum_customers(customer, arm, length, resolved, turned, sums)
    opened, closed = (np.moveaxis(sums[:, :, first : first + 3], 2, 0).astype(np.float64) for first in (0, 3))
    total = opened + closed
    rows = [_means(total), _means(closed), _means(opened)]
    rows += [_shares(total[0], closed[0]), _shares(total[0], sums[:, :, 6].astype(np.float64))]
    rows += [_variances(total), _variances(closed)]
    a, b, difference, low, high, t, freedom, p = np.array(rows, np.float64).T
    return PathComparison(a, b, difference, low, high, t, freedom, p, discovery_rates(p))


def _check_columns(size: int, *columns: NDArray[np.generic]) -> None:
    if any(len(column) != size for column in columns):
        raise ValueError("the columns of paths differ in length")


def _means(sums: Floats) -> tuple[float, ...]:
    return _compared(_Arms(sums[0], sums[1]))


def _variances(sums: Floats) -> tuple[float, ...]:
    """sums: (3, 2, c) paths, lengths, squared lengths."""
    paths, length, squared = sums
    total = paths.sum(axis=1, keepdims=True)
    mean = length.sum(axis=1, keepdims=True) / np.maximum(total, 1)
    return _compared(_Arms(paths, squared - 2 * mean * length + mean * mean * paths), alike=True)


def _shares(paths: Floats, such: Floats) -> tuple[float, ...]:
    """See the module for the two customers added to each arm."""
    arms = _Arms(paths, such)
    a, b = _ratios(arms)
    added = np.zeros((2, 4))
    added[0, :2] = added[1, 2:] = _paths_of_one(arms)
    added[~paths.any(axis=1)] = 0
    yes = added * np.array([1, 0, 1, 0])
    with_added = _Arms(np.concatenate([paths, added], axis=1), np.concatenate([such, yes], axis=1))
    _, _, _, low, high, *test = _compared(with_added)
    return a, b, b - a, np.maximum(low, -1.0), np.minimum(high, 1.0), *test


def _paths_of_one(arms: _Arms) -> float:
    """How many paths tell as much as one customer added: the design effect, or all that a customer has on average."""
    total = arms.paths.sum(axis=1, keepdims=True)
    rate = arms.figure.sum(axis=1, keepdims=True) / np.maximum(total, 1)
    independent = float((total * rate * (1 - rate)).sum())
    most = max(1.0, float(total.sum()) / max(int(np.count_nonzero(arms.paths)), 1))
    if independent == 0:
        return most
    return float(np.clip(((arms.figure - rate * arms.paths) ** 2).sum() / independent, 1, most))


def _ratios(arms: _Arms) -> Floats:
    paths = arms.paths.sum(axis=1)
    return np.where(paths > 0, arms.figure.sum(axis=1) / np.maximum(paths, 1), np.nan)


def _compared(arms: _Arms, *, alike: bool = False) -> tuple[float, ...]:
    """a, b, difference, low, high, t, freedom, p. alike: customers vary in either arm as they do in both, or more."""
    a, b = _ratios(arms)
    error = freedom = np.nan
    if (np.count_nonzero(arms.paths, axis=1) > 1).all():
        total = arms.paths.sum(axis=1)
        of_arm, independent, shared, freedom = _clustered(*arms, np.array([a, b]), total)
        if alike:
            each = of_arm / independent
            of_arm = independent * np.maximum(each, total @ each / total.sum())
        error = np.sqrt(max(of_arm.sum() - 2 * shared, 0.0))
    if not error > _ROUNDING * (abs(a) + abs(b)):
        return a, b, b - a, *[np.nan] * 5
    t = (b - a) / error
    width = stdtrit(freedom, 0.975) * error
    return a, b, b - a, b - a - width, b - a + width, t, freedom, 2 * stdtr(freedom, -abs(t))


@kernel
def _sum_lengths(length: Longs, resolved: Flags, group: Codes, sums: Longs) -> None:
    """Add to sums: (3, groups, 2), the columns of LengthSums."""
    for p in range(len(length)):
        g, kind = group[p], int(resolved[p])
        if g >= 0:
            sums[0, g, kind] += 1
            sums[1, g, kind] += length[p]
            sums[2, g, kind] += length[p] * length[p]


@kernel
def _sum_customers(customer: Codes, arm: Arms, length: Longs, resolved: Flags, turned: Flags, sums: Longs) -> None:
    """Add to sums: (2, customers, 7): paths, lengths and squares of open paths, of resolved ones, paths that turned."""
    for p in range(len(customer)):
        row = sums[arm[p], customer[p]]
        kind = 3 if resolved[p] else 0
        row[kind] += 1
        row[kind + 1] += length[p]
        row[kind + 2] += length[p] * length[p]
        row[6] += turned[p]


@kernel
def _clustered(paths: Floats, figure: Floats, ratio: Floats, total: Floats) -> tuple[Floats, Floats, float, float]:
    """Of the two ratios by customers: variances (2,), the same if paths were independent and had a variance of 1 (2,),
    the covariance, and the degrees of freedom of the difference.

    The degrees are those of a matrix that is diagonal less one product of a vector with itself for each arm: what the
    residuals of customers would vary by, if paths were independent (Bell and McCaffrey, 2002).
    """
    variance, independent, own, residual = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2)
    shared = trace = traces = both = 0.0
    for c in range(paths.shape[1]):
        diagonal = lost = 0.0
        product = 1.0
        for arm in range(2):
            n = paths[arm, c]
            scale = 1 / (total[arm] * np.sqrt(1 - n / total[arm])) if n > 0 else 0.0
            square = (scale * n) ** 2 / total[arm]
            residual[arm] = scale * (figure[arm, c] - ratio[arm] * n)
            variance[arm] += residual[arm] ** 2
            independent[arm] += scale * scale * n
            diagonal += scale * scale * n
            lost += square
            own[arm] += square
            product *= np.sqrt(square)
        shared += residual[0] * residual[1]
        trace += diagonal - lost
        traces += diagonal * (diagonal - 2 * lost)
        both += product
    traces += own[0] ** 2 + own[1] ** 2 + 2 * both * both
    return variance, independent, shared, trace * trace / traces
