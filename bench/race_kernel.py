"""How many events a second the race kernel takes on one core, with all that it says: moves, evidence and revisions.

python bench/race_kernel.py [--events N]

Thirteen stages and 22 rules of 33 leaves over 20 kinds of events; 20 to 50 events a customer, recorded
seconds after they happened, of one customer in twenty some came late. The limit: the events and the answer written once to memory.
"""

import argparse
import platform
import time
from collections.abc import Callable

import numba
import numpy as np

from raceline.analytics import race
from raceline.analytics.race import Facts, Program, Race

DAY = 86_400_000_000
STAGES, MATCHERS, ROUNDS = 13, 20, 5

# A leaf: kind, matcher, needed, window in days, since, value. A condition: a leaf, or (ALL, ANY or NOT, conditions).
Leaf = tuple[int, int, int, int, int, int]


def leaf(kind: int, matcher: int, needed: int = 1, window: int = 0, since: int = race.LAP) -> tuple:
    needed = needed * DAY if kind == race.NONE else needed
    return ("leaf", (kind, matcher, needed, window * DAY, since, {race.DISTINCT: 0, race.SUM: 1}.get(kind, -1)))


def conditions() -> list[tuple[int, tuple[int, ...] | None, tuple]]:
    """(to, from or None for any earlier stage and outside, condition), as a lifecycle of a product would have them."""
    stage = race.STAGE
    return [
        (0, None, leaf(race.COUNT, 0)),
        (1, None, leaf(race.COUNT, 1, 3, 30)),
        (1, None, ("any", [leaf(race.COUNT, 2, 2), leaf(race.DAYS, 0, 3, 14)])),
        (2, None, ("all", [leaf(race.COUNT, 3), leaf(race.COUNT, 1, 2, 60)])),
        (3, None, leaf(race.COUNT, 4)),
        (4, None, ("all", [leaf(race.COUNT, 5), leaf(race.COUNT, 4)])),
        (5, None, ("any", [leaf(race.COUNT, 6), leaf(race.COUNT, 7, 2)])),
        (6, None, leaf(race.DAYS, 8, 2, 7)),
        (7, None, ("all", [leaf(race.COUNT, 9, 5, 30), leaf(race.DAYS, 9, 3, 30)])),
        (8, None, ("all", [leaf(race.DISTINCT, 10, 4, 60), leaf(race.COUNT, 9, 8, 90)])),
        (9, None, ("all", [leaf(race.SUM, 11, 30_000_000), ("not", [leaf(race.COUNT, 12, 2, 30)])])),
        (10, None, leaf(race.COUNT, 13)),
        (11, None, leaf(race.COUNT, 14)),
        (12, None, ("any", [leaf(race.COUNT, 15), leaf(race.COUNT, 14, 3)])),
        (3, (5, 6, 7, 8, 9, 10, 11, 12), leaf(race.COUNT, 4, 1, 0, stage)),
        (3, (6, 7, 8, 9, 10, 11, 12), leaf(race.COUNT, 16, 1, 0, stage)),
        (0, (11, 12), leaf(race.COUNT, 17, 1, 0, stage)),
        (7, (8, 9), leaf(race.NONE, 10, 60, 0, stage)),
        (6, (7, 8, 9), ("all", [leaf(race.NONE, 9, 60), leaf(race.NONE, 8, 30)])),
        (5, (6,), leaf(race.NONE, 8, 90)),
        (8, (9,), leaf(race.COUNT, 12, 3, 14)),
        (STAGES, tuple(range(3, 13)), ("all", [leaf(race.COUNT, 18), leaf(race.NONE, 19, 90), leaf(race.NONE, 8, 90)])),
    ]


def program() -> Program:
    rules, nodes, leaves, starts = conditions(), [], [], [0]

    def add(of: tuple) -> None:
        n, (kind, inner) = len(nodes), of
        nodes.append([race.LEAF, len(leaves), n + 1])
        if kind == "leaf":
            leaves.append(inner)
            return
        for child in inner:
            add(child)
        nodes[n] = [{"all": race.ALL, "any": race.ANY, "not": race.NOT}[kind], -1, len(nodes)]

    for _, _, when in rules:
        add(when)
        starts.append(len(nodes))
    candidates = [preferred(rules, state) for state in range(STAGES + 1)]
    column = np.array(leaves)
    return Program(
        stages=STAGES,
        start=-1,
        rule_to=np.array([to for to, _, _ in rules], np.int32),
        rule_node=np.array(starts, np.int32),
        **dict(zip(("node_kind", "node_leaf", "node_end"), np.array(nodes).T.astype(np.int32), strict=True)),
        **dict(zip(Program._fields[7:13], column.T, strict=True)),
        state_start=np.cumsum([0, *map(len, candidates)]).astype(np.int32),
        state_rule=np.array([r for found in candidates for r in found], np.int32),
        new_lap=np.array([[to == STAGES or (s > 10 and to == 0) for to, _, _ in rules] for s in range(STAGES + 1)]),
    )


