"""Arrow connections to PostgreSQL (ADBC): columns in and out by binary COPY, without a Python object per value."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, LiteralString

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from raceline.domain.errors import LogBusy, LogRefused, LogUnavailable

# Class 08 is a lost connection, 57P0x a server that stops or starts; without a state the driver never reached one.
_AWAY = ("08", "57P")
_BUSY = ("55P03", "40P01")  # lock_not_available, deadlock_detected


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver become raceline's own."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        state = error.sqlstate or ""
        if state in _BUSY:
            raise LogBusy(_told(error)) from error
        away = state.startswith(_AWAY) or (not state.strip("\0 0") and _lost(str(error)))
        raise (LogUnavailable if away else LogRefused)(_told(error)) from error


def _told(error: Exception) -> str:
    """What the server said, without the statement that the driver adds."""
    return str(error).partition("Query was:")[0].strip()


def _lost(message: str) -> bool:
    return any(words in message for words in ("onnection", "no connection", "server closed", "EOF", "could not"))


@contextmanager
def connect(url: str) -> Iterator[Connection]:
    """A connection whose statements run in a transaction until commit or rollback."""
    with translated():
        connection = adbc_driver_postgresql.dbapi.connect(url)
    try:
        yield connection
    finally:
        connection.close()


def run(connection: Connection, statement: LiteralString) -> None:
    """Run a statement that gives nothing back."""
    with translated(), closing(connection.cursor()) as cursor:
        cursor.execute(statement)


def rows(connection: Connection, statement: LiteralString) -> pa.Table:
    """The columns of a query. It takes no parameters, because COPY takes none: `settings` carry them."""
    with translated(), closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return cursor.fetch_arrow_table()


def batches(connection: Connection, statement: LiteralString) -> Iterator[pa.RecordBatch]:
    """The columns of a query piece by piece, for what is too much to hold twice."""
    with translated(), closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        yield from cursor.fetch_record_batch()


def settings(connection: Connection, values: Mapping[str, str]) -> None:
    """Parameters for the statements of this transaction, which read them by current_setting('raceline.NAME')."""
    with translated(), closing(connection.cursor()) as cursor:
        for name, value in values.items():
            cursor.execute("SELECT set_config('raceline.' || $1, $2, true)", (name, value))
            cursor.fetchall()


def write(connection: Connection, table: str, data: pa.Table, *, schema: str | None = None) -> None:
    """Append rows to a table, or to a temporary one when no schema is named."""
    if data.num_rows == 0:
        return
    options: dict[str, Any] = {"temporary": True} if schema is None else {"db_schema_name": schema}
    with translated(), closing(connection.cursor()) as cursor:
        cursor.adbc_ingest(table, data, mode="append", **options)
