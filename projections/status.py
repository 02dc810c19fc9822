"""The state of the store: the head of the log, and how far each generation of read models has come."""

from datetime import datetime

import msgspec
import psycopg
from psycopg.rows import class_row

from raceline.domain.recorder import translated
from raceline.domain.sql import statements

_SQL = statements("raceline.projections", "generation.sql")


class Generation(msgspec.Struct, kw_only=True):
    """A generation of read models. `lag_seconds`: how long its oldest event that is not projected has been waiting."""

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
    lag_seconds: float | None

    @property
    def stopped(self) -> str | None:
        """Why it stopped, in a sentence; None when it did not."""
        if self.failure is None:
            return None
        return f"{self.name} stopped before position {self.failed_position}: {self.failure}"


class LogState(msgspec.Struct):
    """The head of the log, when it was recorded, and how much input waits in quarantine."""

    head: int
    recorded_at: datetime | None
    quarantined: int


class Status(msgspec.Struct):
    """What an operator asks first."""

    log: LogState
    projections: list[Generation]

    @property
    def live(self) -> Generation | None:
        """The generation that answers questions."""
        return next((one for one in self.projections if one.status == "live"), None)

    @property
    def failures(self) -> list[str]:
        """A sentence for each projection that stopped."""
        return [stopped for one in self.projections if (stopped := one.stopped)]


def read_status(url: str, *, patience: int = 3) -> Status:
    """The state now. Raises LogUnavailable when the database does not answer within `patience` seconds."""
    with (
        translated(),
        psycopg.connect(url, connect_timeout=patience, options=f"-c statement_timeout={patience}s") as conn,
    ):
        log = conn.cursor(row_factory=class_row(LogState)).execute(_SQL["log_state"]).fetchone()
        assert log is not None, "the head of the log is one row"  # noqa: S101
        projections = conn.cursor(row_factory=class_row(Generation)).execute(_SQL["generations"]).fetchall()
    return Status(log, projections)
