"""A ledger of three million predictions: what reading it takes, and what questions to it take.

python bench/ledger.py [--rows N] [--customers N]

A ledger and the stays of its customers are made in SQL. It prints what reading them into memory and joining them
takes, beside a plain read of the same columns by the same driver (the limit), and what is held in memory then; what it
takes when the read models went on; each question for the first time, and again while nothing changed; and the peer: the
figures of one model by a SQL statement, which have to be those of the answer. Exit status 1 when they are not.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import psycopg
from scratch import database, folder

from raceline.domain import arrow
from raceline.domain.migrate import migrate
from raceline.domain.sql import statements
from raceline.projections.kept_ledger import KeptLedger
from raceline.projections.ledger_asked import LedgerAsk
from raceline.projections.ledger_days import ledger_days, ledger_stages
from raceline.projections.ledger_figures import answer

T = TypeVar("T")
VIEWS = statements("raceline.projections", "views.sql")
MODELS = [("bench", 1), ("bench", 2)]
RACETRACK = """
INSERT INTO views_1.racetracks (racetrack, place, version, hash, title, documentation, time_zone)
VALUES ('bench', 1, 1, '', '', '', 'UTC')
"""
# Everybody comes one of nine days into the first of five stages, and moves on after nine days each.
MOVES = """
INSERT INTO views_1.moves (customer_id, racetrack, version, n, kind, from_stage, to_stage, entered_at, left_at,
    known_at, satisfied, observed, evidence, evidence_node)
SELECT 'generated-' || lpad(k::text, 7, '0'), 'bench', 1, n, CASE n WHEN 1 THEN 'entered' ELSE 'forward' END,
    CASE WHEN n > 1 THEN 'stage-' || (n - 1) END, 'stage-' || n,
    timestamptz '2026-01-01Z' + (n - 1) * 9 * interval '1 day' + k %% 9 * interval '1 day',
    CASE WHEN n < 5 THEN timestamptz '2026-01-01Z' + n * 9 * interval '1 day' + k %% 9 * interval '1 day' END, now(),
    '{}', '{}', '{}', '{}'
FROM generate_series(1, %(customers)s) AS k, generate_series(1, 5) AS n
"""
PREDICTIONS = """
INSERT INTO raceline.prediction (racetrack, customer_id, entered_at, day, computed_at, racetrack_version, model, stage,
    position, incidence)
SELECT 'bench', 'generated-' || lpad(k::text, 7, '0'), timestamptz '2026-01-01Z', date '2026-01-01' + d,
    timestamptz '2026-01-01Z' + d * interval '1 day' + interval '1 minute', 1, 1 + d / 20,
    'stage-' || LEAST(5, GREATEST(1, (d - k %% 9) / 9 + 1)), k,
    (SELECT array_agg((0.02 * (b + 1) * (1 + (k * 7919 + d) %% 101 / 100.0))::real ORDER BY b, e)
     FROM generate_series(0, 6) AS b, generate_series(0, 4) AS e)
FROM generate_series(0, %(days)s - 1) AS d, generate_series(1, %(customers)s) AS k
"""
PLAIN = """
SELECT p.id, p.racetrack, p.customer_id, p.day, p.computed_at, p.model, p.stage, p.incidence[1], p.incidence[11],
    p.incidence[21], p.incidence[25] FROM raceline.prediction AS p
"""
PEER = """
WITH judged AS (
    SELECT p.incidence[11]::float8 AS chance,
        o.kind = 'forward' AND m.left_at <= p.computed_at + interval '7 days' AS came
    FROM raceline.prediction AS p
    JOIN live.moves AS m ON m.customer_id = p.customer_id AND m.racetrack = p.racetrack AND m.to_stage = p.stage
        AND m.entered_at <= p.computed_at AND p.computed_at < COALESCE(m.left_at, 'infinity')
    LEFT JOIN live.moves AS o ON o.customer_id = p.customer_id AND o.racetrack = p.racetrack AND o.n = m.n + 1
    WHERE p.model = 1 AND p.computed_at <= (SELECT g.clock FROM raceline.generation AS g) - interval '7 days'
)
SELECT count(*), count(*) FILTER (WHERE came), avg((chance - COALESCE(came, false)::int) ^ 2) FROM judged
"""


def main() -> int:
    """Fill a ledger, read it, and ask."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--customers", type=int, default=100_000)
    options = parser.parse_args()
    with folder() as home, database(home) as url:
        fill(url, options.rows, options.customers)
        return 0 if measured(url) else 1


