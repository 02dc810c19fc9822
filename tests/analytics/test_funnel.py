"""Funnels: who gets how far, how long it takes, how sure that is - and a naive twin in plain loops."""

import math
import re
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param
from scipy.special import stdtrit
from tests.analytics.arrays import end_to_end

from raceline.analytics.funnel import Funnel, _bounds, funnel, reached
from raceline.analytics.path_arrays import PathArrays, annotated
from raceline.domain.path_pattern import parse
from raceline.projections.path_patterns import automaton, funnel_steps

SECOND = 1_000_000
Z = 1.959963984540054
FUNNEL = "search: a -> .* -> read: [b c] -> .* -> buy: d"
REGEXES = {"a": "a", "a -> .* -> [b c]": "a.*?[bc]", "a -> .* -> [b c] -> .* -> d": "a.*?[bc].*?d"}
ALONE = ["a", "[bc]", "d"]
NAN = approx(math.nan, nan_ok=True)

# Visits as words, a letter a page; a step is taken every ten seconds, and a visit each hour. Those of a customer are
# neighbours, and customers have codes in any order.
visits = st.lists(st.tuples(st.integers(0, 2), st.text("abcd", min_size=1, max_size=6)), max_size=10).map(
    lambda found: [((5, 0, 3)[of], word) for of, word in sorted(found)]
)


def columns(found) -> PathArrays:
    page, path_start, _ = end_to_end([[ord(letter) - ord("a") for letter in word] for _, word in found])
    at = [3600 * n + 10 * i for n, (_, word) in enumerate(found) for i in range(len(word))]
    customer = np.array([of for of, _ in found], np.int32)
    return annotated(path_start, page, np.array(at, np.int64) * SECOND, customer, np.zeros(len(found), np.bool_), 4)


def machines(text):
    codes = {letter: code for code, letter in enumerate("abcd")}
    steps = funnel_steps(parse(text))
    return [automaton(step.prefix, codes, 4) for step in steps], [automaton(step.alone, codes, 4) for step in steps]


def told(text, found, **more) -> Funnel:
    return funnel(columns(found), *machines(text), **more)


class Naive:
    """The funnel FUNNEL, word by word."""

    def __init__(self, found, *, per_customer):
        timed = [(of, [(page, 3600 * n + 10 * i) for i, page in enumerate(word)]) for n, (of, word) in enumerate(found)]
        if per_customer:
            grouped = groupby(timed, key=lambda visit: visit[0])
            timed = [(of, [step for _, steps in own for step in steps]) for of, own in grouped]
        self.sequences = [(of, "".join(page for page, _ in steps), [at for _, at in steps]) for of, steps in timed]

    def done(self, step):
        """For each sequence the seconds at which it was done, None for never."""
        regex = [f"^.*?{one}" for one in REGEXES.values()][step]
        ends = [(re.search(regex, word), at) for _, word, at in self.sequences]
        return [at[match.end() - 1] if match else None for match, at in ends]

    def counts(self, step):
        return len([1 for at in self.done(step) if at is not None])

    def customers(self, step):
        return len({of for (of, *_), at in zip(self.sequences, self.done(step), strict=True) if at is not None})

    def seconds(self, step):
        return [b - a for a, b in zip(self.done(step - 1), self.done(step), strict=True) if b is not None]

    def base(self, step):
        return len([1 for _, word, _ in self.sequences if re.search(ALONE[step], word)])


def ratio(part, whole):
    return part / whole if whole else math.nan


@given(visits, st.booleans())
def test_it_says_what_the_naive_twin_says(found, per_customer):
    twin, figures = Naive(found, per_customer=per_customer), told(FUNNEL, found, per_customer=per_customer)
    everything = len(twin.sequences)
    for step in range(3):
        before = twin.counts(step - 1) if step else everything
        conversion, base = ratio(twin.counts(step), before), ratio(twin.base(step), everything)
        seconds = twin.seconds(step) if step else []
        assert figures.paths[step] == twin.counts(step)
        assert figures.customers[step] == twin.customers(step)
        assert (figures.of_previous[step], figures.of_first[step]) == (before, twin.counts(0))
        assert figures.conversion[step] == approx(conversion, nan_ok=True)
        assert figures.overall_conversion[step] == approx(ratio(twin.counts(step), twin.counts(0)), nan_ok=True)
        assert figures.base_rate[step] == approx(base, nan_ok=True)
        assert figures.lift[step] == approx(ratio(conversion, base), nan_ok=True)
        assert figures.median_seconds[step] == (approx(np.median(seconds)) if seconds else NAN)
        assert figures.p95_seconds[step] == (approx(np.quantile(seconds, 0.95)) if seconds else NAN)


@given(visits, st.booleans())
def test_the_paths_behind_a_step_are_as_many_as_got_there(found, per_customer):
    paths, (prefixes, alone) = columns(found), machines(FUNNEL)
    behind = reached(paths, prefixes, per_customer=per_customer)
    assert behind.sum(axis=1).tolist() == funnel(paths, prefixes, alone, per_customer=per_customer).paths.tolist()
    assert behind.shape == (3, len(found))
    if not per_customer:
        assert (behind[1:] <= behind[:-1]).all()


@given(visits)
def test_the_interval_holds_the_conversion(found):
    figures = told(FUNNEL, found)
    known = ~np.isnan(figures.conversion_low)
    assert (figures.conversion_low[known] <= figures.conversion[known] + 1e-12).all()
    assert (figures.conversion_high[known] >= figures.conversion[known] - 1e-12).all()
    assert (known == ~np.isnan(figures.conversion_high)).all()


