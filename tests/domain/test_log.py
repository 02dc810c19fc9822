"""The promises of the log: identity, expectation, order, quarantine, and that it never forgets."""

import itertools
import json
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raceline.domain.errors import LogImmutable, LogRefused, LogUnavailable, WrongExpectation
from raceline.domain.event import Reject, micros, moment
from raceline.domain.log import EventLog


def reject(raw=b"{", *, source="web", place="file:1", reason="malformed", detail="not JSON"):
    return Reject(source=source, place=place, reason=reason, detail=detail, raw=raw)


def kinds(outcomes):
    return [outcome.outcome for outcome in outcomes]


# Append and read back


def test_an_appended_event_is_read_back_as_it_was(log, event):
    sent = event("e1", "ada", 3, source="mobile", sequence=7, page="11", note="grüße 🏁 \\ \" '")
    [outcome] = log.append([sent])
    [recorded] = log.read_customer("ada")
    assert (outcome.outcome, outcome.position, outcome.event_id) == ("accepted", 1, "e1")
    assert recorded.position == 1
    assert (recorded.source, recorded.event_id, recorded.type) == ("mobile", "e1", "web.page_viewed")
    assert micros(recorded.occurred_at) == sent.occurred_at
    assert recorded.event_uid.bytes == sent.uid
    assert (recorded.sequence, recorded.schema_version) == (7, 1)
    assert (recorded.account_id, recorded.product, recorded.correlation_id, recorded.causation_id) == (None,) * 4
    assert json.loads(recorded.data) == {"page": "11", "note": "grüße 🏁 \\ \" '"}


def test_an_empty_log_has_head_0_and_nothing_to_read(log):
    assert log.head() == 0
    assert list(log.read_after(0)) == []
    assert log.read_customer("nobody") == []


def test_positions_are_contiguous_from_1_in_the_order_given(log, event):
    outcomes = log.append([event(n) for n in range(5)]) + log.append([event(n) for n in range(5, 7)])
    assert [outcome.position for outcome in outcomes] == [1, 2, 3, 4, 5, 6, 7]
    assert [r.event_id for page in log.read_after(0) for r in page] == [str(n) for n in range(7)]


def test_nothing_to_append_leaves_no_trace(log, sql):
    assert log.append([]) == []
    assert sql("SELECT FROM raceline.ingest_batch") == []


def test_pages_after_a_position_end_at_the_head(log, event):
    log.append([event(n) for n in range(10)])
    pages = list(log.read_after(3, page=3))
    assert [[r.position for r in page] for page in pages] == [[4, 5, 6], [7, 8, 9], [10]]


def test_a_batch_is_written_down_with_its_counts(log, event, sql):
    log.append([event(1), event(2, page="a")], batch_source="first.csv")
    log.append([event(1), event(2, page="b"), event(3), event(3), event(3, page="c")], [reject()], batch_source="2nd")
    columns = "source, received, stored, duplicate, conflicting, quarantined, first_position, last_position"
    assert sql(f"SELECT {columns} FROM raceline.ingest_batch ORDER BY batch_id") == [
        ("first.csv", 2, 2, 0, 0, 0, 1, 2),
        ("2nd", 6, 1, 2, 2, 1, 3, 3),
    ]
    of_a_batch = "e.position BETWEEN b.first_position AND b.last_position AND e.recorded_at = b.at"
    joined = "raceline.event e JOIN raceline.ingest_batch b USING (batch_id)"
    assert sql(f"SELECT count(*) FROM {joined} WHERE {of_a_batch}") == [(3,)]


def test_recorded_at_never_runs_backwards(log, event, sql):
    log.append([event(1)])
    sql("UPDATE raceline.log_head SET recorded_at = recorded_at + interval '1 hour'")  # the clock is set back an hour
    log.append([event(2)])
    log.append([event(3)])
    times = [r.recorded_at for page in log.read_after(0) for r in page]
    assert times == sorted(times)


