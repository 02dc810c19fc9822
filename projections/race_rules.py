"""Racetracks compiled: definitions in words become arrays for the kernel and matchers for the columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from raceline.analytics.race import ALL, ANY, COUNT, DAYS, DISTINCT, LAP, LEAF, NONE, NOT, STAGE, START, SUM, Program
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import attribute_columns
from raceline.domain.condition import Condition, Filter, Scalar, Where
from raceline.domain.errors import InvalidRacetrack
from raceline.domain.feature import Feature
from raceline.domain.racetrack import OUTSIDE, Exit, Overlay, Racetrack, Rule
from raceline.projections.feature_list import attributes_read

MILLIONTHS = 1_000_000
_SINCE = {"start": START, "lap": LAP, "stage": STAGE}

Predicate = Scalar | tuple[Scalar, ...] | Filter


@dataclass(frozen=True)
class Test:
    """What the attribute of one type must be. column: of Columns.texts; kind: of the attribute, by the catalogue."""

    column: str
    kind: str
    predicate: Predicate


@dataclass(frozen=True)
class Matcher:
    """Which events count: by type, the tests that all have to hold."""

    tests: Mapping[str, tuple[Test, ...]]


@dataclass(frozen=True)
class ValueColumn:
    """The attribute whose values are counted or summed: by type, its column. sums: millionths, else codes."""

    columns: Mapping[str, str]
    sums: bool


@dataclass(frozen=True)
class Lay:
    """An overlay: which events it is of, and the attribute that it counts or sums; None: the events themselves."""

    overlay: Overlay
    matcher: Matcher
    value: ValueColumn | None


class Leaf(msgspec.Struct, frozen=True):
    """One condition about events, as a row of the kernel's arrays."""

    kind: int
    matcher: int
    needed: int
    window: int
    since: int
    value: int