def test_a_customer_who_comes_back_is_two_paths_and_one_customer():
    found = [(1, "ab"), (1, "cd"), (2, "abd")]
    assert told(FUNNEL, found).paths.tolist() == [2, 2, 1]
    each = told(FUNNEL, found, per_customer=True)
    assert each.paths.tolist() == each.customers.tolist() == [2, 2, 2]
    assert each.median_seconds.tolist()[1:] == [10, (3600 + 10 - 10 + 10) / 2]


def test_the_path_behind_a_customer_s_step_is_the_one_in_which_it_was_done():
    behind = reached(columns([(1, "ab"), (1, "ca"), (1, "cd")]), machines(FUNNEL)[0], per_customer=True)
    assert behind.tolist() == [[True, False, False], [True, False, False], [False, False, True]]


def test_visits_of_different_customers_are_never_one():
    assert told(FUNNEL, [(1, "ab"), (2, "d")], per_customer=True).paths.tolist() == [1, 1, 0]


def test_a_step_that_comes_as_often_without_the_one_before_has_a_lift_of_one():
    same = told("x: a -> .* -> y: d", [(1, "ad"), (2, "ab"), (3, "bd"), (4, "bc")])
    assert (same.conversion[1], same.base_rate[1], same.lift[1]) == (0.5, 0.5, 1)
    more = told("x: a -> .* -> y: d", [(1, "ad"), (2, "ad"), (3, "bc"), (4, "bc")])
    assert (more.conversion[1], more.base_rate[1], more.lift[1]) == (1, 0.5, 2)


def test_a_step_that_nobody_comes_to_has_no_time_and_no_lift_and_the_next_no_conversion():
    figures = told("x: a -> y: d -> z: c", [(1, "ab"), (2, "ac")])
    assert figures.paths.tolist() == [2, 0, 0]
    assert figures.conversion.tolist() == [1, 0, NAN]
    assert figures.lift.tolist() == [1, NAN, NAN]
    assert figures.median_seconds.tolist() == [NAN, NAN, NAN]


@pytest.mark.parametrize(
    ("hits", "tries", "bounds"),
    [
        param([], [], (math.nan, math.nan), id="of nobody nothing is known"),
        param([1], [2], (math.nan, math.nan), id="of one customer no interval is known"),
        param([1, 0, 0], [2, 0, 0], (math.nan, math.nan), id="nor when the others never tried"),
    ],
)
def test_an_interval_needs_two_customers(hits, tries, bounds):
    assert _bounds(np.array(hits, np.int64), np.array(tries, np.int64)) == approx(bounds, nan_ok=True)


def wilson(rate, tries):
    middle, whole = rate + Z**2 / (2 * tries), 1 + Z**2 / tries
    width = Z * math.sqrt(rate * (1 - rate) / tries + Z**2 / (4 * tries**2))
    return approx(((middle - width) / whole, (middle + width) / whole))


def narrowed(customers):
    return (Z / stdtrit(customers - 1, 0.975)) ** 2


def test_with_a_path_for_each_customer_the_interval_is_wilson_s():
    """But for the loss of one customer to the variance, and for the t."""
    hits = np.array([1] * 30 + [0] * 70)
    assert _bounds(hits, np.ones(100, np.int64)) == wilson(0.3, 99 * narrowed(100))


def test_a_customer_who_always_does_the_same_is_one_try():
    hits = np.array([50] * 3 + [0] * 7)
    assert _bounds(hits, np.full(10, 50)) == wilson(0.3, 9 * narrowed(10))
    assert _bounds(np.full(10, 50), np.full(10, 50)) == wilson(1, 10 * narrowed(10))
    assert _bounds(np.zeros(10, np.int64), np.full(10, 50)) == wilson(0, 10 * narrowed(10))


def test_customers_who_are_more_alike_than_chance_make_it_no_surer():
    assert _bounds(np.full(10, 5), np.full(10, 10)) == wilson(0.5, 100 * narrowed(10))


def test_the_interval_holds_its_level_where_customers_have_traits_of_their_own():
    """Wilson's interval of the paths, as if each were of another customer, is beside the truth five times as often."""
    draw = np.random.default_rng(5)
    held = naive = 0
    for _ in range(1_000):
        tries = 1 + draw.poisson(5, 60)
        hits = draw.binomial(tries, draw.beta(0.6, 1.4, 60))
        low, high = _bounds(hits, tries)
        held += low <= 0.3 <= high
        rate, n = hits.sum() / tries.sum(), tries.sum()
        width = Z * math.sqrt(rate * (1 - rate) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
        naive += abs((rate + Z**2 / (2 * n)) / (1 + Z**2 / n) - 0.3) <= width
    assert 935 <= held <= 970
    assert naive <= 800


def test_the_time_between_steps_is_that_between_known_times():
    """Of a page that a click only names as its source, nobody saw when it was reached."""
    found = columns([(0, "ab"), (1, "ab"), (2, "ab")])
    found = found._replace(at=np.array([0, 0, 0, 30, 0, 50]) * SECOND, seen=np.array([0, 1, 1, 1, 1, 1], np.bool_))
    assert funnel(found, *machines("one: a -> two: b")).median_seconds.tolist() == [NAN, 40]
    unknown = found._replace(seen=np.zeros(6, np.bool_))
    assert funnel(unknown, *machines("one: a -> two: b")).median_seconds.tolist() == [NAN, NAN]
