"""Where a customer stands on a racetrack, how they came there, why, and why not yet (design, section 5)."""

import pytest
from journeys import event
from ride import RIDE, SECOND, WALK, day, publish, views

AT_DAY_5 = "2026-01-10T00:00:00Z"


@pytest.fixture(scope="module")
def ride(common):
    """Version 1 of the ride, then version 2, of which version 1 is active; and a customer who walked it."""
    second = publish(common.house, SECOND)
    first = common.house.activate(RIDE)
    assert (second.version, first.version) == (1, 2)
    common.take(views("x", WALK, account="acme"))
    common.take(views("y", [(0, "A"), (0.5, "C"), (1, "Q")], account="acme"))
    return common


def journey(service, fields, *, customer="x", journey="", **arguments):
    given = "".join(f", {name}: {value}" for name, value in arguments.items())
    data = service.ask(f'{{ customer(id: "{customer}"{given}) {{ journey{journey} {{ {fields} }} }} }}')
    return data["customer"]["journey"]


def test_a_journey_is_the_sequence_of_stays(ride):
    found = journey(ride, "racetrack version title status currentStage since daysInStage stays { stage title days }")
    assert [(stay["stage"], stay["days"]) for stay in found.pop("stays")] == [
        ("look", 1), ("try", 10), ("look", 8), ("try", 2), ("buy", 8), ("look", 100),
    ]  # fmt: skip
    assert found == {
        "racetrack": "ride", "version": 2, "title": "The ride", "status": "LEFT", "currentStage": None,
        "since": day(130), "daysInStage": None,
    }  # fmt: skip


def test_each_move_says_its_kind_its_rule_and_its_trigger(ride):
    fields = "moveCount laps regressions skips moves { from to kind edge enteredAt rule { name } trigger { data } }"
    found = journey(ride, fields)
    told = [
        (m["from"], m["to"], m["kind"], m["edge"], m["enteredAt"], m["rule"]["name"], (m["trigger"] or {}).get("data"))
        for m in found["moves"]
    ]
    assert told == [
        (None, "look", "ENTERED", None, day(1), "looked", {"page": "A"}),
        ("look", "try", "FORWARD", None, day(2), "tried", {"page": "B"}),
        ("try", "look", "BACKWARD", None, day(12), "silent", None),
        ("look", "try", "FORWARD", None, day(20), "tried", {"page": "B"}),
        ("try", "buy", "FORWARD", None, day(22), "bought", {"page": "C"}),
        ("buy", "look", "LAP", "lap", day(30), "again", {"page": "A"}),
        ("look", None, "LEFT", None, day(130), "gone", None),
    ]
    assert (found["moveCount"], found["laps"], found["regressions"], found["skips"]) == (7, 1, 1, 0)


EVIDENCE = "evidence { event { position occurredAt data } role note }"


def test_the_evidence_of_a_count_is_the_events_counted(ride):
    first = journey(ride, f"moves {{ {EVIDENCE} conditions {{ observed needed unit {EVIDENCE} }} }}")["moves"][0]
    [condition] = first["conditions"]
    assert (condition["observed"], condition["needed"], condition["unit"]) == (2, 2, "EVENTS")
    assert condition["evidence"] == first["evidence"]
    assert [(one["event"]["occurredAt"], one["role"]) for one in first["evidence"]] == [
        (day(0), "COUNTED"),
        (day(1), "COUNTED"),
    ]


def test_the_evidence_of_silence_is_the_last_event_before_it(ride):
    left = journey(ride, f"moves {{ {EVIDENCE} conditions {{ kind observed needed unit satisfied }} }}")["moves"][-1]
    assert [(one["event"]["occurredAt"], one["role"], one["note"]) for one in left["evidence"]] == [
        (day(30), "LAST_BEFORE", "no web.page_viewed for 100d since the first event")
    ]
    assert left["conditions"] == [
        {"kind": "NONE", "observed": 100, "needed": 100, "unit": "DURATION_DAYS", "satisfied": True}
    ]


