"""Drift: what was counted lately against the training, and a warning when it is another crowd."""

import logging
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from raceline.analytics.drift import BINS, Thresholds, counts, edges
from raceline.analytics.landmark_model import BASELINE, SHARED
from raceline.projections import drift_watch
from raceline.projections.drift import THE_WEEK, Trained, counted, drift, trained
from raceline.projections.drift_watch import DriftWatch

FIRST = date(2026, 3, 1)
RNG = np.random.default_rng(1)
TRAINING = RNG.normal(0, 1, 2_000)
BORDERS = edges(TRAINING)
SLOTS = 2  # more than the borders need, as in a model of which another feature has more


def padded(values, size, fill):
    return np.append(values, np.full(size - len(values), fill))


def model():
    """A model of one feature and the week's chance, in two stages; both were spread alike."""
    border = padded(BORDERS, BINS + 1 + SLOTS, np.nan)
    counted_ = padded(counts(TRAINING, BORDERS), BINS + 3 + SLOTS, 0)
    return Trained(
        ("seats", THE_WEEK), np.full((2, 2, len(border)), border), np.full((2, 2, len(counted_)), counted_),
        ("look", "try"), (("Seats", "Chance"), ("", "Chance")),
    )  # fmt: skip


def note(conn, values, stage="look", feature="seats", model_=1, days=1, first=FIRST):
    """Count these values on each of so many days."""
    for day in range(days):
        for bin_, rows in enumerate(counts(values, BORDERS).tolist()):
            if rows:
                conn.execute(
                    "INSERT INTO raceline.prediction_drift VALUES ('walk', %s, %s, %s, %s, %s, %s)",
                    [model_, first + timedelta(days=day), stage, feature, bin_, rows],
                )


def found(reading, **asked):
    seen = counted(reading, "walk", 1, **asked)
    reading.rollback()
    return {(one.stage, one.feature): one for one in drift(model(), seen["walk", 1])} if seen else {}


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        pytest.param(RNG.normal(0, 1, 1_000), "STABLE", id="as in training"),
        pytest.param(RNG.normal(0.4, 1, 1_000), "WATCH", id="a little more"),
        pytest.param(RNG.normal(2, 1, 1_000), "ALARM", id="much more"),
        pytest.param(np.full(1_000, np.nan), "ALARM", id="always missing, which it never was"),
        pytest.param(RNG.normal(2, 1, 100), "TOO_FEW", id="too few to tell"),
    ],
)
def test_a_feature_is_compared_with_the_training_of_its_stage(stored, reading, values, verdict):
    note(stored, values)
    note(stored, RNG.normal(0, 1, 1_000), feature=THE_WEEK)
    told = found(reading)
    assert (told["look", "seats"].verdict, told["look", "seats"].rows) == (verdict, len(values))
    assert (told["look", THE_WEEK].verdict, told["look", THE_WEEK].title) == ("STABLE", "Chance")


def test_the_newest_seven_days_with_predictions_are_looked_at_or_those_that_are_named(stored, reading):
    note(stored, RNG.normal(3, 1, 500), days=1)
    note(stored, RNG.normal(0, 1, 500), days=7, first=FIRST + timedelta(days=5))
    assert (found(reading)["look", "seats"].verdict, found(reading)["look", "seats"].rows) == ("STABLE", 3_500)
    assert found(reading, days=8)["look", "seats"].rows == 4_000
    assert found(reading, from_=FIRST, to=FIRST)["look", "seats"].verdict == "ALARM"
    assert found(reading, to=FIRST - timedelta(days=1)) == {}


def test_what_the_stage_does_not_use_and_what_the_model_does_not_know_is_not_told(stored, reading):
    note(stored, TRAINING, stage="try")
    note(stored, TRAINING, feature="of another raceline")
    note(stored, TRAINING, stage="gone")
    assert found(reading) == {}


def test_the_least_stable_comes_first_and_what_is_too_few_last(stored, reading):
    note(stored, RNG.normal(1, 1, 1_000))
    note(stored, RNG.normal(3, 1, 1_000), stage="try", feature=THE_WEEK)
    note(stored, RNG.normal(5, 1, 50), feature=THE_WEEK)
    assert list(found(reading)) == [("try", THE_WEEK), ("look", "seats"), ("look", THE_WEEK)]


def test_of_stages_that_only_have_a_curve_nothing_is_told():
    features = SimpleNamespace(titles_of=lambda stage: ("Seats",))
    learned = SimpleNamespace(names=("seats",), tier=[BASELINE, SHARED], drift_edges=None, drift_counts=None)
    told = trained(SimpleNamespace(model=learned, features=features), ("look", "try"))
    assert told.titles == [("", ""), ("Seats", "Chance to move on within a week")]


SCORING = SimpleNamespace(racetrack="walk", version=1)
TRACK = SimpleNamespace(name="walk", racetrack=SimpleNamespace(stages={"look": None, "try": None}))
RULES = SimpleNamespace(tracks=(TRACK,), models={"walk": SCORING})


def test_the_log_warns_once_for_each_model_and_day(stored, reading, monkeypatch, caplog):
    """At the next day again, if it is still so; and not where an alarm is set higher."""
    monkeypatch.setattr(drift_watch, "trained", lambda *_: model())
    note(stored, RNG.normal(3, 1, 1_000))
    watch = DriftWatch()

    def warnings(looking):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            said = looking(reading, RULES)
        reading.rollback()
        assert len(said) == len(caplog.records)
        return caplog.messages

    (said,) = warnings(watch)
    assert "walk#1" in said
    assert "Seats in look" in said
    assert said.endswith("raceline train --racetrack walk")
    assert warnings(watch) == []
    note(stored, RNG.normal(3, 1, 1_000), first=FIRST + timedelta(days=1))
    assert len(warnings(watch)) == 1
    assert warnings(DriftWatch(Thresholds(alarm=99.0))) == []
