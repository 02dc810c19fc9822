"""A prediction over GraphQL by a real model: what is stored, its reasons and its what-ifs are of one piece."""

from itertools import pairwise

import pytest
from journeys import START
from predicting import model_file
from pytest import approx
from ride import DAY, STEADY, views

HORIZONS = {"DAY": "withinDay", "WEEK": "withinWeek", "MONTH": "withinMonth"}
STORED = """stage tier withinDay withinWeek withinMonth tomorrow restOfWeek restOfMonth expectedDays medianDays
  expectedDaysIfNext daysInStage position computedAt exits { exit withinDay withinWeek withinMonth }"""
WHY = " ".join(
    f"base{name}: baseRate(within: {name}) why{name}: factors(within: {name}) {{ group contribution eventCount"
    " features { feature value typical said } events { position occurredAt customer { guid } } }"
    for name in HORIZONS
)
RANGES = "interval { " + " ".join(f"{name} {{ low high }}" for name in (*HORIZONS.values(), "expectedDays")) + " }"


@pytest.fixture(scope="module")
def town(common):
    """Three in stages of a racetrack for which a model is in force, and one in none."""
    common.house.activate(STEADY)
    common.house.promote("ride", model_file(STEADY, pages={"look": ("A", "B"), "try": ("C",)}))
    for n, walk in enumerate(([(0, "A"), (1, "A"), (3, "Q")], [(0, "A"), (1, "A"), (2, "B")], [(4, "A"), (5.5, "A")])):
        common.take(views(f"c{n}", walk, account="acme"), project=False)
    common.take(views("out", [(0, "Q")]))
    return common


def told(service, customer, fields, given=""):
    query = f'{{ customer(id: "{customer}"{given}) {{ journey {{ predictionNote prediction {{ {fields} }} }} }} }}'
    return service.ask(query)["customer"]["journey"]


@pytest.mark.parametrize("given", ["", ', at: "2026-01-08T12:00:00Z"', ", knownAt: {position: 12}"])
@pytest.mark.parametrize("customer", ["c0", "c1"])
def test_the_base_rate_and_all_factors_add_up_to_the_chance(town, customer, given):
    found = told(town, customer, f"{STORED} {WHY}", given)["prediction"]
    for name, chance in HORIZONS.items():
        contributions = [one["contribution"] for one in found[f"why{name}"]]
        assert found[f"base{name}"] + sum(contributions) == approx(found[chance], abs=1e-9)
        assert all(abs(one) >= abs(other) for one, other in pairwise(contributions)), "the strongest comes first"
    events = [event for one in found["whyWEEK"] for event in one["events"]]
    assert {event["customer"]["guid"] for event in events} == {customer}
    assert all(event["occurredAt"] <= found["computedAt"] for event in events)


def test_what_is_stored_is_what_is_derived(town):
    for n in range(3):
        stored, derived = told(town, f"c{n}", STORED), told(town, f"c{n}", f"{STORED} baseRate")
        derived["prediction"].pop("baseRate")
        assert stored == derived
        assert stored["predictionNote"] is None
        chances = [sum(one[name] for one in stored["prediction"]["exits"]) for name in HORIZONS.values()]
        assert 0 <= chances[0] <= chances[1] <= chances[2] <= 1


def test_the_interval_holds_the_figure(town):
    found = told(town, "c0", f"withinDay withinWeek withinMonth expectedDays {RANGES}")["prediction"]
    for name, one in found["interval"].items():
        assert one["low"] < found[name] < one["high"]


def test_what_would_be_as_it_is_changes_nothing(town):
    chances = "withinDay withinWeek withinMonth expectedDays"
    same = f'whatIf(changes: [{{feature: "visits_before", value: 0}}]) {{ {chances} basis }}'
    found = told(town, "c0", f"{chances} {same}")["prediction"]
    answer = found.pop("whatIf")
    assert answer.pop("basis") == "ASSOCIATION"
    assert answer == {name: approx(figure) for name, figure in found.items()}


def test_days_in_the_stage_are_a_comparison_and_no_action(town):
    fewer = 'whatIf(changes: [{feature: "days_in_stage", value: 5}]) { withinWeek basis note exits { withinWeek } }'
    found = told(town, "c0", f"withinWeek {fewer}")["prediction"]
    answer = found["whatIf"]
    assert answer["basis"] == "COMPARISON"
    assert answer["note"]
    assert answer["withinWeek"] == answer["exits"][0]["withinWeek"] != found["withinWeek"]


