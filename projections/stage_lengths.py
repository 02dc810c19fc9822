"""How long customers stay in each stage of a racetrack, of the live read models or of any other moves."""

from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection
from numpy.typing import NDArray

from raceline.analytics.stay_lengths import Estimate, LengthOfStay, length_of_stay
from raceline.domain import arrow
from raceline.domain.event import DAY
from raceline.domain.sql import statements

_SQL = statements("raceline.projections", "stages.sql")
# Figures that took long are not made anew for each new event: they may be old by so many times what they took.
_PATIENCE = 20
_LONG_SECONDS = 0.5

Row = dict[str, Any]


class StageLengths(NamedTuple):
    """Rows by racetrack and stage, and the generation, position and clock (microseconds) that they are true at."""

    generation: str
    position: int
    clock: int
    rows: list[Row]


def stage_lengths(connection: Connection) -> StageLengths:
    """The lengths of all stays of the live read models, each racetrack under its active version.

    Raises LogUnavailable, LogRefused.
    """
    generation, position, clock = _checkpoint(connection)
    rows = lengths_of(arrow.rows(connection, _SQL["stays"]), clock)
    return StageLengths(generation, position, clock, rows)


def _checkpoint(connection: Connection) -> tuple[str, int, int]:
    (live,) = arrow.rows(connection, _SQL["checkpoint"]).to_pylist()
    return live["name"], live["position"], live["clock"]


class KeptStageLengths:
    """Stage lengths that are made again only when there is something new; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: StageLengths | None = None
        self._until = 0.0

    def __call__(self, connection: Connection) -> StageLengths:
        """As `stage_lengths`; among very many moves up to a minute old, though never of another generation."""
        with self._lock:
            checkpoint = _checkpoint(connection)
            if self._kept is None or not self._good(self._kept, checkpoint):
                began = monotonic()
                self._kept = stage_lengths(connection)
                took = monotonic() - began
                self._until = began + (_PATIENCE * took if took > _LONG_SECONDS else 0)
            return self._kept

    def _good(self, kept: StageLengths, checkpoint: tuple[str, int, int]) -> bool:
        return kept[:3] == checkpoint or (kept.generation == checkpoint[0] and monotonic() < self._until)


def lengths_of(moves: pa.Table, clock: int) -> list[Row]:
    """Rows of the table `stage_lengths` for each stage that anybody entered, by racetrack and stage.

    moves: as in projections/views.sql, of them racetrack, to_stage, entered_at, left_at. Open stays have lasted until
    the clock (microseconds since 1970); one that begins after the clock has no length yet.
    """
    stays = moves.filter(moves["to_stage"].is_valid())
    entered, left = _microseconds(stays["entered_at"]), _microseconds(stays["left_at"])
    ended = stays["left_at"].is_valid().to_numpy()
    days = (np.where(ended, left, np.maximum(clock, entered)) - entered) / DAY
    keys, group = _groups(stays.select(["racetrack", "to_stage"]))
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.searchsorted(group[order], np.arange(1, len(keys))))
    return [
        {
            "racetrack": racetrack,
            "stage": stage,
            **_row(length_of_stay(days[part], ended[part]), days[part][~ended[part]]),
        }
        for (racetrack, stage), part in zip(keys, parts, strict=False)
    ]


def _groups(keys: pa.Table) -> tuple[list[tuple[str, str]], NDArray[np.int64]]:
    """The distinct rows, in order, and for each row which one it is."""
    racetrack, stage = (column.combine_chunks().dictionary_encode() for column in keys.columns)
    both = racetrack.indices.to_numpy().astype(np.int64) * len(stage.dictionary) + stage.indices.to_numpy()
    found, code = np.unique(both, return_inverse=True)
    names = [
        (racetrack.dictionary[n // len(stage.dictionary)].as_py(), stage.dictionary[n % len(stage.dictionary)].as_py())
        for n in found.tolist()
    ]
    rank = sorted(range(len(names)), key=names.__getitem__)
    return [names[n] for n in rank], np.argsort(rank)[code]


def _row(found: LengthOfStay, open_days: NDArray[np.float64]) -> Row:
    curve, stalled_after = found.curve, found.stalled_after
    return {
        "stays": found.stays,
        "open": found.open,
        "horizon_days": found.horizon,
        **_columns("mean", found.mean),
        **_columns("median", found.median),
        **_columns("q25", found.q25),
        **_columns("q75", found.q75),
        **_columns("p90", found.p90),
        "stalled_after_days": stalled_after,
        "stalled": 0 if stalled_after is None else int(np.count_nonzero(open_days > stalled_after)),
        "curve_days": curve.days.tolist(),
        "curve_survival": curve.survival.tolist(),
        "curve_lower": curve.lower.tolist(),
        "curve_upper": curve.upper.tolist(),
        "curve_left_out": curve.left_out,
    }


def _columns(name: str, estimate: Estimate) -> Row:
    return {f"{name}_days": estimate.days, f"{name}_lower": estimate.lower, f"{name}_upper": estimate.upper}


def _microseconds(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """0 where there is no moment."""
    moments: NDArray[np.int64] = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    return moments
