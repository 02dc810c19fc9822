"""A replay of 1,000,000 case events with texts, beside one of the same events under types that have no case role.

python bench/cases_replay.py [--events N] [--journeys N] [--customers N] [--chunk N] [--peer-events N]

Both logs hold as many events with the same data and the same journeys, on the same racetrack, so what differs is what
cases cost: their histories, spells and days, and reading how texts score (the journeys open some cases in both). The
first replay scores every text; a later one must find each of them scored, so the texts that reach the scorer are
counted. The budget is that of every replay: 150 times the rate of the eventsourcing library's own ProjectionRunner
(replay.py) in the same run, within 1 GiB.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
from replay import peer
from scratch import database, folder, measured, write_clicks, write_journeys
from scratch_cases import merge, write_cases, write_types

from raceline.analytics import sentiment
from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.file_ingest import FileIngest
from raceline.domain.formats import open_input
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog
from raceline.domain.racetrack_file import parse, presets
from raceline.domain.racetracks import Racetracks
from raceline.projections import rules
from raceline.projections.generation import prepare
from raceline.projections.replay import replay

BUDGET, MEMORY = 150, 2**30
CASE, NO_CASE = "case", "ticket"
COUNTS = """
SELECT (SELECT count(*) FROM live.cases), (SELECT count(*) FROM live.case_spells),
    (SELECT count(*) FROM raceline.text_score)
"""


class Replayed(NamedTuple):
    """A replay in a process of its own. texts: those that were scored in it."""

    seconds: float
    peak: int
    texts: int


class Store(NamedTuple):
    """A log of a database server of its own. types: the catalogue files beside the built-in types."""

    url: str
    types: tuple[Path, ...]
    events: int

    def replayed(self, chunk: int) -> Replayed:
        seconds, peak, texts = measured(work, self.url, chunk, self.types)
        print(f"  a replay took {seconds:.1f} s", flush=True)
        return Replayed(seconds, peak, int(str(texts)))


@contextmanager
def filled(given: argparse.Namespace, family: str) -> Iterator[Store]:
    """Cases of types of that family, and journeys on a racetrack."""
    with folder() as home, database(home) as url:
        types = () if family == CASE else (home / "types.yaml",)
        for path in types:
            write_types(path, family)
        yield Store(url, types, fill(url, written(home, given, family), types, given.racetrack))


def fill(url: str, file: Path, types: tuple[Path, ...], racetrack: str) -> int:
    """Ingest the file and put a racetrack in force; gives the events."""
    catalogue = load(types)
    prepare(url, catalogue, rules.rules_of(catalogue))
    with EventLog(url) as log:
        with open_input(str(file)) as records:
            stored = FileIngest(Ingest(log, Check(catalogue)), records).run().accepted
        racetracks = Racetracks(log)
        text = presets()[racetrack].read_text(encoding="utf-8")
        published = racetracks.publish(parse(text), text, "bench")
        racetracks.activate(published.name, published.version, "bench")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE raceline.event")
    return stored


def work(url: str, chunk: int, types: tuple[Path, ...]) -> int:
    """A whole replay as `raceline replay` does it; gives how many texts the scorer was given."""
    given = 0

    def counted(texts: Sequence[str]) -> sentiment.Scores:
        nonlocal given
        given += len(texts)
        return sentiment.score(texts)

    rules.score = counted  # type: ignore[attr-defined]
    catalogue = load(types)
    replay(url, catalogue, rules.rules_of(catalogue), chunk=chunk, drop_retired=True)
    return given


def tell(what: str, one: Replayed, events: int, beside: float) -> None:
    print(f"{what:34} {one.seconds:6.1f} s, {events / one.seconds:8,.0f} events/s, {one.seconds / beside:.2f} times "
          f"that without, {one.texts:,} texts scored, peak {one.peak / 2**20:,.0f} MiB", flush=True)  # fmt: skip


def library(url: str, events: int) -> float:
    """Events a second of the library's own runner."""
    with folder() as home:
        clicks = home / "clicks.ndjson"
        write_clicks(clicks, events, customers=max(1, events // 20))
        return peer(url, clicks, events)[0]


def written(home: Path, given: argparse.Namespace, family: str) -> Path:
    cases, journeys, both = (home / f"{name}.ndjson" for name in ("cases", "journeys", "both"))
    write_cases(cases, given.events // 5, given.customers, family=family, events=given.events)
    write_journeys(journeys, given.journeys, given.customers)
    merge(both, cases, journeys)
    return both


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000, help="of cases")
    parser.add_argument("--journeys", type=int, default=250_000, help="events of journeys beside them")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--racetrack", default="network-controller")
    parser.add_argument("--chunk", type=int, default=250_000, help="the default of `raceline replay`")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-events", type=int, default=3_000)
    given = parser.parse_args()
    with filled(given, NO_CASE) as without, filled(given, CASE) as store:
        first = store.replayed(given.chunk)
        with psycopg.connect(store.url, autocommit=True) as conn:
            cases, spells, texts = conn.execute(COUNTS).fetchone() or ()
            # By turns, so that both meet the same machine.
            rounds = [(without.replayed(given.chunk), store.replayed(given.chunk)) for _ in range(given.rounds)]
            _, _, after = conn.execute(COUNTS).fetchone() or ()
        plain, later = (min(of) for of in zip(*rounds, strict=True))
        runner, events = library(without.url, given.peer_events), store.events
    print(
        f"{events:,} events, {given.events:,} of them of {cases:,} cases; {spells:,} spells, {texts:,} different texts"
    )
    tell("replay where nothing is a case", plain, events, plain.seconds)
    tell("replay with cases, the first", first, events, plain.seconds)
    tell("replay with cases, a later one", later, events, plain.seconds)
    print(f"scored texts kept: {texts:,} after the first, {after:,} after the last; a text scored in "
          f"{(first.seconds - later.seconds) / max(1, first.texts) * 1e6:.0f} microseconds")  # fmt: skip
    rate = events / later.seconds / runner
    print(f"budget: {rate:.0f} times ProjectionRunner ({runner:,.0f} events/s), {BUDGET} wanted: "
          f"{'met' if rate >= BUDGET else 'MISSED'}; {max(first.peak, later.peak) / 2**20:,.0f} MiB, "
          f"{MEMORY / 2**20:,.0f} allowed: {'met' if max(first.peak, later.peak) < MEMORY else 'MISSED'}")  # fmt: skip


if __name__ == "__main__":
    main()
