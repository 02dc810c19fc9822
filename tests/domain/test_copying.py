"""Large batches go by COPY, small ones by arrays; nobody can tell from the log which way an event came."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from raceline.domain.event import Envelope, canonical_json, make_event
from raceline.domain.log import EventLog

COLUMNS = (
    "position, occurred_at, event_uid, version, source, event_id, type, schema_version, customer_id, account_id,"
    " product, sequence, correlation_id, causation_id, batch_id, content_hash, data"
)


def events():
    """Each kind of value: absent, negative, before 2000, beyond ASCII, long."""
    envelopes = [
        Envelope(type="a.happened", customer_id="c", occurred_at=datetime(1970, 1, 1, tzinfo=UTC)),
        Envelope(type="a.happened", customer_id="ü-☃-𝄞", occurred_at=datetime(2026, 5, 1, 1, 2, 3, 4, tzinfo=UTC),
                 sequence=-(2**63)),
        Envelope(type="b.happened", customer_id="c" * 512, occurred_at=datetime(2000, 1, 1, tzinfo=UTC), event_id="x",
                 account_id="acc", product="p", sequence=2**63 - 1, correlation_id="corr", causation_id="cause"),
    ]  # fmt: skip
    envelopes += [
        Envelope(
            type="c.happened", customer_id=f"c{n}", occurred_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n)
        )
        for n in range(40)
    ]
    data = canonical_json(
        b'{"text": "\\u00fc \\n \\" \xe2\x98\x83", "n": 1.5e3, "deep": [{"a": null}], "long": "%s"}' % (b"x" * 5000)
    )
    return [make_event(one, source="quelle-ä", version=n + 1, data=data) for n, one in enumerate(envelopes)]


def stored(url, monkeypatch, copy_from, *batches):
    monkeypatch.setattr("raceline.domain.log.COPY_FROM", copy_from)
    monkeypatch.setattr("raceline.domain.batch.COPY_FROM", copy_from)
    with EventLog(url) as log:
        outcomes = [log.append(batch) for batch in batches]
    with psycopg.connect(url) as conn:
        rows = conn.execute(f"SELECT {COLUMNS} FROM raceline.event ORDER BY position").fetchall()
        keys = conn.execute(
            "SELECT event_uid, version, position, content_hash FROM raceline.event_key ORDER BY position"
        ).fetchall()
        batches = conn.execute(
            "SELECT received, stored, duplicate, conflicting, first_position, last_position"
            " FROM raceline.ingest_batch ORDER BY batch_id"
        ).fetchall()
        times = conn.execute("SELECT recorded_at FROM raceline.event ORDER BY position").fetchall()
        assert times == sorted(times)
    return outcomes, rows, keys, batches


@pytest.mark.parametrize("first", [0, 1, 20, 43], ids=lambda n: f"{n} of them known already")
def test_copied_and_arrayed_events_are_the_same_rows(databases, monkeypatch, first):
    every = events()
    batches = [every[:first] or every[:1], [*every, every[3]]]
    with databases() as one, databases() as other:
        assert stored(one, monkeypatch, 1, *batches) == stored(other, monkeypatch, 10**9, *batches)


def test_the_payload_survives_the_copy(database, monkeypatch):
    _, rows, *_ = stored(database, monkeypatch, 1, events())
    assert rows[0][-1] == {"text": 'ü \n " ☃', "n": 1500.0, "deep": [{"a": None}], "long": "x" * 5000}
    assert rows[1][8] == "ü-☃-𝄞"
    assert rows[0][1] == datetime(1970, 1, 1, tzinfo=UTC)
