"""raceline model: models listed, shown, promoted, rolled back, retired and saved."""

import json
import re
from hashlib import sha256

import pytest
from small_race import RACE, RACE_2

from raceline.domain.models import Models
from raceline.domain.racetracks import Racetracks

PARAMETERS = {"seed": 7, "cut_off": 99, "until": "2026-03-01T00:00:00+00:00", "landmarks": 12_345, "live_since": None,
              "features": ["days_in_stage", "seats"]}  # fmt: skip
FIGURES = dict.fromkeys(
    ("brier", "baseline_brier", "log_loss", "baseline_log_loss", "slope", "slope_low", "slope_high", "intercept",
     "observed", "expected", "ratio", "ratio_low", "ratio_high", "auc", "c_index", "skill", "skill_low", "skill_high")
)  # fmt: skip
WEEK = FIGURES | {"horizon": 7, "rows": 2_000, "customers": 40, "moves": 60, "skill": 0.2, "skill_low": 0.1,
                  "skill_high": 0.3, "log_loss": 0.1234}  # fmt: skip


def metrics(passed=True):
    return {
        "evaluation": [WEEK | {"stage": None}, WEEK | {"stage": "look", "rows": 7}],
        "bins": [],
        "stages": [{"stage": "look", "tier": "SHARED", "moves": 33, "landmarks": 444}],
        "checks": [{"rule": "beats the baseline", "needed": "above 0", "observed": 0.1, "passed": passed}],
    }


@pytest.fixture
def racetrack(raceline, tmp_path, configured):
    """The racetrack of a small race, in force."""
    path = tmp_path / "race.yaml"
    path.write_text(RACE)
    assert raceline("racetrack", "publish", str(path), "--activate").status == 0
    with Racetracks(configured) as racetracks:
        yield racetracks.registry().default


@pytest.fixture
def register(racetrack, configured):
    """Registers models, each with a file of its own."""
    with Models(configured) as models:

        def register(file, passed=True):
            said = json.dumps(PARAMETERS), json.dumps(metrics(passed))
            return models.register(racetrack, file, *said, "a\x1bda")

        yield register


def statuses(raceline):
    return [(one["version"], one["status"]) for one in json.loads(raceline("model", "list", "--json").out)]


def test_a_store_without_models_says_how_to_come_by_one(raceline, racetrack):
    assert "raceline train" in raceline("model", "list").err
    assert json.loads(raceline("model", "list", "--json").out) == []


def test_models_are_listed_with_what_decides_about_them(raceline, register, racetrack):
    register(b"one"), register(b"two", passed=False)
    raceline("model", "promote", f"{racetrack.name}#1")
    out = raceline("model", "list").out
    first, second = out.splitlines()[-2:] if out.splitlines()[-1].strip() else out.splitlines()[-3:-1]
    assert re.split(r"\s{2,}", first.strip())[:3] == [f"{racetrack.name}#1", "promoted", "1"]
    assert "2026-03-01" in first
    assert "12,345" in first
    assert "0.20 (0.10 to 0.30)" in first
    assert first.rstrip().endswith("passed")
    assert second.rstrip().endswith("1 of 1 not passed")
    assert "\x1b" not in out


def test_a_model_is_shown_with_what_it_was_trained_by_and_how_it_did(raceline, register, racetrack):
    register(b"one")
    out = raceline("model", "show", racetrack.name).out
    for said in (f"{racetrack.name}#1 (registered", f"{racetrack.name}@1", sha256(b"one").hexdigest(), "12,345",
                 "beats the baseline", "above 0", "passed", "SHARED", "444", "0.1234"):  # fmt: skip
        assert said in out
    told = json.loads(raceline("model", "show", f"{racetrack.name}#1", "--json").out)
    assert (told["parameters"], told["metrics"]) == (PARAMETERS, metrics())


def test_a_model_that_failed_a_rule_is_promoted_by_force_alone(raceline, register, racetrack):
    register(b"one", passed=False)
    refused = raceline("model", "promote", racetrack.name)
    assert (refused.status, "beats the baseline" in refused.err) == (1, True)
    done = raceline("model", "promote", racetrack.name, "--force", "--reason", "a demonstration")
    assert (done.status, "forced" in done.out) == (0, True)
    told = json.loads(raceline("model", "show", racetrack.name, "--json").out)
    assert told["promotion"]["reason"] == "a demonstration"
    assert "no reason is kept" in raceline("model", "promote", racetrack.name, "--reason", "once more").err
    assert "promoted, forced" in raceline("model", "list").out


def test_models_are_rolled_back_and_retired(raceline, register, racetrack):
    for n, file in enumerate((b"one", b"two"), 1):
        register(file)
        assert raceline("model", "promote", f"{racetrack.name}#{n}").status == 0
    assert f"{racetrack.name}#1 is in force again" in raceline("model", "roll-back", racetrack.name).out
    assert statuses(raceline) == [(1, "promoted"), (2, "rolled_back")]
    assert raceline("model", "retire", racetrack.name).status == 0
    assert statuses(raceline) == [(1, "retired"), (2, "rolled_back")]
    again = raceline("model", "retire", racetrack.name)
    assert (again.status, "No model of this racetrack is in force" in again.err) == (1, True)


def test_promoting_for_a_racetrack_that_changed_since_says_that_nothing_is_predicted(
    raceline, register, racetrack, tmp_path, configured
):
    register(b"one")
    path = tmp_path / "race_2.yaml"
    path.write_text(RACE_2)
    raceline("racetrack", "publish", str(path), "--activate")
    done = raceline("model", "promote", racetrack.name)
    assert done.status == 0
    assert f"trained for {racetrack.name}@1, and {racetrack.name}@2 is in force: nothing is predicted" in done.err
    again = f"`raceline train --racetrack {racetrack.name} --promote`"
    assert all(again in told.err for told in (done, raceline("model", "list")))
    with Racetracks(configured) as racetracks, Models(configured) as models:
        models.register(racetracks.registry().default, b"two", json.dumps(PARAMETERS), json.dumps(metrics()), "ada")
    assert f"`raceline model promote {racetrack.name}#2`" in raceline("model", "list").err
    raceline("racetrack", "retire", racetrack.name)
    raceline("model", "retire", racetrack.name)
    assert "nothing is predicted until one is" in raceline("model", "roll-back", racetrack.name).err


def test_the_file_of_a_model_is_written(raceline, register, racetrack, tmp_path):
    register(b"\0one")
    assert raceline("model", "save", f"{racetrack.name}#1", str(tmp_path / "m")).status == 0
    assert (tmp_path / "m").read_bytes() == b"\0one"
    assert "--force" in raceline("model", "save", f"{racetrack.name}#1", str(tmp_path / "m")).err
    assert raceline("model", "save", f"{racetrack.name}#1", str(tmp_path / "m"), "--force").status == 0
    assert raceline("model", "save", f"{racetrack.name}#1", str(tmp_path / "none" / "m")).status == 1
    assert raceline("model", "save", racetrack.name, str(tmp_path / "m")).status == 2


def test_what_names_no_model_is_wrong_usage(raceline):
    for name in ("#1", "race#x", "race#\u00b2", "race#"):
        assert raceline("model", "show", name).status == 2
    assert "a model is written race#3" in raceline("model", "promote", "race@3").err
    assert "without a version" in raceline("model", "roll-back", "race#1").err
