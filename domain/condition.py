"""Conditions: what has to be true of a customer's events for a rule to hold (design, section 5).

{event: telemetry.login_recorded, at_least: 3, within: 30d}         # at least three in (t - 30 days, t]
{event: [content.viewed, email.opened], distinct_days: 2}           # on at least two days
{event: telemetry.feature_used, distinct: {attribute: feature, at_least: 5}, since: stage}
{event: install_base.item_booked, sum: {attribute: quantity, at_least: 10}}
{none: {event: telemetry.device_reported, for: 60d}}                # a timer: true without an event
{all: [...]}   {any: [...]}   {not: ...}
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from raceline.domain.yaml_file import Misfit

SECOND = 1_000_000
_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND, "w": 7 * 86_400 * SECOND}
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_LONGEST = 100 * 365 * _UNITS["d"]

# From when on events count: since the customer entered the current stage; since the current lap began (or since the
# customer came back after having left); or since the customer's first event.
Since = Literal["stage", "lap", "start"]
Scalar: TypeAlias = str | int | float | bool
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
_GREATEST = 1e12  # a sum is counted in millionths, in 64 bits
_MOST_IN_LIST = 1_000


def microseconds(duration: str, key: str) -> int:
    """The length of `30d`, `12h`, `2w`, `90m`, `45s`. Raises Misfit at `key`."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise Misfit(f"`{duration}` is no duration; write a number and one of s, m, h, d, w, such as 30d", key)
    length = int(found[1]) * _UNITS[found[2]]
    if length == 0:
        raise Misfit("a duration of zero holds nothing; give the window a length, such as 30d, or leave it out", key)
    if length > _LONGEST:
        raise Misfit("a duration is at most a hundred years", key)
    return length


