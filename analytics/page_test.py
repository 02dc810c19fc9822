"""Is a page's turnaround rate unexpectedly high? The test of design section 6, for all pages at once.

Expected rate. What the other pages of the same stratum have together; the page itself is left out, so that it cannot
hide behind itself. Where those have too few opportunities, it is what all other pages have.

Customers, not opportunities, are independent: who turns round once is likelier to do it again. The design effect says
how many opportunities count as one.

Pages differ for reasons that nobody need inspect. By how much is tau, an additive random effect on the funnel plot
(Spiegelhalter, Handling over-dispersion of performance indicators, Quality and Safety in Health Care 14, 2005), here on
the scale of log odds: what is twice as often at a page of few turnarounds is as unusual as at one of many. It is
estimated from winsorised differences, and from what is usual in a stratum, so that hot spots do not hide one another.
Pages that have no others of their stratum may differ as all pages do. Of fewer than five pages nobody can say how much
they differ anyway; so none of them is tested, rather than that none is ever found.

z is the difference over its standard error, which has all of this and what is not known of the expected rate in it, and
is made normal: low rates are skewed, and a plain normal tail would flag pages of few opportunities far too often. p is
the chance of such a rate or a higher one, q that of Benjamini and Hochberg over all tested. bench/page_test.py measures
how many flags are false, and how many hot spots are found.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from raceline.analytics.false_discovery import discovery_rates
from raceline.analytics.page_peers import (
    ALL,
    LEAST_PAGES,
    NONE,
    STRATUM,
    Codes,
    Kinds,
    Pages,
    expected_of,
    pages_of,
    spread_of,
    tau_of,
    taus_of,
)
from raceline.analytics.rates import Flags, Floats, Gap, Longs, Reference, deviates, gap, share

__all__ = [
    "ALL",
    "EXPECTED",
    "LEAST_PAGES",
    "NONE",
    "STRATUM",
    "TOO_FEW",
    "UNEXPECTED",
    "PageTest",
    "PastTest",
    "test_pages",
    "test_past",
]

TOO_FEW: Final = 0
EXPECTED: Final = 1
UNEXPECTED: Final = 2


class PageTest(NamedTuple):
    """The test of g pages; each (g,) unless said otherwise. nan: the page has no such figure, for the reason given."""

    expected_rate: Floats  # nan without another page that has opportunities
    basis: Kinds  # STRATUM, ALL (the others of its stratum have too few opportunities: all other pages), NONE
    first_order_rate: Floats  # nan without an opportunity
    first_order_z: Floats  # nan with too few opportunities or pages; so are first_order_p and first_order_q
    first_order_p: Floats
    first_order_q: Floats
    design_effect: Floats  # opportunities that count as one, at least 1
    effective: Floats  # opportunities by design effect
    standard_error: Floats  # of rate - expected_rate where nothing is unexpected; nan: no such, or too few pages
    z: Floats  # nan when not tested: with too few opportunities, no expected rate, or too few pages; so are p and q
    p: Floats  # of such a rate or a higher one
    q: Floats
    shrunken_rate: Floats  # between the expected rate and the page's own; nan without an expected rate
    excess: Floats  # turnarounds beyond those expected; nan without an expected rate
    flag: Kinds  # TOO_FEW (not tested), EXPECTED, UNEXPECTED
    tau: float  # how pages differ within their stratum: the standard deviation of log odds; nan for too few pages
    tau_all: float  # how pages differ without strata: for those whose basis is ALL; nan for too few pages
    spread: float  # as tau, with the hot spots: what the shrunken rates go by
    tested: int


class PastTest(NamedTuple):
    """The test of g pages against their own past; each (g,) unless said otherwise."""

    change: Floats  # rate - past rate; nan where one of them has no opportunity
    design_effect: Floats  # of the present; opportunities that count as one, at least 1
    z: Floats  # nan when not tested: with too few opportunities now or then, or too few pages; so are p and q
    p: Floats  # of such a change or a greater one, upwards or downwards
    q: Floats
    flag: Kinds  # TOO_FEW (not tested), EXPECTED, UNEXPECTED
    tau: float  # how rates change at all: the standard deviation of the change in log odds; nan for too few pages
    tested: int


def test_pages(
    opportunities: Longs,
    turnarounds: Longs,
    nn: Longs,
    nk: Longs,
    kk: Longs,
    stratum: Codes,
    first_order: Floats,
    *,
    least: int = 30,
    alpha: float = 0.05,
) -> PageTest:
    """Test g pages; all arrays are (g,).

    nn, nk, kk: the sums over customers of n n, n k and k k, where n and k are a customer's opportunities and
    turnarounds at the page; stratum: codes from 0; first_order: turnarounds expected from the transitions alone. Pages
    with fewer than `least` opportunities are not tested, nor is any where fewer than LEAST_PAGES pages have so many. A
    page is UNEXPECTED when its q is at most alpha. Raises ValueError when the lengths differ.
    """
    _check(opportunities, turnarounds, nn, nk, kk, stratum, first_order)
    pages = pages_of(opportunities, turnarounds, nn, nk, kk)
    basis, reference = expected_of(pages, stratum, least)
    enough = (pages.n >= max(least, 1)) & (basis != NONE)
    tested = _if_many(enough)
    tau, tau_all = taus_of(pages, stratum, basis, reference, tested, least)
    compared = gap(pages.rates, reference, np.where(basis == ALL, tau_all, tau))
    z, p, q = _tested(compared, tested)
    spread = spread_of(pages, reference, enough)
    first_order_rate = np.minimum(share(first_order, pages.n), 1.0)
    first_z, first_p, first_q = _against(pages, first_order_rate, least)
    return PageTest(
        expected_rate=reference.rate,
        basis=basis,
        first_order_rate=first_order_rate,
        first_order_z=first_z,
        first_order_p=first_p,
        first_order_q=first_q,
        design_effect=pages.design,
        effective=pages.n / pages.design,
        standard_error=compared.error,
        z=z,
        p=p,
        q=q,
        shrunken_rate=_shrunken(pages, reference, spread),
        excess=pages.k - pages.n * reference.rate,
        flag=_flags(tested, q, alpha),
        tau=tau,
        tau_all=tau_all,
        spread=spread,
        tested=int(tested.sum()),
    )


def test_past(
    opportunities: Longs,
    turnarounds: Longs,
    nn: Longs,
    nk: Longs,
    kk: Longs,
    past_opportunities: Longs,
    past_turnarounds: Longs,
    past_nn: Longs,
    past_nk: Longs,
    past_kk: Longs,
    *,
    least: int = 30,
    alpha: float = 0.05,
) -> PastTest:
    """Test g pages against their own past, in both directions; all arrays are (g,), as test_pages takes them.

    Pages with fewer than `least` opportunities now or in the past are not tested, nor is any where fewer than
    LEAST_PAGES pages have so many. Raises ValueError when the lengths differ.
    """
    now = opportunities, turnarounds, nn, nk, kk
    past = past_opportunities, past_turnarounds, past_nn, past_nk, past_kk
    _check(*now, *past)
    pages, before = pages_of(*now), pages_of(*past)
    # The change varies by tau, and that is reckoned with the present; the past is what it was.
    reference = Reference(*before.rates, np.zeros(len(before.n)))
    tested = _if_many(np.minimum(pages.n, before.n) >= max(least, 1))
    tau = tau_of(pages, reference, tested)
    z, _, _ = _tested(gap(pages.rates, reference, tau), tested)
    p = 2 * ndtr(-np.abs(z))
    q = discovery_rates(p)
    return PastTest(
        pages.rates.rate - before.rates.rate, pages.design, z, p, q, _flags(tested, q, alpha), tau, int(tested.sum())
    )


def _check(*columns: NDArray[np.generic]) -> None:
    if len({len(column) for column in columns}) > 1:
        raise ValueError("the columns of pages differ in length")


def _if_many(enough: Flags) -> Flags:
    """Those pages, unless they are too few for a test."""
    return enough & (np.count_nonzero(enough) >= LEAST_PAGES)


def _tested(compared: Gap, tested: Flags) -> tuple[Floats, Floats, Floats]:
    """z, p and q of high rates; nan where not tested."""
    z = np.where(tested, deviates(compared), np.nan)
    p = ndtr(-z)
    return z, p, discovery_rates(p)


def _against(pages: Pages, rate: Floats, least: int) -> tuple[Floats, Floats, Floats]:
    """z, p and q against a rate that is given."""
    nothing = np.zeros(len(rate))
    reference, tested = Reference(rate, nothing, nothing, nothing), _if_many(pages.n >= max(least, 1))
    return _tested(gap(pages.rates, reference, tau_of(pages, reference, tested)), tested)


def _shrunken(pages: Pages, reference: Reference, spread: float) -> Floats:
    """Empirical Bayes: the less is known of a page, the closer to what is expected of it."""
    compared = gap(pages.rates, reference, spread)
    between = compared.together * (1 - compared.together) * spread**2
    weight = share(between, between + pages.rates.sampling, 0.0)
    return np.where(pages.n > 0, reference.rate + weight * compared.difference, reference.rate)


def _flags(tested: Flags, q: Floats, alpha: float) -> Kinds:
    return np.select([~tested, q <= alpha], [TOO_FEW, UNEXPECTED], EXPECTED).astype(np.int8)
