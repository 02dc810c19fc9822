"""Which pages somebody had just seen, at every moment of a stay: days and moves with a page and without it.

A customer is exposed to a page from a view of it until `window` later, inside of the stay. So time counts as without
the page until it is seen: whoever stays longer sees more pages, and counting such a stay as one "with the page" from
its beginning would make every page look as if it kept customers from moving (immortal time; Suissa, Am. J. Epidemiol.
167, 2008). A stay is half open: a view at its very end comes with the move, and not before it.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.exposure_walk import EVER, Columns, Rule, Sums, follow_stays

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


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
    edges = np.append(np.array(days) * 86_400e6, EVER).astype(np.int64)
    level = np.searchsorted(np.array(views, np.int64), np.arange(max(views, default=0) + 1), side="right")
    return Strata(edges, level.astype(np.int32), len(views) + 1)


def watch(stays: Stays, views: Views, pages: int, window: int, strata: Strata) -> Watched:
    """Follow every stay from view to view; time is linear in stays and views, memory in pages and customers.

    window: microseconds. A stay that ends before it is watched does not count. Raises ValueError when columns differ in
    length, and IndexError for a page code outside of 0 .. pages - 1.
    """
    _check(stays, views, pages)
    columns = _columns(stays, views)
    nobody, no_rate = np.full(pages, -1, np.int32), np.zeros(strata.size)
    time, moves = _watched(columns, Rule(window, *strata, no_rate, nobody), 0).time_and_moves
    rate = np.divide(moves, time, out=np.zeros(strata.size), where=time > 0)
    seen = np.bincount(views.page, minlength=pages) > 0
    row = np.where(seen, np.cumsum(seen) - 1, -1).astype(np.int32)
    found = _watched(columns, Rule(window, *strata, rate, row), int(seen.sum()))
    kept = found.exposed.any(axis=(0, 2))
    sums = (column[kept] for columns in found[1:] for column in columns)
    return Watched(np.flatnonzero(seen)[kept].astype(np.int32), time, moves, *sums)


def _check(stays: Stays, views: Views, pages: int) -> None:
    lengths = {len(column) for column in stays if column is not None}, {len(column) for column in views}
    if any(len(found) > 1 for found in lengths):
        raise ValueError("the columns of stays, or those of views, differ in length")
    if len(views.page) and not (views.page.min() >= 0 and views.page.max() < pages):
        raise IndexError(f"a page code is not in 0 .. {pages - 1}")


def _columns(stays: Stays, views: Views) -> Columns:
    order = np.argsort(stays.customer, kind="stable")
    begin = stays.entered if stays.watched_from is None else np.maximum(stays.watched_from, stays.entered)
    views_begin, views_end = _views_of_customers(stays, views)
    return Columns(
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


def _watched(columns: Columns, rule: Rule, rows: int) -> Sums:
    strata = len(rule.rate)
    sums = Sums(
        np.zeros((2, strata), np.int64),
        np.zeros((2, rows, strata), np.int64),
        np.zeros((2, rows), np.int64),
        np.zeros((3, rows)),
    )
    follow_stays(columns, rule, sums)
    return sums
