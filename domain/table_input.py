"""CSV files, by a mapping. A row that cannot be read is a reject; the rows around it are not touched."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from raceline.domain.byte_stream import LONGEST, ByteStream
from raceline.domain.cells import Unreadable
from raceline.domain.event import Reject
from raceline.domain.json_input import BATCH, Raw, batched
from raceline.domain.mapping import Mapping
from raceline.domain.rows import Layout

# The default limit is 131,072 characters, less than an event may have.
csv.field_size_limit(LONGEST)


def read_table(stream: ByteStream, source: str, mapping: Mapping) -> Iterator[list[Raw | Reject]]:
    """Batches of the rows below the header; blank lines are passed over.

    Raises InvalidMapping when the header lacks a column that the mapping names.
    """
    with open_table(stream, mapping.encoding, mapping.delimiter) as table:
        if table is None:
            return
        layout = mapping.layout(table.header, f"{stream.name}:{table.line}")
        for batch in table.rows:
            made = _json(layout, len(table.header), batch)
            records: list[Raw | Reject] = list(map(Raw, batch.lines, made))  # type: ignore[arg-type] # rejects follow
            for n, why in enumerate(made):
                if isinstance(why, Unreadable):
                    place = f"{stream.name}:{batch.lines[n]}"
                    raw = batch.texts[n].rstrip("\r\n").encode(mapping.encoding, "surrogateescape")
                    records[n] = Reject(source=source, place=place, reason=why.reason, detail=why.detail, raw=raw)
            yield records
            stream.line = batch.lines[-1] if records else stream.line


class Table(NamedTuple):
    """A table that was opened: the names in its header, the line of it, and the rows below in batches, once."""

    header: list[str]
    line: int
    rows: Iterator["Batch"]


@contextmanager
def open_table(stream: ByteStream, encoding: str, delimiter: str) -> Iterator[Table | None]:
    """The table in a CSV text, or None when there is not even a header. Bytes of another encoding become surrogates.

    Raises UnreadableInput for a header that is not CSV.
    """
    with io.TextIOWrapper(stream.buffered(), encoding, errors="surrogateescape", newline="") as text:
        rows = _Rows(stream, text, delimiter)
        header = next((batch for batch in rows.batches(1) if batch.lines), None)
        if header is None:
            yield None
            return
        if 0 in header.broken:
            raise stream.unreadable(header.lines[0], f"the header is not CSV: {header.broken[0]}", "Mend it.")
        yield Table([cell.strip() for cell in header.cells[0]], header.lines[0], rows.batches(BATCH))


def _json(layout: Layout, width: int, batch: "Batch") -> list[bytes | Unreadable]:
    fit = [n for n, cells in enumerate(batch.cells) if len(cells) == width]
    if fit and len(fit) == len(batch.cells):
        return layout.json(list(zip(*batch.cells, strict=True)), batch.lines)
    columns = list(zip(*(batch.cells[n] for n in fit), strict=True))
    made = iter(layout.json(columns, [batch.lines[n] for n in fit]) if fit else ())
    return [next(made) if len(cells) == width else batch.misfit(n, width) for n, cells in enumerate(batch.cells)]


class Batch(NamedTuple):
    """Rows: the line that each begins on, its cells, its text. broken: by index, how a row breaks the rules of CSV."""

    lines: list[int]
    cells: list[list[str]]
    texts: list[str]
    broken: dict[int, str]

    def misfit(self, n: int, width: int) -> Unreadable:
        """Why a row does not fit under a header of so many cells."""
        if n in self.broken:
            return Unreadable(f"not CSV: {self.broken[n]}", "malformed")
        detail = f"{len(self.cells[n])} cells, where the header has {width}"
        if self.texts[n].endswith(("\n", "\r")):
            return Unreadable(detail, "malformed")
        return Unreadable(f"{detail}; the input ends here", "truncated")


class _Rows:
    """The rows of a CSV text, and the lines that they stand on."""

    def __init__(self, stream: ByteStream, text: io.TextIOWrapper, delimiter: str) -> None:
        self._stream = stream
        self._parse = partial(csv.reader, delimiter=delimiter, strict=True)
        self._readline = partial(text.readline, LONGEST)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._line = 1
        self._ended = False

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of the rows that are not blank; they may be empty."""
        for texts in batched(iter(self._next, ""), len, size):
            if (batch := self._lines_are_rows(texts)) is not None:
                yield batch
            else:
                self._again.extend(texts)
                yield from self._rows_over_lines()

    def _lines_are_rows(self, texts: list[str]) -> Batch | None:
        """The rows of these lines at once; None where a quote may join lines, or something is wrong."""
        if any('"' in text for text in texts):
            return None
        try:
            cells = list(self._parse(texts))
        except csv.Error:
            return None
        lines = list(range(self._line, self._line + len(texts)))
        self._line += len(texts)
        if all(cells):
            return Batch(lines, cells, texts, {})
        full = [n for n, row in enumerate(cells) if row]
        return Batch([lines[n] for n in full], [cells[n] for n in full], [texts[n] for n in full], {})

    def _rows_over_lines(self) -> Iterator[Batch]:
        """The rows of the lines that wait to be read again, one after the other."""
        batch, taken, reader = Batch([], [], [], {}), self._taken, self._parse(self._lines())
        while self._again:
            try:
                cells = next(reader)
            except csv.Error as error:
                if self._ended and self._stream.damage:
                    break
                # A quote that is never closed takes in all that follows: give up its first line only.
                self._again.extendleft(reversed(taken[1:]))
                del taken[1:]
                cells, reader = [], self._parse(self._lines())
                batch.broken[len(batch.lines)] = str(error)
            if cells or len(batch.lines) in batch.broken:
                batch.lines.append(self._line)
                batch.cells.append(cells)
                batch.texts.append("".join(taken))
            self._line += len(taken)
            taken.clear()
            if len(batch.lines) == BATCH:
                yield batch
                batch = Batch([], [], [], {})
        yield batch

    def _lines(self) -> Iterator[str]:
        while line := self._again.popleft() if self._again else self._next():
            self._taken.append(line)
            yield line
        self._ended = True

    def _next(self) -> str:
        """The next line; empty at the end of the input. What a damaged input gives of its last line is left out."""
        try:
            line = self._readline()
        except UnicodeError as error:
            self._stream.damage = error
            return ""
        if not line.endswith(("\n", "\r")):
            if len(line) >= LONGEST:
                self._stream.damage = self._stream.too_long(self._line)
            return "" if self._stream.damage else line
        return line
