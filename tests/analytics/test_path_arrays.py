"""Columns of annotated paths, and a selection of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import param
from tests.analytics.visits import arrays_of, cores, visit, visits

from raceline.analytics.path_arrays import annotated, customer_blocks, select_paths


def listed(paths):
    return [column.tolist() for column in (*paths[:5], *paths.turns, paths.seen)]


@given(visits(), st.data(), st.sampled_from([1, 3]))
def test_selected_paths_are_as_if_only_they_had_been_there(found, data, count):
    keep = data.draw(st.lists(st.booleans(), min_size=len(found), max_size=len(found)))
    with cores(count):
        kept = select_paths(arrays_of(found), np.array(keep, np.bool_))
    assert listed(kept) == listed(arrays_of([one for one, wanted in zip(found, keep, strict=True) if wanted]))


def test_all_paths_are_the_very_same():
    paths = arrays_of([visit(0, "AB"), visit(1, "BC")])
    assert select_paths(paths, np.array([True, True])) is paths


@given(visits(), st.integers(1, 6))
def test_a_block_has_whole_customers_and_every_path_is_in_one(found, count):
    paths = arrays_of(found)
    with cores(count):
        blocks = customer_blocks(paths)
    assert [path for first, last in blocks for path in range(first, last)] == list(range(len(found)))
    for (_, last), _ in pairwise(blocks):
        assert paths.customer[last - 1] != paths.customer[last]


AT, ONE, TWO = np.arange(3), np.zeros(1, np.int32), np.zeros(2, np.int32)


@pytest.mark.parametrize(
    ("path_start", "at", "customer", "resolved"),
    [
        param([0, 2], AT, ONE, [False], id="paths that end before the steps do"),
        param([1, 3], AT, ONE, [False], id="steps before the first path"),
        param([0, 3], AT[:2], ONE, [False], id="a step without a time"),
        param([0, 3], AT, TWO, [False], id="a customer without a path"),
        param([0, 3], AT, ONE, [], id="a path without an end"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(path_start, at, customer, resolved):
    page = np.array([0, 1, 0], np.int32)
    with pytest.raises(ValueError, match="fit together"):
        annotated(np.array(path_start), page, at, customer, np.array(resolved, np.bool_), 2)
    with pytest.raises(ValueError, match="fit together"):
        annotated(np.array([0, 3]), page, AT, ONE, np.zeros(1, np.bool_), 2, np.ones(2, np.bool_))


def test_a_page_code_outside_of_the_pages_is_refused():
    with pytest.raises(IndexError, match=r"0 \.\. 1"):
        arrays_of([visit(0, "ABC")], pages=2)
