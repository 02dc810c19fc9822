"""A page table is read from files as people have them, and refused whole where anything in them is wrong."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain import site_rows
from raceline.domain.errors import InputNotFound, InvalidArgument, InvalidSite
from raceline.domain.site import SitePage
from raceline.domain.site_file import read_site

CSV = "page,page_type,title\n11,article,Install it\n28,article,\n35,,Ask us\n"
TABLE = {"11": SitePage("article", "Install it"), "28": SitePage("article"), "35": SitePage(title="Ask us")}


@pytest.fixture
def read(tmp_path):
    """Reads a page table from what stands in its files: text, bytes or a table of columns."""

    def written(name, content):
        path = tmp_path / name
        match content:
            case dict():
                pq.write_table(pa.table(content), path)
            case bytes():
                path.write_bytes(content)
            case str():
                path.write_text(content, encoding="utf-8", newline="")
        return str(path)

    def read(pages, links=None):
        return read_site(written("pages", pages), None if links is None else written("links", links))

    return read


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CSV, id="CSV"),
        pytest.param(CSV.replace(",", "\t"), id="CSV with tabs"),
        pytest.param(CSV.replace(",", ";"), id="CSV with semicolons"),
        pytest.param("\ufeff" + CSV.replace("\n", "\r\n"), id="CSV as spreadsheets write it"),
        pytest.param("\n" + CSV.replace("\n", "\n\n"), id="CSV with blank lines"),
        pytest.param(gzip.compress(CSV.encode()), id="packed CSV"),
        pytest.param(
            "Title,Page Type,PAGE-ID\nInstall it, article ,11\n,article,28\nAsk us,,35\n",
            id="columns in another order, by other names, with blanks around their words",
        ),
        pytest.param(
            '{"page": 11, "page_type": "article", "title": "Install it"}\n{"page": "28", "type": "article"}\n'
            '{"page": 35, "type": null, "title": "Ask us"}\n',
            id="JSON lines, whose pages may be numbers",
        ),
        pytest.param(
            '[{"page": 11, "page_type": "article", "title": "Install it"},\n {"page": "28", "type": "article"},\n'
            '{"page": 35, "title": "Ask us"}]',
            id="a JSON array",
        ),
        pytest.param(
            {"page": [11, 28, 35], "page_type": ["article", "article", None], "title": ["Install it", None, "Ask us"]},
            id="Parquet",
        ),
        pytest.param(
            {
                "page": [11.0, 28.0, 35.0],
                "type": pa.array(["article", "article", None]).dictionary_encode(),
                "title": ["Install it", "", "Ask us"],
            },
            id="Parquet as data frames write it",
        ),
    ],
)
def test_pages_are_read_from(read, content):
    found = read(content)
    assert found.table.pages == TABLE
    assert found.unused == {}


def test_links_are_read_beside_the_pages(read):
    found = read(CSV, "source_page,target_page,weight\n11,28,1\n28,11,2\n11,28,3\n35,35,1\n")
    assert found.table.links == (("11", "28"), ("28", "11"))
    assert (found.repeated, found.own_links, found.only_linked) == (1, 1, ())
    assert list(found.unused.values()) == [["weight"]]


def test_a_page_that_only_a_link_names_is_a_page_without_a_type(read):
    found = read(CSV, "source,target\n11,99\n98,11\n98,99\n")
    assert found.only_linked == ("98", "99")
    assert found.table.pages["99"] == SitePage()
    assert len(found.table.pages) == 5


def test_the_same_row_again_is_told_and_does_no_harm(read):
    found = read(CSV + "28,article,\n")
    assert (found.table.pages, found.repeated) == (TABLE, 1)


def test_pages_are_named_as_events_name_them_byte_by_byte(read):
    assert list(read("page\n /Home\n/home\n/home?a=1#b\n").table.pages) == [" /Home", "/home", "/home?a=1#b"]


def test_a_table_may_have_no_links_and_no_column_but_the_page(read):
    assert read("page\n11\n", "source,target\n").table.links == ()


LONG = "x" * 1_999 + "ü"
WRONG = {
    "no such column": ("pages,title\n11,a\n", r"pages:1: there is no column `page`; did you mean `pages`\?"),
    "only columns of another table": ("a,b\n1,2\n", "there is no column `page`; there are `a`, `b`; the columns"),
    "two columns of one meaning": ("page,type,page_type\n1,a,b\n", "`type` and `page_type` are both"),
    "a page without a name": ("page,title\n,a\n", "pages:2: page: there is no value; name the page"),
    "a row that is too short": ("page,title\n11\n", "pages:2: 1 cells, where the header has 2"),
    "a quote that is never closed": ('page,title\n11,"a\n12,b\n', "pages:2: not CSV"),
    "a page that is two things": ("page,type\n1,a\n2,b\n1,c\n", "pages:4: `1` is in line 2 already, and there it says"),
    "another encoding": (b"page,title\n11,caf\xe9\n", "pages:2: title: not in UTF-8"),
    "UTF-16": ("page,title\n".encode("utf-16"), "pages:1: this is neither text in UTF-8 nor Parquet"),
    "a name of too many bytes": (f"page\n{LONG}\n", "has 2,001 bytes; the longest name of a page has 2,000"),
    "a character that cannot be stored": ('{"page": "a\\u0000"}\n', "page: the character NUL cannot be stored"),
    "a line that is no JSON": ('{"page": 1}\n{"page": \n', "pages:2: this is no JSON object: "),
    "an object without a page": ('{"page": 1}\n{"pag": 2}\n', "pages:2: there is no column `page`; did you mean `pag`"),
    "a page that is no name": ('{"page": [1]}\n', "pages:1: `page` is neither a text nor a whole number"),
    "a page that is a truth": ('{"page": true}\n', "pages:1: `page` is neither a text nor a whole number"),
    "an array that was cut off": ('[{"page": 1},\n{"pa', "pages:2: the input ends inside of this element"),
    "an array that is not closed": ('[{"page": 1}', "the array is not closed.* Copy the file again, then load"),
    "half of a packed file": (gzip.compress(CSV.encode())[:-9], r"pages:\d: .* Copy the file again, then load"),
    "Parquet of fractions": ({"page": [1.5]}, "column `page` of type double: .*; write it as text"),
    "Parquet of truths": ({"page": [True]}, "column `page` of type bool: it is neither text nor whole numbers"),
    "half of a Parquet file": (b"PAR1abc", "pages:1: .* Copy the file again, then load it again"),
    "nothing at all": ("", "pages:1: the file is empty; its first line names the columns, page and, where known, p"),
    "a header alone": ("page,title\n", "pages: there is no page in it; .* `raceline site clear`"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG.keys())
def test_is_refused(read, content, message):
    with pytest.raises(InvalidSite, match=message):
        read(content)


def test_links_that_cannot_be_read_are_refused_as_pages_are(read):
    with pytest.raises(InvalidSite, match=r"links:2: target: there is no value"):
        read(CSV, "source,target\n11,\n")
    with pytest.raises(InvalidSite, match=r"links:1: there is no column `source`.*the columns are source, target"):
        read(CSV, "page,target\n11,28\n")


def test_a_single_mistake_says_file_and_line_to_programs_as_well(read):
    with pytest.raises(InvalidSite) as refused:
        read("page,title\n11,a\n,b\n")
    assert refused.value.facts["file"].endswith("/pages")
    assert refused.value.facts["line"] == 3


def test_the_first_mistakes_of_both_files_are_told_and_the_number_of_all(read):
    with pytest.raises(InvalidSite, match="and 3 more") as refused:
        read("page,title\n,a\n1,a\n,b\n", "source,target\n" + 6 * "11,\n")
    lines = [line.rpartition("/")[2] for line in refused.value.detail.splitlines()]
    assert [line.partition(" ")[0] for line in lines[1:6]] == [
        "pages:2:",
        "pages:4:",
        "links:2:",
        "links:3:",
        "links:4:",
    ]


def test_a_file_that_is_not_there_is_told(read, tmp_path):
    (tmp_path / "pages").write_text(CSV)
    with pytest.raises(InputNotFound, match=r"nowhere: No such file"):
        read_site(str(tmp_path / "pages"), str(tmp_path / "nowhere"))


def test_one_of_the_files_may_be_standard_input_and_not_both(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(CSV.encode()))))
    assert read_site("-").table.pages == TABLE
    with pytest.raises(InvalidArgument, match="only one of the two files"):
        read_site("-", "-")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)


@given(pages=st.dictionaries(NAMES, st.tuples(NAMES, NAMES), min_size=1, max_size=9))
def test_a_table_says_the_same_in_every_format(tmp_path_factory, pages):
    folder = tmp_path_factory.mktemp("site")
    quoted = [[cell.replace('"', '""') for cell in (page, *about)] for page, about in pages.items()]
    rows = "".join('"{}","{}","{}"\n'.format(*cells) for cells in quoted)
    (folder / "pages.csv").write_text(f"page,type,title\n{rows}", encoding="utf-8", newline="")
    objects = [{"page": page, "type": kind, "title": title} for page, (kind, title) in pages.items()]
    (folder / "pages.ndjson").write_text("".join(json.dumps(one) + "\n" for one in objects))
    pq.write_table(pa.Table.from_pylist(objects), folder / "pages.parquet")
    read = [read_site(str(path)).table for path in sorted(folder.iterdir())]
    assert read[0].pages == read[1].pages == read[2].pages
    assert read[0].content_hash == read[1].content_hash == read[2].content_hash
    assert list(read[0].pages) == list(pages)


def test_parquet_of_many_batches_is_read_to_its_end(read, monkeypatch):
    monkeypatch.setattr(site_rows, "ROWS", 2)
    assert len(read({"page": [str(n) for n in range(7)]}).table.pages) == 7
    with pytest.raises(InvalidSite, match="pages:5: page: there is no value"):
        read({"page": ["a", "b", "c", "d", None]})
