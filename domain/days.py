"""Periods of days, both ends included."""

from datetime import date

from raceline.domain.errors import InvalidArgument


def in_order(first: date, last: date, argument: str = "from") -> None:
    """Raise InvalidArgument, by the name of the argument that says so, when the first day comes after the last one."""
    if first > last:
        raise InvalidArgument("The first day comes after the last one.", argument=argument, found=str(first))
