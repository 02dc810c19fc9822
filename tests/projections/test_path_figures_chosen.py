"""What several questions share is made once, and let go when the columns are others."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from gc import collect
from itertools import pairwise
from threading import Barrier
from weakref import ref

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_paths import NoDatabase, Visit, columns_of, many_visits, numbered

from raceline.analytics.path_arrays import annotated
from raceline.projections.path_figures import answer
from raceline.projections.path_figures_chosen import Snapshot, distinct, filters_of, snapshot_of
from raceline.projections.path_figures_made import Made
from raceline.projections.path_filter import PathFilter

VISITS = numbered([Visit("ann", "a b a"), Visit("ann", "a", at=500), Visit("bob", "b a", resolved=True)])
DAY = timedelta(days=1)
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
    every = Snapshot(columns).chosen(())
    before = every.size
    assert every.paths is columns.arrays
    assert every.size < before + 500  # nothing but that they are known


@given(many_visits(most=8), st.randoms(use_true_random=False))
def test_variants_come_in_the_same_order_however_the_paths_lie_in_memory(visits, random):
    """Paths of a customer lie together, but those of a customer with a new event lie behind the others."""
    customers = list(dict.fromkeys(visit.customer for visit in visits))
    random.shuffle(customers)
    moved = sorted(visits, key=lambda visit: customers.index(visit.customer))
    one, two = (answer(columns_of(some), NoDatabase(), "pathVariants", {"first": 3}, []) for some in (visits, moved))

    assert one == two


def test_a_filter_that_every_path_passes_is_no_choice_of_its_own(columns):
    snapshot = Snapshot(columns)
    assert snapshot.chosen((PathFilter(pattern="a"),)) is snapshot.chosen(())


def test_what_is_counted_of_a_choice_counts_as_its_size(columns):
    chosen = Snapshot(columns).chosen(RESOLVED)
    sizes = [chosen.size]
    for name in ("paths", "length", "customer", "sums", "edges", "variants", "dwell"):
        getattr(chosen, name)
        sizes.append(chosen.size)
    chosen.once("answer", lambda: {"rows": [np.zeros(1_000)]})
    sizes.append(chosen.size)

    assert all(smaller < larger for smaller, larger in pairwise(sizes))
    assert sizes[-1] - sizes[-2] >= 8_000


def test_choices_are_let_go_also_when_what_is_counted_of_the_last_one_makes_it_too_large(columns, monkeypatch):
    monkeypatch.setattr("raceline.projections.path_figures_chosen._BYTES", 50_000)
    snapshot = Snapshot(columns)
    every, small, large = snapshot.chosen(()), snapshot.chosen(RESOLVED), snapshot.chosen((PathFilter(customer="ann"),))
    assert snapshot.chosen(RESOLVED) is small
    assert snapshot.chosen((PathFilter(customer="ann"),)) is large
    large.once("answer", lambda: np.zeros(10_000))

    assert snapshot.chosen((PathFilter(customer="ann"),)) is large
    assert snapshot.chosen(()) is every  # which are asked about all the time
    assert snapshot.chosen(RESOLVED) is not small


def test_answers_take_only_so_much_memory_however_many_questions_there_are(columns, monkeypatch):
    monkeypatch.setattr("raceline.projections.path_figures_chosen._ANSWERS", 60_000)
    kept = NoDatabase()
    every = snapshot_of(columns, kept).chosen(())
    sizes = []
    for n in range(1, 40):
        answer(columns, kept, "siteGraph", {"nodes": n}, [])
        answer(columns, kept, "funnel", {"pattern": f"one: a -> .{{0,{n}}} -> two: b"}, [])
        answer(columns, kept, "pages", {"past": {"from": date(2026, 1, 1), "to": date(2026, 1, 1) + n * DAY}}, [])
        sizes.append(every.size)

    assert 60_000 < max(sizes) < 70_000


def test_of_too_many_answers_those_asked_for_last_are_kept_and_the_last_two_however_large():
    made, counted = Made(2_500), []

    def ask(key, items):
        return made.once(key, lambda: counted.append(key) or np.zeros(items))

    for key in "abca":
        ask(key, 50)  # 400 bytes, and some for each array
    assert counted == ["a", "b", "c"]
    ask("d", 10)
    ask("a", 50)
    ask("b", 50)
    assert counted == ["a", "b", "c", "d", "b"]
    ask("e", 10_000)
    ask("f", 10_000)
    assert (len(ask("e", 0)), len(ask("f", 0)), counted[-2:]) == (10_000, 10_000, ["e", "f"])
    ask("a", 50)
    assert counted[-1] == "a"


def test_what_fails_is_made_anew_for_the_next_one():
    made = Made(None)
    with pytest.raises(ZeroDivisionError):
        made.once("figure", lambda: 1 / 0)

    assert (made.once("figure", lambda: None), made.once("figure", lambda: 1)) == (None, None)
    assert made.once("figure", lambda: 2, lambda found: found is not None) == 2


def test_columns_that_are_there_anyway_are_not_counted_nor_are_names():
    @dataclass(frozen=True)
    class Table:
        name: str
        columns: dict

    mine, others = np.zeros(1_000), np.zeros(5_000)
    made = Made(None, frozenset({id(others)}))
    made.once("table", lambda: [Table("pages", {"mine": (mine, 7), "others": others, "names": pa.array(["a" * 900])})])

    assert 8_900 <= made.size < 10_000


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
