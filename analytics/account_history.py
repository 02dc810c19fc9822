"""The stays of many customers rolled up into one history: where the company stood, and with how many customers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]

# When an open stay or run ends: later than every moment.
OPEN = 2**63 - 1
# The stage of a company none of whose customers is in one.
NOWHERE = -1


class History(NamedTuple):
    """Runs [entered_at, left_at) in microseconds during which nothing changes; ordered by company, then in time.

    furthest, earliest: the stages (NOWHERE: none) and customers: how many customers are in any stage, per run (k,).
    """

    company: Longs
    entered_at: Longs
    left_at: Longs
    furthest: Longs
    earliest: Longs
    customers: Longs


def roll_up(company: Longs, stage: Longs, entered_at: Longs, left_at: Longs) -> History:
    """Stays [entered_at, left_at) (n,) by company and stage, both counted from 0; of customers who have one at a time.

    The history of a company begins when its first customer enters a stage. What begins and ends at the same instant is
    no part of it: a run is what held after everything of its instant.
    """
    left = left_at != OPEN
    company, at, stage = (np.append(a, b[left]) for a, b in [(company, company), (entered_at, left_at), (stage, stage)])
    change = np.append(np.ones(len(left), np.int64), np.full(left.sum(), -1, np.int64))
    order = np.lexsort((at, company))
    company, at = company[order], at[order]
    inside = _inside(stage[order], change[order])
    # Only after the last change of an instant; what a company has before its first one is what others left behind.
    last = _ends(company, at)
    first = np.flatnonzero(_starts(company))
    before = np.vstack([np.zeros_like(inside[:1]), inside])[first]
    inside = inside[last] - before[np.searchsorted(first, last, side="right") - 1]
    return _collapsed(company[last], at[last], inside)


def _inside(stage: Longs, change: Longs) -> Longs:
    """How many customers are in each stage after each change, of all companies together: (changes, stages)."""
    stages = int(stage.max(initial=-1)) + 1
    changes = np.zeros((len(stage), stages), np.int64)
    changes[np.arange(len(stage)), stage] = change
    return np.cumsum(changes, axis=0)


def _collapsed(company: Longs, at: Longs, inside: Longs) -> History:
    customers = inside.sum(axis=1)
    nobody = customers == 0
    furthest = np.where(nobody, NOWHERE, _furthest(inside > 0))
    earliest = np.where(nobody, NOWHERE, inside.shape[1] - 1 - _furthest((inside > 0)[:, ::-1]))
    # Who was nowhere from the beginning has no history yet.
    begun = ~(_starts(company) & nobody)
    run = np.flatnonzero(_starts(company, furthest, earliest, customers) & begun)
    next_at = np.roll(at[run], -1)
    next_at[_ends(company[run])] = OPEN
    return History(company[run], at[run], next_at, furthest[run], earliest[run], customers[run])


def _furthest(occupied: NDArray[np.bool_]) -> Longs:
    """The last true column of each row, of rows that have one."""
    stages = occupied.shape[1]
    return stages - 1 - np.argmax(occupied[:, ::-1], axis=1) if stages else np.zeros(len(occupied), np.int64)


def _starts(*keys: Longs) -> NDArray[np.bool_]:
    """Where a run of equal keys begins."""
    if len(keys[0]) == 0:
        return np.zeros(0, np.bool_)
    return np.append(True, np.any([np.diff(key) != 0 for key in keys], axis=0))


def _ends(*keys: Longs) -> Longs:
    """The last row of each run of equal keys."""
    return np.flatnonzero(np.roll(_starts(*keys), -1))
