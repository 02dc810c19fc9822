"""Landmarks that are moments of a customer's own events: a prediction is made anew whenever something happens.

Every one of them can be drawn, whatever comes after it: the last event of a day would be known to be the last only when
the day is over. Once the log is fed live, the moment of an event is a landmark if the event was recorded on the day on
which it occurred (later on, a prediction is of the new day), and what is known then is what was recorded until then.
"""

from typing import NamedTuple

from raceline.analytics.feature_arrays import NEVER, Codes, Longs
from raceline.analytics.kernel import inner, kernel
from raceline.analytics.landmark_draw import Draw, kept


class Moments(NamedTuple):
    """When something happened to c customers; times in microseconds since 1970."""

    start: Longs  # (c + 1,) those of customer k are start[k] : start[k + 1], by time
    at: Longs  # (m,) when it occurred
    recorded: Longs  # (m,) since when it is known


class Inside(NamedTuple):
    """Of m stays, what lets a moment be a landmark: it lies in (after, end) and is not `first`; and if it lies at
    live_since or after it, it came to be known neither before `known`, as the stay did, nor after the end."""

    customer: Codes
    after: Longs
    first: Longs
    end: Longs
    known: Longs
    live_since: int


@kernel
def walk(
    inside: Inside, draw: Draw, midnights: Longs, moments: Moments, start: Longs, counts: Longs, at: Longs, known: Longs
) -> None:
    """Fill counts, which is 0: how many moments of each stay are kept; and, unless `at` is empty, at and known from the
    start of each stay on."""
    for n in range(len(counts)):
        stop = moments.start[inside.customer[n] + 1]
        e = _after(moments.at, moments.start[inside.customer[n]], stop, inside.after[n])
        midnight = 0
        while e < stop and moments.at[e] < inside.end[n]:
            moment, by = moments.at[e], moments.recorded[e]
            while e < stop and moments.at[e] == moment:
                by = min(by, moments.recorded[e])
                e += 1
            by = max(by, moment)
            midnight = _after(midnights, midnight, len(midnights), moment)
            if _possible(inside, n, midnights, midnight, moment, by) and kept(draw, n, moment):
                if len(at):
                    at[start[n] + counts[n]], known[start[n] + counts[n]] = moment, by
                counts[n] += 1


@inner
def _possible(inside: Inside, n: int, midnights: Longs, midnight: int, moment: int, by: int) -> bool:
    """midnight: the place of the next one."""
    if moment == inside.first[n] or (midnight > 0 and midnights[midnight - 1] == moment):
        return False
    over = midnights[midnight] if midnight < len(midnights) else NEVER
    return moment < inside.live_since or inside.known[n] <= by < min(over, inside.end[n])


@inner
def _after(times: Longs, low: int, high: int, moment: int) -> int:
    """The first place in low .. high that is later than a moment."""
    while low < high:
        middle = (low + high) >> 1
        if times[middle] <= moment:
            low = middle + 1
        else:
            high = middle
    return low
