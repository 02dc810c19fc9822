# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of how long customers look for an answer: over time, between two groups, and before they move on."""

from datetime import date
from enum import Enum

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.path_objects import PathConnection, PathLengths
from raceline.graphql.relay import DEFAULT_FIRST, After, First
from raceline.graphql.scalars import Position


@strawberry.type(description="The paths of one group in one period.")
class PercolationRow:
    """A row of percolation."""

    n: int = strawberry.field(description="Its place, from 1.")
    period: date | None = strawberry.field(
        description="The first day of the period; null when no period was asked for."
    )
    stage: str | None = strawberry.field(
        description="The customer's stage at the start; null for no stage, and when not asked for."
    )
    entry_page: str | None = strawberry.field(description="Null when not asked for.")
    variant: str | None = strawberry.field(description="Null for no variant, and when not asked for.")
    path_count: int
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    share_resolved: float
    share_with_turnaround: float
    all: PathLengths
    resolved: PathLengths
    open: PathLengths

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """These paths."""


@strawberry.type(description="How long paths are and how they end, group by group.")
class Percolation:
    """The answer to `percolation`."""

    rows: list[PercolationRow] = strawberry.field(
        description="Period by period; within one, the group of most paths first."
    )
    groups_left_out: int = strawberry.field(
        description="Groups that the list leaves out: of the oldest periods, and there those of fewest paths."
    )
    paths_left_out: int = strawberry.field(description="Paths that are in no row.")
    path_count: int = strawberry.field(description="Paths that the question is about.")
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")


@strawberry.enum(description="A figure by which two groups of paths are compared.")
class PathMetric(Enum):
    """A metric of analytics/path_lengths.py."""

    MEAN_LENGTH = "mean_length"
    MEAN_LENGTH_RESOLVED = strawberry.enum_value("mean_length_resolved", description="Of the paths that end resolved.")
    MEAN_LENGTH_OPEN = strawberry.enum_value("mean_length_open", description="Of the others.")
    SHARE_RESOLVED = "share_resolved"
    SHARE_WITH_TURNAROUND = "share_with_turnaround"
    VARIANCE_LENGTH = "variance_length"
    VARIANCE_LENGTH_RESOLVED = strawberry.enum_value(
        "variance_length_resolved", description="Of the paths that end resolved."
    )


@strawberry.type(description="One of two groups that are compared.")
class ComparisonArm:
    """A row of comparison_arms."""

    path_count: int
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    all: PathLengths
    resolved: PathLengths
    open: PathLengths

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """These paths."""


@strawberry.type(
    description="A figure in both groups and how it differs. Customers and not paths count as independent, also those "
    "who are in both groups. Null where a group has nothing to tell it from."
)
class MetricComparison:
    """A row of comparison."""

    metric: PathMetric
    a: float | None
    b: float | None
    difference: float | None = strawberry.field(description="b - a.")
    low: float | None = strawberry.field(description="The lower end of the difference's 95 % interval.")
    high: float | None
    p: float | None = strawberry.field(description="The chance of such a difference, if there were none; two-sided.")
    q: float | None = strawberry.field(description="p after Benjamini and Hochberg, over the metrics of this answer.")


@strawberry.type(description="Two groups of paths side by side: two periods, two variants of an experiment.")
class PathComparison:
    """The answer to `pathComparison`."""

    a: ComparisonArm
    b: ComparisonArm
    metrics: list[MetricComparison]
    customers_in_both: int = strawberry.field(description="Customers who have paths in both groups.")
    paths_in_both: int = strawberry.field(description="Paths that are in both groups; best none.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")


@strawberry.enum(description="What the test says of a page before moves.")
class BeforeMovesFlag(Enum):
    """The outcome of a test."""

    MORE = strawberry.enum_value("more", description="Customers who saw it move on more often than others.")
    FEWER = strawberry.enum_value("fewer", description="They move on less often.")
    AS_EXPECTED = strawberry.enum_value("as_expected", description="Nothing that chance does not explain.")
    TOO_FEW = strawberry.enum_value("too_few", description="Too few moves to tell.")


@strawberry.type(
    description="Whether customers move on more often in the days after they saw a page than at other times. It is no "
    "proof that the page is why."
)
class PageBeforeMoves:
    """A row of before_moves."""

    n: int = strawberry.field(description="Its place, from 1.")
    page: str
    title: str | None = strawberry.field(description="In the page table.")
    page_type: str | None = strawberry.field(description="In the page table.")
    moves_after: int = strawberry.field(description="Moves that came within the window after a view of the page.")
    moves: int = strawberry.field(description="All moves of the question.")
    exposed_days: float = strawberry.field(
        description="Days in the stage within the window after a view, over all customers, also those who stayed."
    )
    unexposed_days: float = strawberry.field(description="All other days in the stage.")
    rate_ratio: float | None = strawberry.field(
        description="Moves per exposed day divided by moves per other day, among customers who were as long in the "
        "stage and viewed as many pages of late (Mantel and Haenszel); null where it is not defined."
    )
    low: float | None = strawberry.field(description="The lower end of its 95 % interval.")
    high: float | None = strawberry.field(description="The upper end; null where it has none.")
    p: float | None = strawberry.field(
        description="The chance of such a ratio, if the page did not matter; two-sided. Customers count as independent."
    )
    q: float | None = strawberry.field(description="p after Benjamini and Hochberg, over all pages tested.")
    movers_share: float | None = strawberry.field(
        description="Of all moves, the share that came after a view of the page."
    )
    stayers_share: float | None = strawberry.field(
        description="The same share of the customers who stayed when others like them moved."
    )
    flag: BeforeMovesFlag


@strawberry.type(
    description="Which pages come before a move from a stage onward, counted against the customers who stayed."
)
class PagesBeforeMoves:
    """The answer to `pagesBeforeMoves`."""

    pages: list[PageBeforeMoves] = strawberry.field(description="The surest difference first (by p).")
    stage: str
    racetrack: str
    stays: int = strawberry.field(description="Stays in the stage that the question is about.")
    moves: int = strawberry.field(description="Those that ended by a move onward.")
    open_stays: int = strawberry.field(description="Those that have not ended.")
    days: float = strawberry.field(description="Days in the stage, over all of them.")
    tested: int = strawberry.field(description="Pages that were tested.")
    pages_left_out: int = strawberry.field(description="Pages that the list leaves out.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")
