"""Do chances mean what they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param

from raceline.analytics.calibration import calibration_bins, observed_over_expected, ratio, slope, wilson

predictions = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=60
)


def drawn(seed, rows=4_000, line=(0.0, 1.0)):
    """Chances, and what comes true where the log odds of the truth are a line of those of the chances."""
    draw = np.random.default_rng(seed)
    odds = draw.normal(-1, 1.5, rows)
    truth = 1 / (1 + np.exp(-(line[0] + line[1] * odds)))
    return 1 / (1 + np.exp(-odds)), draw.random(rows) < truth


@given(predictions, st.integers(1, 12))
def test_the_bins_of_a_curve_hold_every_prediction_once_in_the_order_of_chances(found, bins):
    p, y = (np.array(of) for of in zip(*found, strict=True))
    curve = calibration_bins(p, y, bins=bins)
    assert 1 <= len(curve) <= bins
    assert sum(one.rows for one in curve) == len(p)
    assert sum(one.predicted * one.rows for one in curve) == approx(p.sum())
    assert sum(one.observed * one.rows for one in curve) == approx(y.sum())
    assert [one.predicted for one in curve] == sorted({one.predicted for one in curve}), "equal chances share a bin"
    assert all(0 <= one.low <= one.observed <= one.high <= 1 for one in curve)


def test_distinct_chances_make_bins_of_the_same_size():
    p, y = drawn(1, 1_000)
    assert [one.rows for one in calibration_bins(p, y)] == [100] * 10
    assert calibration_bins(p[:0], y[:0]) == ()


def test_the_interval_of_a_share_is_wilsons():
    """Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (count, rows), bounds in published.items():
        assert wilson(count / rows, rows) == approx(bounds, abs=5e-5)


@pytest.mark.parametrize(
    ("seed", "line"),
    [
        param(1, (0.0, 1.0), id="right chances"),
        param(2, (-0.5, 0.6), id="too extreme and too high"),
        param(3, (0.3, 1.8), id="too timid and too low"),
    ],
)
def test_the_calibration_slope_is_that_of_an_unpenalised_logistic_regression_and_tells_the_truth(seed, line):
    from sklearn.linear_model import LogisticRegression

    p, y = drawn(seed, line=line)
    told = slope(p, y, np.arange(len(p)))
    fitted = LogisticRegression(C=1e12, tol=1e-10).fit(np.log(p / (1 - p))[:, None], y)
    assert (told.intercept, told.slope.value) == approx((fitted.intercept_[0], fitted.coef_[0, 0]), abs=1e-5)
    assert told.slope.low < line[1] < told.slope.high


def test_the_intervals_hold_the_truth_as_often_as_they_say_also_when_customers_repeat_themselves():
    """400 customers with 5 predictions each that all come true or not: as if each were one."""
    covered, of_ratio, rounds = 0, 0, 200
    for seed in range(rounds):
        p, y = drawn(seed, 400)
        p, y, customer = (np.repeat(of, 5) for of in (p, y, np.arange(400)))
        line, share = slope(p, y, customer).slope, observed_over_expected(p, y, customer)
        covered += line.low <= 1 <= line.high
        of_ratio += share.low <= 1 <= share.high
    assert covered / rounds == approx(0.95, abs=0.04)
    assert of_ratio / rounds == approx(0.95, abs=0.04)
    alone = slope(p[::5], y[::5], np.arange(400))
    assert tuple(slope(p, y, customer).slope) == approx(tuple(alone.slope)), "repeating oneself proves nothing"
    repeated, once = calibration_bins(p, y, customer, bins=4), calibration_bins(p[::5], y[::5], bins=4)
    assert [one[3:] for one in repeated] == [approx(one[3:]) for one in once]


def parted(rows=40, wrong=0):
    """Chances that divide the half that came true from the half that did not, but for so many of either."""
    p = np.linspace(0.01, 0.6, 2 * rows)
    y = np.arange(2 * rows) >= rows
    y[rows - wrong : rows], y[rows : rows + wrong] = True, False
    return p, y, np.arange(2 * rows)


@pytest.mark.parametrize(
    ("p", "y", "customer"),
    [
        param(np.linspace(0.1, 0.8, 40), np.zeros(40), np.arange(40), id="nothing came true"),
        param(np.linspace(0.1, 0.8, 40), np.ones(40), np.arange(40), id="everything came true"),
        param(np.full(40, 0.3), np.arange(40) % 2, np.arange(40), id="all chances are the same"),
        param(*parted(), id="the chances divide the two exactly"),
        param(1 - parted()[0], *parted()[1:], id="the chances divide the two exactly, the wrong way round"),
        param(*parted(wrong=2), id="two customers alone keep them from dividing the two"),
        param(*parted(wrong=9)[:2], np.arange(80) // 40, id="two customers have all that overlaps"),
        param(np.linspace(0.1, 0.8, 90), np.arange(90) % 10 == 5, np.arange(90), id="nine came true"),
        param(np.linspace(0.1, 0.8, 90), np.arange(90) % 10 != 5, np.arange(90), id="nine did not come true"),
        param([], [], [], id="no prediction at all"),
    ],
)
def test_where_there_is_no_slope_none_is_told(p, y, customer):
    told = slope(np.array(p, float), np.array(y, bool), np.array(customer, int))
    assert np.isnan([told.intercept, *told.slope]).all()


def test_the_slope_of_almost_divided_chances_is_steep_and_its_interval_says_how_little_is_known():
    """Six moves that were all foreseen once were told as 22.04 (21.88 to 22.19)."""
    value, low, high = slope(*parted(wrong=3)).slope
    assert value > 5
    assert high - low > value / 3


def test_observed_over_expected_of_the_rare():
    p = np.full(100, 0.02)
    nothing = observed_over_expected(p, np.zeros(100, bool), np.arange(100))
    assert nothing == (0, 0, approx(1.5)), "the rule of three"
    assert np.isnan(observed_over_expected(np.zeros(3), np.ones(3, bool), np.arange(3))).all()
    one = observed_over_expected(p, np.arange(100) < 1, np.arange(100))
    assert one == (approx(0.5), 0, approx(1.5, abs=0.05))


def test_a_single_customer_has_figures_without_interval():
    value, low, high = ratio(np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([7, 7]))
    assert (value, math.isnan(low), math.isnan(high)) == (0.75, True, True)
