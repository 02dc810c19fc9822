"""The bytes of one input: a file or standard input, unpacked on the way, with how far it has been read."""

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from raceline.domain.errors import InputNotFound, UnreadableInput

BLOCK = 1 << 20
# A record longer than this is a file of another format, or a quote that is never closed; memory stays bounded.
LONGEST = 32 << 20
AGAIN = "Copy the file again and ingest it again: what is stored already counts as duplicate."
_BOM = b"\xef\xbb\xbf"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_DAMAGE = (EOFError, OSError, zlib.error, pa.ArrowException)


class ByteStream(io.RawIOBase):
    """The unpacked bytes of `path`; `-` is standard input. gzip and zstd are recognised by their first bytes.

    size: bytes of the file as it lies on disk, None for standard input. read_so_far: how many of them were read.
    damage: why the reading ends before the file does, such as a truncated gzip; what came before can be read.
    line: the line, from 1, of the record that was read last; readers keep it for the message about damage.

    Raises InputNotFound when the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == "-" else path
        self.damage: Exception | None = None
        self.read_so_far = 0
        self.line = 0
        try:
            self.packed: BinaryIO = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115
        except OSError as refused:
            super().close()  # or the collector would close what was never opened
            raise InputNotFound(f"{path}: {refused.strerror}.") from None
        self.size = None if path == "-" else Path(path).stat().st_size
        self._head = self.packed.read(len(_ZSTD))
        self._unpacked: Any = self._unpack()
        self._reader: io.BufferedReader[Any] | None = None

    def buffered(self) -> "io.BufferedReader[Any]":
        """The one reader of these bytes, after a byte order mark if there is one. Closing it closes the file."""
        if self._reader is None:
            self._reader = io.BufferedReader(self, BLOCK)
            if self._reader.peek(len(_BOM)).startswith(_BOM):
                self._reader.read(len(_BOM))
        return self._reader

    def readable(self) -> bool:
        """True."""
        return True

    def in_any_order(self) -> bool:
        """Whether the file can be read in any order: it is not packed, and no pipe."""
        return self.packed.seekable() and not self._is_packed()

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer unless the input ends, so that a first look sees a whole block of it."""
        view, filled = memoryview(buffer).cast("B"), 0
        while filled < len(view) and not self.damage:
            try:
                part = self._unpacked.read1(len(view) - filled)
            except _DAMAGE as damage:
                self.damage = damage
                break
            if not part:
                break
            view[filled : filled + len(part)] = part
            filled += len(part)
        return filled

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if not self.closed and self.packed is not sys.stdin.buffer:
            self.packed.close()
        super().close()

    def unreadable(self, line: int, why: object, cure: str) -> UnreadableInput:
        """The error to raise when the input cannot be read on from this line."""
        return UnreadableInput(f"{self.name}:{line}: {why}. {cure}", file=self.name, line=line)

    def too_long(self, line: int) -> UnreadableInput:
        """The error to raise for a record that is longer than any."""
        cure = "Is this the right format, and is every quote closed? Take the record out and ingest the file again."
        return self.unreadable(line, f"this record is longer than {LONGEST} bytes", cure)

    def raise_damage(self) -> None:
        """Raise UnreadableInput if the bytes ended before the file did."""
        if isinstance(self.damage, UnreadableInput):
            raise self.damage
        if self.damage:
            raise self.unreadable(self.line + 1, str(self.damage).rstrip("."), AGAIN) from self.damage

    def _is_packed(self) -> bool:
        return self._head.startswith(_GZIP) or self._head == _ZSTD

    def _unpack(self) -> Any:
        counted = _Counted(self, self._head)
        if self._head.startswith(_GZIP):
            return gzip.GzipFile(fileobj=io.BufferedReader(counted, BLOCK))
        if self._head == _ZSTD:
            return pa.CompressedInputStream(pa.PythonFile(counted, mode="r"), "zstd")
        return io.BufferedReader(counted, BLOCK)


class _Counted(io.RawIOBase):
    """The packed bytes: the head that was looked at, then the rest. Counts them for the progress."""

    def __init__(self, stream: ByteStream, head: bytes) -> None:
        self._stream, self._head = stream, head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        part, self._head = self._head[: len(view)], self._head[len(view) :]
        part = part or self._stream.packed.read(len(view))
        view[: len(part)] = part
        self._stream.read_so_far += len(part)
        return len(part)
