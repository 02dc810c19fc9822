"""raceline export: flat tables of the read models, whole or not at all, each row on the day to which it belongs."""

import csv
import io
import json
from datetime import UTC, datetime

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_race import LIFE, RACE

from raceline.app import export_file
from raceline.app.export import Span, snapshot
from raceline.app.export_tables import TABLES
from raceline.app.runtime import runtime
from raceline.app.settings import Settings, read_settings
from raceline.domain.errors import LogUnavailable
from raceline.domain.racetrack_file import parse

# Events begin at position 4, after the decisions about the racetrack. The last move is by the clock alone.
MOVES = """customer_id,n,kind,edge,from_stage,to_stage,moved_at,rule,trigger_event,evidence
c-1,1,started,,,need,2024-01-01 00:00:00.000000Z,,4,
c-1,2,forward,,need,try,2024-01-09 00:00:00.000000Z,looked,6,4 5 6
c-1,3,forward,,try,use,2024-01-13 00:00:00.000000Z,works,8,7 8
c-1,4,backward,,use,try,2024-03-13 00:00:00.000000Z,silent,,8
c-1,5,skip,,try,advocate,2024-05-01 00:00:00.000000Z,clicked,9,9
c-1,6,lap,next_lap,advocate,need,2024-05-10 00:00:00.000000Z,again,10,10
c-1,7,left,,need,,2024-11-06 00:00:00.000000Z,gone,,10
c-1,8,returned,,,advocate,2025-01-12 00:00:00.000000Z,clicked,11,11
c-1,9,left,,advocate,,2025-05-05 00:00:00.000000Z,gone,,10
"""
CASE = [
    {"event_id": f"k{n}", "source": "test", "type": f"case.{kind}", "customer_id": "c-1", "occurred_at": f"2024-{at}Z",
     "data": {"case_id": "k", **data}}
    for n, (kind, at, data) in enumerate([
        ("opened", "01-10T00:00:00", {"severity": 2, "problem": "power", "text": "This is terrible."}),
        ("updated", "01-11T12:00:00", {"severity": 1, "assignment_group": "b"}),
        ("closed", "01-20T00:00:00", {"cause_code": "COMM 007"}),
        ("survey_answered", "01-21T00:00:00", {"score": 4}),
    ])
]  # fmt: skip


def live(store, definition=RACE, events=(*LIFE, *CASE)):
    """A racetrack in force, events, and the read models of both."""
    published = store.racetracks.publish(parse(definition), definition, "test")
    store.racetracks.activate(published.name, published.version, "test")
    store.ingest.record([json.dumps(one).encode() for one in events], source="test", place="test")
    store.projector().once()


