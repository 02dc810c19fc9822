"""Conditions at an instant: what a leaf observes, whether a rule holds, and when a timer is due."""

from raceline.analytics.kernel import inner
from raceline.analytics.race_arrays import COUNT, DAYS, DISTINCT, NEVER, NONE, SUM, Facts, Longs
from raceline.analytics.race_desk import Desk
from raceline.analytics.race_plan import HOLDS, Plan, Records

# Instead of the place of another event of the same day or value: there is none later; none before; no value at all.
LATEST, FIRST, NO_VALUE = NEVER, -2, -1


@inner
def rule_holds(plan: Plan, facts: Facts, desk: Desk, rule: int) -> bool:
    """Ask leaf after leaf, until one decides."""
    asked = plan.rule[rule].first
    while asked >= 0:
        leaf = plan.leaf[asked]
        asked = leaf.yes if leaf_holds(facts, desk, leaf) else leaf.no
    return bool(asked == HOLDS)


@inner
def leaf_holds(facts: Facts, desk: Desk, leaf: Records) -> bool:
    """It has observed what it needs."""
    # Most questions end here: not even all the events there are would be enough.
    if leaf.kind <= DISTINCT and desk.seen[leaf.matcher] - leaf.low < leaf.needed:
        return False
    return bool(observe(facts, desk, leaf) >= leaf.needed)


@inner
def observe(facts: Facts, desk: Desk, leaf: Records) -> int:
    """Events, days, values or millionths that count now; of NONE the microseconds of silence."""
    if leaf.kind == NONE:
        return int(desk.walker[0].now - silent_since(facts, desk, leaf))
    slide(facts, desk, leaf)
    if leaf.kind == COUNT:
        return int(desk.seen[leaf.matcher] - leaf.low)
    return int(leaf.total)


@inner
def silent_since(facts: Facts, desk: Desk, leaf: Records) -> int:
    """The last event that counts, else when the leaf began to count."""
    seen = desk.seen[leaf.matcher]
    if seen > 0:
        row = desk.matched[leaf.matcher, seen - 1]
        if row >= desk.floor[leaf.since]:
            return int(facts.occurred_at[row])
    return int(desk.began[leaf.since])


@inner
def slide(facts: Facts, desk: Desk, leaf: Records) -> None:
    """Take in the events since the last look, and let go of those that count no more. Time never runs back."""
    matched, seen = desk.matched[leaf.matcher], desk.seen[leaf.matcher]
    if leaf.kind != COUNT:
        while leaf.added < seen:
            add(facts, desk, leaf, matched)
            leaf.added += 1
    floor, left = desk.floor[leaf.since], desk.walker[0].now - leaf.window
    while leaf.low < seen:
        row = matched[leaf.low]
        if row >= floor and (leaf.window == 0 or facts.occurred_at[row] > left):
            break
        if leaf.kind == SUM:
            leaf.total -= facts.values[leaf.value, row]
        elif leaf.kind != COUNT and desk.following[leaf.chain, leaf.low] == LATEST:
            leaf.total -= 1
        leaf.low += 1


@inner
def add(facts: Facts, desk: Desk, leaf: Records, matched: Longs) -> None:
    """Take the next event into the total. Of those with the same day or value only the latest counts."""
    place = leaf.added
    row = matched[place]
    if leaf.kind == SUM:
        leaf.total += facts.values[leaf.value, row]
        return
    before = same_day(facts, leaf, matched) if leaf.kind == DAYS else same_value(facts, desk, leaf, row)
    following = desk.following[leaf.chain]
    following[place] = NO_VALUE if before == NO_VALUE else LATEST
    if before >= 0:
        following[before] = place
    leaf.total += before != NO_VALUE and before < leaf.low


@inner
def same_day(facts: Facts, leaf: Records, matched: Longs) -> int:
    """The place of the last event before of the same day, or FIRST.

    Clocks that are set back at midnight make a day come back after the next one, so one day more is searched.
    """
    day = facts.day[matched[leaf.added]]
    for place in range(leaf.added - 1, leaf.low - 1, -1):
        other = facts.day[matched[place]]
        if other == day:
            return int(place)
        if other < day - 1:
            break
    return FIRST


@inner
def same_value(facts: Facts, desk: Desk, leaf: Records, row: int) -> int:
    """The place of the last event before of the same value, FIRST, or NO_VALUE."""
    value = facts.values[leaf.value, row]
    if value < 0:
        return NO_VALUE
    stamp = desk.walker[0].stamp
    before = desk.code_place[leaf.code + value] - stamp
    desk.code_place[leaf.code + value] = stamp + leaf.added
    return int(before) if before >= 0 else FIRST


@inner
def next_timer(plan: Plan, facts: Facts, desk: Desk) -> int:
    """The first instant after now at which time alone may make a rule of this state hold; NEVER without one.

    Nor is there one when there were too many moves by time alone: the customer stays until the next event.
    """
    walker = desk.walker[0]
    if walker.alone >= plan.timer_moves:
        return NEVER
    state = plan.state[walker.state]
    first = NEVER
    for n in range(state.timer_start, state.timer_end):
        leaf = plan.leaf[plan.state_timer[n]]
        if leaf.kind == NONE:
            at = silent_since(facts, desk, leaf) + leaf.needed
        else:
            slide(facts, desk, leaf)
            if leaf.low == desk.seen[leaf.matcher]:
                continue
            at = facts.occurred_at[desk.matched[leaf.matcher, leaf.low]] + leaf.window
        if walker.now < at < first:
            first = at
    return int(first)
