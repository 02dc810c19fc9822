"""A customer's prediction over GraphQL: what is stored is told as it stands, what is derived belongs to it."""

import psycopg
import pytest
from given_models import GivenModels, decision, model, predicted, write
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys import event
from pytest import approx
from ride import EAGER, STEADY, day, publish, views

CHANCES = (0.1, 0.15, 0.3, 0.4, 0.6, 0.7, 0.75)
STORED = """prediction { stage tier withinDay withinWeek withinMonth tomorrow restOfWeek restOfMonth
  likelihood { day week month } exits { exit withinDay withinWeek withinMonth } expectedDays horizonDays medianDays
  expectedDaysIfNext daysInStage racetrackVersion position computedAt modelVersion { name status } }"""
WHY = """prediction { withinWeek baseRate ofDay: baseRate(within: DAY) interval { withinWeek { low high }
    expectedDays { low high } withinDay { low } }
  factors { group title contribution eventCount features { feature title value typical said }
            events { position type customer { guid } } }
  today: factors(within: DAY) { group contribution } }"""
WHAT_IF = """prediction { withinDay
  sooner: whatIf(changes: [{feature: "days_in_stage", value: 5}, {feature: "pages", pages: ["x", "y"]}]) {
    withinDay withinWeek withinMonth expectedDays exits { exit withinWeek } basis note refusals { feature reason } }
  never: whatIf(changes: [{feature: "days_in_stge", value: 5}]) {
    withinDay expectedDays exits { exit } basis note refusals { feature reason } } }"""


@pytest.fixture(scope="module")
def town(common):
    """Two of a company are in stages and one is in none; their predictions are written by each test."""
    common.house.activate(STEADY)
    common.take(views("ann", [(0, "A"), (1, "A")], account="acme"), project=False)
    common.take(views("bob", [(0, "A"), (1, "A"), (2, "B")], account="acme"), project=False)
    common.take([event("q", "out", 0, page="Q")])
    with psycopg.connect(common.house.url, autocommit=True) as conn:
        common.conn = conn
        yield common


@pytest.fixture
def models(town):
    """What the API is told of models."""
    before, town.api.models = town.api.models, GivenModels()
    yield town.api.models
    town.api.models = before


@pytest.fixture
def two(town, models):
    """Predictions of both who are in a stage."""
    write(town.conn, [predicted("ann", "look", CHANCES), predicted("bob", "try", (*CHANCES[1:], 0.8))])
    return town


@pytest.fixture
def derived(two, monkeypatch):
    """Rows that are derived on demand, of a newer prediction than the stored one; and the questions for them."""
    asked, real = [], two.api.as_known
    mine = {"customer_id": "ann", "racetrack": "ride"}
    newer = predicted("ann", "look", (0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9), position=2)
    factors = [
        mine | {"horizon": horizon, "n": n, "group": group, "title": group.title(), "contribution": share,
                "base": base, "score": score, "events": 2 * (n == 7)}
        for horizon, base, score, of in ((1, 0.15, 0.2, (0.01, 0.04)), (7, 0.3, 0.5, (0.05, 0.15)))
        for n, group, share in ((1, "TIME", of[0]), (7, "PATHS", of[1]))
    ]  # fmt: skip
    feature = mine | {"value": 2.0, "typical": 1.0, "title": "Pages"}
    answer = mine | {"within_day": 0.4, "within_week": 0.6, "within_month": 0.8, "expected_days": 4.5,
                     "incidence": newer["incidence"], "basis": "COMPARISON", "note": "Time is no action."}  # fmt: skip
    rows = {
        "predictions": [newer],
        "factors": factors,
        "factor_features": [feature | {"n": 7, "m": m, "feature": name, "said": "2 pages"}
                            for m, name in ((2, "pages_1d"), (1, "pages_7d"))],
        "factor_events": [mine | {"n": 7, "m": m, "position": p} for m, p in ((1, 5), (2, 4))],
        "prediction_intervals": [mine | {"name": name, "low": 0.25, "high": 0.75}
                                 for name in ("withinWeek", "expectedDays")],
        "what_ifs": [answer | {"key": 0}, dict.fromkeys(answer) | mine | {"key": 1, "note": "Nothing is told."}],
        "what_if_refusals": [mine | {"key": 1, "m": 1, "feature": "days_in_stge", "reason": "`days_in_stage`?"}],
    }  # fmt: skip

    async def as_known(question):
        asked.append(question)
        return await real(question) | {name: rows[name] for name in question.tables if name in rows}

    monkeypatch.setattr(two.api, "as_known", as_known)
    return asked


