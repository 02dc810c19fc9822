"""The lowest and the highest score of the cases there are on each day, from changes alone."""

import numpy as np

from raceline.analytics.case_arrays import NONE, Codes, Flags, Longs, check_lengths, flat
from raceline.analytics.kernel import kernel, part


def extremes(group: Codes, day: Codes, score: Longs, change: Longs) -> tuple[Codes, Codes, Longs, Longs]:
    """Group, day, minimum and maximum of the scores that are there at the end of each day with a change; sorted.

    group, day, score, change: (r,), in any order. A score is there while its changes up to and including that day add
    up to more than 0; minimum and maximum are NONE where none is. A change of the score NONE is of no score: it only
    makes its day one to tell of. Takes r log r. Raises ValueError when the columns differ in length.
    """
    check_lengths(len(group), day, score, change)
    order = np.lexsort((score, group))
    new_group = _differs(group[order])
    new_score = np.cumsum(new_group | _differs(score[order])) - 1
    # Scores are numbered within their group, in order, and from 0.
    rank = np.empty(len(group), np.int64)
    rank[order] = new_score - np.maximum.accumulate(np.where(new_group, new_score, 0))
    order = np.lexsort((day, group))
    last_of_group = np.roll(_differs(group[order]), -1)
    last_of_day = last_of_group | np.roll(_differs(day[order]), -1)
    low, high = np.full(len(group), NONE, np.int64), np.full(len(group), NONE, np.int64)
    tree = np.zeros(4 * int(rank.max(initial=0) + 1), np.int64)
    columns = rank[order], flat(score[order], np.int64), flat(change[order], np.int64)
    _walk(*columns, last_of_group, last_of_day, tree, low, high)
    told = order[last_of_day]
    return flat(group[told], np.int32), flat(day[told], np.int32), low[last_of_day], high[last_of_day]


def _differs(key: Codes | Longs) -> Flags:
    """Where a run of equal keys begins."""
    return np.append(True, key[1:] != key[:-1])[: len(key)]


@kernel
def _walk(
    rank: Longs,
    score: Longs,
    change: Longs,
    last_of_group: Flags,
    last_of_day: Flags,
    tree: Longs,
    low: Longs,
    high: Longs,
) -> None:
    """Fill low and high at the last row of each day. rank: the numbers of the scores; tree: room for four times those.

    The leaves of the binary tree are the scores of a group, in order; each node knows how many of those below are
    there, so that a change takes as many steps as the tree is high, and so does a look for the first or the last.
    """
    added, score_of = np.zeros(len(tree) // 4, np.int64), np.zeros(len(tree) // 4, np.int64)
    start = 0
    while start < len(rank):
        leaves = _begin(rank, score, start, last_of_group, tree, added, score_of)
        for i in range(start, len(rank)):
            if score[i] != NONE:
                was_there = added[rank[i]] > 0
                added[rank[i]] += change[i]
                _count(tree, leaves + rank[i], (added[rank[i]] > 0) - was_there)
            if last_of_day[i] and tree[1] > 0:
                low[i] = score_of[_find(tree, leaves, 0)]
                high[i] = score_of[_find(tree, leaves, 1)]
            start = i + 1
            if last_of_group[i]:
                break


@part
def _begin(
    rank: Longs, score: Longs, start: int, last_of_group: Flags, tree: Longs, added: Longs, score_of: Longs
) -> int:
    """Clear what the group needs of the scratch space; how many leaves its tree has."""
    highest, i, ended = 0, start, False
    while not ended:
        highest = max(highest, rank[i])
        added[rank[i]] = 0
        score_of[rank[i]] = score[i]
        ended = last_of_group[i]
        i += 1
    leaves = 1
    while leaves <= highest:
        leaves *= 2
    for node in range(2 * leaves):
        tree[node] = 0
    return leaves


@part
def _count(tree: Longs, node: int, amount: int) -> None:
    while amount and node:
        tree[node] += amount
        node //= 2


@part
def _find(tree: Longs, leaves: int, side: int) -> int:
    """The first (side 0) or last (1) score that is there, of a tree with one."""
    node = 1
    while node < leaves:
        node = 2 * node + side
        if tree[node] == 0:
            node ^= 1
    return node - leaves
