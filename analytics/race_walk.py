"""One customer's way round the racetrack: instant after instant, at most one move at each (design, section 5)."""

import numpy as np

from raceline.analytics.kernel import kernel
from raceline.analytics.race_arrays import LAP, STAGE, Facts, Flags, Longs, Words
from raceline.analytics.race_desk import NOTHING, PROOFS, Desk, Proofs
from raceline.analytics.race_look import next_timer, rule_holds
from raceline.analytics.race_plan import Plan
from raceline.analytics.race_proof import has_room, prove

# Before all times: the timers of a state that is new are not known yet.
UNKNOWN = -(2**63) + 1


@kernel
def walk_all(
    plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, clock: int, timers: Longs, doubtful: Flags
) -> bool:  # fmt: skip
    """Walk customer after customer, and note the next timer of each. False: there is no room; go on with more of it.

    timers: (c,) the earliest after the clock; doubtful: (c,) more may have been known than the moves tell.
    """
    walker = desk.walker[0]
    while walker.customer < len(facts.start) - 1:
        if not follow(plan, facts, desk, proofs, clock, doubtful):
            return False
        if walker.events > 0:
            timers[walker.customer] = next_timer(plan, facts, desk)
        walker.customer += 1
        begin(plan, desk)
    return True


@kernel
def follow(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, clock: int, doubtful: Flags) -> bool:
    """Walk the rest of one customer's events, and the timers up to the clock. False: there is no room."""
    walker = desk.walker[0]
    first, end = facts.start[walker.customer], facts.start[walker.customer + 1]
    while walker.events < end - first:
        row = first + walker.events
        if not run_timers(plan, facts, desk, proofs, facts.occurred_at[row] - 1):
            return False
        if row > first and facts.recorded_at[row] != facts.recorded_at[row - 1]:
            _doubt(plan, facts, desk, row, doubtful)
        if not take(plan, facts, desk, proofs, row):
            return False
    return bool(run_timers(plan, facts, desk, proofs, clock))


@kernel
def _doubt(plan: Plan, facts: Facts, desk: Desk, row: int, doubtful: Flags) -> None:
    """Late events and timers that ran before an event was recorded are rare: only then are there revisions."""
    walker = desk.walker[0]
    recorded = facts.recorded_at[row]
    if recorded < facts.recorded_at[row - 1]:
        doubtful[walker.customer] = True
    elif walker.due <= recorded:
        walker.due = next_timer(plan, facts, desk)
        doubtful[walker.customer] |= walker.due <= recorded


@kernel
def begin(plan: Plan, desk: Desk) -> None:
    """Forget the customer before."""
    walker = desk.walker[0]
    walker.stamp += walker.events
    walker.events = 0
    walker.last = -1
    walker.state = plan.outside
    walker.pending = True
    walker.due = UNKNOWN
    desk.seen[:] = 0
    for n in range(len(plan.leaf)):
        leaf = plan.leaf[n]
        leaf.low = 0
        leaf.added = 0
        leaf.total = 0


@kernel
def run_timers(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, until: int) -> bool:
    """Live through the timers up to an instant. False: there is no room for what may come of them."""
    walker = desk.walker[0]
    while walker.events > 0 and walker.due <= until:
        walker.due = next_timer(plan, facts, desk)
        if walker.due > until:
            break
        if not has_room(plan, desk, proofs):
            return False
        walker.now = walker.due
        look(plan, facts, desk, proofs, -1, everywhere=True)
    return True


@kernel
def take(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, row: int) -> bool:
    """Live through an event, when the timers before it are done. False: there is no room for what may come of it."""
    walker = desk.walker[0]
    walker.events += 1
    if not has_room(plan, desk, proofs):
        walker.events -= 1
        return False
    walker.now = facts.occurred_at[row]
    walker.last = row
    _match(plan, facts, desk, row)
    if walker.events > 1:
        _look_at_event(plan, facts, desk, proofs, row)
        return True
    desk.floor[:] = row
    desk.began[:] = walker.now
    if plan.start >= 0:
        move(plan, facts, desk, proofs, plan.start, -1, row)
    else:
        look(plan, facts, desk, proofs, row, everywhere=True)
    return True


@kernel
def _match(plan: Plan, facts: Facts, desk: Desk, row: int) -> None:
    for m in range(len(desk.seen)):
        if (facts.matches[row, plan.matcher_word[m]] >> plan.matcher_bit[m]) & np.uint64(1):
            desk.matched[m, desk.seen[m]] = row
            desk.seen[m] += 1


@kernel
def _look_at_event(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, row: int) -> None:
    """Look only where something may have changed since nothing held: an event can do so, or time."""
    walker = desk.walker[0]
    everywhere = walker.pending or walker.due <= walker.now
    asked = _asks(plan.state_bits, walker.state, facts, row)
    if asked:  # the event may set a timer earlier than all that was known to be due
        walker.due = min(walker.due, walker.now + plan.state[walker.state].soonest)
    if asked or everywhere:
        look(plan, facts, desk, proofs, row, everywhere=everywhere)


@kernel
def _asks(bits: Words, n: int, facts: Facts, row: int) -> bool:
    for word in range(bits.shape[1]):  # noqa: SIM110 - compiled, a generator costs more than the question
        if bits[n, word] & facts.matches[row, word]:
            return True
    return False


@kernel
def look(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, row: int, everywhere: bool) -> None:
    """The first candidate whose rule holds moves. everywhere: not only at rules that ask for the event of this row."""
    walker = desk.walker[0]
    state = plan.state[walker.state]
    walker.pending = False
    for n in range(state.rule_start, state.rule_end):
        rule = plan.state_rule[n]
        if (everywhere or _asks(plan.rule_bits, rule, facts, row)) and rule_holds(plan, facts, desk, rule):
            move(plan, facts, desk, proofs, plan.rule[rule].to, rule, row)
            return


@kernel
def move(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, to: int, rule: int, row: int) -> None:
    """Write the move, and why."""
    walker = desk.walker[0]
    if walker.keeps == NOTHING:
        begin_stay(plan, desk, to, rule)
        return
    if walker.keeps == PROOFS and rule >= 0:
        prove(plan, facts, desk, proofs, rule)
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
    begin_stay(plan, desk, to, rule)


@kernel
def begin_stay(plan: Plan, desk: Desk, to: int, rule: int) -> None:
    """From here on, what counts since the stage, and perhaps the lap, counts anew."""
    walker = desk.walker[0]
    if rule >= 0 and plan.new_lap[walker.state, rule]:
        begin_counting(desk, LAP)
    begin_counting(desk, STAGE)
    walker.state = to
    walker.pending = True
    walker.due = UNKNOWN


@kernel
def begin_counting(desk: Desk, since: int) -> None:
    """What is strictly after this instant counts."""
    walker = desk.walker[0]
    desk.floor[since] = walker.last + 1
    desk.began[since] = walker.now
