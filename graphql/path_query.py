# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""The roots of reading that are about paths. All but plain `paths` are counted in memory; see path_figures.py."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.page_objects import PageConnection
from raceline.graphql.path_inputs import (
    DayRange,
    FunnelUnit,
    PageOrder,
    PageStrata,
    PathFilter,
    PercolationGroup,
    PercolationPeriod,
)
from raceline.graphql.path_objects import PathConnection, PathStatistics
from raceline.graphql.percolation_objects import PagesBeforeMoves, PathComparison, Percolation
from raceline.graphql.relay import DEFAULT_FIRST, After, First, MinPosition
from raceline.graphql.site_objects import Funnel, PathVariants, SiteGraph

ALPHA = 0.05
NODES = 50
EDGES = 100
NEVER_TAKEN = 50
VARIANTS = 20
GROUPS = 100
WINDOW_DAYS = 7

Pattern = Annotated[
    str | None, strawberry.argument(description="Only paths that match this pattern of steps; see `paths`.")
]
Where = Annotated[PathFilter | None, strawberry.argument(description="Only these paths.")]
From = Annotated[
    date | None, strawberry.argument(name="from", description="Only paths that started on this day (UTC) or later.")
]
To = Annotated[date | None, strawberry.argument(description="Only paths that started on this day (UTC) or earlier.")]


def _most(what: str) -> Any:
    return strawberry.argument(description=f"At most so many {what}; what is left out is counted.")


@strawberry.type
class PathQuery:
    """The roots about paths."""

    @planned
    def paths(
        self,
        containing: Annotated[
            list[str] | None, strawberry.argument(description="Only paths that hold all of these pages.")
        ] = UNSET,
        customer: str | None = UNSET,
        resolved: bool | None = UNSET,
        pattern: Annotated[
            str | None, strawberry.argument(description="Only paths that match this pattern of steps.")
        ] = UNSET,
        where: Where = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> PathConnection:
        """Paths in the order in which they started; all conditions have to hold.

        A pattern says steps that follow one another, anywhere in a path: `11 -> 42`. A step is a page (in double
        quotes, if its name has blanks or signs of the pattern), `.` for any page, `[a b]` for one of several, `[^a b]`
        for any other. `*`, `+`, `?`, `{2}`, `{2,}` and `{2,5}` repeat a step or a group in parentheses, `|` separates
        alternatives, `^` is the start of the path and `$` its end: `^ -> 11 -> .* -> 42 -> $`.
        """

    @planned
    def path_statistics(
        self,
        from_: From = UNSET,
        to: To = UNSET,
        pattern: Pattern = UNSET,
        where: Where = UNSET,
        min_position: MinPosition = UNSET,
    ) -> PathStatistics:
        """How many paths there are, how long they are and how they end."""

    @planned
    def pages(
        self,
        from_: From = UNSET,
        to: To = UNSET,
        pattern: Pattern = UNSET,
        where: Where = UNSET,
        past: Annotated[
            DayRange | None,
            strawberry.argument(
                description="Compare each page with itself in this period, which ends before the one that is asked "
                "about begins; that is the day after it, unless `from` says when. By default, when `from` is given, "
                "the period just before it that is four times as long: this week against the four weeks before."
            ),
        ] = UNSET,
        strata: Annotated[
            PageStrata, strawberry.argument(description="What the rate of a page is compared with.")
        ] = PageStrata.TYPE,
        alpha: Annotated[
            float,
            strawberry.argument(description="At most this share of the flagged pages is flagged by chance; 0 to 1."),
        ] = ALPHA,
        order_by: Annotated[
            PageOrder | None, strawberry.argument(description="By default by excess turnarounds, the most first.")
        ] = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        min_position: MinPosition = UNSET,
    ) -> PageConnection:
        """Pages: what customers did there, and which have unexpectedly many turnarounds and should be looked at first.

        Every page that a path of the question visits is listed and tested, if it has enough opportunities.
        """

    @planned
    def site_graph(
        self,
        where: Where = UNSET,
        steps: Annotated[
            int | None,
            strawberry.argument(
                description="By steps: a page is a node of its own at each of the first so many steps of a path. By "
                "default a page is one node, wherever it comes in a path."
            ),
        ] = UNSET,
        nodes: Annotated[int, _most("pages as nodes, the most visited")] = NODES,
        edges: Annotated[int, _most("edges, the most frequent")] = EDGES,
        never_taken: Annotated[int, _most("links that nobody took")] = NEVER_TAKEN,
        min_position: MinPosition = UNSET,
    ) -> SiteGraph:
        """The site as customers use it: pages, and the steps between them."""

    @planned
    def path_variants(
        self,
        where: Where = UNSET,
        first: Annotated[int, _most("variants, the most frequent")] = VARIANTS,
        min_position: MinPosition = UNSET,
    ) -> PathVariants:
        """Which ways customers go: paths of identical steps, counted."""

    @planned
    def funnel(
        self,
        pattern: Annotated[
            str,
            strawberry.argument(
                description="A pattern of steps (see `paths`) in which some, at most 20, have names: "
                "`search: a -> .* -> buy: b`."
            ),
        ],
        where: Where = UNSET,
        per: Annotated[FunnelUnit, strawberry.argument(description="What passes through it.")] = FunnelUnit.PATH,
        min_position: MinPosition = UNSET,
    ) -> Funnel:
        """How many come from each named step of a pattern to the next, and how long it takes them."""

    @planned
    def percolation(
        self,
        where: Where = UNSET,
        over: Annotated[
            PercolationPeriod | None, strawberry.argument(description="Period by period; by default all time as one.")
        ] = UNSET,
        by: Annotated[
            PercolationGroup | None, strawberry.argument(description="Group by group; by default all paths as one.")
        ] = UNSET,
        first: Annotated[int, _most("rows: the newest periods, and there the groups of most paths")] = GROUPS,
        min_position: MinPosition = UNSET,
    ) -> Percolation:
        """How long paths are (mean and variance, resolved, open and all) and how they end, over time and by group."""

    @planned
    def path_comparison(self, a: PathFilter, b: PathFilter, min_position: MinPosition = UNSET) -> PathComparison:
        """Two groups of paths against each other, each figure with an interval and a test.

        Does a page layout shorten paths? `a: {variant: "old"}, b: {variant: "new"}`. Did a week change anything? Two
        periods.
        """

    @planned
    def pages_before_moves(
        self,
        stage: Annotated[str, strawberry.argument(description="The stage that customers move on from.")],
        racetrack: Annotated[
            str | None,
            strawberry.argument(description="By default the one that was activated first."),
        ] = UNSET,
        window: Annotated[
            int, strawberry.argument(description="A page counts for so many days after it was viewed.")
        ] = WINDOW_DAYS,
        from_: Annotated[
            date | None,
            strawberry.argument(name="from", description="Only time in the stage from this day (UTC) on."),
        ] = UNSET,
        to: Annotated[
            date | None, strawberry.argument(description="Only time in the stage up to this day (UTC).")
        ] = UNSET,
        first: Annotated[int, _most("pages")] = DEFAULT_FIRST,
        min_position: MinPosition = UNSET,
    ) -> PagesBeforeMoves:
        """Which pages come before a move into a later stage, counted against customers who stayed."""
