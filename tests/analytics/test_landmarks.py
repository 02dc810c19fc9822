"""The moments of stays that a model learns from, against plain loops; and what became of the stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.analytics.landmarks import DAY, NEVER, Landmarks, Stays, landmarks, outcomes, possible

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
    _, _, entered, left, _, known = one
    first = max(entered, known) if entered >= live_since else entered
    found = [first] + [at for at in MIDNIGHTS if at > first and not live_since <= at < known]
    return [at for at in found if at < min(left, until)] if first < min(left, until) else []


STAYS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(0, 60), st.integers(0, 40), st.booleans()).map(
        lambda one: (one[0], 0, one[1], NEVER if one[4] else one[1] + one[2], -1 if one[4] else 0, one[1] + one[3])
    ),
    max_size=6,
)


@given(STAYS, st.integers(0, 100), st.sampled_from([0, 25, NEVER]))
def test_landmarks_are_the_entry_and_the_midnights_when_the_stay_was_known(rows, until, live_since):
    made = stays(rows)
    found = landmarks(made, MIDNIGHTS, until, live_since)
    expected = [(n, at) for n, one in enumerate(rows) for at in naively(one, until, live_since)]
    assert list(zip(found.stay.tolist(), found.at.tolist(), strict=True)) == expected
    assert possible(made, MIDNIGHTS, until, live_since) == len(expected)


def test_a_stay_that_was_left_before_it_was_known_has_no_landmark():
    assert len(landmarks(stays([(0, 0, 5, 30, 0, 40)]), MIDNIGHTS, 100, 0).at) == 0


def test_thinning_keeps_about_a_share_and_the_same_ones_whoever_else_is_there():
    rows = [(n, 0, n % 7, NEVER, -1, 0) for n in range(400)]
    made, key = stays(rows), np.arange(1_000, 1_400, dtype=np.uint64)
    whole = landmarks(made, MIDNIGHTS, 100)
    few = landmarks(made, MIDNIGHTS, 100, keep=0.25, seed=3, key=key)
    assert 0.2 < len(few.at) / len(whole.at) < 0.3
    pairs = set(zip(few.stay.tolist(), few.at.tolist(), strict=True))
    assert pairs <= set(zip(whole.stay.tolist(), whole.at.tolist(), strict=True))
    half = landmarks(stays([(0, *one[1:]) for one in rows[7:8]]), MIDNIGHTS, 100, keep=0.25, seed=3, key=key[7:8])
    assert half.at.tolist() == [at for stay, at in sorted(pairs) if stay == 7]
    other = landmarks(made, MIDNIGHTS, 100, keep=0.25, seed=4, key=key)
    assert len(pairs & set(zip(other.stay.tolist(), other.at.tolist(), strict=True))) < len(pairs) / 2
    assert len(landmarks(made, MIDNIGHTS, 100, keep=0.0).at) == 0
    with pytest.raises(ValueError, match="share"):
        landmarks(made, MIDNIGHTS, 100, keep=1.5)


def test_what_happens_after_watching_ended_is_not_known():
    made = stays([(0, 0, 0, 3 * DAY, 4, 0), (1, 0, 0, 9 * DAY, 0, 0), (2, 0, 0, NEVER, -1, 0)])
    found = outcomes(made, Landmarks(np.arange(3), np.array([DAY, DAY, 2 * DAY])), 5 * DAY)
    assert found.days.tolist() == [2.0, 4.0, 3.0]
    assert found.exit.tolist() == [4, -1, -1]
    assert found.follow.tolist() == [4.0, 4.0, 3.0]
