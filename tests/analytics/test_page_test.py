"""What the test of pages answers: worked examples, what must always hold, and the same said in plain loops."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param
from scipy.special import gammainc, gammaincc
from scipy.stats import binom, norm, pearson3

from raceline.analytics import page_test
from raceline.analytics.page_test import ALL, EXPECTED, NONE, STRATUM, TOO_FEW, UNEXPECTED
from raceline.analytics.rates import Gap, Rates, Reference, design_effects, deviates, gap, tau_between

CUT = 1.2815515655446004
FEW = 5  # opportunities: generated pages are small


@pytest.fixture(autouse=True)
def _strict_numpy():
    with np.errstate(all="raise", under="ignore"):
        yield


class Page(NamedTuple):
    """The opportunities and turnarounds of each of a page's customers."""

    customers: list[tuple[int, int]]
    stratum: int = 0
    first_order: float = 0.0


def visits(n, k, stratum=0, first_order=0.0):
    """n customers with one opportunity each, k of whom turned."""
    return Page([(1, int(i < k)) for i in range(n)], stratum, first_order)


def sums(pages):
    """Opportunities, turnarounds, nn, nk and kk of each page."""
    figures = [
        [sum(each) for each in zip((0,) * 5, *((n, k, n * n, n * k, k * k) for n, k in page.customers), strict=True)]
        for page in pages
    ]
    return [np.array(column, np.int64) for column in zip(*figures, strict=True)]


def judged(*pages, **more):
    stratum = np.array([page.stratum for page in pages], np.int32)
    return page_test.test_pages(*sums(pages), stratum, np.array([page.first_order for page in pages]), **more)


def against_past(now, past, **more):
    return page_test.test_past(*sums(now), *sums(past), **more)


def rate(n, k):
    return k / n if n else math.nan


class Naive:
    """The figures of the test in plain loops, once tau is known."""

    def __init__(self, pages, least=30):
        self.pages, self.least = pages, least
        self.n = [sum(n for n, _ in page.customers) for page in pages]
        self.k = [sum(k for _, k in page.customers) for page in pages]
        self.rate = [rate(n, k) for n, k in zip(self.n, self.k, strict=True)]
        self.design = [self.effect(i) for i in range(len(pages))]

    def residuals(self, i):
        """Squares of the customers' residuals, and what they would be if opportunities were independent."""
        n, r = self.n[i], self.rate[i]
        if n < 2:
            return 0.0, 0.0
        squares = sum((k - r * m) ** 2 for m, k in self.pages[i].customers)
        return squares, r * (1 - r) * n / (n - 1) * (n - sum(m * m for m, _ in self.pages[i].customers) / n)

    def returning(self, i):
        return sum(m * m for m, _ in self.pages[i].customers) / self.n[i] - 1 if self.n[i] else 0.0

    def effect(self, i):
        every = [self.residuals(j) for j in range(len(self.pages))]
        correlated = sum(plain * self.returning(j) for j, (_, plain) in enumerate(every))
        beyond = sum(squares - plain for squares, plain in every if plain > 0)
        correlation = min(max(beyond / correlated, 0.0), 1.0) if correlated > 0 else 0.0
        squares, plain = every[i]
        return max(1.0, squares / plain if plain > 0 else 1.0, 1 + correlation * self.returning(i))

    def others(self, i, *, everywhere):
        stratum = self.pages[i].stratum
        return [j for j, page in enumerate(self.pages) if j != i and (everywhere or page.stratum == stratum)]

    def basis(self, i):
        if sum(self.n[j] for j in self.others(i, everywhere=False)) >= self.least:
            return STRATUM
        return ALL if sum(self.n[j] for j in self.others(i, everywhere=True)) else NONE

    def expected(self, i):
        """The rate of the others, and the two parts of its variance."""
        others = self.others(i, everywhere=self.basis(i) == ALL)
        n = sum(self.n[j] for j in others)
        by_chance = sum(self.n[j] * self.design[j] for j in others) / n**2
        return sum(self.k[j] for j in others) / n, by_chance, sum(self.n[j] ** 2 for j in others) / n**2

    def z(self, i, tau):
        other, their_chance, their_kind = self.expected(i)
        chance = self.design[i] / self.n[i]
        p = (self.rate[i] * their_chance + other * chance) / (chance + their_chance)
        kind, theirs = p * (1 - p) * tau**2, p * (1 - p) * tau**2 * their_kind
        p = (self.rate[i] * (their_chance + theirs) + other * (chance + kind)) / (chance + kind + their_chance + theirs)
        v = p * (1 - p)
        parts = (v * chance, v**2 * tau**2), (v * their_chance, v**2 * tau**2 * their_kind)
        variance = sum(map(sum, parts))
        if variance == 0:
            return 0.0
        mine, that = (a * a + 3 * a * b + 3 * b * b for a, b in parts)
        skewness = (1 - 2 * p) * (mine - that) / (v * variance**1.5)
        up = self.rate[i] >= other
        half = (1 / self.n[i] + 1 / sum(self.n[j] for j in self.others(i, everywhere=self.basis(i) == ALL))) / 2
        standard = max(abs(self.rate[i] - other) - half, 0) / math.sqrt(variance)
        return self.deviate(standard, skewness) if up else -self.deviate(standard, -skewness)

    def deviate(self, standard, skewness):
        """A gamma variate with this skewness, counted from its mean on."""
        shape = 4 / max(abs(skewness), 1e-3) ** 2
        place = max(shape + math.copysign(standard, skewness) * math.sqrt(shape), 0)
        tail = gammainc(shape, place) if skewness < 0 else gammaincc(shape, place)
        return -NormalDist().inv_cdf(max(tail, 1e-300))


