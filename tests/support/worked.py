"""A worked customer: twenty events, eight stages, and every answer about them written down by hand (test_worked_*)."""

from datetime import UTC, datetime, timedelta

CUSTOMER, ACCOUNT = "maya-1", "north"
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

DEFINITION = """
name: worked
title: A worked racetrack
stages:
  need: {title: Need}
  evaluate: {title: Evaluate}
  select: {title: Select}
  purchase: {title: Purchase, revenue: true}
  onboard: {title: Onboard}
  implement: {title: Implement}
  use: {title: Use}
  engage: {title: Engage}
edges:
  buy_more: {title: Buys more, from: [onboard, implement, use, engage], to: purchase}
rules:
  looks: {title: Looks around, stage: need, when: {event: web.page_viewed}}
  reads: {title: Reads two papers in a month, stage: evaluate, when: {event: content.viewed, at_least: 2, within: 30d}}
  prices:
    title: Sees prices twice in a fortnight
    stage: select
    when: {event: web.page_viewed, where: {page: {prefix: /pricing}}, at_least: 2, within: 14d}
    source: {system: Web analytics, database: web_analytics, table: page_view, attributes: [page]}
    owner: Digital Experience
    confidence: 0.8
    coverage: 0.9
  books: {title: Books, stage: purchase, when: {event: install_base.item_booked, since: stage}}
  books_more:
    title: Books five or more while using it
    stage: purchase
    from: [onboard, implement, use, engage]
    when: {event: install_base.item_booked, sum: {attribute: quantity, at_least: 5}, since: stage}
  ships: {title: Gets it, stage: onboard, when: {event: install_base.item_shipped, since: stage}}
  activates: {title: Activates it, stage: implement, when: {event: install_base.license_activated, since: stage}}
  reports:
    title: Reports on two days of a week
    stage: use
    when: {event: telemetry.device_reported, distinct_days: 2, within: 7d}
  works:
    title: Works with two features, without a case for five days
    stage: engage
    from: [use]
    when:
      all:
        - {event: telemetry.feature_used, distinct: {attribute: feature, at_least: 2}, since: stage}
        - not: {event: case.opened, within: 5d}
  silent:
    title: Falls silent for a month
    stage: implement
    from: [use, engage]
    when: {none: {event: telemetry.*, for: 30d}}
"""
# The definition change: whoever falls silent has to be onboarded again.
CHANGED = DEFINITION.replace(
    "title: Falls silent for a month\n    stage: implement", "title: Falls silent for a month\n    stage: onboard"
)

_LIFE = (
    (0, "web.page_viewed", {"page": "/products"}),  # 1 -> need
    (1, "content.viewed", {"page": "paper-1"}),  # 2
    (3, "content.viewed", {"page": "paper-2"}),  # 3 -> evaluate, and this one comes late
    (5, "web.page_viewed", {"page": "/pricing/small"}),  # 4
    (6, "web.page_viewed", {"page": "/pricing/large"}),  # 5 -> select
    (10, "install_base.item_booked", {"item_id": "c-1", "quantity": 2}),  # 6 -> purchase
    (12, "install_base.item_shipped", {"item_id": "c-1"}),  # 7 -> onboard
    (15, "install_base.license_activated", {"license_id": "l-1"}),  # 8 -> implement
    (16, "telemetry.device_reported", {"device_id": "d-1"}),  # 9
    (16.5, "telemetry.device_reported", {"device_id": "d-1"}),  # 10
    (18, "telemetry.device_reported", {"device_id": "d-1"}),  # 11 -> use, on days 16 and 18
    (19, "telemetry.feature_used", {"feature": "alerts"}),  # 12
    (20, "case.opened", {"case_id": "t-1", "severity": 3, "problem": "licence"}),  # 13
    (21, "telemetry.feature_used", {"feature": "reports"}),  # 14; by a timer at day 25 -> engage
    (30, "install_base.item_booked", {"item_id": "c-1", "quantity": 3}),  # 15
    (31, "install_base.item_booked", {"item_id": "c-1", "quantity": 4}),  # 16 -> purchase, by the edge
    (33, "install_base.item_shipped", {"item_id": "c-1"}),  # 17 -> onboard
    (34, "install_base.license_activated", {"license_id": "l-2"}),  # 18 -> implement
    (40, "telemetry.device_reported", {"device_id": "d-2"}),  # 19
    (41, "telemetry.device_reported", {"device_id": "d-2"}),  # 20 -> use; by a timer at day 71 -> implement
)
LATE = 3

# to, kind, day, rule, trigger (the number of the event), evidence
MOVES = (
    ("need", "ENTERED", 0, "looks", 1, [1]),
    ("evaluate", "FORWARD", 3, "reads", 3, [2, 3]),
    ("select", "FORWARD", 6, "prices", 5, [4, 5]),
    ("purchase", "FORWARD", 10, "books", 6, [6]),
    ("onboard", "FORWARD", 12, "ships", 7, [7]),
    ("implement", "FORWARD", 15, "activates", 8, [8]),
    ("use", "FORWARD", 18, "reports", 11, [10, 11]),
    ("engage", "FORWARD", 25, "works", None, [12, 14, 13]),
    ("purchase", "EDGE", 31, "books_more", 16, [15, 16]),
    ("onboard", "FORWARD", 33, "ships", 17, [17]),
    ("implement", "FORWARD", 34, "activates", 18, [18]),
    ("use", "FORWARD", 41, "reports", 20, [19, 20]),
    ("implement", "BACKWARD", 71, "silent", None, [20]),
)


def day(number):
    """A moment as the API writes it."""
    return (BEGIN + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def deed(number):
    """The envelope of the event of this number."""
    when, kind, data = _LIFE[number - 1]
    return {
        "event_id": f"w{number:02}",
        "source": "worked",
        "type": kind,
        "customer_id": CUSTOMER,
        "account_id": ACCOUNT,
        "occurred_at": (BEGIN + timedelta(days=when)).isoformat(),
        "data": data,
    }


def life(*, late=True):
    """The twenty events, with the late one or without it."""
    return [deed(number) for number in range(1, len(_LIFE) + 1) if late or number != LATE]
