"""The kernel of features: what each makes of a stream at a landmark.

Values of a window are found by bisection and sums by prefix sums in whole millionths, so they are exact and do not
depend on what else is asked. Only where something of the window was not known yet at the landmark, they are walked.
"""

import math
from typing import NamedTuple

import numpy as np

from raceline.analytics.feature_arrays import (
    AGE,
    BEFORE_ENTRY,
    COUNT,
    DAY,
    DAYS_SINCE,
    DISTINCT,
    EVER,
    HAS,
    LAST_IS,
    LEVEL,
    MEAN,
    NET,
    OPEN,
    OPEN_IF_UNKNOWN,
    SINCE_ENTRY,
    STANDING,
    SUM,
    TALLY,
    Codes,
    Floats,
    Longs,
    Small,
)
from raceline.analytics.kernel import inner, kernel, part

_MILLION = 1_000_000.0


class Walk(NamedTuple):
    """Streams as the kernel reads them."""

    customers: int
    start: Longs
    at: Longs
    recorded: Longs
    value: Floats
    known: Longs  # (m,) since when all are known up to this one of its stream and customer
    total: Longs  # (m + 1,) millionths up to each value
    before: Longs  # (m,) the one before of the same value, or thing; -1; only where the plan needs it
    after: Longs  # (m,) the one after; m at the end


class Asked(NamedTuple):
    """A plan, in the order of its streams. column: where in the answer each feature stands."""

    column: Longs
    stream: Codes
    aggregate: Small
    window: Longs
    wanted: Floats  # (groups, f)


class Marks(NamedTuple):
    """n landmarks."""

    customer: Codes
    at: Longs
    entered: Longs
    group: Codes  # the row of Asked.wanted
    known: Longs  # only what was recorded by then counts


@kernel
def prepare(start: Longs, recorded: Longs, value: Floats, known: Longs, total: Longs) -> None:
    """Fill known and total[1:]; sums that leave 64 bits come back when they are subtracted."""
    for segment in range(len(start) - 1):
        last = np.int64(-(2**63))
        for e in range(start[segment], start[segment + 1]):
            last = max(last, recorded[e])
            known[e] = last
            amount = min(max(value[e], -1e9), 1e9)
            total[e + 1] = total[e] + np.int64(np.rint(amount * _MILLION))


@kernel
def chain(start: Longs, value: Floats, per: int, seen: Longs, before: Longs, after: Longs) -> None:
    """Fill before and after of the segments between these starts; per: values that belong to one key; seen: -1 for
    every key."""
    for segment in range(len(start) - 1):
        first = start[segment]
        for e in range(first, start[segment + 1]):
            key = int(value[e]) // per
            earlier = seen[key]  # of another customer, it lies before `first`, so nothing need be cleared
            before[e], after[e] = -1, len(value)
            if earlier >= first:
                before[e], after[earlier] = earlier, e
            seen[key] = e


@kernel
def fill(walk: Walk, asked: Asked, marks: Marks, first: int, last: int, out: Floats) -> None:
    """Fill out[first:last]."""
    for n in range(first, last):
        moment, entered = marks.at[n], marks.entered[n]
        by = marks.known[n]
        held, begin, end, clean = -1, 0, 0, True
        for j in range(len(asked.column)):
            column, aggregate = asked.column[j], asked.aggregate[j]
            if aggregate == AGE:
                out[n, column] = (moment - entered) / DAY
                continue
            if asked.stream[j] != held:
                held = asked.stream[j]
                segment = held * walk.customers + marks.customer[n]
                begin = walk.start[segment]
                end = _up_to(walk.at, begin, walk.start[segment + 1], moment)
                clean = end == begin or walk.known[end - 1] <= by
            window, low, high = asked.window[j], begin, end
            if aggregate != LEVEL and begin < end:
                if window == SINCE_ENTRY:
                    low = _up_to(walk.at, begin, end, entered)
                elif window == BEFORE_ENTRY:
                    high = _up_to(walk.at, begin, end, entered - 1)
                elif window != EVER:
                    low = _up_to(walk.at, begin, end, moment - window)
            wanted = asked.wanted[marks.group[n], column]
            out[n, column] = _value(walk, aggregate, wanted, low, high, moment, by, clean)


