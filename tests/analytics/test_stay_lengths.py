"""Lengths of stay: a published example, what the words mean, and the naive twin."""

import csv
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param

from raceline.analytics.stay_lengths import ENDED_TO_TELL_STALLED, RESOLUTION, length_of_stay

EBMT = Path(__file__).parents[3] / "shared/data/ebmt/ebmt3.csv"
Z = 1.959963984540054

# Remissions under 6-MP in weeks (Freireich et al., 1963); negative: still in remission.
REMISSIONS = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]

# Days, and whether the stay has ended.
stays = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def measured(lengths, **more):
    """Lengths in days; negative ones are open."""
    return length_of_stay(np.abs(np.array(lengths, float)), np.array(lengths) > 0, **more)


def of(found, **more):
    return length_of_stay(np.array([days for days, _ in found], float), np.array([end for _, end in found]), **more)


class Naive:
    """The product-limit estimate in plain loops and exact fractions."""

    def __init__(self, found):
        self.found = found
        self.ends = sorted({days for days, ended in found if ended})

    def at_risk(self, day):
        return len([1 for days, _ in self.found if days >= day])

    def ended(self, day):
        return len([1 for days, ended in self.found if ended and days == day])

    def survival(self, day):
        return math.prod(1 - Fraction(self.ended(end), self.at_risk(end)) for end in self.ends if end <= day)

    def bounds(self, day):
        s = self.survival(day)
        if s in (0, 1):
            return float(s), float(s)
        terms = [(self.ended(end), self.at_risk(end)) for end in self.ends if end <= day]
        width = Z * math.sqrt(sum(d / (n * (n - d)) for d, n in terms)) / math.log(s)
        middle = math.log(-math.log(s))
        return tuple(math.exp(-math.exp(middle + sign * width)) for sign in (-1, 1))

    def percentile(self, share):
        return next((end for end in self.ends if self.survival(end) <= 1 - share), None)

    def area(self, start, horizon):
        return sum((self.survival(day) for day in range(start, horizon)), Fraction(0))

    def error_of_mean(self, horizon):
        ends = [end for end in self.ends if end <= horizon and self.ended(end) < self.at_risk(end)]
        return math.sqrt(
            sum(
                self.area(end, horizon) ** 2
                * Fraction(self.ended(end), self.at_risk(end) * (self.at_risk(end) - self.ended(end)))
                for end in ends
            )
        )


def at(curve, day):
    """The curve of a drawing at a day: a step holds until the next one."""
    i = np.searchsorted(curve.days, day, side="right") - 1
    return curve.survival[i], curve.lower[i], curve.upper[i]


def test_the_textbook_example_of_remissions_has_its_published_figures():
    """Klein and Moeschberger (2003), sections 4.2 to 4.5, and R's survfit with conf.type = "log-log"."""
    found = measured(REMISSIONS)
    published = {
        6: (0.857, 0.620, 0.952),
        7: (0.807, 0.563, 0.923),
        10: (0.753, 0.503, 0.889),
        13: (0.690, 0.432, 0.849),
        16: (0.627, 0.368, 0.805),
        22: (0.538, 0.268, 0.747),
        23: (0.448, 0.188, 0.680),
    }
    for week, figures in published.items():
        assert at(found.curve, week) == approx(figures, abs=0.0005)
    assert (found.stays, found.open, found.horizon) == (21, 12, 35)
    assert found.median == (23, 13, None)
    assert found.mean.days == approx(23.29, abs=0.005)
    assert (found.mean.upper - found.mean.days) / Z == approx(2.827, abs=0.001)


@pytest.mark.parametrize(
    ("lengths", "median", "mean"),
    [
        param([1, 2, 3, 4], 2, 2.5, id="without open stays it is the plain median and mean"),
        param([1, -9, -9], None, (1 + 9 * 2) / 3, id="a median that most open stays have not reached is none"),
        param([2, -2, 4], 4, 2 + 2 * 2 / 3, id="a stay that ends is at risk with those still open at that length"),
        param([-5, -7], None, 7, id="when every stay is open all last to the horizon"),
    ],
)
def test_open_stays_count_for_as_long_as_they_have_lasted(lengths, median, mean):
    found = measured(lengths)
    assert (found.median.days, found.mean.days) == (median, approx(mean))


