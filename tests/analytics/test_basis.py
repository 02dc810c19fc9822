"""Columns of features: the naive twin, and which columns there are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param

from raceline.analytics.basis import TIME_KNOTS, basis_of, columns

NAN = np.nan
values = st.one_of(st.just(NAN), st.integers(-3, 40).map(float), st.floats(-1e6, 1e6))
tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=30)
)


def bent(x):
    return math.copysign(math.log1p(abs(x)), x)


def naive(basis, row):
    """The columns of one row in plain words."""
    found = [0.0] * basis.size
    for f, x in enumerate(row):
        own = list(range(basis.first[f], basis.first[f + 1]))
        if basis.missing[f]:
            found[own.pop(0)] = float(math.isnan(x))
        for d in own:
            knot = basis.knot[d]
            if math.isnan(x):
                found[d] = 0.0
            elif math.isnan(knot):
                found[d] = x
            else:
                found[d] = bent(x) if knot == -math.inf else max(bent(x) - knot, 0.0)
    return found


@given(tables)
def test_columns_are_those_of_the_naive_twin(rows):
    table = np.array(rows)
    basis = basis_of(table, [f"f{n}" for n in range(table.shape[1])])
    assert columns(basis, table) == approx(
        np.array([naive(basis, row) for row in rows]).reshape(len(rows), -1), rel=1e-5
    )
    assert basis.feature().tolist() == sorted(basis.feature().tolist())


@pytest.mark.parametrize(
    ("column", "count"),
    [
        param([3.0, 3.0, 3.0], 0, id="a constant feature has no column"),
        param([NAN, NAN, NAN], 0, id="a feature that is never there has no column"),
        param([0.0, 1.0, 1.0], 1, id="yes or no is one column"),
        param([0.0, 1.0, NAN], 2, id="and another for not known"),
        param([3.0, NAN, 3.0], 1, id="of a constant that is sometimes missing only that is told"),
        param([0.0, 1.0, 2.0, 2.0, 5.0], 3, id="a count bends at 1 and where half of those above 0 are"),
        param([-0.5, 0.1, 0.2, 0.3, 0.7], 4, id="any other value bends at its quartiles"),
    ],
)
def test_how_many_columns_a_feature_has(column, count):
    assert basis_of(np.array(column)[:, None], ["feature"]).size == count


def test_days_in_the_stage_bend_at_days_that_are_written_down_as_far_as_they_were_seen():
    basis = basis_of(np.array([[0.0], [0.4], [40.0]]), ["days_in_stage"])
    assert np.expm1(basis.knot[1:]) == approx([days for days in TIME_KNOTS if days < 40])
