"""Which pages somebody had just seen, at every moment of a stay: days and moves with a page and without it.

A customer is exposed to a page from a view of it until `window` later, inside of the stay. So time counts as without
the page until it is seen: whoever stays longer sees more pages, and counting such a stay as one "with the page" from
its beginning would make every page look as if it kept customers from moving (immortal time; Suissa, Am. J. Epidemiol.
167, 2008). A stay is half open: a view at its very end comes with the move, and not before it.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import kernel

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

_EVER = 1 << 62  # microseconds; still fits when a time is added


class Stays(NamedTuple):
    """m stays in any order; times in microseconds since 1970."""

    customer: Codes  # (m,) codes from 0
    entered: Longs  # (m,)
    left: Longs  # (m,) now, for a stay that is open; the end of what is asked about, for one that is cut there
    moved: Flags  # (m,) the stay ended by the move that is asked about, and not otherwise
    watched_from: Longs | None = None  # (m,) what came before does not count, but its views do; None: nothing


class Views(NamedTuple):
    """v views; those of a customer are neighbours, in the order of time; customers are in any order."""

    customer: Codes  # (v,)
    at: Longs  # (v,) microseconds since 1970
    page: Codes  # (v,)


class Strata(NamedTuple):
    """Moments of stays that are compared with each other: as long in the stage, with as many views in the window."""

    edges: Longs  # (bins + 1,) microseconds in the stage
    level: Codes  # (most + 1,) the level of so many views; the last one is that of more views as well
    levels: int

    @property
    def size(self) -> int:
        """How many there are: bin after bin, each with all its levels."""
        return (len(self.edges) - 1) * self.levels


class Watched(NamedTuple):
    """Microseconds and moves by stratum, of all stays and of those exposed to each of r pages."""

    page: Codes  # (r,) the pages that somebody was exposed to, ascending
    time: Longs  # (strata,)
    moves: Longs  # (strata,)
    exposed_time: Longs  # (r, strata)
    exposed_moves: Longs  # (r, strata)
    customers: Longs  # (r,) exposed at any time
    movers: Longs  # (r,) customers who moved while exposed
    nn: Floats  # (r,) sums over customers of n n, n k, k k: k moves while exposed, n expected in so much exposed time
    nk: Floats
    kk: Floats


def strata_of(days: tuple[float, ...], views: tuple[int, ...]) -> Strata:
    """Strata that begin at so many days in the stage (the first at 0), and at so many views in the window."""
    edges = np.append(np.array(days) * 86_400e6, _EVER).astype(np.int64)
    level = np.searchsorted(np.array(views, np.int64), np.arange(max(views, default=0) + 1), side="right")
    return Strata(edges, level.astype(np.int32), len(views) + 1)


class _Columns(NamedTuple):
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


class _Rule(NamedTuple):
    """What is counted, and where."""

    window: int
    edges: Longs
    level: Codes
    levels: int
    rate: Floats  # (strata,) moves expected in a microsecond
    row: Codes  # (pages,) of the sums, -1 for none


class _Sums(NamedTuple):
    time_and_moves: Longs  # (2, strata)
    exposed: Longs  # (2, r, strata) time and moves
    people: Longs  # (2, r)
    squares: Floats  # (3, r)


class _Desk(NamedTuple):
    """What is known of the customer in hand."""

    latest: Longs  # (r,) the last view of a page while the customer is exposed to it, else -1
    customer: Codes  # (r,) who was exposed to the page last
    touched: Codes  # (r,) the pages of this customer
    expected: Floats  # (r,) moves in the time exposed
    happened: Floats  # (r,) moves while exposed
    passed: Longs  # (strata,) time in this stay


def watch(stays: Stays, views: Views, pages: int, window: int, strata: Strata) -> Watched:
    """Follow every stay from view to view; time is linear in stays and views, memory in pages and customers.

    window: microseconds. A stay that ends before it is watched does not count. Raises ValueError when columns differ in
    length, and IndexError for a page code outside of 0 .. pages - 1.
    """
    _check(stays, views, pages)
    columns = _columns(stays, views)
    nobody, unknown = np.full(pages, -1, np.int32), np.zeros(strata.size)
    time, moves = _watched(columns, _Rule(window, *strata, unknown, nobody), 0).time_and_moves
    rate = np.divide(moves, time, out=unknown, where=time > 0)
    seen = np.bincount(views.page, minlength=pages) > 0
    row = np.where(seen, np.cumsum(seen) - 1, -1).astype(np.int32)
    found = _watched(columns, _Rule(window, *strata, rate, row), int(seen.sum()))
    kept = found.exposed.any(axis=(0, 2))
    sums = (column[kept] for columns in found[1:] for column in columns)
    return Watched(np.flatnonzero(seen)[kept].astype(np.int32), time, moves, *sums)


def _check(stays: Stays, views: Views, pages: int) -> None:
    lengths = {len(column) for column in stays if column is not None}, {len(column) for column in views}
    if any(len(found) > 1 for found in lengths):
        raise ValueError("the columns of stays, or those of views, differ in length")
    if len(views.page) and not (views.page.min() >= 0 and views.page.max() < pages):
        raise IndexError(f"a page code is not in 0 .. {pages - 1}")


def _columns(stays: Stays, views: Views) -> _Columns:
    order = np.argsort(stays.customer, kind="stable")
    begin = stays.entered if stays.watched_from is None else np.maximum(stays.watched_from, stays.entered)
    views_begin, views_end = _views_of_customers(stays, views)
    return _Columns(
        stays.customer[order],
        stays.entered[order],
        stays.left[order],
        stays.moved[order],
        begin[order],
        views_begin,
        views_end,
        views.at,
        views.page,
    )


def _views_of_customers(stays: Stays, views: Views) -> tuple[Longs, Longs]:
    """Where the views of each customer begin and end, by the customer's code."""
    customers = 1 + max(int(column.max(initial=-1)) for column in (stays.customer, views.customer))
    borders = np.flatnonzero(np.diff(views.customer, prepend=-1, append=-1)).astype(np.int64)
    begin, end = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    of = views.customer[borders[:-1]]
    begin[of], end[of] = borders[:-1], borders[1:]
    return begin, end


