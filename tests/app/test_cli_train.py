"""raceline train: a model learned, judged, registered and, when it may be, promoted."""

import json

import pytest
from small_race import written
from walkers import WALK, walkers


@pytest.fixture
def fed(raceline, tmp_path, configured):
    """A store with the walk in force and its walkers."""
    path = tmp_path / "walk.yaml"
    path.write_text(WALK)
    assert raceline("racetrack", "publish", str(path), "--activate").status == 0
    assert raceline("ingest", written(tmp_path / "walkers.ndjson", walkers(60))).status == 0


def test_a_model_is_learned_judged_registered_and_promoted_by_force(raceline, fed, tmp_path):
    done = raceline("train", "--seed", "3")
    assert done.status == 0, done.err
    for said in ("Learned from", "Rules of promotion", "held-out moves within 7 days", "registered as walk#1"):
        assert said in done.out
    assert "walk#1" in done.err
    again = json.loads(raceline("train", "--seed", "3", "--json").out)
    assert (again["version"], again["new"], again["parameters"]["seed"]) == (1, False, 3)
    other = raceline("train", "--racetrack", "walk@1", "--until", "2024-05-01", "--promote", "--force")
    assert (other.status, "walk#2 is in force since position" in other.out) == (0, True)
    found = json.loads(raceline("model", "show", "walk", "--json").out)
    assert found["status"] == "promoted"
    assert found["promotion"]["failed"] == found["failed"]
    assert found["parameters"]["until"].startswith("2024-05-01")


def test_a_model_that_did_not_pass_is_registered_and_not_promoted(raceline, fed):
    done = raceline("train", "--until", "2024-02-01", "--promote")
    assert (done.status, "NOT PASSED" in done.out) == (1, True)
    told = raceline("train", "--until", "2024-02-01", "--promote", "--json")
    assert (told.status, json.loads(told.out)["status"]) == (1, "registered")
    assert "so it is not promoted unless this is forced" in done.err
    assert [one["status"] for one in json.loads(raceline("model", "list", "--json").out)] == ["registered"]


def test_training_for_a_version_that_is_not_in_force_says_that_nothing_is_predicted(raceline, fed, tmp_path):
    path = tmp_path / "walk_2.yaml"
    path.write_text(WALK.replace("A walk", "Another walk"))
    raceline("racetrack", "publish", str(path), "--activate")
    done = raceline("train", "--racetrack", "walk@1")
    assert "walk#1 was trained for walk@1, and walk@2 is in force: nothing is predicted" in done.err


def test_what_cannot_be_trained_is_refused_and_nothing_is_registered(raceline, fed):
    refused = [
        ("--racetrack wlak", 1, "did you mean `walk`?"),
        ("--cut-off 99999", 1, "position=99999"),
        ("--cut-off 2", 1, "nothing to learn from"),
        ("--until 2020-01-01", 1, "that occurred by 2020-01-01 00:00; `raceline ingest`"),
        ("--racetrack nowhere", 1, "`raceline racetrack publish FILE --activate` adds one"),
        ("--until soon", 2, "2026-03-01"),
        ("--force", 2, "--promote"),
        ("--landmarks 10", 2, "1000"),
    ]
    for options, status, message in refused:
        done = raceline("train", *options.split())
        assert (done.status, message in done.err) == (status, True), done.err
    assert json.loads(raceline("model", "list", "--json").out) == []
