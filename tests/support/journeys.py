"""Builders and naive twins for tests of read models: everything in plain loops over plain dictionaries."""

import json
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue, load
from raceline.domain.check import Check
from raceline.domain.event import event_uid
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog
from raceline.domain.racetrack_file import parse
from raceline.projections.generation import Session, prepare
from raceline.projections.in_force import InForce
from raceline.projections.rules import rules_of
from raceline.projections.runner import Projector

START = datetime(2026, 1, 5, tzinfo=UTC)
GAP = timedelta(minutes=30)
TABLES = {
    "customers": "customer_id",
    "timeline": "customer_id, n",
    "paths": "customer_id, n",
    "journeys": "customer_id, racetrack",
    "moves": "customer_id, racetrack, n",
    "revisions": "customer_id, racetrack, n",
    "stage_days": "racetrack, stage, day",
    "transitions": "racetrack, from_stage, to_stage, kind, rule",
    "rule_sources": "racetrack, rule",
    "cases": "customer_id, n",
    "case_spells": "customer_id, racetrack, n",
    "case_days": "racetrack, side, stage, day",
    "case_buckets": "racetrack, dimension, side, stage, day, value",
    "case_extremes": "racetrack, side, stage, day",
    "stage_views": "racetrack, kind, stage, day, page",
    "overlay_days": "racetrack, overlay, stage, day, value",
    "predictions": "customer_id, racetrack",
    "racetracks": "racetrack",
    "racetrack_stages": "racetrack, n",
    "racetrack_rules": "racetrack, n",
    "rule_conditions": "racetrack, rule, node",
    "racetrack_severities": "racetrack, n",
    "racetrack_overlays": "racetrack, n",
}


def event(n, customer, minute, type_="web.page_viewed", sequence=None, **data):
    """An envelope; `n` is its event_id, `minute` when it happened."""
    envelope = {
        "event_id": f"e{n}",
        "source": "test",
        "type": type_,
        "customer_id": customer,
        "occurred_at": (START + timedelta(minutes=minute)).isoformat(),
        "data": data,
    }
    return envelope if sequence is None else envelope | {"sequence": sequence}


def click(n, customer, minute, source, target, resolved=False, **more):
    return event(n, customer, minute, "support.link_followed", **more, source_page=source, target_page=target,
                 resolved=resolved)  # fmt: skip


@dataclass
class House:
    """A database with its log, its ingest and its projector."""

    url: str
    catalogue: Catalogue = field(default_factory=load)
    batch: int = 50_000
    _session: Session | None = None
    _open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self):
        self.rules = rules_of(self.catalogue)
        prepare(self.url, self.catalogue, self.rules)
        self.log = EventLog(self.url, pool_size=2)
        self.decided = InForce(self.log, self.catalogue)
        self.racetracks, self.models = self.decided.racetracks, self.decided.models
        self.ingest = Ingest(self.log, Check(self.catalogue))

    def take(self, envelopes):
        return self.ingest.record([json.dumps(one).encode() for one in envelopes], source="test", place="test")

    def projector(self, **settings):
        return Projector(self.url, self.catalogue, self.rules, **{"batch": self.batch} | settings)

    def project(self, **settings):
        """Bring the read models up to date; on one session for the life of the house, as a running projector has."""
        if self._session is None:
            self._session = Session(self._open.enter_context(arrow.connect(self.url)), self.catalogue, self.rules)
        return self.projector(**settings).catch_up(self._session, self.decided)

    def activate(self, definition):
        """Publish a definition, a YAML text, and put it in force."""
        racetrack = parse(definition)
        published = self.racetracks.publish(racetrack, definition, "test")
        self.racetracks.activate(racetrack.name, published.version, "test")
        return published

    def promote(self, racetrack, file, force=True):
        """Register a model's file for the active version of a racetrack, and put it in force."""
        active = self.racetracks.registry().get(racetrack)
        version = self.models.register(active, file, "{}", "{}", "test").version
        self.models.promote(racetrack, version, "test", force=force)
        return version

    def tables(self, schema="live"):
        """Every read model, with positions replaced by the event_ids they stand for."""
        with psycopg.connect(self.url, row_factory=dict_row) as conn:
            events = conn.execute("SELECT position, event_id FROM raceline.event")
            names = {row["position"]: row["event_id"] for row in events}
            return {
                table: [_named(row, names) for row in conn.execute(f"SELECT * FROM {schema}.{table} ORDER BY {order}")]
                for table, order in TABLES.items()
            }

    def close(self):
        self._open.close()
        self.log.close()


def _named(row, names):
    for column in ("position", "path_id", "trigger", "event"):
        if row.get(column) is not None:
            row[column] = names[row[column]]
    for column in ("step_events", "events", "evidence", "causes"):
        if isinstance(row.get(column), list):
            row[column] = [names[position] for position in row[column]]
    return row


def naive_paths(envelopes):
    """customer -> its paths, from the definitions of design section 6."""
    seen = {(one["source"], one["event_id"]): one for one in envelopes}
    customers = defaultdict(list)
    for one in seen.values():
        customers[one["customer_id"]].append(one)
    return {customer: _paths_of(sorted(events, key=total_order)) for customer, events in customers.items()}


def total_order(one):
    uid = UUID(bytes=event_uid(one["source"], one["event_id"]))
    return datetime.fromisoformat(one["occurred_at"]), one.get("sequence") or 0, uid.int


def _paths_of(events):
    paths, previous = [], None
    for one in events:
        data, at = one["data"], datetime.fromisoformat(one["occurred_at"])
        if one["type"] == "support.link_followed":
            source, target, resolved = str(data["source_page"]), str(data["target_page"]), data["resolved"]
        elif one["type"] in ("web.page_viewed", "content.viewed"):
            source, target, resolved = None, str(data["page"]), False
        else:
            continue
        new = not paths or paths[-1]["resolved"] or at - previous >= GAP
        if new:
            paths.append({"steps": [], "events": [], "resolved": False, "started_at": at, "variants": []})
        path = paths[-1]
        path["events"].append(one["event_id"])
        if source is not None:
            _step(path, source, one, implied=not new)
        _step(path, target, one, implied=False)
        said = [name.strip() for name in data.get("variant", "").split(",")]
        path["variants"] += [name for name in dict.fromkeys(said) if name and name not in path["variants"]]
        path["resolved"], path["ended_at"], previous = resolved, at, at
    return paths


def _step(path, page, one, *, implied):
    if not path["steps"] or path["steps"][-1][0] != page:
        path["steps"].append((page, one["event_id"], implied))


def naive_stage(moves, customer, at):
    """Where a customer is at an instant, by the rows of `moves` on one racetrack; '' outside of it."""
    known = [row["to_stage"] for row in moves if row["customer_id"] == customer and row["entered_at"] <= at]
    return (known[-1] if known else None) or ""
