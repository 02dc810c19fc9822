"""The catalogue: which events there are, and what may be in them (design section 4)."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidEvent, UnknownEventType
from raceline.domain.event_type import PathRule, Title

BUILT_IN = load()
DESIGN = {
    "web": ["page_viewed", "link_clicked"],
    "support": ["link_followed"],
    "content": ["viewed"],
    "email": ["opened", "link_clicked"],
    "learning": ["session_attended"],
    "install_base": ["item_booked", "item_shipped", "license_activated", "license_expired", "contract_renewed"],
    "telemetry": ["device_reported", "appliance_reported", "feature_used", "login_recorded"],
    "case": ["opened", "updated", "closed", "reopened", "survey_answered"],
    "advocacy": ["reference_given", "recommendation_made"],
    "account": ["profile_changed"],
    "identity": ["linked", "unlinked"],
    "outreach": ["sent", "held_out", "answered"],
}


# What is built in


def test_every_type_of_the_design_is_built_in_and_no_other():
    assert set(BUILT_IN.types) == {f"{family}.{fact}" for family, facts in DESIGN.items() for fact in facts}


@pytest.mark.parametrize("one", BUILT_IN.types.values(), ids=lambda one: one.name)
class TestEveryBuiltInType:
    def test_says_what_it_means_in_one_sentence(self, one):
        assert one.documentation.endswith(".")
        assert one.documentation.count(". ") == 0

    def test_says_where_it_comes_from_and_whom_to_ask(self, one):
        assert all([one.source.system, one.source.database, one.source.table, one.owner])

    def test_documents_each_attribute(self, one):
        assert 2 <= len(one.attributes) <= 9
        assert all(attribute.documentation.endswith(".") for attribute in one.attributes.values())

    def test_has_a_title_that_no_event_leaves_half_empty(self, one):
        # What an event need not say is not in its title; so there is nothing to put in where it need not say anything.
        assert one.title.attributes or not any(attribute.required for attribute in one.attributes.values())
        assert all(one.attributes[name].required for name in one.title.attributes)

    def test_takes_its_page_from_an_attribute_that_every_event_has(self, one):
        if one.path:
            assert one.attributes[one.path.page].required

    def test_marks_what_people_wrote_as_personal(self, one):
        assert all(attribute.personal for name, attribute in one.attributes.items() if name in ("text", "user_id"))


def test_only_pages_content_and_clicks_are_steps_of_a_path():
    paths = {name: one.path for name, one in BUILT_IN.types.items() if one.path}
    assert paths == {
        "web.page_viewed": PathRule(page="page", variant="variant"),
        "content.viewed": PathRule(page="page", variant="variant"),
        "support.link_followed": PathRule(
            page="target_page", from_="source_page", resolved="resolved", variant="variant"
        ),
    }


def test_a_title_lists_its_attributes_in_order():
    title = BUILT_IN.types["support.link_followed"].title
    assert title == Title("followed a link from {source_page} to {target_page}", ("source_page", "target_page"))


# What an event may hold

CLICK = {"source_page": 11, "target_page": 28, "resolved": False}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        pytest.param("support.link_followed", CLICK, id="a page may be a number"),
        pytest.param("support.link_followed", CLICK | {"target_page": "/a"}, id="a page may be an address"),
        pytest.param("support.link_followed", CLICK | {"browser": {"os": ["x"]}}, id="undeclared attributes may come"),
        pytest.param("case.opened", {"case_id": "C1"}, id="optional attributes may be missing"),
        pytest.param("case.opened", {"case_id": "C1", "severity": None}, id="optional attributes may be null"),
        pytest.param("case.survey_answered", {"case_id": 1, "score": 4}, id="a number may be whole"),
        pytest.param(
            "install_base.license_activated",
            {"license_id": "L", "expires_at": "2027-01-31T12:00:00+01:00"},
            id="a timestamp has an offset",
        ),
    ],
)
def test_takes(kind, data):
    BUILT_IN.check(kind, 1, msgspec.json.encode(data))


@pytest.mark.parametrize(
    ("kind", "data", "place"),
    [
        pytest.param("support.link_followed", b'{"source_page":1}', "$.data", id="a required attribute missing"),
        pytest.param("case.opened", b'{"case_id":null}', "$.data.case_id", id="a required attribute null"),
        pytest.param("case.opened", b'{"case_id":""}', "$.data.case_id", id="an empty code"),
        pytest.param("case.opened", b'{"case_id":1.0}', "$.data.case_id", id="a code with a decimal point"),
        pytest.param("case.opened", b'{"case_id":true}', "$.data.case_id", id="a boolean for a code"),
        pytest.param("case.opened", b'{"case_id":1,"text":5}', "$.data.text", id="a number for a text"),
        pytest.param("case.survey_answered", b'{"case_id":1,"score":"5"}', "$.data.score", id="a text for a number"),
        pytest.param("case.survey_answered", b'{"case_id":1,"score":-1}', "$.data.score", id="below the minimum"),
        pytest.param("case.survey_answered", b'{"case_id":1,"score":1e999}', "$.data.score", id="beyond all numbers"),
        pytest.param(
            "advocacy.recommendation_made", b'{"channel":"web","score":11}', "$.data.score", id="above the maximum"
        ),
        pytest.param(
            "learning.session_attended", b'{"session_id":1,"program":"ABC"}', "$.data.program", id="none of the values"
        ),
        pytest.param(
            "install_base.item_booked", b'{"item_id":1,"currency":"euro"}', "$.data.currency", id="against the pattern"
        ),
        pytest.param(
            "install_base.license_activated",
            b'{"license_id":1,"expires_at":"2027-01-31T12:00:00"}',
            "$.data.expires_at",
            id="a timestamp without an offset",
        ),
        pytest.param("case.opened", b'{"case_id":"\xff"}', "$.data", id="a text that is not UTF-8"),
        pytest.param("case.opened", b'{"case_id":NaN}', "$.data", id="not a number"),
        pytest.param("case.opened", b'{"case_id":1', "$.data", id="cut off"),
        pytest.param("case.opened", b"[1]", "$.data", id="a list instead of an object"),
        pytest.param("case.opened", b'{"x":' + b"[" * 100_000, "$.data", id="nested without end"),
    ],
)
def test_refuses_and_says_where(kind, data, place):
    with pytest.raises(InvalidEvent) as refused:
        BUILT_IN.check(kind, 1, data)
    assert refused.value.detail.endswith(f" - at `{place}`")
    assert refused.value.facts == {"type": kind, "version": 1}


@given(
    st.one_of(
        st.binary(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["case_id", "text", "x"]), inner),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_whatever_the_data_are_they_pass_or_are_an_invalid_event(data):
    try:
        BUILT_IN.check("case.opened", 1, data)
    except InvalidEvent:
        return
    assert json.loads(data)["case_id"] not in (None, "")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("case.openned", "case.opened", id="a slip of the finger names the type that was meant"),
        pytest.param("weather.changed", None, id="a type like no other names none"),
        pytest.param("case." + "o" * 100_000, None, id="an endless name is not compared"),
    ],
)
def test_an_unknown_type_is_refused(name, meant):
    with pytest.raises(UnknownEventType) as refused:
        BUILT_IN.check(name, 1, b"{}")
    assert (refused.value.facts["type"], refused.value.facts["nearest"]) == (name, meant)
    with pytest.raises(UnknownEventType):
        BUILT_IN.lift(name, 1, {})


def test_an_unknown_type_passes_as_any_object_where_the_operator_allows_it():
    allowing = load(allow_unknown=True)
    allowing.check("weather.changed", 7, b'{"to": "rain"}')
    assert allowing.lift("weather.changed", 7, {"to": "rain"}) == {"to": "rain"}
    with pytest.raises(InvalidEvent):
        allowing.check("weather.changed", 7, b'"rain"')


@pytest.mark.parametrize("page", ["x" * 513, 2**63], ids=["longer than an index entry", "beyond 64 bits"])
def test_a_page_that_no_read_model_could_be_keyed_by_is_refused(page):
    data = msgspec.json.encode({"page": page})
    with pytest.raises(InvalidEvent):
        load().check("web.page_viewed", 1, data)
