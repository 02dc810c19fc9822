"""The edges of the graph of a site: transitions from node to node, with their share and the time between."""

from dataclasses import dataclass
from typing import NamedTuple

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
        rows = _rows_of(self, chosen.pages)
        paths, every = chosen.paths, np.arange(len(chosen.index))
        local = rows.local[paths.page]
        first, last = paths.path_start[:-1], paths.path_start[1:] - 1
        starting = rows.table[0, rows.local[chosen.pages], local[first]]
        step = np.zeros(1, np.int64)
        if self.step is not None:
            step = np.minimum(np.arange(1, len(local) + 1) - np.repeat(first, chosen.length), len(rows.table) - 1)
        leaving = step if self.step is None else step[last]
        inside = rows.table[step, local, np.append(local[1:], 0)]
        inside[last] = -1
        ending = rows.table[
            leaving, local[last], rows.local[np.where(chosen.resolved, chosen.pages + 1, chosen.pages + 2)]
        ]
        return np.concatenate([starting, inside, ending]), np.concatenate([every, chosen.path_of_step(), every])


class _RowsOf(NamedTuple):
    """local: (pages + 3,) a small number of each code that an edge has, 0 for others; table: (steps, numbers, numbers)
    the edge from one to another at a step, -1 for none. The last step stands for all behind, and has no edge."""

    local: Codes
    table: Codes


def _rows_of(edges: EdgeTable, pages: int) -> _RowsOf:
    local = np.zeros(pages + 3, np.int32)
    codes = np.flatnonzero(np.bincount(np.append(edges.source, edges.target), minlength=pages + 3))
    local[codes] = np.arange(1, len(codes) + 1)
    step = np.zeros(len(edges.source), np.int64) if edges.step is None else edges.step
    steps = 1 if edges.step is None else int(step.max(initial=0)) + 2
    table = np.full((steps, len(codes) + 1, len(codes) + 1), -1, np.int32)
    table[step, local[edges.source], local[edges.target]] = np.arange(len(step))
    return _RowsOf(local, table)


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
        share=_shares(found, step)[told],
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


def _shares(found: Edges | StepEdges, step: Codes | None) -> Floats:
    """Of the transitions that leave the source. Edges of one source, at one step, are neighbours."""
    new = np.diff(found.source, prepend=-1) != 0
    if step is not None:
        new |= np.diff(step, prepend=-1) != 0
    group = np.cumsum(new) - 1
    return share(found.transitions, np.bincount(group, weights=found.transitions)[group])
