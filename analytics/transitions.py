"""The transitions of paths, brought together by where they start: what edges are counted from."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.kernel import inner, kernel
from raceline.analytics.path_arrays import PathArrays
from raceline.analytics.paths import Codes, Flags, Longs, check_codes

# A record holds customer (31 bits), target step is an opportunity (1), source step is one (1), target (30).
Records: TypeAlias = NDArray[np.int64]

# Nodes that are no page; to be added to the number of pages.
START, RESOLVED, OPEN = range(3)

UNKNOWN = -1
_MOST_PAGES = (1 << 30) - 3


class Transitions(NamedTuple):
    """m transitions in b buckets: step * (pages + 1) + source. Within a bucket they are in their order."""

    start: Longs  # (b + 1,) where each bucket starts
    # (m, 1), or (m, 2) with the microseconds since the step before: 0 at the start and the ends, UNKNOWN where the time
    # of either is not known
    records: Records


def transitions(paths: PathArrays, pages: int, steps: int, timed: Flags | None = None) -> Transitions:
    """The first `steps` transitions of each path; or all of them, at step 0, when `steps` is 0.

    timed: (b,) the buckets that are wanted, with times; all of them are, without, when it is not given. Raises
    IndexError for a page code outside of 0 .. pages - 1.
    """
    check_codes(paths.page, min(pages, _MOST_PAGES))
    wanted = np.ones(max(steps, 1) * (pages + 1), np.bool_) if timed is None else timed
    blocks = [(n, *block) for n, block in enumerate(balanced_blocks(paths.path_start))]
    counts = np.zeros((len(blocks), len(wanted)), np.int64)
    side_by_side(lambda n, *block: _count(paths.path_start, paths.page, steps, pages, counts[n], *block), blocks)
    counts *= wanted
    start = np.append(0, np.cumsum(counts.sum(axis=0)))
    # Where each block puts its next record of a bucket: after those of the buckets and blocks before.
    places = np.cumsum(counts, axis=0) - counts + start[:-1]
    found = Transitions(start, np.empty((start[-1], 1 if timed is None else 2), np.int64))
    of_steps = paths.page, paths.at, paths.seen
    columns = paths.path_start, *of_steps, paths.customer, paths.resolved, paths.turns.opportunity
    side_by_side(lambda n, *block: _place(*columns, steps, pages, wanted, places[n], found.records, *block), blocks)
    return found


@inner
def target_of(record: np.int64) -> np.int64:
    """The target of a record."""
    return record & 0x3FFFFFFF


@inner
def _record(customer: int, target: int, into: int, out_of: int) -> np.int64:
    return np.int64(customer) << 32 | into << 31 | out_of << 30 | target


@kernel
def _count(path_start: Longs, page: Codes, steps: int, pages: int, counts: Longs, first: int, last: int) -> None:
    """Count the transitions of each bucket: its step (0 without steps) times pages + 1, and its source."""
    wide = 0 if steps == 0 else pages + 1
    for p in range(first, last):
        begin = path_start[p]
        length = path_start[p + 1] - begin
        counts[pages + START] += 1
        for n in range(length if steps == 0 else min(length, steps - 1)):
            counts[(n + 1) * wide + page[begin + n]] += 1


@kernel
def _place(
    path_start: Longs,
    page: Codes,
    at: Longs,
    seen: Flags,
    customer: Codes,
    resolved: Flags,
    opportunity: Flags,
    steps: int,
    pages: int,
    wanted: Flags,
    places: Longs,
    records: Records,
    first: int,
    last: int,
) -> None:
    """Put the record of each transition of paths first .. last - 1 where `places` says next for its bucket."""
    wide, timed = 0 if steps == 0 else pages + 1, records.shape[1] == 2
    for p in range(first, last):
        begin, end = path_start[p], path_start[p + 1] - 1
        bucket, out_of = pages + START, False
        for i in range(begin, end + 1 if steps == 0 else min(end + 1, begin + steps)):
            if wanted[bucket]:
                records[places[bucket], 0] = _record(customer[p], page[i], opportunity[i], out_of)
                if timed:
                    before = max(i - 1, begin)
                    known = i == begin or (seen[i] and seen[before])
                    records[places[bucket], 1] = at[i] - at[before] if known else UNKNOWN
                places[bucket] += 1
            bucket, out_of = (i - begin + 1) * wide + page[i], opportunity[i]
        if (steps == 0 or end + 1 - begin < steps) and wanted[bucket]:
            records[places[bucket]] = 0
            records[places[bucket], 0] = _record(customer[p], pages + (RESOLVED if resolved[p] else OPEN), 0, 0)
            places[bucket] += 1
