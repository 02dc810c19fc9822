"""How a prediction comes about: what each group of features adds to the usual rate of the stage."""

from typing import NamedTuple

import numpy as np

from raceline.analytics.incidence import BIN_ENDS, EXITS
from raceline.analytics.landmark_model_score import linear
from raceline.analytics.landmark_model_types import LandmarkModel
from raceline.analytics.shapley import Floats, coalitions, shapley

HORIZONS = (1, 7, 30)
NEXT = EXITS.index("NEXT")
_BINS = tuple(BIN_ENDS.index(days) for days in HORIZONS)


class Contributions(NamedTuple):
    """base + groups.sum() = score, of a probability.

    base: the mean over the background rows of the stage, its usual rate; groups: (G,) what each of GROUPS adds to it.
    """

    base: float
    groups: Floats
    score: float


def contributions(
    model: LandmarkModel,
    stage: int,
    features: Floats,
    horizon: int,
    exit: int = NEXT,  # noqa: A002 - the word of the house
) -> Contributions:
    """Of the chance that a customer leaves a stage by an exit within 1, 7 or 30 days; ValueError for another horizon.

    features: (f,), nan is missing. Where a stage has a curve alone and no personal claim, all but TIME is 0.
    """
    return all_contributions(model, stage, features, exit)[HORIZONS.index(horizon)]


def all_contributions(
    model: LandmarkModel,
    stage: int,
    features: Floats,
    exit: int = NEXT,  # noqa: A002
) -> tuple[Contributions, ...]:
    """The contributions for each of HORIZONS, for little more than those for the last alone."""
    rows = linear(model, stage, np.vstack([features[None, :], model.background[stage]]))
    bins = _BINS[-1] + 1
    values = coalitions(rows.intercept[:bins], rows.groups[0, :, :bins], rows.groups[1:, :, :bins], exit)
    shares = shapley(values)
    return tuple(Contributions(float(values[0, k]), shares[:, k].copy(), float(values[-1, k])) for k in _BINS)
