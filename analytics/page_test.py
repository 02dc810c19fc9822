"""Is a page's turnaround rate unexpectedly high? The test of design section 6, for all pages at once.

Expected rate. What the other pages of the same stratum have together; the page itself is left out, so that it cannot
hide behind itself. Where those have too few opportunities, it is what all other pages have.

Customers, not opportunities, are independent: who turns round once is likelier to do it again. The design effect says
how many opportunities count as one.

Pages differ for reasons that nobody need inspect. By how much is tau, an additive random effect on the funnel plot
(Spiegelhalter, Handling over-dispersion of performance indicators, Quality and Safety in Health Care 14, 2005), here on
the scale of log odds: what is twice as often at a page of few turnarounds is as unusual as at one of many. It is
estimated from winsorised differences, and from what is usual in a stratum, so that hot spots do not hide one another.

z is the difference over its standard error, which has all of this and what is not known of the expected rate in it, and
is made normal: low rates are skewed, and a plain normal tail would flag pages of few opportunities far too often. p is
the chance of such a rate or a higher one, q that of Benjamini and Hochberg over all tested. bench/page_test.py measures
how many flags are false, and how many hot spots are found.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from raceline.analytics.rates import Gap, Reference, adjusted, design_effects, deviates, gap, share, tau_between

Codes: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Kinds: TypeAlias = NDArray[np.int8]
Longs: TypeAlias = NDArray[np.int64]

# What an expected rate is that of.
STRATUM: Final = 0
ALL: Final = 1
NONE: Final = 2

TOO_FEW: Final = 0
EXPECTED: Final = 1
UNEXPECTED: Final = 2

_FAR = 2.0  # standard errors from what is usual
_ROUNDS = 3


class PageTest(NamedTuple):
    """The test of g pages; each (g,) unless said otherwise. nan: the page has no such figure, for the reason given."""

    expected_rate: Floats  # nan without another page that has opportunities
    basis: Kinds  # STRATUM, ALL (the others of its stratum have too few opportunities: all other pages), NONE
    first_order_rate: Floats  # nan without an opportunity
    first_order_z: Floats  # nan with too few opportunities; so are first_order_p and first_order_q
    first_order_p: Floats
    first_order_q: Floats
    design_effect: Floats  # opportunities that count as one, at least 1
    effective: Floats  # opportunities by design effect
    standard_error: Floats  # of rate - expected_rate where nothing is unexpected; nan without either
    z: Floats  # nan when not tested, which is with too few opportunities or no expected rate; so are p and q
    p: Floats  # of such a rate or a higher one
    q: Floats
    shrunken_rate: Floats  # between the expected rate and the page's own; nan without an expected rate
    excess: Floats  # turnarounds beyond those expected; nan without an expected rate
    flag: Kinds  # TOO_FEW (not tested), EXPECTED, UNEXPECTED
    tau: float  # how pages differ within their stratum: the standard deviation of log odds
    tau_all: float  # how pages differ without strata: for those whose basis is ALL
    spread: float  # as tau, with the hot spots: what the shrunken rates go by
    tested: int


class PastTest(NamedTuple):
    """The test of g pages against their own past; each (g,) unless said otherwise."""

    change: Floats  # rate - past rate; nan where one of them has no opportunity
    design_effect: Floats  # of the present; opportunities that count as one, at least 1
    z: Floats  # nan when not tested, which is with too few opportunities now or then; so are p and q
    p: Floats  # of such a change or a greater one, upwards or downwards
    q: Floats
    flag: Kinds  # TOO_FEW (not tested), EXPECTED, UNEXPECTED
    tau: float  # how rates change at all: the standard deviation of the change in log odds
    tested: int


class _Pages(NamedTuple):
    """Pages as the test sees them, each (g,)."""

    n: Floats
    k: Floats
    design: Floats
    rate: Floats  # nan without an opportunity, as own
    own: Floats  # the variance of the rate by chance, over p (1 - p)


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
    with fewer than `least` opportunities are not tested. A page is UNEXPECTED when its q is at most alpha. Raises
    ValueError when the lengths differ.
    """
    _check(opportunities, turnarounds, nn, nk, kk, stratum, first_order)
    pages = _pages(opportunities, turnarounds, nn, nk, kk)
    basis, reference = _expected(pages, stratum, least)
    tested = (pages.n >= max(least, 1)) & (basis != NONE)
    tau, tau_all = _taus(pages, stratum, basis, reference, tested, least)
    compared = gap(pages.rate, pages.own, reference, np.where(basis == ALL, tau_all, tau))
    z, p, q = _tested(compared, tested)
    spread = _tau(pages, reference, tested, winsorised=False)
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

    Pages with fewer than `least` opportunities now or in the past are not tested. Raises ValueError when the lengths
    differ.
    """
    now = opportunities, turnarounds, nn, nk, kk
    past = past_opportunities, past_turnarounds, past_nn, past_nk, past_kk
    _check(*now, *past)
    pages, before = _pages(*now), _pages(*past)
    # The change varies by tau, and that is reckoned with the present; the past is what it was.
    reference = Reference(before.rate, before.own, np.zeros(len(before.n)))
    tested = np.minimum(pages.n, before.n) >= max(least, 1)
    tau = _tau(pages, reference, tested)
    z, _, _ = _tested(gap(pages.rate, pages.own, reference, tau), tested)
    p = 2 * ndtr(-np.abs(z))
    q = adjusted(p, tested)
    return PastTest(pages.rate - before.rate, pages.design, z, p, q, _flags(tested, q, alpha), tau, int(tested.sum()))


def _check(*columns: NDArray[np.generic]) -> None:
    if len({len(column) for column in columns}) > 1:
        raise ValueError("the columns of pages differ in length")


def _pages(opportunities: Longs, turnarounds: Longs, nn: Longs, nk: Longs, kk: Longs) -> _Pages:
    n, k = opportunities.astype(np.float64), turnarounds.astype(np.float64)
    design = design_effects(opportunities, turnarounds, nn, nk, kk)
    return _Pages(n, k, design, share(k, n), share(design, n))


def _expected(pages: _Pages, stratum: Codes, least: int) -> tuple[Kinds, Reference]:
    """The rate of all other pages of the stratum, or of all other pages."""
    counted = np.ones(len(pages.n), np.bool_)
    near, left = _others(pages, stratum, counted)
    everybody, left_at_all = _others(pages, np.zeros_like(stratum), counted)
    basis = np.select([left >= max(least, 1), left_at_all > 0], [STRATUM, ALL], NONE).astype(np.int8)
    return basis, _either(basis == STRATUM, near, everybody)


def _others(pages: _Pages, group: Codes, counted: Flags) -> tuple[Reference, Floats]:
    """The rate of the other pages of each page's group, those that are counted, and their opportunities."""

    def left(figure: Floats) -> Floats:
        figure = figure * counted
        return np.bincount(group, figure)[group] - figure

    n = left(pages.n)
    squared = n**2
    sampling, spread = share(left(pages.n * pages.design), squared), share(left(pages.n**2), squared)
    return Reference(share(left(pages.k), n), sampling, spread), n


