"""Racetracks in the read models: timers that fire without an event, decisions that everybody follows, dry runs."""

import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from journeys import START, House, event
from psycopg.rows import dict_row

from raceline.domain.errors import ProjectionFailed, UnknownRacetrack
from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked
from raceline.projections.dry_run import dry_run
from raceline.projections.replay import replay
from raceline.projections.runner import Projector
from raceline.projections.verify import verify

DAY = 1_440  # minutes
TRACK = """
name: router
title: Router
stages: {look: {title: Look}, use: {title: Use}, love: {title: Love}}
rules:
  looks: {title: Looks around, stage: look, when: {event: web.page_viewed}}
  uses: {title: Reports, stage: use, when: {event: telemetry.device_reported, distinct_days: 2, within: 30d}}
  loves: {title: Reads, stage: love, when: {event: content.viewed, at_least: 2, since: stage}}
  sleeps: {title: Falls silent, stage: look, from: [use], when: {none: {event: telemetry.*, for: 20d, since: stage}}}
"""


@pytest.fixture
def house(database):
    with closing(House(database)) as house:
        yield house


def moves(house, racetrack="router"):
    with psycopg.connect(house.url) as conn:
        return conn.execute(
            "SELECT m.customer_id, m.kind, m.to_stage, m.entered_at FROM live.moves AS m WHERE m.racetrack = %s"
            " ORDER BY m.customer_id, m.n",
            (racetrack,),
        ).fetchall()


def journey(house, customer="ada", racetrack="router"):
    with psycopg.connect(house.url, row_factory=dict_row) as conn:
        return conn.execute(
            "SELECT j.* FROM live.journeys AS j WHERE j.customer_id = %s AND j.racetrack = %s", (customer, racetrack)
        ).fetchone()


def reports(n, customer, *days):
    return [event(f"{n}{day}", customer, day * DAY, "telemetry.device_reported", device_id="d") for day in days]


def checkpoint(house):
    with psycopg.connect(house.url) as conn:
        return conn.execute(
            "SELECT g.position, g.clock FROM raceline.generation AS g WHERE g.status = 'live'"
        ).fetchone()


def at(days):
    return START + timedelta(days=days)


def test_an_activation_is_followed_by_a_projector_without_being_told(house):
    house.take([event(1, "ada", 0, page="a"), *reports("r", "ada", 1, 2)])
    house.project()
    assert moves(house) == []
    house.activate(TRACK)
    house.project()
    assert moves(house) == [
        ("ada", "entered", "look", at(0)),
        ("ada", "forward", "use", at(2)),
        ("ada", "backward", "look", at(22)),
    ]


def test_a_second_projector_follows_the_same_decision_without_a_second_replay(house):
    house.take([event(1, "ada", 0, page="a")])
    house.activate(TRACK)
    house.project()
    with psycopg.connect(house.url) as conn:
        before = conn.execute("SELECT count(*) FROM raceline.generation").fetchone()
    assert Projector(house.url, house.catalogue, house.rules).once() == 0
    with psycopg.connect(house.url) as conn:
        assert conn.execute("SELECT count(*) FROM raceline.generation").fetchone() == before


def test_several_racetracks_stand_side_by_side_and_a_retired_one_is_gone(house):
    house.take([event(1, "ada", 0, page="a"), *reports("r", "bo", 1, 2)])
    house.activate(TRACK)
    house.activate(TRACK.replace("name: router", "name: switch").replace("distinct_days: 2", "distinct_days: 1"))
    house.project()
    assert [row[:3] for row in moves(house)][:2] == [("ada", "entered", "look"), ("bo", "entered", "use")]
    assert [row[3] for row in moves(house, "switch") if row[2] == "use"] == [at(1)]
    assert not list(verify(house.url, house.catalogue, house.rules))
    house.racetracks.retire("router", "test")
    house.project()
    assert moves(house) == []
    assert moves(house, "switch")


def test_a_timer_moves_a_customer_when_its_time_has_come_and_nobody_did_anything(house):
    with psycopg.connect(house.url) as conn:
        now = conn.execute("SELECT clock_timestamp()").fetchone()[0]
    since = (now - START).total_seconds() / 60 - 20 * DAY  # the silence of 20 days ends in some seconds
    house.activate(TRACK)
    house.take([
        event(1, "ada", since - 2 * DAY, page="a"),
        event(2, "ada", since - DAY, "telemetry.device_reported", device_id="d"),
        event(3, "ada", since + 0.3, "telemetry.device_reported", device_id="d"),
    ])  # fmt: skip
    stop = threading.Event()
    runner = threading.Thread(target=house.projector().run, args=(stop,), daemon=True)
    house.project()
    assert journey(house)["stage"] == "use"
    assert journey(house)["next_timer"] == journey(house)["since"] + timedelta(days=20)
    runner.start()
    try:
        for _ in range(600):
            if journey(house)["stage"] == "look":
                break
            stop.wait(0.1)
    finally:
        stop.set()
        runner.join()
    found = journey(house)
    assert (found["stage"], found["regressions"], found["next_timer"]) == ("look", 1, None)
    assert checkpoint(house)[1] >= found["since"]
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_the_clock_moves_on_by_ticks_while_no_timer_is_due(house):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a")])
    house.project()
    before = checkpoint(house)
    house.project(tick=0)
    after = checkpoint(house)
    assert after[0] == before[0]
    assert after[1] > before[1]


