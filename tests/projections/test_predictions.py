"""Predictions: made by the one derivation, made anew when time moves or another model is in force, and noted."""

import logging
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from anything import TRACK as RESTLESS
from anything import journeys
from hypothesis import given, settings
from journeys import START, House, event
from predicting import days_pass, drift, ledger, model_file

from raceline.analytics.incidence import BIN_ENDS, EXITS, E, K, expected_days, expected_days_if, median_days
from raceline.domain import arrow
from raceline.domain.columns import ColumnReader
from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked
from raceline.projections.derive import derive, prediction_rows
from raceline.projections.generation import Session
from raceline.projections.predictions import day_starts, local_day, predictions_for
from raceline.projections.replay import replay
from raceline.projections.rules import SCORE
from raceline.projections.verify import verify

DAY = timedelta(days=1)
TRACK = RESTLESS.replace("for: 40m", "for: 40d")  # whoever uses does so for a while
PAGES = {"look": ("a", "b"), "use": ("a",), "love": ()}
FILE, OTHER = model_file(TRACK, 1, PAGES), model_file(TRACK, 2, PAGES)
NEW_YORK = "America/New_York"
NOW = datetime.now(UTC)
AGO = round((NOW - START).total_seconds() / 60)  # minutes from START until now


@pytest.fixture
def house(database):
    house = House(database)
    house.activate(TRACK)
    yield house
    house.close()


def three_customers(since=AGO):
    """One in each stage, and one in none; `since`: minutes after START up to which it happened."""
    ago = [since - n for n in (9_000, 7_000, 300, 200, 100)]
    return [
        event(1, "ada", ago[0], page="a"),
        event(2, "ada", ago[3], page="c"),
        event(3, "bo", ago[1], page="a"),
        event(4, "bo", ago[2], "telemetry.device_reported", device_id="d"),
        event(5, "cy", ago[1], "content.viewed", page="a"),
        event(6, "cy", ago[2] - 1, "content.viewed", page="b"),
        event(7, "cy", ago[2], "content.viewed", page="a"),
        event(8, "zoe", ago[4], page="c"),
    ]


def predictions(house):
    return {row["customer_id"]: row for row in house.tables()["predictions"]}


def differences(house):
    return list(verify(house.url, house.catalogue, house.rules))


def known(house, **coordinates):
    with closing(AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)) as ask:
        rows = ask(Asked(("ada", "bo", "cy", "zoe"), tables=frozenset({"predictions", "journeys"}), **coordinates))
    return {row["customer_id"]: row for row in rows["predictions"]}


def test_who_is_in_a_stage_is_predicted_by_the_model_in_force(house):
    house.take(three_customers())
    house.project()
    assert predictions(house) == {}
    version = house.promote("small", FILE)
    house.project()
    found, stages = predictions(house), {row["customer_id"]: row for row in house.tables()["journeys"]}
    assert {name: row["stage"] for name, row in found.items()} == {"ada": "look", "bo": "use", "cy": "love"}
    for name, row in found.items():
        assert (row["racetrack"], row["version"], row["model"], row["tier"]) == ("small", 1, version, "STAGE")
        assert (row["stage"], row["entered_at"]) == (stages[name]["stage"], stages[name]["since"])
        assert row["days_in_stage"] == (row["computed_at"] - row["entered_at"]) / DAY
        incidence = np.array(row["incidence"]).reshape(1, K, E)
        assert (np.diff(incidence, axis=1) >= 0).all()
        assert 0 < incidence[0, -1].sum() <= 1
        assert row["expected_days"] == expected_days(incidence)[0]
        assert row["median_days"] == pytest.approx(median_days(incidence)[0], nan_ok=True, rel=0)
        assert row["expected_days_if_next"] == expected_days_if(incidence, EXITS.index("NEXT"))[0]
    assert len({tuple(row["incidence"]) for row in found.values()}) == 3
    assert differences(house) == []


