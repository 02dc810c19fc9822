"""Intervals about predictions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from raceline.analytics.uncertainty import interval


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=20), st.floats(0, 1))
def test_an_interval_of_a_probability_holds_it_and_stays_between_0_and_1(replicates, point):
    low, high = interval(np.array([point]), np.array(replicates)[:, None])
    assert 0 <= low[0] <= point <= high[0] <= 1


@settings(max_examples=50)
@given(st.lists(st.floats(0, 90), min_size=4, max_size=20), st.floats(0, 90))
def test_an_interval_of_days_holds_them_and_is_not_below_0(replicates, point):
    low, high = interval(np.array([point]), np.array(replicates)[:, None], "log")
    assert 0 <= low[0] <= point <= high[0]


def test_the_interval_is_t_standard_deviations_wide_on_the_scale_without_borders():
    replicates = np.exp(np.random.default_rng(5).normal(2, 0.1, (20, 1)))
    low, high = interval(np.array([7.0]), replicates, "log")
    reach = t.ppf(0.95, 19) * np.log(replicates).std(ddof=1)
    assert low[0] == pytest.approx(7 * np.exp(-reach), rel=1e-4)
    assert high[0] == pytest.approx(7 * np.exp(reach), rel=1e-4)


def test_nine_of_ten_intervals_hold_the_truth():
    dice = np.random.default_rng(7)
    truth = 0.3  # its estimates spread on the logit scale by 0.2, and so do those of the replicates about them
    point = np.log(truth / (1 - truth)) + dice.normal(0, 0.2, 4000)
    replicates = point + dice.normal(0, 0.2, (20, 4000))
    low, high = interval(1 / (1 + np.exp(-point)), 1 / (1 + np.exp(-replicates)))
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.9, abs=0.02)


def test_replicates_that_agree_leave_no_doubt():
    low, high = interval(np.array([0.0, 0.4]), np.array([[0.0, 0.4]] * 5))
    assert (low.tolist(), high.tolist()) == ([0.0, 0.4], [0.0, 0.4])