@pytest.fixture(scope="module")
def lived(databases):
    """A database that many tests only read: one customer's life on a small racetrack, and their support case."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        live(store)
        yield url


@pytest.fixture
def life(lived, raceline, monkeypatch):
    """Runs a command on that life."""
    monkeypatch.setenv("RACELINE_DATABASE_URL", lived)
    return raceline


@pytest.fixture
def own(raceline):
    """The same life in a database that the test may change; runs commands on it."""
    with runtime(read_settings()) as store:
        live(store)
    return raceline


def rows(out):
    return list(csv.DictReader(io.StringIO(out)))


def told(out, *names):
    return [tuple(row[name] for name in names) for row in rows(out)]


# What is in them


def test_moves_tell_rule_trigger_and_evidence_by_positions(life):
    done = life("export", "moves")
    assert (done.status, done.err) == (0, "9 moves, as of position 15.\n")
    names = MOVES.splitlines()[0].split(",")
    assert told(done.out, *names) == told(MOVES, *names)
    assert {(row["account_id"], row["racetrack"], row["version"]) for row in rows(done.out)} == {("acme", "race", "1")}


def test_stays_are_the_moves_that_lead_into_a_stage_with_where_they_led(life):
    done = life("export", "stays")
    assert told(done.out, "n", "stage", "days", "kind", "to_stage", "left_by") == [
        ("1", "need", "8", "started", "try", "forward"),
        ("2", "try", "4", "forward", "use", "forward"),
        ("3", "use", "60", "forward", "try", "backward"),
        ("4", "try", "49", "backward", "advocate", "skip"),
        ("5", "advocate", "9", "skip", "need", "lap"),
        ("6", "need", "180", "lap", "", "left"),
        ("8", "advocate", "113", "returned", "", "left"),
    ]


def test_paths_have_their_steps_in_lists(life):
    row, *others = rows(life("export", "paths").out)
    assert (row["pages"], row["step_events"], row["implied"], row["events"]) == ('["pricing"]', "4", "[false]", "4")
    assert len(others) == 3


def test_cases_are_told_as_known_now_with_their_history_and_the_stage_in_which_they_opened_and_closed(life):
    (row,) = rows(life("export", "cases").out)
    names = ("status", "open_days", "reassigned", "severity", "problem", "cause", "surveys", "survey_mean",
             "opened_stage", "closed_stage", "events", "event_does", "event_open", "event_severity")  # fmt: skip
    assert tuple(row[name] for name in names) == (
        "closed", "10", "0", "1", "power", "COMM 007", "1", "4", "try", "use", "12 13 14 15",
        '["opened","updated","closed","surveyed"]', "[true,true,false,false]", '["2","1","1","1"]'
    )  # fmt: skip
    assert -1 <= float(row["sentiment"]) <= -0.05
    assert row["event_at"].startswith('["2024-01-10T00:00:00+00:00",')


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_other_formats_have_the_same_rows_with_types_and_say_what_each_column_means(life, tmp_path, name, kind):
    file = tmp_path / f"it.{kind}"
    assert life("export", name, "--output", str(file)).status == 0
    table = pq.read_table(file) if kind == "parquet" else pa.ipc.open_file(file).read_all()
    wanted = TABLES[name].columns
    assert table.column_names == [column.name for column in wanted]
    assert [field.metadata[b"documentation"].decode() for field in table.schema] == [column.says for column in wanted]
    assert table.schema.metadata[b"raceline.position"] == b"15"
    for column in wanted:
        assert pa.types.is_list(table.schema.field(column.name).type) == bool(column.csv)
    assert table.num_rows == len(rows(life("export", name).out))


def test_lists_are_lists_and_moments_are_moments(life, tmp_path):
    file = tmp_path / "moves.parquet"
    life("export", "moves", "--from", "2024-01-09", "--to", "2024-01-09", "--output", str(file))
    (move,) = pq.read_table(file).to_pylist()
    assert (move["evidence"], move["trigger_event"]) == ([4, 5, 6], 6)
    assert move["moved_at"] == datetime(2024, 1, 9, tzinfo=UTC)


def test_arrow_is_streamed_to_standard_output(life, start):
    process = start("export", "moves", "--format", "arrow")
    out = process.stdout.buffer.read()
    assert pa.ipc.open_stream(out).read_all().num_rows == 9
    assert process.wait(60) == 0


# Which rows


@pytest.mark.parametrize(
    ("days", "numbers"),
    [
        pytest.param([], "123456789", id="all days"),
        pytest.param(["--from", "2024-01-09"], "23456789", id="from a day on"),
        pytest.param(["--to", "2024-01-09"], "12", id="to a day, included"),
        pytest.param(["--from", "2024-03-13", "--to", "2024-03-13"], "4", id="one day"),
        pytest.param(["--from", "2024-03-14", "--to", "2024-03-15"], "", id="days without any"),
    ],
)
def test_a_row_belongs_to_the_day_on_which_it_began(life, days, numbers):
    done = life("export", "moves", *days)
    assert "".join(n for (n,) in told(done.out, "n")) == numbers
    assert done.out.startswith('"customer_id","account_id"'), "the names also without rows"


def test_days_are_those_of_the_racetrack_s_time_zone(raceline):
    """Midnight in London is the evening before in New York."""
    with runtime(read_settings()) as store:
        live(store, RACE.replace("start: need", "start: need\ntime_zone: America/New_York"), LIFE)
    assert told(raceline("export", "moves", "--to", "2024-01-08").out, "n") == [("1",), ("2",)]
    assert told(raceline("export", "moves", "--to", "2024-01-07").out, "n") == [("1",)]


def test_stages_can_be_chosen(life):
    assert told(life("export", "stays", "--stage", "use", "--stage", "advocate").out, "stage") == [
        ("use",), ("advocate",), ("advocate",)
    ]  # fmt: skip
    assert told(life("export", "moves", "--stage", "use").out, "n") == [("3",), ("4",)], "into it, and out of it"


def test_one_racetrack_of_several_is_chosen_by_name(own, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(RACE.replace("name: race", "name: other").replace("start: need\n", ""))
    own("racetrack", "publish", str(other), "--activate")
    own("project", "--once")
    assert told(own("export", "moves", "--racetrack", "other").out, "kind")[0] == ("entered",)
    assert told(own("export", "moves").out, "kind")[0] == ("started",), "the first is the default one"


# Refusals


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["--from", "yesterday"], 2, "write a day such as 2026-03-01", id="no day"),
        pytest.param(["--from", "2025-01-02", "--to", "2025-01-01"], 2, "is after 2025-01-01", id="backwards"),
        pytest.param(["--racetrack", "rase"], 1, "did you mean `race`?", id="a racetrack that is none"),
        pytest.param(["--stage", "usee"], 1, "did you mean `use`?", id="a stage that is none"),
        pytest.param(["--format", "parquet"], 1, "name a file by --output", id="parquet into a pipe"),
        pytest.param(["--output", "/no/such/folder/x.csv"], 1, "There is no such folder.", id="a folder that is none"),
        pytest.param(["--output", "/"], 1, "This is a folder", id="a folder"),
        pytest.param(["--output", "/dev/null", "--force"], 1, "This is no regular file", id="a device"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_cure(life, arguments, status, words):
    done = life("export", "moves", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in done.err


def test_a_racetrack_that_is_not_in_force_is_refused_with_its_versions(own):
    own("racetrack", "retire", "race")
    own("project", "--once")
    assert "race@1 (retired)" in own("export", "moves", "--racetrack", "race").err
    assert "No racetrack is active" in own("export", "moves").err
    assert own("export", "paths").status == 0, "paths need none"


def test_a_racetrack_that_the_read_models_do_not_have_yet_is_said_to_be_on_its_way(own, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(RACE.replace("name: race", "name: other"))
    own("racetrack", "publish", str(other), "--activate")
    assert "has just been activated" in own("export", "moves", "--racetrack", "other").err


def test_a_file_that_is_there_is_replaced_only_by_force(life, tmp_path):
    file = tmp_path / "moves.csv"
    file.write_text("mine")
    refused = life("export", "moves", "--output", str(file))
    assert (refused.status, file.read_text()) == (1, "mine")
    assert "--force replaces it" in refused.err
    assert life("export", "moves", "--output", str(file), "--force").status == 0
    assert len(rows(file.read_text())) == 9


def test_a_link_stays_a_link_and_what_it_names_is_replaced(life, tmp_path):
    file, link = tmp_path / "moves.csv", tmp_path / "newest.csv"
    file.write_text("old")
    link.symlink_to(file)
    assert life("export", "moves", "--output", str(link), "--force").status == 0
    assert link.is_symlink()
    assert len(rows(file.read_text())) == 9


def test_an_export_that_fails_on_the_way_leaves_nothing_behind_and_what_was_there_as_it_was(
    life, tmp_path, monkeypatch
):
    file = tmp_path / "moves.csv"
    file.write_text("mine")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_file.os, "fsync", full)
    done = life("export", "moves", "--output", str(file), "--force")
    assert (done.status, file.read_text()) == (1, "mine")
    assert "No space left on device" in done.err
    assert not list(tmp_path.glob(".moves*"))


def test_a_reader_that_has_enough_ends_it_quietly(life, start):
    process = start("export", "moves")
    process.stdout.close()
    assert process.wait(60) in (0, 1)
    assert "Traceback" not in process.stderr.read()


def test_a_replay_can_switch_while_an_export_reads(own, configured):
    """It reads the tables of the generation, and not the views that a switch replaces."""
    with runtime(read_settings()) as store, snapshot(store.url) as now:
        track = now.track(store.racetracks, None)
        _, batches = now.batches(TABLES["moves"], Span(), track)
        assert own("replay").status == 0
        assert sum(batch.num_rows for batch in batches) == 9


def test_a_database_that_goes_away_on_the_way_is_told(lived):
    many = "SELECT repeat('x', 100) AS text FROM generate_series(1, 400000)"  # more than one batch
    with snapshot(lived) as now:
        lines = now._read(many)
        assert next(lines).names == ["text"]
        with psycopg.connect(lived, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a"
                " WHERE a.datname = current_database() AND a.query LIKE 'COPY%%'"
            )
        with pytest.raises(LogUnavailable):
            list(lines)
