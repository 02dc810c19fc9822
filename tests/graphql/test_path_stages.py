"""A path says where its customer was when it started, what it was an experiment of, and when each step was."""

import pytest
from journeys import event
from ride import STEADY, day, views

PATHS = "paths { nodes { pages stage variants seconds startedAt steps { page occurredAt event { occurredAt } } } }"


@pytest.fixture(scope="module")
def told(common):
    """Two looks, a try, and a visit after it; the last one is part of two experiments."""
    common.house.activate(STEADY)
    last = [
        event(f"last-{n}", "x", 3 * 24 * 60 + n, page=page, **more)
        for n, (page, more) in enumerate(
            [("D", {"variant": "wide"}), ("E", {}), ("F", {"variant": "blue"}), ("G", {"variant": "wide"})]
        )
    ]
    common.take([*views("x", [(0, "A"), (1, "A"), (2, "B")]), *last])
    return common


def test_stages_variants_and_times_of_paths(told):
    first, *_, last = told.ask('{ customer(id: "x") { ' + PATHS + " } }")["customer"]["paths"]["nodes"]
    assert (first["stage"], first["variants"], first["seconds"]) == (None, [], 0.0)
    assert (last["stage"], last["variants"], last["seconds"]) == ("try", ["wide", "blue"], 180.0)
    assert last["startedAt"] == last["steps"][0]["occurredAt"] == day(3)
    assert all(step["occurredAt"] == step["event"]["occurredAt"] for step in last["steps"])


@pytest.mark.parametrize("when", ["knownAt: {position: 1000}", 'at: "2027-01-01T00:00:00Z"'])
def test_they_are_the_same_where_a_customer_is_derived_for_the_question(told, when):
    stored = told.ask('{ customer(id: "x") { ' + PATHS + " } }")
    assert told.ask(f'{{ customer(id: "x", {when}) {{ {PATHS} }} }}') == stored


def test_a_group_of_customers_in_no_stage_and_its_paths_can_be_asked_for(told):
    rows = told.ask("{ percolation(by: STAGE) { rows { stage pathCount paths { nodes { pages stage } } } } }")
    by_stage = {row["stage"]: row for row in rows["percolation"]["rows"]}
    for stage, row in by_stage.items():
        assert {one["stage"] for one in row["paths"]["nodes"]} == {stage}
        asked = told.ask("query($s: String) { paths(where: {stage: $s}) { totalCount } }", {"s": stage or ""})
        assert asked["paths"]["totalCount"] == row["pathCount"]
    assert {None, "try"} <= by_stage.keys()
