"""Which exit a row takes: what scikit-learn learns, what an offset does, and replicates by their definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from sklearn.linear_model import LogisticRegression

from raceline.analytics.softmax import Rows, Softmax, fit_softmax, one_step, residuals

EXACT = 1e-9


def drawn(seed, n=400, d=3, classes=2):
    dice = np.random.default_rng(seed)
    x = dice.normal(size=(n, d))
    eta = x @ dice.normal(0, 0.7, (d, classes)) - 0.5
    y = np.argmax(np.hstack([np.zeros((n, 1)), eta]) + dice.gumbel(size=(n, classes + 1)), axis=1)
    return x, y.astype(np.int8)


@pytest.mark.parametrize("ridge", [0.5, 20.0])
def test_of_two_outcomes_it_learns_what_scikit_learn_learns(ridge):
    x, y = drawn(1, classes=1)
    theirs = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=1_000).fit(x, y)
    ours = fit_softmax(Rows(x, y, None, 1), ridge, EXACT)
    assert ours.weight[:, 0] == approx(theirs.coef_[0], abs=1e-6)
    assert ours.intercept == approx(theirs.intercept_, abs=1e-6)


def test_of_many_outcomes_it_gives_the_chances_that_scikit_learn_gives():
    """Without a ridge, which scikit-learn puts on the reference class as well."""
    x, y = drawn(2, classes=3)
    theirs = LogisticRegression(C=1e9, tol=1e-10, max_iter=1_000).fit(x, y)
    ours = fit_softmax(Rows(x, y, None, 3), 1e-9, EXACT)
    assert ours.weight == approx((theirs.coef_[1:] - theirs.coef_[0]).T, abs=1e-5)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
@settings(max_examples=20)
def test_at_the_best_weights_the_slope_is_that_of_the_ridge_alone(seed, ridge):
    x, y = drawn(seed, 120)
    offset = np.random.default_rng(seed).normal(size=(120, 2))
    best = fit_softmax(Rows(x, y, offset, 2), ridge, EXACT)
    left = x @ best.weight + best.intercept + offset
    residuals(left, y)
    assert left.sum(axis=0) == approx(0, abs=1e-4)
    assert x.T @ left == approx(-ridge * best.weight, abs=1e-4)


def test_what_the_offset_already_says_is_not_learned_again():
    x, y = drawn(3)
    first = fit_softmax(Rows(x, y, None, 2), 1e-6, EXACT)
    again = fit_softmax(Rows(x, y, x @ first.weight + first.intercept, 2), 1.0, EXACT)
    assert again.weight == approx(0, abs=1e-5)


def test_a_column_of_zeros_has_a_weight_of_exactly_zero_and_no_columns_leave_the_share():
    x, y = drawn(4)
    x[:, 1] = 0
    assert (fit_softmax(Rows(x, y, None, 2), 1.0).weight[1] == 0).all()
    bare = fit_softmax(Rows(x[:, :0], y, None, 2), 1.0, EXACT)
    assert np.exp(bare.intercept) == approx(np.bincount(y)[1:] / np.sum(y == 0), rel=1e-5)


def test_a_replicate_is_nearly_what_would_be_learned_if_rows_counted_as_they_are_drawn():
    x, y = drawn(5, 3_000, classes=1)
    best = fit_softmax(Rows(x, y, None, 1), 5.0, EXACT)
    times = np.random.default_rng(5).poisson(1.0, 3_000)
    refit = fit_softmax(Rows(np.repeat(x, times, axis=0), np.repeat(y, times), None, 1), 5.0, EXACT)
    step = one_step(Rows(x, y, None, 1), best, 5.0, (times - 1).astype(np.float32)[None])
    assert best.weight + step[0, 1:] == approx(refit.weight, abs=0.02)
    assert np.abs(refit.weight - best.weight).max() > 0.03, "else there is nothing to see"


def test_weights_follow_what_they_are_shrunk_towards_as_far_as_their_own_rows_are_silent():
    x, y = drawn(6, 50)
    rows, nobody = Rows(x, y, None, 2), np.zeros((1, 50), np.float32)
    best = Softmax(np.zeros(2), np.zeros((3, 2)), 0)
    pulled = np.ones((1, 3, 2))
    assert one_step(rows, best, 1e9, nobody, pulled)[0, 1:] == approx(1, abs=1e-3)
    assert np.abs(one_step(rows, best, 1e-3, nobody, pulled)[0, 1:]).max() < 0.01
