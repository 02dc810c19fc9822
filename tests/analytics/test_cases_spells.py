"""On which days a case is open, in which stage and with which value; which closings count; where a customer is."""

from itertools import pairwise

import naive_cases
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics.cases_arrays import case_starts, column, run_plain, spell_dicts, starts

from raceline.analytics.cases import NEVER_DAY, closing_rows, open_spells, states_at

OUTSIDE, EVER = 9, NEVER_DAY

_days = st.integers(-3, 6)


@st.composite
def journeys(draw, in_order=True):
    """Cases as (events, the customer of each case, the moves of each customer)."""
    order = (lambda found: sorted(found, key=lambda one: one["day"])) if in_order else list
    event = st.fixed_dictionaries(
        {"day": _days, "open": st.sampled_from([True, True, True, False, None]), "value": st.integers(0, 2)}
    )
    move = st.fixed_dictionaries({"day": _days, "to": st.sampled_from([0, 1, 2, OUTSIDE])})
    moves = [order(of_one) for of_one in draw(st.lists(st.lists(move, max_size=6), min_size=1, max_size=3))]
    cases = draw(st.lists(st.lists(event, min_size=1, max_size=6).map(order), max_size=4))
    customers = draw(st.lists(st.integers(0, len(moves) - 1), min_size=len(cases), max_size=len(cases)))
    return [event | {"case": n} for n, events in enumerate(cases) for event in events], customers, moves


def spells(events, customers, moves):
    flat = [move for of_one in moves for move in of_one]
    is_open = [{None: -1, True: 1, False: 0}[event["open"]] for event in events]
    return open_spells(
        case_starts(events),
        column(events, "day", np.int32),
        np.array(is_open, np.int8),
        column(events, "value", np.int32),
        np.array(customers, np.int32),
        starts(moves),
        column(flat, "day", np.int32),
        column(flat, "to", np.int32),
        OUTSIDE,
    )


def told(events, moves=()):
    """The spells of one case as (stage, event, from, to); events: (day, value or None: closed), moves: (day, stage)."""
    case = [{"case": 0, "day": day, "open": value is not None, "value": value or 0} for day, value in events]
    found = spell_dicts(spells(case, [0], [[{"day": day, "to": to} for day, to in moves]]))
    return [(one["stage"], one["event"], one["from"], one["to"]) for one in found]


@pytest.mark.parametrize(
    ("events", "moves", "expected"),
    [
        param([(3, 0)], [], [(OUTSIDE, 0, 3, EVER)], id="opened before the first stage, and open ever since"),
        param([(3, 0), (5, None)], [(1, 4)], [(4, 0, 3, 5)], id="not open at the end of the day it is closed on"),
        param([(3, 0), (3, None)], [(1, 4)], [], id="opened and closed on one day: open at the end of none"),
        param([(3, 0), (5, None), (5, 0)], [], [(OUTSIDE, 0, 3, EVER)], id="reopened the same day: never closed"),
        param([(3, 0), (5, None), (7, 0)], [], [(OUTSIDE, 0, 3, 5), (OUTSIDE, 2, 7, EVER)], id="reopened later"),
        param([(3, 0)], [(1, 1), (5, 2)], [(1, 0, 3, 5), (2, 0, 5, EVER)], id="moved between stages while open"),
        param([(3, 0)], [(5, 1), (5, 2)], [(OUTSIDE, 0, 3, 5), (2, 0, 5, EVER)], id="the last move of a day counts"),
        param([(3, 0)], [(3, 1)], [(1, 0, 3, EVER)], id="moved on the day it is opened"),
        param([(3, 0)], [(1, 1), (5, 2), (5, 1)], [(1, 0, 3, EVER)], id="away and back within a day is no change"),
        param([(3, 0), (5, 1)], [], [(OUTSIDE, 0, 3, 5), (OUTSIDE, 1, 5, EVER)], id="its severity changes"),
        param([(3, 0), (5, 1), (5, 0)], [], [(OUTSIDE, 0, 3, EVER)], id="changed and back within a day"),
        param([(3, 0), (4, 0), (5, 0)], [], [(OUTSIDE, 0, 3, EVER)], id="updates that change nothing are one spell"),
        param([(3, 0), (5, 1)], [(5, 2)], [(OUTSIDE, 0, 3, 5), (2, 1, 5, EVER)], id="both change on one day: one cut"),
        param([(3, 0), (3, 1), (3, 1)], [], [(OUTSIDE, 1, 3, EVER)], id="the event that first said what holds"),
        param([(3, 0), (4, 0)], [(6, 1)], [(OUTSIDE, 0, 3, 6), (1, 0, 6, EVER)], id="a move keeps that event"),
        param([(3, None)], [(1, 4)], [], id="a case that is never open has no spell"),
        param([(NEVER_DAY - 1, 0)], [], [(OUTSIDE, 0, NEVER_DAY - 1, EVER)], id="on the last day but one of all"),
        param([(NEVER_DAY, 0), (NEVER_DAY + 1, 1)], [], [], id="no day comes after the last one"),
    ],
)  # fmt: skip
def test_a_case_is_open_in_the_stage_and_with_the_severity_that_hold_at_the_end_of_each_day(events, moves, expected):
    assert told(events, moves) == expected


