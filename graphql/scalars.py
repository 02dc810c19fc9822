"""The scalars of the API, and the opaque texts that clients hand back to it: global ids and cursors."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import date, datetime
from typing import Any, NewType

import msgspec
import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from raceline.domain.errors import InvalidArgument

HIGHEST = 2**63 - 1

Position = NewType("Position", int)
Int64 = NewType("Int64", int)


def _integer(value: object, lowest: int) -> int:
    """A 64-bit integer from a JSON number or a text of digits, which is how JavaScript keeps it exact."""
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an integer, or a text of digits, was expected")
    if not lowest <= value <= HIGHEST:
        raise ValueError(f"an integer from {lowest} to {HIGHEST} was expected")
    return value


def parse_position(value: object) -> Position:
    """A position from a client. Raises ValueError for anything but 0 to 2^63 - 1."""
    return Position(_integer(value, 0))


def _parse_int64(value: object) -> Int64:
    return Int64(_integer(value, -HIGHEST - 1))


def _parse_moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a text such as 2018-01-12T12:18:11Z was expected")
    moment = msgspec.convert(value, datetime)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone, as in 2018-01-12T12:18:11Z")
    return moment


def _parse_date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("a text such as 2018-01-12 was expected")
    return msgspec.convert(value, date)


SCALARS: dict[object, ScalarDefinition] = {
    Position: strawberry.scalar(
        name="Position",
        description="A place in the log: a 64-bit integer from 0, written as a number; a text of digits is taken too.",
        serialize=int,
        parse_value=parse_position,
    ),
    Int64: strawberry.scalar(
        name="Int64",
        description="A 64-bit integer, written as a number; a text of digits is taken too.",
        serialize=int,
        parse_value=_parse_int64,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment (RFC 3339). Answers are in UTC with microseconds: 2018-01-12T12:18:11.000000Z.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=lambda moment: moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        parse_value=_parse_moment,
    ),
    date: strawberry.scalar(
        name="Date", description="A day (ISO 8601), in UTC.", serialize=date.isoformat, parse_value=_parse_date
    ),
    JSON: strawberry.scalar(name="JSON", description="Any JSON value.", serialize=lambda value: value),
}


def global_id(type_name: str, key: object) -> str:
    """The id of an object in the whole API (Relay): opaque, and the same as the planner's SQL makes it."""
    return b64encode(f"{type_name}:{key}".encode()).decode()


def parse_global_id(text: str) -> tuple[str, str] | None:
    """Type and key of a global id; None when it is none of ours, for reads answer null and never fail."""
    try:
        type_name, colon, key = b64decode(text, validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        return None
    return (type_name, key) if colon else None


def parse_cursor(text: str, name: str, shape: Any) -> Any:
    """The key that a cursor of the list `name` carries, of the given shape. Raises InvalidArgument."""
    try:
        found, _, key = b64decode(text, validate=True).decode().partition(":")
        if found != name:
            raise InvalidArgument("This cursor belongs to another list.", argument="after")
        return msgspec.json.decode(key, type=shape)
    except (NotBase64, ValueError, msgspec.MsgspecError) as error:
        raise InvalidArgument("This is not a cursor that this list gave out.", argument="after") from error
