"""Which models may be promoted."""

import numpy as np
import pytest
from pytest import param

from raceline.analytics.evaluation import ALL, Measured, measures
from raceline.analytics.promotion import PromotionRules, promotion

HORIZONS = (1, 7, 30)


def judged(seed=0, moves=1_000, truth=1.0, factor=1.0, base=None, same=1):
    """How chances do: the log odds of the truth are `truth` times as far from their mean as those of the chances, and
    each customer has so many landmarks that are all the same."""
    draw = np.random.default_rng(seed)
    odds = draw.normal(-1.5, 1.5, int(moves / 0.26 / same))
    came = draw.random(len(odds)) < 1 / (1 + np.exp(1.5 - truth * (odds + 1.5)))
    p = np.minimum(factor / (1 + np.exp(-odds)), 1)
    p, y, customer = (np.repeat(of, same) for of in (p, came, np.arange(len(odds))))
    return measures(p, y, customer, np.full(len(p), y.mean()) if base is None else base(p, y))


def checks(week, day=None, month=None, events=None, stages=(), rules=None):
    kinds = {"at days": {1: day or week, 7: week, 30: month or week}}
    if events is not None:
        kinds["at events"] = dict.fromkeys(HORIZONS, events)
    of_stages = [Measured(7, n, *one, 0.0, 0.0, 0.5) for n, one in enumerate(stages)]
    everything = (Measured(7, ALL, *week, 0.0, 0.0, 0.5), *of_stages)
    return promotion(everything, kinds, ("need", "use", "renew"), *([] if rules is None else [rules]))


def failed(*of, **those):
    return [check.rule for check in checks(*of, **those) if not check.passed]


@pytest.mark.parametrize(
    ("moves", "same", "truth", "least", "most"),
    [
        param(55, 1, 0.6, 0, 0, id="too few moves never pass"),
        param(55, 1, 1.0, 0, 0, id="too few moves never pass, though the chances are right"),
        param(130, 1, 0.6, 0, 0.05, id="chances that are far too extreme hardly ever pass with few moves"),
        param(250, 1, 0.6, 0, 0.05, id="nor with some"),
        param(800, 1, 0.6, 0, 0, id="nor with many"),
        param(400, 5, 0.6, 0, 0.05, id="nor with few that repeat themselves"),
        param(200, 1, 1.0, 0.9, 1, id="right chances nearly always pass with some moves"),
        param(800, 1, 1.0, 1, 1, id="and always with many"),
        param(200, 5, 1.0, 0, 0.1, id="a few customers who repeat themselves are little data"),
        param(800, 5, 1.0, 0.9, 1, id="and many are enough"),
    ],
)
def test_little_data_is_no_way_to_pass(moves, same, truth, least, most):
    rounds, calibrated = 40, PromotionRules(skill=-np.inf)
    passed = [not failed(judged(seed, moves, truth, same=same), rules=calibrated) for seed in range(rounds)]
    assert least <= sum(passed) / rounds <= most


GOOD = judged()
STEEP = GOOD._replace(slope=0.75, slope_low=0.65, slope_high=0.85)
VAGUE = GOOD._replace(slope=1.0, slope_low=0.7, slope_high=1.3)
LOW, HIGH = judged(factor=0.75), judged(factor=1.3)
WORSE = judged(base=lambda p, y: np.where(y, p * 0.7 + 0.3, p * 0.7))


@pytest.mark.parametrize(
    ("those", "rules"),
    [
        param({}, [], id="in nothing"),
        param({"week": judged(moves=60)}, ["held-out moves within 7 days, at days"], id="with few moves"),
        param(
            {"week": STEEP}, ["calibration slope within 7 days, at days"], id="in a slope, though its interval meets"
        ),
        param({"week": VAGUE}, ["calibration slope within 7 days, at days"], id="in a slope that says little"),
        param({"day": LOW}, ["observed over expected within 1 day, at days"], id="in the day's sum"),
        param({"month": HIGH}, ["observed over expected within 30 days, at days"], id="in the month's sum"),
        param({"day": judged(moves=60, factor=0.5)}, [], id="in a sum of few moves"),
        param({"events": STEEP}, ["calibration slope within 7 days, at events"], id="just after events"),
        param({"events": STEEP._replace(moves=99)}, [], id="just after events, of which there are few"),
        param({"stages": [GOOD, WORSE]}, ["stages where the baseline does better within 7 days"], id="in a stage"),
        param({"stages": [WORSE._replace(moves=19)]}, [], id="in a stage with few moves"),
        param({"week": WORSE}, ["skill over the baseline within 7 days, at days"], id="beside the baseline"),
    ],
)
def test_a_model_is_refused_when_it_fails(those, rules):
    assert failed(**({"week": GOOD} | those)) == rules


def test_the_stages_that_are_worse_are_named():
    last = checks(GOOD, stages=[WORSE, GOOD, WORSE])[-1]
    assert (last.needed, last.observed, last.passed) == ("none, but: need, renew", 2, False)


def test_the_rules_are_data_and_what_cannot_be_said_does_not_pass():
    few = judged(moves=60)
    assert checks(few)[0][1:] == ("at least 100", few.moves, False)
    assert "not asked: " in checks(few)[1].needed
    assert not failed(few, rules=PromotionRules(moves=20, skill=-1, low=0.5, width=2))
    nobody = measures(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), np.zeros(0))
    asked = checks(nobody, rules=PromotionRules(moves=0))
    assert [(one.observed, one.passed) for one in asked] == [(0, True)] + [(None, False)] * 5 + [(0, True)]
    assert failed(nobody) == ["held-out moves within 7 days, at days"]
