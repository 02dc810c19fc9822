"""A racetrack of four stages, and customers whose content makes them move: what a model can learn from."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

WALK = """\
name: walk
title: A walk
start: look
stages:
  look: {title: Look}
  try: {title: Try}
  buy: {title: Buy}
  love: {title: Love}
rules:
  tried: {title: Tries it, stage: try, when: {event: email.link_clicked, since: stage}}
  bought: {title: Buys it, stage: buy, when: {event: install_base.item_booked, since: stage}}
  loves: {title: Says so, stage: love, when: {event: advocacy.reference_given, since: stage}}
"""
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
# What brings a customer on from each stage.
MOVES = (
    ("email.link_clicked", {"email_id": "spring", "link": "/new"}),
    ("install_base.item_booked", {"item_id": "box"}),
    ("advocacy.reference_given", {"kind": "call"}),
)
PAGES = ("pricing", "manual", "story")


@cache
def walkers(customers, days=150, seed=5):
    """Envelopes in the order of time: on one day of ten a customer reads something, and in the two days after that one
    of three moves on; else one of fifty. They begin within the first month."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(customers):
        stage, read = 0, -9
        for day in range(int(rng.integers(0, 30)), days):
            who, noon = f"walker-{n:04d}", BEGIN + timedelta(days=day, seconds=int(rng.integers(60, 80_000)))
            if rng.random() < 0.1 or read == -9:
                read = day
                found.append((noon, who, "content.viewed", {"page": PAGES[int(rng.integers(3))], "seconds": 60}))
            elif stage < 3 and rng.random() < (0.33 if day - read <= 2 else 0.02):
                found.append((noon, who, *MOVES[stage]))
                stage += 1
    return [
        {"event_id": f"w{n}", "source": "walk", "type": kind, "customer_id": who, "occurred_at": at.isoformat(),
         "data": data}
        for n, (at, who, kind, data) in enumerate(sorted(found, key=lambda one: (one[0], one[1])))
    ]  # fmt: skip
