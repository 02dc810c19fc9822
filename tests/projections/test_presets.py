"""The racetracks that come with raceline, run: every rule has its day, and nobody goes back and forth."""

import io
import json
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from made_columns import CATALOGUE, columns

from raceline.app.sample import write_sample
from raceline.domain.racetrack_file import presets, read
from raceline.projections.cases import cases_of
from raceline.projections.race import race_tables
from raceline.projections.race_rules import compiled, wanted
from raceline.projections.rules import rules_of

START = datetime(2023, 1, 1, tzinfo=UTC)
# How most begin; after that anything happens, and this more often than the rest.
BEGINNING = ["email.opened", *["web.page_viewed"] * 9, "install_base.item_booked", "install_base.item_shipped"]
OFTEN = {"telemetry.login_recorded": 30, "telemetry.feature_used": 30, "web.page_viewed": 8, "case.opened": 4}
VALUES = {
    "page": ["/pricing", "/products/x", "/documentation", "/"], "page_type": ["product", "pricing"],
    "seconds": [20, 90],
    "target": ["/contact-sales", "/"], "program": ["ACC", "ATX"], "completed": [True], "quantity": [1, 20],
    "succeeded": [True, False], "feature": list("abcdef"), "uses": [1, 9], "devices_seen": [3],
    "severity": [1, 2, 3, 4], "resolved": [True, False], "score": [2, 9, 10], "kind": ["call"],
}  # fmt: skip


@pytest.mark.parametrize("preset", presets())
def test_in_long_lives_every_rule_fires_and_nobody_goes_back_and_forth(preset):
    racetrack, moves = run(preset, list(lives(60)))
    assert {move["rule"] for move in moves} >= {*racetrack.rules, *racetrack.exits}
    assert {move["edge"] for move in moves} >= set(racetrack.edges)
    # Going round at every event would be as many moves as events; a stay is some ten events long here.
    for customer, count in Counter(move["customer_id"] for move in moves).items():
        assert count < 60, customer


@pytest.mark.parametrize("preset", ["cisco-13", "seven-stage", "six-phase"])
def test_the_sample_passes_through_the_stages(preset):
    written = io.BytesIO()
    write_sample(written, 120)
    write_sample(written, 120, late=True)
    racetrack, moves = run(preset, [json.loads(line) for line in written.getvalue().splitlines()])
    stages = defaultdict(set)
    for move in moves:
        stages[move["to_stage"]].add(move["customer_id"])
    assert set(stages) >= set(racetrack.stages)
    # Going round at every event would be as many moves as events, which are some seventy.
    assert max(Counter(move["customer_id"] for move in moves).values()) <= 3 * len(racetrack.stages)


def run(preset, events):
    """The definition, and the moves of customers with these events, as rows."""
    racetrack = read(presets()[preset])
    reads = wanted((racetrack,), CATALOGUE)
    track = compiled(racetrack.name, 1, "", racetrack, CATALOGUE, reads)
    clock = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp()) * 1_000_000
    found = columns(events, reads)
    return racetrack, race_tables(found, cases_of(found, rules_of(CATALOGUE).cases), track, clock).tables[
        "moves"
    ].to_pylist()


def lives(customers):
    """Three years of each: days with several events, lulls of months, all kinds of events. A few only look."""
    everything = [kind for kind in CATALOGUE.types if kind.split(".")[0] not in ("account", "identity", "outreach")]
    for customer in range(customers):
        chance = random.Random(customer)  # the same lives each time
        looks = customer % 10 == 9
        types = ["web.page_viewed", "content.viewed"] if looks else everything
        left = [] if customer % 3 == 0 else BEGINNING[::-1]
        at = START + timedelta(days=chance.random() * 200)
        while at < START + timedelta(days=1_200):
            kind = left.pop() if left else chance.choices(types, [OFTEN.get(one, 1) for one in types])[0]
            data = {name: chance.choice(VALUES.get(name, ["x"])) for name in CATALOGUE.types[kind].attributes}
            yield {"customer_id": f"customer {customer:02}", "occurred_at": at.isoformat(), "type": kind, "data": data,
                "product": "network-controller"}  # fmt: skip
            lull = chance.random() < 0.03 and not left
            at += timedelta(days=chance.expovariate(chance.choice([2, 1, 0.5])) + lull * chance.choice([40, 100, 400]))
