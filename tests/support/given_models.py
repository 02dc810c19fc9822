"""Rows of models and of predictions as the API is given them, small enough to be told by heart."""

from datetime import UTC, datetime

from journeys import START
from psycopg.types.json import Jsonb


def incidence(next_, out=0.01):
    """Chances to have left by the end of 1, 3, 7, 14, 30, 60 and 90 days: to the next stage, and out; else nowhere."""
    return [chance for k, one in enumerate(next_) for chance in (one, 0.0, 0.0, 0.0, out * (k + 1))]


def predicted(customer, stage, chances, **more):
    """A row of live.predictions."""
    return {
        "customer_id": customer, "racetrack": "ride", "version": 1, "model": 1, "stage": stage, "tier": "POOLED",
        "entered_at": START, "computed_at": START, "day": START.date(), "position": 1, "days_in_stage": 0.5,
        "incidence": incidence(chances), "expected_days": 12.5, "median_days": None, "expected_days_if_next": 3.25,
    } | more  # fmt: skip


def write(conn, rows):
    """Have exactly these predictions in live.predictions."""
    conn.execute("DELETE FROM live.predictions")
    conn.execute(
        "INSERT INTO live.predictions SELECT p.* FROM jsonb_populate_recordset(NULL::live.predictions, %s) AS p",
        [Jsonb([row | {name: str(row[name]) for name in ("entered_at", "computed_at", "day")} for row in rows])],
    )


def evaluated(**more):
    """The figures of an Evaluation; those that are not named cannot be said."""
    names = (
        "baseline_brier", "baseline_log_loss", "skill_low", "skill_high", "slope_low", "slope_high",
        "intercept", "observed", "expected", "ratio_low", "ratio_high", "auc", "c_index",
    )  # fmt: skip
    told = {"customers": 40, "rows": 100, "moves": 30, "brier": 0.15, "log_loss": 0.4, "skill": 0.2, "slope": 0.9}
    return dict.fromkeys(names) | told | {"ratio": 1.1} | more


def model(version, status, **more):
    """A row of models."""
    return {
        "racetrack": "ride", "version": version, "racetrack_version": 1, "status": status, "hash": f"{version:064x}",
        "registered_at": START, "registered_by": "ann", "position": version, "promoted_at": None, "promoted_by": None,
        "forced": False, "cut_off": 9, "cut_off_at": START, "first_position": 1, "held_out_from": START,
        "live_since": None, "seed": 2**40, "landmarks": 1_000, "customers": 50, "code_version": "0.1",
        "features": ["days_in_stage", "pages_7d"], "parameters": '{"seed": 1}', "unreadable": None,
    } | more  # fmt: skip


def decision(version, kind, position, in_force, **more):
    """A row of model_decisions."""
    return {
        "racetrack": "ride", "model": version, "n": position, "kind": kind, "decided_at": START, "position": position,
        "decided_by": "ann", "forced": False, "failed": [], "reason": "", "in_force": in_force,
    } | more  # fmt: skip


def forecast(stage, day, **more):
    """A row of ledger_days."""
    sums = ("mean_day", "mean_week", "mean_month", "mean_left_month", "expected_day", "expected_week",
            "expected_month", "expected_left_month")  # fmt: skip
    return {
        "racetrack": "ride", "stage": stage, "day": day, "predicted": 4, "revised": 1, "other_version": 0,
        **dict.fromkeys(sums, 0.25),
        "moved_day": 0, "moved_week": 2, "moved_month": None, "left_month": None,
    } | more  # fmt: skip


class GivenModels:
    """A ModelApi that tells rows, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.rows = {"models": [model(1, "promoted")], "model_decisions": [decision(1, "promoted", 1, 1)]}
        self.figures, self.error = {}, None

    async def models(self, racetrack, *, files_checked=False):
        self.files_checked = files_checked
        self.asked.append(("models", racetrack))
        return self.rows

    async def ledger(self, asks, min_position):
        self.asked.append(("ledger", asks, min_position))
        rows = {"ledger_position": [{"position": 7, "clock": datetime.now(UTC), "first_day": "2026-01-05",
                                     "left_out": 0}]}  # fmt: skip
        for ask in asks:
            for table, row in self.figures.get(ask.kind, []):
                rows.setdefault(table, []).append({"key": ask.key, "racetrack": "ride", "model": 1} | row)
        return rows

    async def ledger_days(self, racetrack, from_, to, min_position):
        self.asked.append(("days", racetrack, from_, to, min_position))
        return {"ledger_days": self.figures.get("days", [])}

    async def ledger_stages(self, racetrack, min_position):
        self.asked.append(("stages", racetrack, min_position))
        return {"ledger_stages": self.figures.get("stages", [])}

    async def promote(self, name, version, *, force, reason):
        return self._decided("promote", name, version, force, reason, found=11)

    async def roll_back(self, name):
        return self._decided("roll back", name, found=(1, 12))

    async def retire(self, name):
        return self._decided("retire", name, found=13)

    def _decided(self, *asked, found):
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        return found
