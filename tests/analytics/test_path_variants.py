"""Identical paths, counted."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics import naive_figures
from tests.analytics.arrays import rows
from tests.analytics.visits import arrays_of, cores, plain, visit, visits

from raceline.analytics import path_variants
from raceline.analytics.path_variants import variants


def test_the_most_frequent_variant_is_first_and_of_equals_the_one_that_came_first():
    found = variants(arrays_of([visit(0, "AB"), visit(0, "BA"), visit(0, "BA", resolved=True), visit(1, "C")]))
    assert rows(*found[:-1]) == [(1, 2, 1, 1), (0, 1, 0, 1), (3, 1, 0, 1)]
    assert found.of_path.tolist() == [1, 0, 0, 2]


@given(visits(), st.data())
def test_the_answer_does_not_hang_on_where_paths_lie(found, data):
    by_customer = [list(some) for _, some in groupby(enumerate(found), key=lambda one: one[1].customer)]
    lying = [one for some in data.draw(st.permutations(by_customer)) for one in some]
    place = np.array([p for p, _ in lying], np.int64)
    expected, counted = variants(arrays_of(found)), variants(arrays_of([one for _, one in lying]), place)

    assert rows(place[counted.first], *counted[1:-1]) == rows(*expected[:-1])
    assert counted.of_path.tolist() == expected.of_path[place].tolist()


@given(visits(), st.sampled_from([1, 3]), st.sampled_from([1, 4096]))
def test_variants_are_those_of_the_naive_twin(found, count, near):
    with cores(count), pytest.MonkeyPatch.context() as patch:
        patch.setattr(path_variants, "_NEAR", near)
        counted = variants(arrays_of(found))
    assert rows(*counted[:-1]) == naive_figures.variants(found)
    assert [found[counted.first[v]].pages for v in counted.of_path] == [one.pages for one in found]


@settings(max_examples=20)
@given(visits())
def test_paths_with_the_same_hash_are_told_apart_by_their_steps(found):
    def collide(path_start, page, hashes, first, last):
        hashes[first:last] = 7

    expected = variants(arrays_of(found))
    with plain(path_variants) as patch:
        assert all(np.array_equal(a, b) for a, b in zip(variants(arrays_of(found)), expected, strict=True))
        patch.setattr(path_variants, "_hash", collide)
        assert all(np.array_equal(a, b) for a, b in zip(variants(arrays_of(found)), expected, strict=True))


def test_no_path_has_no_variant():
    assert all(len(column) == 0 for column in variants(arrays_of([])))
