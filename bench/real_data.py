"""Real data through the whole of raceline: files in, answers over GraphQL out, each beside a plain count of the file.

python bench/real_data.py [--data ../shared/data]

Wikispeedia's games become clicks (wikispeedia.py says how) and come back as paths. The incidents of a ServiceNow come
in by the mapping file uci_incident.yaml alone, as the cases of their callers on every day (uci_cases.py), and once more
as customers whose states are the stages of a racetrack (uci_stages.py). The clickstream example is five records, taken
in while the server runs.
Exit status 1 when something differs from its count; 0 without the data, which is not ours to hand on.
"""

import argparse
import csv
import gzip
import statistics
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import uci_cases
import uci_stages
import wikispeedia
import yaml
from scratch import folder
from served import Report, Served, served

from raceline.projections.replay import replay
from raceline.projections.verify import verify

WIKISPEEDIA = Path("wikispeedia/paths_unfinished.tsv.gz")
MAPPING = Path(__file__).with_name("uci_incident.yaml")
CLICKS = """TimeStamp,CustomerID,SourcePageID,TargetPageID,IsResolved
1515764691,1,11,28,False
1515764752,2,11,35,False
1515764876,2,35,42,True
1515764997,1,28,35,False
1515765000,1,35,42,True
"""

FIGURES = "{ pathStatistics { all { paths meanLength varianceLength } resolved { paths } shareWithTurnaround } }"
EXAMPLE = "{ paths { nodes { customer { guid } pages length startedAt turnarounds { page } } } }"
PATHS = """query ($after: String) { paths(first: 500, after: $after) { pageInfo { hasNextPage endCursor } nodes {
  customer { guid account } pages length turnarounds { index } pingPongs { index bounces } steps { implied }
  events { position } } } }"""
PAGES = """query ($after: String) { pages(first: 500, after: $after) { pageInfo { hasNextPage endCursor } nodes {
  page visits customers opportunities turnarounds rate depth pingPongs } } }"""
CUSTOMERS = """query ($after: String) { customers(first: 500, after: $after) { pageInfo { hasNextPage endCursor }
  nodes { guid eventCount } } }"""
CUSTOMER = """query ($id: String!) { customer(id: $id) { guid eventCount
  timeline(first: 50) { nodes { occurredAt title event { data } } }
  paths(first: 10) { nodes { pages turnarounds { page depth } } } } }"""
OF_ACCOUNT = "query ($account: String!) { customers(account: $account, first: 500) { nodes { guid } } }"
TYPES = "query ($types: [String!]) { events(first: 1, types: $types) { totalCount } quarantine { totalCount } }"
PRESENT = "SELECT k.name, count(*) FROM raceline.event AS e, jsonb_object_keys(e.data) AS k(name) GROUP BY k.name"
CASES = "SELECT e.data->>'case_id', count(*) FROM raceline.event AS e WHERE e.customer_id IS NOT NULL GROUP BY 1"
HEAD = "{ log { head } }"


def fill(report: Report, server: Served, name: str, file: Path, count: int, mapping: Path | None = None) -> None:
    """Take a file in twice, replay while it is served, and see that the read models are what the log gives."""
    for what, outcome in ((f"{name}: ingest", (count, 0, 0)), (f"{name}: ingest again", (0, count, 0))):
        summary = report.timed(what, partial(server.take, file, mapping), count)
        found = summary.accepted, summary.duplicate, summary.quarantined
        report.compare(what, outcome, found, "accepted / duplicate / quarantined")
        report.timed("  read models level, from then on", server.level)
    store = server.store
    made_of = (store.url, store.catalogue, store.rules)
    report.timed(f"{name}: replay, while served", partial(replay, *made_of, drop_retired=True), count)
    differing = report.timed(f"{name}: verify", lambda: sum(1 for _ in verify(*made_of)), count)
    report.compare("rows that a fresh derivation has otherwise", 0, differing, "as `raceline verify`")


def games(report: Report, path: Path) -> None:
    """Wikispeedia: every game is a path again, and the turnarounds are those of the back clicks that can be seen."""
    played = wikispeedia.read(path)
    print("\n".join(wikispeedia.explained(played)))
    made = [(game, event) for game, events in wikispeedia.as_events(played) for event in events]
    with served() as server, folder() as home:
        file = home / "wikispeedia.ndjson"
        file.write_bytes(b"\n".join(msgspec.json.encode(wikispeedia.envelope(*one, "visit")) for one in made))
        fill(report, server, "wikispeedia", file, len(made))
        paths = report.timed("all paths, by 500", lambda: server.all(PATHS, "paths"))
        pages = report.timed("all pages, by 500", lambda: server.all(PAGES, "pages"))
        head = server.ask(HEAD)["log"]["head"]  # what was decided about racetracks comes before the events
        expect_paths(report, played, paths, range(head - len(made) + 1, head + 1))
        expect_turns(report, played, paths)
        expect_figures(report, played, pages, server.ask(FIGURES)["pathStatistics"])
        longest = max(paths, key=lambda one: one["length"])["customer"]
        report.answers("pathStatistics", lambda: server.ask(FIGURES))
        report.answers("pages, the first 500", lambda: server.ask(PAGES))
        report.answers("paths, the first 500 with steps and events", lambda: server.ask(PATHS))
        report.answers("the customer with the longest path", lambda: server.ask(CUSTOMER, id=longest["guid"]))
        report.answers("the customers of one account", lambda: server.ask(OF_ACCOUNT, account=longest["account"]))


