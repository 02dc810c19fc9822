"""A small racetrack and one customer's life on it: forward, a lull, a skip, a lap, an exit and a return."""

import json

RACE = """\
name: race
title: A small race  # with a comment
start: need
stages:
  need: {title: Need}
  try: {title: Try}
  use: {title: Use, revenue: true}
  advocate: {title: Advocate, documentation: Speaks for us.}
rules:
  looked:
    title: Three page views in a month
    stage: try
    when: {event: web.page_viewed, at_least: 3, within: 30d}
    source: {system: web, database: shop, table: views, attributes: [page, at]}
    owner: Marketing
    confidence: 0.9
    coverage: 0.625
  works:
    title: Logins on two days, and not searching any more
    stage: use
    when:
      all:
        - {event: telemetry.login_recorded, distinct_days: 2, within: 60d}
        - {not: {event: web.page_viewed, at_least: 9}}
  clicked:
    title: Followed a link
    stage: advocate
    when: {event: email.link_clicked, since: stage}
  silent:
    title: No login for two months
    stage: try
    from: [use]
    when: {none: {event: telemetry.login_recorded, for: 60d}}
  again:
    title: Looks again
    stage: need
    from: [advocate]
    when: {event: web.page_viewed, since: stage}
exits:
  gone:
    title: Nothing for half a year
    when: {none: {event: [telemetry.login_recorded, web.page_viewed], for: 180d}}
edges:
  next_lap: {title: The next lap, from: [advocate], to: need, new_lap: true}
"""

# One view less is enough to try.
RACE_2 = RACE.replace("Three page", "Two page").replace("at_least: 3", "at_least: 2")

_DATA = {
    "web.page_viewed": {"page": "pricing"},
    "telemetry.login_recorded": {"application": "console"},
    "email.link_clicked": {"email_id": "spring", "link": "/new"},
}
VIEW, LOGIN, LINK = _DATA


def event(n, type_, day, customer="c-1"):
    """An envelope; it happened at midnight of the day."""
    return {"event_id": f"e{n}", "source": "test", "type": type_, "customer_id": customer, "account_id": "acme",
            "occurred_at": f"{day}T00:00:00Z", "data": _DATA[type_]}  # fmt: skip


LIFE = [
    event(1, VIEW, "2024-01-01"),
    event(2, VIEW, "2024-01-05"),
    event(3, VIEW, "2024-01-09"),
    event(4, LOGIN, "2024-01-12"),
    event(5, LOGIN, "2024-01-13"),
    event(6, LINK, "2024-05-01"),
    event(7, VIEW, "2024-05-10"),
    event(8, LINK, "2025-01-12"),
]
LATE = [event(9, LOGIN, "2024-02-20")]


def written(path, envelopes):
    """A file of these envelopes."""
    path.write_text("".join(json.dumps(one) + "\n" for one in envelopes))
    return str(path)
