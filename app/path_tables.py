"""The figures of paths as flat rows: what GraphQL answers, a column for each of its figures. README.md tells them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from raceline.app.export_tables import JSON, Column

Row = dict[str, Any]
TEXT, WORD, COUNT, REAL, YES, DAY, TEXTS = "text", "word", "count", "real", "yes", "day", "texts"
_TYPES: Mapping[str, pa.DataType] = {
    TEXT: pa.string(),
    WORD: pa.string(),  # a value of an enum, in small letters
    COUNT: pa.int64(),
    REAL: pa.float64(),
    YES: pa.bool_(),
    DAY: pa.date32(),
    TEXTS: pa.list_(pa.string()),
}


class Figure(NamedTuple):
    """A column: what it means, what it holds, and where the API tells it, with dots between (by default its name)."""

    name: str
    says: str
    kind: str
    of: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The fields of the API that lead to it."""
        return tuple((self.of or camel(self.name)).split("."))


class PathTable(NamedTuple):
    """A table of figures: its name, what a row is, and its columns in order."""

    name: str
    says: str
    columns: tuple[Figure, ...]

    @property
    def selection(self) -> str:
        """What to select of each row in GraphQL."""
        return _selected([column.path for column in self.columns])

    def told(self) -> tuple[Column, ...]:
        """The columns as the README tells them."""
        return tuple(Column(one.name, one.says, JSON if one.kind == TEXTS else "") for one in self.columns)

    def flat(self, answers: Iterable[Row]) -> Iterator[Row]:
        """Answers as flat rows."""
        return ({column.name: _found(answer, column) for column in self.columns} for answer in answers)

    def batch(self, answers: Sequence[Row], facts: Mapping[str, str], *, text_lists: bool = False) -> pa.RecordBatch:
        """Answers as flat rows, with what each column means. text_lists: lists are JSON, as in CSV."""
        arrays, fields = [], []
        for column in self.columns:
            values = [_found(answer, column) for answer in answers]
            kind = column.kind
            if kind == TEXTS and text_lists:
                kind, values = TEXT, [msgspec.json.encode(value).decode() for value in values]
            arrays.append(pa.array(values, _TYPES[kind]))
            fields.append(pa.field(column.name, _TYPES[kind], metadata={"documentation": column.says}))
        schema = pa.schema(fields, {f"raceline.{name}": text for name, text in facts.items()})
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def camel(name: str) -> str:
    """The name of a field of the API."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def snake(name: str) -> str:
    """The name of a column for a field of the API."""
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


def _selected(paths: Iterable[tuple[str, ...]]) -> str:
    inside: dict[str, list[tuple[str, ...]]] = {}
    for head, *rest in paths:
        inside.setdefault(head, []).extend([tuple(rest)] if rest else [])
    return " ".join(f"{head} {{ {_selected(rests)} }}" if rests else head for head, rests in inside.items())


def _found(answer: Row, column: Figure) -> Any:
    value: Any = answer
    for name in column.path:
        if value is None:
            return None
        value = value[name]
    if value is None:
        return None
    match column.kind:
        case str(kind) if kind == WORD:
            return value.lower()
        case str(kind) if kind == DAY:
            return date.fromisoformat(value)
    return value
