"""Percolation: how long paths are and how many get through, over time, by stage, by entry page and by variant."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.path_lengths import length_sums
from raceline.domain.event import DAY
from raceline.projections.path_columns import PathColumns
from raceline.projections.path_figures_chosen import Chosen, Longs, Snapshot, distinct, filters_of
from raceline.projections.path_figures_lengths import lengths
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_rows import Row, Rows, named, row_of, rows_of, share
from raceline.projections.path_list import PathList
from raceline.projections.path_stages import stages_of

_DENSE = 1 << 22  # so many counters are quicker than sorting
_MONDAY = 4  # days from 1970-01-01, a Thursday, to the first Monday


class _Groups(NamedTuple):
    """Which paths are counted in which group: (m,) a path of those chosen, in order, its group, and its period in days
    since 1970 of the first day. A path may be in several groups. names: of groups, by code; group -1 has none."""

    path: Longs
    group: Longs
    period: Longs
    names: pa.Array


class _Cut(NamedTuple):
    """The groups that are told, in order: their periods and codes, and the row (m,) of each path, -1 when left out."""

    period: Longs
    group: Longs
    row: NDArray[np.int32]
    all_groups: int


def percolation(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of them the rows percolation and percolation_totals."""
    where = arguments.get("where") or {}
    chosen = snapshot.chosen(filters_of(where))
    over, by = (str(arguments.get(name) or "").lower() for name in ("over", "by"))
    groups = _groups(chosen, over, by, where.get("racetrack"))
    cut = _cut(groups, int(arguments.get("first", 100)))
    rows = _rows(chosen, groups, cut, over, by)
    told = np.zeros(len(chosen.index), np.bool_)
    told[groups.path[cut.row >= 0]] = True
    numbers = range(1, len(rows) + 1)
    return chosen, {
        "percolation": rows,
        "percolation_totals": row_of(
            groups_left_out=cut.all_groups - len(rows), paths_left_out=np.count_nonzero(~told)
        ),
        "path_lists": [row for one in lists for row in listed(snapshot, chosen, one, numbers, cut.row, groups.path)],
    }


def _groups(chosen: Chosen, over: str, by: str, racetrack: str | None) -> _Groups:
    columns, every = chosen.columns, np.arange(len(chosen.index))
    period = _periods(columns.started_at[chosen.index], over)
    match by:
        case "stage":
            stage = stages_of(columns, racetrack)[chosen.index].astype(np.int64)
            return _Groups(every, np.where(stage == 0, -1, stage), period, columns.stage_names)
        case "entry_page":
            entry = columns.arrays.page[columns.arrays.path_start[chosen.index]].astype(np.int64)
            return _Groups(every, entry, period, columns.page_names)
        case "variant":
            path, group, names = _variants(columns, columns.variant[chosen.index])
            return _Groups(path, group, period[path], names)
    return _Groups(every, np.full(len(every), -1, np.int64), period, pa.array([], pa.string()))


def _periods(started_at: Longs, over: str) -> Longs:
    """The first day of the period that each path starts in, in days since 1970 (UTC)."""
    day = started_at // DAY
    match over:
        case "day":
            return day
        case "week":
            return (day - _MONDAY) // 7 * 7 + _MONDAY
        case "month":
            return day.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)
    return np.zeros(len(day), np.int64)


def _variants(columns: PathColumns, variant: NDArray[np.int32]) -> tuple[Longs, Longs, pa.Array]:
    """A row for each variant of each path, one of no variant for a path without: path, code of its variant, names."""
    names = sorted({name for one in columns.variant_sets for name in one})
    codes = [[names.index(name) for name in one] or [-1] for one in columns.variant_sets]
    start = np.cumsum([0, *map(len, codes)])
    flat = np.array([code for one in codes for code in one], np.int64)
    many = np.diff(start)[variant]
    path = np.repeat(np.arange(len(variant)), many)
    within = np.arange(len(path)) - np.repeat(np.cumsum(many) - many, many)
    return path, flat[start[variant][path] + within], pa.array(names, pa.string())


def _cut(groups: _Groups, most: int) -> _Cut:
    """The newest periods, and in the last of these the groups of most paths."""
    wide = len(groups.names) + 1
    found, place, paths = _counted(groups.period * wide + groups.group + 1)
    period, group = found // wide, found % wide - 1
    # Those of equally many paths by their names, none last.
    kept = np.lexsort((_by_name(groups.names, group), -paths, -period))[:most]
    kept = kept[np.argsort(period[kept], kind="stable")]
    row = np.full(len(found), -1, np.int32)
    row[kept] = np.arange(len(kept))
    return _Cut(period[kept], group[kept], row[place], len(found))


def _counted(key: Longs) -> tuple[Longs, Longs, Longs]:
    """The distinct keys, ascending, which of them each is, and how many there are of each."""
    least = int(key.min(initial=0))
    span = int(key.max(initial=0)) - least + 1
    if span > _DENSE:
        found, place, many = np.unique(key, return_inverse=True, return_counts=True)
        return found, place.reshape(-1), many
    counts = np.bincount(key - least, minlength=span)
    number = np.cumsum(counts > 0) - 1
    present = np.flatnonzero(counts)
    return present + least, number[key - least], counts[present]


def _by_name(names: pa.Array, group: Longs) -> Longs:
    place: Longs = pc.rank(pa.array(named(names, group), pa.string())).to_numpy()
    return place


def _rows(chosen: Chosen, groups: _Groups, cut: _Cut, over: str, by: str) -> list[Row]:
    path, count = groups.path, len(cut.period)
    found = length_sums(chosen.length[path], chosen.resolved[path], cut.row, count)
    figures = lengths(found)
    customers = distinct(cut.row, chosen.customer[path], count)
    turned = np.bincount(cut.row[chosen.turned[path] & (cut.row >= 0)], minlength=count)
    nothing = [None] * count
    name = named(groups.names, cut.group)
    return rows_of(
        n=np.arange(1, count + 1),
        period=cut.period.astype("M8[D]") if over else nothing,
        stage=name if by == "stage" else nothing,
        entry_page=name if by == "entry_page" else nothing,
        variant=name if by == "variant" else nothing,
        paths=figures["all_paths"],
        customers=customers,
        share_resolved=share(figures["resolved_paths"], figures["all_paths"]),
        share_with_turnaround=share(turned, figures["all_paths"]),
        **figures,
    )
