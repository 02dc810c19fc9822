"""What can be asked of paths: which paths, which period, and by what figures are told. See path_query.py.

The values of the enums are the words that projections/path_figures.py knows them by.
"""

from datetime import date
from enum import Enum

import strawberry
from strawberry import UNSET


@strawberry.input(description="A step from one page to the next.")
class PageTransition:
    """Two pages, one right after the other."""

    from_: str = strawberry.field(name="from")
    to: str


@strawberry.input(
    description="Which paths; all conditions that are given have to hold, also beside those that a field takes itself. "
    "A page, a variant, an account or a customer that nobody knows matches no path; an unknown stage or racetrack is "
    "refused."
)
class PathFilter:
    """A choice of paths (projections/path_filter.py)."""

    from_: date | None = strawberry.field(default=UNSET, name="from", description="Started on this day (UTC) or later.")
    to: date | None = strawberry.field(default=UNSET, description="Started on this day (UTC) or earlier.")
    pattern: str | None = strawberry.field(
        default=UNSET, description="Matching this pattern of steps, as in `11 -> .* -> 42`; see `Query.paths`."
    )
    containing: list[str] | None = strawberry.field(
        default=UNSET, description="Holding all of these pages, in any order."
    )
    entry_page: str | None = strawberry.field(default=UNSET, description="Starting at this page.")
    exit_page: str | None = strawberry.field(default=UNSET, description="Ending at this page.")
    turnaround_at: str | None = strawberry.field(default=UNSET, description="With a turnaround at this page.")
    transition: PageTransition | None = strawberry.field(
        default=UNSET, description="With this step from one page to the next."
    )
    pages: list[str] | None = strawberry.field(default=UNSET, description="Of exactly these pages, in this order.")
    stage: str | None = strawberry.field(
        default=UNSET, description="Whose customer was in this stage when the path started; empty: in none."
    )
    racetrack: str | None = strawberry.field(
        default=UNSET, description="The racetrack of `stage`; by default the one that was activated first."
    )
    variant: str | None = strawberry.field(
        default=UNSET, description="With an event that says this variant of an experiment."
    )
    resolved: bool | None = strawberry.field(default=UNSET, description="Ending resolved, or not.")
    account: str | None = strawberry.field(
        default=UNSET, description="Of the customers who belong to this company now."
    )
    customer: str | None = strawberry.field(default=UNSET, description="Of this customer.")


@strawberry.input(description="Days (UTC), both included.")
class DayRange:
    """A period."""

    from_: date = strawberry.field(name="from")
    to: date


@strawberry.enum(description="With which others a page is compared, to say what rate is to be expected of it.")
class PageStrata(Enum):
    """How pages are put into strata (design, section 6)."""

    TYPE = strawberry.enum_value(
        "type", description="With those of its type in the page table; without a page table, with all others."
    )
    LINKS = strawberry.enum_value(
        "links",
        description="With those that have about as many outgoing links in the page table; pages that it does not name "
        "with each other, and without any links in it all pages with all others.",
    )
    NONE = strawberry.enum_value("none", description="With all others.")


@strawberry.enum(description="By which figure pages are ordered; pages that have none come last.")
class PageOrderField(Enum):
    """A column of the pages."""

    EXCESS = "excess"
    SHRUNKEN_RATE = "shrunken_rate"
    EXPECTED_RATE = "expected_rate"
    Z = "z"
    Q = "q"
    PAGE = "page"
    VISITS = "visits"
    CUSTOMERS = "customers"
    ENTRIES = "entries"
    EXITS = "exits"
    OPPORTUNITIES = "opportunities"
    TURNAROUNDS = "turnarounds"
    RATE = "rate"
    DEPTH = "depth"
    PING_PONGS = "ping_pongs"
    DWELL = strawberry.enum_value("dwell_median", description="The median.")


@strawberry.enum(description="Smallest or greatest first.")
class OrderDirection(Enum):
    """A direction."""

    ASC = "asc"
    DESC = "desc"


@strawberry.input(description="An order of pages; pages of equal figures are ordered by name.")
class PageOrder:
    """An order of pages."""

    field: PageOrderField
    direction: OrderDirection = OrderDirection.DESC


@strawberry.enum(description="What passes through a funnel.")
class FunnelUnit(Enum):
    """A sequence of steps that a pattern is matched with."""

    PATH = strawberry.enum_value("path", description="Each path by itself.")
    CUSTOMER = strawberry.enum_value(
        "customer", description="All paths of a customer as one sequence, in the order in which they started."
    )


@strawberry.enum(description="Periods into which paths are put by the day (UTC) on which they started.")
class PercolationPeriod(Enum):
    """A length of time."""

    DAY = "day"
    WEEK = strawberry.enum_value("week", description="From Monday on (ISO 8601).")
    MONTH = "month"


@strawberry.enum(description="By what paths are put into groups.")
class PercolationGroup(Enum):
    """An attribute of a path."""

    STAGE = strawberry.enum_value("stage", description="The stage of the customer when the path started.")
    ENTRY_PAGE = strawberry.enum_value("entry_page", description="Its first page.")
    VARIANT = strawberry.enum_value(
        "variant", description="The variant of an experiment; a path with several is told in the row of each."
    )
