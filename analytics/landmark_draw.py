"""Which landmarks are kept: by lot, and by nothing that happens to a customer."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import inner

Keys: TypeAlias = NDArray[np.uint64]


class Draw(NamedTuple):
    """own: (m,) of each stay the number of its customer; keep: the share that is kept."""

    own: Keys
    seed: np.uint64
    keep: float


@inner
def kept(draw: Draw, n: int, at: int) -> bool:
    """By a number from 0 up to 1 that depends on the customer, the landmark and the seed alone."""
    mixed = _mixed(_mixed(_mixed(draw.seed) ^ draw.own[n]) ^ np.uint64(at))
    return bool((mixed >> np.uint64(11)) * 2.0**-53 < draw.keep)


@inner
def _mixed(x: np.uint64) -> np.uint64:
    """SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)."""
    z = x + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