def _watched(columns: _Columns, rule: _Rule, rows: int) -> _Sums:
    strata = len(rule.rate)
    sums = _Sums(
        np.zeros((2, strata), np.int64),
        np.zeros((2, rows, strata), np.int64),
        np.zeros((2, rows), np.int64),
        np.zeros((3, rows)),
    )
    _watch(columns, rule, sums)
    return sums


@kernel
def _watch(columns: _Columns, rule: _Rule, sums: _Sums) -> None:
    """Add to the sums."""
    rows = sums.people.shape[1]
    desk = _Desk(
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


@kernel
def _follow(columns: _Columns, i: int, rule: _Rule, desk: _Desk, many: int, sums: _Sums) -> int:
    """One stay, from one beginning or end of a view's window to the next; how many pages the customer has touched."""
    customer, left, at = columns.customer[i], columns.left[i], columns.at
    begin, end = columns.views_begin[customer], columns.views_end[customer]
    begin += np.searchsorted(at[begin:end], columns.entered[i])
    starts = stops = begin  # the next view, and the view whose window ends next
    clock, stratum, hazard = columns.entered[i], 0, 0.0
    while True:
        next_start = at[starts] if starts < end else _EVER
        next_stop = at[stops] + rule.window if stops < starts else _EVER
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


@kernel
def _pass(
    columns: _Columns, i: int, clock: int, now: int, stratum: int, hazard: float, rule: _Rule, desk: _Desk
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


@kernel
def _open(
    view: int,
    customer: int,
    stratum: int,
    hazard: float,
    columns: _Columns,
    rule: _Rule,
    desk: _Desk,
    many: int,
    sums: _Sums,
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


@kernel
def _close(view: int, stratum: int, hazard: float, columns: _Columns, rule: _Rule, desk: _Desk, sums: _Sums) -> int:
    """The window of a view ends, and exposure with it if there was no later view; the row of the page then, else -1."""
    r = rule.row[columns.page[view]]
    if r < 0 or desk.latest[r] != view:
        return -1
    desk.latest[r] = -1
    desk.expected[r] += hazard
    for s in range(stratum - stratum % rule.levels + rule.levels):
        sums.exposed[0, r, s] += desk.passed[s]
    return int(r)


@kernel
def _end(
    stops: int,
    starts: int,
    stratum: int,
    hazard: float,
    columns: _Columns,
    i: int,
    rule: _Rule,
    desk: _Desk,
    sums: _Sums,
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


@kernel
def _add_customer(desk: _Desk, many: int, sums: _Sums) -> None:
    for r in desk.touched[:many]:
        n, k = desk.expected[r], desk.happened[r]
        sums.people[0, r] += 1
        sums.people[1, r] += k > 0
        sums.squares[0, r] += n * n
        sums.squares[1, r] += n * k
        sums.squares[2, r] += k * k
