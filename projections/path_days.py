"""Days of paths: what is counted in microseconds since 1970, and asked and told as days and moments (UTC)."""

from datetime import date

from raceline.domain.event import DAY, EPOCH

_FIRST = EPOCH.toordinal()


def begin_of(day: date) -> int:
    """The moment at which a day begins."""
    return (day.toordinal() - _FIRST) * DAY


def end_of(day: date) -> int:
    """The first moment behind a day."""
    return begin_of(day) + DAY