def test_the_landmark_is_the_newest_of_the_day_the_last_event_and_the_entry(house):
    zone = int(day_starts(local_day(int(NOW.timestamp() * 1e6), NEW_YORK), NEW_YORK))
    midnight = round((zone / 1e6 - START.timestamp()) / 60)
    house.take(
        [
            event(1, "quiet", midnight - 500, page="a"),
            event(2, "busy", midnight - 500, page="a"),
            event(3, "busy", midnight + 1, page="c"),
            event(4, "new", midnight + 2, page="a"),
            event(5, "fast", midnight + 3, page="a"),
            event(6, "fast", midnight + 24 * 60 - 1, page="c"),  # a clock that is fast
        ]
    )
    house.promote("small", FILE)
    house.project()
    found = predictions(house)
    minutes = {name: (row["computed_at"] - START) / timedelta(minutes=1) for name, row in found.items()}
    assert minutes == {
        "quiet": midnight,
        "busy": midnight + 1,
        "new": midnight + 2,
        "fast": midnight + 24 * 60 - 1,
    }
    assert {name: row["position"] for name, row in found.items()} == {
        "quiet": "e1",
        "busy": "e3",
        "new": "e4",
        "fast": "e6",
    }


def test_every_day_all_are_predicted_anew_and_the_ledger_keeps_the_first_of_each_day(house):
    house.take(three_customers())
    house.promote("small", FILE)
    house.project()
    before = predictions(house)
    assert [(row["customer_id"], row["day"]) for row in ledger(house.url)] == [
        (name, row["day"]) for name, row in before.items()
    ]
    house.take([event(9, "bo", AGO - 1, page="a")])  # once more on the same day: the ledger has it already
    house.project()
    assert (predictions(house)["bo"]["position"], len(ledger(house.url))) == ("e9", 3)
    days_pass(house.url, 1)
    assert differences(house) == []
    house.project(tick=0, most_scored=1)
    after = predictions(house)
    assert {row["day"] - before[name]["day"] for name, row in after.items()} == {DAY}
    assert after["bo"]["incidence"] != before["bo"]["incidence"]
    assert all(row["days_in_stage"] > before[name]["days_in_stage"] for name, row in after.items())
    assert Counter(row["customer_id"] for row in ledger(house.url)) == {"ada": 2, "bo": 2, "cy": 2}
    assert differences(house) == []
    replay(house.url, house.catalogue, house.rules)
    assert predictions(house) == after
    assert len(ledger(house.url)) == 6
    house.project()
    assert (predictions(house), len(ledger(house.url))) == (after, 6)


def test_another_model_predicts_from_its_promotion_on_and_none_after_it_is_retired(house):
    house.take(three_customers())
    house.promote("small", FILE)
    house.project()
    first = predictions(house)
    house.promote("small", OTHER)
    assert differences(house) == []  # they wait for their turn
    house.project(most_scored=2)
    second = predictions(house)
    assert {row["model"] for row in second.values()} == {2}
    assert all(row["incidence"] != first[name]["incidence"] for name, row in second.items())
    assert {row["model"] for row in ledger(house.url)} == {1}  # the day has its predictions
    house.models.roll_back("small", "test")
    house.project()
    assert predictions(house) == first
    house.models.retire("small", "test")
    assert differences(house) == []
    house.project()
    assert predictions(house) == {}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda file: file[:-1], "checksum"),
        (lambda file: b"no model at all", "not a model file"),
        (lambda file: file[:15] + b"\xff\x7f" + file[17:], "update it"),
        (
            lambda _: model_file(TRACK.replace("love: {title: Love}", "love: {title: Love}, gone: {title: Gone}"), 1),
            "stages",
        ),
    ],
    ids=["cut off", "something else", "of a newer version", "of a racetrack with another stage"],
)
def test_a_model_file_that_cannot_be_read_predicts_nothing_and_stops_nothing(house, caplog, damage, told):
    house.take(three_customers())
    house.promote("small", damage(FILE))
    with caplog.at_level(logging.ERROR):
        house.project()
        house.take([event(9, "bo", AGO - 1, page="a")])
        said = len(caplog.messages)
        assert (house.project(), len(caplog.messages)) == (1, said)
    assert caplog.messages
    assert all(told in line for line in caplog.messages)
    assert predictions(house) == {}
    assert len(house.tables()["journeys"]) == 4
    house.promote("small", OTHER)
    house.project()
    assert len(predictions(house)) == 3


