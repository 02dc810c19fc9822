# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of the ways of customers as a whole: the site as a graph, variants of paths, and funnels."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.path_objects import PathConnection
from raceline.graphql.relay import DEFAULT_FIRST, After, First
from raceline.graphql.scalars import Position


@strawberry.enum(description="What a node of the graph is.")
class GraphNodeKind(Enum):
    """Kinds of nodes."""

    START = strawberry.enum_value("start", description="Where every path comes from.")
    PAGE = "page"
    RESOLVED = strawberry.enum_value("resolved", description="Where every path ends that ends resolved.")
    OPEN = strawberry.enum_value("open", description="Where every other path ends.")


@strawberry.type(description="A page, or the start or an end of paths.")
class GraphNode:
    """A row of graph_nodes."""

    n: int = strawberry.field(description="Its number in this answer, from 1; edges call their ends by it.")
    kind: GraphNodeKind
    page: str | None = strawberry.field(description="Null unless it is a page.")
    step: int | None = strawberry.field(
        description="Its place in the paths, from 1 (START: 0), when the graph was asked for by steps; null for an end."
    )
    title: str | None = strawberry.field(description="In the page table.")
    page_type: str | None = strawberry.field(description="In the page table.")
    visits: int = strawberry.field(
        description="Steps at it; of START and of the ends, paths: when the graph was asked for by steps, those that "
        "come to the end within them."
    )
    customers: int = strawberry.field(description="Different ones who were here.")
    entries: int = strawberry.field(description="Paths that start with this page; of START and the ends, 0.")
    exits: int = strawberry.field(description="Paths that end with this page; of START and the ends, 0.")
    dwell_median: float | None = strawberry.field(
        description="Seconds until the next step, the median; null where that is nowhere known."
    )
    dwell_p95: float | None = strawberry.field(description="Their 95th percentile.")

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """The paths that come through this node, of those that were asked about."""


@strawberry.type(description="Steps from one node to another.")
class GraphEdge:
    """A row of graph_edges."""

    n: int = strawberry.field(description="Its number in this answer, from 1.")
    source_kind: GraphNodeKind
    source: str | None = strawberry.field(description="The page that the steps go out from; null when it is START.")
    source_n: int = strawberry.field(description="`n` of its node.")
    target_kind: GraphNodeKind
    target: str | None = strawberry.field(description="The page that they lead to; null when it is an end.")
    target_n: int = strawberry.field(description="`n` of its node.")
    step: int | None = strawberry.field(
        description="The step that it goes out from, when the graph was asked for by steps; 0 is START."
    )
    transitions: int = strawberry.field(description="How often it was made.")
    customers: int = strawberry.field(description="Different ones who made it.")
    share: float = strawberry.field(description="Of all steps that leave its source.")
    median_seconds: float | None = strawberry.field(
        description="Seconds from the one step to the other, the median, where somebody saw both; null where nobody "
        "did, from START and to an end."
    )
    p95_seconds: float | None = strawberry.field(description="Their 95th percentile.")
    is_link: bool | None = strawberry.field(
        description="Whether the page table has this link; a step without one is a jump. Null where it has no links "
        "at all or does not know the page that the step goes out from, and for START and the ends."
    )

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """The paths that make this step, of those that were asked about."""


@strawberry.type(description="A link of the page table that no path of the question took.")
class SiteLink:
    """A row of never_taken."""

    source: str
    target: str


@strawberry.type(description="The whole graph, and what the lists leave out of it.")
class SiteGraphTotals:
    """The one row of graph_totals."""

    nodes: int = strawberry.field(description="Nodes of the whole graph that are pages: without START and the ends.")
    edges: int = strawberry.field(description="Edges of the whole graph, also from START and to the ends.")
    transitions: int = strawberry.field(description="How often these were made.")
    nodes_left_out: int = strawberry.field(description="Pages that the list leaves out.")
    edges_left_out: int = strawberry.field(description="Edges that the list leaves out, also those of such pages.")
    transitions_left_out: int = strawberry.field(description="Transitions of the edges that are left out.")
    links: int | None = strawberry.field(description="In the page table, from one page to another; null without any.")
    links_never_taken: int | None = strawberry.field(
        description="Those that no path of the question took; null as `links`."
    )
    jumps: int | None = strawberry.field(
        description="Transitions from a page of the page table to one that it has no link to; null as `links`."
    )
    site_loaded_at: datetime | None = strawberry.field(description="Of the page table; null when there is none.")


