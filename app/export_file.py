"""Where tables go: CSV, Parquet and Arrow IPC files that are there whole or not at all, or standard output."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from raceline.app.export_format import Format
from raceline.domain.errors import CannotWrite

STDOUT = "-"
Write = Callable[[pa.RecordBatch], None]


def refuse_output(output: str, kind: Format, *, force: bool) -> None:
    """Look before the work is done whether it can be written. Raises CannotWrite, with the cure."""
    if output == STDOUT:
        if kind is Format.PARQUET:
            raise CannotWrite("Parquet cannot be written to standard output; name a file by --output.")
        if kind is Format.ARROW and sys.stdout.isatty():
            raise CannotWrite("Arrow is not for a terminal; name a file by --output, or pipe it into a program.")
        return
    refuse_file(output, force=force)


def refuse_file(output: str, *, force: bool) -> None:
    """As `refuse_output`, of what can only be a file."""
    path = Path(output)
    if path.is_dir():
        raise CannotWrite("This is a folder; name a file in it.", output=output)
    if not path.parent.is_dir():
        raise CannotWrite("There is no such folder.", folder=str(path.parent))
    if path.exists():
        if not path.is_file():
            raise CannotWrite("This is no regular file; write to standard output (-) instead.", output=output)
        if not force:
            raise CannotWrite("This file is there already; --force replaces it.", output=output)


@contextmanager
def table_file(output: str, kind: Format, schema: pa.Schema) -> Iterator[Write]:
    """Takes the batches of one table. The file gets its name when all of it is there, else there is none."""
    with sink(output) as raw, _writer(pa.PythonFile(raw, mode="w"), output, kind, schema) as writer:
        yield writer.write


@contextmanager
def sink(output: str) -> Iterator[Any]:
    """A binary file that gets its name when it is written to its end, or standard output. Raises CannotWrite."""
    if output == STDOUT:
        sys.stdout.flush()
        yield _Unclosed(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    path = Path(output).resolve()  # a link stays a link
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _told(output), ExitStack() as on_failure:
        file = on_failure.enter_context(beside.open("wb"))
        on_failure.callback(beside.unlink)
        yield file
        file.flush()
        os.fsync(file.fileno())
        beside.replace(path)
        on_failure.pop_all()
        file.close()


@contextmanager
def _told(output: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{error.strerror or error}.", output=output) from error


class _Unclosed:
    """Standard output as a file that writers may close, and that stays open."""

    closed = False

    def __init__(self, raw: Any) -> None:
        self.write, self.flush = raw.write, raw.flush

    def close(self) -> None:
        """Nothing."""


def _writer(file: Any, output: str, kind: Format, schema: pa.Schema) -> Any:
    match kind:
        case Format.CSV:
            return pyarrow.csv.CSVWriter(file, schema)
        case Format.PARQUET:
            return pyarrow.parquet.ParquetWriter(file, schema, compression="zstd")
        case Format.ARROW if output == STDOUT:  # whoever reads a pipe cannot seek in it
            return pyarrow.ipc.new_stream(file, schema)
        case Format.ARROW:
            return pyarrow.ipc.new_file(file, schema)
