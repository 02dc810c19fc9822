"""Landmarks: the moments of stays that a model learns from, and what became of the stays (design, section 8).

The landmarks of a stay are its entry and every local midnight inside of it (van Houwelingen, "Dynamic prediction by
landmarking in event history analysis", Scand. J. Stat. 34, 2007). Once the log is fed live, a stay has none before it
was known: its first is then the moment at which it came to be known.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.feature_arrays import DAY, NEVER, Codes, Floats, Longs, Small
from raceline.analytics.kernel import inner, kernel

Keys: TypeAlias = NDArray[np.uint64]

__all__ = ["DAY", "NEVER", "Landmarks", "Outcomes", "Stays", "landmarks", "outcomes", "possible"]


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
    keep: float = 1.0,
    seed: int = 0,
    key: Keys | None = None,
) -> Landmarks:
    """The landmarks before `until`, each kept with the chance `keep`, whatever else is asked.

    midnights: (d,) of the racetrack's time zone, ascending; until: the end of watching; key: of each customer a number
    that stays the same from one asking to the next, such as a digest of the identifier; without it the code. Raises
    ValueError unless 0 <= keep <= 1.
    """
    if not 0 <= keep <= 1:
        raise ValueError("the share of landmarks to keep lies between 0 and 1")
    own = (stays.customer if key is None else key[stays.customer]).astype(np.uint64)
    midnights = np.require(midnights, np.int64, ["C", "W"])
    bounds, draw = _bounds(stays, until, live_since), _Draw(own, np.uint64(seed % 2**64), float(keep))
    counts = np.zeros(len(own), np.int64)
    _count(bounds, draw, midnights, counts)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    at = np.empty(int(start[-1]), np.int64)
    _place(bounds, draw, midnights, start, at)
    return Landmarks(np.repeat(np.arange(len(counts)), counts), at)


def possible(stays: Stays, midnights: Longs, until: int, live_since: int = NEVER) -> int:
    """How many landmarks there are, when all are kept."""
    return int(_possible(_bounds(stays, until, live_since), np.require(midnights, np.int64, ["C", "W"])))


def outcomes(stays: Stays, found: Landmarks, until: int) -> Outcomes:
    """What is known by the end of watching: stays that were left later count as going on."""
    left, exit_ = stays.left[found.stay], stays.exit[found.stay]
    over = (left <= until) & (exit_ >= 0)
    return Outcomes(
        days=(np.where(over, left, until) - found.at) / DAY,
        exit=np.where(over, exit_, -1).astype(np.int8),
        follow=(until - found.at) / DAY,
    )


class _Bounds(NamedTuple):
    """Of m stays the first landmark, the moment that all are before, and a time [gap, known) without any."""

    first: Longs
    end: Longs
    gap: Longs
    known: Longs


def _bounds(stays: Stays, until: int, live_since: int) -> _Bounds:
    live = stays.entered >= live_since
    first = np.where(live, np.maximum(stays.entered, stays.known), stays.entered)
    gap = np.maximum(first + 1, live_since)
    return _Bounds(first, np.minimum(stays.left, until), gap, np.maximum(stays.known, gap))


class _Draw(NamedTuple):
    """Which landmarks are kept. own: (m,) of each stay the number of its customer."""

    own: Keys
    seed: np.uint64
    keep: float


@kernel
def _possible(bounds: _Bounds, midnights: Longs) -> int:
    count = 0
    for n in range(len(bounds.first)):
        if bounds.first[n] < bounds.end[n]:
            begin, skip, again, stop = _span(bounds, midnights, n)
            count += 1 + skip - begin + stop - again
    return count


@kernel
def _count(bounds: _Bounds, draw: _Draw, midnights: Longs, counts: Longs) -> None:
    """Fill counts, which is 0: how many landmarks of each stay are kept."""
    for n in range(len(counts)):
        if bounds.first[n] < bounds.end[n]:
            counts[n] = _kept(draw, n, bounds.first[n])
            begin, skip, again, stop = _span(bounds, midnights, n)
            for m in range(begin, stop):
                if m < skip or m >= again:
                    counts[n] += _kept(draw, n, midnights[m])


@kernel
def _place(bounds: _Bounds, draw: _Draw, midnights: Longs, start: Longs, at: Longs) -> None:
    for n in range(len(start) - 1):
        place = start[n]
        if place < start[n + 1]:
            if _kept(draw, n, bounds.first[n]):
                at[place] = bounds.first[n]
                place += 1
            begin, skip, again, stop = _span(bounds, midnights, n)
            for m in range(begin, stop):
                if (m < skip or m >= again) and _kept(draw, n, midnights[m]):
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


@inner
def _kept(draw: _Draw, n: int, at: int) -> bool:
    """By a number from 0 up to 1 that depends on the customer, the landmark and the seed alone."""
    mixed = _mixed(_mixed(_mixed(draw.seed) ^ draw.own[n]) ^ np.uint64(at))
    return bool((mixed >> np.uint64(11)) * 2.0**-53 < draw.keep)


@inner
def _mixed(x: np.uint64) -> np.uint64:
    """SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)."""
    z = x + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
