"""Single rules of the race, as section 5 of the design words them. Times are small numbers, say days."""

import pytest
from naive_race import Event, Leaf, Move, Node, Revision, Rule, Track
from pytest import param
from tests.analytics.tracks import facts, moves, program, proofs, revisions

from raceline.analytics import race

LOGIN, BOOKING = 0, 1
OUTSIDE = 2  # of two stages
BOTH = frozenset({0, OUTSIDE})


def events(*found):
    """(day, matcher or None[, recorded on])"""
    return [
        Event(0, at, recorded[0] if recorded else at, at, frozenset() if kind is None else frozenset({kind}), (-1, 0))
        for at, kind, *recorded in found
    ]


def run(rules, seen, clock=0, **track):
    return race.run(program(Track(2, tuple(rules), **track)), facts(seen, 1), clock)


def outside_to(stage, when):
    return Rule(stage, frozenset({OUTSIDE}), when)


login = Leaf("count", LOGIN, 1)
login_of_a_lap = Leaf("count", LOGIN, 1, since="lap")
booked = Leaf("count", BOOKING, 1)
no_login_in_three_days = Node("not", (Leaf("count", LOGIN, 1, window=3),))
three_in_five_days = Leaf("count", LOGIN, 3, window=5)
silence = Leaf("none", LOGIN, 10)


@pytest.mark.parametrize(
    ("rules", "seen", "clock", "expected"),
    [
        param(
            [outside_to(0, three_in_five_days)],
            events((1, LOGIN), (2, LOGIN), (6, LOGIN), (6, LOGIN)),
            0,
            [Move(OUTSIDE, 0, 0, 6, 3)],
            id="a window of five days does not hold what is five days old",
        ),
        param(
            [outside_to(0, login), outside_to(1, login)],
            events((1, LOGIN)),
            0,
            [Move(OUTSIDE, 1, 1, 1, 0)],
            id="the furthest forward rule that holds moves",
        ),
        param(
            [outside_to(0, login), outside_to(0, login)],
            events((1, LOGIN)),
            0,
            [Move(OUTSIDE, 0, 0, 1, 0)],
            id="of two rules to one stage the first in the file moves",
        ),
        param(
            [outside_to(0, login), Rule(1, frozenset({0}), login)],
            events((1, LOGIN), (1, None)),
            0,
            [Move(OUTSIDE, 0, 0, 1, 0), Move(0, 1, 1, 1, 1)],
            id="one move at an event; the next event moves on, though it matches nothing",
        ),
        param(
            [outside_to(0, silence)],
            events((1, LOGIN)),
            11,
            [Move(OUTSIDE, 0, 0, 11)],
            id="silence for ten days moves at the tenth day, without an event",
        ),
        param([outside_to(0, silence)], events((1, LOGIN)), 10, [], id="a timer after the clock does not move"),
        param(
            [outside_to(0, silence)],
            events((1, LOGIN), (11, None)),
            11,
            [Move(OUTSIDE, 0, 0, 11, 1)],
            id="an event at the time of a timer comes before it",
        ),
        param(
            [
                outside_to(0, Leaf("count", LOGIN, 1, since="lap")),
                Rule(OUTSIDE, frozenset({0}), Leaf("none", LOGIN, 5)),
            ],
            events((1, LOGIN), (9, BOOKING), (12, LOGIN)),
            12,
            [Move(OUTSIDE, 0, 0, 1, 0), Move(0, OUTSIDE, 1, 6), Move(OUTSIDE, 0, 0, 12, 2)],
            id="who left comes back by events after having left",
        ),
        param(
            [outside_to(0, Node("all", (booked, no_login_in_three_days)))],
            events((1, LOGIN), (2, BOOKING)),
            9,
            [Move(OUTSIDE, 0, 0, 4)],
            id="an event that leaves a window under not moves at that instant",
        ),
    ],
)
def test_where_a_customer_moves(rules, seen, clock, expected):
    assert moves(run(rules, seen, clock)) == expected


def test_the_first_event_puts_a_customer_at_the_start_and_does_nothing_more():
    found = run([Rule(1, frozenset({0}), login)], events((1, LOGIN), (2, None)), start=0)
    assert moves(found) == [Move(OUTSIDE, 0, -1, 1, 0), Move(0, 1, 0, 2, 1)]


