"""The incidents of a ServiceNow as customers, their states as the stages of a racetrack, beside a plain count.

python bench/uci_stages.py [--data ../shared/data]

By files only: uci_incident_stages.yaml makes events of the rows, uci_catalogue.yaml says what they are, and
uci_racetrack.yaml is the racetrack. What must come out is counted here from the rows in plain loops. Exit status 1 when
something differs.

Reopened. The source counts in reopen_count how often an incident was reopened; on the racetrack that is a regression, a
move back from Resolved or Closed. They are compared row by row, and what is left over is told with its cause.
"""

import argparse
import csv
import gzip
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from served import Report, served

from raceline.projections.replay import replay
from raceline.projections.verify import verify

INCIDENTS = Path("uci_incident/incident_event_log.csv.gz")
HERE = Path(__file__).parent
MAPPING, CATALOGUE, RACETRACK = (
    HERE / name for name in ("uci_incident_stages.yaml", "uci_catalogue.yaml", "uci_racetrack.yaml")
)
WAITING = ("Awaiting User Info", "Awaiting Problem", "Awaiting Vendor", "Awaiting Evidence")
DONE = ("Resolved", "Closed")
STATES = ("New", "Active", *WAITING, *DONE)
STAGES = [state.lower().replace(" ", "_") for state in STATES]
COST = 10_000_000  # for pages of 500 incidents with all their moves; the default is for what people ask

JOURNEYS = """query ($after: String) { customers(first: 500, after: $after) { pageInfo { hasNextPage endCursor } nodes {
  guid account journeys { status regressions revisions { recordedAt }
    moves { from to kind enteredAt leftAt trigger { eventId } } } } } }"""
SUMMARIES = """{ stages { stage customers transitions { to moves }
  lengthOfStay { stays open mean { days } median { days } } } }"""
JOURNEY = """query ($id: String!) { customer(id: $id) { journeys { currentStage since
  moves { from to enteredAt rule { title } conditions { says observed } evidence { event { data } } } } } }"""

Incidents = dict[str, list["Change"]]
Moves = dict[str, list["Move"]]


class Change(NamedTuple):
    """A row. count: sys_mod_count; event: its identity by the mapping; state: None where the source has none."""

    at: datetime
    count: int
    event: str
    state: str | None
    reopened: int
    caller: str


class Move(NamedTuple):
    """The stay in one stage, and how it began. event: at which; back: whether that was a regression."""

    origin: str | None
    to: str
    at: datetime
    until: datetime | None
    event: str
    back: bool


