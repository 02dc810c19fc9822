"""Differences of two shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.analytics.two_shares import difference


@pytest.mark.parametrize(
    ("shares", "interval"),
    [
        pytest.param((56, 70, 48, 80), (0.0524, 0.3339), id="a"),
        pytest.param((9, 10, 3, 10), (0.1705, 0.8090), id="b"),
        pytest.param((6, 7, 2, 7), (0.0582, 0.8062), id="c"),
        pytest.param((5, 56, 0, 29), (-0.0381, 0.1926), id="d"),
        pytest.param((0, 10, 0, 20), (-0.1611, 0.2775), id="e"),
        pytest.param((10, 10, 0, 10), (0.6075, 1.0), id="g"),
    ],
)
def test_intervals_are_those_that_newcombe_printed(shares, interval):
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10."""
    assert difference(*shares)[1:] == pytest.approx(interval, abs=5e-5)


tries = st.integers(1, 300).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(tries, tries)
def test_the_difference_is_inside_its_interval_and_turns_with_the_shares(one, other):
    found, turned = difference(*one, *other), difference(*other, *one)
    assert -1 - 1e-12 <= found.low <= found.value <= found.high <= 1 + 1e-12
    assert turned == pytest.approx((-found.value, -found.high, -found.low), abs=1e-12)
