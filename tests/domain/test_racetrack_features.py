"""Features of a definition: what predictions go by beside what is built in, by a line of data (design, section 8)."""

import msgspec
import pytest
import yaml
from small_track import SOUND, track

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidRacetrack
from raceline.domain.feature import Feature
from raceline.domain.racetrack_check import check, check_text, refuse
from raceline.domain.racetrack_file import canonical, content_hash, parse
from raceline.domain.racetrack_text import feature_says

CATALOGUE = load()
DEFINITION = """
name: small
title: Small
stages: {a: {title: A}, b: {title: B}}
rules:
  look: {title: Look, stage: a, when: {event: web.page_viewed}}
  book: {title: Book, stage: b, when: {event: install_base.item_booked}}
features:
  one: {title: One, FEATURE}
"""


def with_feature(feature):
    return DEFINITION.replace("FEATURE", feature)


SAYS = [
    ("event: case.opened, group: cases", "number of case.opened"),
    ("event: case.opened, group: cases, window_days: 1", "number of case.opened in the last day"),
    (
        "event: telemetry.feature_used, where: {feature: x}, aggregate: sum, attribute: uses, since: stage, group: time",  # noqa: E501
        "sum of uses in telemetry.feature_used whose feature is x since entering the stage",
    ),
    (
        "event: telemetry.feature_used, aggregate: distinct, attribute: feature, window_days: 30, group: usage",
        "different values of feature in telemetry.feature_used in the last 30 days",
    ),
    (
        "event: [email.opened, email.link_clicked], aggregate: days_since, since: ever, group: content",
        "days since the last email.opened or email.link_clicked",
    ),
    ("event: telemetry.login_recorded, aggregate: last, attribute: succeeded, group: usage",
     "last succeeded in telemetry.login_recorded"),
    ("event: content.viewed, aggregate: mean, attribute: seconds, group: content", "mean of seconds in content.viewed"),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "words"), SAYS, ids=[words for _, words in SAYS])
def test_a_feature_is_sound_and_says_itself(feature, words):
    racetrack = parse(with_feature(feature))
    assert feature_says(racetrack.features["one"]) == words
    assert [one for one in check(racetrack, CATALOGUE) if one.place[0] == "features"] == []


def test_features_are_content_and_keep_their_order():
    order = ["zebra", "ant", "mole"]
    given = {name: {"title": name, "event": "case.opened", "group": "cases"} for name in order}
    made, without = track(SOUND, features=given), track(SOUND)
    assert list(made.features) == order
    assert made.features["ant"] == Feature(name="ant", title="ant", event="case.opened", group="cases")
    assert content_hash(made) != content_hash(without)
    assert canonical(track(SOUND, features={})) == canonical(without)
    assert content_hash(track(SOUND, features=dict(reversed(given.items())))) != content_hash(made)


MISFITS = [
    pytest.param("event: case.opened", "the key `group` is missing", id="no group"),
    pytest.param("event: case.opened, group: other", "other", id="a group that is none"),
    pytest.param("event: [], group: cases", "at least one event type", id="no events"),
    pytest.param("event: a.b, group: cases, aggregate: sum", "name it as `attribute`", id="a sum of nothing"),
    pytest.param("event: a.b, group: cases, attribute: x", "looks at no attribute", id="a number of an attribute"),
    pytest.param("event: a.b, group: cases, window_days: 0", ">= 1", id="no time"),
    pytest.param("event: a.b, group: cases, window_days: 3, since: stage", "one of `window_days`", id="two times"),
]


@pytest.mark.parametrize(("feature", "says"), MISFITS)
def test_what_does_not_fit_is_named_with_its_place(feature, says):
    with pytest.raises(InvalidRacetrack) as refused:
        parse(with_feature(feature))
    assert says in str(refused.value)
    assert refused.value.facts["line"] == 9


def test_a_racetrack_has_at_most_50_features():
    several = {f"f{n}": {"title": f"F {n}", "event": "case.opened", "group": "cases"} for n in range(51)}
    with pytest.raises(InvalidRacetrack, match="at most 50 features"):
        parse(yaml.safe_dump(yaml.safe_load(DEFINITION.partition("features:")[0]) | {"features": several}))


NAMES = [
    pytest.param("event: case.open, group: cases", "event", "there is no event type `case.open`", id="a type"),
    pytest.param(
        "event: case.opened, where: {prority: 1}, group: cases", "where.prority",
        "`prority` is no attribute of case.opened", id="an attribute of where",
    ),
    pytest.param(
        "event: content.viewed, aggregate: mean, attribute: second, group: content", "attribute",
        "`second` is no attribute of content.viewed", id="an attribute",
    ),
    pytest.param(
        "event: content.viewed, aggregate: last, attribute: page, group: content", "attribute",
        "`page` of content.viewed is of type code, and no number", id="a number that is none",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "place", "detail"), NAMES)
def test_a_name_that_the_catalogue_does_not_have_is_an_error(feature, place, detail):
    found = [one for one in check(parse(with_feature(feature)), CATALOGUE) if one.severity == "error"]
    assert [(".".join(one.place), one.detail) for one in found] == [(f"features.one.{place}", detail)]
    with pytest.raises(InvalidRacetrack, match=rf"small.yaml:9:\d+: features.one.{place}"):
        refuse(check_text(with_feature(feature), CATALOGUE, "small.yaml")[1], "small.yaml")


def test_features_that_are_called_alike_are_a_warning():
    one = {"title": "Cases opened", "event": "case.opened", "group": "cases"}
    found = check(track(SOUND, features={"cases": one, "again": one | {"title": "cases  OPENED"}}), CATALOGUE)
    assert [(one.place, one.severity) for one in found] == [(("features", "again", "title"), "warning")]


def test_a_feature_is_a_struct_that_may_be_sent():
    given = Feature(name="x", title="X", event=("a.b", "c.*"), group="time", where={"y": (1, 2)})
    assert msgspec.convert(msgspec.to_builtins(given), Feature) == given
