"""Rows of live.paths as arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.path_arrays import PathArrays, annotated, select_paths
from raceline.analytics.paths import Turns
from raceline.projections.path_columns import Codes
from raceline.projections.rows import Longs


class PathRows(NamedTuple):
    """Rows of live.paths as arrays, in any order."""

    customer: Codes
    n: Longs
    path_id: Longs
    started_at: Longs
    resolved: NDArray[np.bool_]
    length: Longs
    page: Codes
    at: Longs
    seen: NDArray[np.bool_]
    stage: Codes
    variant: Codes


_NONE = PathRows(
    np.empty(0, np.int32),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.bool_),
    np.empty(0, np.int64),
    np.empty(0, np.int32),
    np.empty(0, np.int64),
    np.empty(0, np.bool_),
    np.empty((0, 0), np.int32),
    np.empty(0, np.int32),
)


class Part(NamedTuple):
    """Some paths, in the order of customers and then of their numbers, by the codes of the books."""

    arrays: PathArrays
    path_id: Longs
    started_at: Longs
    stage: Codes
    variant: Codes

    def where(self, kept: NDArray[np.bool_]) -> "Part":
        """Only the paths that are marked, of (p,)."""
        return Part(
            select_paths(self.arrays, kept),
            self.path_id[kept],
            self.started_at[kept],
            self.stage[:, kept],
            self.variant[kept],
        )

    def and_then(self, other: "Part") -> "Part":
        """Those of other customers behind these."""
        before, after = self.arrays, other.arrays
        turns = Turns(*(np.append(*pair) for pair in zip(before.turns, after.turns, strict=True)))
        arrays = PathArrays(
            np.append(before.path_start, after.path_start[1:] + before.path_start[-1]),
            np.append(before.page, after.page),
            np.append(before.at, after.at),
            np.append(before.customer, after.customer),
            np.append(before.resolved, after.resolved),
            turns,
            np.append(before.seen, after.seen),
        )
        return Part(
            arrays,
            np.append(self.path_id, other.path_id),
            np.append(self.started_at, other.started_at),
            np.concatenate([self.stage, other.stage], axis=1),
            np.append(self.variant, other.variant),
        )


def in_order(read: Sequence[PathRows], racetracks: int, pages: int) -> Part:
    """The rows by customer and number."""
    none = _NONE._replace(stage=np.empty((racetracks, 0), np.int32))
    rows = PathRows(*(np.concatenate(column, axis=-1) for column in zip(none, *read, strict=True)))
    order = np.lexsort((rows.n, rows.customer))
    start = np.append(0, np.cumsum(rows.length))
    path_start = np.append(0, np.cumsum(rows.length[order]))
    # Where the steps lie in the order that was read. Most often they are in order already.
    in_place = bool((np.diff(order) == 1).all())
    step = (
        slice(None)
        if in_place
        else np.repeat(start[order] - path_start[:-1], rows.length[order]) + np.arange(path_start[-1])
    )
    of_paths, seen = (rows.customer[order], rows.resolved[order]), rows.seen[step]
    arrays = annotated(path_start, rows.page[step], rows.at[step], *of_paths, pages, seen)
    return Part(arrays, rows.path_id[order], rows.started_at[order], rows.stage[:, order], rows.variant[order])