def test_a_page_that_is_taken_as_seen_changes_no_counts_and_the_note_says_so(town):
    fields = 'whatIf(changes: [{feature: "pages", pages: ["B"]}]) { basis note withinWeek }'
    answer = told(town, "c0", fields)["prediction"]["whatIf"]
    assert (answer["basis"], 0 < answer["withinWeek"] < 1) == ("ASSOCIATION", True)
    assert "how much was viewed, and when last, stays as it is" in answer["note"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param('{feature: "days_in_stage", value: 1e9}', "", id="more than any customer had"),
        pytest.param('{feature: "days_in_stge", value: 1}', "days_in_stage", id="a feature that is none"),
        pytest.param('{feature: "pages", pages: ["Z"]}', "Z", id="a page that the model does not look for"),
    ],
)
def test_what_the_data_do_not_support_is_refused_with_its_reason(town, change, reason):
    found = told(town, "c0", f"whatIf(changes: [{change}]) {{ withinWeek basis refusals {{ feature reason }} }}")
    answer = found["prediction"]["whatIf"]
    assert (answer["withinWeek"], answer["basis"]) == (None, None)
    assert answer["refusals"][0]["feature"] in change
    assert reason in answer["refusals"][0]["reason"]


@pytest.mark.parametrize("name", ["\0", "Z" * 2000])
def test_a_name_that_nothing_has_is_refused_and_shown(town, name):
    query = """query($changes: [FeatureChange!]!) { customer(id: "c0") { journey { prediction {
        whatIf(changes: $changes) { refusals { feature reason } } } } } }"""
    changes = [{"feature": name, "value": 1}, {"feature": "pages", "pages": [name]}]
    found = town.ask(query, {"changes": changes})["customer"]["journey"]["prediction"]["whatIf"]["refusals"]
    assert [one["feature"] for one in found] == [name.replace("\0", "\\0"), "pages"]


def test_a_list_tells_of_each_customer_what_is_told_of_that_customer_alone(town):
    fields = f"{STORED} {WHY}"
    page = town.ask(f'{{ customers(account: "acme", first: 4) {{ nodes {{ guid journey {{ predictionNote '
                    f"prediction {{ {fields} }} }} }} }} }}")["customers"]["nodes"]  # fmt: skip
    assert [one["guid"] for one in page] == ["c0", "c1", "c2"]
    for one in page:
        assert one["journey"] == told(town, one["guid"], fields)


def test_who_is_in_no_stage_has_no_prediction_and_no_reasons(town):
    found = told(town, "out", f"{STORED} {WHY} {RANGES}")
    assert found["prediction"] is None
    assert "in no stage" in found["predictionNote"]


def test_a_prediction_follows_what_happens_to_the_customer(service):
    service.house.activate(STEADY)
    service.house.promote("ride", model_file(STEADY))
    service.take(views("x", [(0, "A"), (1, "A")]))
    before = told(service, "x", STORED)["prediction"]
    service.take(views("x", [(1.5, "B")], first=2))
    after = told(service, "x", STORED)["prediction"]
    assert (before["stage"], after["stage"]) == ("look", "try")
    assert after["position"] > before["position"]
    assert (START.isoformat() < before["computedAt"], DAY) == (True, 1440)


def test_another_model_predicts_once_it_is_in_force_and_the_one_before_once_it_is_rolled_back(service):
    service.house.activate(STEADY)
    service.take(views("x", [(0, "A"), (1, "A")]))
    fields = "withinWeek modelVersion { name status }"
    assert "No model" in told(service, "x", fields)["predictionNote"]
    for seed in (1, 2):
        service.house.promote("ride", model_file(STEADY, seed))
        service.house.project()
    second = told(service, "x", fields)["prediction"]
    assert second["modelVersion"] == {"name": "ride#2", "status": "PROMOTED"}
    found = service.ask('mutation { rollBackModel(racetrack: "ride") { ... on RollBackModelPayload { version } } }')
    assert found == {"rollBackModel": {"version": 1}}
    service.house.project()
    first = told(service, "x", fields)["prediction"]
    assert first["modelVersion"]["name"] == "ride#1"
    assert first["withinWeek"] != second["withinWeek"]
    service.ask('mutation { retireModel(racetrack: "ride") { __typename } }')
    service.house.project()
    assert told(service, "x", fields)["prediction"] is None
