"""Parquet of the envelope: a column for each of its fields; `data` is JSON text, a struct or a map."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from raceline.domain.byte_stream import AGAIN, BLOCK, ByteStream
from raceline.domain.cells import Unreadable
from raceline.domain.errors import UnknownFormat
from raceline.domain.event import Envelope, Reason, Reject
from raceline.domain.json_input import Raw
from raceline.domain.rows import Layout, Member
from raceline.domain.yaml_file import nearest

_NAMES = Envelope.__struct_fields__
_REQUIRED = ("type", "customer_id", "occurred_at")
_INTEGERS = ("sequence", "schema_version")
_DAMAGE = (OSError, pa.ArrowException)
_JSON = msgspec.json.Decoder(dict[str, msgspec.Raw])

ROWS = 5_000  # a batch is read whole or not at all, so a smaller one loses less to damage


def read_parquet(stream: ByteStream, source: str) -> Iterator[list[Raw | Reject]]:
    """Batches of the rows; their line is their number, from 1. Columns that are no field of the envelope are ignored.

    A timestamp without a time zone is UTC. A member of a struct that is null is left out. Raises UnknownFormat when a
    column is missing that every event needs, and UnreadableInput for a file that is cut off, because its end says what
    it holds.
    """
    file = open_parquet(stream)
    names = [name for name in file.schema_arrow.names if name in _NAMES]
    _refuse_missing(stream, file.schema_arrow.names)
    layout = Layout([_member(name, n) for n, name in enumerate(names)], (), {}, line_is_sequence=False)
    batches, done, total = file.iter_batches(ROWS, columns=names), 0, file.metadata.num_rows
    while (batch := next_batch(stream, batches)) is not None:
        lines = range(done + 1, done + len(batch) + 1)
        made = layout.json([_cells(stream, done, name, batch.column(name)) for name in names], lines)
        yield [
            Raw(line, text) if isinstance(text, bytes) else _reject(stream, source, line, text, batch.slice(n, 1))
            for n, (line, text) in enumerate(zip(lines, made, strict=True))
        ]
        stream.line = done = done + len(batch)
        stream.read_so_far = (stream.size or 0) * done // total


def open_parquet(stream: ByteStream) -> pq.ParquetFile:
    """The file, which must lie there unpacked. Raises UnreadableInput."""
    if not stream.in_any_order():
        raise stream.unreadable(1, "Parquet is read from its end", "Give it as a file that is not packed again.")
    try:
        return pq.ParquetFile(stream.packed, buffer_size=BLOCK, pre_buffer=False)
    except _DAMAGE as damage:
        raise stream.unreadable(1, str(damage).rstrip("."), AGAIN) from None


def _refuse_missing(stream: ByteStream, names: list[str]) -> None:
    for name in _REQUIRED:
        if name not in names:
            near = nearest(name, [other for other in names if other not in _NAMES])
            hint = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{one}`' for one in names)}"
            raise UnknownFormat(f"{stream.name}: Parquet without the column `{name}`; {hint}", file=stream.name)


def next_batch(stream: ByteStream, batches: Iterator[Any]) -> Any:
    """The next batch of a file, None at its end and where it is damaged, which the stream then says."""
    try:
        return next(batches, None)
    except _DAMAGE as damage:
        stream.damage = damage
        return None


def _member(name: str, index: int) -> Member:
    read = _data if name == "data" else _same
    reason: Reason = "invalid_data" if name == "data" else "invalid_envelope"
    return Member(name, f"column {name}", [index], read, required=name in _REQUIRED, reason=reason)


def _same(value: Any) -> Any:
    return value


def _data(text: str | None) -> msgspec.Raw | None:
    """The text as it is; decoded once, because it must be a whole object and no more."""
    if text is None:
        return None
    try:
        _JSON.decode(text)
    except (msgspec.DecodeError, RecursionError) as refused:
        raise Unreadable(str(refused)) from None
    return msgspec.Raw(text)


def _cells(stream: ByteStream, done: int, name: str, column: pa.Array) -> list[Any]:
    """What the cells of a column hold, as the envelope has it: texts, whole numbers, and JSON texts."""
    try:
        return _converted(name, column)
    except (pa.ArrowException, KeyError, TypeError, ValueError) as refused:
        cure = f"Write the column `{name}` as text, or as the type that the envelope has."
        raise stream.unreadable(done + 1, f"column `{name}` of type {column.type}: {refused}", cure) from None


def _converted(name: str, column: pa.Array) -> list[Any]:
    kind = column.type
    if name == "occurred_at" and not (types.is_string(kind) or types.is_large_string(kind)):
        if not types.is_temporal(kind):
            raise TypeError("it is neither a timestamp nor a text")
        column = column.cast(pa.timestamp("us", "UTC"), safe=False)
    if name == "data" and types.is_nested(kind):
        return [None if value is None else _as_json(value) for value in column.to_pylist(maps_as_pydicts="strict")]
    wanted: list[Any] = column.cast(pa.int64() if name in _INTEGERS else pa.string()).to_pylist()
    return wanted


def _as_json(value: Any) -> str:
    """NaN becomes `NaN`, which is no JSON, so that its row is rejected and no other."""
    present = {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value
    return json.dumps(present, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"data hold a value of type {type(value).__name__}, which JSON has not")


def _reject(stream: ByteStream, source: str, line: int, why: Unreadable, row: pa.RecordBatch) -> Reject:
    raw = json.dumps(row.to_pylist()[0], ensure_ascii=False, default=str).encode()
    place = f"{stream.name}:{line}"
    return Reject(source=source, place=place, reason=why.reason, detail=why.detail, raw=raw)
