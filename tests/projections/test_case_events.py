"""Cases from types of one's own, texts that are scored once, and events that say of a case what nobody can use."""

import json
from datetime import date

import psycopg
import pytest
from anything import TRACK
from journeys import House, event

from raceline.analytics.sentiment import score
from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.ingest import Ingest
from raceline.projections import replay as replaying
from raceline.projections import rules
from raceline.projections.replay import replay
from raceline.projections.verify import verify

DESK = """
types:
  desk.ticket_changed:
    version: 2
    documentation: A ticket of the help desk changed.
    source: {system: Desk, database: desk, table: ticket}
    owner: Help desk
    title: changed the ticket {ticket}
    case: {does: updated, id: ticket, severity: urgency, cause: reason, active: open, text: note, author: by}
    attributes:
      ticket: {type: code, required: true, documentation: The ticket.}
      urgency: {type: code, documentation: How urgent.}
      reason: {type: code, documentation: What was behind it.}
      open: {type: boolean, documentation: Whether it is open.}
      note: {documentation: What was written.}
      by: {documentation: Who wrote it.}
    upcasts:
      1: {rename: {words: note, writer: by}}
"""
JUNK = ["x" * 20_000, "", {"a": 1, "b": ["x" * 3_000]}, ["x" * 600]]
JUNK_IDS = ["a text too long for an index", "an empty text", "an object", "a long list"]


@pytest.fixture
def desk(tmp_path):
    path = tmp_path / "desk.yaml"
    path.write_text(DESK, encoding="utf-8")
    return load([path])


@pytest.fixture
def house(database, desk):
    house = House(database, desk)
    yield house
    house.close()


def stored_unchecked(house, envelopes):
    """As if they had come before their type was in the catalogue."""
    blind = Ingest(house.log, Check(load(allow_unknown=True)))
    blind.record([json.dumps(one).encode() for one in envelopes], source="test", place="test")


def ticket(n, minute, **data):
    return event(n, "c", minute, "desk.ticket_changed", **data) | {"schema_version": 2}


def scores(house):
    with psycopg.connect(house.url) as conn:
        return conn.execute("SELECT count(*), max(xmin::text::bigint) FROM raceline.text_score").fetchone()


def test_a_type_of_ones_own_makes_cases(house):
    house.take([
        ticket(1, 0, ticket=7, urgency="high", open=True, note="This is awful.", by="customer"),
        ticket(2, 5, ticket=7, note="A wonderful day.", by="agent"),
        ticket(3, 9, ticket=7, open=False, reason="R 1"),
    ])  # fmt: skip
    house.project()
    (case,) = house.tables()["cases"]
    assert {key: case[key] for key in ("case_id", "status", "severity", "cause", "texts")} == {
        "case_id": "7", "status": "closed", "severity": "high", "cause": "R 1", "texts": 1,
    }  # fmt: skip
    assert case["sentiment"] == score(["This is awful."]).score[0]
    assert case["event_open"] == [True, True, False]


def test_a_process_without_the_catalogue_says_so_and_does_not_just_lose_the_cases(house, caplog):
    house.take([ticket(1, 0, ticket=7), ticket(2, 1, ticket=8)])
    house.project()
    other = House(house.url)
    other.project()
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert "desk.ticket_changed; is RACELINE_CATALOGUE the same" in told[0]
    assert other.tables()["cases"] == []
    other.close()


@pytest.mark.parametrize("junk", JUNK, ids=JUNK_IDS)
def test_what_no_code_can_be_is_not_said_and_names_no_case(house, junk):
    house.activate(TRACK)
    stored_unchecked(
        house, [ticket(1, 0, ticket=junk), ticket(2, 1, ticket="t", urgency=junk, note=junk, by="customer")]
    )
    house.project()
    tables = house.tables()
    assert [(case["case_id"], case["severity"]) for case in tables["cases"]] == [("t", None)]
    buckets = {row["value"] for row in tables["case_buckets"] if row["dimension"] == "severity"}
    assert buckets == {""}
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_long_values_of_an_overlay_are_told_apart(house):
    house.activate(TRACK.replace("distinct: device_id", "distinct: model"))
    models = ["m1", "m" * 3_000 + "a", "m" * 3_000 + "b", "m1"]
    house.take([
        event(n, "c", n, "telemetry.device_reported", device_id="d", model=model) for n, model in enumerate(models)
    ])  # fmt: skip
    house.project()
    rows = [row for row in house.tables()["overlay_days"] if row["overlay"] == "devices"]
    assert sorted(row["events"] for row in rows) == [1, 1, 2]
    assert {row["day"] for row in rows} == {date(2026, 1, 4)}, "in New York"


