"""Racetracks are published, activated and retired by decisions in the log; what was in force when stays known."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Barrier, Event, Thread
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.utils import clear_topic_cache
from psycopg.conninfo import make_conninfo

from raceline.domain import deciding
from raceline.domain.errors import LogBusy, LogUnavailable, NotActive, NotInForce, UnknownRacetrack, UnreadableRacetrack
from raceline.domain.log import EventLog
from raceline.domain.racetrack_decisions import RacetrackDecisions
from raceline.domain.racetrack_file import canonical, content_hash, parse
from raceline.domain.racetracks import Racetracks, Registry
from raceline.domain.recorder import CHANNEL


def definition(name="race", title="Thirteen stages"):
    """The YAML of a racetrack; another title is another content."""
    return f"""
name: {name}
title: {title}  # as marketing calls it
stages: {{need: {{title: Need}}, buy: {{title: Buy}}}}
rules: {{bought: {{title: Bought, stage: buy, when: {{event: install_base.item_booked}}}}}}
"""


@pytest.fixture
def racetracks(log):
    return Racetracks(log)


@pytest.fixture
def publish(racetracks):
    def publish(name="race", title="Thirteen stages", by="ada"):
        text = definition(name, title)
        return racetracks.publish(parse(text), text, by)

    return publish


def statuses(registry):
    return {(one.name, one.version): one.status for one in registry.versions}


def active(registry):
    return [(one.name, one.version) for one in registry.active]


# Publishing


def test_versions_of_a_name_count_from_one(publish):
    assert [publish(title=title).version for title in ("one", "two", "three")] == [1, 2, 3]
    assert [publish(name="lap", title=title).version for title in ("one", "two")] == [1, 2]


def test_a_published_version_is_kept_as_it_was_given_with_who_and_when_and_where(racetracks, publish, log, sql):
    published = publish(by="ada")
    [version] = racetracks.registry().versions
    assert version.racetrack == parse(definition())
    assert version.text == definition()
    assert (version.by, version.status, version.hash) == ("ada", "published", content_hash(parse(definition())))
    assert (version.name, version.version, version.hash, version.position) == published[:4]
    assert published.position == log.head()
    assert sql("SELECT recorded_at FROM raceline.event WHERE position = %s", published.position) == [
        (version.recorded_at,)
    ]


def test_content_that_is_there_already_keeps_its_version_and_nothing_is_written(publish, racetracks, log):
    first, second = publish(title="one"), publish(title="two")
    head = log.head()
    laid_out_anew = "# other comments\n" + definition(title="one").replace("  # as marketing calls it", "")
    again = racetracks.publish(parse(laid_out_anew), laid_out_anew, "bob")
    assert (first.new, second.new, again.new) == (True, True, False)
    assert again[:4] == first[:4]
    assert log.head() == head


def test_the_same_stages_and_rules_under_another_name_are_another_racetrack(publish):
    assert (publish(name="race").version, publish(name="lap").version) == (1, 1)


def test_a_person_whose_name_no_database_can_hold_may_publish(publish, racetracks):
    publish(by="a\ud800da")
    assert racetracks.registry().versions[0].by == "a\\ud800da"


# In force


def test_what_is_published_is_not_in_force_until_it_is_activated(publish, racetracks):
    publish()
    assert racetracks.registry().default is None
    racetracks.activate("race", 1, "ada")
    assert active(racetracks.registry()) == [("race", 1)]


def test_activating_another_version_of_the_name_puts_it_in_the_place_of_the_former(publish, racetracks):
    publish(title="one"), publish(title="two")
    racetracks.activate("race", 1, "ada")
    position = racetracks.activate("race", 2, "ada")
    registry = racetracks.registry()
    assert statuses(registry) == {("race", 1): "published", ("race", 2): "active"}
    assert {one.since for one in registry.versions} == {position}


def test_activating_what_is_active_already_writes_nothing_and_says_since_when_it_is(publish, racetracks, log):
    publish()
    position = racetracks.activate("race", 1, "ada")
    log_head = log.head()
    assert racetracks.activate("race", 1, "bob") == position
    assert log.head() == log_head


def test_a_version_may_come_back(publish, racetracks):
    publish(title="one"), publish(title="two")
    for version in (1, 2, 1):
        racetracks.activate("race", version, "ada")
    assert statuses(racetracks.registry()) == {("race", 1): "active", ("race", 2): "published"}
    racetracks.retire("race", "ada")
    assert statuses(racetracks.registry()) == {("race", 1): "retired", ("race", 2): "published"}
    racetracks.activate("race", 1, "ada")
    assert statuses(racetracks.registry()) == {("race", 1): "active", ("race", 2): "published"}


def test_racetracks_of_several_names_are_active_side_by_side_and_the_one_active_longest_is_the_default(
    publish, racetracks
):
    for name in ("race", "lap"):
        publish(name, "one"), publish(name, "two")
    racetracks.activate("lap", 1, "ada")
    racetracks.activate("race", 1, "ada")
    assert active(racetracks.registry()) == [("lap", 1), ("race", 1)]
    racetracks.activate("lap", 2, "ada")
    assert active(racetracks.registry()) == [("lap", 2), ("race", 1)]
    racetracks.retire("lap", "ada")
    assert racetracks.registry().default == racetracks.registry().get("race")
    racetracks.activate("lap", 2, "ada")
    assert active(racetracks.registry()) == [("race", 1), ("lap", 2)]


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        pytest.param(
            lambda r: r.activate("rice", 1, "ada"), UnknownRacetrack, "did you mean `race`?", id="a name with a slip"
        ),
        pytest.param(
            lambda r: r.activate("\ud800", 1, "ada"), UnknownRacetrack, "published are: race", id="a name like no other"
        ),
        pytest.param(
            lambda r: r.activate("race", 2, "ada"),
            UnknownRacetrack,
            r"its versions are 1 \(published\) \(name=race, version=2\)",
            id="a version that was not published",
        ),
        pytest.param(
            lambda r: r.retire("rice", "ada"), UnknownRacetrack, "did you mean", id="retiring an unknown name"
        ),
        pytest.param(lambda r: r.retire("race", "ada"), NotActive, "name=race", id="retiring what is not active"),
        pytest.param(
            lambda r: r.registry().get("race"),
            NotInForce,
            r"No version of this racetrack is in force. Name one: race@1 \(published\) \(name=race\)",
            id="asking for the active one",
        ),
    ],
)
def test_is_refused_and_nothing_is_written(publish, racetracks, log, ask, error, message):
    publish()
    head = log.head()
    with pytest.raises(error, match=message):
        ask(racetracks)
    assert log.head() == head


def test_the_first_racetrack_of_a_log_is_not_there_yet(racetracks):
    with pytest.raises(UnknownRacetrack, match="published are: none"):
        racetracks.activate("race", 1, "ada")
    assert racetracks.registry() == Registry()


@pytest.mark.parametrize("version", [0, 2, -1])
def test_the_aggregate_itself_activates_only_what_was_published(version):
    decisions = RacetrackDecisions("race")
    decisions.publish("hash", "{}", "", "ada")
    with pytest.raises(UnknownRacetrack):
        decisions.activate(version, "ada")


# As known at a position


def test_what_was_in_force_at_a_position_is_known_whatever_was_decided_later(publish, racetracks, log, event):
    log.append([event(1)])
    publish()
    before = log.head()
    racetracks.activate("race", 1, "ada")
    log.append([event(2), event(3)])
    during = log.head()
    racetracks.retire("race", "ada")
    for known in (racetracks, Racetracks(log)):
        assert known.registry(0).versions == ()
        assert [active(known.registry(p)) for p in (1, before, during, during + 1)] == [[], [], [("race", 1)], []]
        assert known.registry(during).position == before + 1
        assert known.registry(10**15) == known.registry()


def test_what_was_asked_before_is_answered_without_the_database(publish, racetracks, log):
    publish()
    now, head = racetracks.registry(), log.head()
    log.close()
    assert racetracks.registry(head) is now
    assert racetracks.registry(0).versions == ()


def test_all_that_was_decided_is_told_in_order_with_who_and_where(publish, racetracks, database):
    assert racetracks.decisions() == ()
    publish(title="one", by="ada"), racetracks.activate("race", 1, "bob")
    racetracks.registry()
    with Racetracks(database) as other:
        other.retire("race", "eve")
        told = racetracks.decisions()
        assert [(one.decision.TOPIC, one.decision.version, one.decision.by) for one in told] == [
            ("racetrack.published", 1, "ada"),
            ("racetrack.activated", 1, "bob"),
            ("racetrack.retired", 1, "eve"),
        ]
        assert [one.position for one in told] == [2, 3, 4]
        assert [one[:2] for one in other.decisions()] == [one[:2] for one in told]


def test_a_definition_is_read_once(publish, racetracks):
    publish()
    before = racetracks.registry().get("race", 1).racetrack
    racetracks.activate("race", 1, "ada")
    assert racetracks.registry().get("race").racetrack is before


def test_the_decisions_of_other_processes_are_seen(publish, racetracks, database):
    with Racetracks(database) as other:
        assert other.registry().versions == ()
        publish()
        assert other.registry() == racetracks.registry()
        other.activate("race", 1, "bob")
        assert active(racetracks.registry()) == [("race", 1)]


def test_decisions_are_found_without_reading_the_facts(publish, log, event, sql):
    log.append([event(n) for n in range(3_000)])
    log.recorder().insert_events([StoredEvent(uuid4(), 1, "model.trained", b"{}") for _ in range(200)])
    publish()
    sql("ANALYZE raceline.event")
    statement = deciding._SQL["decisions_after"] % {"after": "0", "topics": "'{racetrack.published}'"}
    plan = "\n".join(line for (line,) in sql(f"EXPLAIN {statement}"))
    assert "event_1_position_idx" in plan
    assert "Seq Scan on event" not in plan


# Several at once


def at_once(count, decide):
    """Calls `decide(n)` in so many threads that start together."""
    barrier = Barrier(count)

    def start(n):
        barrier.wait()
        return decide(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def test_several_who_publish_the_same_at_once_get_the_same_version(database, log):
    with Racetracks(database) as other:
        both = (other, Racetracks(log))
        found = at_once(8, lambda n: both[n % 2].publish(parse(definition()), definition(), f"person {n}"))
    assert {one[:4] for one in found} == {found[0][:4]}
    assert [one.new for one in found].count(True) == 1
    assert log.head() == 2


def test_several_who_publish_at_once_get_versions_without_a_gap(publish, racetracks):
    found = at_once(8, lambda n: publish(title=f"of person {n}"))
    assert sorted(one.version for one in found) == list(range(1, 9))
    for one in found:
        assert racetracks.registry().get("race", one.version).hash == one.hash


def test_several_who_activate_at_once_leave_one_active_the_last_one_in_the_log(publish, racetracks):
    for n in range(6):
        publish(title=f"number {n}")
    positions = at_once(6, lambda n: racetracks.activate("race", n + 1, "ada"))
    registry = racetracks.registry()
    assert active(registry) == [("race", positions.index(max(positions)) + 1)]
    assert [status for status in statuses(registry).values() if status != "published"] == ["active"]


def test_only_one_of_several_who_retire_at_once_has_retired_it(publish, racetracks):
    publish()
    racetracks.activate("race", 1, "ada")

    def retire(_):
        try:
            return racetracks.retire("race", "ada")
        except NotActive:
            return None

    assert sorted(filter(None, at_once(4, retire))) == [racetracks.registry().position]


def test_whoever_is_always_overtaken_is_told_so(racetracks, monkeypatch):
    def overtaken(*_):
        raise IntegrityError

    monkeypatch.setattr(racetracks._store, "put", overtaken)
    monkeypatch.setattr(deciding, "_ATTEMPTS", 3)
    with pytest.raises(LogBusy, match="others decide about this racetrack"):
        racetracks.publish(parse(definition()), definition(), "ada")


@contextmanager
def listening(url):
    """The positions that are told while this is open."""
    told, stop = [], Event()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"LISTEN {CHANNEL}")

        def listen():
            while not stop.is_set():
                told.extend(int(one.payload) for one in conn.notifies(timeout=0.05))

        thread = Thread(target=listen)
        thread.start()
        yield told
        stop.set()
        thread.join()
        told.extend(int(one.payload) for one in conn.notifies(timeout=0.2))


def test_each_decision_wakes_whoever_follows_the_log_and_the_same_again_wakes_nobody(publish, racetracks, database):
    with listening(database) as told:
        for _ in range(2):
            publish()
            racetracks.activate("race", 1, "ada")
        racetracks.retire("race", "ada")
    assert told == [2, 3, 4]
    assert all(a < b for a, b in pairwise(told))


# Of another raceline


@pytest.fixture
def published_by_a_newer_raceline(publish, racetracks):
    """Puts a second version into the log, beside one that can be read."""

    def put(content):
        publish()
        racetracks.activate("race", 1, "ada")
        decisions = racetracks._of("race")
        decisions.publish("of a newer raceline", content, "name: race", "bob")
        racetracks._store.put(decisions.collect_events())

    return put


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            canonical(parse(definition())).decode().replace("{", '{"weather":"sunny",', 1), id="that has one more key"
        ),
        pytest.param('{"name": "race", "stages": 7}', id="whose stages are something else"),
        pytest.param("<racetrack/>", id="that is no JSON"),
    ],
)
def test_a_definition_is_unreadable_while_all_others_are_read(published_by_a_newer_raceline, racetracks, content):
    published_by_a_newer_raceline(content)
    registry = racetracks.registry()
    assert statuses(registry) == {("race", 1): "active", ("race", 2): "published"}
    with pytest.raises(UnreadableRacetrack, match="name=race, version=2"):
        registry.get("race", 2).racetrack  # noqa: B018 - a property
    assert registry.get("race").racetrack == parse(definition())


def test_who_does_not_know_a_decision_of_a_newer_raceline_does_not_decide_on_top_of_it(publish, racetracks, log):
    publish()
    state = json.dumps({"name": "race"}).encode()
    log.recorder().insert_events([StoredEvent(RacetrackDecisions.create_id("race"), 3, "racetrack.frozen", state)])
    with pytest.raises(UnreadableRacetrack, match="name=race"):
        racetracks.activate("race", 1, "ada")
    assert statuses(racetracks.registry()) == {("race", 1): "published"}


def test_the_log_names_decisions_by_hand_given_topics(publish, racetracks, sql):
    clear_topic_cache()
    Racetracks(racetracks._log)
    publish()
    racetracks.activate("race", 1, "ada")
    racetracks.retire("race", "ada")
    assert [type_ for (type_,) in sql("SELECT type FROM raceline.event ORDER BY position")] == [
        "racetrack.named",
        "racetrack.published",
        "racetrack.activated",
        "racetrack.retired",
    ]
    states = sql("SELECT encode(state, 'escape') FROM raceline.event")
    assert not [state for (state,) in states if "raceline.domain" in state or "Decisions" in state]


# The database


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda r: r.registry(), id="asking"),
        pytest.param(lambda r: r.publish(parse(definition()), definition(), "ada"), id="publishing"),
        pytest.param(lambda r: r.retire("race", "ada"), id="retiring"),
    ],
)
def test_a_database_that_is_away_is_reported_at_once_when(call):
    with EventLog("postgresql://nobody@127.0.0.1:1/nothing") as away:
        away.datastore.pool.timeout = 0.2
        racetracks = Racetracks(away)
        racetracks._repository = None  # the library, which tries again and again, is not asked
        with pytest.raises(LogUnavailable):
            call(racetracks)


def test_a_database_that_takes_no_writes_is_reported_as_such_and_still_read(publish, racetracks, database):
    publish()
    url = make_conninfo(database, options="-c default_transaction_read_only=on")
    with Racetracks(url) as standby:
        with pytest.raises(LogUnavailable):
            standby.activate("race", 1, "ada")
        assert standby.registry() == racetracks.registry()


def test_a_log_of_somebody_else_is_left_open(log, racetracks, database):
    with racetracks:
        pass
    assert log.head() == 0
    with Racetracks(database) as own:
        own.registry()
    assert own._log.datastore.pool.closed
