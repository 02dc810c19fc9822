"""How many steps a second the path kernels make on one core, beside numpy on the same arrays in the same run.

python bench/path_kernel.py [--steps N]
"""

import argparse
import platform
import time
from collections.abc import Callable

import numba
import numpy as np

from raceline.analytics import blocks
from raceline.analytics.paths import Steps, Turns, annotate, build_paths

SECOND = 1_000_000
GAP = 1_800 * SECOND
PAGES = 5_000
ROUNDS = 7
KINDS = {"depth": "turnarounds", "bounces": "ping-pongs", "loop": "loops"}


def events(n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """n events: five to a path and three paths to a customer on average, pages by popularity, a fifth turn back."""
    page = rng.permutation(PAGES)[(rng.zipf(1.3, n) - 1) % PAGES].astype(np.int32)
    back = np.flatnonzero(rng.random(n) < 0.2)[2:]
    for _ in range(4):  # turning back on the way back is a ping-pong
        page[back] = page[back - 2]
    path = np.cumsum(rng.random(n) < 1 / 5)
    occurred_at = np.cumsum(rng.integers(SECOND, 120 * SECOND, n)) + path * 2 * GAP
    source = np.concatenate([page[:1], page[:-1]])
    elsewhere = rng.random(n) < 0.1
    source[elsewhere] = rng.integers(0, PAGES, elsewhere.sum())
    source[rng.random(n) < 0.3] = -1  # views
    return (path // 3).astype(np.int32), occurred_at, page, source, rng.random(n) < 0.05


def copied(columns: tuple[np.ndarray, ...], steps: Steps, turns: Turns) -> Callable[[], object]:
    """The limit: what goes in and what comes out, written once to memory that is there already."""
    arrays = [*columns, *steps, *turns]
    targets = [np.zeros_like(array) for array in arrays]
    return lambda: [np.copyto(target, array) for target, array in zip(targets, arrays, strict=True)]


def turns_by_numpy(steps: Steps) -> np.ndarray:
    """The peer: x(i-1) = x(i+1) and nothing more, on paths that are built: no depth, ping-pong or loop."""
    turn = np.zeros(len(steps.page), np.bool_)
    turn[1:-1] = steps.page[:-2] == steps.page[2:]
    turn[steps.path_start[:-1]] = False
    turn[steps.path_start[1:] - 1] = False
    return turn


def paths_by_numpy(
    customer: np.ndarray, occurred_at: np.ndarray, page: np.ndarray, source: np.ndarray, resolved: np.ndarray
) -> Steps:
    """The peer of build_paths in whole-array numpy: the same answer."""
    starts = np.ones(len(page), np.bool_)
    starts[1:] = (customer[1:] != customer[:-1]) | (np.diff(occurred_at) >= GAP) | resolved[:-1]
    seen = np.concatenate([page[:1], page[:-1]])
    adds_source = (source >= 0) & (starts | (source != seen))
    adds_page = (page != np.where(source >= 0, source, seen)) | (starts & (source < 0))
    both = np.stack([adds_source, adds_page], axis=1).ravel()
    event_start = np.flatnonzero(starts)
    return Steps(
        path_start=np.append(0, np.cumsum(both)[np.append(event_start[1:], len(page)) * 2 - 1]),
        page=np.stack([source, page], axis=1).ravel()[both],
        event=np.repeat(np.arange(len(page)), 2)[both],
        implied=np.stack([adds_source & ~starts, np.zeros_like(starts)], axis=1).ravel()[both],
        event_start=np.append(event_start, len(page)),
        resolved=resolved[np.append(event_start[1:], len(page)) - 1],
    )


def main() -> None:
    blocks.CORES = 1
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--steps", type=int, default=20_000_000, help="how many events to generate; each adds about a step"
    )
    columns = events(parser.parse_args().steps, np.random.default_rng(20260101))
    build_paths(*(column[:1000] for column in columns), GAP)  # compiles

    steps = build_paths(*columns, GAP)
    turns = annotate(steps.page, steps.path_start, PAGES)
    s = len(steps.page)
    assert all(np.array_equal(a, b) for a, b in zip(steps, paths_by_numpy(*columns), strict=True))

    def both() -> Turns:
        found = build_paths(*columns, GAP)
        return annotate(found.page, found.path_start, PAGES)

    contestants: dict[str, Callable[[], object]] = {
        "build_paths and annotate": both,
        "build_paths": lambda: build_paths(*columns, GAP),
        "annotate": lambda: annotate(steps.page, steps.path_start, PAGES),
        "limit: copy the same arrays once": copied(columns, steps, turns),
        "peer: build_paths in numpy": lambda: paths_by_numpy(*columns),
        "peer: turn or not, in numpy": lambda: turns_by_numpy(steps),
    }
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine strikes all alike
        for name, run in contestants.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)

    print(f"{platform.machine()}, numba {numba.__version__}, numpy {np.__version__}; one core, best of {ROUNDS} rounds")
    print(f"{len(columns[0]):,} events -> {len(steps.resolved):,} paths, {s:,} steps, of which", end=" ")
    print(", ".join(f"{np.mean(getattr(turns, kind) > 0):.1%} {name}" for kind, name in KINDS.items()))
    print(f"\n{'':34} {'seconds':>8} {'million steps/s':>16} {'both kernels against it':>24}")
    whole = best["build_paths and annotate"]
    for name, seconds in best.items():
        print(f"{name:34} {seconds:8.3f} {s / seconds / 1e6:16.1f} {seconds / whole:24.2f}")


if __name__ == "__main__":
    main()