def test_a_customers_events_come_by_time_then_sequence_then_identity(log, event):
    tied = [event(f"tie{n}", minute=5, sequence=3) for n in range(6)]
    sent = [event("late", minute=9), event("b", minute=5, sequence=2), event("a", minute=5, sequence=1), *tied]
    sent += [event("none", minute=5), event("first", minute=1)]
    log.append(sent)
    by_identity = [one.event_id for one in sorted(tied, key=lambda one: one.uid)]
    assert [r.event_id for r in log.read_customer("ada")] == ["first", "none", "a", "b", *by_identity, "late"]


def test_a_customer_is_read_as_known_at_a_position(log, event):
    log.append([event("later", minute=2)])
    log.append([event("earlier", minute=1)])
    assert [r.event_id for r in log.read_customer("ada", up_to=1)] == ["later"]
    assert [r.event_id for r in log.read_customer("ada")] == ["earlier", "later"]


# Identity


def test_the_same_event_again_is_a_duplicate_at_its_first_position(log, event):
    log.append([event(1), event(2)])
    [again] = log.append([event(2)])
    assert (again.outcome, again.position) == ("duplicate", 2)
    assert log.head() == 2


def test_the_same_id_of_another_source_is_another_event(log, event):
    outcomes = log.append([event(1, source="web"), event(1, source="shop")])
    assert kinds(outcomes) == ["accepted", "accepted"]


def test_the_same_identity_with_other_content_is_a_conflict_and_both_are_kept(log, event):
    log.append([event(1, page="11")])
    [conflict] = log.append([event(1, page="12", note="new")])
    assert (conflict.outcome, conflict.reason, conflict.position) == ("quarantined", "conflict", None)
    assert "position 1" in conflict.detail
    [kept] = log.quarantined()
    assert kept.reason == "conflict"
    assert json.loads(kept.raw)["data"] == {"page": "12", "note": "new"}
    assert json.loads(kept.raw)["event_id"] == "1"
    assert [json.loads(r.data) for r in log.read_customer("ada")] == [{"page": "11"}]


def test_another_sequence_is_the_same_content(log, event):
    log.append([event(1, sequence=1)])
    assert kinds(log.append([event(1, sequence=2)])) == ["duplicate"]


def test_a_repeat_inside_a_batch_is_measured_against_the_first(log, event):
    outcomes = log.append([event(1, page="a"), event(1, page="a"), event(1, page="b"), event(2)])
    assert kinds(outcomes) == ["accepted", "duplicate", "quarantined", "accepted"]
    assert [outcome.position for outcome in outcomes] == [1, 1, None, 2]


def test_a_repeat_inside_a_batch_is_measured_against_the_log_when_it_knows_better(log, event):
    log.append([event(1, page="a")])
    outcomes = log.append([event(1, page="b"), event(1, page="a"), event(1, page="b")])
    assert kinds(outcomes) == ["quarantined", "duplicate", "quarantined"]
    assert len(log.quarantined()) == 1


_runs = itertools.count()
_batches = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")), max_size=8),  # identity, content
    max_size=6,
)


@given(batches=_batches)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_batches_with_repeats_give_the_outcomes_and_the_log_of_a_dictionary(log, event, sql, batches):
    source = f"run {next(_runs)}"
    model, quarantine = {}, set()
    start = log.head()
    for batch in batches:
        expected = []
        for identity, content in batch:
            if identity not in model:
                model[identity] = content, start + len(model) + 1
                expected.append(("accepted", model[identity][1]))
            elif model[identity][0] == content:
                expected.append(("duplicate", model[identity][1]))
            else:
                quarantine.add((identity, content))
                expected.append(("quarantined", None))
        found = log.append([event(identity, source=source, page=content) for identity, content in batch])
        assert [(outcome.outcome, outcome.position) for outcome in found] == expected
    stored = sql("SELECT event_id::int, data->>'page', position FROM raceline.event WHERE source = %s", source)
    assert {identity: (content, position) for identity, content, position in stored} == model
    raws = [json.loads(raw) for (raw,) in sql("SELECT raw FROM raceline.quarantine WHERE source = %s", source)]
    assert sorted((int(raw["event_id"]), raw["data"]["page"]) for raw in raws) == sorted(quarantine)


# Expectation