def prediction(service, customer, fields, given=""):
    return service.ask(f'{{ customer(id: "{customer}"{given}) {{ journey {{ {fields} }} }} }}')["customer"]["journey"]


def test_what_is_stored_of_predictions_is_read_in_one_statement(two):
    two.statements.clear()
    found = two.ask(f'{{ customers(account: "acme") {{ nodes {{ journey {{ {STORED} }} }} }} }}')["customers"]["nodes"]
    ann, bob = (one["journey"]["prediction"] for one in found)
    assert len(two.statements) == 1
    exits = ann.pop("exits")
    assert ann == {
        "stage": "look", "tier": "POOLED", "withinDay": 0.1, "withinWeek": 0.3, "withinMonth": 0.6, "tomorrow": 0.1,
        "restOfWeek": approx(0.2), "restOfMonth": approx(0.3),
        "likelihood": {"day": "LOW", "week": "MEDIUM", "month": "HIGH"}, "expectedDays": 12.5, "horizonDays": 90,
        "medianDays": None, "expectedDaysIfNext": 3.25, "daysInStage": 0.5, "racetrackVersion": 1, "position": 1,
        "computedAt": day(0), "modelVersion": {"name": "ride#1", "status": "PROMOTED"},
    }  # fmt: skip
    assert [one["exit"] for one in exits] == ["NEXT", "FURTHER", "EDGE", "BACKWARD", "OUT"]
    assert exits[0] == {"exit": "NEXT", "withinDay": 0.1, "withinWeek": 0.3, "withinMonth": 0.6}
    assert exits[4] == {"exit": "OUT", "withinDay": 0.01, "withinWeek": 0.03, "withinMonth": 0.05}
    assert (bob["stage"], bob["withinWeek"]) == ("try", 0.4)


@settings(max_examples=15, deadline=None)
@given(chances=st.lists(st.floats(0, 1), min_size=7, max_size=7).map(sorted))
def test_parts_of_the_time_add_up_to_the_whole_and_nothing_falls(town, chances):
    write(town.conn, [predicted("ann", "look", chances)])
    one = prediction(town, "ann", "prediction { withinDay withinWeek withinMonth tomorrow restOfWeek restOfMonth }")
    told = one["prediction"]
    assert told["withinDay"] <= told["withinWeek"] <= told["withinMonth"]
    assert min(told.values()) >= 0
    assert told["tomorrow"] + told["restOfWeek"] == approx(told["withinWeek"])
    assert told["withinWeek"] + told["restOfMonth"] == approx(told["withinMonth"])


@pytest.mark.parametrize(
    ("chance", "word"),
    [(0.0, "LOW"), (0.1999, "LOW"), (0.2, "MEDIUM"), (0.4999, "MEDIUM"), (0.5, "HIGH"), (1, "HIGH")],
)
def test_a_chance_is_called_low_below_a_fifth_and_high_from_a_half(town, chance, word):
    write(town.conn, [predicted("ann", "look", [chance] * 7)])
    assert prediction(town, "ann", "prediction { likelihood { day } }")["prediction"]["likelihood"] == {"day": word}


