"""Features at landmarks: the compiled walk against plain loops, and that nothing from the future changes one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.analytics.features import (
    AGE,
    BEFORE_ENTRY,
    COUNT,
    DAY,
    DAYS_SINCE,
    DISTINCT,
    EVER,
    HAS,
    LAST,
    LAST_IS,
    LEVEL,
    MEAN,
    NET,
    NEVER,
    NOTHING_SAID,
    OPEN,
    OPEN_IF_UNKNOWN,
    SHUT,
    SINCE_ENTRY,
    STANDING,
    SUM,
    TALLY,
    Plan,
    Streams,
    contributing,
    features,
    said,
)

WINDOWS = (3, 10, SINCE_ENTRY, EVER, BEFORE_ENTRY)
OF_NUMBERS = (COUNT, SUM, MEAN, LAST, DAYS_SINCE, DISTINCT, LEVEL, HAS, LAST_IS, TALLY, NET)
# Stream 0 has numbers and codes, stream 1 what was said of things.
ASKED = [(0, aggregate, window) for aggregate in OF_NUMBERS for window in WINDOWS] + [(1, STANDING, EVER), (-1, AGE, 0)]


def plan(wanted=1.0):
    stream, aggregate, window = zip(*ASKED, strict=True)
    return Plan(
        np.array(stream, np.int32), np.array(aggregate, np.int8), np.array(window), np.full(len(ASKED), float(wanted))
    )


def streams(events, customers):
    """events: (stream, customer, at, recorded, value); the row of each is its place in the list."""
    order = sorted(range(len(events)), key=lambda n: (events[n][:3], n))
    place = [events[n][0] * customers + events[n][1] for n in order]
    start = np.searchsorted(place, np.arange(2 * customers + 1))
    columns = np.array([events[n][2:] for n in order], np.float64).reshape(-1, 3)
    at, recorded = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
    return Streams(customers, start, at, recorded, columns[:, 2].copy(), np.array(order, np.int64))


def naively(events, one, customer, at, entered, by, live_since, wanted):
    """One feature by its words."""
    stream, aggregate, window = one
    if aggregate == AGE:
        return (at - entered) / DAY
    mine = sorted((e for e in events if e[:2] == (stream, customer)), key=lambda e: e[2])
    known = [e for e in mine if e[2] <= at and (at < live_since or e[3] <= by)]
    if aggregate == STANDING:
        return float(sum(wanted in (-1, level) for is_open, level in things(known) if is_open))
    if aggregate == LEVEL or window == EVER:
        inside = known
    elif window == SINCE_ENTRY:
        inside = [e for e in known if e[2] > entered]
    elif window == BEFORE_ENTRY:
        inside = [e for e in known if e[2] < entered]
    else:
        inside = [e for e in known if e[2] > at - window]
    values = [e[4] for e in inside]
    nothing = math.nan
    return {
        COUNT: float(len(values)),
        SUM: float(sum(values)),
        LEVEL: float(sum(values)),
        NET: float(sum(values)),
        MEAN: sum(values) / len(values) if values else nothing,
        LAST: values[-1] if values else nothing,
        DAYS_SINCE: (at - inside[-1][2]) / DAY if values else nothing,
        DISTINCT: float(len(set(values))),
        HAS: float(wanted in values),
        LAST_IS: float(values[-1:] == [wanted]),
        TALLY: float(values.count(wanted)),
    }[aggregate]


def things(known):
    for thing in {e[4] // 64 for e in known}:
        told = [divmod(e[4] % 64, 16) for e in known if e[4] // 64 == thing]
        sure = [opens for opens, _ in told if opens in (SHUT, OPEN)]
        is_open = sure[-1] == OPEN if sure else any(opens == OPEN_IF_UNKNOWN for opens, _ in told)
        levels = [level - 1 for _, level in told if level]
        yield is_open, levels[-1] if levels else None


INSTANTS = st.integers(0, 20)
VALUES = st.integers(0, 3).map(float)
SAYINGS = st.tuples(st.integers(0, 1), st.integers(NOTHING_SAID, OPEN_IF_UNKNOWN), st.integers(0, 3)).map(
    lambda said: float(said[0] * 64 + said[1] * 16 + said[2])
)
EVENTS = st.lists(
    st.tuples(st.just(0), st.integers(0, 1), INSTANTS, INSTANTS, VALUES)
    | st.tuples(st.just(1), st.integers(0, 1), INSTANTS, INSTANTS, SAYINGS),
    max_size=25,
).map(lambda them: [(s, c, at, at + lag, value) for s, c, at, lag, value in them])
LANDMARKS = st.tuples(st.integers(0, 1), INSTANTS, st.integers(0, 5)).map(lambda one: (one[0], one[1], one[1] - one[2]))
# Those of events, with the moment at which the event was recorded.
OF_EVENTS = st.tuples(LANDMARKS, st.integers(0, 6)).map(lambda one: (*one[0], one[0][1] + one[1]))


def asked(events, landmarks, live_since, wanted=1.0):
    customer, at, entered, *by = (np.array(column, np.int64) for column in zip(*landmarks, strict=True))
    return features(streams(events, 2), plan(wanted), customer.astype(np.int32), at, entered, live_since, None, *by)


@given(
    EVENTS, st.lists(OF_EVENTS, min_size=1, max_size=4), st.sampled_from([0, 8, NEVER]), st.sampled_from([-1.0, 1.0])
)
def test_features_are_what_their_words_say(events, landmarks, live_since, wanted):
    found = asked(events, landmarks, live_since, wanted)
    expected = [[naively(events, one, *mark, live_since, wanted) for one in ASKED] for mark in landmarks]
    np.testing.assert_array_equal(found, np.array(expected))


@given(EVENTS, LANDMARKS, st.sampled_from([0, 8, NEVER]))
def test_a_value_has_the_events_behind_it_and_no_others(events, mark, live_since):
    """With those events alone the value is the same; and each of them had happened, and was known."""
    customer, at, entered = mark
    made, found = streams(events, 2), asked(events, [mark], live_since)[0]
    for n in range(len(ASKED)):
        rows = contributing(made, plan(), n, customer, at, entered, live_since)
        behind = [events[row] for row in rows]
        assert all(e[1] == customer and e[2] <= at and (at < live_since or e[3] <= at) for e in behind)
        np.testing.assert_array_equal(asked(behind, [mark], live_since)[0, n], found[n], err_msg=str(ASKED[n]))


@given(EVENTS, EVENTS, LANDMARKS | OF_EVENTS)
def test_what_happens_or_is_recorded_after_a_landmark_changes_no_feature_of_it(events, more, mark):
    later = [e for e in more if e[2] > mark[1] or e[3] > (mark[1], *mark[3:])[-1]]
    np.testing.assert_array_equal(asked(events + later, [mark], 0), asked(events, [mark], 0))
    later = [e for e in more if e[2] > mark[1]]
    np.testing.assert_array_equal(asked(events + later, [mark], NEVER), asked(events, [mark], NEVER))


def test_a_row_is_the_same_whatever_else_is_asked_and_however_many():
    """Bit by bit: also where the rows are spread over threads, and where sums are of fractions."""
    rng = np.random.default_rng(7)
    count = 4_000
    events = [
        (0, int(c), int(at), int(at + lag), float(value))
        for c, at, lag, value in zip(
            rng.integers(0, 50, count), rng.integers(0, 400, count), rng.integers(0, 9, count), rng.random(count),
            strict=True,
        )
    ]  # fmt: skip
    numbers = [n for n, one in enumerate(ASKED) if one[0] == 0 and one[1] != DISTINCT]
    chosen = plan()._replace(**{key: column[numbers] for key, column in plan()._asdict().items()})
    customer, at = rng.integers(0, 50, 8_000).astype(np.int32), rng.integers(0, 400, 8_000)
    made = streams(events, 50)
    whole = features(made, chosen, customer, at, at - 5, 200)
    for n in (0, 77, 7_999):
        alone = features(made, chosen, customer[n : n + 1], at[n : n + 1], at[n : n + 1] - 5, 200)
        np.testing.assert_array_equal(alone[0], whole[n])
    one = streams([(0, 0, *e[2:]) for e in events if e[1] == customer[77]], 1)
    np.testing.assert_array_equal(
        features(one, chosen, np.zeros(1, np.int32), at[77:78], at[77:78] - 5, 200)[0], whole[77]
    )


def test_groups_of_landmarks_may_look_for_different_values():
    made = streams([(0, 0, 1, 1, 4.0)], 1)
    of_groups = Plan(
        np.zeros(1, np.int32), np.array([HAS], np.int8), np.array([EVER]), np.array([[4.0], [5.0], [np.nan]])
    )
    found = features(made, of_groups, np.zeros(3, np.int32), np.full(3, 9), np.zeros(3, np.int64), NEVER, np.arange(3))
    assert found[:, 0].tolist() == [1.0, 0.0, 0.0]


def test_nothing_is_asked_of_nobody():
    assert features(streams([], 0), plan(), np.empty(0, np.int32), np.empty(0), np.empty(0)).shape == (0, len(ASKED))
    assert features(streams([], 1), plan(), np.zeros(1, np.int32), np.ones(1), np.zeros(1)).shape == (1, len(ASKED))


def test_a_thing_is_said_to_be_open_at_a_level():
    told = said(np.array([2, 0, 1], np.int32), np.array([OPEN, SHUT, OPEN], np.int8), np.array([1, -1, 99], np.int32))
    assert told.tolist() == [2 * 64 + 2 * 16 + 2, 16, 64 + 2 * 16 + 14]


WRONG = [
    pytest.param({"customer": [2]}, IndexError, id="a customer that is none"),
    pytest.param({"at": [1, 2]}, ValueError, id="lengths that differ"),
    pytest.param({"stream": 2}, IndexError, id="a stream that is none"),
    pytest.param({"stream": -1}, IndexError, id="a count of no stream"),
    pytest.param({"aggregates": (DISTINCT, STANDING)}, ValueError, id="values told apart in two ways"),
    pytest.param({"group": [1]}, IndexError, id="a group that is none"),
]


@pytest.mark.parametrize(("change", "error"), WRONG)
def test_what_does_not_fit_is_refused(change, error):
    given = {
        "customer": [0],
        "at": [1],
        "entered": [0],
        "stream": 0,
        "aggregates": (COUNT, COUNT),
        "group": [0],
    } | change
    made = Plan(
        np.full(2, given["stream"], np.int32), np.array(given["aggregates"], np.int8), np.full(2, EVER), np.ones(2)
    )
    columns = [np.array(given[key], np.int64) for key in ("customer", "at", "entered")]
    with pytest.raises(error):
        features(streams([], 2), made, *columns, NEVER, np.array(given["group"], np.int32))
