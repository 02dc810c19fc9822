"""How good predictions are, beside the baseline, once it is known what came true.

Of each horizon those rows are taken that were watched for as long, whatever happened in that time: leaving out only
those that are still there would favour the quick. What is judged is the move to the next stage within the horizon; the
log loss over all exits is told as well. Customers are the independent units of all intervals (see calibration.py).

Brier, Monthly Weather Review 78 (1950); the skill is that of the log loss; AUC by ranks (Hanley and McNeil, Radiology
143, 1982); C-index of Harrell with competing exits as in Wolbers et al., Epidemiology 20 (2009): who leaves by another
exit never moves on.
"""

from typing import NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.calibration import (
    LEAST,
    NOTHING,
    Bools,
    Codes,
    customers_of,
    observed_over_expected,
    ratio,
    slope,
)
from raceline.analytics.concordance import concordance
from raceline.analytics.incidence import EXITS, Floats, at

HORIZONS = (1, 7, 30)
ALL = -1  # the stage of the row about all stages together
_NEXT = EXITS.index("NEXT")


class Outcomes(NamedTuple):
    """What came true of rows (n,): days until the stay was left or no longer watched, exit (-1: not left yet), and
    follow: days from the landmark to the end of watching, whatever happened before."""

    days: Floats
    exit: NDArray[np.int8]
    follow: Floats

    def of(self, rows: Bools) -> Self:
        """Those of some rows (n,)."""
        return self._replace(days=self.days[rows], exit=self.exit[rows], follow=self.follow[rows])


class Measures(NamedTuple):
    """How good chances of one move are; nan where something is not defined.

    rows, customers, moves: how many, whose, and followed by the move. skill: 1 - log_loss / baseline_log_loss. observed
    and expected are numbers of moves, ratio the one over the other.
    """

    rows: int
    customers: int
    moves: int
    brier: float
    baseline_brier: float
    log_loss: float
    baseline_log_loss: float
    skill: float
    skill_low: float
    skill_high: float
    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    observed: float
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    auc: float


class Measured(NamedTuple):
    """How good the predictions of one horizon and stage (ALL: -1) are; nan where something is not defined.

    As Measures of those watched for the horizon, of the move to the next stage within it. exits_...: the log losses of
    what happened in all. c_index is over all rows and times.
    """

    horizon: int
    stage: int
    rows: int
    customers: int
    moves: int
    brier: float
    baseline_brier: float
    log_loss: float
    baseline_log_loss: float
    skill: float
    skill_low: float
    skill_high: float
    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    observed: float
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    auc: float
    exits_log_loss: float
    baseline_exits_log_loss: float
    c_index: float


Evaluation: TypeAlias = tuple[Measured, ...]


class _Rows(NamedTuple):
    """Of the rows that are judged: the chance of the move, whether it came true, and that of what happened in all."""

    p: Floats
    y: Bools
    happened: Floats


def evaluate(
    incidence: Floats, baseline: Floats, outcomes: Outcomes, stage: NDArray[np.int32], customer: Codes, stages: int
) -> Evaluation:
    """A Measured of each horizon, first of all stages together, but for the last, and then of each.

    incidence and baseline: (n, K, E) of model and baseline; stage (n,) 0 .. stages - 1; customer (n,).
    """
    of_stage = [(ALL, has_next(stage, stages)), *((s, stage == s) for s in range(stages))]
    return tuple(
        measured
        for horizon in HORIZONS
        for measured in _evaluated(at(incidence, horizon), at(baseline, horizon), outcomes, customer, of_stage, horizon)
    )


def has_next(stage: NDArray[np.int32], stages: int) -> Bools:
    """(n,) who is in a stage with a next one. Of the last it is sure that nobody moves on: among all stages together it
    would make every model look good."""
    return np.asarray(stage < stages - 1, np.bool_)


def chances(incidence: Floats, outcomes: Outcomes, horizon: float) -> tuple[Bools, Floats, Bools]:
    """What a calibration curve is made of: which rows are judged (n,), the chances p of those, and y: who moved."""
    watched = outcomes.follow >= horizon
    rows = _judged(at(incidence[watched], horizon), outcomes.of(watched), horizon)
    return watched, rows.p, rows.y


def _evaluated(
    chance: Floats,
    other: Floats,
    outcomes: Outcomes,
    customer: Codes,
    of_stage: list[tuple[int, Bools]],
    horizon: int,
) -> list[Measured]:
    """chance and other: (n, E) of model and baseline by the horizon."""
    found, watched = [], outcomes.follow >= horizon
    for stage, here in of_stage:
        judged = here & watched
        happened = outcomes.of(judged)
        rows, base = (_judged(of[judged], happened, horizon) for of in (chance, other))
        never = np.where(outcomes.exit[here] > _NEXT, np.inf, outcomes.days[here])
        found.append(
            Measured(
                horizon,
                stage,
                *measures(rows.p, rows.y, customer[judged], base.p),
                exits_log_loss=_mean(-np.log(np.maximum(rows.happened, LEAST))),
                baseline_exits_log_loss=_mean(-np.log(np.maximum(base.happened, LEAST))),
                c_index=concordance(chance[here, _NEXT], never, outcomes.exit[here] == _NEXT),
            )
        )
    return found


def _judged(chance: Floats, outcomes: Outcomes, horizon: float) -> _Rows:
    left = (outcomes.exit >= 0) & (outcomes.days <= horizon)
    still = 1 - chance.sum(axis=1)
    by_exit = chance[np.arange(len(chance)), np.maximum(outcomes.exit, 0)]
    return _Rows(chance[:, _NEXT], left & (outcomes.exit == _NEXT), np.where(left, by_exit, still))


def measures(p: Floats, y: Bools, customer: Codes, base: Floats | None = None) -> Measures:
    """How good chances p (n,) of a move are, of which it is known (n,) whether it came. customer: (n,) whose.

    base (n,): what the baseline said; without it there is no skill.
    """
    losses, skill, base_brier, base_loss = _log_losses(p, y), NOTHING, np.nan, np.nan
    if base is not None:
        base_losses = _log_losses(base, y)
        skill, base_brier, base_loss = ratio(losses, base_losses, customer), _mean((base - y) ** 2), _mean(base_losses)
    line, share = slope(p, y, customer), observed_over_expected(p, y, customer)
    return Measures(
        rows=len(y),
        customers=customers_of(customer),
        moves=int(y.sum()),
        brier=_mean((p - y) ** 2),
        baseline_brier=base_brier,
        log_loss=_mean(losses),
        baseline_log_loss=base_loss,
        skill=1 - skill.value,
        skill_low=1 - skill.high,
        skill_high=1 - skill.low,
        slope=line.slope.value,
        slope_low=line.slope.low,
        slope_high=line.slope.high,
        intercept=line.intercept,
        observed=float(y.sum()),
        expected=float(p.sum()),
        ratio=share.value,
        ratio_low=share.low,
        ratio_high=share.high,
        auc=_auc(p, y),
    )


def _log_losses(p: Floats, y: Bools) -> Floats:
    return np.asarray(-np.log(np.clip(np.where(y, p, 1 - p), LEAST, 1 - LEAST)))


def _auc(p: Floats, y: Bools) -> float:
    """The chance that of one that came true and one that did not, the first was given more; equal ones count a half."""
    came, not_come = int(y.sum()), int((~y).sum())
    if not came or not not_come:
        return np.nan
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    return float((rank[place][y].sum() - came * (came + 1) / 2) / (came * not_come))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else np.nan
