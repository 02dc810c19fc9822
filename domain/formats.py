"""The formats of input: what a file is, and its records as the JSON texts of envelopes (design, sections 3 and 4)."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from raceline.domain.byte_stream import ByteStream
from raceline.domain.errors import UnknownFormat
from raceline.domain.event import Reject
from raceline.domain.json_input import Raw, read_array, read_lines
from raceline.domain.mapping import Mapping
from raceline.domain.parquet_input import read_parquet
from raceline.domain.table_input import read_table
from raceline.domain.yaml_file import nearest

Format = Literal["ndjson", "json", "parquet", "clickstream", "csv"]

_CLICKSTREAM = Path(__file__).with_name("clickstream.yaml")
_CLICKSTREAM_HEADER = ["TimeStamp", "CustomerID", "SourcePageID", "TargetPageID", "IsResolved"]
_VARIANT = "Variant"  # a column that a clickstream may have besides
_PACKED = {".gz", ".zst", ".zstd"}
_LINES = {".ndjson", ".jsonl"}


def open_input(
    path: str | Path,
    *,
    format: Format | None = None,  # noqa: A002 # the word of the command line
    mapping: Path | None = None,
    source: str | None = None,
) -> "Input":
    """Open a file, or standard input for `-`. gzip and zstd are unpacked on the way.

    format: recognised by the first bytes when it is not given; a mapping file makes it csv. source: of the records that
    name none; when it is not given, the mapping's, and else the name of the file without folders and packing.
    Raises UnreadableInput, UnknownFormat with the cure, or InvalidMapping.
    """
    stream = ByteStream(str(path))
    try:
        found = format or ("csv" if mapping else _recognised(stream))
        read = _mapping(stream, found, mapping)
        return Input(stream, found, read, source or (read and read.source) or _plain_name(stream.name))
    except BaseException:
        stream.close()
        raise


class Input:
    """An input that was opened: its records, once, in batches.

    format: given or recognised. source: of the records that name none. name: the path as given, or `standard input`.
    Iterating raises UnreadableInput where the input cannot be read on, after everything before that place was given;
    InvalidMapping or UnknownFormat at its start, when it has not the columns that it should have.
    """

    def __init__(self, stream: ByteStream, format: Format, mapping: Mapping | None, source: str) -> None:  # noqa: A002
        self.format: Format = format
        self.source = source
        self.name = stream.name
        self._stream = stream
        self._mapping = mapping

    @property
    def size(self) -> int | None:
        """The bytes of the file as it lies on disk, packed or not; None for standard input."""
        return self._stream.size

    @property
    def read(self) -> int:
        """How many of these bytes were read so far."""
        return self._stream.read_so_far

    def place(self, line: int) -> str:
        """Where a record stands, as rejects say it."""
        return f"{self.name}:{line}"

    def __iter__(self) -> Iterator[list[Raw | Reject]]:
        with self._stream as stream:
            yield from filter(None, self._batches())
            stream.raise_damage()

    def __enter__(self) -> "Input":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def _batches(self) -> Iterator[list[Raw | Reject]]:
        match self.format:
            case "ndjson":
                return iter(read_lines(self._stream))
            case "json":
                return read_array(self._stream, self.source)
            case "parquet":
                return read_parquet(self._stream, self.source)
            case "clickstream" | "csv":
                assert self._mapping is not None, "open_input gives one"  # noqa: S101
                return read_table(self._stream, self.source, self._mapping)


def _plain_name(name: str) -> str:
    path = Path(name)
    return path.stem if path.suffix in _PACKED else path.name


def _mapping(stream: ByteStream, found: Format, path: Path | None) -> Mapping | None:
    if found not in get_args(Format):
        near = nearest(found, get_args(Format))
        hint = f"Did you mean {near}?" if near else f"Known are {', '.join(get_args(Format))}."
        raise UnknownFormat(f"{stream.name}: there is no format {found}. {hint}", file=stream.name)
    if found == "clickstream":
        if not _is_clickstream(header := _header(stream.buffered().peek())):
            raise UnknownFormat(f"{stream.name}: {_not_clickstream(header)}", file=stream.name)
        return _clickstream(_VARIANT in header)
    if found == "csv" and path is None:
        raise UnknownFormat(
            f"{stream.name}: a CSV file needs a mapping file, which says what its columns mean.", file=stream.name
        )
    if found != "csv" and path is not None:
        raise UnknownFormat(
            f"{stream.name}: a mapping file is for CSV, and this was to be read as {found}.", file=stream.name
        )
    return Mapping(path) if path else None


@cache
def _clickstream(varied: bool) -> Mapping:
    mapping = Mapping(_CLICKSTREAM)
    return mapping if varied else mapping.without("variant")


def _is_clickstream(header: list[str]) -> bool:
    others = [name for name in header if name != _VARIANT]
    return others == _CLICKSTREAM_HEADER and len(header) <= len(others) + 1


def _recognised(stream: ByteStream) -> Format:
    head = stream.buffered().peek()
    start = head.lstrip()
    first_line = _first_line(head)
    if head.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"[") or first_line == b"{":  # an object over several lines
        return "json"
    if start.startswith(b"{") or not start or Path(_plain_name(stream.name)).suffix in _LINES:
        return "ndjson"
    header = _header(head)
    if _is_clickstream(header):
        return "clickstream"
    raise UnknownFormat(f"{stream.name}: {_why_unknown(head, header)}", file=stream.name)


def _header(head: bytes) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([_first_line(head).decode(errors="replace")]), [])]


def _first_line(head: bytes) -> bytes:
    """The first line that is not blank."""
    lines = head.lstrip().splitlines()
    return lines[0].rstrip() if lines else b""


def _why_unknown(head: bytes, header: list[str]) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "this is UTF-16; convert it to UTF-8, or name the encoding in a mapping file."
    if b"\0" in head[:1_000]:
        return "this is binary, and neither Parquet nor gzip nor zstd."
    if len(header) > 1 and set(header) & set(_CLICKSTREAM_HEADER):
        return _not_clickstream(header)
    first = _first_line(head)[:60].decode(errors="replace")
    return (
        f"it begins with `{first}`, so it is no JSON, no Parquet, and no clickstream CSV"
        f" (with the header {','.join(_CLICKSTREAM_HEADER)}, perhaps with {_VARIANT})."
        " Any other CSV needs a mapping file."
    )


def _or_is_it(name: str, others: list[str]) -> str:
    near = nearest(name, others)
    return f" (is it `{near}`?)" if near else ""


def _not_clickstream(header: list[str]) -> str:
    """How this header differs from the clickstream's."""
    missing = [name for name in _CLICKSTREAM_HEADER if name not in header]
    others = [name for name in header if name not in (*_CLICKSTREAM_HEADER, _VARIANT)]
    lacks = ", ".join(f"`{name}` is missing{_or_is_it(name, others)}" for name in missing)
    has = ", ".join(f"`{name}` is no column of it{_or_is_it(name, [_VARIANT])}" for name in others)
    difference = lacks or has or f"its columns are {', '.join(header)}"
    return (
        f"the header of a clickstream CSV is {','.join(_CLICKSTREAM_HEADER)}, perhaps with {_VARIANT},"
        f" and here {difference}. Mend the header, or give a mapping file."
    )
