"""Paths and turnarounds as design section 6 defines them: its table, the clickstream example, and the naive twins."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics import naive
from tests.analytics.arrays import columns, end_to_end, rows, split
from tests.analytics.naive import Event, Mark, Path, Step
from tests.analytics.walks import GAP, SECOND, journeys, walks

from raceline.analytics import paths


def built(events, gap=GAP):
    """The paths that the compiled kernel builds, in the words of the naive twin."""
    found = paths.build_paths(*columns(events), gap)
    steps = split(np.rec.fromarrays([found.page, found.event, found.implied]), found.path_start)
    of_path = split(np.arange(len(events)), found.event_start)
    return [
        Path([Step(*step) for step in x], *end) for x, *end in zip(steps, of_path, found.resolved.tolist(), strict=True)
    ]


def pages(events):
    return [[step.page for step in path.steps] for path in built(events)]


def marks(*found):
    page, path_start, count = end_to_end(list(found))
    turns = paths.annotate(page, path_start, count)
    return [[Mark(*mark) for mark in x] for x in split(np.rec.fromarrays(list(turns)), path_start)]


def marked(x):
    """Turnarounds {step: depth}, ping-pongs {step: bounces}, loops {step: distance}; steps are numbered from 1."""
    (found,) = marks(x)
    return tuple(
        {i: number for i, number in enumerate(kind, 1) if number} for kind in list(zip(*found, strict=True))[1:]
    )


def views(letters):
    return [Event(1, SECOND * i, ord(letter) - ord("A")) for i, letter in enumerate(letters)]


def clicks(*pairs):
    return [Event(1, SECOND * i, target, source) for i, (source, target) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("letters", "turnarounds", "ping_pongs", "loops"),
    [
        param("ABCD", {}, {}, {}, id="a path that never returns has no turnaround"),
        param("ABCBA", {3: 2}, {}, {}, id="A B C B A is one turnaround, at C, of depth 2"),
        param("ABCBAD", {3: 2}, {}, {}, id="A B C B A D too"),
        param(
            "ABABA", {2: 1}, {2: 3}, {}, id="A B A B A is a ping-pong of 3 bounces and one turnaround, at the first B"
        ),
        param("AABBA", {2: 1}, {}, {}, id="A A B B A is one turnaround, at B, because runs collapse"),
        param("ABCA", {}, {}, {4: 3}, id="A B C A is a loop"),
        param("ABCABC", {}, {}, {4: 3}, id="A B C A B C is one loop, noted where it closes first"),
        param("A", {}, {}, {}, id="one page is no turnaround"),
        param("AB", {}, {}, {}, id="the ends of a path are no turnaround"),
        param("ABA", {2: 1}, {}, {}, id="the shortest turnaround has three steps"),
        param("ABAB", {2: 1}, {2: 2}, {}, id="four steps make a ping-pong"),
        param("CABABD", {3: 1}, {3: 2}, {}, id="a ping-pong may begin and end inside of a path"),
        param("ABABCBC", {2: 1, 5: 1}, {2: 2, 5: 2}, {}, id="two ping-pongs that share a step are two"),
        param("ABCBCBA", {3: 1}, {3: 3}, {}, id="the way back from a ping-pong is no loop"),
        param("ABACABA", {2: 1, 4: 3, 6: 1}, {}, {}, id="a turnaround inside of an arm counts on both ways"),
        param("ABACBA", {2: 1}, {}, {5: 3}, id="a return is measured from the last time before"),
        param("ABCADEFA", {}, {}, {4: 3, 8: 4}, id="a return at another distance is another loop"),
        param("ABCABDA", {}, {}, {4: 3, 7: 3}, id="a new page between two returns ends the loop"),
    ],
)
def test_turnarounds_ping_pongs_and_loops(letters, turnarounds, ping_pongs, loops):
    (x,) = pages(views(letters))
    assert marked(x) == (turnarounds, ping_pongs, loops)


@pytest.mark.parametrize(
    ("letters", "opportunities"),
    [
        param("ABCD", [2, 3], id="every step but the first and the last is an opportunity"),
        param("ABCBA", [2, 3, 4], id="a turnaround leaves its neighbours their opportunity"),
        param("CABABAD", [2, 3, 6], id="only the first apex of a ping-pong is an opportunity"),
        param("AB", [], id="two steps give no opportunity"),
    ],
)
def test_opportunities(letters, opportunities):
    (x,) = pages(views(letters))
    (found,) = marks(x)
    assert [i for i, mark in enumerate(found, 1) if mark.opportunity] == opportunities


def test_the_clickstream_example_gives_two_resolved_paths_without_a_turnaround():
    lines = [
        (1515764691, 1, 11, 28, False),
        (1515764752, 2, 11, 35, False),
        (1515764876, 2, 35, 42, True),
        (1515764997, 1, 28, 35, False),
        (1515765000, 1, 35, 42, True),
    ]
    events = sorted(Event(of, at * SECOND, target, source, end) for at, of, source, target, end in lines)
    found = built(events)
    assert pages(events) == [[11, 28, 35, 42], [11, 35, 42]]
    assert [path.resolved for path in found] == [True, True]
    assert [events[path.events[0]].at // SECOND for path in found] == [1515764691, 1515764752]
    assert not any(step.implied for path in found for step in path.steps)
    assert marked([11, 28, 35, 42]) == marked([11, 35, 42]) == ({}, {}, {})


@pytest.mark.parametrize(
    ("events", "steps"),
    [
        param(clicks((7, 8)), [(7, 0, False), (8, 0, False)], id="the first click adds its source, which was seen"),
        param(
            clicks((7, 8), (7, 9)),
            [(7, 0, False), (8, 0, False), (7, 1, True), (9, 1, False)],
            id="7->8, 7->9 is the path 7 8 7 9, whose second 7 is implied",
        ),
        param(
            clicks((7, 8), (8, 9)),
            [(7, 0, False), (8, 0, False), (9, 1, False)],
            id="a click from the page last seen adds its target only",
        ),
        param(
            [Event(1, 0, 5), Event(1, 1, 8, 7)],
            [(5, 0, False), (7, 1, True), (8, 1, False)],
            id="the first click after a view of another page has an implied source",
        ),
        param(clicks((7, 7)), [(7, 0, False)], id="a click from a page to itself is one step"),
        param(
            clicks((7, 8), (9, 9)), [(7, 0, False), (8, 0, False), (9, 1, True)], id="an implied step stays the first"
        ),
        param(
            [Event(1, 0, 5), Event(1, 1, 5), Event(1, 2, 6)],
            [(5, 0, False), (6, 2, False)],
            id="a run of one page is the step of its first event",
        ),
    ],
)
def test_steps_of_a_path(events, steps):
    (path,) = built(events)
    assert path.steps == steps
    assert path.events == list(range(len(events)))


def test_a_click_from_elsewhere_makes_a_turnaround_at_the_page_left():
    assert marked([7, 8, 7, 9]) == ({2: 1}, {}, {})


FAR = 2**63 - 1


@pytest.mark.parametrize(
    ("events", "sessions"),
    [
        param([Event(1, 0, 5), Event(1, GAP - 1, 6)], [[0, 1]], id="a pause shorter than the gap goes on"),
        param([Event(1, 0, 5), Event(1, GAP, 6)], [[0], [1]], id="a pause as long as the gap ends a path"),
        param([Event(1, 0, 5), Event(2, 0, 6)], [[0], [1]], id="a path has one customer"),
        param(
            [Event(1, 0, 5, resolved=True), Event(1, 1, 6)],
            [[0], [1]],
            id="an acknowledgement ends a path, after its event",
        ),
        param([Event(1, -FAR // 2, 5), Event(1, FAR, 6)], [[0], [1]], id="a pause of half a million years is a pause"),
        param([Event(1, -GAP, 5), Event(1, -1, 6)], [[0, 1]], id="times before 1970 are times"),
    ],
)
def test_where_a_path_ends(events, sessions):
    assert [path.events for path in built(events)] == sessions


def test_the_gap_is_a_setting():
    assert [path.events for path in built([Event(1, 0, 5), Event(1, 10, 6), Event(1, 15, 7)], gap=10)] == [[0], [1, 2]]


def test_no_event_gives_no_path_and_no_turn():
    assert built([]) == []
    assert all(len(column) == 0 for column in paths.annotate(*end_to_end([])))


def test_a_path_of_a_robot_takes_no_longer_step_by_step_than_that_of_a_person():
    """A B C B A B C B ...: every second step turns, with arms to the nearer end; squared work would never finish."""
    n = 400_001
    x = np.tile(np.array([0, 1, 2, 1], np.int32), n // 4 + 1)[:n]
    turns = paths.annotate(x, np.array([0, n]), 3)
    i = np.arange(n)
    assert np.array_equal(turns.depth, np.where(i % 2 == 0, np.minimum(i, n - 1 - i), 0))
    assert not turns.loop.any()
    assert not turns.bounces.any()


def test_frozen_columns_are_read_as_they_are():
    events = clicks((7, 8), (7, 9))
    frozen = columns(events)
    for column in frozen:
        column.setflags(write=False)
    assert paths.build_paths(*frozen, GAP).page.tolist() == [7, 8, 7, 9]


def test_columns_of_different_length_are_refused():
    customer, at, page, source, resolved = columns(views("AB"))
    with pytest.raises(ValueError, match="length"):
        paths.build_paths(customer, at, page[:1], source, resolved, GAP)


@pytest.mark.parametrize("code", [-1, 3])
def test_a_page_code_outside_of_the_pages_is_refused(code):
    with pytest.raises(IndexError, match=r"0 \.\. 2"):
        paths.annotate(np.array([0, code], np.int32), np.array([0, 2]), 3)


@given(journeys())
def test_paths_are_those_of_the_naive_twin(events):
    assert built(events) == naive.paths(events, GAP)


@given(st.lists(walks, max_size=5))
def test_turns_are_those_of_the_naive_twin(found):
    assert marks(*found) == [naive.marks(x) for x in found]


@given(journeys())
def test_the_steps_of_paths_are_ready_to_be_annotated(events):
    for path in built(events):
        x = [step.page for step in path.steps]
        assert x
        assert all(before != after for before, after in pairwise(x))
        assert marks(x) == [naive.marks(x)]


@settings(max_examples=20)
@given(journeys())
def test_compiled_and_plain_kernels_agree(events):
    before = paths.build_paths(*columns(events), GAP)
    turns = paths.annotate(before.page, before.path_start, 4)
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "_build",
            "_starts",
            "_annotate",
            "_mark_apexes",
            "_arm",
            "_mark_loops",
            "_mirrored",
            "_merge_ping_pongs",
        ):
            patch.setattr(paths, name, getattr(paths, name).py_func)
        plain = paths.build_paths(*columns(events), GAP)
        assert rows(*paths.annotate(before.page, before.path_start, 4)) == rows(*turns)
    assert all(np.array_equal(a, b) for a, b in zip(before, plain, strict=True))
