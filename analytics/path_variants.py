"""Variants: paths with identical steps, counted (design section 6)."""

from typing import NamedTuple

import numpy as np

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.kernel import kernel, part
from raceline.analytics.path_arrays import PathArrays
from raceline.analytics.paths import Codes, Flags, Longs

_NEAR = 4096  # paths of a share


class Variants(NamedTuple):
    """v variants, the most frequent first, of equally frequent ones the one whose first path comes first.

    What is first goes by the places of paths.
    """

    first: Longs  # (v,) the first path of it
    paths: Longs  # (v,)
    resolved: Longs  # (v,) paths that end with an acknowledgement
    customers: Longs  # (v,) distinct ones
    of_path: Longs  # (p,) the variant of each path


def variants(paths: PathArrays, place: Longs | None = None) -> Variants:
    """The variants of all paths. Found by a hash of the steps, and told apart by the steps themselves.

    place: (p,) where each path stands in an order of its own, all different and from 0; by default as they lie.
    """
    p = len(paths.customer)
    place = np.arange(p) if place is None else place
    hashes = np.empty(p, np.int64)
    side_by_side(lambda *block: _hash(paths.path_start, paths.page, hashes, *block), balanced_blocks(paths.path_start))
    start, shared = _shared(hashes)
    of_path, sums = np.empty(p, np.int64), np.empty((p, 5), np.int64)  # what is never touched takes no memory
    found = np.zeros(len(start) - 1, np.int64)
    columns = paths.path_start, paths.page, paths.customer, paths.resolved, place, hashes, shared, start
    table = _slots(int(np.diff(start).max()))
    side_by_side(
        lambda *block: _fill(*columns, np.empty((table, 2), np.int64), of_path, sums, found, *block),
        balanced_blocks(start),
    )
    numbers = np.arange(found.sum()) + np.repeat(start[:-1] - np.cumsum(found) + found, found)
    # By paths, falling, then by the first of them: as one number, which sorts twice as fast as two.
    ordered = numbers[np.argsort(place[sums[numbers, 0]] - sums[numbers, 1] * (place.max(initial=0) + 1))]
    rank = np.empty(p, np.int64)
    rank[ordered] = np.arange(len(ordered))
    first, count, resolved, customers = np.ascontiguousarray(sums[ordered, :4].T)
    return Variants(first, count, resolved, customers, rank[of_path])


def _shared(hashes: Longs) -> tuple[Longs, Longs]:
    """Paths shared out by their hashes, each share few enough for its table to be near: offsets, and the paths."""
    share = (hashes & ((1 << min((len(hashes) // _NEAR).bit_length(), 16)) - 1)).astype(np.uint16)
    count = np.bincount(share, minlength=1)
    return np.append(0, np.cumsum(count)), np.argsort(share, kind="stable")


@kernel
def _slots(paths: int) -> int:
    """A power of two above twice the paths."""
    slots = 2
    while slots <= 2 * paths:
        slots *= 2
    return slots


@kernel
def _hash(path_start: Longs, page: Codes, hashes: Longs, first: int, last: int) -> None:
    """Fill hashes for paths first .. last - 1: multiplied and mixed as MurmurHash3 does (A. Appleby, public domain)."""
    for p in range(first, last):
        mixed = np.uint64(path_start[p + 1] - path_start[p])
        for i in range(path_start[p], path_start[p + 1]):
            mixed = (mixed ^ np.uint64(page[i])) * np.uint64(0xFF51AFD7ED558CCD)
            mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xC4CEB9FE1A85EC53)
        hashes[p] = np.int64(mixed ^ (mixed >> np.uint64(29)))


@kernel
def _fill(
    path_start: Longs,
    page: Codes,
    customer: Codes,
    resolved: Flags,
    place: Longs,
    hashes: Longs,
    shared: Longs,
    start: Longs,
    table: Longs,
    of_path: Longs,
    sums: Longs,
    found: Longs,
    first: int,
    last: int,
) -> None:
    """Number the variants of shares first .. last - 1, each from its offset on as they come.

    Fill of_path, sums (a row for each variant: of Variants, and the customer seen last) and found, how many variants
    each share has. table: rows enough for the largest share, each for a hash and its variant.
    """
    for k in range(first, last):
        v = start[k]
        slots = _slots(start[k + 1] - start[k])
        table[:slots, 1] = -1
        for p in shared[start[k] : start[k + 1]]:
            slot = (hashes[p] >> 16) & (slots - 1)
            while table[slot, 1] >= 0:
                if table[slot, 0] == hashes[p] and _same(path_start, page, sums[table[slot, 1], 0], p):
                    break
                slot = (slot + 1) & (slots - 1)
            if table[slot, 1] < 0:
                sums[v, 0], sums[v, 1], sums[v, 2], sums[v, 3], sums[v, 4] = p, 0, 0, 0, -1
                table[slot, 0], table[slot, 1] = hashes[p], v
                v += 1
            of_path[p] = table[slot, 1]
            row = sums[of_path[p]]
            row[1] += 1
            row[2] += resolved[p]
            row[3] += row[4] != customer[p]
            row[4] = customer[p]
            if place[p] < place[row[0]]:
                row[0] = p
        found[k] = v - start[k]


@part
def _same(path_start: Longs, page: Codes, a: int, b: int) -> bool:
    """The two paths have the same steps."""
    length = path_start[a + 1] - path_start[a]
    same = path_start[b + 1] - path_start[b] == length
    i = 0
    while same and i < length:
        same = page[path_start[a] + i] == page[path_start[b] + i]
        i += 1
    return bool(same)
