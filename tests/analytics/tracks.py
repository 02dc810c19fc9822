"""Random racetracks and events, and the way from the naive twin's words to the kernel's arrays and back."""

from itertools import accumulate, pairwise

import numpy as np
from hypothesis import strategies as st
from naive_race import TIMER_MOVES, Event, Leaf, Move, Node, Proof, Revision, Rule, Track, Walk

from raceline.analytics.race import Facts, Program, Prospects, Race

KINDS = {"count": 0, "days": 1, "distinct": 2, "sum": 3, "none": 4}
JOINS = {"all": 1, "any": 2, "not": 3}
SINCE = {"start": 0, "lap": 1, "stage": 2}

MATCHERS = 4
FAR_MATCHER = 70  # in the second word
CODES, AMOUNTS = 0, 1  # columns of values


def program(track: Track) -> Program:
    nodes: list[tuple[int, int, int]] = []  # kind, leaf, end
    leaves: list[Leaf] = []

    def add(of: Leaf | Node) -> None:
        n = len(nodes)
        if isinstance(of, Leaf):
            nodes.append((0, len(leaves), n + 1))
            leaves.append(of)
            return
        nodes.append((JOINS[of.kind], -1, 0))
        for child in of.children:
            add(child)
        nodes[n] = (JOINS[of.kind], -1, len(nodes))

    rule_node = [0]
    for rule in track.rules:
        add(rule.when)
        rule_node.append(len(nodes))
    kinds, of_leaf, ends = zip(*nodes, strict=True) if nodes else ((), (), ())
    candidates = [of_state(track, state) for state in range(track.stages + 1)]
    return Program(
        stages=track.stages,
        start=track.start,
        rule_to=np.array([rule.to for rule in track.rules], np.int32),
        rule_node=np.array(rule_node, np.int32),
        node_kind=np.array(kinds, np.int8),
        node_leaf=np.array(of_leaf, np.int32),
        node_end=np.array(ends, np.int32),
        leaf_kind=np.array([KINDS[leaf.kind] for leaf in leaves], np.int8),
        leaf_matcher=np.array([bit(leaf.matcher) for leaf in leaves], np.int32),
        leaf_needed=np.array([leaf.needed for leaf in leaves], np.int64),
        leaf_window=np.array([leaf.window for leaf in leaves], np.int64),
        leaf_since=np.array([SINCE[leaf.since] for leaf in leaves], np.int8),
        leaf_value=np.array([leaf.value for leaf in leaves], np.int32),
        state_start=np.array([0, *accumulate(map(len, candidates))], np.int32),
        state_rule=np.array([r for rules in candidates for r in rules], np.int32),
        new_lap=np.array(
            [
                [rule.to == track.stages or (state, rule.to) in track.laps for rule in track.rules]
                for state in range(track.stages + 1)
            ],
            np.bool_,
        ).reshape(track.stages + 1, len(track.rules)),
    )


def of_state(track: Track, state: int) -> list[int]:
    walk = Walk(track, [])
    walk.moves = [Move(state, state, -1, 0)]
    return walk.candidates()


def bit(matcher: int) -> int:
    """The last matcher lies in another word than the others."""
    return FAR_MATCHER if matcher == MATCHERS - 1 else matcher


