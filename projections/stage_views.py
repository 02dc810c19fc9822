"""What customers looked at, and what a racetrack lays over its stages, by the stage that they were in (design, section
7)."""

from hashlib import sha256

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.cases import states_at
from raceline.projections.case_spells import Stays
from raceline.projections.race_facts import Field, local_days, matching_rows, millionths, numbers
from raceline.projections.race_rules import Lay, Track
from raceline.projections.rows import Longs
from raceline.projections.sums import Key, day_key, tally
from raceline.projections.tables import SUM_SCHEMAS

KINDS = ("page", "content")
_SHOWN = 100
_LONGEST = 512  # of a value that is told apart from others by itself


def view_tables(track: Track, seen: Field, stays: Stays) -> dict[str, pa.Table]:
    """stage_views and overlay_days of the events that a racetrack is about."""
    columns = seen.columns
    state = states_at(columns.customer, columns.occurred_at, stays.start, stays.at, stays.to, stays.outside)
    placed = _Placed(track, seen, state)
    overlays = [placed.overlay(lay) for lay in track.overlays]
    empty = SUM_SCHEMAS["overlay_days"].empty_table()
    return {"stage_views": placed.views(), "overlay_days": pa.concat_tables([empty, *overlays])}


class _Placed:
    """The events of a racetrack with the state that their customers were in."""

    def __init__(self, track: Track, seen: Field, state: NDArray[np.int32]) -> None:
        self.track = track
        self.seen = seen
        self.state = state

    def _keys(self, rows: Longs) -> dict[str, Key]:
        day = local_days(self.seen.columns.occurred_at[rows], self.track.racetrack.time_zone)
        return {
            "racetrack": self._constant(self.track.name, rows),
            "stage": Key(self.state[rows], pa.array(self.track.stages)),
            "day": day_key(day),
        }

    def _constant(self, value: str, rows: Longs) -> Key:
        return Key(np.zeros(len(rows), np.int64), pa.array([value]))

    def views(self) -> pa.Table:
        pages = self.seen.columns.texts["page"].combine_chunks().dictionary_encode()
        rows = np.flatnonzero(pages.is_valid())
        content = np.array([name.startswith("content.") for name in self.seen.kinds.names], np.int64)
        codes = pages.indices.take(pa.array(rows)).to_numpy()
        keys = self._keys(rows) | {
            "kind": Key(content[self.seen.kinds.codes[rows]], pa.array(KINDS)),
            "page": Key(codes, pages.dictionary),
        }
        return tally(keys, {"views": np.ones(len(rows), np.int64)}).select(SUM_SCHEMAS["stage_views"].names)

    def overlay(self, lay: Lay) -> pa.Table:
        columns = self.seen.columns
        passed = list(matching_rows(columns, self.seen.kinds, lay.matcher))
        rows = np.concatenate([np.empty(0, np.int64), *(part for _, part in passed)])
        counted, amount = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
        value = self._constant("", rows)
        if (meant := lay.value) is not None:
            parts = [columns.texts[meant.columns[kind]].take(pa.array(part)) for kind, part in passed]
            texts = pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string()).combine_chunks()
            if meant.sums:
                counted, amount = np.isfinite(numbers(texts)).astype(np.int64), millionths(texts)
            else:
                found = _keyed(texts).dictionary_encode()
                counted = texts.is_valid().to_numpy(zero_copy_only=False).astype(np.int64)
                codes = found.indices.fill_null(-1).to_numpy() + 1
                value = Key(codes, pa.concat_arrays([pa.array([""]), found.dictionary]))
        keys = self._keys(rows) | {"overlay": self._constant(lay.overlay.name, rows), "value": value}
        told = tally(keys, {"events": np.ones(len(rows), np.int64), "counted": counted, "amount": amount})
        return told.select(SUM_SCHEMAS["overlay_days"].names)


def _keyed(texts: pa.Array) -> pa.Array:
    """Texts that are short enough for an index; a long one by its beginning and a digest of all of it."""
    encoded = texts.dictionary_encode()
    short = [
        value if len(value) <= _LONGEST else f"{value[:_SHOWN]}... sha256 {sha256(value.encode()).hexdigest()}"
        for value in encoded.dictionary.to_pylist()
    ]
    return pa.array(short, pa.string()).take(encoded.indices)
