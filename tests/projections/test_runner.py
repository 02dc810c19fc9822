"""The live run, the replay beside it, and what happens when something fails."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from anything import TRACK
from journeys import House, click, event
from psycopg.types.json import Jsonb

from raceline.domain import arrow
from raceline.domain.errors import LogUnavailable, ProjectionFailed, ReplayRunning
from raceline.projections import derive as derivation
from raceline.projections import replay as replaying
from raceline.projections.generation import Session, prepare
from raceline.projections.replay import replay
from raceline.projections.status import read_status as status
from raceline.projections.verify import verify


@pytest.fixture
def house(database):
    house = House(database)
    yield house
    house.close()


def clicks(first, count, customers=10):
    return [
        click(n, f"c{n % customers}", n, f"p{n % 7}", f"p{n % 5}", n % 11 == 0) for n in range(first, first + count)
    ]


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def position(house):
    return next(one.position for one in status(house.url).projections if one.status == "live")


@pytest.fixture
def running(house):
    """A projector that runs in a thread for as long as the test."""
    stop = Event()
    thread = Thread(target=house.projector().run, args=(stop,))
    thread.start()
    yield thread
    stop.set()
    thread.join()


def test_the_projector_wakes_when_the_log_grows(house, running):
    house.take(clicks(0, 20))
    until(lambda: position(house) == 20)
    house.take(clicks(20, 1))
    until(lambda: position(house) == 21)
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_the_projector_outlives_its_connections(house, running):
    house.take(clicks(0, 5))
    until(lambda: position(house) == 5)
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a"
            " WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
        )
    until(lambda: _taken(house, clicks(5, 5)))
    until(lambda: position(house) == 10)
    assert running.is_alive()


def _taken(house, envelopes):
    try:
        return len(house.take(envelopes)) == len(envelopes)
    except LogUnavailable:
        return False


def test_a_projector_killed_again_and_again_resumes_where_it_was(house):
    script = (
        "import sys; from threading import Event; sys.path.insert(0, sys.argv[2]);"
        "from journeys import House; House(sys.argv[1], batch=7).projector().run(Event())"
    )
    support = str(Path(sys.modules["journeys"].__file__).parent)
    for round_ in range(4):
        house.take(clicks(round_ * 50, 50))
        before = position(house)
        process = subprocess.Popen([sys.executable, "-c", script, house.url, support])
        until(lambda before=before: position(house) > before)
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: house.project() == 0)
    assert position(house) == 200
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_of_two_projectors_one_holds_the_generation(house):
    house.take(clicks(0, 10))
    with arrow.connect(house.url) as connection:
        holder = Session(connection, house.catalogue, house.rules)
        assert holder.claim("live") is not None
        assert house.project() == 0
        holder.rollback()
    assert house.project() == 10


def poison(house, at):
    """An event that no check saw: it stands in the log with data that derivation cannot read."""
    with psycopg.connect(house.url) as conn:
        conn.execute(
            "INSERT INTO raceline.event (position, recorded_at, occurred_at, event_uid, version, source, event_id,"
            " type, schema_version, customer_id, content_hash, data) VALUES (%s, now(), now(), gen_random_uuid(), 1,"
            " 'test', 'poison', 'case.opened', 1, 'c1', '', %s)",
            (at, Jsonb({})),
        )
        conn.execute("UPDATE raceline.log_head SET position = %s", (at,))


def test_a_projection_that_fails_stops_keeps_its_checkpoint_and_shows(house, monkeypatch):
    house.take(clicks(0, 30))
    poison(house, 31)
    house.take(clicks(40, 10))
    plain = derivation.derive

    def fragile(columns, rules, clock, **more):
        if "case.opened" in columns.texts["type"].to_pylist():
            raise ValueError("what is this?")
        return plain(columns, rules, clock, **more)

    monkeypatch.setattr("raceline.projections.generation.derive", fragile)
    with pytest.raises(ProjectionFailed, match="what is this"):
        house.project(batch=20)
    (live,) = status(house.url).projections
    assert (live.position, live.failed_position) == (30, 31)
    assert "what is this" in live.failure
    assert live.lag_events == 11
    monkeypatch.setattr("raceline.projections.generation.derive", plain)
    assert house.project() == 11
    (live,) = status(house.url).projections
    assert (live.failed_position, live.failure, live.lag_events) == (None, None, 0)


def test_a_replay_switches_while_the_live_run_goes_on_and_readers_read(house, running):
    house.take(clicks(0, 300))
    until(lambda: position(house) == 300)
    stop, seen = Event(), []

    def read():
        with psycopg.connect(house.url, autocommit=True) as conn:
            while not stop.is_set():
                seen.append(
                    conn.execute(
                        "SELECT (SELECT g.position FROM raceline.generation AS g WHERE g.status = 'live'),"
                        " (SELECT sum(c.events) FROM live.customers AS c)"
                    ).fetchone()
                )

    def write():
        first = 1000
        while not stop.is_set():
            house.take(clicks(first, 5))
            first += 5
            time.sleep(0.01)

    threads = [Thread(target=read), Thread(target=write)]
    for thread in threads:
        thread.start()
    try:
        replayed = [replay(house.url, house.catalogue, house.rules, chunk=50) for _ in range(3)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    until(lambda: status(house.url).projections[-1].lag_events == 0)
    assert [one.name for one in replayed] == ["views_2", "views_3", "views_4"]
    assert len(seen) > 20
    # Every answer was whole: the customers' events add up to the position it says it is true at, which never falls.
    assert all(at == events for at, events in seen)
    assert [at for at, _ in seen] == sorted(at for at, _ in seen)
    assert [one.status for one in status(house.url).projections] == ["retired", "retired", "retired", "live"]
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_a_reader_in_a_long_transaction_is_waited_for_and_never_the_one_to_start_again(house):
    house.take(clicks(0, 20))
    house.project()
    with psycopg.connect(house.url) as reader:
        reader.execute("SELECT count(*) FROM live.stage_days").fetchone()
        switching = Thread(target=replay, args=(house.url, house.catalogue, house.rules))
        switching.start()
        until(lambda: len(status(house.url).projections) == 2)
        time.sleep(1.5)  # beyond the server's deadlock_timeout
        assert [one.status for one in status(house.url).projections] == ["live", "building"]
        assert reader.execute("SELECT count(*) FROM live.customers").fetchone() == (10,)
    switching.join()
    assert [one.status for one in status(house.url).projections] == ["retired", "live"]


def test_retired_generations_stay_until_they_are_dropped(house):
    house.take(clicks(0, 10))
    house.project()
    assert replay(house.url, house.catalogue, house.rules).dropped == ()
    assert house.tables("views_1") == house.tables("views_2")
    assert replay(house.url, house.catalogue, house.rules, drop_retired=True).dropped == ("views_1", "views_2")


def test_a_replay_that_died_is_thrown_away_by_the_next(house, monkeypatch):
    house.take(clicks(0, 40))
    house.project()

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(replaying, "_catch_up", dies)
    with pytest.raises(KeyboardInterrupt):
        replay(house.url, house.catalogue, house.rules, chunk=10)
    monkeypatch.undo()
    assert [one.status for one in status(house.url).projections] == ["live", "abandoned"]
    before = house.tables()
    replay(house.url, house.catalogue, house.rules, chunk=10, drop_retired=True)
    assert [one.status for one in status(house.url).projections] == ["live"]
    assert house.tables() == before


def test_only_one_replay_runs_at_a_time(house):
    with arrow.connect(house.url) as connection:
        assert Session(connection, house.catalogue, house.rules).try_replay_lock()
        with pytest.raises(ReplayRunning):
            replay(house.url, house.catalogue, house.rules)


def test_far_behind_the_log_the_projector_replays_instead(house):
    house.take(clicks(0, 60))
    house.project(rebuild_after=50)
    assert [one.name for one in status(house.url).projections] == ["views_2"]
    assert position(house) == 60
    assert not list(verify(house.url, house.catalogue, house.rules))


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("UPDATE live.paths SET resolved = NOT resolved WHERE path_id = 1", "paths"),
        ("DELETE FROM live.timeline WHERE n = 1", "timeline"),
        ("UPDATE live.stage_views SET views = views + 1 WHERE page = 'p1'", "stage_views"),
        ("DELETE FROM live.stage_days", "stage_days"),
        ("INSERT INTO live.customers VALUES ('zz', NULL, now(), now(), 1, 1)", "customers"),
        ("INSERT INTO live.customers VALUES ('c00', NULL, now(), now(), 1, 1)", "customers"),
    ],
    ids=["a changed value", "a lost row", "a wrong sum", "lost sums", "a stranger at the end", "a stranger in between"],
)
def test_verify_finds(house, damage, table):
    house.take(clicks(0, 30))
    house.activate(TRACK)
    house.project()
    with psycopg.connect(house.url) as conn:
        conn.execute(damage)
    assert {one.table for one in verify(house.url, house.catalogue, house.rules, chunk=8)} == {table}


def test_verify_of_an_empty_log_finds_nothing(house):
    assert not list(verify(house.url, house.catalogue, house.rules))


def test_preparing_twice_or_at_once_makes_one_live_generation(empty_database):
    from raceline.domain.catalogue import load
    from raceline.projections.rules import rules_of

    catalogue = load()
    threads = [Thread(target=prepare, args=(empty_database, catalogue, rules_of(catalogue))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.name for one in status(empty_database).projections] == ["views_1"]


def test_status_says_how_far_behind_in_events_and_seconds(house):
    house.take([event(1, "c", 0, page="a")])
    (live,) = status(house.url).projections
    assert live.lag_events == 1
    assert live.lag_seconds > 0
    house.project()
    (live,) = status(house.url).projections
    assert (live.lag_events, live.lag_seconds) == (0, 0)
    assert status(house.url).log.head == 1
