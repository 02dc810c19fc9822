"""A worked customer, every answer by hand: eight stages in twenty events, a timer that moves on, buying more, a
regression by silence, a late event that inserts a stay into the past, and a change of the definition."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from journeys import House
from worked import ACCOUNT, BEGIN, CHANGED, CUSTOMER, DEFINITION, LATE, MOVES, day, deed, life

from raceline.domain.catalogue import load
from raceline.domain.racetrack_check import check_text
from raceline.domain.racetrack_file import parse


@pytest.fixture(scope="module")
def told(databases, serve):
    """A service that knows the customer: nineteen events, then the late one, then the changed definition, published."""
    with databases() as url:
        house = House(url)
        with serve(house) as service:
            house.activate(DEFINITION)
            service.take(life(late=False))
            service.take([deed(LATE)])
            house.racetracks.publish(parse(CHANGED), CHANGED, "test")
            yield service
        house.close()


def journey(service, fields, **arguments):
    given = "".join(f", {name}: {value}" for name, value in arguments.items())
    data = service.ask(f'{{ customer(id: "{CUSTOMER}"{given}) {{ journey {{ {fields} }} }} }}')
    return data["customer"]["journey"]


def number(event):
    return event and int(event["eventId"][1:])


def at(days):
    return f'"{day(days)}"'


@pytest.mark.parametrize("definition", [DEFINITION, CHANGED])
def test_there_is_nothing_to_complain_about_in_either_definition(definition):
    assert check_text(definition, load())[1] == ()


def test_every_move_with_its_kind_its_rule_its_trigger_and_its_evidence_in_order(told):
    fields = "to kind enteredAt rule { name } trigger { eventId } evidence { event { eventId } }"
    found = journey(told, f"moves {{ {fields} }}")["moves"]
    assert [
        (
            move["to"],
            move["kind"],
            move["enteredAt"],
            move["rule"]["name"],
            number(move["trigger"]),
            [number(one["event"]) for one in move["evidence"]],
        )
        for move in found
    ] == [(to, kind, day(when), rule, trigger, evidence) for to, kind, when, rule, trigger, evidence in MOVES]


def test_every_stay_with_its_days(told):
    found = journey(told, "currentStage since laps regressions skips stays { stage days leftAt }")
    assert [(stay["stage"], stay["days"]) for stay in found["stays"][:-1]] == [
        ("need", 3), ("evaluate", 3), ("select", 4), ("purchase", 2), ("onboard", 3), ("implement", 3), ("use", 7),
        ("engage", 6), ("purchase", 2), ("onboard", 1), ("implement", 7), ("use", 30),
    ]  # fmt: skip
    assert found["stays"][-1]["stage"] == "implement"
    assert found["stays"][-1]["leftAt"] is None
    assert (found["currentStage"], found["since"]) == ("implement", day(71))
    assert (found["laps"], found["regressions"], found["skips"]) == (0, 1, 0)


CONDITIONS = "conditions { depth kind says satisfied observed needed unit }"


def conditions(move):
    return [
        (one["depth"], one["kind"], one["satisfied"], one["observed"], one["needed"], one["unit"])
        for one in move["conditions"]
    ]


def test_what_was_observed_and_what_was_needed_for_each_move(told):
    found = journey(told, f"moves {{ {CONDITIONS} edge }}")["moves"]
    single = [(0, "EVENT", True, 1, 1, "EVENTS")]
    two = [(0, "EVENT", True, 2, 2, "EVENTS")]
    days = [(0, "EVENT", True, 2, 2, "DAYS")]
    assert [conditions(move) for move in found] == [
        single,
        two,
        two,
        single,
        single,
        single,
        days,
        [
            (0, "ALL", True, None, None, None),
            (1, "EVENT", True, 2, 2, "VALUES"),
            (1, "NOT", True, None, None, None),
            (2, "EVENT", False, 0, 1, "EVENTS"),
        ],
        [(0, "EVENT", True, 7, 5, "AMOUNT")],
        single,
        single,
        days,
        [(0, "NONE", True, 30, 30, "DURATION_DAYS")],
    ]
    assert [move["edge"] for move in found if move["edge"]] == ["buy_more"]


def test_the_rule_of_a_move_says_where_its_data_come_from_and_how_sure_it_is(told):
    fields = "title owner confidence coverage measuredCoverage source { system database table attributes }"
    rule = journey(told, f"moves {{ rule {{ {fields} }} }}")["moves"][2]["rule"]
    assert rule == {
        "title": "Sees prices twice in a fortnight",
        "owner": "Digital Experience",
        "confidence": 0.8,
        "coverage": 0.9,
        "measuredCoverage": 1,
        "source": {
            "system": "Web analytics",
            "database": "web_analytics",
            "table": "page_view",
            "attributes": ["page"],
        },
    }


def test_the_late_event_is_a_revision_with_the_stays_before_and_after(told):
    fields = "events { eventId } before { stage enteredAt leftAt } after { stage enteredAt leftAt }"
    [revision] = journey(told, f"revisions {{ recordedAt {fields} }}")["revisions"]
    assert [number(one) for one in revision["events"]] == [LATE]
    rest = [(to, day(when)) for to, _, when, *_ in MOVES[2:]]
    assert [(stay["stage"], stay["enteredAt"]) for stay in revision["before"]] == rest
    assert [(stay["stage"], stay["enteredAt"]) for stay in revision["after"]] == [("evaluate", day(3)), *rest]
    assert revision["after"][0]["leftAt"] == day(6)


def test_a_move_says_since_when_it_is_known(told):
    events = told.ask(f'{{ customer(id: "{CUSTOMER}") {{ events {{ nodes {{ eventId recordedAt }} }} }} }}')
    recorded = {number(one): one["recordedAt"] for one in events["customer"]["events"]["nodes"]}
    found = [move["recordedAt"] for move in journey(told, "moves { recordedAt }")["moves"]]
    # The late event made the move into evaluate, and the one out of it; the others were known before.
    assert found == [recorded[1], recorded[LATE], recorded[LATE], *[recorded[4]] * 10]


def test_before_the_late_event_the_store_knew_another_past(told):
    position = told.ask("{ log { head } }")["log"]["head"] - 2  # the late event, and the definition published
    found = journey(told, "moves { from to kind enteredAt }", knownAt=f"{{position: {position}}}")["moves"]
    assert [(move["from"], move["to"], move["kind"], move["enteredAt"]) for move in found[:3]] == [
        (None, "need", "ENTERED", day(0)),
        ("need", "select", "SKIP", day(6)),
        ("select", "purchase", "FORWARD", day(10)),
    ]
    assert len(found) == len(MOVES) - 1


@pytest.mark.parametrize(
    ("moment", "stage", "since"),
    [
        pytest.param(2.5, "need", 0, id="before the first paper has a second"),
        pytest.param(3, "evaluate", 3, id="a stay begins at its move"),
        pytest.param(24.9, "use", 18, id="the case is not five days ago"),
        pytest.param(25, "engage", 25, id="the timer fired without an event"),
        pytest.param(70, "use", 41, id="twenty-nine days of silence"),
        pytest.param(80, "implement", 71, id="silent"),
    ],
)
def test_where_the_customer_stood_at_a_moment(told, moment, stage, since):
    found = journey(told, "currentStage since daysInStage", at=at(moment))
    assert (found["currentStage"], found["since"]) == (stage, day(since))
    assert found["daysInStage"] == pytest.approx(moment - since)


def test_why_not_yet_at_day_22(told):
    fields = f"rule {{ name }} to kind firesAt {CONDITIONS}"
    found = journey(told, f"nextMoves {{ {fields} }}", at=at(22))["nextMoves"]
    assert [(one["rule"]["name"], one["to"], one["kind"], one["firesAt"]) for one in found] == [
        ("works", "engage", "FORWARD", day(25)),
        ("books_more", "purchase", "EDGE", None),
        ("silent", "implement", "BACKWARD", day(51)),
    ]
    assert conditions(found[0]) == [
        (0, "ALL", False, None, None, None),
        (1, "EVENT", True, 2, 2, "VALUES"),
        (1, "NOT", False, None, None, None),
        (2, "EVENT", True, 1, 1, "EVENTS"),
    ]
    assert conditions(found[1]) == [(0, "EVENT", False, 0, 5, "AMOUNT")]
    assert conditions(found[2]) == [(0, "NONE", False, 1, 30, "DURATION_DAYS")]


def test_half_way_to_buying_more(told):
    found = journey(told, f"nextMoves {{ rule {{ name }} {CONDITIONS} }}", at=at(30.5))["nextMoves"]
    assert [(one["rule"]["name"], conditions(one)) for one in found if one["rule"]["name"] == "books_more"] == [
        ("books_more", [(0, "EVENT", False, 3, 5, "AMOUNT")])
    ]


def test_an_event_tells_which_move_it_caused(told):
    events = told.ask(f'{{ customer(id: "{CUSTOMER}") {{ events {{ nodes {{ eventId causedMoves {{ to }} }} }} }} }}')[
        "customer"
    ]["events"]["nodes"]
    caused = {number(one): [move["to"] for move in one["causedMoves"]] for one in events}
    assert caused == {n: [] for n in range(1, 21)} | {trigger: [to] for to, _, _, _, trigger, _ in MOVES if trigger}


def test_a_move_keeps_its_id_and_is_found_by_it(told):
    moves = journey(told, "moves { id to enteredAt }")["moves"]
    assert len({move["id"] for move in moves}) == len(MOVES)
    for move in moves:
        assert told.ask(f'{{ stageMove(id: "{move["id"]}") {{ id to enteredAt }} }}')["stageMove"] == move


def test_the_stages_as_a_whole_and_the_account_agree(told):
    stages = told.ask("{ stages { stage customers entered departed } }")["stages"]
    assert [(one["stage"], one["customers"], one["entered"], one["departed"]) for one in stages] == [
        ("need", 0, 1, 1), ("evaluate", 0, 1, 1), ("select", 0, 1, 1), ("purchase", 0, 2, 2), ("onboard", 0, 2, 2),
        ("implement", 1, 3, 2), ("use", 0, 2, 2), ("engage", 0, 1, 1),
    ]  # fmt: skip
    account = told.ask(f'{{ account(id: "{ACCOUNT}") {{ furthest earliest history {{ furthest enteredAt }} }} }}')
    assert (account["account"]["furthest"], account["account"]["earliest"]) == ("implement", "implement")
    assert [(one["furthest"], one["enteredAt"]) for one in account["account"]["history"]] == [
        (to, day(when)) for to, _, when, *_ in MOVES
    ]


def test_the_dry_run_of_the_change_says_who_would_be_elsewhere_and_why(told):
    fields = "against customers moved stages { stage now then } transitions { from to customers why }"
    fields += " examples { nodes { customer { guid } from to rule } }"
    found = told.ask(f'{{ racetrackDryRun(name: "worked", version: 2) {{ {fields} }} }}')["racetrackDryRun"]
    assert (found["against"], found["customers"], found["moved"]) == (1, 1, 1)
    assert [(one["stage"], one["now"], one["then"]) for one in found["stages"] if one["now"] or one["then"]] == [
        ("onboard", 0, 1),
        ("implement", 1, 0),
    ]
    assert found["transitions"] == [
        {"from": "implement", "to": "onboard", "customers": 1, "why": "Falls silent for a month"}
    ]
    assert found["examples"]["nodes"] == [
        {"customer": {"guid": CUSTOMER}, "from": "implement", "to": "onboard", "rule": "Falls silent for a month"}
    ]


def test_the_change_applies_to_the_whole_history_and_the_old_version_stays_readable(databases, serve):
    with databases() as url:
        house = House(url)
        with serve(house) as service:
            house.activate(DEFINITION)
            service.take(life())
            before = service.ask("{ log { head } }")["log"]["head"]
            house.activate(CHANGED)
            house.project()
            ask = "racetrackVersion: version currentStage since"
            assert journey(service, ask) == {"racetrackVersion": 2, "currentStage": "onboard", "since": day(71)}
            old = {"racetrackVersion": 1, "currentStage": "implement", "since": day(71)}
            assert journey(service, ask, racetrack='{name: "worked", version: 1}') == old
            assert journey(service, ask, knownAt=f"{{position: {before}}}") == old
            new = journey(service, ask, knownAt=f"{{position: {before}}}", racetrack='{name: "worked", version: 2}')
            assert new == {"racetrackVersion": 2, "currentStage": "onboard", "since": day(71)}
        house.close()


def test_the_days_of_this_test_are_those_of_the_definition():
    assert BEGIN.isoformat() == "2025-01-01T00:00:00+00:00"
    assert len(life()) == 20
    assert len({to for to, *_ in MOVES}) == 8


def test_as_known_at_a_moment_timers_had_fired_up_to_it_though_nothing_was_recorded_since(databases, serve):
    with databases() as url:
        house = House(url)
        with serve(house) as service:
            house.activate(DEFINITION)
            now = datetime.now(UTC)
            silent = [
                {**deed(n), "occurred_at": (now - timedelta(days=30) + timedelta(seconds=n - 18)).isoformat()}
                for n in (19, 20)
            ]
            silent[0]["occurred_at"] = (now - timedelta(days=32)).isoformat()
            service.take(silent)  # the silence of a month ends in two seconds
            time.sleep(3)
            later = datetime.now(UTC).isoformat()
            head = service.ask("{ log { head } }")["log"]["head"]
            ask = "currentStage"
            assert journey(service, ask, knownAt=f"{{position: {head - 1}}}") == {"currentStage": None}
            assert journey(service, ask, knownAt=f'{{time: "{later}"}}') == {"currentStage": "implement"}
        house.close()
