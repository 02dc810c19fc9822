"""The visits of the generated sample: to the web site before customers buy, to the support site when they need help.

Some visitors of the support site see its new layout, by which they find what helps in fewer steps.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from raceline.app.sample_cases import Fact
from raceline.app.sample_dice import Dice
from raceline.app.sample_site import ARTICLES, COMPARISON, REFERENCES, SEARCH, TURNS, WEB, leads_to, solutions

# The experiment: what a click says of the layout that its customer sees.
OLD_LAYOUT, NEW_LAYOUT = "layout-a", "layout-b"
LAYOUTS = (OLD_LAYOUT, NEW_LAYOUT)


def web_visit(dice: Dice, at: datetime) -> Iterator[Fact]:
    """Some pages of the web site in any order; now and then back to the page before."""
    before = None
    for page in dice.different(WEB, 2, 5):
        for seen in (page, before, page) if before and dice.chance(0.12) else (page,):
            yield at, "web.page_viewed", {"page": seen, "page_type": "sample"}
            at += timedelta(seconds=dice.some(5, 240))
        before = page


def last_look(dice: Dice, at: datetime) -> Iterator[Fact]:
    """The visit of one who compares once more before they order."""
    for page in ("/products", COMPARISON):
        yield at, "web.page_viewed", {"page": page, "page_type": "sample"}
        at += timedelta(seconds=dice.some(5, 240))


def support_visit(dice: Dice, at: datetime, layout: str | None) -> Iterator[Fact]:
    """From the search to articles and references, and often straight back: a turnaround. Then a solution, or nothing.

    A solution has no link back to the search. Who tries again after one that did not help is suddenly there.
    """
    visit = _Visit(dice, at, layout)
    yield from visit.reads(dice.some(1, 2) if layout == NEW_LAYOUT else dice.some(1, 4))
    if not dice.chance(0.85):
        return
    yield visit.solved(0.7 if layout == NEW_LAYOUT else 0.6)
    if not visit.resolved and dice.chance(0.35):
        visit.here = SEARCH
        yield from visit.reads(dice.some(1, 2))
        yield visit.solved(0.5)


class _Visit:
    """here: the page that the customer is on. resolved: whether the last one helped."""

    def __init__(self, dice: Dice, at: datetime, layout: str | None) -> None:
        self._dice, self._at = dice, at
        self._variant = {} if layout is None else {"variant": layout}
        self._seen = set[str]()
        self.here, self.resolved = SEARCH, False

    def reads(self, pages: int) -> Iterator[Fact]:
        """So many pages, none twice, by links of those before; fewer where no link is left."""
        for _ in range(pages):
            new = [page for page in leads_to(self.here) if page not in self._seen]
            if not new:
                return
            before, page = self.here, self._dice.one(*new)
            yield self._follow(page)
            if self._dice.chance(TURNS[page]):
                yield self._follow(before)

    def solved(self, chance: float) -> Fact:
        """To a solution, which helps so often."""
        page = self._dice.one(*solutions(self.here))
        self.resolved = self._dice.chance(chance)
        return self._follow(page)

    def _follow(self, target: str) -> Fact:
        link: dict[str, Any] = {"source_page": self.here, "target_page": target, "resolved": self.resolved}
        fact = self._at, "support.link_followed", link | self._variant
        self._seen.add(target)
        self.here = target
        self._at += timedelta(seconds=self._stays(target))
        return fact

    def _stays(self, page: str) -> int:
        """How long one reads a page, in seconds."""
        if page in ARTICLES:
            return self._dice.some(20, 400)
        return self._dice.some(4, 90) if page in REFERENCES else self._dice.some(3, 60)
