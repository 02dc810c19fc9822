"""The moments of stays that a model learns from, against plain loops; and what became of the stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.analytics.landmarks import DAY, NEVER, Count, Landmarks, Moments, Stays, landmarks, outcomes, possible

MIDNIGHTS = np.arange(0, 100, 10)


def stays(rows):
    """rows: (customer, stage, entered, left, exit, known)."""
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)] or [np.empty(0, np.int64)] * 6
    customer, stage, entered, left, exit_, known = columns
    return Stays(
        customer.astype(np.int32), stage.astype(np.int32), entered, left, exit_.astype(np.int8), known,
        np.zeros(len(customer), np.int32),
    )  # fmt: skip


def naively(one, until, live_since):
    _, _, _, left, _, known = one
    first, by = beginning(one, live_since)
    if max(first, by) >= min(left, until):
        return []
    found = [(at, at) for at in MIDNIGHTS if first < at < min(left, until) and not live_since <= at < known]
    return [(first, by), *found]


def beginning(one, live_since):
    """The first landmark, and the moment up to which what was recorded counts at it."""
    _, _, entered, _, _, known = one
    by = max(entered, known) if entered >= live_since else entered
    return by if any(entered < midnight <= by for midnight in MIDNIGHTS) else entered, by


def moments(events, customers=4):
    """events: (customer, at, recorded)."""
    ordered = sorted(events, key=lambda one: one[:2])
    customer, at, recorded = (np.array([one[n] for one in ordered], np.int64) for n in range(3))
    return Moments(np.searchsorted(customer, np.arange(customers + 1)), at, recorded)


def naively_of_events(one, events, until, live_since):
    """With the moment up to which what was recorded counts."""
    customer, _, entered, left, _, known = one
    first, _ = beginning(one, live_since)
    mine = sorted({at for whose, at, _ in events if whose == customer and entered < at < min(left, until)} - {first})
    for at in mine:
        by = max(at, min(recorded for whose, when, recorded in events if (whose, when) == (customer, at)))
        same_day = all(by < midnight for midnight in MIDNIGHTS if midnight > at)
        if at not in MIDNIGHTS and (at < live_since or (known <= by < min(left, until) and same_day)):
            yield at, by


STAYS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(0, 60), st.integers(0, 40), st.booleans()).map(
        lambda one: (one[0], 0, one[1], NEVER if one[4] else one[1] + one[2], -1 if one[4] else 0, one[1] + one[3])
    ),
    max_size=6,
)
EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(-3, 15)).map(
        lambda one: (one[0], one[1], one[1] + one[2])
    ),
    max_size=8,
)


@given(STAYS, st.integers(0, 100), st.sampled_from([0, 25, NEVER]))
def test_landmarks_are_the_entry_and_the_midnights_when_the_stay_was_known(rows, until, live_since):
    made = stays(rows)
    found = landmarks(made, MIDNIGHTS, until, live_since)
    expected = [(n, at, by, False) for n, one in enumerate(rows) for at, by in naively(one, until, live_since)]
    assert list(zip(*(column.tolist() for column in found), strict=True)) == expected
    assert possible(made, MIDNIGHTS, until, live_since) == Count(len(expected), 0)


@given(STAYS, EVENTS, st.integers(0, 100), st.sampled_from([0, 25, NEVER]))
def test_so_is_every_moment_of_an_event_that_was_recorded_on_its_day(rows, events, until, live_since):
    made, happened = stays(rows), moments(events)
    days, found = (landmarks(made, MIDNIGHTS, until, live_since, moments=more) for more in (None, happened))
    expected = [
        (n, at, by, True) for n, one in enumerate(rows) for at, by in naively_of_events(one, events, until, live_since)
    ]
    regular = list(zip(*(column.tolist() for column in days), strict=True))
    assert list(zip(*(column.tolist() for column in found), strict=True)) == sorted(regular + expected)
    assert possible(made, MIDNIGHTS, until, live_since, happened) == Count(len(regular), len(expected))


@given(STAYS, EVENTS, EVENTS, st.integers(0, 60), st.sampled_from([0, 25, NEVER]))
def test_which_landmarks_are_drawn_does_not_depend_on_what_happens_later(rows, events, more, now, live_since):
    """By events that occur, or come to be known, after `now`; nor by how a stay goes on."""
    later = [one for one in more if one[1] > now or one[2] > now]
    drawn = []
    for told, made in ((events, rows), (events + later, [(*one[:3], max(one[3], now + 9), *one[4:]) for one in rows])):
        found = landmarks(stays(made), MIDNIGHTS, 100, live_since, (0.5, 0.5), 3, None, moments(told))
        kept = list(zip(*(column.tolist() for column in found), strict=True))
        drawn.append([one for one in kept if one[2] <= now and one[1] < rows[one[0]][3]])
    assert drawn[0] == drawn[1]


def test_half_are_moments_of_events_when_there_are_enough_of_both():
    assert Count(1_000, 500).shares(400) == (0.2, 0.4)
    assert Count(1_000, 100).shares(400) == (0.3, 1.0)
    assert Count(100, 1_000).shares(400) == (1.0, 0.3)
    assert Count(100, 200).shares(400) == Count(0, 0).shares(400) == (1.0, 1.0)


def test_each_kind_has_a_share_of_its_own():
    rows = [(n % 4, 0, 0, NEVER, -1, 0) for n in range(4)]
    happened = moments([(n % 4, 1 + n % 97, 0) for n in range(4 * 97)])
    found = landmarks(stays(rows), MIDNIGHTS, 100, keep=(0.0, 0.25), moments=happened)
    assert found.of_event.all()
    assert 50 < len(found.at) < 125
    assert not landmarks(stays(rows), MIDNIGHTS, 100, keep=(1.0, 0.0), moments=happened).of_event.any()


def test_a_stay_that_was_left_before_it_was_known_has_no_landmark():
    assert len(landmarks(stays([(0, 0, 5, 30, 0, 40)]), MIDNIGHTS, 100, 0).at) == 0


def test_thinning_keeps_about_a_share_and_the_same_ones_whoever_else_is_there():
    rows = [(n, 0, n % 7, NEVER, -1, 0) for n in range(400)]
    made, key = stays(rows), np.arange(1_000, 1_400, dtype=np.uint64)
    whole = landmarks(made, MIDNIGHTS, 100)
    few = landmarks(made, MIDNIGHTS, 100, keep=(0.25, 1.0), seed=3, key=key)
    assert 0.2 < len(few.at) / len(whole.at) < 0.3
    pairs = set(zip(few.stay.tolist(), few.at.tolist(), strict=True))
    assert pairs <= set(zip(whole.stay.tolist(), whole.at.tolist(), strict=True))
    half = landmarks(
        stays([(0, *one[1:]) for one in rows[7:8]]), MIDNIGHTS, 100, keep=(0.25, 1.0), seed=3, key=key[7:8]
    )
    assert half.at.tolist() == [at for stay, at in sorted(pairs) if stay == 7]
    other = landmarks(made, MIDNIGHTS, 100, keep=(0.25, 1.0), seed=4, key=key)
    assert len(pairs & set(zip(other.stay.tolist(), other.at.tolist(), strict=True))) < len(pairs) / 2
    assert len(landmarks(made, MIDNIGHTS, 100, keep=(0.0, 1.0)).at) == 0
    with pytest.raises(ValueError, match="share"):
        landmarks(made, MIDNIGHTS, 100, keep=(1.0, 1.5))


def test_what_happens_after_watching_ended_is_not_known():
    made = stays([(0, 0, 0, 3 * DAY, 4, 0), (1, 0, 0, 9 * DAY, 0, 0), (2, 0, 0, NEVER, -1, 0)])
    at = np.array([DAY, DAY, 2 * DAY])
    found = outcomes(made, Landmarks(np.arange(3), at, at, np.zeros(3, np.bool_)), 5 * DAY)
    assert found.days.tolist() == [2.0, 4.0, 3.0]
    assert found.exit.tolist() == [4, -1, -1]
    assert found.follow.tolist() == [4.0, 4.0, 3.0]
