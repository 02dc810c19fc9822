"""The catalogue: every event type that the store takes, built in or added by users (design section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from raceline.domain.errors import InvalidCatalogue, InvalidEvent, UnknownEventType
from raceline.domain.event_type import EventType, TypeName
from raceline.domain.yaml_file import YamlFile, nearest

_OBJECT = msgspec.json.Decoder(dict[str, Any])
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Row(NamedTuple):
    """A type as a row of the table that people read. Of the attributes, `?` marks optional and `*` personal ones."""

    type: str
    version: int
    says: str
    attributes: str
    source: str
    owner: str


class _File(msgspec.Struct):
    """A catalogue file."""

    types: dict[TypeName, EventType]


@dataclass(frozen=True)
class Catalogue:
    """The types by name. With `allow_unknown` an event of any other type is taken as it is."""

    types: Mapping[str, EventType]
    allow_unknown: bool = False

    def check(self, type: str, version: int, data: bytes) -> None:  # noqa: A002 # the envelope's word
        """Let pass what `data`, a JSON text, may be for an event of this type and version.

        Data of an old version is lifted first. Raises UnknownEventType or InvalidEvent.
        """
        found = self.types.get(type)
        try:
            if found is None:
                self._refuse_unknown(type)
                _OBJECT.decode(data)
            elif version == found.version:
                found.check(data)
            else:
                found.check(msgspec.json.encode(found.lift(version, _OBJECT.decode(data))))
        except _REFUSALS as refused:
            raise InvalidEvent(_detail(refused), type=type, version=version) from None

    def lift(self, type: str, version: int, data: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
        """Data of this version as data of the newest one; the argument is left as it is.

        Raises UnknownEventType, or InvalidEvent when the version is newer than the catalogue's or no upcast leads
        from it. Data of an unknown type that is allowed stays as it is.
        """
        if type in self.types:
            return self.types[type].lift(version, data)
        self._refuse_unknown(type)
        return data

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of an event's `type` and `data`: one definition for each type, in its newest version."""
        payloads = [one.payload for one in self.types.values()]
        _, definitions = msgspec.json.schema_components(payloads, ref_template="#/$defs/{name}")
        for name, one in self.types.items():
            facts = {"x-version": one.version, "x-source": msgspec.to_builtins(one.source), "x-owner": one.owner}
            definitions[name] |= facts
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "An event of the catalogue: its type, and the data that belong to it",
            "type": "object",
            "required": ["type", "data"],
            "oneOf": [_alternative(one) for one in self.types.values()] + self._anything_else(),
            "$defs": definitions,
        }

    def table(self) -> list[Row]:
        """A row for each type: the built-in ones, then those of the users' files, each in the order of its file."""
        return [_row(one) for one in self.types.values()]

    def markdown(self) -> str:
        """The table for the README."""
        head = "| type | what it says | attributes | source | owner |\n|---|---|---|---|---|\n"
        rows = (_cells(f"`{row.type}`", row.says, f"`{row.attributes}`", row.source, row.owner) for row in self.table())
        return head + "".join(rows) + "\n`?` may be missing or null, `*` holds personal data.\n"

    def _refuse_unknown(self, name: str) -> None:
        if not self.allow_unknown:
            near = nearest(name, self.types)
            raise UnknownEventType(f"Did you mean {near}?" if near else "", type=name, nearest=near)

    def _anything_else(self) -> list[dict[str, Any]]:
        others = {"type": {"type": "string", "not": {"enum": list(self.types)}}, "data": {"type": "object"}}
        return [{"properties": others}] if self.allow_unknown else []


def load(paths: Sequence[Path] = (), *, allow_unknown: bool = False) -> Catalogue:
    """The built-in types and those of the users' files, which add types and never redefine one.

    Raises InvalidCatalogue with `file`, `line` and `column`.
    """
    types = dict(_built_in())
    origin = dict.fromkeys(types, "built in")
    for path in paths:
        file = YamlFile(path, InvalidCatalogue)
        for name, one in file.read(_File).types.items():
            if name in types:
                raise file.complaint(f"{name} is {origin[name]} already; give the new type its own name", "types", name)
            types[name] = one
            origin[name] = f"in {path}"
    return Catalogue(types, allow_unknown)


@cache
def _built_in() -> Mapping[str, EventType]:
    return YamlFile(Path(__file__).with_name("catalogue.yaml"), InvalidCatalogue).read(_File).types


def _detail(refused: Exception) -> str:
    """The decoder's words, with its path to the attribute counted from the event instead of from `data`."""
    match refused:
        case RecursionError():
            return "The data are nested too deeply - at `$.data`"
        case UnicodeDecodeError():
            return "A text in the data is not UTF-8 - at `$.data`"
    words, _, path = str(refused).partition(" - at `$")
    return f"{words} - at `$.data{path or '`'}"


def _alternative(one: EventType) -> dict[str, Any]:
    return {
        "properties": {
            "type": {"const": one.name},
            "schema_version": {"const": one.version},
            "data": {"$ref": f"#/$defs/{one.name}"},
        }
    }


def _row(one: EventType) -> Row:
    attributes = (f"{a.name}{'' if a.required else '?'}{'*' if a.personal else ''}" for a in one.attributes.values())
    source = f"{one.source.system}: {one.source.database}.{one.source.table}"
    return Row(one.name, one.version, one.documentation, ", ".join(attributes), source, one.owner)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"
