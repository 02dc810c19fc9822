"""Work in blocks, side by side."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.visits import cores

from raceline.analytics import blocks
from raceline.analytics.blocks import balanced_blocks, even_blocks, side_by_side


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 5), st.integers(1, 4))
def test_every_group_is_in_one_block_and_in_order(sizes, count, each):
    with cores(count):
        found = balanced_blocks(np.cumsum([0, *sizes]), each)
    assert found[0][0] == 0
    assert found[-1][1] == len(sizes)
    assert all(end == begin for (_, end), (begin, _) in pairwise(found))
    assert len(found) <= count * each


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 5))
def test_no_block_has_more_than_its_share_and_one_group(sizes, count):
    start = np.cumsum([0, *sizes])
    with cores(count):
        found = balanced_blocks(start)
        share = start[-1] / blocks.ways(int(start[-1]))
    assert all(start[last] - start[first] <= share + max(sizes) for first, last in found)


@given(st.integers(0, 100), st.integers(1, 5))
def test_an_even_range_is_cut_into_blocks_of_about_one_length(size, count):
    with cores(count):
        found = even_blocks(size)
    assert [n for first, last in found for n in range(first, last)] == list(range(size))
    lengths = [last - first for first, last in found]
    assert max(lengths) - min(lengths) <= 1


def test_little_work_is_one_block():
    assert even_blocks(100) == [(0, 100)]


def test_answers_come_in_the_order_of_the_blocks():
    assert side_by_side(lambda first, last: (first, last), [(0, 2), (2, 5), (5, 6)]) == [(0, 2), (2, 5), (5, 6)]


def test_what_a_block_raises_is_raised():
    def work(first, last):
        if first:
            raise IndexError("block of 2")
        return last

    with pytest.raises(IndexError, match="block of 2"):
        side_by_side(work, [(0, 2), (2, 5)])