@dataclass(frozen=True)
class Track:
    """One version of a racetrack, ready to run. types: by rule, those that it looks at; reads: by type, the columns of
    the attributes that its features look at."""

    name: str
    version: int
    hash: str
    racetrack: Racetrack
    program: Program
    matchers: tuple[Matcher, ...]
    values: tuple[ValueColumn, ...]
    types: tuple[frozenset[str], ...]
    overlays: tuple[Lay, ...] = ()
    reads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def rules(self) -> tuple[Rule | Exit, ...]:
        """The rules in order of the file, then the exits: as the program numbers them."""
        return (*self.racetrack.rules.values(), *self.racetrack.exits.values())

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The names of the states; '' is outside."""
        return (*self.racetrack.stages, "")

    @property
    def identity(self) -> tuple[str, int, str]:
        """What read models remember it by."""
        return self.name, self.version, self.hash


def wanted(racetracks: "tuple[Racetrack, ...]", catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """By type, the attributes that the conditions, overlays and features of these racetracks look at."""
    found: dict[str, set[str]] = {}
    for racetrack in racetracks:
        for condition in _leaves(racetrack):
            for kind in types_of(condition, catalogue):
                found.setdefault(kind, set()).update(_attributes(condition))
        for overlay in racetrack.overlays.values():
            for kind in types_of(overlay, catalogue):
                found.setdefault(kind, set()).update(overlay.where, [overlay.attribute] if overlay.attribute else [])
        for kind, names in attributes_read(racetrack, catalogue).items():
            found.setdefault(kind, set()).update(names)
    return {kind: frozenset(names) for kind, names in found.items() if names}


def types_of(condition: Condition | Overlay | Feature, catalogue: Catalogue) -> tuple[str, ...]:
    """The types that a condition, an overlay or a feature is about, families spelled out."""
    families = {name.removesuffix("*") for name in condition.events if name.endswith(".*")}
    return tuple(
        kind for kind in catalogue.types if kind in condition.events or kind.partition(".")[0] + "." in families
    )


def compiled(
    name: str,
    version: int,
    digest: str,
    racetrack: Racetrack,
    catalogue: Catalogue,
    reads: Mapping[str, frozenset[str]],
) -> Track:
    """A version of a racetrack as a program. reads: what the column reader was told to want, of all racetracks."""
    return _Compiler(racetrack, catalogue, reads).track(name, version, digest)


class _Compiler:
    """Collects matchers and values while it walks the conditions, each of them once."""

    def __init__(self, racetrack: Racetrack, catalogue: Catalogue, reads: Mapping[str, frozenset[str]]) -> None:
        self.racetrack = racetrack
        self.catalogue = catalogue
        self.reads = reads
        self.matchers: dict[bytes, tuple[int, Matcher]] = {}
        self.values: dict[tuple[Any, ...], tuple[int, ValueColumn]] = {}
        self.rules: tuple[Rule | Exit, ...] = (*racetrack.rules.values(), *racetrack.exits.values())

    def track(self, name: str, version: int, digest: str) -> Track:
        program = self._program()
        types = tuple(
            frozenset(kind for _, node in rule.when.walk() for kind in types_of(node, self.catalogue))
            for rule in self.rules
        )
        matchers = tuple(matcher for _, matcher in self.matchers.values())
        values = tuple(column for _, column in self.values.values())
        overlays = tuple(self._lay(overlay) for overlay in self.racetrack.overlays.values())
        return Track(name, version, digest, self.racetrack, program, matchers, values, types, overlays, self._reads())

    def _program(self) -> Program:
        stages = list(self.racetrack.stages)
        nodes = [node for rule in self.rules for node in self._nodes(rule.when)]
        leaves = [leaf for _, leaf, _ in nodes if leaf is not None]
        numbers = np.cumsum([leaf is not None for _, leaf, _ in nodes]) - 1
        sizes = [sum(1 for _ in rule.when.walk()) for rule in self.rules]
        candidates = [self._candidates(state) for state in range(len(stages) + 1)]
        start = self.racetrack.start
        return Program(
            stages=len(stages),
            start=-1 if start is None else stages.index(start),
            rule_to=_ints([self._to(rule) for rule in self.rules]),
            rule_node=_ints(np.cumsum([0, *sizes])),
            node_kind=np.array([kind for kind, _, _ in nodes], np.int8),
            node_leaf=_ints([-1 if leaf is None else numbers[n] for n, (_, leaf, _) in enumerate(nodes)]),
            node_end=_ints([n + size for n, (_, _, size) in enumerate(nodes)]),
            leaf_kind=np.array([leaf.kind for leaf in leaves], np.int8),
            leaf_matcher=_ints([leaf.matcher for leaf in leaves]),
            leaf_needed=np.array([leaf.needed for leaf in leaves], np.int64),
            leaf_window=np.array([leaf.window for leaf in leaves], np.int64),
            leaf_since=np.array([leaf.since for leaf in leaves], np.int8),
            leaf_value=_ints([leaf.value for leaf in leaves]),
            state_start=_ints(np.cumsum([0, *map(len, candidates)])),
            state_rule=_ints([rule for rules in candidates for rule in rules]),
            new_lap=self._new_lap(),
        )

    def _to(self, rule: Rule | Exit) -> int:
        stages = list(self.racetrack.stages)
        return len(stages) if isinstance(rule, Exit) else stages.index(rule.stage)

    def _candidates(self, state: int) -> list[int]:
        """Forward rules, the furthest stage first; exits; rules that lead back. Ties by order in the file."""
        outside = len(self.racetrack.stages)
        origin = [*self.racetrack.stages, OUTSIDE][state]
        at = -1 if state == outside else state
        found = []
        for n, rule in enumerate(self.rules):
            to = self._to(rule)
            if to != state and origin in self.racetrack.origins(rule):
                group = 1 if to == outside else 0 if to > at else 2
                found.append((group, -to if group == 0 else 0, n))
        return [n for _, _, n in sorted(found)]

    def _new_lap(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        names = [*self.racetrack.stages, OUTSIDE]
        made = np.zeros((len(names), len(self.rules)), np.bool_)
        for n, rule in enumerate(self.rules):
            for state, name in enumerate(names):
                edge = None if isinstance(rule, Exit) else self.racetrack.edge(name, rule.stage)
                made[state, n] = isinstance(rule, Exit) or (edge is not None and edge.new_lap)
        return made

    def _nodes(self, condition: Condition) -> Iterator[tuple[int, Leaf | None, int]]:
        """The nodes in the order of the file: kind, leaf, size of the subtree."""
        for _, node in condition.walk():
            size = sum(1 for _ in node.walk())
            if node.events:
                yield LEAF, self._leaf(node), size
            else:
                yield ALL if node.all_ else ANY if node.any_ else NOT, None, size

    def _leaf(self, node: Condition) -> Leaf:
        if node.none is not None:
            matcher = self._matcher(node)
            return Leaf(NONE, matcher, node.none.duration, 0, _SINCE[node.none.since], -1)
        kind, needed = needed_of(node)
        value = self._value(node) if kind in (DISTINCT, SUM) else -1
        return Leaf(kind, self._matcher(node), needed, node.window or 0, _SINCE[node.since or "lap"], value)

    def _matcher(self, node: Condition) -> int:
        where = node.none.where if node.none is not None else node.where
        types = types_of(node, self.catalogue)
        key = msgspec.json.encode((types, where), order="sorted")
        if key not in self.matchers:
            self.matchers[key] = (len(self.matchers), self._tests(types, where))
        return self.matchers[key][0]

    def _tests(self, types: tuple[str, ...], where: Where) -> Matcher:
        return Matcher({kind: tuple(self._test(kind, name, where[name]) for name in where) for kind in types})

    def _lay(self, overlay: Overlay) -> Lay:
        types, attribute = types_of(overlay, self.catalogue), overlay.attribute
        value = None
        if attribute is not None:
            columns = {kind: self._column(kind, attribute) for kind in types}
            value = ValueColumn(columns, overlay.aggregate != "distinct")
        return Lay(overlay, self._tests(types, overlay.where), value)

    def _reads(self) -> dict[str, dict[str, str]]:
        for feature in self.racetrack.features.values():
            names = {*feature.where, *([feature.attribute] if feature.attribute else [])}
            for kind in types_of(feature, self.catalogue):
                for name in names:
                    self._column(kind, name)  # so that a catalogue that lacks it is refused
        read = attributes_read(self.racetrack, self.catalogue)
        return {kind: {name: self._column(kind, name) for name in sorted(names)} for kind, names in read.items()}

    def _test(self, kind: str, attribute: str, predicate: Predicate) -> Test:
        column = self._column(kind, attribute)
        return Test(column, self.catalogue.types[kind].attributes[attribute].type, predicate)

    def _column(self, kind: str, attribute: str) -> str:
        if attribute not in self.catalogue.types[kind].attributes:
            detail = f"{kind} has no attribute `{attribute}` in this catalogue; load the one it was checked against"
            raise InvalidRacetrack(detail, racetrack=self.racetrack.name)
        return attribute_columns(self.catalogue.types[kind], self.reads.get(kind, ()))[attribute]

    def _value(self, node: Condition) -> int:
        amount = node.distinct or node.sum
        assert amount is not None, "the kind says so"  # noqa: S101
        columns = {kind: self._column(kind, amount.attribute) for kind in types_of(node, self.catalogue)}
        key = (tuple(columns.items()), node.sum is not None)
        if key not in self.values:
            self.values[key] = (len(self.values), ValueColumn(columns, node.sum is not None))
        return self.values[key][0]


def needed_of(node: Condition) -> tuple[int, int]:
    """The kind of an `event` or `none` condition, and how much it needs: events, days, values, millionths or
    microseconds."""
    if node.none is not None:
        return NONE, node.none.duration
    if node.distinct_days is not None:
        return DAYS, node.distinct_days
    if node.distinct is not None:
        return DISTINCT, int(node.distinct.at_least)
    if node.sum is not None:
        return SUM, round(node.sum.at_least * MILLIONTHS)
    return COUNT, node.at_least or 1


def _leaves(racetrack: Racetrack) -> Iterator[Condition]:
    rules: tuple[Rule | Exit, ...] = (*racetrack.rules.values(), *racetrack.exits.values())
    for rule in rules:
        yield from (node for _, node in rule.when.walk() if node.events)


def _attributes(condition: Condition) -> set[str]:
    where = condition.none.where if condition.none is not None else condition.where
    amounts = (condition.distinct, condition.sum)
    return {*where, *(amount.attribute for amount in amounts if amount is not None)}


def _ints(values: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.asarray(values, np.int32)
