"""Wikispeedia's unfinished paths as events, and what must come out of them, counted from the rows in plain loops.

python bench/wikispeedia.py PATHS.tsv.gz [OUT.ndjson] [--customer visit|visitor]
raceline ingest OUT.ndjson

The data: West & Leskovec, Human Wayfinding in Information Networks, WWW 2012. A row is a game: a visitor (an address,
hashed), when it began, how long it took, the pages with `<` for the back button, and how it ended.

Clicks. `A;B;<;C` is A to B, back to A, A to C. A click is a support.link_followed. The back button is no event, and
shows as the implied step at the next click. A game without a click is one web.page_viewed: its only page was seen.
Nothing says that a page helped, so `resolved` is false throughout. Names are decoded (%28 is a bracket).

Times. The file has none per click. The first click is at the beginning and the steps, back or forward, follow at even
distances, the last one a distance before the end. A time-out ends a game half an hour after its last click; this half
hour is waiting, and is taken off first. So no pause within a game is as long as the half hour that ends a session.

Customers. An address often begins a game before half an hour has passed since its last one, or while that still runs:
one game after the other, or several people behind one address. For one customer, the rule makes a single session of
them. So a game is a customer of its own, `visitor/n`, and the visitor is its account. With --customer visitor it is the
visitor who is the customer, and games run into one another.
"""

import argparse
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import unquote

import msgspec

from raceline.domain.event import moment

SECOND = 1_000_000
SESSION_GAP = 1_800 * SECOND


class Game(NamedTuple):
    row: int  # from 1, comments not counted
    visitor: str
    ordinal: int  # of the visitor's games, from 1
    started_at: int  # microseconds since 1970
    played: int  # microseconds until the end, without the waiting of a time-out
    steps: list[str]


class Click(NamedTuple):
    at: int
    number: int  # of the event in the whole file, from 1: the order within a microsecond
    source: str | None  # None for the view of a game without a click
    target: str


class Step(NamedTuple):
    page: str
    by: Literal["click", "one back", "several backs"]


class Expected(NamedTuple):
    paths: int
    steps: int
    paths_with_turnaround: int
    opportunities: int
    turnarounds: int
    ping_pongs: int


