import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain import byte_stream, table_input
from raceline.domain.errors import InvalidMapping, UnreadableInput
from raceline.domain.event import Reject
from raceline.domain.formats import open_input
from raceline.domain.json_input import Raw

HEADER = "TimeStamp,CustomerID,SourcePageID,TargetPageID,IsResolved\n"
CLICK = "1515764691,1,11,28,False\n"
NOTES = "customer_id: who\noccurred_at: when\ntype: case.updated\ndata: {case_id: case, text: said}\n"


def records(path: Path, **options) -> list[Raw | Reject]:
    with open_input(path, **options) as opened:
        return [record for batch in opened for record in batch]


@pytest.fixture
def clicks(tmp_path):
    def read(rows: str | bytes) -> list[Raw | Reject]:
        path = tmp_path / "clicks.csv"
        path.write_bytes(HEADER.encode() + (rows.encode() if isinstance(rows, str) else rows))
        return records(path)

    return read


@pytest.fixture
def notes(tmp_path):
    """Reads rows below the header who,when,case,said."""

    def read(rows: str | bytes, *, mapping: str = NOTES, header: str = "who,when,case,said\n") -> list[Raw | Reject]:
        (tmp_path / "notes.yaml").write_text(mapping)
        path = tmp_path / "notes.csv"
        path.write_bytes(header.encode() + (rows.encode() if isinstance(rows, str) else rows))
        return records(path, mapping=tmp_path / "notes.yaml")

    return read


BAD = {
    "a time that is none": ("x,1,11,28,False", "invalid_envelope", "occurred_at (column TimeStamp): `x`: not a time"),
    "a time in milliseconds": ("99999999999999999,1,1,2,False", "invalid_time", "outside of the years 1 to 9999"),
    "no customer": (
        "1515764691,,11,28,False",
        "invalid_envelope",
        "customer_id (column CustomerID): there is no value",
    ),
    "neither true nor false": ("1515764691,1,11,28,maybe", "invalid_data", "`maybe` is neither true (1, true, yes)"),
    "a cell too few": ("1515764691,1,11,28", "malformed", "4 cells, where the header has 5"),
    "a cell too many": ("1515764691,1,11,28,False,", "malformed", "6 cells, where the header has 5"),
    "text after a quote": ('1515764691,1,"11"x,28,False', "malformed", "not CSV: ',' expected after '\"'"),
    "a quote that is never closed": ('1515764691,1,"11,28,False', "malformed", "not CSV: unexpected end of data"),
    "an encoding that is wrong": (b"1515764691,M\xfcller,11,28,False", "wrong_encoding", "customer_id (column Cust"),
}


@pytest.mark.parametrize(("bad", "reason", "detail"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_kept_whole_and_harms_no_other(clicks, bad, reason, detail):
    bad = bad if isinstance(bad, bytes) else bad.encode()
    first, reject, *others = clicks(CLICK.encode() + bad + b"\n" + 3 * CLICK.encode())
    assert (reject.raw, reject.reason, reject.place.rpartition("/")[2]) == (bad, reason, "clicks.csv:3")
    assert detail in reject.detail
    assert [record.line for record in (first, *others)] == [2, 4, 5, 6]


def test_a_quote_that_is_never_closed_costs_one_row_of_many(clicks):
    found = clicks(3 * CLICK + '1515764691,1,"11,28,False\n' + 12_000 * CLICK)
    assert [n for n, record in enumerate(found) if isinstance(record, Reject)] == [3]
    assert [record.line for record in found if isinstance(record, Raw)] == [2, 3, 4, *range(6, 12_006)]


def test_a_wrong_encoding_in_a_column_that_is_not_read_does_no_harm(notes):
    assert isinstance(notes(b"1,2018-01-12,9,hello,\xfc\n", header="who,when,case,said,more\n")[0], Raw)


@pytest.mark.parametrize("cut", [len(CLICK) - 8, 3], ids=["in the last row", "in its first cell"])
def test_a_row_that_is_cut_off_is_kept(clicks, cut):
    first, reject = clicks(CLICK + CLICK[:cut])
    assert isinstance(first, Raw)
    assert (reject.reason, reject.raw) == ("truncated", CLICK[:cut].encode())


def test_a_cell_in_quotes_may_hold_lines_quotes_and_delimiters(notes):
    said = 'one\n"two", three\r\n\nfour'
    quoted = said.replace('"', '""')
    one, two, three = notes(f'1,2018-01-12,9,"{quoted}"\n\n2,2018-01-12,9,"x"\n3,2018-01-12,9,y\n')
    assert json.loads(one.data)["data"]["text"] == said
    assert [one.line, two.line, three.line] == [2, 7, 8]


def test_blank_lines_are_no_rows_and_count_as_lines(clicks):
    assert [record.line for record in clicks("\n" + CLICK + "\n\n" + CLICK + "\n")] == [3, 6]


def test_an_empty_cell_leaves_its_attribute_out(notes):
    assert json.loads(notes("1,2018-01-12,9,\n")[0].data)["data"] == {"case_id": "9"}


def test_a_header_may_be_all_there_is(notes):
    assert notes("") == []


def test_the_first_reason_is_the_one_that_is_told(notes):
    assert "customer_id" in notes(",never,9,\n")[0].detail


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "whom,when,case,said\n",
            r"notes\.yaml:1:1: the column `who` is not in the header at .*:1; did you mean `whom`",
        ),
        ("who,when,case,said,said\n", r"notes\.yaml:4:\d+: the column `said` is 2 times in the header"),
        ("who;when;case;said\n", r"is the delimiter right\?"),
    ],
    ids=["a column of another name", "a column that is there twice", "another delimiter"],
)
def test_a_header_that_does_not_fit_the_mapping_is_refused(notes, header, message):
    with pytest.raises(InvalidMapping, match=message):
        notes("", header=header)


