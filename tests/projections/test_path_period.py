"""The days that a question about paths means, and those that it cannot mean."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import param

from raceline.domain.errors import InvalidArgument
from raceline.projections.path_period import Days, days_of

days = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))
ranges = st.fixed_dictionaries({"from": days, "to": days})


def january(first=None, last=None):
    return {"from": first and date(2026, 1, first), "to": last and date(2026, 1, last)}


@given(st.lists(ranges | st.none(), max_size=3))
def test_the_period_holds_the_days_that_everything_said_holds(said):
    every = [date(2026, 1, n) for n in range(1, 10)]
    stated = [one for one in said if one is not None]
    held = [day for day in every if all((one["from"] or date.min) <= day <= (one["to"] or date.max) for one in stated)]
    try:
        found = days_of(*said)
    except InvalidArgument:
        assert held == []
        return
    assert [day for day in every if (found.first or date.min) <= day <= (found.last or date.max)] == held
    assert held


def test_without_a_first_day_the_period_begins_after_the_past():
    assert days_of(january(), past=january(1, 4)) == Days(date(2026, 1, 5), None)
    assert days_of(january(last=5), past=january(1, 4)) == Days(date(2026, 1, 5), date(2026, 1, 5))
    assert days_of(january(7), past=january(1, 4)) == Days(date(2026, 1, 7), None)


@pytest.mark.parametrize(
    ("said", "past", "argument", "says"),
    [
        param([january(8, 2)], None, "from", "first day comes after the last", id="backwards"),
        param([january(8), january(last=2)], None, "from", "first day comes after the last", id="backwards together"),
        param([january(5)], january(1, 5), "past", "past has to end before the period", id="a past that overlaps"),
        param([january(5)], january(6, 9), "past", "past has to end before the period", id="a past that is later"),
        param([january(9)], january(4, 3), "past", "first day comes after the last", id="a past backwards"),
        param([january(last=4)], january(1, 4), "past", "past has to end before the period", id="within its past"),
        param([], {"from": date.min, "to": date.max}, "past", "past has to end before", id="a past without an end"),
    ],
)
def test_days_that_cannot_be_meant_are_refused_with_the_reason(said, past, argument, says):
    with pytest.raises(InvalidArgument, match=says) as caught:
        days_of(*said, past=past)
    assert caught.value.facts["argument"] == argument
