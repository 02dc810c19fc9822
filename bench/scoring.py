"""Everybody is predicted anew: scoring itself, the whole of it by the live run, and what a replay takes with a model.

python bench/scoring.py [--customers N] [--events N]

Customers of a network product over the last 400 days, and a model that is trained on a few of them. Scoring is what is
made of events that have been read and raced: streams, features, chances and their figures. Exit status 1 when 100,000
customers take more than 5 seconds, when the live run and a replay predict different things, or when a replay without a
model predicts anything.
"""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
from ingest import ingest
from scratch import database, folder, measured, write_journeys
from training import decided

from raceline.domain import arrow
from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.columns import ColumnReader, Columns
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog
from raceline.projections.cases import cases_of
from raceline.projections.customer_paths import paths_of
from raceline.projections.generation import Session, prepare
from raceline.projections.in_force import InForce, in_force_now
from raceline.projections.predictions import predicted, standing_now
from raceline.projections.race import run
from raceline.projections.race_facts import field
from raceline.projections.replay import replay
from raceline.projections.rules import SCORE, Rules, rules_of
from raceline.projections.runner import Projector
from raceline.projections.training import train

MOST_SECONDS, FOR = 5.0, 100_000
_ALL = "SELECT count(*), md5(string_agg(p::text, '' ORDER BY p.customer_id)) FROM live.predictions AS p"


def learn(url: str, landmarks: int) -> None:
    """A model, registered and in force; how good it is does not matter here."""
    catalogue = load()
    with InForce(url, catalogue) as decided_on:
        version = decided_on.racetracks.registry().default
        found = train(url, catalogue, rules_of(catalogue), version, landmarks=landmarks)
        parameters, metrics = (msgspec.json.encode(told).decode() for told in (found.parameters, found.metrics))
        number = decided_on.models.register(version, found.content, parameters, metrics, "bench").version
        decided_on.models.promote(version.name, number, "bench", force=True)


def scored(url: str, chunk: int) -> tuple[int, float]:
    """How many are predicted, and the seconds of scoring alone."""
    catalogue = load()
    rules, clock = in_force_now(url, rules_of(catalogue), catalogue), int(time.time() * 1e6)
    (track,) = rules.tracks
    count, seconds = 0, 0.0
    with arrow.connect(url) as connection:
        reader = ColumnReader(connection, catalogue, rules.wanted, SCORE)
        for after, through, _ in reader.chunks(2**62, chunk):
            columns = reader.between(after, through, 2**62)
            seen = field(columns, track)
            race = run(track.program, seen.facts, clock, revision_budget=0)
            known = (paths_of(columns, rules.session_gap), cases_of(columns, rules.cases), track, seen, race)
            if not count:
                score(columns, rules, known, clock)  # compiled before the clock starts
            begun = time.perf_counter()
            count += score(columns, rules, known, clock)
            seconds += time.perf_counter() - begun
    return count, seconds


def score(columns: Columns, rules: Rules, known: tuple[Any, ...], clock: int) -> int:
    """What the live run does for a chunk of customers once their races are known; gives how many are predicted."""
    (track,) = rules.tracks
    scoring = rules.models[track.name]
    return predicted(columns, track, scoring, standing_now(columns, *known, clock, scoring)).table.num_rows


def projected(url: str) -> None:
    """What a live run does until it is level, after the longest pause that its clock takes."""
    catalogue = load()
    Projector(url, catalogue, rules_of(catalogue), tick=0).once()


def replayed(url: str) -> None:
    catalogue = load()
    replay(url, catalogue, rules_of(catalogue), drop_retired=True)


def told(url: str) -> tuple[int, str]:
    with psycopg.connect(url) as conn:
        return conn.execute(_ALL).fetchone()


def a_day_passes(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE raceline.log_head SET recorded_at = clock_timestamp() + interval '1 day'")


def one_event(url: str) -> float:
    """Seconds from an event until its customer is predicted anew, the projector warm; the median of 12."""
    catalogue = load()
    rules, times = rules_of(catalogue), []
    with EventLog(url) as log, arrow.connect(url) as connection:
        decided_on, session = InForce(log, catalogue), Session(connection, catalogue, rules)
        projector = Projector(url, catalogue, rules)
        for n in range(13):
            envelope = {"event_id": f"one-{time.time_ns()}", "source": "bench", "type": "content.viewed"}
            envelope |= {"customer_id": f"generated-{n:07d}", "occurred_at": datetime.now(UTC).isoformat()}
            begun = time.perf_counter()
            record = msgspec.json.encode(envelope | {"data": {"page": "paper-1", "seconds": 90}})
            Ingest(log, Check(catalogue)).record([record], source="bench", place="bench")
            assert projector.catch_up(session, decided_on) == 1
            times.append(time.perf_counter() - begun)
    return sorted(times[1:])[6]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=130_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--landmarks", type=int, default=50_000)
    parser.add_argument("--chunk", type=int, default=250_000)
    given = parser.parse_args()
    with folder() as home, database(home) as url:
        catalogue = load()
        prepare(url, catalogue, rules_of(catalogue))
        path = home / "journeys.ndjson"
        begin = (datetime.now(UTC) - timedelta(days=400)).strftime("%Y-%m-%dT00:00:00")
        write_journeys(path, given.events, given.customers, begin=begin)
        ingest(url, path)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE raceline.event")
        decided(url)
        replayed(url)
        without, _, _ = measured(replayed, url)
        none = told(url)[0]
        plain = one_event(url)
        learn(url, given.landmarks)
        rescored, peak, _ = measured(projected, url)
        count, _ = live = told(url)
        a_day_passes(url)
        daily, _, _ = measured(projected, url)
        live = told(url)
        with_model, _, _ = measured(replayed, url)
        same = told(url) == live
        projected(url)
        _, _, (customers, seconds) = measured(scored, url, given.chunk)
        live_event = one_event(url)
    share = seconds / customers * FOR
    print(f"scoring itself      {seconds:6.2f} s for {customers:,} customers ({share:.2f} s for {FOR:,})")
    print(f"after a promotion   {rescored:6.2f} s until {count:,} are predicted and noted, peak memory "
          f"{peak / 2**20:,.0f} MiB")  # fmt: skip
    print(f"after midnight      {daily:6.2f} s")
    print(f"replay              {without:6.2f} s without a model, {with_model:.2f} s with one, "
          f"which predicts the same: {same}")  # fmt: skip
    print(f"one event           {plain * 1000:6.0f} ms without a model, {live_event * 1000:.0f} ms with one")
    sys.exit(share > MOST_SECONDS or not same or none > 0)


if __name__ == "__main__":
    main()