def test_conditions_come_as_a_tree_in_the_order_of_the_file(ride):
    second = journey(ride, "moves { conditions { node depth kind satisfied observed needed unit } }")["moves"][1]
    told = [
        (c["node"], c["depth"], c["kind"], c["satisfied"], c["observed"], c["needed"]) for c in second["conditions"]
    ]
    assert told == [
        (0, 0, "ALL", True, None, None),
        (1, 1, "EVENT", True, 1, 1),
        (2, 1, "NOT", True, None, None),
        (3, 2, "EVENT", False, 0, 1),
    ]


def test_a_move_says_its_rule_in_full(ride):
    rule = journey(
        ride,
        """moves { rule { name title stage origins documentation source { system database table attributes } owner
           confidence coverage measuredCoverage types conditions { depth kind says needed unit } } }""",
    )["moves"][0]["rule"]
    assert rule == {
        "name": "looked", "title": "Two visits of A", "stage": "look", "origins": ["outside"],
        "documentation": "One visit may be chance.",
        "source": {"system": "Web", "database": "web", "table": "page_view", "attributes": ["page"]},
        "owner": "Web team", "confidence": 0.75, "coverage": 0.5, "measuredCoverage": 1,
        "types": ["web.page_viewed"],
        "conditions": [{"depth": 0, "kind": "EVENT", "says": "at least 2 web.page_viewed whose page is A",
                        "needed": 2, "unit": "EVENTS"}],
    }  # fmt: skip


def test_at_a_moment_only_what_had_happened_by_then_is_true(ride):
    fields = "currentStage since daysInStage clock stays { stage leftAt } moves { to }"
    found = journey(ride, fields, at=f'"{AT_DAY_5}"')
    assert found == {
        "currentStage": "try", "since": day(2), "daysInStage": 3, "clock": day(5),
        "stays": [{"stage": "look", "leftAt": day(2)}, {"stage": "try", "leftAt": None}],
        "moves": [{"to": "look"}, {"to": "try"}],
    }  # fmt: skip


def test_at_a_moment_everything_below_the_customer_is_of_that_moment(ride):
    query = f'{{ customer(id: "x", at: "{AT_DAY_5}") {{ eventCount lastOccurredAt timeline {{ totalCount }} }} }}'
    assert ride.ask(query)["customer"] == {"eventCount": 3, "lastOccurredAt": day(2), "timeline": {"totalCount": 3}}


WHY_NOT = """nextMoves { rule { name } to kind firesAt conditions { satisfied observed needed unit }
  missing { says observed needed unit } }"""


def test_why_not_yet_says_how_far_each_rule_is_and_when_time_alone_would_do(ride):
    found = journey(ride, WHY_NOT, at=f'"{AT_DAY_5}"')["nextMoves"]
    assert [(one["rule"]["name"], one["to"], one["kind"], one["firesAt"]) for one in found] == [
        ("bought", "buy", "FORWARD", None),
        ("gone", None, "LEFT", day(102)),
        ("silent", "look", "BACKWARD", day(12)),
    ]
    [bought] = found[0]["missing"]
    assert (bought["observed"], bought["needed"], bought["unit"]) == (0, 2, "EVENTS")
    [silent] = found[2]["missing"]
    assert (silent["observed"], silent["needed"], silent["unit"]) == (3, 10, "DURATION_DAYS")


def test_what_is_under_a_not_is_missing_when_it_is_there(ride):
    ride.take(views("late", [(0, "A"), (1, "A"), (2, "X"), (2.1, "B")]))
    [tried] = [
        one
        for one in journey(ride, WHY_NOT, customer="late", at=f'"{AT_DAY_5[:8]}07T03:00:00Z"')["nextMoves"]
        if one["rule"]["name"] == "tried"
    ]
    assert [one["says"] for one in tried["missing"]] == ["at least 1 web.page_viewed whose page is X within 1d"]
    assert tried["firesAt"] == day(3)


def test_why_not_yet_now_is_asked_of_the_read_models_and_the_log_together(ride):
    fields = "position currentStage nextMoves { rule { name } }"
    assert journey(ride, fields, customer="y") == {
        "position": ride.ask("{ log { position } }")["log"]["position"],
        "currentStage": None,
        "nextMoves": [{"rule": {"name": name}} for name in ("bought", "tried", "looked")],
    }


