"""How much one request may ask; a refusal names the limit, what is allowed, and what was found."""

import pytest
from graphql import get_introspection_query, parse
from journeys import event

from raceline.graphql.context import Limits
from raceline.graphql.limits import refuse
from raceline.graphql.schema import make_schema


def refused(query, **limits):
    return [error.original_error.facts for error in refuse(parse(query), Limits(**limits))]


@pytest.mark.parametrize(
    ("query", "depth"),
    [
        ("{ a }", 1),
        ("{ a { b { c } } d { e } }", 3),
        ("{ ... on Query { a { ... { b } } } }", 2),
        ("query { ...F } fragment F on Query { a { ...G } } fragment G on A { b { c } }", 3),
        ("query A { a } query B { a { b { c { d } } } }", 4),
        ("{ __schema { types { fields { type { ofType { ofType { name } } } } } } }", 1),
        ("query { ...F } fragment F on Query { a { ...F } }", 1),
    ],
)
def test_depth_is_that_of_the_deepest_field(query, depth):
    assert refused(query, depth=depth) == []
    if depth > 1:
        assert refused(query, depth=depth - 1)[0] == {"limit": "depth", "allowed": depth - 1, "found": depth}


@pytest.mark.parametrize(
    ("query", "aliases"),
    [
        ("{ a b c }", 0),
        ("{ x: a y: a { z: b } }", 3),
        ("{ a { ...F } b { ...F } } fragment F on A { x: a y: b }", 4),
        ("{ ... { x: a } }", 1),
    ],
)
def test_aliases_are_counted_as_often_as_they_are_spread(query, aliases):
    assert refused(query, aliases=aliases) == []
    if aliases:
        assert refused(query, aliases=aliases - 1) == [{"limit": "aliases", "allowed": aliases - 1, "found": aliases}]


def test_fragments_that_double_at_each_step_are_measured_in_no_time():
    steps = 60
    chain = " ".join(f"fragment F{n} on A {{ ...F{n + 1} b {{ ...F{n + 1} }} }}" for n in range(steps))
    query = f"{{ ...F0 }} {chain} fragment F{steps} on A {{ x: a }}"
    assert refused(query, depth=1000) == [{"limit": "aliases", "allowed": 30, "found": 2**steps}]


@pytest.mark.parametrize(
    ("query", "limit", "allowed", "found"),
    [
        pytest.param("{ customers { nodes { paths { nodes { customer { guid } } } } } }", "depth", 5, 6, id="depth"),
        pytest.param("{ a: log { head } b: log { head } c: log { head } }", "aliases", 2, 3, id="aliases"),
    ],
)
def test_a_document_that_is_too_large_is_refused_before_it_runs(serve, house, query, limit, allowed, found):
    with serve(house, **{limit: allowed}) as service:
        response = service.post(query)
        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": limit, "allowed": allowed, "found": found}
        assert f"limit={limit}" in error["message"]
        assert service.statements == []


def test_a_document_of_too_many_words_is_not_even_parsed(serve, house):
    with serve(house, tokens=20) as service:
        response = service.post("{" + "log { head } " * 10 + "}")
        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "tokens"}
        assert "20 tokens" in error["message"]


def test_a_page_above_the_limit_is_refused_wherever_it_is(service):
    service.take([event(1, "x", 0, page="A")])
    for query in (
        "{ customers(first: 501) { nodes { id } } }",
        '{ customer(id: "x") { paths(first: 501) { nodes { id } } } }',
    ):
        error = service.error(query)
        assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "page_size", "allowed": 500, "found": 501}
    assert service.ask("{ customers(first: 500) { nodes { guid } } }")["customers"]["nodes"] == [{"guid": "x"}]


def test_a_page_of_less_than_nothing_is_refused(shared):
    error = shared.error("{ customers(first: -1) { nodes { id } } }")
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("INVALID_ARGUMENT", "first")


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        pytest.param("{ log { head } }", 1, id="one object"),
        pytest.param("{ customers(first: 40) { nodes { id } } }", 41, id="a page of rows"),
        pytest.param("{ customers(first: 4) { nodes { paths(first: 10) { nodes { id } } } } }", 45,
                     id="pages in a page"),
        pytest.param("{ paths(first: 4) { nodes { steps { page } events { id } } } }", 5 + 2 * 4 * 15,
                     id="plain lists in a page"),
        pytest.param("{ customers(first: 4) { nodes { timeline(first: 5) { nodes { path { steps { page } } } } } } }",
                     25 + 4 * 5 * 15 * 30, id="the plain list of an object that each row may tell again"),
        pytest.param("{ a: customers(first: 4) { nodes { id } } b: customers(first: 5) { nodes { id } } }", 11,
                     id="two fields of one document"),
        pytest.param("{ customers { nodes { id } } }", 51, id="a page of the usual size"),
        pytest.param("{ customers(first: 4) { nodes { journey { moves { evidence { note } } } } } }",
                     5 + 4 * 15 + 4 * 15 * 4, id="a list that each entry has for itself"),
        pytest.param("{ customers(first: 4) { nodes { journey { nextMoves { to } } } } }", 5 + 4 * 15 + 5_000,
                     id="some customers who are derived for the question"),
        pytest.param("{ customers(first: 9) { nodes { journey { nextMoves { to } } } } }", 10 + 9 * 15 + 9_000,
                     id="more customers who are derived for the question"),
    ],
)  # fmt: skip
def test_cost_is_the_product_of_the_pages_over_the_whole_document(serve, house, query, cost):
    with serve(house, cost=cost) as service:
        service.ask(query)
    with serve(house, cost=cost - 1) as service:
        response = service.post(query).json()
        for error in response["errors"]:
            assert error["extensions"] == {
                "code": "LIMIT_EXCEEDED",
                "limit": "cost",
                "allowed": cost - 1,
                "found": cost,
            }
        assert service.statements == []


