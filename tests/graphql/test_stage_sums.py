"""The figures of stages are sums over moves: of moves made by hand, and of random ones counted in plain loops."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moves import MOVES, STAGES, day, move, number, write
from pytest import approx

FIELDS = "stage customers entered departed regressions skips laps exits shareLeft transitions { to kind moves share }"


@pytest.fixture(scope="module")
def of_moves(common):
    """Asks for stages over these moves."""
    with psycopg.connect(common.house.url, autocommit=True) as conn:

        def ask(moves, fields=FIELDS):
            write(conn, moves)
            return {row["stage"]: row for row in common.ask(f"{{ stages {{ stage {fields} }} }}")["stages"]}

        yield ask


def test_a_stage_knows_who_is_there_who_came_and_how_they_went(of_moves):
    found = of_moves(MOVES)
    assert list(found) == STAGES
    told = ["customers", "entered", "departed", "regressions", "skips", "laps", "exits"]
    assert [tuple(found[stage][name] for name in told) for stage in STAGES] == [
        (1, 4, 3, 0, 1, 0, 1),
        (0, 1, 1, 1, 0, 0, 0),
        (1, 2, 1, 0, 0, 0, 1),
        (0, 1, 1, 0, 0, 1, 0),
    ]


def test_the_share_that_left_is_of_the_stays_that_ended(of_moves):
    assert [row["shareLeft"] for row in of_moves(MOVES).values()] == [approx(1 / 3), 0, 1, 0]
    assert of_moves(MOVES[:2])["renew"]["shareLeft"] is None


def test_each_day_says_who_entered_who_departed_and_who_was_there_at_its_end(of_moves):
    days = of_moves(MOVES, "days { day entered departed customers }")["need"]["days"]
    assert [tuple(row.values()) for row in days] == [
        (f"{day(n):%Y-%m-%d}", *counts)
        for n, *counts in [
            (0, 1, 0, 1), (1, 1, 0, 2), (2, 0, 1, 1), (4, 0, 1, 0), (5, 1, 0, 1), (6, 1, 0, 2), (8, 0, 1, 1),
        ]
    ]  # fmt: skip


def test_a_span_of_days_has_the_customers_who_were_there_before(of_moves):
    found = of_moves(MOVES, f'days(from: "{day(2):%Y-%m-%d}", to: "{day(5):%Y-%m-%d}") {{ day customers }}')
    told = [(stage, int(one["day"][-2:]) - 1, one["customers"]) for stage in STAGES for one in found[stage]["days"]]
    assert told == [
        ("need", 2, 1), ("need", 4, 0), ("need", 5, 1), ("select", 2, 1), ("use", 3, 1), ("renew", 4, 1),
        ("renew", 5, 0),
    ]  # fmt: skip


def test_a_transition_has_its_share_of_the_moves_from_the_same_stage(of_moves):
    share = approx(1 / 3)
    assert of_moves(MOVES)["need"]["transitions"] == [
        {"to": None, "kind": "LEFT", "moves": 1, "share": share},
        {"to": "renew", "kind": "SKIP", "moves": 1, "share": share},
        {"to": "select", "kind": "FORWARD", "moves": 1, "share": share},
    ]


def test_measured_coverage_stands_beside_what_the_definition_declares(of_moves):
    found = of_moves(MOVES, "rules { name confidence coverage measuredCoverage }")
    assert found["need"]["rules"] == [
        {"name": "rule", "confidence": 0.9, "coverage": 0.5, "measuredCoverage": 0.75},
    ]
    assert found["select"]["rules"] == [
        {"name": "chosen", "confidence": None, "coverage": None, "measuredCoverage": 0},
    ]


@given(
    st.lists(st.lists(st.sampled_from([*STAGES, None]), max_size=6), max_size=5),
    st.lists(st.integers(0, 3), min_size=60, max_size=60),
)
@settings(max_examples=min(20, settings().max_examples))
def test_the_sums_say_what_counting_moves_says(of_moves, walks, gaps):
    moves = [one for n, walk in enumerate(walks) for one in _walked(f"c{n}", walk, iter(gaps))]
    for stage, row in of_moves(moves).items():
        into, out = ([one for one in moves if one[end] == stage] for end in ("to_stage", "from_stage"))
        assert row["customers"] == len([one for one in into if one["left_at"] is None])
        assert (row["entered"], row["departed"]) == (len(into), len(out))
        for kind, name in [("left", "exits"), ("backward", "regressions"), ("skip", "skips")]:
            assert row[name] == len([one for one in out if one["kind"] == kind])
        assert sum(one["share"] for one in row["transitions"]) == approx(1 if out else 0)


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
    ahead = number(after) - number(before)
    return "backward" if ahead < 0 else "forward" if ahead == 1 else "skip"
