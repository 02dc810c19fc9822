"""Which of Wikispeedia's pages turn unexpectedly many visitors back, and whether the test stays silent where none do.

python bench/wikispeedia_pages.py [FOLDER] [--worlds N]

FOLDER holds paths_unfinished.tsv.gz and links.tsv.gz (West & Leskovec, Human Wayfinding in Information Networks, WWW
2012). A path is the steps of a game as its clicks show them (bench/wikispeedia.py). The customer is the visitor here,
because the games of one visitor are not independent. The pages are tested without strata, and within octaves of their
number of links: 8-15, 16-31 ... Listed are the pages that are flagged (!), then the next ones by q; and how many pages
the naive test flags (binomial against the overall rate, Benjamini and Hochberg). tau is shown for each octave alone as
well: that it is about the same is why pages are taken to differ in log odds.

Two null checks of N worlds each, in which no page is special; at most 5 % of the pages tested may be flagged:

pages between paths   every step gets the page of another step, of any path. Lengths of paths and frequencies of pages
                      stay; turnarounds are what chance leaves.
pages, not patterns   the pages of a path change places with those of other paths that occur as often in them. Lengths,
                      frequencies and turnarounds stay; only which page it is that people turn back at is chance.

Exit status 1 when more are flagged; 0 without the data, which is not ours to hand on.
"""

import argparse
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote

import numpy as np
from scipy.stats import binom
from wikispeedia import Game, read, shown

from raceline.analytics.false_discovery import discovery_rates
from raceline.analytics.page_test import TOO_FEW, UNEXPECTED, PageTest, test_pages
from raceline.analytics.path_arrays import PathArrays, annotated
from raceline.analytics.path_edges import edges, first_order
from raceline.analytics.path_pages import PageSums, page_sums

DATA = Path(__file__).parents[2] / "shared/data/wikispeedia"
MOST_FLAGGED = 0.05
OTHERS = 12

Null: TypeAlias = Callable[[PathArrays, np.random.Generator], np.ndarray]


class Site(NamedTuple):
    names: list[str]
    links: np.ndarray  # (pages,) outgoing


def arrays(played: list[Game], code: dict[str, int]) -> PathArrays:
    """The paths of each visitor one after the other; times are not needed."""
    steps = [[code.setdefault(step.page, len(code)) for step in shown(game)] for game in played]
    visitors = {visitor: n for n, visitor in enumerate(dict.fromkeys(game.visitor for game in played))}
    start = np.concatenate([[0], np.cumsum([len(pages) for pages in steps])])
    customer = np.array([visitors[game.visitor] for game in played], np.int32)
    page = np.concatenate(steps).astype(np.int32)
    return annotated(start, page, np.zeros(len(page), np.int64), customer, np.zeros(len(steps), np.bool_), len(code))


def outgoing(file: Path, code: dict[str, int]) -> np.ndarray:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = (line.split("\t", 1)[0] for line in lines if line.strip() and not line.startswith("#"))
        source = [code.setdefault(unquote(page), len(code)) for page in rows]
    return np.bincount(source, minlength=len(code))


def tested(paths: PathArrays, stratum: np.ndarray) -> tuple[PageSums, PageTest]:
    sums = page_sums(paths, len(stratum))
    by_customer = sums.opportunities, sums.turnarounds, sums.nn, sums.nk, sums.kk
    return sums, test_pages(*by_customer, stratum, first_order(edges(paths, len(stratum)), len(stratum)))


def between_paths(paths: PathArrays, rng: np.random.Generator) -> np.ndarray:
    """The pages at other steps; no two neighbours are the same, so that no path gets shorter."""
    page = rng.permutation(paths.page)
    starts = np.zeros(len(page), np.bool_)
    starts[paths.path_start[:-1]] = True
    while len(clash := np.flatnonzero((page == np.roll(page, 1)) & ~starts)):
        for step, other in zip(clash, rng.integers(0, len(page), len(clash)), strict=True):
            page[step], page[other] = page[other], page[step]
    return page


def not_patterns(paths: PathArrays, rng: np.random.Generator) -> np.ndarray:
    """Other pages in the same patterns: who occurs as often in another path changes places."""
    path = np.repeat(np.arange(len(paths.customer)), np.diff(paths.path_start))
    pages = int(paths.page.max()) + 1
    place, of_step, times = np.unique(path * pages + paths.page, return_inverse=True, return_counts=True)
    path_of, page_of = place // pages, place % pages
    for often in np.unique(times):
        alike = np.flatnonzero(times == often)
        page_of[alike] = page_of[rng.permutation(alike)]
    while len(clash := twice(path_of * pages + page_of)):  # a page may not come into a path where it is already
        for one in clash:
            other = rng.choice(np.flatnonzero(times == times[one]))
            page_of[one], page_of[other] = page_of[other], page_of[one]
    return page_of[of_step].astype(np.int32)


def twice(key: np.ndarray) -> np.ndarray:
    """Where keys are that are there more than once: either may have to go."""
    _, of_key, times = np.unique(key, return_inverse=True, return_counts=True)
    return np.flatnonzero(times[of_key] > 1)


def null_worlds(paths: PathArrays, pages: int, worlds: int, null: Null) -> Iterator[PathArrays]:
    for seed in range(worlds):
        page = null(paths, np.random.default_rng(seed))
        assert (np.bincount(page, minlength=pages) == np.bincount(paths.page, minlength=pages)).all()
        yield annotated(paths.path_start, page, paths.at, paths.customer, paths.resolved, pages)


