"""What the walk writes on: its notes on one customer, and the moves with their proofs."""

from typing import NamedTuple

import numpy as np

from raceline.analytics.race_arrays import DISTINCT, NEVER, Codes, Facts, Flags, Longs, Small
from raceline.analytics.race_plan import Plan, Records

# A customer on the way. last: the row of the last event; due: no timer of the state is earlier; alone: how many moves
# since the last event; pending: the state is new, and its rules have not been looked at. moves, nodes, evidence: how
# much is written of the proofs; keeps: what of them is written at all; doubtful: there may have been revisions.
_WALKER = [
    *((name, "i8") for name in ("customer", "last", "events", "state", "now", "due", "stamp", "alone")),
    *((name, "i8") for name in ("moves", "nodes", "evidence")),
    *((name, "i8") for name in ("pending", "keeps", "doubtful")),
]
NOTHING, MOVES, PROOFS = 0, 1, 2
_MOVE = [
    *((name, "i4") for name in ("customer", "from_state", "to_state", "rule")),
    *((name, "i8") for name in ("at", "trigger", "known_at", "node_end", "evidence_end")),
]


class Desk(NamedTuple):
    """Notes on one customer. The unused rest of the arrays is never touched, so it takes no memory."""

    walker: Records  # (1,)
    floor: Longs  # (3,) the first row that counts since START, LAP, STAGE
    began: Longs  # (3,) microseconds; the instants of that
    seen: Longs  # (M,) how many events each matcher took
    matched: Longs  # (M, most) their rows
    following: Longs  # (chains, most) by place in matched: that of the next event of the same day or value, or LATEST
    code_place: Longs  # the place of the last event of each code, plus walker.stamp; less than that: of a walk before
    satisfied: Flags  # (nodes of the longest rule,)
    role: Small  # (nodes of the longest rule,) 1 speaks for the rule, -1 does so under `not`, 0 does not count


class Proofs(NamedTuple):
    """The moves, and why they happened; grown by the caller when there is no room for one more."""

    move: Records
    satisfied: Flags
    observed: Longs
    evidence_row: Longs
    evidence_node: Codes


def desk_for(plan: Plan, facts: Facts, keeps: int) -> Desk:
    """Notes that are large enough for each customer. keeps: NOTHING, MOVES or PROOFS."""
    # An odd number of lines of the cache, so that the rows do not fall into the same places of it.
    most = (int(np.max(np.diff(facts.start), initial=0)) // 16 * 2 + 3) * 8
    codes = facts.value_size[plan.leaf.value[plan.leaf.kind == DISTINCT]].sum()
    nodes = plan.most_nodes
    walker = np.zeros(1, _WALKER).view(np.recarray)
    walker.state, walker.pending, walker.due, walker.last, walker.keeps = plan.outside, True, NEVER, -1, keeps
    return Desk(
        walker=walker,
        floor=np.zeros(3, np.int64),
        began=np.zeros(3, np.int64),
        seen=np.zeros(len(plan.matcher_word), np.int64),
        matched=np.empty((len(plan.matcher_word), most), np.int64),
        following=np.empty((int(plan.leaf.chain.max(initial=-1)) + 2, most), np.int64),
        code_place=np.full(int(codes), -1, np.int64),
        satisfied=np.zeros(nodes, np.bool_),
        role=np.zeros(nodes, np.int8),
    )


def proofs_for(moves: int, nodes: int, evidence: int) -> Proofs:
    """Room for so many."""
    return Proofs(
        np.empty(moves, _MOVE).view(np.recarray),
        np.empty(nodes, np.bool_),
        np.empty(nodes, np.int64),
        np.empty(evidence, np.int64),
        np.empty(evidence, np.int32),
    )


def grown(old: Proofs) -> Proofs:
    """Twice the room, with what is written."""
    new = proofs_for(*(2 * len(array) for array in (old.move, old.satisfied, old.evidence_row)))
    for target, array in zip(new, old, strict=True):
        target[: len(array)] = array
    return new
