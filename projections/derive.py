"""The one derivation: events as columns in, rows of every read model out (design, section 3).

The live run calls it for the customers touched, a replay for all customers in chunks, `verify` to compare, a question
"as known at" for one customer. So their answers are equal by construction.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.paths import Steps, Turns, annotate, build_paths, tally_days, tally_pages
from raceline.domain.columns import Columns
from raceline.projections.cases import Cases, case_table, cases_of
from raceline.projections.race import race_tables
from raceline.projections.race_rules import Track
from raceline.projections.rows import Longs, dates, last_known, lists, moments, numbered
from raceline.projections.rules import Rules
from raceline.projections.sums import SUMS
from raceline.projections.tables import OF_CUSTOMER, RACE, Rows
from raceline.projections.titles import Titles

# To be raised whenever the same events give other rows than before: read models of the old version are then replayed.
DERIVATION = 3


@dataclass(frozen=True)
class _Paths:
    """Paths of all customers of the columns. row: (m,) the rows of the columns that carry a page."""

    row: Longs
    names: pa.Array
    steps: Steps
    turns: Turns
    customer: NDArray[np.int32]
    started_at: Longs
    ended_at: Longs
    path_id: Longs


def derive(columns: Columns, rules: Rules, clock: int) -> Rows:
    """The rows that these events give; for all events of a customer, or for those known at some position.

    clock: microseconds since 1970; up to then, time alone moves customers.
    """
    paths, cases = _paths(columns, rules.session_gap), cases_of(columns, rules.cases)
    return Rows(
        customers=_customers(columns, paths),
        timeline=_timeline(columns, paths, rules.titles),
        paths=_path_rows(columns, paths),
        pages=_pages(paths),
        path_days=_path_days(paths),
        cases=case_table(cases),
        **_races(columns, cases, rules.tracks, clock),
    )


def _races(columns: Columns, cases: Cases, tracks: tuple[Track, ...], clock: int) -> dict[str, pa.Table]:
    """The rows of all racetracks, in the order of their keys."""
    if not tracks:
        return {name: schema.empty_table() for name, schema in RACE.items()}
    told = [race_tables(columns, cases, track, clock) for track in tracks]
    if len(told) == 1:
        return told[0]
    keys = OF_CUSTOMER | SUMS
    return {
        name: pa.concat_tables([one[name] for one in told]).sort_by([(key, "ascending") for key in keys[name]])
        for name in told[0]
    }


def _paths(columns: Columns, gap: int) -> _Paths:
    row = np.flatnonzero(columns.texts["page"].is_valid().to_numpy())
    taken = columns.texts.select(["page", "from_page", "resolved"]).take(pa.array(row))
    names, page, source = _page_codes(taken["page"], taken["from_page"])
    resolved = pc.equal(taken["resolved"], "true").fill_null(fill_value=False).to_numpy(zero_copy_only=False)
    customer, occurred_at = columns.customer[row], columns.occurred_at[row]
    steps = build_paths(customer, occurred_at, page, source, resolved, gap)
    first, last = steps.event_start[:-1], steps.event_start[1:] - 1
    return _Paths(
        row=row,
        names=names,
        steps=steps,
        turns=annotate(steps.page, steps.path_start, len(names)),
        customer=customer[first],
        started_at=occurred_at[first],
        ended_at=occurred_at[last],
        path_id=columns.position[row][first],
    )


def _page_codes(
    page: pa.ChunkedArray, source: pa.ChunkedArray
) -> tuple[pa.Array, NDArray[np.int32], NDArray[np.int32]]:
    both = pa.chunked_array([*page.chunks, *source.chunks], pa.string()).combine_chunks().dictionary_encode()
    codes = both.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return both.dictionary, codes[: len(page)], codes[len(page) :]


def _customers(columns: Columns, paths: _Paths) -> pa.Table:
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


def _timeline(columns: Columns, paths: _Paths, titles: Titles) -> pa.Table:
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


def _path_rows(columns: Columns, paths: _Paths) -> pa.Table:
    steps, turns = paths.steps, paths.turns
    position = columns.position[paths.row]
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
            "implied": lists(steps.path_start, steps.implied),
            "events": lists(steps.event_start, position),
            "turn_index": turn_index,
            "turn_depth": turn_depth,
            "ping_pong_index": ping_pong_index,
            "ping_pong_bounces": ping_pong_bounces,
            "loop_index": loop_index,
            "loop_distance": loop_distance,
        }
    )


def _marks(value: NDArray[np.int32], path_start: Longs) -> tuple[pa.ListArray, pa.ListArray]:
    """Of each path, the steps (counted from 1) where a value is not 0, and these values; null where there are none.

    Most paths have none, and an empty array is several times dearer to write than a null.
    """
    at = np.flatnonzero(value)
    offsets = np.searchsorted(at, path_start)
    index = at - np.repeat(path_start[:-1], np.diff(offsets)) + 1
    none = pa.array(np.diff(offsets) == 0)
    return lists(offsets, index, none), lists(offsets, value[at].astype(np.int64), none)


def _pages(paths: _Paths) -> pa.Table:
    sums = tally_pages(paths.customer, paths.steps.page, paths.steps.path_start, paths.turns, len(paths.names))
    # A name is there without a visit when only a click that began elsewhere named it as its source.
    return pa.table({"page": paths.names, **sums._asdict()}).filter(pa.array(sums.visits > 0))


def _path_days(paths: _Paths) -> pa.Table:
    length = np.diff(paths.steps.path_start)
    turned = np.add.reduceat(np.append(paths.turns.depth > 0, False), paths.steps.path_start[:-1]) > 0
    sums = tally_days(paths.started_at, paths.steps.resolved, turned, length)
    return pa.table({**sums._asdict(), "day": dates(sums.day)})
