"""A YAML file read into msgspec structs, so that every complaint names the file, the line and the column."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from raceline.domain.errors import RacelineError
from raceline.domain.yaml_tree import compose, construct, described, find, shown

T = TypeVar("T")
_LARGEST = 1_048_576  # bytes
_LONGEST_WORD = 100  # comparing words takes the square of their length, and the word may come from anyone


class Misfit(ValueError):
    """What a struct's `__post_init__` raises: this does not fit, at the place in the struct that the keys lead to."""

    def __init__(self, detail: str, *keys: str | int) -> None:
        self.detail = detail
        self.keys = keys
        super().__init__(detail)


class YamlFile:
    """One file of up to a mebibyte, or a text that stands for one.

    `error` is the class of every complaint; it carries `file`, `line` and `column`, both from 1.
    """

    def __init__(self, path: Path | str, error: type[RacelineError], text: str | None = None) -> None:
        """Of the file at the path; or of `text`, which is called `path` then."""
        self._path = path
        self._error = error
        self._root = self._compose(self._content() if text is None else text)

    def read(self, kind: type[T]) -> T:
        """The whole file as a `kind`. A struct with a field `name` inside a mapping gets its key as the name."""
        try:
            value: T = self._value(self._root, kind)
        except yaml.MarkedYAMLError as refused:
            raise self._unreadable(refused) from None
        return value

    def complaint(self, detail: str, *keys: str | int) -> RacelineError:
        """The error to raise for something wrong at the place that `keys` lead to, from the root of the file."""
        return self._at(find(self._root, keys), detail)

    def place(self, *keys: str | int) -> tuple[int, int]:
        """Line and column of what `keys` lead to, or of the nearest thing above it that is in the file."""
        mark = find(self._root, keys).start_mark
        return mark.line + 1, mark.column + 1

    def _content(self) -> str:
        try:
            with Path(self._path).open("rb") as file:
                content = file.read(_LARGEST + 1)
            self._refuse_size(content)
            return content.decode("utf-8-sig")
        except OSError as unreadable:
            raise self._error(f"{self._path}: {unreadable.strerror}", file=str(self._path)) from None
        except UnicodeDecodeError as refused:
            before = refused.object[: refused.start].decode()
            raise self._after(before, f"byte {refused.object[refused.start]:#04x} is not UTF-8") from None

    def _compose(self, text: str) -> Node:
        try:
            self._refuse_size(text.encode())
            root = compose(text)
        except UnicodeEncodeError as refused:
            raise self._after(text[: refused.start], "half a character of UTF-16 is not UTF-8") from None
        except yaml.reader.ReaderError as refused:
            # The C reader counts the position in bytes, the other in characters: look for the character itself.
            before = text[: max(text.find(chr(refused.character)), 0)]
            raise self._after(before, f"character #x{refused.character:04x} is not allowed in YAML") from None
        except yaml.MarkedYAMLError as refused:
            raise self._unreadable(refused) from None
        if root is None:
            raise self._placed(1, 1, "the file is empty")
        return root

    def _refuse_size(self, content: bytes) -> None:
        if len(content) > _LARGEST:
            raise self._placed(1, 1, f"the file is larger than {_LARGEST:,} bytes")

    def _value(self, node: Node, kind: Any) -> Any:
        origin, parts = get_origin(kind), get_args(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._struct(node, kind, {})
        if origin is dict:
            return self._mapping(node, *parts)
        if origin is tuple:
            return tuple(self._value(item, parts[0]) for item in self._items(node))
        if origin in (Union, UnionType):
            if NoneType in parts and node.tag.endswith(":null"):
                return None
            kinds = [part for part in parts if part is not NoneType]
            alike = kinds if len(kinds) == 1 else [part for part in kinds if _shape(part) is type(node)]
            if len(alike) == 1:
                return self._value(node, alike[0])
        return self._plain(node, kind)

    def _struct(self, node: Node, kind: type[msgspec.Struct], given: Mapping[str, Any]) -> Any:
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind) if field.name not in given}
        values = dict(given)
        for key, key_node, value in self._entries(node, str):
            if key not in fields:
                raise self._at(key_node, f"unknown key `{shown(key)}`; {_suggestion(key, fields)}")
            values[fields[key].name] = self._value(value, fields[key].type)
        for key, field in fields.items():
            if field.required and field.name not in values:
                raise self._at(node, f"the key `{key}` is missing")
        try:
            return kind(**values)
        except Misfit as misfit:
            raise self._at(find(node, misfit.keys), misfit.detail) from None

    def _mapping(self, node: Node, key_kind: Any, kind: Any) -> dict[Any, Any]:
        named = isinstance(kind, type) and issubclass(kind, msgspec.Struct) and "name" in kind.__struct_fields__
        return {
            key: self._struct(value, kind, {"name": key}) if named else self._value(value, kind)
            for key, _, value in self._entries(node, key_kind)
        }

    def _entries(self, node: Node, key_kind: Any) -> Iterator[tuple[Any, Node, Node]]:
        if not isinstance(node, MappingNode):
            raise self._at(node, f"expected a mapping of keys to values, got {described(node)}")
        seen = set()
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self._at(key_node, f"expected a key, got {described(key_node)}")
            key = self._plain(key_node, key_kind)
            if key in seen:
                raise self._at(key_node, f"the key {described(key_node)} is there twice")
            seen.add(key)
            yield key, key_node, value

    def _items(self, node: Node) -> list[Node]:
        if not isinstance(node, SequenceNode):
            raise self._at(node, f"expected a list, got {described(node)}")
        return list(node.value)

    def _plain(self, node: Node, kind: Any) -> Any:
        value = construct(node)
        if get_origin(kind) is Literal and value not in get_args(kind):
            raise self._at(node, f"{described(node)} is not known here; {_suggestion(str(value), get_args(kind))}")
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as refused:
            raise self._at(node, str(refused)) from None

    def _at(self, node: Node, detail: str) -> RacelineError:
        return self._placed(node.start_mark.line + 1, node.start_mark.column + 1, detail)

    def _after(self, before: str, detail: str) -> RacelineError:
        return self._placed(before.count("\n") + 1, len(before) - before.rfind("\n"), detail)

    def _unreadable(self, refused: yaml.MarkedYAMLError) -> RacelineError:
        mark = refused.problem_mark or refused.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return self._placed(line, column, " ".join(filter(None, [refused.context, refused.problem])))

    def _placed(self, line: int, column: int, detail: str) -> RacelineError:
        place = f"{self._path}:{line}:{column}"
        return self._error(f"{place}: {detail}", file=str(self._path), line=line, column=column)


def nearest(word: str, words: Iterable[str], likeness: float = 0.6) -> str | None:
    """The one of `words` that `word` was probably meant to be; None when none is like it.

    likeness: from 0 to 1, the share of letters that both have in the same order.
    """
    return _nearest(word, tuple(words), likeness) if len(word) <= _LONGEST_WORD else None


@lru_cache(maxsize=1024)  # a file repeats its mistake on every line
def _nearest(word: str, words: tuple[str, ...], likeness: float) -> str | None:
    return next(iter(get_close_matches(word, words, n=1, cutoff=likeness)), None)


def _suggestion(word: str, words: Iterable[str]) -> str:
    known = tuple(words)
    found = nearest(word, known)
    return f"did you mean `{found}`?" if found else f"known are {', '.join(f'`{one}`' for one in known)}"


def _shape(kind: Any) -> type[Node]:
    """The node that a value of this kind is written as."""
    if get_origin(kind) is tuple:
        return SequenceNode
    structured = get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))
    return MappingNode if structured else ScalarNode
