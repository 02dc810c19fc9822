"""Pages before a move against customers who stayed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx, param
from scipy import stats

from raceline.analytics.before_moves import AS_EXPECTED, FEWER, MORE, TOO_FEW, Stays, Views, pages_before

DAY = 86_400_000_000
WINDOW = 7 * DAY
WHOLE = {"days": (0.0,), "activity": ()}  # one stratum for all


def before(stays, views, pages=3, **more):
    """stays: (customer, entered, left, moved), views: (customer, at, page); times in days."""
    customer, entered, left, moved = zip(*stays, strict=True) if stays else ((),) * 4
    who, at, page = zip(*sorted(views, key=lambda view: view[:2]), strict=True) if views else ((),) * 3
    return pages_before(
        Stays(np.array(customer, np.int32), moments(entered), moments(left), np.array(moved, bool)),
        Views(np.array(who, np.int32), moments(at), np.array(page, np.int32)),
        pages,
        WINDOW,
        **more,
    )


def moments(days):
    return (np.array(days, float) * DAY).astype(np.int64)


def of_page(found, page=0):
    """One row, by the names of its columns."""
    (row,) = np.flatnonzero(found.page == page)
    return {name: column[row] for name, column in found._asdict().items() if isinstance(column, np.ndarray)}


# Each customer has one stay: 3 days up to the move, or 20 days without one. Some see page 0 on day 2.
def crowd(movers_with, movers_without, stayers_with, stayers_without):
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    counts = (movers_with, movers_without, stayers_with, stayers_without)
    people = [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]
    stays = [(c, 0, 3 if moved else 20, moved) for c, (moved, _) in enumerate(people)]
    return stays, [(c, 2, 0) for c, (_, saw) in enumerate(people) if saw]


def test_days_and_moves_with_a_page_and_without():
    found = before(*crowd(8, 4, 2, 10), **WHOLE)
    row = of_page(found)
    assert (found.stays, found.moves, found.days) == (24, 12, approx(12 * 3 + 12 * 20))
    assert (row["moves_after"], row["moves_without"]) == (8, 4)
    assert (row["exposed_days"], row["unexposed_days"]) == (approx(8 + 2 * 7), approx(276 - 22))
    assert row["expected"] == approx(12 * 22 / 276)
    assert (row["movers_share"], row["stayers_share"]) == (approx(8 / 12), approx(22 / 276))
    assert row["rate_ratio"] == approx((8 / 22) / (4 / 254))
    assert row["flag"] == MORE


@pytest.mark.parametrize("counts", [(8, 4, 2, 10), (1, 30, 60, 60), (0, 9, 40, 10), (5, 0, 3, 3)])
def test_in_one_stratum_the_interval_is_that_of_a_binomial_share(counts):
    found = before(*crowd(*counts), **WHOLE)
    row = of_page(found)
    k, n = counts[0], counts[0] + counts[1]
    odds = row["exposed_days"] / row["unexposed_days"]
    assert row["design_effect"] == 1, "every customer has one stay"
    for bound, chance, none in [("low", 0.025, k == 0), ("high", 0.975, k == n)]:
        share = stats.beta.ppf(chance, k + 0.5, n - k + 0.5)
        expected = share / (1 - share) / odds
        assert row[bound] == approx((0 if bound == "low" else np.nan) if none else expected, nan_ok=True)


def test_rates_are_compared_like_with_like_over_the_time_in_the_stage():
    """Most move on the first day, and the page is seen late: it is no harm of the page that few moves come after it."""
    early = [(c, 0, 0.5, True) for c in range(40)]
    late = [(c, 0, 30, c % 4 == 0) for c in range(40, 120)]
    views = [(c, 26, 0) for c in range(40, 120) if c % 8 < 4]
    crude, compared = (of_page(before(early + late, views, **more)) for more in (WHOLE, {"activity": ()}))
    assert crude["rate_ratio"] == approx((10 / 160) / (50 / 2260))
    # From the 14th day on 10 of 20 moves come after the page, in 40 customers x 4 of 80 customers x 16 days.
    assert compared["rate_ratio"] == approx((10 / 160) / (10 / 1120))
    assert compared["expected"] == approx(20 * 160 / 1280)


@pytest.mark.parametrize(
    ("stays", "views", "figures", "flag"),
    [
        param([(0, 0, 9, False)], [(0, 1, 0)], (0, np.nan), TOO_FEW, id="nobody moved"),
        param([(0, 0, 9, True)], [(0, 8, 0)], (1, np.nan), TOO_FEW, id="one customer"),
        param(*crowd(9, 0, 0, 0), (9, np.nan), MORE, id="all moved after"),
        param(*crowd(0, 50, 50, 0), (0, 0), FEWER, id="nobody moved after"),
        param(
            [(c, 0, 5, True) for c in range(9)], [(c, 0, 0) for c in range(9)], (9, np.nan), TOO_FEW,
            id="everybody had always seen it, and there is nothing to compare with",
        ),
        param(
            [(0, 10 * lap, 10 * lap + 5, True) for lap in range(50)], [(0, 10 * lap + 4, 0) for lap in range(50)],
            (50, np.nan), TOO_FEW, id="fifty laps of one customer are one customer",
        ),
        param([(0, 4, 4, True), (1, 0, 5, False)], [(0, 4, 0), (1, 1, 0)], (0, 0), TOO_FEW, id="a stay of no length"),
    ],
)  # fmt: skip
def test_defined_answers_at_the_edges(stays, views, figures, flag):
    row = of_page(before(stays, views, **WHOLE))
    assert (row["moves_after"], row["rate_ratio"]) == approx(figures, nan_ok=True)
    assert row["flag"] == flag
    assert np.isnan([row["z"], row["p"], row["q"]]).all() == (flag == TOO_FEW)


def test_of_equal_pages_the_one_of_the_first_place_is_told_first():
    stays, views = crowd(20, 10, 10, 20)
    both = views + [(c, at, 1) for c, at, _ in views] + [(c, at, 2) for c, at, _ in views[:1]]
    assert before(stays, both).page.tolist() == [0, 1, 2]
    assert before(stays, both, place=np.array([2, 1, 0])).page.tolist() == [1, 0, 2]


@given(st.permutations(range(90)), st.permutations([0, 1, 2]))
@settings(max_examples=20)
def test_the_order_of_pages_does_not_hang_on_the_codes_of_customers_and_pages(who, codes):
    """In a store that was loaded anew both are other ones, and sums are made in another order."""
    stays = [(c, 0, 3 + c % 11, c % 3 == 0) for c in range(90)]
    views = [(c, 0.1 * (c % 7) + lap, page) for c in range(90) for lap in range(c % 5) for page in (0, 1)] + [
        (c, 1, 2) for c in range(60)
    ]
    expected = before(stays, views)
    found = before(
        sorted((who[c], *stay) for c, *stay in stays),
        [(who[c], at, codes[page]) for c, at, page in views],
        place=np.argsort(codes),
    )
    assert found.page.tolist() == [codes[page] for page in expected.page]


@pytest.mark.parametrize("laps", [1, 2, 5])
def test_moves_of_one_customer_over_and_over_are_as_uncertain_as_one_of_each(laps):
    """The same customers do the same in every lap: there is no more to be learned from that."""
    stays, views = crowd(30, 60, 60, 120)
    again = [(c, 30 * lap + a, 30 * lap + b, moved) for c, a, b, moved in stays for lap in range(laps)]
    seen = [(c, 30 * lap + at, page) for c, at, page in views for lap in range(laps)]
    once, often = (of_page(before(*found, **WHOLE)) for found in ((stays, views), (again, seen)))
    assert often["rate_ratio"] == approx(once["rate_ratio"])
    assert often["design_effect"] == approx(laps, rel=0.15)
    assert often["z"] == approx(once["z"], rel=0.1)


def test_without_stays_or_views_there_are_no_pages():
    for stays, views in [([], []), ([], [(0, 1, 0)]), ([(0, 0, 5, True)], []), ([(0, 0, 5, True)], [(1, 1, 0)])]:
        found = before(stays, views)
        assert (len(found.page), found.tested, found.stays) == (0, 0, len(stays))


def test_pages_with_the_smallest_p_come_first_and_those_not_tested_last():
    stays, views = crowd(20, 20, 5, 40)
    more = [(c, 2, 1) for c in [*range(0, 40, 6), *range(45, 65)]] + [(84, 2, 2)]
    found = before(stays, views + more, **WHOLE)
    assert found.page.tolist() == [0, 1, 2]
    assert found.flag.tolist() == [MORE, AS_EXPECTED, TOO_FEW]
    assert found.tested == 2


some_stays = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40), st.integers(0, 30), st.booleans()), max_size=12)
some_views = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.integers(0, 2)), max_size=30)


@settings(max_examples=150)
@given(some_stays, some_views)
def test_an_interval_leaves_out_1_just_when_p_is_below_a_twentieth(stays, views):
    found = before([(c, entered, entered + lasted, moved) for c, entered, lasted, moved in stays], views, least=0)
    known = ~np.isnan(found.p)
    high = np.where(np.isnan(found.high), np.inf, found.high)
    assert (((found.low > 1) | (high < 1)) == (found.p < 0.05))[known].all()
    assert (found.low <= high)[known].all()
    assert (found.design_effect >= 1).all()
    assert ((found.z > 0) == (found.low > 1))[known & (found.p < 0.05)].all()
    assert (found.moves_after + found.moves_without == found.moves).all()
    assert found.exposed_days + found.unexposed_days == approx(np.full(len(found.page), found.days))


def world(seed, customers=400, pages=40, visits=0.4, hazard=0.05, laps=1, habit=0.0, busy=0.0, effect=1.0):
    """90 days of customers who move by chance, at `hazard` a day: `effect` times as often in the week after page 0.

    habit: how much each customer keeps to pages of its own; busy: how much both views and moves differ from customer to
    customer, together.
    """
    rng = np.random.default_rng(seed)
    popular = 1 / np.arange(1, pages + 1) ** 0.7
    stays, views = [], []
    for customer in range(customers):
        pace = np.exp(busy * rng.normal())
        at = np.sort(rng.random(rng.poisson(visits * pace * 90)) * 90)
        taste = popular * rng.gamma(1 / habit, habit, pages) if habit else popular
        page = rng.choice(pages, len(at), p=taste / taste.sum())
        views += zip([customer] * len(at), at, page, strict=True)
        entered = rng.random()
        for _ in range(laps):
            left = moment_of_move(rng, entered, at[page == 0], hazard * pace, effect)
            stays.append((customer, entered, min(left, 90), left < 90))
            entered = left + rng.exponential(1)
            if entered >= 90:
                break
    return stays, views


def moment_of_move(rng, entered, seen, hazard, effect):
    """By thinning: moments at the highest rate, of which those without effect are kept more seldom."""
    now, highest = entered, max(effect, 1)
    while now < 90:
        now += rng.exponential(1 / (hazard * highest))
        exposed = ((seen >= entered) & (seen < now) & (now <= seen + 7)).any()
        if rng.random() * highest < (effect if exposed else 1):
            return now
    return now


def level(worlds, **more):
    """The share of all pages whose interval leaves out 1, how many are flagged, and the mean logarithm of the ratio."""
    found = [before(*one, pages=40, **more) for one in worlds]
    high = [np.where(np.isnan(one.high), np.inf, one.high) for one in found]
    missed = np.concatenate([(one.low > 1) | (above < 1) for one, above in zip(found, high, strict=True)])
    ratio = np.concatenate([one.rate_ratio[one.expected > 5] for one in found])
    return missed.mean(), sum(int((one.flag > AS_EXPECTED).sum()) for one in found), np.nanmean(np.log(ratio))


def as_a_whole(stays, views, page):
    """The rate of moving of stays that ever saw the page, by that of the others: not what is to be done."""
    saw = [
        any(c == who and entered <= at < left and p == page for who, at, p in views) for c, entered, left, _ in stays
    ]
    days, moves = np.zeros(2), np.zeros(2)
    for with_page, (_, entered, left, moved) in zip(saw, stays, strict=True):
        days[int(with_page)] += left - entered
        moves[int(with_page)] += moved
    return (moves[1] / days[1]) / (moves[0] / days[0])


def test_a_page_is_not_blamed_for_being_seen_by_those_who_stay_longer():
    """Immortal time: whoever stays longer sees more pages. By whole stays, a page without effect halves moves."""
    worlds = [world(seed) for seed in range(6)]
    assert as_a_whole(*worlds[0], page=5) < 0.6
    missed, flagged, ratio = level(worlds)
    assert 0.02 <= missed <= 0.08
    assert flagged <= 1
    assert ratio == approx(0, abs=0.06)


@pytest.mark.parametrize(
    "told",
    [
        param({"laps": 30, "customers": 60, "hazard": 0.3, "habit": 5.0}, id="customers move often and have habits"),
        param({"laps": 30, "customers": 20, "hazard": 0.5, "habit": 5.0, "busy": 0.5}, id="there are few customers"),
        param({"busy": 0.8}, id="some customers view more and move more"),
    ],
)
def test_a_page_without_effect_is_found_one_time_in_twenty(told):
    missed, flagged, _ = level([world(seed, **told) for seed in range(6)])
    assert missed <= 0.08
    assert flagged <= 2, "of 240 pages, after correction"


def test_without_the_number_of_views_every_page_would_seem_to_bring_moves_about():
    worlds = [world(seed, busy=0.8) for seed in range(3)]
    missed, flagged, ratio = level(worlds, activity=())
    assert missed > 0.2
    assert flagged > 10
    assert ratio > 0.2


@pytest.mark.parametrize(("effect", "flag"), [(3.0, MORE), (0.25, FEWER)])
def test_an_effect_is_found_and_its_interval_holds_it(effect, flag):
    rows = [of_page(before(*world(seed, effect=effect), pages=40)) for seed in range(20)]
    assert sum(row["low"] <= effect <= row["high"] for row in rows) >= 17
    assert sum(row["flag"] == flag for row in rows) >= 19
    assert np.median([row["rate_ratio"] for row in rows]) == approx(effect, rel=0.15)


def test_many_pages_that_are_seldom_seen_bring_no_false_finds():
    """Pages that came before five moves by chance are chosen by chance; the others count as questions as well."""
    for seed in range(3):
        found = before(*world(seed, customers=600, pages=1_500), pages=1_500)
        assert (found.flag > AS_EXPECTED).sum() <= 1
