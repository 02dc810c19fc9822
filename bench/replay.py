"""Replay from the log, beside the eventsourcing library's own ProjectionRunner deriving the same paths.

python bench/replay.py [--events N] [--peer-events N]

Ours derives every read model (customers, timeline, paths with turnarounds, pages, statistics), writes and indexes them,
and switches. The peer derives the same paths and nothing else, from events that come in order, in the way of the
library's documentation: one transaction an event, over the library's own PostgreSQL store with its defaults.
"""

import argparse
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
import numpy as np
import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from ingest import ingest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL
from scratch import database, folder, measured, write_clicks

from raceline.analytics.paths import annotate
from raceline.domain.catalogue import load
from raceline.projections.generation import prepare
from raceline.projections.replay import replay
from raceline.projections.rules import rules_of


class Visitor(Aggregate):
    """The peer's customer: an aggregate with an event a click."""

    @event("Opened")
    def __init__(self, customer: str):
        self.customer = customer

    @staticmethod
    def create_id(customer: str):
        return uuid5(NAMESPACE_URL, customer)

    @event("Clicked")
    def click(self, customer: str, at: datetime, source: str, target: str, resolved: bool) -> None:
        pass


class PathsView(PostgresTrackingRecorder):
    """The same rows of paths as ours, an event at a time: the newest path of a customer grows, or a new one begins."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(SQL(_TABLE))

    def clicked(self, one: Any, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            newest = cursor.execute(_NEWEST, {"customer": one.customer}, prepare=True).fetchone()
            path = _grown(newest, one, tracking.notification_id)
            cursor.execute(_PUT, path | _turns(path["pages"]), prepare=True)


def _grown(newest: dict[str, Any] | None, one: Any, position: int) -> dict[str, Any]:
    if newest is None or newest["resolved"] or one.at - newest["ended_at"] >= timedelta(minutes=30):
        number = newest["n"] + 1 if newest else 1
        path = {"customer": one.customer, "n": number, "started_at": one.at, "pages": [], "implied": [], "events": []}
    else:
        path = newest
    for page, implied in ((one.source, bool(path["events"])), (one.target, False)):
        if not path["pages"] or path["pages"][-1] != page:
            path["pages"].append(page)
            path["implied"].append(implied)
    path["events"].append(position)
    return path | {"ended_at": one.at, "resolved": one.resolved}


def _turns(pages: list[str]) -> dict[str, list[int]]:
    names = {page: code for code, page in enumerate(dict.fromkeys(pages))}
    codes = np.array([names[page] for page in pages], np.int32)
    depth = annotate(codes, np.array([0, len(codes)]), len(names)).depth
    at = np.flatnonzero(depth)
    return {"turn_index": (at + 1).tolist(), "turn_depth": depth[at].tolist()}


_TABLE = """
CREATE TABLE IF NOT EXISTS peer_path (customer text, n bigint, started_at timestamptz, ended_at timestamptz,
    resolved boolean, pages text[], implied boolean[], events bigint[], turn_index bigint[], turn_depth bigint[],
    PRIMARY KEY (customer, n))
"""
_NEWEST = """
SELECT p.customer, p.n, p.started_at, p.ended_at, p.resolved, p.pages, p.implied, p.events
FROM peer_path AS p
WHERE p.customer = %(customer)s
ORDER BY p.n DESC
LIMIT 1
"""
_PUT = """
INSERT INTO peer_path (customer, n, started_at, ended_at, resolved, pages, implied, events, turn_index, turn_depth)
VALUES (%(customer)s, %(n)s, %(started_at)s, %(ended_at)s, %(resolved)s, %(pages)s, %(implied)s, %(events)s,
    %(turn_index)s, %(turn_depth)s)
ON CONFLICT (customer, n) DO UPDATE
SET ended_at = excluded.ended_at, resolved = excluded.resolved, pages = excluded.pages, implied = excluded.implied,
    events = excluded.events, turn_index = excluded.turn_index, turn_depth = excluded.turn_depth
"""


class PathsProjection(Projection[PathsView]):
    """The peer's projection, an event at a time, as its documentation shows it."""

    topics = ()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        if isinstance(domain_event, Visitor.Clicked):
            self.view.clicked(domain_event, tracking)
        else:
            self.view.insert_tracking(tracking)


