"""raceline plot prediction: what is drawn of a customer, and what is not."""

import pytest
from matplotlib.text import Text

from raceline.analytics.incidence import BIN_ENDS
from raceline.app.plot_prediction import prediction

EXITS = ("next", "further", "edge", "backward", "out")


def texts(next_, *contributions):
    """All that is written on the picture of a prediction."""
    chances = dict.fromkeys(EXITS, 0.0) | {"next": next_, "out": 0.01}
    told = {
        "stage": "try", "tier": "POOLED", "daysInStage": 2.0, "expectedDays": 9.0, "racetrackVersion": 1,
        "computedAt": "2026-01-05T00:00:00Z", "modelVersion": None,
        "curve": [chances | {"days": end} for end in BIN_ENDS],
        "withinDay": next_, "withinWeek": next_, "withinMonth": next_, "baseRate": next_ - sum(contributions),
        "interval": dict.fromkeys(("withinDay", "withinWeek", "withinMonth")),
        "factors": [{"title": f"Group {n}", "contribution": one} for n, one in enumerate(contributions)],
    }  # fmt: skip
    figure = prediction("c-1", {"stageTitle": "Try", "racetrack": "r", "prediction": told}, "source")
    assert all(bar.get_x() >= -1e-9 and bar.get_x() + bar.get_width() >= -1e-9 for bar in figure.axes[1].patches)
    return [one.get_text() for one in figure.findobj(Text)]


def test_points_are_points_and_no_exit_is_named_that_the_stage_does_not_have():
    told = texts(0.4, -0.35, 0.254, 0.0001)
    assert {"-35.0", "+25.4", "+0.0", "next stage", "out of the racetrack"} <= set(told)
    assert not {"back by an edge", "backward", "further forward"} & set(told)


@pytest.mark.parametrize("next_", [0.0, 0.0001])
def test_of_the_last_stage_it_is_said_that_nothing_comes_next(next_):
    told = texts(next_)
    assert "nobody moves to a next stage from here" in told
    assert "next stage" not in told
