"""Shapley values: the definition over all orders of the groups, and what must always hold of them."""

from itertools import permutations
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.visits import plain

from raceline.analytics import shapley as game
from raceline.analytics.incidence import from_hazards
from raceline.analytics.shapley import coalitions, shapley

K, E = 7, 5  # all bins and exits, as from_hazards wants them
FEW = st.integers(1, 4)


@st.composite
def games(draw, groups=FEW):
    """Intercepts, a customer's logits and those of a few background rows; some exits were never seen."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, rows, scale = draw(groups), draw(st.integers(1, 3)), draw(st.sampled_from([0.1, 1.0, 30.0]))
    intercept = dice.normal(-2, 1, (K, E))
    intercept[:, dice.random(E) < 0.3] = -np.inf
    own, background = dice.normal(0, scale, (count, K, E)), dice.normal(0, scale, (rows, count, K, E))
    return intercept, own, background


def incidence(logits, by):
    """(K,) by the softmax of the bins, one after another."""
    odds = np.array([[exp(min(x, 700)) for x in row] for row in logits])
    hazards = odds / (1 + odds.sum(axis=1, keepdims=True))
    return from_hazards(hazards[None])[0, :, by]


def value(intercept, own, background, by, members):
    """What is told when these groups are the customer's own, and the others those of a background row."""
    each = [
        incidence(intercept + sum(own[g] if g in members else row[g] for g in range(len(own))), by)
        for row in background
    ]
    return np.mean(each, axis=0)


def twin(intercept, own, background, by):
    """(G, K) the mean, over all orders in which the groups may come in, of what each adds when it comes."""
    groups = len(own)
    found = np.zeros((groups, K))
    for order in permutations(range(groups)):
        for n, g in enumerate(order):
            before, after = (value(intercept, own, background, by, order[: n + more]) for more in (0, 1))
            found[g] += (after - before) / factorial(groups)
    return found


@settings(max_examples=8, deadline=None)
@given(games(), st.integers(0, E - 1))
def test_contributions_are_the_mean_gain_over_all_orders_of_the_groups(made, by):
    np.testing.assert_allclose(shapley(coalitions(*made, by)), twin(*made, by), rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(games(st.just(8)), st.integers(0, E - 1))
def test_the_base_and_the_contributions_of_eight_groups_add_up_to_the_score(made, by):
    values = coalitions(*made, by)
    nobody, everybody = value(*made, by, ()), value(*made, by, range(8))
    np.testing.assert_allclose(values[0], nobody, rtol=0, atol=1e-12)
    np.testing.assert_allclose(values[0] + shapley(values).sum(axis=0), everybody, rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(games(st.integers(2, 8)), st.data())
def test_a_group_that_is_the_same_in_all_rows_contributes_exactly_nothing(made, data):
    intercept, own, background = made
    g = data.draw(st.integers(0, len(own) - 1))
    own[g] = background[:, g] = data.draw(st.sampled_from([0.0, -0.3, 7.7]))
    assert (shapley(coalitions(intercept, own, background, 0))[g] == 0.0).all()


@settings(max_examples=25, deadline=None)
@given(games(st.integers(2, 8)))
def test_groups_that_say_the_same_contribute_the_same(made):
    intercept, own, background = made
    own[0], background[:, 0] = own[-1], background[:, -1]
    found = shapley(coalitions(intercept, own, background, 0))
    np.testing.assert_allclose(found[0], found[-1], rtol=0, atol=1e-12)


def test_one_group_contributes_all_that_differs_from_the_base():
    values = np.array([[0.25, 0.5], [0.75, 0.5]])
    assert shapley(values).tolist() == [[0.5, 0.0]]


def test_an_exit_that_was_never_seen_has_no_chance_in_any_coalition():
    intercept = np.full((K, E), -2.0)
    intercept[:, 3] = -np.inf
    values = coalitions(intercept, np.ones((3, K, E)), np.zeros((2, 3, K, E)), 3)
    assert (values == 0.0).all()


@settings(max_examples=3, deadline=None)
@given(games(st.integers(1, 3)))
def test_compiled_and_plain_coalitions_agree(made):
    with plain(game):
        slow = coalitions(*made, 1)
    np.testing.assert_allclose(coalitions(*made, 1), slow, rtol=0, atol=1e-15)


@pytest.mark.parametrize("groups", [1, 5, 8])
def test_every_coalition_without_a_group_counts_once(groups):
    without, weight = game._orders(groups)
    assert weight.sum() == pytest.approx(1.0, abs=1e-15)
    for g, rest in enumerate(without):
        assert sorted(rest.tolist()) == [s for s in range(1 << groups) if not s >> g & 1]
