"""Which stay a moment falls into."""

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import kernel

Longs = NDArray[np.int64]


def stay_at(start: Longs, entered: Longs, left: Longs, racer: Longs, at: Longs) -> Longs:
    """The stay (n,) that holds a moment, entered <= at < left; -1 where none does.

    start: (racers + 1,) where the stays of each racer (a customer on a racetrack) begin; entered, left: (m,) by time,
    disjoint for each racer; racer, at: (n,).
    """
    return _stay_at(start, entered, left, racer, at)


@kernel
def _stay_at(start: Longs, entered: Longs, left: Longs, racer: Longs, at: Longs) -> Longs:
    found = np.empty(len(at), np.int64)
    for i in range(len(at)):
        low, high = start[racer[i]], start[racer[i] + 1]
        first = low
        while low < high:  # the first stay that was entered after the moment
            middle = (low + high) // 2
            if entered[middle] <= at[i]:
                low = middle + 1
            else:
                high = middle
        found[i] = low - 1 if low > first and at[i] < left[low - 1] else -1
    return found
