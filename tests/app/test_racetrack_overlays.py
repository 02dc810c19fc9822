"""raceline racetrack show and diff tell the overlays and the features of a definition."""

import json

import pytest
from small_race import RACE

OVERLAYS = """
overlays:
  devices: {title: Devices, event: telemetry.device_reported, distinct: device_id, documentation: Each once a day.}
  logins: {title: Logins, event: telemetry.login_recorded, where: {succeeded: true}}
features:
  logins_90d: {title: Logins lately, event: telemetry.login_recorded, window_days: 90, group: usage}
"""


@pytest.fixture
def published(raceline, tmp_path):
    """The file of a definition with overlays, which is published; nothing is in force."""
    path = tmp_path / "race.yaml"
    path.write_text(RACE + OVERLAYS)
    assert raceline("racetrack", "publish", str(path)).status == 0
    return path


def test_overlays_are_shown_in_words(raceline, published):
    out = raceline("racetrack", "show", "race").out
    for words in (
        "Devices (devices): different values of device_id in telemetry.device_reported",
        "Each once a day.",
        "Logins (logins): number of telemetry.login_recorded whose succeeded is true",
        "Logins lately (logins_90d): number of telemetry.login_recorded in the last 90 days (usage)",
    ):
        assert words in out


def test_overlays_that_differ_are_told_though_nobody_would_be_elsewhere(raceline, published):
    changed = OVERLAYS.replace("distinct: device_id", "mean: uptime_seconds").replace("logins:", "sign_ins:")
    changed = changed.replace("window_days: 90", "since: stage")
    published.write_text(RACE + changed)
    done = raceline("racetrack", "diff", str(published), "--against", "race@1", "--json")
    assert json.loads(done.out)["overlays"] == [
        {"overlay": "devices", "change": "changed",
         "now": "Devices: different values of device_id in telemetry.device_reported",
         "then": "Devices: mean of uptime_seconds in telemetry.device_reported"},
        {"overlay": "logins", "change": "gone",
         "now": "Logins: number of telemetry.login_recorded whose succeeded is true", "then": ""},
        {"overlay": "sign_ins", "change": "new",
         "now": "", "then": "Logins: number of telemetry.login_recorded whose succeeded is true"},
    ]  # fmt: skip
    assert json.loads(done.out)["features"] == [
        {"feature": "logins_90d", "change": "changed",
         "now": "Logins lately: number of telemetry.login_recorded in the last 90 days",
         "then": "Logins lately: number of telemetry.login_recorded since entering the stage"},
    ]  # fmt: skip
    out = raceline("racetrack", "diff", str(published), "--against", "race@1").out
    assert "Overlays" in out
    assert "Features" in out
    assert "sign_ins" in out


def test_the_same_overlays_are_not_told(raceline, published):
    assert "Overlays" not in raceline("racetrack", "diff", "race@1", "--against", "race@1").out