customers = st.lists(
    st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=0, max_size=25
)
some_pages = st.lists(st.builds(Page, customers, st.integers(0, 3), st.floats(0, 50)), min_size=1, max_size=12)


def test_a_page_is_expected_to_have_the_rate_of_the_other_pages_of_its_stratum():
    found = judged(visits(100, 50), visits(200, 20), visits(100, 10), visits(400, 200, stratum=1), visits(50, 5, 1))
    assert list(found.expected_rate) == approx([30 / 300, 60 / 200, 70 / 300, 5 / 50, 200 / 400])
    assert list(found.basis) == [STRATUM] * 5
    assert list(found.excess) == approx([50 - 10, 20 - 60, 10 - 100 * 70 / 300, 200 - 40, 5 - 25])


def test_where_the_others_of_the_stratum_have_too_few_opportunities_all_other_pages_are_asked():
    found = judged(visits(100, 10), visits(29, 3), visits(300, 30, stratum=1), visits(300, 60, stratum=1))
    assert list(found.basis) == [ALL, STRATUM, STRATUM, STRATUM]
    assert found.expected_rate[0] == approx(93 / 629)


@pytest.mark.parametrize("lone", [1, 2, 4])
def test_pages_that_are_alone_in_their_strata_may_differ_as_all_pages_do(lone):
    usual = [visits(2_000, 200 + i) for i in range(-20, 21)]
    found = judged(visits(2_000, 1_900, 1), *[visits(2_000, 195 + i, 1 + i) for i in range(1, lone)], *usual)
    assert list(found.basis[:lone]) == [ALL] * lone
    assert list(found.flag) == [UNEXPECTED] + [EXPECTED] * (lone + 40)
    assert found.tau_all < 0.1


def test_where_few_pages_have_others_of_their_stratum_they_may_differ_as_all_pages_do():
    found = judged(visits(2_000, 210), visits(2_000, 190), *[visits(2_000, 200 + 10 * i, 1 + i) for i in range(20)])
    assert list(found.basis) == [STRATUM] * 2 + [ALL] * 20
    assert found.tau == found.tau_all > 0.1


