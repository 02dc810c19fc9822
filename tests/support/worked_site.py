"""A small site, six visits to it, and every figure of them as counted by hand (no code of raceline is used here).

P1 c1 Jan  5 layout=B  home a home b       resolved   turns at a
P2 c1 Jan  6 layout=A  home a b
P3 c2 Jan  5 layout=A  home a home a home             a ping-pong: its first apex counts, at a
P4 c2 Jan 12 layout=A  a b c b a                      turns at c, depth 2; the return to b and to a is its mirror
P5 c3 Jan 12 layout=B  home b              resolved
P6 c3 Jan 13 layout=B  home a b            resolved   the same steps as P2
"""

from journeys import START, click, event

DAY = 1_440
# customer, day since January 5 (a Monday), variant, (page, minute) ..., whether it is resolved
VISITS = {
    "P1": ("c1", 0, "layout=B", [("home", 0), ("a", 1), ("home", 3), ("b", 4)], True),
    "P2": ("c1", 1, "layout=A", [("home", 0), ("a", 2), ("b", 3)], False),
    "P3": ("c2", 0, "layout=A", [("home", 0), ("a", 1), ("home", 2), ("a", 3), ("home", 5)], False),
    "P4": ("c2", 7, "layout=A", [("a", 0), ("b", 1), ("c", 2), ("b", 3), ("a", 4)], False),
    "P5": ("c3", 7, "layout=B", [("home", 0), ("b", 1)], True),
    "P6": ("c3", 8, "layout=B", [("home", 0), ("a", 1), ("b", 2)], True),
}
# Links that nobody took: home to c. Steps without a link: a to home 3, b to c, c to b, b to a.
PAGES = [("home", "hub", "Home"), ("a", "article", "Article A"), ("b", "article", "Article B"), ("c", "article", None)]
LINKS = [("home", "a"), ("home", "b"), ("home", "c"), ("a", "b")]
TRACK = """
name: site
title: A small racetrack
stages: {look: {title: Look}, use: {title: Use}}
rules:
  looks: {title: Looks, stage: look, when: {event: [web.page_viewed, support.link_followed]}}
  uses: {title: Uses, stage: use, when: {event: telemetry.device_reported}}
"""
# Who moves on, and when; c2 stays.
USES = [("c1", 2 * DAY), ("c3", 9 * DAY)]


def events():
    """The events of all visits, the moves last."""
    found = []
    for name, (customer, day, variant, steps, resolved) in VISITS.items():
        for n, (page, minute) in enumerate(steps):
            at, last = day * DAY + minute, n == len(steps) - 1
            if resolved and last:
                one = click(f"{name}-{n}", customer, at, steps[n - 1][0], page, resolved=True, variant=variant)
            else:
                one = event(f"{name}-{n}", customer, at, page=page, variant=variant)
            found.append(one)
    return found + [
        event(f"use-{customer}", customer, minute, "telemetry.device_reported", device_id="d")
        for customer, minute in USES
    ]


