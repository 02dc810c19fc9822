"""Days of paths: what is counted in microseconds since 1970, and asked and told as days and moments (UTC)."""

from datetime import UTC, date, datetime

DAY = 86_400_000_000  # microseconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = EPOCH.toordinal()


def begin_of(day: date) -> int:
    """The moment at which a day begins."""
    return (day.toordinal() - _FIRST) * DAY


def end_of(day: date) -> int:
    """The first moment behind a day."""
    return begin_of(day) + DAY