def test_a_whole_page_of_paths_with_all_of_their_lists_is_no_large_question(shared):
    lists = "steps { event { id } } events { id } turnarounds { page } pingPongs { page } loops { page }"
    shared.ask(f"{{ paths(first: 500) {{ nodes {{ {lists} }} }} }}")
    shared.ask("{ customers { nodes { paths { nodes { steps { page } events { id } } } } } }")
    shared.ask("{ customers(first: 1) { nodes { timeline { nodes { path { steps { page } events { id } } } } } } }")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{ paths(first: 1) { nodes { events { customer { paths(first: 1) { nodes {"
                     " events { id } } } } } } } }", id="each event tells all events of its path again"),
        pytest.param("{ paths(first: 1) { nodes { steps { event { customer { paths(first: 1) { nodes {"
                     " turnarounds { page } } } } } } } } }", id="each step tells all turnarounds of its path again"),
        pytest.param('{ customer(id: "x") { timeline(first: 500) { nodes { path { events { id } } } } } }',
                     id="each entry of a long timeline tells all events of its path"),
        pytest.param('{ events(first: 500) { nodes { customer { paths(first: 1) { nodes { steps { page } } } } } } }',
                     id="each of many events tells all steps of its customer"),
        pytest.param('{ customer(id: "x") { journey { moves { customer { journey { moves { id } } } } } } }',
                     id="each move tells all moves of its customer"),
        pytest.param('{ customer(id: "x") { journey { moves { evidence { event { evidenceOf { evidence { note } } } }'
                     ' } } } }', id="each event tells all moves that it is evidence of, and all of their evidence"),
    ],
)  # fmt: skip
def test_a_question_whose_answer_can_be_the_square_of_a_path_is_refused(shared, query):
    """A path of 3,000 steps would give nine million entries."""
    assert shared.error(query)["extensions"]["limit"] == "cost"


def test_a_document_asks_only_a_few_times_what_was_known(shared):
    """Each time, a journey is derived from all events of a customer."""
    often = " ".join(f'k{n}: customer(id: "x", knownAt: {{position: 1}}) {{ guid }}' for n in range(30))
    assert shared.error(f"{{ {often} }}")["extensions"]["limit"] == "cost"


def test_fragments_that_spread_into_thousands_of_fields_are_refused_before_anything_runs(serve, house):
    fragments = "fragment F0 on Customer { guid }"
    for n in range(6):
        next_one = f"customer {{ ...F{n} }}"
        fragments += f"""fragment F{n + 1} on Customer {{
            events(first: 1) {{ nodes {{ {next_one} }} }}
            paths(first: 1) {{ nodes {{ {next_one} steps {{ event {{ {next_one} }} }} events {{ {next_one} }} }} }}
            timeline(first: 1) {{ nodes {{ event {{ {next_one} }} path {{ {next_one} }} }} }} }} """
    with serve(house, depth=100, cost=10**100) as service:
        errors = service.post('{ customer(id: "x") { ...F6 } log { head } }' + fragments).json()["errors"]
        assert {error["extensions"]["limit"] for error in errors} == {"fields"}
        assert service.statements == []


def test_the_schema_can_be_asked_for_by_the_tools_of_the_trade(shared):
    schema = shared.ask(get_introspection_query(descriptions=True, input_value_deprecation=True))["__schema"]
    assert {"Customer", "Path", "PathStatistics", "RecordEventsResult"} <= {one["name"] for one in schema["types"]}


def test_an_introspection_that_goes_round_in_circles_is_refused(shared):
    circle = "fields { type { fields { type { fields { type { fields { name } } } } } } }"
    assert shared.post(f"{{ __schema {{ types {{ {circle} }} }} }}").status_code == 400


def test_a_document_is_parsed_once_and_forgotten_when_there_are_too_many(monkeypatch):
    from raceline.graphql import limits

    checked = []
    check = limits.validate_document
    monkeypatch.setattr(limits, "validate_document", lambda *args: checked.append(args[1]) or check(*args))
    schema = make_schema(Limits(documents=2))
    for text in ("{ __typename }", "{ a: __typename }", "{ __typename }", "{ b: __typename }", "{ __typename }"):
        assert schema.execute_sync(text).errors is None
    assert len(checked) == 3, "the first text is asked for again and again, so it is kept"
    schema.execute_sync("{ a: __typename }")
    assert len(checked) == 4, "the one that was not asked for the longest made room"


def test_a_wrong_document_is_wrong_each_time(shared):
    answers = {shared.post("{ nobody nothing }").text for _ in range(3)}
    assert len(answers) == 1
    assert "nothing" in answers.pop()
