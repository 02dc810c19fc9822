"""The correction for many questions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param

from raceline.analytics.false_discovery import discovery_rates

chances = st.lists(st.floats(0, 1), max_size=20)


def naive(p, family=None):
    """The smallest rate at which each would still be found, by the words of Benjamini and Hochberg."""
    questions = max(len(p), family or 0)
    return [
        min(min(1, other * questions / len([1 for x in p if x <= other])) for other in p if other >= one) for one in p
    ]


@pytest.mark.parametrize(
    ("p", "family", "q"),
    [
        param([0.01, 0.02, 0.03, 0.5], None, [0.04, 0.04, 0.04, 0.5], id="a q is never above that of a larger p"),
        param([0.04], None, [0.04], id="one question needs no correction"),
        param([0.01], 10, [0.1], id="questions that were asked without a p count as well"),
        param([0.01, np.nan], None, [0.01, np.nan], id="without a p there is no q"),
        param([], None, [], id="no question"),
    ],
)
def test_rates_of_false_discoveries(p, family, q):
    assert discovery_rates(np.array(p, float), family).tolist() == approx(q, nan_ok=True)


@given(chances, st.none() | st.integers(0, 40))
def test_rates_are_those_of_the_naive_twin(p, family):
    assert discovery_rates(np.array(p, float), family).tolist() == approx(naive(p, family))
