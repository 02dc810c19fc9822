"""The correction for asking many questions at once, by the procedure of Benjamini and Hochberg."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]


def discovery_rates(p: Floats, family: int | None = None) -> Floats:
    """q of each p (n,): the share of false discoveries when everything with this p or a smaller one is called one.

    nan where p is nan. family: how many questions were asked, when that is more than those with a p: the others count
    as answered "no" (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).
    """
    q = np.full(len(p), np.nan)
    asked = np.flatnonzero(~np.isnan(p))
    if len(asked):
        others = np.ones(max(0, (family or 0) - len(asked)))
        q[asked] = false_discovery_control(np.append(p[asked], others))[: len(asked)]
    return q
