"""raceline racetrack: definitions looked through, published, put in force, retired; what a change would do."""

import json
import re
import subprocess
import sys

import pytest
from small_race import LATE, LIFE, RACE, RACE_2, VIEW, event, written

from raceline.app import live
from raceline.domain.racetrack_file import presets


@pytest.fixture
def race(raceline, monkeypatch, tmp_path):
    """A store without a racetrack, and the file of a definition."""
    monkeypatch.setenv("RACELINE_RACETRACK", "none")
    path = tmp_path / "race.yaml"
    path.write_text(RACE)
    return path


@pytest.fixture
def race_2(tmp_path):
    """Another definition of the same name."""
    path = tmp_path / "race_2.yaml"
    path.write_text(RACE_2)
    return str(path)


@pytest.fixture
def active(race, raceline):
    """The racetrack of the file is in force."""
    assert raceline("racetrack", "publish", str(race), "--activate").status == 0
    return race


def table(out, title=""):
    """The rows of a table, below its title."""
    lines = out[out.index(title) :].splitlines()
    first = next(n for n, line in enumerate(lines) if "──" in line)
    rows = []
    for line in lines[first + 1 :]:
        if not line.strip():
            break
        rows.append(tuple(re.split(r"\s{2,}", line.strip())))
    return rows


def listed(raceline):
    return [(one["name"], one["version"], one["status"], one["default"])
            for one in json.loads(raceline("racetrack", "list", "--json").out)]  # fmt: skip


# Check


def test_a_definition_without_findings_passes(raceline, race):
    done = raceline("racetrack", "check", str(race))
    assert (done.status, done.out, done.err) == (0, "", f"{race}: no findings.\n")


@pytest.mark.parametrize("preset", ["cisco-13", "seven-stage", "six-phase", "network-controller"])
def test_every_preset_passes_and_its_name_stands_for_its_file(raceline, preset):
    assert raceline("racetrack", "check", preset).status == 0


def test_a_finding_names_file_line_and_column_what_is_wrong_and_the_cure(raceline, race):
    race.write_text(RACE.replace("email.link_clicked", "email.link_cliked"))
    done = raceline("racetrack", "check", str(race))
    assert done.status == 1
    line = RACE.splitlines().index("    when: {event: email.link_clicked, since: stage}") + 1
    assert done.out.splitlines() == [
        f"{race}:{line}:12: error: rules.clicked.when.event: there is no event type `email.link_cliked`",
        "    did you mean `email.link_clicked`?",
    ]
    assert done.err == f"{race}: 1 error.\n"
    (finding,) = map(json.loads, raceline("racetrack", "check", str(race), "--json").out.splitlines())
    assert (finding["line"], finding["column"], finding["severity"]) == (line, 12, "error")
    assert finding["place"] == ["rules", "clicked", "when", "event"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(RACE.replace("at_least: 3", "at_last: 3"), "did you mean `at_least`?", id="a key that is none"),
        pytest.param("a: [", "node content", id="no YAML"),
        pytest.param("", "the file is empty", id="nothing"),
        pytest.param(RACE.replace("30d", "0d"), "a duration of zero", id="a window of zero"),
    ],
)
def test_what_cannot_be_read_is_a_finding_as_well(raceline, race, text, words):
    race.write_text(text)
    done = raceline("racetrack", "check", str(race))
    assert done.status == 1
    assert re.match(rf"{re.escape(str(race))}:\d+:\d+: error: ", done.out)
    assert done.out.count(str(race)) == 1
    assert words in done.out


def test_bytes_that_are_no_text_are_a_finding_with_their_place(raceline, race):
    race.write_bytes(b"name: race\ntitle: \xff\n")
    assert f"{race}:2:8: error: byte 0xff is not UTF-8" in raceline("racetrack", "check", str(race)).out


def test_a_definition_may_come_from_a_pipe(configured):
    command = [sys.executable, "-c", "from raceline.app.cli import main; main()", "racetrack", "check", "/dev/stdin"]
    done = subprocess.run(command, input=RACE, capture_output=True, text=True, check=True)
    assert done.stderr == "/dev/stdin: no findings.\n"


def test_a_misspelt_preset_is_told_with_the_nearest(raceline):
    done = raceline("racetrack", "check", "sisco-13")
    assert (done.status, "did you mean the preset `cisco-13`?" in done.err) == (1, True)


