"""What can be said of a move that no event made, and of a rule that holds and has not moved anybody yet."""

import pytest
from ride import day, views

TRACK = """
name: quiet
title: Quiet
stages: {look: {title: Looks}, buy: {title: Buys}, idle: {title: Idle}}
rules:
  looks: {title: Looks around, stage: look, from: [outside], when: {event: web.page_viewed}}
  buys: {title: Has seen A, stage: buy, from: [look], when: {event: web.page_viewed, where: {page: A}, since: start}}
  idles: {title: Never reads, stage: idle, from: [buy], when: {none: {event: content.viewed, for: 5d}}}
"""


@pytest.fixture(scope="module")
def quiet(common):
    common.house.activate(TRACK)
    common.take(views("x", [(0, "A"), (1, "B")]))
    common.take(views("y", [(0, "A")]))
    return common


def journey(service, customer, fields):
    data = service.ask(f'{{ customer(id: "{customer}") {{ journey {{ {fields} }} }} }}')
    return data["customer"]["journey"]


def test_silence_of_what_never_came_has_no_event_for_its_evidence(quiet):
    evidence = "evidence { event { position } role }"
    fields = f"moves {{ to enteredAt trigger {{ position }} {evidence} conditions {{ {evidence} }} }}"
    assert journey(quiet, "x", fields)["moves"][-1] == {
        "to": "idle", "enteredAt": day(5), "trigger": None, "evidence": [], "conditions": [{"evidence": []}],
    }  # fmt: skip


def test_a_rule_that_holds_already_moves_at_the_next_event_and_says_so(quiet):
    fields = "currentStage nextMoves { to holds firesAt missing { says } conditions { satisfied } }"
    assert journey(quiet, "y", fields) == {
        "currentStage": "look",
        "nextMoves": [
            {"to": "buy", "holds": True, "firesAt": None, "missing": [], "conditions": [{"satisfied": True}]}
        ],
    }
    quiet.take(views("y", [(1, "B")], first=1))
    assert journey(quiet, "y", "stays { stage enteredAt }")["stays"][1] == {"stage": "buy", "enteredAt": day(1)}