def test_a_model_predicts_only_for_the_racetrack_that_it_was_trained_for(house):
    house.take(three_customers())
    house.promote("small", FILE)
    house.project()
    house.activate(TRACK.replace("within: 20m", "within: 30m"))
    house.project()
    assert predictions(house) == {}
    assert known(house, racetracks=(("small", 1),)) != {}
    house.racetracks.activate("small", 1, "test")
    house.project()
    assert len(predictions(house)) == 3


def test_nobody_is_predicted_before_the_log_is_read_to_its_end(house):
    house.promote("small", FILE)
    house.take(three_customers())
    house.project(batch=2)
    rows = ledger(house.url)
    last = {row["customer_id"]: row["position"] for row in rows}
    with psycopg.connect(house.url) as conn:
        newest = dict(
            conn.execute("SELECT e.customer_id, max(e.position) FROM raceline.event AS e GROUP BY e.customer_id")
        )
    assert (len(rows), last) == (3, {name: newest[name] for name in last})
    assert differences(house) == []


@pytest.mark.parametrize("change", ["a promotion", "a midnight"])
def test_who_waits_gets_a_turn_although_the_log_is_written_to_all_the_time(house, monkeypatch, change):
    house.take([event(f"q{n}", f"quiet-{n}", AGO - 900, page="a") for n in range(6)])
    house.promote("small", FILE)
    house.project()
    before = predictions(house)
    if change == "a midnight":
        days_pass(house.url, 1)
    else:
        house.promote("small", OTHER)
    plain, seen = Session.claim, []

    def claim(session, status, **more):
        """Before each look at the log another event comes in."""
        if len(seen) < 20:
            seen.append(sum(row["incidence"] != before[name]["incidence"] for name, row in predictions(house).items()))
            house.take([event(f"w{len(seen)}", "quiet-0", AGO - 800 + len(seen), page="c")])
        return plain(session, status, **more)

    monkeypatch.setattr(Session, "claim", claim)
    house.project(most_scored=2)
    assert seen[-1] == 6, "before the writing ended"
    assert differences(house) == []


def test_who_was_predicted_in_a_transaction_that_failed_gets_another_turn(house, monkeypatch):
    house.take(three_customers())
    house.project()
    house.promote("small", FILE)
    plain, failures = Session.commit, []

    def commit(session):
        """Fails once, when predictions were made and are not yet kept."""
        if not failures and arrow.rows(session.connection, "SELECT FROM live.predictions").num_rows:
            failures.append(session)
            raise RuntimeError("no")
        plain(session)

    monkeypatch.setattr(Session, "commit", commit)
    house.project()
    assert (len(failures), len(predictions(house)), len(ledger(house.url))) == (1, 3, 3)


def test_a_warning_of_drift_that_cannot_be_given_stops_nothing(house, caplog):
    def fails(*_):
        raise ValueError("what is this?")

    house.take(three_customers())
    house.promote("small", FILE)
    with caplog.at_level(logging.ERROR):
        house.project(watch=fails)
    assert (len(predictions(house)), "could not be looked at" in caplog.text) == (3, True)


def test_a_replay_notes_nothing_and_the_live_run_makes_up_for_it(house):
    house.promote("small", FILE)
    house.take(three_customers())
    replay(house.url, house.catalogue, house.rules)
    assert (len(predictions(house)), ledger(house.url)) == (3, [])
    house.project()
    assert [row["customer_id"] for row in ledger(house.url)] == ["ada", "bo", "cy"]


def test_drift_counts_each_row_of_the_ledger_once_for_each_feature(house):
    house.promote("small", FILE)
    house.take(three_customers())
    house.project()
    house.take([event(9, "bo", AGO - 1, page="a")])
    house.project()
    (scoring,) = house.decided.now(house.rules).models.values()
    counted = Counter()
    for row in drift(house.url):
        counted[row["stage"], row["feature"]] += row["rows"]
    assert counted == {(stage, name): 1 for stage in ("look", "use", "love") for name in (*scoring.features.names, "")}
    assert {row["bin"] for row in drift(house.url)} <= {0, 1, 2, 3}


