"""The site as a graph."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics import naive_figures
from tests.analytics.arrays import rows
from tests.analytics.visits import PAGES, Visit, arrays_of, cores, plain, visit, visits

from raceline.analytics import path_edges, quantiles, transitions
from raceline.analytics.path_edges import OPEN, RESOLVED, START, Edges, edge_times, edges, first_order, step_edges
from raceline.analytics.path_pages import page_sums

NODES = {PAGES + START: "start", PAGES + RESOLVED: "resolved", PAGES + OPEN: "open"}


def named(code):
    return NODES.get(code, chr(ord("A") + code))


def drawn(found):
    """Edges as `source->target` with their transitions."""
    return {f"{named(a)}->{named(b)}": n for a, b, n in rows(found.source, found.target, found.transitions)}


def twin(found, steps=None):
    """Keys and numbers of the naive edges, and the quantiles of their times."""
    naive = naive_figures.step_edges(found, PAGES, steps)
    times = [np.quantile(np.array(x), (0.5, 0.95)) / 1e6 if x else [np.nan] * 2 for *_, x in naive.values()]
    return [key + value[:-1] for key, value in naive.items()], np.array(times).reshape(len(naive), 2)


def test_a_path_leads_from_the_start_over_its_pages_to_an_end():
    paths = arrays_of([visit(0, "ABA", resolved=True), visit(1, "AB")])
    assert drawn(edges(paths, PAGES)) == {
        "A->B": 2,
        "A->resolved": 1,
        "B->A": 1,
        "B->open": 1,
        "start->A": 2,
    }


def test_steps_apart_show_an_end_where_a_path_ended_and_none_where_it_goes_on():
    found = step_edges(arrays_of([visit(0, "ABA"), visit(1, "B", resolved=True)]), PAGES, 2)
    assert [(step, f"{named(a)}->{named(b)}") for step, a, b in rows(found.step, found.source, found.target)] == [
        (0, "start->A"),
        (0, "start->B"),
        (1, "A->B"),
        (1, "B->resolved"),
    ]


@given(visits(), st.sampled_from([1, 3]))
def test_edges_and_their_times_are_those_of_the_naive_twin(found, count):
    paths = arrays_of(found)
    with cores(count):
        folded = edges(paths, PAGES)
        times = edge_times(paths, folded, PAGES)
    expected, expected_times = twin(found)
    assert [(0, *row) for row in rows(*folded)] == expected
    assert np.array_equal(times, expected_times, equal_nan=True)


@given(visits(), st.integers(1, 4), st.sampled_from([1, 3]))
def test_edges_of_steps_and_their_times_are_those_of_the_naive_twin(found, steps, count):
    paths = arrays_of(found)
    with cores(count):
        apart = step_edges(paths, PAGES, steps)
        times = edge_times(paths, apart, PAGES)
    expected, expected_times = twin(found, steps)
    assert rows(*apart) == expected
    assert np.array_equal(times, expected_times, equal_nan=True)


@given(visits())
def test_what_comes_into_a_page_goes_out_of_it(found):
    """Also of opportunities alone, which are the first-order margins."""
    paths = arrays_of(found)
    sums, folded = page_sums(paths, PAGES), edges(paths, PAGES)
    for column, expected in ((folded.transitions, sums.visits), (folded.into, sums.opportunities)):
        assert np.array_equal(np.bincount(folded.target, column, PAGES + 3)[:PAGES], expected)
    for column, expected in ((folded.transitions, sums.visits), (folded.out_of, sums.opportunities)):
        assert np.array_equal(np.bincount(folded.source, column, PAGES + 1)[:PAGES], expected)


@given(visits())
def test_the_times_of_some_edges_are_those_among_all(found):
    paths = arrays_of(found)
    folded = edges(paths, PAGES)
    times = edge_times(paths, folded, PAGES)
    some = Edges(*(column[::2] for column in folded))
    assert np.array_equal(edge_times(paths, some, PAGES), times[::2], equal_nan=True)


def test_one_who_came_from_a_and_went_on_as_the_others_do_is_expected_to_turn_as_often_as_they_go_to_a():
    """B is entered twice from A and once from C, and left once to A and twice to C: (2 * 1 + 1 * 2) / 3."""
    paths = arrays_of([visit(0, "ABC"), visit(1, "ABC"), visit(2, "CBA")])
    assert first_order(edges(paths, PAGES), PAGES).tolist() == pytest.approx([0, 4 / 3, 0, 0, 0])


def test_a_path_that_ends_at_a_page_says_nothing_of_turning_there():
    turning = [visit(0, "ABA"), visit(1, "ABC")]
    expected = first_order(edges(arrays_of(turning), PAGES), PAGES)
    ending = [*turning, *(visit(n, "AB") for n in range(2, 9))]
    assert np.array_equal(first_order(edges(arrays_of(ending), PAGES), PAGES), expected)


@given(visits())
def test_first_order_turnarounds_are_those_of_the_naive_twin(found):
    assert first_order(edges(arrays_of(found), PAGES), PAGES) == pytest.approx(naive_figures.first_order(found, PAGES))


@settings(max_examples=20)
@given(visits())
def test_compiled_and_plain_edges_agree(found):
    paths = arrays_of(found)

    def asked():
        folded = edges(paths, PAGES)
        return [*folded, *step_edges(paths, PAGES, 3), edge_times(paths, folded, PAGES), first_order(folded, PAGES)]

    with plain(path_edges, transitions, quantiles):
        slow = asked()
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(slow, asked(), strict=True))


def test_a_path_of_a_robot_is_one_path_of_one_customer():
    """However long: nothing is kept for each step of a path but its record."""
    n = 300_000
    paths = arrays_of([Visit(0, [0, 1] * (n // 2), list(range(n)))])
    assert drawn(edges(paths, PAGES)) == {"A->B": n // 2, "B->A": n // 2 - 1, "B->open": 1, "start->A": 1}


def test_no_path_gives_no_edge():
    paths = arrays_of([])
    folded = edges(paths, PAGES)
    assert drawn(folded) == {}
    assert edge_times(paths, folded, PAGES).shape == (0, 2)
    assert first_order(folded, PAGES).tolist() == [0] * PAGES
    assert len(step_edges(paths, PAGES, 3).step) == 0


def test_customers_with_large_codes_are_told_apart():
    found = edges(arrays_of([visit(2**31 - 1, "AB"), visit(2**31 - 2, "AB"), visit(0, "AB")]), PAGES)
    assert found.customers.tolist() == [3, 3, 3]


def test_a_page_code_outside_of_the_pages_is_refused():
    paths = arrays_of([visit(0, "AB")])
    with pytest.raises(IndexError, match=r"0 \.\. 0"):
        edges(paths, 1)
    with pytest.raises(IndexError, match=r"0 \.\. 0"):
        edge_times(paths, edges(paths, 2), 1)
