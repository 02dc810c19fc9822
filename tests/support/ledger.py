"""Rows of the ledger of predictions, made by hand, and what came true of them in plain loops."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from moves import TRACK, day, fill

from raceline.analytics.incidence import EXITS, E, K
from raceline.domain.event import DAY
from raceline.projections.ledger_columns import NEVER, Ledger, Outcomes, Predicted

CHANCES = ("within_day", "within_week", "within_month", "left_within_month")
_DAY = timedelta(days=1)
EXIT_OF = {"forward": "NEXT", "skip": "FURTHER", "edge": "EDGE", "lap": "EDGE", "backward": "BACKWARD", "left": "OUT"}


def incidence(within_day, within_week, within_month, left=0.0):
    """(K * E) elements, as the ledger holds them; what nobody looks at is 0."""
    found = np.zeros((K, E))
    found[[0, 2, 4], EXITS.index("NEXT")] = within_day, within_week, within_month
    found[4, EXITS.index("OUT")] = left
    return found.ravel().tolist()


def predicted(customer, at, stage, chances=(0.1, 0.4, 0.8), left=0.05, model=1, track=TRACK, version=1):
    """A row; `at` is days after the start of the moves, and the day is that of UTC."""
    return {
        "racetrack": track, "customer_id": customer, "entered_at": day(0), "day": day(at).date(),
        "computed_at": day(at),
        "racetrack_version": version, "model": model, "stage": stage, "position": 1,
        "incidence": incidence(*chances, left),
    }  # fmt: skip


def note(conn, rows):
    """Write rows into the ledger, as the live run does."""
    fill(conn, "prediction", rows, schema="raceline")


def came_true(row, moves, clock):
    """What became of a prediction: the exit and after how many days, None while the stay goes on; "revised" when no
    stay in its stage holds the landmark."""
    own = sorted((one for one in moves if one["customer_id"] == row["customer_id"]), key=lambda one: one["n"])
    for n, stay in enumerate(own):
        left = stay["left_at"] or datetime.max.replace(tzinfo=UTC)
        if stay["entered_at"] <= row["computed_at"] < left:
            if stay["to_stage"] != row["stage"]:
                return "revised"
            ended = own[n + 1] if stay["left_at"] is not None else None
            return None if ended is None else (EXIT_OF[ended["kind"]], (left - row["computed_at"]) / _DAY)
    return "revised"


STAGES_SEEN = ["", "look", "try"]


def kept(rows, clock):
    """A ledger in memory; each row has customer, at (days), stage, model, chances (a day, a week, a month, out), left
    (days, None while the stay goes on), exit, revised and version (of the racetrack; 1 is live). clock: days."""
    at = np.array([row["at"] * DAY for row in rows], np.float64).astype(np.int64)
    chances = np.array([row["chances"] for row in rows], np.float32).reshape(-1, 4)
    made = Predicted(
        racetrack=np.array([row.get("track", 0) for row in rows], np.int32),
        customer=np.array([row["customer"] for row in rows], np.int32),
        day=(at // DAY).astype(np.int32),
        at=at,
        version=np.array([row.get("version", 1) for row in rows], np.int32),
        model=np.array([row["model"] for row in rows], np.int32),
        stage=np.array([STAGES_SEEN.index(row["stage"]) for row in rows], np.int32),
        **dict(zip(CHANCES, chances.T, strict=True)),
    )
    left = [NEVER if row["left"] is None else int(row["left"] * DAY) for row in rows]
    exits = [-1 if row["left"] is None else EXITS.index(row["exit"]) for row in rows]
    revised, other = np.array([row["revised"] for row in rows], np.bool_), made.version != 1
    outcomes = Outcomes(np.array(left, np.int64), np.array(exits, np.int8), revised & ~other, other)
    first = int(made.day.min()) if rows else None
    return Ledger(
        "views_1", 7, clock * DAY, made, outcomes, pa.array([TRACK, "other"]), pa.array(STAGES_SEEN), 0, first, 0
    )
