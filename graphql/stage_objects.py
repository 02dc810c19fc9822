# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of stages as a whole, and of companies. See objects.py."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.forecast_objects import StagePredictions
from raceline.graphql.objects import CustomerConnection
from raceline.graphql.racetrack_objects import MoveKind, Rule
from raceline.graphql.relay import DEFAULT_FIRST, After, First, Node
from raceline.graphql.scalars import Position


@strawberry.type(description="Who came and went on a day.")
class StageFlow:
    """A row of live.stage_days."""

    day: date = strawberry.field(description="In the racetrack's time zone.")
    entered: int
    departed: int
    customers: int = strawberry.field(description="In the stage at the end of the day.")


@strawberry.type(description="A figure in days, with its 95 % confidence bounds.")
class Estimate:
    """A figure of a survival curve."""

    days: float
    lower: float | None
    upper: float | None


@strawberry.type(description="The share of stays that last longer than so many days.")
class CurvePoint:
    """A point of a survival curve."""

    days: float
    survival: float
    lower: float | None
    upper: float | None


@strawberry.type(description="How long stays last, by Kaplan-Meier: stays that have not ended count as censored.")
class LengthOfStay:
    """The survival curve of a stage. A figure that the curve does not reach is null."""

    stays: int
    open: int
    horizon_days: float = strawberry.field(description="The mean is restricted to so many days.")
    mean: Estimate | None
    median: Estimate | None
    lower_quartile: Estimate | None
    upper_quartile: Estimate | None
    ninetieth: Estimate | None = strawberry.field(description="Nine stays of ten are no longer than this.")
    stalled_after: float | None = strawberry.field(
        description="Days after which a stay is longer than nine of ten; null while too few have ended to tell."
    )
    curve: list[CurvePoint]
    curve_left_out: int = strawberry.field(
        description="Steps of the curve that are no point of their own, because they are too close to the one before."
    )


@strawberry.type(description="Moves from a stage.")
class StageTransition:
    """Sums over live.transitions."""

    to: str | None = strawberry.field(description="Null: out of the racetrack.")
    kind: MoveKind
    moves: int
    share: float = strawberry.field(description="Of all moves from the stage.")


@strawberry.type(description="A stage of a racetrack, over all customers.")
class StageSummary:
    """A row of live.racetrack_stages and the sums of it."""

    racetrack: str
    version: int
    stage: str
    title: str
    n: int = strawberry.field(description="Its place, from 1.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")
    customers: int = strawberry.field(description="In the stage now.")
    entered: int = strawberry.field(description="Moves into the stage.")
    departed: int = strawberry.field(description="Moves from the stage.")
    length_of_stay: LengthOfStay | None = strawberry.field(description="Null while nobody was in the stage.")
    regressions: int = strawberry.field(description="Moves from here to an earlier stage that no edge allows.")
    skips: int = strawberry.field(description="Moves from here past at least one stage.")
    laps: int = strawberry.field(description="Moves from here that began a new lap.")
    exits: int = strawberry.field(description="Moves from here out of the racetrack.")
    share_left: float | None = strawberry.field(description="Of all moves from here; null when there were none.")
    transitions: list[StageTransition] = strawberry.field(description="The most frequent first.")
    stalled: int = strawberry.field(description="Customers who are in the stage for longer than `stalledAfter`.")
    rules: list[Rule] = strawberry.field(description="Those that lead into the stage.")
    predictions: StagePredictions | None = strawberry.field(
        description="When its customers will move on; null while nothing is predicted of them, and for a version that "
        "is not active."
    )

    @planned
    def days(
        self, from_: Annotated[date | None, strawberry.argument(name="from")] = UNSET, to: date | None = UNSET
    ) -> list[StageFlow]:
        """Who came and went, on the days on which anybody did, both bounds included."""


@strawberry.type(description="How many customers of a company are in a stage.")
class AccountStage:
    """A count over live.journeys."""

    stage: str
    title: str
    customers: int


@strawberry.type(description="A time in which nothing changed for a company as a whole.")
class AccountStay:
    """The stays of its customers, rolled up."""

    entered_at: datetime
    left_at: datetime | None
    furthest: str | None = strawberry.field(description="The furthest stage that any of its customers was in.")
    earliest: str | None
    customers: int = strawberry.field(description="How many were in a stage.")


@strawberry.type(description="A company (a PartyID): its customers and where they stand on one racetrack.")
class Account(Node):
    """A group of live.customers."""

    account: str = strawberry.field(description="Its identifier.")
    racetrack: str | None
    position: Position = strawberry.field(description="Up to this position of the log this answer is true.")
    customer_count: int
    stages: list[AccountStage] = strawberry.field(description="Those with any of its customers, in order.")
    furthest: str | None = strawberry.field(description="The furthest stage that any of its customers is in.")
    earliest: str | None
    history: list[AccountStay]

    @planned
    def customers(
        self, stage: str | None = UNSET, first: First = DEFAULT_FIRST, after: After = UNSET
    ) -> CustomerConnection:
        """Its customers by identifier, of all stages or of one."""
