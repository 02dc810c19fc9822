"""Events of any kind for properties of read models, and a racetrack that looks at all of them."""

from hypothesis import strategies as st
from journeys import click, event

# Every kind of condition, and timers that fire long before anybody looks.
TRACK = """
name: small
title: A small racetrack
time_zone: America/New_York
stages: {look: {title: Look}, use: {title: Use}, love: {title: Love}}
edges: {again: {title: Again, from: [love], to: look, new_lap: true}}
rules:
  looks:
    title: Looks
    stage: look
    when: {event: [web.page_viewed, content.viewed], where: {page: [a, b]}}
  uses:
    title: Uses
    stage: use
    when: {any: [{event: telemetry.*, distinct_days: 1, within: 1h}, {event: support.link_followed, at_least: 3}]}
  loves:
    title: Loves
    stage: love
    when:
      all:
        - {event: content.viewed, distinct: {attribute: page, at_least: 2}, since: stage}
        - not: {event: telemetry.*, within: 20m}
  sleeps:
    title: Sleeps
    stage: look
    from: [use]
    when: {none: {event: telemetry.*, for: 40m, since: stage}}
  again:
    title: Again
    stage: look
    from: [love]
    when: {event: support.link_followed, where: {resolved: true}, since: stage}
overlays:
  devices: {title: Devices, event: telemetry.device_reported, distinct: device_id}
  pages: {title: Pages of content, event: content.viewed, where: {page: [a, b]}}
  scores: {title: Scores, event: case.survey_answered, mean: score}
exits:
  gone: {title: Gone, when: {none: {event: support.*, for: 90d, since: stage}}}
"""
PAGES = st.sampled_from(["a", "b", "c"])
CUSTOMERS = st.sampled_from(["ada-1", "bo-2", "Z-3"])
DAY = 1_440
# What experiments a click says the visitor is in: none, one, several, and none at all between the commas.
VARIANTS = st.sampled_from([{}, {}, {"variant": "x=A"}, {"variant": "x=B,y=1"}, {"variant": " y=1 ,, x=B,y=1"}])
TEXTS = st.sampled_from(["This is awful.", "Thank you, that is great!", "The device is in the rack.", "Nothing works."])


@st.composite
def case_events(draw, n, customer):
    """What is said of one of two cases; days apart, so that customers move while it is open."""
    minute = draw(st.integers(0, 20)) * DAY // 4
    data = {"case_id": draw(st.sampled_from(["k1", "k2"]))}
    kind = draw(st.sampled_from(["opened", "updated", "updated", "closed", "reopened", "survey_answered"]))
    if kind in ("opened", "reopened"):
        data |= {"severity": draw(st.integers(1, 3)), "text": draw(TEXTS)}
    elif kind == "updated":
        said = {"severity": draw(st.integers(1, 3)), "text": draw(TEXTS), "active": draw(st.booleans())}
        said["written_by"] = draw(st.sampled_from(["customer", "engineer"]))
        data |= {key: said[key] for key in draw(st.sets(st.sampled_from(sorted(said))))}
    elif kind == "closed":
        data |= {"cause_code": draw(st.sampled_from(["COMM 007", "HW 1"]))}
    else:
        data |= {"score": draw(st.integers(1, 5)), "text": draw(TEXTS)}
    return event(n, customer, minute, f"case.{kind}", **data)


@st.composite
def journeys(draw):
    """Up to 40 events; equal times, pauses around half an hour and pages that repeat are frequent."""
    envelopes = []
    for n in range(draw(st.integers(1, 40))):
        customer = draw(CUSTOMERS)
        minute = draw(st.integers(0, 12)) * 10
        sequence = draw(st.sampled_from([None, 1, 2]))
        match draw(st.sampled_from(["view", "click", "click", "content", "other", "case", "case"])):
            case "case":
                envelopes.append(draw(case_events(n, customer)))
            case "view":
                envelopes.append(event(n, customer, minute, sequence=sequence, page=draw(PAGES), **draw(VARIANTS)))
            case "content":
                envelopes.append(event(n, customer, minute, "content.viewed", sequence=sequence, page=draw(PAGES)))
            case "click":
                resolved = draw(st.integers(0, 4)) == 0
                said = draw(VARIANTS)
                envelopes.append(
                    click(n, customer, minute, draw(PAGES), draw(PAGES), resolved, sequence=sequence, **said)
                )
            case "other":
                envelopes.append(
                    event(n, customer, minute, "telemetry.device_reported", sequence=sequence, device_id="d")
                )
    return envelopes
