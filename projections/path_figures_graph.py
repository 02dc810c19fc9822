"""The site as a graph: pages and the transitions between them, folded or step by step, and the links nobody takes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from raceline.projections.path_figures_chosen import Chosen, Codes, Flags, Longs, Snapshot, filters_of
from raceline.projections.path_figures_edges import EdgeTable, edge_table
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_nodes import KINDS, NodeTable, node_table
from raceline.projections.path_figures_rows import Row, Rows, moment, named, row_of, rows_of
from raceline.projections.path_list import PathList

Graph = tuple[NodeTable, EdgeTable]


def site_graph(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of them the rows graph_nodes, graph_edges, never_taken and graph_totals.

    Of the nodes those with most visits are told, and of the edges between these the ones with most transitions; starts
    and ends are always there.
    """
    chosen = snapshot.chosen(filters_of(arguments.get("where")))
    steps = int(arguments.get("steps") or 0)
    asked = (steps, int(arguments.get("nodes", 50)), int(arguments.get("edges", 100)))
    nodes, edges = chosen.once(("graph", *asked), lambda: _graph(snapshot, chosen, *asked))
    links = chosen.once("links", lambda: _links(snapshot, chosen))
    names = chosen.columns.page_names
    told = links.never[: int(arguments.get("neverTaken", 50))]
    rows = {
        "graph_nodes": nodes.rows(chosen.columns),
        "graph_edges": _edge_rows(chosen, nodes, edges, links.all),
        "never_taken": rows_of(
            n=np.arange(1, len(told) + 1),
            source=named(names, told // chosen.pages),
            target=named(names, told % chosen.pages),
        ),
        "graph_totals": _totals(chosen, nodes, edges, links),
        "path_lists": [row for one in lists for row in _paths(snapshot, chosen, one, nodes, edges)],
    }
    return chosen, rows


def _graph(snapshot: Snapshot, chosen: Chosen, steps: int, most_nodes: int, most_edges: int) -> Graph:
    nodes = node_table(snapshot, chosen, steps, most_nodes)
    return nodes, edge_table(snapshot, chosen, nodes, steps, most_edges)


class _Links(NamedTuple):
    """Links from a page to another one, each once, as source * pages + target, None where the page table has none;
    those that none of the paths takes, of the most visited pages first; and transitions from a page of the page table
    to one that it has no link to."""

    all: Longs | None
    never: Longs
    jumps: int | None


def _links(snapshot: Snapshot, chosen: Chosen) -> _Links:
    site, edges, nothing = chosen.columns.site, chosen.edges, np.empty(0, np.int64)
    if not site.has_links:
        return _Links(None, nothing, None)
    between = site.link_source != site.link_target
    links = np.sort(_key(chosen, site.link_source[between], site.link_target[between]))
    links = links[np.diff(links, prepend=-1) != 0]
    inside = (edges.source < chosen.pages) & (edges.target < chosen.pages)
    taken = _key(chosen, edges.source[inside], edges.target[inside])  # ascending, as edges are
    never = links[~_among(links, taken)]
    source, target = np.divmod(never, max(chosen.pages, 1))
    order = np.lexsort((snapshot.name_place[target], snapshot.name_place[source], -chosen.sums.visits[source]))
    jumps = site.known[edges.source[inside]] & ~_among(taken, links)
    return _Links(links, never[order], int(edges.transitions[inside][jumps].sum()))


def _key(chosen: Chosen, source: Codes | Longs, target: Codes | Longs) -> Longs:
    key: Longs = source.astype(np.int64) * chosen.pages + target
    return key


def _among(keys: Longs, known: Longs) -> Flags:
    """Which keys are known; these ascend."""
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    found: Flags = known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys
    return found


def _edge_rows(chosen: Chosen, nodes: NodeTable, edges: EdgeTable, links: Longs | None) -> list[Row]:
    inside = (edges.source < chosen.pages) & (edges.target < chosen.pages)
    linked = np.full(len(inside), None)
    if links is not None:
        inside[inside] = chosen.columns.site.known[edges.source[inside]]  # of others nobody said what they link to
        linked[inside] = _among(_key(chosen, edges.source[inside], edges.target[inside]), links)
    names = chosen.columns.page_names
    kind = [[KINDS[max(0, code - chosen.pages + 1)] for code in end.tolist()] for end in (edges.source, edges.target)]
    source, target = (np.where(end < chosen.pages, end, -1) for end in (edges.source, edges.target))
    return rows_of(
        n=np.arange(1, len(linked) + 1),
        source_kind=kind[0],
        source=named(names, source),
        target_kind=kind[1],
        target=named(names, target),
        step=[None] * len(linked) if edges.step is None else edges.step,
        transitions=edges.transitions,
        customers=edges.customers,
        share=edges.share,
        median_seconds=edges.times[:, 0],
        p95_seconds=edges.times[:, 1],
        is_link=linked,
        source_n=nodes.n[edges.source_node],
        target_n=nodes.n[edges.target_node],
    )


def _totals(chosen: Chosen, nodes: NodeTable, edges: EdgeTable, links: _Links) -> list[Row]:
    return row_of(
        nodes=nodes.all_pages,
        edges=edges.all_edges,
        transitions=edges.all_transitions,
        nodes_left_out=nodes.all_pages - nodes.pages_told,
        edges_left_out=edges.all_edges - len(edges.source),
        transitions_left_out=edges.all_transitions - edges.transitions.sum(),
        links=None if links.all is None else len(links.all),
        links_never_taken=None if links.all is None else len(links.never),
        jumps=links.jumps,
        site_loaded_at=moment(chosen.columns.site.loaded_at),
    )


def _paths(snapshot: Snapshot, chosen: Chosen, asked: PathList, nodes: NodeTable, edges: EdgeTable) -> list[Row]:
    """The paths through each node, or over each edge."""
    if asked.row_type == "GraphNode":
        return listed(snapshot, chosen, asked, nodes.n.tolist(), *nodes.members(chosen))
    numbers = list(range(1, len(edges.source) + 1))
    return listed(snapshot, chosen, asked, numbers, *edges.members(chosen))
