"""Stages as a whole: of hand-made moves, stored or not, and of random ones compared with the naive twin."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from pytest import approx

from raceline.domain import arrow
from raceline.domain.sql import statements
from raceline.graphql.injected import FIGURES
from raceline.projections import stage_lengths as lengths
from raceline.projections.accounts import account_history, history_of
from raceline.projections.stages import read_stages

START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = ["need", "select", "use", "renew"]
TRACK = "cisco-13"
VIEWS = statements("raceline.projections", "views.sql")


def day(n):
    return None if n is None else START + timedelta(days=n)


def move(customer, n, kind, from_stage, to_stage, entered, left=None, rule="rule"):
    return {
        "customer_id": customer, "racetrack": TRACK, "version": 1, "n": n, "kind": kind, "from_stage": from_stage,
        "to_stage": to_stage, "entered_at": day(entered), "left_at": day(left), "known_at": day(entered), "rule": rule,
        "satisfied": [], "observed": [], "evidence": [], "evidence_node": [],
    }  # fmt: skip


# Ann goes round, falls back and is there; Bob skips, leaves and comes back; Cid has left; Dan was never in a stage.
MOVES = [
    move("ann", 1, "entered", None, "need", 0, 2),
    move("ann", 2, "forward", "need", "select", 2, 6),
    move("ann", 3, "backward", "select", "need", 6),
    move("bob", 1, "entered", None, "need", 1, 4),
    move("bob", 2, "skip", "need", "renew", 4, 5),
    move("bob", 3, "lap", "renew", "need", 5, 8),
    move("bob", 4, "left", "need", None, 8, 9, rule="gone"),
    move("bob", 5, "returned", None, "use", 9),
    move("cid", 1, "entered", None, "use", 3, 7),
    move("cid", 2, "left", "use", None, 7, rule="gone"),
]
ACCOUNTS = {"ann": "acme", "bob": "acme", "cid": "other", "dan": None}


def journey(customer, account):
    return {"customer_id": customer, "racetrack": TRACK, "version": 1, "account_id": account, "status": "outside",
            "first_at": START, "moves": 0, "laps": 0, "regressions": 0, "skips": 0, "revisions": 0,
            "revisions_left_out": 0}  # fmt: skip


def sums(moves):
    """The sums over moves, in plain loops."""
    transitions, days = Counter(), defaultdict(Counter)
    for one in moves:
        key = one["from_stage"] or "", one["to_stage"] or "", one["kind"], one["rule"]
        transitions[key] += 1
        for stage, what in [(one["to_stage"], "entered"), (one["from_stage"], "departed")]:
            if stage:
                days[stage, one["entered_at"].date()][what] += 1
    names = ["from_stage", "to_stage", "kind", "rule", "moves"]
    return {
        "transitions": [
            {"racetrack": TRACK} | dict(zip(names, (*key, count), strict=True)) for key, count in transitions.items()
        ],
        "stage_days": [
            {"racetrack": TRACK, "stage": stage, "day": on, "entered": found["entered"], "departed": found["departed"]}
            for (stage, on), found in days.items()
        ],
    }


def rule(n, name, stage, **declared):
    return {"racetrack": TRACK, "n": n, "rule": name, "title": name, "stage": stage, "origins": [], "owner": "",
            "documentation": "", "source_attributes": [], "types": [], "confidence": None, "coverage": None,
            } | declared  # fmt: skip


def tables(moves, accounts):
    """Everything that is read, as rows by table."""
    stages = [
        {"racetrack": TRACK, "n": n, "stage": stage, "title": stage, "documentation": "", "revenue": False}
        for n, stage in enumerate(STAGES, 1)
    ]
    return {
        "racetrack_stages": stages,
        "racetrack_rules": [rule(1, "rule", "need", confidence=0.9, coverage=0.5), rule(2, "gone", None)],
        "rule_sources": [{"racetrack": TRACK, "rule": "rule", "customers": 3}],
        "journeys": [journey(*one) for one in accounts.items()],
        **sums(moves),
    }


def unstored(moves, accounts=ACCOUNTS):
    return {name: pa.Table.from_pylist(rows) for name, rows in tables(moves, accounts).items() if rows}


def fill(conn, table, rows):
    for row in rows:
        statement = sql.SQL("INSERT INTO views_1.{} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        conn.execute(statement, list(row.values()))


def generation(conn, position, clock):
    conn.execute("DELETE FROM raceline.generation")
    conn.execute(
        "INSERT INTO raceline.generation (name, number, status, rules, position, clock, advanced_at, created_at)"
        " VALUES ('views_1', 1, 'live', '', %s, %s, now(), now())",
        [position, clock],
    )


@pytest.fixture
def stored(database):
    """A database whose live read models are made of MOVES."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(VIEWS["create_tables"].replace("{views}", "views_1"))
        conn.execute(VIEWS["publish"].replace("{views}", "views_1"))
        racetrack = {"racetrack": TRACK, "place": 1, "version": 1, "hash": "", "title": "", "documentation": "",
                     "time_zone": "UTC"}  # fmt: skip
        for table, rows in {"racetracks": [racetrack], "moves": MOVES, **tables(MOVES, ACCOUNTS)}.items():
            fill(conn, table, rows)
        generation(conn, 7, day(10))
        yield conn


