"""Are values still spread as they were when the model was trained."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pytest import approx, param

from raceline.analytics.drift import Thresholds, counts, edges, stability, verdict

values = arrays.arrays(float, st.integers(1, 60), elements=st.sampled_from([np.nan, -1.0, 0.0, 1.0, 2.5, 1e9]))


def moved(then, now):
    borders = edges(np.asarray(then, float))
    return stability(*(counts(np.asarray(of, float), borders) for of in (then, now)))


def test_a_worked_example_of_the_index():
    """Three bins with shares of 50, 30 and 20 percent, now 40, 30 and 30: 0.1 log(1.25) + 0.1 log(1.5)."""
    index = stability(np.array([50, 30, 20]), np.array([400, 300, 300]))
    assert index == approx(0.1 * np.log(1.25) + 0.1 * np.log(1.5))


@given(values, values)
def test_every_value_is_in_one_bin_and_the_same_values_have_not_drifted(then, now):
    borders = edges(then)
    assert (np.diff(borders) > 0).all()
    assert len(borders) <= 11
    told = counts(now, borders)
    assert (told.sum(), told[-1]) == (len(now), np.isnan(now).sum())
    assert moved(then, then) == 0
    assert moved(then, now) >= 0


def test_the_bins_hold_about_as_many_values_each():
    draw = np.random.default_rng(1).normal(size=1_000)
    assert counts(draw, edges(draw)).tolist() == [0, *[100] * 10, 0, 0]


@pytest.mark.parametrize(
    ("then", "now"),
    [
        param(np.zeros(1_000), np.ones(1_000), id="a constant that is another one now"),
        param(np.arange(1_000), np.arange(1_000) + 2_000, id="values above all of the training"),
        param(np.arange(1_000), np.full(1_000, np.nan), id="values that are missing now"),
        param(np.full(1_000, np.nan), np.zeros(1_000), id="values where there was none"),
    ],
)
def test_drift_is_seen_of(then, now):
    assert verdict(moved(then, now), len(now), Thresholds()) == "ALARM"


def test_the_verdict_is_by_thresholds_that_are_data():
    told = [verdict(index, 500, Thresholds()) for index in (0.05, 0.1, 0.25)]
    assert told == ["STABLE", "WATCH", "ALARM"]
    assert verdict(0.3, 500, Thresholds(watch=0.4, alarm=0.5)) == "STABLE"
    assert verdict(0.3, 199, Thresholds()) == verdict(np.nan, 500, Thresholds()) == "TOO_FEW"


def test_nothing_is_said_without_values_and_bins_of_another_kind_are_refused():
    assert np.isnan(moved([1, 2], []))
    assert np.isnan(moved([], [1, 2]))
    with pytest.raises(ValueError, match="are not"):
        stability(np.array([1, 2]), np.array([1, 2, 3]))
