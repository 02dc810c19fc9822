import gzip
import io
import json
import random
import sys
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import InputNotFound, UnknownFormat, UnreadableInput
from raceline.domain.event import Event, Reject
from raceline.domain.formats import open_input
from raceline.domain.json_input import Raw

NOW = 1_800_000_000_000_000
CLICKSTREAM = """TimeStamp,CustomerID,SourcePageID,TargetPageID,IsResolved
1515764691,1,11,28,False
1515764752,2,11,35,False
1515764876,2,35,42,True
1515764997,1,28,35,False
1515765000,1,35,42,True
"""
VIEW = {"type": "web.page_viewed", "customer_id": "7", "occurred_at": "2018-01-12T13:44:51Z", "data": {"page": "a"}}


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def records(path: Path, **options) -> list[Raw | Reject]:
    with open_input(path, **options) as opened:
        return [record for batch in opened for record in batch]


def taken(path: Path, **options) -> list[Event | Reject]:
    """What the one way in makes of a file."""
    check = Check(load())
    with open_input(path, **options) as opened:
        return [
            item
            if isinstance(item, Reject)
            else check(item.data, source=opened.source, place=opened.place(item.line), now=NOW)
            for batch in opened
            for item in batch
        ]


def views(count: int) -> list[dict[str, object]]:
    return [VIEW | {"event_id": str(n)} for n in range(count)]


def parquet(rows: list[dict[str, object]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row | {"data": json.dumps(row["data"])} for row in rows]), file)
    return file.getvalue()


def ndjson(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


CLOUD = {"specversion": "1.0", "id": "1", "source": "shop", "subject": "7", "time": VIEW["occurred_at"]}
ALIKE = {
    "ndjson": ("views.ndjson", ndjson(views(3)), "ndjson"),
    "lines of another name": ("views.log", ndjson(views(3)), "ndjson"),
    "lines that end as on Windows": ("views.jsonl", ndjson(views(3)).replace("\n", "\r\n"), "ndjson"),
    "a byte order mark": ("views.ndjson", "\ufeff" + ndjson(views(3)), "ndjson"),
    "an array": ("views.json", json.dumps(views(3)), "json"),
    "an array over many lines": ("views.json", "\n " + json.dumps(views(3), indent=2), "json"),
    "objects over many lines": ("views.json", "\n".join(json.dumps(row, indent=2) for row in views(3)), "json"),
    "parquet": ("views.parquet", parquet(views(3)), "parquet"),
    "gzip": ("views.ndjson.gz", gzip.compress(ndjson(views(3)).encode()), "ndjson"),
    "gzip in two members": (
        "views.ndjson.gz",
        gzip.compress(ndjson(views(2)).encode()) + gzip.compress(ndjson(views(3)[2:]).encode()),
        "ndjson",
    ),
    "zstd": ("views.ndjson.zst", pa.compress(ndjson(views(3)).encode(), "zstd", asbytes=True), "ndjson"),
}


@pytest.mark.parametrize(("name", "content", "format_"), ALIKE.values(), ids=ALIKE.keys())
def test_the_same_events_come_out_of_every_format(tmp_path, name, content, format_):
    path = written(tmp_path, name, content)
    with open_input(path) as opened:
        assert opened.format == format_
    expected = taken(written(tmp_path, "expected.ndjson", ndjson(views(3))), source="shop")
    assert taken(path, source="shop") == expected
    assert [event.event_id for event in expected] == ["0", "1", "2"]


@pytest.mark.parametrize(("name", "content", "format_"), ALIKE.values(), ids=ALIKE.keys())
def test_the_same_file_twice_gives_the_same_identities(tmp_path, name, content, format_):
    path = written(tmp_path, name, content)
    assert [event.uid for event in taken(path)] == [event.uid for event in taken(path)]


def test_a_batch_of_cloud_events_is_an_array_of_envelopes(tmp_path):
    batch = [CLOUD | {"type": "web.page_viewed", "data": {"page": "a"}}]
    event = taken(written(tmp_path, "batch.json", json.dumps(batch)))[0]
    assert (event.source, event.event_id, event.customer_id) == ("shop", "1", "7")


def test_the_clickstream_is_recognised_by_its_header(tmp_path):
    path = written(tmp_path, "clicks.txt", CLICKSTREAM)
    with open_input(path) as opened:
        assert (opened.format, opened.source) == ("clickstream", "clickstream")
    first, *others = taken(path)
    assert (first.type, first.customer_id, first.occurred_at) == ("support.link_followed", "1", 1515764691_000_000)
    assert json.loads(first.data) == {"source_page": "11", "target_page": "28", "resolved": False}
    assert len({event.uid for event in (first, *others)}) == 5


VARIED = """TimeStamp,CustomerID,SourcePageID,TargetPageID,IsResolved,Variant
1515764691,1,11,28,False,layout-a
1515764752,2,11,35,False,"layout-b, search-2"
1515764876,2,35,42,True,
"""


@pytest.mark.parametrize("packed", [False, True])
def test_a_clickstream_may_say_the_variant_of_an_experiment(tmp_path, packed):
    content = gzip.compress(VARIED.encode()) if packed else VARIED
    path = written(tmp_path, "clicks.csv.gz" if packed else "clicks.csv", content)
    with open_input(path) as opened:
        assert opened.format == "clickstream"
    assert [json.loads(event.data).get("variant") for event in taken(path)] == ["layout-a", "layout-b, search-2", None]


def test_a_click_whose_variant_is_not_said_is_the_same_as_one_of_a_file_that_says_none(tmp_path):
    *_, said_nothing = taken(written(tmp_path, "varied.csv", VARIED))
    assert said_nothing.uid in {event.uid for event in taken(written(tmp_path, "clicks.csv", CLICKSTREAM))}


def test_the_variant_may_stand_in_any_column(tmp_path):
    rows = [line.split(",") for line in CLICKSTREAM.splitlines()]
    content = "".join(",".join([row[0], "Variant" if row is rows[0] else "a", *row[1:]]) + "\n" for row in rows)
    events = taken(written(tmp_path, "clicks.csv", content), format="clickstream")
    assert [json.loads(event.data)["variant"] for event in events] == ["a"] * 5
    assert [event.customer_id for event in events] == ["1", "2", "2", "1", "1"]


def test_the_line_of_a_click_orders_clicks_of_the_same_second(tmp_path):
    content = CLICKSTREAM.replace("1515765000", "1515764997")
    assert [event.sequence for event in taken(written(tmp_path, "clicks.csv", content))] == [2, 3, 4, 5, 6]


def test_a_click_is_the_same_fact_in_another_file_and_on_another_line(tmp_path):
    header, *rows = CLICKSTREAM.splitlines(keepends=True)
    one = taken(written(tmp_path, "january.csv", CLICKSTREAM))
    other = taken(written(tmp_path, "all.csv", "".join([header, *reversed(rows)])))
    assert {event.uid: event.content_hash for event in one} == {event.uid: event.content_hash for event in other}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeff" + CLICKSTREAM, id="a byte order mark"),
        pytest.param(CLICKSTREAM.replace("\n", "\r\n"), id="lines that end as on Windows"),
        pytest.param(CLICKSTREAM.replace("\n", "\r"), id="lines that end as on an old Macintosh"),
        pytest.param(CLICKSTREAM.rstrip(), id="no end of the last line"),
        pytest.param(CLICKSTREAM.replace("11", '"11"'), id="quotes"),
        pytest.param(CLICKSTREAM.replace("TimeStamp", '"TimeStamp"'), id="a quote in the header"),
        pytest.param(CLICKSTREAM.replace("True", "true").replace("False", "0"), id="other words for true and false"),
    ],
)
def test_a_clickstream_is_read_with(tmp_path, content):
    expected = taken(written(tmp_path, "expected.csv", CLICKSTREAM))
    assert taken(written(tmp_path, "clicks.csv", content)) == expected


