"""A small racetrack for tests of the API, over page views, and a customer whose journey can be told by heart."""

from datetime import timedelta

from journeys import START, event

from raceline.domain.racetrack_file import parse

DAY = 24 * 60

RIDE = """
name: ride
title: The ride
stages:
  look: {title: Looks}
  try: {title: Tries}
  buy: {title: Buys, revenue: true}
rules:
  looked:
    title: Two visits of A
    stage: look
    from: [outside]
    when: {event: web.page_viewed, where: {page: A}, at_least: 2}
    documentation: One visit may be chance.
    source: {system: Web, database: web, table: page_view, attributes: [page]}
    owner: Web team
    confidence: 0.75
    coverage: 0.5
  tried:
    title: B, and nothing went wrong
    stage: try
    when:
      all:
        - {event: web.page_viewed, where: {page: B}, since: stage}
        - {not: {event: web.page_viewed, where: {page: X}, within: 1d}}
  bought:
    title: Two visits of C on the way
    stage: buy
    when: {event: web.page_viewed, where: {page: C}, at_least: 2}
  again:
    title: A once more
    stage: look
    from: [buy]
    when: {event: web.page_viewed, where: {page: A}, since: stage}
  silent:
    title: Silent for ten days
    stage: look
    from: [try]
    when: {none: {event: web.page_viewed, for: 10d, since: stage}}
edges:
  lap: {title: Comes back for more, from: [buy], to: look, new_lap: true}
exits:
  gone:
    title: Nothing for a hundred days
    when: {none: {event: web.page_viewed, for: 100d, since: start}}
"""

# The same, but one visit of A is enough, and nobody falls back by silence.
SECOND = RIDE.replace("page: A}, at_least: 2", "page: A}, at_least: 1").replace("for: 10d", "for: 90d")


def views(customer, pages, *, first=0, account=None):
    """Page views of a customer, by `day` of the page: [(0, "A"), (1.5, "B")]; ids count from `first`."""
    more = {} if account is None else {"account_id": account}
    return [
        event(f"{customer}-{first + n}", customer, round(day * DAY), page=page) | more
        for n, (day, page) in enumerate(pages)
    ]


def day(number):
    """That day as the API tells moments."""
    return (START + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# The same without the effects of time, so that nothing depends on the day of the test; and with one visit being enough.
STEADY = RIDE.replace("for: 10d", "for: 10000d").replace("for: 100d", "for: 20000d")
EAGER = STEADY.replace("page: A}, at_least: 2", "page: A}, at_least: 1")

# Looks, tries, falls back by silence, tries again, buys, comes back for a lap, and is never seen again.
WALK = [(0, "A"), (1, "A"), (2, "B"), (20, "B"), (21, "C"), (22, "C"), (30, "A")]
"""
  day  1  look   by `looked`, at the second A
  day  2  try    by `tried`
  day 12  look   by `silent`, a timer
  day 20  try    by `tried`
  day 22  buy    by `bought`
  day 30  look   by `again`, a lap
  day 130 out    by `gone`, a timer
"""


def publish(house, definition):
    """Give a definition a version, without putting it in force."""
    return house.racetracks.publish(parse(definition), definition, "test")
