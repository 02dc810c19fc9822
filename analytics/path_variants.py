"""Variants: paths with identical steps, counted (design section 6)."""

from typing import NamedTuple

import numpy as np

from raceline.analytics.blocks import Block, balanced_blocks, side_by_side, ways
from raceline.analytics.kernel import kernel, part
from raceline.analytics.path_arrays import PathArrays
from raceline.analytics.paths import Codes, Flags, Longs


class Variants(NamedTuple):
    """v variants, the most frequent first, of equally frequent ones the one whose first path comes first."""

    first: Longs  # (v,) the first path of it
    paths: Longs  # (v,)
    resolved: Longs  # (v,) paths that end with an acknowledgement
    customers: Longs  # (v,) distinct ones
    of_path: Longs  # (p,) the variant of each path


def variants(paths: PathArrays) -> Variants:
    """The variants of all paths. Found by a hash of the steps, and told apart by the steps themselves."""
    p = len(paths.customer)
    hashes = np.empty(p, np.int64)
    side_by_side(lambda *block: _hash(paths.path_start, paths.page, hashes, *block), balanced_blocks(paths.path_start))
    of_path, sums = np.empty(p, np.int64), np.empty((p, 5), np.int64)  # what is never touched takes no memory
    found = side_by_side(
        lambda n, begin, end: (begin, _count(paths, hashes, n, (begin, end), of_path, sums)), _shares(hashes)
    )
    numbers = np.concatenate([np.arange(begin, begin + v) for begin, v in found])
    ordered = numbers[np.lexsort((sums[numbers, 0], -sums[numbers, 1]))]
    rank = np.empty(p, np.int64)
    rank[ordered] = np.arange(len(ordered))
    first, count, resolved, customers = np.ascontiguousarray(sums[ordered, :4].T)
    return Variants(first, count, resolved, customers, rank[of_path])


def _shares(hashes: Longs) -> list[tuple[int, int, int]]:
    """Paths shared out by their hashes, for identical ones to meet: number of the share, and its range of variants."""
    count = np.bincount(hashes & (_parts(len(hashes)) - 1), minlength=_parts(len(hashes)))
    end = np.cumsum(count)
    return [(n, int(end[n] - count[n]), int(end[n])) for n in range(len(count))]


def _parts(paths: int) -> int:
    """The power of two next to the number of cores that are worth it."""
    return 1 << (ways(paths) - 1).bit_length()


def _count(paths: PathArrays, hashes: Longs, share: int, numbers: Block, of_path: Longs, sums: Longs) -> int:
    """How many variants the share has. See _fill."""
    slots = 1 << max(int(numbers[1] - numbers[0]) * 2, 2).bit_length()
    table = np.zeros((slots, 2), np.int64)
    columns = paths.path_start, paths.page, paths.customer, paths.resolved
    return _fill(*columns, hashes, share, _parts(len(hashes)), numbers[0], table, of_path, sums)


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
    hashes: Longs,
    share: int,
    shares: int,
    begin: int,
    table: Longs,
    of_path: Longs,
    sums: Longs,
) -> int:
    """Number the variants of a share from `begin` on in the order of their first paths; how many there are.

    sums: a row for each variant, of Variants and the customer seen last. table: (slots, 2) of 0, a power of two of
    slots and more than twice the paths; a slot holds a hash and the variant's number + 1.
    """
    v = begin
    for p in range(len(hashes)):
        if hashes[p] & (shares - 1) != share:
            continue
        slot = (hashes[p] >> 8) & (len(table) - 1)
        while table[slot, 1] > 0:
            if table[slot, 0] == hashes[p] and _same(path_start, page, sums[table[slot, 1] - 1, 0], p):
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot, 1] == 0:
            sums[v, 0], sums[v, 1], sums[v, 2], sums[v, 3], sums[v, 4] = p, 0, 0, 0, -1
            v += 1
            table[slot, 0], table[slot, 1] = hashes[p], v
        of_path[p] = table[slot, 1] - 1
        row = sums[of_path[p]]
        row[1] += 1
        row[2] += resolved[p]
        row[3] += row[4] != customer[p]
        row[4] = customer[p]
    return v - begin


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
