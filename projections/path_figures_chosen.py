"""The paths that a question is about, and what is counted of them: made once for all fields and pages of an answer that
ask the same, and kept while the columns are the newest."""

from collections.abc import Callable, Mapping
from functools import reduce
from threading import Lock
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary, ref

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.path_arrays import PathArrays, select_paths
from raceline.analytics.path_edges import Edges, edges
from raceline.analytics.path_pages import PageSums, dwell, page_sums
from raceline.analytics.path_variants import Variants, variants
from raceline.analytics.quantiles import grouped_quantiles
from raceline.projections.path_columns import PathColumns
from raceline.projections.path_figures_made import Made, columns_in
from raceline.projections.path_figures_where import path_filter
from raceline.projections.path_filter import PathFilter, keep

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Filters: TypeAlias = tuple[PathFilter, ...]  # all of them have to hold
T = TypeVar("T")

# Beside all paths, so many choices are kept, as far as they and what was counted of them are small enough together.
_CHOICES = 16
_BYTES = 2**28
_ANSWERS = 2**26  # of one choice
_MICROSECONDS = 1e6


class Chosen:
    """Some of the paths, and figures of them that several questions share; safe to share between threads.

    index: (q,) where each of them is in the columns; turned: (q,) it has a turnaround; place: (p,) where each path of
    the columns stands in the order of their starts. shared: by identity, columns that others hold anyway; after: called
    when something was counted.
    """

    def __init__(
        self,
        columns: PathColumns,
        kept: Flags,
        turned: Flags,
        place: Longs,
        shared: frozenset[int] = frozenset(),
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.columns = columns
        self.index = np.flatnonzero(kept)
        self.turned: Flags = turned[self.index]
        self._kept, self._place = kept, place
        self._figures = Made(None, shared, after)  # of which there are a few
        self._answers = Made(_ANSWERS, shared, after)  # of which there are as many as there are questions

    def once(self, key: object, make: Callable[[], T], is_good: Callable[[T], bool] = lambda _: True) -> T:
        """An answer: what was made under this key before, is kept and still good, or is made now.

        Whoever asks meanwhile waits.
        """
        return self._answers.once(key, make, is_good)

    @property
    def size(self) -> int:
        """The bytes of it and of all that was counted of it."""
        own = self.index.nbytes + self.turned.nbytes + self._kept.nbytes
        return own + self._figures.size + self._answers.size

    @property
    def pages(self) -> int:
        """How many codes of pages there are."""
        return len(self.columns.page_names)

    @property
    def paths(self) -> PathArrays:
        """The paths themselves, copied when they are some of all: what needs no steps is counted without."""
        return self._figures.once("paths", lambda: select_paths(self.columns.arrays, self._kept))

    @property
    def resolved(self) -> Flags:
        """(q,) it ends with an acknowledgement."""
        return self.columns.arrays.resolved[self.index]

    @property
    def length(self) -> Longs:
        """(q,) steps of each path."""
        start = self.columns.arrays.path_start
        return self._figures.once("length", lambda: start[self.index + 1] - start[self.index])

    @property
    def customer(self) -> Codes:
        """(q,) the customer of each path, numbered from 0 in their order here."""
        return self._figures.once("customer", lambda: _numbered(self.columns.arrays.customer[self.index]))

    @property
    def customers(self) -> int:
        """How many customers have any of these paths."""
        return int(self.customer[-1]) + 1 if len(self.index) else 0

    @property
    def sums(self) -> PageSums:
        """Sums by page."""
        return self._figures.once("sums", lambda: page_sums(self.paths, self.pages))

    @property
    def edges(self) -> Edges:
        """Transitions by the pages that they go from and to."""
        return self._figures.once("edges", lambda: edges(self.paths, self.pages))

    @property
    def variants(self) -> Variants:
        """Paths by their steps; of equally frequent ones the one that somebody went first."""
        return self._figures.once("variants", lambda: variants(self.paths, self._place[self.index]))

    @property
    def dwell(self) -> Floats:
        """(pages, 2) median and 95th percentile of the seconds until the next step; nan where there is none."""
        return self._figures.once("dwell", lambda: seconds(*dwell(self.paths), self.pages, (0.5, 0.95)))

    def path_of_step(self) -> Longs:
        """(s,) the path that each step belongs to."""
        return np.repeat(np.arange(len(self.index)), self.length)


class Snapshot:
    """All paths at one position, and choices among them."""

    def __init__(self, columns: PathColumns) -> None:
        self.columns = columns
        self.place = _inverse(columns.by_start)
        self._turned = _any(columns.arrays.turns.depth > 0, columns.arrays.path_start)
        self.name_place = _inverse(pc.array_sort_indices(columns.page_names).to_numpy())
        self._shared = frozenset(id(column) for column in columns_in(columns))
        self._all = self.those(np.ones(columns.paths, np.bool_))
        self._chosen: dict[Filters, Chosen] = {}  # the one that was asked for last stands last
        self._lock = Lock()

    def chosen(self, filters: Filters) -> Chosen:
        """The paths that pass all of the filters. Raises what `keep` raises."""
        if not filters:
            return self._all
        with self._lock:
            found = self._chosen.pop(filters, None)
        if found is None:
            kept = self._kept(filters)
            found = self._all if kept.all() else self.those(kept)
        with self._lock:
            self._chosen[filters] = found
        self.let_go()
        return found

    def those(self, kept: Flags) -> Chosen:
        """The paths that are marked, of (p,)."""
        mine = ref(self)  # a choice may outlive the snapshot, and does not keep it
        return Chosen(self.columns, kept, self._turned, self.place, self._shared, lambda: _let_go(mine()))

    def let_go(self) -> None:
        """Keep the choices that were asked for last, as many as fit; the last one however large, and all paths."""
        with self._lock:
            while len(self._chosen) > 1 and (len(self._chosen) > _CHOICES or self._size() > _BYTES):
                del self._chosen[next(iter(self._chosen))]

    def _size(self) -> int:
        return sum(one.size for one in self._chosen.values() if one is not self._all)

    def holds(self, columns: PathColumns) -> bool:
        """These columns say the same; their clock, which nothing here is counted by, may be another one."""
        mine = self.columns
        return mine.arrays is columns.arrays and mine.site is columns.site and mine.position == columns.position

    def after(self, started_at: int, path_id: int) -> int:
        """The first place in the order behind a path that started then (microseconds) and has this path_id."""
        order = self.columns.by_start
        first, last = (np.searchsorted(self.columns.started_at, started_at, side, order) for side in ("left", "right"))
        together = self.columns.path_id[order[first:last]]
        return int(first + np.searchsorted(together, path_id, "right"))

    def _kept(self, filters: Filters) -> Flags:
        every = np.ones(len(self.columns.path_id), np.bool_)
        return reduce(np.logical_and, [keep(self.columns, one) for one in filters], every)


# By the KeptPaths that the columns are of: the snapshot of its newest columns.
_SNAPSHOTS: WeakKeyDictionary[object, Snapshot] = WeakKeyDictionary()
_LOCK = Lock()


def snapshot_of(columns: PathColumns, kept: object) -> Snapshot:
    """The snapshot of these columns: the same one until other paths of `kept` are asked about."""
    with _LOCK:
        found = _SNAPSHOTS.get(kept)
    if found is None or not found.holds(columns):
        found = Snapshot(columns)
        with _LOCK:
            _SNAPSHOTS[kept] = found
    return found


def filters_of(*said: Mapping[str, Any] | None) -> Filters:
    """The filters of inputs or arguments, of those that say anything."""
    found = [path_filter(one) for one in said if one is not None]
    return tuple(dict.fromkeys(one for one in found if one != PathFilter()))


def seconds(group: Codes, microseconds: Longs, groups: int, quantiles: tuple[float, ...]) -> Floats:
    """(groups, quantiles) of times, in seconds; group -1 is none of them."""
    return grouped_quantiles(group, microseconds, groups, quantiles) / _MICROSECONDS


def distinct(row: NDArray[Any], value: NDArray[Any], rows: int) -> Longs:
    """(rows,) how many values each row has; the values of a row never fall, and row -1 is none."""
    order = by_row(row, rows)
    row, value = row[order], value[order]
    first = np.append(True, (row[1:] != row[:-1]) | (value[1:] != value[:-1]))[: len(row)] & (row >= 0)
    return np.bincount(row[first], minlength=rows)


def by_row(row: NDArray[Any], rows: int) -> Longs:
    """An order by row that leaves what is of one row as it is."""
    small = row.astype(np.int16) if rows < 2**15 else row  # small numbers are sorted by radix
    return np.argsort(small, kind="stable")


def _let_go(snapshot: Snapshot | None) -> None:
    if snapshot is not None:
        snapshot.let_go()


def _any(flags: Flags, start: Longs) -> Flags:
    """Whether any flag is set from one start to the next one; none of these groups is empty."""
    return np.logical_or.reduceat(flags, start[:-1]) if len(flags) else np.empty(0, np.bool_)


def _numbered(codes: Codes) -> Codes:
    """Equal codes are neighbours: 0 for the first run of them, 1 for the next one ..."""
    return np.cumsum(np.append(False, codes[1:] != codes[:-1])[: len(codes)], dtype=np.int32)


def _inverse(order: NDArray[Any]) -> Longs:
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place