def test_why_not_yet_can_be_asked_of_a_page_of_customers(ride):
    data = ride.ask("""{ customers(account: "acme", first: 9) { nodes { guid journey { nextMoves { rule { name } } } } }
                         account(id: "acme") { customers { nodes { guid journey { nextMoves { to } } } } } }""")
    nodes = data["customers"]["nodes"]
    assert [(node["guid"], len(node["journey"]["nextMoves"])) for node in nodes] == [("x", 3), ("y", 3)]
    assert [len(n["journey"]["nextMoves"]) for n in data["account"]["customers"]["nodes"]] == [3, 3]


def test_why_not_yet_can_be_asked_of_a_customer_by_its_global_id(ride):
    id_ = ride.ask('{ customer(id: "y") { id } }')["customer"]["id"]
    query = "query($id: ID!) { node(id: $id) { ... on Customer { journey { nextMoves { to } } } } }"
    assert len(ride.ask(query, {"id": id_})["node"]["journey"]["nextMoves"]) == 3


def test_the_racetrack_that_a_list_names_is_the_one_of_its_journeys(ride):
    data = ride.ask("""{ customers(racetrack: "ride", first: 1) { nodes { journey { racetrack } } }
                         account(id: "acme", racetrack: "ride") {
                           customers { nodes { journey { racetrack } } } } }""")
    assert data["customers"]["nodes"] == [{"journey": {"racetrack": "ride"}}]
    assert data["account"]["customers"]["nodes"] == [{"journey": {"racetrack": "ride"}}] * 2


def test_why_not_yet_is_refused_by_name_where_nobody_says_of_whom(ride):
    error = ride.error("{ events { nodes { customer { journey { nextMoves { to } } } } } }")
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert "nextMoves" in error["message"]


STORY = """racetrack version title status currentStage stageTitle since moveCount laps regressions
  stays { stage enteredAt leftAt days move { id } }
  moves { id from to kind edge enteredAt leftAt recordedAt rule { name title measuredCoverage } trigger { position }
          conditions { says satisfied observed needed evidence { event { position } role note } }
          evidence { event { position } role note } customer { guid } }
  revisions { recordedAt events { position } before { stage } after { stage } } revisionsLeftOut account"""


def test_what_is_derived_for_a_question_is_what_the_read_models_say(ride):
    head = ride.ask("{ log { head } }")["log"]["head"]
    live = journey(ride, STORY)
    assert journey(ride, STORY, knownAt=f"{{position: {head}}}") == live
    assert journey(ride, STORY, at='"2026-10-01T00:00:00Z"') == live
    assert journey(ride, STORY, racetrack='{name: "ride", version: 2}') == live
    assert journey(ride, STORY, journey='(racetrack: {name: "ride", version: 2})') == live
    assert journey(ride, STORY, journey='(racetrack: {name: "ride"})') == live


def test_another_version_can_be_named_by_the_question_or_by_the_journey(ride):
    fields = "version moves { to enteredAt racetrackVersion rule { name } customer { journey { version } } }"
    by_question = journey(ride, fields, racetrack='{name: "ride", version: 1}')
    assert by_question["version"] == 1
    assert [(move["to"], move["enteredAt"]) for move in by_question["moves"][:2]] == [("look", day(0)), ("try", day(2))]
    assert {move["racetrackVersion"] for move in by_question["moves"]} == {1}
    by_journey = journey(ride, fields, journey='(racetrack: {name: "ride", version: 1})')
    assert [move["enteredAt"] for move in by_journey["moves"]] == [move["enteredAt"] for move in by_question["moves"]]
    # Below a reference the question counts again, and not the version of one journey.
    assert by_question["moves"][0]["customer"] == {"journey": {"version": 1}}
    assert by_journey["moves"][0]["customer"] == {"journey": {"version": 2}}


def test_two_versions_can_be_compared_in_one_question(ride):
    data = ride.ask("""{ customers(account: "acme") { nodes {
      one: journey(racetrack: {name: "ride", version: 1}) { version moveCount nextMoves { to } }
      two: journey { version moveCount } } } }""")
    assert [(node["one"]["version"], node["two"]["version"]) for node in data["customers"]["nodes"]] == [(1, 2)] * 2
    assert [(node["one"]["moveCount"], node["two"]["moveCount"]) for node in data["customers"]["nodes"]][1] == (2, 0)


