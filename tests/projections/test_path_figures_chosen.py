"""What several questions share is made once, and let go when the columns are others."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from gc import collect
from threading import Barrier
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_paths import NoDatabase, Visit, columns_of, numbered

from raceline.analytics.path_arrays import annotated
from raceline.projections.path_figures_chosen import Snapshot, distinct, filters_of, snapshot_of
from raceline.projections.path_filter import PathFilter

VISITS = numbered([Visit("ann", "a b a"), Visit("ann", "a", at=500), Visit("bob", "b a", resolved=True)])
RESOLVED = (PathFilter(resolved=True),)


@pytest.fixture
def columns():
    return columns_of(VISITS)


def test_the_same_question_finds_what_was_counted_before(columns):
    kept = NoDatabase()
    found = snapshot_of(columns, kept).chosen(RESOLVED)
    sums = found.sums

    assert snapshot_of(columns, kept).chosen(RESOLVED) is found
    assert found.sums is sums
    assert snapshot_of(columns, kept).chosen(()) is not found


def test_a_clock_that_goes_on_changes_nothing_that_is_counted(columns):
    kept = NoDatabase()

    assert snapshot_of(replace(columns, clock=9), kept) is snapshot_of(columns, kept)


def test_other_columns_are_counted_anew_and_the_old_ones_are_let_go(columns):
    kept = NoDatabase()
    first = snapshot_of(columns, kept)
    newer = replace(columns, arrays=annotated(*columns.arrays[:5], len(columns.page_names)), position=42)
    gone = ref(first)

    assert snapshot_of(newer, kept) is not first
    del first
    collect()
    assert gone() is None


def test_what_belongs_to_a_store_goes_with_it(columns):
    kept = NoDatabase()
    gone = ref(snapshot_of(columns, kept))
    del kept
    collect()

    assert gone() is None


def test_only_so_many_choices_are_kept_those_that_were_asked_for_last(columns):
    snapshot = Snapshot(columns)
    first, second = snapshot.chosen((PathFilter(customer="0"),)), snapshot.chosen((PathFilter(customer="1"),))
    for n in range(2, 17):
        snapshot.chosen((PathFilter(customer=str(n)),))
        snapshot.chosen((PathFilter(customer="0"),))

    assert snapshot.chosen((PathFilter(customer="0"),)) is first
    assert snapshot.chosen((PathFilter(customer="1"),)) is not second


def test_a_choice_that_is_too_large_is_let_go_for_the_next_one(columns, monkeypatch):
    monkeypatch.setattr("raceline.projections.path_figures_chosen._BYTES", 50)
    snapshot = Snapshot(columns)
    large = snapshot.chosen(RESOLVED)
    assert len(large.paths.page) == 2
    assert snapshot.chosen(RESOLVED) is large
    snapshot.chosen((PathFilter(customer="ann"),))

    assert snapshot.chosen(RESOLVED) is not large


def test_all_paths_are_not_copied(columns):
    assert Snapshot(columns).chosen(()).paths is columns.arrays
    assert Snapshot(columns).chosen(()).size == 0


def test_whoever_asks_at_the_same_time_waits_for_what_is_made_once(columns):
    chosen, together, made = Snapshot(columns).chosen(()), Barrier(4), []

    def ask(_):
        together.wait()
        return chosen.once("figure", lambda: made.append(1) or len(made))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [1, 1, 1, 1]


def test_what_is_said_twice_or_says_nothing_is_one_filter_or_none():
    said = {"resolved": True}

    assert filters_of(said, said, None, {}) == RESOLVED
    assert filters_of({"pattern": None, "first": 3}) == ()


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 5)), max_size=30))
def test_distinct_values_of_rows_are_counted(pairs):
    pairs.sort(key=lambda pair: pair[1])
    row, value = (np.array([pair[n] for pair in pairs], np.int32) for n in (0, 1))

    assert distinct(row, value, 4).tolist() == [len({v for r, v in pairs if r == n}) for n in range(4)]
