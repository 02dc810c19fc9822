"""The form of a mapping file, as it is described at the top of clickstream.yaml. `mapping.py` says what it means."""

import codecs
from collections.abc import Callable
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from raceline.domain import cells
from raceline.domain.cells import Scalar, Unreadable
from raceline.domain.event import Name
from raceline.domain.event_type import AttributeName, TypeName
from raceline.domain.yaml_file import Misfit, nearest

Column = Annotated[str, Meta(min_length=1)]
_FORMATS = ("iso", "epoch_seconds", "epoch_milliseconds")


class Cell(Struct, frozen=True, kw_only=True):
    """A column, and what its cells mean."""

    column: Column
    type: Literal["text", "integer", "number", "boolean"] = "text"
    true_values: tuple[str, ...] = ("true", "yes", "1")
    false_values: tuple[str, ...] = ("false", "no", "0")
    map: dict[str, Scalar] = {}
    unmapped: Literal["reject", "keep", "leave_out"] = "reject"
    missing: tuple[str, ...] = ()
    default: Scalar = None

    def reader(self, missing: frozenset[str]) -> Callable[[str], Scalar]:
        """Gives the value of a cell's text, None for no value; raises Unreadable. missing: marks of the whole file."""
        absent, convert = missing | frozenset(self.missing), self._converter()

        def read(text: str) -> Scalar:
            if text in absent:
                return self.default
            if text in self.map:
                return self.map[text]
            if not self.map or self.unmapped == "keep":
                return convert(text)
            if self.unmapped == "leave_out":
                return None
            raise Unreadable(f"{cells.shown(text)} is not in the map; add it there, or say by `unmapped` what to do")

        return read

    def _converter(self) -> Callable[[str], Scalar]:
        match self.type:
            case "text":
                return str
            case "integer":
                return cells.integer
            case "number":
                return cells.number
            case "boolean":
                true, false = (frozenset(map(str.lower, words)) for words in (self.true_values, self.false_values))
                return cells.boolean(true, false)


class Moment(Struct, frozen=True, kw_only=True):
    """A column of times."""

    column: Column
    format: str = "iso"
    zone: str = "UTC"
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a format that names no part of a time, and a zone that is not known."""
        if self.format not in _FORMATS and "%" not in self.format:
            near = nearest(self.format, _FORMATS)
            hint = f"did you mean `{near}`?" if near else f"known are {', '.join(_FORMATS)} and formats of strptime"
            raise Misfit(f"`{self.format}` is no format of a time; {hint}", "format")
        try:
            ZoneInfo(self.zone)
        except (OSError, ValueError, KeyError):  # the error of an unknown zone is a KeyError
            raise Misfit(f"`{self.zone}` is no time zone; give a name such as Europe/Berlin", "zone") from None


class Rule(Struct, frozen=True, kw_only=True):
    """A type, and the values that the columns have for it. Without `when` it is the type of every row."""

    type: TypeName
    when: dict[Column, tuple[str, ...]] = {}


class MappingFile(Struct, frozen=True, kw_only=True):
    """The whole file. A text stands for the column of that name, and in `type` for the type itself."""

    customer_id: Column | Cell
    occurred_at: Column | Moment
    type: TypeName | Cell | tuple[Rule, ...]
    event_id: Column | tuple[Column, ...] | None = None
    source: Name | None = None
    sequence: Column | Cell | None = None
    account_id: Column | Cell | None = None
    product: Column | Cell | None = None
    correlation_id: Column | Cell | None = None
    causation_id: Column | Cell | None = None
    schema_version: Annotated[int, Meta(ge=1)] | None = None
    data: dict[AttributeName, Column | Cell] = {}
    missing: tuple[str, ...] = ()
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        """Refuse an encoding that is not known, and lists that are empty."""
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise Misfit(f"`{self.encoding}` is no encoding; give a name such as latin-1", "encoding") from None
        for key in ("type", "event_id"):
            if getattr(self, key) == ():
                raise Misfit("the list is empty", key)
