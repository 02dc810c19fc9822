"""Pages with their visits, turnarounds and the test of them, in any order and a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raceline.projections.path_figures_chosen import Chosen, Filters, Flags, Floats, Longs, Snapshot, filters_of
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_page_table import PageTable, flagged, page_table
from raceline.projections.path_figures_rows import Row, Rows, day_of, named, rows_of
from raceline.projections.path_filter import PathFilter
from raceline.projections.path_list import PathList
from raceline.projections.path_period import days_of

_BEFORE = 4  # the past is so many times as long as the period


class Period(NamedTuple):
    """The paths that are asked about, and those of the days before, to compare with; None without such days."""

    now: Filters
    past: Filters | None
    past_from: date | None
    past_to: date | None


def pages(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of the pages in them the rows path_pages and page_test."""
    period = period_of(snapshot, arguments)
    chosen = snapshot.chosen(period.now)
    strata, alpha = str(arguments.get("strata") or "type").lower(), float(arguments.get("alpha") or 0.05)
    past = None if period.past is None else snapshot.chosen(period.past)
    counted = chosen.once(("pages", strata, period.past), lambda: page_table(chosen, past, strata))
    table = flagged(counted, alpha)
    order, begin = _in_order(snapshot, table, arguments)
    wanted = order[begin : begin + int(arguments.get("first", 50)) + 1]
    numbers = list(range(begin + 1, begin + 1 + len(wanted)))
    figure = _figure(table, arguments)
    rows = rows_of(
        n=numbers,
        **{name: named(names, codes[wanted]) for name, (names, codes) in table.named.items()},
        **{name: column[wanted] for name, column in table.columns.items()},
        figure=np.full(len(wanted), np.nan) if figure is None else figure[wanted],
    )
    test = table.test | {"past_from": period.past_from, "past_to": period.past_to}
    found = [row for asked in lists for row in _paths(snapshot, chosen, asked, table.code[wanted], numbers)]
    return chosen, {"path_pages": rows, "page_test": [test], "path_lists": found}


def period_of(snapshot: Snapshot, arguments: Mapping[str, Any]) -> Period:
    """The paths of a question about pages. Its past is what it says, or else four times the days just before it.

    Raises InvalidArgument for days that are no period, and for a past that does not end before it.
    """
    where, said = arguments.get("where"), arguments.get("past")
    now, days = filters_of(arguments, where), days_of(arguments, where, past=said)
    if said is not None:
        first, last = said["from"], said["to"]
        now = filters_of(arguments, where, {"from": days.first})
    elif days.first is not None and days.first > date.min:
        first, last = _days_before(days.first, days.last or _last_day(snapshot))
    else:
        return Period(now, None, None, None)
    others = (replace(one, from_day=None, to_day=None) for one in now)
    past = tuple(one for one in (*others, PathFilter(from_day=first, to_day=last)) if one != PathFilter())
    return Period(now, past, first, last)


def _last_day(snapshot: Snapshot) -> date | None:
    """The last day on which a path started; None for a store without paths."""
    columns = snapshot.columns
    return day_of(columns.started_at[columns.by_start[-1]]) if columns.paths else None


def _days_before(begins: date, ends: date | None) -> tuple[date, date]:
    days = 1 if ends is None else max(1, (ends - begins).days + 1)
    last = begins.toordinal() - 1
    return date.fromordinal(max(1, last + 1 - _BEFORE * days)), date.fromordinal(last)


def _asked_order(arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """By what, and whether the highest figure comes first."""
    order = arguments.get("orderBy") or {}
    return str(order.get("field") or "excess").lower(), str(order.get("direction") or "desc").lower() == "desc"


def _figure(table: PageTable, arguments: Mapping[str, Any]) -> Floats | None:
    """(g,) what pages are ordered by, nan for null; None when it is their names."""
    field, _ = _asked_order(arguments)
    return None if field == "page" else table.columns[field].astype(np.float64)


def _in_order(snapshot: Snapshot, table: PageTable, arguments: Mapping[str, Any]) -> tuple[Longs, int]:
    """All pages in the order that was asked for, and how many of them stand before the cursor's end."""
    _, descending = _asked_order(arguments)
    figure, name, sign = _figure(table, arguments), snapshot.name_place[table.code], -1 if descending else 1
    if figure is None:
        order = np.argsort(sign * name)
    else:
        null = ~np.isfinite(figure)
        order = np.lexsort((name, np.where(null, 0.0, sign * figure), null))
    if (after := arguments.get("after")) is None:
        return order, 0
    names = snapshot.columns.page_names.take(pa.array(table.code[order]))
    return order, int(np.count_nonzero(~_behind(after, None if figure is None else figure[order], names, sign)))


def _behind(after: Sequence[Any], figure: Any, names: pa.Array, sign: int) -> Flags:
    """(g,) the pages behind a cursor: behind its figure, or at the same figure behind its name."""
    *_, page = after
    if figure is None:
        return np.asarray((pc.less if sign < 0 else pc.greater)(names, page), np.bool_)
    name, null, last = np.asarray(pc.greater(names, page), np.bool_), ~np.isfinite(figure), after[0]
    found: Flags = null & name if last is None else null | (sign * figure > sign * last) | ((figure == last) & name)
    return found


def _paths(snapshot: Snapshot, chosen: Chosen, asked: PathList, code: Longs, numbers: list[int]) -> list[Row]:
    """The paths that visit each page, or that turn there."""
    paths = chosen.paths
    row_of_page = np.full(chosen.pages, -1, np.int32)
    row_of_page[code] = np.arange(len(code))
    row = row_of_page[paths.page]
    if asked.of == "turnaroundPaths":
        row[paths.turns.depth == 0] = -1
    return listed(snapshot, chosen, asked, numbers, row, chosen.path_of_step())
