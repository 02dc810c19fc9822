"""Stages, rules and edges: what cannot be reached, never fires or overlaps, each with place and cure."""

import pytest
from small_track import SOUND, TO_A, TO_B, TO_C, complaints, only, track


def test_a_stage_to_which_no_rule_leads_is_an_error():
    place, detail, cure, _ = only(track({"to_a": TO_A, "to_c": TO_C}))
    assert (place, detail) == ("stages.b", "no rule leads to this stage")
    assert "add a rule with `stage: b`" in cure


def test_the_stage_in_which_customers_start_needs_no_rule():
    assert complaints(track({"to_b": TO_B, "to_c": TO_C}, start="a")) == []


def test_a_stage_that_no_customer_can_come_to_is_an_error_and_so_are_the_rules_that_only_start_there():
    rules = {"to_a": TO_A, "to_b": TO_B + ", from: [c]", "to_c": TO_C + ", from: [b]"}
    found = complaints(track(rules))
    assert [one[0] for one in found] == ["stages.b", "stages.c", "rules.to_b.from", "rules.to_c.from"]
    assert "from outside" in found[0][2]
    assert "can never fire: no customer comes to `c`" in found[2][1]
    assert "move `from` a stage that can be reached" in found[2][2]


@pytest.mark.parametrize(
    ("rule", "place", "detail", "cure"),
    [
        pytest.param(
            "from: [], stage: b", "rules.odd.from", "it moves from no stage", "list the stages", id="from no stage"
        ),
        pytest.param(
            "from: [b], stage: b", "rules.odd.from", "only to itself", "move `from` a stage", id="from its own stage"
        ),
    ],
)
def test_a_rule_that_starts_nowhere_is_an_error(rule, place, detail, cure):
    found = only(track(SOUND | {"odd": f"{rule}, when: {{event: case.opened}}"}))
    assert found[0] == place
    assert detail in found[1]
    assert cure in found[2]


def test_a_rule_from_outside_never_fires_where_customers_start_in_a_stage_and_never_leave():
    found = only(track({"to_a": TO_A, "to_b": TO_B, "to_c": TO_C}, start="a"))
    assert found[0] == "rules.to_a"
    assert "customers start in `a` and never leave" in found[1]
    assert "leave the rule out" in found[2]


def test_a_rule_from_its_own_stage_as_well_is_a_warning():
    found = only(track(SOUND | {"to_b": TO_B + ", from: [a, b, outside]"}))
    assert found == (
        "rules.to_b.from.1", "a rule to `b` never moves a customer who is there", "leave it out of `from`", "warning",
    )  # fmt: skip


def test_stages_with_the_same_title_overlap():
    stages = {"a": {"title": "Use"}, "b": {"title": " use "}, "c": {"title": "C"}}
    place, detail, cure, severity = only(track(SOUND, stages=stages))
    assert place == "stages.b.title"
    assert "stages overlap: `a` has the title" in detail
    assert "its own title" in cure
    assert severity == "error"


def test_stages_with_the_same_condition_overlap():
    same = "when: {all: [{event: case.opened}, {event: case.closed, at_least: 2}]}"
    other = "when: {all: [{event: case.closed, at_least: 2}, {event: case.opened, at_least: 1}]}"
    place, detail, cure, _ = only(track({"to_a": TO_A, "to_b": f"stage: b, {same}", "to_c": f"stage: c, {other}"}))
    assert place == "rules.to_b.when"
    assert detail == "overlaps: `to_c` has the same condition, and moves from `a` to `c` instead"
    assert "what tells the two apart" in cure