def test_surveys_belong_to_their_closings_also_where_clocks_are_put_back_over_midnight(house):
    # At one minute past midnight of the 29th it was one past eleven of the 28th again in Newfoundland.
    house.activate(TRACK.replace("America/New_York", "America/St_Johns"))
    said = [
        ("02:30:30", "closed", {}),
        ("02:30:35", "survey_answered", {"score": 1}),
        ("02:30:40", "reopened", {}),
        ("03:00:00", "closed", {}),
        ("03:10:00", "survey_answered", {"score": 5}),
    ]
    house.take([
        event(n, "c", 0, f"case.{does}", case_id="k", **data) | {"occurred_at": f"2006-10-29T{at}Z"}
        for n, (at, does, data) in enumerate(said)
    ])  # fmt: skip
    house.project()
    closed = [row for row in house.tables()["case_spells"] if row["racetrack"] == "small" and row["side"] == "closed"]
    assert {(row["from_day"].day, row["surveys"], row["survey_score"]) for row in closed} == {
        (29, 1, 1_000_000),
        (28, 1, 5_000_000),
    }


def test_a_text_is_scored_once_whoever_asks_again(house, monkeypatch):
    read = []

    def counted(texts):
        read.extend(texts)
        return score(texts)

    monkeypatch.setattr(rules, "score", counted)
    texts = ["This is awful.", "Thank you, great!", "This is awful."]
    house.take([ticket(n, n, ticket=n, note=text, by="customer") for n, text in enumerate(texts)])
    house.project()
    assert sorted(read) == sorted(set(texts))
    kept = scores(house)
    house.take([ticket(9, 9, ticket=9, note=texts[0], by="customer")])
    house.project()
    replay(house.url, house.catalogue, house.rules)
    assert sorted(read) == sorted(set(texts))
    assert scores(house) == kept
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_the_language_stands_beside_the_texts_that_count_and_beside_no_other(house):
    german = "Seit gestern geht das Netz nicht mehr, und niemand antwortet."
    house.take([
        ticket(1, 0, ticket=1, reason="R", note=german, by="customer"),
        ticket(2, 1, ticket=1, note=german, by="agent"),
        ticket(3, 2, ticket=1, reason=german),
        ticket(4, 3, ticket=1, note="This is awful.", by="customer"),
    ])  # fmt: skip
    house.project()
    (case,) = house.tables()["cases"]
    assert case["event_language"] == ["de", None, None, "en"]
    assert case["event_score"] == [None, None, None, score(["This is awful."]).score[0]]


def test_a_replay_whose_sums_are_many_writes_them_in_parts(house, monkeypatch):
    house.activate(TRACK)
    house.take([
        event(n, f"c{n % 7}", n * 60, "telemetry.device_reported", device_id=f"d{n % 5}") for n in range(60)
    ])  # fmt: skip
    house.project()
    before = house.tables()
    monkeypatch.setattr(replaying, "_MOST_IN_MEMORY", 3)
    replay(house.url, house.catalogue, house.rules, chunk=5)
    assert house.tables() == before
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_a_replay_keeps_the_scores_that_it_had_to_make(house):
    house.take([ticket(1, 0, ticket=1, note="This is awful.", by="customer")])
    house.project()
    with psycopg.connect(house.url) as conn:
        conn.execute("DELETE FROM raceline.text_score")
    before = house.tables()["cases"]
    replay(house.url, house.catalogue, house.rules)
    assert scores(house)[0] == 1
    assert house.tables()["cases"] == before


def test_texts_of_old_versions_are_lifted_before_they_are_scored(house):
    old = event(1, "c", 0, "desk.ticket_changed", ticket=1, words="This is awful.", writer="customer")
    other = event(2, "c", 1, "desk.ticket_changed", ticket=1, words="Wonderful!", writer="agent")
    house.take([one | {"schema_version": 1} for one in (old, other)])
    house.project()
    (case,) = house.tables()["cases"]
    assert (case["texts"], case["sentiment"]) == (1, score(["This is awful."]).score[0])
