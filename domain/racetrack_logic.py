"""What follows from a condition: that another holds, or cannot hold, at the same customer and the same instant.

Each answer is careful: true only where it is certain from the definition alone, whatever the events are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from raceline.domain.catalogue import Catalogue
from raceline.domain.condition import Condition, Since, matching_types
from raceline.domain.racetrack_finding import Place
from raceline.domain.racetrack_where import narrower

_WIDTH: Mapping[Since, int] = {"stage": 0, "lap": 1, "start": 2}


@dataclass(frozen=True, eq=False)
class Term:
    """A condition at its place, with the types that it is about. Compared by identity, so that answers are kept.

    never_falls: a sum of what is never negative, so that more events never make it less.
    """

    place: Place
    condition: Condition
    types: frozenset[str]
    children: "tuple[Term, ...]"
    never_falls: bool = False

    @property
    def kind(self) -> str:
        """count, none, all, any or not."""
        one = self.condition
        if one.event is not None:
            return "count"
        return "none" if one.none else "not" if one.not_ else "all" if one.all_ else "any"

    @property
    def needed(self) -> int | float:
        """How many events, days or values, or how great a sum."""
        one = self.condition
        amount = one.distinct or one.sum
        return amount.at_least if amount else one.distinct_days or one.at_least or 1

    @property
    def width(self) -> int:
        """How far back it counts: a stage lies within a lap, and a lap within the customer's life."""
        return _WIDTH[self.condition.counted_since]

    def walk(self) -> "Iterator[Term]":
        """This term and those below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def term(condition: Condition, place: Place, catalogue: Catalogue) -> Term:
    """A condition and those below it, at their places."""
    keys: list[Place] = [("not",)] if condition.not_ else []
    for key in ("all", "any"):
        keys += [(key, n) for n in range(len(getattr(condition, f"{key}_") or ()))]
    return Term(
        place,
        condition,
        # A family that matches nothing is a complaint of its own; here it is a type like another.
        frozenset(matching_types(condition.events, catalogue.types) or condition.events),
        tuple(term(child, (*place, *key), catalogue) for child, key in zip(condition.children, keys, strict=True)),
        condition.sum is not None and _never_negative(condition, catalogue),
    )


@lru_cache(maxsize=1 << 17)
def implies(one: Term, other: Term) -> bool:
    """Whenever `one` holds, `other` holds."""
    match one.kind, other.kind:
        case _, "all":
            return all(implies(one, child) for child in other.children)
        case "any", _:
            return all(implies(child, other) for child in one.children)
        case "not", "not":
            if implies(other.children[0], one.children[0]):
                return True
        case "count", "count":
            return _counts_more(one, other)
        case "none", "none":
            return _silent_longer(one, other)
    if other.kind == "not" and excludes(one, other.children[0]):
        return True
    if one.kind == "all" and any(implies(child, other) for child in one.children):
        return True
    return other.kind == "any" and any(implies(one, child) for child in other.children)


@lru_cache(maxsize=1 << 17)
def excludes(one: Term, other: Term) -> bool:
    """The two never hold at once."""
    for left, right in ((one, other), (other, one)):
        match left.kind:
            case "all" if any(excludes(child, right) for child in left.children):
                return True
            case "any" if all(excludes(child, right) for child in left.children):
                return True
            case "not" if implies(right, left.children[0]):
                return True
            case "count" if right.kind == "none" and _breaks(left, right):
                return True
    return False


def requires_since(one: Term, since: frozenset[Since]) -> bool:
    """It holds only by something that came, or lasted, since then: never right after the stage, or the lap, began."""
    match one.kind:
        case "all":
            return any(requires_since(child, since) for child in one.children)
        case "any":
            return all(requires_since(child, since) for child in one.children)
        case "not":
            return False
    return one.condition.counted_since in since


def requires_silence(one: Term, types: frozenset[str]) -> bool:
    """It holds only while no event of any type comes, so not at the instant of an event."""
    match one.kind:
        case "all":
            return any(requires_silence(child, types) for child in one.children)
        case "any":
            return all(requires_silence(child, types) for child in one.children)
        case "none":
            return one.types >= types and not one.condition.filters
    return False


def _never_negative(condition: Condition, catalogue: Catalogue) -> bool:
    attribute = condition.sum.attribute if condition.sum else ""
    found = [catalogue.types.get(name) for name in matching_types(condition.events, catalogue.types)]
    bounds = [one.attributes[attribute].minimum for one in found if one and attribute in one.attributes]
    return len(bounds) == len(found) and all(bound is not None and bound >= 0 for bound in bounds)


def _counts_more(one: Term, other: Term) -> bool:
    """A count of no more events, over no longer a time, that reaches at least as high."""
    left, right = one.condition, other.condition
    if not _counts_within(one, other):
        return False
    same = _counts_within(other, one)
    if right.sum is not None:
        return (
            left.sum is not None
            and left.sum.attribute == right.sum.attribute
            and one.needed >= other.needed
            and (same or (one.never_falls and other.never_falls))
        )
    if right.distinct is not None:
        alike = left.distinct is not None and left.distinct.attribute == right.distinct.attribute
        return alike and one.needed >= other.needed
    if left.sum is not None:  # a sum above zero has at least one event
        return other.needed == 1
    if right.distinct_days is not None and left.distinct_days is None:
        return other.needed == 1
    return one.needed >= other.needed


def _counts_within(one: Term, other: Term) -> bool:
    windows = (one.condition.window, other.condition.window)
    shorter = windows[1] is None or (windows[0] is not None and windows[0] <= windows[1])
    return shorter and one.width <= other.width and _matches_within(one, other)


def _silent_longer(one: Term, other: Term) -> bool:
    left, right = one.condition.none, other.condition.none
    if left is None or right is None:
        return False
    return left.duration >= right.duration and one.width <= other.width and _matches_within(other, one)


def _breaks(count: Term, none: Term) -> bool:
    """What is counted is newer than the silence has lasted; whatever is newer than that is in its scope, too."""
    absence, window = none.condition.none, count.condition.window
    return absence is not None and window is not None and window <= absence.duration and _matches_within(count, none)


def _matches_within(one: Term, other: Term) -> bool:
    """Every event that `one` counts is one that `other` counts."""
    return one.types <= other.types and narrower(one.condition.filters, other.condition.filters)
