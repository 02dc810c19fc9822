"""A landmark model: what it learns, what it says, and what it says where it knows little."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_hazards import GROUPS, NAMES, RATES, STAGES, known_rows, rate
from pytest import approx, param
from small_model import small_model
from tests.analytics.test_basis import naive

from raceline.analytics import landmark_model_fit, landmark_model_rows
from raceline.analytics.drift import counts
from raceline.analytics.incidence import BIN_ENDS, E, K, from_hazards
from raceline.analytics.landmark_model import (
    BASELINE,
    TIERS,
    TrainingSet,
    arrays,
    fit,
    from_arrays,
    hazards,
    linear,
    score,
    score_replicates,
)
from raceline.analytics.landmark_model_offset import offsets
from raceline.analytics.model_file import from_bytes, to_bytes

NEXT, FURTHER, EDGE, BACKWARD, OUT = range(E)
DAYS, CONTENT, MANAGER, MOOD, NOTHING = range(5)
SURE, THIN = 0, 3  # stages that many, and that few have left


def learned(rows, **more):
    return fit(rows, NAMES, STAGES, groups=GROUPS, seed=more.pop("seed", 1), **more)


@pytest.fixture(scope="module")
def model():
    return learned(known_rows())


def told(model, stage, *rows):
    return score(model, np.full(len(rows), stage, np.int32), np.array(rows, float))


def row(days=0.0, content=0.0, manager=0.0, mood=0.0, nothing=3.0):
    return (days, content, manager, mood, nothing)


def test_it_learns_the_chances_that_are_true(model):
    for content in (0, 1, 3):
        true = [RATES[NEXT] * (1 - math.exp(-rate(content) * end)) for end in BIN_ENDS]
        assert told(model, SURE, row(content=content))[0, :, NEXT] == approx(true, abs=0.08)


def test_a_stage_is_of_the_tier_that_the_moves_seen_in_it_allow(monkeypatch):
    monkeypatch.setattr(landmark_model_fit, "BORDERS", (5, 30, 100))
    model = learned(known_rows((300, 80, 20, 4)))
    assert [TIERS[tier] for tier in model.tier] == ["STAGE", "POOLED", "SHARED", "BASELINE"]
    assert (model.moves <= [300, 80, 20, 4]).all()
    assert (model.moves > 0).all()


def test_landmarks_of_one_stay_are_one_move():
    rows = known_rows((30, 0, 0, 0), of=3)
    left = len(np.unique(rows.customer[rows.exit >= 0]))
    assert learned(rows).moves.tolist() == [left, 0, 0, 0]
    assert len(rows.days) > 60


def test_in_a_thin_stage_nothing_but_time_matters(model):
    plain = told(model, THIN, row(days=4))
    assert (told(model, THIN, row(days=4, content=5, manager=1, mood=np.nan)) == plain).all()
    groups = linear(model, THIN, np.array([row(4, 5, 1, 0.5)])).groups
    assert (groups[:, 1:] == 0).all()
    assert (told(model, THIN, row(days=8)) != plain).any()


def test_a_stage_that_nobody_was_ever_seen_in_is_like_all_others_but_for_the_ends_of_the_racetrack():
    model = learned(known_rows((200, 100, 0, 0)))
    found = told(model, 3, row(), row(50, 3))
    assert model.tier[3] == BASELINE
    assert (found[:, :, [NEXT, FURTHER]] == 0).all(), "nothing comes after the last stage"
    assert (found[:, -1, BACKWARD] > 0).all()
    assert told(model, 2, row())[0, -1, NEXT] == approx(told(model, 0, row())[0, -1, NEXT], abs=0.2)


def test_an_exit_that_a_stage_never_showed_has_no_chance(model):
    assert (told(model, SURE, row(), row(9, 9, 1))[:, :, EDGE] == 0).all()
    assert np.isneginf(linear(model, SURE, np.array([row()])).intercept[:, EDGE]).all()


@given(st.lists(st.tuples(*[st.one_of(st.just(np.nan), st.floats(-10, 200))] * 5), min_size=1, max_size=20))
@settings(max_examples=25)
def test_whatever_is_asked_chances_are_chances_and_never_fall_with_the_days(model, rows):
    for stage in range(STAGES):
        found = told(model, stage, *rows)
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        assert (np.diff(found, axis=1) >= 0).all()
        assert (found.sum(axis=2) <= 1 + 1e-12).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_a_row_is_told_the_same_to_the_last_bit_whatever_rows_are_beside_it(seed):
    dice = np.random.default_rng(seed)
    model, n = small_model(3, seed=seed), 10_000
    stage, features = dice.integers(0, 3, n).astype(np.int32), dice.integers(-1, 9, (n, 8)).astype(float)
    whole = score(model, stage, features)
    some = dice.permutation(n)[:7]
    assert (score(model, stage[some], features[some]) == whole[some]).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_hazards_are_those_of_the_naive_twin_and_predictors_add_up_by_group(seed):
    dice = np.random.default_rng(seed)
    model = small_model(2, seed=seed)
    features = np.where(dice.random((5, 8)) < 0.2, np.nan, dice.integers(0, 7, (5, 8)))
    found = hazards(model, np.ones(5, np.int32), features)
    parts = linear(model, 1, features)
    curve = offsets(model.baseline, np.ones(1, np.int32), np.zeros(1))[0]
    for i, values in enumerate(features):
        own = np.array(naive(model.basis, values))
        eta = curve + model.intercept[1] + np.tensordot(own, model.weight[1], 1)
        assert parts.intercept + parts.groups[i].sum(axis=0) == approx(eta)
        shares = np.exp(eta) / (1 + np.exp(eta).sum(axis=1, keepdims=True))
        assert found[i] == approx(shares)


def test_values_beyond_what_a_stage_has_shown_count_as_the_nearest_that_it_has(model):
    highest = model.high[SURE, CONTENT]
    assert (told(model, SURE, row(content=1e6)) == told(model, SURE, row(content=highest))).all()
    assert (told(model, SURE, row(content=-5)) == told(model, SURE, row(content=0))).all()


def test_what_is_missing_and_never_was_counts_as_typical_and_what_often_is_has_an_effect_of_its_own(model):
    typical = model.typical[SURE, CONTENT]
    assert (told(model, SURE, row(content=np.nan)) == told(model, SURE, row(content=typical))).all()
    assert model.imputed[SURE].tolist() == [True, True, True, False, True]
    assert np.isfinite(told(model, SURE, row(mood=np.nan))).all()


def test_a_constant_feature_changes_nothing(model):
    assert (told(model, SURE, row(nothing=99)) == told(model, SURE, row())).all()
    assert NOTHING not in model.basis.feature()


def test_rows_that_were_not_watched_to_the_end_of_a_bin_say_nothing_of_it_even_if_they_left():
    """Else those who leave early would count, and those who stay would not."""
    rows = known_rows((800, 0, 0, 0))
    short = rows.follow < 90
    others = rows._replace(exit=np.where(short & (rows.days > 60), np.int8(OUT), rows.exit))
    last = hazards(learned(rows), np.zeros(1, np.int32), np.array([row()]))[0, -1]
    assert hazards(learned(others), np.zeros(1, np.int32), np.array([row()]))[0, -1] == approx(last, abs=0.01)


def test_of_many_rows_some_who_stay_are_left_out_and_chances_remain(model, monkeypatch):
    monkeypatch.setattr(landmark_model_rows, "BIN_ROWS", 400)
    fewer = learned(known_rows())
    wanted = [row(), row(5, 2, 1)]
    assert told(fewer, SURE, *wanted) == approx(told(model, SURE, *wanted), abs=0.08)


def test_replicates_differ_as_much_as_customers_let_them(model):
    wanted = np.array([row(content=2)])
    spread = [score_replicates(model, np.array([s], np.int32), wanted)[:, 0, 4].sum(axis=1).std() for s in (SURE, THIN)]
    assert 0.005 < spread[0] < 0.05
    assert spread[0] < spread[1]


def test_features_and_scores_are_counted_for_drift_as_they_were_in_training(model):
    rows = known_rows()
    here = rows.stage == SURE
    week = score(model, rows.stage[here], rows.features[here])[:, 2, NEXT]
    for f, values in [(CONTENT, rows.features[here, CONTENT]), (MOOD, rows.features[here, MOOD]), (len(NAMES), week)]:
        edges = model.drift_edges[SURE, f]
        edges = edges[~np.isnan(edges)]
        counted = counts(values, edges)
        assert model.drift_counts[SURE, f, : len(counted)].tolist() == counted.tolist()
        assert model.drift_counts[SURE, f].sum() == here.sum()


def test_the_same_rows_and_seed_are_the_same_bytes_and_a_file_scores_as_the_model_does(model):
    written = to_bytes(arrays(model))
    assert to_bytes(arrays(learned(known_rows()))) == written
    assert to_bytes(arrays(learned(known_rows(), seed=2))) != written
    read = from_arrays(from_bytes(written))
    wanted = [row(), row(5, 2, 1, np.nan)]
    assert read.names == NAMES
    assert (told(read, SURE, *wanted) == told(model, SURE, *wanted)).all()


def test_progress_is_told_and_ends():
    seen = []
    learned(known_rows((60, 5, 5, 5)), progress=lambda done, of: seen.append((done, of)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] <= seen[-1][1] == K + 2 * STAGES


@pytest.mark.parametrize(
    "counted",
    [
        param((1, 0, 0, 0), id="one customer"),
        param((0, 0, 0, 0), id="nobody"),
        param((3, 1, 0, 2), id="a few"),
        param((25, 25, 25, 25), id="each stage at the border"),
    ],
)
def test_of_thin_data_there_is_a_model_all_the_same(counted):
    rows = known_rows(counted)
    model = learned(TrainingSet(*rows))
    for stage in range(STAGES):
        found = told(model, stage, row(), row(30, 4, 1, np.nan))
        assert np.isfinite(found).all()
        assert (found.sum(axis=2) <= 1 + 1e-12).all()


def test_a_stage_that_nobody_has_left_is_not_left_soon():
    rows = known_rows((300, 300, 0, 0))
    stay = rows.stage == 1
    days = np.where(stay, rows.follow, rows.days)
    model = learned(rows._replace(exit=np.where(stay, np.int8(-1), rows.exit), days=days))
    assert (model.moves[1], model.tier[1]) == (0, BASELINE)
    assert told(model, 1, row())[0, 4].sum() < 0.1 < told(model, 0, row())[0, 4].sum()


def test_what_the_model_does_not_know_is_refused(model):
    with pytest.raises(IndexError, match="stages 0 to 3"):
        told(model, STAGES, row())
    with pytest.raises(ValueError, match="5 features"):
        score(model, np.zeros(1, np.int32), np.zeros((1, 4)))
    with pytest.raises(ValueError, match="2 stages for 1 rows"):
        score(model, np.zeros(2, np.int32), np.zeros((1, 5)))


def stays_of(count, length, *, seed, exit_=NEXT, watched=200.0, stages=2):
    """Customers in stage 0, who leave after so many days, each asked at its entry and at every midnight; what else is
    known of them is noise."""
    dice = np.random.default_rng(seed)
    long = np.array([length(dice) for _ in range(count)])
    first = dice.uniform(0, 1, count)
    rows = [(i, at) for i in range(count) for at in (0.0, *np.arange(first[i], min(long[i], watched), 1.0))]
    who, since = np.array([i for i, _ in rows]), np.array([at for _, at in rows])
    noise = np.column_stack([dice.poisson(1.0, len(rows)), dice.integers(0, 2, len(rows)), dice.normal(size=len(rows))])
    left = long[who] <= watched
    days, exits = np.minimum(long[who], watched) - since, np.where(left, exit_, -1).astype(np.int8)
    features = np.column_stack([since, noise, np.full(len(rows), 3.0)])
    return TrainingSet(np.zeros(len(rows), np.int32), who.astype(np.int32), features, days, exits, watched - since)


@pytest.mark.parametrize("count", [30, 300], ids=["few stays", "many"])
def test_a_stage_whose_stays_all_last_two_days_is_left_after_two_days(count):
    model = learned(stays_of(count, lambda _: 2.0, seed=3))
    at_entry, next_midnight, the_last = told(model, 0, row(0), row(0.6), row(1.6))[:, :3, NEXT]
    assert at_entry[0] < 0.05 < 0.85 < at_entry[1]
    assert next_midnight[0] < 0.05 < 0.85 < next_midnight[1]
    assert the_last[0] > 0.85


def test_who_stayed_when_all_others_left_is_predicted_to_stay():
    """A third leave within days, and the others never: what a spline of the days would smear over weeks."""
    model = learned(stays_of(300, lambda dice: dice.uniform(0.5, 4.5) if dice.random() < 1 / 3 else 1e9, seed=4))
    month = told(model, 0, row(0), row(6), row(120), row(500))[:, 4].sum(axis=1)
    assert month[0] == approx(1 / 3, abs=0.1)
    assert (month[1:] < 0.01).all()


def test_of_noise_alone_the_model_says_hardly_more_than_the_curve():
    def length(dice):
        return dice.weibull(1.5) * 20

    model, asked = learned(stays_of(400, length, seed=5)), stays_of(800, length, seed=6)
    curve = offsets(model.baseline, asked.stage, asked.features[:, DAYS])
    curve = from_hazards(np.exp(curve) / (1 + np.exp(curve).sum(axis=2, keepdims=True)))
    moved = asked.days <= 7

    def loss(found):
        chance = found[:, 2, NEXT].clip(1e-9, 1 - 1e-9)
        return -np.mean(np.where(moved, np.log(chance), np.log(1 - chance)))

    assert loss(score(model, asked.stage, asked.features)) < 1.03 * loss(curve)


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(-1, 300), min_size=1, max_size=5))
@settings(max_examples=15)
def test_an_offset_is_the_chance_by_the_lines_between_the_knots(seed, since):
    curves = small_model(3, seed=seed).baseline
    found = offsets(curves, np.full(len(since), 1, np.int32), np.array(since))
    for i, now in enumerate(since):
        known = [by_lines(curves, 1, max(now, 0.0) + end) for end in (0.0, *BIN_ENDS)]
        for k, (before, after) in enumerate(pairwise(known)):
            chance = np.clip((after - before) / (1 - before.sum()), 1e-5, 1 - 1e-5)
            stay = (1 - after.sum()) / (1 - before.sum())
            assert found[i, k] == approx(np.log(chance / stay), abs=1e-6)


def by_lines(curves, s, day):
    days, gone, rate = curves.days[s], curves.gone[s], curves.rate[s]
    if day < days[-1]:
        return np.array([np.interp(day, days, gone[:, e]) for e in range(E)])
    fall = (1 - gone[-1].sum()) * (1 - math.exp(-rate.sum() * (day - days[-1])))
    return gone[-1] + fall * rate / rate.sum()


def test_what_the_curve_says_of_the_days_belongs_to_the_time():
    model = learned(stays_of(60, lambda _: 2.0, seed=7))
    early, late = linear(model, 0, np.array([row(0.6), row(1.6)])).groups
    assert np.abs(late[0] - early[0]).max() > 5
    assert (late[1:] == early[1:]).all()
