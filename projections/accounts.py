"""The history of an account (a company), rolled up from the stays of its customers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection
from numpy.typing import NDArray

from raceline.analytics.account_history import NOWHERE, OPEN, roll_up
from raceline.domain import arrow
from raceline.domain.sql import statements

_SQL = statements("raceline.projections", "stages.sql")
_MOMENT = pa.timestamp("us", "UTC")

Row = dict[str, Any]


def account_history(connection: Connection, account_id: str, racetrack: str | None = None) -> list[Row]:
    """The history of an account on one racetrack (None: the default one) by the live read models; see `history_of`.

    The customers are those who belong to it now. Raises LogUnavailable, LogRefused.
    """
    arrow.settings(connection, {"account": account_id, "racetrack": racetrack or ""})
    return history_of(account_id, arrow.rows(connection, _SQL["account_stays"]))


def history_of(account_id: str, stays: pa.Table) -> list[Row]:
    """Rows of the table `account_history`: a row for each time in which nothing changed, from the first entry on.

    stays: of the account's customers on one racetrack; racetrack, to_stage, to_stage_n, entered_at, left_at. furthest
    and earliest are the stages of those customers who were in one (None when nobody was), customers how many were.
    """
    if stays.num_rows == 0:
        return []
    stage = stays["to_stage_n"].to_numpy() - 1
    names = dict(zip(stage.tolist(), stays["to_stage"].to_pylist(), strict=True)) | {NOWHERE: None}
    found = roll_up(np.zeros_like(stage), stage, _microseconds(stays["entered_at"]), _microseconds(stays["left_at"]))
    columns = {
        "entered_at": _moments(found.entered_at),
        "left_at": _moments(found.left_at),
        "furthest": [names[n] for n in found.furthest.tolist()],
        "earliest": [names[n] for n in found.earliest.tolist()],
        "customers": found.customers,
    }
    racetrack = stays["racetrack"][0].as_py()
    runs = pa.table(columns).to_pylist()
    return [{"account_id": account_id, "racetrack": racetrack, "n": n, **run} for n, run in enumerate(runs, 1)]


def _microseconds(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """OPEN where there is no moment."""
    moments: NDArray[np.int64] = pc.fill_null(column.cast(pa.int64()), OPEN).to_numpy()
    return moments


def _moments(microseconds: NDArray[np.int64]) -> pa.Array:
    return pa.array(microseconds, mask=microseconds == OPEN).cast(_MOMENT)
