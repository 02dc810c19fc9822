"""Models over GraphQL: how they were trained, what was decided, and how their predictions turned out."""

from datetime import date

import pytest
from given_models import GivenModels, decision, evaluated, model
from ride import STEADY, day

from raceline.domain.errors import (
    LogBusy,
    LogUnavailable,
    NoEarlierModel,
    NoModelInForce,
    PromotionRefused,
    UnknownModel,
)

PLAIN = """name racetrack version racetrackVersion status hash registeredAt registeredBy position promotedAt promotedBy
  forced cutOff cutOffAt firstPosition heldOutFrom liveSince seed landmarks customers codeVersion features parameters
  unreadable"""
FIGURES = """customers rows moves brier baselineBrier logLoss baselineLogLoss skill skillLow skillHigh slope slopeLow
  slopeHigh intercept observed expected ratio ratioLow ratioHigh auc cIndex"""
BINS = "bins { n predicted observed rows low high }"


@pytest.fixture(scope="module")
def ride(common):
    common.house.activate(STEADY)
    common.house.project()
    return common


@pytest.fixture
def models(ride):
    """What the API is told of models: one that is in force, and one that cannot be read."""
    before, ride.api.models = ride.api.models, GivenModels()
    told = ride.api.models.rows
    told["models"] = [model(1, "promoted", promoted_by="bea"), model(2, "registered", unreadable="Damaged.")]
    told["model_decisions"] = [
        decision(1, "registered", 4, None),
        decision(1, "promoted", 5, 1, forced=True, failed=["skill", "slope"], reason="for now"),
        decision(2, "registered", 6, 1),
    ]
    of = {"racetrack": "ride", "model": 1}
    told["model_stages"] = [of | {"n": 1, "stage": "look", "title": "Looks", "tier": "POOLED", "moves": 300,
                                  "landmarks": 900}]  # fmt: skip
    told["model_checks"] = [of | {"n": 1, "rule": "skill", "needed": "above 0", "observed": None, "passed": False}]
    told["model_metrics"] = [of | evaluated(horizon=7, stage=stage, exits_log_loss=0.5) for stage in ("look", "")]
    told["model_calibration"] = [
        of | {"horizon": 7, "stage": stage, "n": n, "predicted": n / 10, "observed": 0.1, "rows": 5, "low": 0.0,
              "high": 0.2} for stage in ("look", "") for n in (2, 1)
    ]  # fmt: skip
    yield ride.api.models
    ride.api.models = before


def test_a_model_says_how_it_was_trained_and_whether_it_can_be_read(ride, models):
    one, two = ride.ask(f"{{ models {{ {PLAIN} }} }}")["models"]
    assert one == {
        "name": "ride#1", "racetrack": "ride", "version": 1, "racetrackVersion": 1, "status": "PROMOTED",
        "hash": f"{1:064x}", "registeredAt": day(0), "registeredBy": "ann", "position": 1, "promotedAt": None,
        "promotedBy": "bea", "forced": False, "cutOff": 9, "cutOffAt": day(0), "firstPosition": 1,
        "heldOutFrom": day(0), "liveSince": None, "seed": 2**40, "landmarks": 1000, "customers": 50,
        "codeVersion": "0.1", "features": ["days_in_stage", "pages_7d"], "parameters": {"seed": 1}, "unreadable": None,
    }  # fmt: skip
    assert (two["name"], two["status"], two["unreadable"]) == ("ride#2", "REGISTERED", "Damaged.")
    assert models.asked == [("models", None)]