def test_a_replay_keeps_position_and_clock_of_the_live_read_models(house):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a"), *reports("r", "ada", 1, 2)])
    house.project(tick=0)
    before, tables = checkpoint(house), house.tables()
    replay(house.url, house.catalogue, house.rules)
    assert checkpoint(house) == before
    assert house.tables() == tables


def test_what_an_append_recorded_at_one_moment_becomes_known_in_one_step(house):
    house.activate(TRACK)
    house.project()
    house.take([event(n, "ada", n, page="a") for n in range(40)])
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute("LISTEN raceline_views")
        house.project(batch=7)
        told = [int(one.payload) for one in conn.notifies(timeout=0.1)]
    assert told[-1] == checkpoint(house)[0] == house.racetracks.registry().position + 40
    assert not set(told) & set(range(house.racetracks.registry().position + 1, told[-1]))


def test_a_dry_run_says_who_would_be_elsewhere_and_why_and_writes_nothing(house):
    house.take([event(1, "ada", 0, page="a"), *reports("r", "ada", 1, 2), *reports("s", "bo", 1, 2, 3)])
    house.activate(TRACK.replace("for: 20d", "for: 5000d"))
    house.project()
    stricter = TRACK.replace("for: 20d", "for: 5000d").replace("distinct_days: 2", "distinct_days: 3")
    version = house.racetracks.publish(_parsed(stricter), stricter, "test").version
    registry, before = house.racetracks.registry(), house.tables()
    found = dry_run(house.url, house.catalogue, house.rules, registry.get("router", version), registry.find("router"))
    assert (found.against, found.version, found.customers, found.moved) == (1, 2, 2, 1)
    assert found.stages == {"look": (0, 1), "use": (2, 1), "love": (0, 0), None: (0, 0)}
    assert dict(found.transitions) == {("use", "look", "Looks around"): 1}
    assert [(one.customer_id, one.now, one.then) for one in found.examples] == [("ada", "use", "look")]
    assert house.tables() == before


def _parsed(text):
    from raceline.domain.racetrack_file import parse

    return parse(text)


@pytest.fixture
def asked(house):
    with closing(AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)) as known:
        yield lambda *customers, **at: known(Asked(customers, **at))


def stages(answer):
    return [(row["to_stage"], row["entered_at"]) for row in answer["moves"]]


def test_a_question_as_of_a_moment_sees_only_what_had_happened_by_then(house, asked):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a"), *reports("r", "ada", 1, 2)])
    house.project()
    assert stages(asked("ada", at=at(1.5))) == [("look", at(0))]
    assert stages(asked("ada", at=at(21))) == [("look", at(0)), ("use", at(2))]
    assert stages(asked("ada", at=at(22))) == [("look", at(0)), ("use", at(2)), ("look", at(22))]
    assert stages(asked("ada")) == [(to, when) for _, _, to, when in moves(house)]


def test_a_question_as_known_is_answered_by_the_version_that_was_active_there(house, asked):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a"), *reports("r", "ada", 1)])
    house.project()
    before = house.racetracks.registry().position + 2
    house.activate(TRACK.replace("distinct_days: 2", "distinct_days: 1"))
    house.project()
    assert [to for to, _ in stages(asked("ada", position=before))] == ["look"]
    assert [to for to, _ in stages(asked("ada"))] == ["look", "use", "look"]
    assert [to for to, _ in stages(asked("ada", racetracks=(("router", 1),)))] == ["look"]
    assert [to for to, _ in stages(asked("ada", position=before, racetracks=(("router", None),)))] == ["look"]
    assert [to for to, _ in stages(asked("ada", position=before, racetracks=(("router", 2),)))][:2] == ["look", "use"]
    with pytest.raises(UnknownRacetrack):
        asked("ada", position=before, racetracks=(("router", 3),))


def test_a_question_about_a_moment_before_any_racetrack_has_no_journey(house, asked):
    house.take([event(1, "ada", 0, page="a")])
    house.activate(TRACK)
    house.project()
    answer = asked("ada", position=1)
    assert answer["journeys"] == []
    assert [row["customer_id"] for row in answer["customers"]] == ["ada"]