@pytest.fixture
def reading(stored):
    with arrow.connect(stored.info.dsn) as connection:
        yield connection


def summary(rows, stage, *names):
    (row,) = [row for row in rows if row["stage"] == stage]
    return tuple(row[name] for name in names)


def test_a_stage_knows_who_is_there_who_came_and_how_they_went(stored):
    rows = read_stages(stored).summaries
    assert [row["stage"] for row in rows] == STAGES
    assert [summary(rows, stage, "customers", "entered", "departed") for stage in STAGES] == [
        (1, 4, 3),
        (0, 1, 1),
        (1, 2, 1),
        (0, 1, 1),
    ]
    assert summary(rows, "need", "regressions_into", "laps_into", "skips_out", "exits") == (1, 1, 1, 1)
    assert summary(rows, "select", "regressions_out", "skipped") == (1, 1)
    assert summary(rows, "use", "skipped", "skips_into") == (1, 0)
    assert summary(rows, "renew", "laps_out", "skips_into") == (1, 1)


def test_the_share_that_left_is_of_the_stays_that_ended(stored):
    rows = read_stages(stored).summaries
    assert [row["share_left"] for row in rows] == [approx(1 / 3), 0, 1, 0]
    unused = read_stages(stored, unstored(MOVES[:2])).summaries
    assert unused[3]["share_left"] is None


def test_each_day_says_who_entered_who_departed_and_who_was_there_at_its_end(stored):
    days = [tuple(row.values())[1:] for row in read_stages(stored).days if row["stage"] == "need"]
    assert days == [
        ("need", day(0).date(), 1, 0, 1),
        ("need", day(1).date(), 1, 0, 2),
        ("need", day(2).date(), 0, 1, 1),
        ("need", day(4).date(), 0, 1, 0),
        ("need", day(5).date(), 1, 0, 1),
        ("need", day(6).date(), 1, 0, 2),
        ("need", day(8).date(), 0, 1, 1),
    ]


def test_a_span_of_days_has_the_customers_who_were_there_before(stored):
    found = read_stages(stored, first=day(2).date(), last=day(5).date()).days
    assert [(row["stage"], row["day"].day - 1, row["customers"]) for row in found] == [
        ("need", 2, 1), ("need", 4, 0), ("need", 5, 1), ("select", 2, 1), ("use", 3, 1), ("renew", 4, 1),
        ("renew", 5, 0),
    ]  # fmt: skip


def test_a_transition_has_its_share_of_the_moves_from_the_same_place(stored):
    found = {(row["from_stage"], row["to_stage"], row["kind"]): row for row in read_stages(stored).transitions}
    assert {key: (row["moves"], row["share"]) for key, row in found.items() if key[0] in ("", "need")} == {
        ("", "need", "entered"): (2, 0.5),
        ("", "use", "entered"): (1, 0.25),
        ("", "use", "returned"): (1, 0.25),
        ("need", "select", "forward"): (1, approx(1 / 3)),
        ("need", "renew", "skip"): (1, approx(1 / 3)),
        ("need", "", "left"): (1, approx(1 / 3)),
    }


def test_measured_coverage_stands_beside_what_the_definition_declares(stored):
    found = read_stages(stored).coverage
    assert [tuple(row.values())[1:] for row in found] == [("rule", 0.9, 0.5, 3, 0.75), ("gone", None, None, 0, 0)]


def test_a_race_that_is_not_stored_has_the_same_figures(stored):
    assert read_stages(stored, unstored(MOVES)) == read_stages(stored)