def test_each_case_goes_where_its_own_customer_goes():
    cases = [{"case": n, "day": 1, "open": True, "value": 0} for n in range(3)]
    moves = [[{"day": 2, "to": 5}], [{"day": 3, "to": 6}]]
    found = spell_dicts(spells(cases, [1, 0, 1], moves))
    assert [(one["case"], one["stage"], one["from"]) for one in found] == [
        (0, OUTSIDE, 1), (0, 6, 3), (1, OUTSIDE, 1), (1, 5, 2), (2, OUTSIDE, 1), (2, 6, 3),
    ]  # fmt: skip


@settings(max_examples=200)
@given(journeys())
def test_spells_are_those_of_the_naive_twin(journey):
    assert spell_dicts(spells(*journey)) == naive_cases.open_spells(*journey, OUTSIDE)


_BACK = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 1)]


@example(([{"case": 0, "day": day, "open": True, "value": value} for day, value in _BACK], [0], [[]]))
@given(journeys(in_order=False))
def test_also_where_clocks_are_put_back_over_midnight(journey):
    """Local days then fall, and what happens last still decides the days up to it."""
    assert spell_dicts(spells(*journey)) == naive_cases.open_spells(*journey, OUTSIDE)


@given(journeys())
def test_on_every_day_as_many_spells_are_running_as_cases_are_open(journey):
    events, *_ = journey
    found = spells(*journey)
    cases = naive_cases.cases_of(events).values()
    for day in range(-4, 9):
        open_cases = sum(naive_cases.value_at(day, rows) is not None for rows in cases)
        assert np.sum((found.from_day <= day) & (day < found.to_day)) == open_cases


@given(journeys())
def test_spells_of_one_case_never_overlap_and_differ_from_their_neighbours(journey):
    events, *_ = journey
    found = spell_dicts(spells(*journey))
    assert all(one["from"] < one["to"] for one in found)
    for one, other in pairwise(found):
        assert one["case"] <= other["case"]
        if one["case"] == other["case"]:
            assert one["to"] <= other["from"]
            kept = [(spell["stage"], events[spell["event"]]["value"]) for spell in (one, other)]
            assert one["to"] < other["from"] or kept[0] != kept[1]


@given(journeys())
def test_changes_of_spells_add_up_to_the_open_cases_of_each_stage(journey):
    """+1 where a spell begins, -1 where it ends: how the read model stores them."""
    events, customers, moves = journey
    found = spells(*journey)
    for day in range(-4, 9):
        sums = {}
        for state, begins, ends in zip(found.state, found.from_day, found.to_day, strict=True):
            sums[state] = sums.get(state, 0) + (begins <= day) - (ends <= day)
        stages = [
            naive_cases.stage_at(day, moves[customers[case]], OUTSIDE)
            for case, rows in naive_cases.cases_of(events).items()
            if naive_cases.value_at(day, rows) is not None
        ]
        assert {state: n for state, n in sums.items() if n} == {state: stages.count(state) for state in set(stages)}


@given(st.lists(st.lists(st.tuples(_days, st.booleans()), min_size=1, max_size=6), max_size=4), st.booleans())
def test_of_each_case_and_day_the_last_closing_counts(cases, in_order):
    events = [
        {"case": n, "day": day, "closing": closing}
        for n, events in enumerate(cases)
        for day, closing in (sorted(events, key=lambda one: one[0]) if in_order else events)
    ]
    rows = closing_rows(case_starts(events), column(events, "day", np.int32), column(events, "closing", np.bool_))
    assert rows.tolist() == naive_cases.closings_that_count(events)
    assert rows.dtype == np.int64


