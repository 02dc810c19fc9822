"""How stays in one stage end, and when, with no features: the Aalen-Johansen curves of competing exits.

Stays that are still open count for as long as they have lasted, and one exit is never taken for the end of being
watched (1 - Kaplan-Meier of one exit does that, and is too high). These curves are the baseline that a model must beat,
and what is told of a stage that few have left.

Sources: Aalen and Johansen, Scandinavian Journal of Statistics 5 (1978); the standard error by the delta method as in
Marubini and Valsecchi, Analysing Survival Data (1995), 10.3, which without open stays is the binomial one; shrinking as
the posterior mean of a beta process, Hjort, Annals of Statistics 18 (1990).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import BIN_ENDS, E, Floats
from raceline.analytics.kernel import inner, kernel

# With fewer stays at risk a curve hangs on one or two of them: from there on `conditional` goes on at a constant rate.
LEAST_AT_RISK = 10.0


class Curves(NamedTuple):
    """Steps at each length that occurs, ended or open, ascending: days (t,).

    at_risk (t,): stays at least as long, weighted; survival (t,): share that lasts longer; incidence (t, exits): share
    that has ended by that exit by then, with its standard_error (t, exits). Between the steps all stay as they are.
    """

    days: Floats
    at_risk: Floats
    survival: Floats
    incidence: Floats
    standard_error: Floats
    left: Floats


def aalen_johansen(
    days: Floats,
    exit: NDArray[np.int8],  # noqa: A002 - the word of the house
    entry: Floats | None = None,
    weights: Floats | None = None,
    exits: int = E,
) -> Curves:
    """Curves of stays that lasted days (n,) and ended by exit (n,), -1 for those that are open.

    entry (n,): since which day of its stay each was watched (default: from its first); a stay that ends at the moment
    from which it was watched tells nothing, unless that is its first. weights (n,): for how many stays each stands. The
    standard error takes stays as independent of each other. Of no stays the curves have no steps. Raises ValueError for
    a length below 0 or not finite, or below its entry, and for an unknown exit.
    """
    entry = np.zeros(len(days)) if entry is None else entry
    weights = np.ones(len(days)) if weights is None else weights
    if not (np.isfinite(days).all() and (days >= entry).all() and (entry >= 0).all()):
        raise ValueError("a stay lasts 0 days or more, and not less than from its entry on")
    if len(exit) and not -1 <= exit.min() <= exit.max() < exits:
        raise ValueError(f"exits are 0 to {exits - 1}, or -1 for an open stay")
    seen = (days > entry) | (entry == 0)
    steps, at_risk, left = _counts(days[seen], exit[seen], entry[seen], weights[seen].astype(np.float64), exits)
    return Curves(steps, at_risk, *_curves(at_risk, left), left)


def shrunken(curves: Curves, towards: Curves, weight: float) -> Curves:
    """The curves as if `weight` more stays had ended as `towards` says: for a stage that few have left.

    The hazards of each exit are shrunk, so the result is coherent; where no stay is left at risk the other curve goes
    on. weight 0 gives the curves themselves, a large one those of `towards`.
    """
    days = np.union1d(curves.days, towards.days)
    own_risk, own_left = _spread(curves, days)
    other_risk, other_left = _spread(towards, days)
    more = np.where(other_risk > 0, weight, 0.0)
    hazard = np.divide(other_left, other_risk[:, None], out=np.zeros_like(other_left), where=other_risk[:, None] > 0)
    at_risk, left = own_risk + more, own_left + more[:, None] * hazard
    return Curves(days, at_risk, *_curves(at_risk, left), left)


def conditional(curves: Curves, since: Floats, ends: tuple[float, ...] = BIN_ENDS) -> Floats:
    """Incidence (n, len(ends), exits) by so many days from now, of stays that have lasted since (n,) days and go on.

    Where fewer than LEAST_AT_RISK stays were at risk (or than there are) the curves are not followed: exits go on at
    the rates of the second half of the time until there. So there is an answer also for a stay longer than any before.
    """
    reach = _reach(curves)
    rates = _rates(curves, reach)
    since = np.ascontiguousarray(since, np.float64)
    # A step of nobody at day -1 stands for the time before the first step.
    steps = (np.append(-1.0, curves.days), np.append(1.0, curves.survival))
    rise = np.vstack([np.zeros(curves.incidence.shape[1]), curves.incidence])
    return _conditional(*steps, rise, since, np.array(ends, np.float64), reach, rates)


def _counts(
    days: Floats,
    exit: NDArray[np.int8],  # noqa: A002
    entry: Floats,
    weights: Floats,
    exits: int,
) -> tuple[Floats, Floats, Floats]:
    """Each length or entry once, ascending; how many are at risk there, and how many leave by which exit."""
    late = entry > 0
    steps = np.unique(np.concatenate([days, entry[late]]))
    of_days = np.searchsorted(steps, days)
    gone = np.bincount(of_days, weights, len(steps))
    come = np.bincount(np.searchsorted(steps, entry[late]), weights[late], len(steps))
    # Who comes at a step is at risk only after it, and who goes at a step is at risk there once more.
    at_risk = weights[~late].sum() + np.append(0.0, np.cumsum(come - gone)[:-1]) if len(steps) else np.zeros(0)
    ended = exit >= 0
    left = np.bincount(of_days[ended] * exits + exit[ended], weights[ended], len(steps) * exits)
    return steps, at_risk, left.reshape(len(steps), exits).astype(np.float64)


def _spread(curves: Curves, days: Floats) -> tuple[Floats, Floats]:
    """How many are at risk at each of these days, and how many leave there; the days hold all steps of the curves."""
    at_risk = np.append(curves.at_risk, 0.0)[np.searchsorted(curves.days, days)]
    left = np.zeros((len(days), curves.left.shape[1]))
    left[np.searchsorted(days, curves.days)] = curves.left
    return at_risk, left


def _reach(curves: Curves) -> float:
    """Up to which day the curves are followed."""
    if len(curves.days) == 0:
        return 0.0
    enough = min(LEAST_AT_RISK, float(curves.at_risk.max()))
    return float(curves.days[curves.at_risk >= enough][-1])


def _rates(curves: Curves, reach: float) -> Floats:
    """Exits (exits,) per stay and day in the second half of the time until then."""
    start = reach / 2
    before = np.append(0.0, curves.days[:-1])
    watched = np.clip(np.minimum(curves.days, reach) - np.maximum(before, start), 0.0, None)
    exposure = float((curves.at_risk * watched).sum())
    left = curves.left[(curves.days > start) & (curves.days <= reach)].sum(axis=0)
    return np.asarray(left / exposure if exposure > 0 else np.zeros(len(left)))


@kernel
def _curves(at_risk: Floats, left: Floats) -> tuple[Floats, Floats, Floats]:
    """Survival, incidence and standard error at each step.

    The error of an exit's incidence F at a step is a sum over all steps before, with F inside: expanded by the powers
    of F, so that running sums do.
    """
    steps, exits = left.shape
    survival, incidence, error = np.ones(steps), np.zeros((steps, exits)), np.zeros((steps, exits))
    for e in range(exits):
        there, f, a, b, c, d, g, h = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(steps):
            n, own, total = at_risk[t], left[t, e], left[t].sum()
            if n > 0.0 and total > 0.0:
                f += there * own / n
                d += there * there * own * (n - own) / n**3
                g += there * own / n**2
                h += f * there * own / n**2
                if n > total * (1 + 1e-12):  # else everybody has left, and F no longer changes
                    greenwood = total / (n * (n - total))
                    a, b, c = a + greenwood, b + f * greenwood, c + f * f * greenwood
                    there *= 1.0 - total / n
                else:
                    there = 0.0
            survival[t], incidence[t, e] = there, f
            error[t, e] = math.sqrt(max(f * f * a - 2 * f * b + c + d - 2 * f * g + 2 * h, 0.0))
    return survival, incidence, error


@inner
def _last(days: Floats, day: float) -> int:
    """The last step that is not after this day."""
    low, high = 0, len(days)
    while high - low > 1:
        middle = (low + high) // 2
        if days[middle] <= day:
            low = middle
        else:
            high = middle
    return low


@kernel
def _conditional(
    days: Floats, survival: Floats, incidence: Floats, since: Floats, ends: Floats, reach: float, rates: Floats
) -> Floats:
    found = np.zeros((len(since), len(ends), len(rates)))
    total = rates.sum()
    for i in range(len(since)):
        now = _last(days, min(since[i], reach))
        followed = since[i] < reach and survival[now] > 0.0
        for k in range(len(ends)):
            there, until = 1.0, since[i]
            if followed:
                then = _last(days, min(since[i] + ends[k], reach))
                there, until = survival[then] / survival[now], reach
                for e in range(len(rates)):
                    found[i, k, e] = (incidence[then, e] - incidence[now, e]) / survival[now]
            rest = since[i] + ends[k] - until
            if rest > 0.0 and total > 0.0:
                for e in range(len(rates)):
                    found[i, k, e] -= there * rates[e] / total * math.expm1(-total * rest)
    return found
