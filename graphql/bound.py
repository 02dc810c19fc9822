"""Values of clients as parameters of a statement."""

from typing import Any


def kind_of(value: Any) -> str:
    """The type of a part of a cursor in PostgreSQL."""
    match value:
        case int():
            return "bigint"
        case float():
            return "float8"
        case str():
            return "text"
        case _:
            return "timestamptz"


def storable(value: Any) -> Any:
    """The value, with text that PostgreSQL cannot hold (a NUL, half a surrogate pair) replaced by null."""
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, str) and ("\0" in value or not (value.isascii() or _encodable(value))):
        return None
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
