"""Landmarks: the moments of stays that a model learns from, and what became of the stays (design, section 8).

The landmarks of a stay are its entry, every local midnight inside of it (van Houwelingen, "Dynamic prediction by
landmarking in event history analysis", Scand. J. Stat. 34, 2007), and every moment inside of it at which something
happened to the customer: predictions are made at all three, and just after something happened customers are not as they
are at midnight. Once the log is fed live, a stay is predicted from when it is known: on the day of its entry that is a
prediction of the entry, with what was recorded by then; if it came to be known on a later day, its first landmark is
the moment at which it did. One that was over before it was known was never predicted and has no landmark.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.feature_arrays import DAY, NEVER, Codes, Floats, Longs, Small
from raceline.analytics.kernel import inner, kernel
from raceline.analytics.landmark_draw import Draw, Keys, kept
from raceline.analytics.landmark_moments import Inside, Moments, walk

__all__ = ["DAY", "NEVER", "Count", "Landmarks", "Moments", "Outcomes", "Stays", "landmarks", "outcomes", "possible"]


class Stays(NamedTuple):
    """m stays, by customer and time; times in microseconds since 1970. A stay is [entered, left)."""

    customer: Codes  # (m,)
    stage: Codes  # (m,)
    entered: Longs  # (m,)
    left: Longs  # (m,) NEVER while it goes on
    exit: Small  # (m,) how it was left, -1 while it goes on
    known: Longs  # (m,) since when the entry is known
    visit: Codes  # (m,) how many earlier stays in this stage


class Landmarks(NamedTuple):
    """n landmarks, by stay and time."""

    stay: Longs  # (n,) the row of the stay
    at: Longs  # (n,)
    known: Longs  # (n,) up to when what was recorded counts, in a log that is fed live
    of_event: NDArray[np.bool_]  # (n,) whether it is the moment of an event, no entry and no midnight


class Count(NamedTuple):
    """How many landmarks there are. days: entries and midnights; moments: of events."""

    days: int
    moments: int

    @property
    def all(self) -> int:
        """Both."""
        return self.days + self.moments

    def shares(self, most: float) -> tuple[float, float]:
        """The shares of days and of moments to keep, so that there are about `most`: half of each, or more of the one
        where there are fewer of the other."""
        days, moments = (max(most / 2, most - other) for other in (self.moments, self.days))
        return min(1.0, days / max(1, self.days)), min(1.0, moments / max(1, self.moments))


class Outcomes(NamedTuple):
    """What became of the stays of n landmarks."""

    days: Floats  # (n,) from the landmark until the stay was left, or until watching ended
    exit: Small  # (n,) -1 while it goes on
    follow: Floats  # (n,) from the landmark until watching ended, whatever happened before


def landmarks(
    stays: Stays,
    midnights: Longs,
    until: int,
    live_since: int = NEVER,
    keep: tuple[float, float] = (1.0, 1.0),
    seed: int = 0,
    key: Keys | None = None,
    moments: Moments | None = None,
) -> Landmarks:
    """The landmarks before `until`, each kept by a chance of its own, whatever else is asked or happens.

    midnights: (d,) of the racetrack's time zone, ascending; until: the end of watching; keep: the shares of entries and
    midnights, and of moments of events, that are kept; key: of each customer a number that stays the same from one
    asking to the next, such as a digest of the identifier; without it the code; moments: of all customers. Raises
    ValueError unless shares are 0 to 1.
    """
    if not all(0 <= share <= 1 for share in keep):
        raise ValueError("the share of landmarks to keep lies between 0 and 1")
    own = (stays.customer if key is None else key[stays.customer]).astype(np.uint64)
    days, events = (Draw(own, np.uint64(seed % 2**64), float(share)) for share in keep)
    midnights, bounds = _longs(midnights), _bounds(stays, midnights, until, live_since)
    counts = np.zeros(len(own), np.int64)
    _count(bounds, days, midnights, counts)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    at = np.empty(int(start[-1]), np.int64)
    _place(bounds, days, midnights, start, at)
    stay = np.repeat(np.arange(len(counts)), counts)
    live_entry = (at == stays.entered[stay]) & (at >= live_since)
    known = np.where(live_entry, np.maximum(at, stays.known[stay]), at)
    found = Landmarks(stay, at, known, np.zeros(len(at), np.bool_))
    if moments is None:
        return found
    more = _of_events(_inside(stays, bounds, live_since), events, midnights, moments)
    both = Landmarks._make(np.concatenate(columns) for columns in zip(found, more, strict=True))
    order = np.lexsort((both.at, both.stay))
    return Landmarks._make(column[order] for column in both)


def possible(
    stays: Stays, midnights: Longs, until: int, live_since: int = NEVER, moments: Moments | None = None
) -> Count:
    """How many landmarks there are, when all are kept."""
    midnights, bounds = _longs(midnights), _bounds(stays, midnights, until, live_since)
    days = int(_possible(bounds, midnights))
    if moments is None:
        return Count(days, 0)
    everything = Draw(np.zeros(len(stays.customer), np.uint64), np.uint64(0), 1.0)
    return Count(days, int(_counts(_inside(stays, bounds, live_since), everything, midnights, moments).sum()))


def outcomes(stays: Stays, found: Landmarks, until: int) -> Outcomes:
    """What is known by the end of watching: stays that were left later count as going on."""
    left, exit_ = stays.left[found.stay], stays.exit[found.stay]
    over = (left <= until) & (exit_ >= 0)
    return Outcomes(
        days=(np.where(over, left, until) - found.at) / DAY,
        exit=np.where(over, exit_, -1).astype(np.int8),
        follow=(until - found.at) / DAY,
    )


def _of_events(inside: Inside, draw: Draw, midnights: Longs, moments: Moments) -> Landmarks:
    """Those of events that are kept: counted first, so that nothing is made of the others."""
    counts = _counts(inside, draw, midnights, moments)
    at, known = (np.empty(int(counts.sum()), np.int64) for _ in range(2))
    if len(at):
        start, given = np.cumsum(counts) - counts, Moments._make(map(_longs, moments))
        walk(inside, draw, midnights, given, start, np.zeros_like(counts), at, known)
    return Landmarks(np.repeat(np.arange(len(counts)), counts), at, known, np.ones(len(at), np.bool_))


def _counts(inside: Inside, draw: Draw, midnights: Longs, moments: Moments) -> Longs:
    counts, none = np.zeros(len(inside.end), np.int64), np.empty(0, np.int64)
    walk(inside, draw, midnights, Moments._make(map(_longs, moments)), none, counts, none, none)
    return counts


class _Bounds(NamedTuple):
    """Of m stays the first landmark, the moment that all are before, and a time [gap, known) without any."""

    first: Longs
    end: Longs
    gap: Longs
    known: Longs


def _bounds(stays: Stays, midnights: Longs, until: int, live_since: int) -> _Bounds:
    live, known = stays.entered >= live_since, np.maximum(stays.entered, stays.known)
    over = np.append(midnights, NEVER)[np.searchsorted(midnights, stays.entered, side="right")]
    first = np.where(live & (known >= over), known, stays.entered)
    end = np.minimum(stays.left, until)
    gap = np.maximum(first + 1, live_since)
    return _Bounds(first, np.where(live & (known >= end), first, end), gap, np.maximum(stays.known, gap))


def _inside(stays: Stays, bounds: _Bounds, live_since: int) -> Inside:
    customer = np.require(stays.customer, np.int32, ["C", "W"])
    return Inside(customer, _longs(stays.entered), bounds.first, bounds.end, _longs(stays.known), int(live_since))


def _longs(values: Longs) -> Longs:
    """As the kernels are compiled for it: one layout, one type, and not read-only."""
    return np.require(values, np.int64, ["C", "W"])


@kernel
def _possible(bounds: _Bounds, midnights: Longs) -> int:
    count = 0
    for n in range(len(bounds.first)):
        if bounds.first[n] < bounds.end[n]:
            begin, skip, again, stop = _span(bounds, midnights, n)
            count += 1 + skip - begin + stop - again
    return count


@kernel
def _count(bounds: _Bounds, draw: Draw, midnights: Longs, counts: Longs) -> None:
    """Fill counts, which is 0: how many landmarks of each stay are kept."""
    for n in range(len(counts)):
        if bounds.first[n] < bounds.end[n]:
            counts[n] = kept(draw, n, bounds.first[n])
            begin, skip, again, stop = _span(bounds, midnights, n)
            for m in range(begin, stop):
                if m < skip or m >= again:
                    counts[n] += kept(draw, n, midnights[m])


@kernel
def _place(bounds: _Bounds, draw: Draw, midnights: Longs, start: Longs, at: Longs) -> None:
    for n in range(len(start) - 1):
        place = start[n]
        if place < start[n + 1]:
            if kept(draw, n, bounds.first[n]):
                at[place] = bounds.first[n]
                place += 1
            begin, skip, again, stop = _span(bounds, midnights, n)
            for m in range(begin, stop):
                if (m < skip or m >= again) and kept(draw, n, midnights[m]):
                    at[place] = midnights[m]
                    place += 1


@inner
def _span(bounds: _Bounds, midnights: Longs, n: int) -> tuple[int, int, int, int]:
    """The midnights of a stay are begin .. skip and again .. stop."""
    end = bounds.end[n]
    begin = np.searchsorted(midnights, bounds.first[n], side="right")
    skip = np.searchsorted(midnights, min(bounds.gap[n], end))
    again = np.searchsorted(midnights, min(bounds.known[n], end))
    return begin, skip, again, np.searchsorted(midnights, end)
