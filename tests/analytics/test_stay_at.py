"""Which stay a moment falls into."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from raceline.analytics.stay_at import stay_at

# Of each racer the lengths of stays and of the gaps between them, one after another.
spans = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=4)
racers = st.lists(spans, min_size=1, max_size=4)


def naive(stays, racer, at):
    return [
        next((n for n, entered, left in stays[one] if entered <= moment < left), -1)
        for one, moment in zip(racer, at, strict=True)
    ]


@given(racers, st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 25)), max_size=20))
def test_a_moment_is_in_the_stay_that_began_by_then_and_has_not_ended(lengths, asked):
    """A stay begins at the moment of its entry and ends just before the moment of the move that ends it."""
    stays, entered, left, start = [], [], [], [0]
    for own in lengths:
        clock, found = 0, []
        for gap, length in own:
            found.append((len(entered), clock + gap, clock + gap + length))
            entered.append(clock + gap)
            left.append(clock := clock + gap + length)
        stays.append(found)
        start.append(len(entered))
    asked = [(racer, at) for racer, at in asked if racer < len(lengths)]
    racer, at = (np.array([pair[n] for pair in asked], np.int64) for n in (0, 1))
    arrays = [np.array(values, np.int64) for values in (start, entered, left)]
    assert stay_at(*arrays, racer, at).tolist() == naive(stays, racer, at)
