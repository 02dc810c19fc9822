"""What comes in is taken, known already, or kept whole in quarantine with its reason; nothing vanishes."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.catalogue import load
from raceline.domain.check import Check, Limits
from raceline.domain.errors import LogRefused, LogUnavailable
from raceline.domain.event import Event, Reject
from raceline.domain.ingest import Ingest, Summary
from raceline.domain.requeue import requeue

NOW = 1_767_600_000_000_000  # 2026-01-05T08:00:00Z
CHECK = Check(load(), Limits(max_event_bytes=1_000_000))
MISSING = object()


def envelope(**fields):
    """The JSON text of a page view; a field that is MISSING is left out, bytes stand as they are."""
    whole = {
        "event_id": "e1",
        "source": "web",
        "type": "web.page_viewed",
        "customer_id": "ada",
        "occurred_at": "2026-01-05T07:00:00Z",
        "data": {"page": "11"},
    } | fields
    parts = [
        json.dumps(name).encode() + b":" + (value if isinstance(value, bytes) else json.dumps(value).encode())
        for name, value in whole.items()
        if value is not MISSING
    ]
    return b"{" + b",".join(parts) + b"}"


def check(raw):
    return CHECK(raw, source="door", place="test[0]", now=NOW)


@pytest.fixture
def ingest(log):
    return Ingest(log, CHECK, clock=lambda: NOW)


# What is taken


def test_an_envelope_becomes_an_event():
    event = check(envelope(account_id="acme", product="router", sequence=3, correlation_id="c", causation_id="d"))
    assert isinstance(event, Event)
    assert (event.source, event.event_id, event.type, event.schema_version) == ("web", "e1", "web.page_viewed", 1)
    assert (event.customer_id, event.account_id, event.product, event.sequence) == ("ada", "acme", "router", 3)
    assert (event.correlation_id, event.causation_id) == ("c", "d")
    assert event.data == b'{"page":"11"}'


def test_what_the_envelope_leaves_out_comes_from_where_it_came_in():
    event = CHECK(envelope(source=MISSING), source="door", place="", now=NOW, sequence=17)
    assert (event.source, event.sequence) == ("door", 17)
    assert CHECK(envelope(sequence=3), source="door", place="", now=NOW, sequence=17).sequence == 3


def test_attributes_beyond_the_declared_ones_are_kept():
    assert check(envelope(data={"page": "11", "extra": {"deep": [1, None]}})).data == (
        b'{"extra":{"deep":[1,null]},"page":"11"}'
    )


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("2026-01-05T07:00:00.5Z", id="UTC"),
        pytest.param("2026-01-05T09:00:00.500000+02:00", id="an offset"),
        pytest.param("2026-01-05 01:30:00.5-05:30", id="a space and an offset of half hours"),
    ],
)
def test_the_same_instant_may_be_written_with_any_offset(written):
    assert check(envelope(occurred_at=written)).occurred_at == NOW - 3_599_500_000


def test_an_event_may_be_as_old_as_1970_and_as_far_ahead_as_clocks_differ():
    assert check(envelope(occurred_at="1970-01-01T00:00:00Z")).occurred_at == 0
    assert isinstance(check(envelope(occurred_at="2026-01-06T08:00:00Z")), Event)


def test_a_cloud_event_becomes_an_event():
    cloud = {
        "specversion": "1.0",
        "id": "e1",
        "source": "web",
        "type": "web.page_viewed",
        "subject": "ada",
        "time": "2026-01-05T07:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "https://example.org/page",
        "sequence": "-12",
        "accountid": "acme",
        "correlationid": "c",
        "causationid": "d",
        "schemaversion": 1,
        "traceparent": "00-00",
        "data": {"page": 11},
    }
    event = check(json.dumps(cloud).encode())
    plain = check(envelope(account_id="acme", correlation_id="c", causation_id="d", sequence=-12, data={"page": 11}))
    assert event == plain


def test_data_about_cloud_events_are_not_taken_for_one():
    assert isinstance(check(envelope(data={"page": "11", "specversion": "1.0"})), Event)


# What is not taken, and why

LONE = '"\\ud800"'
REJECTED = [
    pytest.param(b"", "truncated", "truncated", id="nothing"),
    pytest.param(envelope()[:-2], "truncated", "truncated", id="a record cut off"),
    pytest.param('{"event_id": "grü'.encode()[:-1], "truncated", "inside of a character", id="cut inside a character"),
    pytest.param(b"hello", "malformed", "malformed", id="not JSON"),
    pytest.param(envelope(data=b'{"page":"11","seconds":NaN}'), "malformed", "malformed", id="NaN"),
    pytest.param(envelope(data=b'{"page":"11","seconds":-Infinity}'), "malformed", "malformed", id="Infinity"),
    pytest.param(envelope() + b"x", "malformed", "trailing", id="something after the record"),
    pytest.param(envelope(data=b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "malformed", "too deeply",
                 id="100,000 brackets"),
    pytest.param(b"[" * 100_000, "invalid_envelope", "Expected `object`", id="100,000 brackets and nothing else"),
    pytest.param(envelope(customer_id=b'"gr\xfc\xdfe"'), "wrong_encoding", "byte", id="Latin-1 in the envelope"),
    pytest.param(envelope(data=b'{"page":"gr\xfc\xdfe"}'), "wrong_encoding", "not UTF-8", id="Latin-1 in the data"),
    pytest.param(envelope().decode().encode("utf-16"), "wrong_encoding", "byte 0", id="UTF-16"),
    pytest.param(b"[]", "invalid_envelope", "Expected `object`", id="a list"),
    pytest.param(envelope(customer_id=MISSING), "invalid_envelope", "customer_id", id="no customer"),
    pytest.param(envelope(customer_id=""), "invalid_envelope", "$.customer_id", id="an empty customer"),
    pytest.param(envelope(customer_id=7), "invalid_envelope", "$.customer_id", id="a customer that is a number"),
    pytest.param(envelope(customer_id="x" * 513), "invalid_envelope", "<= 512", id="a customer too long for an index"),
    pytest.param(envelope(event_id="x" * 513), "invalid_envelope", "<= 512", id="an event_id too long"),
    pytest.param(envelope(type=MISSING), "invalid_envelope", "type", id="no type"),
    pytest.param(envelope(occurred_at="2026-01-05T07:00:00"), "invalid_envelope", "timezone", id="a time without zone"),
    pytest.param(envelope(occurred_at=1515764691), "invalid_envelope", "$.occurred_at", id="a time that is a number"),
    pytest.param(envelope(occurred_at="yesterday"), "invalid_envelope", "RFC3339", id="a time that is none"),
    pytest.param(envelope(sequence=2**63), "invalid_envelope", "$.sequence", id="a sequence beyond 64 bits"),
    pytest.param(envelope(schema_version=0), "invalid_envelope", "$.schema_version", id="version 0"),
    pytest.param(envelope(specversion="0.3"), "invalid_envelope", "$.specversion", id="an older CloudEvent"),
    pytest.param(b'{"specversion":"1.0","id":"1","type":"a.b","subject":"c","time":"2026-01-05T07:00:00Z",'
                 b'"data_base64":"AAA="}', "invalid_envelope", "$.data_base64", id="a CloudEvent with binary data"),
    pytest.param(b'{"specversion":"1.0","id":"1","type":"a.b","subject":"c","time":"2026-01-05T07:00:00Z",'
                 b'"sequence":"first"}', "invalid_envelope", "$.sequence", id="a CloudEvent whose sequence is a word"),
    pytest.param(envelope(occurred_at="1969-12-31T23:59:59Z"), "invalid_time", "before 1970", id="a negative time"),
    pytest.param(envelope(occurred_at="0001-01-01T00:00:00+14:00"), "invalid_time", "before 1970", id="the first year"),
    pytest.param(envelope(occurred_at="2026-01-06T08:00:01Z"), "invalid_time", "86400 seconds", id="a day ahead"),
    pytest.param(envelope(occurred_at="9999-12-31T23:59:59-14:00"), "invalid_time", "future", id="the last year"),
    pytest.param(envelope(type="web.page_veiwed"), "unknown_type", "web.page_viewed", id="an unknown type"),
    pytest.param(envelope(type="no\0such"), "unknown_type", "", id="an unknown type with a NUL"),
    pytest.param(envelope(data={}), "invalid_data", "`$.data`", id="a required attribute is missing"),
    pytest.param(envelope(data=MISSING), "invalid_data", "`$.data`", id="no data"),
    pytest.param(envelope(data={"page": 1.5}), "invalid_data", "`$.data.page`", id="an attribute of the wrong kind"),
    pytest.param(envelope(data={"page": "11", "seconds": -1}), "invalid_data", "`$.data.seconds`", id="out of range"),
    pytest.param(envelope(data=[]), "invalid_data", "`$.data`", id="data that are a list"),
    pytest.param(envelope(data=b'{"page":"11","seconds":1e400}'), "invalid_data", "`$.data", id="1e400"),
    pytest.param(envelope(data=b'{"page":"11","n":' + b"9" * 200_000 + b"}"), "invalid_data", "`$.data",
                 id="an integer of 200,000 digits"),
    pytest.param(envelope(schema_version=99), "invalid_data", "newer", id="a version from the future"),
    pytest.param(envelope(data=b" " * 1_000_001), "too_large", "1000000", id="a record too large"),
    pytest.param(envelope(data={"page": "1\0"}), "unstorable", "NUL", id="a NUL"),
    pytest.param(envelope(data={"page": "11", "deep": [{"a\0b": 1}]}), "unstorable", "NUL", id="a NUL in a nested key"),
    pytest.param(envelope(data={"page": "11", "a": "\\\\\0"}), "unstorable", "NUL", id="a NUL after backslashes"),
    pytest.param(envelope(customer_id="a\0"), "unstorable", "NUL", id="a NUL in the customer"),
    pytest.param(envelope(event_id="a\0"), "unstorable", "NUL", id="a NUL in the event_id"),
    pytest.param(envelope(customer_id=LONE.encode()), "unstorable", "surrogate", id="half a surrogate pair"),
    pytest.param(envelope(data=b'{"page":"\\udc00"}'), "unstorable", "surrogate", id="the other half"),
    pytest.param(LONE.encode(), "unstorable", "surrogate", id="half a surrogate pair at the end of the record"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "reason", "says"), REJECTED)
def test_is_rejected_with_its_reason_and_whole(raw, reason, says):
    rejected = check(raw)
    assert isinstance(rejected, Reject)
    assert rejected.reason == reason
    assert says in rejected.detail
    assert rejected.raw == raw
    assert rejected.place == "test[0]"


def test_everything_that_is_rejected_is_kept_and_what_stands_between_is_taken(ingest, log):
    raws = [param.values[0] for param in REJECTED]
    between = [envelope(event_id=f"good {n}") for n in range(len(raws))]
    mixed = [raw for pair in zip(raws, between, strict=True) for raw in pair]
    outcomes = ingest.record(mixed, source="door", place="test")
    assert [o.reason for o in outcomes[::2]] == [param.values[1] for param in REJECTED]
    assert {o.outcome for o in outcomes[1::2]} == {"accepted"}
    assert sorted(kept.raw for kept in log.quarantined()) == sorted(raws)
    assert [kept.place for kept in log.quarantined()][1] == "test[2]"


def test_a_backslash_before_u0000_is_no_nul(ingest):
    [outcome] = ingest.record([envelope(data={"page": "\\u0000", "path": "C:\\\\u0000"})], source="", place="")
    assert outcome.outcome == "accepted"


def test_a_payload_of_10_megabytes_is_kept_whole_and_the_rest_goes_on(ingest, log):
    huge = envelope(data={"page": "11", "text": "x" * 10_000_000})
    outcomes = ingest.record([huge, envelope()], source="door", place="test")
    assert [o.outcome for o in outcomes] == ["quarantined", "accepted"]
    [kept] = log.quarantined()
    assert (kept.reason, kept.raw == huge) == ("too_large", True)


def test_within_the_limit_10_megabytes_are_an_event_like_any_other(log):
    ingest = Ingest(log, Check(load(), Limits(max_event_bytes=11_000_000)), clock=lambda: NOW)
    [outcome] = ingest.record([envelope(data={"page": "11", "text": "x" * 10_000_000})], source="door", place="test")
    assert outcome.outcome == "accepted"
    assert len(log.read_customer("ada")[0].data) > 10_000_000


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)
_fields = st.sampled_from(
    ["event_id", "source", "type", "customer_id", "occurred_at", "data", "sequence", "specversion", "time", "id"]
)


@given(
    changes=st.dictionaries(_fields, _json, max_size=3), cut=st.none() | st.integers(0, 200), byte=st.binary(max_size=2)
)
def test_whatever_comes_in_is_either_an_event_or_a_reject(changes, cut, byte):
    raw = envelope(**changes)
    raw = raw if cut is None else raw[:cut] + byte + raw[cut + 1 :]
    checked = check(raw)
    assert isinstance(checked, Event) or (checked.raw == raw and checked.detail)


@given(data=st.dictionaries(st.text(st.characters()), _json, max_size=3))
def test_the_nul_that_is_found_is_the_nul_that_is_there(data):
    raw = envelope(data={"page": "11"} | {f"x{name}": value for name, value in data.items()})
    try:
        found = any("\0" in text for text in _texts(msgspec.json.decode(raw)))
    except (ValueError, RecursionError):
        return
    checked = check(raw)
    assert found == (isinstance(checked, Reject) and checked.reason == "unstorable")


def _texts(value):
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for name, item in value.items():
                yield name
                yield from _texts(item)


# A value that only the database refuses


def _deep(event):
    return msgspec.structs.replace(event, data=b'{"a":' * 50_000 + b"1" + b"}" * 50_000)


def test_a_value_that_postgresql_refuses_is_quarantined_alone(ingest, log, event):
    good = [event(n) for n in range(7)]
    checked = [
        *good[:3],
        _deep(event("deep")),
        check(b"{"),
        *good[3:],
        msgspec.structs.replace(event("nul"), type="\0"),
    ]
    outcomes = ingest.store(checked, batch_source="test")
    assert [o.outcome[0] for o in outcomes] == list("aaaqqaaaaq")
    assert [outcomes[n].reason for n in (3, 4, 9)] == ["unstorable", "truncated", "unstorable"]
    assert "stack depth" in outcomes[3].detail
    assert [r.event_id for page in log.read_after(0) for r in page] == [one.event_id for one in good]
    kept = {entry.reason + entry.place: entry.raw for entry in log.quarantined()}
    assert b'"event_id":"deep"' in kept["unstorabletest event deep"]
    assert b'"customer_id":"ada"' in kept["unstorabletest event deep"]


def test_what_is_refused_even_in_quarantine_is_an_error_and_nothing_is_stored(ingest, monkeypatch):
    def refuse(*_, **__):
        raise LogRefused("no", sqlstate="22021")

    monkeypatch.setattr(type(ingest.log), "append", refuse)
    with pytest.raises(LogRefused):
        ingest.record([envelope(), b"{"], source="", place="")


def test_a_right_that_is_missing_is_the_fault_of_no_event(ingest, log, sql):
    sql("ALTER TABLE raceline.event_key RENAME TO away")
    with pytest.raises(LogRefused, match="event_key"):
        ingest.record([envelope()], source="", place="")
    sql("ALTER TABLE raceline.away RENAME TO event_key")
    assert log.quarantined() == []
    assert ingest.record([envelope()], source="", place="")[0].outcome == "accepted"


def test_a_server_that_takes_no_writes_at_present_is_asked_again_later(ingest, log, sql):
    [(name,)] = sql("SELECT current_database()")
    sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(LogUnavailable, match="read-only"):
        ingest.record([envelope()], source="", place="")


# Counting


def test_the_summary_counts_what_became_of_the_records(ingest):
    raws = [envelope(), envelope(event_id="e2"), envelope(), envelope(data={"page": "12"}), b"{", b"{{"]
    summary = Summary()
    summary.add(ingest.record(raws, source="door", place="test"))
    assert (summary.received, summary.accepted, summary.duplicate, summary.quarantined) == (6, 2, 1, 3)
    assert summary.reasons == {"conflict": 1, "truncated": 1, "malformed": 1}


def test_a_record_without_an_id_is_known_by_its_content(ingest):
    outcomes = ingest.record(
        [envelope(event_id=MISSING), envelope(event_id=MISSING), envelope(event_id=MISSING, customer_id="bob")],
        source="door",
        place="test",
    )
    assert [o.outcome for o in outcomes] == ["accepted", "duplicate", "accepted"]


# A second chance; its rules are in test_requeue.py


def test_an_entry_whose_event_came_in_by_another_way_leaves_quarantine_as_a_duplicate(ingest, log):
    ingest.record([envelope(data={"page": 1.5})], source="door", place="test")
    ingest.record([envelope()], source="door", place="test")
    [entry] = log.quarantined()
    assert requeue(ingest, entry.quarantine_id, envelope()).outcome == "duplicate"
    assert log.quarantined() == []


def test_an_entry_keeps_the_source_it_came_from(ingest, log):
    ingest.record([envelope(source=MISSING, data={})], source="shop", place="test")
    [entry] = log.quarantined()
    requeue(ingest, entry.quarantine_id, envelope(source=MISSING))
    assert log.read_customer("ada")[0].source == "shop"
