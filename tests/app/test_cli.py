"""The command line: data on standard output, words on standard error, exit statuses that a script can trust."""

import gzip
import json
import re
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from raceline.domain.file_ingest import FileIngest

CLICKS_ANSWER = """{
  one: customer(id: "1") { paths { nodes { pages length startedAt resolved turnarounds { page } } } }
  two: customer(id: "2") { paths { nodes { pages length startedAt resolved turnarounds { page } } } }
  pathStatistics { all { paths meanLength varianceLength } shareResolved shareWithTurnaround }
}"""


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def view(n, **more):
    return {"event_id": str(n), "type": "web.page_viewed", "customer_id": "c", "occurred_at": f"2026-01-05T00:0{n}:00Z",
            "data": {"page": "a"}} | more  # fmt: skip


def write(path, *envelopes):
    path.write_text("".join(json.dumps(envelope) + "\n" for envelope in envelopes))
    return path


def test_the_clickstream_example_gives_its_paths_and_statistics(raceline, clicks, serve):
    assert raceline("ingest", str(clicks)).status == 0
    assert raceline("project", "--once").status == 0
    with serve(project=False) as served:
        found = served.ask(CLICKS_ANSWER)
    assert [found[name]["paths"]["nodes"] for name in ("one", "two")] == [
        [{"pages": ["11", "28", "35", "42"], "length": 4, "startedAt": "2018-01-12T13:44:51.000000Z", "resolved": True,
          "turnarounds": []}],
        [{"pages": ["11", "35", "42"], "length": 3, "startedAt": "2018-01-12T13:45:52.000000Z", "resolved": True,
          "turnarounds": []}],
    ]  # fmt: skip
    assert found["pathStatistics"] == {
        "all": {"paths": 2, "meanLength": 3.5, "varianceLength": 0.25},
        "shareResolved": 1.0,
        "shareWithTurnaround": 0.0,
    }


def test_the_same_file_again_changes_nothing_also_packed(raceline, clicks, tmp_path):
    packed = tmp_path / "clicks.csv.gz"
    packed.write_bytes(gzip.compress(clicks.read_bytes()))
    assert ": 5 events: 5 accepted, 0 duplicate, 0 quarantined" in raceline("ingest", str(clicks)).out
    assert ": 5 events: 0 accepted, 5 duplicate, 0 quarantined" in raceline("ingest", str(packed)).out


def test_several_files_are_summed_up_one_by_one_for_scripts_as_json(raceline, clicks, tmp_path):
    more = write(tmp_path / "more.ndjson", view(1), view(1, type="no.such"))
    done = raceline("ingest", "--json", str(clicks), str(more))
    first, second = lines(done.out)
    assert done.status == 3
    assert (first["file"], first["accepted"]) == (str(clicks), 5)
    assert {name: second[name] for name in ("received", "accepted", "duplicate", "quarantined", "reasons")} == {
        "received": 2, "accepted": 1, "duplicate": 0, "quarantined": 1, "reasons": {"unknown_type": 1}
    }  # fmt: skip


SHOP = "customer_id: who\noccurred_at: day\ntype: web.page_viewed\ndata: {page: page, %s: layout}\n"


@pytest.fixture
def shop(raceline, tmp_path):
    """Takes two files in, by a mapping in which this attribute gets the column `layout`."""

    def run(attribute):
        mapping, files = tmp_path / "shop.yaml", [tmp_path / "a.csv", tmp_path / "b.csv"]
        mapping.write_text(SHOP % attribute)
        for n, file in enumerate(files):
            file.write_text(f"who,day,page,layout\n{n},2026-01-05,start,wide\n")
        return raceline("ingest", "--mapping", str(mapping), *map(str, files))

    return run


def test_a_misspelt_attribute_of_a_mapping_is_refused_before_the_first_row(shop, raceline):
    done = shop("varaint")
    assert (done.status, done.out) == (1, "")
    assert "shop.yaml:4:20: `varaint` is no attribute of web.page_viewed; did you mean `variant`?" in done.err
    assert raceline("events").out == raceline("quarantine", "list", "--json").out == ""


def test_attributes_that_the_catalogue_does_not_know_are_named_once_and_kept(shop, raceline):
    done = shop("colour")
    assert done.status == 0
    assert done.err.count("shop.yaml: kept, though web.page_viewed has none of them: `colour`.") == 1
    assert [event["data"]["colour"] for event in lines(raceline("events", "--json").out)] == ["wide", "wide"]
    assert "kept" not in shop("variant").err


