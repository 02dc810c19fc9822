"""Which pages come before a move into the next stage, counted against customers who stayed.

Compared are moments: of all customers who have been in the stage about as long, and who have viewed about as many pages
of late, did those who had just seen the page move more often than those who had not? "Just" is a window after a view
(see exposure.py, also for what is wrong with comparing stays as a whole). Without the number of views any page would
seem to bring moves about, since customers who never come have no moves either.

Rates are compared over the strata by the ratio of Mantel and Haenszel (for rates: Greenland and Robins, Estimation of a
common effect parameter from sparse follow-up data, Biometrics 41, 1985). Their normal approximation would find far too
much in pages that are seen seldom, so interval and p go by the moves themselves: given how many moves there were in a
stratum, those with the page are binomial; their sum over the strata is taken as one binomial number with the same mean
and variance, and its chance with half a move added on either side (Brown, Cai and DasGupta, Statistical Science 16,
2001). The customer is the independent unit: moves are divided by a design effect from per-customer residuals (Rao and
Scott, A simple method for analyzing overdispersion in clustered Poisson data, Statistics in Medicine 18, 1999).
"""

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtri

from raceline.analytics.exposure import Stays, Views, Watched, strata_of, watch
from raceline.analytics.false_discovery import discovery_rates
from raceline.analytics.kernel import kernel
from raceline.analytics.rates import share

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Kinds: TypeAlias = NDArray[np.int8]
Floats: TypeAlias = NDArray[np.float64]

__all__ = ["AS_EXPECTED", "FEWER", "MORE", "TOO_FEW", "BeforeMoves", "Stays", "Views", "pages_before"]

TOO_FEW: Final = 0
AS_EXPECTED: Final = 1
MORE: Final = 2
FEWER: Final = 3

DAYS: Final = (0.0, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 90.0)  # in the stage, where strata begin
VIEWS: Final = (1, 2, 4, 8, 16)  # in the window, where strata begin
_DAY = 86_400e6
_SIDE = 0.025  # of a confidence of 95 %
_FURTHEST = 16.0  # of the logarithm of a rate ratio
_LEAST_P = 1e-300  # so that z stays a number


class BeforeMoves(NamedTuple):
    """r pages that somebody saw during a stay, each (r,) unless said otherwise; those with the smallest p first.

    Of equal ones those with more moves after a view come first, then by the places of pages.
    """

    page: Codes
    moves_after: Longs  # with a view of the page in the window before them
    moves_without: Longs
    exposed_days: Floats  # of all customers together, within the window after a view of the page
    unexposed_days: Floats
    expected: Floats  # moves after a view, if the page made no difference
    movers_share: Floats  # of the moves: those after a view; nan without a move
    stayers_share: Floats  # of the customers who stayed when others moved: the same; expected / moves
    rate_ratio: Floats  # moves per day with the page by those without it, like with like; nan where there is none
    low: Floats  # with 95 % confidence; excludes 1, with `high`, just when p < 0.05; nan where nothing is comparable
    high: Floats  # nan also where it has no end
    design_effect: Floats  # moves that count as one, at least 1
    z: Floats  # the normal deviate with this p, negative for fewer moves; nan when not tested, as p and q
    p: Floats  # two-sided
    q: Floats  # corrected for all pages, those with too few moves included
    flag: Kinds  # TOO_FEW (not tested), AS_EXPECTED, MORE, FEWER
    tested: int  # pages
    stays: int
    moves: int  # of all stays
    days: float  # of all stays


class _Compared(NamedTuple):
    """Strata in which somebody moved, some were exposed and some were not."""

    after: Floats  # (r,) moves after a view there
    moves: Floats  # (r, strata) all moves; 0 elsewhere
    odds: Floats  # (r, strata) exposed time by unexposed time; 0 elsewhere
    design: Floats  # (r,) moves that count as one


class _Test(NamedTuple):
    """Of BeforeMoves."""

    low: Floats
    high: Floats
    design_effect: Floats
    z: Floats
    p: Floats
    q: Floats
    flag: Kinds


def pages_before(
    stays: Stays,
    views: Views,
    pages: int,
    window: int,
    *,
    days: tuple[float, ...] = DAYS,
    activity: tuple[int, ...] = VIEWS,
    least: float = 5,
    alpha: float = 0.05,
    place: Longs | None = None,
) -> BeforeMoves:
    """Compare rates of moving with and without each of `pages` pages. window: microseconds.

    place: (pages,) where each page stands in an order of its own, by default as their codes do.
    days, activity: where strata begin; the first of days is 0, and with an empty `activity` the number of views does
    not matter. A page is tested when at least `least` customers moved after it, or would be expected to; it is MORE or
    FEWER when q is at most alpha. Raises ValueError when columns differ in length, and IndexError for a page code
    outside of 0 .. pages - 1.
    """
    found = watch(stays, views, pages, window, strata_of(days, activity))
    moves, time = int(found.moves.sum()), int(found.time.sum())
    after, exposed = found.exposed_moves.sum(axis=1), found.exposed_time.sum(axis=1)
    expected = share(found.exposed_time, found.time, 0.0) @ found.moves
    test = _tested(found, after, expected, least, alpha)
    columns: list[NDArray[Any]] = [
        found.page,
        after,
        moves - after,
        exposed / _DAY,
        (time - exposed) / _DAY,
        expected,
        share(after, moves),
        share(expected, moves),
        _rate_ratio(found),
        *test,
    ]
    # Sums of fractions end on another last digit when customers come in another order; equal p must stay equal.
    surprise = np.abs(test.z).astype(np.float32)
    order = np.lexsort((found.page if place is None else place[found.page], -after, -surprise))
    tested = int(np.count_nonzero(test.flag != TOO_FEW))
    return BeforeMoves._make([*(column[order] for column in columns), tested, len(stays.customer), moves, time / _DAY])


