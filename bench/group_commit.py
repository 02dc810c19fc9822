"""Appends of one event each by many callers at once: each a commit of its own, and committed in groups.

python bench/group_commit.py [--callers N ...] [--seconds S]

Both ways take turns in one run, so that a busy machine slows both. A lone caller is measured as well: he must not pay.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from scratch import database, folder

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.event import Envelope, Event, canonical_json, make_event, moment
from raceline.domain.group_commit import GroupCommit
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog
from raceline.domain.migrate import migrate

ROUNDS = 12
_number = itertools.count()


def an_event() -> Event:
    """A click that nobody has brought yet."""
    n = next(_number)
    envelope = Envelope(
        type="support.link_followed", customer_id=f"generated-{n % 5000}", occurred_at=moment(n), event_id=str(n)
    )
    data = b'{"source_page":11,"target_page":28,"resolved":false}'
    return make_event(envelope, source="bench", version=1, data=canonical_json(data))


def run(append: Callable[[Sequence[Event]], object], callers: int, seconds: float) -> tuple[float, list[float]]:
    """Events a second of all callers together, and the seconds that each append took."""
    end = time.perf_counter() + seconds

    def call(_: int) -> list[float]:
        took = []
        while (begun := time.perf_counter()) < end:
            append([an_event()])
            took.append(time.perf_counter() - begun)
        return took

    begun = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        took = [one for many in pool.map(call, range(callers)) for one in many]
    return len(took) / (time.perf_counter() - begun), took


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--seconds", type=float, default=0.5)
    asked = parser.parse_args()
    with folder() as home, database(home) as url:
        migrate(url)
        with EventLog(url, pool_size=max(asked.callers)) as log, GroupCommit(Ingest(log, Check(load()))) as group:

            def alone(events: Sequence[Event]) -> object:
                return log.append(events, batch_source="bench")

            def together(events: Sequence[Event]) -> object:
                return group.submit(events, batch_source="bench").result()

            print("callers   each its own commit     in groups               ratio   (median append)")
            for callers in asked.callers:
                found: dict[str, list[tuple[float, list[float]]]] = {"alone": [], "together": []}
                for _ in range(ROUNDS):
                    found["alone"].append(run(alone, callers, asked.seconds))
                    found["together"].append(run(together, callers, asked.seconds))
                rate = {way: statistics.median(events for events, _ in rounds) for way, rounds in found.items()}
                append = {way: statistics.median(itertools.chain(*(t for _, t in found[way]))) for way in found}
                print(f"{callers:7} {rate['alone']:10,.0f}/s {append['alone'] * 1e3:7.1f} ms "
                      f"{rate['together']:10,.0f}/s {append['together'] * 1e3:7.1f} ms "
                      f"{rate['together'] / rate['alone']:8.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