def test_why_not_yet_names_each_rule_that_could_move_the_customer_on_and_how_far_it_is(house, asked):
    house.activate(TRACK)
    house.take(
        [event(1, "ada", 0, page="a"), *reports("r", "ada", 1, 2), event(9, "ada", 3 * DAY, "content.viewed", page="x")]
    )
    house.project()
    rows = asked("ada", at=at(5))["prospects"]
    assert [(row["rule"], row["kind"], row["satisfied"], row["observed"]) for row in rows] == [
        ("loves", "forward", [False], [1]),
        ("sleeps", "backward", [False], [3 * 86_400_000_000]),
    ]
    assert [row["fires_at"] for row in rows] == [None, at(22)]


def test_the_read_models_of_a_customer_are_those_that_are_derived_on_demand(house, asked):
    house.activate(TRACK)
    house.take(
        [event(1, "ada", 0, page="a"), *reports("r", "ada", 1, 2), event(9, "ada", 3 * DAY, "content.viewed", page="x")]
    )
    house.project()
    answer = asked("ada")
    with psycopg.connect(house.url, row_factory=dict_row) as conn:
        for table in ("customers", "timeline", "paths", "journeys", "moves", "revisions"):
            assert answer[table] == conn.execute(f"SELECT * FROM live.{table}").fetchall()


def test_a_question_as_of_a_moment_has_no_revision_of_what_came_later(house, asked):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a"), *reports("r", "ada", 2), event(9, "ada", 4 * DAY, page="b")])
    house.take(reports("l", "ada", 1))  # late: the customer used it from day 2 on, and fell silent at day 22
    house.project()
    [whole] = asked("ada")["revisions"]
    assert (whole["before_stages"], whole["after_stages"]) == ([], ["use", "look"])
    [then] = asked("ada", at=at(10))["revisions"]
    assert (then["before_stages"], then["after_stages"], then["known_at"]) == ([], ["use"], whole["known_at"])
    answer = asked("ada", at=at(1.5))
    assert (answer["revisions"], answer["journeys"][0]["revisions"]) == ([], 0)


def test_a_projector_goes_on_when_a_version_was_taken_back_and_put_in_force_again_by_others(house):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a")])
    house.project()
    second = house.activate(TRACK.replace("distinct_days: 2", "distinct_days: 1"))
    house.project()
    house.racetracks.activate("router", 1, "test")
    assert house.projector().once()  # another process follows
    house.racetracks.activate("router", second.version, "test")
    assert house.project()
    assert journey(house)["version"] == second.version


def test_a_projector_that_was_started_with_other_rules_still_does_not_take_turns(house):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a")])
    house.project()
    other = Projector(house.url, house.catalogue, replace(house.rules, session_gap=60_000_000))
    assert other.once()
    with pytest.raises(ProjectionFailed, match="other rules"):
        house.project()


def test_time_in_the_log_goes_on_when_the_clock_of_the_server_steps_back(house):
    house.activate(TRACK)
    house.take([event(1, "ada", 0, page="a")])
    house.project(tick=0)
    with psycopg.connect(house.url) as conn:  # what an hour less looks like: all that is recorded lies ahead
        conn.execute("UPDATE raceline.log_head SET recorded_at = recorded_at + interval '1 hour'")
    house.project(tick=0)
    house.take(reports("r", "ada", 2, 4))
    house.take(reports("l", "ada", 3))  # late
    house.project()
    with psycopg.connect(house.url) as conn:
        recorded = [row[0] for row in conn.execute("SELECT DISTINCT e.recorded_at FROM raceline.event AS e ORDER BY 1")]
    assert len(recorded) == 5, "decisions published, activated; and what came in at three moments"
    [revision] = asked_of(house)["revisions"]
    assert revision["known_at"] == recorded[-1]
    assert checkpoint(house)[1] >= recorded[-1]


def asked_of(house):
    with closing(AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)) as known:
        return known(Asked(("ada",)))


def test_when_very_many_customers_are_due_time_passes_in_steps(house):
    with psycopg.connect(house.url) as conn:
        now = conn.execute("SELECT clock_timestamp()").fetchone()[0]
    house.activate(TRACK)
    silent = (now - START).total_seconds() / 60 - 20 * DAY + 0.05  # the silence of each ends within some seconds
    for n in range(18):
        house.take([
            event(f"a{n}", f"c{n}", silent - DAY, "telemetry.device_reported", device_id="d"),
            event(f"b{n}", f"c{n}", silent + n / 1000, "telemetry.device_reported", device_id="d"),
        ])  # fmt: skip
    house.project()
    assert {row[2] for row in moves(house)} == {"use"}
    time.sleep(max(0, 3 + 1.2 - (datetime.now(UTC) - now).total_seconds()) + 1)
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute("LISTEN raceline_views")
        house.project(most_due=5, tick=0)
        steps = list(conn.notifies(timeout=0.2))
    assert len(steps) == 4, "eighteen customers, some five at a time"
    assert Counter(row[2] for row in moves(house)) == {"use": 18, "look": 18}
    assert not list(verify(house.url, house.catalogue, house.rules))