# Publish, activate, retire


def test_a_new_log_has_the_default_racetrack(raceline, monkeypatch):
    monkeypatch.delenv("RACELINE_RACETRACK")
    assert listed(raceline) == [("cisco-13", 1, "active", True)]


def test_a_definition_is_published_once_and_put_in_force_on_demand(raceline, race):
    first = raceline("racetrack", "publish", str(race))
    assert first.out == "race version 1 is published, at position 2.\n"
    assert "`raceline racetrack activate race@1`" in first.err
    assert raceline("racetrack", "publish", str(race)).out == (
        "This is version 1 of race already, published at position 2.\n"
    )
    assert listed(raceline) == [("race", 1, "published", False)]
    done = raceline("racetrack", "activate", "race")
    assert done.out == "race version 1 is active since position 3.\n"
    assert "`raceline status`" in done.err
    assert listed(raceline) == [("race", 1, "active", True)]


def test_the_newest_version_is_activated_unless_another_is_named(raceline, active, race_2):
    raceline("racetrack", "publish", race_2)
    assert listed(raceline) == [("race", 1, "active", True), ("race", 2, "published", False)]
    assert raceline("racetrack", "activate", "race").out == "race version 2 is active since position 5.\n"
    assert raceline("racetrack", "activate", "race@1").out == "race version 1 is active since position 6.\n"
    assert listed(raceline) == [("race", 1, "active", True), ("race", 2, "published", False)]


def test_a_definition_with_errors_is_not_published(raceline, race):
    race.write_text(RACE.replace("email.link_clicked", "email.link_cliked"))
    done = raceline("racetrack", "publish", str(race), "--activate")
    assert (done.status, done.out) == (1, "")
    assert "email.link_clicked" in done.err
    assert "1 error; nothing was published" in done.err
    assert listed(raceline) == []


def test_a_preset_is_published_by_its_name(raceline, race):
    assert "six-phase version 1" in raceline("racetrack", "publish", "six-phase", "--activate").out
    assert listed(raceline) == [("six-phase", 1, "active", True)]


def test_publishing_is_json_for_scripts(raceline, race):
    told = json.loads(raceline("racetrack", "publish", str(race), "--json", "--activate").out)
    assert (told["name"], told["version"], told["new"], told["active"]) == ("race", 1, True, True)


