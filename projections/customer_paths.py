"""The paths of customers: the events that carry a page, as the steps of visits with their turns (design, section 6)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.paths import Steps, Turns, annotate, build_paths
from raceline.domain.columns import Columns
from raceline.projections.rows import Longs, lists


@dataclass(frozen=True)
class Paths:
    """Paths of all customers of the columns. row: (m,) the rows of the columns that carry a page; gap:
    microseconds of silence that end a path."""

    row: Longs
    names: pa.Array
    steps: Steps
    turns: Turns
    customer: NDArray[np.int32]
    started_at: Longs
    ended_at: Longs
    path_id: Longs
    variants: pa.ListArray
    gap: int


def paths_of(columns: Columns, gap: int) -> Paths:
    """The paths that these events make; gap: microseconds of silence that end one."""
    row = np.flatnonzero(columns.texts["page"].is_valid().to_numpy())
    taken = columns.texts.select(["page", "from_page", "resolved", "variant"]).take(pa.array(row))
    names, page, source = _page_codes(taken["page"], taken["from_page"])
    resolved = pc.equal(taken["resolved"], "true").fill_null(fill_value=False).to_numpy(zero_copy_only=False)
    customer, occurred_at = columns.customer[row], columns.occurred_at[row]
    steps = build_paths(customer, occurred_at, page, source, resolved, gap)
    first, last = steps.event_start[:-1], steps.event_start[1:] - 1
    return Paths(
        row=row,
        names=names,
        steps=steps,
        turns=annotate(steps.page, steps.path_start, len(names)),
        customer=customer[first],
        started_at=occurred_at[first],
        ended_at=occurred_at[last],
        path_id=columns.position[row][first],
        variants=_variants(taken["variant"].combine_chunks(), steps.event_start),
        gap=gap,
    )


def _variants(said: pa.Array, event_start: Longs) -> pa.ListArray:
    """The distinct variants of each path; said: by each event, with commas between them. Null where none is said."""
    texts = said.dictionary_encode()
    split = [
        list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
        for text in texts.dictionary.to_pylist()
    ]
    names = list(dict.fromkeys(name for one in split for name in one))
    code = {name: n for n, name in enumerate(names)}
    each = lists(np.cumsum([0, *map(len, split)]), np.array([code[name] for one in split for name in one], np.int64))
    event = np.flatnonzero(said.is_valid())
    found = each.take(texts.indices.take(pa.array(event)))
    path = np.searchsorted(event_start, np.repeat(event, found.value_lengths().to_numpy()), side="right") - 1
    key = path * max(1, len(names)) + found.flatten().to_numpy()
    kept = np.sort(np.unique(key, return_index=True)[1])
    offsets = np.searchsorted(path[kept], np.arange(len(event_start)))
    values = pa.array(names, pa.string()).take(found.flatten().take(pa.array(kept)))
    return lists(offsets, values, pa.array(np.diff(offsets) == 0))


def _page_codes(
    page: pa.ChunkedArray, source: pa.ChunkedArray
) -> tuple[pa.Array, NDArray[np.int32], NDArray[np.int32]]:
    both = pa.chunked_array([*page.chunks, *source.chunks], pa.string()).combine_chunks().dictionary_encode()
    codes = both.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return both.dictionary, codes[: len(page)], codes[len(page) :]