@pytest.mark.parametrize(
    ("pages", "flag"),
    [
        param(2, TOO_FEW, id="2 pages"),
        param(3, TOO_FEW, id="3 pages"),
        param(4, TOO_FEW, id="4 pages cannot tell how pages differ"),
        param(5, UNEXPECTED, id="5 can"),
        param(6, UNEXPECTED, id="6 pages"),
    ],
)
def test_pages_are_tested_where_there_are_enough_to_tell_how_pages_differ(pages, flag):
    usual = [visits(5_000, 500 + 10 * i) for i in range(1, pages)]
    small = [visits(29, 3)] * 7
    found = judged(visits(5_000, 2_500), *usual, *small)
    usually = TOO_FEW if flag == TOO_FEW else EXPECTED
    assert list(found.flag) == [flag] + [usually] * len(usual) + [TOO_FEW] * 7
    assert found.tested == (0 if flag == TOO_FEW else pages)
    for figure in (found.z, found.p, found.q, found.standard_error, found.first_order_z):
        assert np.isnan(figure[0]) == (flag == TOO_FEW)
    assert np.isnan([found.tau, found.tau_all]).all() == (flag == TOO_FEW)
    assert found.excess[0] > 1_900
    assert found.expected_rate[0] < found.shrunken_rate[0] < 0.5 + 1e-9


@pytest.mark.parametrize(("pages", "flag"), [(1, TOO_FEW), (4, TOO_FEW), (5, UNEXPECTED)])
def test_pages_are_compared_with_their_past_where_there_are_enough_to_tell_how_rates_change(pages, flag):
    now = [visits(2_000, 800), *[visits(2_000, 200 + i) for i in range(1, pages)]]
    found = against_past(now, [visits(8_000, 800)] * pages)
    assert found.flag[0] == flag
    assert (np.isnan(found.z[0]), np.isnan(found.tau)) == (flag == TOO_FEW, flag == TOO_FEW)
    assert found.change[0] == approx(0.3)


def test_a_page_that_is_alone_cannot_be_tested_and_is_listed():
    found = judged(visits(500, 400))
    assert (found.basis[0], found.flag[0], found.tested) == (NONE, TOO_FEW, 0)
    assert np.isnan([found.expected_rate[0], found.z[0], found.q[0], found.shrunken_rate[0], found.excess[0]]).all()
    assert found.design_effect[0] == approx(1)


@pytest.mark.parametrize(
    ("n", "flag"), [param(29, TOO_FEW, id="29 opportunities are too few"), param(30, EXPECTED, id="30 are enough")]
)
def test_pages_with_too_few_opportunities_are_listed_and_not_tested(n, flag):
    found = judged(visits(n, 3), *[visits(1_000, 100 + i) for i in (-10, -5, 0, 5, 10)])
    assert found.flag[0] == flag
    assert np.isnan(found.p[0]) == (flag == TOO_FEW)
    assert found.expected_rate[0] == approx(0.1)
    assert found.tested == 5 + (flag != TOO_FEW)


def test_a_page_without_an_opportunity_is_listed_with_what_is_expected_of_it():
    found = judged(visits(0, 0), visits(1_000, 100))
    assert (found.expected_rate[0], found.shrunken_rate[0], found.excess[0]) == (approx(0.1), approx(0.1), 0)
    assert (found.effective[0], found.flag[0]) == (0, TOO_FEW)
    assert np.isnan([found.first_order_rate[0], found.standard_error[0]]).all()


def test_a_rate_far_above_that_of_pages_like_it_is_unexpected_and_one_far_below_is_not():
    usual = [visits(400, 40 + i) for i in range(-8, 9)]
    found = judged(visits(400, 120), visits(400, 4), *usual)
    assert list(found.flag) == [UNEXPECTED] + [EXPECTED] * 18
    assert found.z[0] > 5
    assert found.z[1] < -2
    assert found.p[1] > 0.95


def test_hot_spots_do_not_hide_one_another():
    usual = [visits(400, 40 + i % 9 - 4) for i in range(40)]
    alone = judged(visits(400, 120), *usual)
    together = judged(*[visits(400, 120)] * 8, *usual)
    assert alone.flag[0] == UNEXPECTED
    assert list(together.flag) == [UNEXPECTED] * 8 + [EXPECTED] * 40
    assert together.tau < 0.25
    assert together.spread > together.tau