def test_a_retired_racetrack_is_in_force_no_more_and_can_be_asked_for(raceline, active, tmp_path):
    raceline("ingest", written(tmp_path / "e.ndjson", LIFE))
    assert raceline("racetrack", "retire", "race").out == "race is in force no more since position 12.\n"
    assert listed(raceline) == [("race", 1, "retired", False)]
    assert "No racetrack is active" in raceline("explain", "c-1").err
    assert "Advocate" in raceline("explain", "c-1", "--racetrack", "race@1").out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["activate", "rase"], 1, "did you mean `race`?", id="activate a name that is not there"),
        pytest.param(["activate", "race@2"], 1, "1 (active)", id="activate a version that is not there"),
        pytest.param(["activate", "race@one"], 2, "NAME@VERSION", id="activate what is no version"),
        pytest.param(["retire", "rase"], 1, "did you mean `race`?", id="retire a name that is not there"),
        pytest.param(["history", "rase"], 1, "did you mean `race`?", id="the history of a name that is not there"),
        pytest.param(["show", "six-phase@1"], 1, "published are: race", id="show a version of a preset"),
        pytest.param(["show", "race@2"], 1, "1 (active)", id="show a version that is not there"),
        pytest.param(["publish", "/no/such.yaml"], 1, "/no/such.yaml: there is neither", id="publish no file"),
        pytest.param(["publish", "/"], 1, "/: Is a directory", id="publish a folder"),
        pytest.param(["publish", "six-phase", "--wait"], 2, "--activate", id="wait without activating"),
        pytest.param(["diff", "rase@1"], 1, "did you mean `race`?", id="compare a name that is not there"),
        pytest.param(["diff", "race@1", "--against", "@"], 2, "--against", id="compare with nothing"),
    ],
)
def test_what_cannot_be_done_is_told(raceline, active, arguments, status, words):
    done = raceline("racetrack", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in " ".join(done.err.split())


def test_whoever_waits_is_told_when_the_read_models_have_the_version(raceline, active, start, race_2):
    start("project")
    done = raceline("racetrack", "publish", race_2, "--activate", "--wait", "--timeout", "300")
    assert (done.status, "The read models have race version 2." in done.err) == (0, True)


def test_waiting_ends_when_no_projector_runs(raceline, active, monkeypatch):
    monkeypatch.setattr(live, "_PAUSE_SECONDS", 0.01)
    done = raceline("racetrack", "activate", "race", "--wait", "--timeout", "0.05")
    assert (done.status, "Is a projector running?" in done.err) == (1, True)


# List, show, presets


def test_versions_are_listed_with_their_status(raceline, active, race_2):
    raceline("racetrack", "publish", race_2)
    rows = table(raceline("racetrack", "list").out)
    assert [row[:5] for row in rows] == [
        ("race", "1", "active, default", "A small race", "4"),
        ("race", "2", "published", "A small race", "4"),
    ]


def test_without_a_racetrack_the_list_says_where_to_begin(raceline, race):
    done = raceline("racetrack", "list")
    assert (done.status, done.out, "raceline racetrack presets" in done.err) == (0, "", True)


def test_a_definition_is_shown_in_words(raceline, active):
    out = raceline("racetrack", "show", "race").out
    for words in (
        "A small race (race, version 1, active, the default)",
        "1. Need (need), where a customer starts",
        "3. Use (use) $",
        "4. Advocate (advocate): Speaks for us.",
        "Three page views in a month (looked), from any earlier stage or outside",
        "source web.shop.views (page, at); owner Marketing; confidence 90 %; coverage 62.5 %",
        "at least 3 web.page_viewed within 30d",
        "No login for two months (silent), from Use",
        "Nothing for half a year (gone), from any stage",
        "no telemetry.login_recorded or web.page_viewed for 180d",
        "The next lap (next_lap): from Advocate to Need; a new lap",
    ):
        assert words in out


def test_a_definition_is_printed_as_it_was_published(raceline, active):
    assert raceline("racetrack", "show", "race@1", "--yaml").out == RACE
    told = json.loads(raceline("racetrack", "show", "race", "--json").out)
    assert (told["version"], told["stages"], told["definition"]["name"]) == (
        1, ["need", "try", "use", "advocate"], "race",
    )  # fmt: skip


def test_a_preset_that_is_not_published_is_shown_by_its_name(raceline, race, monkeypatch, tmp_path):
    (tmp_path / "six-phase").write_text("a file of this name is not what is meant")
    monkeypatch.chdir(tmp_path)
    lines = raceline("racetrack", "show", "six-phase").out.splitlines()
    assert lines[0].endswith(" (six-phase, a preset, not published)")
    assert any("`raceline racetrack publish six-phase` publishes it" in line for line in lines)
    assert not any("position" in line for line in lines[:5])
    told = json.loads(raceline("racetrack", "show", "six-phase", "--json").out)
    assert [told[name] for name in ("name", "version", "status", "position", "recorded_at")] == [
        "six-phase", None, "preset", None, None,
    ]  # fmt: skip
    assert raceline("racetrack", "show", "six-phase", "--yaml").out == presets()["six-phase"].read_text()


def test_of_a_preset_that_is_published_the_published_version_is_shown(raceline, race):
    raceline("racetrack", "publish", "six-phase")
    assert "(six-phase, version 1, published)" in raceline("racetrack", "show", "six-phase").out


# History


def test_the_history_says_who_published_activated_and_retired_which_version_and_when(
    raceline, active, race_2, monkeypatch
):
    monkeypatch.setattr("getpass.getuser", lambda: "b\x1bob")
    raceline("racetrack", "publish", race_2, "--activate")
    raceline("racetrack", "retire", "race")
    raceline("racetrack", "publish", "six-phase")
    rows = table(raceline("racetrack", "history", "race").out)
    assert [(row[0], row[3]) for row in rows] == [
        ("2", "published v1"), ("3", "activated v1"), ("4", "published v2"), ("5", "activated v2"), ("6", "retired v2"),
    ]  # fmt: skip
    assert [row[4] for row in rows[2:]] == ["b\N{REPLACEMENT CHARACTER}ob"] * 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[1]) for row in rows)
    told = json.loads(raceline("racetrack", "history", "--json").out)
    assert told[4] | {"recorded_at": ""} == {
        "position": 6, "recorded_at": "", "name": "race", "what": "retired", "version": 2, "by": "b\x1bob",
    }  # fmt: skip
    assert [one["name"] for one in told] == ["race"] * 5 + ["six-phase"]