def expect_paths(report: Report, played: list[wikispeedia.Game], paths: list[dict[str, Any]], events: range) -> None:
    """Each path as its row has it, and each event in one path, once."""
    rows = {f"{game.visitor}/{game.ordinal}": wikispeedia.shown(game) for game in played}
    shown = {customer: [step.page for step in steps] for customer, steps in rows.items()}
    implied = sum(step.by != "click" for steps in rows.values() for step in steps)
    accounts = {path["customer"]["account"] for path in paths}
    listed = sorted(event["position"] for path in paths for event in path["events"])
    for what, expected, found, why in (
        ("paths", 24_875, len(paths), "published; a row is a game, and a customer of its own with one path"),
        ("accounts", 11_485, len(accounts), "published, as visitors"),
        ("  the same ones", {game.visitor for game in played}, accounts, "a visitor is the account of his games"),
        ("pages of each path", shown, {path["customer"]["guid"]: path["pages"] for path in paths}, "step by step"),
        ("steps", sum(map(len, shown.values())), sum(path["length"] for path in paths), "of all paths"),
        ("  implied", implied, sum(step["implied"] for path in paths for step in path["steps"]),
         "where back clicks led to, one or several in a row, when a click followed"),
        ("events of all paths", list(events), listed, "every event is in one path, exactly once"),
    ):  # fmt: skip
        report.compare(what, expected, found, why)


def expect_turns(report: Report, played: list[wikispeedia.Game], paths: list[dict[str, Any]]) -> None:
    """Every return to the page before the last: was it the back button or a link, and does it count?"""
    backs, returns = wikispeedia.against_backs(played)
    expected = Counter((by != "click", counts) for by, counts in returns.elements())
    found = Counter[tuple[bool, bool]]()
    for path in paths:
        back = [step["implied"] for step in path["steps"]]  # at the index of a turn, from 1, is the step after it
        found.update((back[turn["index"]], True) for turn in path["turnarounds"])
        for one in path["pingPongs"]:
            found.update((back[at], False) for at in range(one["index"] + 1, one["index"] + one["bounces"]))
    unseen, single, several = backs.values()
    of_several = sum(count for (by, _), count in returns.items() if by == "several backs")
    report.compare("back clicks", 12_907, backs.total(),
                   f"published; {unseen:,} before no click, {several:,} in a row, {single:,} single")  # fmt: skip
    report.compare("  that show as a return", single + of_several, found[True, True] + found[True, False],
                   f"every single one (A;B;<;C is A B A C), and {of_several} ends of several in a row")  # fmt: skip
    for what, kinds, why in (
        ("turnarounds", [(True, True), (False, True)], "returns without those further on in a ping-pong"),
        ("  by the back button", [(True, True)], "A;B;<;C"),
        ("  by a link", [(False, True)], "A;B;A"),
        ("further on in a ping-pong", [(True, False), (False, False)], "only its first apex is a turnaround"),
        ("  by the back button", [(True, False)], "A;B;<;B;<;C"),
        ("  by a link", [(False, False)], "A;B;A;B"),
    ):
        report.compare(what, sum(expected[kind] for kind in kinds), sum(found[kind] for kind in kinds), why)


def expect_figures(
    report: Report, played: list[wikispeedia.Game], pages: list[dict[str, Any]], found: dict[str, Any]
) -> None:
    """The figures of every page and those over all paths, counted from the rows in plain loops."""
    paths = [[step.page for step in wikispeedia.shown(game)] for game in played]
    total, lengths, every = wikispeedia.expected(paths), [len(path) for path in paths], found["all"]
    figures = {page: _figures(page, of) for page, of in wikispeedia.at_pages(paths).items()}
    sums = {name: sum(page[name] for page in pages) for name in ("opportunities", "turnarounds", "pingPongs")}
    shares = (total.paths_with_turnaround / total.paths, found["shareWithTurnaround"])
    for what, expected, got, why in (
        ("pages", len(figures), len(pages), "every page that somebody saw"),
        ("  all figures of each", figures, {one["page"]: one for one in pages}, "visits to ping-pongs"),
        ("  opportunities", total.opportunities, sums["opportunities"], "neither first nor last, a ping-pong once"),
        ("  turnarounds", total.turnarounds, sums["turnarounds"], "over all pages"),
        ("  ping-pongs", total.ping_pongs, sums["pingPongs"], "over all pages"),
        ("paths, resolved", (total.paths, 0), (every["paths"], found["resolved"]["paths"]), "no visit is resolved"),
        ("  mean length", statistics.mean(lengths), every["meanLength"], "steps, implied ones as well"),
        ("  variance", statistics.pvariance(lengths), every["varianceLength"], "of the population"),
        ("  share with a turnaround", *shares, f"{total.paths_with_turnaround:,} paths"),
    ):
        report.compare(what, expected, got, why)


