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


def matches(path_start: Longs, page: Codes, automaton: Automaton) -> Longs:
    """The step at which each path is first accepted, (p,): counted from 0 inside of the path, -1 when it never is.

    path_start: (p + 1,) offsets into page (s,), codes of the automaton's pages. What holds at the end only is done with
    the last step; a path without a step is never accepted. Raises IndexError for a code that is none of its pages.
    """
    pages = len(automaton.class_of_page)
    if len(page) and np.ascontiguousarray(page).view(np.uint32).max() >= pages:  # unsigned, -1 is huge
        raise IndexError(f"a page code is not in 0 .. {pages - 1}")
    found = np.empty(len(path_start) - 1, np.int64)
    side_by_side(partial(_match, path_start, page, *automaton, found), balanced_blocks(path_start))
    return found


@kernel
def _match(
    path_start: Longs,
    page: Codes,
    table: Codes,
    accepting: Flags,
    accepting_at_end: Flags,
    hopeless: Flags,
    class_of_page: Codes,
    found: Longs,
    first: int,
    last: int,
) -> None:
    """Fill found[first:last]. The automaton has no say beyond the step at which it accepts or despairs."""
    for p in range(first, last):
        state = 0
        found[p] = -1
        for i in range(path_start[p], path_start[p + 1]):
            state = table[state, class_of_page[page[i]]]
            if accepting[state]:
                found[p] = i - path_start[p]
                break
            if hopeless[state]:
                break
        else:
            if accepting_at_end[state]:  # of a path without a step it gives -1
                found[p] = path_start[p + 1] - path_start[p] - 1