def test_pages_that_all_differ_have_a_great_tau_and_none_is_unexpected():
    found = judged(*[visits(1_000, k) for k in range(20, 400, 20)])
    assert found.tau > 0.5
    assert not (found.flag == UNEXPECTED).any()


def test_turnarounds_of_returning_customers_count_for_less():
    usual = [visits(400, 40 + i) for i in range(-8, 9)]
    many = judged(visits(100, 30), *usual)
    few = judged(Page([(10, 10)] * 3 + [(10, 0)] * 7), *usual)
    assert (many.design_effect[0], many.flag[0]) == (approx(1), UNEXPECTED)
    assert (few.design_effect[0], few.effective[0]) == (approx(99 / 9), approx(900 / 99))
    assert few.flag[0] == EXPECTED
    assert few.excess[0] == many.excess[0]


def test_one_customer_alone_makes_no_page_unexpected():
    usual = [visits(400, 40 + i) for i in range(-8, 9)]
    found = judged(Page([(1, 0)] * 60 + [(40, 38)]), *usual)
    assert found.design_effect[0] > 10
    assert found.flag[0] == EXPECTED


def test_a_page_of_few_customers_has_the_correlation_that_all_pages_have():
    often = [Page([(10, 10), (10, 0), (10, 0), (10, 0)] * 10) for _ in range(6)]
    found = judged(Page([(40, 20)]), *often)
    assert found.design_effect[0] > 30
    assert found.flag[0] == EXPECTED


@pytest.mark.parametrize("share", [0, 1])
def test_where_all_pages_have_the_same_rate_nothing_is_unexpected_even_without_any_variance(share):
    found = judged(*[visits(n, n * share) for n in (30, 40, 50, 60, 500)])
    assert (list(found.z), list(found.p), found.tau, found.spread) == ([0] * 5, [0.5] * 5, 0, 0)
    assert list(found.standard_error) == [0] * 5
    assert list(found.shrunken_rate) == [share] * 5
    assert list(found.flag) == [EXPECTED] * 5


@pytest.mark.parametrize("pages", [5, 21, 201])
def test_where_there_is_one_turnaround_in_all_some_page_has_to_have_it(pages):
    found = judged(visits(30, 1), *[visits(30, 0)] * (pages - 1))
    assert found.flag[0] == EXPECTED
    assert found.p[0] == approx(1 / pages, rel=0.3)


def test_with_one_other_page_that_is_as_large_p_is_that_of_fishers_exact_test():
    found = judged(visits(30, 3), visits(30, 0), *[visits(1_000, 100, stratum=1)] * 20)
    assert (found.tau, found.basis[0]) == (0, STRATUM)
    assert found.p[0] == approx(math.comb(30, 3) / math.comb(60, 3), rel=0.03)


@pytest.mark.parametrize("k", [60, 65, 70])
def test_among_many_pages_that_are_alike_p_is_that_of_a_binomial_count(k):
    found = judged(visits(500, k), *[visits(2_000, 200)] * 60)
    assert found.tau == 0
    assert found.p[0] == approx(binom.sf(k - 1, 500, 0.1), rel=0.1)


def test_first_order_is_a_rate_of_its_own_beside_the_expected_one():
    usual = [visits(400, 40 + i, first_order=40) for i in range(-8, 9)]
    found = judged(visits(400, 120, first_order=120), visits(400, 120, first_order=40), *usual)
    assert list(found.first_order_rate[:3]) == approx([0.3, 0.1, 0.1])
    assert list(found.flag[:2]) == [UNEXPECTED] * 2
    assert found.first_order_q[0] > 0.2
    assert found.first_order_q[1] < 0.001


