"""raceline export predictions and ledger: what is predicted now, and what came true of what was predicted."""

import csv
import io
import json
from datetime import UTC, datetime

import psycopg
import pyarrow.parquet as pq
import pytest
from ledger import came_true, incidence, note, predicted
from psycopg.rows import dict_row
from small_race import LIFE, RACE

from raceline.app.runtime import runtime
from raceline.app.settings import Settings
from raceline.domain.racetrack_file import parse

TRACK = parse(RACE).name
# Of c-1, who comes to `try` on January 9 of 2024, to `use` on the 13th, back on March 13, out on November 6.
MADE = [
    ("2024-01-10T00:00", "try", 1),
    ("2024-01-14T12:00", "try", 1),
    ("2024-01-14T00:00", "use", 1),
    ("2024-04-30T00:00", "try", 2),
    ("2024-11-05T00:00", "need", 2),
    ("2024-12-24T00:00", "need", 2),
]


def made(at, stage, model):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    when = {"computed_at": moment, "entered_at": moment, "day": moment.date()}
    return predicted("c-1", 0, stage, model=model, track=TRACK) | when


@pytest.fixture(scope="module")
def lived(databases):
    """A life with six predictions of days long ago, and one of now."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        published = store.racetracks.publish(parse(RACE), RACE, "test")
        store.racetracks.activate(TRACK, published.version, "test")
        store.ingest.record([json.dumps(one).encode() for one in LIFE], source="test", place="test")
        store.projector().once()
        with psycopg.connect(url, autocommit=True) as conn:
            note(conn, [made(*one) for one in MADE])
            note(conn, [made("2024-12-25T00:00", "need", 2) | {"racetrack_version": 9}])
            conn.execute(
                "INSERT INTO live.predictions VALUES ('c-1', %s, 1, 2, 'use', 'POOLED', now(), now(), now(), 9, 1.5,"
                " %s, 12.5, NULL, 3.5)",
                [TRACK, incidence(0.125, 0.25, 0.5, left=0.0625)],
            )
        yield url


@pytest.fixture
def life(lived, raceline, monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_URL", lived)
    return raceline


def rows(out):
    return list(csv.DictReader(io.StringIO(out)))


def test_a_current_prediction_has_its_chances_its_model_and_where_it_was_made_from(life, tmp_path):
    (row,) = rows(life("export", "predictions", "--stage", "use").out)
    names = ("customer_id", "model", "stage", "tier", "days_in_stage", "within_day", "within_week", "within_month",
             "out_within_month", "expected_days", "median_days", "expected_days_if_next", "position")  # fmt: skip
    assert [row[name] for name in names] == (
        ["c-1", "2", "use", "POOLED", "1.5", "0.125", "0.25", "0.5", "0.0625", "12.5", "", "3.5", "9"]
    )
    assert len(row["incidence"].split()) == 35
    assert rows(life("export", "predictions", "--stage", "try").out) == []


def test_each_prediction_of_the_ledger_says_what_came_true(life, lived):
    *found, other = rows(life("export", "ledger").out)
    with psycopg.connect(lived, row_factory=dict_row) as conn:
        moves = conn.execute("SELECT * FROM live.moves").fetchall()
    for row, one in zip(found, MADE, strict=True):
        told = "revised" if row["revised"] == "true" else None
        if row["exit"]:
            told = row["exit"], float(row["left_after_days"])
        assert told == came_true(made(*one), moves, None), one
    assert [row["exit"] for row in found] == ["NEXT", "", "BACKWARD", "FURTHER", "OUT", ""]
    assert all(float(row["watched_days"]) > 300 for row in found)
    assert {row["other_version"] for row in found} == {"false"}
    assert [other[name] for name in ("other_version", "revised", "exit", "left_after_days")] == [
        "true",
        "false",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        pytest.param(["--to", "2024-01-14"], [1, 2, 3], id="to a day"),
        pytest.param(["--from", "2024-01-14", "--to", "2024-04-30"], [2, 3, 4], id="between days"),
        pytest.param(["--stage", "try"], [1, 2, 4], id="of a stage, as it was known then"),
    ],
)
def test_rows_of_the_ledger_belong_to_the_day_they_were_made_for(life, tmp_path, options, numbers):
    file = tmp_path / "ledger.parquet"
    assert life("export", "ledger", *options, "--output", str(file)).status == 0
    table = pq.read_table(file)
    assert table["id"].to_pylist() == numbers
    assert table["incidence"][0].as_py()[10] == pytest.approx(0.4)
