"""What is asked of customers at another time than now, or by another definition (design, section 5)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Change:
    """A feature as it might be: by its name and another value, or `pages` and the pages that are seen as well."""

    feature: str
    value: float | None = None
    pages: tuple[str, ...] | None = None


@dataclass(frozen=True)
class WhatIf:
    """What a prediction would be if these features were others. key: by it the asker finds the answer again."""

    key: int
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Asked:
    """The three coordinates of a question about some customers; what is left out is as in the live read models.

    position: what the store had recorded by then; the racetracks are those that were active there. clock: the moment up
    to which timers have fired, at least that of the position. at: what was true at that moment of the customer's life.
    racetracks: by name and version, instead of the active ones; None for a version is the active one. tables: the rows
    that are wanted, so that the others need not be made; None is all of them. what_ifs: predictions that are wanted
    under other features, for each of the customers.
    """

    customers: tuple[str, ...]
    position: int | None = None
    clock: datetime | None = None
    at: datetime | None = None
    racetracks: tuple[tuple[str, int | None], ...] = ()
    tables: frozenset[str] | None = None
    what_ifs: tuple[WhatIf, ...] = ()
