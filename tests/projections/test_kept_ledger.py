"""The ledger of predictions in memory says what came true of each, however often it was brought up to date."""

from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger import came_true, note, predicted
from moves import MOVES, STAGES, VIEWS, checkpoint, day, fill, move, store, write

from raceline.analytics.incidence import EXITS
from raceline.domain.errors import NoReadModels
from raceline.domain.event import DAY, EPOCH
from raceline.projections.kept_ledger import KeptLedger
from raceline.projections.ledger_columns import NEVER

_MICROSECOND = timedelta(microseconds=1)


def told(ledger):
    """The ledger as rows: who, when, in which stage, the chances, and what came true as `came_true` says it."""
    found = []
    for n in range(len(ledger.rows.day)):
        at, left = int(ledger.rows.at[n]), int(ledger.outcomes.left[n])
        exit_ = int(ledger.outcomes.exit[n])
        outcome = None if left == NEVER else (EXITS[exit_], (left - at) / DAY)
        found.append(
            (
                EPOCH + at * _MICROSECOND,
                ledger.stages[int(ledger.rows.stage[n])].as_py(),
                int(ledger.rows.model[n]),
                round(float(ledger.rows.within_week[n]), 6),
                "revised" if ledger.outcomes.revised[n] else "other" if ledger.outcomes.other_version[n] else outcome,
            )
        )
    return found


@pytest.mark.parametrize(
    ("customer", "at", "stage", "outcome"),
    [
        pytest.param("ann", 0.5, "need", ("NEXT", 1.5), id="to the next stage"),
        pytest.param("bob", 1, "need", ("FURTHER", 3.0), id="made at the entry, past a stage"),
        pytest.param("bob", 4.5, "renew", ("EDGE", 0.5), id="by an edge, a new lap"),
        pytest.param("ann", 5, "select", ("BACKWARD", 1.0), id="a regression"),
        pytest.param("cid", 4, "use", ("OUT", 3.0), id="out of the racetrack"),
        pytest.param("bob", 9.5, "use", None, id="still there"),
        pytest.param("ann", 2, "need", "revised", id="at the very moment of the move it is another stay"),
        pytest.param("ann", 5, "need", "revised", id="late events have put the customer into another stage"),
        pytest.param("bob", 8.5, "need", "revised", id="in no stage by then"),
        pytest.param("cid", 1, "use", "revised", id="not there yet"),
        pytest.param("dan", 1, "use", "revised", id="never in any stage"),
    ],
)
def test_what_came_true_is_told_by_the_stay_that_holds_the_landmark(stored, customer, at, stage, outcome):
    note(stored, [row := predicted(customer, at, stage)])
    assert told(KeptLedger(stored.info.dsn).now()) == [(row["computed_at"], stage, 1, 0.4, outcome)]
    assert came_true(row, MOVES, day(10)) == outcome


KINDS = ["forward", "skip", "lap", "backward", "left"]
lives = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(STAGES), st.integers(1, 3)), max_size=4)
rows = st.lists(
    st.tuples(st.sampled_from(["ann", "bob", "cid"]), st.integers(0, 8), st.sampled_from(STAGES), st.integers(1, 2)),
    max_size=5,
    unique_by=lambda one: one[:2],
)


def journey(customer, life):
    """The moves of a life, one after the other; who has left is back with the next move."""
    clock, stage, found = 0, None, []
    for n, (kind, to, days) in enumerate([("entered", "need", 1), *life], 1):
        to, kind = (None, "left") if kind == "left" and stage else (to, "returned" if stage is None and n > 1 else kind)
        found.append(move(customer, n, kind, stage, to, clock, clock + days))
        clock, stage = clock + days, to
    return [*found[:-1], found[-1] | {"left_at": None}]


