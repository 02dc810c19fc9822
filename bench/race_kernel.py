"""How many events a second the race kernel takes on one core, with all that it says: moves, evidence and revisions.

python bench/race_kernel.py [--events N]

The complete example of a racetrack, domain/presets/network-controller.yaml; 20 to 50 events a customer, of the types
that its rules look at and of others, recorded seconds after they happened; of one customer in twenty some came late.
The limit: the events and the answer written once to memory.
"""

import argparse
import platform
import time
from collections.abc import Callable

import numba
import numpy as np

from raceline.analytics import race
from raceline.analytics.race import Facts, Race
from raceline.domain import catalogue
from raceline.domain.racetrack_file import presets, read
from raceline.projections.race_rules import Track, compiled, wanted

DAY = 86_400_000_000
ROUNDS = 5


def example() -> Track:
    known, racetrack = catalogue.load(), read(presets()["network-controller"])
    return compiled(racetrack.name, 1, "", racetrack, known, wanted((racetrack,), known))


def bits(track: Track, rng: np.random.Generator) -> np.ndarray:
    """(types, 8, W): eight kinds of events of each type; one that a test of attributes looks at passes it by half."""
    by_stage = sorted(range(len(track.types)), key=lambda r: int(track.program.rule_to[r]))
    types = list(dict.fromkeys(name for r in by_stage for name in sorted(track.types[r])))
    found = np.zeros((len(types), 8, len(track.matchers) // 64 + 1), np.uint64)
    for m, matcher in enumerate(track.matchers):
        for name, tests in matcher.tests.items():
            passes = rng.permutation(8) < (4 if tests else 8)
            found[types.index(name), passes, m // 64] |= np.uint64(1 << m % 64)
    return found


def events(track: Track, n: int, rng: np.random.Generator) -> Facts:
    """n events: types of later stages come later; three in ten are of no interest to any rule."""
    size = rng.integers(20, 51, n // 20)
    start = np.concatenate([[0], np.cumsum(size)])
    start = start[: np.searchsorted(start, n, side="right")]
    n, customers = int(start[-1]), len(start) - 1
    customer = np.repeat(np.arange(customers), np.diff(start))
    progress = (np.arange(n) - start[customer]) / np.diff(start)[customer]
    pause = rng.exponential(8 * DAY, n).astype(np.int64)
    pause[start[:-1]] = 0
    passed = np.cumsum(pause)
    occurred_at = passed - passed[start[:-1]][customer] + rng.integers(0, 365 * DAY, customers)[customer]
    of_type = bits(track, rng)
    kind = np.clip(rng.normal(progress * len(of_type), len(of_type) / 5, n), 0, len(of_type) - 1).astype(np.int64)
    matches = of_type[kind, rng.integers(0, 8, n)]
    matches[rng.random(n) < 0.3] = 0
    delay = rng.integers(1_000_000, 60_000_000, n)
    late = (rng.random(customers) < 0.05)[customer] & (rng.random(n) < 0.1)
    values = [rng.integers(0, 10, n) * (1_000_000 if column.sums else 1) for column in track.values]
    return Facts(
        start=start,
        occurred_at=occurred_at,
        recorded_at=occurred_at + delay + late * 30 * DAY,
        day=(occurred_at // DAY).astype(np.int32),
        matches=matches,
        values=np.array(values, np.int64).reshape(len(values), n),
        value_size=np.full(len(values), 10),
    )


def counts(facts: Facts, matchers: int) -> np.ndarray:
    """A peer that knows no order and no time: how often each matcher took an event of each customer."""
    taken = (facts.matches[:, np.arange(matchers) // 64] >> np.arange(matchers, dtype=np.uint64)) & np.uint64(1)
    return np.add.reduceat(taken, facts.start[:-1], axis=0)


def copied(*groups: Facts | Race) -> Callable[[], object]:
    """The limit: what goes in and what comes out, written once to memory that is there already."""
    arrays = [array for group in groups for array in group]
    targets = [np.zeros_like(array) for array in arrays]
    return lambda: [np.copyto(target, array) for target, array in zip(targets, arrays, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000, help="how many events to generate")
    whole = example()
    track, facts = whole.program, events(whole, parser.parse_args().events, np.random.default_rng(20260101))
    clock = int(facts.occurred_at.max())
    found = race.run(track, facts, clock)  # compiles
    race.prospects(track, facts, clock)
    contestants: dict[str, Callable[[], object]] = {
        "run": lambda: race.run(track, facts, clock),
        "prospects": lambda: race.prospects(track, facts, clock),
        "limit: copy events and answer once": copied(facts, found),
        "peer: count the matches, in numpy": lambda: counts(facts, len(whole.matchers)),
    }
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine strikes all alike
        for name, contestant in contestants.items():
            began = time.perf_counter()
            contestant()
            best[name] = min(best[name], time.perf_counter() - began)

    n, customers = len(facts.occurred_at), len(facts.start) - 1
    print(f"{platform.machine()}, numba {numba.__version__}, numpy {np.__version__}; one core, best of {ROUNDS} rounds")
    print(f"{len(track.rule_to)} rules of {len(track.leaf_kind)} conditions, {len(whole.matchers)} matchers;", end=" ")
    print(f"{n:,} events of {customers:,} customers -> {len(found.customer):,} moves,", end=" ")
    print(f"{len(found.evidence_row):,} rows of evidence, {len(found.revision_customer):,} revisions", end=" ")
    print(f"of {len(np.unique(found.revision_customer)):,} customers")
    print(f"\n{'':36} {'seconds':>8} {'million events/s':>17} {'run against it':>15}")
    for name, seconds in best.items():
        print(f"{name:36} {seconds:8.3f} {n / seconds / 1e6:17.1f} {seconds / best['run']:15.3f}")


if __name__ == "__main__":
    main()