def test_a_header_that_is_no_csv_is_refused(notes):
    with pytest.raises(UnreadableInput, match=r"notes\.csv:1: the header is not CSV"):
        notes("", header='who,"when"x\n')


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252"])
def test_the_mapping_says_the_encoding(notes, encoding):
    rows = "who,when,case,said\nM\xfcller,2018-01-12,9,caf\xe9\n".encode(encoding)
    record = notes(rows, header="", mapping=NOTES + f"encoding: {encoding}\n")[0]
    assert json.loads(record.data)["customer_id"] == "M\xfcller"


def test_an_encoding_that_breaks_off_stops_the_reading(notes):
    rows = "who,when,case,said\n1,2018-01-12,9,x\n".encode("utf-16") + b"\x00"
    with pytest.raises(UnreadableInput, match=r"notes\.csv:\d: .*truncated data"):
        notes(rows, header="", mapping=NOTES + "encoding: utf-16\n")


def test_the_mapping_says_the_delimiter(notes):
    mapping = NOTES + 'delimiter: "\\t"\n'
    assert isinstance(notes("1\t2018-01-12\t9\tx\n", header="who\twhen\tcase\tsaid\n", mapping=mapping)[0], Raw)


def test_a_line_longer_than_any_stops_the_reading_after_what_came_before(clicks, monkeypatch):
    for module in (byte_stream, table_input):
        monkeypatch.setattr(module, "LONGEST", 1_000)
    found: list[Raw | Reject] = []
    with pytest.raises(UnreadableInput, match=r"clicks\.csv:\d: this record is longer than 1000 bytes"):
        found += clicks(CLICK + CLICK.rstrip() + "x" * 2_000 + "\n" + CLICK)


CELLS = st.text(st.sampled_from('ab",;\n\r\u2028\x0b\x85 \t'), max_size=6)


@given(rows=st.lists(st.tuples(CELLS, st.booleans()), max_size=12))
def test_cells_come_out_as_they_went_in(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("table")
    (folder / "notes.yaml").write_text(NOTES)
    written, lines, line = "who,when,case,said\n", [], 2
    for cell, blank in rows:
        quoted = cell.replace('"', '""')
        lines.append(line)
        row = f'1,2018-01-12,9,"{quoted}"\n' + ("\n" if blank else "")
        line += len(row.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1
        written += row
    (folder / "notes.csv").write_text(written, encoding="utf-8", newline="")
    found = records(folder / "notes.csv", mapping=folder / "notes.yaml")
    assert [json.loads(record.data)["data"].get("text", "") for record in found] == [cell for cell, _ in rows]
    assert [record.line for record in found] == lines


@given(
    rows=st.lists(
        st.sampled_from([CLICK, '1515764691,1,"11\n', '"",1,"\n', '","\n', "\n", '1,"a"b,c,d,e\n']), max_size=9
    )
)
def test_nothing_of_a_broken_file_is_lost(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "clicks.csv"
    path.write_text(HEADER + "".join(rows))
    covered = 1 + rows.count("\n")
    for record in records(path):
        covered += 1 if isinstance(record, Raw) else record.raw.count(b"\n") + 1
    assert covered >= 1 + len(rows) - sum(row.isspace() for row in rows)
    assert sum(isinstance(record, Raw) for record in records(path)) <= rows.count(CLICK)