def games(lines: Iterable[str]) -> Iterator[Game]:
    seen: Counter[str] = Counter()
    rows = (line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#"))
    for row, (visitor, began, seconds, path, _, end) in enumerate(rows, 1):
        seen[visitor] += 1
        played = max(int(seconds) - (1_800 if end == "timeout" else 0), 0)
        steps = [unquote(page) for page in path.split(";")]
        yield Game(row, visitor, seen[visitor], int(began) * SECOND, played * SECOND, steps)


def clicks(game: Game, number: int) -> list[Click]:
    """The events of a game, numbered from `number` on."""
    if len(game.steps) == 1:
        return [Click(game.started_at, number, None, game.steps[0])]
    found, trail = list[Click](), [game.steps[0]]
    for n, page in enumerate(game.steps[1:]):
        if page == "<":
            trail.pop()
            continue
        at = game.started_at + game.played * n // (len(game.steps) - 1)
        found.append(Click(at, number + len(found), trail[-1], page))
        trail.append(page)
    return found


def envelope(game: Game, click: Click, of: str) -> dict[str, object]:
    by_visit = of == "visit"
    made: dict[str, object] = {
        "event_id": f"{game.row}/{click.number}",
        "source": f"wikispeedia-by-{of}",
        "type": "web.page_viewed" if click.source is None else "support.link_followed",
        "customer_id": f"{game.visitor}/{game.ordinal}" if by_visit else game.visitor,
        "occurred_at": moment(click.at),
        "sequence": click.number,
        "data": {"page": click.target}
        if click.source is None
        else {"source_page": click.source, "target_page": click.target, "resolved": False},
    }
    return made | {"account_id": game.visitor} if by_visit else made


def shown(game: Game) -> list[Step]:
    """The steps of a game that can be seen from its clicks, read off the row itself."""
    seen, trail, backs = [Step(game.steps[0], "click")], [game.steps[0]], 0
    for page in game.steps[1:]:
        if page == "<":
            trail.pop()
            backs += 1
            continue
        if trail[-1] != seen[-1].page:
            seen.append(Step(trail[-1], "one back" if backs == 1 else "several backs"))
        seen.append(Step(page, "click"))
        trail.append(page)
        backs = 0
    return seen


def sessions(events: Iterable[Click]) -> Iterator[list[str]]:
    """The paths of one customer by the rules: half an hour without an event ends one; a run of a page is one step."""
    last, pages = None, list[str]()
    for event in sorted(events):
        if last is not None and event.at - last >= SESSION_GAP:
            yield pages
            pages = []
        for page in (event.source, event.target):
            if page is not None and pages[-1:] != [page]:
                pages.append(page)
        last = event.at
    yield pages


def turns(pages: Sequence[str]) -> dict[int, bool]:
    """The steps, from 0, with the same page before and after: does it count, or is it further on in a ping-pong?"""
    at = [n for n in range(1, len(pages) - 1) if pages[n - 1] == pages[n + 1]]
    return {n: n - 1 not in at for n in at}


def depth(pages: Sequence[str], n: int) -> int:
    """How far the steps after n mirror the steps before it."""
    reach = min(n, len(pages) - 1 - n)
    return next((k for k in range(reach) if pages[n - k - 1] != pages[n + k + 1]), reach)


def expected(paths: Iterable[Sequence[str]]) -> Expected:
    total = Counter[str]()
    for pages in paths:
        found = list(turns(pages).values())
        total["paths"] += 1
        total["steps"] += len(pages)
        total["with"] += any(found)
        total["opportunities"] += max(len(pages) - 2, 0) - found.count(False)
        total["turnarounds"] += found.count(True)
        total["ping_pongs"] += sum(first and not second for first, second in pairwise(found))
    names = ("paths", "steps", "with", "opportunities", "turnarounds", "ping_pongs")
    return Expected(*(total[name] for name in names))


def at_pages(paths: Iterable[Sequence[str]]) -> dict[str, Counter[str]]:
    """The figures of each page, where every path is a customer of its own; depth: the sum over its turnarounds."""
    total = defaultdict[str, Counter[str]](Counter)
    for pages in paths:
        found = turns(pages)
        for n, page in enumerate(pages):
            counts = found.get(n)
            total[page]["visits"] += 1
            total[page]["customers"] += page not in pages[:n]
            total[page]["opportunities"] += 0 < n < len(pages) - 1 and counts is not False
            if counts:
                total[page]["turnarounds"] += 1
                total[page]["depth"] += depth(pages, n)
                total[page]["ping_pongs"] += found.get(n + 1) is False
    return total


def against_backs(played: Sequence[Game]) -> tuple[Counter[str], Counter[tuple[str, bool]]]:
    """The back clicks by what they show, and the returns to the page before the last by what made them and counts."""
    backs, returns = Counter[str](), Counter[tuple[str, bool]]()
    for game in played:
        runs = "".join("<" if page == "<" else "." for page in game.steps).split(".")
        backs["at the end of a game, before no further click: not seen"] += len(runs[-1])
        backs["single, before a click: A;B;<;C shows A B A C, and B is turned at"] += runs[:-1].count("<")
        backs["several in a row, before a click: only where they end is seen"] += sum(
            len(run) for run in runs[:-1] if len(run) > 1
        )
        steps = shown(game)
        pages = [step.page for step in steps]
        returns.update((steps[n + 1].by, counts) for n, counts in turns(pages).items())
    return backs, returns


def explained(played: Sequence[Game]) -> Iterator[str]:
    """The turnarounds of a game for itself, against its back clicks."""
    backs, returns = against_backs(played)
    yield f"back clicks: {sum(backs.values()):,}"
    yield from (f"  {count:>7,} {what}" for what, count in backs.items())
    yield f"returns to the page before the last: {sum(returns.values()):,}"
    for (by, counts), count in sorted(returns.items(), reverse=True):
        yield f"  {count:>7,} by {by}: " + ("turnarounds" if counts else "further on in a ping-pong, which counts once")


def read(path: Path) -> list[Game]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(games(lines))


def as_events(played: Iterable[Game]) -> Iterator[tuple[Game, list[Click]]]:
    """The games with their events, numbered throughout."""
    number = 0
    for game in played:
        yield game, (events := clicks(game, number + 1))
        number += len(events)


def main() -> None:
    parser = argparse.ArgumentParser(description="Turn Wikispeedia's unfinished paths into events.")
    parser.add_argument("paths", type=Path)
    parser.add_argument("out", type=Path, nargs="?", help="NDJSON; without it, only the figures are printed")
    parser.add_argument("--customer", choices=["visit", "visitor"], default="visit")
    asked = parser.parse_args()
    played = read(asked.paths)
    of_customer, written = defaultdict[object, list[Click]](list), list[bytes]()
    for game, events in as_events(played):
        of_customer[game.row if asked.customer == "visit" else game.visitor] += events
        written += (msgspec.json.encode(envelope(game, event, asked.customer)) for event in events)
    if asked.out:
        asked.out.write_bytes(b"\n".join(written) + b"\n")
    views = sum(event.source is None for events in of_customer.values() for event in events)
    print(f"rows: {len(played):,}; visitors: {len({game.visitor for game in played}):,}")
    print(f"events: {len(written):,}, of these {views:,} views of games without a click")
    print(f"customers: {len(of_customer):,}")
    found = expected(path for events in of_customer.values() for path in sessions(events))
    for name, value in found._asdict().items():
        print(f"expected {name.replace('_', ' ')}: {value:,}")
    by_row = expected([step.page for step in shown(game)] for game in played)
    print("the same, counted from the rows without clicks and times:", "equal" if by_row == found else by_row)
    print("\n".join(explained(played)))


if __name__ == "__main__":
    main()
