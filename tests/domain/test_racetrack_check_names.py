"""What conditions name and ask for: types, attributes, values, and what can never hold, each with place and cure."""

import pytest
from small_track import SOUND, TO_B, TO_C, complaints, only, track

from raceline.domain import catalogue

TYPES = """
types:
  shop.visited:
    version: 2
    documentation: A visit.
    source: {system: s, database: d, table: t}
    owner: o
    title: visited
    attributes:
      floor: {type: integer, minimum: 0, maximum: 3, documentation: The floor.}
      mood: {values: [good, bad], documentation: The mood.}
      spent: {type: number, minimum: 0, documentation: How much.}
      zip: {pattern: "^[0-9]{5}$", documentation: Where from.}
      member: {type: boolean, required: true, documentation: Of the club.}
      left_at: {type: timestamp, documentation: Until when.}
    upcasts:
      1: {rename: {level: floor}}
"""


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """The built-in types, and one with attributes of every kind."""
    path = tmp_path_factory.mktemp("catalogue") / "shop.yaml"
    path.write_text(TYPES)
    return catalogue.load([path])


WHEN = "rules.to_a.when"
NAMES = [
    pytest.param("event: web.page_view", ".event", "no event type `web.page_view`", "`web.page_viewed`?",
        id="an unknown event type, with the nearest"),
    pytest.param("event: [web.page_viewed, xyz]", ".event.1", "no event type `xyz`", "add this one to it",
        id="an unknown event type that is like none"),
    pytest.param("event: telemetri.*", ".event", "no type of the catalogue is in the family", "`telemetry.*`?",
        id="a family without types"),
    pytest.param("none: {event: case.open, for: 3d}", ".none.event", "no event type `case.open`", "`case.opened`?",
        id="an unknown type that should be silent"),
    pytest.param("all: [{not: {any: [{event: case.closd}]}}]", ".all.0.not.any.0.event", "`case.closd`",
        "`case.closed`?",
        id="an unknown type far below"),
    pytest.param("event: web.page_viewed, where: {pge: x}", ".where.pge", "`pge` is no attribute of web.page_viewed",
        "did you mean `page`?", id="an unknown attribute, with the nearest"),
    pytest.param("none: {event: case.opened, for: 3d, where: {sevrity: 1}}", ".none.where.sevrity", "no attribute",
        "`severity`?", id="an unknown attribute of what should be silent"),
    pytest.param("event: web.link_clicked, distinct: {attribute: zzzz, at_least: 2}", ".distinct.attribute",
        "`zzzz` is no attribute", "it has `page`, `target`, `label`", id="an unknown attribute that is like none"),
    pytest.param("event: [content.viewed, web.link_clicked], distinct: {attribute: seconds, at_least: 2}",
        ".distinct.attribute", "no attribute of web.link_clicked", "leave web.link_clicked out",
        id="values of an attribute that one of the types does not have"),
    pytest.param("event: web.*, where: {page_type: product}", ".where.page_type", "no attribute of web.link_clicked",
        "leave web.link_clicked out", id="an attribute that a type of the family does not have"),
    pytest.param("event: shop.visited, where: {level: 2}", ".where.level", "`level` is no attribute of shop.visited",
        "it is called `floor` in the newest version", id="an attribute by the name that it had in an old version"),
    pytest.param("event: shop.visited, sum: {attribute: mood, at_least: 2}", ".sum.attribute",
        "is of type text, and no number", "its numbers are floor, spent", id="a sum of texts"),
    pytest.param("event: web.link_clicked, sum: {attribute: page, at_least: 2}", ".sum.attribute", "no number",
        "count the events, or their values", id="a sum where there is nothing to sum"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "place", "detail", "cure"), NAMES)
def test_a_name_that_the_catalogue_does_not_have_is_an_error(shop, when, place, detail, cure):
    found = only(track({"to_a": f"stage: a, when: {{{when}}}"} | {"to_b": TO_B, "to_c": TO_C}), shop)
    assert found[0] == WHEN + place
    assert detail in found[1]
    assert cure in found[2]
    assert found[3] == "error"


