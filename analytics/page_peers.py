"""What is expected of a page: the rate of its peers, and how much pages differ from that for no reason of note."""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.rates import Flags, Floats, Longs, Rates, Reference, design_effects, gap, share, tau_between

Codes: TypeAlias = NDArray[np.int32]
Kinds: TypeAlias = NDArray[np.int8]

# Whose rate is expected: that of the other pages of the stratum, of all other pages, or of none.
STRATUM: Final = 0
ALL: Final = 1
NONE: Final = 2

# Of fewer pages nobody can say how much they differ anyway: where one has a quarter of the say, it never stands out.
LEAST_PAGES: Final = 5

_FAR = 2.0  # standard errors from what is usual
_ROUNDS = 3


class Pages(NamedTuple):
    """Pages as the test sees them, each (g,)."""

    n: Floats
    k: Floats
    design: Floats
    rates: Rates


def pages_of(opportunities: Longs, turnarounds: Longs, nn: Longs, nk: Longs, kk: Longs) -> Pages:
    """Pages from the sums that `test_pages` takes."""
    n, k = opportunities.astype(np.float64), turnarounds.astype(np.float64)
    design = design_effects(opportunities, turnarounds, nn, nk, kk)
    return Pages(n, k, design, Rates(share(k, n), share(design, n), share(np.ones(len(n)), n)))


def expected_of(pages: Pages, stratum: Codes, least: int) -> tuple[Kinds, Reference]:
    """The rate of all other pages of the stratum, or of all other pages."""
    counted = np.ones(len(pages.n), np.bool_)
    near, left = _others(pages, stratum, counted)
    everybody, left_at_all = _others(pages, np.zeros_like(stratum), counted)
    basis = np.select([left >= max(least, 1), left_at_all > 0], [STRATUM, ALL], NONE).astype(np.int8)
    return basis, _either(basis == STRATUM, near, everybody)


def _others(pages: Pages, group: Codes, counted: Flags) -> tuple[Reference, Floats]:
    """The rate of the other pages of each page's group, those that are counted, and their opportunities."""

    def left(figure: Floats) -> Floats:
        figure = figure * counted
        return np.bincount(group, figure)[group] - figure

    n = left(pages.n)
    squared = n**2
    sampling, spread = share(left(pages.n * pages.design), squared), share(left(pages.n**2), squared)
    return Reference(share(left(pages.k), n), sampling, share(np.ones(len(n)), n), spread), n


def _either(first: Flags, one: Reference, other: Reference) -> Reference:
    return Reference(*(np.where(first, *pair) for pair in zip(one, other, strict=True)))


def taus_of(
    pages: Pages, stratum: Codes, basis: Kinds, expected: Reference, tested: Flags, least: int
) -> tuple[float, float]:
    """How pages differ within their strata, and how they differ without strata; nan where too few are tested to tell.

    Pages whose basis is ALL may have nothing in common but that: how those few differ says nothing of what is usual.
    So they are taken to differ as all pages do, whatever their basis is, and where few have the basis STRATUM, so do
    these.
    """
    nobody = np.zeros_like(stratum)
    everybody, _ = _others(pages, nobody, np.ones(len(pages.n), np.bool_))
    tau_all = _tau_of_usual(pages, nobody, everybody, tested, least)
    near = basis == STRATUM
    if np.count_nonzero(tested & near) < LEAST_PAGES:
        return tau_all, tau_all
    return _tau_of_usual(pages, stratum, expected, tested & near, least), tau_all


def _tau_of_usual(pages: Pages, group: Codes, expected: Reference, chosen: Flags, least: int) -> float:
    """How the pages that are chosen differ from the other pages of their group.

    Hot spots raise what is expected of the others, and these then seem to differ from it. So tau is measured from what
    is usual: the rate of those other pages that are not far from it themselves.
    """
    usual, tau = expected, np.nan
    for _ in range(_ROUNDS):
        tau = tau_of(pages, usual, chosen)
        compared = gap(pages.rates, usual, tau)
        near = np.abs(compared.difference) <= _FAR * compared.error
        others, left = _others(pages, group, near)
        usual = _either(left >= max(least, 1), others, expected)
    return tau


def tau_of(pages: Pages, reference: Reference, chosen: Flags) -> float:
    """How the pages that are chosen differ from their reference, hot spots aside (`tau_between`); nan for too few."""
    return _tau(pages, reference, chosen, winsorised=True) if np.count_nonzero(chosen) >= LEAST_PAGES else np.nan


def spread_of(pages: Pages, reference: Reference, chosen: Flags) -> float:
    """As `tau_of`, with the hot spots, and however few the pages are: 0 without any."""
    return _tau(pages, reference, chosen, winsorised=False)


def _tau(pages: Pages, reference: Reference, chosen: Flags, *, winsorised: bool) -> float:
    rates = Rates(*(figure[chosen] for figure in pages.rates))
    return tau_between(rates, Reference(*(figure[chosen] for figure in reference)), winsorised=winsorised)
