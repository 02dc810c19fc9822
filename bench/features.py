"""How long features take: of 100,000 customers, one landmark each, and of 1,000,000 landmarks to learn from.

python bench/features.py [--customers N] [--events N]

The streams are those of a racetrack with the built-in features, with as many events as are asked for, spread over them
at random; values, pages and cases are drawn at random as well. One time in four an event is recorded up to six hours
after it occurred; the landmarks to learn from are of a log that is fed live, so what was not known yet is left out.

Goals, in processor seconds: at most 2 for the customers and at most 20 for the landmarks.
"""

import argparse
import sys
import time

import numpy as np

from raceline.analytics.features import DISTINCT, NEVER, STANDING, Plan, Streams, features
from raceline.domain.catalogue import load
from raceline.domain.racetrack_file import presets, read
from raceline.projections.feature_list import feature_list

DAY = 86_400_000_000
YEAR = 365 * DAY
LANDMARKS = 1_000_000
MOST_CUSTOMERS, MOST_LANDMARKS = 2.0, 20.0


def plan() -> Plan:
    """The features of cisco-13, each stage with eight pages."""
    racetrack = read(presets()["cisco-13"])
    pages = {stage: tuple(f"/{n}" for n in range(8)) for stage in racetrack.stages}
    return feature_list(load(), racetrack, pages).plan


def streams(asked: Plan, customers: int, events: int) -> Streams:
    """Events of a year, each in about one in three of the streams, as they are in fact."""
    rng = np.random.default_rng(1)
    several = int(asked.stream.max()) + 1
    each = rng.poisson(events * 2 / (several * customers), several * customers)
    start = np.concatenate([[0], np.cumsum(each)])
    segment, at = np.repeat(np.arange(len(each)), each), rng.integers(0, YEAR, start[-1])
    at = at[np.lexsort((at, segment))]
    late = rng.integers(0, DAY // 4, len(at)) * (rng.random(len(at)) < 0.25)
    value = rng.integers(0, 8, len(at)).astype(np.float64)
    for stream in np.unique(asked.stream[asked.aggregate == STANDING]):
        mine = segment // customers == stream
        value[mine] = value[mine] * 64 + rng.integers(0, 64, int(mine.sum()))
    for stream in np.unique(asked.stream[asked.aggregate == DISTINCT]):
        mine = segment // customers == stream
        value[mine] = segment[mine] % customers * 8 + value[mine]
    return Streams(customers, start, at, at + late, value, np.arange(len(at)))


def measured(asked: Plan, made: Streams, landmarks: int, live_since: int) -> tuple[float, float]:
    """Processor and wall seconds for so many landmarks of the last nine months."""
    rng = np.random.default_rng(2)
    customer = (np.arange(landmarks) * made.customers // landmarks).astype(np.int32)
    at = rng.integers(YEAR // 4, YEAR, landmarks)
    entered, stage = at - rng.integers(0, 60 * DAY, landmarks), rng.integers(0, len(asked.wanted), landmarks)
    wall, processor = time.perf_counter(), time.process_time()
    found = features(made, asked, customer, at, entered, live_since, stage.astype(np.int32))
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    print(f"{landmarks:>9,} landmarks x {found.shape[1]} features: {processor:6.2f} s of processor, {wall:6.2f} s")
    return processor, wall


def main() -> int:
    """Print both; the exit status is 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=7_500_000)
    given = parser.parse_args()
    asked = plan()
    features(streams(asked, 10, 100), asked, np.zeros(1, np.int32), np.ones(1), np.zeros(1))  # compiled by now
    made = streams(asked, given.customers, given.events)
    print(f"{given.events:,} events of {given.customers:,} customers, {len(made.at):,} values in streams")
    now, _ = measured(asked, made, given.customers, NEVER)
    learned, _ = measured(asked, made, LANDMARKS, 0)
    return int(now > MOST_CUSTOMERS or learned > MOST_LANDMARKS)


if __name__ == "__main__":
    sys.exit(main())
