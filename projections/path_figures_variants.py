"""Variants: the paths that are the same, step by step."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from raceline.projections.path_figures_chosen import Chosen, Longs, Snapshot, filters_of, seconds
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_rows import Row, Rows, row_of, rows_of, share
from raceline.projections.path_list import PathList


def path_variants(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of them the rows path_variants and variant_totals, most frequent first."""
    chosen = snapshot.chosen(filters_of(arguments.get("where")))
    found, paths = chosen.variants, len(chosen.index)
    k = min(int(arguments.get("first", 20)), len(found.paths))
    count, first = found.paths[:k], found.first[:k]
    of_path = np.where(found.of_path < k, found.of_path, -1).astype(np.int32)
    rows = rows_of(
        n=np.arange(1, k + 1),
        pages=_pages(chosen, first),
        length=chosen.length[first],
        paths=count,
        customers=found.customers[:k],
        share=share(count, paths),
        cumulative_share=share(np.cumsum(count), paths),
        resolved=found.resolved[:k],
        share_resolved=share(found.resolved[:k], count),
        median_seconds=seconds(of_path, _duration(chosen), k, (0.5,))[:, 0],
    )
    totals = row_of(
        variants=len(found.paths),
        paths=paths,
        variants_left_out=len(found.paths) - k,
        paths_left_out=paths - count.sum(),
    )
    return chosen, {
        "path_variants": rows,
        "variant_totals": totals,
        "path_lists": _paths(snapshot, chosen, lists, of_path, k),
    }


def _pages(chosen: Chosen, path: Longs) -> list[list[str]]:
    """The names of the pages of some paths, for each of them."""
    begin, length = chosen.paths.path_start[path], chosen.length[path]
    border = np.append(0, np.cumsum(length))
    step = np.repeat(begin - border[:-1], length) + np.arange(border[-1])
    names = np.array(chosen.columns.page_names.to_pylist(), np.object_)[chosen.paths.page[step]].tolist()
    return [names[first:last] for first, last in pairwise(border.tolist())]


def _duration(chosen: Chosen) -> Longs:
    """(q,) microseconds from the first step of each path to its last one."""
    start, at = chosen.paths.path_start, chosen.paths.at
    return at[start[1:] - 1] - at[start[:-1]]


def _paths(snapshot: Snapshot, chosen: Chosen, lists: Sequence[PathList], of_path: Any, rows: int) -> list[Row]:
    every = np.arange(len(of_path))
    return [row for one in lists for row in listed(snapshot, chosen, one, range(1, rows + 1), of_path, every)]
