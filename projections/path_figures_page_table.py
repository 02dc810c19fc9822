"""All pages that were visited, with every figure of them (design, section 6)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.page_test import ALL, EXPECTED, STRATUM, TOO_FEW, UNEXPECTED, PageTest, test_pages, test_past
from raceline.analytics.path_edges import first_order
from raceline.analytics.path_pages import PageSums
from raceline.projections.path_columns import Site
from raceline.projections.path_figures_chosen import Chosen, Codes, Longs
from raceline.projections.path_figures_rows import Row, moment, row_of, share

LEAST = 30  # opportunities; pages with fewer are not tested

_FLAGS = pa.array([{TOO_FEW: "TOO_FEW", EXPECTED: "EXPECTED", UNEXPECTED: "UNEXPECTED"}[flag] for flag in range(3)])
_BASES = pa.array(["STRATUM", "ALL"])
_BASE_OF = np.array([{STRATUM: 0, ALL: 1}.get(basis, -1) for basis in range(3)])

Names = tuple[pa.Array, NDArray[Any]]


@dataclass(frozen=True)
class PageTable:
    """g pages. code: (g,); columns: figures by name, each (g,), nan for null; named: columns of names and the (g,)
    codes of these, -1 for null; test: the row of the table page_test, without the days of the past."""

    code: Longs
    columns: dict[str, NDArray[Any]]
    named: dict[str, Names]
    test: Row


def page_table(chosen: Chosen, past: Chosen | None, strata: str) -> PageTable:
    """The pages that any of the paths visits, without flags that depend on how sure they have to be.

    strata: 'type', 'links' or 'none'; past: paths to compare them with.
    """
    code = np.flatnonzero(chosen.sums.visits)
    sums, site = PageSums(*(column[code] for column in chosen.sums)), chosen.columns.site
    names, stratum = stratum_of(site, strata, code, chosen.pages)
    tested = _tested(sums, stratum, first_order(chosen.edges, chosen.pages)[code])
    before = _past(sums, None if past is None else PageSums(*(column[code] for column in past.sums)))
    columns = _counted(sums, chosen, code) | _told_test(tested, sums) | before.columns
    return PageTable(
        code,
        columns,
        {
            "page": (chosen.columns.page_names, code),
            "title": (site.title, code),
            "page_type": (site.types, site.type[code]),
            "stratum": (names, stratum),
            "expected_from": (_BASES, _BASE_OF[tested.basis]),
            "flag": (_FLAGS, tested.flag),
            "past_flag": (_FLAGS, before.flag),
        },
        _test_row(tested, sums, site) | {"past_tau": before.tau},
    )


def flagged(table: PageTable, alpha: float) -> PageTable:
    """The same pages, flagged so that at most this share of the flags is false."""
    flags = {name: _flags(table, name, alpha) for name in ("flag", "past_flag")}
    unexpected = np.count_nonzero(flags["flag"] == UNEXPECTED)
    (test,) = row_of(alpha=alpha, unexpected=unexpected)
    named = table.named | {name: (_FLAGS, codes) for name, codes in flags.items()}
    return replace(table, named=named, test=table.test | test)


def _flags(table: PageTable, name: str, alpha: float) -> NDArray[Any]:
    """Those that were tested are unexpected or not; for the others nothing changes."""
    _, flag = table.named[name]
    q = table.columns[name.replace("flag", "q")]
    found: NDArray[Any] = np.where(np.isnan(q), flag, np.where(q <= alpha, UNEXPECTED, EXPECTED))
    return found


def links_of(site: Site, pages: int) -> Longs:
    """(pages,) links that leave each page of the page table."""
    return np.bincount(site.link_source, minlength=pages)


def stratum_of(site: Site, strata: str, code: Longs, pages: int) -> Names:
    """The pages that each page is compared with: the names of strata, and (g,) codes, -1 for a stratum without one.

    By type: those of one type, those without one together. By links: octaves of the links that leave a page (0, 1,
    2-3, 4-7 ...), and those together of which nobody knows. Where nobody said types, or links, all are one stratum.
    """
    if strata == "none" or (strata == "links" and not site.has_links):
        return pa.array([], pa.string()), np.full(len(code), -1, np.int32)
    if strata == "type":
        return site.types, site.type[code]
    octave = np.where(site.known[code], np.frexp(links_of(site, pages)[code].astype(np.float64))[1], -1)
    return pa.array(["0", "1", *(f"{2**n}-{2 ** (n + 1) - 1}" for n in range(1, 63))]), octave


def _tested(sums: PageSums, stratum: NDArray[Any], expected: NDArray[np.float64]) -> PageTest:
    _, dense = np.unique(stratum, return_inverse=True)
    clustered = sums.opportunities, sums.turnarounds, sums.nn, sums.nk, sums.kk
    return test_pages(*clustered, dense.astype(np.int32), expected, least=LEAST)


def _counted(sums: PageSums, chosen: Chosen, code: Longs) -> dict[str, NDArray[Any]]:
    dwell, site = chosen.dwell[code], chosen.columns.site
    links = links_of(site, chosen.pages)[code].astype(object)
    links[~(site.known[code] & site.has_links)] = None
    return {
        "links": links,
        "visits": sums.visits,
        "customers": sums.customers,
        "entries": sums.entries,
        "exits": sums.exits,
        "resolved_here": sums.resolved_here,
        "opportunities": sums.opportunities,
        "turnarounds": sums.turnarounds,
        "rate": share(sums.turnarounds, sums.opportunities),
        "depth": share(sums.depth, sums.turnarounds),
        "ping_pongs": sums.ping_pongs,
        "loops": sums.looped,
        "dwell_median": dwell[:, 0],
        "dwell_p95": dwell[:, 1],
    }


def _told_test(tested: PageTest, sums: PageSums) -> dict[str, NDArray[Any]]:
    return {
        "expected_rate": tested.expected_rate,
        "first_order_rate": tested.first_order_rate,
        "first_order_z": tested.first_order_z,
        "first_order_p": tested.first_order_p,
        "first_order_q": tested.first_order_q,
        "design_effect": np.where(sums.opportunities > 0, tested.design_effect, np.nan),
        "effective_opportunities": tested.effective,
        "standard_error": tested.standard_error,
        "z": tested.z,
        "p": tested.p,
        "q": tested.q,
        "shrunken_rate": tested.shrunken_rate,
        "excess": tested.excess,
    }


def _test_row(tested: PageTest, sums: PageSums, site: Site) -> Row:
    (row,) = row_of(
        least_opportunities=LEAST,
        tested=tested.tested,
        too_few=np.count_nonzero(tested.flag == TOO_FEW),
        tau=tested.tau,
        tau_all=tested.tau_all,
        spread=tested.spread,
        overall_rate=share(sums.turnarounds.sum(), sums.opportunities.sum()),
        site_loaded_at=moment(site.loaded_at),
        pages=len(sums.visits),
    )
    return row


@dataclass(frozen=True)
class _Past:
    columns: dict[str, NDArray[Any]]
    flag: Codes | NDArray[np.int8]
    tau: float | None


def _past(sums: PageSums, past: PageSums | None) -> _Past:
    """The pages against their own past."""
    names = ("opportunities", "turnarounds", "rate", "change", "design_effect", "z", "p", "q")
    if past is None:
        nothing = np.full(len(sums.visits), np.nan)
        return _Past({f"past_{name}": nothing for name in names}, np.full(len(nothing), -1, np.int8), None)
    clustered = [
        column for one in (sums, past) for column in (one.opportunities, one.turnarounds, one.nn, one.nk, one.kk)
    ]
    found = test_past(*clustered, least=LEAST)
    rate = share(past.turnarounds, past.opportunities)
    columns = (past.opportunities, past.turnarounds, rate, found.change, found.design_effect, found.z, found.p, found.q)
    told = {f"past_{name}": column for name, column in zip(names, columns, strict=True)}
    (tau,) = row_of(tau=found.tau)
    return _Past(told, found.flag, tau["tau"])
