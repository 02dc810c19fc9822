"""What was known when: the knowledge of a customer is lived through again, in the order in which it came.

A step is all that was recorded at one time. It is a revision when events of it come late - they order before an event
recorded earlier, or before a timer that had moved the customer - and without them the moves would be others.
"""

from typing import NamedTuple

import numpy as np

from raceline.analytics.kernel import kernel
from raceline.analytics.race_arrays import Codes, Facts, Longs
from raceline.analytics.race_desk import Desk, Proofs
from raceline.analytics.race_plan import Plan, Records
from raceline.analytics.race_walk import UNKNOWN, begin, run_timers, take

# What comes of one customer.
DONE, NO_ROOM, TOO_DEAR = 0, 1, 2

# No row, and no instant: all events are after it.
NO_CUT = UNKNOWN

_REVISION = [("customer", "i4"), *((name, "i8") for name in ("known_at", "cause_end", "before_end", "after_end"))]


class Revisions(NamedTuple):
    """The revisions of all customers, end to end."""

    written: Longs  # (4,) how many revisions, causes, stays before and stays after are written
    revision: Records
    cause_row: Longs
    before_state: Codes
    before_at: Longs
    after_state: Codes
    after_at: Longs


class Books(NamedTuple):
    """Three lists of moves: as known before a step, as known since, and as they would be without the late events."""

    was: Proofs
    now: Proofs
    without: Proofs


def revisions_for(count: int, rows: int) -> Revisions:
    """Room for so many, with so many rows of causes and stays."""
    return Revisions(
        np.zeros(4, np.int64),
        np.empty(count, _REVISION).view(np.recarray),
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
        np.empty(rows, np.int64),
    )


def with_more_room(old: Revisions) -> Revisions:
    """Twice the room, with what is written."""
    new = revisions_for(2 * len(old.revision), 2 * len(old.cause_row))
    for target, array in zip(new, old, strict=True):
        target[: len(array)] = array
    return new


@kernel
def revise(
    plan: Plan, facts: Facts, desk: Desk, books: Books, out: Revisions, final: Records, final_start: Longs,
    todo: Longs, place: Longs, left_out: Longs, budget: int,
) -> bool:  # fmt: skip
    """Find the revisions of the customers todo[place[0]:], and since when their final moves are known.

    final: the moves of all customers, at final_start (c + 1,). left_out: (c,) steps that are not looked at, because
    walking through more than `budget` events again would take too long. False: there is no room, and place[0] is the
    customer to go on with.
    """
    while place[0] < len(todo):
        customer = todo[place[0]]
        before = out.written.copy()
        moves = final[final_start[customer] : final_start[customer + 1]]
        outcome = _relive(plan, facts, desk, books, out, moves, customer, left_out[customer], budget)
        if outcome != DONE:
            out.written[:] = before
        if outcome == NO_ROOM:
            return False
        if outcome == TOO_DEAR:  # only the newer half of them, then
            steps = len(np.unique(facts.recorded_at[facts.start[customer] : facts.start[customer + 1]]))
            left_out[customer] += (steps - left_out[customer] + 1) // 2
        else:
            place[0] += 1
    return True


@kernel
def _relive(
    plan: Plan, facts: Facts, desk: Desk, books: Books, out: Revisions, final: Records, customer: int, skipped: int,
    budget: int,
) -> int:  # fmt: skip
    walker, first = desk.walker[0], facts.start[customer]
    recorded = facts.recorded_at[first : facts.start[customer + 1]]
    rows = first + np.argsort(recorded, kind="mergesort")
    was, now = books.was, books.now
    walker.customer = customer
    walker.moves = 0
    begin(plan, desk)
    spent = start = n = 0
    while start < len(rows):
        at, end = facts.recorded_at[rows[start]], _end_of_step(facts, rows, start)
        if n == skipped and n > 0 and not walk_known(plan, facts, desk, was, customer, at - 1, NO_CUT, NO_CUT, at):
            return NO_ROOM
        if n >= skipped:
            if not run_timers(plan, facts, desk, was, at):
                return NO_ROOM
            if _on_time(facts, desk, rows[start]):
                if not _go_on(plan, facts, desk, was, rows[start:end]):
                    return NO_ROOM
            else:
                spent += 2 * len(rows)
                if spent > budget:
                    return TOO_DEAR
                if not _step(plan, facts, desk, was, now, books.without, out, customer, rows[start:end]):
                    return NO_ROOM
                was, now = now, was
        start, n = end, n + 1
    carry(was.move[: walker.moves], final, NO_CUT)
    return DONE


@kernel
def _end_of_step(facts: Facts, rows: Longs, start: int) -> int:
    end = start + 1
    while end < len(rows) and facts.recorded_at[rows[end]] == facts.recorded_at[rows[start]]:
        end += 1
    return end


