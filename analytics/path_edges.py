"""The site as a graph: which page follows which, how often, for how many customers, and after what time.

Beside the pages 0 .. pages - 1 there are three nodes: where paths start, and where they end, resolved or open. They
have the codes pages, pages + 1 and pages + 2.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.kernel import kernel, part
from raceline.analytics.path_arrays import PathArrays
from raceline.analytics.paths import Codes, Longs
from raceline.analytics.quantiles import Figures, quantiles_in_place
from raceline.analytics.transitions import OPEN, RESOLVED, START, UNKNOWN, Records, target_of, transitions

__all__ = ["OPEN", "RESOLVED", "START", "Edges", "StepEdges", "edge_times", "edges", "first_order", "step_edges"]


class Edges(NamedTuple):
    """e edges, sorted by source and target."""

    source: Codes
    target: Codes
    transitions: Longs
    customers: Longs  # distinct ones
    into: Longs  # transitions whose target step is an opportunity
    out_of: Longs  # transitions whose source step is an opportunity


class StepEdges(NamedTuple):
    """Edges of each step apart, sorted by step, source and target; step 0 goes from the start to the first page."""

    step: Codes
    source: Codes
    target: Codes
    transitions: Longs
    customers: Longs
    into: Longs
    out_of: Longs


def edges(paths: PathArrays, pages: int) -> Edges:
    """Every transition: from the start to the first page, from page to page, and from the last page to an end.

    Raises IndexError for a page code outside of 0 .. pages - 1.
    """
    return Edges(*_edges(paths, pages, 0)[1:])


def step_edges(paths: PathArrays, pages: int, steps: int) -> StepEdges:
    """The first `steps` transitions of each path, apart; an end is seen where the path ended before. See edges."""
    return _edges(paths, pages, max(steps, 1))


def edge_times(paths: PathArrays, found: Edges | StepEdges, pages: int) -> Figures:
    """Median and 95th percentile of the seconds between both steps of each edge: (e, 2), nan at the start and the ends.

    found: all edges of the same paths, or those wanted of them, in their order.
    """
    step, steps = np.zeros_like(found.source), 0
    if isinstance(found, StepEdges):
        step, steps = found.step, int(found.step.max(initial=0)) + 1
    buckets = np.arange(max(steps, 1) * (pages + 1) + 1)
    row_start = np.searchsorted(step * (pages + 1) + found.source.astype(np.int64), buckets)
    from_page = (np.diff(row_start) > 0) & (buckets[:-1] % (pages + 1) < pages)
    start, records = transitions(paths, pages, steps, timed=from_page)
    seconds = np.full((len(found.source), 2), np.nan)

    def fill(first: int, last: int) -> None:
        slot = np.full(pages + 3, -1, np.int64)
        most = int(np.diff(start[first : last + 1]).max())
        _fill_times(
            start, records, pages, row_start, found.target, slot, np.empty(most, np.int64), seconds, first, last
        )

    side_by_side(fill, balanced_blocks(start, each=4))
    return seconds / 1e6


def first_order(found: Edges, pages: int) -> Figures:
    """Turnarounds at each page B that its transitions let expect: (pages,).

    The sum over pages A of N(A->B) N(B->A) / N(B->.), of design section 6, where only steps are counted that are
    opportunities: customers who came from A to B and went on, times the share of those who went on from B that went
    to A. A path that ends at B could not turn there, so it counts on neither side.
    """
    expected = np.zeros(pages)
    row_start = np.searchsorted(found.source, np.arange(pages + 1))
    work = partial(_expect, found.target, found.into, found.out_of, row_start, expected)
    side_by_side(work, balanced_blocks(row_start))
    return expected


def _edges(paths: PathArrays, pages: int, steps: int) -> StepEdges:
    """With steps = 0 all transitions, at step 0."""
    start, records = transitions(paths, pages, steps)
    found = side_by_side(partial(_fold_block, start, records, pages), balanced_blocks(start, each=4))
    bucket, target, sums = zip(*found, strict=True)
    step, source = np.divmod(np.concatenate(bucket), pages + 1)
    four = (np.concatenate([of_block[:, n] for of_block in sums]) for n in range(4))
    return StepEdges(step.astype(np.int32), source.astype(np.int32), np.concatenate(target), *four)


def _fold_block(start: Longs, records: Records, pages: int, first: int, last: int) -> tuple[Longs, Codes, Longs]:
    """Bucket, target and sums of the edges of buckets first .. last - 1. See _fold."""
    most = start[last] - start[first]  # what is never touched takes no memory
    bucket, target, sums = np.empty(most, np.int64), np.empty(most, np.int32), np.empty((most, 5), np.int64)
    e = _fold(start, records, np.full(pages + 3, -1, np.int64), bucket, target, sums, first, last)
    return bucket[:e], target[:e], sums[:e]


@kernel
def _fold(
    start: Longs, records: Records, slot: Longs, bucket: Longs, target: Codes, sums: Longs, first: int, last: int
) -> int:
    """Fill bucket, target and sums (transitions, customers, into, out_of, customer seen last) with the edges; how many.

    slot: (pages + 3,) of -1, the place of each target among the edges of the bucket at hand.
    """
    e = 0
    for b in range(first, last):
        begun = e
        for r in range(start[b], start[b + 1]):
            code = target_of(records[r, 0])
            if slot[code] < 0:
                slot[code] = 0
                bucket[e], target[e] = b, code
                e += 1
        target[begun:e].sort()
        for n in range(begun, e):
            slot[target[n]] = n
            sums[n, 0], sums[n, 1], sums[n, 2], sums[n, 3], sums[n, 4] = 0, 0, 0, 0, -1
        for r in range(start[b], start[b + 1]):
            _add(sums[slot[target_of(records[r, 0])]], records[r, 0])
        for n in range(begun, e):
            slot[target[n]] = -1
    return e


@part
def _add(row: Longs, record: np.int64) -> None:
    customer = record >> 32
    row[0] += 1
    row[1] += row[4] != customer
    row[2] += record >> 31 & 1
    row[3] += record >> 30 & 1
    row[4] = customer


@kernel
def _fill_times(
    start: Longs,
    records: Records,
    pages: int,
    row_start: Longs,
    target: Codes,
    slot: Longs,
    value: Longs,
    found: Figures,
    first: int,
    last: int,
) -> None:
    """Fill the rows of found that are edges of buckets first .. last - 1.

    row_start: (b + 1,) where the edges of each bucket begin; slot: (pages + 3,) of -1, the edge of each target in the
    bucket at hand; value: as long as the largest bucket.
    """
    wanted, order = np.array([0.5, 0.95]), np.array([0, 1])
    for b in range(first, last):
        low, high = row_start[b], row_start[b + 1]
        end = np.zeros(high - low + 1, np.int64)  # of the times of each edge; last those that are not wanted or unknown
        for e in range(low, high):
            if target[e] < pages:
                slot[target[e]] = e - low
        for r in range(start[b], start[b + 1]):
            end[slot[target_of(records[r, 0])] if records[r, 1] != UNKNOWN else -1] += 1
        place = 0
        for n in range(high - low + 1):
            end[n], place = place, place + end[n]
        for r in range(start[b], start[b + 1]):
            n = slot[target_of(records[r, 0])] if records[r, 1] != UNKNOWN else -1
            value[end[n]] = records[r, 1]
            end[n] += 1
        for n in range(high - low):
            quantiles_in_place(value, end[n - 1] if n else 0, end[n], wanted, order, found[low + n])
            slot[target[low + n]] = -1


@part
def _found(target: Codes, low: int, high: int, code: int) -> int:
    """Where the code is in target[low:high], which is sorted; -1 when it is not there."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if target[middle] < code:
            low = middle + 1
        else:
            high = middle
    return low if low < end and target[low] == code else -1


@kernel
def _expect(
    target: Codes, into: Longs, out_of: Longs, row_start: Longs, expected: Figures, first: int, last: int
) -> None:
    """Fill expected[first:last], from edges sorted by source and target; row_start: (pages + 1,) of each source."""
    for b in range(first, last):
        opportunities = 0
        for e in range(row_start[b], row_start[b + 1]):
            opportunities += out_of[e]
        for e in range(row_start[b], row_start[b + 1]):
            a = target[e]
            if out_of[e] > 0 and a < len(expected):
                back = _found(target, row_start[a], row_start[a + 1], b)
                if back >= 0:
                    expected[b] += into[back] * out_of[e] / opportunities