def test_an_append_with_the_right_expectation_is_taken(log, event):
    log.append([event(1)], expected={"ada": 0})
    log.append([event(2, "bob")])
    assert kinds(log.append([event(3)], expected={"ada": 1, "bob": 2})) == ["accepted"]


def test_an_append_that_expects_less_than_there_is_is_refused_whole(log, event):
    log.append([event(1)])
    with pytest.raises(WrongExpectation, match="customer=ada, expected=0, found=1"):
        log.append([event(2), event(3, "bob")], [reject()], expected={"bob": 0, "ada": 0})
    assert log.head() == 1
    assert log.quarantined() == []


def test_the_same_append_again_is_a_duplicate_whatever_it_expected(log, event):
    log.append([event(1)], expected={"ada": 0})
    assert kinds(log.append([event(1)], expected={"ada": 0})) == ["duplicate"]


# The log never forgets


def _tables(sql):
    relations = sql("SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'raceline'::regnamespace"
                    " AND relkind IN ('r', 'p')")  # fmt: skip
    return {name.removeprefix("raceline.") for (name,) in relations}


@pytest.fixture
def full_log(log, event, sql):
    sql("UPDATE raceline.log_head SET partition_size = 2")
    log.append([event(n) for n in range(5)], [reject()])
    return log


def _refused(sql, statement):
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        sql(statement)


def test_update_delete_and_truncate_are_refused_on_every_table_of_the_log_and_every_partition(full_log, sql):
    tables = {table for table in _tables(sql) if table.startswith("event")} | {"ingest_batch"}
    assert {"event", "event_1", "event_3", "event_5", "event_key", "event_key_0", "ingest_batch"} <= tables
    for table in tables:
        column = "batch_id" if table == "ingest_batch" else "position"
        _refused(sql, f"UPDATE raceline.{table} SET {column} = {column}")
        _refused(sql, f"DELETE FROM raceline.{table}")
        _refused(sql, f"DELETE FROM raceline.{table} WHERE false")
        _refused(sql, f"TRUNCATE raceline.{table}")
    assert [r.position for page in full_log.read_after(0) for r in page] == [1, 2, 3, 4, 5]


def test_the_refusal_holds_for_the_owner_for_replicas_and_for_upserts(full_log, sql):
    assert sql("SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'event'") == [(True,)]
    _refused(sql, "SET session_replication_role = replica; DELETE FROM raceline.event")
    _refused(sql, "INSERT INTO raceline.event SELECT * FROM raceline.event"
                  " ON CONFLICT (position) DO UPDATE SET data = '{}'")  # fmt: skip


def test_the_head_can_move_but_not_go_away(full_log, sql):
    _refused(sql, "DELETE FROM raceline.log_head")
    _refused(sql, "TRUNCATE raceline.log_head")


def test_quarantine_can_be_offered_again_but_neither_changed_nor_emptied(full_log, sql):
    _refused(sql, "DELETE FROM raceline.quarantine")
    _refused(sql, "TRUNCATE raceline.quarantine")
    for column in ("raw", "reason", "detail", "place", "source", "digest", "received_at"):
        _refused(sql, f"UPDATE raceline.quarantine SET {column} = {column}")
    full_log.mark_requeued(1, 1)
    assert full_log.quarantined() == []


def test_a_change_through_ours_is_named_log_immutable(full_log):
    with pytest.raises(LogImmutable, match="DELETE on raceline"), full_log.datastore.connected() as conn:
        conn.execute("DELETE FROM raceline.event")


# Quarantine


def test_quarantine_keeps_the_bytes_whole(log):
    raw = bytes(range(256)) * 50
    log.append([], [reject(raw, place="clicks.csv:17", reason="wrong_encoding", detail="not UTF-8")])
    [kept] = log.quarantined()
    assert kept.raw == raw
    assert (kept.source, kept.place, kept.reason, kept.detail) == (
        "web",
        "clicks.csv:17",
        "wrong_encoding",
        "not UTF-8",
    )
    assert log.quarantined_one(kept.quarantine_id) == kept
    assert log.quarantined_one(kept.quarantine_id + 1) is None


