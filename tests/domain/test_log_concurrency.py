"""Many writers and readers at once, and a database that goes away: nothing is missed, nothing half stored."""

import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from raceline.app.embedded import EmbeddedServer
from raceline.domain import log as log_module
from raceline.domain.errors import LogUnavailable, WrongExpectation
from raceline.domain.event import Envelope, Reject, canonical_json, make_event, moment
from raceline.domain.log import EventLog
from raceline.domain.migrate import migrate
from raceline.domain.recorder import CHANNEL, LogDatastore, LogRecorder, listen


def decide(recorder, count):
    """Insert decisions of one aggregate, as the library does."""
    aggregate = uuid4()
    return recorder.insert_events([StoredEvent(aggregate, n + 1, "test.decided", b"{}") for n in range(count)])


def tail(recorder, upto, seen):
    """Follow the log by nothing but the last position seen; stops at position `upto`."""
    after = 0
    while after < upto:
        found = recorder.select_notifications(after, 50, inclusive_of_start=False)
        seen.extend(notification.id for notification in found)
        after = seen[-1] if seen else 0


def write(url, name, batches, event):
    with EventLog(url, pool_size=1) as log:
        for n, size in enumerate(batches):
            log.append([event(f"{name}-{n}-{k}", f"customer {k % 3}") for k in range(size)], batch_source=name)


def test_a_reader_that_remembers_one_position_misses_nothing_of_any_number_of_writers(database, log, event, sql):
    sql("UPDATE raceline.log_head SET partition_size = 37")  # appends make partitions while readers read
    small, bulk, decisions = 60, [1, 400, 7, 300], 40
    total = 3 * small + 2 * sum(bulk) + 2 * decisions * 2
    seen = []
    reader = threading.Thread(target=tail, args=(log.recorder(), total, seen))
    reader.start()
    with ThreadPoolExecutor(7) as pool:
        jobs = [pool.submit(write, database, f"small {n}", [1] * small, event) for n in range(3)]
        jobs += [pool.submit(write, database, f"bulk {n}", bulk, event) for n in range(2)]
        jobs += [pool.submit(lambda: [decide(log.recorder(), 2) for _ in range(decisions)]) for _ in range(2)]
        for job in jobs:
            job.result()
    reader.join(60)
    assert seen == list(range(1, total + 1))
    assert log.head() == total


def test_pages_read_while_others_write_are_contiguous(database, log, event):
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(write, database, f"writer {n}", [1, 5, 2] * 12, event) for n in range(3)]
        position, seen = 0, []
        while position < 3 * 8 * 12:
            for page in log.read_after(position, page=17):
                seen += [recorded.position for recorded in page]
                position = seen[-1]
        for job in jobs:
            job.result()
    assert seen == list(range(1, 3 * 8 * 12 + 1))


def _write_in_a_process(url, name, start):
    start.wait()
    events = [
        make_event(
            Envelope(type="web.page_viewed", customer_id="ada", occurred_at=moment(n), event_id=str(n)),
            source=name,
            version=1,
            data=canonical_json(b'{"page":"11"}'),
        )
        for n in range(120)
    ]
    with EventLog(url, pool_size=1) as log:
        for n in range(0, 120, 4):
            log.append(events[n : n + 4])


def test_writers_in_several_processes_share_one_sequence(database, log):
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    processes = [
        context.Process(target=_write_in_a_process, args=(database, f"process {n}", start), daemon=True)
        for n in range(3)
    ]
    for process in processes:
        process.start()
    seen = []
    reader = threading.Thread(target=tail, args=(log.recorder(), 360, seen))
    reader.start()
    start.set()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    reader.join(60)
    assert seen == list(range(1, 361))


def test_of_all_who_expect_the_same_exactly_one_wins(log, event):
    barrier = threading.Barrier(4)

    def race(n):
        barrier.wait()
        try:
            return log.append([event(f"racer {n}")], expected={"ada": 0})[0].position
        except WrongExpectation as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(race, range(4)))
    assert [result for result in results if isinstance(result, int)] == [1]
    assert {error.facts["found"] for error in results if isinstance(error, WrongExpectation)} == {1}
    assert log.head() == 1


def test_of_all_who_bring_the_same_event_one_stores_it_and_the_rest_learn_its_position(log, event):
    barrier = threading.Barrier(4)

    def bring(_):
        barrier.wait()
        return log.append([event(n) for n in range(20)])

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(bring, range(4)))
    assert sorted(outcomes[0].outcome for outcomes in results) == ["accepted", "duplicate", "duplicate", "duplicate"]
    assert {tuple(o.position for o in outcomes) for outcomes in results} == {tuple(range(1, 21))}


def test_the_same_rejected_input_brought_at_once_is_kept_once(log):
    rejects = [Reject(source="web", place="x", reason="malformed", detail="x", raw=b"%d" % n) for n in range(10)]
    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(log.append, [], rejects[::step]) for step in (1, -1, 1, -1)]:
            job.result()
    assert len(log.quarantined()) == 10


# Following the log


def follow(subscription, seen):
    for notification in subscription:
        seen.append(notification.id)


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def followed(log, sql):
    """A subscription, and what it has seen."""
    seen = []
    with log.recorder().subscribe(gt=0) as subscription:
        follower = threading.Thread(target=follow, args=(subscription, seen))
        follower.start()
        wait_until(lambda: _listeners(sql))
        yield seen
        subscription.stop()
        follower.join(10)
        assert not follower.is_alive()