def preferred(rules: list[tuple], here: int) -> list[int]:
    """The candidates of a state: forward, the furthest first; out; back."""
    origin = [range(to) if origins is None else origins for to, origins, _ in rules]
    to = [to for to, _, _ in rules]
    if here == STAGES:
        return sorted((r for r in range(len(rules)) if rules[r][1] is None), key=lambda r: -to[r])
    found = [r for r in range(len(rules)) if here in origin[r] and to[r] != here]
    forward = sorted((r for r in found if here < to[r] < STAGES), key=lambda r: -to[r])
    return [*forward, *(r for r in found if to[r] == STAGES), *(r for r in found if to[r] < here)]


def events(n: int, rng: np.random.Generator) -> Facts:
    """n events, later ones of kinds further round the track; a third is of no interest to any rule."""
    size = rng.integers(20, 51, n // 20)
    start = np.concatenate([[0], np.cumsum(size)])
    start = start[: np.searchsorted(start, n, side="right")]
    n = int(start[-1])
    customer = np.repeat(np.arange(len(start) - 1), np.diff(start))
    progress = (np.arange(n) - start[customer]) / np.diff(start)[customer]
    pause = rng.exponential(8 * DAY, n).astype(np.int64)
    occurred_at = (
        np.cumsum(pause) - np.cumsum(pause)[start[customer]] + rng.integers(0, 365 * DAY, len(start) - 1)[customer]
    )
    kind = np.clip(rng.normal(progress * 14, 3.5, n), 0, MATCHERS - 1).astype(np.int64)
    matches = np.uint64(1) << kind.astype(np.uint64)
    matches[rng.random(n) < 0.3] = 0  # of no interest to any rule
    matches |= np.where(rng.random(n) < 0.1, np.uint64(1 << 9), np.uint64(0))
    delay = rng.integers(1_000_000, 60_000_000, n)
    restless = rng.random(len(start) - 1) < 0.05
    delay[restless[customer] & (rng.random(n) < 0.1)] += 30 * DAY
    return Facts(
        start=start,
        occurred_at=occurred_at,
        recorded_at=occurred_at + delay,
        day=(occurred_at // DAY).astype(np.int32),
        matches=matches[:, None],
        values=np.stack([rng.integers(-1, 12, n), rng.integers(0, 10, n) * 1_000_000]),
        value_size=np.array([12, 0]),
    )


def counts(facts: Facts) -> np.ndarray:
    """A peer that knows no order and no time: how often each matcher took an event of each customer."""
    bits = (facts.matches >> np.arange(MATCHERS, dtype=np.uint64)) & np.uint64(1)
    return np.add.reduceat(bits, facts.start[:-1], axis=0)


def copied(*groups: Facts | Race) -> Callable[[], object]:
    """The limit: what goes in and what comes out, written once to memory that is there already."""
    arrays = [array for group in groups for array in group]
    targets = [np.zeros_like(array) for array in arrays]
    return lambda: [np.copyto(target, array) for target, array in zip(targets, arrays, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000, help="how many events to generate")
    track, facts = program(), events(parser.parse_args().events, np.random.default_rng(20260101))
    clock = int(facts.occurred_at.max())
    found = race.run(track, facts, clock)  # compiles
    race.prospects(track, facts, clock)
    contestants: dict[str, Callable[[], object]] = {
        "run": lambda: race.run(track, facts, clock),
        "prospects": lambda: race.prospects(track, facts, clock),
        "limit: copy events and answer once": copied(facts, found),
        "peer: count the matches, in numpy": lambda: counts(facts),
    }
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine strikes all alike
        for name, contestant in contestants.items():
            began = time.perf_counter()
            contestant()
            best[name] = min(best[name], time.perf_counter() - began)

    n, customers = len(facts.occurred_at), len(facts.start) - 1
    print(f"{platform.machine()}, numba {numba.__version__}, numpy {np.__version__}; one core, best of {ROUNDS} rounds")
    print(
        f"{len(track.rule_to)} rules of {len(track.leaf_kind)} leaves; {n:,} events of {customers:,} customers ->",
        end=" ",
    )
    print(f"{len(found.customer):,} moves, {len(found.evidence_row):,} rows of evidence,", end=" ")
    print(f"{len(found.revision_customer):,} revisions of {len(np.unique(found.revision_customer)):,} customers")
    print(f"\n{'':36} {'seconds':>8} {'million events/s':>17} {'run against it':>15}")
    for name, seconds in best.items():
        print(f"{name:36} {seconds:8.3f} {n / seconds / 1e6:17.1f} {seconds / best['run']:15.3f}")


if __name__ == "__main__":
    main()
