"""Why a prediction is what it is, how sure, and what it would be under other features."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from journeys import START, House, event
from ride import STEADY, views
from small_model import small_model

from raceline.analytics.incidence import E, K, expected_days
from raceline.analytics.landmark_model import BASELINE, GROUPS, score
from raceline.domain.catalogue import load
from raceline.domain.racetrack_file import parse
from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked, Change, WhatIf
from raceline.projections.explained import EXPLAINED
from raceline.projections.feature_list import feature_list
from raceline.projections.scoring import written_model

PAGES = {"look": ("A", "B", "X"), "try": ("B", "C")}
LIST = feature_list(load(), parse(STEADY), PAGES)
NAMES = LIST.names
LOOK, TRY, BUY = range(3)
YES = [f for f, spec in enumerate(LIST.specs) if spec.unit == "yes"]
AT = START + timedelta(days=8)
MINUTES = 24 * 60

LIFE = [
    *views("ada", [(0, "A"), (1, "A"), (3, "X"), (6, "X"), (7, "A")]),
    event("v1", "ada", 4 * MINUTES, "content.viewed", page="guide"),
    event("v2", "ada", 8 * MINUTES, "content.viewed", page="guide"),
    *views("bob", [(0, "A"), (1, "A"), (2, "B")]),
    *views("eve", [(0, "A")]),
    *views("zoe", [(0, "A"), (1, "A"), (2, "B"), (3, "C"), (4, "C")]),
]


def made_model():
    """Of stages look, try and buy; few have left the last one. Flags are 0 or 1, and other values from 0 to 6."""
    made = small_model(3, NAMES, tuple(LIST.groups.tolist()))
    made.high[:, YES] = 1.0
    made.high[:, NAMES.index("days_in_stage")] = 60.0
    made.typical[:, YES] = 0.0
    made.typical[:, np.flatnonzero(LIST.groups == GROUPS.index("CASES"))] = 0.0
    made.low[LOOK, NAMES.index("seats")] = np.nan
    made.moves[BUY], made.tier[BUY] = 3, BASELINE
    return replace(made, weight=made.weight / 3, replicate_weight=made.replicate_weight / np.float32(3))


MODEL = made_model()


@pytest.fixture(scope="module")
def asked(databases):
    """What is known of customers and their predictions on day 9 of the test; by tables."""
    with databases() as url, closing(House(url)) as house:
        house.activate(STEADY)
        house.take(LIFE)
        house.promote("ride", written_model(MODEL, PAGES))
        house.project()
        with closing(AsKnown(url, house.catalogue, house.rules, house.racetracks, house.models)) as known:
            yield lambda *customers, **more: known(Asked(customers, **{"at": AT} | more))


def of(answer, table, **wanted):
    """The rows of a table in which these columns have these values."""
    return [row for row in answer[table] if all(row[name] == value for name, value in wanted.items())]


def chances(row):
    """To move on within a day, a week, a month, by the prediction."""
    return np.array(row["incidence"]).reshape(K, E)[[0, 2, 4], 0].tolist()


def told(asked, customer, *changes, **more):
    """The what-if of a customer, and why changes were refused."""
    answer = asked(customer, what_ifs=(WhatIf(7, changes),), **more)
    (row,) = answer["what_ifs"]
    assert (row["key"], row["customer_id"], row["racetrack"]) == (7, customer, "ride")
    return row, [(one["feature"], one["reason"]) for one in answer["what_if_refusals"]]


@pytest.mark.parametrize("days", [1.5, 3, 9])
def test_the_usual_chance_and_the_contributions_add_up_to_the_prediction_at_any_moment(asked, days):
    answer = asked("ada", "bob", at=START + timedelta(days=days))
    for row in answer["predictions"]:
        for horizon, within in zip((1, 7, 30), chances(row), strict=True):
            factors = of(answer, "factors", customer_id=row["customer_id"], horizon=horizon)
            assert [one["score"] for one in factors] == pytest.approx([within] * 8, abs=1e-12)
            base, added = factors[0]["base"], sum(one["contribution"] for one in factors)
            assert base + added == pytest.approx(within, abs=1e-9)
    assert len(answer["predictions"]) == (2 if days > 1 else 0)


def test_the_largest_contribution_comes_first_and_each_group_has_its_number(asked):
    for horizon in (1, 7, 30):
        factors = of(asked("ada"), "factors", horizon=horizon)
        sizes = [abs(one["contribution"]) for one in factors]
        assert sizes == sorted(sizes, reverse=True)
        assert {one["n"]: one["group"] for one in factors} == dict(enumerate(GROUPS, 1))


def test_a_factor_names_the_events_behind_it_the_newest_first(asked):
    answer = asked("ada")
    position = {row["occurred_at"]: row["position"] for row in answer["timeline"]}
    day = lambda *days: [position[START + timedelta(days=one)] for one in days]  # noqa: E731
    (guides,) = of(answer, "factors", group="CONTENT", horizon=7)
    # Guides, and the pages A and X that the model looks for in the stage; page B was never seen.
    events = [row["position"] for row in of(answer, "factor_events", n=guides["n"])]
    assert events == [position[at] for at in sorted(position, reverse=True) if at > START + timedelta(days=1)]
    assert guides["events"] == len(events) == 5
    (time,) = of(answer, "factors", group="TIME", horizon=7)
    assert [row["position"] for row in of(answer, "factor_events", n=time["n"])] == day(1), "the second A"
    assert of(answer, "factor_events", n=5) == [], "there is no support case"


def test_what_is_known_of_a_customer_is_told_in_words_beside_what_is_typical(asked):
    answer = asked("ada")
    said = {
        row["feature"]: (row["title"], row["value"], row["typical"], row["said"]) for row in answer["factor_features"]
    }
    assert said["content_7d"] == ("Content views in the last 7 days", 2.0, 3.0, "2, typically 3")
    assert said["days_in_stage"] == ("Days in the stage", 7.0, 3.0, "7 days, typically 3 days")
    assert said["page_3"] == ("Saw X since entering the stage", 1.0, 0.0, "yes, typically no")
    assert said["web_30d"][3] == "5, typically 3"
    assert said["days_since_telemetry"][1:] == (None, 3.0, "never, typically 3 days")
    assert "page_4" not in said, "the stage has three pages"
    for n in {row["n"] for row in answer["factor_features"]}:
        assert [row["m"] for row in of(answer, "factor_features", n=n)] == list(
            range(1, 1 + len(of(answer, "factor_features", n=n)))
        )


def test_a_factor_of_which_all_is_typical_names_the_features_that_others_differ_in(asked):
    """Nobody has a case here, as is typical; some of those whom the model was trained on had."""
    answer = asked("ada")
    (cases,) = of(answer, "factors", group="CASES", horizon=7)
    named = of(answer, "factor_features", n=cases["n"])
    assert (cases["contribution"] != 0, {row["said"] for row in named[:1]}) == (True, {"0, typically 0"})


def test_a_prediction_lies_inside_its_interval(asked):
    answer = asked("ada", "bob")
    for row in answer["predictions"]:
        ends = {one["name"]: one for one in of(answer, "prediction_intervals", customer_id=row["customer_id"])}
        figures = dict(zip(("withinDay", "withinWeek", "withinMonth"), chances(row), strict=True))
        for name, figure in (figures | {"expectedDays": row["expected_days"]}).items():
            assert ends[name]["low"] < figure < ends[name]["high"] <= 90


def test_who_is_in_no_stage_has_no_prediction_and_nothing_to_explain(asked):
    answer = asked("eve", what_ifs=(WhatIf(0, (Change("content_7d", 1.0),)),))
    assert [answer[name] for name in sorted(EXPLAINED)] == [[]] * len(EXPLAINED)


def test_a_what_if_is_what_the_model_says_of_the_changed_features(asked):
    """Bob tries since day 2, when he last saw a page; there is nothing else that is known of him."""
    row, refused = told(asked, "bob", Change("sentiment", 0.5), Change("pages", pages=("C",)))
    assert (refused, row["basis"]) == ([], "ASSOCIATION")
    features = np.array([[0.0 if spec.unit in ("number", "amount", "yes") else np.nan for spec in LIST.specs]])
    known = {"customer_success_manager": np.nan, "employees": np.nan, "days_in_stage": 6.0, "last_page_1": 1.0}
    known |= {"web_7d": 1.0, "web_30d": 3.0, "paths_30d": 3.0}
    for name, value in (known | {"sentiment": 0.5, "page_2": 1.0}).items():
        features[0, NAMES.index(name)] = value
    expected = score(MODEL, np.array([TRY], np.int32), features)
    assert row["incidence"] == pytest.approx(expected.ravel().tolist(), abs=1e-15)
    assert chances(row) == [row["within_day"], row["within_week"], row["within_month"]]
    assert row["expected_days"] == pytest.approx(expected_days(expected)[0])


def test_a_what_if_that_changes_nothing_is_the_prediction(asked):
    before = of(asked("ada"), "predictions")[0]
    row, _ = told(asked, "ada", Change("content_7d", 2.0))
    assert (row["incidence"], row["expected_days"]) == (before["incidence"], before["expected_days"])


def test_a_what_if_without_any_change_is_refused(asked):
    row, refused = told(asked, "ada")
    assert (refused, row["basis"]) == ([("", "say what is to change")], None)


def test_another_time_in_the_stage_is_a_comparison_and_not_an_action(asked):
    row, refused = told(asked, "ada", Change("days_in_stage", 20.0))
    assert (row["basis"], refused) == ("COMPARISON", [])
    assert row["note"] == "A comparison with customers who have been in the stage for so long; time cannot be changed."
    row, _ = told(asked, "ada", Change("days_in_stage", 20.0), Change("sentiment", 0.5))
    assert (row["basis"], "Making a customer like that" in row["note"]) == ("COMPARISON", True)


@pytest.mark.parametrize(
    ("customer", "changes", "reason"),
    [
        pytest.param("ada", [Change("contents_7d", 1.0)], "there is no such feature; did you mean `content_7d`?",
                     id="a feature that is not there"),
        pytest.param("ada", [Change("content_7d", 7.0)],
                     "7 is outside of what was seen in this stage in training, 0 to 6", id="more than was seen"),
        pytest.param("ada", [Change("content_7d", float("inf"))],
                     "inf is outside of what was seen in this stage in training, 0 to 6", id="no number"),
        pytest.param("ada", [Change("seats", 1.0)], "nothing was known of it in this stage in training",
                     id="what was never seen"),
        pytest.param("ada", [Change("content_7d", 1.5)], "1.5 is no whole number", id="half an event"),
        pytest.param("ada", [Change("page_1", 0.5)], "0.5 is neither 0 (no) nor 1 (yes)", id="half a yes"),
        pytest.param("ada", [Change("pages", pages=("A", "C"))],
                     "the model does not know the page `C` in this stage; known are A, B, X", id="an unknown page"),
        pytest.param("ada", [Change("pages", pages=())], "say which pages are seen, in `pages`, and no value",
                     id="no pages"),
        pytest.param("ada", [Change("pages", pages=("A", "X"))], "these pages were all seen already in this stage",
                     id="pages that were seen"),
        pytest.param("ada", [Change("content_7d", pages=("A",))], "say a value; only `pages` takes pages",
                     id="pages of a number"),
        pytest.param("ada", [Change("sentiment", 1.0), Change("sentiment", 2.0)], "it is changed twice",
                     id="the same feature twice"),
        pytest.param("ada", [Change("content_7d", 4.0), Change("content_30d", 3.0)],
                     "it would take content_30d to be 4, and not 3: they count the same events",
                     id="more in a week than in the month around it"),
        pytest.param("zoe", [Change("content_7d", 1.0)],
                     "only 3 moves out of this stage were seen in training: it has a curve, and no personal claim",
                     id="a stage that few have left"),
    ],
)  # fmt: skip
def test_what_the_data_do_not_support_is_refused_and_then_nothing_is_predicted(asked, customer, changes, reason):
    row, refused = told(asked, customer, *changes, Change("sentiment_last", 2.0))
    assert (changes[0].feature, reason) in [*refused, (changes[0].feature, "")]
    figures = ("within_day", "within_week", "within_month", "expected_days", "incidence", "basis")
    assert [row[name] for name in figures] == [None] * len(figures)


def test_counts_of_the_same_events_in_other_windows_are_changed_along(asked):
    """Ada has viewed content twice in a week, both since entering the stage a week ago."""
    more, refused = told(asked, "ada", Change("content_7d", 5.0))
    alike, _ = told(asked, "ada", *(Change(f"content_{name}", 5.0) for name in ("7d", "30d", "in_stage")))
    assert (refused, more["incidence"]) == ([], alike["incidence"])
    assert more["note"].endswith(
        "Changed along, because it counts the same events: content_30d is 5, content_in_stage is 5."
    )
    less, _ = told(asked, "ada", Change("content_30d", 0.0))
    assert "content_1d is 0, content_7d is 0, content_in_stage is 0" in less["note"]


def test_without_a_model_in_force_nothing_is_explained(asked):
    answer = asked("ada", position=1 + len(LIFE), what_ifs=(WhatIf(0, ()),))
    assert [answer[name] for name in sorted(EXPLAINED)] == [[]] * len(EXPLAINED)
    assert answer["predictions"] == []


def test_only_what_is_asked_for_is_told(asked):
    assert sorted(set(asked("ada", tables=frozenset({"factors"}))) & EXPLAINED) == ["factors"]
