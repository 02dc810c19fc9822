"""Features of customers at landmarks: what a prediction goes by (design, section 8).

A feature looks at what occurred up to its landmark and, at landmarks from `live_since` on, only at what was recorded by
then: a log that is fed live knows no more at that moment, whereas a history that is loaded at once was known to its
source. So nothing that comes to be known later changes a feature. A landmark that is the moment of an event counts with
what was recorded until that event was, because nobody could be asked earlier.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.blocks import balanced_blocks, side_by_side
from raceline.analytics.feature_arrays import (
    AGE,
    BEFORE_ENTRY,
    COUNT,
    DAY,
    DAYS_SINCE,
    DISTINCT,
    EVER,
    HAS,
    LAST,
    LAST_IS,
    LEVEL,
    MEAN,
    MOST_LEVELS,
    NET,
    NEVER,
    NOTHING_SAID,
    OPEN,
    OPEN_IF_UNKNOWN,
    SHUT,
    SINCE_ENTRY,
    STANDING,
    SUM,
    TALLY,
    Codes,
    Floats,
    Longs,
    Plan,
    Streams,
    said,
)
from raceline.analytics.feature_walk import Asked, Marks, Walk, chain, fill, prepare

__all__ = [
    "AGE",
    "BEFORE_ENTRY",
    "COUNT",
    "DAY",
    "DAYS_SINCE",
    "DISTINCT",
    "EVER",
    "HAS",
    "LAST",
    "LAST_IS",
    "LEVEL",
    "MEAN",
    "MOST_LEVELS",
    "NET",
    "NEVER",
    "NOTHING_SAID",
    "OPEN",
    "OPEN_IF_UNKNOWN",
    "SHUT",
    "SINCE_ENTRY",
    "STANDING",
    "SUM",
    "TALLY",
    "Floats",
    "Plan",
    "Streams",
    "contributing",
    "features",
    "said",
]

# How many values belong to one key of a chain.
_PER = {DISTINCT: 1, STANDING: 64}
_OF_LAST = (LAST, DAYS_SINCE, LAST_IS)


def features(
    streams: Streams,
    plan: Plan,
    customer: Codes,
    at: Longs,
    entered: Longs,
    live_since: int = NEVER,
    group: Codes | None = None,
    known: Longs | None = None,
) -> Floats:
    """The features (n, f) of n landmarks in any order; nan where there is nothing to say.

    customer, at, entered: (n,) of each landmark, and when its stay was entered; group: (n,) the row of plan.wanted that
    is meant, where there are several; known: (n,) up to when what was recorded counts at landmarks from live_since on,
    without it the landmark. A row depends on the events of its customer alone, to the last bit. Raises ValueError when
    lengths differ, IndexError for a code that is out of range.
    """
    rows, wanted = len(customer), np.atleast_2d(plan.wanted)
    group = np.zeros(rows, np.int32) if group is None else group
    known = at if known is None else known
    _check(streams, plan, wanted, customer, (at, entered, group, known), group)
    by = np.where(_longs(at) >= live_since, _longs(known), NEVER)
    out = np.empty((rows, len(plan.stream)))
    order = np.argsort(plan.stream, kind="stable")
    asked = Asked(
        column=order,
        stream=plan.stream[order].astype(np.int32),
        aggregate=plan.aggregate[order].astype(np.int8),
        window=plan.window[order].astype(np.int64),
        wanted=_floats(wanted),
    )
    marks = Marks(customer.astype(np.int32), _longs(at), _longs(entered), group.astype(np.int32), by)
    walk = _walk(streams, plan)
    blocks = balanced_blocks(np.arange(rows + 1, dtype=np.int64) * max(1, len(order)))
    side_by_side(lambda first, last: fill(walk, asked, marks, first, last, out), blocks)
    return out


def contributing(
    streams: Streams,
    plan: Plan,
    feature: int,
    customer: int,
    at: int,
    entered: int,
    live_since: int = NEVER,
    group: int = 0,
) -> Longs:
    """The rows of the events behind one value, by time: those that are counted, the last one, those that are wanted;
    of things that are open, all that was said of them. None for AGE,
    and none where no event did it."""
    aggregate, window = int(plan.aggregate[feature]), int(plan.window[feature])
    if aggregate == AGE:
        return np.empty(0, np.int64)
    place = int(plan.stream[feature]) * streams.customers + customer
    here = slice(streams.start[place], streams.start[place + 1])
    when, value, row = streams.at[here], streams.value[here], streams.row[here]
    kept = (when <= at) & ((at < live_since) | (streams.recorded[here] <= at))
    if aggregate != LEVEL and window == BEFORE_ENTRY:
        kept &= when < entered
    elif aggregate != LEVEL and window != EVER:
        kept &= when > (entered if window == SINCE_ENTRY else at - window)
    wanted = float(np.atleast_2d(plan.wanted)[group, feature])
    if aggregate in (HAS, TALLY):
        kept &= value == wanted
    found = np.flatnonzero(kept)
    if aggregate in _OF_LAST:
        found = found[-1:]
    elif aggregate == NET:
        rows, which = np.unique(row[found], return_inverse=True)
        return rows[np.bincount(which, value[found], len(rows)) > 0]
    elif aggregate == STANDING:
        found = found[_of_open(value[found].astype(np.int64), wanted)]
    return row[found][row[found] >= 0]


def _of_open(value: Longs, wanted: float) -> NDArray[np.bool_]:
    """Which of these belong to things that are open at the level that is wanted."""
    kept = np.zeros(len(value), np.bool_)
    for thing in np.unique(value // 64):
        mine = value // 64 == thing
        opens, level = value[mine] % 64 // 16, value[mine] % 16 - 1
        sure, levels = opens[(opens == SHUT) | (opens == OPEN)], level[level >= 0]
        is_open = sure[-1] == OPEN if len(sure) else bool((opens == OPEN_IF_UNKNOWN).any())
        kept[mine] = is_open and (wanted < 0 or (len(levels) > 0 and levels[-1] == wanted))
    return kept


def _walk(streams: Streams, plan: Plan) -> Walk:
    count = len(streams.at)
    start, value, recorded = _longs(streams.start), _floats(streams.value), _longs(streams.recorded)
    known, total = np.empty(count, np.int64), np.zeros(count + 1, np.int64)
    prepare(start, recorded, value, known, total)
    chained = any(aggregate in _PER for aggregate in plan.aggregate.tolist())
    before, after = (np.empty(count if chained else 0, np.int64) for _ in range(2))
    uses = {use for use in zip(plan.stream.tolist(), plan.aggregate.tolist(), strict=True) if use[1] in _PER}
    for stream, aggregate in sorted(uses):
        mine, per = start[stream * streams.customers : (stream + 1) * streams.customers + 1], _PER[aggregate]
        codes = value[mine[0] : mine[-1]]
        if codes.min(initial=0) < 0 or (stream, DISTINCT + STANDING - aggregate) in uses:
            raise ValueError(f"stream {stream}: values are codes from 0, told apart in one way")
        chain(mine, value, per, np.full(int(codes.max(initial=0)) // per + 1, -1, np.int64), before, after)
    return Walk(streams.customers, start, _longs(streams.at), recorded, value, known, total, before, after)


def _check(
    streams: Streams,
    plan: Plan,
    wanted: Floats,
    customer: Codes,
    columns: tuple[NDArray[np.generic], ...],
    group: Codes,
) -> None:
    count = len(streams.at)
    if any(len(column) != len(customer) for column in columns):
        raise ValueError("the columns of landmarks differ in length")
    if any(len(column) != count for column in streams[3:]) or streams.start[-1] != count:
        raise ValueError("the columns of streams differ in length")
    if any(len(column) != wanted.shape[1] for column in plan[:3]):
        raise ValueError("the columns of the plan differ in length")
    # The kernel does not check its indices.
    most = (len(streams.start) - 1) // streams.customers if streams.customers else int(plan.stream.max(initial=0)) + 1
    for codes, least, size in ((plan.stream, -1, most), (customer, 0, streams.customers), (group, 0, len(wanted))):
        if len(codes) and (codes.min() < least or codes.max() >= size):
            raise IndexError(f"a code is not in {least} .. {size - 1}")
    if (plan.aggregate[plan.stream < 0] != AGE).any():
        raise IndexError("only AGE is of no stream")


def _longs(values: NDArray[Any]) -> Longs:
    """As the kernels are compiled for it: one layout, one type, and not read-only."""
    return np.require(values, np.int64, ["C", "W"])


def _floats(values: NDArray[Any]) -> Floats:
    return np.require(values, np.float64, ["C", "W"])