@strawberry.type(description="Pages as nodes, steps between them as edges, with a node for the start and for each end.")
class SiteGraph:
    """The answer to `siteGraph`."""

    nodes: list[GraphNode] = strawberry.field(
        description="START, then pages, the most visited first, and last RESOLVED and OPEN."
    )
    edges: list[GraphEdge] = strawberry.field(description="Those between the nodes, the most frequent first.")
    never_taken: list[SiteLink] = strawberry.field(
        description="Those from the most visited pages first; empty where the page table has none."
    )
    totals: SiteGraphTotals
    path_count: int = strawberry.field(description="Paths that the question is about.")
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")


@strawberry.type(description="Paths of the same pages in the same order.")
class PathVariant:
    """A row of path_variants."""

    n: int = strawberry.field(description="Its place, from 1.")
    pages: list[str]
    length: int
    path_count: int
    customers: int = strawberry.field(description="Different ones who went this way.")
    share: float = strawberry.field(description="Of all paths that the question is about.")
    cumulative_share: float = strawberry.field(description="With all variants before it.")
    resolved: int = strawberry.field(description="How many of its paths ended resolved.")
    share_resolved: float
    median_seconds: float = strawberry.field(description="Seconds from the first step to the last one.")

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """The paths of this variant, of those that were asked about."""


@strawberry.type(description="Which ways are gone, and how often.")
class PathVariants:
    """The answer to `pathVariants`."""

    variants: list[PathVariant] = strawberry.field(
        description="The most frequent first; of equal ones, the one that was gone first."
    )
    variant_count: int = strawberry.field(description="How many different ways there are.")
    path_count: int = strawberry.field(description="Paths that the question is about.")
    variants_left_out: int = strawberry.field(description="Variants that the list leaves out.")
    paths_left_out: int = strawberry.field(description="The paths of these.")
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")


@strawberry.type(description="One step of a funnel, and how many come so far.")
class FunnelStep:
    """A row of funnel_steps."""

    n: int = strawberry.field(description="Its place, from 1.")
    name: str
    pattern: str = strawberry.field(
        description="The pattern up to this step: `paths(pattern:)` of it gives the paths that came so far."
    )
    path_count: int = strawberry.field(
        description="Paths that came so far; or customers, if those pass through the funnel."
    )
    customers: int = strawberry.field(description="Different ones who came so far.")
    of_previous: int = strawberry.field(
        description="How many came to the step before, and could have come here; of the first step, all."
    )
    of_first: int = strawberry.field(description="How many came to the first step.")
    conversion: float | None = strawberry.field(
        description="The share of `ofPrevious` that came here; null when that is nobody."
    )
    conversion_low: float | None = strawberry.field(
        description="The lower end of its 95 % interval; customers count as independent, and not their paths."
    )
    conversion_high: float | None
    overall_conversion: float | None = strawberry.field(description="The share of `ofFirst` that came here.")
    median_seconds: float | None = strawberry.field(
        description="Seconds from the step before to this one, the median, where somebody saw both; null where nobody "
        "did, and for the first step."
    )
    p95_seconds: float | None = strawberry.field(description="Their 95th percentile.")
    base_rate: float | None = strawberry.field(
        description="The share of all paths (or customers) of the question that do what this step asks for, anywhere."
    )
    lift: float | None = strawberry.field(
        description="Conversion divided by base rate: above 1, those who came from the step before do it more often."
    )

    @planned
    def paths(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> PathConnection:
        """The paths in which they came so far, of those that were asked about."""


@strawberry.type(description="How many come from each named step of a pattern to the next.")
class Funnel:
    """The answer to `funnel`."""

    steps: list[FunnelStep]
    path_count: int = strawberry.field(description="Paths that the question is about, also those that never enter.")
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")
