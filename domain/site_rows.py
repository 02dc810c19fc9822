"""The rows of a file of the page table, whatever its format: the texts under the columns that are wanted.

CSV with a comma, a tab, a semicolon or a bar; JSON lines or an array of objects; Parquet. gzip and zstd are unpacked.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
from pyarrow import types

from raceline.domain.byte_stream import AGAIN, ByteStream
from raceline.domain.cells import Unreadable
from raceline.domain.errors import InvalidSite, UnreadableInput
from raceline.domain.event import Reject
from raceline.domain.json_input import read_array, read_lines
from raceline.domain.parquet_input import ROWS, next_batch, open_parquet
from raceline.domain.table_input import Batch, open_table
from raceline.domain.yaml_file import nearest

_DELIMITERS = ",\t;|"
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_AS_IT_WAS = "Copy the file again, then load it again."

Texts = list[str | None]


class Wanted(NamedTuple):
    """A column that is looked for. also: other names of it; upper case, spaces, - and _ make no difference in any."""

    name: str
    also: tuple[str, ...] = ()
    required: bool = True

    def is_called(self, name: str) -> bool:
        """Whether a column of this name is the one."""
        return _plain(name) in map(_plain, (self.name, *self.also))


class NamedRows:
    """The rows of one file, once: each its line (of Parquet its number), and its texts in the order of `wanted`.

    name: of the file. unused: the columns that nobody wanted, once all was read. A row that cannot be read is
    Unreadable instead of texts. Raises InputNotFound when it is made; InvalidSite where the file cannot be read on, or
    has not the columns that are required. To be closed.
    """

    def __init__(self, path: str, wanted: Sequence[Wanted]) -> None:
        self._stream = ByteStream(path)
        self.name = self._stream.name
        self.unused: list[str] = []
        self._wanted = wanted

    def __iter__(self) -> Iterator[tuple[int, Texts | Unreadable]]:
        with self._stream as stream:
            try:
                yield from self._rows()
                stream.raise_damage()
            except UnreadableInput as refused:
                detail = refused.detail.replace(AGAIN, _AS_IT_WAS)
                raise InvalidSite(detail, **refused.facts) from None

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._stream.close()

    def refused(self, line: int, detail: str) -> InvalidSite:
        """The error to raise for what is wrong at a line."""
        return InvalidSite(f"{self.name}:{line}: {detail}", file=self.name, line=line)

    def _rows(self) -> Iterator[tuple[int, Texts | Unreadable]]:
        head = self._stream.buffered().peek()
        start = head.lstrip()
        if head.startswith(b"PAR1"):
            return self._parquet()
        if start.startswith(b"{") and start.splitlines()[0].rstrip() != b"{":
            return self._objects(read_lines(self._stream))
        if start.startswith((b"[", b"{")):
            return self._objects(read_array(self._stream, self.name))
        if b"\0" in head[:1_000]:
            raise self.refused(1, "this is neither text in UTF-8 nor Parquet; save it as CSV in UTF-8")
        return self._table(head)

    def _table(self, head: bytes) -> Iterator[tuple[int, Texts | Unreadable]]:
        with open_table(self._stream, "utf-8", self._delimiter(head)) as table:
            if table is None:
                raise self.refused(1, f"the file is empty; its first line names the columns, {self._names()}")
            columns = self._columns(table.header, table.line)
            for batch in table.rows:
                yield from ((line, _cells(batch, n, len(table.header), columns)) for n, line in enumerate(batch.lines))
                self._stream.line = batch.lines[-1] if batch.lines else self._stream.line

    def _delimiter(self, head: bytes) -> str:
        """The one by which the header has most of the columns that are wanted."""
        lines = head.decode(errors="replace").lstrip().splitlines()

        def known(delimiter: str) -> int:
            header = next(csv.reader(lines[:1], delimiter=delimiter), [])
            return sum(any(one.is_called(cell) for one in self._wanted) for cell in header)

        return max(_DELIMITERS, key=known)  # the first of those that are as good

    def _objects(self, batches: Iterator[list[Any]]) -> Iterator[tuple[int, Texts | Unreadable]]:
        others = dict[str, None]()
        for batch in batches:
            for record in batch:
                if isinstance(record, Reject):  # only the piece in which a file ends that was cut off
                    raise self.refused(int(record.place.rpartition(":")[2]), f"{record.detail}. {_AS_IT_WAS}")
                yield record.line, self._object(record.data, others)
                self._stream.line = record.line
        self.unused = list(others)

    def _object(self, text: bytes, others: dict[str, None]) -> Texts | Unreadable:
        try:
            found = _OBJECT.decode(text)
        except (msgspec.DecodeError, RecursionError) as refused:
            return Unreadable(f"this is no JSON object: {refused}")
        texts = Texts()
        for one in self._wanted:
            names = [name for name in found if one.is_called(name)]
            if len(names) > 1 or (one.required and not names):
                return Unreadable(_twice(one, names) if names else _missing(one, list(found), self._wanted))
            value = found.pop(names[0]) if names else None
            if isinstance(value, bool) or not isinstance(value, str | int | None):
                return Unreadable(f"`{names[0]}` is neither a text nor a whole number")
            texts.append(None if value is None else str(value))
        others.update(dict.fromkeys(found))
        return texts

    def _parquet(self) -> Iterator[tuple[int, Texts | Unreadable]]:
        file = open_parquet(self._stream)
        header = file.schema_arrow.names
        columns = self._columns(header, 1)
        names = [header[n] for n in columns if n is not None]
        batches, line = file.iter_batches(ROWS, columns=names), 0
        while (batch := next_batch(self._stream, batches)) is not None:
            nothing = [None] * len(batch)
            texts = [nothing if n is None else self._texts(header[n], batch.column(header[n])) for n in columns]
            for line, row in enumerate(zip(*texts, strict=True), line + 1):  # noqa: B020 # goes on from where it was
                yield line, list(row)
            self._stream.line = line

    def _texts(self, name: str, column: pa.Array) -> Texts:
        try:
            if types.is_floating(column.type):  # whole numbers, of which some are missing, are often written so
                column = column.cast(pa.int64())
            if types.is_boolean(column.type) or types.is_temporal(column.type):
                raise TypeError("it is neither text nor whole numbers")
            texts: Texts = column.cast(pa.string()).to_pylist()
        except (pa.ArrowException, TypeError, ValueError) as refused:
            why = str(refused).splitlines()[0]
            raise self.refused(1, f"column `{name}` of type {column.type}: {why}; write it as text") from None
        return texts

    def _columns(self, header: Sequence[str], line: int) -> list[int | None]:
        """The index of each column that is wanted; None for one that may be missing, and is."""
        found: list[int | None] = []
        for one in self._wanted:
            places = [n for n, name in enumerate(header) if one.is_called(name)]
            if len(places) > 1:
                raise self.refused(line, _twice(one, [header[n] for n in places]))
            if one.required and not places:
                raise self.refused(line, f"{_missing(one, header, self._wanted)}; the columns are {self._names()}")
            found.append(places[0] if places else None)
        self.unused = [name for n, name in enumerate(header) if n not in found and name]
        return found

    def _names(self) -> str:
        required = ", ".join(one.name for one in self._wanted if one.required)
        optional = ", ".join(one.name for one in self._wanted if not one.required)
        return f"{required} and, where known, {optional}" if optional else required


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one not in " -_")


def _twice(wanted: Wanted, names: Sequence[str]) -> str:
    return f"{' and '.join(f'`{name}`' for name in names)} are both the column {wanted.name}; keep one of them"


def _missing(wanted: Wanted, names: Sequence[str], all_wanted: Sequence[Wanted]) -> str:
    others = [name for name in names if not any(one.is_called(name) for one in all_wanted)]
    near = nearest(wanted.name, others)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{name}`' for name in names) or 'none'}"
    return f"there is no column `{wanted.name}`; {hint}"


def _cells(batch: Batch, n: int, width: int, columns: Sequence[int | None]) -> Texts | Unreadable:
    cells = batch.cells[n]
    if len(cells) != width:
        return batch.misfit(n, width)
    return [None if at is None else cells[at] for at in columns]
