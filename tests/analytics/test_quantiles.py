"""Exact quantiles of groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics.visits import cores, plain

from raceline.analytics import quantiles
from raceline.analytics.quantiles import grouped_quantiles

SHARES = (0.5, 0.95, 0.0, 1.0, 0.3)
numbers = st.one_of(st.integers(0, 3), st.integers(-(10**15), 10**15))


def twin(found, groups):
    """numpy's own, group by group."""
    of = [[value for group, value in found if group == g] for g in range(groups)]
    return np.array([np.quantile(np.array(x), SHARES) if x else [np.nan] * len(SHARES) for x in of])


def asked(found, groups, shares=SHARES):
    group, value = np.array(found, np.int64).reshape(-1, 2).T
    return grouped_quantiles(group.astype(np.int32), value.copy(), groups, shares)


@given(st.lists(st.tuples(st.integers(-1, 3), numbers), max_size=60), st.sampled_from([1, 3]))
def test_quantiles_are_those_of_numpy_to_the_last_bit(found, count):
    with cores(count):
        assert np.array_equal(asked(found, 4), twin(found, 4).reshape(4, len(SHARES)), equal_nan=True)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(-1, 1), numbers), max_size=40))
def test_compiled_and_plain_quantiles_agree(found):
    with plain(quantiles):
        slow = asked(found, 2)
    assert np.array_equal(slow, asked(found, 2), equal_nan=True)


N = 300_000


@pytest.mark.parametrize(
    "values",
    [
        param(np.arange(N), id="rising"),
        param(np.arange(N)[::-1].copy(), id="falling"),
        param(np.zeros(N, np.int64), id="all alike"),
        param(np.arange(N) % 2, id="two values by turns"),
        param(np.minimum(np.arange(N), N - np.arange(N)), id="an organ pipe"),
    ],
)
def test_no_order_of_values_takes_squared_work(values):
    found = grouped_quantiles(np.zeros(N, np.int32), values, 1, SHARES)
    assert np.array_equal(found[0], np.quantile(values, SHARES))


def test_values_are_left_as_they_are():
    group, value = np.zeros(100, np.int32), np.arange(100)[::-1].copy()
    value.setflags(write=False)
    assert grouped_quantiles(group, value, 1, (0.5,)).tolist() == [[49.5]]


@pytest.mark.parametrize("group", [-2, 3])
def test_a_group_that_is_none_is_refused(group):
    with pytest.raises(IndexError, match=r"-1 \.\. 2"):
        asked([(group, 1)], 3)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="length"):
        grouped_quantiles(np.zeros(2, np.int32), np.zeros(1, np.int64), 1, (0.5,))


def test_groups_without_a_value_have_no_quantile():
    assert np.isnan(asked([], 2)).all()
    assert asked([], 0).shape == (0, len(SHARES))