def test_stays_of_no_length_exist_because_events_may_have_equal_times():
    found = of([(0, True), (0, True), (0, False), (3, True)])
    assert (found.q25.days, found.median.days, found.q75.days) == (0, 0, 3)
    assert found.curve.survival.tolist() == approx([0.5, 0])
    nothing = of([(0, True)])
    assert (nothing.mean, nothing.horizon, nothing.median.days) == ((0, 0, 0), 0, 0)


def test_the_mean_is_restricted_to_a_horizon_that_is_said_and_has_been_observed():
    assert measured([10, 20, 1000]).horizon == 365
    assert measured([10, 20, 300]).horizon == 300
    found = measured([10, 20, 1000], horizon=50)
    assert (found.horizon, found.mean.days) == (50, approx((10 + 20 + 50) / 3))
    assert found.mean.upper <= 50


def test_a_stay_is_stalled_after_the_90th_percentile_and_never_where_too_few_have_ended():
    few = list(range(1, ENDED_TO_TELL_STALLED))
    assert (measured(few).p90.days, measured(few).stalled_after) == (18, None)
    enough = list(range(1, ENDED_TO_TELL_STALLED + 1))
    assert measured(enough).stalled_after == measured(enough).p90.days == 18
    mostly_open = enough + [-100] * 20
    assert measured(mostly_open).stalled_after is None, "the curve never gets there"


def test_stays_can_be_given_with_how_many_they_are():
    once, weighted = measured([2, 2, 2, -5]), measured([2, -5], weights=np.array([3, 1]))
    assert once[:-1] == weighted[:-1]


def test_no_stays_are_refused():
    with pytest.raises(ValueError, match="there is no stay"):
        measured([])


def test_numpy_treats_errors_as_before():
    with np.errstate(divide="raise"):
        measured([1, 2])
        assert np.geterr()["divide"] == "raise"


@given(stays)
def test_it_says_what_the_naive_twin_says(found):
    twin, told = Naive(found), of(found)
    horizon = max(days for days, _ in found)
    for estimate, share in [(told.q25, "0.25"), (told.median, "0.5"), (told.q75, "0.75"), (told.p90, "0.9")]:
        assert estimate.days == twin.percentile(Fraction(share))
    mean, error = float(twin.area(0, horizon)), Z * twin.error_of_mean(horizon)
    assert told.mean == approx((mean, max(mean - error, 0), min(mean + error, horizon)))
    for day in range(horizon + 1):
        assert at(told.curve, day) == approx((float(twin.survival(day)), *twin.bounds(day)), abs=RESOLUTION)
    for day in told.curve.days.tolist():
        assert at(told.curve, day) == approx((float(twin.survival(day)), *twin.bounds(day)))


@given(st.integers(300, 3_000), st.integers(0, 2**32 - 1))
def test_a_long_curve_is_thinned_and_says_how_many_steps_it_leaves_out(count, seed):
    draw = np.random.default_rng(seed)
    days, ended = draw.exponential(30, count), draw.random(count) < 0.7
    curve = length_of_stay(days, ended).curve
    assert len(curve.days) <= 3 * (1 / RESOLUTION + 1) + 1
    assert curve.left_out >= np.sum(ended) - len(curve.days)
    assert curve.days[-1] == days.max()
    drop = np.diff(curve.survival)
    assert (drop <= 0).all()
    steps = np.sort(days[ended])
    last_drawn = curve.days[np.searchsorted(curve.days, steps, side="right") - 1]
    assert np.isin(curve.days[1:-1], steps).all(), "only steps are drawn"
    assert (last_drawn <= steps).all()


@pytest.mark.skipif(not EBMT.exists(), reason="the EBMT data are not here")
def test_transplant_patients_live_as_long_as_their_naive_curve_says():
    """Relapse-free survival of the 2,204 patients of EBMT (R package mstate): 458 + 383 relapses or deaths."""
    with EBMT.open() as file:
        rows = [(int(float(row["rfstime"])), row["rfsstat"] == "1") for row in csv.DictReader(file)]
    told, twin = of(rows, horizon=5 * 365), Naive(rows)
    assert (told.stays, told.stays - told.open) == (2_204, 458 + 383)
    for day in (100, 365, 1_000):
        assert at(told.curve, day) == approx((float(twin.survival(day)), *twin.bounds(day)), abs=RESOLUTION)
    assert told.q25.days == twin.percentile(Fraction("0.25"))