def test_quarantine_is_listed_shown_corrected_and_offered_again(raceline, tmp_path):
    file = write(tmp_path / "e.ndjson", view(1, occurred_at="1969-12-31T00:00:00Z"), view(2, type="web.page_vewed"))
    done = raceline("ingest", str(file))
    assert done.status == 3
    assert "quarantine list" in done.err
    early, misspelt = lines(raceline("quarantine", "list", "--json").out)
    assert (early["reason"], early["place"]) == ("invalid_time", f"{file}:1")
    number = str(misspelt["quarantine_id"])
    shown = raceline("quarantine", "show", number)
    assert json.loads(shown.out) == view(2, type="web.page_vewed")
    assert "unknown_type" in shown.err
    assert raceline("quarantine", "requeue", number).status == 3
    corrected = write(tmp_path / "corrected.json", view(2))
    again = raceline("quarantine", "requeue", number, "--corrected", str(corrected))
    assert (again.status, again.out) == (0, f"{number}: accepted at position 1\n")
    left = raceline("quarantine", "list")
    assert "invalid_time" in left.out
    assert "unknown_type" not in left.out
    assert len(lines(raceline("quarantine", "list", "--all", "--json").out)) == 2


def test_a_longer_quarantine_says_that_there_is_more_and_where_to_go_on(raceline, tmp_path):
    raceline("ingest", str(write(tmp_path / "e.ndjson", *(view(n, type="no.such") for n in range(3)))))
    first = raceline("quarantine", "list", "--limit", "2", "--json")
    after = first.err.split()[-1]
    assert f"--after {after}" in first.err
    assert len(lines(raceline("quarantine", "list", "--after", after, "--json").out)) == 1


def test_all_of_quarantine_is_taken_once_the_catalogue_knows_the_type(raceline, tmp_path, monkeypatch):
    raceline("ingest", str(write(tmp_path / "e.ndjson", *(view(n, type="no.such") for n in range(3)))))
    monkeypatch.setenv("RACELINE_ALLOW_UNKNOWN_TYPES", "true")
    done = raceline("quarantine", "requeue", "--all")
    assert (done.status, done.out.count("accepted")) == (0, 3)
    assert "nothing" in raceline("quarantine", "list").err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["requeue"], id="neither an entry nor all"),
        pytest.param(["requeue", "1", "--all"], id="an entry and all"),
        pytest.param(["requeue", "1", "2", "--corrected", __file__], id="one correction for two"),
    ],
)
def test_quarantine_refuses(raceline, arguments):
    assert raceline("quarantine", *arguments).status == 2


def test_events_are_printed_in_the_order_of_the_log_or_of_a_customer_s_life(raceline, tmp_path):
    raceline("ingest", str(write(tmp_path / "e.ndjson", view(2), view(1), view(3, customer_id="d"))))
    assert [event["event_id"] for event in lines(raceline("events", "--json").out)] == ["2", "1", "3"]
    assert [event["event_id"] for event in lines(raceline("events", "--json", "--customer", "c").out)] == ["1", "2"]
    assert [event["event_id"] for event in lines(raceline("events", "--json", "--after", "1", "--limit", "1").out)] == [
        "1"
    ]
    assert raceline("events", "--type", "case.opened").out == ""
    assert raceline("events", "--type", "web.page_viewed", "--limit", "0").out.count("web.page_viewed") == 3


def test_printed_events_can_be_taken_in_again(raceline, clicks, tmp_path):
    raceline("ingest", str(clicks))
    printed = tmp_path / "printed.ndjson"
    printed.write_text(raceline("events", "--json").out)
    assert "0 accepted, 5 duplicate" in raceline("ingest", str(printed)).out


def test_events_are_followed(raceline, start, clicks, tmp_path):
    process = start("events", "--follow", "--after", "0", "--json")
    raceline("ingest", str(clicks))
    assert [json.loads(process.stdout.readline())["customer_id"] for _ in range(5)] == ["1", "2", "2", "1", "1"]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_status_says_how_far_everything_is(raceline, clicks):
    raceline("ingest", str(clicks))
    behind = json.loads(raceline("status", "--json").out)
    assert (behind["log"]["head"], behind["projections"][0]["lag_events"]) == (5, 5)
    raceline("project", "--once")
    assert json.loads(raceline("status", "--json").out)["projections"][0]["lag_events"] == 0
    assert "views_1" in raceline("status").out