class Filter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an attribute must be, beyond equality: all that is given must hold. A missing attribute is only `present:
    false`."""

    prefix: Annotated[str, Meta(min_length=1)] | None = None
    present: bool | None = None
    at_least: int | float | None = None
    at_most: int | float | None = None
    above: int | float | None = None
    below: int | float | None = None

    def __post_init__(self) -> None:
        """Refuse a filter that says nothing."""
        if all(getattr(self, key) is None for key in self.__struct_fields__):
            raise Misfit("a filter says one of prefix, present, at_least, at_most, above, below")
        for key in ("at_least", "at_most", "above", "below"):
            _refuse_beyond(getattr(self, key), key)


# By attribute: a value it equals, a list it is one of, or a Filter.
Where: TypeAlias = dict[str, Scalar | tuple[Scalar, ...] | Filter]


class Amount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """At least so many distinct values, or so great a sum, of an attribute."""

    attribute: str
    at_least: int | float

    def __post_init__(self) -> None:
        """Refuse what always holds."""
        if self.at_least <= 0:
            raise Misfit("`at_least` is above zero; a condition that always holds decides nothing", "at_least")
        _refuse_beyond(self.at_least, "at_least")


class Absence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"for_": "for"}):
    """No such event for a duration: counted from the last one, or from `since` when there is none."""

    event: str | tuple[str, ...]
    for_: str
    where: Where = {}
    since: Since = "lap"

    def __post_init__(self) -> None:
        """Refuse a duration that is none."""
        microseconds(self.for_, "for")
        refuse_no_event(self.events)
        refuse_where(self.where)

    @property
    def events(self) -> tuple[str, ...]:
        """The types, or `family.*`."""
        return (self.event,) if isinstance(self.event, str) else self.event

    @property
    def duration(self) -> int:
        """In microseconds."""
        return microseconds(self.for_, "for")


_KINDS = ("event", "none", "all", "any", "not")
_COUNTS = ("at_least", "distinct_days", "distinct", "sum")
_OF_EVENT = (*_COUNTS, "where", "within", "since")


class Condition(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"all_": "all", "any_": "any", "not_": "not"}
):
    """One condition: exactly one of `event`, `none`, `all`, `any` and `not` is given."""

    event: str | tuple[str, ...] | None = None
    where: Where = {}
    at_least: Count | None = None
    distinct_days: Count | None = None
    distinct: Amount | None = None
    sum: Amount | None = None
    within: str | None = None
    since: Since | None = None
    none: Absence | None = None
    all_: "tuple[Condition, ...] | None" = None
    any_: "tuple[Condition, ...] | None" = None
    not_: "Condition | None" = None

    def __post_init__(self) -> None:
        """Refuse what is no condition or several at once."""
        given = [kind for kind in _KINDS if self._has(kind)]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise Misfit(f"a condition says exactly one of {', '.join(_KINDS)}; this says {found}", *given[1:2])
        if self.event is None:
            for key in _OF_EVENT:
                if self._has(key):
                    raise Misfit(f"`{key}` belongs to `event`, and this condition is `{given[0]}`", key)
        else:
            refuse_no_event(self.events)
            refuse_where(self.where)
        self._refuse_counts()
        if self.within is not None:
            microseconds(self.within, "within")
        for kind in ("all", "any"):
            if self._has(kind) and not getattr(self, f"{kind}_"):
                raise Misfit(f"`{kind}` of nothing decides nothing", kind)

    def _refuse_counts(self) -> None:
        counts = [key for key in _COUNTS if self._has(key)]
        if len(counts) > 1:
            raise Misfit(f"give one of {' and '.join(counts)}; join two conditions by `all`", counts[1])
        if self.distinct is not None and not isinstance(self.distinct.at_least, int):
            raise Misfit("a number of distinct values is a whole number", "distinct", "at_least")

    def _has(self, key: str) -> bool:
        value = getattr(self, f"{key}_" if key in ("all", "any", "not") else key)
        return value is not None and value != {}

    @property
    def events(self) -> tuple[str, ...]:
        """The types, or `family.*`, that an `event` or `none` condition is about; empty for the others."""
        if self.none is not None:
            return self.none.events
        return () if self.event is None else (self.event,) if isinstance(self.event, str) else self.event

    @property
    def filters(self) -> Where:
        """`where` of an `event` or `none` condition; empty for the others."""
        return self.where if self.none is None else self.none.where

    @property
    def counted_since(self) -> Since:
        """From when on an `event` or `none` condition counts; the lap, when it does not say."""
        return self.none.since if self.none is not None else self.since or "lap"

    @property
    def children(self) -> "tuple[Condition, ...]":
        """The conditions that `all`, `any` and `not` join."""
        return self.all_ or self.any_ or ((self.not_,) if self.not_ is not None else ())

    @property
    def window(self) -> int | None:
        """`within` in microseconds."""
        return None if self.within is None else microseconds(self.within, "within")

    def walk(self, depth: int = 0) -> "Iterator[tuple[int, Condition]]":
        """This condition and those below it, in the order of the file, with their depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def matching_types(events: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The types that `events` name, in order and once each: `family.*` stands for those of `known` in the family.

    A type that is not known is given all the same: the store may take types that are in no catalogue.
    """
    types = tuple(known)
    found = [
        name
        for event in events
        for name in ([one for one in types if one.startswith(event[:-1])] if event.endswith(".*") else [event])
    ]
    return tuple(dict.fromkeys(found))


def refuse_no_event(events: tuple[str, ...]) -> None:
    """Raise Misfit at `event` when it names no event type, or too many."""
    if not events:
        raise Misfit("name at least one event type", "event")
    if len(events) > _MOST_IN_LIST:
        raise Misfit(f"name at most {_MOST_IN_LIST:,} event types", "event")


def refuse_where(where: Mapping[str, Scalar | tuple[Scalar, ...] | Filter]) -> None:
    """Raise Misfit at what can never be found."""
    for attribute, wanted in where.items():
        values = wanted if isinstance(wanted, tuple) else () if isinstance(wanted, Filter) else (wanted,)
        if wanted == ():
            raise Misfit("one of no values is never found; list the values", "where", attribute)
        for value in values:
            if not isinstance(value, str | bool):
                _refuse_beyond(value, "where", attribute)


def _refuse_beyond(number: float | None, *keys: str) -> None:
    if number is not None and not (math.isfinite(number) and abs(number) <= _GREATEST):
        raise Misfit("a number here lies between minus and plus 1,000,000,000,000", *keys)
