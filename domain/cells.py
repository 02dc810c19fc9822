"""What a cell of a CSV file means: text, number, boolean, or a time in one of many forms."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from raceline.domain.event import EPOCH, Reason

Scalar = str | int | float | bool | None

_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")  # a number of more digits is none, even as a float
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_SHOWN = 80
_BEYOND_TIME = 1e18  # in seconds or milliseconds; not to write out 1e999999 in digits
# The directives of strptime that are plain digits, and the argument of datetime that each one gives.
_DIGITS = {
    "Y": ("year", "([0-9]{4})"),
    "m": ("month", "([0-9]{1,2})"),
    "d": ("day", "([0-9]{1,2})"),
    "H": ("hour", "([0-9]{1,2})"),
    "M": ("minute", "([0-9]{1,2})"),
    "S": ("second", "([0-9]{1,2})"),
}


class Unreadable(ValueError):
    """What a cell holds is not what it should hold."""

    def __init__(self, detail: str, reason: Reason = "malformed") -> None:
        self.detail, self.reason = detail, reason
        super().__init__(detail)


def shown(text: str) -> str:
    """A text as messages show it, which may be cut."""
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}...`"


def integer(text: str) -> int:
    """A whole number."""
    if not _INTEGER.fullmatch(text):
        raise Unreadable(f"{shown(text)} is not a whole number")
    return int(text)


def number(text: str) -> int | float:
    """A number that is finite; a whole one stays whole."""
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"{shown(text)} is not a number")
    value = int(text) if _INTEGER.fullmatch(text) else float(text)
    if not math.isfinite(value):
        raise Unreadable(f"{shown(text)} is too large for a number")
    return value


def boolean(true: frozenset[str], false: frozenset[str]) -> Callable[[str], bool]:
    """Reads one of these words, which are lower case; the cell may have any case."""

    def read(text: str) -> bool:
        word = text.lower()
        if word not in true and word not in false:
            raise Unreadable(f"{shown(text)} is neither true ({', '.join(sorted(true))}) nor false")
        return word in true

    return read


def moment(form: str, zone: tzinfo) -> Callable[[str], datetime]:
    """Reads a time as an aware datetime in UTC.

    form: iso, epoch_seconds, epoch_milliseconds, or a format of strptime. zone: of times that name none of their own;
    an hour that the clocks pass twice is the first of the two.
    """
    parse: Callable[[str], datetime]
    match form:
        case "iso":
            parse = datetime.fromisoformat
        case "epoch_seconds":
            parse = _epoch(1)
        case "epoch_milliseconds":
            parse = _epoch(1_000)
        case _:
            parse = _strptime(form)

    def read(text: str) -> datetime:
        try:
            value = parse(text)
            if value.tzinfo is UTC:
                return value
            return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
        except OverflowError:
            raise Unreadable(
                f"{shown(text)} ({form}) is a time outside of the years 1 to 9999", "invalid_time"
            ) from None
        except ValueError as refused:
            why = "day or hour is out of range" if "range" in str(refused) else f"not a time of the form {form}"
            raise Unreadable(f"{shown(text)}: {why}") from None

    return read


def _epoch(units: int) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        if _INTEGER.fullmatch(text):
            return EPOCH + timedelta(microseconds=int(text) * (1_000_000 // units))
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        if abs(float(text)) > _BEYOND_TIME:
            raise OverflowError
        return EPOCH + timedelta(microseconds=round(Decimal(text) * (1_000_000 // units)))

    return parse


def _strptime(form: str) -> Callable[[str], datetime]:
    """The same as datetime.strptime(text, form), five times as fast where `form` has only digits."""
    literals, directives = re.split("%(.)", form)[::2], re.split("%(.)", form)[1::2]
    distinct = set(directives)
    if len(distinct) < len(directives) or not {"Y", "m", "d"} <= distinct <= _DIGITS.keys():
        return lambda text: datetime.strptime(text, form)  # noqa: DTZ007 # the zone is the caller's
    between = [re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(literal)) for literal in literals]
    names, groups = zip(*(_DIGITS[directive] for directive in directives), strict=True)
    pattern = re.compile("".join(part for pair in zip(between, (*groups, ""), strict=True) for part in pair))

    def parse(text: str) -> datetime:
        found = pattern.fullmatch(text)
        if not found:
            raise ValueError(text)
        return datetime(**dict(zip(names, map(int, found.groups()), strict=True)))  # noqa: DTZ001

    return parse
