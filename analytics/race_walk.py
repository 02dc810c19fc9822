"""One customer's way round the racetrack: instant after instant, at most one move at each (design, section 5)."""

from typing import cast

import numpy as np

from raceline.analytics.kernel import inner, kernel, part
from raceline.analytics.race_arrays import LAP, NEVER, STAGE, Facts, Flags, Longs, Words
from raceline.analytics.race_desk import NOTHING, PROOFS, Desk, Proofs
from raceline.analytics.race_look import next_timer, rule_holds
from raceline.analytics.race_plan import Plan
from raceline.analytics.race_proof import has_room, prove

# Before all times: the timers of a state that is new are not known yet.
UNKNOWN = -(2**63) + 1
# Instead of a row: a timer. Instead of a rule: the first event puts the customer at the start; none held.
# NO_ROW has a type, because a function is compiled once more for a literal.
NO_ROW, STARTS, NO_RULE = cast("int", np.int64(-1)), -1, -2


@kernel
def walk_all(
    plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, clock: int, timers: Longs, doubtful: Flags
) -> bool:  # fmt: skip
    """Walk customer after customer, and note the next timer of each. False: there is no room; go on with more of it.

    timers: (c,) the earliest after the clock; doubtful: (c,) there may have been revisions.
    """
    walker = desk.walker[0]
    while walker.customer < len(facts.start) - 1:
        if not follow(plan, facts, desk, proofs, clock):
            return False
        if walker.events > 0:
            timers[walker.customer] = next_timer(plan, facts, desk)
        doubtful[walker.customer] = walker.doubtful
        walker.customer += 1
        begin(plan, desk)
    return True


@inner
def follow(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, clock: int) -> bool:
    """Walk the rest of one customer's events, and the timers up to the clock. False: there is no room."""
    walker = desk.walker[0]
    first, end = facts.start[walker.customer], facts.start[walker.customer + 1]
    while True:
        row, until = NO_ROW, clock
        if walker.events < end - first:
            row = first + walker.events
            until = facts.occurred_at[row] - 1
        if not live(plan, facts, desk, proofs, row, until):
            return False
        if row == NO_ROW:
            return True


@inner
def begin(plan: Plan, desk: Desk) -> None:
    """Forget the customer before."""
    walker = desk.walker[0]
    walker.stamp += walker.events
    walker.events = 0
    walker.alone = 0
    walker.last = -1
    walker.state = plan.outside
    walker.pending = True
    walker.due = NEVER
    walker.doubtful = False
    desk.seen[:] = 0
    for n in range(len(plan.leaf)):
        leaf = plan.leaf[n]
        leaf.low = 0
        leaf.added = 0
        leaf.total = 0


@inner
def live(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, row: int, until: int) -> bool:
    """Live through the timers up to an instant, and then through the event of a row, if it is not NO_ROW.

    False: there is no room for what may come of the next instant; go on with more of it.
    """
    walker = desk.walker[0]
    while True:
        if walker.due <= until:  # or earlier than it need be
            walker.due = next_timer(plan, facts, desk)
        event = walker.due > until
        if event and row == NO_ROW:
            return True
        if not has_room(plan, desk, proofs):
            return False
        everywhere, trigger, rule = True, NO_ROW, NO_RULE
        if event:
            everywhere, trigger = _arrive(plan, facts, desk, row), row
        else:
            walker.now = walker.due
        if walker.events == 1 and event and plan.start >= 0:
            rule = STARTS
        else:
            rule = _look(plan, facts, desk, trigger, everywhere)
        if rule != NO_RULE:
            _move(plan, facts, desk, proofs, rule, trigger)
        if event:
            return True


@inner
def _arrive(plan: Plan, facts: Facts, desk: Desk, row: int) -> bool:
    """Take the event in; whether all rules have to be looked at, because time may have changed something as well."""
    walker = desk.walker[0]
    _doubt(plan, facts, desk, row)
    walker.now = facts.occurred_at[row]
    walker.last = row
    walker.events += 1
    if walker.alone > 0:
        walker.alone = 0
        walker.due = UNKNOWN  # there may be timers again
    if walker.events == 1:
        desk.floor[:] = row
        desk.began[:] = walker.now
        walker.due = UNKNOWN
    for m in range(len(desk.seen)):
        if (facts.matches[row, plan.matcher_word[m]] >> plan.matcher_bit[m]) & np.uint64(1):
            desk.matched[m, desk.seen[m]] = row
            desk.seen[m] += 1
    everywhere = walker.pending or walker.due <= walker.now
    if _asks(plan.state_bits, walker.state, facts, row):  # it may set a timer earlier than all that was due
        walker.due = min(walker.due, walker.now + plan.state[walker.state].soonest)
    return bool(everywhere)


@inner
def _doubt(plan: Plan, facts: Facts, desk: Desk, row: int) -> None:
    """Late events, and timers that ran before an event was recorded, are rare: only then are there revisions."""
    walker, recorded = desk.walker[0], facts.recorded_at[row]
    if walker.events > 0 and recorded != facts.recorded_at[walker.last]:
        if walker.due <= recorded:
            walker.due = next_timer(plan, facts, desk)
        walker.doubtful |= recorded < facts.recorded_at[walker.last] or walker.due <= recorded


@inner
def _asks(bits: Words, n: int, facts: Facts, row: int) -> bool:
    for word in range(bits.shape[1]):  # noqa: SIM110 - compiled, a generator costs more than the question
        if bits[n, word] & facts.matches[row, word]:
            return True
    return False


@inner
def _look(plan: Plan, facts: Facts, desk: Desk, row: int, everywhere: bool) -> int:
    """The first candidate whose rule holds. Not everywhere: only rules that ask for the event of this row."""
    walker = desk.walker[0]
    walker.pending = False
    if everywhere or _asks(plan.state_bits, walker.state, facts, row):
        state = plan.state[walker.state]
        for n in range(state.rule_start, state.rule_end):
            rule = plan.state_rule[n]
            asked = everywhere or _asks(plan.rule_bits, rule, facts, row)
            if asked and rule_holds(plan, facts, desk, rule):
                return int(rule)
    return NO_RULE


@part
def _move(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, rule: int, row: int) -> None:
    """Write the move, and why. What counts since the stage counts anew from here on, and perhaps the lap as well."""
    walker = desk.walker[0]
    to = plan.start if rule == STARTS else plan.rule[rule].to
    if walker.keeps == PROOFS and rule != STARTS:
        prove(plan, facts, desk, proofs, rule)
    if walker.keeps != NOTHING:
        written = proofs.move[walker.moves]
        written.customer = walker.customer
        written.from_state = walker.state
        written.to_state = to
        written.rule = rule
        written.at = walker.now
        written.trigger = row
        written.known_at = max(walker.now, facts.recorded_at[walker.last])
        written.node_end = walker.nodes
        written.evidence_end = walker.evidence
        walker.moves += 1
    laps = rule != STARTS and plan.new_lap[walker.state, rule]
    for since in range(LAP if laps else STAGE, STAGE + 1):
        desk.floor[since] = walker.last + 1
        desk.began[since] = walker.now
    walker.state = to
    walker.pending = True
    walker.due = UNKNOWN
    walker.alone += row == NO_ROW
