import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import UnknownFormat, UnreadableInput
from raceline.domain.event import Event, Reject
from raceline.domain.formats import open_input

NOW = 1_800_000_000_000_000
AT = datetime(2018, 1, 12, 13, 44, 51, tzinfo=UTC)


@pytest.fixture
def taken(tmp_path):
    """What the one way in makes of a row of these columns; more rows are copies of it."""

    def read(**columns) -> list[Event | Reject]:
        given = {"type": pa.array(["web.page_viewed"]), "customer_id": pa.array(["7"]), "occurred_at": pa.array([AT])}
        given |= {"data": pa.array(['{"page": "a"}'])} | columns
        path = tmp_path / "views.parquet"
        pq.write_table(pa.table({name: column for name, column in given.items() if column is not None}), path)
        check = Check(load())
        with open_input(path) as opened:
            assert opened.format == "parquet"
            return [
                item if isinstance(item, Reject) else check(item.data, source=opened.source, place="", now=NOW)
                for batch in opened
                for item in batch
            ]

    return read


@pytest.mark.parametrize(
    "column",
    [
        pa.array([AT.replace(tzinfo=None)], pa.timestamp("ns")),
        pa.array([AT], pa.timestamp("ms", "Europe/Berlin")),
        pa.array(["2018-01-12T14:44:51+01:00"]),
    ],
    ids=["without a zone it is UTC", "with a zone", "as text"],
)
def test_a_time_may_be(taken, column):
    assert taken(occurred_at=column)[0].occurred_at == 1515764691_000_000


@pytest.mark.parametrize(
    "column",
    [
        pa.array(['{"page": "a"}']),
        pa.array([{"page": "a", "seconds": None}]),
        pa.array([[("page", "a")]], pa.map_(pa.string(), pa.string())),
        pa.array(['{"page": "a"}']).dictionary_encode(),
        pa.array([b'{"page": "a"}']),
    ],
    ids=["text", "a struct", "a map", "a dictionary", "bytes"],
)
def test_data_may_be(taken, column):
    assert taken(data=column)[0].data == b'{"page":"a"}'


def test_dates_and_decimals_of_a_struct_become_json(taken):
    data = pa.array([{"page": "a", "day": date(2018, 1, 12), "price": Decimal("1.50"), "count": Decimal(3)}])
    assert json.loads(taken(data=data)[0].data) == {"page": "a", "day": "2018-01-12", "price": 1.5, "count": 3}


def test_every_field_of_the_envelope_is_taken(taken):
    event = taken(
        event_id=pa.array([17]), source=pa.array(["shop"]), sequence=pa.array([4.0]), schema_version=pa.array([1]),
        account_id=pa.array(["acme"]), product=pa.array([None], pa.string()), position=pa.array([99]),
    )[0]  # fmt: skip
    assert (event.event_id, event.source, event.sequence, event.account_id) == ("17", "shop", 4, "acme")


BAD = {
    "NaN in a struct": ({"data": pa.array([{"page": "a", "seconds": float("nan")}])}, "invalid_data"),
    "text that is not JSON": ({"data": pa.array(["{page}"])}, "invalid_data"),
    "text that is more than its object": ({"data": pa.array(['{"page": "a"}, "customer_id": "8"'])}, "invalid_data"),
    "no customer": ({"customer_id": pa.array([None], pa.string())}, "invalid_envelope"),
}


@pytest.mark.parametrize(("columns", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_rejected_and_kept(taken, columns, reason):
    (reject,) = taken(**columns)
    assert (reject.reason, reject.place.rpartition("/")[2]) == (reason, "views.parquet:1")
    assert "web.page_viewed" in reject.raw.decode()


def test_a_missing_column_is_named_with_the_nearest(taken):
    with pytest.raises(UnknownFormat, match="without the column `customer_id`; did you mean `customer`"):
        taken(customer_id=None, customer=pa.array(["7"]))


def test_a_column_of_a_type_that_does_not_fit_is_named(taken):
    with pytest.raises(UnreadableInput, match=r"column `occurred_at` of type int64: .*Write the column"):
        taken(occurred_at=pa.array([1515764691]))


def test_a_file_that_is_cut_off_is_refused_before_anything_is_taken(tmp_path):
    path = tmp_path / "views.parquet"
    pq.write_table(pa.table({"type": ["web.page_viewed"]}), path)
    path.write_bytes(path.read_bytes()[:-9])
    with open_input(path) as opened, pytest.raises(UnreadableInput, match=r"views\.parquet:1: .*Copy the file again"):
        list(opened)


def test_a_file_that_is_damaged_inside_gives_what_came_before(tmp_path):
    path = tmp_path / "views.parquet"
    count = 20_000
    names = [f"{n:08}" for n in range(count)]
    rows = {"type": ["web.page_viewed"] * count, "customer_id": names, "occurred_at": [AT] * count}
    pq.write_table(pa.table(rows), path, row_group_size=5_000, compression="gzip", use_dictionary=False)
    whole = bytearray(path.read_bytes())
    third = pq.ParquetFile(path).metadata.row_group(2).column(1)
    whole[third.data_page_offset + 60 : third.data_page_offset + 2_000] = b"\xff" * 1_940
    path.write_bytes(whole)
    found = 0
    with open_input(path) as opened, pytest.raises(UnreadableInput, match=r"views\.parquet:10001: ") as error:
        for batch in opened:
            found += len(batch)
    assert (found, error.value.line) == (10_000, 10_001)
