"""The schema of the log, made by ordered migrations under an advisory lock."""

from importlib.resources import files
from typing import LiteralString

import psycopg

from raceline.domain.errors import LogRefused, LogUnavailable, SchemaTooNew, ServerTooOld

OLDEST_SERVER = 15
# Any number will do, as long as no other program of the same database uses it: the first letters of "raceline".
_LOCK = 0x7261_6365


def migrations() -> list[tuple[int, str, LiteralString]]:
    """Number, name and text of each migration, in order."""
    folder = files("raceline.domain").joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names]


def migrate(url: str, *, up_to: int | None = None) -> int:
    """Bring the database at `url` to the newest schema (or to `up_to`); gives its version.

    Safe to call from several processes at once. Raises ServerTooOld, SchemaTooNew, LogUnavailable, LogRefused.
    """
    try:
        with psycopg.connect(url) as conn:
            return _migrate(conn, up_to)
    except psycopg.OperationalError as error:
        raise LogUnavailable(str(error).strip()) from error
    except psycopg.Error as error:
        raise LogRefused(str(error).strip()) from error


def check_server(version: int, encoding: str) -> None:
    """Let pass a server that raceline can use; `version` as libpq gives it, 180001 say.

    Raises ServerTooOld, LogRefused.
    """
    if version < OLDEST_SERVER * 10_000:
        raise ServerTooOld(found=version // 10_000)
    if encoding != "UTF8":
        raise LogRefused("the database cannot hold every text; make it with ENCODING 'UTF8'", encoding=encoding)


def _migrate(conn: psycopg.Connection, up_to: int | None) -> int:
    check_server(conn.info.server_version, conn.info.parameter_status("server_encoding") or "")
    known = migrations()
    target = known[-1][0] if up_to is None else up_to
    # A look first: a role that may only read and append need not be allowed to create anything.
    if _version(conn, known[-1][0]) < target:
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        conn.execute("CREATE SCHEMA IF NOT EXISTS raceline")
        conn.execute(
            "CREATE TABLE IF NOT EXISTS raceline.migration (number integer PRIMARY KEY, name text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = _version(conn, known[-1][0])
        for number, name, text in known:
            if applied < number <= target:
                conn.execute(text)
                conn.execute("INSERT INTO raceline.migration (number, name) VALUES (%s, %s)", (number, name))
    return _version(conn, known[-1][0])


def _version(conn: psycopg.Connection, newest: int) -> int:
    if conn.execute("SELECT to_regclass('raceline.migration') IS NULL AS missing").fetchone() == (True,):
        return 0
    row = conn.execute("SELECT COALESCE(max(m.number), 0) FROM raceline.migration AS m").fetchone()
    version = int(row[0]) if row else 0
    if version > newest:
        raise SchemaTooNew(database=version, raceline=newest)
    return version
