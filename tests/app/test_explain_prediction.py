"""raceline explain: what a model predicts of a customer, as a person reads it."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console
from rich.tree import Tree

from raceline.app.explain_event import Event
from raceline.app.explain_prediction import prediction
from raceline.app.explain_prediction_tree import add_prediction

AT = datetime(2026, 1, 5, tzinfo=UTC)
STAGES = {"need": "Need", "try": "Try", "use": "Use"}
# By the end of each of seven bins, five exits: what is asked for are the first, the third and the fifth bin.
INCIDENCE = [value for day in (0.1, 0.2, 0.3, 0.4, 0.6, 0.65, 0.7) for value in (day, day / 10, 0.0, 0.0004, 0.0)]
PREDICTED = {
    "racetrack": "race", "model": 2, "tier": "STAGE", "computed_at": AT, "position": 7, "incidence": INCIDENCE,
    "expected_days": 31.25, "median_days": 22.0, "expected_days_if_next": 12.0,
}  # fmt: skip


def factor(n, horizon, contribution, events=0, title="Content"):
    return {"n": n, "horizon": horizon, "group": title.upper(), "title": title, "contribution": contribution,
            "base": 0.25, "score": 0.3, "events": events}  # fmt: skip


def feature(m, title, said, n=2):
    return {"n": n, "m": m, "feature": f"f{m}", "title": title, "value": 3.0, "typical": 1.0, "said": said}


ROWS = {
    "predictions": [PREDICTED],
    "factors": [
        *(factor(2, horizon, points, 25) for horizon, points in ((1, 0.01), (7, 0.08), (30, 0.1))),
        *(factor(5, horizon, points, title="Support cases") for horizon, points in ((1, 0.0), (7, -0.03), (30, 0.0))),
        *(factor(6, horizon, 0.0, title="Sentiment") for horizon in (1, 7, 30)),
    ],
    "factor_features": [feature(m, f"Views, way {m}", f"{m}, typically 1") for m in range(1, 9)],
    "factor_events": [{"n": 2, "m": m, "position": 30 - m} for m in range(1, 21)],
    "prediction_intervals": [
        {"name": "withinWeek", "low": 0.25, "high": 0.36},
        {"name": "expectedDays", "low": 28.0, "high": 35.5},
    ],
}


def told(changed=(), stage="try"):
    found = prediction(ROWS | dict(changed), lambda position: Event(position, AT, "web.page_viewed", "saw"))
    console, root = Console(width=120, file=StringIO()), Tree("root")
    add_prediction(root, found, stage, STAGES, 2)
    console.print(root)
    return [line.strip("│├└─ ") for line in console.file.getvalue().splitlines()]


def test_a_prediction_is_told_in_chances_words_and_what_matters_most():
    assert told()[1:] == [
        "prediction by race#2, as of 2026-01-05 00:00:00",
        "to Use within a day: 10.0 % low (usual here 25.0 %)",
        "to Use within a week: 30.0 % medium (90 %: 25.0 % to 36.0 %; usual here 25.0 %)",
        "to Use within a month: 60.0 % high (usual here 25.0 %)",
        "other exits within a month: further forward 6.0 %",
        "31.2 more days expected (28.0 to 35.5), up to 90; half have left after 22.0",
        "what matters, within a week (points of a hundred)",
        "+8.0  Content, by 25 events",
        *(f"Views, way {m}: {m}, typically 1" for m in range(1, 7)),
        "2 more features (--json shows all)",
        "23 earlier events",
        "28  2026-01-05 00:00:00  web.page_viewed  saw",
        "29  2026-01-05 00:00:00  web.page_viewed  saw",
        "-3.0  Support cases",
        "next to nothing: Sentiment",
    ]


@pytest.mark.parametrize(
    ("changed", "stage", "words"),
    [
        pytest.param({"predictions": [PREDICTED | {"tier": "BASELINE"}]}, "try",
                     "too few have left this stage for a claim about this customer: its curve alone", id="thin data"),
        pytest.param({}, "use", "there is no next stage: this is the last one", id="the last stage"),
        pytest.param({"predictions": [PREDICTED | {"median_days": None}], "prediction_intervals": []}, "try",
                     "31.2 more days expected, up to 90; half stay longer", id="a median that is too far away"),
    ],
)  # fmt: skip
def test_what_is_special_about_a_prediction_is_told(changed, stage, words):
    lines = told(changed, stage)
    assert words in lines
    assert any("within a week" in line for line in lines) == (stage != "use")


def test_without_a_model_in_force_nothing_is_predicted():
    assert prediction(ROWS | {"predictions": []}, lambda position: None) is None
