"""Paths against an automaton that reads pages: the step at which each path first does what was asked."""

from functools import partial
from typing import NamedTuple

import numpy as np

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.kernel import kernel
from raceline.analytics.paths import Codes, Flags, Longs


class Automaton(NamedTuple):
    """A deterministic automaton over classes of pages; it begins in state 0, before the first step of a path."""

    table: Codes  # (states, classes) the state after a step on a page of the class
    accepting: Flags  # (states,) all is done with the step that leads here
    accepting_at_end: Flags  # (states,) all is done if the path ends here
    hopeless: Flags  # (states,) whatever follows, it will not be done
    class_of_page: Codes  # (pages,)


def matches(path_start: Longs, page: Codes, automaton: Automaton, among: Flags | None = None) -> Longs:
    """The step at which each path is first accepted, (p,): counted from 0 inside of the path, -1 when it never is.

    path_start: (p + 1,) offsets into page (s,), codes of the automaton's pages; among: (p,) the paths to look at, all
    when it is left out, the others are not accepted. What holds at the end only is done with the last step; a path
    without a step is never accepted. Raises IndexError for a code that is none of the automaton's pages.
    """
    pages = len(automaton.class_of_page)
    if len(page) and np.ascontiguousarray(page).view(np.uint32).max() >= pages:  # unsigned, -1 is huge
        raise IndexError(f"a page code is not in 0 .. {pages - 1}")
    found = np.full(len(path_start) - 1, -1, np.int64)
    asked = np.ones(len(found), np.bool_) if among is None else among
    ends = automaton.accepting | automaton.hopeless
    work = partial(
        _match,
        path_start,
        page,
        asked,
        automaton.table,
        ends,
        automaton.accepting,
        automaton.accepting_at_end,
        automaton.class_of_page,
        found,
    )
    side_by_side(work, balanced_blocks(path_start))
    return found


@kernel
def _match(
    path_start: Longs,
    page: Codes,
    asked: Flags,
    table: Codes,
    ends: Flags,
    accepting: Flags,
    accepting_at_end: Flags,
    class_of_page: Codes,
    found: Longs,
    first: int,
    last: int,
) -> None:
    """Fill found[first:last] where a path is accepted. ends: (states,) nothing that follows makes a difference."""
    for p in range(first, last):
        if not asked[p]:
            continue
        begin, end = path_start[p], path_start[p + 1]
        state, i = 0, begin
        while i < end and not ends[state]:
            state = table[state, class_of_page[page[i]]]
            i += 1
        # A step too far when it was done before the end; without a step it comes to -1.
        if accepting[state] or (i == end and accepting_at_end[state]):
            found[p] = i - begin - 1
