"""Envelopes as JSON: one a line (NDJSON), or as the elements of an array, which CloudEvents calls a batch.

Elements are cut out and never decoded here, so whatever is wrong inside of one is the business of its check alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import BufferedReader
from typing import Any, NamedTuple, TypeVar

import msgspec

from raceline.domain.byte_stream import AGAIN, BLOCK, LONGEST, ByteStream
from raceline.domain.errors import UnreadableInput
from raceline.domain.event import Reject

T = TypeVar("T")
BATCH = 20_000
_BATCH_BYTES = 8 << 20  # less than LONGEST, so that a line of that length is the last one of its batch
# What stands between elements. Their arrays are not kept apart: two that follow one another are read as one.
_GAP = re.compile(rb"[\s,\[\]]*+")
# Up to and with the next bracket; one inside of a string is none. Possessive (++), because there is no match only where
# the buffer ends before the bracket, and then no second try is better.
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])', re.DOTALL)
_BORDER, _NEAR = re.compile(rb"\}[\s,]*+\{"), 4_096
_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)
_NO_OBJECT = re.compile(rb'(?:[^",\[\]{]++|"(?:[^"\\]++|\\.)*+")++', re.DOTALL)


class Raw(NamedTuple):
    """The JSON text of one envelope, and the line of the input (of Parquet the row) on which it begins, from 1."""

    line: int
    data: bytes


def batched(items: Iterable[T], length: Callable[[T], int], most: int = BATCH) -> Iterator[list[T]]:
    """Batches of at most so many items, and of fewer when they are long, so that memory stays bounded."""
    batch, total = list[T](), 0
    for item in items:
        batch.append(item)
        total += length(item)
        if len(batch) == most or total >= _BATCH_BYTES:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def read_lines(stream: ByteStream) -> Iterator[list[Raw | Reject]]:
    """Batches of the lines that are not blank. A line longer than any record is damage."""
    line = 0
    with stream.buffered() as reader:
        for batch in batched(iter(partial(reader.readline, LONGEST), b""), len):
            if not batch[-1].endswith(b"\n"):
                if len(batch[-1]) == LONGEST:
                    stream.damage = stream.too_long(line + len(batch))
                if stream.damage:
                    batch.pop()
            yield [Raw(n, data.strip()) for n, data in enumerate(batch, line + 1) if not data.isspace()]
            stream.line = line = line + len(batch)
            if isinstance(stream.damage, UnreadableInput):
                return


def read_array(stream: ByteStream, source: str) -> Iterator[list[Raw | Reject]]:
    """Batches of the elements of an array, or of objects that follow one another.

    The piece of an element that the input ends in is a reject, so that it is kept. Raises UnreadableInput at the end of
    an array that is not closed.
    """
    with stream.buffered() as reader:
        window = _Window(stream, reader)
        for batch in batched(window.elements(), lambda element: len(element.data)):
            yield list(batch)
            stream.line = window.line
    if stream.damage:
        return
    if window.rest:
        yield [Reject(source=source, place=f"{stream.name}:{window.line}", reason="truncated",
                      detail="the input ends inside of this element", raw=window.rest)]  # fmt: skip
    if window.open_arrays > 0:
        raise stream.unreadable(window.line, "the array is not closed, so the file was cut off", AGAIN)


class _Window:
    """A part of the bytes, sliding on. at: what of it is taken already. line: the line of the byte at `at`.

    rest: the piece of an element that the input ends in. open_arrays: how many were opened and not closed.
    """

    def __init__(self, stream: ByteStream, reader: "BufferedReader[Any]") -> None:
        self._stream, self._reader = stream, reader
        self._buffer, self._at = b"", 0
        self.line, self.rest, self.open_arrays = 1, b"", 0

    def elements(self) -> Iterator[Raw]:
        while self._pass_gap():
            end = self._end_of_object() if self._buffer.startswith(b"{", self._at) else self._end_of_other()
            if end is None:
                self.rest = self._buffer[self._at :].rstrip()
                return
            line = self.line
            yield Raw(line, self._take(end).rstrip())

    def _pass_gap(self) -> bool:
        """Go on to the next element; False at the end of the input."""
        while True:
            found = _GAP.match(self._buffer, self._at)
            gap = self._take(found.end()) if found else b""
            self.open_arrays += gap.count(b"[") - gap.count(b"]")
            if self._at < len(self._buffer):
                return True
            if not self._more():
                return False

    def _end_of_object(self) -> int | None:
        # A guess: it ends where another begins. If it is JSON up to there it is right, because an object has one end.
        if border := _BORDER.search(self._buffer, self._at, self._at + _NEAR):
            with suppress(msgspec.DecodeError, RecursionError):
                _ANY_JSON.decode(memoryview(self._buffer)[self._at : border.start() + 1])
                return border.start() + 1
        length, depth = 1, 1
        while depth:
            if found := _TO_BRACKET.match(self._buffer, self._at + length):
                length = found.end() - self._at
                depth += 1 if found[1] in b"{[" else -1
            elif not self._more():
                return None
        return self._at + length

    def _end_of_other(self) -> int | None:
        """The end of what is no object, and so no envelope; its check says so."""
        while True:
            found = _NO_OBJECT.match(self._buffer, self._at)
            if found and found.end() < len(self._buffer):
                return found.end()
            if not self._more():
                return None if self._stream.damage else len(self._buffer)

    def _take(self, end: int) -> bytes:
        taken = self._buffer[self._at : end]
        self.line += taken.count(b"\n")
        self._at = end
        return taken

    def _more(self) -> bool:
        kept = self._buffer[self._at :]
        if len(kept) >= LONGEST:
            self._stream.damage = self._stream.too_long(self.line)
            return False
        # As much as is kept, so that a long element is not copied once for every block of it.
        part = self._reader.read(max(BLOCK, len(kept)))
        self._buffer, self._at = kept + part, 0
        return bool(part)
