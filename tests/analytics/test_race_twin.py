"""The race kernel and its naive twin say the same of random racetracks and random events."""

import naive_race
from hypothesis import given, settings
from naive_race import Rule, Track, Walk
from tests.analytics.tracks import (
    bounds,
    clocks,
    facts,
    histories,
    leaves,
    lists,
    moves,
    program,
    proofs,
    revisions,
    tracks,
)

from raceline.analytics import race

CUSTOMERS = 3


def rows_of(events, customer):
    return [row for row, event in enumerate(events) if event.customer == customer]


@settings(max_examples=200)
@given(tracks(), histories(CUSTOMERS), clocks, bounds)
def test_moves_and_their_proofs(track, events, clock, timer_moves):
    found = race.run(program(track), facts(events, CUSTOMERS), clock, timer_moves=timer_moves)
    walks = [Walk(track, events, timer_moves).run(rows_of(events, customer), clock) for customer in range(CUSTOMERS)]
    assert found.customer.tolist() == [customer for customer, walk in enumerate(walks) for _ in walk.moves]
    assert moves(found) == [move for walk in walks for move in walk.moves]
    assert proofs(found) == [proof for walk in walks for proof in walk.proofs]
    assert found.next_timer.tolist() == [walk.next_timer() for walk in walks]


@settings(max_examples=600)
@given(leaves(kinds=("sum",)).filter(lambda leaf: leaf.window > 0), histories(customers=1), clocks)
def test_a_sum_that_rises_when_a_negative_amount_leaves_its_window(leaf, events, clock):
    """The only count that time alone makes greater: rare among random racetracks, so here it is the whole rule."""
    track = Track(1, (Rule(0, frozenset({1}), leaf),))
    found = race.run(program(track), facts(events, 1), clock)
    walk = Walk(track, events).run(rows_of(events, 0), clock)
    assert (moves(found), proofs(found)) == (walk.moves, walk.proofs)
    assert found.next_timer.tolist() == [walk.next_timer()]


@settings(max_examples=200)
@given(tracks(), histories(CUSTOMERS), clocks, bounds)
def test_revisions_and_since_when_moves_are_known(track, events, clock, timer_moves):
    found = race.run(program(track), facts(events, CUSTOMERS), clock, timer_moves=timer_moves)
    told = [
        naive_race.revisions(track, events, rows_of(events, customer), clock, timer_moves)
        for customer in range(CUSTOMERS)
    ]
    assert revisions(found) == [(customer, each) for customer, (revised, _) in enumerate(told) for each in revised]
    assert found.known_at.tolist() == [at for _, known in told for at in known]
    assert not found.left_out.any()


@settings(max_examples=200)
@given(tracks(), histories(CUSTOMERS), clocks, bounds)
def test_prospects(track, events, clock, timer_moves):
    found = race.prospects(program(track), facts(events, CUSTOMERS), clock, timer_moves)
    told = [
        (customer, *prospect)
        for customer in range(CUSTOMERS)
        if (rows := rows_of(events, customer))
        for prospect in Walk(track, events, timer_moves).run(rows, clock).prospects(clock)
    ]
    assert lists(found.customer, found.rule, found.fires_at) == [prospect[:3] for prospect in told]
    assert proofs(found) == [prospect[3] for prospect in told]