def test_the_same_condition_from_other_stages_does_not_overlap():
    silence = "when: {none: {event: web.page_viewed, for: 30d, since: stage}}"
    rules = SOUND | {"back_b": f"stage: b, from: [c], {silence}", "back_a": f"stage: a, from: [b], {silence}"}
    assert complaints(track(rules)) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param("event: case.opened, at_least: 3", "event: case.opened, at_least: 2",
            id="three of what the other counts two"),
        pytest.param("event: case.opened, within: 7d", "event: case.opened", id="within a week and ever"),
        pytest.param("event: case.opened, since: stage", "event: case.opened, since: start",
            id="since the stage and ever"),
        pytest.param("event: case.opened", "event: case.*", id="a type and its family"),
        pytest.param("event: case.opened, where: {severity: 1}", "event: case.opened, where: {severity: [1, 2]}",
            id="one severity and two"),
        pytest.param("event: case.opened, where: {text: {prefix: ab}}",
            "event: case.opened, where: {text: {present: true}}",
            id="a beginning and any text"),
        pytest.param("event: content.viewed, where: {seconds: {above: 60}}",
            "event: content.viewed, where: {seconds: {at_least: 60}}", id="above and at least"),
        pytest.param("event: content.viewed, where: {seconds: [70, 80]}",
            "event: content.viewed, where: {seconds: {above: 60}}", id="two numbers and a bound"),
        pytest.param("event: content.viewed, sum: {attribute: seconds, at_least: 90}", "event: content.viewed",
            id="a sum and one event"),
        pytest.param("event: case.opened, distinct_days: 3", "event: case.opened, at_least: 3",
            id="three days and three events"),
        pytest.param("event: case.opened, distinct: {attribute: severity, at_least: 3}",
            "event: case.opened, at_least: 2",
            id="three values and two events"),
        pytest.param("event: content.viewed, sum: {attribute: seconds, at_least: 90}, within: 7d",
            "event: content.viewed, sum: {attribute: seconds, at_least: 60}", id="sums of what is never negative"),
        pytest.param("none: {event: 'case.*', for: 60d}", "none: {event: case.opened, for: 30d}",
            id="a longer and wider silence"),
        pytest.param("all: [{event: case.opened}, {event: case.closed}]",
            "any: [{event: case.closed}, {event: case.updated}]",
            id="all of two and any of two"),
        pytest.param("not: {event: case.opened}", "not: {event: case.opened, at_least: 2}", id="not one and not two"),
        pytest.param("none: {event: case.opened, for: 60d}", "not: {event: case.opened, within: 30d}",
            id="a silence and its opposite under not"),
    ],
)  # fmt: skip
def test_a_rule_never_fires_when_a_later_stage_wins_whenever_it_holds(earlier, later):
    rules = {"to_a": TO_A, "to_b": f"stage: b, when: {{{earlier}}}", "to_c": f"stage: c, when: {{{later}}}"}
    place, detail, cure, severity = only(track(rules))
    assert place == "rules.to_b.when"
    assert "never fires: whenever it holds, `to_c` holds as well and goes before it" in detail
    assert "say more in `to_c`" in cure
    assert severity == "error"
    there, here = rules["to_b"].replace("stage: b", "stage: c"), rules["to_c"].replace("stage: c", "stage: b")
    assert complaints(track({"to_a": TO_A, "to_b": here, "to_c": there})) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param("event: case.opened", "event: case.opened, within: 7d", id="ever and within a week"),
        pytest.param("event: case.opened, at_least: 3", "event: case.opened, distinct_days: 2",
            id="three events and two days"),
        pytest.param("event: install_base.item_booked, sum: {attribute: amount, at_least: 9}, within: 7d",
            "event: install_base.item_booked, sum: {attribute: amount, at_least: 9}",
                id="sums of what may be negative"),
        pytest.param("none: {event: case.opened, for: 60d, since: start}",
            "none: {event: case.opened, for: 30d, since: stage}",
            id="a silence that began before the stage"),
    ],
)  # fmt: skip
def test_a_rule_can_fire_when_the_later_stage_does_not_always_win(earlier, later):
    rules = {"to_a": TO_A, "to_b": f"stage: b, when: {{{earlier}}}", "to_c": f"stage: c, when: {{{later}}}"}
    assert complaints(track(rules)) == []


def test_a_rule_that_wins_from_one_stage_may_lose_from_another():
    rules = SOUND | {"twice": "stage: b, when: {event: case.opened, at_least: 2}, from: [a, outside]",
        "once": "stage: c, when: {event: case.opened}, from: [a]"}  # fmt: skip
    assert complaints(track(rules)) == []


def test_an_edge_along_which_no_rule_moves_is_a_warning():
    place, detail, cure, severity = only(track(SOUND, edges={"back": {"title": "Back", "from": ["c"], "to": "a"}}))
    assert (place, detail, severity) == ("edges.back.from.0", "no rule moves from `c` to `a`", "warning")
    assert "add a rule with `stage: a`" in cure


def test_two_edges_between_the_same_stages_are_an_error():
    edges = {name: {"title": name, "from": ["a"], "to": "b"} for name in ("one", "two")}
    place, detail, cure, severity = only(track(SOUND, edges=edges))
    assert (place, severity) == ("edges.two.from.0", "error")
    assert detail == "`one` is the edge from `a` to `b` already"
    assert cure == "leave one out"


def test_an_edge_from_no_stage_is_an_error():
    assert only(track(SOUND, edges={"odd": {"title": "Odd", "from": [], "to": "b"}}))[0] == "edges.odd.from"


def test_a_scope_without_products_is_about_all_events():
    place, detail, cure, _ = only(track(SOUND, events={"without_product": False}))
    assert place == "events.without_product"
    assert "all events" in detail
    assert "list the `products`" in cure


@pytest.mark.parametrize("scale", [[1, 2, 1], [1, "high", "1"]], ids=["a number twice", "a number and its text"])
def test_a_severity_has_one_place_on_the_scale(scale):
    found = only(track(SOUND, severities=scale))
    assert found == (
        "severities.2", "`1` is on the scale already", "name each severity once, the worst first", "error",
    )  # fmt: skip