def test_a_new_log_begins_with_decisions_about_its_racetrack_and_they_are_no_events(raceline, clicks, monkeypatch):
    monkeypatch.delenv("RACELINE_RACETRACK")
    assert raceline("events").out == ""
    raceline("ingest", str(clicks))
    raceline("project", "--once")
    found = json.loads(raceline("status", "--json").out)
    assert found["log"]["head"] == 3 + 5
    assert [one["name"] for one in found["projections"]] == ["views_1"], "no replay was needed to follow them"
    assert "at position 8" in raceline("status").out
    assert raceline("replay").out == "views_2 is live, at position 8, from 5 events.\n"


def test_a_racetrack_of_the_settings_that_there_is_not_is_told_with_the_nearest(raceline, monkeypatch):
    monkeypatch.setenv("RACELINE_RACETRACK", "cisko-13")
    done = raceline("status")
    assert (done.status, "did you mean `cisco-13`?" in done.err) == (1, True)


def test_status_fails_when_a_projection_has_stopped(raceline, database):
    assert raceline("status").status == 0
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE raceline.generation SET failed_position = 7, failure = 'ValueError: no such day'")
    done = raceline("status")
    assert (done.status, "stopped before 7: ValueError: no such day" in done.out) == (1, True)


def test_replay_takes_the_place_of_the_live_read_models_and_drops_the_old_on_demand(raceline, clicks):
    raceline("ingest", str(clicks))
    assert raceline("replay").out == "views_2 is live, at position 5, from 5 events.\n"
    assert raceline("replay", "--drop-retired").out.splitlines()[1] == "Dropped views_1, views_2."


def test_verify_prints_what_differs_and_fails(raceline, clicks, database):
    raceline("ingest", str(clicks))
    raceline("project", "--once")
    assert raceline("verify").status == 0
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE views_1.customers SET events = 99 WHERE customer_id = '1'")
        conn.execute("DELETE FROM views_1.paths WHERE customer_id = '2'")
    done = raceline("verify")
    assert (done.status, "events: stored 99, derived 3" in done.out) == (1, True)
    assert {one["table"] for one in lines(raceline("verify", "--json").out)} == {"customers", "paths"}


def test_project_runs_until_it_is_told_to_end(raceline, start, clicks):
    process = start("project")
    assert "Ctrl-C" in process.stderr.readline()
    raceline("ingest", str(clicks))
    while json.loads(raceline("status", "--json").out)["projections"][0]["lag_events"]:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_the_catalogue_is_a_table_rows_or_json_schema(raceline):
    assert "support.link_followed" in raceline("catalogue").out
    assert json.loads(raceline("catalogue", "--json").out)[0]["type"] == "web.page_viewed"
    assert "web.page_viewed" in json.loads(raceline("catalogue", "--json-schema").out)["$defs"]


