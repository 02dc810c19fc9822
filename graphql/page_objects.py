# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of pages: what customers did there, and whether they turn round more than is to be expected.

The figures and the test are those of section 6 of the design; see analytics/path_pages.py and analytics/page_test.py.
"""

from datetime import date, datetime
from enum import Enum

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.path_objects import PathConnection
from raceline.graphql.relay import DEFAULT_FIRST, After, Connection, First


@strawberry.enum(description="What the test says of a page.")
class PageFlag(Enum):
    """The outcome of a test."""

    UNEXPECTED = strawberry.enum_value(
        "unexpected", description="More turnarounds than can be expected: a page to be inspected first."
    )
    EXPECTED = strawberry.enum_value("expected", description="Nothing that chance and others like it do not explain.")
    TOO_FEW = strawberry.enum_value(
        "too_few", description="Too few opportunities to tell, or too few pages to compare with; see `PageTest`."
    )


@strawberry.enum(description="From which pages an expected rate comes.")
class PageExpectation(Enum):
    """The basis of an expected rate."""

    STRATUM = strawberry.enum_value("stratum", description="From the others of its stratum.")
    ALL = strawberry.enum_value("all", description="From all others, because there are too few in its stratum.")


@strawberry.type(
    description="The rate that the steps to and from a page let expect, if customers forgot where they came from: "
    "over each page A, the steps from A to this page times the chance of a step from here to A."
)
class PageFirstOrder:
    """The first-order expectation (design, section 6)."""

    rate: float
    z: float | None = strawberry.field(description="How far the page's rate is above it, in standard errors.")
    p: float | None = strawberry.field(description="One-sided.")
    q: float | None = strawberry.field(description="p after Benjamini and Hochberg, over all pages tested.")


@strawberry.type(description="A page against its own past. A change is told in either direction.")
class PagePast:
    """The same page in the period before."""

    opportunities: int
    turnarounds: int
    rate: float | None = strawberry.field(description="Null without an opportunity.")
    change: float | None = strawberry.field(description="Its rate now less its rate then.")
    design_effect: float | None = strawberry.field(description="As of the page itself: in the period now.")
    z: float | None = strawberry.field(description="The change in standard errors.")
    p: float | None = strawberry.field(description="Two-sided.")
    q: float | None = strawberry.field(description="p after Benjamini and Hochberg, over all pages tested.")
    flag: PageFlag = strawberry.field(description="UNEXPECTED: it changed, for better or worse.")


@strawberry.type(
    description="What customers did at one page, and whether its rate of turnarounds is significantly and unexpectedly "
    "high. Figures of the test are null for a page that has too few opportunities, or no others to compare it with."
)
class Page:
    """A row of path_pages."""

    page: str
    title: str | None = strawberry.field(description="In the page table; null where that does not know the page.")
    page_type: str | None = strawberry.field(description="In the page table.")
    stratum: str | None = strawberry.field(description="The pages that it is compared with.")
    links: int | None = strawberry.field(
        description="Its outgoing links in the page table; null for a page that is not in it, and when it has no links."
    )
    visits: int = strawberry.field(description="Steps of paths at this page.")
    customers: int = strawberry.field(description="Different ones who were here.")
    entries: int = strawberry.field(description="Paths that start here.")
    exits: int = strawberry.field(description="Paths that end here, resolved or not.")
    resolved_here: int = strawberry.field(description="Paths that end here resolved.")
    opportunities: int = strawberry.field(
        description="Visits that could have been turns: neither first nor last of a path; of a ping-pong, the first."
    )
    turnarounds: int
    rate: float | None = strawberry.field(description="Turnarounds per opportunity; null without an opportunity.")
    depth: float | None = strawberry.field(description="Mean depth of its turnarounds; null without one.")
    ping_pongs: int
    loops: int = strawberry.field(description="Returns to this page at a distance of more than two steps.")
    dwell_median: float | None = strawberry.field(
        description="Seconds from a step at this page to the next one of the path, the median, where somebody saw when "
        "both were reached: of the source of a click nobody did. Null when that is nowhere known."
    )
    dwell_p95: float | None = strawberry.field(description="Their 95th percentile.")
    expected_rate: float | None = strawberry.field(
        description="The rate of the others like it, without the page itself."
    )
    expected_from: PageExpectation | None
    first_order: PageFirstOrder | None = strawberry.field(
        description="Another expectation, from the steps alone; null without an opportunity."
    )
    design_effect: float | None = strawberry.field(
        description="So many opportunities tell as much as one, because customers repeat themselves; at least 1."
    )
    effective_opportunities: float | None = strawberry.field(
        description="Opportunities divided by the design effect: as many independent ones would tell as much."
    )
    standard_error: float | None = strawberry.field(
        description="Of the rate around the expected one, with what pages differ by nature."
    )
    z: float | None = strawberry.field(description="How far the rate is above the expected one, in standard errors.")
    p: float | None = strawberry.field(description="The chance of such a rate, if nothing were special; one-sided.")
    q: float | None = strawberry.field(description="p after Benjamini and Hochberg, over all pages tested.")
    shrunken_rate: float | None = strawberry.field(
        description="The rate, drawn to the expected one the more, the less is known (empirical Bayes)."
    )
    excess: float | None = strawberry.field(
        description="Turnarounds above what the expected rate gives; may be negative."
    )
    flag: PageFlag
    past: PagePast | None = strawberry.field(description="Null when no past was asked for; see `Query.pages`.")

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """The paths that visit this page, of those that were asked about."""

    @planned
    def turnaround_paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """Those that turn round here: each turnaround is a step of them, and each step says its event."""


@strawberry.type(description="The days before, which pages are compared with.")
class PageTestPast:
    """The period of PagePast."""

    from_: date = strawberry.field(name="from")
    to: date
    tau: float | None = strawberry.field(
        description="How much rates change by themselves, on the scale of PageTest.tau."
    )


@strawberry.type(
    description="The test of all pages at once. A page's rate is compared with that of others like it; opportunities "
    "are divided by a design effect, because customers return; pages are allowed to differ by nature (Spiegelhalter "
    "2005); and of the pages that are flagged, at most the share `alpha` is flagged by chance (Benjamini and Hochberg)."
)
class PageTest:
    """The one row of page_test."""

    alpha: float
    least_opportunities: int = strawberry.field(
        description="A page with fewer is not tested, and none is where fewer than five pages have so many."
    )
    tested: int = strawberry.field(description="Pages that were tested.")
    too_few: int = strawberry.field(description="Pages that were not.")
    unexpected: int = strawberry.field(description="Pages that are flagged.")
    tau: float | None = strawberry.field(
        description="How much pages differ for reasons that nobody need inspect: those that are expected to have the "
        "rate p vary by tau p (1 - p): tau is a standard deviation of log odds. Null when none was tested."
    )
    tau_all: float | None = strawberry.field(
        description="How much pages differ without strata: for those whose expected rate comes from all others."
    )
    spread: float | None = strawberry.field(
        description="As tau, but with hot spots: what shrunken rates are drawn together by."
    )
    overall_rate: float | None = strawberry.field(description="Turnarounds per opportunity, over all pages.")
    past: PageTestPast | None
    site_loaded_at: datetime | None = strawberry.field(description="Of the page table; null when there is none.")


@strawberry.type
class PageConnection(Connection[Page]):
    """A page of pages."""

    test: PageTest
