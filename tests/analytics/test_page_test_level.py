"""How often the test of pages is wrong, in generated worlds whose truth is known; bench/page_test.py asks at length."""

import math

import numpy as np
import pytest
from pytest import param

from raceline.analytics import page_test
from raceline.analytics.false_discovery import discovery_rates
from raceline.analytics.page_test import TOO_FEW, UNEXPECTED

ALPHA = 0.05


def log_odds(rate):
    return np.log(rate / (1 - np.asarray(rate)))


def from_log_odds(odds):
    return 1 / (1 + np.exp(-odds))


def world(seed, *, rates=(0.1, 0.25), pages=200, least=30, most=2_000, differ=0.3, trait=0.75, hot=0.0, times=1.0):
    """The sums of each page, its type, whether it is a hot spot; customers have a trait and a few come often."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, len(rates), pages).astype(np.int32)
    spot = rng.random(pages) < hot
    usual = from_log_odds(log_odds(rates)[kind] + differ * rng.standard_normal(pages))
    rate = np.where(spot, np.minimum(usual * times, 0.95), usual)
    n = np.exp(rng.uniform(math.log(least), math.log(most + 1), pages)).astype(np.int64)
    page = np.repeat(np.arange(pages), n)
    weight = rng.pareto(1.2, 5_000) + 0.1
    customer = rng.choice(5_000, len(page), p=weight / weight.sum())
    odds = log_odds(rate)[page] + (trait * rng.standard_normal(5_000))[customer]
    turned = rng.random(len(page)) < from_log_odds(odds)
    pair, of_pair = np.unique(page * 5_000 + customer, return_inverse=True)
    n, k = np.bincount(of_pair), np.bincount(of_pair, turned)
    at_page = pair // 5_000
    sums = [np.bincount(at_page, figure, pages).astype(np.int64) for figure in (n, k, n * n, n * k, k * k)]
    return sums, kind, spot


def naive_flags(n, k):
    """Every page against the rate of all, by a normal tail, with the same correction."""
    rate = k.sum() / n.sum()
    z = (k - n * rate) / np.sqrt(n * rate * (1 - rate))
    p = np.array([math.erfc(each / math.sqrt(2)) / 2 for each in z])
    return discovery_rates(np.where(n >= 30, p, np.nan)) <= ALPHA


def judged(sums, kind):
    return page_test.test_pages(*sums, kind, np.zeros(len(kind)), alpha=ALPHA)


@pytest.mark.parametrize(
    "of",
    [
        param({}, id="pages differ and customers return"),
        param({"differ": 0.0, "trait": 0.0}, id="pages of a type are alike"),
        param({"differ": 0.6}, id="pages differ a lot"),
        param({"rates": (0.02, 0.05)}, id="low rates"),
        param({"rates": (0.03,), "most": 30, "differ": 0.0}, id="one turnaround in 30 opportunities"),
        param({"rates": (0.9, 0.8)}, id="high rates"),
        param({"rates": tuple(np.linspace(0.05, 0.5, 100))}, id="strata of two pages"),
        param({"pages": 20}, id="few pages"),
        param({"trait": 2.0}, id="customers who always turn, or never"),
    ],
)
def test_without_a_hot_spot_hardly_a_page_is_flagged_and_p_is_what_it_says(of):
    found = [judged(*world(seed, **of)[:2]) for seed in range(10)]
    p = np.concatenate([each.p[each.flag != TOO_FEW] for each in found])
    flagged = np.concatenate([each.flag == UNEXPECTED for each in found])
    assert np.mean(p < 0.05) < 0.07
    assert np.mean(p < 0.01) < 0.02
    assert np.mean(flagged) < 0.01


def test_three_fold_hot_spots_are_found_with_few_false_flags_where_most_of_the_naive_ones_are_false():
    false, naively_false, found, spots = [], [], 0, 0
    for seed in range(10):
        sums, kind, spot = world(seed, hot=0.1, times=3.0)
        flags, naive = judged(sums, kind).flag == UNEXPECTED, naive_flags(*sums[:2])
        false.append((flags & ~spot).sum() / max(flags.sum(), 1))
        naively_false.append((naive & ~spot).sum() / naive.sum())
        found, spots = found + (flags & spot).sum(), spots + spot.sum()
    assert np.mean(false) <= 0.10
    assert found / spots >= 0.6
    assert np.mean(naively_false) > 0.5


@pytest.mark.parametrize(
    ("differ", "rates"),
    [
        param(0.0, (0.1, 0.25), id="nothing has changed"),
        param(0.3, (0.1, 0.25), id="every page has changed a little"),
        param(0.0, (0.03,), id="low rates"),
    ],
)
def test_against_the_past_p_is_what_it_says(differ, rates):
    p = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        usual = log_odds(rates)[rng.integers(0, len(rates), 200)]
        n = rng.integers(30, 500, 200)
        k = rng.binomial(n, from_log_odds(usual + differ * rng.standard_normal(200)))
        past_k = rng.binomial(4 * n, from_log_odds(usual))
        found = page_test.test_past(n, k, n, k, k, 4 * n, past_k, 4 * n, past_k, past_k)
        assert (found.flag == UNEXPECTED).mean() < 0.01
        p.append(found.p)
    assert np.mean(np.concatenate(p) < 0.05) < 0.07