def test_a_type_that_is_not_in_the_catalogue_is_an_error_even_where_unknown_types_are_allowed():
    lenient = catalogue.load(allow_unknown=True)
    assert only(track(SOUND | {"to_a": "stage: a, when: {event: web.page_viewd}"}), lenient)[2].endswith(
        "`web.page_viewed`?"
    )


VALUES = [
    pytest.param("mood: angry", "", "`mood` is never angry", "its values are good, bad",
        id="a text that is not listed"),
    pytest.param("mood: [good, angry]", ".1", "never angry", "its values are good, bad", id="one of a list"),
    pytest.param("mood: {prefix: an}", "", "never begins with an", "its values are good, bad", id="a prefix of none"),
    pytest.param("floor: 7", "", "never so great", "its maximum is 3", id="a number above the maximum"),
    pytest.param("floor: {below: 0}", "", "never so small", "its minimum is 0", id="a bound below the minimum"),
    pytest.param("floor: {above: 3}", "", "never so great", "its maximum is 3",
        id="a bound that leaves the maximum out"),
    pytest.param("floor: {at_least: 2, at_most: 1}", "", "nothing lies between", "exchange them",
        id="bounds exchanged"),
    pytest.param("floor: {above: 1, below: 2}", "", "a whole number, and none lies between", "widen them",
        id="bounds without a whole number between them"),
    pytest.param("floor: '1'", "", "of type integer and never 1", "compare it with an integer",
        id="a text for a number"),
    pytest.param("spent: true", "", "of type number and never true", "compare it with a number",
        id="a truth for a number"),
    pytest.param("member: 'yes'", "", "of type boolean and never yes", "boolean", id="a text for a truth"),
    pytest.param("zip: 1234", "", "`zip` is never 1234", "its pattern is", id="what the pattern does not let pass"),
    pytest.param("mood: true", "", "of type text and never true", "in quotes", id="a word that YAML takes for a truth"),
    pytest.param("zip: 1.5", "", "of type text and never 1.5", "in quotes", id="a word that YAML takes for a number"),
    pytest.param("left_at: {at_least: 5}", "", "of type timestamp and no number", "a value, a list or a prefix",
        id="a bound of what is no number"),
    pytest.param("spent: {prefix: a}", "", "begins with nothing", "at_least, at_most", id="a prefix of a number"),
    pytest.param("member: {present: false}", "", "is required, so it is never missing", "leave out",
        id="a required attribute that should be missing"),
    pytest.param("mood: {present: false, prefix: g}", "", "has no value when it is missing", "leave out",
        id="a missing attribute that should begin with something"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "place", "detail", "cure"), VALUES)
def test_a_value_that_the_attribute_never_has_is_an_error(shop, where, place, detail, cure):
    found = only(track(SOUND | {"to_a": f"stage: a, when: {{event: shop.visited, where: {{{where}}}}}"}), shop)
    assert found[0] == f"{WHEN}.where.{where.partition(':')[0]}{place}"
    assert detail in found[1]
    assert cure in found[2]


@pytest.mark.parametrize(
    "where",
    ["mood: [good, bad]", "floor: 2", "floor: {at_least: 3}", "spent: 1.5", "member: false", "zip: '01234'",
     "zip: 12345", "left_at: {prefix: '2026-'}", "mood: {present: false}", "floor: {above: 1, below: 3}",
     "zip: {prefix: '0'}"],
)  # fmt: skip
def test_a_value_that_the_attribute_can_have_is_none(shop, where):
    assert (
        complaints(track(SOUND | {"to_a": f"stage: a, when: {{event: shop.visited, where: {{{where}}}}}"}), shop) == []
    )