@settings(max_examples=10)
@given(st.lists(st.tuples(st.lists(lives, min_size=3, max_size=3), rows), min_size=1, max_size=3))
def test_however_it_was_brought_up_to_date_it_is_what_a_plain_loop_says(databases, steps):
    """Lives may change with every step: late events do that."""
    with databases() as url, psycopg.connect(url, autocommit=True) as conn:
        store(conn)
        kept, noted = KeptLedger(url), {}
        for position, (of_all, more) in enumerate(steps, 1):
            moves = [
                one for name, life in zip(["ann", "bob", "cid"], of_all, strict=True) for one in journey(name, life)
            ]
            new = [predicted(*one[:3], model=one[3], chances=(0.1, one[1] / 10, 0.9)) for one in more]
            new = [one for one in new if (one["customer_id"], one["day"]) not in noted]
            write(conn, moves)
            note(conn, new)
            checkpoint(conn, position, day(20))
            noted |= {(one["customer_id"], one["day"]): one for one in new}
            wanted = [
                (
                    one["computed_at"],
                    one["stage"],
                    one["model"],
                    round(one["incidence"][10], 6),
                    came_true(one, moves, 20),
                )
                for one in noted.values()
            ]
            assert told(kept.now()) == wanted
            assert told(KeptLedger(url).now()) == wanted


def test_of_a_longer_ledger_the_newest_days_are_kept_and_the_rest_is_counted(stored):
    """Whole days, and the newest one in any case; whether they were read at once or came later."""

    def both(kept):
        return (kept.first_day and EPOCH.date() + timedelta(days=kept.first_day), len(kept.rows.day), kept.left_out)

    live = KeptLedger(stored.info.dsn, most_rows=3)
    note(stored, [predicted(name, 0.5, "need") for name in ("ann", "bob")])
    assert both(live.now()) == (date(2026, 1, 1), 2, 0)
    note(stored, [predicted(name, 1.5, "need") for name in ("ann", "bob")])
    assert both(live.now()) == both(KeptLedger(stored.info.dsn, most_rows=3).now()) == (date(2026, 1, 2), 2, 2)
    note(stored, [predicted(name, 2.5, "use") for name in ("ann", "bob", "cid", "dan")])
    assert both(live.now()) == both(KeptLedger(stored.info.dsn, most_rows=3).now()) == (date(2026, 1, 3), 4, 4)
    note(stored, [predicted("ann", 3.5, "use")])
    assert both(live.now()) == both(KeptLedger(stored.info.dsn, most_rows=3).now()) == (date(2026, 1, 4), 1, 8)


def test_a_ledger_of_another_generation_is_read_where_the_live_one_is(stored):
    note(stored, [predicted("ann", 0.5, "need")])
    kept = KeptLedger(stored.info.dsn)
    assert told(kept.now())[0][-1] == ("NEXT", 1.5)
    stored.execute(VIEWS["create_tables"].replace("{views}", "views_2"))
    stored.execute("INSERT INTO views_2.racetracks SELECT * FROM views_1.racetracks")
    fill(stored, "moves", [move("ann", 1, "entered", None, "need", 0)], schema="views_2")
    stored.execute("UPDATE raceline.generation SET name = 'views_2', number = 2")
    assert told(kept.now())[0][-1] is None


def test_predictions_for_another_version_of_the_racetrack_are_apart_until_it_is_live_again(stored):
    """Stays of other rules say nothing of them: they are neither true, nor false, nor revised."""
    note(stored, [predicted("ann", 0.5, "need"), predicted("ann", 5, "need"), predicted("bob", 1, "need", version=2)])
    kept, told_then = KeptLedger(stored.info.dsn), [("NEXT", 1.5), "revised", "other"]
    assert [one[-1] for one in told(kept.now())] == told_then
    for number, version in ((2, 2), (3, 1)):
        views = f"views_{number}"
        stored.execute(VIEWS["create_tables"].replace("{views}", views))
        for table in ("moves", "racetracks"):
            stored.execute(f"INSERT INTO {views}.{table} SELECT * FROM views_1.{table}")
        stored.execute(f"UPDATE {views}.racetracks SET version = {version}")
        stored.execute(f"UPDATE raceline.generation SET name = '{views}', number = {number}")
        now = ["other", "other", ("FURTHER", 3.0)] if version == 2 else told_then
        assert [one[-1] for one in told(kept.now())] == now


def test_without_read_models_nothing_can_be_said(database):
    with pytest.raises(NoReadModels):
        KeptLedger(database).now()
