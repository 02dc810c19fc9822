"""Time and moves with a page and without it, moment by moment."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param

from raceline.analytics import exposure, exposure_walk
from raceline.analytics.exposure import Stays, Strata, Views, strata_of, watch

DAY = 86_400_000_000
WINDOW = 3
STRATA = Strata(np.array([0, 2, 5, 1 << 62]), np.array([0, 1, 2, 2, 3], np.int32), 4)
BINS = (0, 2, 5)
LEVELS = (0, 1, 2, 2, 3)  # of no view, one, two ..., four or more
PAGES = 3

moments = st.integers(0, 12)
# A stay: customer, entered, how long, moved, watched after. A view: customer, at, page.
some_stays = st.lists(st.tuples(st.integers(0, 2), moments, moments, st.booleans(), st.integers(-2, 5)), max_size=6)
some_views = st.lists(st.tuples(st.integers(0, 3), moments, st.integers(0, PAGES - 1)), max_size=14)


def stays_of(found):
    customer, entered, lasted, moved, after = zip(*found, strict=True) if found else ((),) * 5
    entered = np.array(entered, np.int64)
    left, watched = entered + np.array(lasted, np.int64), entered + np.array(after, np.int64)
    return Stays(np.array(customer, np.int32), entered, left, np.array(moved, bool), watched)


def views_of(found):
    customer, at, page = zip(*sorted(found, key=lambda view: view[:2]), strict=True) if found else ((),) * 3
    return Views(np.array(customer, np.int32), np.array(at, np.int64), np.array(page, np.int32))


def watched(stays, views, window=WINDOW, strata=STRATA):
    return watch(stays_of(stays), views_of(views), PAGES, window, strata)


def naive(stays, views):
    """Instant by instant: time and moves by stratum, the same by (customer, page) and stratum, and who saw what."""
    time, moves, exposed, moved_after = Counter(), Counter(), Counter(), Counter()
    people = set()
    for customer, entered, lasted, moved, after in stays:
        left = entered + lasted
        inside = [(at, page) for of, at, page in views if of == customer and entered <= at < left]

        def state(instant, inside=inside, entered=entered, customer=customer):
            """From the instant to the next one."""
            fresh = [page for at, page in inside if at <= instant < at + WINDOW]
            bin_ = max(b for b, edge in enumerate(BINS) if edge <= max(instant - entered, 0))
            return bin_ * 4 + LEVELS[min(len(fresh), 4)], {(customer, page) for page in fresh}

        begin = entered + max(after, 0)
        if left < begin:
            continue
        people |= {(customer, page) for _, page in inside}
        for instant in range(begin, left):
            stratum, fresh = state(instant)
            time[stratum] += 1
            exposed.update((who, stratum) for who in fresh)
        if moved:
            stratum, fresh = state(left - 1)
            moves[stratum] += 1
            moved_after.update((who, stratum) for who in fresh)
    return time, moves, exposed, moved_after, people


def told(found):
    """The answer in the words of the twin, zeros left out."""

    def counted(sums):
        return {(int(found.page[r]), int(s)): int(sums[r, s]) for r, s in zip(*np.nonzero(sums), strict=True)}

    def by_stratum(sums):
        return {int(s): int(sums[s]) for s in np.flatnonzero(sums)}

    return by_stratum(found.time), by_stratum(found.moves), counted(found.exposed_time), counted(found.exposed_moves)


def by_page(counter):
    found = Counter()
    for ((_, page), stratum), count in counter.items():
        found[page, stratum] += count
    return dict(found)


@settings(max_examples=300)
@given(some_stays, some_views)
def test_time_and_moves_are_those_of_the_naive_twin(stays, views):
    time, moves, exposed, moved_after, _ = naive(stays, views)
    assert told(watched(stays, views)) == (dict(time), dict(moves), by_page(exposed), by_page(moved_after))


@settings(max_examples=200)
@given(some_stays, some_views)
def test_sums_over_customers_are_those_of_the_naive_twin(stays, views):
    time, moves, exposed, moved_after, people = naive(stays, views)
    found = watched(stays, views)
    for r, page in enumerate(found.page.tolist()):
        n, k = Counter(), Counter()
        for ((customer, of), stratum), count in exposed.items():
            n[customer] += count * moves[stratum] / time[stratum] if of == page else 0
        for ((customer, of), _), count in moved_after.items():
            k[customer] += count if of == page else 0
        who = [customer for customer, of in people if of == page]
        assert found.customers[r] == len(who)
        assert found.movers[r] == len([c for c in who if k[c]])
        squares = [sum(x * y for x, y in pairs) for pairs in ([(n[c], n[c]) for c in who], [(n[c], k[c]) for c in who])]
        assert [found.nn[r], found.nk[r]] == pytest.approx(squares, abs=1e-9)
        assert found.kk[r] == sum(k[c] ** 2 for c in who)


@settings(max_examples=20)
@given(some_stays, some_views)
def test_compiled_and_plain_kernels_agree(stays, views):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_follow", "_first", "_pass", "_open", "_close", "_end", "_add_customer"):
            patch.setattr(exposure_walk, name, getattr(exposure_walk, name).py_func)
        patch.setattr(exposure, "follow_stays", exposure.follow_stays.py_func)
        plain = watched(stays, views)
    for mine, theirs in zip(watched(stays, views), plain, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@given(some_stays, some_views, st.randoms())
def test_the_order_of_stays_and_of_customers_does_not_matter(stays, views, random):
    mixed = random.sample(stays, len(stays))
    names = random.sample(range(10), 4)
    renamed = views_of([(names[customer], at, page) for customer, at, page in views])
    other = watch(
        stays_of([(names[customer], *more) for customer, *more in mixed]),
        renamed,
        PAGES,
        WINDOW,
        STRATA,
    )
    assert told(other) == told(watched(stays, views))


@given(some_stays, some_views)
def test_nothing_is_lost_and_nothing_is_counted_twice(stays, views):
    found = watched(stays, views)
    kept = [stay for stay in stays if stay[2] >= max(stay[4], 0)]
    assert found.time.sum() == sum(lasted - max(after, 0) for _, _, lasted, _, after in kept)
    assert found.moves.sum() == sum(moved for *_, moved, _ in kept)
    assert (found.exposed_time <= found.time).all()
    assert (found.exposed_moves <= found.moves).all()


def one_stay(views, *, left=10, moved=True, watched_from=0):
    """A stay from 0 on; how long its customer was exposed to page 0, and whether the move came after it."""
    found = watched([(0, 0, left, moved, watched_from)], [(0, *view) for view in views])
    rows = found.page == 0
    return int(found.exposed_time[rows].sum()), int(found.exposed_moves[rows].sum())


@pytest.mark.parametrize(
    ("views", "told"),
    [
        param([(2, 0)], (3, 0), id="exposure lasts as long as the window"),
        param([(8, 0)], (2, 1), id="a move within the window comes after the page"),
        param([(7, 0)], (3, 1), id="a move at the end of the window does as well"),
        param([(6, 0)], (3, 0), id="a move behind the window does not"),
        param([(10, 0)], (0, 0), id="a view at the instant of the move comes with it, and not before"),
        param([(0, 0)], (3, 0), id="a view at the instant of entering belongs to the stay"),
        param([(-1, 0)], (0, 0), id="a view before the stay does not belong to it"),
        param([(2, 0), (4, 0)], (5, 0), id="a second view makes exposure longer, and not double"),
        param([(2, 0), (5, 0)], (6, 0), id="a view at the end of the window continues it"),
        param([(2, 0), (2, 0)], (3, 0), id="two views at one instant are as one"),
        param([(2, 1), (8, 1)], (0, 0), id="a view of another page is none of this one"),
    ],
)
def test_exposure_to_a_page(views, told):
    assert one_stay(views) == told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        param({"moved": False}, (4, 0), id="a stay that did not end by the move has time without a move"),
        param({"watched_from": 2}, (3, 1), id="time before the period does not count, and exposure goes on into it"),
        param({"watched_from": 4}, (1, 1), id="neither does a window that began and ended before"),
        param({"left": 4, "watched_from": 4}, (0, 1), id="a move at the instant when the period begins counts"),
        param({"left": 4, "watched_from": 5}, (0, 0), id="a stay that ended before the period does not"),
    ],
)
def test_a_period_and_other_ends(more, told):
    views = [(1, 0), (3, 0)] if more.get("left") == 4 else [(1, 0), (9, 0)]
    assert one_stay(views, **more) == told


def test_strata_begin_at_days_in_the_stage_and_at_numbers_of_views():
    strata = strata_of((0, 1, 7), (1, 2, 4))
    assert strata.edges[:3].tolist() == [0, DAY, 7 * DAY]
    assert strata.level.tolist() == [0, 1, 2, 2, 3]
    assert strata.size == 12
    assert strata_of((0,), ()).size == 1


def test_without_stays_or_views_there_is_nothing():
    assert told(watched([], [])) == ({}, {}, {}, {})
    assert told(watched([], [(0, 1, 0)])) == ({}, {}, {}, {})
    assert told(watched([(0, 0, 4, True, 0)], [])) == ({0: 2, 4: 2}, {4: 1}, {}, {})


def test_what_does_not_fit_is_refused():
    stays, views = stays_of([(0, 0, 4, True, 0)]), views_of([(0, 1, 0)])
    with pytest.raises(ValueError, match="differ in length"):
        watch(stays._replace(left=stays.left[:0]), views, PAGES, WINDOW, STRATA)
    with pytest.raises(ValueError, match="differ in length"):
        watch(stays, views._replace(page=views.page[:0]), PAGES, WINDOW, STRATA)
    for page in (-1, PAGES):
        with pytest.raises(IndexError):
            watch(stays, views._replace(page=np.array([page], np.int32)), PAGES, WINDOW, STRATA)
