"""Support cases: which are found and in which order, their ids, and what is told of each of their events."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys import event
from moves import move as moved
from ride import RIDE, STEADY, publish
from spells import TRACK, case, moment, spell, write

from raceline.graphql.question import CaseKey, case_key
from raceline.graphql.scalars import global_id
from raceline.projections.rules import SCORE

ODD = ["c/1", "1/c/2", "", "Zoë ☕"]


@pytest.fixture(scope="module")
def desk(common):
    """Writes cases of customers, and asks."""
    publish(common.house, STEADY)
    common.house.racetracks.activate("ride", 1, "test")
    with psycopg.connect(common.house.url, autocommit=True) as conn:
        common.conn = conn

        def put(cases, **rows):
            customers = [
                {"customer_id": name, "account_id": "acme" if name < "c" else None, "first_occurred_at": moment(0),
                 "last_occurred_at": moment(0), "events": 1, "paths": 0}
                for name in {one["customer_id"] for one in cases}
            ]  # fmt: skip
            journeys = [{"customer_id": one["customer_id"], "racetrack": TRACK, "version": 1, "status": "outside",
                         "first_at": moment(0), "moves": 0, "laps": 0, "regressions": 0, "skips": 0, "revisions": 0,
                         "revisions_left_out": 0} for one in customers]  # fmt: skip
            conn.execute("TRUNCATE views_1.journeys")
            write(conn, cases=cases, customers=customers, **{"journeys": journeys} | rows)
            return common

        yield put


def ids(connection):
    return [one["caseId"] for one in connection["nodes"]]


THREE = [
    case("bob", 1, opened_at=moment(2), severity="1", problem="slow", cause="COMM 007"),
    case("ann", 2, opened_at=moment(1), status="closed", closed_at=moment(3), severity="2"),
    case("ann", 1, opened_at=None, status="unknown", event_does=["surveyed"], event_open=[None]),
    case("dan", 1, opened_at=moment(1), severity="1", problem="slow"),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("", ["ann-2", "dan-1", "bob-1", "ann-1"], id="as they were opened; at last those never opened"),
        pytest.param('(customer: "ann")', ["ann-2", "ann-1"], id="of a customer"),
        pytest.param('(account: "acme")', ["ann-2", "bob-1", "ann-1"], id="of an account"),
        pytest.param('(caseId: "bob-1")', ["bob-1"], id="by its number, whosever it is"),
        pytest.param("(status: OPEN)", ["dan-1", "bob-1"], id="open"),
        pytest.param("(status: UNKNOWN)", ["ann-1"], id="only surveys are known"),
        pytest.param('(severity: "1", problem: "slow")', ["dan-1", "bob-1"], id="both conditions hold"),
        pytest.param('(severity: "1", cause: "COMM 007", status: OPEN)', ["bob-1"], id="three conditions hold"),
        pytest.param('(customer: "nobody")', [], id="of nobody"),
        pytest.param("(status: null, severity: null)", ["ann-2", "dan-1", "bob-1", "ann-1"], id="null is not said"),
    ],
)
def test_cases_are_found_by_what_is_known_of_them(desk, asked, found):
    answer = desk(THREE).ask(f"{{ cases{asked} {{ totalCount position nodes {{ caseId }} }} }}")["cases"]
    assert (ids(answer), answer["totalCount"], answer["position"]) == (found, len(found), 7)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.none() | st.integers(0, 2)),
        unique_by=lambda one: one[:2], max_size=9,
    ),
    st.integers(1, 4),
)  # fmt: skip
@settings(max_examples=min(20, settings().max_examples))
def test_paging_visits_each_case_once_and_in_order(desk, drawn, first):
    made = [case(name, n, opened_at=None if at is None else moment(at)) for name, n, at in drawn]
    order = sorted(made, key=lambda one: (one["opened_at"] is None, one["opened_at"], one["customer_id"], one["n"]))
    service, seen, after = desk(made), [], ""
    while True:
        page = service.ask(
            f"{{ cases(first: {first}{after}) {{ nodes {{ caseId }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )
        seen += ids(page["cases"])
        if not page["cases"]["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["cases"]["pageInfo"]["endCursor"]}"'
    assert seen == [one["case_id"] for one in order]


def test_a_late_event_between_two_pages_repeats_no_case_and_leaves_none_out(service):
    service.house.activate(RIDE)
    service.take([event(str(n), "ann", n, "case.opened", case_id=f"k{n}", problem="slow") for n in range(1, 5)])
    lists = [
        ("{ cases(first: 2%s) { ...P nodes { caseId } } }", lambda data: data["cases"]),
        ('{ stageDays(from: "2026-01-05", to: "2026-01-05", racetrack: {name: "ride"}) { open { cases(first: 2%s) {'
         " ...P nodes { case { caseId } } } } } }", lambda data: data["stageDays"][-1]["open"]["cases"]),
    ]  # fmt: skip
    page = "pageInfo { hasNextPage endCursor }"
    first = [found(service.ask((query % "").replace("...P", page))) for query, found in lists]
    # It becomes the first case of its customer, so the others have other numbers.
    service.take([event("0", "ann", -3000, "case.opened", case_id="k0", problem="slow")])
    for (query, found), before in zip(lists, first, strict=True):
        after = f', after: "{before["pageInfo"]["endCursor"]}"'
        rest = found(service.ask((query % after).replace("...P", page)))
        told = [(one.get("case") or one)["caseId"] for one in [*before["nodes"], *rest["nodes"]]]
        assert (told, rest["pageInfo"]["hasNextPage"]) == (["k1", "k2", "k3", "k4"], False)


def test_a_case_says_what_is_known_of_it(desk):
    known = case(
        "ann", 1, status="closed", opened_at=moment(0), closed_at=moment(4), reopened=1, reassigned=2, severity="2",
        problem="no power", cause="COMM 007", assignment_group="tier 2", assigned_to="Eve", sentiment=-1234, texts=3,
        surveys=2, survey_score=9_000_000, open_microseconds=2 * 86_400_000_000,
    )  # fmt: skip
    fields = """caseId customer { guid } status openedAt closedAt openDays reopened reassigned severity problem cause
        assignmentGroup assignedTo sentiment textCount surveys { count mean } position"""
    found = desk([known]).ask(f'{{ case(customer: "ann", id: "ann-1") {{ {fields} }} }}')["case"]
    assert found == {
        "caseId": "ann-1", "customer": {"guid": "ann"}, "status": "CLOSED", "openedAt": "2026-03-01T00:00:00.000000Z",
        "closedAt": "2026-03-05T00:00:00.000000Z", "openDays": 2, "reopened": 1, "reassigned": 2, "severity": "2",
        "problem": "no power", "cause": "COMM 007", "assignmentGroup": "tier 2", "assignedTo": "Eve",
        "sentiment": -0.1234, "textCount": 3, "surveys": {"count": 2, "mean": 4.5}, "position": 7,
    }  # fmt: skip


def test_an_open_case_has_been_open_until_the_tick_of_the_read_models(desk):
    since = [
        case("ann", 1, open_since=moment(38), open_microseconds=43_200_000_000),
        case("bob", 1, open_since=moment(41)),
    ]
    found = desk(since).ask("{ cases { nodes { caseId openDays surveys { count mean } } } }")["cases"]["nodes"]
    assert [one["openDays"] for one in found] == [2.5, 0]
    assert found[0]["surveys"] == {"count": 0, "mean": None}


def test_a_case_that_does_not_exist_is_null(desk):
    service = desk(THREE)
    for customer, id_ in [("ann", "bob-1"), ("nobody", "ann-1"), ("ann", "\\u0000"), ("", "")]:
        assert service.ask(f'{{ case(customer: "{customer}", id: "{id_}") {{ caseId }} }}') == {"case": None}


NODE = "query($id: ID!) { node(id: $id) { id ... on Case { caseId customer { guid } } } }"


def test_the_global_id_of_a_case_leads_back_to_it_whatever_it_is_called(desk):
    made = [case("a/b", n, case_id=name) for n, name in enumerate(ODD, 1)] + [case("1/a/b", 1, case_id="c")]
    service = desk(made)
    for one in service.ask("{ cases { nodes { id caseId customer { guid } } } }")["cases"]["nodes"]:
        assert service.ask(NODE, {"id": one["id"]}) == {"node": one}


@given(st.text(), st.text())
def test_the_key_in_an_id_is_customer_and_case(customer, name):
    try:
        found = case_key(global_id("Case", f"{len(name)}/{name}/{customer}"))
    except UnicodeEncodeError:
        return
    assert found == CaseKey(customer, name)


@pytest.mark.parametrize(
    "key",
    ["", "1", "x/a/b", "-1/a/b", "9/a/b", "1/ab", "0/a", "1/a", f"{'9' * 30}/a/b", "١/a/b", "1.0/a/b"],
)
def test_an_id_that_is_none_is_null(desk, key):
    assert desk(THREE).ask(NODE, {"id": global_id("Case", key)}) == {"node": None}


def _journey(service):
    service.conn.execute(
        "INSERT INTO views_1.journeys (customer_id, racetrack, version, status, first_at, moves, laps, regressions,"
        " skips, revisions, revisions_left_out) VALUES ('ann', 'ride', 1, 'outside', '2026-03-01', 0, 0, 0, 0, 0, 0)"
    )


def test_a_customer_s_cases_and_those_that_are_open_on_a_racetrack(desk):
    # The second open one is of another product: it has no spell on this racetrack.
    made = [case("ann", n, status="closed" if n == 3 else "open", opened_at=moment(n)) for n in (1, 2, 3)]
    spells = [spell(("ann", 1), 0) | {"n": 1}, spell(("ann", 3), 0, 2) | {"n": 2}]
    service = desk(made, case_spells=spells)
    _journey(service)
    query = (
        '{ customer(id: "ann") { cases { nodes { caseId } } closed: cases(status: CLOSED) { nodes { caseId } } %s } }'
    )
    found = service.ask(query % "journey { openCases { caseId } }")["customer"]
    assert (ids(found["cases"]), ids(found["closed"])) == (["ann-1", "ann-2", "ann-3"], ["ann-3"])
    assert found["journey"] == {"openCases": [{"caseId": "ann-1"}]}


HISTORY = """{ case(customer: "ann", id: "ann-1") { history { event { eventId } does open severity problem cause
  assignmentGroup assignedTo text { sentiment language scorer } sentiment survey stage move { to from } } } }"""


def microseconds(n):
    return round(moment(n).timestamp() * 1_000_000)


def test_each_event_says_what_it_did_and_where_its_customer_stood(desk):
    kinds = {
        "o": "case.opened",
        "u": "case.updated",
        "c": "case.closed",
        "r": "case.reopened",
        "s": "case.survey_answered",
    }
    more = {"o": {"severity": 2, "problem": "power"}, "c": {"cause_code": "COMM 007"}, "s": {"score": 4.5}}
    service = desk([])
    service.take(
        [
            event(f"h{key}", "ann", n, kind, case_id="ann-1", **more.get(key, {}))
            for n, (key, kind) in enumerate(kinds.items())
        ],
        project=False,
    )
    rows = service.conn.execute("SELECT e.position FROM raceline.event AS e WHERE e.customer_id = 'ann' ORDER BY 1")
    one = case(
        "ann", 1, events=[row[0] for row in rows][-5:], event_at=[microseconds(n) for n in (0, 1, 2, 3, 4)],
        event_does=["opened", "updated", "closed", "reopened", "surveyed"], event_open=[True, True, False, True, True],
        event_severity=["2"] * 5, event_problem=["power"] * 5, event_cause=[None, None, *["COMM 007"] * 3],
        event_group=[None, *["tier 1"] * 4], event_engineer=[None, *["Eve"] * 4],
        event_score=[-6000, None, None, None, None], event_language=["en", None, None, "de", None],
        event_sentiment=[-6000] * 5, event_survey=[None, None, None, None, 4_500_000],
    )  # fmt: skip
    moves = [_move(1, None, "look", 1, 2), _move(2, "look", "try", 2, 3.5), _move(3, "try", None, 3.5)]
    found = desk([one], moves=moves).ask(HISTORY)["case"]["history"]
    assert [row["event"]["eventId"] for row in found] == ["eho", "ehu", "ehc", "ehr", "ehs"]
    assert [row["does"] for row in found] == ["OPENED", "UPDATED", "CLOSED", "REOPENED", "SURVEYED"]
    assert [row["open"] for row in found] == [True, True, False, True, True]
    # At the instant of a move it is the new stage already; who has left is in none.
    assert [row["stage"] for row in found] == [None, "look", "try", "try", None]
    assert [row["move"] and row["move"]["to"] for row in found] == [None, "look", "try", "try", None]
    assert [row["text"] for row in found] == [
        {"sentiment": -0.6, "language": "en", "scorer": SCORE.name}, None, None,
        {"sentiment": None, "language": "de", "scorer": SCORE.name}, None,
    ]  # fmt: skip
    assert found[4] | {"event": None, "text": None, "move": None} == {
        "event": None, "does": "SURVEYED", "open": True, "severity": "2", "problem": "power", "cause": "COMM 007",
        "assignmentGroup": "tier 1", "assignedTo": "Eve", "text": None, "sentiment": -0.6, "survey": 4.5, "stage": None,
        "move": None,
    }  # fmt: skip


def test_what_is_no_text_of_the_customer_is_told_as_none_even_with_the_same_words(service):
    words = "The power is out and nobody helps us."
    known = {"case_id": "k", "problem": words}
    service.take([
        event("1", "ann", 1, "case.opened", text=words, **known),
        event("2", "ann", 2, "case.updated", **known),
        event("3", "ann", 3, "case.updated", text=words, written_by="engineer", **known),
        event("4", "ann", 4, "case.closed", case_id="k", cause_code="HW", text=words),
        event("5", "ann", 5, "case.reopened", case_id="k", text="Der Strom ist ausgefallen und niemand hilft uns."),
    ])  # fmt: skip
    fields = "textCount history { text { sentiment language scorer } }"
    found = service.ask(f'{{ case(customer: "ann", id: "k") {{ {fields} }} }}')["case"]
    texts = [one["text"] for one in found["history"]]
    assert texts[0] == {"sentiment": texts[0]["sentiment"], "language": "en", "scorer": SCORE.name}
    assert [bool(one) for one in texts] == [True, False, False, False, True]
    assert (texts[4]["language"], found["textCount"]) == ("de", sum(one is not None and one["sentiment"] is not None
                                                                   for one in texts))  # fmt: skip


def test_no_more_is_told_than_was_asked_for_and_the_whole_is_counted(desk):
    long = case("ann", 1, events=[1] * 3, event_at=[0] * 3, event_does=["opened", "updated", "closed"],
                event_open=[True, True, True]) | {
        f"event_{name}": [None] * 3
        for name in ("severity", "problem", "cause", "group", "engineer", "language", "score", "sentiment", "survey")
    }  # fmt: skip
    made = [long, case("ann", 2), case("ann", 3)]
    spells = [spell(("ann", n), 0) | {"n": n} for n in (1, 2, 3)]
    fields = "openCaseCount openCases(first: 2) { caseId eventCount history(first: 2) { does } }"
    service = desk(made, case_spells=spells)
    _journey(service)
    told = service.ask(f'{{ customer(id: "ann") {{ journey {{ {fields} }} }} }}')
    assert told["customer"]["journey"] == {
        "openCaseCount": 3,
        "openCases": [
            {"caseId": "ann-1", "eventCount": 3, "history": [{"does": "OPENED"}, {"does": "UPDATED"}]},
            {"caseId": "ann-2", "eventCount": 1, "history": [{"does": "OPENED"}]},
        ],
    }


def test_what_the_lists_of_a_case_could_cost_is_what_was_asked_for(desk):
    fields = "journey { openCases(first: 100) { history(first: 200) { does } } }"
    error = desk(THREE).error(f"{{ customers(first: 10) {{ nodes {{ {fields} }} }} }}")
    assert (error["extensions"]["limit"], error["extensions"]["found"] > 10 * 100 * 200) == ("cost", True)


def _move(n, origin, stage, entered, left=None):
    return moved("ann", n, "entered", origin, stage, 0) | {
        "racetrack": TRACK, "entered_at": moment(entered), "left_at": None if left is None else moment(left),
    }  # fmt: skip


def test_a_customer_as_of_an_earlier_day_has_the_cases_of_then(service):
    service.house.activate(RIDE)
    opened = event("1", "ann", 0, "case.opened", case_id="k", severity=2)
    service.take([opened, event("2", "ann", 3000, "case.closed", case_id="k", cause_code="COMM 007")])
    query = """query($at: DateTime) { customer(id: "ann", at: $at) { cases { totalCount nodes { status cause severity
        history { does event { eventId } } } } journey(racetrack: {name: "ride"}) { openCases { caseId } } } }"""
    now, then = (service.ask(query, {"at": at})["customer"] for at in (None, "2026-01-05T12:00:00Z"))
    assert now["cases"]["nodes"] == [
        {"status": "CLOSED", "cause": "COMM 007", "severity": "2", "history": [
            {"does": "OPENED", "event": {"eventId": "e1"}}, {"does": "CLOSED", "event": {"eventId": "e2"}}]}
    ]  # fmt: skip
    assert now["journey"]["openCases"] == []
    assert then["cases"]["nodes"] == [
        {"status": "OPEN", "cause": None, "severity": "2", "history": [{"does": "OPENED", "event": {"eventId": "e1"}}]}
    ]
    assert then["journey"]["openCases"] == [{"caseId": "k"}]
