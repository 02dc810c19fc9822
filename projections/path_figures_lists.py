"""The paths behind figures: lists of their ids, in the order in which they started."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from raceline.domain.event import EPOCH
from raceline.projections.path_figures_chosen import Chosen, Codes, Longs, Snapshot, by_row
from raceline.projections.path_figures_rows import Row
from raceline.projections.path_list import PathList


def listed(
    snapshot: Snapshot, chosen: Chosen, asked: PathList, numbers: Sequence[int], row: Codes | Longs, path: Longs
) -> list[Row]:
    """The paths of each row as rows of the table `path_lists`.

    numbers: what the rows are known by, their n; row, path: (m,) a row of 0 .. len(numbers) - 1 and one of its paths, a
    path of `chosen`. The paths of a row never fall, and may be said more than once; row -1 is none.
    """
    belongs = row >= 0
    if not belongs.all():
        row, path = row[belongs], path[belongs]
    order = by_row(row, len(numbers))
    row, path = row[order], path[order]
    first = np.append(True, (path[1:] != path[:-1]) | (row[1:] != row[:-1]))[: len(path)]
    row, path = row[first], path[first]
    border = np.searchsorted(row, np.arange(len(numbers) + 1))
    behind = 0 if asked.after is None else _place(snapshot, *asked.after)
    place = snapshot.place[chosen.index[path]]
    return [
        {
            "list": asked.list,
            "row": number,
            "path_ids": _ids(snapshot, place[border[n] : border[n + 1]], behind, asked.first + 1),
            "total": int(border[n + 1] - border[n]),
        }
        for n, number in enumerate(numbers)
    ]


def every_path(snapshot: Snapshot, chosen: Chosen, asked: PathList) -> list[Row]:
    """All chosen paths, as the list of the question itself."""
    found = np.arange(len(chosen.index))
    return listed(snapshot, chosen, asked, [0], np.zeros(len(found), np.int64), found)


def _place(snapshot: Snapshot, started_at: datetime, path_id: int) -> int:
    return snapshot.after((started_at - EPOCH) // timedelta(microseconds=1), path_id)


def _ids(snapshot: Snapshot, place: Longs, behind: int, most: int) -> list[int]:
    place = place[place >= behind] if behind else place
    if len(place) > most:
        place = np.partition(place, most - 1)[:most]
    ids: list[int] = snapshot.columns.path_id[snapshot.columns.by_start[np.sort(place)]].tolist()
    return ids
