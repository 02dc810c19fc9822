"""Stages as a whole: who is there, who came and went, how long they stay, and who is stalled."""

import pytest
from journeys import event
from pytest import approx
from ride import DAY, EAGER, STEADY, WALK, day, publish, views


@pytest.fixture(scope="module")
def town(common):
    """Twenty pass through `look` in a day and stay in `try`, two never leave `look`, and one walked all of it."""
    common.house.activate(STEADY)
    for n in range(20):
        common.take(views(f"fast{n:02}", [(0, "A"), (1, "A"), (2, "B")]), project=False)
    for n in range(2):
        common.take(views(f"slow{n}", [(0, "A"), (1 + n, "A")], account="acme"), project=False)
    common.take(views("walker", WALK, account="acme"), project=False)
    common.take([event("q", "outside", DAY, page="Q") | {"account_id": "acme"}])
    return common


def stages(service, fields, given=""):
    return {one["stage"]: one for one in service.ask(f"{{ stages{given} {{ stage {fields} }} }}")["stages"]}


def test_each_stage_says_how_many_are_there_came_and_went(town):
    found = stages(town, "racetrack version title n customers entered departed")
    assert list(found) == ["look", "try", "buy"]
    assert found["look"] == {
        "stage": "look", "racetrack": "ride", "version": 1, "title": "Looks", "n": 1,
        "customers": 3, "entered": 24, "departed": 21,
    }  # fmt: skip
    assert [(one["customers"], one["entered"], one["departed"]) for one in found.values()] == [
        (3, 24, 21),
        (20, 21, 1),
        (0, 1, 1),
    ]


def test_the_days_of_a_stage_add_up(town):
    found = stages(town, "days { day entered departed customers }")["look"]["days"]
    assert found[0] == {"day": "2026-01-06", "entered": 22, "departed": 0, "customers": 22}
    assert found[1] == {"day": "2026-01-07", "entered": 1, "departed": 21, "customers": 2}
    assert found[-1]["customers"] == 3
    bounded = stages(town, 'days(from: "2026-01-07", to: "2026-01-07") { day customers }')["look"]["days"]
    assert bounded == [{"day": "2026-01-07", "customers": 2}], "a span counts those who were there before it"


def test_the_length_of_a_stay_counts_those_who_are_still_there(town):
    fields = "days lower upper"
    found = stages(
        town,
        f"""lengthOfStay {{ stays open horizonDays mean {{ {fields} }} median {{ {fields} }} lowerQuartile {{ days }}
            upperQuartile {{ days }} ninetieth {{ days }} curve {{ days survival lower upper }} }}""",
    )
    look = found["look"]["lengthOfStay"]
    assert (look["stays"], look["open"]) == (24, 3)
    assert look["median"]["days"] == look["lowerQuartile"]["days"] == look["upperQuartile"]["days"] == 1
    assert look["mean"]["lower"] <= look["mean"]["days"] <= look["mean"]["upper"] <= look["horizonDays"]
    assert look["ninetieth"] is None, "three of 24 never left, so nobody knows how long nine of ten stay"
    assert [point["survival"] for point in look["curve"]] == sorted(
        (p["survival"] for p in look["curve"]), reverse=True
    )
    assert found["try"]["lengthOfStay"]["open"] == 20


def test_moves_from_a_stage_are_counted_by_where_they_lead(town):
    fields = "regressions skips laps exits shareLeft stalled transitions { to kind moves share } rules { name }"
    found = stages(town, fields)
    assert found["look"]["transitions"] == [{"to": "try", "kind": "FORWARD", "moves": 21, "share": 1}]
    assert found["buy"]["transitions"] == [{"to": "look", "kind": "LAP", "moves": 1, "share": 1}]
    assert [(one["regressions"], one["skips"], one["laps"], one["exits"]) for one in found.values()] == [
        (0, 0, 0, 0),
        (0, 0, 0, 0),
        (0, 0, 1, 0),
    ]
    assert [one["shareLeft"] for one in found.values()] == [0, 0, 0]
    assert [[rule["name"] for rule in one["rules"]] for one in found.values()] == [
        ["looked", "again", "silent"],
        ["tried"],
        ["bought"],
    ]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ('(racetrack: {name: "ride"})', ["look", "try", "buy"]),
        ('(racetrack: {name: "ride", version: 1})', ["look", "try", "buy"]),
    ],
)
def test_stages_are_those_of_the_active_version(town, given, names):
    assert list(stages(town, "n", given)) == names


@pytest.mark.parametrize("track", ['{name: "ride", version: 9}', '{name: "nobody", version: 1}', '{name: "nobody"}'])
def test_the_stages_of_a_version_that_was_never_published_are_refused_by_name(town, track):
    error = town.error(f"{{ stages(racetrack: {track}) {{ stage }} }}")
    assert error["extensions"]["code"] == "UNKNOWN_RACETRACK"


