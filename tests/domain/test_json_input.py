import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain import byte_stream, json_input
from raceline.domain.byte_stream import ByteStream
from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import UnreadableInput
from raceline.domain.event import Event, Reject
from raceline.domain.formats import open_input
from raceline.domain.json_input import Raw, read_array

NOW = 1_800_000_000_000_000
VIEW = {"type": "web.page_viewed", "customer_id": "7", "occurred_at": "2018-01-12T13:44:51Z", "data": {"page": "a"}}
GOOD = json.dumps(VIEW).encode()


def taken(path: Path, content: bytes, found: list[Event | Reject]) -> None:
    """Adds what the one way in makes of each record to `found`."""
    path.write_bytes(content)
    check = Check(load())
    with open_input(path) as opened:
        for batch in opened:
            for item in batch:
                done = isinstance(item, Reject)
                place = "" if done else opened.place(item.line)
                found.append(item if done else check(item.data, source="shop", place=place, now=NOW))


BAD = {
    "NaN": (GOOD.replace(b'"a"', b'"a", "seconds": NaN'), "malformed"),
    "an unquoted text": (GOOD.replace(b'"a"', b"a"), "malformed"),
    "a byte that is not UTF-8": (GOOD.replace(b'"7"', b'"\xe9"'), "wrong_encoding"),
    "a NUL in a text": (GOOD.replace(b'"a"', rb'"a\u0000"'), "unstorable"),
    "10 MB in one event": (GOOD.replace(b'"a"', b'"' + b"a" * 10_000_000 + b'"'), "too_large"),
    "no object": (b"17", "invalid_envelope"),
    "a text with brackets": (b'"}{]["', "invalid_envelope"),
    "a time before 1970": (GOOD.replace(b"2018", b"1918"), "invalid_time"),
    "a time in the far future": (GOOD.replace(b"2018", b"9018"), "invalid_time"),
    "a type that there is not": (GOOD.replace(b"viewed", b"vieved"), "unknown_type"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("array", [False, True], ids=["among lines", "in an array"])
def test_a_bad_record_is_kept_whole_and_harms_no_other(tmp_path, array, bad, reason):
    content = b"[" + GOOD + b",\n" + bad + b",\n" + GOOD + b"]" if array else GOOD + b"\n" + bad + b"\n" + GOOD
    found: list[Event | Reject] = []
    taken(tmp_path / "views", content, found)
    first, reject, last = found
    assert isinstance(first, Event) and first == last
    assert (reject.reason, reject.raw, reject.place) == (reason, bad, f"{tmp_path / 'views'}:2")


def test_a_line_that_is_cut_off_is_kept(tmp_path):
    found: list[Event | Reject] = []
    taken(tmp_path / "views", GOOD + b"\n" + GOOD[:40], found)
    assert isinstance(found[0], Event)
    assert (found[1].reason, found[1].raw) == ("truncated", GOOD[:40])


@pytest.mark.parametrize(
    "rest", [b"", b",", b", " + GOOD[:40]], ids=["after an element", "after a comma", "inside of one"]
)
def test_an_array_that_is_cut_off_gives_what_came_before_and_is_an_error(tmp_path, rest):
    found: list[Event | Reject] = []
    with pytest.raises(UnreadableInput, match=r"views:2: the array is not closed, .*Copy the file again"):
        taken(tmp_path / "views", b"[\n" + GOOD + rest, found)
    assert isinstance(found[0], Event)
    assert [(reject.reason, reject.raw) for reject in found[1:]] == (
        [("truncated", GOOD[:40])] if len(rest) > 1 else []
    )


def test_what_follows_an_array_is_rejected_and_kept(tmp_path):
    found: list[Event | Reject] = []
    taken(tmp_path / "views", b"[" + GOOD + b"]\nthe end", found)
    assert [getattr(item, "raw", None) for item in found] == [None, b"the end"]


def test_arrays_that_follow_one_another_are_read_as_one(tmp_path):
    found: list[Event | Reject] = []
    taken(tmp_path / "views", b"[" + GOOD + b"]\n[" + GOOD + b"]", found)
    assert len(found) == 2 and found[0] == found[1]


@pytest.mark.parametrize("start", [b"", b"["], ids=["a line", "an element"])
def test_a_record_longer_than_any_stops_the_reading_after_what_came_before(tmp_path, monkeypatch, start):
    for module in (byte_stream, json_input):
        monkeypatch.setattr(module, "LONGEST", 1_000)
        monkeypatch.setattr(module, "BLOCK", 100)
    monkeypatch.setattr(json_input, "_BATCH_BYTES", 999)
    found: list[Event | Reject] = []
    with pytest.raises(UnreadableInput, match=r"views:2: this record is longer than 1000 bytes"):
        taken(tmp_path / "views", start + GOOD + b"\n" + GOOD.replace(b'"a"', b'"' + b"a" * 2_000 + b'"'), found)
    assert len(found) == 1 and isinstance(found[0], Event)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"', "\\", '\\"', "[{", "}]", ","]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(elements=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6), indent=st.sampled_from([None, 1]))
def test_the_elements_of_an_array_are_cut_out_as_they_are(tmp_path_factory, elements, indent):
    path = tmp_path_factory.mktemp("array") / "elements"
    path.write_text(json.dumps(elements, indent=indent, ensure_ascii=False), encoding="utf-8")
    whole = [record for batch in read_array(ByteStream(str(path)), "shop") for record in batch]
    assert [json.loads(record.data) for record in whole] == elements
    lines = path.read_bytes().split(b"\n")
    for record in whole:
        assert isinstance(record, Raw)
        assert record.data.split(b"\n")[0] in lines[record.line - 1]


@given(elements=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6))
def test_where_a_block_ends_makes_no_difference(tmp_path_factory, elements):
    path = tmp_path_factory.mktemp("array") / "elements"
    path.write_text(json.dumps(elements), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_input, "BLOCK", 3)
        small = [record for batch in read_array(ByteStream(str(path)), "shop") for record in batch]
    assert [json.loads(record.data) for record in small] == elements
