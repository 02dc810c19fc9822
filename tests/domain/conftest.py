"""Builders for tests of the log: an event, an envelope, a log of this test's own."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from raceline.domain.event import Envelope, canonical_json, make_event
from raceline.domain.log import EventLog

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def event():
    """Makes a checked event; the same arguments make the same event."""

    def make(event_id, customer="ada", minute=0, *, source="web", sequence=None, type_="web.page_viewed", **data):
        envelope = Envelope(
            type=type_,
            customer_id=customer,
            occurred_at=START + timedelta(minutes=minute),
            event_id=str(event_id),
            sequence=sequence,
        )
        written = canonical_json(json.dumps(data or {"page": "11"}).encode())
        return make_event(envelope, source=source, version=1, data=written)

    return make


@pytest.fixture
def log(database):
    with EventLog(database) as log:
        yield log


@pytest.fixture
def sql(database):
    """Runs a statement on a connection of its own and gives the rows, if any."""

    def run(statement, *parameters):
        with psycopg.connect(database, autocommit=True) as conn:
            cursor = conn.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return run
