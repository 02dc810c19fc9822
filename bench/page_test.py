"""How many of the pages that the test flags are hot spots, and how many hot spots it finds, beside the naive test.

python bench/page_test.py [--worlds N]

A world has 200 pages of two types, where one step in ten and one in four turns back; the pages of a type differ by 0.3
in log odds (standard deviation). Each page has 20 to 5,000 opportunities. The 20,000 customers each have a trait of
their own, and few of them come often. A hot spot turns back twice or three times as many as it otherwise would. The
naive test asks of each page whether its turnarounds are too many for a binomial with the rate of all pages, and
corrects by Benjamini and Hochberg: in the same worlds, with the same least number of opportunities and the same alpha.

FDR: the mean share of flags that are false, 0 where nothing is flagged. (Without a hot spot all are false, and it is
the share of worlds with any.) Power: the share of hot spots with enough opportunities that are flagged. p < 0.05: at
how many of the tested pages that are no hot spot. Behind each figure is its standard error, which goes by how much
worlds differ: it is 0 where none differs, and a share that is 0 in all of N worlds may still be as high as 3/N.

Goals: an FDR of at most 0.10 wherever there are hot spots, and a power of at least 0.6 where they are three-fold, a
tenth of 200 pages and the rates are those above; what is found of fainter hot spots, of rarer turnarounds and of fewer
pages is printed, and less. Without a hot spot p is below 0.05 at no more than 0.06 of the pages.
"""

import argparse
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import binom

from raceline.analytics.false_discovery import discovery_rates
from raceline.analytics.page_test import TOO_FEW, UNEXPECTED, test_pages

LEAST, ALPHA = 30, 0.05
MOST_FALSE, LEAST_POWER, MOST_LOW = 0.10, 0.6, 0.06
TYPES = tuple(np.linspace(0.08, 0.25, 100))


class World(NamedTuple):
    """What a world is like."""

    name: str
    times: float = 1.0  # how much more often a hot spot turns back
    hot: float = 0.0  # share of pages
    rates: tuple[float, ...] = (0.1, 0.25)  # of the page types
    pages: int = 200
    least: int = 20  # opportunities of a page
    most: int = 5_000
    differ: float = 0.3  # pages of a type, standard deviation of log odds
    trait: float = 0.75  # of a customer, standard deviation of log odds
    customers: int = 20_000
    returning: float = 1.2  # the tail of how often customers come; less is heavier
    goal: bool = False


class Figure(NamedTuple):
    """A share as the worlds tell it, and its standard error; nan where there is nothing to share."""

    share: float
    error: float

    def __str__(self) -> str:
        return "-" if np.isnan(self.share) else f"{self.share:.3f} ±{self.error:.3f}"


class Score(NamedTuple):
    false: Figure
    power: Figure


COMMON = World("three-fold hot spots", 3.0, 0.1, goal=True)
WORLDS = [
    COMMON,
    COMMON._replace(name="two-fold hot spots", times=2.0, goal=False),
    COMMON._replace(name="  few of them, three-fold", hot=0.03, goal=False),
    COMMON._replace(name="  a fifth of all pages, three-fold", hot=0.2, goal=False),
    COMMON._replace(name="  three-fold, pages of a type alike", differ=0.0),
    COMMON._replace(name="  three-fold, rates of 2 and 5 %", rates=(0.02, 0.05), goal=False),
    COMMON._replace(name="  three-fold, at most 100 opportunities", most=100, goal=False),
    COMMON._replace(name="  three-fold, 100 types of 1 to 6 pages", rates=TYPES, goal=False),
    COMMON._replace(name="  three-fold, 30 pages", pages=30, goal=False),
    COMMON._replace(name="  three-fold, 10 pages", pages=10, goal=False),
    World("no hot spot"),
    World("  pages of a type alike", differ=0.0),
    World("  pages differ more", differ=0.6),
    World("  rates of 2 and 5 %", rates=(0.02, 0.05)),
    World("  30 opportunities each", least=30, most=30),
    World("  customers who come back very often", returning=0.7, trait=1.5),
    World("  100 types of 1 to 6 pages", rates=TYPES),
    World("  30 pages", pages=30),
    World("  10 pages", pages=10),
]