def test_reasons_are_told_of_the_prediction_that_they_add_up_to(two, derived):
    found = prediction(two, "ann", WHY)["prediction"]
    week, today = found["factors"], found["today"]
    assert found["withinWeek"] == 0.5, "the one of this derivation; the stored one waits for its turn"
    assert found["baseRate"] + sum(one["contribution"] for one in week) == approx(found["withinWeek"], abs=1e-12)
    assert found["ofDay"] + sum(one["contribution"] for one in today) == approx(0.2, abs=1e-12)
    assert [one["group"] for one in week] == ["PATHS", "TIME"], "what matters most comes first"
    assert week[0] == {
        "group": "PATHS", "title": "Paths", "contribution": 0.15, "eventCount": 2,
        "features": [{"feature": name, "title": "Pages", "value": 2, "typical": 1, "said": "2 pages"}
                     for name in ("pages_7d", "pages_1d")],
        "events": [{"position": 5, "type": "web.page_viewed", "customer": {"guid": "ann"}},
                   {"position": 4, "type": "web.page_viewed", "customer": {"guid": "ann"}}],
    }  # fmt: skip
    assert (week[1]["features"], week[1]["events"], week[1]["eventCount"]) == ([], [], 0)
    assert found["interval"] == {
        "withinWeek": {"low": 0.25, "high": 0.75}, "expectedDays": {"low": 0.25, "high": 0.75}, "withinDay": None,
    }  # fmt: skip
    [asked] = derived
    assert (asked.customers, asked.what_ifs) == (("ann",), ())
    assert asked.tables == {"predictions", "factors", "factor_features", "factor_events", "prediction_intervals"}


def test_what_is_only_stored_derives_nobody(two, derived):
    prediction(two, "ann", STORED)
    assert derived == []


def test_reasons_of_a_prediction_that_waits_for_its_turn_are_told_of_the_one_that_it_will_be(two, derived):
    write(two.conn, [])
    found = prediction(two, "ann", "predictionNote prediction { withinWeek baseRate }")
    assert found == {"predictionNote": None, "prediction": {"withinWeek": 0.5, "baseRate": 0.3}}
    fields = "racetrack predictionNote prediction { withinWeek interval { withinWeek { low } } }"
    found = two.ask(f'{{ customer(id: "ann") {{ journeys {{ {fields} }} }} }}')["customer"]["journeys"]
    interval = {"withinWeek": {"low": 0.25}}
    told = {"racetrack": "ride", "predictionNote": None, "prediction": {"withinWeek": 0.5, "interval": interval}}
    assert found == [told]


def test_each_what_if_is_answered_or_refused_with_its_reason(two, derived):
    found = prediction(two, "ann", WHAT_IF)["prediction"]
    assert found["sooner"] == {
        "withinDay": 0.4, "withinWeek": 0.6, "withinMonth": 0.8, "expectedDays": 4.5, "basis": "COMPARISON",
        "note": "Time is no action.", "refusals": [],
        "exits": [{"exit": "NEXT", "withinWeek": 0.5}, {"exit": "FURTHER", "withinWeek": 0},
                  {"exit": "EDGE", "withinWeek": 0}, {"exit": "BACKWARD", "withinWeek": 0},
                  {"exit": "OUT", "withinWeek": 0.03}],
    }  # fmt: skip
    assert found["never"] == {
        "withinDay": None, "expectedDays": None, "exits": [], "basis": None, "note": "Nothing is told.",
        "refusals": [{"feature": "days_in_stge", "reason": "`days_in_stage`?"}],
    }  # fmt: skip
    first, second = derived[0].what_ifs
    assert [(one.feature, one.value, one.pages) for one in first.changes] == [
        ("days_in_stage", 5, None),
        ("pages", None, ("x", "y")),
    ]
    assert (first.key, second.key, len(second.changes)) == (0, 1, 1)


@pytest.mark.parametrize("change", ['{feature: "a"}', '{feature: "a", value: 1, pages: ["x"]}'])
def test_a_change_says_a_value_or_pages(two, change):
    query = f'{{ customer(id: "ann") {{ journey {{ prediction {{ whatIf(changes: [{change}]) {{ note }} }} }} }} }}'
    assert two.error(query)["extensions"]["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("changes", "extensions"),
    [
        pytest.param([{"feature": "a", "value": 1}] * 51, {"limit": "changes", "allowed": 50, "found": 51},
                     id="features"),
        pytest.param([{"feature": "pages", "pages": ["p"] * 25}, {"feature": "pages", "pages": ["p"] * 26}],
                     {"limit": "changes", "allowed": 50, "found": 51}, id="pages"),
        pytest.param([{"feature": "x" * 2001, "value": 1}], {"argument": "changes"}, id="characters of a name"),
    ],
)  # fmt: skip
def test_a_what_if_of_too_many_changes_is_refused_before_anybody_is_derived(two, derived, changes, extensions):
    query = """query($changes: [FeatureChange!]!) { customer(id: "ann") { journey { prediction {
        whatIf(changes: $changes) { note } } } } }"""
    found = two.error(query, {"changes": changes})["extensions"]
    assert found.items() >= extensions.items()
    assert derived == []


