"""Whatever is asked about paths is told as the schema promises: every field, of some paths, of one and of none."""

from datetime import date, datetime
from math import isfinite

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
)
from journeys import event
from worked_site import FUNNEL, LINKS, PAGES, TRACK, events

from raceline.domain.site import PageTable, SitePage, load
from raceline.graphql.schema import make_schema

SCHEMA = make_schema()._schema
DEPTH = 4
QUESTIONS = [
    ("paths", '(where: {containing: ["a"]}, first: 3)'),
    ("pathStatistics", '(from: "2026-01-06")'),
    ("pages", "(first: 3)"),
    ("pages", '(strata: LINKS, from: "2026-01-12", orderBy: {field: PAGE})'),
    ("pages", '(strata: NONE, past: {from: "2026-01-05", to: "2026-01-11"}, where: {variant: "layout=B"})'),
    ("siteGraph", ""),
    ("siteGraph", "(steps: 2, nodes: 2, edges: 4, neverTaken: 0)"),
    ("pathVariants", "(first: 2)"),
    ("funnel", f'(pattern: "{FUNNEL}")'),
    ("funnel", f'(pattern: "{FUNNEL}", per: CUSTOMER)'),
    ("percolation", ""),
    ("percolation", "(over: MONTH, by: VARIANT, first: 2)"),
    ("percolation", "(over: DAY, by: ENTRY_PAGE)"),
    ("percolation", "(by: STAGE)"),
    ("pathComparison", '(a: {variant: "layout=A"}, b: {to: "2026-01-05"})'),
    ("pagesBeforeMoves", '(stage: "look")'),
    ("pagesBeforeMoves", '(stage: "look", racetrack: "site", window: 1, to: "2026-01-12", first: 1)'),
]
NOBODY = 'where: {customer: "nobody"}'
OF_NOTHING = [
    ("paths", f"({NOBODY})"),
    ("pathStatistics", f"({NOBODY})"),
    ("pages", f'({NOBODY}, past: {{from: "2026-01-05", to: "2026-01-11"}})'),
    ("siteGraph", f"({NOBODY})"),
    ("siteGraph", f"({NOBODY}, steps: 3)"),
    ("pathVariants", f"({NOBODY})"),
    ("funnel", f'({NOBODY}, pattern: "{FUNNEL}")'),
    ("funnel", f'({NOBODY}, pattern: "{FUNNEL}", per: CUSTOMER)'),
    ("percolation", f"({NOBODY}, over: DAY, by: STAGE)"),
    ("percolation", f"({NOBODY}, by: VARIANT)"),
    ("pathComparison", '(a: {customer: "nobody"}, b: {customer: "nobody either"})'),
    ("pathComparison", '(a: {customer: "nobody"}, b: {})'),
]


@pytest.fixture(scope="module")
def told(common):
    """The small site, worked through by hand in tests/support/worked_site.py."""
    common.house.activate(TRACK)
    load(common.house.url, PageTable({page: SitePage(kind, title) for page, kind, title in PAGES}, tuple(LINKS)))
    common.take(events())
    return common


def everything(type_, depth=DEPTH):
    """All fields of a type, as deep as the paths behind rows."""
    found = []
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if not isinstance(named, GraphQLObjectType):
            found.append(name)
        elif depth and named.name not in ("Customer", "Event", "StageMove"):
            few = "(first: 2)" if "first" in field.args else ""
            found.append(f"{name}{few} {{ {everything(named, depth - 1)} }}")
    return " ".join(["__typename", *found])


def check(type_, value, at):
    """Raise AssertionError where a value is not of its type."""
    if isinstance(type_, GraphQLNonNull):
        assert value is not None, f"{at} is null"
        type_ = type_.of_type
    if value is None:
        return
    if isinstance(type_, GraphQLList):
        for n, item in enumerate(value):
            check(type_.of_type, item, f"{at}[{n}]")
    elif isinstance(type_, GraphQLObjectType):
        assert value.pop("__typename") == type_.name
        for name, item in value.items():
            check(type_.fields[name].type, item, f"{at}.{name}")
    elif isinstance(type_, GraphQLEnumType):
        assert value in type_.values, (at, value)
    else:
        assert isinstance(type_, GraphQLScalarType)
        assert _is(type_.name, value), (at, type_.name, value)


def _is(scalar, value):
    match scalar:
        case "Int" | "Position":
            return type(value) is int
        case "Float":
            return type(value) in (int, float) and isfinite(value)
        case "Boolean":
            return type(value) is bool
        case "Date":
            return date.fromisoformat(value) is not None
        case "DateTime":
            return datetime.fromisoformat(value) is not None
    return isinstance(value, str)


def ask(service, field, arguments):
    type_ = SCHEMA.query_type.fields[field].type
    query = f"{{ {field}{arguments} {{ {everything(get_named_type(type_))} }} }}"
    answer = service.ask(query)[field]
    check(type_, answer, field)
    return answer


@pytest.mark.parametrize(("field", "arguments"), QUESTIONS)
def test_everything_that_is_told_of_paths_is_of_its_type(told, field, arguments):
    assert ask(told, field, arguments)["position"] == told.ask("{ log { position } }")["log"]["position"]


@pytest.mark.parametrize(("field", "arguments"), OF_NOTHING)
def test_everything_that_is_told_of_no_path_at_all_is_of_its_type(told, field, arguments):
    ask(told, field, arguments)


def test_everything_that_is_told_of_an_empty_store_and_of_a_single_view_is_of_its_type(service):
    questions = [(field, arguments) for field, arguments in QUESTIONS if field != "pagesBeforeMoves"]
    for field, arguments in questions:
        ask(service, field, arguments)
    service.take([event(1, "x", 0, page="home")])
    for field, arguments in questions:
        assert ask(service, field, arguments)["position"] == 1


def test_stages_are_asked_of_no_racetrack_at_all(service):
    for question in ('pagesBeforeMoves(stage: "look") { stays }', 'paths(where: {stage: "look"}) { totalCount }'):
        assert service.error("{ " + question + " }")["extensions"]["code"] == "NO_RACETRACK"
    assert service.ask("{ percolation(by: STAGE) { rows { stage } } }") == {"percolation": {"rows": []}}