def facts(events: list[Event], customers: int) -> Facts:
    n = len(events)
    matches = np.zeros((n, 2), np.uint64)
    for row, event in enumerate(events):
        for m in event.matches:
            matches[row, bit(m) // 64] |= np.uint64(1 << bit(m) % 64)
    values = np.array([event.values for event in events], np.int64).reshape(n, 2).T
    return Facts(
        start=np.searchsorted([event.customer for event in events], np.arange(customers + 1)).astype(np.int64),
        occurred_at=np.array([event.at for event in events], np.int64),
        recorded_at=np.array([event.recorded for event in events], np.int64),
        day=np.array([event.day for event in events], np.int32),
        matches=matches,
        values=np.ascontiguousarray(values),
        value_size=np.array([3, 0], np.int64),
    )


def moves(race: Race) -> list[Move]:
    return [Move(*found) for found in lists(race.from_state, race.to_state, race.rule, race.at, race.trigger)]


def proofs(found: Race | Prospects) -> list[Proof]:
    nodes, evidence = spans(found.node_start), spans(found.evidence_start)
    return [
        Proof(
            found.satisfied[of].tolist(),
            found.observed[of].tolist(),
            lists(found.evidence_node[of_evidence], found.evidence_row[of_evidence]),
        )
        for of, of_evidence in zip(nodes, evidence, strict=True)
    ]


def revisions(race: Race) -> list[tuple[int, Revision]]:
    parts = zip(
        lists(race.revision_customer, race.revision_known_at),
        spans(race.cause_start),
        spans(race.before_start),
        spans(race.after_start),
        strict=True,
    )
    return [
        (
            customer,
            Revision(
                known_at,
                race.cause_row[causes].tolist(),
                lists(race.before_state[before], race.before_at[before]),
                lists(race.after_state[after], race.after_at[after]),
            ),
        )
        for (customer, known_at), causes, before, after in parts
    ]


def spans(start: np.ndarray) -> list[slice]:
    return [slice(a, b) for a, b in pairwise(start.tolist())]


def lists(*arrays: np.ndarray) -> list[tuple[int, ...]]:
    return list(zip(*(array.tolist() for array in arrays), strict=True))


# Random racetracks and events. Times are small, so that windows, timers and events often meet.

durations = st.integers(1, 8)


@st.composite
def leaves(draw, kinds: tuple[str, ...] = tuple(KINDS)) -> Leaf:
    kind = draw(st.sampled_from(kinds))
    return Leaf(
        kind,
        matcher=draw(st.integers(0, MATCHERS - 1)),
        needed=draw(durations if kind == "none" else st.integers(1, 3)),
        window=0 if kind == "none" else draw(st.just(0) | durations),
        since=draw(st.sampled_from(sorted(SINCE))),
        value={"distinct": CODES, "sum": AMOUNTS}.get(kind, -1),
    )


def joined(inner: st.SearchStrategy) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(Node, st.sampled_from(["all", "any"]), several) | inner.map(lambda of: Node("not", (of,)))


@st.composite
def tracks(draw, kinds: tuple[str, ...] = tuple(KINDS)) -> Track:
    conditions = st.recursive(leaves(kinds), joined, max_leaves=5)
    stages = draw(st.integers(1, 4))
    states = st.integers(0, stages)
    origins = st.frozensets(states, min_size=1)
    rules = draw(st.lists(st.builds(Rule, st.integers(0, stages - 1), origins, conditions), max_size=6))
    inside = st.frozensets(st.integers(0, stages - 1), min_size=1)
    exits = draw(st.lists(st.builds(Rule, st.just(stages), inside, conditions), max_size=2))
    pairs = st.tuples(st.integers(0, stages - 1), st.integers(0, stages - 1))
    return Track(stages, (*rules, *exits), draw(st.integers(-1, stages - 1)), draw(st.frozensets(pairs)))


@st.composite
def histories(draw, customers: int = 3, most: int = 10) -> list[Event]:
    """In total order. Days go with time; a clock set back at midnight makes one come back."""
    found = draw(
        st.lists(
            st.builds(
                Event,
                st.integers(0, customers - 1),
                st.integers(0, 24),
                st.integers(0, 30),
                matches=st.frozensets(st.integers(0, MATCHERS - 1), max_size=2),
                values=st.tuples(st.integers(-1, 2), st.integers(-3, 3)),
            ),
            max_size=most,
        )
    )
    punctual = draw(st.booleans())
    set_back = draw(st.integers(0, 24))
    return [
        event._replace(
            day=event.at // 3 - (event.at == set_back),
            recorded=event.at + event.recorded // 10 if punctual else event.recorded,
        )
        for event in sorted(found, key=lambda event: (event.customer, event.at))
    ]


clocks = st.integers(-1, 60)
bounds = st.integers(1, 3) | st.just(TIMER_MOVES)  # of moves by timers alone