def test_the_history_of_a_log_without_decisions_says_so(raceline, race):
    done = raceline("racetrack", "history")
    assert (done.status, done.out, "Nothing was decided yet" in done.err) == (0, "", True)


# Presets


def test_presets_are_listed(raceline):
    assert ("six-phase", "6") in [row[:2] for row in table(raceline("racetrack", "presets").out)]
    told = {one["preset"]: one for one in json.loads(raceline("racetrack", "presets", "--json").out)}
    assert told["cisco-13"]["stages"][0] == "need"


# Diff


@pytest.fixture
def customers(race, raceline, tmp_path):
    """c-1 lives as in LIFE; c-2 has viewed two pages, c-3 one. Nobody is led out by time."""
    race.write_text(without_exits(RACE))
    raceline("racetrack", "publish", str(race), "--activate")
    more = [
        event(20, VIEW, "2024-01-01", "c-2"),
        event(21, VIEW, "2024-01-02", "c-2"),
        event(22, VIEW, "2024-01-01", "c-3"),
    ]
    assert raceline("ingest", written(tmp_path / "e.ndjson", [*LIFE, *LATE, *more])).status == 0
    assert raceline("project", "--once").status == 0
    changed = tmp_path / "changed.yaml"
    changed.write_text(without_exits(RACE_2))
    return str(changed)


def without_exits(definition):
    return re.sub("exits:.*(?=edges:)", "", definition, flags=re.DOTALL)


def test_a_change_is_told_before_it_is_made(raceline, customers):
    done = raceline("racetrack", "diff", customers)
    assert done.status == 0
    assert done.out.startswith("1 of 3 customers would be elsewhere.\n")
    assert table(done.out, "Customers by stage") == [
        ("need", "2", "1", "-1"), ("try", "0", "1", "+1"), ("use", "0", "0"), ("advocate", "1", "1"),
        ("outside", "0", "0"),
    ]  # fmt: skip
    assert table(done.out, "Who would be elsewhere") == [("need", "try", "1", "Two page views in a month")]
    assert table(done.out, "Examples (1 of 1)") == [("c-2", "need", "try", "Two page views in a month")]
    assert "now: race version 1 (active)" in done.err
    assert "then: race as given; it would be version 2" in done.err


def test_a_comparison_writes_nothing(raceline, customers):
    before = raceline("status", "--json").out, listed(raceline)
    raceline("racetrack", "diff", customers)
    assert json.loads(before[0])["log"] == json.loads(raceline("status", "--json").out)["log"]
    assert listed(raceline) == before[1]


def test_a_comparison_is_json_for_scripts(raceline, customers):
    told = json.loads(raceline("racetrack", "diff", customers, "--json", "--examples", "0").out)
    assert (told["customers"], told["moved"], told["examples"]) == (3, 1, [])
    assert told["stages"][0] == {"stage": "need", "now": 2, "then": 1}
    assert told["transitions"] == [
        {"now": "need", "then": "try", "rule": "Two page views in a month", "customers": 1}
    ]  # fmt: skip
    assert (told["now"]["version"], told["then"]["version"]) == (1, None)


def test_published_versions_are_compared_with_each_other(raceline, customers):
    raceline("racetrack", "publish", customers)
    assert "1 of 3 customers" in raceline("racetrack", "diff", "race@2").out
    assert "0 of 3 customers" in raceline("racetrack", "diff", "race@2", "--against", "race@2").out
    done = raceline("racetrack", "diff", customers)
    assert "then: race version 2 (published)" in done.err


def test_a_definition_of_another_name_is_compared_with_nothing_unless_a_name_is_given(raceline, customers):
    assert "now: nothing" in raceline("racetrack", "diff", "six-phase").err
    assert "now: race version 1" in raceline("racetrack", "diff", "six-phase", "--against", "race").err


def test_a_definition_with_errors_is_not_compared(raceline, race):
    race.write_text(RACE.replace("email.link_clicked", "email.link_cliked"))
    done = raceline("racetrack", "diff", str(race))
    assert (done.status, done.out, "email.link_cliked" in done.err) == (1, "", True)
