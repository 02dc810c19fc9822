"""The nodes of a YAML text, which may come from anyone: size, depth and what its aliases stand for are bounded."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

DEEPEST = 64
MOST_NODES = 100_000
_LONGEST_SHOWN = 80
# The C reader is ten times as fast; a PyYAML built without libyaml has only the other.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML raises, beside its own errors, for a scalar that its tag or its form does not fit: 2025-13-45, !!bool x.
_UNFIT = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)


def compose(text: str) -> Node | None:
    """The root; None when there is none. Raises yaml.MarkedYAMLError, and yaml.reader.ReaderError."""
    # Depth first, and without recursion: what composes nodes and what reads them go as deep as the text does.
    _refuse_depth(text)
    root: Node | None = yaml.compose(text, Loader=_LOADER)
    if root is not None:
        _refuse_expansion(root)
    return root


def construct(node: Node) -> Any:
    """The plain value that a node stands for. Raises yaml.MarkedYAMLError."""
    try:
        value = yaml.constructor.SafeConstructor().construct_document(node)
    except _UNFIT:
        raise _refused(f"{described(node)} is not what its form says", node) from None
    if isinstance(value, str) and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in value):
        raise _refused("the text holds a character that cannot be stored", node)
    return value


def find(node: Node, keys: Iterable[str | int]) -> Node:
    """The node of the last key, or the nearest one above it that is in the file."""
    found = node
    for key in keys:
        match node:
            case MappingNode():
                pairs = [pair for pair in node.value if pair[0].value == str(key)]
            case SequenceNode():
                pairs = [(item, item) for n, item in enumerate(node.value) if n == key]
            case _:
                pairs = []
        if not pairs:
            break
        found, node = pairs[0]
    return found


def described(node: Node) -> str:
    """A node in a complaint."""
    match node:
        case MappingNode():
            return "a mapping"
        case SequenceNode():
            return "a list"
        case _:
            return f"`{shown(node.value)}`" if node.value else "nothing"


def shown(text: str) -> str:
    """A text in a complaint: the head of a long one."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            raise _refused(f"nested more than {DEEPEST} levels deep", event)


def _refuse_expansion(root: Node) -> None:
    """An alias stands for all that its anchor holds, also for itself: count what would be read."""
    seen = 0
    left = [(root, 1)]
    while left:
        node, depth = left.pop()
        seen += 1
        if depth > DEEPEST:
            raise _refused(f"nested more than {DEEPEST} levels deep, by its aliases", node)
        if seen > MOST_NODES:
            raise _refused(f"more than {MOST_NODES:,} values, with what its aliases stand for", root)
        left.extend((child, depth + 1) for child in _children(node))


def _children(node: Node) -> Iterator[Node]:
    match node:
        case MappingNode():
            for pair in node.value:
                yield from pair
        case SequenceNode():
            yield from node.value
        case ScalarNode():
            pass


def _refused(detail: str, place: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, detail, place.start_mark)
