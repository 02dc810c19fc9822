"""Conditions: what each kind may say, and how they are walked."""

import msgspec
import pytest
import yaml

from raceline.domain.condition import Condition, Filter, matching_types, microseconds
from raceline.domain.yaml_file import Misfit

DAY = 86_400_000_000


def condition(text):
    return msgspec.convert(yaml.safe_load(f"{{{text}}}"), Condition)


@pytest.mark.parametrize(
    ("duration", "length"),
    [("45s", 45_000_000), ("90m", 5_400_000_000), ("12h", DAY // 2), ("30d", 30 * DAY), ("2w", 14 * DAY)],
)
def test_a_duration_is_a_number_and_a_unit(duration, length):
    assert microseconds(duration, "within") == length


@pytest.mark.parametrize(
    ("duration", "says"),
    [
        ("", "is no duration"),
        ("30", "such as 30d"),
        ("d", "is no duration"),
        ("1.5d", "is no duration"),
        ("-1d", "is no duration"),
        ("30 d", "is no duration"),
        ("1y", "one of s, m, h, d, w"),
        ("٣d", "is no duration"),
        ("0w", "zero holds nothing"),
        ("36501d", "a hundred years"),
        ("9999999d", "is no duration"),
    ],
)
def test_what_is_no_duration_is_refused_at_its_key(duration, says):
    with pytest.raises(Misfit, match=says) as refused:
        microseconds(duration, "for")
    assert refused.value.keys == ("for",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("within: 3d", "exactly one of event, none, all, any, not; this says none", id="nothing to hold"),
        pytest.param("event: a.b, not: {event: c.d}", "this says event and not", id="two kinds at once"),
        pytest.param("all: []", "`all` of nothing decides nothing", id="all of nothing"),
        pytest.param("any: []", "`any` of nothing decides nothing", id="any of nothing"),
        pytest.param("event: []", "name at least one event type", id="no event"),
        pytest.param("none: {event: [], for: 3d}", "name at least one event type", id="silence of nothing"),
        pytest.param("all: [{event: a.b}], within: 3d", "`within` belongs to `event`, and this condition is `all`",
            id="a window of several"),
        pytest.param("none: {event: a.b, for: 3d}, where: {x: 1}", "`where` belongs to `event`",
            id="where beside none"),
        pytest.param("not: {event: a.b}, since: stage", "`since` belongs to `event`", id="since beside not"),
        pytest.param("event: a.b, at_least: 2, distinct_days: 2", "give one of at_least and distinct_days",
            id="two counts"),
        pytest.param("event: a.b, at_least: 0", "Expected `int` >= 1", id="at least none"),
        pytest.param("event: a.b, distinct: {attribute: x, at_least: 1.5}", "a whole number", id="half a value"),
        pytest.param("event: a.b, sum: {attribute: x, at_least: 0}", "above zero", id="a sum that always holds"),
        pytest.param("event: a.b, sum: {attribute: x, at_least: 1.0e+13}", "lies between", id="a sum beyond 64 bits"),
        pytest.param("event: a.b, where: {x: .inf}", "lies between", id="an infinite value"),
        pytest.param("event: a.b, where: {x: []}", "one of no values", id="one of no values"),
        pytest.param("event: a.b, where: {x: {}}", "a filter says one of prefix, present", id="an empty filter"),
        pytest.param("event: a.b, where: {x: {below: .nan}}", "lies between", id="below what is no number"),
        pytest.param("event: a.b, since: ever", "Invalid enum value 'ever'", id="since something else"),
    ],
)  # fmt: skip
def test_what_a_condition_cannot_say_is_refused(text, says):
    with pytest.raises(msgspec.ValidationError, match=says.replace("(", r"\(")):
        condition(text)


def test_conditions_count_in_the_lap_unless_they_say_otherwise():
    assert condition("event: a.b").counted_since == "lap"
    assert condition("none: {event: a.b, for: 3d}").counted_since == "lap"
    assert condition("event: a.b, since: start").counted_since == "start"


def test_conditions_are_walked_in_the_order_of_the_file():
    tree = condition("all: [{event: a.b}, {any: [{not: {event: c.d}}, {none: {event: [e.f, g.h], for: 1d}}]}]")
    assert [(depth, node.events) for depth, node in tree.walk()] == [
        (0, ()), (1, ("a.b",)), (1, ()), (2, ()), (3, ("c.d",)), (2, ("e.f", "g.h")),
    ]  # fmt: skip


def test_filters_are_those_of_the_event_or_of_the_silence():
    assert condition("event: a.b, where: {x: 1}").filters == {"x": 1}
    assert condition("none: {event: a.b, for: 3d, where: {x: {above: 1}}}").filters == {"x": Filter(above=1)}
    assert condition("not: {event: a.b, where: {x: 1}}").filters == {}


def test_a_family_stands_for_its_types_and_a_name_for_itself():
    known = ["web.page_viewed", "web.link_clicked", "webinar.joined", "case.opened"]
    assert matching_types(["case.opened", "web.*"], known) == ("case.opened", "web.page_viewed", "web.link_clicked")
    assert matching_types(["web.*", "web.page_viewed"], known) == ("web.page_viewed", "web.link_clicked")
    assert matching_types(["web.forgotten", "none.*"], known) == ("web.forgotten",)