def test_evidence_is_the_latest_events_that_are_enough():
    (proof,) = proofs(run([outside_to(0, three_in_five_days)], events((1, LOGIN), (3, LOGIN), (4, None), (5, LOGIN))))
    assert (proof.satisfied, proof.observed, proof.evidence) == ([True], [3], [(0, 0), (0, 1), (0, 3)])


def test_evidence_of_a_silence_is_the_last_event_before_it():
    (proof,) = proofs(run([outside_to(0, silence)], events((1, LOGIN), (2, LOGIN)), 12))
    assert (proof.observed, proof.evidence) == ([10], [(0, 1)])


def test_a_late_event_that_inserts_a_stay_is_a_revision():
    rules = [Rule(0, BOTH, login), Rule(1, BOTH, booked)]
    found = run(rules, events((1, LOGIN, 20), (5, BOOKING, 5)))
    assert moves(found) == [Move(OUTSIDE, 0, 0, 1, 0), Move(0, 1, 1, 5, 1)]
    assert revisions(found) == [(0, Revision(20, [0], [(1, 5)], [(0, 1), (1, 5)]))]
    assert found.known_at.tolist() == [20, 20]


def test_an_event_recorded_after_a_timer_had_moved_is_a_revision():
    found = run([outside_to(0, silence)], events((1, LOGIN), (8, LOGIN, 14)), 18)
    assert moves(found) == [Move(OUTSIDE, 0, 0, 18)]
    assert revisions(found) == [(0, Revision(14, [1], [(0, 11)], []))]


def test_a_late_event_that_changes_nothing_is_no_revision():
    """What arrives with it on time may move: that is news, and revises nothing."""
    found = run([outside_to(0, booked)], events((1, LOGIN, 9), (2, None), (9, BOOKING)))
    assert moves(found) == [Move(OUTSIDE, 0, 0, 9, 2)]
    assert revisions(found) == []


def test_why_not_yet():
    track = Track(2, (outside_to(0, three_in_five_days), outside_to(1, silence)))
    found = race.prospects(program(track), facts(events((1, LOGIN), (2, LOGIN)), 1), 4)
    assert (found.rule.tolist(), found.fires_at.tolist()) == ([1, 0], [12, race.NEVER])
    silent, counted = proofs(found)
    assert (silent.satisfied, silent.observed, counted.satisfied, counted.observed) == ([False], [2], [False], [2])


def amounts(*found):
    """(day, amount; None: of another kind)"""
    return [
        Event(0, at, at, at, frozenset() if amount is None else frozenset({BOOKING}), (-1, amount or 0))
        for at, amount in found
    ]


three_booked_in_five_days = Leaf("sum", BOOKING, 3, window=5, value=1)


@pytest.mark.parametrize(
    ("later", "clock", "move"),
    [
        param([], 5, Move(OUTSIDE, 0, 0, 5), id="at a timer"),
        param([(5, None)], 0, Move(OUTSIDE, 0, 0, 5, 2), id="at an event of that time, whatever it is"),
    ],
)
def test_a_negative_amount_that_leaves_the_window_makes_a_sum_great_enough(later, clock, move):
    found = run([outside_to(0, three_booked_in_five_days)], amounts((0, -1), (1, 3), *later), clock)
    assert moves(found) == [move]
    (proof,) = proofs(found)
    assert (proof.observed, proof.evidence) == ([3], [(0, 1)])


silent_here = Leaf("none", LOGIN, 2, since="stage")
to_and_fro = [Rule(0, BOTH | {1}, silent_here), Rule(1, frozenset({0}), silent_here)]


def test_time_alone_moves_a_customer_so_often_and_then_they_stay_until_the_next_event():
    seen = facts(events((0, BOOKING), (20, BOOKING)), 1)
    found = race.run(program(Track(2, tuple(to_and_fro))), seen, 99, timer_moves=3)
    assert found.at.tolist() == [2, 4, 6, 20, 22, 24, 26]
    assert found.next_timer.tolist() == [race.NEVER]
    asked = race.prospects(program(Track(2, tuple(to_and_fro))), seen, 99, timer_moves=3)
    assert asked.fires_at.tolist() == [race.NEVER]


def test_time_alone_moves_a_customer_a_thousand_times_and_no_more():
    found = run(to_and_fro, events((0, BOOKING)), 99_999)
    assert (len(found.at), found.at[-1]) == (race.TIMER_MOVES, 2 * race.TIMER_MOVES)