def read(path: Path) -> Incidents:
    """The rows of each incident in the order of time, and within a minute of the source's count."""
    found = defaultdict[str, list[Change]](list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            updated, count, state = row["sys_updated_at"], row["sys_mod_count"], row["incident_state"]
            at = datetime.strptime(updated, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
            event, known = f"{row['number']}/{count}/{updated}", None if state == "-100" else state
            change = Change(at, int(count), event, known, int(row["reopen_count"]), row["caller_id"])
            found[row["number"]].append(change)
    return {number: sorted(changes) for number, changes in found.items()}


def counted(changes: Iterable[Change]) -> list[Move]:
    """The runs of rows with the same state. A row without one says nothing of it."""
    firsts = list[Change]()
    for change in changes:
        if change.state is not None and (not firsts or change.state != firsts[-1].state):
            firsts.append(change)
    origins, ends = [None, *(first.state for first in firsts)], [*(first.at for first in firsts[1:]), None]
    return [
        Move(origin, first.state, first.at, until, first.event, origin in DONE and first.state not in DONE)
        for origin, first, until in zip(origins, firsts, ends, strict=False)
    ]


def told(journey: dict[str, Any]) -> list[Move]:
    """The same by raceline."""
    states = dict(zip(STAGES, STATES, strict=True)) | {None: None}
    return [
        Move(states[move["from"]], states[move["to"]], moment(move["enteredAt"]), moment(move["leftAt"]),
             move["trigger"] and move["trigger"]["eventId"], move["kind"] == "BACKWARD")
        for move in journey["moves"]
    ]  # fmt: skip


def moment(text: str | None) -> datetime | None:
    return text and datetime.fromisoformat(text)


def stages(report: Report, path: Path) -> None:
    """States, moves and reopenings of every incident over GraphQL, from the racetrack."""
    rows = read(path)
    events = sum(map(len, rows.values()))
    with served(catalogue=(CATALOGUE,), racetrack="none", query_cost=COST) as server:
        store = server.store
        summary = report.timed("incidents as customers: ingest", lambda: server.take(path, MAPPING), events)
        report.timed("  read models level, from then on", server.level)
        findings = report.timed("their racetrack: activate, until live", lambda: server.activate(RACETRACK), events)
        made_of = (store.url, store.catalogue, store.rules)
        report.timed("  replay, while served", lambda: replay(*made_of, drop_retired=True), events)
        differing = report.timed("  verify", lambda: sum(1 for _ in verify(*made_of)), events)
        customers = report.timed("all journeys with their moves, by 500", lambda: server.all(JOURNEYS, "customers"))
        summaries = server.ask(SUMMARIES)["stages"]
        longest = max(customers, key=lambda one: len(one["journeys"][0]["moves"]))["guid"]
        report.answers("the stages as a whole, with lengths of stay", lambda: server.ask(SUMMARIES))
        report.answers("the incident with most moves, and why", lambda: server.ask(JOURNEY, id=longest))
    taken = (summary.accepted, summary.duplicate, summary.quarantined)
    report.compare("incidents as customers", (events, 0, 0), taken, "accepted / duplicate / quarantined")
    report.compare("findings in uci_racetrack.yaml", 0, findings, "as `raceline racetrack check`")
    report.compare("rows that a fresh derivation has otherwise", 0, differing, "as `raceline verify`")
    expected = {number: counted(changes) for number, changes in rows.items()}
    found = {one["guid"]: told(one["journeys"][0]) for one in customers}
    expect_moves(report, expected, found)
    expect_journeys(report, rows, expected, customers)
    expect_reopened(report, rows, expected, found)
    expect_stages(report, expected, summaries)


def expect_moves(report: Report, expected: Moves, found: Moves) -> None:
    """The stays of each incident are its states, one after the other, and begin at the very rows that changed them."""
    total = [sum(map(len, moves.values())) for moves in (expected, found)]
    report.compare("incidents", 24_918, len(found), "published")
    report.compare("stays", *total, "runs of rows with the same state")
    for name, what, why in (
        ("to", "stages, in order", "the states, a run of the same one once"),
        ("origin", "from", "the state before"),
        ("at", "entered at", "the first row of the run"),
        ("until", "left at", "the first row of the next run; the last stay is open"),
        ("event", "made at the event", "that row, also among several of the same minute"),
        ("back", "regressions", "back from Resolved or Closed, and nowhere else"),
    ):
        of_each = [{n: [getattr(one, name) for one in of] for n, of in moves.items()} for moves in (expected, found)]
        report.compare(f"  {what}, of each incident", *of_each, why)


def expect_journeys(report: Report, rows: Incidents, expected: Moves, customers: list[dict[str, Any]]) -> None:
    journeys = {one["guid"]: one["journeys"][0] for one in customers}
    callers = {number: [one.caller for one in changes if one.caller != "?"] for number, changes in rows.items()}
    gaps = {change.event for changes in rows.values() for change in changes if change.state is None}
    at_gaps = sum(move["trigger"]["eventId"] in gaps for one in journeys.values() for move in one["moves"])
    back = {number: regressions(moves) for number, moves in expected.items()}
    for what, wanted, got, why in (
        ("  counted as regressions, of each", back, {n: one["regressions"] for n, one in journeys.items()}, "the same"),
        ("  revisions", 0, sum(len(one["revisions"]) for one in journeys.values()), "no row came in late"),
        ("rows without a state, moves at them", (5, 0), (len(gaps), at_gaps), "published; -100 is a gap of the source"),
        ("accounts", {number: of[-1] if of else None for number, of in callers.items()},
         {one["guid"]: one["account"] for one in customers}, "an incident's last caller"),
    ):  # fmt: skip
        report.compare(what, wanted, got, why)


def expect_reopened(report: Report, rows: Incidents, expected: Moves, found: Moves) -> None:
    """Regressions beside the source's reopen_count, at each row and for each incident."""
    pairs = [pair for changes in rows.values() for pair in pairwise(changes)]
    rises = {change.event for before, change in pairs if change.reopened > before.reopened}
    back = {one.event for moves in found.values() for one in moves if one.back}
    source = {number: changes[-1].reopened for number, changes in rows.items()}
    differing = [{n for n, times in source.items() if times != regressions(of.get(n, []))} for of in (expected, found)]
    for what, wanted, got, why in (
        ("reopenings", sum(source.values()), len(back & rises), "regressions at a row in which reopen_count rises"),
        ("  incidents", 275, len({event.split("/")[0] for event in back & rises}), "published"),
        ("reopen_count rises without regression", 0, len(rises - back), ""),
        ("incidents with another number of regressions", *differing, "than reopen_count; they follow"),
    ):
        report.compare(what, wanted, got, why)
    for number in sorted(differing[0]):
        # Explained, when the source's own numbering of the changes is another order, in which reopen_count is right.
        by_count = regressions(counted(sorted(rows[number], key=lambda one: one.count)))
        wanted = source[number] if by_count == source[number] else "unexplained"
        states = ", ".join(f"{one.count} {one.state}" for one in rows[number])
        why = f"regressions; by time, which raceline goes by, {states}"
        report.compare(f"  {number}, by sys_mod_count", wanted, by_count, why)


def regressions(moves: Iterable[Move]) -> int:
    return sum(one.back for one in moves)


def expect_stages(report: Report, expected: Moves, summaries: list[dict[str, Any]]) -> None:
    """Transitions, and how long stays last. Only Closed is open at the end, so elsewhere the curve is a plain count."""
    names = dict(zip(STATES, STAGES, strict=True))
    moves = [one for of in expected.values() for one in of]
    between = Counter((names[one.origin], names[one.to]) for one in moves if one.origin)
    transitions = Counter[tuple[str, str]]()
    for one in summaries:
        transitions.update({(one["stage"], to["to"]): to["moves"] for to in one["transitions"]})
    report.compare("transitions", between, transitions, f"{between.total():,} moves from state to state")
    for state, one in zip(STATES, summaries, strict=True):
        length, here = one["lengthOfStay"], [move for move in moves if move.to == state]
        days = sorted((move.until - move.at) / timedelta(days=1) for move in here if move.until)
        wanted, got = (len(here), len(here) - len(days)), (length["stays"], length["open"])
        if len(days) == len(here):
            wanted += (days[(len(days) - 1) // 2], sum(min(day, 365) for day in days) / len(days))
            got += (length["median"]["days"], length["mean"]["days"])
        why = "stays, open, median and mean days" if len(days) == len(here) else "stays, open"
        report.compare(state, *(tuple(round(figure, 3) for figure in of) for of in (wanted, got)), why)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Read incidents' states as a racetrack, and compare with plain counts."
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    path = parser.parse_args().data / INCIDENTS
    if not path.is_file():
        print(f"There is no {path}, so there is nothing to do; name the folder of the data with --data.")
        return
    report = Report()
    stages(report, path)
    sys.exit(0 if report.show() else 1)


if __name__ == "__main__":
    main()
