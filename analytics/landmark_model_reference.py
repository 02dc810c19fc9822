"""What a landmark model keeps of its training rows: what is usual in a stage, and how long stays last there."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import DAYS_IN_STAGE
from raceline.analytics.incidence import E
from raceline.analytics.landmark_model_types import Floats, TrainingSet

BACKGROUND = 32  # rows of a stage that contributions are told against
SAME_STAY = 1e-6  # days: landmarks of one stay agree on its whole length but for rounding


class Reference(NamedTuple):
    """Fields of LandmarkModel of the same names."""

    landmarks: NDArray[np.int64]
    low: Floats
    high: Floats
    typical: Floats
    imputed: NDArray[np.bool_]
    background: Floats
    drift_edges: Floats
    drift_counts: NDArray[np.int64]
    curve_first: NDArray[np.int64]
    curve_days: Floats
    curve_at_risk: Floats
    curve_survival: Floats
    curve_incidence: Floats
    curve_error: Floats


class Lengths(NamedTuple):
    """Stays that training rows are of: stage (m,), days since entry at the first landmark (m,), whole days, exit."""

    stage: NDArray[np.int32]
    entry: Floats
    days: Floats
    exit: NDArray[np.int8]


def lengths_of(training: TrainingSet, names: Sequence[str]) -> Lengths:
    """Each stay once. Landmarks are of one stay when customer, stage and whole length are the same."""
    entry = np.zeros(len(training.days))
    if DAYS_IN_STAGE in names:
        entry = np.nan_to_num(training.features[:, list(names).index(DAYS_IN_STAGE)])
    whole = entry + training.days
    order = np.lexsort((entry, whole, training.customer, training.stage))
    stage, customer, whole = training.stage[order], training.customer[order], whole[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(stage) != 0) | (np.diff(customer) != 0) | (np.diff(whole) > SAME_STAY)
    at = np.flatnonzero(first)
    # Rounding may put a later landmark of a stay first, so the earliest is looked for.
    earliest = np.minimum.reduceat(entry[order], at) if len(at) else entry[:0]
    return Lengths(stage[at], earliest, whole[at], training.exit[order][at])


def moves_of(training: TrainingSet, names: Sequence[str], stages: int) -> NDArray[np.int64]:
    """How many moves out of each stage (S,) there are."""
    lengths = lengths_of(training, names)
    return np.bincount(lengths.stage[lengths.exit >= 0], minlength=stages)


def reference(training: TrainingSet, names: Sequence[str], stages: int, random: np.random.Generator) -> Reference:
    """All of it, for so many stages; stages without rows have nan."""
    shape = (stages, len(names))
    low, high, typical = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    imputed = np.zeros(shape, np.bool_)
    background = np.full((stages, BACKGROUND, len(names)), np.nan)
    landmarks = np.bincount(training.stage, minlength=stages)
    for s in np.flatnonzero(landmarks):
        rows = training.features[training.stage == s]
        seen = ~np.isnan(rows).all(axis=0)
        low[s, seen], high[s, seen] = np.nanmin(rows[:, seen], axis=0), np.nanmax(rows[:, seen], axis=0)
        typical[s, seen] = np.nanmedian(rows[:, seen], axis=0)
        imputed[s] = ~np.isnan(rows).any(axis=0)
        background[s] = rows[random.choice(len(rows), BACKGROUND, replace=len(rows) < BACKGROUND)]
    nothing = np.zeros(0)
    return Reference(
        landmarks=landmarks,
        low=low,
        high=high,
        typical=typical,
        imputed=imputed,
        background=background,
        drift_edges=np.zeros((stages, len(names) + 1, 0)),
        drift_counts=np.zeros((stages, len(names) + 1, 2), np.int64),
        curve_first=np.zeros(stages + 1, np.int64),
        curve_days=nothing,
        curve_at_risk=nothing,
        curve_survival=nothing,
        curve_incidence=np.zeros((0, E)),
        curve_error=np.zeros((0, E)),
    )
