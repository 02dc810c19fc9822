"""What a landmark model is: arrays, and what it learns from (design, section 8).

A row is (a customer's stay, a landmark in it). For each stage and each bin of days after the landmark the model gives
the chance to leave in that bin, by each exit, of those who are still there at its start.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import Basis

Floats = NDArray[np.float64]

# How much a stage tells of itself, by the moves out of it that were seen in training.
TIERS = ("BASELINE", "SHARED", "POOLED", "STAGE")
BASELINE, SHARED, POOLED, STAGE = range(4)
BORDERS = (20, 50, 5_000)  # the least moves of SHARED, POOLED and STAGE

GROUPS = ("TIME", "CONTENT", "USAGE", "PURCHASES", "CASES", "SENTIMENT", "PATHS", "ACCOUNT")
TIME = 0


class TrainingSet(NamedTuple):
    """Rows to learn from. features (n, f), nan is missing; days (n,) until leaving or censoring; exit (n,), -1 if open.

    follow (n,): days that the row was watched for, whatever happened: only with that does it tell of a bin. stay (n,):
    a number of the stay; without it, rows of a customer with the same whole length are of one. of_event (n,): whether
    the landmark is the moment of an event; without it, none is.
    """

    stage: NDArray[np.int32]
    customer: NDArray[np.int32]
    features: Floats
    days: Floats
    exit: NDArray[np.int8]
    follow: Floats
    stay: NDArray[np.int64] | None = None
    of_event: NDArray[np.bool_] | None = None


class Baseline(NamedTuple):
    """Curves of S stages. days (S, t): knots from 0 on, the last repeated; gone (S, t, E): left by then, by exit.

    rate (S, E): exits a day from the last knot on.
    """

    days: Floats
    gone: Floats
    rate: Floats


@dataclass(frozen=True)
class LandmarkModel:
    """Arrays for S stages, f features, d columns of the basis, K bins, E exits, R replicates, M background rows.

    groups (f,): places in GROUPS. tier (S,): places in TIERS. moves, landmarks (S,): seen in training. low, high,
    typical (S, f): the range and the median in training, nan where never seen. imputed (S, f): never missing there, so
    that a missing value counts as the typical one. background (S, M, f): rows of training.

    intercept (S, K, E), weight (S, d, K, E): predictors against staying, to be added to those of the
    baseline given the days in the stage; -inf for an exit that the stage never showed.
    replicate_intercept (R, S, K, E), replicate_weight (R, S, d, K, E): the same, learned from customers drawn with
    replacement. drift_edges (S, f + 1, 11), nan padded, and drift_counts (S, f + 1, 13), 0 padded, as in
    raceline.analytics.drift: of each feature, and last of the chance of NEXT within a week.
    """

    names: tuple[str, ...]
    groups: NDArray[np.int8]
    basis: Basis
    tier: NDArray[np.int8]
    moves: NDArray[np.int64]
    landmarks: NDArray[np.int64]
    low: Floats
    high: Floats
    typical: Floats
    imputed: NDArray[np.bool_]
    baseline: Baseline
    intercept: Floats
    weight: Floats
    replicate_intercept: NDArray[np.float32]
    replicate_weight: NDArray[np.float32]
    background: Floats
    drift_edges: Floats
    drift_counts: NDArray[np.int64]

    @property
    def stages(self) -> int:
        """How many stages the model knows, S."""
        return len(self.tier)
