"""Random journeys over so few pages that ping-pongs, mirrored arms and loops are frequent."""

from itertools import groupby

from hypothesis import strategies as st
from tests.analytics.naive import Event

SECOND = 1_000_000
GAP = 1_800 * SECOND


def collapsed(x):
    return [page for page, _ in groupby(x)]


walks = (
    st.integers(2, 5).flatmap(lambda pages: st.lists(st.integers(0, pages - 1), min_size=1, max_size=40)).map(collapsed)
)

turns_of_events = st.lists(
    st.tuples(
        st.sampled_from([False, False, False, True]),  # the next customer
        st.sampled_from([0, SECOND, GAP - 1, GAP, 2 * GAP]),
        st.integers(0, 3),
        st.integers(-1, 3),
        st.sampled_from([False] * 5 + [True]),
    ),
    max_size=60,
)


@st.composite
def journeys(draw):
    """Events in order, of a few customers, with pauses on both sides of the gap."""
    customer, at, found = 0, draw(st.integers(-(10**15), 10**15)), []
    for is_next, pause, page, source, resolved in draw(turns_of_events):
        customer, at = (customer + 1, at - 3 * GAP) if is_next else (customer, at + pause)
        found.append(Event(customer, at, page, source, resolved))
    return found
