"""Where the projections stand: what `raceline status`, `log` and /readyz say."""

from datetime import datetime
from typing import LiteralString

import msgspec
import psycopg
from psycopg.rows import class_row

from raceline.domain.recorder import translated
from raceline.domain.sql import statements

_SQL: dict[str, LiteralString] = statements("raceline.projections", "generation.sql")


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """One generation. lag_events: positions it is behind; lag_seconds: how long the oldest of these has waited."""

    name: str
    number: int
    status: str
    position: int
    advanced_at: datetime
    created_at: datetime
    switched_at: datetime | None
    failed_position: int | None
    failure: str | None
    lag_events: int
    lag_seconds: float


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The head of the log, what waits in quarantine, and every generation in the order they were made."""

    head: int
    recorded_at: datetime | None
    quarantined: int
    projections: list[Projection]


class _Log(msgspec.Struct, kw_only=True):
    head: int
    recorded_at: datetime | None
    quarantined: int


def status(url: str) -> Status:
    """Where the log and its projections stand. Raises LogUnavailable."""
    with translated(), psycopg.connect(url) as conn:
        log = conn.cursor(row_factory=class_row(_Log)).execute(_SQL["log_state"]).fetchone()
        assert log is not None, "the log has one head"  # noqa: S101
        projections = conn.cursor(row_factory=class_row(Projection)).execute(_SQL["generations"]).fetchall()
    return Status(**msgspec.structs.asdict(log), projections=projections)
