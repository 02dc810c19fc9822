"""A mapping file against the catalogue: what every row would suffer from is told before the first row is read."""

from pathlib import Path

import pytest

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidMapping
from raceline.domain.mapping import Mapping

CLICKS = "customer_id: who\noccurred_at: when\ntype: support.link_followed\n"
PAGES = "data:\n  source_page: from\n  target_page: to\n  resolved: {column: ok, type: boolean}\n"
CASES = "customer_id: who\noccurred_at: when\ndata: {case_id: case}\ntype: "
BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def remarks(tmp_path):
    def check(text, *, allow_unknown=False):
        (tmp_path / "mine.yaml").write_text(text)
        return Mapping(tmp_path / "mine.yaml").check(load(allow_unknown=allow_unknown))

    return check


REFUSED = {
    "a constant type": (
        CLICKS.replace("followed", "folowed") + PAGES,
        "mine.yaml:3:1: `support.link_folowed` is not in the catalogue; did you mean `support.link_followed`?",
    ),
    "a type that is like none": (
        CLICKS.replace("support.link_followed", "x.y"),
        "mine.yaml:3:1: `x.y` is not in the catalogue",
    ),
    "the type of a rule": (
        CASES + "\n  - {type: case.opend, when: {state: [New]}}\n  - {type: case.updated}\n",
        "mine.yaml:5:6: `case.opend` is not in the catalogue; did you mean `case.opened`?",
    ),
    "a type in a map": (
        CASES + "{column: state, map: {New: case.opened, Done: case.clsed}}\n",
        "mine.yaml:4:47: `case.clsed` is not in the catalogue; did you mean `case.closed`?",
    ),
    "the type of what the map has not": (
        CASES + "{column: state, map: {New: case.opened}, missing: ['-'], default: case.updted}\n",
        "`case.updted` is not in the catalogue; did you mean `case.updated`?",
    ),
    "an attribute": (
        CLICKS + PAGES + "  varaint: layout\n",
        "mine.yaml:8:3: `varaint` is no attribute of support.link_followed; did you mean `variant`?",
    ),
    "an attribute that the type requires": (
        CLICKS + PAGES.replace("target_page", "target_pag"),
        "mine.yaml:6:3: `target_pag` is no attribute of support.link_followed; did you mean `target_page`?",
    ),
    "an attribute of none of the types": (
        CASES.replace("case_id: case", "case_id: case, severty: prio")
        + "\n  - {type: case.opened, when: {state: [New]}}\n  - {type: case.updated}\n",
        "`severty` is no attribute of case.opened, case.updated; did you mean `severity`?",
    ),
}


@pytest.mark.parametrize(("mapping", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_misspelt_name_is_refused_with_the_one_that_was_meant(remarks, mapping, message):
    with pytest.raises(InvalidMapping) as refused:
        remarks(mapping)
    assert message in str(refused.value)


def test_an_attribute_that_a_type_requires_and_no_column_gives_is_refused(remarks):
    with pytest.raises(InvalidMapping, match=r"mine.yaml:4:1: support.link_followed requires `resolved`, which .*data"):
        remarks(CLICKS + "data:\n  source_page: from\n  target_page: to\n")
    with pytest.raises(InvalidMapping, match=r"mine.yaml:1:1: web.page_viewed requires `page`, which .*data"):
        remarks(CLICKS.replace("support.link_followed", "web.page_viewed"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", []),
        ("  variant: layout\n", []),
        ("  browser: agent\n  tab: tab\n", ["kept, though support.link_followed has none of them: `browser`, `tab`"]),
        (
            "  page_variant: layout\n",
            ["kept, though support.link_followed has none of them: `page_variant` (did you mean `variant`?)"],
        ),
        (
            "  variant: layout\n  variants: all\n",
            ["kept, though support.link_followed has none of them: `variants`"],
        ),
    ],
    ids=["nothing more", "a declared one", "names like none", "a name a little like one", "both, so both are meant"],
)
def test_attributes_beyond_the_declared_ones_are_kept_and_named(remarks, more, said):
    assert remarks(CLICKS + PAGES + more) == said


def test_a_type_that_the_rows_say_may_be_any(remarks):
    by_column = CASES + "{column: kind}\n"
    assert remarks(by_column) == []
    assert remarks(by_column.replace("case_id: case", "case_id: case, severty: prio")) == [
        "kept, though no type of the catalogue has any of them: `severty` (did you mean `severity`?)"
    ]
    kept = CASES + "{column: kind, map: {New: case.opened}, unmapped: keep}\n"
    assert remarks(kept.replace("case_id: case", "case_id: case, variant: layout")) == []


def test_where_unknown_types_are_allowed_one_is_named_and_its_attributes_are_not_judged(remarks):
    mapping = CLICKS.replace("followed", "folowed") + PAGES + "  varaint: layout\n"
    assert remarks(mapping, allow_unknown=True) == [
        "`support.link_folowed` is not in the catalogue; its events are taken as they are (did you mean "
        "`support.link_followed`?)"
    ]


def test_the_names_of_an_older_version_are_not_judged_by_those_of_the_newest(tmp_path):
    (tmp_path / "types.yaml").write_text(
        "types:\n  ticket.changed:\n    version: 2\n    documentation: A change.\n"
        "    source: {system: a, database: b, table: c}\n    owner: Desk\n    title: Ticket\n"
        "    attributes: {subject: {documentation: What it is about., required: true}}\n"
        "    upcasts: {1: {rename: {subjct: subject}}}\n"
    )
    (tmp_path / "mine.yaml").write_text(
        "customer_id: who\noccurred_at: when\ntype: ticket.changed\nschema_version: 1\ndata: {subjct: what}\n"
    )
    assert Mapping(tmp_path / "mine.yaml").check(load([tmp_path / "types.yaml"])) == []


@pytest.mark.parametrize("name", ["uci_incident.yaml", "uci_incident_stages.yaml"])
def test_the_mappings_of_real_data_pass(name):
    catalogue = load([BENCH / "uci_catalogue.yaml"])
    assert len(Mapping(BENCH / name).check(catalogue)) <= 1
