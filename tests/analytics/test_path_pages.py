"""Sums by page, and the time spent there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics import naive_figures
from tests.analytics.arrays import rows
from tests.analytics.visits import PAGES, Visit, arrays_of, cores, plain, visit, visits
from tests.analytics.walks import SECOND

from raceline.analytics import path_pages
from raceline.analytics.path_pages import PageSums, dwell, page_sums


@pytest.mark.parametrize(
    ("found", "page", "expected"),
    [
        param([visit(0, "ABA")], "B", {"opportunities": 1, "turnarounds": 1, "depth": 1}, id="a customer turned"),
        param([visit(0, "AB"), visit(0, "AC"), visit(1, "A")], "A", {"customers": 2}, id="a customer counts once"),
        param(
            [visit(0, "ABABA")],
            "B",
            {"visits": 2, "opportunities": 1, "turnarounds": 1, "ping_pongs": 1},
            id="a ping-pong is one turnaround of one opportunity",
        ),
        param([visit(0, "ABCBA")], "C", {"depth": 2}, id="the depth of a turnaround belongs to its apex"),
        param([visit(0, "ABCA")], "A", {"looped": 1}, id="a loop belongs to the page that it returns to"),
        param([visit(0, "A", resolved=True)], "A", {"entries": 1, "exits": 1, "resolved_here": 1}, id="a path of one"),
        param([visit(0, "BA")], "A", {"entries": 0, "exits": 1, "resolved_here": 0}, id="an open path ends somewhere"),
        param(
            [visit(0, "ABA"), visit(0, "ABC"), visit(7, "CBC")],
            "B",
            {"opportunities": 3, "turnarounds": 2, "nn": 5, "nk": 3, "kk": 2},
            id="squares are sums over customers, who may come again",
        ),
        param([visit(0, "AB")], "E", dict.fromkeys(PageSums._fields, 0), id="a page that nobody saw"),
    ],
)
def test_sums_of_a_page(found, page, expected):
    sums = page_sums(arrays_of(found), PAGES)
    assert {name: getattr(sums, name)[ord(page) - ord("A")] for name in expected} == expected


@given(visits(), st.sampled_from([1, 3]))
def test_page_sums_are_those_of_the_naive_twin(found, count):
    with cores(count):
        assert rows(*page_sums(arrays_of(found), PAGES)) == naive_figures.page_sums(found, PAGES)


@settings(max_examples=20)
@given(visits())
def test_compiled_and_plain_sums_agree(found):
    paths = arrays_of(found)
    with plain(path_pages):
        sums, times = page_sums(paths, PAGES), dwell(paths)
    assert rows(*sums) == rows(*page_sums(paths, PAGES))
    assert rows(*times) == rows(*dwell(paths))


def test_page_sums_without_a_path_are_zero():
    assert rows(*page_sums(arrays_of([]), 2)) == [(0,) * len(PageSums._fields)] * 2
    assert rows(*page_sums(arrays_of([], pages=0), 0)) == []


def test_a_page_code_outside_of_the_pages_is_refused():
    with pytest.raises(IndexError, match=r"0 \.\. 0"):
        page_sums(arrays_of([visit(0, "AB")]), 1)


def test_the_time_at_a_page_lasts_until_the_next_step_and_is_unknown_at_the_last():
    assert rows(*dwell(arrays_of([visit(0, "ABA"), visit(0, "C"), visit(1, "CB")]))) == [
        (0, SECOND),
        (1, SECOND),
        (2, SECOND),
    ]


def test_a_page_that_a_click_only_names_as_its_source_was_reached_nobody_knows_when():
    """So neither its own time is known nor that of the page before."""
    back = Visit(0, [0, 1, 0, 2, 1], [None, SECOND, None, 3 * SECOND, 7 * SECOND])
    assert rows(*dwell(arrays_of([back]))) == [(2, 4 * SECOND)]


@given(visits(), st.sampled_from([1, 3]))
def test_dwell_is_that_of_the_naive_twin(found, count):
    with cores(count):
        assert rows(*dwell(arrays_of(found))) == naive_figures.dwell(found)
