"""How long an explanation takes for a customer of many events, beside the SQL that reads these events and nothing more.

python bench/explain.py [--events N] [--racetrack PRESET]
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from scratch import database, folder

from raceline.app.cli_explain import as_asked
from raceline.app.explain import Explanation, explained
from raceline.app.explain_tree import explanation_tree
from raceline.app.runtime import Runtime, runtime
from raceline.app.settings import read_settings
from raceline.projections.as_known import AsKnown

CUSTOMER = "generated-1"
OTHERS = 50
ROUNDS = 30
BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
BATCHES = 100
# By type: how often, the attribute that varies, how many values it has.
KINDS = {
    "web.page_viewed": (0.30, "page", 200),
    "content.viewed": (0.10, "page", 50),
    "email.link_clicked": (0.05, "link", 20),
    "telemetry.login_recorded": (0.30, "application", 3),
    "telemetry.feature_used": (0.21, "feature", 30),
    "install_base.item_booked": (0.02, "item_id", 10),
    "install_base.contract_renewed": (0.02, "contract_id", 2),
}
ALWAYS = {"email.link_clicked": {"email_id": "e"}}


def fill(store: Runtime, events: int) -> None:
    """Customers of so many events each over three years, taken in by turns; one event in fifty comes weeks late."""
    rng = np.random.default_rng(7)
    kinds, shares = list(KINDS), [share for share, *_ in KINDS.values()]
    count = events * OTHERS
    second = np.sort(rng.integers(0, 3 * 365 * 86_400, count))
    late = np.where(rng.random(count) < 0.02, rng.integers(0, 60 * 86_400, count), 0)
    customer, kind = rng.permutation(np.arange(count) % OTHERS), rng.choice(len(kinds), count, p=shares)
    raws = []
    for n in np.argsort(second + late, kind="stable"):
        type_ = kinds[kind[n]]
        _, attribute, values = KINDS[type_]
        raws.append(
            json.dumps(
                {
                    "event_id": f"e{n}",
                    "type": type_,
                    "customer_id": f"generated-{customer[n]}",
                    "occurred_at": (BEGIN + timedelta(seconds=int(second[n]))).isoformat(),
                    "data": {attribute: f"v{rng.integers(values)}"} | ALWAYS.get(type_, {}),
                }
            ).encode()
        )
    size = -(-count // BATCHES)
    for first in range(0, count, size):
        store.ingest.record(raws[first : first + size], source="bench", place="bench")


def explain(store: Runtime, as_known: AsKnown) -> Explanation:
    """All that the command does between the start of the process and its end, but for the printing."""
    told = explained(as_known(as_asked(store.log, CUSTOMER, None, None, None)), CUSTOMER, None)
    assert told is not None
    explanation_tree(told, 10)
    return told


def printed(told: Explanation) -> str:
    out = StringIO()
    Console(file=out, width=120).print(explanation_tree(told, 10))
    return out.getvalue()


READ = "SELECT * FROM raceline.event AS e WHERE e.customer_id = %s ORDER BY e.occurred_at, e.sequence, e.event_uid"


def read(conn: psycopg.Connection[dict[str, object]]) -> int:
    """The limit: the customer's events, read and nothing made of them."""
    return len(conn.execute(READ, [CUSTOMER], prepare=True).fetchall())


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """The least, which is what it takes where nobody else is at work, and the median."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return min(times), statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--racetrack", default="cisco-13")
    given = parser.parse_args()
    with folder() as home, database(home) as url:
        os.environ |= {"RACELINE_DATABASE_URL": url, "RACELINE_RACETRACK": given.racetrack}
        with runtime(read_settings()) as store, psycopg.connect(url, autocommit=True, row_factory=dict_row) as conn:
            fill(store, given.events)
            conn.execute("VACUUM ANALYZE raceline.event")
            as_known = AsKnown(store.url, store.catalogue, store.rules, store.racetracks, store.models)
            begun = time.perf_counter()
            told = explain(store, as_known)
            first = (time.perf_counter() - begun) * 1000
            plain, plain_50 = milliseconds(lambda: read(conn))
            whole, whole_50 = milliseconds(lambda: explain(store, as_known))
            known, _ = milliseconds(lambda: as_known(as_asked(store.log, CUSTOMER, None, None, None)))
            lines = printed(told)
            show, _ = milliseconds(lambda: printed(told))
            events = read(conn)
            as_known.close()
    print(f"{events:,} events of {events * OTHERS:,} on {given.racetrack}: {len(told.moves)} moves, "
          f"{len(told.next_moves)} why not yet, {len(told.revisions)} revisions")  # fmt: skip
    print(f"plain SQL that reads these events  {plain:7.1f} ms (median {plain_50:.1f})")
    print(f"explain                            {whole:7.1f} ms (median {whole_50:.1f}), {whole / plain:.1f} times "
          f"the SQL; of it derived {known:.1f} ms")  # fmt: skip
    print(f"the first time in a process        {first:7.1f} ms")
    print(f"printing {lines.count(chr(10)):,} lines                {show:7.1f} ms")


if __name__ == "__main__":
    main()