WHOLE = """racetrack version title n customers entered departed regressions skips laps exits shareLeft stalled
  days { day entered departed customers } transitions { to kind moves share }
  rules { name title origins confidence coverage measuredCoverage types conditions { depth kind says needed unit } }
  lengthOfStay { stays open horizonDays stalledAfter curveLeftOut mean { days lower upper } median { days lower upper }
                 ninetieth { days lower upper } curve { days survival lower upper } }"""


def told(found):
    """The same, but for what passes between two questions while stays are open."""
    match found:
        case float():
            return round(found, 2)
        case dict():
            return {name: told(value) for name, value in found.items()}
        case list():
            return [told(value) for value in found]
    return found


def test_the_stages_of_a_version_stay_readable_when_another_one_takes_its_place(service):
    house, first = service.house, '(racetrack: {name: "ride", version: 1})'
    house.activate(STEADY)
    for n in range(25):
        service.take(views(f"fast{n:02}", [(0, "A"), (1, "A"), (2, "B")]), project=False)
    service.take(views("slow", [(0, "A"), (1, "A"), (1.5, "Q")]), project=False)
    service.take(views("walker", WALK, account="acme"), project=False)
    service.take([event("case", "outside", DAY, "case.opened", case_id="c", severity=1, problem="no power", text="")])
    before = stages(service, WHOLE)
    assert told(stages(service, WHOLE, first)) == told(before)
    assert (before["look"]["stalled"], before["look"]["rules"][0]["measuredCoverage"]) == (2, approx(27 / 28))
    assert house.activate(EAGER).version == 2
    house.project()
    now = stages(service, WHOLE)
    assert {one["version"] for one in now.values()} == {2}
    assert now["look"]["days"][0]["day"] == "2026-01-05" < before["look"]["days"][0]["day"]
    assert told(stages(service, WHOLE, first)) == told(before)


def test_the_stages_of_a_version_that_was_never_active_can_be_read(service):
    service.house.activate(STEADY)
    publish(service.house, EAGER)
    service.take(views("x", [(0, "A")]))
    asked = (
        '{ one: stages { entered } two: stages(racetrack: {name: "ride", version: 2}) { entered version position } }'
    )
    found = service.ask(asked)
    assert [one["entered"] for one in found["one"]] == [0, 0, 0]
    assert [(one["entered"], one["version"]) for one in found["two"]] == [(1, 2), (0, 2), (0, 2)]
    assert {one["position"] for one in found["two"]} == {service.ask("{ log { position } }")["log"]["position"]}


def test_who_waits_for_a_position_reads_the_stages_of_an_old_version_up_to_it(service):
    service.house.activate(STEADY)
    publish(service.house, EAGER)
    service.take(views("x", [(0, "A")]))
    asked = (
        'query($p: Position) { stages(racetrack: {name: "ride", version: 2}, minPosition: $p) { entered position } }'
    )
    [first, *_] = service.ask(asked)["stages"]
    service.take(views("y", [(0, "A")]))
    assert service.ask(asked)["stages"][0] == first, "for a while it is not asked of all events again"
    head = service.ask("{ log { position } }")["log"]["position"]
    for given, headers in (({"p": head}, {}), ({}, {"Raceline-Min-Position": str(head)})):
        [one, *_] = service.ask(asked, given, **headers)["stages"]
        assert (one["entered"], one["position"]) == (2, head)


def customers(service, given):
    data = service.ask(f"{{ customers({given}, first: 100) {{ totalCount nodes {{ guid }} }} }}")["customers"]
    assert data["totalCount"] == len(data["nodes"])
    return [node["guid"] for node in data["nodes"]]


def test_customers_can_be_asked_by_stage_account_and_racetrack(town):
    assert customers(town, 'stage: "look"') == ["slow0", "slow1", "walker"]
    assert customers(town, 'stage: "look", racetrack: "ride"') == ["slow0", "slow1", "walker"]
    assert customers(town, 'stage: "try", account: "acme"') == []
    assert customers(town, 'account: "acme"') == ["outside", "slow0", "slow1", "walker"]
    assert len(customers(town, 'racetrack: "ride"')) == 24


def test_customers_of_a_stage_come_in_pages(town):
    query = """query($after: String) { customers(stage: "try", first: 15, after: $after) {
                 nodes { guid } pageInfo { hasNextPage endCursor } totalCount } }"""
    first = town.ask(query)["customers"]
    second = town.ask(query, {"after": first["pageInfo"]["endCursor"]})["customers"]
    assert [len(first["nodes"]), len(second["nodes"]), second["totalCount"]] == [15, 5, 20]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