def naive(sums: PageSums) -> np.ndarray:
    n, k = sums.opportunities, sums.turnarounds
    return discovery_rates(np.where(n >= 30, binom.sf(k - 1, n, k.sum() / n.sum()), np.nan)) <= 0.05


def listed(site: Site, sums: PageSums, found: PageTest) -> Iterator[str]:
    flagged = found.flag == UNEXPECTED
    of_first_order = [site.names[page] for page in np.flatnonzero(found.first_order_q <= 0.05)]
    yield (
        f"{found.tested} pages tested of {np.sum(sums.visits > 0):,} visited; {flagged.sum()} unexpected, by the naive "
        f"test {naive(sums).sum()}, by first order {len(of_first_order)} {of_first_order or ''}"
    )
    yield (
        f"  the pages of a stratum differ by tau {found.tau:.3f} in log odds: two in three by a factor of up to "
        f"{np.exp(found.tau):.2f}; overall rate {sums.turnarounds.sum() / sums.opportunities.sum():.3f}"
    )
    yield f"  {'':2}{'page':28}{'links':>6}{'n':>6}{'k':>5}{'rate':>7}{'expected':>9}{'1st order':>10}" + (
        f"{'design':>8}{'z':>6}{'p':>9}{'q':>9}{'shrunken':>9}{'excess':>8}"
    )
    for page in np.lexsort((found.p, found.q))[: flagged.sum() + OTHERS]:
        n, k = sums.opportunities[page], sums.turnarounds[page]
        yield (
            f"  {'!' if flagged[page] else '':2}{site.names[page][:27]:28}{site.links[page]:6}{n:6}{k:5}{k / n:7.3f}"
            f"{found.expected_rate[page]:9.3f}{found.first_order_rate[page]:10.3f}{found.design_effect[page]:8.2f}"
            f"{found.z[page]:6.2f}{found.p[page]:9.2g}{found.q[page]:9.2g}{found.shrunken_rate[page]:9.3f}"
            f"{found.excess[page]:8.1f}"
        )


def tau_of_strata(sums: PageSums, stratum: np.ndarray) -> Iterator[str]:
    for code in np.unique(stratum[sums.opportunities >= 30]):
        inside = stratum == code
        alone = PageSums(*(figure[inside] for figure in sums))
        by_customer = alone.opportunities, alone.turnarounds, alone.nn, alone.nk, alone.kk
        found = test_pages(*by_customer, stratum[inside] * 0, np.zeros(inside.sum()))
        rate = alone.turnarounds.sum() / alone.opportunities.sum()
        if found.tested >= OTHERS:
            yield (
                f"  {2 ** (code - 1)}-{2**code - 1} links alone: {found.tested} pages tested, rate {rate:.3f}, "
                f"tau {found.tau:.2f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--worlds", type=int, default=20, help="of each null check")
    asked = parser.parse_args()
    if not (asked.folder / "links.tsv.gz").is_file():
        print(f"There is no {asked.folder / 'links.tsv.gz'}, so there is nothing to do.")
        return
    code: dict[str, int] = {}
    links = outgoing(asked.folder / "links.tsv.gz", code)
    played = sorted(read(asked.folder / "paths_unfinished.tsv.gz"), key=lambda game: game.visitor)
    paths = arrays(played, code)
    site = Site(list(code), np.concatenate([links, np.zeros(len(code) - len(links), np.int64)]))
    print(f"{len(paths.customer):,} paths of {paths.customer.max() + 1:,} visitors, {len(code):,} pages")
    strata = {
        "without strata": np.zeros(len(code), np.int32),
        "octaves of links": np.frexp(site.links)[1].astype(np.int32),
    }
    for name, stratum in strata.items():
        sums, found = tested(paths, stratum)
        print(f"\n{name}: ", end="")
        print("\n".join(listed(site, sums, found)))
    print("\n".join(tau_of_strata(sums, stratum)))
    print(f"\nnull checks, {asked.worlds} worlds each: flags, and their share of the pages tested in the worst world")
    missed = False
    for null in between_paths, not_patterns:
        worlds = list(null_worlds(paths, len(code), asked.worlds, null))
        for name, stratum in strata.items():
            tests = [tested(world, stratum)[1] for world in worlds]
            flags = [np.sum(test.flag == UNEXPECTED) for test in tests]
            share = max(flag / test.tested for flag, test in zip(flags, tests, strict=True))
            low = np.mean(np.concatenate([test.p[test.flag != TOO_FEW] for test in tests]) < 0.05)
            missed |= bool(share > MOST_FLAGGED)
            of_naive = np.mean([naive(page_sums(world, len(code))).sum() for world in worlds])
            print(
                f"  {null.__name__.replace('_', ' '):14} {name:17} {sum(flags):4} of {sum(t.tested for t in tests):,}; "
                f"{100 * share:.2f} %; p < 0.05 of {low:.3f} of the pages; the naive test flags {of_naive:.1f} a world"
            )
    print(
        f"goal: at most {100 * MOST_FLAGGED:.0f} % of the pages tested in any null world:",
        "missed" if missed else "met",
    )
    raise SystemExit(missed)


if __name__ == "__main__":
    main()