def test_a_model_says_what_it_learned_what_was_decided_and_how_it_did(ride, models):
    found = ride.ask(
        f"""{{ modelVersion(racetrack: "ride", version: 1) {{ stages {{ stage title tier moves landmarks }}
            checks {{ rule needed observed passed }}
            decisions {{ kind decidedAt decidedBy position forced failed reason inForce }}
            evaluation {{ horizon stage exitsLogLoss baselineExitsLogLoss {FIGURES} {BINS} }} }} }}"""
    )["modelVersion"]
    assert found["stages"] == [{"stage": "look", "title": "Looks", "tier": "POOLED", "moves": 300, "landmarks": 900}]
    assert found["checks"] == [{"rule": "skill", "needed": "above 0", "observed": None, "passed": False}]
    assert [(one["kind"], one["inForce"]) for one in found["decisions"]] == [("REGISTERED", None), ("PROMOTED", 1)]
    assert found["decisions"][1] == {
        "kind": "PROMOTED", "decidedAt": day(0), "decidedBy": "ann", "position": 5, "forced": True,
        "failed": ["skill", "slope"], "reason": "for now", "inForce": 1,
    }  # fmt: skip
    everybody, look = found["evaluation"]
    assert (everybody["stage"], look["stage"], look["horizon"]) == (None, "look", "WEEK")
    assert (look["rows"], look["skill"], look["auc"], look["exitsLogLoss"]) == (100, 0.2, None, 0.5)
    assert [one["n"] for one in look["bins"]] == [1, 2]
    assert look["bins"][1] == {"n": 2, "predicted": 0.2, "observed": 0.1, "rows": 5, "low": 0, "high": 0.2}
    assert models.asked == [("models", "ride")]


def test_each_question_to_the_ledger_is_answered_by_its_own_rows(ride, models):
    models.figures = {
        "calibration": [("ledger_calibration", evaluated(horizon=30, revised=3, other_version=2, pending=8)),
                        ("ledger_bins", {"n": 1, "predicted": 0.1, "observed": 0.2, "rows": 9, "low": 0.1,
                                         "high": 0.3})],
        "over_time": [("ledger_weeks", evaluated(n=n, week=week, revised=0, other_version=9, pending=n))
                      for n, week in ((1, "2026-01-05"), (2, "2026-01-12"))],
        "drift": [("drift", {"n": n, "stage": "", "feature": feature, "title": "T", "from_day": "2026-01-05",
                             "to_day": "2026-01-11", "rows": 70, "stability": 0.3 / n, "verdict": verdict})
                  for n, feature, verdict in ((1, "pages_7d", "ALARM"), (2, "", "WATCH"), (3, "seats", "STABLE"))],
    }  # fmt: skip
    found = ride.ask(
        f"""{{ modelVersion(racetrack: "ride", version: 1, minPosition: 3) {{
            calibration(horizon: MONTH, stage: "look", from: "2026-01-05", to: "2026-02-05") {{
              horizon {FIGURES} {BINS} revised otherVersion pending position firstDay leftOut }}
            overTime {{ week rows slope revised otherVersion pending }}
            drift {{ stable watch alarm tooFew features(first: 2) {{
              feature title stage fromDay toDay rows stability verdict }} }} }} }}"""
    )["modelVersion"]
    told = found["calibration"]
    assert (told["horizon"], told["brier"], told["revised"], told["pending"]) == ("MONTH", 0.15, 3, 8)
    assert told["otherVersion"] == 2
    assert (told["position"], told["firstDay"], told["leftOut"]) == (7, "2026-01-05", 0)
    assert told["bins"] == [{"n": 1, "predicted": 0.1, "observed": 0.2, "rows": 9, "low": 0.1, "high": 0.3}]
    assert found["overTime"] == [
        {"week": week, "rows": 100, "slope": 0.9, "revised": 0, "otherVersion": 9, "pending": n}
        for n, week in ((1, "2026-01-05"), (2, "2026-01-12"))
    ]
    drift = found["drift"]
    assert [drift[verdict] for verdict in ("stable", "watch", "alarm", "tooFew")] == [1, 1, 1, 0]
    assert [(one["feature"], one["stability"], one["verdict"]) for one in drift["features"]] == [
        ("pages_7d", 0.3, "ALARM"),
        (None, 0.15, "WATCH"),
    ]
    [(_, asks, least)] = [one for one in models.asked if one[0] == "ledger"]
    assert least == 3
    assert [tuple(ask) for ask in asks] == [
        (0, "calibration", "ride", 1, 30, "look", date(2026, 1, 5), date(2026, 2, 5)),
        (1, "over_time", "ride", 1, 7, None, None, None),
        (2, "drift", "ride", 1, 7, None, None, None),
    ]


def test_a_model_that_never_predicted_has_no_drift_and_no_weeks(ride, models):
    found = ride.ask(
        '{ modelVersion(racetrack: "ride", version: 1) { overTime { week } drift { alarm features { title } } } }'
    )
    assert found["modelVersion"] == {"overTime": [], "drift": {"alarm": 0, "features": []}}