def test_a_code_that_counts_can_be_compared_with_numbers():
    where = "stage: a, when: {event: case.opened, where: {severity: {at_most: 2}}}"
    assert complaints(track(SOUND | {"to_a": where})) == []


# Conditions that never hold

NEVER = [
    pytest.param("all: [{event: case.opened, within: 7d}, {none: {event: case.opened, for: 30d}}]", ".all.1.none",
        "never holds together with `at least 1 case.opened within 7d`", "leave one out",
        id="an event within a week, and none for a month"),
    pytest.param("all: [{none: {event: 'case.*', for: 7d, since: stage}}, {event: case.opened, within: 7d}]",
        ".all.1", "never holds together with `no case.* for 7d since entering the stage`", "join them by `any`",
        id="a silence of the family, and an event in as long a time"),
    pytest.param("all: [{event: case.opened, at_least: 3}, {not: {event: case.opened, at_least: 2}}]", ".all.1.not",
        "never holds together with `at least 3 case.opened`", "leave one out", id="three of them, and not two"),
    pytest.param("any: [{event: case.closed}, {all: [{event: case.opened}, {not: {event: case.opened}}]}]",
        ".any.1.all.1.not", "so this `all` never does", "leave one out", id="a branch that contradicts itself"),
    pytest.param("event: case.opened, distinct_days: 9, within: 7d", ".distinct_days",
        "a window of 7d touches at most 8 days, and never 9", "widen `within`", id="more days than the window has"),
    pytest.param("event: shop.visited, distinct: {attribute: mood, at_least: 3}", ".distinct.at_least",
        "`mood` has at most 2 different values, and never 3", "ask for at most 2", id="more values than there are"),
    pytest.param("event: shop.visited, distinct: {attribute: floor, at_least: 5}", ".distinct.at_least",
        "at most 4 different values", "ask for at most 4",
            id="more whole numbers than lie between minimum and maximum"),
    pytest.param("event: shop.visited, distinct: {attribute: member, at_least: 3}", ".distinct.at_least",
        "at most 2 different values", "ask for at most 2", id="a third truth"),
    pytest.param("event: web.page_viewed, where: {page: [x, y]}, distinct: {attribute: page, at_least: 3}",
        ".distinct.at_least", "at most 2 different values", "ask for at most 2",
            id="more values than `where` lets pass"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "place", "detail", "cure"), NEVER)
def test_a_condition_that_never_holds_is_an_error(shop, when, place, detail, cure):
    found = only(track(SOUND | {"to_a": f"stage: a, when: {{{when}}}"}), shop)
    assert found[0] == (WHEN + place).removesuffix(".none").removesuffix(".not")
    assert detail in found[1]
    assert cure in found[2]
    assert found[3] == "error"


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("all: [{event: case.opened, within: 8d}, {none: {event: case.opened, for: 7d}}]",
            id="an event within eight days, and none for seven"),
        pytest.param("all: [{event: 'case.*', within: 7d}, {none: {event: case.opened, for: 7d}}]",
            id="an event of the family, and none of one type"),
        pytest.param("all: [{event: case.opened}, {none: {event: case.opened, for: 7d}}]",
            id="an event ever, and none for a week"),
        pytest.param("event: case.opened, distinct_days: 8, within: 7d",
            id="eight days, the first and the last in part"),
        pytest.param("all: [{event: case.opened, where: {severity: 1}, within: 7d}, "
            "{none: {event: case.opened, where: {severity: [2, 3]}, for: 7d}}]", id="other events of the type"),
    ],
)  # fmt: skip
def test_a_condition_that_can_hold_is_none(when):
    assert complaints(track(SOUND | {"to_a": f"stage: a, when: {{{when}}}"})) == []


def test_a_change_of_the_clock_can_bring_one_day_more_into_a_window():
    nine = {"to_a": "stage: a, when: {event: case.opened, distinct_days: 9, within: 7d}"}
    assert complaints(track(SOUND | nine, time_zone="Europe/Berlin")) == []
