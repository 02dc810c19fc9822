"""How good predictions are, beside the baseline, once it is known what came true."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from raceline.analytics.concordance import concordance
from raceline.analytics.evaluation import ALL, HORIZONS, Outcomes, chances, evaluate, measures
from raceline.analytics.incidence import BIN_ENDS, EXITS, E, K, at, from_hazards

NEXT, OUT = EXITS.index("NEXT"), EXITS.index("OUT")

scores = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 6), st.sampled_from([NEXT, OUT, -1])), min_size=2, max_size=40
)


def world(seed=0, rows=6_000, customers=1_500, stages=2, horizon=200.0):
    """Hazards that differ by customer, what they lead to, and a baseline that knows the stage only."""
    draw = np.random.default_rng(seed)
    customer, stage = draw.integers(0, customers, rows), draw.integers(0, stages, rows).astype(np.int32)
    trait = draw.uniform(0.1, 2, customers)[customer] * (1 + stage)
    widths = np.diff((0.0, *BIN_ENDS))
    share = np.array([0.6, 0.05, 0.05, 0.1, 0.2])
    truth = from_hazards((1 - np.exp(-0.03 * trait[:, None] * widths))[:, :, None] * share)
    days, exit_ = draw.exponential(1 / (0.03 * trait)), draw.choice(E, rows, p=share)
    follow = draw.uniform(0, horizon, rows)
    seen = days <= np.minimum(follow, horizon)
    outcomes = Outcomes(np.where(seen, days, follow), np.where(seen, exit_, -1).astype(np.int8), follow)
    members = [truth[stage == s] for s in range(stages)]
    baseline = np.stack([of.sum(axis=0) / max(len(of), 1) for of in members])[stage]
    return truth, baseline, outcomes, stage, customer


def one(evaluation, horizon=7, stage=ALL):
    return next(it for it in evaluation if (it.horizon, it.stage) == (horizon, stage))


def test_the_figures_are_those_of_scikit_learn_and_lifelines():
    from lifelines.utils import concordance_index
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    truth, baseline, outcomes, stage, customer = world()
    told = evaluate(truth, baseline, outcomes, stage, customer, 3)
    assert [(it.horizon, it.stage) for it in told] == [(h, s) for h in HORIZONS for s in (ALL, 0, 1, 2)]
    told = [it for it in told if it.stage != 2]
    for it in told:
        here = stage == it.stage if it.stage != ALL else np.ones(len(stage), bool)
        judged = here & (outcomes.follow >= it.horizon)
        p, p0 = (at(of, it.horizon)[judged] for of in (truth, baseline))
        left = (outcomes.exit[judged] >= 0) & (outcomes.days[judged] <= it.horizon)
        y = left & (outcomes.exit[judged] == NEXT)
        assert (it.rows, it.moves, it.customers) == (judged.sum(), y.sum(), len(set(customer[judged])))
        assert it.brier == approx(brier_score_loss(y, p[:, NEXT]))
        assert it.baseline_brier == approx(brier_score_loss(y, p0[:, NEXT]))
        assert it.log_loss == approx(log_loss(y, p[:, NEXT]))
        assert it.baseline_log_loss == approx(log_loss(y, p0[:, NEXT]))
        assert it.skill == approx(1 - it.log_loss / it.baseline_log_loss)
        ended = np.where(left, outcomes.exit[judged], E)
        everything = np.column_stack([p, 1 - p.sum(1)])
        assert it.exits_log_loss == approx(log_loss(ended, everything, labels=range(E + 1)))
        assert it.auc == approx(roc_auc_score(y, p[:, NEXT]))
        assert (it.observed, it.expected, it.ratio) == approx((y.sum(), p[:, NEXT].sum(), y.sum() / p[:, NEXT].sum()))
        later = np.where(outcomes.exit > NEXT, 1e9, outcomes.days)[here]
        score = at(truth, it.horizon)[here, NEXT]
        assert it.c_index == approx(concordance_index(later, -score, outcomes.exit[here] == NEXT))


def test_the_truth_beats_the_baseline_and_is_calibrated():
    told = evaluate(*world(), 3)
    for horizon in HORIZONS:
        it = one(told, horizon)
        assert it.skill_low > 0
        assert it.slope_low < 1 < it.slope_high
        assert it.ratio_low < 1 < it.ratio_high


def test_all_stages_together_are_those_with_a_next_one():
    """That nobody moves on from the last is sure, and would make every model look good."""
    truth, baseline, outcomes, stage, customer = world()
    told = evaluate(truth, baseline, outcomes, stage, customer, 2)
    for horizon in HORIZONS:
        assert one(told, horizon)._replace(stage=0) == one(told, horizon, stage=0)


def test_a_row_is_judged_only_when_it_was_watched_for_as_long_whatever_happened():
    """A quick move in a short watch is left out like one that is still there: else the quick would be favoured."""
    truth = world(rows=4)[0]
    days, exits = np.array([0.5, 3, 3, 7]), np.array([NEXT, -1, NEXT, NEXT], np.int8)
    outcomes = Outcomes(days, exits, np.array([3.0, 3.0, 7.0, 9.0]))
    watched, p, y = chances(truth, outcomes, 7)
    assert watched.tolist() == [False, False, True, True]
    assert y.tolist() == [True, True], "the end of the horizon belongs to it"
    assert p.tolist() == at(truth[2:], 7)[:, NEXT].tolist()
    assert one(evaluate(truth, truth, outcomes, np.zeros(4, np.int32), np.arange(4), 2)).rows == 2


def test_a_stage_without_rows_and_a_single_customer_have_a_defined_answer():
    truth, baseline, outcomes, _, _ = world(rows=50)
    told = evaluate(truth, baseline, outcomes, np.zeros(50, np.int32), np.zeros(50, np.int64), 2)
    empty = one(told, 7, 1)
    assert (empty.rows, empty.customers, empty.moves, empty.expected) == (0, 0, 0, 0)
    assert np.isnan(
        [empty.brier, empty.log_loss, empty.skill, empty.auc, empty.c_index, empty.slope, empty.ratio]
    ).all()
    alone = one(told)
    assert alone.customers == 1
    assert not math.isnan(alone.skill)
    assert np.isnan([alone.skill_low, alone.slope_low, alone.ratio_low]).all()


def test_what_was_said_to_be_impossible_and_came_true_costs_much_but_not_everything():
    never = np.zeros((2, K, E))
    outcomes = Outcomes(np.array([1.0, 90.0]), np.array([NEXT, -1], np.int8), np.full(2, 90.0))
    it = one(evaluate(never, never, outcomes, np.zeros(2, np.int32), np.arange(2), 2))
    assert it.log_loss == approx(-math.log(1e-6) / 2, rel=1e-5)
    assert it.skill == 0


@given(scores)
def test_the_c_index_counts_pairs(found):
    """Naive: of each pair of which one moved, and the other had not by then, who was given more."""
    score, days, exits = (np.array(of, float) for of in zip(*found, strict=True))
    days, moved = np.where(exits == OUT, np.inf, days), exits == NEXT
    right, pairs = 0.0, 0
    for i in np.flatnonzero(moved):
        for j in range(len(score)):
            if days[j] > days[i] or (days[j] == days[i] and not moved[j]):
                pairs += 1
                right += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    assert concordance(score, days, moved) == (approx(right / pairs) if pairs else approx(math.nan, nan_ok=True))


def test_chances_alone_are_measured_without_a_skill_and_customers_may_be_any_numbers():
    p, y, customer = np.array([0.1, 0.4, 0.6, 0.3]), np.array([False, True, True, False]), np.array([0, 1, 1, 2])
    told = measures(p, y, customer)
    assert np.isnan([told.skill, told.skill_low, told.baseline_brier, told.baseline_log_loss]).all()
    assert (told.rows, told.customers, told.moves, told.auc) == (4, 3, 2, 1)
    others = measures(p, y, np.array([-5, 10**12, 10**12, 7]))
    assert others == approx(told, nan_ok=True)
    assert measures(p, y, customer, p).skill == 0
