"""The kernel of exposure.py: it walks through stays from view to view, with notes on one customer at a time."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import kernel, part

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

EVER = 1 << 62  # microseconds; still fits when a time is added


class Columns(NamedTuple):
    """Stays sorted by customer, and views."""

    customer: Codes
    entered: Longs
    left: Longs
    moved: Flags
    watched_from: Longs
    views_begin: Longs  # (customers,) by code
    views_end: Longs
    at: Longs
    page: Codes


class Rule(NamedTuple):
    """What is counted, and where."""

    window: int
    edges: Longs
    level: Codes
    levels: int
    rate: Floats  # (strata,) moves expected in a microsecond
    row: Codes  # (pages,) of the sums, -1 for none


class Sums(NamedTuple):
    """Of all stays, and of those exposed to each of r pages; see exposure.Watched."""

    time_and_moves: Longs  # (2, strata)
    exposed: Longs  # (2, r, strata) time and moves
    people: Longs  # (2, r)
    squares: Floats  # (3, r)


class Desk(NamedTuple):
    """What is known of the customer in hand."""

    latest: Longs  # (r,) the last view of a page while the customer is exposed to it, else -1
    customer: Codes  # (r,) who was exposed to the page last
    touched: Codes  # (r,) the pages of this customer
    expected: Floats  # (r,) moves in the time exposed
    happened: Floats  # (r,) moves while exposed
    passed: Longs  # (strata,) time in this stay


@kernel
def follow_stays(columns: Columns, rule: Rule, sums: Sums) -> None:
    """Add all stays to the sums."""
    rows = sums.people.shape[1]
    desk = Desk(
        np.full(rows, -1, np.int64),
        np.full(rows, -1, np.int32),
        np.empty(rows, np.int32),
        np.zeros(rows),
        np.zeros(rows),
        np.zeros(len(rule.rate), np.int64),
    )
    many = 0  # pages touched
    for i in range(len(columns.customer)):
        if columns.left[i] >= columns.watched_from[i]:
            many = _follow(columns, i, rule, desk, many, sums)
        if i + 1 == len(columns.customer) or columns.customer[i + 1] != columns.customer[i]:
            _add_customer(desk, many, sums)
            many = 0


@part
def _follow(columns: Columns, i: int, rule: Rule, desk: Desk, many: int, sums: Sums) -> int:
    """One stay, from one beginning or end of a view's window to the next; how many pages the customer has touched.

    starts, stops: the next view, and the view whose window ends next.
    """
    customer, left, at = columns.customer[i], columns.left[i], columns.at
    end = columns.views_end[customer]
    starts = stops = _first(at, columns.views_begin[customer], end, columns.entered[i])
    clock, stratum, hazard = columns.entered[i], 0, 0.0
    while True:
        next_start = at[starts] if starts < end else EVER
        next_stop = at[stops] + rule.window if stops < starts else EVER
        now = min(next_start, next_stop, left)
        stratum += rule.level[min(starts - stops, len(rule.level) - 1)] - stratum % rule.levels
        stratum, hazard = _pass(columns, i, clock, now, stratum, hazard, rule, desk)
        clock = now
        if now == left:
            break
        if next_stop <= next_start:
            _close(stops, stratum, hazard, columns, rule, desk, sums)
            stops += 1
        else:
            many = _open(starts, customer, stratum, hazard, columns, rule, desk, many, sums)
            starts += 1
    _end(stops, starts, stratum, hazard, columns, i, rule, desk, sums)
    return many


@part
def _first(at: Longs, begin: int, end: int, entered: int) -> int:
    """The first of the views begin .. end - 1 that is not before the stay."""
    while begin < end:
        middle = (begin + end) // 2
        if at[middle] < entered:
            begin = middle + 1
        else:
            end = middle
    return begin


@part
def _pass(
    columns: Columns, i: int, clock: int, now: int, stratum: int, hazard: float, rule: Rule, desk: Desk
) -> tuple[int, float]:
    """Let time pass from clock to now; the stratum just before now, and the moves expected so far."""
    while True:
        until = min(now, columns.entered[i] + rule.edges[stratum // rule.levels + 1])
        counted = until - max(clock, columns.watched_from[i])
        if counted > 0:
            desk.passed[stratum] += counted
            hazard += rule.rate[stratum] * counted
        if until == now:
            return stratum, hazard
        clock = until
        stratum += rule.levels


@part
def _open(
    view: int,
    customer: int,
    stratum: int,
    hazard: float,
    columns: Columns,
    rule: Rule,
    desk: Desk,
    many: int,
    sums: Sums,
) -> int:
    """A view begins exposure, or makes it last longer; how many pages the customer has touched.

    Exposed time is what has passed when exposure ends, less what had passed when it began: no view is looked at again.
    """
    r = rule.row[columns.page[view]]
    if r < 0:
        return many
    if desk.customer[r] != customer:
        desk.customer[r] = customer
        desk.touched[many] = r
        many += 1
        desk.expected[r] = desk.happened[r] = 0.0
    if desk.latest[r] < 0:
        desk.expected[r] -= hazard
        for s in range(stratum - stratum % rule.levels + rule.levels):
            sums.exposed[0, r, s] -= desk.passed[s]
    desk.latest[r] = view
    return many


@part
def _close(view: int, stratum: int, hazard: float, columns: Columns, rule: Rule, desk: Desk, sums: Sums) -> int:
    """The window of a view ends, and exposure with it if there was no later view; the row of the page then, else -1."""
    r = rule.row[columns.page[view]]
    if r < 0 or desk.latest[r] != view:
        return -1
    desk.latest[r] = -1
    desk.expected[r] += hazard
    for s in range(stratum - stratum % rule.levels + rule.levels):
        sums.exposed[0, r, s] += desk.passed[s]
    return int(r)


@part
def _end(
    stops: int,
    starts: int,
    stratum: int,
    hazard: float,
    columns: Columns,
    i: int,
    rule: Rule,
    desk: Desk,
    sums: Sums,
) -> None:
    """The stay ends, perhaps by the move: the views stops .. starts - 1 are still of account."""
    moved = int(columns.moved[i])
    for view in range(stops, starts):
        r = _close(view, stratum, hazard, columns, rule, desk, sums)
        if r >= 0:
            desk.happened[r] += moved
            sums.exposed[1, r, stratum] += moved
    sums.time_and_moves[1, stratum] += moved
    for s in range(stratum - stratum % rule.levels + rule.levels):
        sums.time_and_moves[0, s] += desk.passed[s]
        desk.passed[s] = 0


@part
def _add_customer(desk: Desk, many: int, sums: Sums) -> None:
    for place in range(many):
        r = desk.touched[place]
        n, k = desk.expected[r], desk.happened[r]
        sums.people[0, r] += 1
        sums.people[1, r] += k > 0
        sums.squares[0, r] += n * n
        sums.squares[1, r] += n * k
        sums.squares[2, r] += k * k
