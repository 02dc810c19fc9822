"""Lengths of the stays that are stored: what is censored when, what is kept how long."""

import psycopg
import pyarrow as pa
from moves import MOVES, TRACK, checkpoint, day, move
from pytest import approx

from raceline.graphql.injected import FIGURES
from raceline.projections import stage_lengths as lengths


def test_a_stay_that_is_open_has_lasted_until_the_clock(reading):
    found = lengths.stage_lengths(reading)
    assert (found.generation, found.position, found.clock) == ("views_1", 7, day(10).timestamp() * 1_000_000)
    assert [(row["stage"], row["stays"], row["open"], row["horizon_days"]) for row in found.rows] == [
        ("need", 4, 1, 4),
        ("renew", 1, 0, 1),
        ("select", 1, 0, 4),
        ("use", 2, 1, 4),
    ]
    # need: 2, 3 and 3 days, and 4 that go on
    assert found.rows[0]["median_days"] == 3
    assert found.rows[0]["mean_days"] == approx((2 + 3 + 3 + 4) / 4)
    assert found.rows[3]["mean_days"] == approx(1 + 3 * 1), "one day is censored, the other lasts four"


def test_the_api_takes_the_rows_as_they_are(stored, reading):
    rows = lengths.stage_lengths(reading).rows
    definition = FIGURES["stage_lengths"]
    assert {one.split()[0] for one in definition.split(",")} <= set(rows[0])
    found = stored.execute(
        f"SELECT curve_days, median_days, p90_upper FROM jsonb_to_recordset(%s) AS x({definition})",
        [psycopg.types.json.Jsonb(rows)],
    )
    assert found.fetchall()[0] == (rows[0]["curve_days"], rows[0]["median_days"], rows[0]["p90_upper"])


def test_no_moves_no_lengths():
    assert lengths.lengths_of(pa.Table.from_pylist(MOVES).slice(0, 0), 0) == []


def test_a_stay_that_began_after_the_clock_has_no_length_yet_and_makes_the_others_no_longer():
    moves = pa.Table.from_pylist([move("a", 1, "entered", None, "need", 1), move("b", 1, "entered", None, "need", 500)])
    (row,) = lengths.lengths_of(moves, round(day(3).timestamp() * 1_000_000))
    assert (row["stays"], row["open"], row["horizon_days"]) == (2, 2, 2)


def test_stages_of_two_racetracks_with_one_name_are_two():
    other = [one | {"racetrack": "another"} for one in MOVES[:1]]
    rows = lengths.lengths_of(pa.Table.from_pylist(MOVES + other), 0)
    found = {(row["racetrack"], row["stage"]): row["stays"] for row in rows}
    assert list(found) == sorted(found)
    assert (found["another", "need"], found[TRACK, "need"]) == (1, 4)


def test_lengths_are_kept_until_the_position_or_the_clock_moves(stored, reading, monkeypatch):
    monkeypatch.setattr(lengths, "_LONG_SECONDS", 1e9)
    kept = lengths.KeptStageLengths()
    first = kept(reading)
    reading.commit()
    assert kept(reading) is first
    reading.commit()
    checkpoint(stored, 7, day(20))
    later = kept(reading)
    assert later.rows[0]["horizon_days"] == 14
    assert later == lengths.stage_lengths(reading)


def test_lengths_that_take_long_are_kept_for_a_while_but_not_into_another_checkpoint(stored, reading, monkeypatch):
    monkeypatch.setattr(lengths, "_LONG_SECONDS", 0)
    monkeypatch.setattr(lengths, "_PATIENCE", 1e9)
    kept = lengths.KeptStageLengths()
    first = kept(reading)
    reading.commit()
    checkpoint(stored, 8, day(20))
    assert kept(reading) is first
    reading.commit()
    stored.execute("UPDATE raceline.generation SET name = 'views_2'")
    assert kept(reading).generation == "views_2"
