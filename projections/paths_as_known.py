"""What was known of paths at any moment: late events make turns of others, undo them, and cut paths in two.

A feature must not know what came to be known after its landmark. Of most things each event tells for itself; whether
somebody turned round is told by several events together. So where events came late, what was known of their visit is
worked out before and after each time that one came, and the differences are kept: 1 for what is new, -1 for what is
taken back, each known since then.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.features import NEVER
from raceline.domain.columns import Columns
from raceline.projections.customer_paths import Paths, paths_of
from raceline.projections.rows import Longs

# Of the times at which late events of one visit came, the newest so many are told apart.
_MOST = 64


class Known(NamedTuple):
    """n things that paths tell, in the order of their rows. row: of the columns; value: 1, or -1 where one is taken
    back; known: since when."""

    row: Longs
    value: NDArray[np.float64]
    known: Longs


# Of some kind of things, the rows of the events that tell them.
Told = Callable[[Paths], Longs]


def turnarounds(paths: Paths) -> Longs:
    """The events by which customers turned round: a turn is told by the step after it."""
    return paths.row[paths.steps.event[np.flatnonzero(paths.turns.depth) + 1]]


def ping_pongs(paths: Paths) -> Longs:
    """The events by which customers began to go back and forth."""
    return paths.row[paths.steps.event[np.flatnonzero(paths.turns.bounces) + 1]]


def beginnings(paths: Paths) -> Longs:
    """The events that paths begin with."""
    return paths.row[paths.steps.event_start[:-1]]


class _Times(NamedTuple):
    """When late events came. visit: (k,) never falling; at: (k,) rising within a visit, the last one NEVER."""

    visit: Longs
    at: Longs


class _States(NamedTuple):
    """What was known of late visits, as customers of their own: number 2 n is the state before time n, 2 n + 1 the one
    from then on. number: (m,) never falling; row: (m,) of the columns; paths: whose rows are places in these."""

    number: Longs
    row: Longs
    paths: Paths


class AsKnown:
    """What was known of paths at any moment from `since` on."""

    def __init__(self, columns: Columns, paths: Paths, since: int) -> None:
        """paths: of these columns. Where no event came late since then, nothing is worked out."""
        self.paths, self._columns = paths, columns
        self._visit = _visits(columns, paths)
        self._times = _late(self._visit, columns.recorded_at[paths.row], since)
        self._states = _states(columns, paths, self._visit, self._times) if len(self._times.at) else None

    def of(self, told: Told) -> Known:
        """One kind of things, as it came to be known."""
        row, recorded = told(self.paths), self._columns.recorded_at
        if self._states is None:
            return Known(row, np.ones(len(row)), recorded[row])
        late = np.zeros(len(self._columns), np.bool_)
        late[self.paths.row] = np.isin(self._visit, self._times.visit)
        row = row[~late[row]]
        parts = [Known(row, np.ones(len(row)), recorded[row]), self._differences(told, self._states)]
        rows, value, known = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(rows, kind="stable")
        return Known(rows[order], value[order], known[order])

    def _differences(self, told: Told, states: _States) -> Known:
        """What each state tells that the one before did not, and what it tells no more."""
        found = told(states.paths)
        state, row = states.number[found], states.row[found]
        since, size = self._times.at[state // 2], len(self._columns)
        here = state * size + row
        new = ~np.isin(here, here + size)  # visits have no rows in common, so the first state of one has only new ones
        gone = (state % 2 == 0) & (since != NEVER) & ~np.isin(here + size, here)
        # What comes in its order is known with its event; what a late event makes or undoes, with that.
        known = np.where(state % 2 == 1, since, self._columns.recorded_at[row])
        return Known(
            np.concatenate([row[new], row[gone]]),
            np.repeat([1.0, -1.0], [new.sum(), gone.sum()]),
            np.concatenate([known[new], since[gone]]),
        )


def _visits(columns: Columns, paths: Paths) -> Longs:
    """(m,) which pages belong together at most: whatever is not known yet, no path goes on after a pause."""
    customer, at = columns.customer[paths.row], columns.occurred_at[paths.row]
    begins = np.append(True, (np.diff(customer) != 0) | (at[1:] - paths.gap >= at[:-1]))[: len(at)]
    return np.cumsum(begins) - 1


def _late(visit: Longs, recorded: Longs, since: int) -> _Times:
    """When events were recorded, from `since` on, after others that come after them in their visit."""
    back = (np.diff(recorded) < 0) & (np.diff(visit) == 0)
    some = np.flatnonzero(np.isin(visit, visit[1:][back]) if since != NEVER else np.empty(0))
    visit, recorded = visit[some], recorded[some]
    if not len(some):
        return _Times(visit, recorded)
    moments, rank = np.unique(recorded, return_inverse=True)
    # From the end of each visit, the earliest that comes after: a running maximum that begins anew with each visit.
    turned = (visit.max() - visit) * len(moments) + len(moments) - 1 - rank
    earliest = len(moments) - 1 - np.maximum.accumulate(turned[::-1])[::-1] % len(moments)
    late = (rank > earliest) & (recorded >= since)
    times = np.unique(visit[late] * len(moments) + rank[late])
    of, at = times // len(moments), moments[times % len(moments)]
    newer = np.searchsorted(of, of, side="right") - np.arange(len(of))
    of, at = of[newer <= _MOST], at[newer <= _MOST]
    last = np.unique(of)
    order = np.argsort(np.concatenate([of, last]), kind="stable")
    return _Times(np.concatenate([of, last])[order], np.append(at, np.full(len(last), NEVER))[order])


def _states(columns: Columns, paths: Paths, visit: Longs, times: _Times) -> _States:
    """The paths of each late visit before and after each time, and at the end."""
    first = np.searchsorted(visit, times.visit)
    size = np.searchsorted(visit, times.visit, side="right") - first
    each = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(each)) - np.repeat(np.cumsum(size) - size, size) + first[each]
    recorded, at = columns.recorded_at[paths.row[place]], times.at[each]
    before, after = recorded < at, (recorded <= at) & (at != NEVER)
    number = np.concatenate([2 * each[before], 2 * each[after] + 1])
    place = np.concatenate([place[before], place[after]])
    order = np.lexsort((place, number))
    number, row = number[order], paths.row[place[order]]
    alone = Columns(
        pa.array([str(n) for n in range(2 * len(size))]),
        number.astype(np.int32),
        columns.position[row],
        columns.occurred_at[row],
        columns.recorded_at[row],
        columns.texts.take(pa.array(row)),
    )
    return _States(number, row, paths_of(alone, paths.gap))