def test_what_there_is_none_of_is_null_or_refused_by_name(ride, models):
    assert ride.ask('{ modelVersion(racetrack: "ride", version: 9) { name } }') == {"modelVersion": None}
    for query in ('models(racetrack: "ryde") { name }', 'modelVersion(racetrack: "ryde", version: 1) { name }'):
        assert ride.error(f"{{ {query} }}")["extensions"]["code"] == "UNKNOWN_RACETRACK"
    assert ride.error('{ models { drift(stage: "look") { alarm } } }')["extensions"]["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "field", ["calibration(stage: S) { rows }", "overTime(stage: S) { rows }", "drift(stage: S) { alarm }"]
)
def test_predictions_of_an_unknown_stage_are_refused_with_the_nearest_name(ride, models, field):
    asked = field.replace("S", '"lok"')
    query = f'{{ modelVersion(racetrack: "ride", version: 1) {{ {asked} }} }}'
    error = ride.error(query)
    assert error["extensions"]["code"] == "UNKNOWN_STAGE"
    assert "look" in str(error)


def test_files_of_models_are_looked_at_only_when_it_is_asked_whether_they_can_be_read(ride, models):
    ride.ask("{ models { name } }")
    assert not models.files_checked
    ride.ask("{ models { unreadable } }")
    assert models.files_checked


def test_a_store_without_models_says_so(ride):
    assert ride.ask("{ models { name } }") == {"models": []}


WRITES = """mutation($force: Boolean! = false) {
  promoteModel(racetrack: "ride", version: 2, force: $force, reason: "better") { __typename
    ... on PromoteModelPayload { racetrack version position } ... on Error { message code }
    ... on PromotionRefused { failed } }
  rollBackModel(racetrack: "ride") { __typename ... on RollBackModelPayload { racetrack version position } }
  retireModel(racetrack: "ride") { __typename ... on RetireModelPayload { racetrack position } } }"""


def test_a_model_is_promoted_rolled_back_and_retired(ride, models):
    found = ride.ask(WRITES, {"force": True})
    assert found == {
        "promoteModel": {"__typename": "PromoteModelPayload", "racetrack": "ride", "version": 2, "position": 11},
        "rollBackModel": {"__typename": "RollBackModelPayload", "racetrack": "ride", "version": 1, "position": 12},
        "retireModel": {"__typename": "RetireModelPayload", "racetrack": "ride", "position": 13},
    }
    assert models.asked == [("promote", "ride", 2, True, "better"), ("roll back", "ride"), ("retire", "ride")]


PROMOTE, ROLL_BACK, RETIRE = (
    'promoteModel(racetrack: "ride", version: 2)', 'rollBackModel(racetrack: "ride")', 'retireModel(racetrack: "ride")'
)  # fmt: skip


@pytest.mark.parametrize("error", [UnknownModel(racetrack="ride"), LogBusy(), LogUnavailable()])
@pytest.mark.parametrize("field", [PROMOTE, ROLL_BACK, RETIRE])
def test_what_stops_a_decision_has_a_name(ride, models, field, error):
    models.error = error
    [found] = ride.ask(f"mutation {{ {field} {{ __typename ... on Error {{ message }} }} }}").values()
    assert (found["__typename"], error.title in found["message"]) == (type(error).__name__, True)


def test_a_model_that_failed_a_check_is_promoted_only_by_force(ride, models):
    models.error = PromotionRefused(failed="skill, lower bound; slope")
    [found] = ride.ask(f"mutation {{ {PROMOTE} {{ ... on PromotionRefused {{ code failed }} }} }}").values()
    assert found == {"code": "PROMOTION_REFUSED", "failed": ["skill, lower bound", "slope"]}


@pytest.mark.parametrize(("field", "error"), [(ROLL_BACK, NoEarlierModel), (RETIRE, NoModelInForce)])
def test_without_a_model_to_come_back_to_or_in_force_nothing_is_decided(ride, models, field, error):
    models.error = error(racetrack="ride")
    assert list(ride.ask(f"mutation {{ {field} {{ __typename }} }}").values()) == [{"__typename": error.__name__}]
