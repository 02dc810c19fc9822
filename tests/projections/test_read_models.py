"""The promise of the house: whatever the order, the repetitions, the batches or the crashes, the read models are the
rows of one clean replay, and what a person would derive by hand."""

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from anything import TRACK, journeys
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys import START, House, click, event, naive_paths, naive_stage, total_order
from predicting import days_pass, model_file

from raceline.projections.replay import replay
from raceline.projections.verify import verify

MODELS = (model_file(TRACK, 1, {"look": ("a", "b")}), model_file(TRACK, 2, {"use": ("c",)}))
_EPOCH = int(START.timestamp()) * 1_000_000


def arrivals(envelopes, chance):
    """The same events in any order, some twice, in batches of any size."""
    order = envelopes + [one for one in envelopes if chance.random() < 0.3]
    chance.shuffle(order)
    while order:
        size = chance.randint(1, 15)
        yield order[:size]
        order = order[size:]


def lately(envelopes):
    """The same events some days ago, so that time alone has not yet brought everybody to the same end."""
    days = timedelta(days=(datetime.now(UTC) - START).days - 6)
    return [one | {"occurred_at": (datetime.fromisoformat(one["occurred_at"]) + days).isoformat()} for one in envelopes]


def without_known(tables):
    """Since when something is known, and what was known before, depends on the order of arrival, and must."""
    for row in tables["moves"]:
        del row["known_at"]
    for row in tables["journeys"]:
        del row["revisions"], row["revisions_left_out"]
    for row in tables["predictions"]:
        del row["position"]
    del tables["revisions"]
    return tables


def crash(house):
    """A projector that does its work and dies before it commits."""
    from raceline.domain import arrow
    from raceline.projections.generation import Session

    with arrow.connect(house.url) as connection:
        rules = house.decided.now(house.rules)
        session = Session(connection, house.catalogue, rules)
        claimed = session.claim("live")
        if claimed.rules == session.fingerprint:
            if claimed.position < claimed.head:
                session.apply(claimed, claimed.head, claimed.clock)
            else:
                session.rescoring.step(claimed, 1)
    with arrow.connect(house.url) as connection:  # the server lets go of what the dead held a moment later
        session = Session(connection, house.catalogue, house.rules)
        session.claim("live", wait=True)
        session.rollback()


@pytest.fixture
def one_house(database):
    house = House(database)
    yield house
    house.close()


@given(envelopes=journeys(), seed=st.integers(0, 2**32))
@settings(max_examples=min(20, settings().max_examples))
def test_any_order_repetition_batch_or_crash_gives_the_rows_of_one_clean_replay(databases, envelopes, seed):
    chance = random.Random(seed)
    with (
        databases() as url,
        databases() as other,
        closing(House(url, batch=chance.choice([1, 3, 50]))) as house,
        closing(House(other)) as clean,
    ):
        envelopes = lately(envelopes) if chance.random() < 0.7 else envelopes
        batches = list(arrivals(envelopes, chance))
        activated = chance.randrange(len(batches))
        promoted = [chance.randrange(activated, len(batches)) for _ in MODELS]
        night = chance.randrange(2 * len(batches))
        for n, batch in enumerate(batches):
            if n == night:
                days_pass(house.url, 1)
            house.take(batch)
            if n == activated:
                house.activate(TRACK)
            for model, at in zip(MODELS, sorted(promoted), strict=True):
                if n == at:
                    house.promote("small", model)
            if chance.random() < 0.2:
                crash(house)
            if chance.random() < 0.7:
                house.project(most_scored=chance.choice([1, 100]))
        house.project(tick=0)
        if night < len(batches):
            days_pass(clean.url, 1)
        clean.activate(TRACK)
        for model in MODELS:
            clean.promote("small", model)
        clean.take(sorted(envelopes, key=total_order))
        replay(clean.url, clean.catalogue, clean.rules, chunk=chance.choice([1, 5, 1000]))
        assert without_known(house.tables()) == without_known(clean.tables())
        assert not list(verify(house.url, house.catalogue, house.rules, chunk=7))
        tables = clean.tables()
        assert len(tables["predictions"]) == sum(row["status"] == "in_stage" for row in tables["journeys"])
        for path in tables["paths"]:
            assert path["stages"] == [naive_stage(tables["moves"], path["customer_id"], path["started_at"])]


