# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""The roots of reading. Each is one SQL statement, planned from what was selected; see plan.py."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.objects import (
    Customer,
    CustomerConnection,
    Event,
    EventConnection,
    Log,
    PageConnection,
    PathConnection,
    PathStatistics,
    QuarantineConnection,
    Types,
)
from raceline.graphql.relay import DEFAULT_FIRST, After, First, Node
from raceline.graphql.scalars import Position

MinPosition = Annotated[
    Position | None,
    strawberry.argument(
        description="Wait until the read models have come so far; with the position of your own write, you read it. "
        "The header Raceline-Min-Position says the same for every field of a request."
    ),
]


@strawberry.input(one_of=True, description="What the store had recorded by a moment or a position.")
class KnownAt:
    """A point in the store's own history."""

    time: datetime | None = UNSET
    position: Position | None = UNSET


@strawberry.enum(description="By which figure pages are ordered.")
class PageOrderField(Enum):
    """A column of live.pages."""

    PAGE = "page"
    VISITS = "visits"
    CUSTOMERS = "customers"
    OPPORTUNITIES = "opportunities"
    TURNAROUNDS = "turnarounds"
    RATE = "rate"
    DEPTH = "depth"
    PING_PONGS = "ping_pongs"


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


@strawberry.type(description="Questions. Every answer says up to which position of the log it is true.")
class Query:
    """The roots of reading."""

    @planned
    def customer(
        self,
        id: str,  # noqa: A002 - the design's name
        min_position: MinPosition = UNSET,
        known_at: KnownAt | None = UNSET,
    ) -> Customer | None:
        """One customer; `knownAt` derives the journey from only what was recorded by then."""

    @planned
    def customers(
        self,
        account: str | None = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> CustomerConnection:
        """Customers by identifier, of all accounts or of one."""

    @planned
    def events(
        self,
        customer: str | None = UNSET,
        types: Types = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> EventConnection:
        """The log in the order in which events were recorded, up to its head."""

    @planned
    def event(self, position: Position) -> Event | None:
        """The event at a position of the log."""

    @planned
    def paths(
        self,
        containing: Annotated[
            list[str] | None, strawberry.argument(description="Only paths that hold all of these pages.")
        ] = UNSET,
        customer: str | None = UNSET,
        resolved: bool | None = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> PathConnection:
        """Paths in the order in which they started."""

    @planned
    def path_statistics(
        self,
        from_: Annotated[date | None, strawberry.argument(name="from")] = UNSET,
        to: date | None = UNSET,
        min_position: MinPosition = UNSET,
    ) -> PathStatistics:
        """Figures over the paths that started from one day to another (UTC), both included."""

    @planned
    def pages(
        self,
        order_by: PageOrder | None = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> PageConnection:
        """Pages with their visits and turnarounds; those with most turnarounds first."""

    @planned
    def quarantine(
        self, first: First = DEFAULT_FIRST, after: After = UNSET, include_requeued: bool = False
    ) -> QuarantineConnection:
        """Input that the log did not take, the newest first."""

    @planned
    def log(self) -> Log:
        """The head of the log, and how far behind it the read models are."""

    @planned
    def node(self, id: strawberry.ID) -> Node | None:  # noqa: A002 - Relay's name
        """Any object by its global id; null when there is none."""