def _tested(found: Watched, after: Longs, expected: Floats, least: float, alpha: float) -> _Test:
    compared = _compared(found, _design_effect(found, after, expected))
    total = compared.moves.sum(axis=1)
    few = (np.maximum(found.movers, np.minimum(expected, found.customers)) < least) | (total == 0)
    more = _chance(compared, np.zeros(len(after)))
    # None at all are not too many, and all that there are are not too few.
    more = np.where(compared.after == 0, np.maximum(more, 0.5), more)
    more = np.where(compared.after == total, np.minimum(more, 0.5), more)
    p = np.where(few, np.nan, 2 * np.minimum(more, 1 - more))
    # Pages that came before few moves count among the questions asked: else those tested would be those which came
    # before many by chance.
    q = discovery_rates(p, int(np.count_nonzero(total)))
    z = -ndtri(np.maximum(p, _LEAST_P) / 2) * np.where(more < 0.5, 1, -1)
    flag = np.select([few, q > alpha, more < 0.5], [TOO_FEW, AS_EXPECTED, MORE], FEWER).astype(np.int8)
    return _Test(*_interval(compared), compared.design, z, p, q, flag)


def _rate_ratio(found: Watched) -> Floats:
    """Mantel and Haenszel's, for rates."""
    exposed = share(found.exposed_time, found.time, 0.0)
    after = (found.exposed_moves * (1 - exposed)).sum(axis=1)
    without = ((found.moves - found.exposed_moves) * exposed).sum(axis=1)
    return share(after, without)


def _design_effect(found: Watched, after: Longs, expected: Floats) -> Floats:
    """The variance of customers' moves by what it would be if moves were independent.

    It is taken about the page's own rate where that is high, since one move is no more than one move there either; and
    about the common rate where it is low: many customers who might have moved often and never did are few customers.
    It is no greater than the moves that a customer has, or could be expected to have.
    """
    ratio = np.maximum(share(after, expected, 0.0), 1)
    squares = found.kk - 2 * ratio * found.nk + ratio * ratio * found.nn
    customers = np.maximum(share(expected * expected, found.nn, 0.0), 2)  # that so unequal ones are worth
    most = np.maximum(share(found.kk, after, 0.0), share(found.nn, expected, 0.0))
    effect = np.minimum(share(squares, ratio * expected, 0.0) * customers / (customers - 1), most)
    at_least_one: Floats = np.maximum(effect, 1)
    return at_least_one


def _compared(found: Watched, design: Floats) -> _Compared:
    unexposed = found.time - found.exposed_time
    both = (found.exposed_time > 0) & (unexposed > 0) & (found.moves > 0)
    odds = np.where(both, share(found.exposed_time, unexposed, 0.0), 0)
    after = np.where(both, found.exposed_moves, 0).sum(axis=1).astype(np.float64)
    return _Compared(after, np.where(both, found.moves, 0).astype(np.float64), odds, design)


def _chance(compared: _Compared, ratio: Floats) -> Floats:
    """Of so many moves after a view or more, if the rate ratio were exp(ratio), (r,). See the module."""
    mean, squares = _binomials(compared.moves, compared.odds, np.exp(ratio))
    one = share(squares, mean, 0.5)
    without = np.maximum(share(mean, one, 0.0) - compared.after, 0)
    chance: Floats = betainc(compared.after / compared.design + 0.5, without / compared.design + 0.5, one)
    return chance


@kernel
def _binomials(moves: Floats, odds: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """For each page the sums over strata of moves * chance and moves * chance * chance, each (r,)."""
    mean, squares = np.zeros(len(moves)), np.zeros(len(moves))
    for r in range(moves.shape[0]):
        for s in range(moves.shape[1]):
            if moves[r, s] > 0:
                odd = odds[r, s] * ratio[r]
                chance = odd / (1 + odd)
                mean[r] += moves[r, s] * chance
                squares[r] += moves[r, s] * chance * chance
    return mean, squares


def _interval(compared: _Compared) -> tuple[Floats, Floats]:
    """The rate ratios under which the moves seen would be just too many, and just too few."""
    total = compared.moves.sum(axis=1)
    low = np.where(compared.after > 0, np.exp(_where(compared, _SIDE)), 0.0)
    high = np.where(compared.after < total, np.exp(_where(compared, 1 - _SIDE)), np.nan)
    return np.where(total > 0, low, np.nan), np.where(total > 0, high, np.nan)


def _where(compared: _Compared, chance: float) -> Floats:
    """The logarithm of the rate ratio that gives this chance, which only grows with it."""
    least = np.full(len(compared.after), -_FURTHEST)
    most = -least
    for _ in range(40):
        middle = (least + most) / 2
        lower = _chance(compared, middle) < chance
        least, most = np.where(lower, middle, least), np.where(lower, most, middle)
    return most
