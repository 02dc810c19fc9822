"""How much two shares differ."""

from math import sqrt
from typing import NamedTuple

from raceline.analytics.calibration import wilson


class Difference(NamedTuple):
    """Of two shares, and its interval of 95 %."""

    value: float
    low: float
    high: float


def difference(part: int, whole: int, other_part: int, other_whole: int) -> Difference:
    """part / whole less other_part / other_whole, of independent tries; neither whole is 0.

    The interval is Newcombe's hybrid of two of Wilson's (Statistics in Medicine 17, 1998, method 10): it stays within
    -1 and 1, and has its coverage also where few or nearly all succeed.
    """
    one, other = part / whole, other_part / other_whole
    (low, high), (other_low, other_high) = wilson(one, whole), wilson(other, other_whole)
    return Difference(
        one - other,
        one - other - sqrt((one - low) ** 2 + (other_high - other) ** 2),
        one - other + sqrt((high - one) ** 2 + (other - other_low) ** 2),
    )
