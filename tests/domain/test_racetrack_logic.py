"""What follows from a condition is certain: tried with random conditions on random lives of customers."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_track import CATALOGUE

from raceline.domain.condition import Condition, Filter
from raceline.domain.racetrack_check_conditions import most_days
from raceline.domain.racetrack_logic import excludes, implies, requires_since, term

HOUR, DAY = 3_600_000_000, 86_400_000_000
TYPES = ["case.opened", "case.closed", "content.viewed"]
SMALL = st.integers(1, 3)
WHERE = st.sampled_from(
    [{}, {"case_id": "a"}, {"case_id": ["a", "b"]}, {"case_id": {"prefix": "a"}}, {"case_id": {"present": True}}]
)
SECONDS = st.sampled_from([{}, {"seconds": {"above": 1}}, {"seconds": {"at_least": 2, "at_most": 3}}, {"seconds": 2}])
REST = {"within": st.sampled_from(["1d", "2d", "60h"]), "since": st.sampled_from(["stage", "lap", "start"])}
CASES = st.sampled_from(["case.opened", "case.closed", ["case.opened", "case.closed"], "case.*"])
COUNTS = st.one_of(
    st.just({}),
    st.builds(lambda n: {"at_least": n}, SMALL),
    st.builds(lambda n: {"distinct_days": n}, SMALL),
    st.builds(lambda n: {"distinct": {"attribute": "case_id", "at_least": n}}, SMALL),
)
LEAVES = st.one_of(
    st.builds(lambda event, where, count, rest: {"event": event, "where": where, **count, **rest},
        CASES, WHERE, COUNTS, st.fixed_dictionaries({}, optional=REST)),
    st.builds(lambda where, count, rest: {"event": "content.viewed", "where": where, **count, **rest},
        SECONDS, st.just({}) | st.builds(lambda n: {"sum": {"attribute": "seconds", "at_least": n}}, SMALL),
        st.fixed_dictionaries({}, optional=REST)),
    st.builds(lambda event, where, lasting, since: {"none": {**event, "where": where, "for": lasting, "since": since}},
        CASES.map(lambda event: {"event": event}), WHERE, REST["within"], REST["since"]),
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda them: {"all": them})
        | st.lists(inner, min_size=1, max_size=3).map(lambda them: {"any": them})
        | inner.map(lambda one: {"not": one})
    ),
    max_leaves=3,
)
# Hours of the event, its type, its case and its seconds: some at the same instant, most not far apart.
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 90),
        st.sampled_from(TYPES),
        st.sampled_from(["a", "ab", "b", None]),
        st.sampled_from([None, 0, 1, 2, 3]),
    ),
    max_size=8,
)


class Life:
    """A customer at an instant: when the lap and the stage began, in hours; None when nothing has moved them yet."""

    def __init__(self, events, now, lap, stage):
        self.events = [(at * HOUR, *rest) for at, *rest in sorted(events, key=lambda one: one[0]) if at <= now]
        self.now = now * HOUR
        first = self.events[0][0] if self.events else self.now
        # From when silence counts, and after when events do: all of them as long as nothing has begun anew.
        self.since = {"start": (first, -1)}
        for name, began in (("lap", lap), ("stage", stage)):
            self.since[name] = (first, -1) if began is None else (max(first, began * HOUR),) * 2

    def holds(self, one):
        if one.all_:
            return all(map(self.holds, one.all_))
        if one.any_:
            return any(map(self.holds, one.any_))
        if one.not_:
            return not self.holds(one.not_)
        seen = self.matching(one)
        if one.none:
            last = max([self.since[one.counted_since][0], *(at for at, *_ in seen)])
            return self.now - last >= one.none.duration
        if one.window:
            seen = [event for event in seen if event[0] > self.now - one.window]
        if one.distinct_days:
            return len({at // DAY for at, *_ in seen}) >= one.distinct_days
        if one.distinct:
            return len({case for _, _, case, _ in seen} - {None}) >= one.distinct.at_least
        if one.sum:
            return sum(seconds or 0 for *_, seconds in seen) >= one.sum.at_least
        return len(seen) >= (one.at_least or 1)

    def matching(self, one):
        after = self.since[one.counted_since][1]
        names = [name.removesuffix("*") for name in one.events]
        return [event for event in self.events if event[0] > after
            and any(event[1].startswith(name) for name in names) and passes(event, one.filters)]  # fmt: skip


def passes(event, filters):
    values = {"case_id": event[2], "seconds": event[3]}
    return all(_passes(values[attribute], wanted) for attribute, wanted in filters.items())


def _passes(value, wanted):
    match wanted:
        case _ if value is None:
            return False
        case Filter():
            return (
                (wanted.prefix is None or value.startswith(wanted.prefix))
                and (wanted.at_least is None or value >= wanted.at_least)
                and (wanted.at_most is None or value <= wanted.at_most)
                and (wanted.above is None or value > wanted.above)
            )
        case tuple():
            return value in wanted
    return value == wanted


def lives():
    return st.builds(
        lambda events, now, began: Life(events, now, *began),
        EVENTS, st.integers(60, 90),
        st.just((None, None)) | st.builds(lambda stage: (None, stage), st.integers(0, 60))
        | st.builds(lambda lap, later: (lap, min(60, lap + later)), st.integers(0, 60), st.integers(0, 60)),
    )  # fmt: skip


def made(condition):
    return msgspec.convert(condition, Condition)


def pairs():
    """Two conditions; often two about the same events, for which something follows more often."""
    alike = st.builds(
        lambda leaf, count, rest: ({**_bare(leaf), **rest[0]}, {**_bare(leaf), **count, **rest[1]}),
        LEAVES, COUNTS, st.tuples(*[st.fixed_dictionaries({}, optional=REST)] * 2),
    )  # fmt: skip
    none = st.fixed_dictionaries({"for": REST["within"], "since": REST["since"]})
    silent = st.builds(lambda leaf, *two: tuple({"none": {**_bare(leaf), **one}} for one in two), LEAVES, none, none)
    broken = st.builds(
        lambda leaf, within, one: ({**_bare(leaf), "within": within}, {"none": {**_bare(leaf), **one}}),
        LEAVES, REST["within"], none,
    )  # fmt: skip
    opposite = alike.map(lambda two: ({"not": two[1]}, {"not": two[0]}))
    return st.one_of(st.tuples(CONDITIONS, CONDITIONS), alike, silent, broken, opposite)


def _bare(leaf):
    leaf = leaf.get("none", leaf)
    return {key: leaf[key] for key in ("event", "where")}


@settings(max_examples=400)
@given(pairs(), st.lists(lives(), min_size=6, max_size=12))
def test_what_is_said_to_follow_always_does_and_what_is_said_to_exclude_never_holds_at_once(pair, tried):
    left, right = map(made, pair)
    terms = term(left, ("one",), CATALOGUE), term(right, ("other",), CATALOGUE)
    follows, apart = implies(*terms), excludes(*terms)
    for life in tried:
        assert not (follows and life.holds(left) and not life.holds(right))
        assert not (apart and life.holds(left) and life.holds(right))


@given(CONDITIONS)
def test_a_condition_follows_from_itself_and_excludes_its_opposite(condition):
    one, again = term(made(condition), ("one",), CATALOGUE), term(made(condition), ("again",), CATALOGUE)
    opposite = term(made({"not": condition}), ("opposite",), CATALOGUE)
    assert implies(one, again)
    assert excludes(one, opposite)
    assert excludes(opposite, one)


@given(CONDITIONS, st.lists(lives(), min_size=6, max_size=12))
def test_what_needs_something_new_since_the_stage_does_not_hold_as_it_begins(condition, tried):
    one = made(condition)
    needs = requires_since(term(one, ("one",), CATALOGUE), frozenset({"stage"}))
    for life in tried:
        life.since["stage"] = (life.now, life.now)
        assert not (needs and life.holds(one))


@pytest.mark.parametrize(
    ("hours", "most"),
    [
        pytest.param(1, 2, id="an hour touches two days"),
        pytest.param(24, 2, id="a day touches two"),
        pytest.param(25, 3, id="an hour more than a day touches three"),
        pytest.param(7 * 24, 8, id="a week touches eight"),
    ],
)
def test_a_window_touches_one_day_more_than_it_is_long(hours, most):
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    touched = 0
    for second in (0, 1, 3_599):
        end = midnight + timedelta(days=30, seconds=second)
        start = end - timedelta(hours=hours) + timedelta(microseconds=1)
        touched = max(touched, (end.date() - start.date()).days + 1)
    assert touched == most_days(hours * HOUR, "UTC") == most
