"""Since when we know: a late event changes what was known, and both can be asked."""

import pytest
from ride import RIDE, day, views


@pytest.fixture(scope="module")
def late(common):
    """A, A, B were seen; the store heard of the first B, which was before the second A, only later."""
    common.house.activate(RIDE)
    common.take(views("x", [(0, "A"), (4, "A"), (6, "B")]))
    common.take(views("x", [(2, "A")], first=10))
    return common


def asked(service, fields, **arguments):
    given = "".join(f", {name}: {value}" for name, value in arguments.items())
    return service.ask(f'{{ customer(id: "x"{given}) {{ journey {{ {fields} }} }} }}')["customer"]["journey"]


def test_a_revision_names_the_late_event_and_the_stays_before_and_after(late):
    [revision] = asked(
        late,
        """revisions { recordedAt events { occurredAt recordedAt } before { stage enteredAt leftAt }
           after { stage enteredAt leftAt } }""",
    )["revisions"]
    [event] = revision["events"]
    assert event["occurredAt"] == day(2)
    assert event["recordedAt"] == revision["recordedAt"]
    assert revision["before"] == [
        {"stage": "look", "enteredAt": day(4), "leftAt": day(6)},
        {"stage": "try", "enteredAt": day(6), "leftAt": day(16)},
        {"stage": "look", "enteredAt": day(16), "leftAt": day(106)},
        {"stage": None, "enteredAt": day(106), "leftAt": None},
    ]
    assert revision["after"][0] == {"stage": "look", "enteredAt": day(2), "leftAt": day(6)}


def test_a_move_says_since_when_it_is_known(late):
    first, second, *_ = asked(late, "moves { enteredAt recordedAt }")["moves"]
    [revision] = asked(late, "revisions { recordedAt }")["revisions"]
    assert (first["enteredAt"], first["recordedAt"]) == (day(2), revision["recordedAt"])
    assert second["recordedAt"] < revision["recordedAt"], "it was known before, and is the same move"


def test_what_was_known_before_the_late_event_can_be_asked(late):
    head = late.ask("{ log { head } }")["log"]["head"]
    before = asked(late, "position stays { stage enteredAt }", knownAt=f"{{position: {head - 1}}}")
    assert before["position"] == head - 1
    assert before["stays"][0] == {"stage": "look", "enteredAt": day(4)}
    both = asked(late, "currentStage stays { enteredAt }", knownAt=f"{{position: {head - 1}}}", at=f'"{day(5)}"')
    assert both == {"currentStage": "look", "stays": [{"enteredAt": day(4)}]}


def test_a_move_that_is_known_no_more_is_null_by_its_id(late):
    head = late.ask("{ log { head } }")["log"]["head"]
    [first, *_] = asked(late, "moves { id }", knownAt=f"{{position: {head - 1}}}")["moves"]
    assert late.ask("query($id: ID!) { stageMove(id: $id) { id } }", {"id": first["id"]}) == {"stageMove": None}