# page: visits, customers, entries, exits, resolvedHere, opportunities, turnarounds, rate, depth, pingPongs, loops
PAGE_FIGURES = {
    "home": (8, 3, 5, 1, 0, 1, 0, 0.0, None, 0, 0),
    "a": (7, 3, 1, 1, 0, 4, 2, 0.5, 1.0, 1, 0),
    "b": (6, 3, 0, 4, 3, 2, 0, 0.0, None, 0, 0),
    "c": (1, 1, 0, 0, 0, 1, 1, 1.0, 2.0, 0, 0),
}
# The median of the seconds until the next step: home 60 120 60 60 60 60 60, a 120 60 60 120 60 60, b 60 60, c 60.
DWELL = {"home": 60.0, "a": 60.0, "b": 60.0, "c": 60.0}
# source, target: transitions, customers, share of what leaves the source, median seconds, whether it is a link
EDGES = {
    ("START", "home"): (5, 3, 5 / 6, None, None),
    ("START", "a"): (1, 1, 1 / 6, None, None),
    ("home", "a"): (5, 3, 5 / 8, 60.0, True),
    ("home", "b"): (2, 2, 2 / 8, 60.0, True),
    ("home", "OPEN"): (1, 1, 1 / 8, None, None),
    ("a", "home"): (3, 2, 3 / 7, 120.0, False),
    ("a", "b"): (3, 3, 3 / 7, 60.0, True),
    ("a", "OPEN"): (1, 1, 1 / 7, None, None),
    ("b", "c"): (1, 1, 1 / 6, 60.0, False),
    ("b", "a"): (1, 1, 1 / 6, 60.0, False),
    ("b", "RESOLVED"): (3, 2, 3 / 6, None, None),
    ("b", "OPEN"): (1, 1, 1 / 6, None, None),
    ("c", "b"): (1, 1, 1.0, 60.0, False),
}
# Of the first two steps alone: step of the source, source, target: transitions
FIRST_STEPS = {
    (0, "START", "home"): 5,
    (0, "START", "a"): 1,
    (1, "home", "a"): 4,
    (1, "home", "b"): 1,
    (1, "a", "b"): 1,
    (2, "a", "home"): 2,
    (2, "a", "b"): 2,
    (2, "b", "c"): 1,
    (2, "b", "RESOLVED"): 1,
}
# pages: paths, resolved, customers
VARIANTS = {
    ("home", "a", "b"): (2, 1, 2),
    ("home", "a", "home", "b"): (1, 1, 1),
    ("home", "a", "home", "a", "home"): (1, 0, 1),
    ("a", "b", "c", "b", "a"): (1, 0, 1),
    ("home", "b"): (1, 1, 1),
}
FUNNEL = "in: home -> .* -> see: a -> .* -> done: b"
# name: paths, customers, ofPrevious, ofFirst, conversion, overall, baseRate, lift, medianSeconds, whose paths
FUNNEL_STEPS = {
    "in": (5, 3, 6, 5, 5 / 6, 1.0, 5 / 6, 1.0, None, {"P1", "P2", "P3", "P5", "P6"}),
    "see": (4, 3, 5, 5, 4 / 5, 4 / 5, 5 / 6, 0.96, 60.0, {"P1", "P2", "P3", "P6"}),
    "done": (3, 2, 4, 5, 3 / 4, 3 / 5, 5 / 6, 0.9, 60.0, {"P1", "P2", "P6"}),
}
# (paths, mean, variance) of all, of the resolved, of the open
LENGTHS = {
    "all": ((6, 22 / 6, 88 / 6 - (22 / 6) ** 2), (3, 3.0, 2 / 3), (3, 13 / 3, 8 / 9)),
    "2026-01-05": ((3, 4.0, 2 / 3), (1, 4.0, 0.0), (2, 4.0, 1.0)),
    "2026-01-12": ((3, 10 / 3, 14 / 9), (2, 2.5, 0.25), (1, 5.0, 0.0)),
    "layout=A": ((3, 13 / 3, 8 / 9), (0, None, None), (3, 13 / 3, 8 / 9)),
    "layout=B": ((3, 3.0, 2 / 3), (3, 3.0, 2 / 3), (0, None, None)),
    "home": ((5, 17 / 5, 63 / 5 - (17 / 5) ** 2), (3, 3.0, 2 / 3), (2, 4.0, 1.0)),
    "a": ((1, 5.0, 0.0), (0, None, None), (1, 5.0, 0.0)),
}
# Filters and the visits that they keep.
FILTERS = [
    ({"pattern": "home -> a -> home"}, {"P1", "P3"}),
    ({"pattern": "^ -> home -> [^a] -> $"}, {"P5"}),
    ({"turnaroundAt": "a"}, {"P1", "P3"}),
    ({"transition": {"from": "b", "to": "c"}}, {"P4"}),
    ({"pages": ["home", "a", "b"]}, {"P2", "P6"}),
    ({"pages": ["home", "a", "b"], "resolved": True}, {"P6"}),
    ({"from": "2026-01-06", "to": "2026-01-12"}, {"P2", "P4", "P5"}),
    ({"variant": "layout=B", "entryPage": "home"}, {"P1", "P5", "P6"}),
    ({"exitPage": "b", "customer": "c1"}, {"P1", "P2"}),
    ({"containing": ["a", "c"]}, {"P4"}),
    ({"stage": "look"}, {"P1", "P2", "P3", "P4", "P5", "P6"}),
    ({"stage": "use"}, set()),
    ({"containing": ["nowhere"]}, set()),
]


def visit(started_at, customer):
    """The name of the visit of a customer that began at this moment."""
    for name, (who, day, *_) in VISITS.items():
        if who == customer and started_at[:10] == f"2026-01-{START.day + day:02d}":
            return name
    raise AssertionError((started_at, customer))
