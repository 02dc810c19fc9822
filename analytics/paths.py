"""Click paths and their turnarounds, counted as design section 6 defines them; steps are numbered from 0 here.

The arrays of many paths lie end to end; p + 1 offsets say where each path starts, and where the last one ends.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.kernel import kernel

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


class Steps(NamedTuple):
    """The paths of some events: p paths with s steps between them."""

    path_start: Longs  # (p + 1,) where each path starts among the steps
    page: Codes  # (s,) neighbours in a path differ
    event: Longs  # (s,) the row of the event that added the step
    implied: Flags  # (s,) the customer went back, or jumped, without a click that anyone saw
    event_start: Longs  # (p + 1,) where each path starts among the events
    resolved: Flags  # (p,) the path ends with an acknowledgement


class Turns(NamedTuple):
    """What happens at each of s steps."""

    opportunity: Flags  # (s,) a turnaround here would count
    depth: Codes  # (s,) the longest mirrored arm of the turnaround that counts here, 0 without one
    bounces: Codes  # (s,) m - 2 at the first apex of a ping-pong of m steps, else 0
    loop: Codes  # (s,) how many steps ago the page was last seen, at the first step of a loop, else 0


def build_paths(customer: Codes, occurred_at: Longs, page: Codes, source: Codes, resolved: Flags, gap: int) -> Steps:
    """Cut page-carrying events into paths, add the implied steps, and collapse runs of the same page.

    All arrays are (n,), sorted by customer and then in the total order. occurred_at and gap: microseconds; page: the
    page reached; source: the page that the click started from, -1 for a view. A path ends before another customer,
    before a pause of `gap` or longer, and after an event that is resolved. A click that starts a path adds its source
    as a step that was seen; later a source other than the page last seen is implied. Raises ValueError when the
    lengths differ.
    """
    n = len(customer)
    if any(len(column) != n for column in (occurred_at, page, source, resolved)):
        raise ValueError("the columns of events differ in length")
    # An event adds two steps at most. The unused rest of the arrays is never touched, so it takes no memory.
    steps = np.empty(2 * n, np.int32), np.empty(2 * n, np.int64), np.empty(2 * n, np.bool_)
    paths = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n, np.bool_)
    p, s = _build(customer, occurred_at, page, source, resolved, gap, *steps, *paths)
    path_start, event_start, path_resolved = paths
    step_page, event, implied = steps
    return Steps(path_start[: p + 1], step_page[:s], event[:s], implied[:s], event_start[: p + 1], path_resolved[:p])


def annotate(page: Codes, path_start: Longs, pages: int) -> Turns:
    """Find the turnarounds, ping-pongs and loops of paths whose runs are collapsed.

    page: (s,) codes below `pages`; path_start: (p + 1,) offsets, no path empty. Time and memory are linear in the
    steps, however long or repetitive a path is. Raises IndexError for a code outside of 0 .. pages - 1.
    """
    check_codes(page, pages)
    s = len(page)
    turns = Turns(np.zeros(s, np.bool_), np.zeros(s, np.int32), np.zeros(s, np.int32), np.zeros(s, np.int32))
    side_by_side(
        lambda first, last: _annotate(page, path_start[first : last + 1], np.full(pages, -1, np.int64), *turns),
        balanced_blocks(path_start),
    )
    return turns


def check_codes(page: Codes, pages: int) -> None:
    """Raise IndexError unless every code of page: (s,) is in 0 .. pages - 1."""
    # The kernels do not check their indices: a wrong code would write outside of an array. Unsigned, -1 is huge.
    if len(page) and np.ascontiguousarray(page).view(np.uint32).max() >= pages:
        raise IndexError(f"a page code is not in 0 .. {pages - 1}")


@kernel
def _build(
    customer: Codes,
    occurred_at: Longs,
    page: Codes,
    source: Codes,
    resolved: Flags,
    gap: int,
    step_page: Codes,
    step_event: Longs,
    implied: Flags,
    path_start: Longs,
    event_start: Longs,
    path_resolved: Flags,
) -> tuple[int, int]:
    """Fill the arrays from step_page on; how many paths and steps there are. See build_paths."""
    # No branches: what is not to stay is overwritten next, because the counter does not move on.
    p = s = 0
    for i in range(len(page)):
        starts = _starts(customer, occurred_at, resolved, gap, i)
        seen = page[max(i - 1, 0)]  # the last step shows the page of the last event, whether that added a step or not
        came_from = source[i]
        path_start[p], event_start[p] = s, i
        p += starts
        path_resolved[p - 1] = resolved[i]

        step_page[s], step_event[s], implied[s] = came_from, i, not starts
        s += (came_from >= 0) & (starts | (came_from != seen))
        if came_from >= 0:
            seen = came_from

        step_page[s], step_event[s], implied[s] = page[i], i, False
        s += (page[i] != seen) | (starts & (came_from < 0))
    path_start[p], event_start[p] = s, len(page)
    return p, s


@kernel
def _starts(customer: Codes, occurred_at: Longs, resolved: Flags, gap: int, i: int) -> bool:
    before = max(i - 1, 0)
    # The gap is taken from the later time: a difference from far past to far future would not fit into 64 bits.
    paused = occurred_at[i] - gap >= occurred_at[before]
    return bool((i == 0) | (customer[i] != customer[before]) | paused | resolved[before])


@kernel
def _annotate(
    page: Codes, path_start: Longs, last_seen: Longs, opportunity: Flags, depth: Codes, bounces: Codes, loop: Codes
) -> None:
    """Fill the arrays from opportunity on. last_seen: (pages,) of -1. See annotate."""
    for p in range(len(path_start) - 1):
        first, last = path_start[p], path_start[p + 1] - 1
        longest_run = _mark_apexes(page, first, last, opportunity, depth)
        _mark_loops(page, first, last, last_seen, depth, loop)
        if longest_run > 1:
            _merge_ping_pongs(first, last, depth, bounces)


@kernel
def _mark_apexes(page: Codes, first: int, last: int, opportunity: Flags, depth: Codes) -> int:
    """The mirrored arm at every apex, those inside of ping-pongs too; the longest run of neighbouring apexes.

    Manacher's algorithm ("A new linear-time on-line algorithm ...", J. ACM 22, 1975): what lies inside of a mirrored
    stretch is known from its other side, so no step is compared over and over.
    """
    centre = reach = first
    run = longest_run = 0
    for i in range(first + 1, last):
        if page[i - 1] == page[i + 1]:
            known = min(int(depth[2 * centre - i]), reach - i) if i < reach else 1
            depth[i] = _arm(page, first, last, i, known)
            if i + depth[i] > reach:
                centre, reach = i, i + depth[i]
            run += 1
            longest_run = max(longest_run, run)
        else:
            run = 0
        opportunity[i] = run < 2
    return longest_run


@kernel
def _arm(page: Codes, first: int, last: int, apex: int, known: int) -> int:
    arm = known
    while apex - arm > first and apex + arm < last and page[apex - arm - 1] == page[apex + arm + 1]:
        arm += 1
    return arm


@kernel
def _mark_loops(page: Codes, first: int, last: int, last_seen: Longs, depth: Codes, loop: Codes) -> None:
    """Neighbouring returns at one distance are one loop, noted at its first step."""
    running = 0
    for j in range(first, last + 1):
        seen = last_seen[page[j]]  # before `first` it was another path's, so the array need not be cleared
        last_seen[page[j]] = j
        distance = 0
        if seen >= first and j - seen > 2 and not _mirrored(seen, j, depth):
            distance = j - seen
            if distance != running:
                loop[j] = distance
        running = distance


@kernel
def _mirrored(start: int, end: int, depth: Codes) -> bool:
    """The two steps are the ends of the arms of one turnaround."""
    arm = (end - start) // 2
    return (end - start) % 2 == 0 and bool(depth[start + arm] >= arm)


@kernel
def _merge_ping_pongs(first: int, last: int, depth: Codes, bounces: Codes) -> None:
    """Neighbouring apexes are one ping-pong, and only the first of them is a turnaround that counts."""
    run = 0
    for i in range(first + 1, last):
        run = run + 1 if depth[i] > 0 else 0
        if run > 1:
            bounces[i - run + 1] = run
            depth[i] = 0
