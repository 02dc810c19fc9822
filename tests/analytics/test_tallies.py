"""Sums by page and by day."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics import naive
from tests.analytics.arrays import end_to_end, rows
from tests.analytics.walks import walks

from raceline.analytics import paths

DAY = 86_400_000_000

visits = st.lists(st.tuples(st.integers(0, 3), walks), max_size=8).map(lambda found: sorted(found, key=lambda v: v[0]))


def tallied(found, pages=5):
    """found: (customer, path) sorted by customer."""
    customer = np.array([of for of, _ in found], np.int32)
    page, path_start, _ = end_to_end([x for _, x in found])
    return paths.tally_pages(customer, page, path_start, paths.annotate(page, path_start, pages), pages)


def days(found):
    """found: (started_at, resolved, turned, length) for each path."""
    at, resolved, turned, length = zip(*found, strict=True) if found else ((),) * 4
    return paths.tally_days(
        np.array(at, np.int64), np.array(resolved, np.bool_), np.array(turned, np.bool_), np.array(length, np.int64)
    )


@pytest.mark.parametrize(
    ("found", "page", "expected"),
    [
        param([(0, [0, 1, 0])], 1, (1, 1, 1, 1, 1, 0), id="a page where a customer turned"),
        param([(0, [0, 1]), (0, [0, 2]), (1, [0])], 0, (3, 2, 0, 0, 0, 0), id="a customer counts once for a page"),
        param([(0, [0, 1, 0, 1, 0])], 1, (2, 1, 1, 1, 1, 1), id="a ping-pong is one turnaround of one opportunity"),
        param([(0, [0, 1, 2, 1, 0])], 2, (1, 1, 1, 1, 2, 0), id="the depth of a turnaround belongs to its apex"),
        param([(0, [0, 1])], 4, (0, 0, 0, 0, 0, 0), id="a page that nobody saw"),
    ],
)
def test_tallies_of_a_page(found, page, expected):
    assert rows(*tallied(found))[page] == expected


@given(visits)
def test_page_tallies_are_those_of_the_naive_twin(found):
    assert rows(*tallied(found)) == naive.page_tallies(found, 5)


@given(visits, st.integers(0, 4))
def test_page_tallies_of_different_customers_add_up(found, border):
    before = tallied([visit for visit in found if visit[0] < border])
    after = tallied([visit for visit in found if visit[0] >= border])
    assert [(a + b).tolist() for a, b in zip(before, after, strict=True)] == [c.tolist() for c in tallied(found)]


@settings(max_examples=20)
@given(visits)
def test_compiled_and_plain_tallies_agree(found):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_tally", paths._tally.py_func)
        plain = tallied(found)
    assert rows(*plain) == rows(*tallied(found))


def test_page_tallies_without_a_path_are_zero():
    assert rows(*tallied([], pages=2)) == [(0,) * 6] * 2
    assert rows(*tallied([], pages=0)) == []


def test_a_page_code_outside_of_the_pages_is_refused():
    page, path_start, pages = end_to_end([[0, 1]])
    turns = paths.annotate(page, path_start, pages)
    with pytest.raises(IndexError):
        paths.tally_pages(np.array([0], np.int32), page, path_start, turns, 1)


@pytest.mark.parametrize(
    ("started_at", "day"),
    [
        param(0, 0, id="the first day is 0"),
        param(DAY - 1, 0, id="a day lasts to its last microsecond"),
        param(DAY, 1, id="midnight belongs to the day that begins"),
        param(-1, -1, id="a moment before 1970 belongs to the day before"),
        param(-DAY, -1, id="midnight before 1970 begins its day"),
        param(-DAY - 1, -2, id="days before 1970 are counted down"),
    ],
)
def test_the_day_of_a_path(started_at, day):
    assert days([(started_at, False, False, 1)]).day.tolist() == [day]


starts = st.integers(-3, 3).flatmap(lambda day: st.sampled_from([day * DAY, day * DAY + 1, (day + 1) * DAY - 1]))


@given(st.lists(st.tuples(starts, st.booleans(), st.booleans(), st.integers(1, 10**9)), max_size=30))
def test_day_tallies_are_those_of_the_naive_twin(found):
    assert rows(*days(found)) == naive.day_tallies(found)


def test_squares_of_short_columns_do_not_overflow():
    one = np.array([True])
    assert paths.tally_days(np.array([0]), one, one, np.array([100_000], np.int32)).length_squared.tolist() == [10**10]
