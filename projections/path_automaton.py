"""A path pattern as an automaton over the codes of pages.

The positions of a pattern are its pages, `^` and `$` with repetitions written out. Which of them may follow which makes
an automaton (Glushkov, "The abstract theory of automata", Russian Mathematical Surveys 16, 1961); its sets of positions
are made states of a deterministic one, those only that can come up. A path is read as if a mark stood before its first
step and behind its last one: `^` and `$` are the positions of these marks. Sets are bits of whole numbers.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from raceline.analytics.path_match import Automaton
from raceline.analytics.paths import Codes, Flags
from raceline.domain.path_nodes import Chain, Choice, End, Node, Pages, Repeat
from raceline.domain.path_pattern import Pattern
from raceline.domain.path_tokens import wrong

MOST_STATES: Final = 2_000
_DONE: Final = -1  # the one state in which the pattern is done, whatever else it might be doing
_TOO_MANY_STATES: Final = (
    f"it needs more than {MOST_STATES:,} states; `.{{20}}` and its like are dear, because each of the last 20 "
    "steps may have been the first: repeat fewer times, or write `.*` or `.{0,20}`"
)
Bits: TypeAlias = int


def automaton(pattern: Pattern, page_code: Mapping[str, int], pages: int) -> Automaton:
    """The automaton that accepts a path as soon as the pattern is done somewhere in it.

    page_code: the codes, each below `pages`, of at least those pages that are named in the pattern and known; one that
    is missing, or negative, is on no path. Raises InvalidPathPattern when it needs more than MOST_STATES states.
    """
    positions = _Positions()
    whole = positions.add(pattern.root)
    class_of_page, classes = _classes(positions, pattern, page_code, pages)
    states, table = _states(pattern, positions, whole, classes)
    at_end = whole.last & positions.of(End("$"))
    accepting = np.array([state == _DONE for state in states])
    accepting_at_end = np.array([state != _DONE and positions.ready(state, whole) & at_end != 0 for state in states])
    return Automaton(table, accepting, accepting_at_end, _hopeless(table, accepting | accepting_at_end), class_of_page)


class _Part(NamedTuple):
    """A part of the pattern: whether it holds without a position; where it may begin, and where it may end."""

    empty: bool
    first: Bits
    last: Bits


class _Positions:
    """The positions of a pattern, and which of them may follow each."""

    def __init__(self) -> None:
        self.follow: list[Bits] = []
        self.alike: dict[Pages | End, Bits] = {}

    def add(self, node: Node) -> _Part:
        match node:
            case Pages() | End():
                bit = 1 << len(self.follow)
                self.follow.append(0)
                self.alike[node] = self.of(node) | bit
                return _Part(empty=False, first=bit, last=bit)
            case Chain(parts):
                return reduce(self._join, map(self.add, parts))
            case Choice(parts):
                return reduce(_either, map(self.add, parts))
            case Repeat(part, least, most):
                return self._repeated(part, least, most)

    def _repeated(self, node: Node, least: int, most: int | None) -> _Part:
        """x{1,3} is ((x)?x)?x and x{2,} is x+ x: what may be left out, or go on, comes first.

        So of all places at which a search may have begun, the last one, or the first one, stands for all. In the other
        order the sets of positions would be as many as there are sets.
        """
        copies = [self.add(node) for _ in range(max(least, most or 1))]
        if most is None:
            self._link(copies[0].last, copies[0].first)
        found = copies[0]
        for number, copy in enumerate(copies):
            found = self._join(found, copy) if number else found
            if number < len(copies) - least:
                found = found._replace(empty=True)
        return found

    def _join(self, before: _Part, after: _Part) -> _Part:
        self._link(before.last, after.first)
        return _Part(
            before.empty and after.empty,
            before.first | after.first if before.empty else before.first,
            before.last | after.last if after.empty else after.last,
        )

    def _link(self, ends: Bits, begins: Bits) -> None:
        for position in _bits(ends):
            self.follow[position] |= begins

    def of(self, node: Pages | End) -> Bits:
        """All positions of this kind."""
        return self.alike.get(node, 0)

    def on(self, page: str | None) -> Bits:
        """The positions that a step on this page may take; None is a page that the pattern does not name."""
        taken = [
            bits for node, bits in self.alike.items() if isinstance(node, Pages) and (page in node.names) != node.but
        ]
        return reduce(int.__or__, taken, 0)

    def ready(self, state: Bits, whole: _Part) -> Bits:
        """The positions that may come after these, or begin the pattern."""
        found = whole.first | (state & self.plain) << 1
        for position in _bits(state & ~self.plain):
            found |= self.follow[position]
        return found

    @cached_property
    def plain(self) -> Bits:
        """The positions that only the next one may follow; there are many in a repetition."""
        return sum(1 << position for position, follow in enumerate(self.follow) if follow == 2 << position)


def _either(one: _Part, other: _Part) -> _Part:
    return _Part(one.empty or other.empty, one.first | other.first, one.last | other.last)


def _bits(bits: Bits) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _classes(
    positions: _Positions, pattern: Pattern, page_code: Mapping[str, int], pages: int
) -> tuple[Codes, list[Bits]]:
    """Pages that no position tells apart are one class: that of each page (pages,), and the positions of each class."""
    classes = {positions.on(None): 0}
    class_of_page = np.zeros(pages, np.int32)
    for name in sorted(pattern.pages):
        code = page_code.get(name, -1)
        if code >= 0:
            class_of_page[code] = classes.setdefault(positions.on(name), len(classes))
    return class_of_page, list(classes)


def _states(pattern: Pattern, positions: _Positions, whole: _Part, classes: list[Bits]) -> tuple[list[Bits], Codes]:
    """The states that can come up, and from each the next one for each class, (states, classes)."""
    states = [whole.first & positions.of(End("^"))]
    place = {states[0]: 0}
    table: list[list[int]] = []
    for state in states:  # it grows
        ready = positions.ready(state, whole) if state != _DONE else 0
        row = [_DONE if state == _DONE or ready & bits & whole.last else ready & bits for bits in classes]
        for found in row:
            if place.setdefault(found, len(states)) == len(states):
                states.append(found)
        table.append([place[found] for found in row])
        if len(states) > MOST_STATES:
            wrong(pattern.text, 0, _TOO_MANY_STATES)
    return states, np.array(table, np.int32)


def _hopeless(table: Codes, accepting: Flags) -> Flags:
    """The states from which none that accepts can be reached."""
    hopeful = accepting
    while True:
        more = hopeful | hopeful[table].any(axis=1)
        if (more == hopeful).all():
            return ~hopeful
        hopeful = more
