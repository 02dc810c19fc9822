"""The events of customers as columns: the same order and the same texts as a plain reading in Python."""

import itertools
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import numpy as np
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from raceline.domain import arrow
from raceline.domain.catalogue import load
from raceline.domain.columns import SLOTS, ColumnReader
from raceline.domain.errors import LogRefused, LogUnavailable
from raceline.domain.event import Envelope, canonical_json, make_event, moment

CATALOGUE = load([Path(__file__).with_name("visits.yaml")], allow_unknown=True)
_runs = itertools.count()


@pytest.fixture
def reader(database):
    with arrow.connect(database) as connection:
        yield ColumnReader(connection, CATALOGUE)


def made(n, customer, seconds, type_, version, data, sequence=None, account=None):
    envelope = Envelope(
        type=type_,
        customer_id=customer,
        occurred_at=moment(0) + timedelta(seconds=seconds),
        event_id=str(n),
        sequence=sequence,
        account_id=account,
    )
    return make_event(envelope, source="test", version=version, data=canonical_json(json.dumps(data).encode()))


# The plain reading


def naive(events, positions):
    """Rows of the events, in the order and with the texts that columns promise."""
    in_order = sorted(
        zip(events, positions, strict=True),
        key=lambda pair: (pair[0].customer_id.encode(), pair[0].occurred_at, pair[0].sequence or 0, pair[0].uid),
    )
    return [(e.customer_id, position, e.occurred_at, e.type, e.account_id, *_texts(e)) for e, position in in_order]


def _texts(event):
    kind = CATALOGUE.types.get(event.type)
    if kind is None:
        return (None,) * (3 + len(SLOTS))
    data = kind.lift(event.schema_version, json.loads(event.data))
    path = [getattr(kind.path, role, None) for role in ("page", "from_", "resolved")]
    others = [name for name in kind.title.attributes if name not in path]
    slots = [*others, *[None] * len(SLOTS)][: len(SLOTS)]
    texts = [_text(data.get(name)) if name else None for name in (*path, *slots)]
    for role, name in enumerate(path[:2]):  # a page is a name of 1 to 512 characters or a number, and nothing else
        if isinstance(data.get(name), bool) or not 1 <= len(texts[role] or "") <= 512:
            texts[role] = None
    return tuple(texts)


def _text(value):
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
    return str(value)


def rows(columns):
    customers = columns.customers.take(columns.customer).to_pylist() if len(columns) else []
    texts = [
        columns.texts[name].to_pylist() for name in ("type", "account_id", "page", "from_page", "resolved", *SLOTS)
    ]
    return list(zip(customers, columns.position.tolist(), columns.occurred_at.tolist(), *texts, strict=True))


_value = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text("aé\\\"'🏁 ", max_size=4)
_shapes = st.one_of(
    st.tuples(st.just("web.page_viewed"), st.just(1), st.fixed_dictionaries({}, optional={"page": _value})),
    st.tuples(
        st.just("support.link_followed"),
        st.just(1),
        st.fixed_dictionaries({"source_page": _value, "target_page": _value, "resolved": _value}),
    ),
    st.tuples(st.just("visit.made"), st.just(3), st.fixed_dictionaries({"site": _value, "reason": _value})),
    st.tuples(st.just("visit.made"), st.just(2), st.fixed_dictionaries({"site": _value, "motive": _value})),
    st.tuples(
        st.just("visit.made"),
        st.just(1),
        st.fixed_dictionaries({"site": _value, "why": st.sampled_from([1, 2, 3, "1"])}, optional={"colour": _value}),
    ),
    st.tuples(st.just("never.heard_of"), st.just(1), st.fixed_dictionaries({"page": _value})),
)
_events = st.lists(
    st.tuples(
        st.sampled_from(["ada", "Bob", "bob", "zoë", "客", "a b"]),
        st.integers(0, 2),  # few instants, so that many are equal
        st.none() | st.integers(-1, 1),
        st.sampled_from([None, "acme"]),
        _shapes,
    ),
    max_size=25,
)


@given(shapes=_events)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(shapes=[])
def test_columns_have_the_order_and_the_texts_of_a_plain_reading(log, reader, shapes):
    run, before = next(_runs), log.head()
    events = [
        made(f"{run}/{n}", f"{run:06}{customer}", seconds, type_, version, data, sequence, account)
        for n, (customer, seconds, sequence, account, (type_, version, data)) in enumerate(shapes)
    ]
    positions = [outcome.position for outcome in log.append(events)]
    head = log.head()
    expected = naive(events, positions)
    assert rows(reader.between(f"{run:06}", f"{run:06}\U0010ffff", head)) == expected
    reader.touch_new(before, head)
    assert rows(reader.touched(head)) == expected
    reader.connection.commit()


