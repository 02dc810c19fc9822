"""Definitions over GraphQL: published, activated, retired, listed, and tried before they are in force."""

import pytest
from ride import EAGER, RIDE, SECOND, STEADY, WALK, views

PUBLISH = """mutation($text: String!) { publishRacetrack(definition: $text) { __typename
  ... on PublishRacetrackPayload { name version hash position new }
  ... on Error { message code }
  ... on InvalidRacetrack { file line column findings { place line column detail cure severity } } } }"""
ACTIVATE = """mutation($name: String!, $version: Int!) { activateRacetrack(name: $name, version: $version) { __typename
  ... on ActivateRacetrackPayload { name version position } ... on Error { message code } } }"""
RETIRE = """mutation($name: String!) { retireRacetrack(name: $name) { __typename
  ... on RetireRacetrackPayload { name position } ... on Error { message code } } }"""


def publish(service, text):
    return service.ask(PUBLISH, {"text": text})["publishRacetrack"]


def activate(service, name="ride", version=1):
    return service.ask(ACTIVATE, {"name": name, "version": version})["activateRacetrack"]


def retire(service, name="ride"):
    return service.ask(RETIRE, {"name": name})["retireRacetrack"]


def test_a_definition_is_published_activated_changed_and_retired(service):
    first = publish(service, RIDE)
    assert (first["__typename"], first["name"], first["version"], first["new"]) == (
        "PublishRacetrackPayload", "ride", 1, True,
    )  # fmt: skip
    assert publish(service, RIDE.replace("title: The ride", "title:   The ride")) == first | {"new": False}
    second = publish(service, SECOND)
    assert (second["version"], second["hash"] != first["hash"], second["position"] > first["position"]) == (
        2,
        True,
        True,
    )
    activated = activate(service)
    assert (activated["name"], activated["version"]) == ("ride", 1)
    service.take(views("x", WALK))
    assert service.ask('{ customer(id: "x") { journey { version moveCount } } }')["customer"]["journey"] == {
        "version": 1,
        "moveCount": 7,
    }
    activate(service, version=2)
    service.house.project()
    assert service.ask('{ customer(id: "x") { journey { version } } }')["customer"]["journey"] == {"version": 2}
    old = '{ customer(id: "x", racetrack: {name: "ride", version: 1}) { journey { version moveCount } } }'
    assert service.ask(old)["customer"]["journey"] == {"version": 1, "moveCount": 7}, "it stays readable"
    assert retire(service)["__typename"] == "RetireRacetrackPayload"
    service.house.project()
    assert service.ask('{ customer(id: "x") { journey { version } } }')["customer"]["journey"] is None
    assert service.ask(old)["customer"]["journey"] == {"version": 1, "moveCount": 7}
    assert retire(service)["__typename"] == "NotActive"


def test_the_active_version_at_a_position_answers_what_was_known_then(service):
    publish(service, RIDE)
    publish(service, SECOND)
    activate(service)
    service.take(views("x", [(0, "A"), (1, "A")]))
    before = service.ask("{ log { head } }")["log"]["head"]
    activate(service, version=2)
    service.house.project()
    asked = """query($at: Position!) { customer(id: "x", knownAt: {position: $at}) {
                 journey { version moves { enteredAt } } } }"""
    then, now = (service.ask(asked, {"at": at})["customer"]["journey"] for at in (before, before + 1))
    assert (then["version"], now["version"]) == (1, 2)
    assert then["moves"][0]["enteredAt"] > now["moves"][0]["enteredAt"]


def test_the_list_of_racetracks_says_every_version_in_full(service):
    assert service.ask("{ racetracks { name } }") == {"racetracks": []}
    first, second = publish(service, RIDE), publish(service, SECOND)
    activate(service, version=2)
    service.take(views("x", WALK))
    one, two = service.ask(
        """{ racetracks { name version hash title documentation timeZone start status default text position publishedAt
             stages { name title n revenue documentation }
             rules { name stage origins measuredCoverage conditions { says needed } } } }"""
    )["racetracks"]
    assert (one["name"], one["version"], one["status"], one["default"]) == ("ride", 1, "PUBLISHED", False)
    assert (two["name"], two["version"], two["status"], two["default"]) == ("ride", 2, "ACTIVE", True)
    assert [(v["hash"], v["position"]) for v in (one, two)] == [(v["hash"], v["position"]) for v in (first, second)]
    assert (one["text"], two["text"]) == (RIDE, SECOND)
    assert (one["title"], one["timeZone"], one["start"]) == ("The ride", "UTC", None)
    assert one["stages"][2] == {"name": "buy", "title": "Buys", "n": 3, "revenue": True, "documentation": ""}
    assert [rule["name"] for rule in one["rules"]] == ["looked", "tried", "bought", "again", "silent", "gone"]
    assert [v["rules"][0]["conditions"][0]["needed"] for v in (one, two)] == [2, 1]
    assert [v["rules"][0]["measuredCoverage"] for v in (one, two)] == [None, 1]


