"""The options of commands that tell figures of paths, and the words that they take."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from raceline.app.cli_export import parse_day, span


class Strata(StrEnum):
    """With which others a page is compared."""

    TYPE = "type"
    LINKS = "links"
    NONE = "none"


class Of(StrEnum):
    """What of a graph is a table."""

    EDGES = "edges"
    NODES = "nodes"
    NEVER_TAKEN = "never-taken"


class GraphFormat(StrEnum):
    """A format of a graph."""

    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"
    GRAPHML = "graphml"


class Over(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class By(StrEnum):
    """By what paths are put into groups."""

    STAGE = "stage"
    ENTRY_PAGE = "entry-page"
    VARIANT = "variant"


class Per(StrEnum):
    """What passes through a funnel."""

    PATH = "path"
    CUSTOMER = "customer"


PastFrom = Annotated[
    date | None,
    typer.Option(
        parser=parse_day,
        metavar="DAY",
        help="Compare each page with itself from this day on; by default, with --from, the time before it.",
    ),
]
PastTo = Annotated[
    date | None, typer.Option(parser=parse_day, metavar="DAY", help="To this day, included, which is before --from.")
]
OfStrata = Annotated[
    Strata, typer.Option(help="Compare a page with those of its type, with about as many links, or with all.")
]
Alpha = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="At most this share of the flagged pages is flagged by chance.")
]
Steps = Annotated[
    int | None, typer.Option(min=1, help="A node for each page at each of the first so many steps; by default folded.")
]
OverPeriods = Annotated[Over | None, typer.Option(help="Period by period; by default all time as one.")]
ByGroups = Annotated[By | None, typer.Option(help="Group by group; by default all paths as one.")]
PerUnit = Annotated[Per, typer.Option(help="Each path by itself, or all paths of a customer as one sequence.")]
FunnelPattern = Annotated[
    str, typer.Argument(metavar="PATTERN", help="Steps, some with names: 'search: a -> .* -> buy: b'.")
]
First = Annotated[int | None, typer.Option(min=1, help="At most so many rows; by default all.")]


def past(first: date | None, last: date | None) -> tuple[date, date] | None:
    """The period to compare with; wrong usage when only one of its days is named."""
    span(first, last, "past-")
    if first is None or last is None:
        if first is not last:
            raise typer.BadParameter("name both days of the past, or neither", param_hint="--past-from, --past-to")
        return None
    return first, last
