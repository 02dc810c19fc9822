"""A mapping file against the catalogue, before the first row: what every row would suffer from, unseen."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raceline.domain.catalogue import Catalogue
from raceline.domain.event_type import EventType
from raceline.domain.mapping_file import Cell, MappingFile
from raceline.domain.yaml_file import YamlFile, nearest

# Attributes beyond the declared ones are kept by design, so a name is only refused that is hardly another one: one
# letter of five, or two letters in each other's place.
_HARDLY_ANOTHER = 0.8


class _Types(NamedTuple):
    """The types that the rows may have; whether these are all, and their data as the catalogue declares it now."""

    known: Sequence[EventType]
    certain: bool
    any: bool

    @property
    def names(self) -> str:
        return "no type of the catalogue" if self.any else ", ".join(one.name for one in self.known)


def check_mapping(file: YamlFile, spec: MappingFile, catalogue: Catalogue) -> Iterator[str]:
    """What may not be meant as it is written, a sentence each.

    Raises the file's error for a type that the catalogue refuses, for an attribute that is another one misspelt, and
    where a type requires an attribute that no column gives.
    """
    for name, keys in _constants(spec):
        if name not in catalogue.types:
            near = nearest(name, catalogue.types)
            if not catalogue.allow_unknown:
                cure = f"did you mean `{near}`?" if near else "add it there, or allow unknown types"
                raise file.complaint(f"`{name}` is not in the catalogue; {cure}", *keys)
            hint = f" (did you mean `{near}`?)" if near else ""
            yield f"`{name}` is not in the catalogue; its events are taken as they are{hint}"
    types = _types(spec, catalogue)
    if types.known:
        yield from _beyond(file, spec, types)
        if types.certain:
            _refuse_missing(file, spec, types)


def _constants(spec: MappingFile) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The types that the file names, and where."""
    match spec.type:
        case str():
            yield spec.type, ("type",)
        case Cell(map=named, default=default):
            yield from ((str(name), ("type", "map", text)) for text, name in named.items() if name is not None)
            if default is not None:
                yield str(default), ("type", "default")
        case rules:
            yield from ((rule.type, ("type", n, "type")) for n, rule in enumerate(rules))


def _types(spec: MappingFile, catalogue: Catalogue) -> _Types:
    if isinstance(spec.type, Cell) and (not spec.type.map or spec.type.unmapped == "keep"):
        return _Types(list(catalogue.types.values()), certain=False, any=True)
    names = list(dict.fromkeys(name for name, _ in _constants(spec)))
    known = [catalogue.types[name] for name in names if name in catalogue.types]
    if any(spec.schema_version not in (None, one.version) for one in known):
        return _Types([], certain=False, any=False)  # data of an old version has the names of that version
    return _Types(known, certain=len(known) == len(names), any=False)


def _beyond(file: YamlFile, spec: MappingFile, types: _Types) -> Iterator[str]:
    declared = {name for one in types.known for name in one.attributes}
    beyond = []
    for name in (one for one in spec.data if one not in declared):
        left = sorted(declared - spec.data.keys())  # one that has its column already is not meant by another name
        if types.certain and (near := nearest(name, left, _HARDLY_ANOTHER)):
            raise file.complaint(f"`{name}` is no attribute of {types.names}; did you mean `{near}`?", "data", name)
        near = nearest(name, left)
        beyond.append(f"`{name}` (did you mean `{near}`?)" if near else f"`{name}`")
    if beyond:
        has = "has any of them" if types.any else f"{'has' if len(types.known) == 1 else 'have'} none of them"
        yield f"kept, though {types.names} {has}: {', '.join(beyond)}"


def _refuse_missing(file: YamlFile, spec: MappingFile, types: _Types) -> None:
    for one in types.known:
        for name, attribute in one.attributes.items():
            if attribute.required and name not in spec.data:
                raise file.complaint(f"{one.name} requires `{name}`, which is not in `data`", "data")
