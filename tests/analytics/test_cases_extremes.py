"""The lowest and the highest sentiment of the cases that are there on each day, from their changes."""

import naive_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics.cases_arrays import column, run_plain

from raceline.analytics.cases import NONE, extremes

# Few days and scores, so that they meet; an end may come before its beginning, and a score may be missing.
_changes = st.lists(
    st.fixed_dictionaries(
        {
            "group": st.integers(0, 2),
            "day": st.integers(-2, 4),
            "score": st.none() | st.integers(-4, 4).map(lambda n: n * 2_500),
            "change": st.sampled_from([1, 1, -1]),
        }
    ),
    max_size=40,
)


def told(changes):
    columns = extremes(
        column(changes, "group", np.int32),
        column(changes, "day", np.int32),
        column(changes, "score", np.int64, NONE),
        column(changes, "change", np.int64),
    )
    assert [values.dtype for values in columns] == [np.int32, np.int32, np.int64, np.int64]
    rows = zip(*(values.tolist() for values in columns), strict=True)
    return [tuple(None if value == NONE else value for value in row) for row in rows]


def of_one_group(*changes):
    """Changes as (day, score, change) -> (day, minimum, maximum)."""
    names = ("day", "score", "change")
    return [row[1:] for row in told([{"group": 0} | dict(zip(names, one, strict=True)) for one in changes])]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        param([(1, 50, 1), (2, -70, 1)], [(1, 50, 50), (2, -70, 50)], id="a worse case widens the range"),
        param([(1, 50, 1), (1, -70, 1), (3, -70, -1)], [(1, -70, 50), (3, 50, 50)], id="which shrinks when it closes"),
        param([(1, 50, 1), (4, 50, -1)], [(1, 50, 50), (4, None, None)], id="without a case there is no range"),
        param([(1, 50, 1), (2, 50, 1), (3, 50, -1)], [(1, 50, 50), (2, 50, 50), (3, 50, 50)],
              id="of two equal ones one is left"),
        param([(1, 50, 1), (1, 50, -1)], [(1, None, None)], id="come and gone within a day"),
        param([(1, 50, 1), (2, 50, -1), (3, 50, 1)], [(1, 50, 50), (2, None, None), (3, 50, 50)], id="gone and back"),
        param([(3, 50, 1), (1, 20, 1), (2, 20, -1)], [(1, 20, 20), (2, None, None), (3, 50, 50)], id="in any order"),
        param([(1, None, 1), (2, 50, 1)], [(1, None, None), (2, 50, 50)], id="a case without sentiment has no part"),
        param([(1, 50, 3), (2, 50, -2)], [(1, 50, 50), (2, 50, 50)], id="several at once"),
    ],
)  # fmt: skip
def test_the_range_on_a_day_is_that_of_the_cases_that_are_there(changes, expected):
    assert of_one_group(*changes) == expected


def test_groups_do_not_mix():
    changes = [
        {"group": 4, "day": 1, "score": 10, "change": 1},
        {"group": 2, "day": 1, "score": -10, "change": 1},
        {"group": 4, "day": 2, "score": 30, "change": 1},
    ]
    assert told(changes) == [(2, 1, -10, -10), (4, 1, 10, 10), (4, 2, 10, 30)]


@settings(max_examples=200)
@given(_changes)
def test_the_range_is_what_the_naive_twin_finds(changes):
    assert told(changes) == naive_cases.extremes(changes)


@given(_changes, st.randoms(use_true_random=False))
def test_the_order_of_changes_does_not_matter(changes, random):
    shuffled = random.sample(changes, len(changes))
    assert told(shuffled) == told(changes)


def test_compiled_and_plain_say_the_same():
    @settings(max_examples=15)
    @given(_changes)
    def check(changes):
        compiled = told(changes)
        with pytest.MonkeyPatch.context() as patch:
            run_plain(patch)
            assert told(changes) == compiled

    check()


def test_cases_that_stay_open_for_ever_are_not_looked_through_each_day():
    """Not timed: looking through them each day would be ten thousand million steps."""
    n = 100_000
    days, score = np.arange(n, dtype=np.int32), np.arange(n)
    _, _, low, high = extremes(np.zeros(n, np.int32), days, score, np.ones(n, np.int64))
    assert (low == 0).all()
    assert (high == score).all()
    both = np.tile(days, 2), np.tile(score, 2), np.repeat([1, -1], n)
    _, day, low, high = extremes(np.zeros(2 * n, np.int32), both[0] + np.repeat([0, n], n).astype(np.int32), *both[1:])
    assert (high[n:-1] == n - 1).all()
    assert (low[n:-1] == day[n:-1] - n + 1).all()


def test_columns_that_differ_in_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        extremes(np.zeros(1, np.int32), np.zeros(2, np.int32), np.zeros(1, np.int64), np.zeros(1, np.int64))
