"""What was known when: the knowledge of a customer is lived through again, in the order in which it came.

A step is all that was recorded at one time. It is a revision when events of it come late - they order before an event
recorded earlier, or before a timer that had moved the customer - and without them the moves would be others.
"""

from typing import NamedTuple, cast

import numpy as np

from raceline.analytics.kernel import kernel, part
from raceline.analytics.race_arrays import Codes, Facts, Longs
from raceline.analytics.race_desk import Desk, Proofs
from raceline.analytics.race_moves import NO_CUT, agreeing, carry, copy, last_timer
from raceline.analytics.race_plan import Plan, Records
from raceline.analytics.race_walk import NO_ROW, begin, live

# What comes of one customer.
DONE, NO_ROOM, TOO_DEAR = 0, 1, 2

# It has a type, because a function is compiled once more for a literal.
NOTHING_YET = cast("int", np.int64(0))

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


class Doubts(NamedTuple):
    """The d customers of whom more may have been known than their moves tell."""

    customer: Longs  # (d,)
    row_start: Longs  # (d + 1,) where the rows of each start in the next
    row: Longs  # in the order in which they were recorded
    move_start: Longs  # (d,) where their final moves start
    move_end: Longs  # (d,)
    done: Longs  # (1,) how many of the customers are done


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
    plan: Plan, facts: Facts, desk: Desk, books: Books, out: Revisions, final: Records, doubts: Doubts, left_out: Longs,
    budget: int,
) -> bool:  # fmt: skip
    """Find the revisions of the doubtful customers, and since when their final moves are known.

    final: the moves of all customers. left_out: (c,) steps that are not looked at, because walking through more than
    `budget` events again would take too long. False: there is no room; go on with more of it.
    """
    while doubts.done[0] < len(doubts.customer):
        n = doubts.done[0]
        customer, rows = doubts.customer[n], doubts.row[doubts.row_start[n] : doubts.row_start[n + 1]]
        revisions, causes, before, after = out.written[0], out.written[1], out.written[2], out.written[3]
        outcome = _relive(plan, facts, desk, books, out, customer, rows, left_out[customer], budget)
        if outcome == DONE:
            carry(books.was.move, desk.walker[0].moves, final, doubts.move_start[n], doubts.move_end[n], NO_CUT)
            doubts.done[0] += 1
            continue
        out.written[0], out.written[1], out.written[2], out.written[3] = revisions, causes, before, after
        if outcome == NO_ROOM:
            return False
        left_out[customer] = _later_start(facts, rows, left_out[customer], budget // (2 * len(rows)))
    return True


@part
def _relive(
    plan: Plan, facts: Facts, desk: Desk, books: Books, out: Revisions, customer: int, rows: Longs, skipped: int,
    budget: int,
) -> int:  # fmt: skip
    """Step after step, in the order of recording; books.was ends with the moves that are known at last."""
    walker = desk.walker[0]
    walker.customer, walker.moves = customer, 0
    begin(plan, desk)
    spent = start = n = NOTHING_YET
    while start < len(rows):
        known, end = facts.recorded_at[rows[start]], _end_of_step(facts, rows, start)
        if n == skipped and n > 0 and not walk_known(plan, facts, desk, books.was, known - 1, NO_CUT, NO_CUT, known):
            return NO_ROOM
        if n >= skipped:
            if not _live(plan, facts, desk, books.was, NO_ROW, known):
                return NO_ROOM
            if _on_time(facts, desk, rows[start]):
                if not _go_on(plan, facts, desk, books.was, rows, start, end):
                    return NO_ROOM
            else:
                spent += 2 * len(rows)
                if spent > budget:
                    return TOO_DEAR
                if not _step(plan, facts, desk, books, out, rows, start, end):
                    return NO_ROOM
        start, n = end, n + 1
    return DONE


@part
def _live(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, row: int, until: int) -> bool:
    """Not in line, because it is called from many places."""
    return bool(live(plan, facts, desk, proofs, row, until))


@part
def _later_start(facts: Facts, rows: Longs, skipped: int, affordable: int) -> int:
    """How many steps to leave out: so many that few enough late ones are left, else the older half of the rest."""
    steps, late = _count_steps(facts, rows, len(rows))
    if late > affordable:
        found, _ = _count_steps(facts, rows, late - affordable)
        if found > skipped:
            return found
    return skipped + (steps - skipped + 1) // 2


@part
def _count_steps(facts: Facts, rows: Longs, late_ones: int) -> tuple[int, int]:
    """How many steps there are up to so many late ones, and how many of them are late: order before what was known."""
    steps = late = start = NOTHING_YET
    last = rows[0]
    while start < len(rows) and late < late_ones:
        late += rows[start] < last
        end = _end_of_step(facts, rows, start)
        last = max(last, rows[end - 1])
        start, steps = end, steps + 1
    return steps, late


@part
def _end_of_step(facts: Facts, rows: Longs, start: int) -> int:
    end = start + 1
    while end < len(rows) and facts.recorded_at[rows[end]] == facts.recorded_at[rows[start]]:
        end += 1
    return end


@part
def _on_time(facts: Facts, desk: Desk, row: int) -> bool:
    """The first event of a step comes after all that is known, and after all the timers that have run."""
    walker = desk.walker[0]
    if walker.events == 0:
        return True
    ran = walker.now > facts.occurred_at[walker.last]
    return bool(row > walker.last and not (ran and facts.occurred_at[row] <= walker.now))


@part
def _go_on(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, rows: Longs, start: int, end: int) -> bool:
    for n in range(start, end):
        row = rows[n]
        if not _live(plan, facts, desk, proofs, row, facts.occurred_at[row] - 1):
            return False
    return True


@part
def walk_known(
    plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, known: int, last: int, timer: int, clock: int
) -> bool:
    """Walk the events recorded up to `known`; of those recorded just then only what is after a row and an instant."""
    begin(plan, desk)
    walker = desk.walker[0]
    walker.moves = 0
    for row in range(facts.start[walker.customer], facts.start[walker.customer + 1]):
        recorded, occurred = facts.recorded_at[row], facts.occurred_at[row]
        counts = recorded < known or (recorded == known and row > last and occurred > timer)
        if counts and not _live(plan, facts, desk, proofs, row, occurred - 1):
            return False
    return bool(_live(plan, facts, desk, proofs, NO_ROW, clock))


@part
def _step(
    plan: Plan, facts: Facts, desk: Desk, books: Books, out: Revisions, rows: Longs, start: int, end: int
) -> bool:
    """Walk again with the events of a step; a revision is written when the late ones among them made a difference."""
    walker, known = desk.walker[0], facts.recorded_at[rows[start]]
    old, last, timer = walker.moves, walker.last, last_timer(books.was.move, walker.moves)
    late = _note_late(facts, out, rows, start, end, last, timer)
    mixed, others = 0 < late < end - start, 0
    if late < 0 or (mixed and not walk_known(plan, facts, desk, books.without, known, last, timer, known)):
        return False
    others = walker.moves
    if not walk_known(plan, facts, desk, books.now, known, NO_CUT, NO_CUT, known):
        return False
    was, now, new = books.was.move, books.now.move, walker.moves
    same = agreeing(was, old, now, new)
    revised = late > 0 and not same == old == new
    if revised and mixed:
        revised = not agreeing(books.without.move, others, now, new) == others == new
    carry(was, old, now, 0, new, known if revised else NO_CUT)
    if revised and not _write(out, walker.customer, known, late, was, old, now, new, same):
        return False
    for n in range(same, new):
        copy(now[n], was[n])
    return True


@part
def _note_late(facts: Facts, out: Revisions, rows: Longs, start: int, end: int, last: int, timer: int) -> int:
    """Write the events that come late, as causes of a revision that may come; how many, or -1 without room."""
    causes, late = out.written[1], 0
    if causes + end - start > len(out.cause_row):
        return -1
    for n in range(start, end):
        if rows[n] < last or facts.occurred_at[rows[n]] <= timer:
            out.cause_row[causes + late] = rows[n]
            late += 1
    return late


@part
def _write(
    out: Revisions, customer: int, known: int, late: int, was: Records, old: int, now: Records, new: int, same: int
) -> bool:
    """The stays from the first difference on, as they were known and as they are now."""
    n, before, after = out.written[0], out.written[2], out.written[3]
    if n == len(out.revision) or max(before + old, after + new) > len(out.cause_row):
        return False
    for k in range(same, old):
        out.before_state[before + k - same], out.before_at[before + k - same] = was[k].to_state, was[k].at
    for k in range(same, new):
        out.after_state[after + k - same], out.after_at[after + k - same] = now[k].to_state, now[k].at
    out.written[0] += 1
    out.written[1] += late
    out.written[2] += old - same
    out.written[3] += new - same
    revision = out.revision[n]
    revision.customer, revision.known_at = customer, known
    revision.cause_end, revision.before_end, revision.after_end = out.written[1], out.written[2], out.written[3]
    return True
