"""Why nothing is predicted, in words."""

from types import SimpleNamespace

import pytest

from raceline.app.no_prediction import why_nothing

MODEL = SimpleNamespace(name="race#3", racetrack_version=1)


@pytest.mark.parametrize(
    ("model", "version", "status", "words"),
    [
        (MODEL, 1, "outside", "in no stage"),
        (MODEL, 1, "left", "has left"),
        (None, 1, "in_stage", "No model is in force for this racetrack. `raceline train --racetrack race --promote`"),
        (
            MODEL,
            2,
            "in_stage",
            "race#3, was trained for version 1 of the racetrack, and this answer is by version 2. `",
        ),
        (MODEL, 1, "in_stage", "cannot be read"),
    ],
)
def test_the_reason_is_told_with_the_cure(model, version, status, words):
    models = SimpleNamespace(in_force=lambda racetrack: model)
    assert words in why_nothing(models, "race", version, status)
