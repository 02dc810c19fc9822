"""Harrell's C: of pairs of which it is known who moved first, in how many was that one given the higher chance."""

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import Floats
from raceline.analytics.kernel import kernel

Longs = NDArray[np.int64]


def concordance(score: Floats, days: Floats, moved: NDArray[np.bool_]) -> float:
    """C-index of scores (n,): high means soon; days (n,) until moved, or until no longer watched (inf: never moves).

    A pair counts when one moved and the other had not by then; equal scores are half right, and two that moved at the
    same time are no pair. nan without any pair. O(n log n) by a Fenwick tree (lifelines takes seconds for what training
    holds out, and the tests compare it).
    """
    _, rank = np.unique(score, return_inverse=True)
    # The latest first, and at equal times those that did not move before those that did.
    order = np.lexsort((moved, -days))
    right, pairs = _pairs(rank[order].astype(np.int64), days[order], moved[order])
    return right / pairs if pairs else np.nan


@kernel
def _pairs(rank: Longs, days: Floats, moved: NDArray[np.bool_]) -> tuple[float, int]:
    """How many pairs are right, and how many there are. The tree holds the ranks of those that had not moved yet."""
    tree = np.zeros(len(rank) + 2, np.int64)
    equal = np.zeros(len(rank) + 1, np.int64)
    right, pairs, held, i = 0.0, 0, 0, 0
    while i < len(rank):
        end = i
        while end < len(rank) and days[end] == days[i] and moved[end] == moved[i]:
            end += 1
        if moved[i]:
            for j in range(i, end):
                place, below = rank[j], 0
                while place > 0:
                    below += tree[place]
                    place -= place & -place
                right += below + 0.5 * equal[rank[j]]
                pairs += held
        for j in range(i, end):
            place = rank[j] + 1
            equal[rank[j]] += 1
            while place < len(tree):
                tree[place] += 1
                place += place & -place
        held += end - i
        i = end
    return right, pairs