@pytest.mark.parametrize(
    ("name", "options", "source"),
    [
        ("views.ndjson", {}, "views.ndjson"),
        ("views.ndjson.gz", {}, "views.ndjson"),
        ("views.ndjson", {"source": "shop"}, "shop"),
    ],
    ids=["the name of the file", "the name without the packing", "what was given"],
)
def test_a_record_without_a_source_has(tmp_path, name, options, source):
    content = ndjson(views(1)).encode()
    path = written(tmp_path, name, gzip.compress(content) if name.endswith("gz") else content)
    assert taken(path, **options)[0].source == source


def test_a_record_keeps_the_source_that_it_names(tmp_path):
    path = written(tmp_path, "views.ndjson", ndjson([VIEW | {"source": "web"}]))
    assert taken(path, source="shop")[0].source == "web"


def test_blank_lines_are_no_records_and_count_as_lines(tmp_path):
    path = written(tmp_path, "views.ndjson", "\n\n" + ndjson(views(1)) + "  \n" + ndjson(views(1)) + "\n")
    assert [record.line for record in records(path)] == [3, 5]


@pytest.mark.parametrize("name", ["empty.ndjson", "empty.csv", "empty"])
def test_an_empty_file_has_no_records(tmp_path, name):
    assert records(written(tmp_path, name, "")) == []


def test_standard_input_is_read_as_a_file_is(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CLICKSTREAM.encode())))
    with open_input("-") as opened:
        found = [record for batch in opened for record in batch]
        assert (opened.format, opened.size, opened.name, len(found)) == ("clickstream", None, "standard input", 5)
    assert opened.read == len(CLICKSTREAM)


