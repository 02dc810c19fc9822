"""The identity and the content of an event."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.event import (
    Envelope,
    canonical_json,
    event_uid,
    from_cloud_event,
    make_event,
    micros,
    moment,
)

AT = datetime(2026, 1, 5, tzinfo=UTC)


def made(data=b'{"page":"11"}', source="web", version=1, **fields):
    envelope = Envelope(**{"type": "web.page_viewed", "customer_id": "ada", "occurred_at": AT} | fields)
    return make_event(envelope, source=source, version=version, data=canonical_json(data))


@given(source=st.text(), event_id=st.text())
def test_the_identity_is_the_standard_uuid5_of_source_and_event_id(source, event_id):
    expected = uuid5(uuid5(NAMESPACE_URL, f"raceline:{source}"), event_id)
    assert UUID(bytes=event_uid(source, event_id)) == expected


def test_source_and_event_id_cannot_be_confused():
    assert event_uid("a", "bc") != event_uid("ab", "c")
    assert event_uid("a:b", "c") != event_uid("a", "b:c")


def test_the_sequence_is_no_part_of_identity_or_content():
    one, other = made(event_id="e", sequence=1), made(event_id="e", sequence=2)
    assert (one.uid, one.content_hash) == (other.uid, other.content_hash)
    assert made(sequence=1).uid == made(sequence=2).uid


def test_the_order_of_keys_and_the_spaces_of_data_are_no_part_of_the_content():
    one = made(b'{"page":"11","more":{"b":1,"a":[1,2]}}')
    other = made(b'{ "more" : {"a": [1, 2],\n "b": 1}, "page": "\\u0031\\u0031" }')
    assert (one.uid, one.content_hash, one.data) == (other.uid, other.content_hash, other.data)


def test_the_offset_in_which_a_time_is_written_is_no_part_of_the_content():
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    assert made(occurred_at=tokyo).content_hash == made().content_hash


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"type": "content.viewed"}, id="type"),
        pytest.param({"version": 2}, id="schema version"),
        pytest.param({"customer_id": "bob"}, id="customer"),
        pytest.param({"account_id": "acme"}, id="account"),
        pytest.param({"product": "router"}, id="product"),
        pytest.param({"occurred_at": AT + timedelta(microseconds=1)}, id="time"),
        pytest.param({"correlation_id": "c"}, id="correlation"),
        pytest.param({"causation_id": "c"}, id="causation"),
        pytest.param({"data": b'{"page":"12"}'}, id="data"),
        pytest.param({"data": b'{"page":11}'}, id="kind of a value"),
    ],
)
def test_everything_that_happened_is_part_of_the_content(change):
    assert made(event_id="e").content_hash != made(event_id="e", **change).content_hash
    assert made().uid != made(**change).uid


def test_account_and_product_cannot_be_confused():
    assert made(account_id="x").content_hash != made(product="x").content_hash


def test_without_an_event_id_the_content_is_the_identity():
    event = made()
    assert event.event_id == made().event_id
    assert event.uid == event_uid("web", event.event_id)
    assert made(source="shop").uid != event.uid
    assert UUID(event.event_id).version == 5


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(value=_json)
def test_canonical_json_says_the_same_in_one_form(value):
    canonical = canonical_json(json.dumps(value).encode())
    assert json.loads(canonical) == value
    assert canonical_json(canonical) == canonical
    assert canonical_json(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode()) == canonical


@given(at=st.datetimes(timezones=st.just(UTC)))
def test_microseconds_stand_for_one_instant(at):
    assert moment(micros(at)) == at


def test_microseconds_count_from_1970():
    assert micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000_000
    assert micros(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1_000_000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("12", 12, id="digits"),
        pytest.param("-5", -5, id="a negative number"),
        pytest.param(7, 7, id="a number"),
        pytest.param("²", "²", id="a digit that is no number"),
        pytest.param("--5", "--5", id="two signs"),
        pytest.param("9" * 5_000, "9" * 5_000, id="5,000 digits"),
    ],
)
def test_the_sequence_of_a_cloud_event_is_a_number_where_it_is_written_as_one(written, read):
    assert from_cloud_event({"sequence": written}) == {"sequence": read}
