"""What a path pattern is made of, once it is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Sign: TypeAlias = Literal["^", "$"]


@dataclass(frozen=True)
class Pages:
    """One step on one of these pages; with `but`, on any other page. `.` is any page but none."""

    names: tuple[str, ...]
    but: bool = False


@dataclass(frozen=True)
class End:
    """The start (`^`) or the end (`$`) of the path."""

    sign: Sign


@dataclass(frozen=True)
class Chain:
    """One after the other, directly."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Choice:
    """One of them."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Repeat:
    """So many times in a row; most is None where there is no bound."""

    part: "Node"
    least: int
    most: int | None


Node: TypeAlias = Pages | End | Chain | Choice | Repeat


def parts_of(node: Node) -> Iterator[Node]:
    """The node, and all below it."""
    yield node
    match node:
        case Chain(parts) | Choice(parts):
            for part in parts:
                yield from parts_of(part)
        case Repeat(part):
            yield from parts_of(part)


def size(node: Node) -> int:
    """Steps of the pattern with its repetitions written out."""
    match node:
        case Chain(parts) | Choice(parts):
            return sum(map(size, parts))
        case Repeat(part, least, most):
            return size(part) * max(least, most or 1)
    return 1


def without_pages(node: Node) -> set[frozenset[str]]:
    """The ways in which it holds without a single step: each the ends of the path that it needs for that."""
    match node:
        case End(sign):
            return {frozenset(sign)}
        case Chain(parts):
            found = {frozenset[str]()}
            for part in parts:
                found = {before | after for before in found for after in without_pages(part)}
            return found
        case Choice(parts):
            return set[frozenset[str]]().union(*map(without_pages, parts))
        case Repeat(part, least):
            return without_pages(part) | ({frozenset[str]()} if least == 0 else set())
    return set()


def tied(node: Node, sign: Sign) -> bool:
    """It names this end of the path."""
    return End(sign) in parts_of(node)