@pytest.mark.parametrize("track", ['{name: "ride", version: 9}', '{name: "nobody", version: 1}'])
def test_a_version_that_was_never_published_is_refused_by_name(ride, track):
    assert ride.error(f'{{ customer(id: "x", racetrack: {track}) {{ guid }} }}') is not None
    for question in (
        f'{{ customer(id: "x", racetrack: {track}) {{ journey {{ version }} }} }}',
        f'{{ customer(id: "x") {{ journey(racetrack: {track}) {{ version }} }} }}',
    ):
        assert ride.error(question)["extensions"]["code"] == "UNKNOWN_RACETRACK"


def test_a_customer_has_a_journey_on_every_active_racetrack(ride):
    assert ride.ask('{ customer(id: "x") { journeys { racetrack version currentStage } } }')["customer"][
        "journeys"
    ] == [{"racetrack": "ride", "version": 2, "currentStage": None}]


def test_an_event_knows_the_moves_that_it_made_and_those_it_is_evidence_of(ride):
    first, second = ride.ask(
        """{ customer(id: "x") { events(first: 2) { nodes { causedMoves { to kind } evidenceOf { to } } } } }"""
    )["customer"]["events"]["nodes"]
    assert first == {"causedMoves": [], "evidenceOf": [{"to": "look"}]}
    assert second == {"causedMoves": [{"to": "look", "kind": "ENTERED"}], "evidenceOf": [{"to": "look"}]}


def test_a_move_has_a_permanent_id_of_its_own(ride):
    [first, *_] = journey(ride, "moves { id to enteredAt }")["moves"]
    query = """query($id: ID!) { stageMove(id: $id) { id to enteredAt }
                                 node(id: $id) { ... on StageMove { id to enteredAt } } }"""
    assert ride.ask(query, {"id": first["id"]}) == {"stageMove": first, "node": first}


def test_a_move_of_a_version_that_is_not_active_is_found_by_its_id(ride):
    fields = "moves { id to enteredAt racetrackVersion evidence { event { position } } }"
    [first, *_] = journey(ride, fields, racetrack='{name: "ride", version: 1}')["moves"]
    query = (
        "query($id: ID!) { stageMove(id: $id) { id to enteredAt racetrackVersion evidence { event { position } } } }"
    )
    assert ride.ask(query, {"id": first["id"]}) == {"stageMove": first}


@pytest.mark.parametrize(
    "key",
    [
        "", "ride@2", "ride@2/1/1", "ride@x/1/1/x", "ride@2/-1/1/x", "ride@2/99999999999999999999/1/x", "ride/1/1/x",
        "ride@2/1/1/nobody", "ride@7/1/1/x", "nobody@1/1/1/x", "ride@99999999999/1/1/x", "ride@2/1/1/a\0b",
    ],
)  # fmt: skip
def test_an_id_that_is_none_finds_nothing(ride, key):
    from raceline.graphql.scalars import global_id

    query = "query($id: ID!) { stageMove(id: $id) { id } node(id: $id) { id } }"
    assert ride.ask(query, {"id": global_id("StageMove", key)}) == {"stageMove": None, "node": None}
    assert ride.ask(query, {"id": "nonsense"}) == {"stageMove": None, "node": None}


def test_whatever_is_selected_of_stored_journeys_is_read_in_one_statement(ride):
    ride.statements.clear()
    ride.ask(f"{{ customers(first: 5) {{ nodes {{ guid journey {{ {STORY} }} journeys {{ {STORY} }} }} }} }}")
    assert len(ride.statements) == 1


def test_events_without_a_racetrack_give_no_journeys(service):
    service.take([event(1, "x", 0, page="A")])
    assert service.ask('{ customer(id: "x") { journey { version } journeys { version } } stages { stage } }') == {
        "customer": {"journey": None, "journeys": []},
        "stages": [],
    }
    assert service.ask('{ customer(id: "x", at: "2026-02-01T00:00:00Z") { journey { version } } }') == {
        "customer": {"journey": None}
    }
