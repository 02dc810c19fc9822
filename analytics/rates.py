"""Rates beside what is expected of them: how independent their counts are, how they vary, and how surprising one is."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, ndtri

Floats: TypeAlias = NDArray[np.float64]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_CUT = 1.2815515655446004  # the 90th percentile of the normal curve
_CUT_VARIANCE = 0.6786882  # of a normal deviate that is cut off there on both sides
_LEAST_P = 1e-300  # so that z stays a number
_MANY_CUSTOMERS = 50.0  # with so many, a page's own design effect counts as much as that of all pages


class Reference(NamedTuple):
    """The rates p that others are compared with, and their own variance: p (1 - p) (sampling + tau^2 spread)."""

    rate: Floats
    sampling: Floats
    spread: Floats


class Gap(NamedTuple):
    """Rates beside their reference, each (g,)."""

    together: Floats  # the rate of both, weighted by what is known of each
    difference: Floats
    worth: Floats  # as many independent opportunities would be as uncertain as the difference is

    @property
    def variance(self) -> Floats:
        """(g,) of the difference, if both were the same."""
        return self.together * (1 - self.together) / self.worth


class Surprise(NamedTuple):
    """How surprising rates are, each (g,)."""

    above: Floats  # the chance to see such a rate or a higher one
    below: Floats  # or a lower one; 1 - above, but exact where that is close to 1
    z: Floats


def share(part: Floats, whole: Floats, empty: float = np.nan) -> Floats:
    """part / whole, `empty` where the whole is nothing."""
    shares: Floats = np.divide(part, whole, out=np.full(len(whole), empty), where=whole > 0)
    return shares


def design_effects(*sums: Longs) -> Floats:
    """How many opportunities count as one at each page, at least 1; sums: n, k, nn, nk, kk as test_pages takes them.

    The own design effect of a page is its customers' squared residuals about its rate, over those that independent
    opportunities would leave. One correlation between the opportunities of a customer, the same at all pages, explains
    the residuals of all of them together. The more customers a page has, the more its own design effect counts.
    """
    n, k, nn, nk, kk = (figure.astype(np.float64) for figure in sums)
    rate = share(k, n, 0.0)
    residual = kk - 2 * rate * nk + rate**2 * nn
    crowd = share(n**2, nn, 0.0)  # customers, if all had the same number of opportunities
    many = crowd > 1 + 1e-9
    variance = np.where(many, rate * (1 - rate) * share(n, n - 1, 0.0), 0.0)
    independent = variance * (n - share(nn, n, 0.0))
    returning = share(nn, n, 1.0) - 1
    correlated = variance * n * returning * (1 - share(np.ones_like(n), crowd, 1.0))
    total = correlated.sum()
    correlation = np.clip((residual - independent)[many].sum() / total, 0, 1) if total > 0 else 0.0
    pooled = 1 + correlation * returning
    weight = np.where(independent > 0, crowd / (crowd + _MANY_CUSTOMERS), 0.0)
    return np.maximum(weight * share(residual, independent, 1.0) + (1 - weight) * pooled, 1.0)


def gap(rate: Floats, own: Floats, reference: Reference, tau: Floats | float) -> Gap:
    """Compare rates whose variance is p (1 - p) (own + tau^2) with their reference."""
    here, there = own + np.square(tau), reference.sampling + np.square(tau) * reference.spread
    together = (rate * there + reference.rate * here) / (here + there)
    return Gap(together, rate - reference.rate, 1 / (here + there))


def surprise(compared: Gap) -> Surprise:
    """The tail of a beta distribution with half an opportunity on either side, close to the exact binomial mid-p.

    (Brown, Cai and DasGupta, Interval estimation for a binomial proportion, Statistical Science 16, 2001.)
    """
    seen = np.clip(compared.together + compared.difference, 0, 1) * compared.worth
    arms = seen + 0.5, compared.worth - seen + 0.5
    same = compared.variance <= 0
    above = np.where(same, 0.5, betainc(*arms, compared.together))
    below = np.where(same, 0.5, betaincc(*arms, compared.together))
    lesser = ndtri(np.maximum(np.minimum(above, below), _LEAST_P))
    return Surprise(above, below, np.where(above < below, -lesser, lesser))


def tau_between(rate: Floats, own: Floats, reference: Reference, *, winsorised: bool = True) -> float:
    """How rates vary beyond their sampling: by tau sqrt(p (1 - p)); 0 without a rate, at most 1.

    It is the tau under which z^2 is on average what it should be (Paule and Mandel, Consensus values and weighting
    factors, J. Res. Natl. Bur. Stand. 87, 1982). Winsorised, z counts as no more than the 90th percentile of the
    normal curve, and no less than the 10th: then a tenth of the rates can be anything without making tau much greater.
    """
    cut, aim = (_CUT, _CUT_VARIANCE) if winsorised else (np.inf, 1.0)

    def beyond(tau: float) -> bool:
        compared = gap(rate, own, reference, tau)
        variance = compared.variance
        z = share(compared.difference, np.sqrt(variance), 0.0)
        return bool(np.square(np.clip(z, -cut, cut)).sum() > aim * len(z))

    low, high = 0.0, 1.0
    if not beyond(low):
        return low
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) else (low, middle)
    return high


def adjusted(p: Floats, tested: Flags) -> Floats:
    """The q of Benjamini and Hochberg (J. R. Stat. Soc. B 57, 1995) over the p that are tested; nan for the others."""
    q = np.full(len(p), np.nan)
    order = np.flatnonzero(tested)[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
