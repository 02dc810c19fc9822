"""Which pages come before a move from a stage onward, counted against customers who stayed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raceline.analytics.before_moves import AS_EXPECTED, FEWER, MORE, TOO_FEW, BeforeMoves, Stays, Views, pages_before
from raceline.domain import arrow
from raceline.domain.errors import NoReadModels
from raceline.domain.event import DAY
from raceline.domain.sql import statements
from raceline.projections.kept_paths import KeptPaths
from raceline.projections.path_columns import PathColumns
from raceline.projections.path_days import begin_of, end_of
from raceline.projections.path_figures_chosen import Chosen, Codes, Flags, Longs, Snapshot, snapshot_of
from raceline.projections.path_figures_rows import Row, Rows, named, row_of, rows_of
from raceline.projections.path_stages import racetrack_of

_STAYS = statements("raceline.projections", "path_figures_stays.sql")["stays"]
_CHECKPOINT = statements("raceline.projections", "stages.sql")["checkpoint"]
_FLAGS = {TOO_FEW: "TOO_FEW", AS_EXPECTED: "AS_EXPECTED", MORE: "MORE", FEWER: "FEWER"}
_TRIES = 3
# Those that are told as they are counted.
_FIGURES = (
    "exposed_days", "unexposed_days", "rate_ratio", "low", "high", "p", "q", "movers_share", "stayers_share",
)  # fmt: skip


@dataclass(frozen=True)
class StageStays:
    """The stays in a stage as of a position and a clock.

    customer: (m,) names; entered, left: (m,) microseconds since 1970, an open stay has lasted until the clock; moved:
    (m,) it ended by a move onward; ended: (m,) it has ended.
    """

    position: int
    clock: int
    customer: pa.Array
    entered: Longs
    left: Longs
    moved: Flags
    ended: Flags


def pages_before_moves(
    columns: PathColumns, kept: KeptPaths, arguments: Mapping[str, Any]
) -> tuple[PathColumns, Chosen, Rows]:
    """The columns that the answer is of, all their paths, and the rows before_moves and before_totals.

    Stays are those of the stage that is named; `from` and `to` bound the days that are counted, and `window` is in
    days. Raises NoRacetrack, NotInForce, NoReadModels, LogUnavailable, LogRefused.
    """
    racetrack, stage = racetrack_of(columns, arguments.get("racetrack")), str(arguments["stage"])
    columns, stays = _level(columns, kept, racetrack, stage)
    snapshot = snapshot_of(columns, kept)
    chosen = snapshot.chosen(())
    window, (begin, end) = int(arguments.get("window") or 7) * DAY, _bounds(arguments)
    key = ("before", racetrack, stage, window, begin, end)
    _, found = chosen.once(
        key, lambda: (stays, _counted(snapshot, stays, window, begin, end)), lambda made: made[0] is stays
    )
    rows = _rows(columns, found, int(arguments.get("first", 50)))
    inside = (stays.left > begin) & (stays.entered < end)
    totals = row_of(
        stage=stage,
        racetrack=racetrack,
        stays=found.stays,
        moves=found.moves,
        open_stays=np.count_nonzero(inside & (~stays.ended | (stays.left >= end))),
        days=found.days,
        tested=found.tested,
        pages_left_out=len(found.page) - len(rows),
    )
    return columns, chosen, {"before_moves": rows, "before_totals": totals, "path_lists": []}


def _rows(columns: PathColumns, found: BeforeMoves, first: int) -> list[Row]:
    page, site = found.page[:first], columns.site
    return rows_of(
        n=np.arange(1, len(page) + 1),
        page=named(columns.page_names, page),
        title=named(site.title, page),
        page_type=named(site.types, site.type[page]),
        moves_after=found.moves_after[:first],
        moves=np.full(len(page), found.moves),
        **{name: getattr(found, name)[:first] for name in _FIGURES},
        flag=[_FLAGS[flag] for flag in found.flag[:first].tolist()],
    )


def _bounds(arguments: Mapping[str, Any]) -> tuple[int, int]:
    """The first moment that counts, and the first one behind those that do; microseconds since 1970."""
    return begin_of(arguments.get("from") or date.min), end_of(arguments.get("to") or date.max)


def _level(columns: PathColumns, kept: KeptPaths, racetrack: str, stage: str) -> tuple[PathColumns, StageStays]:
    """Columns and stays of one position and clock; where events come in faster than both are read, stays are ahead."""
    for _ in range(_TRIES):
        snapshot = snapshot_of(columns, kept)
        stays = _stays(snapshot, columns.clock, kept.url, racetrack, stage)
        if (stays.position, stays.clock) == (columns.position, columns.clock):
            break
        columns = kept.now()
    return columns, stays


def _stays(snapshot: Snapshot, clock: int, url: str, racetrack: str, stage: str) -> StageStays:
    chosen, key = snapshot.chosen(()), ("stays", racetrack, stage)
    return chosen.once(key, lambda: _read(url, racetrack, stage), lambda found: found.clock == clock)


def _read(url: str, racetrack: str, stage: str) -> StageStays:
    with arrow.connect(url) as connection:
        arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        live = arrow.rows(connection, _CHECKPOINT).to_pylist()
        if not live:
            raise NoReadModels
        arrow.settings(connection, {"racetrack": racetrack, "stage": stage})
        found = arrow.rows(connection, _STAYS).combine_chunks()
    entered = found["entered_at"].cast(pa.int64()).to_numpy()
    left = pc.fill_null(found["left_at"].cast(pa.int64()), live[0]["clock"]).to_numpy()
    return StageStays(
        position=live[0]["position"],
        clock=live[0]["clock"],
        customer=pa.concat_arrays(found["customer_id"].chunks or [pa.array([], pa.string())]),
        entered=entered,
        left=np.maximum(left, entered),
        moved=found["moved"].to_numpy(zero_copy_only=False),
        ended=found["left_at"].is_valid().to_numpy(zero_copy_only=False),
    )


def _counted(snapshot: Snapshot, stays: StageStays, window: int, begin: int, end: int) -> BeforeMoves:
    chosen = snapshot.chosen(())
    inside = np.flatnonzero((stays.left > begin) & (stays.entered < end))
    entered, left = stays.entered[inside], stays.left[inside]
    watched = Stays(
        customer=_customers(chosen.columns, stays.customer.take(pa.array(inside))),
        entered=entered,
        left=np.minimum(left, end),
        moved=stays.moved[inside] & (left < end),
        watched_from=np.maximum(entered, begin),
    )
    paths = chosen.paths
    views = Views(np.repeat(paths.customer, chosen.length), paths.at, paths.page)
    return pages_before(watched, views, chosen.pages, window, place=snapshot.name_place)


def _customers(columns: PathColumns, names: pa.Array) -> Codes:
    """The codes of customers, those that the columns have first: who never had a path gets a code behind these."""
    known = columns.customer_names
    code = pc.fill_null(pc.index_in(names, value_set=known), -1).to_numpy()
    others = names.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    found: Codes = np.where(code >= 0, code, len(known) + others).astype(np.int32)
    return found