def counted(world: World, rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The sums that the test takes, the pages' types, and which pages are hot spots."""
    kind = rng.integers(0, len(world.rates), world.pages).astype(np.int32)
    hot = rng.random(world.pages) < world.hot
    usual = expit(logit(np.array(world.rates))[kind] + world.differ * rng.standard_normal(world.pages))
    rate = np.where(hot, np.minimum(world.times * usual, 0.95), usual)
    opportunities = np.exp(rng.uniform(np.log(world.least), np.log(world.most + 1), world.pages)).astype(np.int64)

    weight = rng.pareto(world.returning, world.customers) + 0.1
    page = np.repeat(np.arange(world.pages), opportunities)
    customer = rng.choice(world.customers, len(page), p=weight / weight.sum())
    trait = world.trait * rng.standard_normal(world.customers)
    turned = rng.random(len(page)) < expit(logit(rate)[page] + trait[customer])

    pair, of_pair = np.unique(page * world.customers + customer, return_inverse=True)
    n, k = np.bincount(of_pair), np.bincount(of_pair, turned)
    at_page = pair // world.customers
    sums = [np.bincount(at_page, figure, world.pages).astype(np.int64) for figure in (n, k, n * n, n * k, k * k)]
    return sums, kind, hot


def naive(opportunities: np.ndarray, turnarounds: np.ndarray) -> np.ndarray:
    p = binom.sf(turnarounds - 1, opportunities, turnarounds.sum() / opportunities.sum())
    return discovery_rates(np.where(opportunities >= LEAST, p, np.nan)) <= ALPHA


def of_worlds(part: list[float], whole: list[float]) -> Figure:
    """The sum of all worlds' parts over that of their wholes, and its error: worlds are what is independent."""
    parts, wholes, worlds = np.array(part, np.float64), np.array(whole, np.float64), len(part)
    if not wholes.sum():
        return Figure(np.nan, np.nan)
    share = parts.sum() / wholes.sum()
    squares = np.square(parts - share * wholes).sum() * worlds / (worlds - 1)
    return Figure(float(share), float(np.sqrt(squares) / wholes.sum()))


def score(flagged: list[np.ndarray], hot: list[np.ndarray], tested: list[np.ndarray]) -> Score:
    false = [float(np.sum(ours & ~true) / max(np.sum(ours), 1)) for ours, true in zip(flagged, hot, strict=True)]
    there = [true & asked for true, asked in zip(hot, tested, strict=True)]
    found = [float(np.sum(ours & true)) for ours, true in zip(flagged, there, strict=True)]
    return Score(of_worlds(false, [1.0] * len(false)), of_worlds(found, [float(np.sum(true)) for true in there]))


def compared(world: World, worlds: int) -> tuple[Score, Score, Figure]:
    """Ours, the naive test's, and the share of pages that are no hot spots with p below 0.05."""
    ours, theirs, spots, tested = [], [], [], []
    low, usual = [], []
    for seed in range(worlds):
        sums, kind, hot = counted(world, np.random.default_rng(seed))
        found = test_pages(*sums, kind, np.zeros(world.pages), least=LEAST, alpha=ALPHA)
        ours.append(found.flag == UNEXPECTED)
        theirs.append(naive(*sums[:2]))
        spots.append(hot)
        tested.append(found.flag != TOO_FEW)
        p = found.p[tested[-1] & ~hot]
        low.append(float(np.sum(p < 0.05)))
        usual.append(float(len(p)))
    return score(ours, spots, tested), score(theirs, spots, tested), of_worlds(low, usual)


def missed(world: World, ours: Score, low: Figure) -> bool:
    if not world.hot:
        return low.share > MOST_LOW
    return ours.false.share > MOST_FALSE or (world.goal and ours.power.share < LEAST_POWER)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--worlds", type=int, default=100, help="of each kind, each with a seed of its own; at least 2")
    worlds = max(parser.parse_args().worlds, 2)
    print(f"{worlds} worlds of each kind; alpha {ALPHA}, pages with at least {LEAST} opportunities")
    print(f"{'':40}{'ours':^32}{'naive':^32}{'p < 0.05 of':>16}")
    print(f"{'':40}{'FDR':>16}{'power':>16}{'FDR':>16}{'power':>16}{'other pages':>16}")
    failed = []
    for world in WORLDS:
        ours, theirs, low = compared(world, worlds)
        print(f"{world.name:40}" + "".join(f"{figure!s:>16}" for figure in (*ours, *theirs, low)), flush=True)
        if missed(world, ours, low):
            failed.append(world.name.strip())
    print(f"goal: FDR at most {MOST_FALSE:.2f}, power at least {LEAST_POWER}, p < 0.05 of at most {MOST_LOW}:", end=" ")
    print("missed by " + "; ".join(failed) if failed else "met")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
