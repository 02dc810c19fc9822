"""Landmark models with weights that a test chooses, learned from nothing."""

from dataclasses import replace

import numpy as np

from raceline.analytics.basis import basis_of
from raceline.analytics.incidence import E, K
from raceline.analytics.landmark_model_types import GROUPS, STAGE, Baseline, LandmarkModel

REPLICATES, BACKGROUND = 8, 4


def small_model(
    stages: int, names: tuple[str, ...] = GROUPS, groups: tuple[int, ...] = tuple(range(8)), seed: int = 0
) -> LandmarkModel:
    """A model whose weights, and rows of counts from 0 to 6, are drawn at random; some counts are missing."""
    dice = np.random.default_rng(seed)
    rows = dice.integers(0, 7, (400, len(names))).astype(float)
    rows[:40, 1:] = np.nan
    rows = dice.permuted(rows, axis=0)
    basis, count = basis_of(rows, names), len(names)
    intercept, weight = dice.normal(0, 0.5, (stages, K, E)), dice.normal(0, 0.15, (stages, basis.size, K, E))
    jitter = dice.normal(0, 0.05, (REPLICATES, *weight.shape))
    return LandmarkModel(
        names=names,
        groups=np.array(groups, np.int8),
        basis=basis,
        tier=np.full(stages, STAGE, np.int8),
        moves=np.full(stages, 1_000),
        landmarks=np.full(stages, 400),
        low=np.zeros((stages, count)),
        high=np.full((stages, count), 6.0),
        typical=np.full((stages, count), 3.0),
        imputed=np.zeros((stages, count), np.bool_),
        baseline=_curves(stages, dice),
        intercept=intercept,
        weight=weight,
        replicate_intercept=np.repeat(intercept[None], REPLICATES, axis=0).astype(np.float32),
        replicate_weight=(weight + jitter).astype(np.float32),
        background=np.repeat(rows[None, :BACKGROUND], stages, axis=0),
        drift_edges=np.full((stages, count + 1, 9), np.nan),
        drift_counts=np.zeros((stages, count + 1, 11), np.int64),
    )


def _curves(stages: int, dice: np.random.Generator) -> Baseline:
    """Curves of a few knots, along which a half leave, and go on leaving."""
    days = np.cumsum(dice.uniform(0.5, 20, (stages, 6)), axis=1)
    gone = np.cumsum(dice.uniform(0.0, 0.5 / 6 / E, (stages, 6, E)), axis=1)
    start = np.zeros((stages, 1))
    gone = np.concatenate([start[:, :, None].repeat(E, axis=2), gone], axis=1)
    return Baseline(np.hstack([start, days]), gone, dice.uniform(0.0, 0.01, (stages, E)))


def without_effect(model: LandmarkModel, feature: int) -> LandmarkModel:
    """The same model, to which this feature says nothing."""
    weight = model.weight.copy()
    weight[:, model.basis.feature() == feature] = 0.0
    return replace(model, weight=weight)
