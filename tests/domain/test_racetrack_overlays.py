"""Overlays of a definition: any events with a customer, laid over the stages by a line of data (design, section 7)."""

import pytest
from small_track import SOUND, complaints, only, track

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidRacetrack
from raceline.domain.racetrack import Overlay
from raceline.domain.racetrack_check import check_text, refuse
from raceline.domain.racetrack_file import canonical, from_canonical, parse

DEFINITION = """\
name: small
title: A small racetrack
stages:
  look: {title: Look}
rules:
  looked: {title: Looked, stage: look, when: {event: web.page_viewed}}
overlays:
  devices: {title: Devices, event: telemetry.device_reported, where: {healthy: true}, distinct: device_id}
"""


def laid(overlay):
    """A sound racetrack with one overlay, as the YAML of a flow mapping."""
    return parse(DEFINITION[: DEFINITION.index("{title: Devices")] + f"{{title: Devices, {overlay}}}\n")


@pytest.mark.parametrize(
    ("overlay", "aggregate", "attribute"),
    [
        pytest.param("event: telemetry.device_reported", "count", None, id="nothing said counts the events"),
        pytest.param("event: telemetry.device_reported, distinct: device_id", "distinct", "device_id", id="values"),
        pytest.param("event: telemetry.feature_used, sum: uses", "sum", "uses", id="a sum"),
        pytest.param("event: [web.page_viewed, content.viewed], mean: seconds", "mean", "seconds", id="a mean"),
    ],
)
def test_an_overlay_counts_events_or_works_out_one_attribute(overlay, aggregate, attribute):
    racetrack = laid(overlay)
    one = racetrack.overlays["devices"]
    assert (one.aggregate, one.attribute) == (aggregate, attribute)
    assert complaints(racetrack) == []


def test_an_overlay_is_about_the_events_of_its_types_that_pass_its_filters():
    overlay = parse(DEFINITION).overlays["devices"]
    assert (overlay.events, overlay.filters) == (("telemetry.device_reported",), {"healthy": True})
    assert laid("event: [web.*, content.viewed]").overlays["devices"].events == ("web.*", "content.viewed")


def test_overlays_keep_their_order_and_their_names():
    order = ["zebra", "ant", "1st"]
    made = track(SOUND, overlays={name: {"title": name, "event": "case.opened"} for name in order})
    assert list(made.overlays) == order
    assert from_canonical(canonical(made)) == made
    assert made.overlays["ant"] == Overlay(name="ant", title="ant", event="case.opened")


@pytest.mark.parametrize(
    ("overlay", "place", "says"),
    [
        pytest.param("distinct: device_id", "{title", "the key `event` is missing", id="an overlay of no events"),
        pytest.param("event: []", "event: []", "at least one event type", id="an empty list of types"),
        pytest.param(
            "event: a.b, distinct: x, sum: y", "sum: y", "at most one of distinct, sum, mean", id="two aggregates"
        ),
        pytest.param("event: a.b, sum: x, mean: x", "mean: x", "is another overlay", id="sum and mean at once"),
        pytest.param("event: a.b, distinct: ''", "''", "length >= 1", id="an attribute without a name"),
        pytest.param("event: a.b, average: x", "average", "unknown key `average`", id="an unknown aggregate"),
        pytest.param("event: a.b, within: 3d", "within", "unknown key `within`", id="days are the only windows"),
        pytest.param("event: a.b, where: {x: []}", "x: []", "one of no values", id="a list of no values"),
        pytest.param("event: a.b, where: {x: {at_lest: 1}}", "at_lest", "did you mean `at_least`?", id="a slip"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(overlay, place, says):
    with pytest.raises(InvalidRacetrack) as refused:
        laid(overlay)
    facts = refused.value.facts
    assert says in refused.value.detail
    assert facts["line"] == 8
    assert f"  devices: {{title: Devices, {overlay}}}"[facts["column"] - 1 :].startswith(place)


@pytest.mark.parametrize("name", ["Devices", "my devices", "-x"])
def test_an_overlay_is_named_as_stages_and_rules_are(name):
    with pytest.raises(InvalidRacetrack, match="matching regex"):
        parse(DEFINITION.replace("devices:", f"{name}:"))


NAMES = [
    pytest.param("event: telemetry.device_report", ".event", "no event type `telemetry.device_report`",
        "`telemetry.device_reported`?", id="an unknown event type, with the nearest"),
    pytest.param("event: [web.page_viewed, xyz]", ".event.1", "no event type `xyz`", "add this one to it",
        id="an unknown event type that is like none"),
    pytest.param("event: telemetri.*", ".event", "no type of the catalogue is in the family", "`telemetry.*`?",
        id="a family without types"),
    pytest.param("event: web.page_viewed, where: {pge: x}", ".where.pge", "`pge` is no attribute of web.page_viewed",
        "did you mean `page`?", id="a filter on an unknown attribute"),
    pytest.param("event: install_base.item_booked, where: {quantity: ten}", ".where.quantity", "never ten",
        "compare it with a number", id="a filter that no event passes"),
    pytest.param("event: telemetry.device_reported, distinct: device", ".distinct", "`device` is no attribute",
        "did you mean `device_id`?", id="values of an unknown attribute"),
    pytest.param("event: telemetry.*, distinct: device_id", ".distinct", "no attribute of telemetry.appliance_reported",
        "leave telemetry.appliance_reported out, or give it an overlay of its own",
        id="values of an attribute that a type of the family does not have"),
    pytest.param("event: telemetry.device_reported, sum: device_id", ".sum", "is of type code, and no number",
        "its numbers are uptime_seconds", id="a sum of codes"),
    pytest.param("event: telemetry.device_reported, mean: healthy", ".mean", "is of type boolean, and no number",
        "its numbers are uptime_seconds", id="a mean of yes and no"),
    pytest.param("event: web.link_clicked, mean: label", ".mean", "is of type text, and no number",
        "count the events, or their values", id="a mean where there is no number"),
]  # fmt: skip


@pytest.mark.parametrize(("overlay", "place", "detail", "cure"), NAMES)
def test_a_name_that_the_catalogue_does_not_have_is_an_error(overlay, place, detail, cure):
    found = only(laid(overlay))
    assert found[0] == "overlays.devices" + place
    assert detail in found[1]
    assert cure in found[2]
    assert found[3] == "error"


def test_overlays_that_are_called_alike_are_a_warning():
    one = {"title": "Cases opened", "event": "case.opened"}
    found = only(track(SOUND, overlays={"cases": one, "again": one | {"title": "cases  OPENED"}}))
    assert found == (
        "overlays.again.title", "`cases` has the title `cases  OPENED` as well", "give each overlay its own title",
        "warning",
    )  # fmt: skip


def test_a_complaint_about_an_overlay_has_line_and_column_and_is_refused_when_published():
    _, found = check_text(DEFINITION.replace("distinct: device_id", "distinct: device"), load(), "small.yaml")
    with pytest.raises(InvalidRacetrack, match=r"small.yaml:8:87: overlays.devices.distinct: `device` is no attribute"):
        refuse(found, "small.yaml")
