"""What is predicted of a stage as a whole: the mean chances, the moves that are expected, and what came true."""

import psycopg
import pytest
from given_models import GivenModels, forecast, predicted, write
from pytest import approx
from ride import EAGER, STEADY, publish, views

SUMS = """withinDay withinWeek withinMonth outWithinMonth expectedWithinDay expectedWithinWeek expectedWithinMonth
  expectedOutWithinMonth"""
FORECAST = f"""day customers revised otherVersion {SUMS}
  movedWithinDay movedWithinWeek movedWithinMonth wentOutWithinMonth"""
TOLD = {
    "day": "2026-01-06", "customers": 4, "revised": 1, "otherVersion": 0,
    "withinDay": 0.25, "withinWeek": 0.25, "withinMonth": 0.25,
    "outWithinMonth": 0.25, "expectedWithinDay": 0.25, "expectedWithinWeek": 0.25, "expectedWithinMonth": 0.25,
    "expectedOutWithinMonth": 0.25, "movedWithinDay": 0, "movedWithinWeek": 2, "movedWithinMonth": None,
    "wentOutWithinMonth": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def town(common):
    """Two in one stage have predictions, and one in another has none."""
    common.house.activate(STEADY)
    publish(common.house, EAGER)
    for customer in ("ann", "bob"):
        common.take(views(customer, [(0, "A"), (1, "A")], account="acme"), project=False)
    common.take(views("cat", [(0, "A"), (1, "A"), (2, "B")]))
    common.api.models = GivenModels()
    common.api.models.figures = {
        "days": [forecast("look", "2026-01-06"), forecast("buy", "2026-01-07", mean_week=None)],
        "stages": [forecast("look", "2026-01-06")],
    }
    with psycopg.connect(common.house.url, autocommit=True) as conn:
        chances = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
        write(conn, [predicted("ann", "look", chances), predicted("bob", "look", [0.5] * 7, expected_days=2.5)])
    return common


def stages(town, fields, given=""):
    found = town.ask(f"{{ stages{given} {{ stage predictions {{ {fields} }} }} }}")["stages"]
    return {one["stage"]: one["predictions"] for one in found}


def test_a_stage_says_what_is_expected_of_its_customers_and_what_came_true_of_the_last_such_forecast(town):
    found = stages(town, f"customers {SUMS} expectedDays cameTrue {{ {FORECAST} }}")
    assert found == {
        "look": {
            "customers": 2, "withinDay": approx(0.3), "withinWeek": approx(0.4), "withinMonth": approx(0.5),
            "outWithinMonth": approx(0.05), "expectedWithinDay": approx(0.6), "expectedWithinWeek": approx(0.8),
            "expectedWithinMonth": 1, "expectedOutWithinMonth": approx(0.1), "expectedDays": 7.5, "cameTrue": TOLD,
        },
        "try": None, "buy": None,
    }  # fmt: skip


def test_the_sums_of_a_stage_are_those_of_its_customers(town):
    chances = "nodes { journey { prediction { withinWeek exits { exit withinMonth } } } }"
    each = [
        one["journey"]["prediction"]
        for one in town.ask(f'{{ customers(stage: "look") {{ {chances} }} }}')["customers"]["nodes"]
    ]
    found = stages(town, "expectedWithinWeek expectedOutWithinMonth")["look"]
    assert sum(one["withinWeek"] for one in each) == approx(found["expectedWithinWeek"])
    out = sum(one["exits"][4]["withinMonth"] for one in each)
    assert out == approx(found["expectedOutWithinMonth"])


def test_a_single_figure_of_a_forecast_is_told_as_well(town):
    assert stages(town, "withinMonth cameTrue { day }")["look"] == {
        "withinMonth": approx(0.5),
        "cameTrue": {"day": "2026-01-06"},
    }
    assert stages(town, "__typename cameTrue { __typename }")["look"] == {
        "__typename": "StagePredictions",
        "cameTrue": {"__typename": "StageForecast"},
    }


def test_a_version_that_is_not_active_has_no_forecast(town):
    assert set(stages(town, "customers", '(racetrack: {name: "ride", version: 2})').values()) == {None}


def days(town, fields, given=""):
    found = town.ask(f'{{ stageDays(from: "2026-01-06", to: "2026-01-07"{given}) {{ stage day {fields} }} }}')
    return {(one["stage"], one["day"][-2:]): one["predictions"] for one in found["stageDays"]}


def test_each_day_of_a_stage_tells_what_was_predicted_on_it_and_what_came_true(town):
    found = days(town, f"customers predictions {{ {FORECAST} }}")
    asked = town.api.models.asked[-1]
    assert found.pop(("look", "06")) == TOLD
    assert found.pop(("buy", "07")) == TOLD | {"day": "2026-01-07", "withinWeek": None}
    assert len(found) == 6
    assert set(found.values()) == {None}
    assert [str(one) for one in asked] == ["days", "None", "2026-01-06", "2026-01-07", "0"]
    assert days(town, "predictions { __typename }")["look", "06"] == {"__typename": "StageForecast"}


@pytest.mark.parametrize("given", [', account: "acme"', ', racetrack: {name: "ride", version: 2}'])
def test_the_ledger_is_of_all_customers_and_of_the_active_version(town, given):
    assert set(days(town, "predictions { day }", given).values()) == {None}
