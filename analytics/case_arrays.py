"""The arrays that the kernels of support cases take and give (design, section 7).

Days are int32 days since 1970-01-01 of a racetrack's time zone; sentiments are int64 ten-thousandths, survey scores
int64 millionths. A case is open (1), closed (0), or unknown (-1) as long as only surveys are known of it.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Longs: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Small: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]

# No score.
NONE = int(np.iinfo(np.int64).min)
# What an event does to its case.
OPENED, UPDATED, CLOSED, REOPENED, SURVEYED = range(5)
# When a spell ends that goes on: 9999-12-31.
NEVER_DAY = 2_932_896


class CaseEvents(NamedTuple):
    """n events of cases, those of each case together and in total order. Codes are from 0, -1: not said."""

    case: Codes  # (n,) never falling, from 0, none left out
    does: Small  # (n,) OPENED .. SURVEYED
    active: Small  # (n,) of UPDATED: 1 the case is open from now on, 0 it is closed, -1 not said
    severity: Codes  # (n,)
    problem: Codes  # (n,)
    cause: Codes  # (n,)
    group: Codes  # (n,)
    engineer: Codes  # (n,)
    score: Longs  # (n,) of the customer's text, NONE without one
    survey: Longs  # (n,) the score given, NONE without one


class Histories(NamedTuple):
    """What is known of its case after each of n events."""

    open: Small  # (n,) 1, 0, -1 unknown
    severity: Codes  # (n,) the last one said, -1 none; as the next four
    problem: Codes  # (n,)
    cause: Codes  # (n,)
    group: Codes  # (n,)
    engineer: Codes  # (n,)
    texts: Longs  # (n,) how many texts of the customer have a score so far
    sentiment: Longs  # (n,) the mean of their scores, rounded half up; NONE without one
    opening: Flags  # (n,) it was unknown and is open; a case first heard of when it closes has none
    closing: Flags  # (n,) it was open or unknown, and is closed
    reopening: Flags  # (n,) it was closed and is open
    reassigned: Flags  # (n,) another group or engineer than the one said before
    closing_of: Longs  # (n,) the row of the closing that a survey belongs to; -1: none, or no survey


class Spells(NamedTuple):
    """s runs of days [from_day, to_day) at whose ends a case is open, in one stage and with one value."""

    case: Codes  # (s,) never falling
    event: Longs  # (s,) the row of the event since which the case has this value: a move begins a spell, and keeps it
    state: Codes  # (s,) where its customer is
    from_day: Codes  # (s,) rising within a case
    to_day: Codes  # (s,) NEVER_DAY while it goes on


def flat(column: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    """The column as the kernels are compiled for it: one layout, one type, and not read-only."""
    return np.require(column, dtype, ["C", "W"])


def check_lengths(length: int, *columns: NDArray[Any]) -> None:
    """Raise ValueError unless all columns are that long."""
    if any(len(column) != length for column in columns):
        raise ValueError("the columns differ in length")


def check_starts(start: NDArray[Any], rows: int) -> None:
    """Raise ValueError unless the offsets begin at 0, never fall, and end with the rows."""
    # The kernels do not check their indices: a wrong offset would read outside of an array.
    if len(start) == 0 or start[0] != 0 or start[-1] != rows or (np.diff(start) < 0).any():
        raise ValueError("the offsets do not fit the rows")


def check_codes(code: NDArray[Any], codes: int) -> None:
    """Raise IndexError unless all codes are in 0 .. codes - 1."""
    if len(code) and (code.min() < 0 or code.max() >= codes):
        raise IndexError(f"a code is not in 0 .. {codes - 1}")
