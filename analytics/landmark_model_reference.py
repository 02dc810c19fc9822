"""What a landmark model keeps of its training rows: which stays they are of, and what is usual in a stage."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import DAYS_IN_STAGE
from raceline.analytics.drift import BINS, counts, edges
from raceline.analytics.incidence import BIN_ENDS
from raceline.analytics.landmark_model_score import score
from raceline.analytics.landmark_model_types import Floats, LandmarkModel, TrainingSet

BACKGROUND = 32  # rows of a stage that contributions are told against
TYPICAL_ROWS = 20_000  # of a stage, for medians and drift
SAME_STAY = 1e-6  # days: landmarks of one stay agree on its whole length but for rounding
_WEEK = BIN_ENDS.index(7.0)


class Lengths(NamedTuple):
    """Stays that training rows are of: stage (m,), days since entry at the first landmark (m,), whole days, exit.

    customer (m,); of_row (n,): the stay of each row.
    """

    stage: NDArray[np.int32]
    entry: Floats
    days: Floats
    exit: NDArray[np.int8]
    customer: NDArray[np.int32]
    of_row: NDArray[np.int64]


class Usual(NamedTuple):
    """Fields of LandmarkModel of the same names."""

    landmarks: NDArray[np.int64]
    low: Floats
    high: Floats
    typical: Floats
    imputed: NDArray[np.bool_]
    background: Floats


def lengths_of(training: TrainingSet, names: Sequence[str]) -> Lengths:
    """Each stay once, watched from the first of its landmarks that is an entry or a midnight. From the moment of an
    event on it may not be watched: just after it, more move than at other moments. So a stay of which only such moments
    were kept is watched from its end on, and has no part in a curve."""
    entry = np.zeros(len(training.days))
    if DAYS_IN_STAGE in names:
        entry = np.nan_to_num(training.features[:, list(names).index(DAYS_IN_STAGE)])
    whole = entry + training.days
    order, first = _by_stay(training, entry, whole)
    at = np.flatnonzero(first)
    of_row = np.empty(len(order), np.int64)
    of_row[order] = np.cumsum(first) - 1
    watched = entry if training.of_event is None else np.where(training.of_event, np.inf, entry)
    # Rounding may put a later landmark of a stay first, so the earliest is looked for; no stay is shorter than that.
    earliest = np.minimum.reduceat(watched[order], at) if len(at) else entry[:0]
    days = np.maximum(whole[order][at], np.where(np.isinf(earliest), 0.0, earliest))
    earliest = np.minimum(earliest, days)
    return Lengths(
        training.stage[order][at], earliest, days, training.exit[order][at], training.customer[order][at], of_row
    )


def _by_stay(training: TrainingSet, entry: Floats, whole: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows by stay, and which of them, in this order, is the first of its stay."""
    first = np.ones(len(entry), np.bool_)
    if training.stay is not None:
        order = np.lexsort((entry, training.stay))
        first[1:] = np.diff(training.stay[order]) != 0
        return order, first
    order = np.lexsort((entry, whole, training.customer, training.stage))
    stage, customer = training.stage[order], training.customer[order]
    first[1:] = (np.diff(stage) != 0) | (np.diff(customer) != 0) | (np.diff(whole[order]) > SAME_STAY)
    return order, first


def usual(training: TrainingSet, stages: int, random: np.random.Generator) -> Usual:
    """What is usual in each of so many stages; of a stage without rows all is nan."""
    shape = (stages, training.features.shape[1])
    found = Usual(
        np.bincount(training.stage, minlength=stages),
        low=np.full(shape, np.nan),
        high=np.full(shape, np.nan),
        typical=np.full(shape, np.nan),
        imputed=np.zeros(shape, np.bool_),
        background=np.full((stages, BACKGROUND, shape[1]), np.nan),
    )
    for s in np.flatnonzero(found.landmarks):
        rows = training.features[training.stage == s]
        missing = np.isnan(rows)
        seen = ~missing.all(axis=0)
        some = _some(rows, random)
        found.low[s, seen] = np.fmin.reduce(rows[:, seen], axis=0)
        found.high[s, seen] = np.fmax.reduce(rows[:, seen], axis=0)
        known = ~np.isnan(some).all(axis=0)
        found.typical[s, known] = np.nanmedian(some[:, known], axis=0)
        found.imputed[s] = ~missing.any(axis=0)
        found.background[s] = rows[random.choice(len(rows), BACKGROUND, replace=len(rows) < BACKGROUND)]
    return found


def with_drift(
    model: LandmarkModel, training: TrainingSet, random: np.random.Generator, on: Callable[[], None]
) -> None:
    """Fill in how the features, and the model's own chance of NEXT within a week, are spread in training: at entries
    and midnights, if there are any, because what is counted later is the first prediction of each day."""
    model.drift_edges[:], model.drift_counts[:] = np.nan, 0
    of_day = np.ones(len(training.stage), np.bool_) if training.of_event is None else ~training.of_event
    for s in np.flatnonzero(model.landmarks):
        here = training.stage == s
        rows = _some(training.features[here & of_day if (here & of_day).any() else here], random)
        week = score(model, np.full(len(rows), s, np.int32), rows)[:, _WEEK, 0]
        for f, values in enumerate([*rows.T, week]):
            borders = edges(values)
            model.drift_edges[s, f, : len(borders)] = borders
            model.drift_counts[s, f, : len(borders) + 2] = counts(values, borders)
        on()


def no_drift(stages: int, features: int) -> tuple[Floats, NDArray[np.int64]]:
    """Room for drift_edges and drift_counts."""
    room = (stages, features + 1)
    return np.full((*room, BINS + 1), np.nan), np.zeros((*room, BINS + 3), np.int64)


def _some(rows: Floats, random: np.random.Generator) -> Floats:
    if len(rows) <= TYPICAL_ROWS:
        return rows
    return np.asarray(rows[np.sort(random.choice(len(rows), TYPICAL_ROWS, replace=False))])
