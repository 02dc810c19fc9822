"""Exact quantiles of many groups at once."""

from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.blocks import balanced_blocks, even_blocks, side_by_side
from raceline.analytics.kernel import kernel, part
from raceline.analytics.paths import Codes, Longs

Figures: TypeAlias = NDArray[np.float64]


def grouped_quantiles(group: Codes, value: Longs, groups: int, quantiles: tuple[float, ...]) -> Figures:
    """Quantiles of the values of each group: (groups, len(quantiles)), nan for a group without any.

    group: (m,) 0 .. groups - 1, or -1 for a value that belongs to none; value: (m,). Exact, as numpy's method "linear"
    (Hyndman & Fan, Sample Quantiles in Statistical Packages, American Statistician 50, 1996, definition 7). By counting
    sort and Hoare's selection, so the expected time is linear in m + groups. Raises IndexError for another group and
    ValueError when the lengths differ.
    """
    if len(group) != len(value):
        raise ValueError("group and value differ in length")
    if len(group) and (group.min() < -1 or group.max() >= groups):
        raise IndexError(f"a group is not in -1 .. {groups - 1}")
    start, grouped = _grouped(group, value, groups)
    wanted = np.array(quantiles, np.float64)
    found = np.full((groups, len(wanted)), np.nan)
    work = partial(_quantiles, start, grouped, wanted, np.argsort(wanted), found)
    side_by_side(work, balanced_blocks(start, each=4))
    return found


def _grouped(group: Codes, value: Longs, groups: int) -> tuple[Longs, Longs]:
    """The values sorted by group: (groups + 1,) offsets, and the values."""
    blocks = [(n, *block) for n, block in enumerate(even_blocks(len(group)))]
    counts = np.zeros((len(blocks), groups), np.int64)
    side_by_side(lambda n, first, last: _count(group[first:last], counts[n]), blocks)
    start = np.append(0, np.cumsum(counts.sum(axis=0)))
    # Where each block puts its next value of a group: after those of the groups and blocks before.
    places = np.cumsum(counts, axis=0) - counts + start[:-1]
    grouped = np.empty(start[-1], np.int64)
    side_by_side(lambda n, first, last: _place(group[first:last], value[first:last], places[n], grouped), blocks)
    return start, grouped


@kernel
def _count(group: Codes, counts: Longs) -> None:
    for i in range(len(group)):
        if group[i] >= 0:
            counts[group[i]] += 1


@kernel
def _place(group: Codes, value: Longs, places: Longs, grouped: Longs) -> None:
    for i in range(len(group)):
        if group[i] >= 0:
            grouped[places[group[i]]] = value[i]
            places[group[i]] += 1


@kernel
def _quantiles(
    start: Longs, value: Longs, wanted: Figures, order: Longs, found: Figures, first: int, last: int
) -> None:
    """Fill rows first .. last - 1 of found."""
    for g in range(first, last):
        quantiles_in_place(value, start[g], start[g + 1], wanted, order, found[g])


@part
def quantiles_in_place(value: Longs, begin: int, end: int, wanted: Figures, order: Longs, found: Figures) -> None:
    """Fill found: (q,) with the quantiles of value[begin:end], which changes its order; nothing when that is empty.

    order: which of `wanted`: (q,) is the smallest, which the second ...
    """
    left = begin  # what is before it is in its place already
    for q in order:
        if end > begin:
            place = (end - 1 - begin) * wanted[q]
            below = begin + int(place)
            _select(value, left, end - 1, below)
            left = below
            found[q] = _between(value, below, end - 1, place - int(place))


@part
def _select(value: Longs, first: int, last: int, wanted: int) -> None:
    """Bring the value that sorting would put at `wanted` there, none greater before it and none smaller after it.

    The pivot is the median of three at places that no order of values foresees: none makes it slow.
    """
    noise = np.uint64(last - first + 1)
    while last - first > 8:
        noise = noise * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        size = np.uint64(last - first + 1)
        a = value[first + np.int64((noise >> np.uint64(33)) % size)]
        b = value[first + np.int64((noise >> np.uint64(23)) % size)]
        c = value[first + np.int64((noise >> np.uint64(13)) % size)]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = first, last
        while i <= j:
            while value[i] < pivot:
                i += 1
            while value[j] > pivot:
                j -= 1
            if i <= j:
                value[i], value[j] = value[j], value[i]
                i += 1
                j -= 1
        if wanted <= j:
            last = j
        elif wanted >= i:
            first = i
        else:
            return
    _sort(value, first, last)


@part
def _sort(value: Longs, first: int, last: int) -> None:
    for i in range(first + 1, last + 1):
        moved, j = value[i], i
        while j > first and value[j - 1] > moved:
            value[j] = value[j - 1]
            j -= 1
        value[j] = moved


@part
def _between(value: Longs, below: int, last: int, share: float) -> float:
    """So far between the value at `below` and the next greater one, which is somewhere after it."""
    if share == 0.0:
        return float(value[below])
    above = value[below + 1]
    for i in range(below + 2, last + 1):
        above = min(above, value[i])
    step = above - value[below]
    # From the nearer end, as numpy does, so that the figures are the same to the last bit.
    return float(value[below] + step * share) if share < 0.5 else float(above - step * (1.0 - share))
