"""Rates beside what is expected of them: how independent their counts are, how they vary, and how surprising one is."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, ndtri

Floats: TypeAlias = NDArray[np.float64]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_CUT = 1.2815515655446004  # the 90th percentile of the normal curve
_CUT_SQUARE = 0.6786882  # the mean square of a normal deviate that is cut off there on both sides
_MOST_TAU = 3.0  # odds that vary twentyfold: such rates have nothing in common
_HALVINGS = 18  # leave _MOST_TAU / 2^18, a hundred-thousandth
_LEAST_SKEWNESS = 1e-3  # less makes no difference, and cannot be divided by
_LEAST_P = 1e-300  # so that z stays a number


class Rates(NamedTuple):
    """Shares of opportunities, each (g,); nan where there was none."""

    rate: Floats
    sampling: Floats  # the variance by chance of a rate p is p (1 - p) sampling
    grain: Floats  # by what one turnaround more changes the rate


class Reference(NamedTuple):
    """What rates are compared with, each (g,); the variance is that of `gap`."""

    rate: Floats
    sampling: Floats
    grain: Floats
    spread: Floats


class Gap(NamedTuple):
    """Rates beside their reference, each (g,); the moments are those of the difference if both are the same."""

    together: Floats  # the rate of both, weighted by what is known of each
    difference: Floats
    error: Floats  # standard deviation
    skewness: Floats
    grain: Floats  # by what one turnaround here instead of there changes the difference


def share(part: NDArray[Any] | float, whole: NDArray[Any] | float, empty: float = np.nan) -> Floats:
    """part / whole, `empty` where the whole is nothing; of numbers or arrays, in the shape that both have together."""
    shape = np.broadcast_shapes(np.shape(part), np.shape(whole))
    shares: Floats = np.divide(part, whole, out=np.full(shape, empty), where=np.greater(whole, 0))
    return shares


def design_effects(*sums: Longs) -> Floats:
    """How many opportunities count as one at each page, at least 1; sums: n, k, nn, nk, kk as test_pages takes them.

    (Rao and Scott, A simple method for the analysis of clustered binary data, Biometrics 48, 1992.) It is the greater
    of two: the squared residuals of the page's customers about its rate, over those that independent opportunities
    would leave; and what they would be if the opportunities of a customer were correlated as they are at all pages
    together. A page of few customers cannot tell its own, and one of many may differ from the others.
    """
    n, k, nn, nk, kk = (figure.astype(np.float64) for figure in sums)
    rate = share(k, n, 0.0)
    residual = kk - 2 * rate * nk + rate**2 * nn
    returning = share(nn, n, 1.0) - 1
    alone = share(nn, n**2, 1.0)  # 1: all opportunities are one customer's
    variance = np.where(alone < 1, rate * (1 - rate) * share(n, n - 1, 0.0), 0.0)
    independent = variance * n * (1 - alone)
    correlated = independent * returning
    total = correlated.sum()
    beyond = np.where(variance > 0, residual - independent, 0.0).sum()
    correlation = min(max(beyond / total, 0.0), 1.0) if total > 0 else 0.0
    return np.maximum(np.maximum(share(residual, independent, 1.0), 1 + correlation * returning), 1.0)


def gap(rates: Rates, reference: Reference, tau: Floats | float) -> Gap:
    """Compare rates with their reference.

    With p the rate of both and v = p (1 - p), a rate has the variance v sampling + v^2 tau^2, and the reference has
    v sampling + v^2 tau^2 spread. tau is the standard deviation of log odds. The third moment is that of a binomial
    share whose log odds are normal, to the second order.
    """
    together = _weighted(rates, reference, rates.sampling, reference.sampling)
    kind = together * (1 - together) * np.square(tau)
    together = _weighted(rates, reference, rates.sampling + kind, reference.sampling + kind * reference.spread)
    v = together * (1 - together)
    by_chance, by_kind = v * rates.sampling, np.square(v * tau)
    theirs, their_kind = v * reference.sampling, by_kind * reference.spread
    variance = by_chance + by_kind + theirs + their_kind
    third = (1 - 2 * together) * (_third(by_chance, by_kind) - _third(theirs, their_kind))
    skewness = share(third, v * variance**1.5, 0.0)
    return Gap(together, rates.rate - reference.rate, np.sqrt(variance), skewness, rates.grain + reference.grain)


def deviates(compared: Gap) -> Floats:
    """The normal deviate z that is as surprising as each difference, given its error and skewness; 0 without an error.

    By Pearson's curve of type III, the gamma distribution with this mean, error and skewness: it has the tail of a
    Poisson count where rates are low, and the normal one where they are not. Counts come in whole numbers, so half of
    one is taken off the difference, and p is that of so many turnarounds or more.
    """
    nearer = np.maximum(np.abs(compared.difference) - compared.grain / 2, 0)
    upwards = np.where(compared.difference < 0, -1.0, 1.0)
    skewness = compared.skewness * upwards
    shape = 4 / np.maximum(np.abs(skewness), _LEAST_SKEWNESS) ** 2
    side = np.where(skewness < 0, -1.0, 1.0)
    place = np.maximum(shape + side * share(nearer, compared.error, 0.0) * np.sqrt(shape), 0)
    beyond = np.where(side > 0, gammaincc(shape, place), gammainc(shape, place))
    z = np.where(compared.error > 0, -ndtri(np.maximum(beyond, _LEAST_P)), 0.0)
    signed: Floats = upwards * z
    return signed


def tau_between(rates: Rates, reference: Reference, *, winsorised: bool = True) -> float:
    """How rates vary beyond chance: the standard deviation of their log odds, 0 without a rate.

    It is the tau under which the squares of the standardised differences are on average what they should be (Paule and
    Mandel, Consensus values and weighting factors, J. Res. Natl. Bur. Stand. 87, 1982). Winsorised, a difference counts
    as no more than the 90th percentile of the normal curve, and as no less than the 10th: then a tenth of the rates can
    be anything without making tau much greater.
    """
    cut, mean_square = (_CUT, _CUT_SQUARE) if winsorised else (np.inf, 1.0)

    def too_small(tau: float) -> bool:
        compared = gap(rates, reference, tau)
        standard = share(compared.difference, compared.error, 0.0)
        return bool(np.square(np.clip(standard, -cut, cut)).sum() > mean_square * len(standard))

    low, high = 0.0, _MOST_TAU
    if not too_small(low):
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if too_small(middle) else (low, middle)
    return high


def _weighted(rates: Rates, reference: Reference, variance: Floats, of_reference: Floats) -> Floats:
    return share(rates.rate * of_reference + reference.rate * variance, variance + of_reference)


def _third(by_chance: Floats, by_kind: Floats) -> Floats:
    """The third central moment of a rate, over (1 - 2 p) / (p (1 - p))."""
    return by_chance**2 + 3 * by_chance * by_kind + 3 * by_kind**2
