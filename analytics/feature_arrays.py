"""The arrays of features: what happened to customers as streams of values, and what is asked of the streams.

Times are int64 microseconds since 1970. A *landmark* is the moment that features are of: they tell what had happened by
then and, once the log is fed live, what was known by then.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Longs: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Small: TypeAlias = NDArray[np.int8]
Floats: TypeAlias = NDArray[np.float64]

DAY = 86_400_000_000
NEVER = 2**63 - 1

# What a feature makes of the values of its window.
COUNT = 0  # how many
SUM = 1  # what they add up to, in millionths
MEAN = 2  # nan without any
LAST = 3  # nan without any
DAYS_SINCE = 4  # days from the last one to the landmark; nan without any
DISTINCT = 5  # how many different ones; they are codes from 0
LEVEL = 6  # what all of them, ever, add up to, in millionths: a stock that is filled and emptied
HAS = 7  # 1 where one of them is `wanted`, else 0
LAST_IS = 8  # 1 where the last one is `wanted`, else 0
TALLY = 9  # how many of them are `wanted`
STANDING = 10  # how many things are open, by what was last said of each; see `said`
NET = 11  # how many, less those that were taken back: values are 1 and -1
AGE = 12  # days since the stay was entered; of no stream

# Windows that are no length. A window of a length w holds what happened in (landmark - w, landmark].
SINCE_ENTRY = -1  # in (entered, landmark]: what brought the customer there is not in it
EVER = -2
BEFORE_ENTRY = -3  # before `entered`


class Streams(NamedTuple):
    """What happened to c customers, as S streams of values; m in all, each stream and customer by time."""

    customers: int  # c
    start: Longs  # (S * c + 1,) stream s of customer k is start[s * c + k] : start[s * c + k + 1]
    at: Longs  # (m,) when it occurred
    recorded: Longs  # (m,) since when it is known
    value: Floats  # (m,) finite
    row: Longs  # (m,) the row of the events that it comes from


class Plan(NamedTuple):
    """What f features are."""

    stream: Codes  # (f,) -1 for AGE
    aggregate: Small  # (f,) COUNT .. AGE
    window: Longs  # (f,) microseconds; SINCE_ENTRY, EVER, BEFORE_ENTRY
    wanted: Floats  # (f,), or (groups, f) where it differs between groups of landmarks; nan is never found


# What a value of STANDING says of its thing: nothing about its being open, or one of these.
NOTHING_SAID, SHUT, OPEN, OPEN_IF_UNKNOWN = 0, 1, 2, 3
MOST_LEVELS = 14


def said(thing: Codes, opens: Small, level: Codes) -> Floats:
    """(n,) values for STANDING. thing: (n,) codes from 0; opens: NOTHING_SAID .. OPEN_IF_UNKNOWN; level: (n,) its
    severity from 0 on, -1 where nothing is said of it. Levels from MOST_LEVELS on count as MOST_LEVELS - 1."""
    told = np.minimum(level.astype(np.int64), MOST_LEVELS - 1) + 1
    values: Floats = (thing.astype(np.int64) * 64 + opens.astype(np.int64) * 16 + told).astype(np.float64)
    return values
