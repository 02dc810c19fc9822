"""What a model may learn from: up to which position, until which moment, and which customers and days are held out."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection
from numpy.typing import NDArray

from raceline.analytics.landmarks import NEVER
from raceline.domain import arrow
from raceline.domain.errors import NothingToTrain, PositionAhead
from raceline.domain.sql import statements
from raceline.projections.race_facts import local_days, midnights
from raceline.projections.rows import Longs

_SQL = statements("raceline.projections", "training.sql")
DAY = 86_400_000_000
_MONTH = 30 * DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGUN = 0.01  # so small a share of the events may be older than the span: a wrong date shall not hold out everything
_HELD_OUT = 2**64 // 5  # a fifth of the customers


class Span(NamedTuple):
    """What is read. Moments are microseconds since 1970.

    cut_off, cut_off_at: the position and when it was recorded; first_position: the oldest fact's; first_at: when it
    begins; until: the newest occurrence, the end of watching; live_since: since when the log is fed as things happen;
    events: how many facts there are.
    """

    cut_off: int
    cut_off_at: int
    first_position: int
    first_at: int
    until: int
    live_since: int
    events: int

    def held_out_from(self, zone: str) -> int:
        """The border, a local midnight: nothing that came later is learned from. It is a quarter of the span before
        its end and at least a month, of a short span its half."""
        span = self.until - self.first_at
        at = self.until - min(max(_MONTH, span // 4), span // 2)
        day = int(local_days(np.array([at]), zone)[0])
        return int(midnights(np.array([day]), zone)[0])


def span_of(connection: Connection, cut_off: int | None, until: int | None, live_since: int | None) -> Span:
    """The span up to a position and a moment, by default all; live_since: by default as the log says.

    Raises PositionAhead, NothingToTrain.
    """
    arrow.settings(connection, {"up_to": "" if cut_off is None else str(cut_off)})
    cut = arrow.rows(connection, _SQL["cut_off"]).to_pylist()
    if not cut or (cut_off is not None and cut_off < 1):
        raise NothingToTrain("The log has nothing up to this position; `raceline ingest` brings events into it.")
    position, recorded_at, head = cut[0].values()
    if cut_off is not None and cut_off > head:
        raise PositionAhead(position=cut_off, head=head)
    latest = recorded_at if until is None else min(until, recorded_at)
    arrow.settings(connection, {"up_to": str(position), "until": str(latest)})
    days = arrow.rows(connection, _SQL["days"])
    if not days.num_rows:
        then = _EPOCH + timedelta(microseconds=latest)
        raise NothingToTrain(
            f"The log has no events up to position {position:,} that occurred by {then:%Y-%m-%d %H:%M};"
            " `raceline ingest` brings events into it, and --cut-off and --until let more of them count."
        )
    events = np.cumsum(days["events"].to_numpy())
    newest = days["newest"].to_numpy()
    promptly = pc.min(days["promptly"]).as_py()
    return Span(
        cut_off=position,
        cut_off_at=recorded_at,
        first_position=pc.min(days["first_position"]).as_py(),
        first_at=int(days["day"][int(np.searchsorted(events, _BEGUN * events[-1], side="right"))].as_py()) * DAY,
        until=int(newest.max()) if until is None else latest,
        live_since=live_since if live_since is not None else NEVER if promptly is None else promptly,
        events=int(events[-1]),
    )


def midnights_until(first: int, until: int, zone: str) -> Longs:
    """Every local midnight from one moment on, until another."""
    if first > until:
        return np.zeros(0, np.int64)
    from_, to = local_days(np.array([first, until]), zone).tolist()
    return midnights(np.arange(from_, to + 1), zone)


class Draw(NamedTuple):
    """What chance decides of customers, by their identifiers and a seed alone. key: (c,) a number of each; held_out:
    (c,) the fifth that nothing is learned from."""

    key: NDArray[np.uint64]
    held_out: NDArray[np.bool_]


def drawn(customers: pa.Array, seed: int) -> Draw:
    """The lots of customers."""
    salt = str(seed).encode()
    digests = b"".join(blake2b(name.encode() + b"\0" + salt, digest_size=16).digest() for name in customers.to_pylist())
    both = np.frombuffer(digests, "<u8").reshape(-1, 2)
    return Draw(both[:, 0].copy(), both[:, 1] < _HELD_OUT)
