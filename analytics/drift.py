"""Are values still spread as they were when the model was trained: the population stability index.

Siddiqi, Credit Risk Scorecards (2006): the sum over bins of (now - then) log(now / then), of shares. By its usual rule
of thumb below 0.1 nothing has changed, and above 0.25 much has; here the two are settings.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import Floats

Longs = NDArray[np.int64]

BINS = 10
# An empty bin counts as half a value, so that one value in it is no infinite change.
_EMPTY = 0.5


class Thresholds(NamedTuple):
    """From which stability index on a feature is worth watching, and a model should be trained again."""

    watch: float = 0.1
    alarm: float = 0.25
    rows: int = 200  # with fewer values now the index is mostly chance


def edges(values: Floats, bins: int = BINS) -> Floats:
    """Borders of at most `bins` bins with about as many of the training's values (n,) each; nan is missing.

    Equal values share a bin, so there are fewer where many are the same. What is below or above all of the training has
    a bin of its own: at most bins + 1 borders, and none without any value.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(0)
    inner = np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf")
    return np.unique(np.concatenate([[np.nextafter(known.min(), -np.inf)], inner, [known.max()]]))


def counts(values: Floats, borders: Floats) -> Longs:
    """How many values are in each bin, each border belonging to the bin below it: (len(borders) + 2,), missing last."""
    missing = np.isnan(values)
    here = np.bincount(np.searchsorted(borders, values[~missing]), minlength=len(borders) + 1)
    return np.append(here, missing.sum()).astype(np.int64)


def stability(reference: Longs, counts: Longs) -> float:
    """The population stability index of counts (bins,) against those of the training; nan where either has no value.

    0 is no change. Raises ValueError for another number of bins.
    """
    if reference.shape != counts.shape:
        raise ValueError(f"{counts.shape} bins are not the {reference.shape} of the reference")
    if not reference.sum() or not counts.sum():
        return np.nan
    used = (reference > 0) | (counts > 0)
    then, now = (_shares(of[used]) for of in (reference, counts))
    return float(((now - then) * np.log(now / then)).sum())


def verdict(index: float, rows: int, thresholds: Thresholds) -> str:
    """STABLE, WATCH or ALARM; TOO_FEW where there are too few values to tell."""
    if rows < thresholds.rows or np.isnan(index):
        return "TOO_FEW"
    return "ALARM" if index >= thresholds.alarm else "WATCH" if index >= thresholds.watch else "STABLE"


def _shares(counts: Longs) -> Floats:
    filled = np.maximum(counts, _EMPTY)
    return np.asarray(filled / filled.sum())
