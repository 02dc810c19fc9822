"""Training rows as regressions: those still there at the start of a bin, and the exit that each takes in it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import BIN_ENDS
from raceline.analytics.landmark_model_types import Floats, TrainingSet

STARTS = (0.0, *BIN_ENDS[:-1])
BIN_ROWS = 30_000  # of a bin of a stage
_FLAT = 1e-6  # a column that varies by less is constant


class Scaled(NamedTuple):
    """Columns (n, u), each of mean 0 and deviation 1: x = (raw - mean) / scale; those that vary, `used`, of all d."""

    x: NDArray[np.float32]
    mean: Floats
    scale: Floats
    used: NDArray[np.int64]

    def raw(self, intercept: Floats, weight: Floats, size: int) -> tuple[Floats, Floats]:
        """Intercept (c,) and weights (size, c) for the columns as they were, from those for x: (c,) and (u, c)."""
        found = np.zeros((size, weight.shape[1]))
        found[self.used] = weight / self.scale[:, None]
        return intercept - self.mean @ found[self.used], found


class BinRows(NamedTuple):
    """Of some training rows those at risk in a bin: at (m,) their places, left (m,) 0 or exit + 1.

    repeats: how many landmarks of one stay tell of its end, on average; they tell the same. excess: logarithm of how
    much likelier those who leave are to be among the rows than those who stay, to be added to the predictors.
    """

    at: NDArray[np.int64]
    left: NDArray[np.int8]
    repeats: float
    excess: float


def scaled(raw: NDArray[np.float32]) -> Scaled:
    """Columns (n, d) in equal measure."""
    count = max(1, len(raw))
    mean = raw.sum(axis=0, dtype=np.float64) / count
    scale = np.sqrt(np.square(raw - mean.astype(np.float32)).sum(axis=0, dtype=np.float64) / count)
    used = np.flatnonzero(scale > _FLAT)
    mean, scale = mean[used], scale[used]
    x = raw[:, used]
    x -= mean.astype(np.float32)
    x /= scale.astype(np.float32)
    return Scaled(x, mean, scale, used)


def bin_rows(
    training: TrainingSet, rows: NDArray[np.int64], stay: NDArray[np.int64], k: int, random: np.random.Generator
) -> BinRows:
    """Rows (n,) that were watched to the end of bin k, whatever happened, and were still there at its start.

    Those who leave are few, and tell most: of more than BIN_ROWS rows they are kept first, up to half, and of those who
    stay as many as there is room for. What is learned is the same but for the intercepts, which `excess` puts right
    (Prentice and Pyke, Biometrika 66, 1979).
    """
    days = training.days[rows]
    there = days > STARTS[k] if k else np.ones(len(rows), np.bool_)
    at = np.flatnonzero(there & (training.follow[rows] >= BIN_ENDS[k]))
    ends = (days[at] <= BIN_ENDS[k]) & (training.exit[rows[at]] >= 0)
    ended, stayed = at[ends], at[~ends]
    half = max(BIN_ROWS // 2, BIN_ROWS - len(stayed))
    kept = some_of(ended, half, random)
    others = some_of(stayed, BIN_ROWS - len(kept), random)
    excess = (
        np.log(len(kept) / max(1, len(ended)) * len(stayed) / max(1, len(others)))
        if len(kept) > 0 < len(others)
        else 0.0
    )
    at = np.sort(np.append(kept, others))
    left = np.where(days[at] <= BIN_ENDS[k], training.exit[rows[at]] + 1, 0).astype(np.int8)
    repeats = len(kept) / max(1, len(np.unique(stay[rows[kept]])))
    return BinRows(at, left, repeats or 1.0, float(excess))


def some_of(rows: NDArray[np.int64], most: int, random: np.random.Generator) -> NDArray[np.int64]:
    """At most so many rows, in order."""
    return rows if len(rows) <= most else np.sort(random.choice(rows, most, replace=False))
