"""The edges of the graph of a site: transitions from node to node, with their share and the time between."""

from dataclasses import dataclass

import numpy as np

from raceline.analytics.path_edges import Edges, StepEdges, edge_times, step_edges
from raceline.projections.path_figures_chosen import Chosen, Codes, Floats, Longs, Snapshot
from raceline.projections.path_figures_nodes import NodeTable
from raceline.projections.path_figures_rows import share


@dataclass(frozen=True)
class EdgeTable:
    """e edges in the order in which they are told; columns are (e,).

    source, target: codes of pages, or behind those; step: of the source, 0 for the start, None where steps are folded;
    share: of the transitions that leave the source; times: (e, 2) median and 95th percentile in seconds; source_node,
    target_node: places in the table of nodes. all_edges, all_transitions: also those that are not told.
    """

    source: Longs
    target: Longs
    step: Longs | None
    transitions: Longs
    customers: Longs
    share: Floats
    times: Floats
    source_node: Codes
    target_node: Codes
    all_edges: int
    all_transitions: int

    def members(self, chosen: Chosen) -> tuple[Longs, Longs]:
        """(m,) edges and paths that go over them: no path of an edge falls."""
        path, step, source, target = _transitions(chosen)
        key = _keys(chosen, source, target, None if self.step is None else step)
        wanted = _keys(chosen, self.source, self.target, self.step)
        order = np.argsort(wanted)
        place = np.minimum(np.searchsorted(wanted[order], key), max(len(wanted) - 1, 0))
        found = wanted[order][place] == key if len(wanted) else np.zeros(len(key), np.bool_)
        return order[place[found]], path[found]


def edge_table(snapshot: Snapshot, chosen: Chosen, nodes: NodeTable, steps: int, most: int) -> EdgeTable:
    """The edges of most transitions between the nodes that are told."""
    found = step_edges(chosen.paths, chosen.pages, steps) if steps else chosen.edges
    step = found.step if isinstance(found, StepEdges) else None
    source, target = _nodes(chosen, nodes, found.source, step, 0), _nodes(chosen, nodes, found.target, step, 1)
    inside = np.flatnonzero((source >= 0) & (target >= 0))
    names = np.append(snapshot.name_place, chosen.pages + np.arange(3))
    by = (names[found.target[inside]], names[found.source[inside]])
    by_step = () if step is None else (step[inside],)
    told = inside[np.lexsort((*by, *by_step, -found.transitions[inside]))[:most]]
    sorted_told = np.sort(told)
    times = edge_times(chosen.paths, _only(found, sorted_told), chosen.pages)
    return EdgeTable(
        source=found.source[told].astype(np.int64),
        target=found.target[told].astype(np.int64),
        step=None if step is None else step[told].astype(np.int64),
        transitions=found.transitions[told],
        customers=found.customers[told],
        share=_shares(chosen, found, step)[told],
        times=times[np.searchsorted(sorted_told, told)],
        source_node=source[told],
        target_node=target[told],
        all_edges=len(found.source),
        all_transitions=int(found.transitions.sum()),
    )


def _only(found: Edges | StepEdges, told: Longs) -> Edges | StepEdges:
    return found._replace(**{name: column[told] for name, column in found._asdict().items()})


def _nodes(chosen: Chosen, nodes: NodeTable, code: Codes, step: Codes | None, ahead: int) -> Codes:
    """The place of each end of edges in the table of nodes, -1 where it is not told. ahead: 1 for targets."""
    outside, last = code - chosen.pages, len(nodes.code)
    page = np.minimum(code, max(chosen.pages - 1, 0)).astype(np.int64)
    if step is not None:
        page += np.maximum(step.astype(np.int64) - 1 + ahead, 0) * chosen.pages
    place = nodes.row_of[page] if len(nodes.row_of) else np.full(len(code), -1, np.int32)
    ends = [outside == n for n in range(3)]
    return np.select(ends, [0, last - 2, last - 1], place).astype(np.int32)


def _shares(chosen: Chosen, found: Edges | StepEdges, step: Codes | None) -> Floats:
    key = found.source if step is None else step.astype(np.int64) * (chosen.pages + 1) + found.source
    _, group = np.unique(key, return_inverse=True)
    return share(found.transitions, np.bincount(group, weights=found.transitions)[group])


def _keys(chosen: Chosen, source: Longs, target: Longs, step: Longs | None) -> Longs:
    codes = chosen.pages + 3
    return (0 if step is None else step * codes * codes) + source * codes + target


def _transitions(chosen: Chosen) -> tuple[Longs, Longs, Longs, Longs]:
    """Of every transition (s + p,), in order: its path, the step of its source, its source and its target."""
    paths, q = chosen.paths, len(chosen.index)
    path = np.repeat(np.arange(q), chosen.length + 1)
    begin = paths.path_start[:-1] + np.arange(q)  # where the transitions of each path begin
    start = np.full(q, chosen.pages, np.int64)
    end = np.where(paths.resolved, chosen.pages + 1, chosen.pages + 2)
    source, target = _put_in(start, begin, paths.page), _put_in(end, begin + chosen.length, paths.page)
    return path, np.arange(len(path)) - begin[path], source, target


def _put_in(added: Longs, places: Longs, page: Codes) -> Longs:
    """The pages in their order, with these codes added at these places."""
    found, is_page = np.empty(len(page) + len(added), np.int64), np.ones(len(page) + len(added), np.bool_)
    is_page[places] = False
    found[places], found[is_page] = added, page
    return found
