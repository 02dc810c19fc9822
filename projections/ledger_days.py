"""What was predicted of the customers of each stage on each day, in sums, and what came true of them."""

from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import Floats
from raceline.projections.ledger_columns import NEXT, OUT, Ledger, Longs, followed, left_by
from raceline.projections.ledger_figures import as_date, as_day
from raceline.projections.path_figures_rows import Row, Rows, rows_of, share

# What is summed, by when it has to have come true, and by which exit.
_SUMS = (("day", 1, NEXT), ("week", 7, NEXT), ("month", 30, NEXT), ("left_month", 30, OUT))


class Grid(NamedTuple):
    """A racetrack's stages and days with predictions, (g,) each, by stage and then by day.

    stage: codes; day: since 1970; predicted, revised, other_version: rows; mean, expected, came: by the name of the
    sum, the mean chance, the sum of chances of rows that can be judged, and how many of these came true (-1: not known
    yet). Where every row is of another version of the racetrack there is no sum (nan), and nothing can come true.
    """

    stage: Longs
    day: Longs
    predicted: Longs
    revised: Longs
    other_version: Longs
    mean: dict[str, Floats]
    expected: dict[str, Floats]
    came: dict[str, Longs]


def ledger_days(ledger: Ledger, racetrack: str, from_: date, to: date) -> Rows:
    """The table ledger_days: the days from one to another, both included, on which anything was predicted."""
    grid = _grid(ledger, racetrack)
    asked = (grid.day >= as_day(from_)) & (grid.day <= as_day(to))
    return {"ledger_days": _told(ledger, racetrack, grid, np.flatnonzero(asked))}


def ledger_stages(ledger: Ledger, racetrack: str) -> Rows:
    """The table ledger_stages: of each stage the newest day of which it is known what came true within a week."""
    grid = _grid(ledger, racetrack)
    known = np.flatnonzero(grid.came["week"] >= 0)
    last = np.append(np.diff(grid.stage[known]) != 0, True)[: len(known)]
    return {"ledger_stages": _told(ledger, racetrack, grid, known[last])}


def _told(ledger: Ledger, racetrack: str, grid: Grid, place: Longs) -> list[Row]:
    came = {name: [None if n < 0 else n for n in values[place].tolist()] for name, values in grid.came.items()}
    return rows_of(
        racetrack=[racetrack] * len(place),
        stage=ledger.stages.take(grid.stage[place]),
        day=[as_date(day) for day in grid.day[place].tolist()],
        predicted=grid.predicted[place],
        revised=grid.revised[place],
        other_version=grid.other_version[place],
        **{f"mean_{name}": values[place] for name, values in grid.mean.items()},
        **{f"expected_{name}": values[place] for name, values in grid.expected.items()},
        **{name if name == "left_month" else f"moved_{name}": values for name, values in came.items()},
    )


def _grid(ledger: Ledger, racetrack: str) -> Grid:
    return ledger.made.once(("grid", racetrack), lambda: _summed(ledger, racetrack))


def _summed(ledger: Ledger, racetrack: str) -> Grid:
    row = np.flatnonzero(ledger.rows.racetrack == ledger.code(racetrack))
    first = int(ledger.rows.day[row].min(initial=2**31 - 1))
    days = int(ledger.rows.day[row].max(initial=first)) - first + 1
    cell = ledger.rows.stage[row].astype(np.int64) * days + (ledger.rows.day[row] - first)
    predicted = np.bincount(cell)
    place = np.flatnonzero(predicted)
    good, other = ledger.outcomes.comparable[row], cell[ledger.outcomes.other_version[row]]
    kept, of_kept = row[good], cell[good]

    def counted(of: Longs, values: NDArray[np.generic] | None = None) -> Floats:
        return np.bincount(of, values, len(predicted))[place].astype(np.float64)

    same, apart = counted(of_kept), counted(other)
    judged = (same > 0) | (apart == 0)
    mean, expected, came = {}, {}, {}
    for name, horizon, exit_ in _SUMS:
        chance = ledger.rows.left_within_month if exit_ == OUT else ledger.rows.within(horizon)
        mean[name] = share(counted(cell, chance[row]), predicted[place])
        expected[name] = np.where(judged, counted(of_kept, chance[kept]), np.nan)
        known = judged & (counted(of_kept, followed(ledger, kept, horizon)) == same)
        came[name] = np.where(known, counted(of_kept, left_by(ledger, kept, exit_, horizon)), -1).astype(np.int64)
    return Grid(
        stage=place // days,
        day=place % days + first,
        predicted=predicted[place],
        revised=predicted[place] - (same + apart).astype(np.int64),
        other_version=apart.astype(np.int64),
        mean=mean,
        expected=expected,
        came=came,
    )
