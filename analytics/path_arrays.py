"""Annotated paths of many customers as columns: what every figure of paths is counted from (design section 6)."""

from functools import partial
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.blocks import Block, balanced_blocks, side_by_side
from raceline.analytics.kernel import kernel
from raceline.analytics.paths import Codes, Flags, Longs, Turns, annotate

Number = TypeVar("Number", bound=np.generic)


class PathArrays(NamedTuple):
    """p paths with s steps. The paths of a customer are neighbours, in the total order; customers are in any order."""

    path_start: Longs  # (p + 1,) where each path starts among the steps; no path is empty
    page: Codes  # (s,) neighbours in a path differ
    at: Longs  # (s,) microseconds since 1970 of the event that added the step
    customer: Codes  # (p,) codes from 0
    resolved: Flags  # (p,) the path ends with an acknowledgement
    turns: Turns  # what happens at each step
    seen: (
        Flags  # (s,) its time is known; of a page that a click only names as its source, nobody saw when it was reached
    )


def annotated(
    path_start: Longs,
    page: Codes,
    at: Longs,
    customer: Codes,
    resolved: Flags,
    pages: int,
    seen: Flags | None = None,
) -> PathArrays:
    """Paths with their turnarounds, ping-pongs and loops; the columns as in PathArrays, page codes below `pages`.

    Without `seen`, all times are known. Raises IndexError for a page code outside of 0 .. pages - 1, and ValueError
    when lengths do not fit together.
    """
    p, s = len(path_start) - 1, len(page)
    seen = np.ones(s, np.bool_) if seen is None else seen
    steps_fit = len(at) == s and len(seen) == s and path_start[0] == 0 and path_start[-1] == s
    if not steps_fit or len(customer) != p or len(resolved) != p:
        raise ValueError("the columns of paths do not fit together")
    return PathArrays(path_start, page, at, customer, resolved, annotate(page, path_start, pages), seen)


def select_paths(paths: PathArrays, keep: Flags) -> PathArrays:
    """The paths that `keep` (p,) names, copied; the very same object when it names all."""
    if keep.all():
        return paths
    kept = np.flatnonzero(keep)
    path_start = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(np.diff(paths.path_start)[kept], out=path_start[1:])

    def of_kept(column: NDArray[Number]) -> NDArray[Number]:
        found = np.empty(path_start[-1], column.dtype)
        work = partial(_gather, column, paths.path_start, kept, path_start, found)
        side_by_side(work, balanced_blocks(path_start))
        return found

    opportunity, depth, bounces, loop = paths.turns
    return PathArrays(
        path_start,
        of_kept(paths.page),
        of_kept(paths.at),
        paths.customer[kept],
        paths.resolved[kept],
        Turns(of_kept(opportunity), of_kept(depth), of_kept(bounces), of_kept(loop)),
        of_kept(paths.seen),
    )


def customer_blocks(paths: PathArrays) -> list[Block]:
    """Blocks of paths with about as many steps, none with part of a customer."""
    p = len(paths.customer)
    borders = [_next_customer(paths.customer, first) for first, _ in balanced_blocks(paths.path_start)] + [p]
    return [(a, b) for a, b in pairwise(borders) if a < b] or [(0, p)]


def _next_customer(customer: Codes, path: int) -> int:
    """The first path from `path` on that begins a customer."""
    while 0 < path < len(customer) and customer[path] == customer[path - 1]:
        path += 1
    return path


@kernel
def _gather(
    column: NDArray[np.generic],
    path_start: Longs,
    kept: Longs,
    start: Longs,
    found: NDArray[np.generic],
    first: int,
    last: int,
) -> None:
    """Copy the steps of kept paths first .. last - 1 to where `start` says."""
    for k in range(first, last):
        begin = path_start[kept[k]]
        for i in range(start[k + 1] - start[k]):
            found[start[k] + i] = column[begin + i]
