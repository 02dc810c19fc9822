"""Where the figures of percolation, of comparisons and of pages before moves come from; see columns.py."""

from raceline.domain.errors import InvalidArgument
from raceline.graphql.compiling import column, enum, position, row_object
from raceline.graphql.injected import PATH_FIGURES, names
from raceline.graphql.path_asked import ask, listed, paths_of
from raceline.graphql.path_columns import lengths
from raceline.graphql.pieces import Sql
from raceline.graphql.plan import Columns, Compile, Selection
from raceline.graphql.site_columns import whole

LONGEST_WINDOW = 3_650
_METRICS = 7
_ARM = ", ".join(f"a.{name}" for name in names(PATH_FIGURES["comparison_arms"]))


def percolation(selection: Selection, _: Sql) -> Sql:
    """How long paths are, over time and by group."""
    ask(selection, "percolation", "first")
    return whole(selection, "percolation_totals")


def path_comparison(selection: Selection, _: Sql) -> Sql:
    """Two groups of paths against each other."""
    ask(selection, "pathComparison").sizes["metrics"] = _METRICS
    return whole(selection, "comparison_totals")


def pages_before_moves(selection: Selection, _: Sql) -> Sql:
    """Which pages come before a move."""
    if not 1 <= (window := selection.arguments["window"]) <= LONGEST_WINDOW:
        words = f"From 1 to {LONGEST_WINDOW} days were expected."
        raise InvalidArgument(words, argument="window", found=window)
    ask(selection, "pagesBeforeMoves", "first")
    return whole(selection, "before_totals")


def _arm(n: int) -> Compile:
    return row_object("comparison_arm", n=str(n), columns=_ARM)


PERCOLATION_COLUMNS: Columns = {
    "Percolation": {
        "rows": listed("percolation", "first"),
        "groupsLeftOut": column("groups_left_out"),
        "pathsLeftOut": column("paths_left_out"),
        "pathCount": column("asked_paths"),
        "customers": column("asked_customers"),
        "position": position,
    },
    "PercolationRow": {
        "n": column("n"),
        "period": column("period"),
        "stage": column("stage"),
        "entryPage": column("entry_page"),
        "variant": column("variant"),
        "pathCount": column("paths"),
        "customers": column("customers"),
        "shareResolved": column("share_resolved"),
        "shareWithTurnaround": column("share_with_turnaround"),
        "all": lengths("all"),
        "resolved": lengths("resolved"),
        "open": lengths("open"),
        "paths": paths_of("PercolationRow"),
    },
    "PathComparison": {
        "a": _arm(1),
        "b": _arm(2),
        "metrics": listed("comparison", "metrics"),
        "customersInBoth": column("customers_in_both"),
        "pathsInBoth": column("paths_in_both"),
        "position": position,
    },
    "ComparisonArm": {
        "pathCount": column("paths"),
        "customers": column("customers"),
        "all": lengths("all"),
        "resolved": lengths("resolved"),
        "open": lengths("open"),
        "paths": paths_of("ComparisonArm"),
    },
    "MetricComparison": {
        "metric": enum("metric"),
        "a": column("a"),
        "b": column("b"),
        "difference": column("difference"),
        "low": column("low"),
        "high": column("high"),
        "p": column("p"),
        "q": column("q"),
    },
    "PagesBeforeMoves": {
        "pages": listed("before_moves", "first"),
        "stage": column("stage"),
        "racetrack": column("racetrack"),
        "stays": column("stays"),
        "moves": column("moves"),
        "openStays": column("open_stays"),
        "days": column("days"),
        "tested": column("tested"),
        "pagesLeftOut": column("pages_left_out"),
        "position": position,
    },
    "PageBeforeMoves": {
        "n": column("n"),
        "page": column("page"),
        "title": column("title"),
        "pageType": column("page_type"),
        "movesAfter": column("moves_after"),
        "moves": column("moves"),
        "exposedDays": column("exposed_days"),
        "unexposedDays": column("unexposed_days"),
        "rateRatio": column("rate_ratio"),
        "low": column("low"),
        "high": column("high"),
        "p": column("p"),
        "q": column("q"),
        "moversShare": column("movers_share"),
        "stayersShare": column("stayers_share"),
        "flag": enum("flag"),
    },
}
