"""The race: what a racetrack makes of customers' events (design, section 5)."""

from raceline.analytics.race_arrays import (
    ALL,
    ANY,
    COUNT,
    DAYS,
    DISTINCT,
    LAP,
    LEAF,
    NEVER,
    NONE,
    NOT,
    STAGE,
    START,
    SUM,
    Facts,
    Program,
    Prospects,
    Race,
)

__all__ = [
    "ALL",
    "ANY",
    "COUNT",
    "DAYS",
    "DISTINCT",
    "LAP",
    "LEAF",
    "NEVER",
    "NONE",
    "NOT",
    "STAGE",
    "START",
    "SUM",
    "Facts",
    "Program",
    "Prospects",
    "Race",
    "prospects",
    "run",
]


def run(program: Program, facts: Facts, clock: int) -> Race:
    """Walk each customer's events and timers up to the clock, and say every move, why, and since when it is known.

    clock: microseconds; a customer with later events is followed up to the last of them.
    """
    raise NotImplementedError


def prospects(program: Program, facts: Facts, clock: int) -> Prospects:
    """For each customer, at the clock, and each rule that could move them on: what holds, and when it would fire."""
    raise NotImplementedError
