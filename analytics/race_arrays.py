"""The arrays that the race kernel takes and gives: a compiled racetrack, the events of customers, what came of them.

Times are int64 microseconds since 1970, or NEVER. States are the stages 0 .. S-1 in order, and S: outside, that is,
never entered, or left. Semantics: design, section 5.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Longs: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Small: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
Words: TypeAlias = NDArray[np.uint64]

NEVER = 2**63 - 1

# Kinds of a node of a condition.
LEAF, ALL, ANY, NOT = 0, 1, 2, 3
# Kinds of a leaf: at least n events; on n distinct days; n distinct values; a sum; no event for a duration.
COUNT, DAYS, DISTINCT, SUM, NONE = 0, 1, 2, 3, 4
# From when on events count.
START, LAP, STAGE = 0, 1, 2


class Program(NamedTuple):
    """A racetrack of S stages, compiled: R rules (the exits are the last), N nodes, L leaves.

    Nodes of one rule lie in preorder, its root first; each leaf belongs to one node.
    """

    stages: int  # S
    start: int  # the stage in which the first event puts a customer; -1: in none
    rule_to: Codes  # (R,) the stage that it leads to; S: an exit
    rule_node: Codes  # (R + 1,) where the nodes of each rule start
    node_kind: Small  # (N,) LEAF, ALL, ANY, NOT
    node_leaf: Codes  # (N,) -1: not a leaf
    node_end: Codes  # (N,) the node after the subtree
    leaf_kind: Small  # (L,) COUNT .. NONE
    leaf_matcher: Codes  # (L,) the bit of Facts.matches
    leaf_needed: Longs  # (L,) n; millionths for SUM, microseconds for NONE
    leaf_window: Longs  # (L,) microseconds; 0: no window
    leaf_since: Small  # (L,) START, LAP, STAGE
    leaf_value: Codes  # (L,) row of Facts.values for DISTINCT and SUM, else -1
    state_start: Codes  # (S + 2,) where the candidates of each state start
    state_rule: Codes  # (K,) the rules that lead away from a state, in order of preference
    new_lap: Flags  # (S + 1, R) this rule from this state begins a new lap; of exits: true


class Facts(NamedTuple):
    """n events in the scope of a racetrack, those of each of c customers together and in total order."""

    start: Longs  # (c + 1,) where the events of each customer start
    occurred_at: Longs  # (n,) microseconds, never falling within a customer
    recorded_at: Longs  # (n,) microseconds
    day: Codes  # (n,) local days of the racetrack's time zone since 1970-01-01
    matches: Words  # (n, W) whether matcher m takes it: bit m % 64 of word m // 64
    values: Longs  # (V, n) codes from 0, -1 missing (DISTINCT); or millionths (SUM)
    value_size: Longs  # (V,) the number of codes


class Race(NamedTuple):
    """The k moves of c customers, in order, with what was seen at each, and v revisions of what was known before."""

    customer: Codes  # (k,) index of the customer, never falling
    from_state: Codes  # (k,)
    to_state: Codes  # (k,)
    rule: Codes  # (k,) -1: the first event put the customer at the start
    at: Longs  # (k,) microseconds
    trigger: Longs  # (k,) row of the event at which it happened, -1: a timer
    known_at: Longs  # (k,) microseconds; since when this move is known
    node_start: Longs  # (k + 1,) where the nodes of each move's rule start in the next two
    satisfied: Flags  # (x,)
    observed: Longs  # (x,) of leaves: events, days, values, millionths; NONE: microseconds of silence. Others: 0
    evidence_start: Longs  # (k + 1,)
    evidence_row: Longs  # (y,) by node, and in total order within a node
    evidence_node: Codes  # (y,) the node within the rule, from 0
    next_timer: Longs  # (c,) the earliest timer after the clock, NEVER without one
    revision_customer: Codes  # (v,) never falling
    revision_known_at: Longs  # (v,) rising within a customer
    cause_start: Longs  # (v + 1,)
    cause_row: Longs
    before_start: Longs  # (v + 1,) the stays known before, from the first difference on
    before_state: Codes
    before_at: Longs
    after_start: Longs  # (v + 1,) the stays known since
    after_state: Codes
    after_at: Longs
    left_out: Longs  # (c,) how many steps of knowledge were too dear to look at


class Prospects(NamedTuple):
    """Why not yet: k candidate rules of the states that the customers are in, as of the clock."""

    customer: Codes  # (k,) never falling
    rule: Codes  # (k,) in order of preference within a customer
    fires_at: Longs  # (k,) the first instant after the clock at which it would hold if no event came; NEVER
    node_start: Longs  # (k + 1,) and so on: as in Race
    satisfied: Flags
    observed: Longs
    evidence_start: Longs  # (k + 1,)
    evidence_row: Longs
    evidence_node: Codes
