"""Is a page's turnaround rate unexpectedly high? The test of design section 6, for all pages at once.

Expected rate. What the other pages of the same stratum have together; the page itself is left out, so that it cannot
hide behind itself. Where those have too few opportunities, it is what all other pages have.

Customers, not opportunities, are independent: who turns round once is likelier to do it again. The design effect is how
many opportunities count as one (Rao and Scott, A simple method for the analysis of clustered binary data, Biometrics
48, 1992).

Pages differ for reasons that nobody need inspect. By how much is tau, an additive random effect on the funnel plot
(Spiegelhalter, Handling over-dispersion of performance indicators, Quality and Safety in Health Care 14, 2005). It is
on the scale on which the variance of a rate does not hang on the rate: pages from which the rate p is expected differ
with the variance tau^2 p (1 - p). It is estimated from winsorised z, so that hot spots do not hide one another.

p is the chance of such a rate or a higher one. Design effect, tau, and what is not known of the expected rate make the
number of independent opportunities that would be as uncertain; p is the binomial tail in so many, half of what was seen
counted. A normal tail would flag pages of low rates and few opportunities far too often. z is the normal deviate with
this p, and q that of Benjamini and Hochberg over all tested.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.rates import Reference, adjusted, design_effects, gap, share, surprise, tau_between

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
    tau: float  # how pages differ within their stratum: by tau sqrt(p (1 - p)) from an expected rate p
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
    tau: float  # how rates change at all: by tau sqrt(p (1 - p))
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
    with fewer than `least` opportunities are not tested. A page is UNEXPECTED when its q is at most alpha. Raises
    ValueError when the lengths differ.
    """
    _check(opportunities, turnarounds, nn, nk, kk, stratum, first_order)
    n, k = opportunities.astype(np.float64), turnarounds.astype(np.float64)
    design = design_effects(opportunities, turnarounds, nn, nk, kk)
    rate, own = share(k, n), share(design, n)
    basis, reference = _expected(n, k, design, stratum, least)
    tested = (n >= max(least, 1)) & (basis != NONE)
    tau, tau_all = (_tau(rate, own, reference, tested & (basis == kind)) for kind in (STRATUM, ALL))
    compared = gap(rate, own, reference, np.where(basis == ALL, tau_all, tau))
    found = surprise(compared)
    p = np.where(tested, found.above, np.nan)
    q = adjusted(p, tested)
    spread = _tau(rate, own, reference, tested, winsorised=False)
    first_rate, first_z, first_p, first_q = _first_order(rate, own, n, first_order, least)
    return PageTest(
        expected_rate=reference.rate,
        basis=basis,
        first_order_rate=first_rate,
        first_order_z=first_z,
        first_order_p=first_p,
        first_order_q=first_q,
        design_effect=design,
        effective=n / design,
        standard_error=np.sqrt(compared.variance),
        z=np.where(tested, found.z, np.nan),
        p=p,
        q=q,
        shrunken_rate=_shrunken(rate, own, reference.rate, spread),
        excess=k - n * reference.rate,
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
    n, k = opportunities.astype(np.float64), turnarounds.astype(np.float64)
    past_n, past_k = past_opportunities.astype(np.float64), past_turnarounds.astype(np.float64)
    design = design_effects(*now)
    rate, own = share(k, n), share(design, n)
    # The change varies by tau, and that is reckoned with the present; the past is what it was.
    known = share(design_effects(*past), past_n)
    reference = Reference(share(past_k, past_n), known, np.zeros(len(n)))
    tested = np.minimum(n, past_n) >= max(least, 1)
    tau = _tau(rate, own, reference, tested)
    found = surprise(gap(rate, own, reference, tau))
    p = np.where(tested, np.minimum(2 * np.minimum(found.above, found.below), 1.0), np.nan)
    q = adjusted(p, tested)
    z = np.where(tested, found.z, np.nan)
    return PastTest(rate - reference.rate, design, z, p, q, _flags(tested, q, alpha), tau, int(tested.sum()))


def _check(*columns: NDArray[np.generic]) -> None:
    if len({len(column) for column in columns}) > 1:
        raise ValueError("the columns of pages differ in length")


def _expected(n: Floats, k: Floats, design: Floats, stratum: Codes, least: int) -> tuple[Kinds, Reference]:
    """The rate of all other pages of the stratum, or of all other pages."""
    near, left = _others(n, k, design, stratum)
    everybody, left_at_all = _others(n, k, design, np.zeros_like(stratum))
    basis = np.select([left >= max(least, 1), left_at_all > 0], [STRATUM, ALL], NONE).astype(np.int8)
    chosen = (np.where(basis == STRATUM, *pair) for pair in zip(near, everybody, strict=True))
    return basis, Reference(*chosen)


def _others(n: Floats, k: Floats, design: Floats, group: Codes) -> tuple[Reference, Floats]:
    """The rate of the other pages of each page's group, and how many opportunities these have."""

    def left(figure: Floats) -> Floats:
        return np.bincount(group, figure)[group] - figure

    others = left(n)
    squared = others**2
    return Reference(share(left(k), others), share(left(n * design), squared), share(left(n**2), squared)), others


def _tau(rate: Floats, own: Floats, reference: Reference, chosen: Flags, *, winsorised: bool = True) -> float:
    return tau_between(
        rate[chosen], own[chosen], Reference(*(figure[chosen] for figure in reference)), winsorised=winsorised
    )


def _first_order(rate: Floats, own: Floats, n: Floats, first_order: Floats, least: int) -> tuple[Floats, ...]:
    """The rate that the transitions alone would give, and z, p and q of the rate against it."""
    nothing = np.zeros(len(n))
    reference = Reference(np.minimum(share(first_order, n), 1.0), nothing, nothing)
    tested = n >= max(least, 1)
    found = surprise(gap(rate, own, reference, _tau(rate, own, reference, tested)))
    p = np.where(tested, found.above, np.nan)
    return reference.rate, np.where(tested, found.z, np.nan), p, adjusted(p, tested)


def _shrunken(rate: Floats, own: Floats, expected: Floats, spread: float) -> Floats:
    """Empirical Bayes: the less is known of a page, the closer to what is expected of it."""
    weight = share(np.full(len(own), spread**2), np.nan_to_num(own) + spread**2, 0.0)
    return np.where(np.isnan(rate), expected, expected + weight * (rate - expected))


def _flags(tested: Flags, q: Floats, alpha: float) -> Kinds:
    return np.select([~tested, q <= alpha], [TOO_FEW, UNEXPECTED], EXPECTED).astype(np.int8)
