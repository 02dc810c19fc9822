"""How a landmark model learns: a multinomial regression for each bin, shared by the stages, and how each stage differs.

All start from the curves of the stages, and a ridge pulls effects towards nothing, which is the curve. The shared
effects are those of all stages with an intercept for each. A stage's own are shrunk towards them: a ridge on
the difference, the looser the more moves the stage has seen. Intervals come of replicates: weights after one Newton
step with customers drawn with replacement (Poisson weights; the one-step bootstrap of Shao and Tu, 1995, 2.3.3).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import DAYS_IN_STAGE, Basis, basis_of, columns
from raceline.analytics.blocks import side_by_side
from raceline.analytics.incidence import E, K
from raceline.analytics.landmark_model_baseline import baseline_of, possible
from raceline.analytics.landmark_model_offset import offsets
from raceline.analytics.landmark_model_reference import Lengths, lengths_of, no_drift, usual, with_drift
from raceline.analytics.landmark_model_rows import BinRows, Scaled, bin_rows, scaled, some_of
from raceline.analytics.landmark_model_types import BASELINE, BORDERS, Baseline, Floats, LandmarkModel, TrainingSet
from raceline.analytics.softmax import Rows, fit_softmax, one_step, predictors, residuals

REPLICATES = 20
MOST_ROWS = 100_000  # of a stage, and for what stages share: more landmarks of the same stays tell little more
# Ridges per move on columns of deviation 1, measured in bench/predictions.py --tiers.
SHARED_RIDGE = 20.0
STAGE_RIDGE = 1.0  # of the stages' intercepts
# What share of the shared effects a stage may have, and how much more unlikely, in squares of what is taken away, a
# smaller one counts as; asked of so many rows of a bin.
STRENGTHS = (1.0, 0.75, 0.5, 0.25, 0.0)
DOUBT = 2.0
STRENGTH_ROWS = 4_000
RIDGES = (1e6, 1e6, 1_000.0, 300.0)  # on how a stage differs, by tier; a million is not at all

Progress = Callable[[int, int], None]


class _Lesson(NamedTuple):
    """What all fits read. draws (R, customers): how often a replicate draws a customer, less 1."""

    training: TrainingSet
    basis: Basis
    lengths: Lengths
    baseline: Baseline
    since: Floats
    draws: NDArray[np.float32]
    seed: int

    def bin_rows(self, rows: NDArray[np.int64], k: int, s: int) -> BinRows:
        """Rows of a bin of a stage; the same whatever is learned beside it."""
        return bin_rows(self.training, rows, self.lengths.of_row, k, np.random.default_rng((self.seed, s, k)))

    def offsets(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """What the curves of their stages say of rows (n, K, E)."""
        return offsets(self.baseline, self.training.stage[rows], self.since[rows]).astype(np.float32)


class _Effects(NamedTuple):
    """What stages share: intercept (S, K, E) of each, weight (d, K, E), and by how much replicates differ in it.

    shift: (R, d, K, E).
    """

    intercept: Floats
    weight: Floats
    shift: NDArray[np.float32]


def fit(
    training: TrainingSet,
    names: Sequence[str],
    stages: int,
    *,
    groups: NDArray[np.int8],
    seed: int,
    progress: Progress | None = None,
) -> LandmarkModel:
    """Learn from rows; names (f,) and groups (f,) of the features; stages in the order of the racetrack.

    progress(done, of) as work goes on. The same rows in the same order and the same seed give the same arrays.
    """
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(seed)
    told = _Progress(progress, K + 2 * stages)
    lengths = lengths_of(training, names)
    customers = int(training.customer.max(initial=-1)) + 1
    draws = random.poisson(1.0, (REPLICATES, customers)).astype(np.float32) - 1
    baseline, since = baseline_of(lengths, stages), np.zeros(len(training.stage))
    if DAYS_IN_STAGE in names:
        since = training.features[:, list(names).index(DAYS_IN_STAGE)]
    lesson = _Lesson(training, basis_of(training.features, names), lengths, baseline, since, draws, seed)
    model = _empty(lesson, names, stages, np.asarray(groups, np.int8), random)
    kept = [some_of(np.flatnonzero(training.stage == s), MOST_ROWS, random) for s in range(stages)]
    with threadpool_limits(1):
        common = _shared(lesson, stages, some_of(np.arange(len(training.stage)), MOST_ROWS, random), told)
        _baselines(model, lesson)

        def learn(s: int) -> None:
            if model.tier[s] != BASELINE:
                _learn_stage(model, lesson, s, kept[s], common)
            told.on()

        side_by_side(learn, [(s,) for s in range(stages)])
    with_drift(model, training, random, told.on)
    return model


class _Progress:
    def __init__(self, tell: Progress | None, of: int) -> None:
        self._tell, self._of, self._done = tell, of, 0

    def on(self) -> None:
        self._done += 1
        if self._tell is not None:
            self._tell(min(self._done, self._of), self._of)


def _empty(
    lesson: _Lesson, names: Sequence[str], stages: int, groups: NDArray[np.int8], random: np.random.Generator
) -> LandmarkModel:
    """A model that knows the stages, in which nobody ever leaves."""
    lengths, size = lesson.lengths, lesson.basis.size
    moves = np.bincount(lengths.stage[lengths.exit >= 0], minlength=stages)
    drift_edges, drift_counts = no_drift(stages, len(names))
    return LandmarkModel(
        names=tuple(names),
        groups=groups,
        basis=lesson.basis,
        tier=np.searchsorted(BORDERS, moves, side="right").astype(np.int8),
        moves=moves,
        baseline=lesson.baseline,
        intercept=np.full((stages, K, E), -np.inf),
        weight=np.zeros((stages, size, K, E)),
        replicate_intercept=np.full((REPLICATES, stages, K, E), -np.inf, np.float32),
        replicate_weight=np.zeros((REPLICATES, stages, size, K, E), np.float32),
        drift_edges=drift_edges,
        drift_counts=drift_counts,
        **usual(lesson.training, stages, random)._asdict(),
    )


def _baselines(model: LandmarkModel, lesson: _Lesson) -> None:
    """Stages that few have left get their curves alone."""
    lengths = lesson.lengths
    can = possible(model.stages) & np.isin(np.arange(E), lengths.exit)
    thin = np.flatnonzero(model.tier == BASELINE)
    model.intercept[thin] = np.where(can[thin, None], 0.0, -np.inf)
    model.replicate_intercept[:, thin] = model.intercept[thin]
    if not len(thin):
        return
    for r in range(REPLICATES):
        weights = 1.0 + lesson.draws[r][lengths.customer].astype(np.float64)
        other = baseline_of(lengths, model.stages, weights)
        for s in thin:
            usual = np.nanmedian(np.append(lesson.since[lesson.training.stage == s], 0.0), keepdims=True)
            at = np.array([s], np.int32)
            moved = offsets(other, at, usual) - offsets(lesson.baseline, at, usual)
            model.replicate_intercept[r, s] += moved[0].astype(np.float32)


def _shared(lesson: _Lesson, stages: int, rows: NDArray[np.int64], told: _Progress) -> _Effects:
    """Effects that are the same in all stages, and an intercept for each."""
    training, size = lesson.training, lesson.basis.size
    found = _Effects(
        np.zeros((stages, K, E)),
        np.zeros((size, K, E)),
        np.zeros((REPLICATES, size, K, E), np.float32),
    )
    plain = scaled(columns(lesson.basis, training.features[rows]))
    width = len(plain.used)
    marks = np.zeros((len(rows), stages), np.float32)
    marks[np.arange(len(rows)), training.stage[rows]] = 1
    x, known = np.hstack([plain.x, marks]), lesson.offsets(rows)

    def learn(k: int) -> None:
        here = lesson.bin_rows(rows, k, stages)
        y, seen = _classes(here.left)
        told.on()
        if not len(seen):
            return
        ridge = np.append(np.full(width, SHARED_RIDGE), np.full(stages, STAGE_RIDGE)) * here.repeats
        offset = known[here.at, k][:, seen] + np.float32(here.excess)
        regression = Rows(x[here.at], y, np.ascontiguousarray(offset), len(seen))
        best = fit_softmax(regression, ridge)
        intercept, weight = plain.raw(best.intercept, best.weight[:width], size)
        found.intercept[:, k, seen] = intercept + best.weight[width:]
        found.weight[:, k, seen] = weight
        steps = one_step(regression, best, ridge, lesson.draws[:, training.customer[rows[here.at]]])
        for r in range(REPLICATES):
            found.shift[r][:, k, seen] = plain.raw(steps[r, 0], steps[r, 1 : width + 1], size)[1]

    side_by_side(learn, [(k,) for k in range(K)])
    return found


def _learn_stage(model: LandmarkModel, lesson: _Lesson, s: int, rows: NDArray[np.int64], common: _Effects) -> None:
    """How the stage differs from what all share, as far as that holds in it at all."""
    training, size = lesson.training, lesson.basis.size
    raw = columns(lesson.basis, training.features[rows])
    shared = (raw @ common.weight.reshape(size, K * E).astype(np.float32)).reshape(len(rows), K, E)
    known = lesson.offsets(rows)
    bins = [lesson.bin_rows(rows, k, s) for k in range(K)]
    strength = _strength(bins, shared, known)
    common = _Effects(common.intercept * strength, common.weight * strength, common.shift * np.float32(strength))
    ever = np.isin(np.arange(E), training.exit[rows])
    base = np.where(ever, common.intercept[s], -np.inf)
    predicted = shared * np.float32(strength) + known + np.where(ever, base, 0.0).astype(np.float32)
    model.intercept[s], model.weight[s] = base, common.weight
    model.replicate_intercept[:, s], model.replicate_weight[:, s] = base, common.weight + common.shift
    own = scaled(raw)
    del raw  # the largest there is
    for k, here in enumerate(bins):
        y, seen = _classes(here.left)
        if len(seen):
            offset = predicted[here.at, k][:, seen] + np.float32(here.excess)
            regression = Rows(own.x[here.at], y, np.ascontiguousarray(offset), len(seen))
            draws = lesson.draws[:, training.customer[rows[here.at]]]
            _learn_bin(model, regression, draws, RIDGES[model.tier[s]] * here.repeats, own, common, (s, k, seen))


def _strength(bins: list[BinRows], shared: NDArray[np.float32], known: NDArray[np.float32]) -> float:
    """The share of the shared effects under which what happened in the stage is likeliest, all else left free."""
    loss = [DOUBT * (1 - strength) ** 2 for strength in STRENGTHS]
    for k, here in enumerate(bins):
        y, seen = _classes(here.left)
        if not len(seen):
            continue
        step = max(1, len(y) // STRENGTH_ROWS)
        at, y = here.at[::step], y[::step]
        none, stays = np.zeros((len(y), 0), np.float32), max(1.0, here.repeats)
        for n, strength in enumerate(STRENGTHS):
            offset = known[at, k][:, seen] + np.float32(strength) * shared[at, k][:, seen] + np.float32(here.excess)
            rows = Rows(none, y, np.ascontiguousarray(offset), len(seen))
            best = fit_softmax(rows, 1.0)
            eta = predictors(rows, best.intercept[None])
            loss[n] += residuals(eta, y) * step / stays
    return STRENGTHS[int(np.argmin(loss))]


def _learn_bin(
    model: LandmarkModel,
    regression: Rows,
    draws: NDArray[np.float32],
    ridge: float,
    own: Scaled,
    common: _Effects,
    of: tuple[int, int, NDArray[np.int64]],
) -> None:
    """The same for one bin. Replicates are pulled towards what all share in them; of: stage, bin, exits seen."""
    s, k, seen = of
    size = model.weight.shape[1]
    best = fit_softmax(regression, ridge)
    intercept, weight = own.raw(best.intercept, best.weight, size)
    model.intercept[s, k, seen] += intercept
    model.weight[s][:, k, seen] += weight
    shift = common.shift[:, :, k][:, :, seen]
    pulled = shift[:, own.used] * own.scale[:, None]
    constant = shift.copy()
    constant[:, own.used] = 0
    for r, step in enumerate(one_step(regression, best, ridge, draws, pulled)):
        intercept, weight = own.raw(step[0], step[1:], size)
        model.replicate_intercept[r, s, k, seen] = model.intercept[s, k, seen] + intercept
        model.replicate_weight[r, s][:, k, seen] = model.weight[s][:, k, seen] + weight + constant[r]


def _classes(left: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Exits as classes 0 (none), 1, 2 ... of those that occur, and which exits these are."""
    seen = np.unique(left[left > 0])
    return (np.searchsorted(seen, left) + (left > 0)).astype(np.int8), seen.astype(np.int64) - 1
