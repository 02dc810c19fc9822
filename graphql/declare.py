"""How a field with arguments is declared: its signature is its type, its docstring is its description."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import cleandoc
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])

# What resolving a planned field gives; the executor puts the answer of the field's statement in its place.
PLANNED: Any = object()


@dataclass(frozen=True)
class Reference:
    """What resolving a field gives whose object is read by a statement of its own. key: that of the object's row."""

    key: tuple[Any, ...]


def planned(function: F) -> F:
    """A field that the planner answers: the function declares it and is never run."""

    @wraps(function)
    def resolve(*_: Any, **__: Any) -> Any:
        return PLANNED

    return cast(F, strawberry.field(resolve, description=_description(function)))


def referenced(function: F) -> F:
    """A field whose function gives the Reference of the object, which is then read by a statement of its own."""
    return cast(F, strawberry.field(function, description=_description(function)))


def mutation(function: F) -> F:
    """A field that writes."""
    return cast(F, strawberry.mutation(function, description=_description(function)))


def subscription(function: F) -> F:
    """A field that is followed."""
    return cast(F, strawberry.subscription(function, description=_description(function)))


def _description(function: Callable[..., Any]) -> str:
    return " ".join(cleandoc(function.__doc__ or "").split())
