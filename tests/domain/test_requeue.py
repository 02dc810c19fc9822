"""A second chance for what is in quarantine, which it takes once."""

import json

import pytest

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import NotQuarantined
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog
from raceline.domain.requeue import requeue

VIEW = {"event_id": "1", "type": "web.page_viewed", "customer_id": "c", "occurred_at": "2026-01-05T00:00:00Z",
        "data": {"page": "a"}}  # fmt: skip


@pytest.fixture
def ingest(database):
    with EventLog(database) as log:
        yield Ingest(log, Check(load()))


def reject(ingest, **changes):
    """An entry in quarantine; gives its id."""
    ingest.record([json.dumps(VIEW | changes).encode()], source="shop", place="test")
    return ingest.log.quarantined()[-1].quarantine_id


def test_what_the_catalogue_knows_by_now_is_taken_as_it_came_in(ingest):
    number = reject(ingest, type="shop.visited")
    knowing = Ingest(ingest.log, Check(load(allow_unknown=True)))
    assert requeue(knowing, number).outcome == "accepted"
    [event] = next(ingest.log.read_after(0))
    assert (event.type, event.source) == ("shop.visited", "shop")
    entry = ingest.log.quarantined_one(number)
    assert (entry.requeued_as, ingest.log.quarantined()) == (event.position, [])


def test_what_was_corrected_is_taken_in_its_place(ingest):
    number = reject(ingest, type="shop.visited")
    assert requeue(ingest, number, json.dumps(VIEW).encode()).outcome == "accepted"
    assert b"shop.visited" in ingest.log.quarantined_one(number).raw, "what came in is kept"


def test_what_is_still_wrong_stays_and_adds_no_second_entry(ingest):
    number = reject(ingest, type="shop.visited")
    outcome = requeue(ingest, number, json.dumps(VIEW | {"type": "shop.seen"}).encode())
    assert (outcome.outcome, outcome.reason) == ("quarantined", "unknown_type")
    assert [entry.quarantine_id for entry in ingest.log.quarantined()] == [number]


def test_a_conflict_stays_in_quarantine(ingest):
    ingest.record([json.dumps(VIEW).encode()], source="shop", place="test")
    number = reject(ingest, data={"page": "b"})
    assert requeue(ingest, number).reason == "conflict"
    assert [entry.quarantine_id for entry in ingest.log.quarantined()] == [number]


def test_after_a_crash_between_storing_and_noting_it_is_noted_the_next_time(ingest):
    number = reject(ingest, type="shop.visited")
    ingest.record([json.dumps(VIEW).encode()], source="shop", place="test")
    assert requeue(ingest, number, json.dumps(VIEW).encode()).outcome == "duplicate"
    assert ingest.log.quarantined() == []


def test_an_entry_is_taken_once(ingest):
    number = reject(ingest, type="shop.visited")
    requeue(ingest, number, json.dumps(VIEW).encode())
    with pytest.raises(NotQuarantined):
        requeue(ingest, number, json.dumps(VIEW).encode())
    with pytest.raises(NotQuarantined):
        requeue(ingest, 999)
