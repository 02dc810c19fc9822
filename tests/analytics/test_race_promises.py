"""What the race promises: arrival changes no history, the future changes no past, evidence is enough and no more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_race import Node, Rule, Track
from tests.analytics.tracks import bounds, clocks, facts, histories, leaves, moves, program, proofs, revisions, tracks

from raceline.analytics import race, race_look, race_moves, race_proof, race_prospects, race_revise, race_walk


def run(track, events, clock, **limits):
    return race.run(program(track), facts(events, 3), clock, **limits)


@given(tracks(), histories(), clocks, bounds, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_only_what_was_known_when(track, events, clock, timer_moves, random):
    times = [event.recorded for event in events]
    random.shuffle(times)
    arrived = [event._replace(recorded=at) for event, at in zip(events, times, strict=True)]
    one, other = (run(track, which, clock, timer_moves=timer_moves) for which in (events, arrived))
    assert (moves(one), proofs(one)) == (moves(other), proofs(other))
    assert np.array_equal(one.next_timer, other.next_timer)


@given(tracks(), histories(customers=1), clocks, st.integers(0, 30), bounds)
def test_what_comes_later_changes_nothing_before(track, events, clock, until, timer_moves):
    """The events up to a time, with the clock at that time, give the beginning of the whole story."""
    past = run(track, [event for event in events if event.at <= until], until, timer_moves=timer_moves)
    whole = run(track, events, max(clock, until), timer_moves=timer_moves)
    early = int(np.sum(whole.at <= until))
    assert (moves(past), proofs(past)) == (moves(whole)[:early], proofs(whole)[:early])


@given(tracks(), histories(), clocks, clocks, bounds)
def test_an_earlier_clock_gives_the_beginning(track, events, one, other, timer_moves):
    sooner, later = (run(track, events, clock, timer_moves=timer_moves) for clock in sorted((one, other)))
    last = np.full(3, min(one, other))
    for event in events:
        last[event.customer] = max(last[event.customer], event.at)
    there = later.at <= last[later.customer]
    assert moves(sooner) == [move for move, is_there in zip(moves(later), there, strict=True) if is_there]
    assert np.all(sooner.next_timer > last)


@given(tracks(), histories(), clocks)
def test_a_customer_moves_once_at_an_instant_and_never_to_where_they_are(track, events, clock):
    found = run(track, events, clock)
    assert np.all(found.from_state != found.to_state)
    same = np.diff(found.customer) == 0
    assert np.all(found.from_state[1:][same] == found.to_state[:-1][same])
    instants = list(zip(found.customer, found.at, found.trigger, strict=True))
    assert len(set(instants)) == len(instants)


counts = leaves(kinds=("count", "days", "distinct"))
several_counts = st.lists(counts, min_size=1, max_size=3).map(lambda found: Node("all", tuple(found)))


def moved_by(condition, events, rows=None):
    """The move that these events make when the condition leads from outside to a stage, and the rows of its evidence.

    Windows and laps are part of the condition; `since: stage` is not, because there is no stage before.
    """
    given_rows = list(range(len(events))) if rows is None else rows
    track = Track(1, (Rule(0, frozenset({1}), condition),))
    found = run(track, [events[row] for row in given_rows], -1)
    made = [move._replace(trigger=given_rows[move.trigger]) for move in moves(found)]
    return made, sorted({given_rows[row] for row in found.evidence_row.tolist()})


@settings(max_examples=200)
@given(counts | several_counts, histories(customers=1))
def test_the_evidence_of_counts_is_sufficient(condition, events):
    """Only the evidence of a move makes the same move again."""
    made, evidence = moved_by(condition, events)
    assert moved_by(condition, events, evidence) == (made, evidence)


@settings(max_examples=200)
@given(counts, histories(customers=1))
def test_the_evidence_of_a_count_is_necessary(count, events):
    """The evidence of a move without any one of its events makes no move."""
    made, evidence = moved_by(count, events)
    assert len(evidence) == (count.needed if made else 0)
    for row in evidence:
        assert moved_by(count, events, [other for other in evidence if other != row]) == ([], [])


@given(tracks(), histories(), clocks, st.integers(0, 60))
def test_a_restless_customer_costs_no_more_than_the_budget(track, events, clock, budget):
    """The newest steps of knowledge are looked at as ever; moves and their proofs do not depend on it."""
    whole, bounded = run(track, events, clock), run(track, events, clock, revision_budget=budget)
    assert (moves(whole), proofs(whole)) == (moves(bounded), proofs(bounded))
    for customer, left_out in enumerate(bounded.left_out.tolist()):
        steps = sorted({event.recorded for event in events if event.customer == customer})
        of = [(c, r) for c, r in revisions(whole) if c == customer and r.known_at in steps[left_out:]]
        assert [(c, r) for c, r in revisions(bounded) if c == customer] == of


@given(tracks(), histories(), clocks)
def test_room_for_one_is_enough_to_begin_with(track, events, clock):
    """What does not fit is written again with twice the room."""
    ample, plan = run(track, events, clock), program(track)
    asked = race.prospects(plan, facts(events, 3), clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(race, "FIRST_ROOM", 1)
        tight = run(track, events, clock)
        for one, other in zip(ample, tight, strict=True):
            assert np.array_equal(one, other)
        for one, other in zip(asked, race.prospects(plan, facts(events, 3), clock), strict=True):
            assert np.array_equal(one, other)


def test_compiled_and_plain_say_the_same():
    """A few races as the interpreter runs them: coverage sees the kernels, and numpy warns of what overflows."""

    @settings(max_examples=15)
    @given(tracks(), histories(), clocks)
    def check(track, events, clock):
        compiled = run(track, events, clock), race.prospects(program(track), facts(events, 3), clock)
        with pytest.MonkeyPatch.context() as patch:
            for module in (race, race_look, race_moves, race_proof, race_prospects, race_revise, race_walk):
                for name, function in list(vars(module).items()):
                    if hasattr(function, "py_func"):
                        patch.setattr(module, name, function.py_func)
            plain = run(track, events, clock), race.prospects(program(track), facts(events, 3), clock)
        for one, other in zip([*compiled[0], *compiled[1]], [*plain[0], *plain[1]], strict=True):
            assert np.array_equal(one, other)

    check()


def test_columns_that_differ_in_length_are_refused():
    columns = facts([], 1)
    with pytest.raises(ValueError, match="differ in length"):
        race.run(program(Track(1, ())), columns._replace(recorded_at=np.zeros(1, np.int64)), 0)
