"""PostgreSQL arrays in binary form, built a column at a time.

psycopg dumps a list element by element; a batch of events has some fourteen columns, and this is three times faster.
Source: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
"""

from collections.abc import Sequence
from struct import pack
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

_OIDS = {"uuid": 2950, "bytea": 17, "text": 25, "bigint": 20, "integer": 23, "timestamptz": 1184, "jsonb": 3802}
# PostgreSQL counts microseconds from 2000-01-01, everybody else from 1970-01-01.
POSTGRES_EPOCH = 946_684_800_000_000
_NULL = b"\xff\xff\xff\xff"


class BinaryArray:
    """The bytes of one array parameter; the statement's cast says its type."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _BinaryArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> bytes:
        return bytes(obj.data)


def register(conn: Connection[Any]) -> None:
    """Let this connection take BinaryArray parameters."""
    conn.adapters.register_dumper(BinaryArray, _BinaryArrayDumper)


def _header(type_name: str, count: int, *, nulls: bool) -> bytes:
    if count == 0:
        return pack(">iiI", 0, 0, _OIDS[type_name])
    return pack(">iiIii", 1, int(nulls), _OIDS[type_name], count, 1)


def _fixed(type_name: str, code: str, values: Any) -> BinaryArray:
    width = np.dtype(code).itemsize
    cells = np.empty(len(values), dtype=[("length", ">i4"), ("value", code)])
    cells["length"] = width
    cells["value"] = values
    return BinaryArray(_header(type_name, len(values), nulls=False) + cells.tobytes())


def timestamps(values: Sequence[int]) -> BinaryArray:
    """timestamptz[] of microseconds since 1970."""
    return _fixed("timestamptz", ">i8", np.asarray(values, dtype=np.int64) - POSTGRES_EPOCH)


def integers(values: Sequence[int]) -> BinaryArray:
    """integer[] of 32-bit numbers."""
    return _fixed("integer", ">i4", values)


def bigints(values: Sequence[int | None]) -> BinaryArray:
    """bigint[] of 64-bit numbers; None is NULL."""
    if None not in values:
        return _fixed("bigint", ">i8", np.asarray(values, dtype=np.int64))
    return _varied("bigint", [None if value is None else pack(">q", value) for value in values])


def uuids(values: Sequence[bytes]) -> BinaryArray:
    """uuid[] of 16-byte values."""
    return _fixed("uuid", "V16", np.frombuffer(b"".join(values), dtype="V16"))


def _varied(type_name: str, values: Sequence[bytes | None]) -> BinaryArray:
    if values and values.count(None) == len(values):
        return BinaryArray(_header(type_name, len(values), nulls=True) + _NULL * len(values))
    cells = [_NULL if value is None else len(value).to_bytes(4, "big") + value for value in values]
    return BinaryArray(_header(type_name, len(values), nulls=None in values) + b"".join(cells))


def byteas(values: Sequence[bytes]) -> BinaryArray:
    """bytea[]."""
    return _varied("bytea", values)


def texts(values: Sequence[str | None]) -> BinaryArray:
    """text[]; None is NULL."""
    return _varied("text", [None if value is None else value.encode() for value in values])


def jsonbs(values: Sequence[bytes]) -> BinaryArray:
    """jsonb[] of JSON texts; each begins with the version of the binary form, 1."""
    return _varied("jsonb", [b"\x01" + value for value in values])