def _either(first: Flags, one: Reference, other: Reference) -> Reference:
    return Reference(*(np.where(first, *pair) for pair in zip(one, other, strict=True)))


def _taus(
    pages: _Pages, stratum: Codes, basis: Kinds, expected: Reference, tested: Flags, least: int
) -> tuple[float, float]:
    """How pages differ within their strata, and how those do that are compared with all pages.

    Hot spots raise what is expected of the others, and these then seem to differ from it. So tau is measured from what
    is usual: the rate of those other pages that are not far from it themselves.
    """
    usual = expected
    for _ in range(_ROUNDS):
        taus = [_tau(pages, usual, tested & (basis == kind)) for kind in (STRATUM, ALL)]
        compared = gap(pages.rate, pages.own, usual, np.where(basis == ALL, taus[1], taus[0]))
        near = np.abs(compared.difference) <= _FAR * compared.error
        of_stratum, left = _others(pages, stratum, near)
        of_all, left_at_all = _others(pages, np.zeros_like(stratum), near)
        usual = _either((basis == STRATUM) & (left >= least), of_stratum, expected)
        usual = _either((basis == ALL) & (left_at_all >= least), of_all, usual)
    return taus[0], taus[1]


def _tau(pages: _Pages, reference: Reference, chosen: Flags, *, winsorised: bool = True) -> float:
    of_chosen = Reference(*(figure[chosen] for figure in reference))
    return tau_between(pages.rate[chosen], pages.own[chosen], of_chosen, winsorised=winsorised)


def _tested(compared: Gap, tested: Flags) -> tuple[Floats, Floats, Floats]:
    """z, p and q of high rates; nan where not tested."""
    z = np.where(tested, deviates(compared), np.nan)
    p = ndtr(-z)
    return z, p, adjusted(p, tested)


def _against(pages: _Pages, rate: Floats, least: int) -> tuple[Floats, Floats, Floats]:
    """z, p and q against a rate that is given."""
    nothing = np.zeros(len(rate))
    reference, tested = Reference(rate, nothing, nothing), pages.n >= max(least, 1)
    return _tested(gap(pages.rate, pages.own, reference, _tau(pages, reference, tested)), tested)


def _shrunken(pages: _Pages, reference: Reference, spread: float) -> Floats:
    """Empirical Bayes: the less is known of a page, the closer to what is expected of it."""
    compared = gap(pages.rate, pages.own, reference, spread)
    between = compared.together * (1 - compared.together) * spread**2
    weight = share(between, between + pages.own, 0.0)
    return np.where(pages.n > 0, reference.rate + weight * compared.difference, reference.rate)


def _flags(tested: Flags, q: Floats, alpha: float) -> Kinds:
    return np.select([~tested, q <= alpha], [TOO_FEW, UNEXPECTED], EXPECTED).astype(np.int8)