@given(envelopes=journeys())
@settings(max_examples=min(20, settings().max_examples))
def test_the_read_models_are_what_plain_loops_give(databases, envelopes):
    with databases() as url:
        house = House(url)
        house.take(envelopes)
        house.project()
        tables, expected = house.tables(), naive_paths(envelopes)
        house.close()
    happened = {one["event_id"]: datetime.fromisoformat(one["occurred_at"]) for one in envelopes}
    for customer, paths in expected.items():
        found = [row for row in tables["paths"] if row["customer_id"] == customer]
        assert [list(zip(row["pages"], row["step_events"], row["implied"], strict=True)) for row in found] == [
            path["steps"] for path in paths
        ]
        for row, path in zip(found, paths, strict=True):
            assert {key: row[key] for key in ("events", "resolved", "started_at", "ended_at")} == {
                key: path[key] for key in ("events", "resolved", "started_at", "ended_at")
            }
            assert (row["variants"] or []) == path["variants"]
            assert [START + timedelta(microseconds=at - _EPOCH) for at in row["step_at"]] == [
                happened[event_id] for event_id in row["step_events"]
            ]
    assert [row["customer_id"] for row in tables["customers"]] == sorted(expected)
    assert [(row["customer_id"], row["position"]) for row in tables["timeline"]] == [
        (customer, one["event_id"])
        for customer in sorted(expected)
        for one in sorted((e for e in envelopes if e["customer_id"] == customer), key=total_order)
    ]


def test_a_late_event_corrects_the_past(one_house):
    one_house.take([click(1, "c", 0, "7", "8"), click(3, "c", 2, "8", "9")])
    one_house.project()
    assert [row["pages"] for row in one_house.tables()["paths"]] == [["7", "8", "9"]]
    one_house.take([event(2, "c", 1, page="4")])
    one_house.project()
    (path,) = one_house.tables()["paths"]
    assert path["pages"] == ["7", "8", "4", "8", "9"]
    assert path["implied"] == [False, False, False, True, False]
    assert [(path["turn_index"], path["turn_depth"])] == [([3], [1])]


def test_sums_that_come_down_to_nothing_leave_no_row(one_house):
    one_house.activate(TRACK)
    one_house.take([event(1, "c", 0, page="a"), event(2, "c", 20, "content.viewed", page="a")])
    one_house.project()
    assert [(row["stage"], row["kind"]) for row in one_house.tables()["stage_views"]] == [
        ("look", "content"),
        ("look", "page"),
    ]
    one_house.take([event(3, "c", 10, "telemetry.device_reported", device_id="d")])  # uses by then
    one_house.project()
    assert [(row["stage"], row["kind"]) for row in one_house.tables()["stage_views"]] == [
        ("use", "content"),
        ("look", "page"),
    ]


def test_the_timeline_tells_what_happened_in_words(one_house):
    one_house.take([click(1, "c", 0, 11, 28), event(2, "c", 5, "telemetry.device_reported", device_id="d")])
    one_house.project()
    rows = one_house.tables()["timeline"]
    assert rows[0]["title"] == "followed a link from 11 to 28"
    assert (rows[0]["path_id"], rows[1]["path_id"]) == ("e1", None)
    assert rows[0]["occurred_at"] == START


def test_the_account_is_the_last_one_known(one_house):
    one_house.take(
        [
            event(1, "c", 0, page="a") | {"account_id": "first"},
            event(2, "c", 2, page="a"),
            event(3, "c", 1, page="a") | {"account_id": "second"},
            event(4, "d", 1, page="a"),
        ]
    )
    one_house.project()
    assert [(row["customer_id"], row["account_id"]) for row in one_house.tables()["customers"]] == [
        ("c", "second"),
        ("d", None),
    ]
