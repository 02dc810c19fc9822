"""The nodes of the graph of a site: its pages, or its pages at each step of a path, and where paths start and end."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from raceline.projections.path_columns import PathColumns
from raceline.projections.path_figures_chosen import Chosen, Codes, Flags, Floats, Longs, Snapshot, distinct, seconds
from raceline.projections.path_figures_rows import Row, named, rows_of

# What a code stands for, by how far it is behind the last page.
KINDS = ("PAGE", "START", "RESOLVED", "OPEN")


class Window(NamedTuple):
    """(m,) steps, their paths, and their keys: the page, or step (from 0) times the number of pages and the page."""

    at: Longs
    path: Longs
    key: Longs | Codes


@dataclass(frozen=True)
class NodeTable:
    """k nodes in the order in which they are told: START, pages by their visits, RESOLVED, OPEN. Columns are (k,).

    code: of the page, or behind those of pages; step: the place in the path, 0 at the start, -1 for an end or where
    steps are folded; row_of: (pages, or steps times pages) the node of a page at a step, -1 for one that is not told;
    all_pages: nodes that are pages, told or not; steps: as many are apart, 0 where they are folded.
    """

    code: Codes
    step: Longs
    visits: Longs
    customers: Longs
    entries: Longs
    exits: Longs
    dwell: Floats
    row_of: Codes
    all_pages: int
    steps: int

    @property
    def n(self) -> Longs:
        """(k,) by which they are known."""
        return np.arange(1, len(self.code) + 1)

    @property
    def pages_told(self) -> int:
        """How many of them are pages."""
        return len(self.code) - len(KINDS) + 1

    def rows(self, columns: PathColumns) -> list[Row]:
        """Rows of the table graph_nodes."""
        pages = len(columns.page_names)
        page = np.where(self.code < pages, self.code, -1)
        site = columns.site
        return rows_of(
            n=self.n,
            kind=[KINDS[max(0, code - pages + 1)] for code in self.code.tolist()],
            page=named(columns.page_names, page),
            step=[None if step < 0 else step for step in self.step.tolist()],
            title=named(site.title, page),
            page_type=named(site.types, np.append(site.type, -1)[page]),
            visits=self.visits,
            customers=self.customers,
            entries=self.entries,
            exits=self.exits,
            dwell_median=self.dwell[:, 0],
            dwell_p95=self.dwell[:, 1],
        )

    def members(self, chosen: Chosen) -> tuple[Codes, Longs]:
        """(m,) nodes, and paths through them: no path of a node falls."""
        window = window_of(chosen, self.steps)
        every = np.arange(len(chosen.index))
        end = np.where(chosen.resolved, len(self.code) - 2, len(self.code) - 1)
        end[~_ended(chosen, self.steps)] = -1
        start = np.zeros(len(every), np.int32)
        row = np.concatenate([start, self.row_of[window.key], end.astype(np.int32)])
        return row, np.concatenate([every, window.path, every])


def node_table(snapshot: Snapshot, chosen: Chosen, steps: int, most: int) -> NodeTable:
    """The nodes of most visits. steps: how many steps of paths are nodes apart, 0 to fold them all."""
    window = window_of(chosen, steps) if steps else None
    visits = chosen.sums.visits if window is None else np.bincount(window.key, minlength=steps * chosen.pages)
    found = np.flatnonzero(visits)
    step, page = np.divmod(found, max(chosen.pages, 1))
    told = found[np.lexsort((step, snapshot.name_place[page], -visits[found]))[:most]]
    step, page = np.divmod(told, max(chosen.pages, 1))
    row_of = np.full(len(visits), -1, np.int32)
    row_of[told] = np.arange(1, len(told) + 1)
    counted = _folded(chosen, told) if window is None else _of_steps(chosen, window, row_of, len(told))
    paths, customers = _ends(chosen, steps)
    nothing = np.zeros(1, np.int64)
    unknown = np.full((1, 2), np.nan)
    return NodeTable(
        code=np.concatenate([[chosen.pages], page, [chosen.pages + 1, chosen.pages + 2]]).astype(np.int32),
        step=np.concatenate([[0 if steps else -1], step + 1 if steps else step - 1, [-1, -1]]),
        visits=np.concatenate([paths[:1], visits[told], paths[1:]]),
        customers=np.concatenate([customers[:1], counted.customers, customers[1:]]),
        entries=np.concatenate([nothing, counted.entries, nothing, nothing]),
        exits=np.concatenate([nothing, counted.exits, nothing, nothing]),
        dwell=np.concatenate([unknown, counted.dwell, unknown, unknown]),
        row_of=row_of,
        all_pages=len(found),
        steps=steps,
    )


class _Counted(NamedTuple):
    """Figures of nodes that are pages."""

    customers: Longs
    entries: Longs
    exits: Longs
    dwell: Floats


def _folded(chosen: Chosen, page: Longs) -> _Counted:
    sums = chosen.sums
    return _Counted(sums.customers[page], sums.entries[page], sums.exits[page], chosen.dwell[page])


def _of_steps(chosen: Chosen, window: Window, row_of: Codes, rows: int) -> _Counted:
    row, at, path = row_of[window.key] - 1, window.at, window.path
    told = row >= 0
    row, at, path = row[told], at[told], path[told]
    first, last = chosen.paths.path_start[path], chosen.paths.path_start[path + 1] - 1
    return _Counted(
        distinct(row, chosen.customer[path], rows),
        np.bincount(row[at == first], minlength=rows),
        np.bincount(row[at == last], minlength=rows),
        _dwell(chosen, row, at, at < last, rows),
    )


def window_of(chosen: Chosen, steps: int) -> Window:
    """The first `steps` steps of each path, 0 for all of them without telling their steps apart."""
    paths = chosen.paths
    if steps == 0:
        return Window(np.arange(len(paths.page)), chosen.path_of_step(), paths.page)
    many = np.minimum(chosen.length, steps)
    path = np.repeat(np.arange(len(many)), many)
    within = np.arange(len(path)) - np.repeat(np.cumsum(many) - many, many)
    at = paths.path_start[path] + within
    return Window(at, path, within * chosen.pages + paths.page[at])


def _ended(chosen: Chosen, steps: int) -> Flags:
    """(q,) the paths that come to their end within so many steps, the end being the one behind their last page."""
    return chosen.length < steps if steps else np.ones(len(chosen.index), np.bool_)


def _ends(chosen: Chosen, steps: int) -> tuple[Longs, Longs]:
    """Paths and customers of START, RESOLVED and OPEN."""
    ended = _ended(chosen, steps)
    row = np.where(chosen.resolved, 1, 2)[ended]
    paths, customers = np.bincount(row, minlength=3), distinct(row, chosen.customer[ended], 3)
    paths[0], customers[0] = len(ended), chosen.customers
    return paths, customers


def _dwell(chosen: Chosen, row: Codes, at: Longs, goes_on: Flags, rows: int) -> Floats:
    """(rows, 2) median and 95th percentile of the seconds until the next step, where the times of both are known."""
    row, at, paths = row[goes_on], at[goes_on], chosen.paths
    known = paths.seen[at] & paths.seen[at + 1]
    row, at = row[known], at[known]
    return seconds(row, paths.at[at + 1] - paths.at[at], rows, (0.5, 0.95))
