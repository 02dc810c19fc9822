"""How sure a prediction is: an interval about it, from the same figure by models fitted to other customers."""

from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Scale = Literal["logit", "log"]

LEVEL = 0.9
_LEAST = 1e-9  # a logit needs a number between 0 and 1


def interval(point: Floats, replicates: Floats, scale: Scale = "logit", level: float = LEVEL) -> tuple[Floats, Floats]:
    """Lower and upper ends (n,) of the interval about a figure; the figure itself is always inside.

    point: (n,) by the model; replicates: (R, n) by its R replicates, at least 2. The interval is the point, more and
    less t times the replicates' standard deviation, on a scale that has no borders: logit for probabilities, log for
    days. Some twenty replicates know a spread well enough, and a 95th percentile badly. Where all replicates say 0, or
    all the same, the interval is the point.
    """
    there, back = (_logit, _expit) if scale == "logit" else (_log, np.exp)
    middle, spread = there(point), there(replicates).std(axis=0, ddof=1)
    reach = _t(0.5 + level / 2, len(replicates) - 1) * spread
    low, high = back(middle - reach), back(middle + reach)
    return np.where(spread > 0, np.minimum(low, point), point), np.where(spread > 0, np.maximum(high, point), point)


def _logit(share: Floats) -> Floats:
    inside = np.clip(share, _LEAST, 1 - _LEAST)
    found: Floats = np.log(inside / (1 - inside))
    return found


def _expit(logit: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-logit))
    return found


def _log(days: Floats) -> Floats:
    found: Floats = np.log(np.maximum(days, _LEAST))
    return found


def _t(share: float, degrees: int) -> float:
    """Quantile of Student's t, to three decimals from five degrees on (Abramowitz and Stegun, 26.7.5)."""
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(z + sum(term / degrees**n for n, term in enumerate(terms, 1)))
