"""Rules that lead round and round, at every event or by time alone, each with place and cure."""

import pytest
from small_track import CATALOGUE, SOUND, TO_B, TO_C, complaints, only, track


def test_rules_that_lead_back_and_forth_at_every_event_are_an_error():
    found = only(track(SOUND | {"back": "stage: a, from: [b], when: {event: case.opened}"}))
    assert found[0] == "rules.back.when"
    assert "a cycle at one instant" in found[1]
    assert "`back` from `b` to `a`, `to_b` from `a` to `b`" in found[1]
    assert "since: stage" in found[2]
    assert found[3] == "error"


def test_a_cycle_is_found_through_several_stages():
    found = only(track(SOUND | {"to_b": TO_B + ", from: [a]", "to_c": TO_C + ", from: [b]",
        "back": "stage: a, from: [c], when: {event: case.opened}"}))  # fmt: skip
    assert "`back` from `c` to `a`, `to_b` from `a` to `b`, `to_c` from `b` to `c`" in found[1]


def test_silence_that_other_events_do_not_break_leads_round_as_well():
    silence = "stage: a, from: [b], when: {none: {event: 'telemetry.*', for: 30d}}"
    assert only(track(SOUND | {"back": silence}))[3] == "error"


def test_what_may_hold_at_once_only_for_a_time_is_a_warning():
    rules = SOUND | {
        "to_b": "stage: b, when: {event: telemetry.feature_used, distinct_days: 3, within: 90d}",
        "back": "stage: a, from: [b], when: {none: {event: 'telemetry.*', for: 30d}}",
    }
    place, detail, cure, severity = only(track(rules))
    assert (place, severity) == ("rules.back.when", "warning")
    assert "a cycle at one instant" in detail
    assert "`none` of for as long" in cure


@pytest.mark.parametrize(
    ("ahead", "back"),
    [
        pytest.param("event: case.opened, since: stage", "event: case.closed", id="ahead counts since the stage"),
        pytest.param("event: case.opened", "event: case.closed, since: stage", id="back counts since the stage"),
        pytest.param("event: case.opened", "none: {event: case.opened, for: 30d, since: stage}",
            id="a silence since the stage"),
        pytest.param("event: telemetry.*, distinct_days: 3, within: 30d", "none: {event: 'telemetry.*', for: 30d}",
            id="a silence as long as the window"),
        pytest.param("all: [{event: case.closed}, {not: {event: case.opened, within: 9d}}]",
            "event: case.opened, within: 9d",
            id="opposites"),
    ],
)  # fmt: skip
def test_rules_that_exclude_each_other_or_need_something_new_are_no_cycle(ahead, back):
    rules = SOUND | {"to_b": f"stage: b, when: {{{ahead}}}", "back": f"stage: a, from: [b], when: {{{back}}}"}
    assert complaints(track(rules)) == []


def test_silence_of_everything_ends_with_the_event_that_would_lead_back():
    families = sorted({f"{one.family}.*" for one in CATALOGUE.types.values()})
    back = f"stage: a, from: [b], when: {{none: {{event: [{', '.join(map(repr, families))}], for: 30d}}}}"
    assert complaints(track(SOUND | {"back": back})) == []


def test_a_new_lap_ends_what_held_in_the_old_one():
    back = SOUND | {"back": "stage: a, from: [b], when: {event: case.opened}"}
    lap = {"lap": {"title": "Lap", "from": ["b"], "to": "a", "new_lap": True}}
    assert complaints(track(back, edges=lap)) == []
    ever = {name: rule.replace("{event:", "{since: start, event:") for name, rule in back.items()}
    assert "a cycle at one instant" in only(track(ever, edges=lap))[1]


def test_who_has_left_does_not_come_back_by_what_was_before():
    gone = {"gone": "when: {event: install_base.license_expired}"}
    assert complaints(track(SOUND, exits=gone)) == []
    ever = {name: rule.replace("{event:", "{since: start, event:") for name, rule in (SOUND | gone).items()}
    place, detail, _, _ = only(track({name: ever[name] for name in SOUND}, exits={"gone": ever["gone"]}))
    assert place == "exits.gone.when"
    assert "`gone` from `a` to `outside`, `to_a` from `outside` to `a`" in detail


def test_rules_that_lead_round_by_time_alone_are_an_error():
    rules = SOUND | {
        "to_b": "stage: b, when: {none: {event: case.opened, for: 10d, since: stage}}",
        "back": "stage: a, from: [b], when: {all: [{event: web.page_viewed}, "
        "{none: {event: case.opened, for: 20d, since: stage}}]}",
    }
    place, detail, cure, severity = only(track(rules))
    assert (place, severity) == ("rules.back.when", "error")
    assert "a cycle of silence: time alone leads round for ever" in detail
    assert "need an event `since: stage`" in cure


MINUTE_HERE = "{none: {event: email.opened, for: 1m, since: stage}}"


@pytest.mark.parametrize(
    ("window", "severity"),
    [
        pytest.param("52w", "error", id="for a year: sure to go round many times"),
        pytest.param("3m", "warning", id="for more than one round: it may go round, if the event is new enough"),
        pytest.param("2m", None, id="for no more than one round: it is over before it comes round"),
    ],
)
def test_a_window_longer_than_a_round_of_silences_does_not_end_the_cycle(window, severity):
    """One round takes two minutes: one in each stage."""
    rules = SOUND | {
        "to_b": f"stage: b, from: [a], when: {{all: [{{event: case.opened, within: {window}}}, {MINUTE_HERE}]}}",
        "back": "stage: a, from: [b], when: {none: {event: content.viewed, for: 1m, since: stage}}",
    }
    found = [one for one in complaints(track(rules)) if "a cycle of silence" in one[1]]
    assert [one[3] for one in found] == ([severity] if severity else [])
    assert all("again and again" in one[1] and "`within`" in one[1] and "`since: stage`" in one[2] for one in found)


@pytest.mark.parametrize(
    ("ahead", "severity"),
    [
        pytest.param("all: [{event: case.opened, within: 9m, since: stage}, %s]", None, id="a window since the stage"),
        pytest.param("all: [{event: case.opened, distinct_days: 3, within: 2d}, %s]", None, id="days that fill it"),
        pytest.param("all: [{event: case.opened, at_least: 3, within: 2d}, %s]", "error", id="a count within it"),
        pytest.param("all: [{event: case.opened, within: 9m}, {not: {event: case.closed, within: 6m}}, %s]",
            "warning", id="and not for a time, which may take up the window"),
        pytest.param("all: [%s, {any: [{event: case.opened, within: 90s}, {event: case.opened, within: 9m}]}]",
            "error", id="the longer window of two"),
    ],
)  # fmt: skip
def test_what_lasts_for_a_round_of_silences(ahead, severity):
    rules = SOUND | {
        "to_b": f"stage: b, from: [a], when: {{{ahead % MINUTE_HERE}}}",
        "back": "stage: a, from: [b], when: {none: {event: content.viewed, for: 1m, since: stage}}",
    }
    found = [one for one in complaints(track(rules)) if "a cycle of silence" in one[1]]
    assert [one[3] for one in found] == ([severity] if severity else [])
