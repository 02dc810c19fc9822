"""Conditions in words: one node each, as people read them in an explanation."""

import msgspec
import pytest
import yaml

from raceline.domain.condition import Condition
from raceline.domain.racetrack import Overlay
from raceline.domain.racetrack_file import presets, read
from raceline.domain.racetrack_text import overlay_says, says

SAID = [
    ("event: web.page_viewed", "at least 1 web.page_viewed"),
    ("event: telemetry.login_recorded, at_least: 3, within: 30d", "at least 3 telemetry.login_recorded within 30d"),
    ("event: [a.b, c.d, e.f], since: stage", "at least 1 a.b, c.d or e.f since entering the stage"),
    ("event: telemetry.*, distinct_days: 5, within: 2w", "telemetry.* on at least 5 different days within 2w"),
    ("event: telemetry.*, distinct_days: 1", "telemetry.* on at least 1 day"),
    (
        "event: telemetry.feature_used, distinct: {attribute: feature, at_least: 4}, since: start",
        "at least 4 different values of feature in telemetry.feature_used since the first event",
    ),
    (
        "event: install_base.item_booked, sum: {attribute: quantity, at_least: 2.5}, since: lap",
        "quantity in install_base.item_booked adding up to at least 2.5",
    ),
    ("event: case.opened, where: {severity: 1}", "at least 1 case.opened whose severity is 1"),
    (
        "event: case.opened, where: {severity: [1, 2], problem: {present: false}}",
        "at least 1 case.opened whose severity is 1 or 2 and problem is missing",
    ),
    ("event: a.b, where: {done: true}, within: 1d", "at least 1 a.b whose done is true within 1d"),
    (
        "event: a.b, where: {x: {prefix: /p, above: 1, below: 9, present: true}}",
        "at least 1 a.b whose x begins with /p and is above 1 and is below 9 and is given",
    ),
    ("event: a.b, where: {x: {at_least: 1, at_most: 2}}", "at least 1 a.b whose x is at least 1 and is at most 2"),
    (
        "none: {event: telemetry.device_reported, for: 60d, since: stage}",
        "no telemetry.device_reported for 60d since entering the stage",
    ),
    ("none: {event: [a.b, c.d], for: 9h, where: {x: y}}", "no a.b or c.d whose x is y for 9h"),
    ("all: [{event: a.b}]", "all of"),
    ("any: [{event: a.b}]", "any of"),
    ("not: {event: a.b}", "not"),
]


@pytest.mark.parametrize(("condition", "words"), SAID, ids=[words for _, words in SAID])
def test_a_condition_says_itself(condition, words):
    assert says(msgspec.convert(yaml.safe_load(f"{{{condition}}}"), Condition)) == words


@pytest.mark.parametrize("preset", presets())
def test_every_condition_that_comes_with_raceline_can_be_said(preset):
    racetrack = read(presets()[preset])
    for rule in (*racetrack.rules.values(), *racetrack.exits.values()):
        assert all(says(node) for _, node in rule.when.walk())
    assert all(overlay_says(one) for one in racetrack.overlays.values())


OVERLAYS = [
    ("event: [a.b, c.d]", "number of a.b or c.d"),
    ("event: a.*, where: {x: {at_least: 1}}", "number of a.* whose x is at least 1"),
    ("event: a.b, distinct: x", "different values of x in a.b"),
    ("event: a.b, sum: x, where: {y: [1, 2]}", "sum of x in a.b whose y is 1 or 2"),
    ("event: a.b, mean: x", "mean of x in a.b"),
]


@pytest.mark.parametrize(("overlay", "words"), OVERLAYS, ids=[words for _, words in OVERLAYS])
def test_an_overlay_says_itself(overlay, words):
    given = yaml.safe_load(f"{{name: o, title: O, {overlay}}}")
    assert overlay_says(msgspec.convert(given, Overlay)) == words
