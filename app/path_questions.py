"""What commands ask the API about paths: each question with the figures of one table, and of nothing that is cut."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from raceline.app.asking import Ask
from raceline.app.never_seen import never_seen
from raceline.app.path_export_tables import (
    BEFORE_MOVES,
    COMPARISON,
    EDGES,
    FUNNEL,
    NEVER_TAKEN,
    NODES,
    PAGES,
    PERCOLATION,
    VARIANTS,
)
from raceline.app.path_tables import Row, snake

EVERY = 2**31 - 1

_PAGES = """
query($from: Date, $to: Date, $where: PathFilter, $past: DayRange, $strata: PageStrata! = TYPE, $alpha: Float! = 0.05) {
  pages(from: $from, to: $to, where: $where, past: $past, strata: $strata, alpha: $alpha, first: %d) {
    position nodes { %s }
    test { alpha leastOpportunities tested tooFew unexpected tau tauAll overallRate siteLoadedAt past { from to tau } }
  }
}"""
_FLAGGED = """
query($where: PathFilter, $first: Int!) { pages(where: $where, first: $first) { position nodes { page flag } } }"""
_GRAPH = """
query($where: PathFilter, $steps: Int, $nodes: Int!, $edges: Int!, $neverTaken: Int!) {
  siteGraph(where: $where, steps: $steps, nodes: $nodes, edges: $edges, neverTaken: $neverTaken) {
    position pathCount customers nodes { %s } edges { %s } neverTaken { %s }
    totals { nodesLeftOut edgesLeftOut transitionsLeftOut links linksNeverTaken jumps siteLoadedAt }
  }
}"""
_VARIANTS = """
query($where: PathFilter, $first: Int!) {
  pathVariants(where: $where, first: $first) {
    position pathCount customers variantCount variantsLeftOut pathsLeftOut variants { %s }
  }
}"""
_PERCOLATION = """
query($where: PathFilter, $over: PercolationPeriod, $by: PercolationGroup, $first: Int!) {
  percolation(where: $where, over: $over, by: $by, first: $first) {
    position pathCount customers groupsLeftOut pathsLeftOut rows { %s }
  }
}"""
_FUNNEL = """
query($pattern: String!, $where: PathFilter, $per: FunnelUnit! = PATH) {
  funnel(pattern: $pattern, where: $where, per: $per) { position pathCount customers steps { %s } }
}"""
_COMPARISON = """
query($a: PathFilter!, $b: PathFilter!) {
  pathComparison(a: $a, b: $b) {
    position customersInBoth pathsInBoth a { pathCount customers } b { pathCount customers } metrics { %s }
  }
}"""
_BEFORE_MOVES = """
query($stage: String!, $racetrack: String, $window: Int!, $from: Date, $to: Date, $first: Int!) {
  pagesBeforeMoves(stage: $stage, racetrack: $racetrack, window: $window, from: $from, to: $to, first: $first) {
    position stage racetrack stays moves openStays days tested pagesLeftOut pages { %s }
  }
}"""


class Told(NamedTuple):
    """An answer: the field of the API, its rows by the names of their lists, and everything else that it says.

    remarks: sentences about what was asked, when there is nothing in it.
    """

    field: str
    rows: Mapping[str, list[Row]]
    facts: Row
    remarks: tuple[str, ...] = ()

    @property
    def position(self) -> int:
        """Where in the log it is true."""
        return int(self.facts["position"])

    def metadata(self) -> dict[str, str]:
        """What it says besides its rows, for a file."""
        return {snake(name): str(value) for name, value in self.facts.items() if value is not None}

    def left_out(self) -> str:
        """What the rows leave out; empty when it is nothing."""
        found = {snake(name).removesuffix("_left_out"): n for name, n in self.facts.items() if name.endswith("LeftOut")}
        return ", ".join(f"{n:,} {what}" for what, n in found.items() if n)


def pages(
    ask: Ask,
    where: Row,
    *,
    past: tuple[date, date] | None = None,
    strata: str | None = None,
    alpha: float | None = None,
) -> Told:
    """Every page with its test. The days are told by the field itself, which compares them with those before."""
    days = {name: where[name] for name in ("from", "to") if name in where}
    others = {name: value for name, value in where.items() if name not in days}
    then = past and {"from": past[0].isoformat(), "to": past[1].isoformat()}
    question = _PAGES % (EVERY, PAGES.selection)
    given = {"past": then, "strata": strata and strata.upper(), "alpha": alpha}
    told = _told("pages", ask(question, **days, where=others, **given))
    return told if told.rows["nodes"] else _remarked(told, ask, where)


def flagged(ask: Ask, where: Row) -> set[str]:
    """The pages where customers turn round more often than is to be expected of pages of their type."""
    rows = ask(_FLAGGED, where=where, first=EVERY)["pages"]["nodes"]
    return {row["page"] for row in rows if row["flag"] == "UNEXPECTED"}


def graph(
    ask: Ask, where: Row, *, steps: int | None = None, nodes: int = EVERY, edges: int = EVERY, never_taken: int = EVERY
) -> Told:
    """The site as a graph."""
    question = _GRAPH % (NODES.selection, EDGES.selection, NEVER_TAKEN.selection)
    given = {"nodes": nodes, "edges": edges, "neverTaken": never_taken}
    return _of_paths(_told("siteGraph", ask(question, where=where, steps=steps, **given)), ask, where)


def variants(ask: Ask, where: Row, *, first: int = EVERY) -> Told:
    """Paths of identical steps."""
    told = _told("pathVariants", ask(_VARIANTS % VARIANTS.selection, where=where, first=first))
    return _of_paths(told, ask, where)


def percolation(ask: Ask, where: Row, *, over: str | None = None, by: str | None = None, first: int = EVERY) -> Told:
    """Lengths of paths by period and group."""
    given = {"over": over and over.upper(), "by": by and by.upper().replace("-", "_")}
    told = _told("percolation", ask(_PERCOLATION % PERCOLATION.selection, where=where, first=first, **given))
    return _of_paths(told, ask, where)


def funnel(ask: Ask, where: Row, pattern: str, *, per: str | None = None) -> Told:
    """How many come from step to step."""
    given = {"pattern": pattern, "per": per and per.upper()}
    told = _told("funnel", ask(_FUNNEL % FUNNEL.selection, where=where, **given))
    return told if all(row["pathCount"] for row in told.rows["steps"]) else _remarked(told, ask, where, pattern)


def comparison(ask: Ask, a: Row, b: Row) -> Told:
    """Two groups of paths side by side; it says how large they are."""
    told = _told("pathComparison", ask(_COMPARISON % COMPARISON.selection, a=a, b=b))
    facts = told.facts
    sizes = [f"{one}: {facts[f'{one}_pathCount']:,} paths of {facts[f'{one}_customers']:,} customers" for one in "ab"]
    both = f"in both: {facts['pathsInBoth']:,} paths, {facts['customersInBoth']:,} customers"
    empty = [where for one, where in (("a", a), ("b", b)) if not facts[f"{one}_pathCount"]]
    unseen = [remark for where in empty for remark in never_seen(ask, where)]
    return told._replace(remarks=("; ".join([*sizes, both]) + ".", *dict.fromkeys(unseen)))


def before_moves(
    ask: Ask,
    stage: str,
    *,
    racetrack: str | None = None,
    window: int = 7,
    days: tuple[date | None, date | None] = (None, None),
    first: int = EVERY,
) -> Told:
    """Pages that come before a move out of a stage."""
    given: dict[str, Any] = dict(zip(("from", "to"), (day and day.isoformat() for day in days), strict=True))
    given |= {"stage": stage, "racetrack": racetrack, "window": window, "first": first}
    return _told("pagesBeforeMoves", ask(_BEFORE_MOVES % BEFORE_MOVES.selection, **given))


def _of_paths(told: Told, ask: Ask, where: Row) -> Told:
    return told if told.facts["pathCount"] else _remarked(told, ask, where)


def _remarked(told: Told, ask: Ask, where: Row, *patterns: str) -> Told:
    return told._replace(remarks=tuple(never_seen(ask, where, *patterns)))


def _told(field: str, data: Row) -> Told:
    lists = {name: value for name, value in data[field].items() if isinstance(value, list)}
    return Told(field, lists, dict(_facts({name: value for name, value in data[field].items() if name not in lists})))


def _facts(answer: Row) -> Iterator[tuple[str, Any]]:
    """What is said one level below a total or a test is named after it: past { from } is past_from."""
    for name, value in answer.items():
        if isinstance(value, dict):
            before = "" if name in ("test", "totals") else f"{name}_"
            yield from ((f"{before}{one}", fact) for one, fact in _facts(value))
        else:
            yield name, value
