"""A catalogue file of a user: it adds types, and each of its mistakes is named with its place (design section 4)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidCatalogue, InvalidEvent

BUILT_IN = load()
VISIT = Path(__file__).with_name("visits.yaml").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_user_adds_types_without_touching_code(written):
    visits = load([written(VISIT)])
    visits.check("visit.made", 3, b'{"reason": "courtesy", "site": 7}')
    assert list(visits.types)[:-1] == list(BUILT_IN.types)
    assert visits.types["visit.made"].family == "visit"


def test_an_attribute_may_have_a_name_that_python_keeps_for_itself(written):
    types = load([written(VISIT.replace("visitor:", "class:"))])
    with pytest.raises(InvalidEvent, match=r"\$\.data\.class"):
        types.check("visit.made", 3, b'{"reason": "sale", "class": 1}')


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        pytest.param("types:", "type:", 1, 1, "did you mean `types`?", id="an unknown key names the one meant"),
        pytest.param("    owner:", "    ownr:", 6, 5, "did you mean `owner`?", id="a misspelt key of a type"),
        pytest.param("personal: true", "persnal: true", 11, 17, "did you mean `personal`?", id="of an attribute"),
        pytest.param("table:", "tabel:", 5, 49, "did you mean `table`?", id="a misspelt key of a source"),
        pytest.param("drop:", "discard:", 18, 9, "known are `drop`", id="an unknown operation names those there are"),
        pytest.param("type: integer", "type: interger", 10, 23, "did you mean `integer`?", id="an unknown kind"),
        pytest.param("    owner: Field Sales\n", "", 3, 5, "the key `owner` is missing", id="a missing key"),
        pytest.param("owner: Field Sales", "owner:", 6, 11, "Expected `str`", id="an owner without a name"),
        pytest.param("version: 3", "version: three", 3, 14, "Expected `int`", id="a version in words"),
        pytest.param("version: 3", "version: 0", 3, 14, "`int` >= 1", id="a version before the first"),
        pytest.param("version: 3", "version: 4", 14, 5, "without a gap", id="a version without its upcast"),
        pytest.param("      1:\n", "      0:\n", 14, 5, "without a gap", id="an upcast that leads nowhere"),
        pytest.param("visit.made:", "VisitMade:", 2, 3, "matching regex", id="a type name without its family"),
        pytest.param("  site:", "  the site:", 12, 7, "matching regex", id="an attribute name with a space"),
        pytest.param("visit.made:", "case.opened:", 2, 3, "built in already", id="a built-in type cannot be redefined"),
        pytest.param("{reason}", "{reson}", 7, 5, "did you mean `reason`?", id="a title names declared attributes"),
        pytest.param("for {reason}", "{", 7, 5, "braces only around", id="a title with a single brace"),
        pytest.param(
            "for {reason}", "{reason}{minutes}{visitor}{site}", 7, 5, "at most 3", id="a title with four attributes"
        ),
        pytest.param("page: site", "page: sit", 13, 12, "did you mean `site`?", id="a path from no attribute"),
        pytest.param("page: site", "page: minutes", 13, 12, "not of type code", id="a page that is a number"),
        pytest.param(
            "page: site", "page: site, resolved: site", 13, 24, "not of type boolean", id="resolved is true or false"
        ),
        pytest.param("[sale, ", "[yes, ", 9, 25, "Expected `str`, got `bool`", id="YAML reads yes as true"),
        pytest.param("values: [sale, trouble, courtesy]", "values: sale", 9, 24, "a list", id="values are a list"),
        pytest.param("type: integer,", "", 10, 18, "for integers and numbers", id="a minimum of a text"),
        pytest.param("minimum: 1,", "minimum: 601,", 10, 32, "nothing lies between", id="bounds the wrong way round"),
        pytest.param("minimum: 1,", "minimum: 0.5,", 10, 32, "is an integer", id="half an integer"),
        pytest.param("minimum: 1, maximum: 600", f"minimum: {2**70}", 10, 32, "`minimum`", id="a bound beyond 64 bits"),
        pytest.param("personal: true", "pattern: '('", 11, 17, "`pattern`", id="no regular expression"),
        pytest.param("type: code,", "type: code, pattern: a,", 12, 26, "for text", id="a pattern for a code"),
        pytest.param("reason: {sales:", "reson: {sales:", 21, 9, "did you mean", id="a map of no attribute"),
        pytest.param("motive: reason", "motive: motive", 20, 9, "no attribute", id="a new name that is none"),
        pytest.param("{minutes: 30}", "{minutes: 2024-01-01}", 22, 28, "got `date`", id="a default JSON cannot hold"),
        pytest.param("motive: {1:", "motve: {1:", 17, 9, "no attribute", id="a name of a version between"),
        pytest.param("      minutes:", "      reason:", 10, 7, "there twice", id="the same key twice"),
        pytest.param("      visitor: {", "      visitor: {{", 12, 7, "flow mapping", id="a brace too many"),
        pytest.param("  visit.made:\n", "\tvisit.made:\n", 2, 1, "token", id="a tab for indentation"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_place(written, old, new, line, column, says):
    assert VISIT.count(old) >= 1
    path = written(VISIT.replace(old, new, 1))
    with pytest.raises(InvalidCatalogue) as refused:
        load([path])
    assert refused.value.detail.startswith(f"{path}:{line}:{column}: ")
    assert says in refused.value.detail
    assert refused.value.facts == {"file": str(path), "line": line, "column": column}


def test_two_files_cannot_define_the_same_type(written):
    first, second = written(VISIT, "first.yaml"), written(VISIT, "second.yaml")
    with pytest.raises(InvalidCatalogue, match=r"second.yaml:2:3: visit.made is in .*first.yaml already"):
        load([first, second])


@given(at=st.integers(0, len(VISIT) - 1), by=st.sampled_from(["", "{", "}", ":", " ", "\t", "\n", "- ", "'", "x", "7"]))
def test_any_slip_is_harmless_or_named_with_a_place_in_the_file(tmp_path_factory, at, by):
    path = tmp_path_factory.getbasetemp() / "slip.yaml"
    text = VISIT[:at] + by + VISIT[at + 1 :]
    path.write_text(text, encoding="utf-8")
    try:
        types = load([path]).types
    except InvalidCatalogue as refused:
        assert 1 <= refused.facts["line"] <= text.count("\n") + 1
    else:
        assert len(types) == len(BUILT_IN.types) + 1


def test_a_type_may_begin_at_a_later_version(written):
    first = VISIT[VISIT.index("      1:\n") : VISIT.index("      2:\n")]
    types = load([written(VISIT.replace(first, ""))])
    types.check("visit.made", 2, b'{"motive": "sales"}')
    with pytest.raises(InvalidEvent, match="no upcast leads from version 1"):
        types.check("visit.made", 1, b'{"why": 1}')


def test_the_table_in_markdown_survives_a_bar_in_a_name(written):
    lines = load([written(VISIT.replace("Field Sales", "Sales | Field"))]).markdown().splitlines()
    header, _, *rows, empty, legend = lines
    assert len(rows) == len(BUILT_IN.types) + 1
    assert {row.count("|") for row in rows} == {header.count("|")}
    assert (empty, legend) == ("", "`?` may be missing or null, `*` holds personal data.")