def _listeners(sql):
    return sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'raceline listen' AND query LIKE 'LISTEN%%'"
               " AND datname = current_database()")  # fmt: skip


def test_a_subscription_outlives_the_end_of_its_listening_connection(followed, log, event, sql):
    log.append([event(1)])
    wait_until(lambda: followed == [1])
    first = _listeners(sql)
    sql("SELECT pg_terminate_backend(%s)", first[0][0])
    wait_until(lambda: _listeners(sql) not in ([], first))
    log.append([event(2)])
    wait_until(lambda: followed == [1, 2])


def test_a_subscription_outlives_the_end_of_its_reading_connections(followed, log, event, sql):
    for n in range(1, 5):
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'raceline'"
            " AND datname = current_database()")  # fmt: skip
        wait_until(lambda n=n: _appended(log, event(n)))
        wait_until(lambda n=n: followed == list(range(1, n + 1)))


def _appended(log, one):
    try:
        return log.append([one])
    except LogUnavailable:
        return None


def test_a_lost_notification_is_made_good_by_asking_every_second(followed, log, event, sql, monkeypatch):
    silent = {
        name: text.replace("pg_notify('raceline_log'", "concat('raceline_log'")
        for name, text in log_module._SQL.items()
    }
    monkeypatch.setattr(log_module, "_SQL", silent)
    log.append([event(1)])
    wait_until(lambda: followed == [1])


def test_a_subscription_to_some_topics_goes_past_the_others(log, event):
    recorder = log.recorder()
    log.append([event(n) for n in range(5)])
    decide(recorder, 1)
    with recorder.subscribe(gt=0, topics=["test.decided"]) as subscription:
        assert next(subscription).id == 6
        log.append([event(n) for n in range(5, 9)])
        wait_until(lambda: subscription._last_notification_id == 10)
        decide(recorder, 1)
        assert next(subscription).id == 11


def test_a_subscription_may_begin_ahead_of_the_log(log, event):
    with log.recorder().subscribe(gt=2) as subscription:
        log.append([event(1), event(2), event(3)])
        assert next(subscription).id == 3


def test_a_subscription_stops_promptly_also_when_the_database_is_away():
    with LogDatastore("postgresql://nobody@127.0.0.1:1/nothing") as datastore:
        subscription = LogRecorder(datastore).subscribe(gt=0)
        follower = threading.Thread(target=follow, args=(subscription, []))
        follower.start()
        subscription.stop()
        with subscription:
            follower.join(5)
    assert not follower.is_alive()
    assert not subscription._pull_thread.is_alive()


def test_listening_says_when_something_was_appended(database, log, event):
    heard, stop = [], threading.Event()
    listener = threading.Thread(
        target=listen, args=(database, CHANNEL, lambda: heard.append(log.head()), stop.is_set), kwargs={"poll": 60}
    )
    listener.start()
    wait_until(lambda: heard)  # the first call, before anything is known
    log.append([event(1)])
    wait_until(lambda: heard[-1] == 1)
    stop.set()
    listener.join(5)
    assert not listener.is_alive()


def test_every_append_tells_the_new_head(database, log, event):
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"LISTEN {CHANNEL}")
        log.append([event(1), event(2)])
        decide(log.recorder(), 3)
        assert [n.payload for n in conn.notifies(timeout=10, stop_after=2)] == ["2", "5"]
        log.append([event(1)])  # a duplicate is no news
        assert list(conn.notifies(timeout=0.2)) == []


# A database that goes away


def test_an_append_whose_connection_is_cut_stores_nothing_and_succeeds_when_called_again(database, log, event, sql):
    events = [event(n) for n in range(3)]
    with psycopg.connect(database) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT raceline.lock_log(0)")
        job = pool.submit(log.append, events, [Reject(source="w", place="p", reason="malformed", detail="", raw=b"{")])
        wait_until(lambda: sql(_WAITING))
        sql(f"SELECT pg_terminate_backend(pid) FROM ({_WAITING}) AS w")
        with pytest.raises(LogUnavailable):
            job.result()
        holder.rollback()
    assert (log.head(), log.quarantined()) == (0, [])
    assert [outcome.outcome for outcome in log.append(events)] == ["accepted"] * 3


_WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'raceline' AND wait_event_type = 'Lock'"
    " AND datname = current_database()"
)


@pytest.fixture
def own_server():
    """A server of this test's own, to be stopped in the middle; the same kind as the others of this run."""
    home = Path(tempfile.mkdtemp(prefix="restarted-"))
    home.chmod(0o755)
    given = os.environ.get("RACELINE_TEST_POSTGRES_BIN")
    yield EmbeddedServer(home, Path(given) if given else None)
    shutil.rmtree(home)


def test_a_server_that_restarts_in_the_middle_loses_nothing_and_stores_nothing_twice(own_server, event):
    url = own_server.start()
    migrate(url)
    sent, done = [[event(f"{n}-{k}") for k in range(3)] for n in range(40)], []
    with EventLog(url, pool_size=2) as log:
        log.datastore.pool.timeout = 2
        stopped = threading.Event()

        def keep_sending():
            for batch in sent:
                while True:
                    try:
                        done.append(log.append(batch))
                        break
                    except LogUnavailable:
                        stopped.wait(0.05)

        writer = threading.Thread(target=keep_sending)
        writer.start()
        wait_until(lambda: len(done) >= 3)
        own_server.stop()
        own_server.start()
        writer.join(90)
        assert len(done) == len(sent)
        assert [r.event_id for page in log.read_after(0) for r in page] == [e.event_id for batch in sent for e in batch]
    own_server.stop()
