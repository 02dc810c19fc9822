"""What `where` says of an attribute: whether one says more than another, and what the attribute can never be."""

import math
import re
from typing import TypeAlias

from raceline.domain.attribute import Attribute
from raceline.domain.condition import Filter, Scalar, Where

Wanted: TypeAlias = Scalar | tuple[Scalar, ...] | Filter
# Which values an attribute of each kind is compared with; bool is checked apart, because it is an int to Python.
_COMPARED: dict[str, tuple[type, ...]] = {
    "text": (str, int),
    "code": (str, int),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "timestamp": (str,),
}


def several(wanted: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """A value, or a list of them, as a list."""
    return wanted if isinstance(wanted, tuple) else (wanted,)


def narrower(one: Where, other: Where) -> bool:
    """Whatever passes `one` certainly passes `other`."""
    return all(attribute in one and _within(one[attribute], wanted) for attribute, wanted in other.items())


def never(attribute: Attribute, wanted: Scalar | Filter) -> tuple[str, str] | None:
    """Why an attribute can never be this, and the cure; None when it can."""
    reason = _never_passes(attribute, wanted) if isinstance(wanted, Filter) else _never_equals(attribute, wanted)
    if reason is None or reason[1]:
        return reason
    return reason[0], f"its values are {', '.join(attribute.values)}"


def possible_values(attribute: Attribute, wanted: Wanted | None) -> int | None:
    """How many values an attribute can have where it is `wanted`; None when that is not known."""
    if wanted is not None and not isinstance(wanted, Filter):
        return len(set(map(str, several(wanted))))
    if attribute.type == "boolean":
        return 2
    if attribute.type == "integer" and attribute.minimum is not None and attribute.maximum is not None:
        return int(attribute.maximum) - int(attribute.minimum) + 1
    return len(set(attribute.values)) or None


def _within(one: Wanted, other: Wanted) -> bool:
    if isinstance(one, Filter):
        return isinstance(other, Filter) and _tighter(one, other)
    return all(_fits(value, other) for value in several(one))


def _fits(value: Scalar, wanted: Wanted) -> bool:
    if not isinstance(wanted, Filter):
        return any(type(value) is type(one) and value == one for one in several(wanted))
    if isinstance(value, str):
        return _tighter(Filter(prefix=value, present=True), wanted)
    return not isinstance(value, bool) and _tighter(Filter(at_least=value, at_most=value), wanted)


def _tighter(one: Filter, other: Filter) -> bool:
    if one == other:
        return True
    if one.present is False or other.present is False:
        return False
    if other.prefix is not None and not (one.prefix or "").startswith(other.prefix):
        return False
    return _lower(one) >= _lower(other) and _upper(one) <= _upper(other)


def _lower(one: Filter) -> tuple[float, int]:
    """The bound below; 1 when the bound itself is left out."""
    bounds = ((one.at_least, 0), (one.above, 1))
    return max(((bound, strict) for bound, strict in bounds if bound is not None), default=(-math.inf, 0))


def _upper(one: Filter) -> tuple[float, int]:
    """The bound above; -1 when the bound itself is left out."""
    bounds = ((one.at_most, 0), (one.below, -1))
    return min(((bound, strict) for bound, strict in bounds if bound is not None), default=(math.inf, 0))


def _never_equals(attribute: Attribute, value: Scalar) -> tuple[str, str] | None:
    kind = attribute.type
    if not isinstance(value, _COMPARED[kind]) or (isinstance(value, bool) and kind != "boolean"):
        article = "an" if kind == "integer" else "a"
        cure = "write it in quotes" if kind in ("text", "code", "timestamp") else f"compare it with {article} {kind}"
        return f"`{attribute.name}` is of type {kind} and never {_word(value)}", cure
    if attribute.values and str(value) not in attribute.values:
        return f"`{attribute.name}` is never {value}", ""
    if attribute.pattern is not None and not re.search(attribute.pattern, str(value)):
        return f"`{attribute.name}` is never {value}", f"its pattern is {attribute.pattern}"
    if kind in ("integer", "number") and isinstance(value, int | float):
        return _never_between(attribute, Filter(at_least=value, at_most=value))
    return None


def _never_passes(attribute: Attribute, wanted: Filter) -> tuple[str, str] | None:
    name, kind = attribute.name, attribute.type
    bounded = _lower(wanted)[0] > -math.inf or _upper(wanted)[0] < math.inf
    if wanted.present is False and (attribute.required or bounded or wanted.prefix is not None):
        reason = "is required, so it is never missing" if attribute.required else "has no value when it is missing"
        return f"`{name}` {reason}", "leave out `present: false`"
    if wanted.prefix is not None:
        if kind not in ("text", "code", "timestamp"):
            return f"`{name}` is of type {kind} and begins with nothing", "compare it by at_least, at_most or a value"
        if attribute.values and not any(value.startswith(wanted.prefix) for value in attribute.values):
            return f"`{name}` never begins with {wanted.prefix}", ""
    if bounded and kind not in ("integer", "number", "code"):
        return f"`{name}` is of type {kind} and no number", "compare it with a value, a list or a prefix"
    return _never_between(attribute, wanted)


def _never_between(attribute: Attribute, wanted: Filter) -> tuple[str, str] | None:
    least, most = _lower(wanted), _upper(wanted)
    if least[0] > most[0] or (least[0] == most[0] and (least[1], most[1]) != (0, 0)):
        return f"nothing lies between these bounds of `{attribute.name}`", "exchange them, or leave one out"
    if attribute.minimum is not None and most < (attribute.minimum, 0):
        return f"`{attribute.name}` is never so small", f"its minimum is {attribute.minimum}"
    if attribute.maximum is not None and least > (attribute.maximum, 0):
        return f"`{attribute.name}` is never so great", f"its maximum is {attribute.maximum}"
    if attribute.type == "integer" and _no_integer(least, most):
        return f"`{attribute.name}` is a whole number, and none lies between these bounds", "widen them"
    return None


def _no_integer(least: tuple[float, int], most: tuple[float, int]) -> bool:
    if math.isinf(least[0]) or math.isinf(most[0]):
        return False
    first = math.floor(least[0]) + 1 if least[1] else math.ceil(least[0])
    last = math.ceil(most[0]) - 1 if most[1] else math.floor(most[0])
    return first > last


def _word(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
