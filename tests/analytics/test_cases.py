"""What is known of a case after each of its events (design, section 7); and compared with the naive twin."""

from itertools import pairwise

import naive_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics.cases_arrays import case_events, dicts, run_plain

from raceline.analytics.cases import NONE, histories

KNOWN = {True: "open", False: "closed", None: "unknown"}

_codes = st.integers(0, 2)
_kinds = {
    "opened": ("severity", "problem", "score", "group", "engineer"),
    "updated": ("severity", "problem", "active", "score", "group", "engineer"),
    "closed": ("cause",),
    "reopened": ("severity", "score"),
    "surveyed": ("score", "survey"),
}
_says = {"score": st.integers(-10_000, 10_000), "survey": st.integers(0, 5_000_000), "active": st.booleans()}


def _events_of(kind):
    said = {name: _says.get(name, _codes) for name in _kinds[kind]}
    return st.fixed_dictionaries({"does": st.just(kind)}, optional=said)


@st.composite
def case_lists(draw):
    """Events of up to four cases, in any order that sources can get into."""
    event = st.sampled_from(sorted(_kinds)).flatmap(_events_of)
    cases = draw(st.lists(st.lists(event, min_size=1, max_size=8), max_size=4))
    return [event | {"case": case} for case, events in enumerate(cases) for event in events]


def told(*events):
    """What is known after each event of one case; an event is its kind, or a dictionary."""
    one_case = [{"does": event} if isinstance(event, str) else event for event in events]
    return dicts(histories(case_events([{"case": 0} | event for event in one_case])))


def says(kind, **said):
    return {"does": kind, **said}


def marks(name, *events):
    """The places, from 1, of the events that are marked so."""
    return [n for n, known in enumerate(told(*events), 1) if known[name]]


OPEN, SHUT = says("updated", active=True), says("updated", active=False)


@pytest.mark.parametrize(
    ("events", "states"),
    [
        param(["opened", "updated", "closed"], "open open closed", id="from opened to closed a case is open"),
        param(["opened", "closed", "reopened"], "open closed open", id="a reopened case is open again"),
        param(["opened", "closed", "opened"], "open closed open", id="opening a closed case reopens it"),
        param(["opened", "closed", "updated"], "open closed closed", id="an update leaves a closed case closed"),
        param(["opened", SHUT, "updated", OPEN], "open closed closed open", id="an update may say whether it is open"),
        param(["updated", "closed"], "open closed", id="a case first heard of by an update is open"),
        param([SHUT, OPEN], "closed open", id="unless the update says that it is closed"),
        param(["surveyed", "surveyed"], "unknown unknown", id="a case of which only surveys are known is unknown"),
        param(["surveyed", "updated"], "unknown open", id="the first update after a survey opens it"),
        param(["closed", "surveyed"], "closed closed", id="a survey opens and closes nothing"),
        param(["reopened"], "open", id="a case first heard of when it is reopened is open"),
    ],
)
def test_a_case_is_open_or_closed_as_its_last_event_says(events, states):
    assert [KNOWN[known["open"]] for known in told(*events)] == states.split()


@pytest.mark.parametrize(
    ("events", "opening", "closing", "reopening"),
    [
        param(["opened", "updated", "closed"], [1], [3], [], id="opened once, closed once"),
        param(["opened", "opened", "closed", "closed"], [1], [3], [], id="again: no more than updates"),
        param(["opened", "closed", "reopened", "closed"], [1], [2, 4], [3], id="a reopened case closes again"),
        param(["closed", "reopened"], [], [1], [2], id="a case first heard of when it closes has closed then"),
        param([SHUT, OPEN, SHUT], [], [1, 3], [2], id="updates close and reopen"),
        param(["surveyed", "updated", "surveyed", "closed"], [2], [4], [], id="surveys are neither"),
    ],
)  # fmt: skip
def test_a_case_opens_once_and_closes_as_often_as_it_was_open(events, opening, closing, reopening):
    assert [marks(name, *events) for name in ("opening", "closing", "reopening")] == [opening, closing, reopening]


def test_what_was_said_last_of_a_case_holds_until_something_else_is_said():
    known = told(
        says("opened", severity=3, problem=7),
        says("updated", severity=1),
        says("closed", cause=5),
        says("closed", cause=6),
    )
    assert [one["severity"] for one in known] == [3, 1, 1, 1]
    assert [one["problem"] for one in known] == [7, 7, 7, 7]
    assert [one["cause"] for one in known] == [None, None, 5, 6]


@pytest.mark.parametrize(
    ("events", "reassigned"),
    [
        param([says("opened", group=1), says("updated", group=2)], [2], id="another group"),
        param([says("opened", engineer=1), "updated", says("updated", engineer=2)], [3], id="another engineer"),
        param([says("opened", group=1), says("updated", group=1)], [], id="not the same group said again"),
        param(["opened", says("updated", group=1)], [], id="not the first group that it is given to"),
        param([says("opened", group=1, engineer=1), says("updated", group=2, engineer=2)], [2], id="both: once"),
        param([says("opened", group=1), says("updated", engineer=2)], [], id="a group is no engineer"),
    ],
)  # fmt: skip
def test_a_case_is_reassigned_to_another_group_or_engineer(events, reassigned):
    assert marks("reassigned", *events) == reassigned


