"""The one derivation: events as columns in, rows of every read model out (design, section 3).

The live run calls it for the customers touched, a replay for all customers in chunks, `verify` to compare, a question
"as known at" for one customer. So their answers are equal by construction.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.domain.columns import Columns
from raceline.projections.cases import Cases, case_table, cases_of
from raceline.projections.customer_paths import Paths, paths_of
from raceline.projections.predictions import Predicted, predicted, standing_now
from raceline.projections.race import Instants, Told, race_tables
from raceline.projections.rows import Longs, last_known, lists, moments, numbered
from raceline.projections.rules import Rules
from raceline.projections.sums import SUMS
from raceline.projections.tables import OF_CUSTOMER, PREDICTIONS, RACE, Rows
from raceline.projections.titles import Titles

# To be raised whenever the same events give other rows than before: read models of the old version are then replayed.
DERIVATION = 5


def derive(
    columns: Columns, rules: Rules, clock: int, *, predicting: bool = True, wanted: frozenset[str] | None = None
) -> Rows:
    """The rows that these events give; for all events of a customer, or for those known at some position.

    clock: microseconds since 1970; up to then, time alone moves customers. Without predicting there are no predictions.
    wanted: the tables that somebody asked for, so that the others are not made; None is all.
    """
    paths, cases = paths_of(columns, rules.session_gap), cases_of(columns, rules.cases)
    starts = Instants(paths.customer, paths.started_at)
    told = [race_tables(columns, cases, track, clock, starts, wanted) for track in rules.tracks]
    models = _predicted(columns, paths, cases, rules, told, clock) if predicting and rules.models else ()
    makers: dict[str, Callable[[], pa.Table]] = {
        "customers": lambda: _customers(columns, paths),
        "timeline": lambda: _timeline(columns, paths, rules.titles),
        "paths": lambda: _path_rows(columns, paths, [one.stages for one in told]),
        "cases": lambda: case_table(cases),
        "predictions": lambda: prediction_rows(models),
    }
    made = {name: make() for name, make in makers.items() if wanted is None or name in wanted}
    nothing = dict.fromkeys((*makers, *RACE), pa.table({}))
    return Rows(**nothing | made | _races([one.tables for one in told]), predicted=models)


def _predicted(
    columns: Columns, paths: Paths, cases: Cases, rules: Rules, told: list[Told], clock: int
) -> tuple[Predicted, ...]:
    found = []
    for track, (_, _, seen, race) in zip(rules.tracks, told, strict=True):
        if (scoring := rules.models.get(track.name)) is not None:
            standing = standing_now(columns, paths, cases, track, seen, race, clock, scoring)
            found.append(predicted(columns, track, scoring, standing))
    return tuple(found)


def prediction_rows(found: Sequence[Predicted]) -> pa.Table:
    """The rows of the predictions on all racetracks, in the order of their keys."""
    rows = pa.concat_tables([PREDICTIONS.empty_table(), *(one.table for one in found)])
    return rows.sort_by([(key, "ascending") for key in OF_CUSTOMER["predictions"]]) if len(found) > 1 else rows


def _races(told: list[dict[str, pa.Table]]) -> dict[str, pa.Table]:
    """The rows of all racetracks, in the order of their keys."""
    if not told:
        return {name: schema.empty_table() for name, schema in RACE.items()}
    if len(told) == 1:
        return told[0]
    keys = OF_CUSTOMER | SUMS
    return {
        name: pa.concat_tables([one[name] for one in told]).sort_by([(key, "ascending") for key in keys[name]])
        for name in told[0]
    }


def _customers(columns: Columns, paths: Paths) -> pa.Table:
    count = len(columns.customers)
    start = np.searchsorted(columns.customer, np.arange(count + 1))
    present = np.flatnonzero(np.diff(start))
    first, last = start[present], start[present + 1] - 1
    return pa.table(
        {
            "customer_id": columns.customers.take(pa.array(present)),
            "account_id": last_known(columns.texts["account_id"], first),
            "first_occurred_at": moments(columns.occurred_at[first]),
            "last_occurred_at": moments(columns.occurred_at[last]),
            "events": last - first + 1,
            "paths": np.bincount(paths.customer, minlength=count)[present].astype(np.int64),
        }
    )


def _timeline(columns: Columns, paths: Paths, titles: Titles) -> pa.Table:
    path_id = np.zeros(len(columns), np.int64)
    path_id[paths.row] = np.repeat(paths.path_id, np.diff(paths.steps.event_start))
    return pa.table(
        {
            "customer_id": columns.customers.take(pa.array(columns.customer)),
            "n": numbered(columns.customer),
            "position": columns.position,
            "occurred_at": moments(columns.occurred_at),
            "type": columns.texts["type"],
            "title": titles.of(columns.texts),
            "path_id": pa.array(path_id, mask=path_id == 0),
        }
    )


def _path_rows(columns: Columns, paths: Paths, stages: list[pa.Array]) -> pa.Table:
    """stages: of each racetrack, where customers were when their paths started."""
    steps, turns = paths.steps, paths.turns
    position, occurred_at = columns.position[paths.row], columns.occurred_at[paths.row]
    turn_index, turn_depth = _marks(turns.depth, steps.path_start)
    ping_pong_index, ping_pong_bounces = _marks(turns.bounces, steps.path_start)
    loop_index, loop_distance = _marks(turns.loop, steps.path_start)
    return pa.table(
        {
            "path_id": paths.path_id,
            "customer_id": columns.customers.take(pa.array(paths.customer)),
            "n": numbered(paths.customer),
            "started_at": moments(paths.started_at),
            "ended_at": moments(paths.ended_at),
            "resolved": steps.resolved,
            "length": np.diff(steps.path_start),
            "turnarounds": pc.fill_null(pc.list_value_length(turn_index), 0).cast(pa.int64()),
            "pages": lists(steps.path_start, paths.names.take(pa.array(steps.page))),
            "step_events": lists(steps.path_start, position[steps.event]),
            "step_at": lists(steps.path_start, occurred_at[steps.event]),
            "implied": lists(steps.path_start, steps.implied),
            "events": lists(steps.event_start, position),
            "turn_index": turn_index,
            "turn_depth": turn_depth,
            "ping_pong_index": ping_pong_index,
            "ping_pong_bounces": ping_pong_bounces,
            "loop_index": loop_index,
            "loop_distance": loop_distance,
            "stages": _side_by_side(stages, len(paths.path_id)),
            "variants": paths.variants,
        }
    )


def _side_by_side(columns: list[pa.Array], rows: int) -> pa.Array:
    """A list for each row, of its value in each column; null when there is no column."""
    if not columns:
        return pa.nulls(rows, pa.list_(pa.string()))
    places = np.arange(rows * len(columns)).reshape(len(columns), rows).T.ravel()
    return lists(np.arange(rows + 1) * len(columns), pa.concat_arrays(columns).take(pa.array(places)))


def _marks(value: NDArray[np.int32], path_start: Longs) -> tuple[pa.ListArray, pa.ListArray]:
    """Of each path, the steps (counted from 1) where a value is not 0, and these values; null where there are none.

    Most paths have none, and an empty array is several times dearer to write than a null.
    """
    at = np.flatnonzero(value)
    offsets = np.searchsorted(at, path_start)
    index = at - np.repeat(path_start[:-1], np.diff(offsets)) + 1
    none = pa.array(np.diff(offsets) == 0)
    return lists(offsets, index, none), lists(offsets, value[at].astype(np.int64), none)
