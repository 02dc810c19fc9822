"""A racetrack laid out for the walk: conditions as chains of leaves, and what each state has to look at."""

from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from raceline.analytics.race_arrays import (
    ALL,
    DAYS,
    DISTINCT,
    LEAF,
    NONE,
    NOT,
    SUM,
    Codes,
    Flags,
    Longs,
    Program,
    Small,
    Words,
)

# Records, which kernels read and write by field, so that what belongs together lies together.
Records: TypeAlias = Any

# Where a chain of leaves ends.
HOLDS, FAILS = -1, -2

# Longer than any window, and short enough to be added to a time.
LONGEST = 1 << 60

# A leaf: first what the definition says, then what the walk knows. Of the events that its matcher took, those from
# `low` on count; those before `added` are in `total`. chain and code: where DAYS and DISTINCT keep their notes.
_LEAF = [
    *((name, "i8") for name in ("kind", "matcher", "needed", "window", "since", "value", "yes", "no", "chain", "code")),
    *((name, "i8") for name in ("low", "added", "total", "observed")),
    *((name, "?") for name in ("under_not", "has_timer")),
]
_RULE = [(name, "i8") for name in ("to", "first", "leaf_start", "leaf_end", "node_start", "node_end")]
_STATE = [(name, "i8") for name in ("rule_start", "rule_end", "timer_start", "timer_end", "soonest")]


class Plan(NamedTuple):
    """A Program in the order in which the walk reads it."""

    start: int
    outside: int  # the state S
    timer_moves: int  # how many there may be in a row without an event
    leaf: Records  # (L,) the leaves of one rule lie together, in preorder
    rule: Records  # (R,) first: the leaf that is asked first
    state: Records  # (S + 1,) soonest: microseconds from an event to the first timer that it may set
    state_rule: Codes  # candidates, by state, in order of preference
    state_timer: Codes  # leaves that time alone can turn in favour of their rule, by state
    state_bits: Words  # (S + 1, W) the matchers of all candidates
    rule_bits: Words  # (R, W)
    matcher_word: Codes  # (M,) the matchers that leaves ask for, renumbered
    matcher_bit: Words  # (M,) the place of the bit in the word
    node_kind: Small
    node_leaf: Codes  # into leaf
    node_end: Codes
    new_lap: Flags
    most_nodes: int  # of one rule
    most_leaves: int  # of one rule
    most_evidence: int  # of one rule, without its sums
    most_sums: int  # of one rule


_MOST_KEPT = 64
_kept: dict[tuple[int, int, bytes, int], tuple[Program, Plan]] = {}


def plan_of(program: Program, words: int, value_size: Longs, timer_moves: int) -> Plan:
    """As `lay_out`; plans are kept for a while, because to make one takes as long as the race of a customer.

    The leaves hold what a walk has counted so far, so each question has its own.
    """
    key = (id(program), words, value_size.tobytes(), timer_moves)
    found = _kept.get(key)  # it holds the program, so that no other can have its id
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[key] = program, lay_out(program, words, value_size, timer_moves)
    plan = found[1]
    return plan._replace(leaf=plan.leaf.copy())


