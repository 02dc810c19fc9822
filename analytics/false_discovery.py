"""The correction for asking many questions at once, by the procedure of Benjamini and Hochberg."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def discovery_rates(p: Floats, family: int | None = None) -> Floats:
    """q of each p (n,): the share of false discoveries when everything with this p or a smaller one is called one.

    nan where p is nan. family: how many questions were asked, when that is more than those with a p: the others count
    as answered "no" (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).
    """
    q = np.full(len(p), np.nan)
    asked = np.flatnonzero(~np.isnan(p))
    order = asked[np.argsort(-p[asked], kind="stable")]
    questions = max(len(asked), family or 0)
    place = np.arange(len(asked), 0, -1)
    q[order] = np.minimum.accumulate(np.minimum(p[order] * questions / place, 1.0))
    return q
