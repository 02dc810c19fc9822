"""How a prediction of a model comes about."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_model import small_model, without_effect

from raceline.analytics.contributions import HORIZONS, contributions
from raceline.analytics.incidence import E, at
from raceline.analytics.landmark_model_score import score

MODEL = small_model(3)
counts = st.lists(st.one_of(st.integers(0, 9).map(float), st.just(np.nan)), min_size=8, max_size=8).map(np.array)
stages, exits, horizons = st.integers(0, 2), st.integers(0, E - 1), st.sampled_from(HORIZONS)


@settings(max_examples=30, deadline=None)
@given(counts, stages, exits, horizons)
def test_base_and_contributions_add_up_to_the_score_of_the_model(features, stage, leaving, horizon):
    told = contributions(MODEL, stage, features, horizon, leaving)
    scored = at(score(MODEL, np.array([stage], np.int32), features[None, :]), horizon)[0, leaving]
    assert told.base + told.groups.sum() == pytest.approx(scored, rel=0, abs=1e-12)
    assert told.score == pytest.approx(scored, rel=0, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(counts, stages)
def test_the_base_is_the_mean_score_of_the_background_rows_whoever_asks(features, stage):
    usual = at(score(MODEL, np.full(4, stage, np.int32), MODEL.background[stage]), 7)[:, 0].mean()
    assert contributions(MODEL, stage, features, 7).base == pytest.approx(usual, rel=0, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(counts, st.integers(0, 7), st.floats(0, 6), st.permutations(range(4)))
def test_a_feature_without_effect_contributes_nothing_and_permuting_it_changes_nothing(features, f, value, order):
    model = without_effect(MODEL, f)
    told = contributions(model, 1, features, 30)
    other, background = features.copy(), model.background.copy()
    other[f], background[:, :, f] = value, background[:, order, f]
    again = contributions(replace(model, background=background), 1, other, 30)
    assert told.groups[f] == 0.0
    assert (again.base, again.groups.tolist(), again.score) == (told.base, told.groups.tolist(), told.score)


def test_only_the_horizons_of_predictions_are_told():
    with pytest.raises(ValueError, match="not in tuple"):
        contributions(MODEL, 0, np.zeros(8), 14)
