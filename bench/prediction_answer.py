"""A customer's prediction over HTTP: as it is stored, with its reasons, with what-ifs; beside SQL that reads its row.

python bench/prediction_answer.py [--events N] [--customers N] [--asked N]

Generated customers of a network product; a model is trained from their log, promoted, and predicts. Then every question
is asked of different customers, one after the other, by one client of a real server; for each it prints the percentiles
of what the whole round trip took, and the work of the cores in this process, client and server, without PostgreSQL's.
Each answer with reasons is added up: base rate and contributions have to give the chance. Exit status 1 when one does
not, or when 95 of 100 predictions with their reasons take 50 ms or longer.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np
import psycopg
from scratch import folder, write_journeys
from served import Served, served

from raceline.projections.training import train

PROMISED_MS = 50.0
STORED = """stage tier withinDay withinWeek withinMonth tomorrow restOfWeek restOfMonth likelihood { day week month }
  exits { exit withinDay withinWeek withinMonth } expectedDays medianDays expectedDaysIfNext daysInStage position
  computedAt modelVersion { name status }"""
FACTORS = """withinWeek baseRate factors { group title contribution eventCount
  features { feature title value typical said } events { position type occurredAt } }"""
RANGES = (
    "interval { withinDay { low high } withinWeek { low high } withinMonth { low high } expectedDays { low high } }"
)
WHAT_IF = """whatIf(changes: [{feature: "days_in_stage", value: 5}]) { withinDay withinWeek withinMonth expectedDays
  basis note refusals { reason } }"""
ONE = "query ($id: String!) {{ customer(id: $id) {{ journey {{ prediction {{ {fields} }} }} }} }}"
THEN = ONE.replace("$id: String!", "$id: String!, $at: DateTime!").replace("(id: $id)", "(id: $id, at: $at)")
REASONS = "with its reasons: 8 groups, their features and events"
QUESTIONS = {
    "as it is stored": STORED,
    REASONS: f"{STORED} {FACTORS}",
    "with reasons, intervals and a what-if": f"{STORED} {FACTORS} {RANGES} {WHAT_IF}",
}
ROW = "SELECT p.* FROM live.predictions AS p WHERE p.customer_id = %s"


def learned(server: Served) -> None:
    """Train, register and promote a model, as `raceline train --promote --force`, and wait until it predicts."""
    store = server.store
    version = store.racetracks.registry().default
    assert version is not None
    begun = time.perf_counter()
    found = train(store.url, store.catalogue, store.rules, version, landmarks=50_000)
    model = store.models.register(version, found.content, found.parameters_json, found.metrics_json, "bench")
    store.models.promote(model.racetrack, model.version, "bench", force=True)
    print(f"a model of {len(found.parameters['features'])} features trained in {time.perf_counter() - begun:.1f} s")


def predicted(conn: psycopg.Connection, model: int = 1) -> list[str]:
    """Those who have a prediction, once all in a stage have one."""
    waiting = """SELECT count(*) FROM live.journeys AS j WHERE j.stage IS NOT NULL AND NOT EXISTS (
        SELECT FROM live.predictions AS p WHERE p.customer_id = j.customer_id AND p.model = %s)"""
    while conn.execute(waiting, [model]).fetchone() != (0,):
        time.sleep(0.1)
    return [customer for (customer,) in conn.execute("SELECT p.customer_id FROM live.predictions AS p ORDER BY 1")]


def timed(what: str, ask: Callable[[str], object], customers: Iterable[str]) -> list[float]:
    """Ask of each customer once, and print the percentiles; the first few prepare what is kept."""
    took, worked = [], time.process_time()
    for customer in customers:
        begun = time.perf_counter()
        ask(customer)
        took.append((time.perf_counter() - begun) * 1000)
    worked = (time.process_time() - worked) * 1000 / len(took)
    took = took[5:]
    figures = [*np.percentile(took, [50, 95, 99]), max(took), worked]
    print(f"{what:54}" + "".join(f"{figure:9.1f}" for figure in figures), flush=True)
    return took


def adds_up(one: dict[str, object]) -> bool:
    total = one["baseRate"] + sum(factor["contribution"] for factor in one["factors"])
    return abs(total - one["withinWeek"]) < 1e-9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--asked", type=int, default=300)
    args = parser.parse_args()
    with folder() as place, served() as server, psycopg.connect(server.store.url, autocommit=True) as conn:
        write_journeys(place / "journeys.ndjson", args.events, args.customers)
        server.take(place / "journeys.ndjson")
        server.level()
        learned(server)
        everybody = predicted(conn)
        chosen = np.random.default_rng(1).permutation(everybody)[: args.asked].tolist()
        print(f"{len(everybody):,} customers have a prediction; {len(chosen)} of them are asked for")
        print(f"{'milliseconds':54}   median       95       99    worst     work")
        wrong = []

        def ask(query: str, customer: str, **variables: object) -> None:
            found = server.ask(query, id=customer, **variables)["customer"]["journey"]["prediction"]
            if found is not None and "factors" in found and not adds_up(found):
                wrong.append(customer)

        took = {
            what: timed(what, lambda customer, fields=fields: ask(ONE.format(fields=fields), customer), chosen)
            for what, fields in QUESTIONS.items()
        }
        then = THEN.format(fields=FACTORS)
        timed("with reasons, at a moment of the past", lambda one: ask(then, one, at="2026-03-01T00:00:00Z"), chosen)
        timed("SQL: the stored row alone", lambda one: conn.execute(ROW, [one], prepare=True).fetchall(), chosen)
    print(f"answers whose reasons do not add up to the chance: {len(wrong)}")
    slow = float(np.percentile(took[REASONS], 95))
    print(f"95 of 100 predictions with their reasons within {slow:.1f} ms (promised: {PROMISED_MS:.0f} ms)")
    sys.exit(bool(wrong) or slow >= PROMISED_MS)


if __name__ == "__main__":
    main()
