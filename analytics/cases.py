"""Support cases in numbers (design, section 7): histories, spells, closings, and the range of their sentiments."""

from raceline.analytics.case_arrays import (
    CLOSED,
    NEVER_DAY,
    NONE,
    OPENED,
    REOPENED,
    SURVEYED,
    UPDATED,
    CaseEvents,
    Histories,
    Spells,
)
from raceline.analytics.case_extremes import extremes
from raceline.analytics.case_history import histories
from raceline.analytics.case_spells import closing_rows, open_spells, states_at

__all__ = [
    "CLOSED",
    "NEVER_DAY",
    "NONE",
    "OPENED",
    "REOPENED",
    "SURVEYED",
    "UPDATED",
    "CaseEvents",
    "Histories",
    "Spells",
    "closing_rows",
    "extremes",
    "histories",
    "open_spells",
    "states_at",
]