@pytest.mark.parametrize("name", ["views.ndjson", "views.ndjson.gz", "views.parquet"])
def test_how_far_a_file_was_read_ends_at_its_size(tmp_path, name):
    content = {"ndjson": ndjson(views(9)).encode(), "gz": gzip.compress(ndjson(views(9)).encode())}
    path = written(tmp_path, name, content.get(name.rpartition(".")[2], parquet(views(9))))
    with open_input(path) as opened:
        assert len([record for batch in opened for record in batch]) == 9
        assert opened.read == opened.size == path.stat().st_size


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputNotFound, match=r"nowhere\.ndjson: No such file"):
        open_input(tmp_path / "nowhere.ndjson")


UNKNOWN = {
    "a CSV file of another kind": ("a,b\n1,2\n", {}, "begins with `a,b`.*needs a mapping file"),
    "a clickstream with a column of another name": (
        CLICKSTREAM.replace("IsResolved", "Resolved"),
        {},
        r"`IsResolved` is missing \(is it `Resolved`\?\)",
    ),
    "a clickstream in another order": (
        "CustomerID,TimeStamp,SourcePageID,TargetPageID,IsResolved\n",
        {},
        "here its columns are CustomerID, TimeStamp",
    ),
    "a clickstream with a variant of another name": (
        VARIED.replace("Variant", "Varaint"),
        {},
        r"here `Varaint` is no column of it \(is it `Variant`\?\)",
    ),
    "a clickstream with a column more": (VARIED.replace("Variant", "Browser"), {}, "here `Browser` is no column of it"),
    "a clickstream with two variants": (VARIED.replace("Variant", "Variant,Variant"), {}, "here its columns are Time"),
    "UTF-16": (CLICKSTREAM.encode("utf-16"), {}, "UTF-16; convert it to UTF-8"),
    "binary": (b"\x89PNG\0\0", {}, "binary"),
    "CSV without a mapping file": ("a,b\n", {"format": "csv"}, "needs a mapping file"),
    "a format that there is not": ("{}", {"format": "ndjsn"}, "no format ndjsn. Did you mean ndjson?"),
    "a mapping file for another format": ("{}", {"format": "json", "mapping": Path("m.yaml")}, "is for CSV"),
}


@pytest.mark.parametrize(("content", "options", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_format_is_refused_with_the_cure(tmp_path, content, options, message):
    with pytest.raises(UnknownFormat, match=message):
        open_input(written(tmp_path, "input", content), **options)


@pytest.mark.parametrize("packed", ["gz", "zst"])
def test_a_packed_file_that_is_cut_off_gives_what_came_before_and_then_the_line(tmp_path, packed):
    content = ndjson([row | {"noise": random.Random(n).random()} for n, row in enumerate(views(40_000))]).encode()
    whole = gzip.compress(content) if packed == "gz" else pa.compress(content, "zstd", asbytes=True)
    found: list[Raw | Reject] = []
    with (
        open_input(written(tmp_path, f"views.ndjson.{packed}", whole[: len(whole) // 2])) as opened,
        pytest.raises(UnreadableInput, match=r"views\.ndjson\.\w+:\d+: .*Copy the file again") as error,
    ):
        for batch in opened:
            found += batch
    assert found == records(written(tmp_path, "whole.ndjson", content))[: len(found)]
    assert error.value.line == len(found) + 1 > 1_000


def test_a_packed_file_that_is_damaged_is_named(tmp_path):
    whole = bytearray(gzip.compress(ndjson(views(100)).encode()))
    whole[-6] ^= 0xFF
    with pytest.raises(UnreadableInput, match=r"views\.gz:101: CRC check failed"):
        records(written(tmp_path, "views.gz", bytes(whole)))


def peak_of_reading(path: Path, count: int) -> int:
    page = "x" * 5_000
    with path.open("w") as file:
        file.write({".ndjson": "", ".json": "[", ".csv": CLICKSTREAM.splitlines()[0] + "\n"}[path.suffix])
        for n in range(count):
            row = json.dumps(VIEW | {"data": {"page": f"{n}{page}"}}) + (",\n" if path.suffix == ".json" else "\n")
            file.write(f"15157{n},{n},a,{n}{page},True\n" if path.suffix == ".csv" else row)
        file.write("{}]" if path.suffix == ".json" else "")
    tracemalloc.start()
    with open_input(path) as opened:
        assert sum(len(batch) for batch in opened) >= count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("name", ["long.ndjson", "long.json", "long.csv"])
def test_memory_does_not_grow_with_the_size_of_the_file(tmp_path, name):
    peak = peak_of_reading(tmp_path / name, 4_000)
    assert peak_of_reading(tmp_path / name, 12_000) < 1.2 * peak
