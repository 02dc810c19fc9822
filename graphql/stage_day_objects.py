# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of stages day by day: customers, support cases open and closed, views, overlays. See objects.py."""

from datetime import date
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET

from raceline.graphql.case_objects import Case, LazyEvent, Surveys
from raceline.graphql.declare import planned
from raceline.graphql.forecast_objects import StageForecast
from raceline.graphql.journey_objects import StageMove
from raceline.graphql.relay import DEFAULT_FIRST, After, Connection, First
from raceline.graphql.scalars import Position

TOP_PAGES = 5
TOP_VALUES = 20
TopPagesFirst = Annotated[int | None, strawberry.argument(description="At most so many pages, the most viewed first.")]
TopValuesFirst = Annotated[int | None, strawberry.argument(description="At most so many values, the most cases first.")]


@strawberry.type(description="A case as it counts in a stage on a day.")
class StageCase:
    """A row of live.case_spells."""

    case: Case
    stage: str | None = strawberry.field(description="Null: its customer was in no stage.")
    severity: str | None = strawberry.field(description="This and what follows: as they were known then.")
    problem: str | None
    cause: str | None
    sentiment: float | None = strawberry.field(description="The mean over the customer's texts until then, -1 to 1.")
    from_day: date = strawberry.field(description="Since this day it counts so; for a closed case, the day it closed.")
    to_day: date | None = strawberry.field(description="Until the day before this one; null while it goes on.")
    event: LazyEvent = strawberry.field(description="The event of the case by which it is as it is told here.")
    move: StageMove | None = strawberry.field(
        description="The move that put its customer into that stage; null for none."
    )


@strawberry.type
class StageCaseConnection(Connection[StageCase]):
    """A page of cases as they count in a stage on a day."""


@strawberry.type(description="How customers felt, over the cases that have a text that could be scored.")
class Sentiment:
    """Figures over the sentiment of cases, each from -1 to 1."""

    cases: int = strawberry.field(description="How many have a score; the other figures are of these.")
    mean: float
    minimum: float
    maximum: float
    negative: float = strawberry.field(description="The share of cases at -0.05 or less.")
    neutral: float
    positive: float = strawberry.field(description="The share of cases at 0.05 or more.")


@strawberry.type(description="The cases that have one value.")
class CaseBucket:
    """A running sum of live.case_buckets."""

    value: str | None = strawberry.field(description="Null: nothing was said.")
    count: int

    @planned
    def cases(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> StageCaseConnection:
        """These cases, by customer."""


@strawberry.type(description="Cases by value; a value that no case has is not listed.")
class CaseBuckets:
    """Cases of a stage and day by one of their attributes."""

    buckets: list[CaseBucket]
    left_out_values: int = strawberry.field(description="Values that the list leaves out.")
    left_out_cases: int = strawberry.field(description="The cases that have these values.")


@strawberry.type(
    description="Cases of a stage and day. Open: those that are open at the end of the day, of the customers who are "
    "in the stage then. Closed: those that were closed on the day, by their customer's stage at that instant."
)
class CaseMetrics:
    """Running sums of live.case_days."""

    count: int
    sentiment: Sentiment | None = strawberry.field(description="Null when no case has a score.")
    severities: CaseBuckets = strawberry.field(
        description="In the order of the racetrack's scale, then others, and last those of which none is known."
    )
    surveys: Surveys = strawberry.field(
        description="Those about the closings of this day; of open cases there are none."
    )

    @planned
    def causes(self, first: TopValuesFirst = TOP_VALUES) -> CaseBuckets:
        """By the code of the underlying cause."""

    @planned
    def problems(self, first: TopValuesFirst = TOP_VALUES) -> CaseBuckets:
        """By what the customer described."""

    @planned
    def cases(
        self,
        severity: str | None = UNSET,
        problem: str | None = UNSET,
        cause: str | None = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
    ) -> StageCaseConnection:
        """The very cases that are counted here, by customer; all conditions have to hold, and null is no condition."""


@strawberry.type(description="A page and how often it was viewed.")
class ViewedPage:
    """A row of live.stage_views."""

    page: str
    views: int


@strawberry.type(description="What was viewed most.")
class TopPages:
    """The first rows of live.stage_views, and what is behind them."""

    pages: list[ViewedPage]
    left_out_pages: int
    left_out_views: int


@strawberry.enum(description="How the events of an overlay become one value.")
class OverlayAggregate(Enum):
    """The aggregate of live.racetrack_overlays."""

    COUNT = strawberry.enum_value("count", description="Events.")
    SUM = strawberry.enum_value("sum", description="The sum of an attribute.")
    MEAN = strawberry.enum_value("mean", description="Its mean over the events that say it.")
    DISTINCT = strawberry.enum_value("distinct", description="How many different values it has.")


@strawberry.type(description="What the racetrack lays over its stages from events of any type.")
class OverlayValue:
    """Sums of live.overlay_days."""

    overlay: str
    title: str
    aggregate: OverlayAggregate
    value: float | None = strawberry.field(description="Null for a mean of nothing.")
    events: int


@strawberry.type(description="A stage on a day of the racetrack's time zone.")
class StageDay:
    """A cell of the grid of stages and days; it is there also when nothing happened."""

    racetrack: str
    version: int
    stage: str | None = strawberry.field(description="Null: the customers and cases in no stage.")
    title: str | None
    n: int | None = strawberry.field(description="The stage's place, from 1.")
    day: date
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")
    customers: int = strawberry.field(description="In the stage at the end of the day.")
    entered: int
    left: int
    open: CaseMetrics
    closed: CaseMetrics
    pages_viewed: int = strawberry.field(description="Views of pages by the customers who were in the stage.")
    content_viewed: int
    overlays: list[OverlayValue] = strawberry.field(description="In the order of the racetrack's definition.")
    predictions: StageForecast | None = strawberry.field(
        description="What was predicted on the day, and what came true of it; null where nothing was, in no stage, for "
        "a version that is not active, and for an account."
    )

    @planned
    def top_pages(self, first: TopPagesFirst = TOP_PAGES) -> TopPages:
        """The pages that were viewed most."""

    @planned
    def top_content(self, first: TopPagesFirst = TOP_PAGES) -> TopPages:
        """The content that was viewed most."""
