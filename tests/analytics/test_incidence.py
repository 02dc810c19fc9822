"""One coherent set of cumulative incidences, from which every figure of a prediction is read."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param

from raceline.analytics import incidence as of
from raceline.analytics.incidence import BIN_ENDS, EXITS, HORIZON, E, K

NEXT, OUT = EXITS.index("NEXT"), EXITS.index("OUT")
STARTS = (0.0, *BIN_ENDS[:-1])


@st.composite
def hazards(draw, rows=3):
    """Of each bin the hazards of the exits; sometimes nobody leaves, sometimes everybody does."""
    share = st.one_of(st.sampled_from([0.0, 1.0, 1e-14]), st.floats(0, 1))
    total = draw(st.lists(share, min_size=rows * K, max_size=rows * K))
    weights = draw(st.lists(st.integers(0, 9), min_size=rows * K * E, max_size=rows * K * E))
    weights = np.array(weights, float).reshape(rows, K, E)
    sums = weights.sum(2, keepdims=True)
    return np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0) * np.reshape(total, (rows, K, 1))


def constant(daily, shares=(0.6, 0.1, 0.1, 0.1, 0.1)):
    """The set of one customer who leaves with the same hazard on each day, by the exits in these shares."""
    left = 1 - np.exp(-daily * np.array(BIN_ENDS))
    return (left[:, None] * np.array(shares))[None]


class Naive:
    """The same in plain loops for one row; figures over time by adding up many short steps."""

    def __init__(self, hazards):
        self.curve, self.there, left, there = [[0.0] * E], [1.0], [0.0] * E, 1.0
        for bin_hazards in hazards:
            left = [before + there * hazard for before, hazard in zip(left, bin_hazards, strict=True)]
            there *= 1 - sum(bin_hazards)
            self.curve.append(left)
            self.there.append(max(there, 0.0))

    def at(self, days):
        k = next(k for k in range(K) if days <= BIN_ENDS[k])
        share = (days - STARTS[k]) / (BIN_ENDS[k] - STARTS[k])
        before, after = self.there[k], self.there[k + 1]
        if before - after < 1e-9:
            done = share
        else:
            kept = max(after / before, 1e-6)
            done = (1 - kept**share) / (1 - kept)
        return [a + done * (b - a) for a, b in zip(self.curve[k], self.curve[k + 1], strict=True)]

    def mean(self, steps=300):
        """By the trapezium rule in each bin."""
        total = 0.0
        for start, end in zip(STARTS, BIN_ENDS, strict=True):
            width = (end - start) / steps
            there = [1 - sum(self.at(min(start + i * width, end))) for i in range(steps + 1)]
            total += width * (sum(there) - (there[0] + there[-1]) / 2)
        return total


@given(hazards(rows=1))
def test_the_set_is_what_the_naive_twin_says_also_between_the_ends_of_bins(given_hazards):
    twin, found = Naive(given_hazards[0].tolist()), of.from_hazards(given_hazards)
    assert found[0].tolist() == [approx(row, abs=1e-12) for row in twin.curve[1:]]
    assert of.survival(found)[0].tolist() == approx(twin.there[1:], abs=1e-12)
    for days in (0, 0.25, 1, 2, 5.5, 29, 30, 31, 89.9, 90):
        assert of.at(found, days)[0].tolist() == approx(twin.at(days), abs=1e-6)


@given(hazards())
def test_it_never_falls_with_the_horizon_and_never_exceeds_certainty(given_hazards):
    found = of.from_hazards(given_hazards)
    curves = np.stack([of.at(found, days) for days in np.linspace(0, HORIZON, 181)])
    assert (curves[0] == 0).all()
    assert (np.diff(curves, axis=0) >= -1e-15).all()
    assert (curves.sum(2) <= 1 + 1e-12).all()
    for k, end in enumerate(BIN_ENDS):
        assert (of.at(found, end) == found[:, k]).all(), "a bin ends exactly where it must"


@given(hazards())
def test_the_figures_of_a_set_fit_each_other(given_hazards):
    found = of.from_hazards(given_hazards)
    mean, median = of.expected_days(found), of.median_days(found)
    assert ((mean >= 0) & (mean <= HORIZON + 1e-9)).all()
    never = np.isnan(median)
    assert (of.survival(found)[never, -1] > 0.5).all()
    for i in np.flatnonzero(~never):
        assert of.at(found[[i]], median[i]).sum() == approx(0.5, abs=1e-9)
    ends = found[:, -1]
    means = np.stack([of.expected_days_if(found, e) for e in range(E)], axis=1)
    assert (np.isnan(means) == (ends == 0)).all()
    leaving = np.where(ends == 0, 0, means * ends).sum(1)
    assert leaving + HORIZON * of.survival(found)[:, -1] == approx(mean, rel=1e-9, abs=1e-9), "total expectation"


@given(hazards(), st.permutations(range(3)))
def test_a_row_has_the_same_bits_alone_and_among_others(given_hazards, order):
    among = of.from_hazards(given_hazards[np.array(order)])
    figures = (of.survival, of.expected_days, of.median_days, lambda all_: of.at(all_, 4.2),
               lambda all_: of.expected_days_if(all_, OUT))  # fmt: skip
    for place, i in enumerate(order):
        alone = of.from_hazards(given_hazards[[i]])
        assert alone[0].tobytes() == among[place].tobytes()
        for figure in figures:
            assert figure(alone)[0].tobytes() == figure(among)[place].tobytes()


@given(hazards(rows=1))
def test_the_expected_days_are_the_area_under_the_share_still_there(given_hazards):
    assert of.expected_days(of.from_hazards(given_hazards))[0] == approx(
        Naive(given_hazards[0].tolist()).mean(), abs=0.01
    )


@pytest.mark.parametrize("daily", [1e-12, 1e-5, 0.001, 0.05, 0.3, 2.0])
def test_with_the_same_hazard_on_each_day_the_figures_are_those_of_the_exponential(daily):
    found = constant(daily)
    for days in (0.5, 1, 10, 44, 90):
        assert of.at(found, days)[0, NEXT] == approx(0.6 * -math.expm1(-daily * days), rel=1e-3, abs=1e-9)
    mean = -math.expm1(-daily * HORIZON) / daily
    assert of.expected_days(found)[0] == approx(mean, rel=1e-4)
    half = math.log(2) / daily
    assert of.median_days(found)[0] == (approx(half, rel=1e-6) if half <= HORIZON else approx(math.nan, nan_ok=True))


@pytest.mark.parametrize(
    ("bin_hazards", "mean", "median", "if_next"),
    [
        param({}, 90, math.nan, math.nan, id="where nobody leaves the mean is the horizon and there is no median"),
        param({6: (OUT, 1.0)}, 60 + 30 * 0.0723814, 60 + 30 * 0.0501717, math.nan,
              id="where nobody stays to the end of a bin they leave early in it"),
        param({4: (NEXT, 0.5)}, 14 + 16 * (0.5 + 0.5 * 0.4426950) + 60 * 0.5, 30, 14 + 16 * 0.4426950,
              id="a half that is reached at the end of a bin is the median"),
    ],
)  # fmt: skip
def test_the_figures_of_simple_sets(bin_hazards, mean, median, if_next):
    given_hazards = np.zeros((1, K, E))
    for k, (e, share) in bin_hazards.items():
        given_hazards[0, k, e] = share
    found = of.from_hazards(given_hazards)
    assert of.expected_days(found)[0] == approx(mean, abs=1e-5)
    assert of.median_days(found)[0] == approx(median, abs=1e-5, nan_ok=True)
    assert of.expected_days_if(found, NEXT)[0] == approx(if_next, abs=1e-5, nan_ok=True)


def test_nobody_has_figures_of_no_rows():
    nobody = of.from_hazards(np.zeros((0, K, E)))
    assert of.at(nobody, 7).shape == (0, E)
    assert len(of.expected_days(nobody)) == len(of.median_days(nobody)) == 0


def test_what_is_outside_is_refused():
    found = constant(0.1)
    for days in (-0.1, HORIZON + 0.1, math.nan):
        with pytest.raises(ValueError, match="outside of 0 to 90"):
            of.at(found, days)
    with pytest.raises(ValueError, match="not"):
        of.survival(found[:, :3])
    with pytest.raises(IndexError):
        of.expected_days_if(found, E)