def test_the_same_rejected_input_again_adds_nothing(log):
    log.append([], [reject(b"x"), reject(b"x"), reject(b"y")])
    log.append([], [reject(b"y"), reject(b"x", place="another file")])
    assert [kept.raw for kept in log.quarantined()] == [b"x", b"y"]


def test_the_same_bytes_of_another_source_are_another_entry(log):
    log.append([], [reject(b"x", source="web"), reject(b"x", source="shop")])
    assert len(log.quarantined()) == 2


def test_what_postgresql_cannot_hold_is_written_out_in_what_describes_a_reject(log, sql):
    odd = "a\0b\ud800c"
    log.append([], [reject(b"\0", source=odd, place=odd, detail=odd)], batch_source=odd)
    [kept] = log.quarantined()
    assert kept.raw == b"\0"
    assert {kept.source, kept.place, kept.detail} == {"a\\0b\\ud800c"}
    assert sql("SELECT source FROM raceline.ingest_batch") == [("a\\0b\\ud800c",)]


def test_quarantine_is_listed_in_pages_without_what_was_taken_in_the_end(log):
    log.append([], [reject(b"%d" % n) for n in range(5)])
    first, second, *_ = log.quarantined()
    log.mark_requeued(second.quarantine_id, 9)
    assert [kept.raw for kept in log.quarantined(after=first.quarantine_id, limit=2)] == [b"2", b"3"]
    assert log.quarantined_one(second.quarantine_id).requeued_as == 9


# Partitions


def test_one_batch_may_cross_several_partitions(log, event, sql):
    sql("UPDATE raceline.log_head SET partition_size = 3")
    outcomes = log.append([event(n) for n in range(11)])
    assert [outcome.position for outcome in outcomes] == list(range(1, 12))
    assert [r.position for page in log.read_after(0, page=4) for r in page] == list(range(1, 12))
    assert {t for t in _tables(sql) if t.startswith("event_") and not t.startswith("event_key")} >= {
        "event_1",
        "event_4",
        "event_7",
        "event_10",
    }


def test_room_for_a_batch_that_is_refused_is_given_back(log, event, sql):
    sql("UPDATE raceline.log_head SET partition_size = 3")
    log.append([event("first")])
    before = _tables(sql)
    with pytest.raises(WrongExpectation):
        log.append([event(n) for n in range(20)], expected={"ada": 0})
    assert _tables(sql) == before
    log.append([event(n) for n in range(20)], expected={"ada": 1})
    assert log.head() == 21


# Errors of the database


def test_a_value_that_postgresql_refuses_stores_nothing_of_the_batch(log, event):
    with pytest.raises(LogRefused, match=r"NUL|0x00"):
        log.append([event(1), event("nul\0")], [reject()])
    assert (log.head(), log.quarantined()) == (0, [])


def test_a_limit_of_the_server_is_a_refusal_and_no_reason_to_try_again(log, event):
    deep = msgspec.structs.replace(event(1), data=b'{"a":' * 50_000 + b"1" + b"}" * 50_000)
    with pytest.raises(LogRefused, match="stack depth"):
        log.append([deep])


def test_a_lock_held_too_long_is_reported_and_nothing_stored(database, event):
    with EventLog(database, lock_timeout=1) as log, psycopg.connect(database) as hung:
        hung.execute("SELECT raceline.lock_log(1)")
        with pytest.raises(LogUnavailable, match="lock timeout"):
            log.append([event(1)])
        hung.rollback()
        assert log.append([event(1)])[0].position == 1


def test_a_database_that_does_not_exist_is_unavailable(event):
    with EventLog("postgresql://nobody@127.0.0.1:1/nothing") as log:
        log.datastore.pool.timeout = 0.5
        with pytest.raises(LogUnavailable):
            log.append([event(1)])


def test_microseconds_survive_the_journey(log, event):
    at = event(1).occurred_at + 123_457
    log.append([msgspec.structs.replace(event(1), occurred_at=at)])
    [recorded] = log.read_customer("ada")
    assert recorded.occurred_at == moment(at)
    assert recorded.occurred_at.utcoffset() == timedelta(0)
    assert isinstance(recorded.event_uid, UUID)