@pytest.mark.parametrize(
    ("at", "stage"),
    [(9, OUTSIDE), (10, 1), (19, 1), (20, 3), (99, 3)],
    ids=["before the first move", "at the instant of a move", "after it", "where two coincide, the last", "ever since"],
)
def test_a_customer_is_where_the_last_move_led_up_to_the_instant(at, stage):
    moves = np.array([10, 20, 20], np.int64), np.array([1, 2, 3], np.int32)
    assert states_at(np.zeros(1, np.int32), np.array([at]), np.array([0, 3]), *moves, OUTSIDE).tolist() == [stage]


@st.composite
def _questions(draw):
    at = st.integers(0, 8)
    move = st.fixed_dictionaries({"at": at, "to": st.integers(0, 3)})
    moves = draw(st.lists(st.lists(move, max_size=5), min_size=1, max_size=4))
    asked = draw(st.lists(st.fixed_dictionaries({"customer": st.integers(0, len(moves) - 1), "at": at}), max_size=12))
    in_time = [sorted(of_one, key=lambda one: one["at"]) for of_one in moves]
    return sorted(asked, key=lambda one: (one["customer"], one["at"])), in_time


def asked_states(asked, moves):
    flat = [move for of_one in moves for move in of_one]
    return states_at(
        column(asked, "customer", np.int32),
        column(asked, "at", np.int64),
        starts(moves),
        column(flat, "at", np.int64),
        column(flat, "to", np.int32),
        OUTSIDE,
    ).tolist()


@settings(max_examples=200)
@given(_questions())
def test_customers_are_where_the_naive_twin_finds_them(question):
    assert asked_states(*question) == naive_cases.states_at(*question, OUTSIDE)


def test_compiled_and_plain_say_the_same():
    @settings(max_examples=15)
    @given(journeys(), _questions())
    def check(journey, question):
        compiled = spell_dicts(spells(*journey)), asked_states(*question)
        with pytest.MonkeyPatch.context() as patch:
            run_plain(patch)
            assert (spell_dicts(spells(*journey)), asked_states(*question)) == compiled

    check()


def test_cases_open_for_ever_do_not_slow_each_other_down():
    """Cases of a restless customer who is back every evening, and cases long closed: the moves are not walked for each.

    Not timed: walking them for each would be four thousand million steps.
    """
    n = 64_000
    days = np.arange(n, dtype=np.int32)
    back = np.tile(np.array([1, 0], np.int32), n // 2)
    start, codes = np.arange(n + 1), np.zeros(n, np.int32)
    found = open_spells(
        start, days, np.ones(n, np.int8), codes, codes, np.array([0, n]), np.repeat(days[: n // 2], 2), back, OUTSIDE
    )
    assert len(found.case) == n
    closed = np.repeat(days, 2) + np.tile(np.array([0, 1], np.int32), n)
    shut = np.tile(np.array([1, 0], np.int8), n)
    codes = np.zeros(2 * n, np.int32)
    found = open_spells(start * 2, closed, shut, codes, codes[:n], np.array([0, n]), days, back, OUTSIDE)
    assert len(found.case) == n


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        param({"open": np.ones(2, np.int8)}, ValueError, "differ in length", id="columns of events"),
        param({"customer": np.zeros(2, np.int32)}, ValueError, "differ in length", id="customers of cases"),
        param({"move_to": np.zeros(0, np.int32)}, ValueError, "differ in length", id="columns of moves"),
        param({"start": np.array([0, 2])}, ValueError, "offsets do not fit", id="offsets of cases"),
        param({"move_start": np.array([1, 1])}, ValueError, "offsets do not fit", id="offsets of moves"),
        param({"customer": np.ones(1, np.int32)}, IndexError, "not in 0 .. 0", id="a customer nobody knows"),
    ],
)
def test_what_does_not_fit_together_is_refused(wrong, error, says):
    fits = {
        "start": np.array([0, 1]),
        "day": np.zeros(1, np.int32),
        "open": np.ones(1, np.int8),
        "value": np.zeros(1, np.int32),
        "customer": np.zeros(1, np.int32),
        "move_start": np.array([0, 1]),
        "move_day": np.zeros(1, np.int32),
        "move_to": np.zeros(1, np.int32),
        "outside": OUTSIDE,
    }
    with pytest.raises(error, match=says):
        open_spells(**fits | wrong)
