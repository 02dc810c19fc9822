"""Arrays as the columns of read models: moments, lists, numbers within a group."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.cases import NONE

Longs = NDArray[np.int64]
_TIMESTAMP = pa.timestamp("us", "UTC")


def moments(microseconds: Longs, null: NDArray[np.bool_] | None = None) -> pa.Array:
    """Microseconds since 1970 as timestamps; null where it is said."""
    return pa.array(microseconds, mask=null).cast(_TIMESTAMP)


def lists(offsets: Longs, values: Any, null: pa.Array | None = None) -> pa.ListArray:
    """Lists of values that lie one after another; list i is [offsets[i], offsets[i + 1])."""
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(values), mask=null)


def dates(days: NDArray[Any]) -> pa.Array:
    """Days since 1970 as dates."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def named(names: pa.Array, codes: NDArray[Any]) -> pa.Array:
    """What codes stand for; null for those below zero."""
    return names.take(pa.array(codes, mask=codes < 0))


def numbered(group: NDArray[np.int32]) -> Longs:
    """1, 2, 3 ... within each run of equal codes."""
    start = np.flatnonzero(np.append(True, np.diff(group) != 0)) if len(group) else np.empty(0, np.int64)
    return np.arange(1, len(group) + 1) - np.repeat(start, np.diff(np.append(start, len(group))))


def last_known(values: pa.ChunkedArray, first: Longs) -> pa.ChunkedArray:
    """The last value that is not null of each group of rows; `first` is where the groups start."""
    if len(first) == 0:
        return values
    known = np.where(values.is_valid().to_numpy(), np.arange(len(values)), -1)
    last = np.maximum.reduceat(known, first)
    return values.take(pa.array(last, mask=last < first))


def or_null(values: Longs) -> pa.Array:
    """Figures as analytics has them, null for NONE."""
    return pa.array(values, mask=values == NONE)
