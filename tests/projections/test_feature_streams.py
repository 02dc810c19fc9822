"""The features of a racetrack: what each of them is, and that nothing from the future is in one of them."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_columns import CATALOGUE, columns
from small_track import SOUND, track

from raceline.analytics.features import NEVER, contributing, features
from raceline.analytics.incidence import EXITS
from raceline.analytics.landmark_model_types import GROUPS
from raceline.analytics.race import run
from raceline.domain.columns import Columns
from raceline.domain.errors import InvalidRacetrack
from raceline.projections.cases import cases_of
from raceline.projections.customer_paths import paths_of
from raceline.projections.feature_list import feature_list
from raceline.projections.feature_streams import stays_of, streams_of
from raceline.projections.race import race_tables
from raceline.projections.race_facts import field
from raceline.projections.race_rules import compiled, wanted
from raceline.projections.rules import SESSION_GAP, rules_of

START = datetime(2026, 1, 5, tzinfo=UTC)
RULES = rules_of(CATALOGUE)
OWN = {
    "logins": {"title": "Logins", "event": "telemetry.login_recorded", "where": {"succeeded": True},
               "window_days": 30, "group": "usage"},
    "last_uses": {"title": "Last uses", "event": "telemetry.*", "where": {}, "aggregate": "days_since",
                  "group": "usage"},
    "seconds": {"title": "Seconds", "event": ["content.viewed", "web.page_viewed"], "aggregate": "mean",
                "attribute": "seconds", "since": "stage", "group": "content"},
    "licences": {"title": "Expired", "event": "install_base.license_expired", "group": "purchases"},
}  # fmt: skip
PAGES = {"a": ("home", "pricing"), "b": ("pricing",)}


@cache
def racing(scope=None):
    """The track of a racetrack with features of its own, what it wants to be read, and the list of its features.

    scope: the only product that it is about.
    """
    about = {"events": {"products": [scope], "without_product": False}} if scope else {}
    racetrack = track(SOUND, features=OWN, **about)
    reads = wanted((racetrack,), CATALOGUE)
    return compiled("track", 1, "", racetrack, CATALOGUE, reads), reads, feature_list(CATALOGUE, racetrack, PAGES)


def event(day, type_, customer="ann", lag=0.0, **data):
    """An envelope; day, and lag until it is recorded, in days."""
    said = {key: data.pop(key) for key in ("sentiment", "product") if key in data}
    at = START + timedelta(days=day)
    return {"type": type_, "customer_id": customer, "occurred_at": at.isoformat(),
            "recorded_at": (at + timedelta(days=lag)).isoformat(), "data": data} | said  # fmt: skip


def day(number):
    return round((START + timedelta(days=number)).timestamp() * 1e6)


def made_of(found, live_since=NEVER, scope=None):
    racing_on, _, listed = racing(scope)
    seen = field(found, racing_on)
    race = run(racing_on.program, seen.facts, day(400))
    paths, cases = paths_of(found, SESSION_GAP), cases_of(found, RULES.cases)
    return streams_of(found, paths, cases, racing_on, seen, race, listed, live_since)


def told(found, at, entered, live_since=NEVER, stage=0, scope=None):
    """The features of one landmark by name."""
    listed = racing(scope)[2]
    one = (np.zeros(1, np.int32), np.array([at]), np.array([entered]))
    streams = made_of(found, live_since, scope).streams
    row = features(streams, listed.plan, *one, live_since, np.array([stage], np.int32))[0]
    return dict(zip(listed.names, row.tolist(), strict=True))


LIFE = [
    event(0, "web.page_viewed", page="home", seconds=10),
    event(0.001, "web.page_viewed", page="pricing", seconds=30),
    event(0.002, "web.page_viewed", page="home"),  # the turn at pricing
    event(1, "install_base.license_activated", license_id=1, seats=5),
    event(2, "install_base.item_booked", item_id=1, amount=100.25),  # into b
    event(3, "install_base.item_booked", item_id=2, amount=-0.25),
    event(4, "telemetry.device_reported", device_id="x"),
    event(5, "telemetry.device_reported", device_id="y"),
    event(6, "telemetry.feature_used", feature="f", device_id="x"),
    event(6.5, "telemetry.login_recorded", application="z", succeeded=False),
    event(7, "telemetry.login_recorded", application="z", succeeded=True),
    event(8, "account.profile_changed", customer_success_manager=True, employees=70),
    event(9, "account.profile_changed", employees=80),
    event(10, "case.opened", case_id=1, severity=2, sentiment=5000),
    event(11, "case.opened", case_id=2, severity=9),
    event(12, "case.updated", case_id=1, severity=1, sentiment=-2000),
    event(13, "case.closed", case_id=2),
    event(14, "content.viewed", page="pricing", seconds=50),
    event(15, "support.link_followed", source_page="s", target_page="t", resolved=True),
    event(16, "install_base.license_expired", license_id=1),
    event(17, "email.opened", email_id=1),
]
NOW = {
    "days_in_stage": 18.0, "visits_before": 0.0, "content_1d": 0.0, "content_7d": 1.0, "content_30d": 1.0,
    "content_in_stage": 1.0, "web_in_stage": 0.0, "web_30d": 3.0, "telemetry_30d": 5.0, "email_7d": 1.0,
    "days_since_content": 6.0, "days_since_telemetry": 13.0, "days_since_purchase": 17.0, "devices_30d": 2.0,
    "bookings": 2.0, "amount": 100.0, "seats": 5.0, "customer_success_manager": 1.0, "employees": 80.0,
    "open_cases": 1.0, "open_cases_1": 1.0, "open_cases_2": 0.0, "cases_opened_30d": 2.0, "cases_reopened_30d": 0.0,
    "sentiment": 0.15, "sentiment_last": -0.2, "turnarounds_30d": 1.0, "turnarounds_7d": 0.0,
    "turnarounds_in_stage": 0.0, "ping_pongs_30d": 0.0, "paths_30d": 3.0, "resolved_30d": 1.0, "page_1": 1.0,
    "page_2": 0.0, "last_page_1": 0.0, "logins": 1.0, "last_uses": 13.0, "seconds": 50.0, "licences": 1.0,
}  # fmt: skip


def test_each_feature_is_what_its_title_says():
    found = told(columns(LIFE, racing()[1]), day(20), day(2), stage=1)
    assert {name: found[name] for name in NOW} == pytest.approx(NOW, rel=1e-12)
    on_the_way = told(columns(LIFE, racing()[1]), day(11.5), day(0))
    assert [on_the_way[name] for name in ("open_cases", "open_cases_1", "open_cases_2")] == [2.0, 0.0, 1.0]
    assert [on_the_way[name] for name in ("page_1", "page_2", "last_page_1", "seconds")] == [1.0, 1.0, 1.0, 30.0]
    assert np.isnan(on_the_way["days_since_content"])


def test_every_value_leads_to_its_events():
    _, reads, listed = racing()
    found = columns(LIFE, reads)
    streams = made_of(found).streams
    behind = {
        name: contributing(streams, listed.plan, f, 0, day(20), day(2), NEVER, 1).tolist()
        for f, name in enumerate(listed.names)
    }
    assert behind["turnarounds_30d"] == [2]
    assert behind["amount"] == behind["bookings"] == [4, 5]
    assert behind["employees"] == [12]
    assert behind["open_cases_1"] == [13, 15]
    assert behind["page_1"] == behind["content_7d"] == [17]
    assert behind["logins"] == [10]


def test_a_list_has_the_features_of_the_definition_in_place_of_built_in_ones_of_their_name():
    listed = racing()[2]
    assert len(set(listed.names)) == len(listed.names)
    assert listed.titles[listed.names.index("licences")] == "Expired"
    assert [GROUPS[group] for group in listed.groups[[listed.names.index(name) for name in OWN]]] == [
        "USAGE", "USAGE", "CONTENT", "PURCHASES",
    ]  # fmt: skip
    slots = [dict(zip(listed.names, listed.titles_of(stage), strict=True))["page_1"] for stage in range(3)]
    assert slots == ["Saw home since entering the stage", "Saw pricing since entering the stage", ""]
    assert listed.plan.wanted.shape == (3, len(listed.names))


def test_features_see_only_the_events_that_the_racetrack_is_about():
    events = [
        event(0, "web.page_viewed", page="home", product="router"),
        event(1, "web.page_viewed", page="home", product="switch"),
        event(2, "case.opened", case_id=1, severity=1, product="switch", sentiment=1000),
        event(3, "case.opened", case_id=2, severity=1, product="router"),
    ]  # fmt: skip
    found = told(columns(events, racing("router")[1]), day(9), day(0) - 1, scope="router")
    assert [found[name] for name in ("web_30d", "paths_30d", "open_cases", "cases_opened_30d")] == [1.0] * 4
    assert np.isnan(found["sentiment"])


def test_a_catalogue_that_lacks_what_a_feature_is_about_is_refused():
    racetrack = track(
        SOUND, features={"x": {"title": "X", "event": "case.opened", "where": {"no": 1}, "group": "cases"}}
    )
    with pytest.raises(InvalidRacetrack, match="has no attribute `no`"):
        compiled("track", 1, "", racetrack, CATALOGUE, wanted((racetrack,), CATALOGUE))


# Nothing from the future

KINDS = st.one_of(
    st.tuples(st.sampled_from(["web.page_viewed", "content.viewed"]), st.sampled_from(["home", "pricing", "x"])).map(
        lambda one: (one[0], {"page": one[1]})
    ),
    st.tuples(st.sampled_from("hp"), st.sampled_from("hp"), st.booleans()).map(
        lambda one: ("support.link_followed", {"source_page": one[0], "target_page": one[1], "resolved": one[2]})
    ),
    st.tuples(st.sampled_from(["case.opened", "case.updated", "case.closed", "case.reopened"]), st.integers(1, 2),
              st.sampled_from([None, 1, 2, 9])).map(
        lambda one: (one[0], {"case_id": one[1], "severity": one[2], "sentiment": one[2] and 100 * one[2]})
    ),
    st.sampled_from(["install_base.license_activated", "install_base.license_expired"]).map(
        lambda one: (one, {"license_id": 1, "seats": 3})
    ),
    st.integers(0, 2).map(lambda one: ("telemetry.device_reported", {"device_id": one})),
    st.booleans().map(lambda one: ("account.profile_changed", {"customer_success_manager": one, "employees": 7})),
)  # fmt: skip
# Minutes apart, so that late events fall into paths; a pause between two halves of them.
MINUTES = st.integers(0, 12).map(lambda n: n * 7 + (n > 6) * 40)
HISTORIES = st.lists(st.tuples(MINUTES, st.integers(0, 12).map(lambda n: n * 9), KINDS), min_size=1, max_size=14)


def history(drawn):
    return [event(at / 1440, kind, lag=lag / 1440, **data) for at, lag, (kind, data) in drawn]


def same(one, other, but=()):
    np.testing.assert_equal(
        {k: v for k, v in one.items() if k not in but}, {k: other[k] for k in other if k not in but}
    )


@settings(max_examples=100)
@given(HISTORIES, st.integers(0, 140), st.integers(0, 60))
def test_what_is_recorded_after_a_landmark_changes_no_feature_of_it(drawn, at, live):
    """Also where it undoes turns, or cuts paths in two. How often somebody had been in the stage before goes by the
    moves as they are known in the end."""
    found, moment, since = columns(history(drawn), racing()[1]), day(at / 1440), day(live / 1440)
    known = found.where((found.occurred_at <= moment) & ((moment < since) | (found.recorded_at <= moment)))
    same(
        told(found, moment, day(0), since, stage=1), told(known, moment, day(0), NEVER, stage=1), but=("visits_before",)
    )


@settings(max_examples=40)
@given(HISTORIES, st.integers(0, 140))
def test_what_occurs_after_a_landmark_changes_no_feature_of_it(drawn, at):
    found, moment = columns(history(drawn), racing()[1]), day(at / 1440)
    same(told(found, moment, day(0)), told(found.where(found.occurred_at <= moment), moment, day(0)))


@settings(max_examples=40)
@given(HISTORIES, st.integers(0, 140), st.randoms(use_true_random=False))
def test_the_order_in_which_events_arrive_changes_no_feature(drawn, at, chance):
    found = columns(history(drawn), racing()[1])
    order = list(range(len(found)))
    chance.shuffle(order)
    other = Columns(found.customers, found.customer, found.position[order], found.occurred_at, found.recorded_at[order],
                    found.texts)  # fmt: skip
    same(told(found, day(at / 1440), day(0)), told(other, day(at / 1440), day(0)))


# Stays

EXIT_OF = {"forward": "NEXT", "skip": "FURTHER", "edge": "EDGE", "lap": "EDGE", "backward": "BACKWARD", "left": "OUT"}
TURNS = {
    "to_a": "stage: a, when: {event: web.page_viewed, since: stage}",
    "to_b": "stage: b, from: [a, c, outside], when: {event: install_base.item_booked, since: stage}",
    "to_c": "stage: c, when: {event: install_base.contract_renewed, since: stage}",
    "back": "stage: a, from: [b, c], when: {event: content.viewed, since: stage}",
}
MOVES = ["web.page_viewed", "install_base.item_booked", "install_base.contract_renewed", "content.viewed",
         "install_base.license_expired"]  # fmt: skip


@cache
def going_round():
    racetrack = track(
        TURNS, edges={"more": {"title": "More", "from": ["c"], "to": "b"}, "lap": {"title": "Lap", "from": ["c"],
        "to": "a", "new_lap": True}}, exits={"out": "when: {event: install_base.license_expired, since: stage}"},
    )  # fmt: skip
    reads = wanted((racetrack,), CATALOGUE)
    return compiled("track", 1, "", racetrack, CATALOGUE, reads), reads


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from(["ann", "bob"])), max_size=30))
def test_stays_are_the_moves_told_once_more(drawn):
    racing_on, reads = going_round()
    found = columns([event(n, kind, customer, lag=1, page=1) for n, (kind, customer) in enumerate(drawn)], reads)
    moves = race_tables(found, cases_of(found, RULES.cases), racing_on, day(99)).tables["moves"].to_pylist()
    stays = stays_of(racing_on, run(racing_on.program, field(found, racing_on).facts, day(99)))
    expected, visits = [], {}
    for move, after in zip(moves, [*moves[1:], None], strict=False):
        if move["to_stage"] is not None:
            goes_on = move["left_at"] is None
            visit = visits[key] = visits.get(key := (move["customer_id"], move["to_stage"]), -1) + 1
            expected.append((
                move["customer_id"], move["to_stage"], move["entered_at"], move["left_at"],
                None if goes_on else EXIT_OF[after["kind"]], move["known_at"], visit,
            ))  # fmt: skip
    names = list(racing_on.racetrack.stages)
    moment = lambda at: datetime.fromtimestamp(at / 1e6, UTC)  # noqa: E731
    assert expected == [
        (found.customers[c].as_py(), names[stage], moment(entered), None if left == NEVER else moment(left),
         EXITS[out] if out >= 0 else None, moment(known), visit)
        for c, stage, entered, left, out, known, visit in zip(*(column.tolist() for column in stays), strict=True)
    ]  # fmt: skip