def test_a_dry_run_says_who_would_be_elsewhere_and_why_and_writes_nothing(service):
    publish(service, STEADY)
    publish(service, EAGER)
    activate(service)
    service.take([one for n in range(3) for one in views(f"once{n}", [(0, "A")])] + views("x", WALK))
    head = service.ask("{ log { head } }")["log"]["head"]
    query = """query($after: String) { racetrackDryRun(name: "ride", version: 2) { racetrack version against position
      customers moved stages { stage now then } transitions { from to customers why }
      examples(first: 2, after: $after) { totalCount nodes { customerId customer { guid } from to rule }
                                          pageInfo { hasNextPage endCursor } } } }"""
    found = service.ask(query)["racetrackDryRun"]
    examples = found.pop("examples")
    assert found == {
        "racetrack": "ride", "version": 2, "against": 1, "position": head, "customers": 4, "moved": 3,
        "stages": [{"stage": "look", "now": 1, "then": 4}, {"stage": "try", "now": 0, "then": 0},
                   {"stage": "buy", "now": 0, "then": 0}, {"stage": None, "now": 3, "then": 0}],
        "transitions": [{"from": None, "to": "look", "customers": 3, "why": "Two visits of A"}],
    }  # fmt: skip
    assert examples["nodes"][0] == {
        "customerId": "once0", "customer": {"guid": "once0"}, "from": None, "to": "look", "rule": "Two visits of A",
    }  # fmt: skip
    assert (examples["totalCount"], examples["pageInfo"]["hasNextPage"]) == (3, True)
    second = service.ask(query, {"after": examples["pageInfo"]["endCursor"]})["racetrackDryRun"]["examples"]
    assert [node["customerId"] for node in second["nodes"]] == ["once2"]
    assert service.ask("{ log { head } }")["log"]["head"] == head


def test_one_dry_run_fits_into_an_operation_and_a_second_one_does_not(service):
    """Each is a derivation of the whole log."""
    for text in (STEADY, EAGER):
        publish(service, text)
    fields = "moved examples(first: 500) { nodes { customer { guid } } }"
    first, second = (f'd{n}: racetrackDryRun(name: "ride", version: {n}) {{ {fields} }}' for n in (1, 2))
    assert service.ask(f"{{ {first} }}") == {"d1": {"moved": 0, "examples": {"nodes": []}}}
    service.statements.clear()
    for both in (f"{{ {first} {second} }}", f"{{ {first} {first.replace('d1', 'again')} }}"):
        assert service.error(both)["extensions"]["limit"] == "cost"
    assert service.statements == []


def test_a_dry_run_of_a_version_that_was_never_published_is_refused_by_name(common):
    error = common.error('{ racetrackDryRun(name: "nobody", version: 1) { moved } }')
    assert error["extensions"]["code"] == "UNKNOWN_RACETRACK"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(RIDE.replace("stage: try", "stage: tyr"), None, id="a stage that is none"),
        pytest.param(RIDE.replace("web.page_viewed, where: {page: B}", "web.page_veiwed, where: {page: B}"), 24,
                     id="an event type that is none"),
        pytest.param("name: [", None, id="a text that is no YAML"),
        pytest.param("", None, id="nothing"),
    ],
)  # fmt: skip
def test_a_definition_that_is_not_valid_is_refused_with_its_place(common, text, line):
    found = publish(common, text)
    assert (found["__typename"], found["code"]) == ("InvalidRacetrack", "INVALID_RACETRACK")
    assert found["line"] is not None or not text
    assert line in (None, found["line"])
    assert common.ask("{ racetracks { name } }") == {"racetracks": []}


def test_what_was_never_published_can_be_neither_activated_nor_retired(common):
    assert activate(common, "nobody")["code"] == "UNKNOWN_RACETRACK"
    assert retire(common, "nobody")["code"] == "UNKNOWN_RACETRACK"
