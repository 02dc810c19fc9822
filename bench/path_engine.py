"""Paths, turnarounds, edges and statistics of generated clicks from columns in memory, beside DuckDB in the same run.

python bench/path_engine.py [--clicks N] [--customers N] [--rounds N]

DuckDB holds the same columns as a table and is asked by path_engine.sql. Each is a process of its own that may use all
cores. Times are those of the best of several rounds, loading not counted; the answers must be equal. Ours finds depths
of turnarounds and loops besides. Exit code 1 unless ours is 5 times as fast at least, in 2 GiB of memory at most, the
columns and the interpreter included.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb
import numba
import numpy as np
from scratch import folder

from raceline.analytics.blocks import CORES
from raceline.analytics.page_test import test_pages
from raceline.analytics.path_arrays import PathArrays, annotated
from raceline.analytics.path_edges import edge_times, edges, first_order
from raceline.analytics.path_lengths import length_sums
from raceline.analytics.path_pages import page_sums
from raceline.analytics.paths import build_paths

SECOND = 1_000_000
GAP = 1_800 * SECOND
PAGES = 5_000
HOT = np.arange(7, PAGES, 250)  # pages where customers turn more often
GOAL, MOST = 5, 2 << 30
SQL = Path(__file__).with_suffix(".sql")
COLUMNS = ("customer", "moment", "page", "source", "resolved")
SUMS = ("visits", "customers", "entries", "exits", "resolved_here", "opportunities", "turnarounds", "ping_pongs")
SQUARES = ("nn", "nk", "kk")

Answers = dict[str, np.ndarray]
Times = dict[str, tuple[float, float]]
Found = TypeVar("Found")


class Watch:
    """Seconds by question, and seconds that the cores worked on it."""

    def __init__(self) -> None:
        self.taken: Times = {}

    def __call__(self, name: str, work: Callable[[], Found]) -> Found:
        began = time.perf_counter(), time.process_time()
        found = work()
        self.taken[name] = time.perf_counter() - began[0], time.process_time() - began[1]
        return found


class Contestant:
    """A process of its own; `ready` gives what its rounds begin with, and stays there."""

    def __init__(self, ready: Callable[[Path], object], asked: Callable[..., Answers], home: Path) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _keep, (ready, home))
        self._asked = asked
        self.best: Times = {}
        self.peak = 0

    def round(self) -> Answers:
        answers, taken, self.peak = self._pool.submit(_round, self._asked).result()
        self.best = {name: min(seconds, self.best.get(name, seconds)) for name, seconds in taken.items()}
        return answers


_kept: list[object] = []


def _keep(ready: Callable[[Path], object], home: Path) -> None:
    _kept.append(ready(home))


def _round(asked: Callable[..., Answers]) -> tuple[Answers, Times, int]:
    watch = Watch()
    answers = asked(_kept[0], watch)
    return answers, watch.taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def clicks(n: int, customers: int, rng: np.random.Generator) -> Answers:
    """n clicks: five to a path on average, pages by popularity, a tenth come from elsewhere.

    A fifth turn back, three times as many on hot pages.
    """
    page = rng.permutation(PAGES)[(rng.zipf(1.3, n) - 1) % PAGES].astype(np.int32)
    turns = np.where(np.isin(page, HOT), 0.6, 0.2)
    back = np.flatnonzero(rng.random(n - 1) < turns[:-1])[2:] + 1
    for _ in range(4):  # turning back on the way back is a ping-pong
        page[back] = page[back - 2]
    path = np.cumsum(rng.random(n) < 1 / 5)
    source = np.concatenate([page[:1], page[:-1]])
    elsewhere = rng.random(n) < 0.1
    source[elsewhere] = rng.integers(0, PAGES, elsewhere.sum())
    source[rng.random(n) < 0.3] = -1  # views
    customer = np.sort(rng.integers(0, customers, path[-1] + 1))[path].astype(np.int32)
    moment = np.cumsum(rng.integers(SECOND, 120 * SECOND, n)) + path * 2 * GAP
    return dict(zip(COLUMNS, (customer, moment, page, source, rng.random(n) < 0.05), strict=True))


def columns_ready(home: Path) -> list[np.ndarray]:
    columns = list(loaded(home).values())
    asked([column[:1000] for column in columns], Watch())  # compiles
    return columns


def asked(columns: list[np.ndarray], watch: Watch) -> Answers:
    of_paths = watch("sessions", lambda: sessions(*columns))
    paths = watch("turnarounds", lambda: annotated(*of_paths, PAGES))
    answers = {"lengths": watch("lengths", lambda: lengths(paths))}
    sums = watch("pages", lambda: page_sums(paths, PAGES)._asdict())
    drawn, times = watch("edges", lambda: ((found := edges(paths, PAGES)), edge_times(paths, found, PAGES)))
    expected = watch("first order", lambda: first_order(drawn, PAGES))
    test = watch("page test", lambda: tested(sums, expected))
    return answers | {name: sums[name] for name in SUMS} | drawn._asdict() | {"seconds": times} | test


def sessions(customer: np.ndarray, moment: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    steps = build_paths(customer, moment, *columns, GAP)
    return steps.path_start, steps.page, moment[steps.event], customer[steps.event_start[:-1]], steps.resolved


def lengths(paths: PathArrays) -> np.ndarray:
    """(2, 4): of open paths and of resolved ones the number, length, squared length, and number with a turnaround."""
    turned = np.logical_or.reduceat(paths.turns.depth > 0, paths.path_start[:-1])
    of_turned = length_sums(np.diff(paths.path_start), paths.resolved, turned.astype(np.int32), 2)
    return np.stack([*(column.sum(axis=0) for column in of_turned), of_turned.paths[1]], axis=1)


def tested(sums: Answers, first_order_expected: np.ndarray) -> Answers:
    """The page test, the same code for both: it takes sums. There are two types of pages."""
    columns = [sums[name] for name in ("opportunities", "turnarounds", *SQUARES)]
    result = test_pages(*columns, (np.arange(PAGES) % 2).astype(np.int32), first_order_expected)
    return {"first_order": first_order_expected, "q": result.q, "flag": result.flag}


def table_ready(home: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(f"SET threads = {CORES}; SET enable_progress_bar = false")
    db.register("columns", loaded(home))
    db.execute("CREATE TABLE click AS SELECT * FROM columns")
    return db


def asked_by_sql(db: duckdb.DuckDBPyConnection, watch: Watch) -> Answers:
    for name, statements in questions().items():
        watch(name, lambda statements=statements: [db.execute(statement) for statement in statements])
    found = watch("fetched", lambda: {name: fetched(db, name) for name in ("lengths", "pages", "edges", "expected")})
    sums, drawn, expected = found["pages"], found["edges"], found["expected"]
    sums = {name: spread(sums["page"], sums[name]) for name in (*SUMS, *SQUARES)}
    test = watch("page test", lambda: tested(sums, spread(expected["page"], expected["first_order"])))
    order = np.lexsort((drawn["target"], drawn["source"]))
    names = ("source", "target", "transitions", "customers", "into", "out_of")
    of_paths = [found["lengths"][name] for name in ("paths", "length", "squared", "turned")]
    answers = {"lengths": np.stack(of_paths, axis=1), **{name: sums[name] for name in SUMS}}
    answers |= {name: drawn[name][order] for name in names}
    return answers | {"seconds": np.stack([drawn["median"], drawn["p95"]], axis=1)[order]} | test


def questions() -> dict[str, list[str]]:
    """The statements of each name in path_engine.sql."""
    found: dict[str, list[str]] = {}
    text = SQL.read_text(encoding="utf-8").replace("$gap", str(GAP)).replace("$pages", str(PAGES))
    for part in text.split("-- name: ")[1:]:
        name, statements = part.split("\n", 1)
        found[name] = [statement for statement in statements.split(";") if statement.strip()]
    return found


def fetched(db: duckdb.DuckDBPyConnection, table: str) -> Answers:
    columns = db.execute(f"SELECT * FROM {table}").fetchnumpy()
    return {name: np.ma.filled(column, np.nan) if np.ma.isMA(column) else column for name, column in columns.items()}


def spread(page: np.ndarray, column: np.ndarray) -> np.ndarray:
    """A column of the pages that are there as one of all pages."""
    found = np.zeros(PAGES, np.float64 if column.dtype.kind == "f" else np.int64)
    found[page] = column
    return found


def loaded(home: Path) -> Answers:
    return {name: np.load(home / f"{name}.npy") for name in COLUMNS}


def compare(a: Answers, b: Answers) -> None:
    assert a.keys() == b.keys()
    for name, column in a.items():
        exact = column.dtype.kind in "iu"
        same = np.array_equal(column, b[name]) if exact else np.allclose(column, b[name], 1e-9, 1e-9, equal_nan=True)
        assert same, f"{name} differs"


def geometric(
    rng: np.random.Generator, customers: int = 200_000, resolves: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the clicks of paths whose clicks resolve with this probability; and their errors."""
    count = rng.geometric(resolves, customers)
    end = np.cumsum(count)
    page = (np.arange(end[-1]) - np.repeat(end - count, count) + 1).astype(np.int32)
    resolved = np.zeros(end[-1], np.bool_)
    resolved[end - 1] = True
    customer = np.repeat(np.arange(customers, dtype=np.int32), count)
    steps = build_paths(customer, np.arange(end[-1]) * SECOND, page, page - 1, resolved, GAP)
    of_clicks = np.diff(steps.path_start) - 1  # a path of n clicks has n + 1 steps, as the first adds its source
    centred = of_clicks - of_clicks.mean()
    spread_of = [of_clicks.var(), ((centred**2 - of_clicks.var()) ** 2).mean()]
    return np.array([of_clicks.mean(), of_clicks.var()]), np.sqrt(np.array(spread_of) / customers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(f"numba {numba.__version__}, numpy {np.__version__}, DuckDB {duckdb.__version__}; {CORES} cores")
    with folder() as home:
        for name, column in clicks(given.clicks, given.customers, np.random.default_rng(20260101)).items():
            np.save(home / f"{name}.npy", column)
        ours, peer = Contestant(columns_ready, asked, home), Contestant(table_ready, asked_by_sql, home)
        for _ in range(given.rounds):  # in turn, so that a busy moment of the machine strikes both
            answers = ours.round()
            compare(answers, peer.round())
    sys.exit(report(given, answers, (ours.best, peer.best), (ours.peak, peer.peak)))


def report(given: argparse.Namespace, answers: Answers, seconds: tuple[Times, Times], peaks: tuple[int, int]) -> int:
    flagged, hot = answers["flag"] == 2, np.isin(np.arange(PAGES), HOT)
    print(
        f"{given.clicks:,} clicks -> {answers['lengths'][:, 0].sum():,} paths, {answers['visits'].sum():,} steps,",
        end=" ",
    )
    print(f"{len(answers['source']):,} edges, {answers['turnarounds'].sum():,} turnarounds;", end=" ")
    print(f"flagged {(flagged & hot).sum()} of {len(HOT)} hot pages and {(flagged & ~hot).sum()} others\n")
    print(
        f"{'best of ' + str(given.rounds):20}{'raceline':>20}{'DuckDB':>20}\n{'seconds':20}"
        + f"{'':>10}{'of cores':>10}" * 2
    )
    for name in dict.fromkeys([*seconds[0], *seconds[1]]):
        print(f"{name:20}" + "".join("".join(f"{s:10.3f}" for s in of.get(name, ())) or " " * 20 for of in seconds))
    (ours_took, ours_worked), (peer_took, peer_worked) = (np.sum(list(of.values()), axis=0) for of in seconds)
    print(f"{'all':20}{ours_took:10.3f}{ours_worked:10.3f}{peer_took:10.3f}{peer_worked:10.3f}")
    print(f"{'peak memory, GiB':20}{peaks[0] / 2**30:10.2f}{'':10}{peaks[1] / 2**30:10.2f}\n")
    ratio = peer_took / ours_took
    print(f"All answers are equal. DuckDB takes {ratio:.1f} times as long (goal: {GOAL}),", end=" ")
    print(f"and {peer_worked / ours_worked:.1f} times the work of the cores.")
    (mean, variance), (error, error_of_variance) = geometric(np.random.default_rng(3))
    print(f"Clicks that resolve with probability 0.3: mean {mean:.3f} ± {error:.3f} (3.333),", end=" ")
    print(f"variance {variance:.3f} ± {error_of_variance:.3f} (7.778)")
    return int(ratio < GOAL or peaks[0] > MOST)


if __name__ == "__main__":
    main()
