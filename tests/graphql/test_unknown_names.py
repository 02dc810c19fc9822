"""A racetrack or a stage that is named and does not exist is refused by name; nothing is answered in silence."""

import pytest
from ride import RIDE, STEADY, publish, views


@pytest.fixture(scope="module")
def ride(common):
    """The ride is active; another racetrack was published alone, and a stage is of an older version of the ride."""
    publish(common.house, STEADY.replace("name: ride", "name: slide"))
    publish(common.house, RIDE.replace("buy", "pay"))
    common.house.activate(STEADY)
    common.take(views("x", [(0, "A"), (1, "A")], account="acme"))
    return common


@pytest.mark.parametrize(
    "question",
    [
        '{ customer(id: "x", racetrack: {name: "NAME"}) { guid } }',
        '{ customer(id: "x", racetrack: {name: "NAME"}, knownAt: {position: 1}) { journey { version } } }',
        '{ customer(id: "x") { journey(racetrack: {name: "NAME"}) { version } } }',
        '{ events { nodes { customer { journey(racetrack: {name: "NAME"}) { version } } } } }',
        '{ customers(racetrack: "NAME") { nodes { guid } } }',
        '{ customers(racetrack: "NAME", stage: "look") { nodes { guid } } }',
        '{ account(id: "acme", racetrack: "NAME") { customerCount } }',
        '{ stageDays(from: "2026-01-01", to: "2026-01-01", racetrack: {name: "NAME"}) { stage } }',
        '{ paths(where: {racetrack: "NAME"}) { totalCount } }',
        '{ pages(where: {racetrack: "NAME", stage: "look"}) { totalCount } }',
        '{ pathComparison(a: {}, b: {racetrack: "NAME"}) { customersInBoth } }',
    ],
)
def test_an_unknown_racetrack_is_refused_with_the_nearest_name(ride, question):
    error = ride.error(question.replace("NAME", "ryde"))
    assert (error["extensions"]["code"], error["extensions"]["name"]) == ("UNKNOWN_RACETRACK", "ryde")
    assert "did you mean `ride`?" in error["message"]
    assert "published are: ride, slide" in ride.error(question.replace("NAME", "nope"))["message"]
    ride.ask(question.replace("NAME", "ride"))


@pytest.mark.parametrize(
    "question",
    [
        '{ customers(stage: "NAME") { nodes { guid } } }',
        '{ customers(stage: "NAME", racetrack: "ride") { nodes { guid } } }',
        '{ account(id: "acme") { customers(stage: "NAME") { nodes { guid } } } }',
        '{ stageDays(from: "2026-01-01", to: "2026-01-01", stages: ["NAME"]) { stage } }',
        '{ account(id: "acme", racetrack: "slide") { customers(stage: "NAME") { nodes { guid } } } }',
        '{ paths(where: {stage: "NAME"}) { totalCount } }',
        '{ percolation(where: {stage: "NAME", racetrack: "ride"}) { pathCount } }',
        '{ pathComparison(a: {stage: "NAME"}, b: {}) { customersInBoth } }',
        '{ pagesBeforeMoves(stage: "NAME") { stays } }',
    ],
)
def test_an_unknown_stage_is_refused_with_the_nearest_name(ride, question):
    error = ride.error(question.replace("NAME", "lok"))
    assert (error["extensions"]["code"], error["extensions"]["stage"]) == ("UNKNOWN_STAGE", "lok")
    assert "did you mean `look`?" in error["message"]
    assert "its stages are: " in ride.error(question.replace("NAME", "zzz"))["message"]
    ride.ask(question.replace("NAME", "look"))


def test_a_racetrack_that_was_published_and_is_not_active_has_nobody(ride):
    data = ride.ask("""{ customer(id: "x") { journey(racetrack: {name: "slide"}) { version } }
                         customers(racetrack: "slide", stage: "look") { totalCount }
                         account(id: "acme", racetrack: "slide") { customerCount furthest stages { stage }
                                                                   history { customers } } }""")
    assert data == {
        "customer": {"journey": None},
        "customers": {"totalCount": 0},
        "account": {"customerCount": 1, "furthest": None, "stages": [], "history": []},
    }


def test_nobody_is_in_a_stage_of_another_version(ride):
    assert ride.ask('{ customers(stage: "pay") { totalCount } }') == {"customers": {"totalCount": 0}}


def test_a_racetrack_that_was_just_published_is_known_at_once(ride):
    question = '{ customers(racetrack: "tide") { totalCount } }'
    assert ride.error(question)["extensions"]["code"] == "UNKNOWN_RACETRACK"
    publish(ride.house, STEADY.replace("name: ride", "name: tide"))
    assert ride.ask(question) == {"customers": {"totalCount": 0}}


def test_a_stage_is_asked_of_no_racetrack_at_all(service):
    assert service.error('{ customers(stage: "look") { totalCount } }')["extensions"]["code"] == "NO_RACETRACK"
