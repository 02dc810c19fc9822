"""Paths made by hand as the columns that figures are counted from, without a database."""

from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from raceline.analytics.path_arrays import annotated
from raceline.projections.path_columns import NO_SITE, Names, PathColumns, Site
from raceline.projections.path_figures import answer

DAY = 86_400
START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
_START = int(START.timestamp())


class Visit(NamedTuple):
    """A path. pages: names separated by blanks; at: seconds after START of its first step; every: between its steps."""

    customer: str
    pages: str
    at: int = 0
    every: int = 60
    resolved: bool = False
    stage: str = ""
    variants: tuple[str, ...] = ()
    path_id: int = 0

    @property
    def steps(self) -> list[str]:
        return self.pages.split()

    @property
    def day(self):
        return datetime.fromtimestamp(_START + self.at, UTC).date()

    @property
    def started_at(self):
        return datetime.fromtimestamp(_START + self.at, UTC)

    def time(self, n: int) -> int:
        """Seconds after START of step n, from 0; the times between steps grow."""
        return self.at + self.every * n * (n + 1) // 2


class PageTableRow(NamedTuple):
    page: str
    page_type: str | None = None
    title: str | None = None
    links: str = ""


class NoDatabase:
    """Stands where the columns of a store are kept."""

    url = ""


def numbered(visits: list[Visit]) -> list[Visit]:
    """By customer as they come first, each with a path_id of its own."""
    order = list(dict.fromkeys(visit.customer for visit in visits))
    together = sorted(visits, key=lambda visit: (order.index(visit.customer), visit.at))
    return [visit._replace(path_id=7 * (n * 5 % 1009) + n) for n, visit in enumerate(together)]


def columns_of(visits: list[Visit], page_table: list[PageTableRow] | None = None) -> PathColumns:
    """The columns of visits that are numbered."""
    pages, customers, stages, sets = Names(), Names(), Names(""), [()]
    sets += sorted({visit.variants for visit in visits} - {()})
    step = pages.codes(pa.array([page for visit in visits for page in visit.steps], pa.string()))
    customer = customers.codes(pa.array([visit.customer for visit in visits], pa.string()))
    stage = stages.codes(pa.array([visit.stage for visit in visits], pa.string()))
    site = NO_SITE.longer(len(pages)) if page_table is None else site_of(page_table, pages)
    at = [(_START + visit.time(n)) * 1_000_000 for visit in visits for n in range(len(visit.steps))]
    lengths = [len(visit.steps) for visit in visits]
    return PathColumns(
        position=41,
        clock=0,
        generation="views_1",
        arrays=annotated(
            np.cumsum([0, *lengths], dtype=np.int64),
            step,
            np.array(at, np.int64),
            customer,
            np.array([visit.resolved for visit in visits], np.bool_),
            len(pages),
        ),
        page_names=pages.array,
        customer_names=customers.array,
        path_id=np.array([visit.path_id for visit in visits], np.int64),
        started_at=np.array([(_START + visit.at) * 1_000_000 for visit in visits], np.int64),
        racetracks=("track",),
        stage=stage.reshape(1, -1),
        stage_names=stages.array,
        variant=np.array([sets.index(visit.variants) for visit in visits], np.int32),
        variant_sets=tuple(sets),
        account=np.full(len(customers), -1, np.int32),
        account_names=pa.array([], pa.string()),
        site=site,
    )


def site_of(page_table: list[PageTableRow], pages: Names) -> Site:
    types = Names()
    code = pages.codes(pa.array([row.page for row in page_table], pa.string()))
    pairs = [(row.page, target) for row in page_table for target in row.links.split()]
    source = pages.codes(pa.array([a for a, _ in pairs], pa.string()))
    target = pages.codes(pa.array([b for _, b in pairs], pa.string()))
    type_of, title = np.full(len(pages), -1, np.int32), [None] * len(pages)
    known = np.isin(np.arange(len(pages)), code)
    type_of[code] = types.codes(pa.array([row.page_type for row in page_table], pa.string()))
    for row in page_table:
        title[pages.find(row.page)] = row.title
    loaded_at = int(START.timestamp()) * 1_000_000
    return Site(loaded_at, known, type_of, types.array, pa.array(title, pa.string()), source, target)


@st.composite
def many_visits(draw, pages: str = "abcdé", most: int = 12) -> list[Visit]:
    """Some paths of a few customers over some weeks."""
    visits = draw(st.lists(_visit(pages), min_size=0, max_size=most))
    by_customer = groupby(sorted(visits, key=lambda one: one.customer), key=lambda one: one.customer)
    together = [list(found) for _, found in by_customer]
    return numbered([visit for some in draw(st.permutations(together)) for visit in some])


def _visit(pages: str):
    steps = st.lists(st.sampled_from(pages), min_size=1, max_size=8)
    return st.builds(
        Visit,
        customer=st.sampled_from(["ann", "bob", "cid"]),
        pages=steps.map(lambda found: " ".join(page for n, page in enumerate(found) if [page] != found[n - 1 : n])),
        at=st.integers(0, 40).map(lambda n: n * DAY // 2),
        every=st.sampled_from([30, 60, 300]),
        resolved=st.booleans(),
        stage=st.sampled_from(["", "use", "adopt"]),
        variants=st.sampled_from([(), ("blue",), ("green",), ("blue", "green")]),
    )


def asked(visits, field, lists=(), page_table=None, **arguments):
    """The rows of an answer about visits that are numbered; `from` and `first` of Python's words end with _."""
    named = {name.rstrip("_"): value for name, value in arguments.items()}
    return answer(columns_of(visits, page_table), NoDatabase(), field, named, list(lists))


def ids(visits):
    """Of paths, in the order in which lists tell them."""
    return [visit.path_id for visit in sorted(visits, key=lambda one: (one.at, one.path_id))]


def listed(rows):
    """By row, the paths of the list numbered 0: their ids, and how many there are."""
    return {row["row"]: (row["path_ids"], row["total"]) for row in rows["path_lists"] if row["list"] == 0}


def quantile(values, share):
    """As numpy's "linear"; None of nothing."""
    found = sorted(values)
    if not found:
        return None
    place = share * (len(found) - 1)
    low = int(place)
    high = min(low + 1, len(found) - 1)
    return found[low] + (found[high] - found[low]) * (place - low)
