"""What happens at each page, summed over paths (design section 6), and the time that customers spend there."""

from functools import partial
from typing import NamedTuple

import numpy as np

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.kernel import kernel, part
from raceline.analytics.path_arrays import PathArrays, customer_blocks
from raceline.analytics.paths import Codes, Flags, Longs, check_codes


class PageSums(NamedTuple):
    """Sums by page code, each (pages,). n and k are a customer's opportunities and turnarounds at the page."""

    visits: Longs
    customers: Longs
    entries: Longs  # paths that start here
    exits: Longs  # paths that end here
    resolved_here: Longs  # paths that end here with an acknowledgement
    opportunities: Longs
    turnarounds: Longs
    depth: Longs
    ping_pongs: Longs
    nn: Longs  # sum over customers of n * n
    nk: Longs  # sum over customers of n * k
    kk: Longs  # sum over customers of k * k
    looped: Longs  # loops that return to it


# What _sum keeps in a row beside the sums: the customer seen last, with n and k so far.
_SUMS = len(PageSums._fields)
_STATE = 3


def page_sums(paths: PathArrays, pages: int) -> PageSums:
    """The sums of all paths, by page. Raises IndexError for a page code outside of 0 .. pages - 1."""
    check_codes(paths.page, pages)
    turns = paths.turns

    def of_block(first: int, last: int) -> Longs:
        sums = np.zeros((pages, _SUMS + _STATE), np.int64)
        sums[:, _SUMS] = -1
        of_paths = paths.path_start[first : last + 1], paths.customer[first:last], paths.resolved[first:last]
        _sum(*of_paths, paths.page, turns.opportunity, turns.depth, turns.bounces, turns.loop, sums)
        return sums

    whole, *others = side_by_side(of_block, customer_blocks(paths))
    for sums in others:
        whole += sums
    return PageSums(*np.ascontiguousarray(whole[:, :_SUMS].T))


def dwell(paths: PathArrays) -> tuple[Codes, Longs]:
    """Page and microseconds of every step that another one follows, if both times are known: the time until that.

    Each (d,), the pages in no order.
    """
    m = len(paths.page) - len(paths.customer)
    page, microseconds = np.empty(m, np.int32), np.empty(m, np.int64)
    known = np.empty(m, np.bool_)
    work = partial(_dwell, paths.path_start, paths.page, paths.at, paths.seen, page, microseconds, known)
    side_by_side(work, balanced_blocks(paths.path_start))
    return (page, microseconds) if known.all() else (page[known], microseconds[known])


@kernel
def _sum(
    path_start: Longs,
    customer: Codes,
    resolved: Flags,
    page: Codes,
    opportunity: Flags,
    depth: Codes,
    bounces: Codes,
    loop: Codes,
    sums: Longs,
) -> None:
    """Add to sums: (pages, 16), a row for each page: PageSums, then the customer seen last with its n and k so far."""
    for p in range(len(path_start) - 1):
        first, last = path_start[p], path_start[p + 1] - 1
        sums[page[first], 2] += 1
        sums[page[last], 3] += 1
        sums[page[last], 4] += resolved[p]
        for i in range(first, last + 1):
            row = sums[page[i]]
            if row[13] != customer[p]:
                row[1] += 1
                row[13], row[14], row[15] = customer[p], 0, 0
            row[0] += 1
            row[8] += bounces[i] > 0
            row[12] += loop[i] > 0
            if opportunity[i]:
                _add_opportunity(row, depth[i])


@part
def _add_opportunity(row: Longs, depth: int) -> None:
    """(n + 1)^2 = n^2 + 2 n + 1, so that the sums over customers are right after every step."""
    turned = depth > 0
    row[5] += 1
    row[6] += turned
    row[7] += depth
    row[9] += 2 * row[14] + 1
    row[14] += 1
    row[10] += row[15] + turned * row[14]
    row[11] += turned * (2 * row[15] + 1)
    row[15] += turned


@kernel
def _dwell(
    path_start: Longs,
    page: Codes,
    at: Longs,
    seen: Flags,
    found_page: Codes,
    microseconds: Longs,
    known: Flags,
    first: int,
    last: int,
) -> None:
    """Fill found_page, microseconds and known for paths first .. last - 1."""
    for p in range(first, last):
        for i in range(path_start[p], path_start[p + 1] - 1):
            found_page[i - p], microseconds[i - p], known[i - p] = page[i], at[i + 1] - at[i], seen[i] & seen[i + 1]
