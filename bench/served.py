"""The real application on an empty store of its own, asked over HTTP; and a report of what came out beside what should.

The store is on the server of scratch.py.
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from scratch import database, folder

from raceline.app.cli_ingest import take
from raceline.app.definition import read_definition
from raceline.app.live import wait_until_live
from raceline.app.runtime import Runtime, runtime
from raceline.app.server import address, listen, make_app
from raceline.app.settings import read_settings
from raceline.app.terminal import show_table
from raceline.domain.errors import ReplayRunning
from raceline.domain.formats import open_input
from raceline.domain.ingest import Summary
from raceline.projections.replay import Replayed, replay


@dataclass(frozen=True)
class Served:
    """A server that runs, the store it works on, and a client."""

    store: Runtime
    client: httpx.Client

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).raise_for_status().json()
        if "errors" in answer:
            raise SystemExit(f"{query}\n{answer['errors']}")
        return answer["data"]

    def all(self, query: str, name: str) -> list[dict[str, Any]]:
        """Every node of a list, page by page; the query has $after."""
        nodes, after = list[dict[str, Any]](), None
        while True:
            page = self.ask(query, after=after)[name]
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    def take(self, file: Path, mapping: Path | None = None) -> Summary:
        """The whole of `raceline ingest FILE`."""
        with open_input(str(file), mapping=mapping) as records:
            return take(self.store, records)

    def activate(self, file: Path) -> int:
        """As `raceline racetrack publish FILE --activate --wait`; gives how much is wrong with the definition."""
        racetracks = self.store.racetracks
        definition = read_definition(str(file), self.store.catalogue)
        published = racetracks.publish(definition.racetrack, definition.text, "bench")
        racetracks.activate(published.name, published.version, "bench")
        wait_until_live(self.store.url, published.name, published.version, 300)
        return len(definition.findings)

    def replay(self) -> Replayed:
        """As `raceline replay --drop-retired`; when the projector itself has just replayed, once it has tidied up."""
        while True:
            try:
                return replay(self.store.url, self.store.catalogue, self.store.rules, drop_retired=True)
            except ReplayRunning:
                time.sleep(0.02)

    def level(self) -> None:
        """Wait until the read models have come to the head of the log."""
        while (log := self.ask("{ log { head position } }")["log"])["position"] < log["head"]:
            time.sleep(0.02)


@contextmanager
def served(**given: object) -> Iterator[Served]:
    """As `raceline serve`, with the projector beside it. given: settings that are not the defaults."""
    with (
        folder() as home,
        database(home) as url,
        runtime(read_settings(database_url=url, **given)) as store,
        listen("127.0.0.1", 0) as listening,
    ):
        server = uvicorn.Server(uvicorn.Config(make_app(store), lifespan="on", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=address(listening), timeout=60) as client:
                yield Served(store, client)
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class Report:
    """What is expected beside what was found, and how long things took."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    times: list[tuple[str, ...]] = field(default_factory=list)

    def compare(self, what: str, expected: object, found: object, why: str) -> None:
        self.rows.append((what, _text(expected), _text(found), "" if expected == found else "DIFFERS", why))

    def timed(self, what: str, work: Callable[[], Any], events: int = 0) -> Any:
        begun = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - begun
        self.times.append((what, f"{seconds:,.2f} s", f"{events / seconds:,.0f} events/s" if events else ""))
        return result

    def answers(self, what: str, ask: Callable[[], object], rounds: int = 30) -> None:
        """How long one question takes, asked again and again."""
        took = []
        for _ in range(rounds):
            begun = time.perf_counter()
            ask()
            took.append((time.perf_counter() - begun) * 1e3)
        median, worst = statistics.median(took), max(took)
        self.times.append((what, f"{median:,.1f} ms", f"the first {took[0]:,.1f}, the worst {worst:,.1f}"))

    def show(self) -> bool:
        """Print it; gives whether everything is as expected."""
        show_table("", ("what", "expected", "found", "", "explanation"), self.rows)
        show_table("", ("what", "took", ""), self.times)
        return not any(row[3] for row in self.rows)


def _text(value: object) -> str:
    """Numbers as people read them; of what is long the size, for it was compared entry by entry."""
    match value:
        case bool() | str():
            return str(value)
        case int() | float():
            return f"{value:,}"
        case tuple():
            return " / ".join(map(_text, value))
        case dict() | list() | set():
            return f"{len(value):,} entries"
    return str(value)