@inner
def _up_to(at: Longs, low: int, high: int, moment: int) -> int:
    """The first place in low .. high that is later than a moment."""
    while low < high:
        middle = (low + high) >> 1
        if at[middle] <= moment:
            low = middle + 1
        else:
            high = middle
    return low


@part
def _value(walk: Walk, aggregate: int, wanted: float, low: int, high: int, moment: int, by: int, clean: bool) -> float:
    if aggregate in (HAS, TALLY):
        found = _found(walk, wanted, low, high, by, clean)
        return float(found if aggregate == TALLY else min(found, 1))
    if aggregate == DISTINCT:
        return float(_different(walk, low, high, by, clean))
    if aggregate == STANDING:
        return float(_standing(walk, wanted, low, high, by, clean))
    if aggregate in (COUNT, SUM, MEAN, LEVEL, NET):
        count, total = high - low, walk.total[high] - walk.total[low]
        if not clean:
            count, total = _known_sum(walk, low, high, by)
        if aggregate == COUNT:
            return float(count)
        amount = float(total) / _MILLION
        if aggregate == MEAN:
            return amount / count if count else math.nan
        return amount
    last = high - 1
    while last >= low and not clean and walk.recorded[last] > by:
        last -= 1
    if aggregate == LAST_IS:
        return 1.0 if last >= low and walk.value[last] == wanted else 0.0
    if last < low:
        return math.nan
    if aggregate == DAYS_SINCE:
        return float((moment - walk.at[last]) / DAY)
    return float(walk.value[last])


@part
def _known_sum(walk: Walk, low: int, high: int, by: int) -> tuple[int, int]:
    count, total = 0, np.int64(0)
    for e in range(low, high):
        if walk.recorded[e] <= by:
            count += 1
            total += walk.total[e + 1] - walk.total[e]
    return count, int(total)


@part
def _found(walk: Walk, wanted: float, low: int, high: int, by: int, clean: bool) -> int:
    count = 0
    for e in range(low, high):
        count += walk.value[e] == wanted and (clean or walk.recorded[e] <= by)
    return count


@part
def _different(walk: Walk, low: int, high: int, by: int, clean: bool) -> int:
    """The first known one of each value counts."""
    count = 0
    for e in range(low, high):
        if clean or walk.recorded[e] <= by:
            earlier = walk.before[e]
            while earlier >= low and not clean and walk.recorded[earlier] > by:
                earlier = walk.before[earlier]
            count += earlier < low
    return count


@part
def _standing(walk: Walk, wanted: float, low: int, high: int, by: int, clean: bool) -> int:
    """Things that are open, at the level that is wanted; below 0: at any."""
    count = 0
    for e in range(low, high):
        if clean or walk.recorded[e] <= by:
            later = walk.after[e]
            while later < high and not clean and walk.recorded[later] > by:
                later = walk.after[later]
            if later >= high:  # the last that is known of its thing
                is_open, level = _last_said(walk, e, low, by, clean)
                count += is_open and (wanted < 0 or level == wanted)
    return count


@part
def _last_said(walk: Walk, last: int, low: int, by: int, clean: bool) -> tuple[bool, int]:
    """Whether a thing is open, and its level; -1 where nobody said."""
    opens, level, e = 0, -1, last
    while e >= low and (level < 0 or opens == 0 or opens == OPEN_IF_UNKNOWN):
        if clean or walk.recorded[e] <= by:
            told = int(walk.value[e]) % 64
            if opens == 0 or (opens == OPEN_IF_UNKNOWN and told // 16 > 0):
                opens = told // 16
            if level < 0:
                level = told % 16 - 1
        e = walk.before[e]
    return opens in (OPEN, OPEN_IF_UNKNOWN), level