def test_a_question_about_the_past_is_answered_by_the_model_and_the_events_of_then(house):
    house.take(three_customers()[:-2])
    house.project()
    before = house.log.head()
    house.promote("small", FILE)
    house.project()
    first, promoted = predictions(house), house.log.head()
    house.promote("small", OTHER)
    house.take(three_customers()[-2:])
    house.project()
    assert known(house, position=before) == {}
    then = known(house, position=promoted)
    assert {name: row["incidence"] for name, row in then.items()} == {n: r["incidence"] for n, r in first.items()}
    now = predictions(house)
    assert {name: row["incidence"] for name, row in known(house).items()} == {n: r["incidence"] for n, r in now.items()}
    earlier = known(house, at=NOW - timedelta(minutes=6_000))
    assert {name: (row["stage"], row["model"]) for name, row in earlier.items()} == {
        "ada": ("look", 2),
        "bo": ("look", 2),
        "cy": ("look", 2),
    }
    assert all(row["computed_at"] <= NOW - timedelta(minutes=6_000) for row in earlier.values())


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE live.predictions SET expected_days = expected_days + 1 WHERE customer_id = 'bo'",
        "INSERT INTO live.predictions SELECT 'zoe', p.racetrack, p.version, p.model, p.stage, p.tier, p.entered_at,"
        " p.computed_at, p.day, p.position, p.days_in_stage, p.incidence, p.expected_days, NULL, NULL"
        " FROM live.predictions AS p WHERE p.customer_id = 'bo'",
        "DELETE FROM live.predictions WHERE customer_id = 'bo'",
    ],
    ids=["a changed value", "a prediction of one who is in no stage", "a lost one"],
)
def test_verify_finds_of_predictions(house, damage):
    house.promote("small", FILE)
    house.take(three_customers())
    house.project()
    with psycopg.connect(house.url) as conn:
        conn.execute(damage)
    assert [one.table for one in differences(house)] == ["predictions"]
    if damage.startswith("DELETE"):
        days_pass(house.url, 1 / 24)
        house.project(tick=0)
        assert differences(house) == []


@given(envelopes=journeys())
@settings(max_examples=min(15, settings().max_examples))
def test_a_prediction_is_the_same_whoever_is_beside_it(databases, envelopes):
    with databases() as url, closing(House(url)) as house:
        house.activate(TRACK)
        house.promote("small", FILE)
        house.take(envelopes)
        rules = house.decided.now(house.rules)
        with arrow.connect(url) as connection:
            reader = ColumnReader(connection, house.catalogue, rules.wanted, SCORE)
            names = sorted({one["customer_id"] for one in envelopes})
            everybody, one_by_one = reader.of(names, 10_000), [reader.of([name], 10_000) for name in names]
        for days in (0, 1, 6, 40):
            clock = int((START + timedelta(days=days, hours=1)).timestamp() * 1e6)
            whole = derive(everybody, rules, clock).predictions
            assert whole == pa.concat_tables([derive(one, rules, clock).predictions for one in one_by_one])
            assert whole == prediction_rows(tuple(predictions_for(everybody, rules, clock)))


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("UTC", date(2026, 3, 8), 0),
        ("America/New_York", date(2026, 3, 8), 5),
        ("America/Havana", date(2026, 3, 8), 5),  # clocks are put on at midnight: the day begins at one
        ("America/Havana", date(2026, 11, 1), 4),  # and back at one: midnight comes twice
    ],
    ids=str,
)
def test_a_day_begins_with_its_first_moment(zone, day, hour):
    number = (day - date(1970, 1, 1)).days
    begun = day_starts(number, zone)
    assert datetime.fromtimestamp(begun / 1e6, UTC) == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    assert (local_day(begun, zone), local_day(begun - 1, zone)) == (number, number - 1)


def test_the_bins_are_those_that_the_table_is_documented_with():
    assert (K, E, len(BIN_ENDS)) == (7, 5, 7)
