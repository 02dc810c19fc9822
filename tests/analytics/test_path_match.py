"""Paths against automata: the first step that accepts, compared with a plain walk through the table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.arrays import end_to_end

from raceline.analytics import blocks, path_match
from raceline.analytics.path_match import Automaton, matches

PAGES = 4


def _list(of, size):
    return st.lists(of, min_size=size, max_size=size)


@st.composite
def automata(draw):
    """Any automaton that stays where it accepts, and where it is hopeless."""
    states, classes = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    kind = ["goes on", *draw(_list(st.sampled_from(["goes on", "goes on", "accepts", "hopeless"]), states - 1))]
    rows = draw(_list(_list(st.integers(0, states - 1), classes), states))
    table = [row if kind[n] == "goes on" else [n] * classes for n, row in enumerate(rows)]
    at_end = draw(_list(st.booleans(), states))
    return Automaton(
        np.array(table, np.int32),
        np.array([one == "accepts" for one in kind]),
        np.array([one == "goes on" and end for one, end in zip(kind, at_end, strict=True)]),
        np.array([one == "hopeless" for one in kind]),
        np.array(draw(_list(st.integers(0, classes - 1), PAGES)), np.int32),
    )


def naive(path, automaton):
    """The step at which the path is first accepted, step by step."""
    state = 0
    for n, page in enumerate(path):
        state = automaton.table[state][automaton.class_of_page[page]]
        if automaton.accepting[state]:
            return n
    return len(path) - 1 if automaton.accepting_at_end[state] else -1


found_paths = st.lists(st.lists(st.integers(0, PAGES - 1), max_size=8), max_size=8)


@given(found_paths, automata())
def test_the_first_step_that_is_accepted_is_that_of_the_naive_twin(found, automaton):
    page, path_start, _ = end_to_end(found)
    assert matches(path_start, page, automaton).tolist() == [naive(path, automaton) for path in found]


@given(found_paths, automata())
def test_it_makes_no_difference_in_how_many_blocks_they_are_looked_at(found, automaton):
    page, path_start, _ = end_to_end(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "LEAST", 1)
        patch.setattr(blocks, "CORES", 3)
        assert matches(path_start, page, automaton).tolist() == [naive(path, automaton) for path in found]


@given(found_paths, automata(), st.data())
def test_only_the_paths_asked_about_are_looked_at(found, automaton, data):
    page, path_start, _ = end_to_end(found)
    among = data.draw(_list(st.booleans(), len(found)))
    expected = [naive(path, automaton) if asked else -1 for path, asked in zip(found, among, strict=True)]
    assert matches(path_start, page, automaton, np.array(among, np.bool_)).tolist() == expected


@given(found_paths, automata())
def test_compiled_and_plain_kernel_agree(found, automaton):
    page, path_start, _ = end_to_end(found)
    compiled = matches(path_start, page, automaton)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(path_match, "_match", path_match._match.py_func)
        assert matches(path_start, page, automaton).tolist() == compiled.tolist()


@pytest.mark.parametrize("code", [-1, PAGES])
def test_a_page_that_the_automaton_does_not_know_is_refused(code):
    once = np.zeros((1, 1), np.int32), *[np.zeros(1, np.bool_)] * 3, np.zeros(PAGES, np.int32)
    with pytest.raises(IndexError, match=r"0 \.\. 3"):
        matches(np.array([0, 1]), np.array([code], np.int32), Automaton(*once))
