"""Which days a question about paths means, and which past they can be compared with."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from raceline.domain.days import in_order
from raceline.domain.errors import InvalidArgument

_PAST = "The past has to end before the period begins that is compared with it."


class Days(NamedTuple):
    """A period, both days included; None where it has no end."""

    first: date | None
    last: date | None


def days_of(*said: Mapping[str, Any] | None, past: Mapping[str, Any] | None = None) -> Days:
    """The days that all of what is said leaves, each by its `from` and `to` as far as it has them.

    past: what they are compared with; where nothing says when they begin, they begin after it. Raises InvalidArgument
    where no day can be meant: the first one comes after the last one, or the past does not end before the first.
    """
    stated = [one for one in said if one is not None]
    first = max((one["from"] for one in stated if one.get("from") is not None), default=None)
    last = min((one["to"] for one in stated if one.get("to") is not None), default=None)
    if first is not None and last is not None:
        in_order(first, last)
    if past is None:
        return Days(first, last)
    in_order(past["from"], past["to"], "past")
    first = _behind(past["to"]) if first is None else first
    if first is None or first <= past["to"] or (last is not None and last < first):
        raise InvalidArgument(_PAST, argument="past", found=str(past["to"]))
    return Days(first, last)


def _behind(day: date) -> date | None:
    """The next day; None behind the last one that there is."""
    return None if day == date.max else day + timedelta(days=1)
