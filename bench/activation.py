"""A new version of a racetrack put in force over a log that is there, beside a replay without any racetrack.

python bench/activation.py [--events N] [--customers N]

From the decision in the log until the read models of the new version are live: every customer is derived again (paths
and all), beside the read models that answer meanwhile. In the same run: the dry run of the same change, and the replay
of the same log without a racetrack, which is what the rest of the derivation costs.
"""

import argparse
import time

import psycopg
from ingest import ingest
from scratch import database, folder, measured, write_journeys

from raceline.domain.catalogue import load
from raceline.domain.racetrack_file import parse, presets
from raceline.domain.racetracks import Racetracks
from raceline.projections.dry_run import dry_run
from raceline.projections.generation import prepare
from raceline.projections.replay import replay
from raceline.projections.rules import Rules, rules_of
from raceline.projections.runner import Projector

PRESET = "network-controller"


def rules() -> tuple[object, Rules]:
    catalogue = load()
    return catalogue, rules_of(catalogue)


def without(url: str) -> int:
    catalogue, plain = rules()
    return replay(url, catalogue, plain, drop_retired=True).events


def decided(url: str, text: str) -> int:
    with Racetracks(url) as racetracks:
        published = racetracks.publish(parse(text), text, "bench")
        return racetracks.activate(published.name, published.version, "bench")


def followed(url: str) -> None:
    """What the projector does once it hears of the decision."""
    catalogue, plain = rules()
    Projector(url, catalogue, plain).once()


def tried(url: str) -> tuple[float, int, int]:
    catalogue, plain = rules()
    with Racetracks(url) as racetracks:
        registry = racetracks.registry()
    begun = time.perf_counter()
    found = dry_run(url, catalogue, plain, registry.versions[-1], registry.find(PRESET))
    return time.perf_counter() - begun, found.customers, found.moved


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=50_000)
    given = parser.parse_args()
    text = presets()[PRESET].read_text(encoding="utf-8")
    other = text.replace("at_least: 2, within: 30d", "at_least: 3, within: 30d")
    assert other != text
    with folder() as home, database(home) as url:
        prepare(url, *rules())
        path = home / "journeys.ndjson"
        write_journeys(path, given.events, given.customers)
        ingest(url, path)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE raceline.event")
        plain, _, events = measured(without, url)
        decided(url, text)
        first, _, _ = measured(followed, url)
        with Racetracks(url) as racetracks:
            racetracks.publish(parse(other), other, "bench")
        _, dry_peak, (dry, customers, moved) = measured(tried, url)
        decided(url, other)
        seconds, peak, _ = measured(followed, url)
        with psycopg.connect(url) as conn:
            (moves, versions) = conn.execute(
                "SELECT count(*), array_agg(DISTINCT m.version) FROM live.moves AS m"
            ).fetchone()
        assert versions == [2], versions
    print(f"replay without a racetrack   {plain:6.1f} s  ({events:,} events, {given.customers:,} customers)")
    print(f"first version activated      {first:6.1f} s")
    print(f"new version activated        {seconds:6.1f} s, {seconds / plain:.2f} times the replay without, "
          f"{moves:,} moves, peak memory {peak / 2**20:,.0f} MiB")  # fmt: skip
    print(f"dry run of the same change   {dry:6.1f} s, {moved:,} of {customers:,} customers would be elsewhere, "
          f"peak memory {dry_peak / 2**20:,.0f} MiB")  # fmt: skip


if __name__ == "__main__":
    main()
