"""Definitions as files and as bytes: read from YAML, written in one canonical form, identified by its hash."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from raceline.domain.errors import InvalidRacetrack
from raceline.domain.racetrack import Racetrack
from raceline.domain.yaml_file import YamlFile

# Mappings whose order is content. JSON objects have no order, so these are lists in the canonical form.
_ORDERED = ("stages", "rules", "exits", "edges", "overlays", "features")
_EXACT = 2**53  # up to here a float that has no fraction is one whole number


def read(path: Path) -> Racetrack:
    """The definition in a YAML file. Raises InvalidRacetrack with `file`, `line` and `column`."""
    return definition(YamlFile(path, InvalidRacetrack))


def parse(text: str, name: str = "definition") -> Racetrack:
    """The definition in a YAML text, which complaints call `name`. Raises InvalidRacetrack as `read` does."""
    return definition(YamlFile(name, InvalidRacetrack, text))


def definition(file: YamlFile) -> Racetrack:
    """The definition in an open file. Raises InvalidRacetrack."""
    return file.read(Racetrack)


def canonical(racetrack: Racetrack) -> bytes:
    """Canonical JSON: equal definitions give equal bytes, however their YAML is laid out.

    What has its default is left out, so that a key added later does not change the hash of what is published.
    """
    return msgspec.json.encode(_plain(racetrack), order="sorted")


def content_hash(racetrack: Racetrack) -> str:
    """What identifies a version: SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(racetrack)).hexdigest()


def from_canonical(content: bytes) -> Racetrack:
    """The definition that `canonical` wrote. Raises InvalidRacetrack."""
    try:
        values = msgspec.json.decode(content, type=dict[str, Any])
        for key in _ORDERED:
            if key in values:
                values[key] = {one["name"]: one for one in values[key]}
        return msgspec.convert(values, Racetrack)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError) as refused:
        raise InvalidRacetrack(f"not the canonical form of a definition: {refused}") from None


def presets() -> dict[str, Path]:
    """The definitions that come with raceline, by name."""
    folder = Path(__file__).with_name("presets")
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def _plain(value: Any) -> Any:
    match value:
        case msgspec.Struct():
            return {
                field.encode_name: _field(field.name, getattr(value, field.name))
                for field in msgspec.structs.fields(value)
                if not _is_default(field, getattr(value, field.name))
            }
        case tuple():
            return [_plain(one) for one in value]
        case dict():
            return {key: _plain(one) for key, one in value.items()}
    return value


def _field(name: str, value: Any) -> Any:
    if name in _ORDERED:
        return [_plain(one) for one in value.values()]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)  # a threshold of 5.0 is one of 5; in `where` the two may be different codes
    return _plain(value)


def _is_default(field: msgspec.structs.FieldInfo, value: Any) -> bool:
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(value == field.default_factory())
    return bool(type(value) is type(field.default) and value == field.default)