def test_the_sentiment_of_a_case_is_the_mean_over_its_customers_texts_so_far():
    known = told("opened", says("updated", score=-5_000), "closed", says("surveyed", score=2_000))
    assert [one["texts"] for one in known] == [0, 1, 1, 2]
    assert [one["sentiment"] for one in known] == [None, -5_000, -5_000, -1_500]


@pytest.mark.parametrize(
    ("scores", "mean"),
    [([1, 2], 2), ([-1, -2], -1), ([0, 0, 1], 0), ([0, 1, 1], 1), ([-10_000, 10_000], 0), ([-1, 0, 0, 0], 0)],
)
def test_a_mean_is_rounded_half_up_also_below_zero(scores, mean):
    assert told(*(says("updated", score=score) for score in scores))[-1]["sentiment"] == mean


@pytest.mark.parametrize(
    ("events", "belongs_to"),
    [
        param(["opened", "closed", "surveyed"], {2: 1}, id="to the closing before it"),
        param(["closed", "reopened", "closed", "surveyed", "closed"], {3: 2}, id="to the last one before it"),
        param(["closed", "reopened", "surveyed", "closed"], {2: 0}, id="even if it was reopened since"),
        param(["surveyed", "opened", "surveyed", "closed", "reopened", "closed"], {0: 3, 2: 3},
              id="without one to the first one after it"),
        param(["opened", "surveyed"], {1: None}, id="without any to none"),
        param(["opened", "closed", "closed", "surveyed"], {3: 1}, id="closed while closed is no closing"),
    ],
)  # fmt: skip
def test_a_survey_belongs_to_a_closing(events, belongs_to):
    known = told(*events)
    assert {row: known[row]["closing_of"] for row in belongs_to} == belongs_to
    assert all(one["closing_of"] is None for row, one in enumerate(known) if row not in belongs_to)


def test_cases_do_not_mix():
    first = [says("opened", case=0, severity=1, group=1, score=9), says("closed", case=0)]
    second = [says("surveyed", case=1), says("updated", case=1, group=2)]
    known = dicts(histories(case_events([*first, *second])))
    assert known[2] == dicts(histories(case_events([says("surveyed", case=0)])))[0]
    assert (known[3]["severity"], known[3]["sentiment"], known[3]["reassigned"]) == (None, None, False)


def test_of_no_events_nothing_is_known():
    assert all(len(column) == 0 for column in histories(case_events([])))


@settings(max_examples=200)
@given(case_lists())
def test_histories_are_what_the_naive_twin_tells(events):
    assert dicts(histories(case_events(events))) == naive_cases.histories(events)


@given(case_lists())
def test_a_case_closes_between_being_open_and_being_open_again(events):
    """Openings and reopenings on the one hand, closings on the other, take turns; only a first closing may be alone."""
    known = histories(case_events(events))
    for case in {event["case"] for event in events}:
        rows = [row for row, event in enumerate(events) if event["case"] == case]
        turns = ["close" if known.closing[row] else "open" for row in rows
                 if known.opening[row] or known.closing[row] or known.reopening[row]]  # fmt: skip
        assert all(one != other for one, other in pairwise(turns))
        assert sum(known.opening[rows]) <= 1


@given(case_lists())
def test_every_survey_of_a_case_that_ever_closed_has_a_closing(events):
    known = histories(case_events(events))
    for row, event in enumerate(events):
        closings = [at for at in np.flatnonzero(known.closing) if events[at]["case"] == event["case"]]
        belongs = event["does"] == "surveyed" and len(closings) > 0
        assert (known.closing_of[row] in closings) == belongs
        assert (known.closing_of[row] == -1) == (not belongs)


@given(case_lists())
def test_columns_as_readers_give_them_say_the_same(events):
    """Read-only, wider than needed, and not next to each other in memory."""
    given_columns = case_events(events)
    odd = [np.repeat(column.astype(np.int64), 2)[::2] for column in given_columns]
    for column in odd:
        column.flags.writeable = False
    assert dicts(histories(type(given_columns)(*odd))) == dicts(histories(given_columns))


def test_compiled_and_plain_tell_the_same():
    @settings(max_examples=15)
    @given(case_lists())
    def check(events):
        compiled = dicts(histories(case_events(events)))
        with pytest.MonkeyPatch.context() as patch:
            run_plain(patch)
            assert dicts(histories(case_events(events))) == compiled

    check()


def test_columns_that_differ_in_length_are_refused():
    columns = case_events([says("opened", case=0)])
    with pytest.raises(ValueError, match="differ in length"):
        histories(columns._replace(score=np.full(2, NONE)))
