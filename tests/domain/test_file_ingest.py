"""A whole input goes into the log in order; whatever stops it, what came before is stored and counted."""

import json
import threading
from concurrent.futures import Future

import pytest

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import IngestInterrupted, LogUnavailable, UnreadableInput
from raceline.domain.event import Outcome, Reject
from raceline.domain.file_ingest import FileIngest
from raceline.domain.formats import open_input
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog

BATCH = 20_000


def lines(count):
    return "".join(
        json.dumps({"event_id": str(n), "type": "web.page_viewed", "customer_id": str(n % 10),
                    "occurred_at": "2026-01-05T00:00:00Z", "data": {"page": "a"}}) + "\n"
        for n in range(1, count + 1)
    )  # fmt: skip


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text(lines(3 * BATCH + 7))
    return path


@pytest.fixture
def ingest(database):
    with EventLog(database) as log:
        yield Ingest(log, Check(load()))


class Flaky:
    """A log that is away at some of its appends; `taken` are the batches it took."""

    def __init__(self, away):
        self.away, self.calls, self.taken = away, 0, []

    def append(self, events, rejects, *, batch_source):
        self.calls += 1
        if self.calls in self.away:
            raise LogUnavailable
        self.taken.append([event.event_id for event in events])
        return [Outcome(outcome="accepted", event_id=event.event_id, position=1) for event in events]


def run(log, path, **settings):
    running = FileIngest(Ingest(log, Check(load())), open_input(path), **settings)
    return running, running.run


def test_a_file_is_stored_in_its_order(ingest, file):
    running = FileIngest(ingest, open_input(file))
    lines_reached = []
    summary = running.run(lambda so_far: lines_reached.append(so_far.line))
    assert (summary.received, summary.accepted) == (3 * BATCH + 7, 3 * BATCH + 7)
    assert lines_reached == [BATCH, 2 * BATCH, 3 * BATCH, 3 * BATCH + 7]
    stored = [int(event.event_id) for page in ingest.log.read_after(0) for event in page]
    assert stored == list(range(1, 3 * BATCH + 8))


def test_the_next_batch_is_read_while_one_is_appended(file):
    """And no more than that: memory does not grow with the file."""
    reached = threading.Semaphore(0)

    class Slow(Flaky):
        def append(self, events, rejects, *, batch_source):
            assert reached.acquire(timeout=30), "the next batch was not read meanwhile"
            return super().append(events, rejects, batch_source=batch_source)

    class Counted:
        def __init__(self, records):
            self.records = records
            self.name, self.source, self.place = records.name, records.source, records.place
            self.most = 0

        def __iter__(self):
            for n, batch in enumerate(self.records):
                if n:
                    reached.release()
                self.most = max(self.most, n - len(log.taken))
                yield batch
            reached.release()

    log = Slow(away=())
    records = Counted(open_input(file))
    FileIngest(Ingest(log, Check(load())), records).run()
    assert len(log.taken) == 4
    assert records.most <= 2


def test_a_database_that_comes_back_in_time_is_waited_for(file):
    log = Flaky(away={2, 3})
    _running, start = run(log, file, patience=30)
    assert start().accepted == 3 * BATCH + 7
    assert [batch[0] for batch in log.taken] == ["1", str(BATCH + 1), str(2 * BATCH + 1), str(3 * BATCH + 1)]


def test_a_database_that_stays_away_is_told_with_the_line_up_to_which_all_is_stored(file):
    log = Flaky(away=range(3, 100))
    running, start = run(log, file, patience=0)
    with pytest.raises(IngestInterrupted, match=rf"events.ndjson is stored up to line {2 * BATCH}. Give it again"):
        start()
    assert (running.summary.accepted, running.line, len(log.taken)) == (2 * BATCH, 2 * BATCH, 2)


def test_an_interrupted_file_can_be_given_again(ingest, file):
    class Interrupted(Exception):
        pass

    def interrupt(running):
        if running.line == 2 * BATCH:
            raise Interrupted

    running = FileIngest(ingest, open_input(file))
    with pytest.raises(Interrupted):
        running.run(interrupt)
    assert running.summary.accepted >= 2 * BATCH
    assert ingest.log.head() == running.summary.accepted
    again = FileIngest(ingest, open_input(file)).run()
    assert (again.duplicate, again.received) == (running.summary.accepted, 3 * BATCH + 7)
    assert ingest.log.head() == 3 * BATCH + 7


def test_a_batch_that_is_stored_while_somebody_interrupts_is_counted(file, monkeypatch):
    """Ctrl-C comes to the thread that waits for the append."""
    log, waits = Flaky(away=()), iter([KeyboardInterrupt])
    result = Future.result

    def interrupted_once(self):
        if error := next(waits, None):
            raise error
        return result(self)

    monkeypatch.setattr(Future, "result", interrupted_once)
    running, start = run(log, file)
    with pytest.raises(KeyboardInterrupt):
        start()
    assert running.summary.accepted == sum(map(len, log.taken)) == BATCH


def test_what_came_before_a_damaged_place_is_stored_and_counted(ingest, tmp_path):
    path = tmp_path / "cut.json"
    path.write_text("[" + ",".join(lines(3).splitlines()) + ',{"type": "web.pa')
    running = FileIngest(ingest, open_input(path))
    with pytest.raises(UnreadableInput):
        running.run()
    assert (running.summary.accepted, ingest.log.head()) == (3, 3)
    assert running.summary.reasons == {"truncated": 1}, "the piece is kept"


def test_rejects_say_the_file_and_the_line(ingest, tmp_path):
    path = tmp_path / "some.ndjson"
    path.write_text(lines(1) + "\n{nonsense\n")
    FileIngest(ingest, open_input(path)).run()
    [entry] = ingest.log.quarantined()
    assert (entry.place, entry.raw) == (f"{path}:3", b"{nonsense")


def test_the_database_goes_away_for_a_while_in_the_middle(ingest, file, server_url, database):
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    def lose_connections(running):
        if running.line == BATCH:
            with psycopg.connect(server_url, autocommit=True) as conn:
                name = conninfo_to_dict(database)["dbname"]
                conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    assert FileIngest(ingest, open_input(file)).run(lose_connections).received == 3 * BATCH + 7
    assert ingest.log.head() == 3 * BATCH + 7


def test_a_reject_without_a_line_leaves_the_line_as_it_was(ingest):
    class Records:
        name, source = "it", "s"

        def __iter__(self):
            yield [Reject(source="s", place="it", reason="malformed", detail="", raw=b"x")]

        def place(self, line):
            return f"it:{line}"

    running = FileIngest(ingest, Records())
    running.run()
    assert (running.line, running.summary.quarantined) == (0, 1)