def fill(url: str, rows: int, customers: int) -> None:
    """Live read models of nothing but stays, and the ledger."""
    migrate(url)
    with psycopg.connect(url, autocommit=True) as conn:
        for name in ("create_tables", "publish"):
            conn.execute(VIEWS[name].replace("{views}", "views_1"))  # type: ignore[arg-type]
        conn.execute(RACETRACK)
        conn.execute(MOVES, {"customers": customers})
        conn.execute(PREDICTIONS, {"customers": customers, "days": max(1, rows // customers)})
        conn.execute("ALTER TABLE views_1.moves ADD PRIMARY KEY (customer_id, racetrack, n)")
        conn.execute("ANALYZE")
        advance(conn, 7)


def advance(conn: "psycopg.Connection[tuple[object, ...]]", position: int) -> None:
    """Have the read models be true at a position."""
    conn.execute("DELETE FROM raceline.generation")
    conn.execute(
        "INSERT INTO raceline.generation (name, number, status, rules, position, clock, advanced_at, created_at)"
        " VALUES ('views_1', 1, 'live', '', %s, timestamptz '2026-03-01Z', now(), now())",
        [position],
    )


def measured(url: str) -> bool:
    """Print the figures; gives whether they are those of SQL."""
    with arrow.connect(url) as connection:
        timed("plain read of the same columns", lambda: sum(one.num_rows for one in arrow.batches(connection, PLAIN)))
    before = memory()
    kept = KeptLedger(url)
    ledger = timed("read into memory and joined with the stays", kept.now)
    print(f"{len(ledger.rows.day):,} predictions, {(memory() - before) / 2**20:,.0f} MiB more in memory", flush=True)
    with psycopg.connect(url, autocommit=True) as conn:
        advance(conn, 8)
    ledger = timed("the same when the read models went on", lambda: kept.now(8))
    questions: dict[str, Callable[[], object]] = {
        "calibration of a model, 7 days": lambda: answer(ledger, [LedgerAsk(1, "calibration", "bench", 1)], MODELS),
        "the same of one stage": lambda: answer(
            ledger, [LedgerAsk(1, "calibration", "bench", 1, 7, "stage-2")], MODELS
        ),
        "over time, 7 days": lambda: answer(ledger, [LedgerAsk(1, "over_time", "bench", 1)], MODELS),
        "sums of stages and days": lambda: ledger_days(ledger, "bench", date(2026, 1, 1), date(2026, 3, 1)),
        "what came true, by stage": lambda: ledger_stages(ledger, "bench"),
    }
    for name, question in questions.items():
        timed(f"{name}, for the first time", question)
        timed(f"{name}, again", question)
    (told,) = answer(ledger, [LedgerAsk(1, "calibration", "bench", 1)], MODELS)["ledger_calibration"]
    with psycopg.connect(url) as conn:
        peer = timed("the plainest figures of a model in SQL", lambda: conn.execute(PEER).fetchone())
    assert peer is not None
    same = (told["rows"], told["moves"]) == peer[:2] and abs(told["brier"] - peer[2]) < 1e-6
    print(f"rows, moves and Brier score as in SQL: {'yes' if same else f'NO, {told} is not {peer}'}")
    return same


def timed(what: str, work: Callable[[], T]) -> T:
    """Do it, and print what it took."""
    begun, busy = time.perf_counter(), time.process_time()
    found = work()
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    print(f"{what:50} {seconds:8.3f} s ({busy:.3f} s of this process's processor time)", flush=True)
    return found


def memory() -> int:
    """Bytes of this process that are in memory."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


if __name__ == "__main__":
    sys.exit(main())
