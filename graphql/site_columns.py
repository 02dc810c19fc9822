"""Where the graph of the site, variants of paths and funnels come from; see columns.py and path_asked.py."""

from raceline.domain.errors import InvalidArgument
from raceline.domain.path_pattern import parse
from raceline.graphql.compiling import column, enum, moment, position, row_object
from raceline.graphql.injected import PATH_FIGURES, names
from raceline.graphql.path_asked import COUNTED_COST, ask, listed, paths_of
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Selection
from raceline.projections.path_patterns import funnel_steps

# More steps than anybody can look at; each is a copy of the whole graph.
MOST_STEPS = 50
_GRAPH = ", ".join(f"t.{name}" for name in names(PATH_FIGURES["graph_totals"]))


def whole(selection: Selection, table: str = "") -> Sql:
    """The object of an answer as a whole: the one row of a given table, and what the question is about."""
    row = selection.plan.row()
    columns = ", ".join(f"t.{name}" for name in names(PATH_FIGURES[table])) if table else "a.position"
    totals = Sql(f"CROSS JOIN given_{table} AS t" if table else "")
    source = piece("paths_asked", row=row, columns=Sql(columns), totals=totals)
    return piece("one", object=selection.object(row), source=source, filter=Sql("true"))


def site_graph(selection: Selection, _: Sql) -> Sql:
    """Pages as nodes and the steps between them as edges."""
    steps = selection.arguments.get("steps")
    if steps is not None and not 1 <= steps <= MOST_STEPS:
        raise InvalidArgument(f"From 1 to {MOST_STEPS} steps were expected.", argument="steps", found=steps)
    ask(selection, "siteGraph", "nodes", "edges", "neverTaken")
    return whole(selection)


def path_variants(selection: Selection, _: Sql) -> Sql:
    """Paths of identical steps."""
    ask(selection, "pathVariants", "first")
    return whole(selection, "variant_totals")


def funnel(selection: Selection, _: Sql) -> Sql:
    """How many come from one named step of a pattern to the next."""
    asked = ask(selection, "funnel")
    steps = asked.sizes["steps"] = len(funnel_steps(parse(asked.arguments["pattern"])))
    selection.plan.budget.cost += (steps - 1) * COUNTED_COST  # all paths are looked at for each of them
    return whole(selection)


SITE_COLUMNS: Columns = {
    "SiteGraph": {
        "nodes": listed("graph_nodes", "nodes"),
        "edges": listed("graph_edges", "edges"),
        "neverTaken": listed("never_taken", "neverTaken"),
        "totals": row_object("graph_totals", columns=_GRAPH),
        "pathCount": column("asked_paths"),
        "customers": column("asked_customers"),
        "position": position,
    },
    "GraphNode": {
        "n": column("n"),
        "kind": enum("kind"),
        "page": column("page"),
        "step": column("step"),
        "title": column("title"),
        "pageType": column("page_type"),
        "visits": column("visits"),
        "customers": column("customers"),
        "entries": column("entries"),
        "exits": column("exits"),
        "dwellMedian": column("dwell_median"),
        "dwellP95": column("dwell_p95"),
        "paths": paths_of("GraphNode"),
    },
    "GraphEdge": {
        "n": column("n"),
        "sourceKind": enum("source_kind"),
        "source": column("source"),
        "sourceN": column("source_n"),
        "targetKind": enum("target_kind"),
        "target": column("target"),
        "targetN": column("target_n"),
        "step": column("step"),
        "transitions": column("transitions"),
        "customers": column("customers"),
        "share": column("share"),
        "medianSeconds": column("median_seconds"),
        "p95Seconds": column("p95_seconds"),
        "isLink": column("is_link"),
        "paths": paths_of("GraphEdge"),
    },
    "SiteLink": {"source": column("source"), "target": column("target")},
    "SiteGraphTotals": {
        "nodes": column("nodes"),
        "edges": column("edges"),
        "transitions": column("transitions"),
        "nodesLeftOut": column("nodes_left_out"),
        "edgesLeftOut": column("edges_left_out"),
        "transitionsLeftOut": column("transitions_left_out"),
        "links": column("links"),
        "linksNeverTaken": column("links_never_taken"),
        "jumps": column("jumps"),
        "siteLoadedAt": moment("site_loaded_at"),
    },
    "PathVariants": {
        "variants": listed("path_variants", "first"),
        "variantCount": column("variants"),
        "pathCount": column("paths"),
        "variantsLeftOut": column("variants_left_out"),
        "pathsLeftOut": column("paths_left_out"),
        "customers": column("asked_customers"),
        "position": position,
    },
    "PathVariant": {
        "n": column("n"),
        "pages": column("pages"),
        "length": column("length"),
        "pathCount": column("paths"),
        "customers": column("customers"),
        "share": column("share"),
        "cumulativeShare": column("cumulative_share"),
        "resolved": column("resolved"),
        "shareResolved": column("share_resolved"),
        "medianSeconds": column("median_seconds"),
        "paths": paths_of("PathVariant"),
    },
    "Funnel": {
        "steps": listed("funnel_steps", "steps"),
        "pathCount": column("asked_paths"),
        "customers": column("asked_customers"),
        "position": position,
    },
    "FunnelStep": {
        "n": column("n"),
        "name": column("name"),
        "pattern": column("pattern"),
        "pathCount": column("paths"),
        "customers": column("customers"),
        "ofPrevious": column("of_previous"),
        "ofFirst": column("of_first"),
        "conversion": column("conversion"),
        "conversionLow": column("conversion_low"),
        "conversionHigh": column("conversion_high"),
        "overallConversion": column("overall_conversion"),
        "medianSeconds": column("median_seconds"),
        "p95Seconds": column("p95_seconds"),
        "baseRate": column("base_rate"),
        "lift": column("lift"),
        "paths": paths_of("FunnelStep"),
    },
}
