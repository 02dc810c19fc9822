"""When a model may be promoted: it beats the baseline, and its chances mean what they say. The rules are data."""

from typing import NamedTuple

import numpy as np

from raceline.analytics.evaluation import ALL, Evaluation


class PromotionRules(NamedTuple):
    """What is asked of the held-out predictions of all stages together, by the horizon in days.

    moves: at least so many; skill: the lower bound of the skill is above it; the intervals of calibration slope and of
    observed over expected meet [low, high]. All intervals are of 95 %.
    """

    horizon: int = 7
    moves: int = 50
    skill: float = 0.0
    low: float = 0.8
    high: float = 1.25


class Check(NamedTuple):
    """One rule: what was needed in words, what was observed (None: it is not defined), and whether that is enough."""

    rule: str
    needed: str
    observed: float | None
    passed: bool


RULES = PromotionRules()


def promotion(evaluation: Evaluation, rules: PromotionRules = RULES) -> tuple[Check, ...]:
    """The checks of an evaluation; the model may be promoted when all have passed."""
    it = next(one for one in evaluation if (one.horizon, one.stage) == (rules.horizon, ALL))
    within = f"within {rules.horizon} days"
    meets = f"95 % interval meets {rules.low:g} to {rules.high:g}"
    return (
        Check(f"held-out moves {within}", f"at least {rules.moves}", it.moves, it.moves >= rules.moves),
        Check(
            f"skill over the baseline {within}, lower bound", f"above {rules.skill:g}", _said(it.skill_low),
            it.skill_low > rules.skill,
        ),
        Check(f"calibration slope {within}", meets, _said(it.slope), _meets(it.slope_low, it.slope_high, rules)),
        Check(f"observed over expected {within}", meets, _said(it.ratio), _meets(it.ratio_low, it.ratio_high, rules)),
    )  # fmt: skip


def _meets(low: float, high: float, rules: PromotionRules) -> bool:
    """nan never does."""
    return low <= rules.high and high >= rules.low


def _said(figure: float) -> float | None:
    return None if np.isnan(figure) else figure
