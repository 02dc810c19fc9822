"""The cases of the fortnight one by one: their state, how long they were open, and what each of their events did."""

from contextlib import closing

import pytest
from fortnight import CUSTOMERS, WAYS, feeling, tell
from fortnight_table import CASES, HISTORIES, history, lives
from journeys import House

LIVED = {one.name: one for one in lives()}


@pytest.fixture(scope="module", params=WAYS)
def told(request, databases, serve):
    """A service that knows the fortnight."""
    with databases() as url, closing(House(url)) as house, serve(house) as service:
        tell(service, request.param)
        yield service


STATE = """status openedAt closedAt openDays reopened reassigned severity problem cause assignmentGroup assignedTo
    sentiment textCount surveys { count mean }"""


def state(one):
    """A line of CASES as the API gives it."""
    surveys = {"count": len(one.surveys), "mean": sum(one.surveys) / len(one.surveys) if one.surveys else None}
    return {
        "status": one.status.upper(),
        "openedAt": one.opened,
        "closedAt": one.closed,
        "openDays": None if one.hours is None else pytest.approx(one.hours / 24),
        "reopened": one.reopened,
        "reassigned": one.reassigned,
        "severity": one.severity,
        "problem": one.problem,
        "cause": one.cause,
        "assignmentGroup": one.group,
        "assignedTo": one.engineer,
        "sentiment": feeling(one.texts),
        "textCount": len(one.texts),
        "surveys": surveys,
    }


def lasting(found, one):
    """The open days of a case that is open now go on, so that nothing is said of them."""
    return found if one.hours is not None else found | {"openDays": None}


@pytest.mark.parametrize("customer", CUSTOMERS.values())
def test_a_customer_has_their_cases_in_the_order_in_which_they_were_first_heard_of(told, customer):
    nodes = told.ask(f'{{ customer(id: "{customer}") {{ cases {{ nodes {{ caseId {STATE} }} }} }} }}')
    found = {one.pop("caseId"): one for one in nodes["customer"]["cases"]["nodes"]}
    hand = {one.name[1]: one for one in LIVED.values() if CUSTOMERS[one.name[0]] == customer}
    assert list(found) == list(hand)
    assert {name: lasting(found[name], one) for name, one in hand.items()} == {
        name: state(one) for name, one in hand.items()
    }


def test_a_case_is_known_by_its_customer_and_its_id(told):
    for name, one in LIVED.items():
        asked = f'case(customer: "{CUSTOMERS[name[0]]}", id: "{name[1]}") {{ caseId customer {{ guid }} {STATE} }}'
        found = told.ask(f"{{ {asked} }}")["case"]
        assert (found.pop("customer"), found.pop("caseId")) == ({"guid": CUSTOMERS[name[0]]}, name[1])
        assert lasting(found, one) == state(one)
    assert told.ask('{ case(customer: "cat", id: "3") { caseId } }') == {"case": None}


def test_the_history_of_a_case_tells_what_each_event_did_and_in_which_stage_its_customer_was(told):
    fields = """event { eventId } does open severity problem cause assignmentGroup assignedTo text { sentiment }
        sentiment survey stage move { to trigger { eventId } }"""
    for name in HISTORIES:
        asked = f'case(customer: "{CUSTOMERS[name[0]]}", id: "{name[1]}") {{ history {{ {fields} }} }}'
        assert told.ask(f"{{ {asked} }}")["case"]["history"] == [
            {
                "event": {"eventId": one.event},
                "does": one.does,
                "open": one.open,
                "severity": one.severity,
                "problem": one.problem,
                "cause": one.cause,
                "assignmentGroup": one.group,
                "assignedTo": one.engineer,
                "text": {"sentiment": None if one.text == "g" else feeling(one.text)} if one.text else None,
                "sentiment": feeling(one.texts),
                "survey": one.survey and float(one.survey),
                "stage": one.stage,
                "move": one.trigger and {"to": one.stage, "trigger": {"eventId": one.trigger}},
            }
            for one in history(name)
        ], name


def test_a_text_says_its_language_and_what_scored_it(told):
    found = told.ask('{ case(customer: "dan", id: "1") { history { text { sentiment language scorer } } } }')
    german, english, closing = (one["text"] for one in found["case"]["history"])
    assert (german["sentiment"], german["language"], english["language"], closing) == (None, "de", "en", None)
    assert german["scorer"] == english["scorer"]


def test_of_a_customer_the_open_cases_can_be_asked_for(told):
    found = told.ask('{ customer(id: "ann") { cases(status: OPEN) { nodes { caseId } } } }')
    assert found["customer"]["cases"]["nodes"] == [{"caseId": "2"}]


def test_a_journey_tells_the_open_cases_that_its_racetrack_is_about(told):
    for customer, expected in (("ann", []), ("cat", ["2"]), ("eve", [])):
        found = told.ask(f'{{ customer(id: "{customer}") {{ journey {{ openCases {{ caseId }} }} }} }}')
        assert [one["caseId"] for one in found["customer"]["journey"]["openCases"]] == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("", "a1 b1 d1 c1 e1 d2 e2 a2 b2 e3 c2", id="all, by when they were opened"),
        pytest.param("status: OPEN", "a2 c2", id="those that are open"),
        pytest.param("status: UNKNOWN", "e3", id="one of which only a survey is known"),
        pytest.param('account: "north"', "a1 b1 a2 b2", id="of an account"),
        pytest.param('severity: "1"', "e1 a2 b2", id="of a severity, as known now"),
        pytest.param('problem: "network", cause: "COMM-7"', "c1", id="of a problem and a cause"),
        pytest.param('customer: "dan"', "d1 d2", id="of a customer"),
    ],
)
def test_cases_can_be_asked_for_by_what_is_known_of_them_now(told, asked, expected):
    given = f"({asked})" if asked else ""
    found = told.ask(f"{{ cases{given} {{ nodes {{ caseId customer {{ guid }} }} }} }}")["cases"]["nodes"]
    names = [one["customer"]["guid"][0] + one["caseId"] for one in found]
    assert sorted(names) == sorted(expected.split())
    ordered = [name for name in names if name != "e3"]  # nobody knows when it was opened
    assert ordered == [name for name in expected.split() if name != "e3"]


def test_eleven_cases_are_written_down():
    assert len(LIVED) == len(CASES.strip().splitlines()) == 11
