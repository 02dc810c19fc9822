"""The log behind the eventsourcing library: its own test cases pass, and decisions live among the facts."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    InfrastructureFactoryError,
    IntegrityError,
    NotSupportedError,
    StoredEvent,
)
from eventsourcing.tests import persistence as shipped
from eventsourcing.utils import clear_topic_cache, register_topic

from raceline.domain.decisions import LogFactory
from raceline.domain.recorder import LogDatastore, LogRecorder


class _OnTheLog:
    """Lets the library's unittest cases use a database of the test's own."""

    @pytest.fixture(autouse=True)
    def _in(self, database):
        self.datastore = LogDatastore(database, pool_size=12)
        yield
        self.datastore.close()

    def create_recorder(self, *_):
        return LogRecorder(self.datastore)


class TestApplicationRecorder(_OnTheLog, shipped.ApplicationRecorderTestCase):
    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TestNotificationIds(_OnTheLog, shipped.NonInterleavingNotificationIDsBaseCase):
    insert_num = 300


def test_events_of_one_aggregate_are_kept_apart_from_all_others_and_read_by_version(log):
    recorder = log.recorder()
    mine, other = uuid4(), uuid4()
    stored = [StoredEvent(mine, version, f"topic{version}", b"state") for version in (1, 2, 3)]
    assert recorder.insert_events([]) is None
    assert recorder.insert_events(stored) == [1, 2, 3]
    recorder.insert_events([StoredEvent(other, 0, "topic", b"")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent(mine, 4, "topic", b""), stored[0]])

    assert recorder.select_events(mine) == stored
    assert recorder.select_events(mine, desc=True, limit=1) == stored[2:]
    assert recorder.select_events(mine, gt=1, lte=2) == stored[1:2]
    assert recorder.select_events(other) == [StoredEvent(other, 0, "topic", b"")]
    assert recorder.select_events(uuid4()) == []


def define():
    """An aggregate class as later racetracks and models: a decision with topics given by hand."""

    class Decided(Aggregate):
        TOPIC = "test.definition"

        class Created(Aggregate.Created):
            TOPIC = "test.definition_drafted"
            name: str

        class Published(Aggregate.Event):
            TOPIC = "test.definition_published"
            number: int

        @event(Created)
        def __init__(self, name):
            self.name = name
            self.versions = []

        @event(Published)
        def publish(self, number):
            self.versions.append(number)

    return Decided


Definition = define()


@pytest.fixture
def known_topics():
    """What a process does that reads decisions made by another: it registers the topics."""
    clear_topic_cache()
    for decided in (Definition, Definition.Created, Definition.Published):
        register_topic(decided.TOPIC, decided)
    yield
    clear_topic_cache()


@pytest.fixture
def decisions(database, known_topics):
    with Application(
        env={"PERSISTENCE_MODULE": "raceline.domain.decisions", "RACELINE_DATABASE_URL": database}
    ) as application:
        yield application


def test_an_application_of_the_library_keeps_its_aggregates_in_the_log(decisions):
    definition = Definition("thirteen stages")
    definition.publish(1)
    decisions.save(definition)
    again = decisions.repository.get(definition.id)
    again.publish(2)
    decisions.save(again)

    found = decisions.repository.get(definition.id)
    assert (found.name, found.versions, found.version) == ("thirteen stages", [1, 2], 3)
    assert decisions.repository.get(definition.id, version=2).versions == [1]


def test_a_decision_on_an_outdated_version_is_refused(decisions):
    definition = Definition("thirteen stages")
    decisions.save(definition)
    mine, yours = (decisions.repository.get(definition.id) for _ in range(2))
    mine.publish(1)
    yours.publish(1)
    decisions.save(mine)
    with pytest.raises(IntegrityError):
        decisions.save(yours)
    assert decisions.repository.get(definition.id).versions == [1]


def test_the_log_names_decisions_by_hand_given_topics_and_never_by_import_paths(decisions, sql):
    definition = Definition("thirteen stages")
    definition.publish(1)
    decisions.save(definition)
    assert sql("SELECT type FROM raceline.event ORDER BY position") == [
        ("test.definition_drafted",),
        ("test.definition_published",),
    ]
    assert sql("SELECT FROM raceline.event WHERE encode(state, 'escape') LIKE '%%test_recorder%%'") == []


def test_a_topic_outlives_the_class_it_was_first_given_to(decisions):
    definition = Definition("thirteen stages")
    definition.publish(7)
    decisions.save(definition)

    clear_topic_cache()
    moved = define()  # the library registers what has a TOPIC as soon as it is defined
    found = decisions.repository.get(definition.id)
    assert type(found) is moved
    assert found.versions == [7]


def test_facts_and_decisions_share_one_sequence_of_positions(decisions, log, event):
    log.append([event(1), event(2)])
    definition = Definition("thirteen stages")
    decisions.save(definition)
    log.append([event(3)])
    definition.publish(1)
    decisions.save(definition)

    notifications = decisions.recorder.select_notifications(None, 10)
    assert [n.id for n in notifications] == [1, 2, 3, 4, 5]
    assert [n.topic for n in notifications] == [
        "web.page_viewed",
        "web.page_viewed",
        "test.definition_drafted",
        "web.page_viewed",
        "test.definition_published",
    ]
    assert decisions.recorder.max_notification_id() == log.head() == 5


def test_a_fact_is_a_stored_event_whose_state_is_its_data(decisions, log, event):
    log.append([event("e", page="42")])
    [notification] = decisions.recorder.select_notifications(None, 10)
    assert notification.originator_id.bytes == event("e", page="42").uid
    assert notification.originator_version == 1
    assert notification.state == b'{"page": "42"}'
    assert decisions.recorder.select_events(notification.originator_id)[0].state == notification.state


def test_decisions_are_no_facts_of_a_customer(decisions, log, event):
    log.append([event(1)])
    decisions.save(Definition("thirteen stages"))
    assert [recorded.position for page in log.read_after(0) for recorded in page] == [1]


def test_an_aggregate_is_read_through_the_identities_and_not_through_the_whole_log(decisions, log, event, sql):
    log.append([event(n) for n in range(2_000)])
    decisions.save(Definition("thirteen stages"))
    statement = decisions.recorder.select_events_statement.as_string().replace("%s", f"'{uuid4()}'")
    plan = "\n".join(line for (line,) in sql(f"EXPLAIN {statement}"))
    assert "Seq Scan" not in plan


def test_decisions_made_at_once_are_all_kept(decisions):
    def decide(n):
        definition = Definition(f"definition {n}")
        definition.publish(n)
        decisions.save(definition)
        return definition.id

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(decide, range(40)))
    assert [decisions.repository.get(one).versions for one in made] == [[n] for n in range(40)]
    notifications = decisions.recorder.select_notifications(None, 100)
    assert [n.id for n in notifications] == list(range(1, 81))


def test_there_is_no_recorder_beside_the_log(decisions):
    with pytest.raises(NotSupportedError):
        decisions.factory.process_recorder()
    with pytest.raises(NotSupportedError):
        decisions.factory.aggregate_recorder()


def test_an_application_without_a_database_is_told_which_setting_is_missing(monkeypatch):
    monkeypatch.delenv("RACELINE_DATABASE_URL", raising=False)
    with pytest.raises(InfrastructureFactoryError, match="RACELINE_DATABASE_URL"):
        LogFactory({})
