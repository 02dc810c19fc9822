"""Lists of moves beside each other: what an earlier and a later knowledge have in common."""

from typing import cast

import numpy as np

from raceline.analytics.kernel import part
from raceline.analytics.race_plan import Records
from raceline.analytics.race_walk import UNKNOWN

# No row, and no instant: all events are after it.
NO_CUT = cast("int", np.int64(UNKNOWN))


@part
def last_timer(moves: Records, count: int) -> int:
    """The instant of the last move without an event."""
    for n in range(count - 1, -1, -1):
        if moves[n].trigger < 0:
            return int(moves[n].at)
    return NO_CUT


@part
def _same(a: Records, b: Records) -> bool:
    same_way = a.from_state == b.from_state and a.to_state == b.to_state and a.rule == b.rule
    return bool(same_way and a.at == b.at and a.trigger == b.trigger)


@part
def agreeing(old: Records, olds: int, new: Records, news: int) -> int:
    """How many moves two lists have in common, up to their first difference."""
    n = 0
    while n < olds and n < news and _same(old[n], new[n]):
        n += 1
    return n


@part
def carry(old: Records, olds: int, new: Records, start: int, end: int, known: int) -> None:
    """A move that was known stays known since then; the others are known since `known`, if that is given."""
    n = 0
    for k in range(start, end):
        move = new[k]
        while n < olds and _before(old[n], move):
            n += 1
        if n < olds and _same(old[n], move):
            move.known_at = old[n].known_at
        elif known != NO_CUT:
            move.known_at = known


@part
def _before(a: Records, b: Records) -> bool:
    """A timer comes after the events of its time."""
    if a.at != b.at:
        return bool(a.at < b.at)
    return bool(a.trigger >= 0 and (b.trigger < 0 or a.trigger < b.trigger))


@part
def copy(source: Records, target: Records) -> None:
    """All but what leads to the proof."""
    target.from_state, target.to_state, target.rule = source.from_state, source.to_state, source.rule
    target.at, target.trigger, target.known_at = source.at, source.trigger, source.known_at
