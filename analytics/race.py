"""The race: what a racetrack makes of customers' events (design, section 5).

Time alone moves a customer at most TIMER_MOVES times in a row; then they stay where they are, without timers, until
the next event. So a racetrack whose rules lead round by silence cannot make one event into moves without end; and as
this is counted from event to event, it does not depend on when the clock was moved on, or on what arrived when.
"""

from typing import Any

import numpy as np

from raceline.analytics.race_arrays import (
    ALL,
    ANY,
    COUNT,
    DAYS,
    DISTINCT,
    LAP,
    LEAF,
    NEVER,
    NONE,
    NOT,
    STAGE,
    START,
    SUM,
    Facts,
    Flags,
    Longs,
    Program,
    Prospects,
    Race,
)
from raceline.analytics.race_desk import MOVES, NOTHING, PROOFS, Desk, Proofs, desk_for, grown, proofs_for
from raceline.analytics.race_plan import Plan, Records, plan_of
from raceline.analytics.race_prospects import ask_all
from raceline.analytics.race_revise import Books, Doubts, Revisions, revise, revisions_for, with_more_room
from raceline.analytics.race_walk import walk_all

__all__ = [
    "ALL",
    "ANY",
    "COUNT",
    "DAYS",
    "DISTINCT",
    "LAP",
    "LEAF",
    "NEVER",
    "NONE",
    "NOT",
    "STAGE",
    "START",
    "SUM",
    "Facts",
    "Program",
    "Prospects",
    "Race",
    "prospects",
    "run",
]

# How many events of one customer may be walked through again to tell since when their moves are known.
REVISION_BUDGET = 8_000_000

# How many moves in a row may come of timers alone, at least one: between two events, or after the last one.
TIMER_MOVES = 1_000

# How much can be written before there is more room: moves, nodes, rows of evidence, revisions.
FIRST_ROOM = 1 << 16


def run(
    program: Program,
    facts: Facts,
    clock: int,
    revision_budget: int = REVISION_BUDGET,
    timer_moves: int = TIMER_MOVES,
) -> Race:
    """Walk each customer's events and timers up to the clock, and say every move, why, and since when it is known.

    clock: microseconds; a customer with later events is followed up to the last of them. Of a customer so restless
    that more than `revision_budget` events would have to be walked through again, only the newest steps of knowledge
    are looked at. After `timer_moves` moves in a row without an event a customer stays where they are until the next
    event, and has no next timer. Sums of amounts must fit into 64 bits. Raises ValueError when the columns differ in
    length.
    """
    facts = _contiguous(facts)
    plan = plan_of(program, facts.matches.shape[1], facts.value_size, timer_moves)
    desk = desk_for(plan, facts, PROOFS)
    customers = len(facts.start) - 1
    timers, doubtful = np.full(customers, NEVER, np.int64), np.zeros(customers, np.bool_)
    proofs = proofs_for(FIRST_ROOM, FIRST_ROOM, FIRST_ROOM)
    while not walk_all(plan, facts, desk, proofs, clock, timers, doubtful):
        proofs = grown(proofs)
    move = proofs.move[: desk.walker[0].moves]
    left_out = np.zeros(customers, np.int64)
    found = _revisions(plan, facts, move, doubtful, left_out, revision_budget)
    return Race(
        **{name: np.ascontiguousarray(move[name]) for name in Race._fields[:7]},
        **_written(proofs, desk),
        next_timer=timers,
        **_revised(found),
        left_out=left_out,
    )


def prospects(program: Program, facts: Facts, clock: int, timer_moves: int = TIMER_MOVES) -> Prospects:
    """For each customer, at the clock, and each rule that could move them on: what holds, and when it would fire.

    clock: microseconds; later, where a customer has later events. Customers without events have no prospects. After
    `timer_moves` moves in a row without an event no rule fires before the next event. Raises ValueError when the
    columns differ in length.
    """
    facts = _contiguous(facts)
    plan = plan_of(program, facts.matches.shape[1], facts.value_size, timer_moves)
    desk = desk_for(plan, facts, NOTHING)
    proofs = proofs_for(FIRST_ROOM, FIRST_ROOM, FIRST_ROOM)
    while not ask_all(plan, facts, desk, proofs, clock):
        proofs = grown(proofs)
    move = proofs.move[: desk.walker[0].moves]
    return Prospects(
        customer=np.ascontiguousarray(move.customer),
        rule=np.ascontiguousarray(move.rule),
        fires_at=np.ascontiguousarray(move.known_at),
        **_written(proofs, desk),
    )


def _contiguous(facts: Facts) -> Facts:
    """The kernels are compiled for one layout, and do not check lengths."""
    n = len(facts.occurred_at)
    if any(len(column) != n for column in facts[1:5]) or facts.values.shape[1] != n or facts.start[-1] != n:
        raise ValueError("the columns of events differ in length")
    types = (np.int64, np.int64, np.int64, np.int32, np.uint64, np.int64, np.int64)
    return Facts(*(np.ascontiguousarray(column, kind) for column, kind in zip(facts, types, strict=True)))


def _written(proofs: Proofs, desk: Desk) -> dict[str, Any]:
    walker = desk.walker[0]
    move = proofs.move[: walker.moves]
    return {
        "node_start": _starts(move.node_end),
        "satisfied": proofs.satisfied[: walker.nodes],
        "observed": proofs.observed[: walker.nodes],
        "evidence_start": _starts(move.evidence_end),
        "evidence_row": proofs.evidence_row[: walker.evidence],
        "evidence_node": proofs.evidence_node[: walker.evidence],
    }


def _revisions(plan: Plan, facts: Facts, move: Records, doubtful: Flags, left_out: Longs, budget: int) -> Revisions:
    """The revisions of some customers; corrects since when their moves are known."""
    desk, doubts = desk_for(plan, facts, MOVES), _doubts(facts, move, np.flatnonzero(doubtful))
    found, room = revisions_for(FIRST_ROOM, FIRST_ROOM), FIRST_ROOM
    while not revise(plan, facts, desk, _books(room), found, move, doubts, left_out, budget):
        found, room = with_more_room(found), 2 * room
    return found


def _doubts(facts: Facts, move: Records, customer: Longs) -> Doubts:
    start, end = facts.start[customer], facts.start[customer + 1]
    row_start = _starts(np.cumsum(end - start))
    row = np.arange(row_start[-1]) + np.repeat(start - row_start[:-1], end - start)
    order = np.lexsort((facts.recorded_at[row], np.repeat(customer, end - start)))  # stable: in total order then
    first, last = np.searchsorted(move.customer, customer), np.searchsorted(move.customer, customer, side="right")
    return Doubts(customer, row_start, row[order], first, last, np.zeros(1, np.int64))


def _books(room: int) -> Books:
    return Books(*(proofs_for(room, 0, 0) for _ in Books._fields))


def _revised(found: Revisions) -> dict[str, Any]:
    revisions, causes, before, after = found.written.tolist()
    revision = found.revision[:revisions]
    return {
        "revision_customer": np.ascontiguousarray(revision.customer),
        "revision_known_at": np.ascontiguousarray(revision.known_at),
        "cause_start": _starts(revision.cause_end),
        "cause_row": found.cause_row[:causes],
        "before_start": _starts(revision.before_end),
        "before_state": found.before_state[:before],
        "before_at": found.before_at[:before],
        "after_start": _starts(revision.after_end),
        "after_state": found.after_state[:after],
        "after_at": found.after_at[:after],
    }


def _starts(ends: Longs) -> Longs:
    return np.concatenate([np.zeros(1, np.int64), ends])