@kernel
def _on_time(facts: Facts, desk: Desk, row: int) -> bool:
    """The first event of a step comes after all that is known, and after all the timers that have run."""
    walker = desk.walker[0]
    if walker.events == 0:
        return True
    ran = walker.now > facts.occurred_at[walker.last]
    return bool(row > walker.last and not (ran and facts.occurred_at[row] <= walker.now))


@kernel
def _go_on(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, rows: Longs) -> bool:
    for row in rows:
        if not run_timers(plan, facts, desk, proofs, facts.occurred_at[row] - 1):
            return False
        if not take(plan, facts, desk, proofs, row):
            return False
    return True


@kernel
def walk_known(
    plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, customer: int, known: int, last: int, timer: int, clock: int
) -> bool:
    """Walk the events recorded up to `known`; of those recorded just then only what is after a row and an instant."""
    begin(plan, desk)
    desk.walker[0].moves = 0
    for row in range(facts.start[customer], facts.start[customer + 1]):
        recorded, occurred = facts.recorded_at[row], facts.occurred_at[row]
        if recorded < known or (recorded == known and row > last and occurred > timer):
            if not run_timers(plan, facts, desk, proofs, occurred - 1):
                return False
            if not take(plan, facts, desk, proofs, row):
                return False
    return bool(run_timers(plan, facts, desk, proofs, clock))


@kernel
def _step(
    plan: Plan, facts: Facts, desk: Desk, was: Proofs, now: Proofs, without: Proofs, out: Revisions, customer: int,
    rows: Longs,
) -> bool:  # fmt: skip
    """Walk again with the events of a step; a revision is written when the late ones among them made a difference."""
    walker, known = desk.walker[0], facts.recorded_at[rows[0]]
    old = was.move[: walker.moves]
    last, timer = walker.last, _last_timer(old)
    late = rows[(rows < last) | (facts.occurred_at[rows] <= timer)]
    mixed = 0 < len(late) < len(rows)
    if mixed and not walk_known(plan, facts, desk, without, customer, known, last, timer, known):
        return False
    others = without.move[: walker.moves]
    if not walk_known(plan, facts, desk, now, customer, known, NO_CUT, NO_CUT, known):
        return False
    new = now.move[: walker.moves]
    differs = _difference(old, new)
    if len(late) == 0 or differs < 0 or (mixed and _difference(others, new) < 0):
        carry(old, new, NO_CUT)
        return True
    carry(old, new, known)
    return _write(out, customer, known, late, old[differs:], new[differs:])


@kernel
def _last_timer(moves: Records) -> int:
    """The instant of the last move without an event."""
    for n in range(len(moves) - 1, -1, -1):
        if moves[n].trigger < 0:
            return int(moves[n].at)
    return NO_CUT


@kernel
def _same(a: Records, b: Records) -> bool:
    same_way = a.from_state == b.from_state and a.to_state == b.to_state and a.rule == b.rule
    return bool(same_way and a.at == b.at and a.trigger == b.trigger)


@kernel
def _difference(old: Records, new: Records) -> int:
    """The first place at which two lists of moves differ, -1: they are the same."""
    for n in range(min(len(old), len(new))):
        if not _same(old[n], new[n]):
            return n
    return -1 if len(old) == len(new) else min(len(old), len(new))


@kernel
def carry(old: Records, new: Records, known: int) -> None:
    """A move that was known stays known since then; the others are known since `known`, if that is given."""
    n = 0
    for move in new:
        while n < len(old) and _before(old[n], move):
            n += 1
        if n < len(old) and _same(old[n], move):
            move.known_at = old[n].known_at
        elif known != NO_CUT:
            move.known_at = known


@kernel
def _before(a: Records, b: Records) -> bool:
    """A timer comes after the events of its time."""
    if a.at != b.at:
        return bool(a.at < b.at)
    return bool(a.trigger >= 0 and (b.trigger < 0 or a.trigger < b.trigger))


@kernel
def _write(out: Revisions, customer: int, known: int, late: Longs, old: Records, new: Records) -> bool:
    n, causes, before, after = out.written
    room = len(out.cause_row)
    if n == len(out.revision) or max(causes + len(late), before + len(old), after + len(new)) > room:
        return False
    out.cause_row[causes : causes + len(late)] = late
    for k in range(len(old)):
        out.before_state[before + k], out.before_at[before + k] = old[k].to_state, old[k].at
    for k in range(len(new)):
        out.after_state[after + k], out.after_at[after + k] = new[k].to_state, new[k].at
    out.written[:] += np.array([1, len(late), len(old), len(new)])
    revision = out.revision[n]
    revision.customer, revision.known_at = customer, known
    revision.cause_end, revision.before_end, revision.after_end = out.written[1], out.written[2], out.written[3]
    return True
