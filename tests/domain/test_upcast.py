"""Old versions of a type: their data are lifted to the newest one (design section 4)."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidEvent

VISITS = load([Path(__file__).with_name("visits.yaml")])


@pytest.mark.parametrize(
    ("version", "data", "lifted"),
    [
        pytest.param(1, {"why": 2}, {"reason": "trouble", "minutes": 30}, id="version 1 goes through every step"),
        pytest.param(2, {"motive": "sales"}, {"reason": "sale", "minutes": 30}, id="version 2 goes through the last"),
        pytest.param(3, {"reason": "sale"}, {"reason": "sale"}, id="the newest version stays as it is"),
        pytest.param(1, {"why": 1}, {"reason": "sale", "minutes": 30}, id="a mapped value is mapped again"),
        pytest.param(1, {"why": True}, {"reason": True, "minutes": 30}, id="true is not 1"),
        pytest.param(1, {"why": 1.0}, {"reason": 1.0, "minutes": 30}, id="a value that is not in the map stays"),
        pytest.param(1, {"why": [1]}, {"reason": [1], "minutes": 30}, id="a list is in no map"),
        pytest.param(1, {"colour": "red", "extra": 1}, {"extra": 1, "minutes": 30}, id="what is dropped goes alone"),
        pytest.param(2, {"minutes": 5}, {"minutes": 5}, id="a default is for what is missing"),
        pytest.param(2, {"minutes": None}, {"minutes": 30}, id="a default is for null as well"),
        pytest.param(1, {"why": 2, "motive": "x"}, {"reason": "trouble", "minutes": 30}, id="a renamed one goes first"),
    ],
)
def test_lifts(version, data, lifted):
    before = dict(data)
    assert VISITS.lift("visit.made", version, data) == lifted
    assert data == before


names = st.sampled_from(["why", "motive", "reason", "minutes", "colour", "site", "other"])
values = st.none() | st.booleans() | st.integers(-1, 700) | st.sampled_from(["sale", "sales", "trouble", ""])
versions = st.sampled_from([1, 2, 3])


@given(data=st.dictionaries(names, values), version=versions)
def test_lifting_twice_is_lifting_once(data, version):
    once = VISITS.lift("visit.made", version, data)
    assert VISITS.lift("visit.made", 3, once) == once


@given(data=st.dictionaries(names, values))
def test_lifting_from_version_1_is_the_first_step_and_then_lifting_from_version_2(data):
    stepped = VISITS.types["visit.made"].upcasts[1].apply(data)
    assert VISITS.lift("visit.made", 1, data) == VISITS.lift("visit.made", 2, stepped)


def verdict(version, data):
    try:
        VISITS.check("visit.made", version, msgspec.json.encode(data))
    except InvalidEvent as refused:
        return refused.detail
    return "taken"


@given(data=st.dictionaries(names, values), version=versions)
def test_old_data_are_judged_by_what_they_become(data, version):
    lifted = VISITS.lift("visit.made", version, data)
    assert verdict(version, data) == verdict(3, lifted)


@pytest.mark.parametrize("version", [pytest.param(4, id="newer than known"), pytest.param(0, id="older than any")])
def test_a_version_that_no_one_declared_is_refused(version):
    with pytest.raises(InvalidEvent) as refused:
        VISITS.check("visit.made", version, b'{"reason": "sale"}')
    assert refused.value.facts == {"type": "visit.made", "version": version}