def test_the_order_in_columns_is_the_order_of_the_log(log, reader, event):
    log.append([event(n, minute=n % 3, sequence=n % 2) for n in range(60)])
    recorded = [r.position for r in log.read_customer("ada")]
    assert reader.customer("ada", log.head()).position.tolist() == recorded


_any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé\\" '),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('abé"', max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(values=st.lists(_any_value, min_size=1, max_size=10))
@example(values=[1e22, 1e-7, 100.0, -0.0, 1e300, 5e-324, 2**80, {"bb": 1, "a": [True, None, 'x"y', 1e-7]}])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lifted_values_have_the_text_that_postgresql_gives(log, reader, values):
    run = next(_runs)
    old, new = f"{run:06}old", f"{run:06}new"
    log.append(
        [made(f"{old}{n}", old, n, "visit.made", 2, {"motive": value}) for n, value in enumerate(values)]
        + [made(f"{new}{n}", new, n, "visit.made", 3, {"reason": value}) for n, value in enumerate(values)]
    )
    columns = reader.between(f"{run:06}", f"{run:06}\U0010ffff", log.head())
    texts = columns.texts["slot1"].to_pylist()
    assert texts[len(values) :] == texts[: len(values)]


# What is read


def test_only_what_was_recorded_up_to_a_position_is_read(log, reader, event):
    log.append([event(1, "ada", minute=9), event(2, "bob")])
    log.append([event(3, "ada", minute=1)])
    assert reader.between("", "zzz", 2).position.tolist() == [1, 2]
    assert reader.between("", "zzz", 3).up_to(2).position.tolist() == [1, 2]
    assert reader.customer("ada", 3).position.tolist() == [3, 1]


def test_a_customer_nobody_knows_has_no_columns(log, reader):
    columns = reader.customer("nobody", 0)
    assert (len(columns), len(columns.customers), columns.texts.num_rows) == (0, 0, 0)


def test_asking_for_one_customer_after_another_in_one_transaction_gives_each_alone(log, reader, event):
    log.append([event(1, "ada"), event(2, "bob")])
    assert reader.customer("ada", 2).position.tolist() == [1]
    assert reader.customer("ada", 2).position.tolist() == [1]
    assert reader.customer("bob", 2).position.tolist() == [2]


def test_decisions_are_in_no_columns(log, reader, event):
    log.append([event(1)])
    log.recorder().insert_events([StoredEvent(uuid4(), 1, "test.decided", b"{}")])
    reader.touch_new(0, 2)
    assert reader.touched(2).position.tolist() == [1]
    assert reader.chunks(2, 10) == [("", "ada", 1)]


# Chunks


@given(counts=st.lists(st.integers(1, 12), max_size=15), size=st.integers(1, 20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_cover_every_customer_once_and_keep_near_their_size(log, reader, counts, size):
    run = next(_runs)
    log.append(
        [
            made(f"{run}/{c}/{n}", f"{run:06}-{c}", n, "web.page_viewed", 1, {"page": "1"})
            for c, count in enumerate(counts)
            for n in range(count)
        ]
    )
    head = log.head()
    chunks = reader.chunks(head, size)
    read = [reader.between(after, through, head) for after, through, _ in chunks]
    reader.connection.commit()
    assert [len(columns) for columns in read] == [events for *_, events in chunks]
    assert sorted(np.concatenate([columns.position for columns in read] or [[]]).tolist()) == list(range(1, head + 1))
    customers = [name for columns in read for name in columns.customers.to_pylist()]
    assert customers == sorted(set(customers), key=str.encode)
    assert all(events < size + 12 for *_, events in chunks)  # a customer has at most 12 events, and is never cut


def test_an_empty_log_has_no_chunks(log, reader):
    assert reader.chunks(0, 10) == []


# Errors


def test_a_connection_that_was_cut_is_log_unavailable(log, reader, sql, event):
    log.append([event(1)])
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name <> 'raceline'")  # fmt: skip
    with pytest.raises(LogUnavailable):
        reader.between("", "z", 1)


def test_a_statement_that_fails_is_log_refused(reader):
    with pytest.raises(LogRefused, match="division by zero"):
        arrow.rows(reader.connection, "SELECT 1 / 0 AS n")


def test_a_server_that_is_not_there_is_log_unavailable():
    with pytest.raises(LogUnavailable), arrow.connect("postgresql://nobody@127.0.0.1:1/nothing"):
        pass


def test_a_newer_version_of_the_catalogue_lifts_what_was_stored_before(log, reader):
    log.append([made(1, "ada", 0, "visit.made", 1, {"why": 1, "site": 11})])
    [row] = rows(reader.customer("ada", 1))
    assert row[5] == "11"
    assert row[8] == "sale"
    assert msgspec.json.decode(log.read_customer("ada")[0].data) == {"why": 1, "site": 11}
