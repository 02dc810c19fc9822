"""A mapping file: how the rows of a CSV file become events. Its form is described at the top of clickstream.yaml."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from raceline.domain import cells
from raceline.domain.catalogue import Catalogue
from raceline.domain.cells import Scalar, Unreadable
from raceline.domain.errors import InvalidMapping
from raceline.domain.event import Reason
from raceline.domain.mapping_check import check_mapping
from raceline.domain.mapping_file import Cell, MappingFile, Moment, Rule
from raceline.domain.rows import Layout, Member
from raceline.domain.yaml_file import YamlFile, nearest

_OPTIONAL_NAMES = ("account_id", "product", "correlation_id", "causation_id")


class Mapping:
    """A mapping file, read and checked.

    source: of all its events, None where it names none. delimiter, encoding: of the CSV files that it is for.
    Raises InvalidMapping with `file`, `line` and `column`.
    """

    def __init__(self, path: Path) -> None:
        self._file = YamlFile(path, InvalidMapping)
        self._spec = self._file.read(MappingFile)
        self._missing = frozenset(self._spec.missing) | {""}
        self.source = self._spec.source
        self.delimiter = self._spec.delimiter
        self.encoding = self._spec.encoding

    def without(self, attribute: str) -> "Mapping":
        """The same for files that have no column for this attribute of the data."""
        other = copy(self)
        data = {name: cell for name, cell in self._spec.data.items() if name != attribute}
        other._spec = msgspec.structs.replace(self._spec, data=data)
        return other

    def check(self, catalogue: Catalogue) -> list[str]:
        """What may not be meant as it is written, given the event types that there are.

        Raises InvalidMapping for what can only be a mistake: see `check_mapping`.
        """
        return list(check_mapping(self._file, self._spec, catalogue))

    def layout(self, header: Sequence[str], place: str) -> Layout:
        """What becomes of the rows under this header, which stands at `place`.

        Raises InvalidMapping for a column that the header does not have, or has twice.
        """
        spec = self._spec
        find = _Finder(header, place, self._file)
        constant = {"type": _constant_type(spec.type), "schema_version": spec.schema_version}
        return Layout(
            envelope=[*self._required(find), *self._optional(find)],
            data=[self._datum(find, name, cell) for name, cell in spec.data.items()],
            constant={name: value for name, value in constant.items() if value is not None},
            line_is_sequence=spec.sequence is None,
        )

    def _required(self, find: "_Finder") -> Iterator[Member]:
        spec = self._spec
        yield self._name(find, "customer_id", spec.customer_id, required=True)
        time = spec.occurred_at if isinstance(spec.occurred_at, Moment) else Moment(column=spec.occurred_at)
        yield _member(find, ("occurred_at",), [time.column], self._time(time), required=True)
        if spec.event_id:
            parts = [spec.event_id] if isinstance(spec.event_id, str) else spec.event_id
            yield _member(find, ("event_id",), parts, self._joined, required=True)
        if isinstance(spec.type, tuple) and _constant_type(spec.type) is None:
            columns = list(dict.fromkeys(column for rule in spec.type for column in rule.when))
            yield _member(find, ("type",), columns, _by_rules(spec.type, columns), required=True)
        elif isinstance(spec.type, Cell):
            yield self._name(find, "type", spec.type, required=True)

    def _optional(self, find: "_Finder") -> Iterator[Member]:
        for name in _OPTIONAL_NAMES:
            if (cell := getattr(self._spec, name)) is not None:
                yield self._name(find, name, cell, required=False)
        if (sequence := self._spec.sequence) is not None:
            cell = msgspec.structs.replace(_cell(sequence), type="integer")
            yield _member(find, ("sequence",), [cell.column], cell.reader(self._missing), required=False)

    def _name(self, find: "_Finder", name: str, given: str | Cell, *, required: bool) -> Member:
        cell = msgspec.structs.replace(_cell(given), type="text")
        return _member(find, (name,), [cell.column], _as_text(cell.reader(self._missing)), required=required)

    def _datum(self, find: "_Finder", name: str, given: str | Cell) -> Member:
        cell = _cell(given)
        return _member(find, ("data", name), [cell.column], cell.reader(self._missing), required=False)

    def _time(self, time: Moment) -> Callable[[str], Any]:
        missing, moment = self._missing | frozenset(time.missing), cells.moment(time.format, ZoneInfo(time.zone))
        return lambda text: None if text in missing else moment(text)

    def _joined(self, parts: str | tuple[str, ...]) -> str | None:
        texts = (parts,) if isinstance(parts, str) else parts
        return None if any(text in self._missing for text in texts) else "/".join(texts)


class _Finder:
    """Finds columns in the header of a file; what is not there is a mistake of the mapping file."""

    def __init__(self, header: Sequence[str], place: str, file: YamlFile) -> None:
        self._header, self._place, self._file = header, place, file

    def __call__(self, column: str, *keys: str) -> int:
        """The index of the column that is named at these keys of the mapping file."""
        times = self._header.count(column)
        if times == 1:
            return self._header.index(column)
        if times > 1:
            raise self._file.complaint(f"the column `{column}` is {times} times in the header at {self._place}", *keys)
        near = nearest(column, self._header)
        hint = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{one}`' for one in self._header)}"
        if len(self._header) == 1:
            hint += " - is the delimiter right?"
        raise self._file.complaint(f"the column `{column}` is not in the header at {self._place}; {hint}", *keys)


def _member(
    find: _Finder, keys: tuple[str, ...], columns: Sequence[str], read: Callable[[Any], Any], *, required: bool
) -> Member:
    label = f"{'.'.join(keys)} (column {', '.join(columns)})"
    found = [find(column, *keys, "column") for column in columns]
    reason: Reason = "invalid_data" if keys[0] == "data" else "invalid_envelope"
    return Member(keys[-1], label, found, read, required=required, reason=reason)


def _cell(given: str | Cell) -> Cell:
    return given if isinstance(given, Cell) else Cell(column=given)


def _as_text(read: Callable[[str], Scalar]) -> Callable[[str], str | None]:
    """A name of the envelope is text, also where the mapping file writes 7."""

    def read_text(text: str) -> str | None:
        value = read(text)
        return value if value is None else str(value)

    return read_text


def _constant_type(given: str | Cell | tuple[Rule, ...]) -> str | None:
    if isinstance(given, tuple):
        return None if given[0].when else given[0].type
    return given if isinstance(given, str) else None


def _by_rules(rules: Sequence[Rule], columns: Sequence[str]) -> Callable[[Any], str]:
    conditions = [({columns.index(one): values for one, values in rule.when.items()}, rule.type) for rule in rules]

    def read(given: str | tuple[str, ...]) -> str:
        texts = (given,) if isinstance(given, str) else given
        for condition, type_name in conditions:
            if all(texts[n] in values for n, values in condition.items()):
                return type_name
        shown = ", ".join(map(cells.shown, texts))
        raise Unreadable(f"no rule is for {shown}; end the list with a rule without `when`")

    return read
