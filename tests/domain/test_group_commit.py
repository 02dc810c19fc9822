"""Small appends that arrive together are committed together, and each caller hears of his own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import LogUnavailable
from raceline.domain.event import Outcome, Reject
from raceline.domain.group_commit import GroupCommit
from raceline.domain.ingest import Ingest


class Door:
    """An ingest that remembers its groups; each call waits until it is let through."""

    def __init__(self):
        self.groups, self.sources, self.failure = [], [], None
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Semaphore(0)

    def store(self, checked, *, batch_source):
        self.entered.release()
        assert self.open.wait(20)
        self.groups.append(list(checked))
        self.sources.append(batch_source)
        if self.failure:
            raise self.failure
        return [Outcome(outcome="accepted", event_id=str(item)) for item in checked]


@pytest.fixture
def door():
    return Door()


@pytest.fixture
def group(door):
    with GroupCommit(door, wait=30, most=10) as group:
        yield group
        door.open.set()


def ids(future):
    return [outcome.event_id for outcome in future.result(20)]


def while_the_door_is_shut(group, door, submit):
    """Submit while another commit is under way, so that what is submitted comes together."""
    door.open.clear()
    first = group.submit([0], batch_source="first")
    assert door.entered.acquire(timeout=20)
    submitted = submit()
    door.open.set()
    first.result(20)
    return submitted


def test_a_lone_append_does_not_wait_for_others(group):
    begun = time.monotonic()
    for n in range(3):
        assert ids(group.submit([n], batch_source="api")) == [str(n)]
    assert time.monotonic() - begun < 15  # `wait` is 30 seconds here


def test_what_arrives_while_another_is_committed_shares_the_next_commit(group, door):
    futures = while_the_door_is_shut(
        group, door, lambda: [group.submit(checked, batch_source="api") for checked in ([1], [2, 3], [], [4])]
    )
    assert [ids(future) for future in futures] == [["1"], ["2", "3"], [], ["4"]]
    assert door.groups == [[0], [1, 2, 3, 4]]


def test_a_crowd_is_waited_for_so_that_nobody_is_committed_alone(group, door):
    futures = while_the_door_is_shut(group, door, lambda: [group.submit([n], batch_source="api") for n in (1, 2, 3)])
    [future.result(20) for future in futures]
    again = [group.submit([4], batch_source="api")]
    time.sleep(0.05)
    assert door.groups[2:] == []
    again += [group.submit([n], batch_source="api") for n in (5, 6)]
    assert [ids(future) for future in again] == [["4"], ["5"], ["6"]]
    assert door.groups[2:] == [[4, 5, 6]]


def test_a_crowd_that_has_gone_is_waited_for_no_longer_than_wait(door):
    with GroupCommit(door, wait=0.01) as group:
        futures = while_the_door_is_shut(group, door, lambda: [group.submit([n], batch_source="a") for n in (1, 2, 3)])
        [future.result(20) for future in futures]
        assert ids(group.submit([4], batch_source="a")) == ["4"]


def test_a_group_holds_no_more_than_the_most_unless_one_caller_brings_more(group, door):
    large = list(range(100, 125))
    futures = while_the_door_is_shut(
        group,
        door,
        lambda: [group.submit(c, batch_source="api") for c in (list(range(1, 8)), [8, 9, 10], [11], large, [12])],
    )
    assert [len(ids(future)) for future in futures] == [7, 3, 1, 25, 1]
    assert door.groups == [[0], list(range(1, 11)), [11], large, [12]]


def test_a_batch_names_all_its_sources(group, door):
    futures = while_the_door_is_shut(
        group,
        door,
        lambda: [group.submit([n], batch_source=source) for n, source in enumerate(["http", "graphql", "http"])],
    )
    [future.result(20) for future in futures]
    assert door.sources == ["first", "http, graphql"]


def test_an_error_of_the_database_goes_to_every_caller_and_the_next_commit_is_tried(door):
    with GroupCommit(door, wait=0.01) as group:
        futures = while_the_door_is_shut(group, door, lambda: [group.submit([n], batch_source="a") for n in (1, 2, 3)])
        assert [ids(future) for future in futures] == [["1"], ["2"], ["3"]]
        door.failure = LogUnavailable("gone")
        for future in [group.submit([n], batch_source="api") for n in (4, 5, 6)]:
            with pytest.raises(LogUnavailable):
                future.result(20)
        door.failure = None
        assert ids(group.submit([7], batch_source="api")) == ["7"]


def test_an_unforeseen_error_does_not_end_the_worker(group, door):
    door.failure = ZeroDivisionError("a fault of ours")
    with pytest.raises(ZeroDivisionError):
        group.submit([1], batch_source="api").result(20)
    door.failure = None
    assert ids(group.submit([2], batch_source="api")) == ["2"]


def test_a_cancelled_append_is_not_stored(group, door):
    def submit():
        futures = [group.submit([n], batch_source="api") for n in (1, 2)]
        assert futures[0].cancel()
        return futures

    _, kept = while_the_door_is_shut(group, door, submit)
    assert ids(kept) == ["2"]
    assert door.groups == [[0], [2]]


def test_closing_commits_what_waits_and_takes_no_more(door):
    group = GroupCommit(door, wait=30)
    futures = while_the_door_is_shut(group, door, lambda: [group.submit([n], batch_source="api") for n in (1, 2, 3)])
    late = group.submit([4], batch_source="api")
    group.close()
    assert [ids(future) for future in [*futures, late]] == [["1"], ["2"], ["3"], ["4"]]
    with pytest.raises(LogUnavailable, match="stopping"):
        group.submit([5], batch_source="api")


# On the log


def test_many_callers_at_once_each_hear_of_their_own_events(log, event, sql):
    def call(n):
        outcomes = group.submit([event(f"{n}-{k}") for k in range(3)] + [event("shared")], batch_source="api").result(
            60
        )
        again = group.submit([event(f"{n}-0")], batch_source="api").result(60)
        return outcomes, again[0]

    with GroupCommit(Ingest(log, Check(load()))) as group, ThreadPoolExecutor(12) as pool:
        results = list(pool.map(call, range(36)))
    names = {r.position: r.event_id for page in log.read_after(0) for r in page}
    assert len(names) == 36 * 3 + 1
    for n, (outcomes, again) in enumerate(results):
        assert [names[outcome.position] for outcome in outcomes] == [f"{n}-0", f"{n}-1", f"{n}-2", "shared"]
        assert (again.outcome, again.position) == ("duplicate", outcomes[0].position)
    assert sum(outcomes[3].outcome == "accepted" for outcomes, _ in results) == 1
    [(batches,)] = sql("SELECT count(*) FROM raceline.ingest_batch")
    assert batches < 36


def test_what_the_database_refuses_concerns_only_its_own_event(log, event):
    refused = msgspec.structs.replace(event("bad"), type="\0")
    reject = Reject(source="web", place="api[0]", reason="malformed", detail="x", raw=b"{", event_id=None)
    with GroupCommit(Ingest(log, Check(load()))) as group:
        group._crowd = 3
        futures = [group.submit(c, batch_source="api") for c in ([event(1)], [refused, event(2)], [reject])]
        kinds = [[outcome.outcome for outcome in future.result(60)] for future in futures]
    assert kinds == [["accepted"], ["quarantined", "accepted"], ["quarantined"]]
    assert {entry.reason for entry in log.quarantined()} == {"unstorable", "malformed"}