def peer(url: str, path: Path, count: int) -> tuple[float, int]:
    """Events a second of the library's runner over the first `count` clicks, and how many paths it made."""
    info = conninfo_to_dict(url)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(info["dbname"]),
        "POSTGRES_HOST": str(info["host"]),
        "POSTGRES_PORT": str(info.get("port", "")),
        "POSTGRES_USER": str(info["user"]),
        "POSTGRES_PASSWORD": str(info.get("password", "")),
    }
    last = _fill_peer(Application(env), path, count)
    _turns(["a", "b", "a"])  # compiled before the clock starts, as ours
    begun = time.perf_counter()
    with ProjectionRunner(
        application_class=Application, projection_class=PathsProjection, view_class=PathsView, env=env
    ) as runner:
        runner.wait(last, timeout=600)
        seconds = time.perf_counter() - begun
    with psycopg.connect(url) as conn:
        ((paths,),) = conn.execute("SELECT count(*) FROM peer_path").fetchall()
    return last / seconds, paths


def _fill_peer(app: Application, path: Path, count: int) -> int:
    """The same clicks in the library's own store; gives the last notification id."""
    visitors: dict[str, Visitor] = {}
    with path.open("rb") as lines:
        for _, line in zip(range(count), lines, strict=False):
            one = msgspec.json.decode(line)
            name, data = one["customer_id"], one["data"]
            visitor = visitors.setdefault(name, Visitor(name))
            at = datetime.fromisoformat(one["occurred_at"])
            visitor.click(name, at, str(data["source_page"]), str(data["target_page"]), data["resolved"])
    for visitor in visitors.values():
        app.save(visitor)
    return app.recorder.max_notification_id() or 0


def ours(url: str, chunk: int) -> int:
    """A whole replay, as `raceline replay` does it."""
    catalogue = load()
    return replay(url, catalogue, rules_of(catalogue), chunk=chunk, drop_retired=True).events


def late(url: str, path: Path) -> float:
    """Seconds from the append of one late event until its customer's read models are right, the projector warm."""
    from raceline.domain import arrow
    from raceline.domain.check import Check
    from raceline.domain.ingest import Ingest
    from raceline.domain.log import EventLog
    from raceline.projections.generation import Session
    from raceline.projections.in_force import InForce
    from raceline.projections.runner import Projector

    catalogue = load()
    rules = rules_of(catalogue)
    one = msgspec.json.decode(path.open("rb").readline())
    times = []
    with EventLog(url) as log, arrow.connect(url) as connection:
        decided = InForce(log, catalogue)
        session, projector = Session(connection, catalogue, rules), Projector(url, catalogue, rules)
        for n in range(12):
            one["event_id"] = f"late-{n}"
            one["occurred_at"] = (datetime.fromisoformat("2023-11-15T00:00:00+00:00") + timedelta(hours=n)).isoformat()
            begun = time.perf_counter()
            Ingest(log, Check(catalogue)).record([msgspec.json.encode(one)], source="bench", place="bench")
            assert projector.catch_up(session, decided) == 1
            times.append(time.perf_counter() - begun)
    return sorted(times)[len(times) // 2]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--peer-events", type=int, default=3_000)
    parser.add_argument("--chunk", type=int, default=250_000)
    given = parser.parse_args()
    with folder() as home, database(home) as url:
        catalogue = load()
        prepare(url, catalogue, rules_of(catalogue))
        path = home / "clicks.ndjson"
        write_clicks(path, given.events, customers=max(1, given.events // 20))
        ingest(url, path)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE raceline.event")
        seconds, peak, events = measured(ours, url, given.chunk)
        rate = events / seconds
        with psycopg.connect(url) as conn:
            ((paths,),) = conn.execute("SELECT count(*) FROM live.paths").fetchall()
        theirs, their_paths = peer(url, path, given.peer_events)
        print(f"ProjectionRunner  {theirs:10,.0f} events/s  ({given.peer_events:,} clicks, {their_paths:,} paths)")
        print(f"raceline replay   {rate:10,.0f} events/s  ({events:,} events, {paths:,} paths), {rate / theirs:.0f} "
              f"times as fast, peak memory {peak / 2**20:,.0f} MiB")  # fmt: skip
        print(f"a late event is in the read models after {late(url, path) * 1000:.0f} ms (median of 12)")


if __name__ == "__main__":
    main()