def lay_out(program: Program, words: int, value_size: Longs, timer_moves: int) -> Plan:
    """Make the plan. words: W of the facts; value_size: (V,) the number of codes of each column of values."""
    of_leaf = np.flatnonzero(program.node_kind == LEAF)  # leaves are renumbered in the order of their nodes
    node_leaf = np.full(len(program.node_kind), -1, np.int32)
    node_leaf[of_leaf] = np.arange(len(of_leaf))
    given = program.node_leaf[of_leaf]
    matchers, renumbered = np.unique(program.leaf_matcher[given], return_inverse=True)
    leaf = _leaves(program, given, renumbered, value_size)
    rule = _rules(program, of_leaf, node_leaf, leaf)
    bits = _bits(rule, matchers[renumbered].tolist(), words)
    candidates = [
        [r for r in program.state_rule[a:b].tolist() if program.rule_to[r] != s]  # a rule to where one is never moves
        for s, (a, b) in enumerate(pairwise(program.state_start.tolist()))
    ]
    timers = [[x for r in rs for x in _span(rule[r]) if leaf[x].has_timer] for rs in candidates]
    return Plan(
        start=int(program.start),
        outside=int(program.stages),
        timer_moves=timer_moves,
        leaf=leaf,
        rule=rule,
        state=_states(candidates, timers, leaf),
        state_rule=np.array([r for rs in candidates for r in rs], np.int32),
        state_timer=np.array([x for xs in timers for x in xs], np.int32),
        state_bits=np.stack([np.bitwise_or.reduce(bits[rs], axis=0) for rs in candidates]),
        rule_bits=bits,
        matcher_word=(matchers // 64).astype(np.int32),
        matcher_bit=(matchers % 64).astype(np.uint64),
        node_kind=np.ascontiguousarray(program.node_kind, np.int8),
        node_leaf=node_leaf,
        node_end=np.ascontiguousarray(program.node_end, np.int32),
        new_lap=np.ascontiguousarray(program.new_lap, np.bool_),
        **_most(rule, leaf),
    )


def _leaves(program: Program, given: Codes, matcher: Longs, value_size: Longs) -> Records:
    leaf = np.zeros(len(given), _LEAF).view(np.recarray)
    leaf.matcher = matcher
    for name in ("kind", "needed", "window", "since", "value"):
        leaf[name] = getattr(program, f"leaf_{name}")[given]
    # DAYS and DISTINCT need notes for each event (chain), DISTINCT for each code as well (code).
    chained = np.isin(leaf.kind, (DAYS, DISTINCT))
    leaf.chain = np.cumsum(chained) - chained
    codes = np.where(leaf.kind == DISTINCT, value_size[leaf.value] if len(value_size) else 0, 0)
    leaf.code = np.cumsum(codes) - codes
    return leaf


def _rules(program: Program, of_leaf: Longs, node_leaf: Codes, leaf: Records) -> Records:
    rule = np.zeros(len(program.rule_to), _RULE).view(np.recarray)
    rule.to = program.rule_to
    rule.node_start, rule.node_end = program.rule_node[:-1], program.rule_node[1:]
    rule.leaf_start, rule.leaf_end = (np.searchsorted(of_leaf, rule[name]) for name in ("node_start", "node_end"))
    for row in rule:
        row.first = _link(program, node_leaf, leaf, int(row.node_start), HOLDS, FAILS, under_not=False)
    return rule


def _link(program: Program, node_leaf: Codes, leaf: Records, n: int, yes: int, no: int, *, under_not: bool) -> int:
    """Which leaf decides node n first; each leaf learns which leaf is next when it holds, and when it does not."""
    kind = program.node_kind[n]
    if kind == LEAF:
        found = leaf[node_leaf[n]]
        found.yes, found.no, found.under_not = yes, no, under_not
        # Time alone can make silence long enough, and an event leave a window: that makes a count less, and a sum
        # greater as well, because amounts may be negative.
        counts_down = found.window > 0 and (under_not or found.kind == SUM)
        found.has_timer = not under_not if found.kind == NONE else counts_down
        return int(node_leaf[n])
    if kind == NOT:
        return _link(program, node_leaf, leaf, n + 1, no, yes, under_not=not under_not)
    after = yes if kind == ALL else no
    for child in reversed(children(program, n)):
        way = (after, no) if kind == ALL else (yes, after)
        after = _link(program, node_leaf, leaf, child, *way, under_not=under_not)
    return after


def children(program: Program, n: int) -> list[int]:
    """The nodes right below node n."""
    found, child = [], n + 1
    while child < program.node_end[n]:
        found.append(child)
        child = int(program.node_end[child])
    return found


def _span(rule: Records) -> range:
    return range(rule.leaf_start, rule.leaf_end)


def _bits(rule: Records, matcher: list[int], words: int) -> Words:
    bits = np.zeros((len(rule), words), np.uint64)
    for r, row in enumerate(rule):
        for m in matcher[row.leaf_start : row.leaf_end]:
            bits[r, m // 64] |= np.uint64(1 << m % 64)
    return bits


def _states(candidates: list[list[int]], timers: list[list[int]], leaf: Records) -> Records:
    state = np.zeros(len(candidates), _STATE).view(np.recarray)
    for kind, of_state in (("rule", candidates), ("timer", timers)):
        ends = np.cumsum([len(found) for found in of_state])
        state[f"{kind}_end"] = ends
        state[f"{kind}_start"] = ends - [len(found) for found in of_state]
    for row, found in zip(state, timers, strict=True):
        row.soonest = min(
            (int(leaf[x].needed if leaf[x].kind == NONE else leaf[x].window) for x in found), default=LONGEST
        )
    return state


def _most(rule: Records, leaf: Records) -> dict[str, int]:
    """The largest numbers of a rule, by which the walk sees to it that there is room to write."""
    needed = np.where(leaf.kind == NONE, 1, np.clip(leaf.needed, 1, 1 << 40)) * (leaf.kind != SUM)
    rows = [slice(row.leaf_start, row.leaf_end) for row in rule]
    return {
        "most_nodes": int(np.max(rule.node_end - rule.node_start, initial=0)),
        "most_leaves": int(np.max(rule.leaf_end - rule.leaf_start, initial=0)),
        "most_evidence": max((int(needed[of].sum()) for of in rows), default=0),
        "most_sums": max((int(np.sum(leaf.kind[of] == SUM)) for of in rows), default=0),
    }
