"""How a landmark model learns: a multinomial regression for each stage and bin of those who are still there."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import Basis, basis_of, columns
from raceline.analytics.incidence import BIN_ENDS, E, K
from raceline.analytics.landmark_model_reference import moves_of, reference
from raceline.analytics.landmark_model_types import BASELINE, BORDERS, Floats, LandmarkModel, TrainingSet
from raceline.analytics.softmax import Rows, Softmax, fit_softmax

REPLICATES = 20
MOST_ROWS = 100_000  # of a stage: more landmarks of the same stays tell little more
RIDGE = 50.0
STARTS = (0.0, *BIN_ENDS[:-1])


class _Stage(NamedTuple):
    """Rows of one stage: x (n, d) standardised columns, with mean and scale (d,); scale 0: constant, left out."""

    rows: NDArray[np.int64]
    x: NDArray[np.float32]
    mean: Floats
    scale: Floats
    used: NDArray[np.int64]


def fit(
    training: TrainingSet,
    names: Sequence[str],
    stages: int,
    *,
    groups: NDArray[np.int8],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> LandmarkModel:
    """Learn from rows; names (f,) and groups (f,) of the features. progress(done, of) after each stage.

    The same rows in the same order and the same seed give the same arrays.
    """
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(seed)
    basis = basis_of(training.features, names)
    moves = moves_of(training, names, stages)
    tier = np.searchsorted(BORDERS, moves, side="right").astype(np.int8)
    intercept = np.full((stages, K, E), -np.inf)
    weight = np.zeros((stages, basis.size, K, E))
    with threadpool_limits(1):
        for s in range(stages):
            here = _stage(training, basis, s, random, tier[s] == BASELINE)
            for k in range(K):
                _fit_bin(training, here, k, intercept[s], weight[s])
            if progress is not None:
                progress(s + 1, stages)
    told = reference(training, names, stages, random)
    return LandmarkModel(
        names=tuple(names),
        groups=np.asarray(groups, np.int8),
        basis=basis,
        tier=tier,
        moves=moves,
        intercept=intercept,
        weight=weight,
        replicate_intercept=np.repeat(intercept[None].astype(np.float32), REPLICATES, axis=0),
        replicate_weight=np.repeat(weight[None].astype(np.float32), REPLICATES, axis=0),
        **told._asdict(),
    )


def _stage(training: TrainingSet, basis: Basis, s: int, random: np.random.Generator, bare: bool) -> _Stage:
    rows = np.flatnonzero(training.stage == s)
    if len(rows) > MOST_ROWS:
        rows = np.sort(random.choice(rows, MOST_ROWS, replace=False))
    if bare or not len(rows):
        nothing = np.zeros(0)
        return _Stage(rows, np.zeros((len(rows), 0), np.float32), nothing, nothing, np.zeros(0, np.int64))
    x = columns(basis, training.features[rows])
    mean, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    used = np.flatnonzero(scale > 1e-6)
    mean, scale = mean[used], scale[used]
    return _Stage(rows, (x[:, used] - mean.astype(np.float32)) / scale.astype(np.float32), mean, scale, used)


def _fit_bin(training: TrainingSet, here: _Stage, k: int, intercept: Floats, weight: Floats) -> None:
    days, follow = training.days[here.rows], training.follow[here.rows]
    risk = np.flatnonzero((follow >= BIN_ENDS[k]) & (days > STARTS[k]) | ((k == 0) & (follow >= BIN_ENDS[0])))
    left = training.exit[here.rows][risk] + 1
    left[days[risk] > BIN_ENDS[k]] = 0
    seen = np.unique(left[left > 0])
    if not len(seen):
        return
    y = np.searchsorted(seen, left, side="left").astype(np.int8) + (left > 0).astype(np.int8)
    found: Softmax = fit_softmax(Rows(here.x[risk], y, None, len(seen)), RIDGE * (BIN_ENDS[k] - STARTS[k]))
    raw = found.weight / here.scale[:, None]
    intercept[k, seen - 1] = found.intercept - here.mean @ raw
    weight[np.ix_(here.used, [k], seen - 1)] = raw[:, None]
