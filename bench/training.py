"""Training on a million landmarks, from the log to a model that is registered: seconds and peak memory.

python bench/training.py [--landmarks N] [--events N] [--customers N]

Customers of a network product over 400 days; a landmark is the state of one customer at the start of one day of a stay,
or at the moment of an event. Beside it in the same run: reading the same events as columns, which nobody can do
without; and the same training again, which has to give the same bytes. Exit status 1 when training takes more than two
minutes or 3 GiB, or when the bytes differ.
"""

import argparse
import sys
import time

from ingest import ingest
from scratch import database, folder, measured, write_journeys

from raceline.domain import arrow
from raceline.domain.catalogue import load
from raceline.domain.columns import ColumnReader
from raceline.domain.racetrack_file import parse, presets
from raceline.domain.racetracks import Racetracks
from raceline.projections.generation import prepare
from raceline.projections.rules import SCORE, rules_of
from raceline.projections.training import train

PRESET = "network-controller"
MOST_SECONDS, MOST_BYTES = 120.0, 3 * 2**30


def decided(url: str) -> None:
    text = presets()[PRESET].read_text(encoding="utf-8")
    with Racetracks(url) as racetracks:
        published = racetracks.publish(parse(text), text, "bench")
        racetracks.activate(published.name, published.version, "bench")


def read(url: str) -> int:
    """Read every event as columns, and do nothing with them."""
    with arrow.connect(url) as connection:
        reader = ColumnReader(connection, load(), {}, SCORE)
        ranges = reader.chunks(2**62, 250_000)
        return sum(len(reader.between(after, through, 2**62)) for after, through, _ in ranges)


def trained(url: str, landmarks: int) -> tuple[dict[str, float], dict[str, object], bytes]:
    """Processor seconds until each part was done, the parameters, and the file."""
    catalogue = load()
    begun, parts = time.process_time(), {}

    def progress(done: int, total: int, _: int) -> None:
        part = "stays" if done <= total / 3 else "features" if done <= total * 2 / 3 else "learning"
        parts[part] = time.process_time() - begun

    with Racetracks(url) as racetracks:
        version = racetracks.registry().default
    found = train(url, catalogue, rules_of(catalogue), version, landmarks=landmarks, progress=progress)
    parts["judging"] = time.process_time() - begun
    return parts, found.parameters, found.content


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--landmarks", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--customers", type=int, default=6_000)
    given = parser.parse_args()
    with folder() as home, database(home) as url:
        catalogue = load()
        prepare(url, catalogue, rules_of(catalogue))
        path = home / "journeys.ndjson"
        write_journeys(path, given.events, given.customers)
        ingest(url, path)
        decided(url)
        reading, _, _ = measured(read, url)
        seconds, peak, (parts, told, content) = measured(trained, url, given.landmarks)
        _, _, (_, _, again) = measured(trained, url, given.landmarks)
    print(f"{told['landmarks']:,} landmarks ({told['landmarks_of_events']:,} at events) of {told['landmarks_all']:,} "
          f"in {told['events']:,} events, "
          f"{len(told['features'])} features, {told['landmarks_held_out']:,} held out")  # fmt: skip
    print(f"training              {seconds:6.1f} s, peak memory {peak / 2**20:,.0f} MiB, "
          f"{seconds / reading:.1f} times reading the same events ({reading:.1f} s)")  # fmt: skip
    print("processor seconds     " + ", ".join(f"{part} until {at:.1f}" for part, at in parts.items()))
    print(f"file                  {len(content):,} bytes, the same again: {content == again}")
    sys.exit(seconds > MOST_SECONDS or peak > MOST_BYTES or content != again)


if __name__ == "__main__":
    main()
