"""Which paths a question is about."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.path_match import matches
from raceline.domain.path_pattern import parse
from raceline.projections.path_columns import PathColumns
from raceline.projections.path_days import begin_of, end_of
from raceline.projections.path_patterns import automaton
from raceline.projections.path_stages import racetrack_of, stages_of

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PathFilter:
    """What is said of paths; all of it must hold.

    from_day, to_day: the UTC day on which it started, both included; pattern: an expression over its steps
    (domain/path_pattern.py); containing: pages that are all in it; entry_page, exit_page: the first, the last;
    turnaround_at: it turns there; transition: a page and the next one; pages: exactly these; stage: of the customer at
    its start, '' outside, by `racetrack` (None: the default one); variant: of an experiment; account, customer: whose.
    """

    from_day: date | None = None
    to_day: date | None = None
    pattern: str | None = None
    containing: tuple[str, ...] = ()
    entry_page: str | None = None
    exit_page: str | None = None
    turnaround_at: str | None = None
    transition: tuple[str, str] | None = None
    pages: tuple[str, ...] | None = None
    stage: str | None = None
    racetrack: str | None = None
    variant: str | None = None
    resolved: bool | None = None
    account: str | None = None
    customer: str | None = None


EVERY = PathFilter()


def keep(columns: PathColumns, asked: PathFilter) -> Flags:
    """(p,) the paths for which all that is asked holds. What nobody has seen is in none.

    Raises InvalidPathPattern, and for a stage NotInForce and NoRacetrack; without a racetrack all are in no stage.
    """
    kept = _in_period(columns, asked)
    for holds in _conditions(columns, asked):
        kept &= holds
    return kept


def _in_period(columns: PathColumns, asked: PathFilter) -> Flags:
    kept = np.ones(columns.paths, np.bool_)
    if asked.from_day is not None:
        kept &= columns.started_at >= begin_of(asked.from_day)
    if asked.to_day is not None:
        kept &= columns.started_at < end_of(asked.to_day)
    return kept


def _conditions(columns: PathColumns, asked: PathFilter) -> list[Flags]:
    found = [*_of_pages(columns, asked), *_of_customers(columns, asked)]
    if asked.pattern is not None:
        machine = automaton(parse(asked.pattern), columns.page_codes, len(columns.page_names))
        found.append(matches(columns.arrays.path_start, columns.arrays.page, machine) >= 0)
    if asked.resolved is not None:
        found.append(columns.arrays.resolved == asked.resolved)
    if asked.variant is not None:
        sets = [code for code, names in enumerate(columns.variant_sets) if asked.variant in names]
        found.append(np.isin(columns.variant, sets))
    return found


def _of_pages(columns: PathColumns, asked: PathFilter) -> list[Flags]:
    paths, code = columns.arrays, columns.code
    first, last = paths.path_start[:-1], paths.path_start[1:] - 1
    found = [_with_step(columns, paths.page == code(page)) for page in asked.containing]
    if asked.entry_page is not None:
        found.append(paths.page[first] == code(asked.entry_page))
    if asked.exit_page is not None:
        found.append(paths.page[last] == code(asked.exit_page))
    if asked.turnaround_at is not None:
        found.append(_with_step(columns, (paths.page == code(asked.turnaround_at)) & (paths.turns.depth > 0)))
    if asked.transition is not None:
        source, target = map(code, asked.transition)
        # What stands at the last step of a path would lead into the next path.
        goes = np.append((paths.page[:-1] == source) & (paths.page[1:] == target), False)[: len(paths.page)]
        goes[last] = False
        found.append(_with_step(columns, goes))
    if asked.pages is not None:
        found.append(_exactly(columns, asked.pages))
    return found


def _with_step(columns: PathColumns, marked: Flags) -> Flags:
    """(p,) the paths with any of the steps (s,) that are marked."""
    kept = np.zeros(columns.paths, np.bool_)
    kept[np.searchsorted(columns.arrays.path_start, np.flatnonzero(marked), side="right") - 1] = True
    return kept


def _exactly(columns: PathColumns, pages: tuple[str, ...]) -> Flags:
    paths, kept = columns.arrays, np.zeros(columns.paths, np.bool_)
    as_long = np.flatnonzero(np.diff(paths.path_start) == len(pages))
    for n, page in enumerate(pages):
        as_long = as_long[paths.page[paths.path_start[as_long] + n] == columns.code(page)]
    kept[as_long] = len(pages) > 0
    return kept


def _of_customers(columns: PathColumns, asked: PathFilter) -> list[Flags]:
    customer, found = columns.arrays.customer, []
    if asked.stage == "":
        found.append(stages_of(columns, asked.racetrack) == 0)
    elif asked.stage is not None:
        stages = stages_of(columns, racetrack_of(columns, asked.racetrack))
        found.append(stages == _find(columns.stage_names, asked.stage))
    if asked.account is not None:
        found.append(columns.account[customer] == _find(columns.account_names, asked.account))
    if asked.customer is not None:
        found.append(customer == _find(columns.customer_names, asked.customer))
    return found


def _find(names: pa.Array, name: str) -> int:
    """The code of a name; one that no path has for a name that is not there."""
    found = pc.index(names, name).as_py()
    return int(found) if found >= 0 else -2
