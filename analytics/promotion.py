"""When a model may be promoted: it beats the baseline, and its chances mean what they say. The rules are data.

The figures are chosen by what they let pass, in tests/analytics/test_promotion.py. Of models whose chances are too
extreme (a true calibration slope of 0.6) at most 5 of 100 pass from 100 held-out moves on. Of models with right chances
at least 9 of 10 pass from 200 moves on, or from 800 where customers have five landmarks each that all say the same,
because then the intervals are wider.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from raceline.analytics.evaluation import ALL, Evaluation, Measures

# How well a model did, by the kind of landmarks and the horizon: first the kind that there has to be enough of.
Kinds: TypeAlias = Mapping[str, Mapping[int, Measures]]


class PromotionRules(NamedTuple):
    """What is asked of the held-out predictions of all stages together.

    horizon: that of skill and calibration slope, in days. moves: so many within it at least; what is founded on fewer
    is not asked. skill: its lower bound is above. low, high, width: calibration slope, and observed over expected of
    every horizon, are from low to high, and their intervals no wider. stage_moves: a stage with so many moves at least
    must not be worse than its baseline. All intervals are of 95 %.
    """

    horizon: int = 7
    moves: int = 100
    skill: float = 0.0
    low: float = 0.8
    high: float = 1.25
    width: float = 0.5
    stage_moves: int = 20


class Check(NamedTuple):
    """One rule: what was needed in words, what was observed (None: it is not defined), and whether that is enough."""

    rule: str
    needed: str
    observed: float | None
    passed: bool


RULES = PromotionRules()


def promotion(
    evaluation: Evaluation, kinds: Kinds, stages: Sequence[str], rules: PromotionRules = RULES
) -> tuple[Check, ...]:
    """The checks of an evaluation; the model may be promoted when all have passed.

    kinds: chances have to hold at each kind of landmarks by itself, because two errors that cancel are two. stages: the
    names of the evaluation's.
    """
    first, measured = next(iter(kinds.items()))
    moves = measured[rules.horizon].moves
    enough = Check(
        _rule("held-out moves", rules.horizon, first), f"at least {rules.moves}", moves, moves >= rules.moves
    )
    found = (check for kind, measured in kinds.items() for check in _of_kind(kind, measured, rules))
    return enough, *found, _worse(evaluation, stages, rules)


def _of_kind(kind: str, measured: Mapping[int, Measures], rules: PromotionRules) -> Iterator[Check]:
    it = measured[rules.horizon]
    yield _asked(
        Check(
            _rule("skill over the baseline", rules.horizon, kind), f"lower bound above {rules.skill:g}",
            _said(it.skill_low), it.skill_low > rules.skill,
        ), it.moves, rules,
    )  # fmt: skip
    rule = _rule("calibration slope", rules.horizon, kind)
    yield _asked(_near(rule, it.slope, it.slope_high - it.slope_low, rules), it.moves, rules)
    for horizon, it in measured.items():
        rule = _rule("observed over expected", horizon, kind)
        yield _asked(_near(rule, it.ratio, it.ratio_high - it.ratio_low, rules), it.moves, rules)


def _near(rule: str, figure: float, width: float, rules: PromotionRules) -> Check:
    """nan never passes."""
    needed = f"{rules.low:g} to {rules.high:g}, no wider than {rules.width:g}"
    return Check(rule, needed, _said(figure), rules.low <= figure <= rules.high and width <= rules.width)


def _asked(check: Check, moves: int, rules: PromotionRules) -> Check:
    """The check, if there are moves enough for it to mean something: the first one asks for them."""
    if moves >= rules.moves:
        return check
    return check._replace(needed=f"{check.needed}; not asked: {moves:,} moves", passed=True)


def _worse(evaluation: Evaluation, stages: Sequence[str], rules: PromotionRules) -> Check:
    worse = [
        stages[it.stage]
        for it in evaluation
        if it.horizon == rules.horizon and it.stage != ALL and it.moves >= rules.stage_moves and it.skill_high < 0
    ]
    needed = ", ".join(["none", *(f"but: {name}" for name in worse[:1]), *worse[1:]])
    rule = f"stages where the baseline does better within {rules.horizon} days"
    return Check(rule, needed, len(worse), not worse)


def _rule(name: str, horizon: int, kind: str) -> str:
    return f"{name} within {horizon} {'day' if horizon == 1 else 'days'}, {kind}"


def _said(figure: float) -> float | None:
    return None if np.isnan(figure) else figure
