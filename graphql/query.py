# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""The roots of reading. Each is one SQL statement, planned from what was selected; see plan.py."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from raceline.graphql.case_objects import Case, CaseConnection, CaseStatus
from raceline.graphql.declare import planned
from raceline.graphql.journey_objects import StageMove
from raceline.graphql.log_objects import Log, QuarantineConnection
from raceline.graphql.model_query import ModelQuery
from raceline.graphql.objects import Customer, CustomerConnection, Event, EventConnection, Types
from raceline.graphql.path_query import PathQuery
from raceline.graphql.racetrack_objects import Racetrack, RacetrackDryRun, RacetrackRef
from raceline.graphql.relay import DEFAULT_FIRST, After, First, MinPosition, Node
from raceline.graphql.scalars import Position
from raceline.graphql.stage_day_objects import StageDay
from raceline.graphql.stage_objects import Account, StageSummary

At = Annotated[
    datetime | None,
    strawberry.argument(
        description="A moment of the customer's life. Predictions are by the model that is in force now, which may "
        "have learned from what came later; with `knownAt` they are by the one that was in force then."
    ),
]
RacetrackName = Annotated[
    str | None, strawberry.argument(description="On this racetrack; by default the one that was activated first.")
]


@strawberry.input(one_of=True, description="What the store had recorded by a moment or a position.")
class KnownAt:
    """A point in the store's own history."""

    time: datetime | None = UNSET
    position: Position | None = UNSET


@strawberry.type
class JourneyQuery:
    """The roots about customers, their journeys, and where those take place."""

    @planned
    def customer(
        self,
        id: str,  # noqa: A002 - the design's name
        min_position: MinPosition = UNSET,
        at: At = UNSET,
        known_at: KnownAt | None = UNSET,
        racetrack: RacetrackRef | None = UNSET,
    ) -> Customer | None:
        """One customer, now or at another time.

        `at`: only what had happened by then. `knownAt`: only what was recorded by then, by the racetracks that were
        active then. `racetrack`: which one `journey` is about, and by which version.
        """

    @planned
    def customers(
        self,
        stage: Annotated[str | None, strawberry.argument(description="Only those who are in this stage.")] = UNSET,
        stalled: Annotated[
            bool | None, strawberry.argument(description="Only those who are longer in it than nine of ten; or not.")
        ] = UNSET,
        account: str | None = UNSET,
        racetrack: RacetrackName = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> CustomerConnection:
        """Customers by identifier; all conditions have to hold."""

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
    def stage_move(self, id: strawberry.ID) -> StageMove | None:  # noqa: A002 - the design's name
        """A move by its id, which is permanent.

        A version that is active no more is derived on demand, and so is a move that a late event took back: it is told
        as it was known until then, and says so by `takenBackAt`.
        """

    @planned
    def stages(self, racetrack: RacetrackRef | None = UNSET, min_position: MinPosition = UNSET) -> list[StageSummary]:
        """The stages of a racetrack over all customers, in order.

        A version that is not active is read from all events; its answer may be a minute old, and says its position.
        """

    @planned
    def stage_days(
        self,
        from_: Annotated[date, strawberry.argument(name="from")],
        to: date,
        stages: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these, without the row of those who are in none."),
        ] = UNSET,
        racetrack: RacetrackRef | None = UNSET,
        account: Annotated[
            str | None, strawberry.argument(description="Only the customers who belong to this company now.")
        ] = UNSET,
        min_position: MinPosition = UNSET,
    ) -> list[StageDay]:
        """Each stage on each day, both bounds included, in the racetrack's time zone; last, those who are in no stage.

        Customers, support cases open and closed, what was viewed, and the racetrack's overlays. For a version that is
        not active, and for an account, the figures are derived on demand; their answer says its position.
        """

    @planned
    def case(
        self,
        customer: str,
        id: str,  # noqa: A002 - the identifier that the source uses
        min_position: MinPosition = UNSET,
    ) -> Case | None:
        """One support case of a customer."""

    @planned
    def cases(
        self,
        case_id: str | None = UNSET,
        customer: str | None = UNSET,
        account: str | None = UNSET,
        status: CaseStatus | None = UNSET,
        severity: str | None = UNSET,
        problem: str | None = UNSET,
        cause: str | None = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> CaseConnection:
        """Support cases in the order in which they were opened; all conditions have to hold."""

    @planned
    def account(
        self,
        id: str,  # noqa: A002 - the design's name
        racetrack: RacetrackName = UNSET,
        min_position: MinPosition = UNSET,
    ) -> Account | None:
        """A company: its customers, their stages, and its own history."""

    @planned
    def racetracks(self) -> list[Racetrack]:
        """Every version of every racetrack that was published."""

    @planned
    def racetrack_dry_run(self, name: str, version: int) -> RacetrackDryRun:
        """What would change if this version were active: who would be where, and why. Nothing is written."""


@strawberry.type(description="Questions. Every answer says up to which position of the log it is true.")
class Query(JourneyQuery, PathQuery, ModelQuery):
    """The roots of reading."""

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
