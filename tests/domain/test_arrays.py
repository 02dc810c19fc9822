"""Arrays in PostgreSQL's binary form arrive as the lists they were made of."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raceline.domain import arrays
from raceline.domain.event import EPOCH, MICROSECOND

_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
_int64 = st.integers(-(2**63), 2**63 - 1)
# PostgreSQL's timestamps reach further than Python's; what Python can show is compared here.
_micros = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
KINDS = [
    pytest.param("bigint", arrays.bigints, _int64, None, id="bigint"),
    pytest.param("bigint", arrays.bigints, st.none() | _int64, None, id="bigint with nulls"),
    pytest.param("integer", arrays.integers, st.integers(-(2**31), 2**31 - 1), None, id="integer"),
    pytest.param("text", arrays.texts, _text, None, id="text"),
    pytest.param("text", arrays.texts, st.none() | _text, None, id="text with nulls"),
    pytest.param("text", arrays.texts, st.none(), None, id="only nulls"),
    pytest.param("bytea", arrays.byteas, st.binary(max_size=50), None, id="bytea"),
    pytest.param("uuid", arrays.uuids, st.binary(min_size=16, max_size=16), lambda one: one.bytes, id="uuid"),
    pytest.param("timestamptz", arrays.timestamps, _micros, lambda one: (one - EPOCH) // MICROSECOND, id="time"),
    pytest.param("jsonb", arrays.jsonbs, st.sampled_from([b"1", b'"a"', b"[]"]),
                 lambda one: {1: b"1", "a": b'"a"'}.get(one if not isinstance(one, list) else None, b"[]"), id="jsonb"),
]  # fmt: skip


@pytest.fixture
def connection(database):
    with psycopg.connect(database) as conn:
        arrays.register(conn)
        conn.execute("SET TIME ZONE 'UTC'")
        yield conn


@pytest.mark.parametrize(("type_name", "make", "values", "back"), KINDS)
def test_an_array_arrives_as_the_list_it_was_made_of(connection, type_name, make, values, back):
    @given(given_values=st.lists(values, max_size=20))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def arrives(given_values):
        statement = f"SELECT %(a)b::{type_name}[], cardinality(%(a)b::{type_name}[])"
        found, count = connection.execute(statement, {"a": make(given_values)}).fetchone()
        assert [one if back is None or one is None else back(one) for one in found] == given_values
        assert count == len(given_values)

    arrives()


@pytest.mark.parametrize(
    ("make", "value"),
    [
        pytest.param(arrays.bigints, 2**63, id="beyond 64 bits"),
        pytest.param(arrays.integers, 2**31, id="beyond 32 bits"),
    ],
)
def test_a_number_that_does_not_fit_is_an_error_and_never_another_number(make, value):
    with pytest.raises(OverflowError):
        make([value])