def _figures(page: str, of: Counter[str]) -> dict[str, object]:
    opportunities, turnarounds = of["opportunities"], of["turnarounds"]
    return {
        "page": page, "visits": of["visits"], "customers": of["customers"], "opportunities": opportunities,
        "turnarounds": turnarounds, "rate": turnarounds / opportunities if opportunities else None,
        "depth": of["depth"] / turnarounds if turnarounds else None, "pingPongs": of["ping_pongs"],
    }  # fmt: skip


def incidents(report: Report, path: Path) -> None:
    """The incidents of a ServiceNow, by the mapping file alone: none lost, and what is missing left out."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with served() as server:
        fill(report, server, "incidents", path, len(rows), MAPPING)
        customers = report.timed("all customers, by 500", lambda: server.all(CUSTOMERS, "customers"))
        callers = {one["guid"]: one["eventCount"] for one in customers}
        by_type = [server.ask(TYPES, types=[of])["events"]["totalCount"] for of in ("case.opened", "case.closed")]
        everything = server.ask(TYPES)
        with psycopg.connect(server.store.url) as conn:
            cases, present = (dict(conn.execute(query).fetchall()) for query in (CASES, PRESENT))
        busiest = max(callers, key=lambda one: callers[one])
        report.answers("the customer with most incidents", lambda: server.ask(CUSTOMER, id=busiest))
    attributes = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))["data"]
    column = {name: of if isinstance(of, str) else of["column"] for name, of in attributes.items()}
    gaps = {name: sum(row[column[name]] in ("?", "-100") for row in rows) for name in attributes}
    absent = {name: len(rows) - present.get(name, 0) for name in attributes}
    opened = [row["sys_mod_count"] == "0" for row in rows]
    closed = [row["active"] == "false" and not first for row, first in zip(rows, opened, strict=True)]
    named = Counter("unknown-caller" if row["caller_id"] == "?" else row["caller_id"] for row in rows)
    for what, expected, found, why in (
        ("events", 141_712, everything["events"]["totalCount"], "published, as rows; none is lost"),
        ("  in quarantine", 0, everything["quarantine"]["totalCount"], ""),
        ("  opened, closed", (sum(opened), sum(closed)), tuple(by_type), "the rest is case.updated"),
        ("incidents", 24_918, len(cases), "published"),
        ("  events of each", Counter(row["number"] for row in rows), cases, "rows of its number"),
        ("  mean, most", (5.687, 58), (round(statistics.mean(cases.values()), 3), max(cases.values())), "published"),
        ("customers", 5_245, len(callers), "published, as callers; `?` is the customer unknown-caller"),
        ("  events of each", named, callers, f"rows of a caller; {named['unknown-caller']} without one"),
        ("without state", 5, absent["state"], "published; -100 is a gap of the source"),
        ("without created_at", 53_076, absent["created_at"], "published; `?` is left out"),
        ("left out, by attribute", gaps, absent, f"cells of `?` and -100, {sum(gaps.values()):,} in all"),
    ):
        report.compare(what, expected, found, why)


def example(report: Report) -> None:
    """The five records, taken in while the server runs; the questions wait for their position."""
    with served() as server, folder() as home:
        file = home / "clicks.csv"
        file.write_text(CLICKS)
        server.take(file)
        server.client.headers["Raceline-Min-Position"] = str(server.ask(HEAD)["log"]["head"])
        paths = server.ask(EXAMPLE)["paths"]["nodes"]
        figures = server.ask(FIGURES)["pathStatistics"]
    report.compare("clickstream example: paths", [
        {"customer": {"guid": "1"}, "pages": ["11", "28", "35", "42"], "length": 4,
         "startedAt": "2018-01-12T13:44:51.000000Z", "turnarounds": []},
        {"customer": {"guid": "2"}, "pages": ["11", "35", "42"], "length": 3,
         "startedAt": "2018-01-12T13:45:52.000000Z", "turnarounds": []},
    ], paths, "1: 11 28 35 42 from 1515764691; 2: 11 35 42 from 1515764752; no turnaround")  # fmt: skip
    found = figures["all"]["meanLength"], figures["all"]["varianceLength"]
    report.compare("  mean, variance", (3.5, 0.25), found, "of lengths 4 and 3, of the population")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run real data through raceline and compare with plain counts.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    if not data.is_dir():
        print(f"There is no folder {data}, so there is nothing to do; name one with --data.")
        return
    report = Report()
    example(report)
    files = {games: WIKISPEEDIA} | dict.fromkeys((incidents, uci_cases.cases, uci_stages.stages), uci_stages.INCIDENTS)
    for run, path in ((run, data / file) for run, file in files.items()):
        if path.is_file():
            run(report, path)
        else:
            print(f"There is no {path}, so it is left out.")
    sys.exit(0 if report.show() else 1)


if __name__ == "__main__":
    main()