def test_a_list_of_customers_tells_the_reasons_of_each(two, derived):
    fields = "guid journey { prediction { factors { group } } }"
    found = two.ask(f'{{ customers(account: "acme", first: 20) {{ nodes {{ {fields} }} }} }}')["customers"]["nodes"]
    assert [len((one["journey"]["prediction"] or {"factors": []})["factors"]) for one in found] == [2, 0]
    assert derived[0].customers == ("ann", "bob")


def test_reasons_of_a_great_many_customers_are_refused_by_the_name_of_the_limit(two):
    what = 'whatIf(changes: [{feature: "a", value: 1}]) { note }'
    for first, fields in ((100, "factors { group }"), (95, f"{what} factors {{ events {{ customer {{ id }} }} }}")):
        error = two.error(f"{{ customers(first: {first}) {{ nodes {{ journey {{ prediction {{ {fields} }} }} }} }} }}")
        assert error["extensions"]["limit"] == "cost"
    two.ask(f"{{ customers(first: 500) {{ nodes {{ journey {{ {STORED} predictionNote }} }} }} }}")


def test_reasons_are_told_for_the_customers_of_the_question_only(two):
    error = two.error("{ events { nodes { customer { journey { prediction { factors { group } } } } } } }")
    assert "reasons" in error["message"]


@pytest.mark.parametrize("coordinate", ['at: "2026-01-06T12:00:00Z"', "knownAt: {position: 7}"])
def test_a_prediction_at_another_time_is_derived_with_everything_else(two, derived, coordinate):
    found = prediction(two, "ann", STORED, f", {coordinate}")["prediction"]
    assert (found["withinWeek"], found["position"], found["modelVersion"]["name"]) == (0.5, 2, "ride#1")
    assert "predictions" in derived[0].tables


@pytest.mark.parametrize(
    ("customer", "rows", "says"),
    [
        pytest.param("out", [], "in no stage of this racetrack yet", id="in no stage"),
        pytest.param("ann", [], "No model is in force", id="no model"),
        pytest.param("ann", [(model(1, "promoted"), decision(1, "promoted", 1, 1)),
                             (model(2, "registered"), decision(1, "retired", 2, None))],
                     "No model is in force", id="a model that was retired"),
        pytest.param("ann", [(model(1, "promoted", racetrack_version=2), decision(1, "promoted", 1, 1))],
                     "ride#1, was trained for version 2 of the racetrack, and this answer is by version 1",
                     id="a model for another version"),
        pytest.param("ann", [(model(1, "promoted", unreadable="damaged."), decision(1, "promoted", 1, 1))],
                     "ride#1, cannot be read: damaged.", id="a model whose file is damaged"),
        pytest.param("ann", [(model(1, "promoted"), decision(1, "promoted", 1, 1))],
                     "has not been computed yet", id="a prediction that waits for its turn"),
    ],
)  # fmt: skip
def test_where_there_is_no_prediction_a_note_says_why(town, models, customer, rows, says):
    write(town.conn, [])
    models.rows = {"models": [one for one, _ in rows], "model_decisions": [one for _, one in rows]}
    found = prediction(town, customer, "prediction { stage } predictionNote")
    assert found["prediction"] is None
    assert says in found["predictionNote"]


def test_a_prediction_needs_no_note(two):
    assert prediction(two, "ann", "predictionNote")["predictionNote"] is None


def test_why_there_was_none_is_told_by_the_model_that_was_in_force_then(town, models):
    write(town.conn, [])
    models.rows["model_decisions"] = [decision(1, "promoted", 8, 1)]
    note = [
        prediction(town, "ann", "predictionNote", f", knownAt: {{position: {n}}}")["predictionNote"] for n in (7, 8)
    ]
    assert "No model" in note[0]
    assert "not been computed" in note[1]


def test_a_version_that_is_not_active_has_no_predictions_of_the_one_that_is(two):
    publish(two.house, EAGER)
    given = ', racetrack: {name: "ride", version: 2}'
    found = prediction(two, "ann", "prediction { stage } predictionNote", given)
    assert found["prediction"] is None
    assert "this answer is by version 2" in found["predictionNote"]
