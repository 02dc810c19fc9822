"""Stages as a whole: of hand-made moves, stored or not, and of random ones compared with the naive twin."""

from collections import defaultdict

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moves import MOVES, STAGES, day, move, number, sums, unstored
from pytest import approx

from raceline.projections.stages import read_stages


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
            [one for one in moves if one["kind"] == "skip" and number(one["from_stage"]) < n < number(one["to_stage"])]
        )
    shares = defaultdict(float)
    for row in found.transitions:
        shares[row["from_stage"]] += row["share"]
    assert list(shares.values()) == approx([1] * len(shares))


def _transitions(moves):
    schema = [(name, pa.string()) for name in ("racetrack", "from_stage", "to_stage", "kind", "rule")]
    return pa.Table.from_pylist(sums(moves)["transitions"], pa.schema([*schema, ("moves", pa.int64())]))


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