def test_settings_are_printed_without_passwords(raceline, monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_URL", "postgresql://me:hush@db.example/raceline")
    monkeypatch.setenv("RACELINE_PORT", "9001")
    table, values = raceline("settings").out, json.loads(raceline("settings", "--json").out)
    assert "hush" not in table + str(values)
    assert "db.example" in values["RACELINE_DATABASE_URL"]
    assert values["RACELINE_PORT"] == 9001
    assert "Port of the API" in table


def test_the_database_s_url_is_printed_for_other_programs(raceline, database):
    assert raceline("db", "url").out == f"{database}\n"


def test_psql_gets_the_database_and_what_follows(start, configured):
    process = start("db", "psql", "-tAc", "SELECT current_database()")
    written, errors = process.communicate(timeout=60)
    assert (process.returncode, written.startswith("raceline_test_")) == (0, True), errors


def test_without_psql_the_cure_is_said(raceline, monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("raceline.app.embedded.wheel_binaries", lambda: tmp_path)
    done = raceline("db", "psql")
    assert (done.status, "raceline db url" in done.err) == (1, True)


def test_reset_drops_what_is_ours_and_only_when_it_was_confirmed(raceline, clicks, database):
    raceline("ingest", str(clicks))
    with psycopg.connect(database) as conn:
        conn.execute("CREATE SCHEMA views_of_others")
    done = raceline("db", "reset")
    assert (done.status, "--yes" in done.err) == (1, True)
    assert raceline("db", "reset", "--yes").out == "Dropped live, raceline, views_1.\n"
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT to_regnamespace('views_of_others') IS NOT NULL").fetchone() == (True,)
    assert json.loads(raceline("status", "--json").out)["log"]["head"] == 0


def test_reset_waits_for_nobody(raceline, clicks, database):
    raceline("ingest", str(clicks))
    with psycopg.connect(database) as conn:
        conn.execute("SELECT FROM raceline.event")
        done = raceline("db", "reset", "--yes")
    assert (done.status, "stop `raceline serve`" in done.err) == (1, True)
    assert json.loads(raceline("status", "--json").out)["log"]["head"] == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["ingest", "/no/such.ndjson"], "/no/such.ndjson: No such file", id="a file that is not there"),
        pytest.param(["ingest", "--format", "jsn", __file__], "Did you mean json?", id="a format that is not known"),
        pytest.param(["ingest", __file__], "Any other CSV needs a mapping file", id="a file that is nothing we know"),
        pytest.param(["quarantine", "show", "99"], "no such entry", id="an entry that is not there"),
    ],
)
def test_an_error_is_told_in_words_and_fails(raceline, arguments, words):
    done = raceline(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("raceline: ")
    assert words in done.err
    assert "Traceback" not in done.err


def test_wrong_usage_and_wrong_settings_are_told_apart(raceline, monkeypatch):
    assert raceline("ingest").status == 2
    assert raceline("no-such-command").status == 2
    monkeypatch.setenv("RACELINE_PORT", "http")
    done = raceline("status")
    assert (done.status, "RACELINE_PORT" in done.err) == (1, True)


def test_where_an_error_comes_from_is_shown_on_demand(start, configured):
    process = start("ingest", "/no/such.ndjson", RACELINE_DEBUG="1")
    assert "Traceback" in process.communicate(timeout=60)[1]


def test_a_database_that_is_not_there_is_told(raceline, monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    done = raceline("status")
    assert (done.status, "cannot be reached" in done.err) == (1, True)


def test_input_comes_from_a_pipe_as_well(configured):
    command = [sys.executable, "-c", "from raceline.app.cli import main; main()", "ingest", "-", "--source", "pipe"]
    done = subprocess.run(command, input=json.dumps(view(1)), capture_output=True, text=True, check=True)
    assert "standard input: 1 events: 1 accepted" in done.stdout
    assert done.stderr == "", "no progress bar unless a person is there"


def test_help_loads_nothing_heavy(start):
    """It comes at once, and so does the completion of the shell."""
    heavy = ["numba", "pyarrow", "psycopg", "strawberry", "uvicorn", "pydantic", "rich"]
    program = f"""
import sys
from raceline.app.cli import main
try:
    main(["--help"])
except SystemExit:
    sys.exit(str([name for name in {heavy} if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "ingest" in done.stdout
    assert done.stderr == "[]\n"


def test_the_shell_completes_commands(start):
    process = start(_RACELINE_COMPLETE="complete_bash", COMP_WORDS="raceline ver", COMP_CWORD="1")
    assert process.communicate(timeout=60)[0].split() == ["verify"]


def test_the_version_is_printed(raceline):
    assert raceline("--version").out.startswith("raceline ")


def test_a_database_that_goes_away_in_the_middle_of_a_file_loses_nothing(raceline, outage, tmp_path, monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_PATIENCE_SECONDS", "0")
    run = FileIngest.run

    def run_until_the_outage(self, progress):
        return run(self, lambda so_far: (progress(so_far), so_far.line == 20_000 and outage.begin()))

    file = write(tmp_path / "e.ndjson", *(view(0, event_id=str(n)) for n in range(50_000)))
    with monkeypatch.context() as patched:
        patched.setattr(FileIngest, "run", run_until_the_outage)
        done = raceline("ingest", str(file))
    stored = int(re.search(r"is stored up to line (\d+)\. Give it again", done.err)[1])
    assert (done.status, stored in (20_000, 40_000)) == (1, True)
    assert f": {stored:,} events: {stored:,} accepted" in done.out
    outage.end()
    assert f"{50_000 - stored:,} accepted, {stored:,} duplicate" in raceline("ingest", str(file)).out