@given(
    st.lists(st.lists(st.sampled_from([*STAGES, None]), max_size=6), max_size=5),
    st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # what is stored stays as it is
def test_the_sums_say_what_counting_moves_says(stored, walks, gaps):
    moves = [one for n, walk in enumerate(walks) for one in _walked(f"c{n}", walk, iter(gaps))]
    found = read_stages(stored, {"transitions": _transitions(moves)} | unstored(moves))
    for row in found.summaries:
        stage, n = row["stage"], row["n"]
        into, out = ([one for one in moves if one[end] == stage] for end in ("to_stage", "from_stage"))
        assert row["customers"] == len([one for one in into if one["left_at"] is None])
        assert (row["entered"], row["departed"]) == (len(into), len(out))
        assert row["exits"] == len([one for one in out if one["to_stage"] is None])
        assert row["regressions_out"] == len([one for one in out if one["kind"] == "backward"])
        assert row["skipped"] == len(
            [one for one in moves if one["kind"] == "skip" and _n(one["from_stage"]) < n < _n(one["to_stage"])]
        )
    shares = defaultdict(float)
    for row in found.transitions:
        shares[row["from_stage"]] += row["share"]
    assert list(shares.values()) == approx([1] * len(shares))


def _transitions(moves):
    schema = [(name, pa.string()) for name in ("racetrack", "from_stage", "to_stage", "kind", "rule")]
    return pa.Table.from_pylist(sums(moves)["transitions"], pa.schema([*schema, ("moves", pa.int64())]))


def _n(stage):
    return STAGES.index(stage) + 1


def _walked(customer, walk, gaps):
    """The moves of a customer who is in these places one after the other; None is outside."""
    places = [None]
    for place in walk:
        if place != places[-1]:
            places.append(place)
    at = [0]
    for _ in places:
        at.append(at[-1] + next(gaps))
    ends = [*at[1 : len(places) - 1], None]
    steps = zip(places, places[1:], at, ends, strict=False)
    return [
        move(customer, n, _kind(before, after), before, after, *when) for n, (before, after, *when) in enumerate(steps)
    ]


def _kind(before, after):
    if before is None or after is None:
        return "left" if after is None else "entered"
    ahead = _n(after) - _n(before)
    return "backward" if ahead < 0 else "forward" if ahead == 1 else "skip"


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


def test_a_stay_that_began_after_the_clock_has_no_length_yet_and_makes_the_others_no_shorter():
    moves = pa.Table.from_pylist([move("a", 1, "entered", None, "need", 1), move("b", 1, "entered", None, "need", 5)])
    (row,) = lengths.lengths_of(moves, 0)
    assert (row["stays"], row["open"], row["horizon_days"]) == (2, 2, 4)


def test_stages_of_two_racetracks_with_one_name_are_two():
    other = [one | {"racetrack": "another"} for one in MOVES[:1]]
    rows = lengths.lengths_of(pa.Table.from_pylist(MOVES + other), 0)
    found = {(row["racetrack"], row["stage"]): row["stays"] for row in rows}
    assert list(found) == sorted(found)
    assert (found["another", "need"], found[TRACK, "need"]) == (1, 4)


def test_lengths_are_kept_until_the_position_or_the_clock_moves(stored, reading):
    kept = lengths.KeptStageLengths()
    first = kept(reading)
    reading.commit()
    assert kept(reading) is first
    reading.commit()
    generation(stored, 7, day(20))
    later = kept(reading)
    assert later.rows[0]["horizon_days"] == 14
    assert later == lengths.stage_lengths(reading)


def test_lengths_that_take_long_are_kept_for_a_while_but_not_into_another_generation(stored, reading, monkeypatch):
    monkeypatch.setattr(lengths, "_LONG_SECONDS", 0)
    monkeypatch.setattr(lengths, "_PATIENCE", 1e9)
    kept = lengths.KeptStageLengths()
    first = kept(reading)
    reading.commit()
    generation(stored, 8, day(20))
    assert kept(reading) is first
    reading.commit()
    stored.execute("UPDATE raceline.generation SET name = 'views_2'")
    assert kept(reading).generation == "views_2"


def test_an_account_stands_where_its_customers_stand(reading):
    rows = account_history(reading, "acme")
    assert [(row["n"], row["furthest"], row["earliest"], row["customers"]) for row in rows] == [
        (1, "need", "need", 1), (2, "need", "need", 2), (3, "select", "need", 2), (4, "renew", "select", 2),
        (5, "select", "need", 2), (6, "need", "need", 2), (7, "need", "need", 1), (8, "use", "need", 2),
    ]  # fmt: skip
    assert [(row["entered_at"], row["left_at"]) for row in rows][-2:] == [(day(8), day(9)), (day(9), None)]
    assert {(row["account_id"], row["racetrack"]) for row in rows} == {("acme", TRACK)}


def test_an_account_whose_customers_have_left_is_nowhere(reading):
    rows = account_history(reading, "other", TRACK)
    assert [(row["furthest"], row["customers"], row["left_at"]) for row in rows] == [
        ("use", 1, day(7)),
        (None, 0, None),
    ]


def test_an_account_that_nobody_knows_has_no_history(reading):
    assert account_history(reading, "nobody") == []
    assert account_history(reading, "acme", "no such racetrack") == []


def test_the_history_of_stays_that_are_not_stored_is_rolled_up_the_same_way(reading):
    stays = [
        one | {"to_stage_n": _n(one["to_stage"])} for one in MOVES if one["to_stage"] and one["customer_id"] != "cid"
    ]
    assert history_of("acme", pa.Table.from_pylist(stays)) == account_history(reading, "acme")
