"""A race has nothing to do with the races before it, or beside it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from raceline.analytics.race import Facts, Program, prospects, run

# One stage, entered by two events within five microseconds.
PAIR = Program(
    stages=1,
    start=-1,
    rule_to=np.array([0], np.int32),
    rule_node=np.array([0, 1], np.int32),
    node_kind=np.zeros(1, np.int8),
    node_leaf=np.zeros(1, np.int32),
    node_end=np.ones(1, np.int32),
    leaf_kind=np.zeros(1, np.int8),
    leaf_matcher=np.zeros(1, np.int32),
    leaf_needed=np.array([2]),
    leaf_window=np.array([5]),
    leaf_since=np.zeros(1, np.int8),
    leaf_value=np.full(1, -1, np.int32),
    state_start=np.array([0, 0, 1], np.int32),
    state_rule=np.zeros(1, np.int32),
    new_lap=np.zeros((2, 1), np.bool_),
)


def facts(occurred_at, recorded_at):
    n = len(occurred_at)
    return Facts(
        start=np.array([0, n]),
        occurred_at=np.array(occurred_at),
        recorded_at=np.array(recorded_at),
        day=np.zeros(n, np.int32),
        matches=np.ones((n, 1), np.uint64),
        values=np.zeros((0, n), np.int64),
        value_size=np.zeros(0, np.int64),
    )


LATE = facts([10, 20, 30, 40, 41], [50, 60, 70, 90, 80])  # the fourth was recorded after the fifth
PLAIN = facts([10, 11], [10, 11])


def told(race):
    return [column.tolist() for column in race]


def test_a_race_leaves_nothing_behind_for_the_next_one():
    alone = told(run(PAIR, PLAIN, 100))
    assert len(alone[0]) == 1
    run(PAIR, LATE, 100)
    prospects(PAIR, LATE, 100)
    assert told(run(PAIR, PLAIN, 100)) == alone


def test_races_of_one_racetrack_at_the_same_time_do_not_disturb_each_other():
    many = [facts(np.arange(0, 3000 * step, step), np.arange(0, 3000 * step, step)) for step in (2, 3, 4, 7)]
    alone = [told(run(PAIR, one, 100)) for one in many]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda n: told(run(PAIR, many[n % 4], 100)), range(400)))
    assert together == [alone[n % 4] for n in range(400)]
