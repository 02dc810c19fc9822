"""Since when we know: a late event changes what was known, and both can be asked."""

import pytest
from ride import RIDE, day, views

from raceline.graphql.scalars import global_id, parse_global_id


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


MOVE = """query($id: ID!) { stageMove(id: $id) { id to enteredAt leftAt recordedAt takenBackAt rule { name }
  evidence { event { occurredAt } } customer { journey { moves { id takenBackAt } } } } }"""


def known_before(service, fields):
    """The moves as they were known one event ago."""
    head = service.ask("{ log { head } }")["log"]["head"]
    return asked(service, f"moves {{ {fields} }}", knownAt=f"{{position: {head - 1}}}")["moves"]


def test_a_move_that_a_late_event_took_back_is_told_as_it_was_known_until_then(late):
    first, second, *_ = known_before(late, "id to enteredAt recordedAt")
    [revision] = asked(late, "revisions { recordedAt }")["revisions"]
    found = late.ask(MOVE, {"id": first["id"]})["stageMove"]
    told = found.pop("customer")["journey"]["moves"]
    assert found == first | {
        "leftAt": day(6), "takenBackAt": revision["recordedAt"], "rule": {"name": "looked"},
        "evidence": [{"event": {"occurredAt": day(0)}}, {"event": {"occurredAt": day(4)}}],
    }  # fmt: skip
    assert [move["takenBackAt"] for move in told] == [revision["recordedAt"], *[None] * (len(told) - 1)]
    assert late.ask(MOVE, {"id": second["id"]})["stageMove"]["takenBackAt"] is None, "it stands to this day"
    query = "query($id: ID!) { node(id: $id) { id ... on StageMove { takenBackAt } } }"
    assert late.ask(query, {"id": first["id"]}) == {
        "node": {"id": first["id"], "takenBackAt": revision["recordedAt"]},
    }  # fmt: skip


def test_a_timer_that_had_fired_before_the_late_event_came_is_found_as_well(service):
    service.house.activate(RIDE)
    service.take(views("x", [(0, "A"), (1, "A"), (2, "B")]))
    service.take(views("x", [(5, "B")], first=10))
    silent = known_before(service, "id to enteredAt")[2]
    assert silent["enteredAt"] == day(12), "now the silence ends at day 15"
    assert service.ask(MOVE, {"id": silent["id"]})["stageMove"]["enteredAt"] == day(12)


def test_a_move_that_was_never_known_is_null_by_its_id(late):
    [first, *_] = known_before(late, "id enteredAt")
    type_name, key = parse_global_id(first["id"])
    track, at, trigger, customer = key.split("/")
    for other in ((track, at, int(trigger) + 1), (track, int(at) + 1, trigger)):
        id_ = global_id(type_name, "/".join(map(str, (*other, customer))))
        assert late.ask("query($id: ID!) { stageMove(id: $id) { id } }", {"id": id_}) == {"stageMove": None}