def test_a_stay_longer_than_nine_of_ten_is_stalled_and_says_why(service):
    service.house.activate(STEADY)
    for n in range(40):
        service.take(views(f"fast{n:02}", [(0, "A"), (1, "A"), (2, "B")]), project=False)
    service.take(views("slow", [(0, "A"), (1, "A"), (1.5, "C")]))
    assert [customers(service, f'stage: "look", stalled: {stalled}') for stalled in ("true", "false")] == [["slow"], []]
    assert customers(service, "stalled: true") == ["slow"]
    found = service.ask(
        """{ customer(id: "slow") { journey { stalled stalledReasons { rule { name } kind missing { observed } } } }
             stages { stage stalled } }"""
    )
    assert found["customer"]["journey"]["stalled"] is True
    reasons = found["customer"]["journey"]["stalledReasons"]
    assert [(one["rule"]["name"], one["kind"]) for one in reasons] == [("bought", "SKIP"), ("tried", "FORWARD")]
    assert [one["observed"] for one in reasons[0]["missing"]] == [1]
    assert [one["stalled"] for one in found["stages"]] == [1, 0, 0]
    who = "{ customers(stalled: true) { nodes { guid journey { nextMoves { to } stalledReasons { to } } } } }"
    [listed] = service.ask(who)["customers"]["nodes"]
    assert listed["guid"] == "slow"
    assert [one["to"] for one in listed["journey"]["stalledReasons"]] == ["buy", "try"]
    other = service.ask('{ customer(id: "fast01") { journey { stalled stalledReasons { to } } } }')["customer"][
        "journey"
    ]
    assert other == {"stalled": None, "stalledReasons": []}, "nobody ever left `try`, so nobody knows"


@pytest.mark.parametrize(
    ("ended", "stalled", "after"),
    [
        pytest.param(19, False, None, id="nineteen stays that ended are too few to call a stay long"),
        pytest.param(20, True, 1, id="twenty stays that ended tell when a stay is long"),
    ],
)
def test_nobody_is_stalled_where_too_few_stays_have_ended_to_tell(service, ended, stalled, after):
    service.house.activate(STEADY)
    for n in range(ended):
        service.take(views(f"fast{n:02}", [(0, "A"), (1, "A"), (2, "B")]), project=False)
    service.take(views("slow", [(0, "A"), (1, "A"), (1.5, "C")]))
    asked = "stalled lengthOfStay { ninetieth { days } stalledAfter curve { survival } curveLeftOut }"
    left = approx(1 / (ended + 1))
    assert stages(service, asked)["look"] == {
        "stage": "look", "stalled": stalled,
        "lengthOfStay": {"ninetieth": {"days": 1}, "stalledAfter": after, "curveLeftOut": 0,
                         "curve": [{"survival": 1}, {"survival": left}, {"survival": left}]},
    }  # fmt: skip
    assert customers(service, "stalled: true") == (["slow"] if stalled else [])
    journey = service.ask('{ customer(id: "slow") { journey { stalled stalledReasons { to } } } }')["customer"][
        "journey"
    ]
    assert (journey["stalled"], len(journey["stalledReasons"])) == ((True, 2) if stalled else (None, 0))


def test_an_account_is_its_customers_and_where_they_stand(town):
    found = town.ask(
        """{ account(id: "acme") { account racetrack customerCount furthest earliest position
             stages { stage title customers } customers(stage: "look", first: 2) { totalCount nodes { guid } }
             history { enteredAt leftAt furthest earliest customers } } }"""
    )["account"]
    assert found.pop("position") == town.ask("{ log { position } }")["log"]["position"]
    history = found.pop("history")
    assert found == {
        "account": "acme", "racetrack": "ride", "customerCount": 4, "furthest": "look", "earliest": "look",
        "stages": [{"stage": "look", "title": "Looks", "customers": 3}],
        "customers": {"totalCount": 3, "nodes": [{"guid": "slow0"}, {"guid": "slow1"}]},
    }  # fmt: skip
    assert history[0] == {
        "enteredAt": day(1), "leftAt": day(2), "furthest": "look", "earliest": "look", "customers": 2,
    }  # fmt: skip
    assert history[1] == {
        "enteredAt": day(2), "leftAt": day(22), "furthest": "try", "earliest": "look", "customers": 3,
    }  # fmt: skip
    assert history[-1]["leftAt"] is None


def test_an_account_is_a_node_and_an_unknown_one_is_null(town):
    found = town.ask('{ account(id: "acme") { id account } none: account(id: "nobody") { id } }')
    assert found["none"] is None
    query = "query($id: ID!) { node(id: $id) { ... on Account { id account history { furthest } } } }"
    node = town.ask(query, {"id": found["account"]["id"]})["node"]
    assert (node["id"], node["account"], len(node["history"]) > 0) == (found["account"]["id"], "acme", True)
