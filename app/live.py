"""What commands ask of the live read models themselves: which racetracks they are derived by, which pages they know."""

import time

import psycopg

from raceline.domain.errors import ProjectionFailed, ProjectionTimeout
from raceline.domain.recorder import translated
from raceline.domain.sql import statements
from raceline.projections.status import read_status

_SQL = statements("raceline.app", "live.sql")
_PAUSE_SECONDS = 0.2


def wait_until_live(url: str, name: str, version: int, timeout: float | None) -> None:
    """Return once the live read models race on this version.

    Raises ProjectionTimeout after so many seconds, ProjectionFailed when the read models have stopped.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while not _is_live(url, name, version):
        if failures := read_status(url, patience=30).failures:
            raise ProjectionFailed("; ".join(failures))
        if end is not None and time.monotonic() >= end:
            raise ProjectionTimeout(
                "Is a projector running? `raceline project --once` is one.", racetrack=name, version=version
            )
        time.sleep(_PAUSE_SECONDS)


def visited_pages(url: str) -> tuple[int, str] | None:
    """How many pages of the page table are on a path, and any page that is; None when there is no path yet."""
    with translated(), psycopg.connect(url) as conn:
        if conn.execute(_SQL["has_paths"]).fetchone() != (True,):
            return None
        row: tuple[int, str | None] | None = conn.execute(_SQL["visited_pages"]).fetchone()
    return None if row is None or row[1] is None else (row[0], row[1])


def _is_live(url: str, name: str, version: int) -> bool:
    with translated(), psycopg.connect(url) as conn:
        rows: list[tuple[str, int]] = conn.execute(_SQL["live_racetracks"]).fetchall()
    return (name, version) in rows