def test_a_page_that_is_alone_in_its_stratum_is_compared_with_first_order_as_others_are():
    usual = [visits(400, 40 + i, stratum=1 + i, first_order=40) for i in range(5)]
    found = judged(visits(500, 50, first_order=50), *usual)
    assert (found.basis[0], found.first_order_rate[0]) == (ALL, approx(0.1))
    assert found.first_order_p[0] == approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [
        param(5, 0.15, 0.3, id="little is known: close to what is expected"),
        param(5_000, 0.59, 0.6, id="much is known: the page's own"),
    ],
)
def test_a_shrunken_rate_is_between_the_expected_rate_and_the_pages_own(n, low, high):
    found = judged(visits(n, n * 3 // 5), *[visits(400, k) for k in range(20, 100, 4)])
    assert low < found.shrunken_rate[0] < high


def test_alpha_and_least_are_the_callers():
    pages = [visits(60, 14), *[visits(400, 40 + i) for i in range(-8, 9)]]
    q = judged(*pages).q[0]
    assert judged(*pages, alpha=q).flag[0] == UNEXPECTED
    assert judged(*pages, alpha=q * 0.999).flag[0] == EXPECTED
    assert judged(*pages, least=61).flag[0] == TOO_FEW


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="length"):
        page_test.test_pages(*sums([visits(3, 1)]), np.zeros(2, np.int32), np.zeros(1))
    with pytest.raises(ValueError, match="length"):
        page_test.test_past(*sums([visits(3, 1)]), *sums([visits(3, 1)] * 2))


def test_no_page_at_all_is_no_error():
    empty = [np.zeros(0, np.int64)] * 5
    assert page_test.test_pages(*empty, np.zeros(0, np.int32), np.zeros(0)).tested == 0
    assert page_test.test_past(*empty, *empty).tested == 0


@given(some_pages)
def test_every_figure_is_what_plain_loops_say(pages):
    found, naive = judged(*pages, least=FEW), Naive(pages, least=FEW)
    assert list(found.design_effect) == approx(naive.design)
    assert list(found.basis) == [naive.basis(i) for i in range(len(pages))]
    for i in range(len(pages)):
        if found.basis[i] != NONE:
            assert found.expected_rate[i] == approx(naive.expected(i)[0])
        # Exactly at what is expected, the last bit of a sum decides on which side of it a rate is.
        if found.flag[i] != TOO_FEW and abs(found.excess[i]) > 1e-9:
            tau = found.tau_all if found.basis[i] == ALL else found.tau
            assert found.z[i] == approx(naive.z(i, tau), rel=1e-4, abs=1e-4)
            assert found.p[i] == approx(math.erfc(found.z[i] / math.sqrt(2)) / 2)


@given(some_pages, some_pages)
def test_a_tested_page_has_all_its_figures_and_they_are_in_their_bounds(pages, past):
    found = judged(*pages, least=FEW)
    tested = found.flag != TOO_FEW
    assert tested.sum() == found.tested
    for figure in (found.z, found.p, found.q, found.standard_error, found.excess, found.first_order_q):
        assert np.isfinite(figure[tested]).all()
    assert np.isnan(found.z[~tested]).all()
    assert (found.design_effect >= 1).all()
    assert (found.q[tested] >= found.p[tested] * (1 - 1e-9)).all()
    known = found.basis != NONE
    low = np.fmin(found.expected_rate, found.expected_rate + found.excess / np.maximum(sums(pages)[0], 1))
    high = np.fmax(found.expected_rate, found.expected_rate + found.excess / np.maximum(sums(pages)[0], 1))
    between = (low - 1e-9 <= found.shrunken_rate) & (found.shrunken_rate <= high + 1e-9)
    assert between[known].all()

    past = (past + pages)[: len(pages)]
    changed = against_past(pages, past, least=FEW)
    assert np.isfinite(changed.q[changed.flag != TOO_FEW]).all()
    assert ((changed.p >= 0) & (changed.p <= 1))[changed.flag != TOO_FEW].all()


@given(some_pages, st.randoms(use_true_random=False))
def test_the_order_of_pages_and_the_names_of_strata_change_nothing(pages, random):
    order = random.sample(range(len(pages)), len(pages))
    found = judged(*pages, least=FEW)
    other = judged(*[pages[i]._replace(stratum=9 - pages[i].stratum) for i in order], least=FEW)
    assert other.tau == approx(found.tau, abs=1e-4, nan_ok=True)
    np.testing.assert_allclose(other.z, found.z[order], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("winsorised", "mean_square"), [(True, 0.6786882), (False, 1.0)])
def test_tau_makes_the_differences_vary_as_much_as_they_should(winsorised, mean_square):
    k = np.array([9, 14, 20, 22, 25, 28, 30, 33, 35, 40, 44, 60.0])
    nothing = np.zeros(12)
    rates = Rates(k / 300, np.full(12, 1 / 300), np.full(12, 1 / 300))
    reference = Reference(np.full(12, 0.1), nothing, nothing, nothing)
    tau = tau_between(rates, reference, winsorised=winsorised)
    compared = gap(rates, reference, tau)
    standard = compared.difference / compared.error
    assert tau > 0.1
    assert np.mean((np.clip(standard, -CUT, CUT) if winsorised else standard) ** 2) == approx(mean_square, rel=1e-3)


@pytest.mark.parametrize("skewness", [-1.2, -0.3, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("difference", [-0.09, -0.02, 0.0, 0.03, 0.2])
def test_a_deviate_has_the_tail_of_pearsons_curve_from_half_a_count_nearer_on(difference, skewness):
    one = np.ones(1)
    found = deviates(Gap(0.1 * one, difference * one, 0.04 * one, skewness * one, 0.01 * one))[0]
    standard = max(abs(difference) - 0.005, 0) / 0.04
    up = difference >= 0
    tail = max(pearson3.sf(standard, skewness if up else -skewness), 1e-300)
    assert found == approx(norm.isf(tail) * (1 if up else -1), rel=1e-3, abs=1e-3)


def test_the_design_effect_of_equal_customers_is_the_correlation_within_them():
    alike = Page([(5, 5)] * 20 + [(5, 0)] * 80)
    assert design_effects(*sums([alike]))[0] == approx(5 * 499 / 495)
    assert design_effects(*sums([visits(500, 100)]))[0] == approx(1)


@pytest.mark.parametrize(
    ("n", "k", "past_n", "past_k", "flag"),
    [
        param(400, 120, 1_600, 160, UNEXPECTED, id="three times as often as before"),
        param(400, 12, 1_600, 320, UNEXPECTED, id="much less often than before"),
        param(400, 44, 1_600, 160, EXPECTED, id="a little more often"),
        param(29, 29, 1_600, 160, TOO_FEW, id="hardly seen now"),
        param(400, 120, 29, 3, TOO_FEW, id="hardly seen before"),
    ],
)
def test_a_page_is_compared_with_its_own_past(n, k, past_n, past_k, flag):
    same = [(visits(400, 40 + i), visits(1_600, 160 - 2 * i)) for i in range(-8, 9)]
    found = against_past([visits(n, k), *(now for now, _ in same)], [visits(past_n, past_k), *(was for _, was in same)])
    assert (found.flag[0], list(found.flag[1:])) == (flag, [EXPECTED] * 17)
    assert found.change[0] == approx(k / n - past_k / past_n)
    assert np.isnan(found.z[0]) == (flag == TOO_FEW)
    assert found.tested == 17 + (flag != TOO_FEW)


def test_a_page_without_a_past_has_no_change():
    found = against_past([visits(100, 10)], [visits(0, 0)])
    assert (found.flag[0], found.tested) == (TOO_FEW, 0)
    assert np.isnan([found.change[0], found.tau]).all()


def test_returning_customers_count_for_less_in_the_past_too():
    now, before = [visits(400, 80)] * 5, [visits(400, 40)] * 5
    often = [Page([(20, 20)] * 2 + [(20, 0)] * 18)] * 5
    assert against_past(now, often).z[0] < against_past(now, before).z[0]
