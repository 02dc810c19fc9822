"""The committed text of the schema is the schema, and the schema is what the API can answer."""

from importlib.resources import files

import pytest
from graphql import GraphQLObjectType, build_schema

from raceline.domain.sql import statements
from raceline.graphql.columns import COLUMNS as OBJECTS
from raceline.graphql.pieces import FILES, PIECES
from raceline.graphql.roots import ROOTS
from raceline.graphql.schema import make_schema, sdl

COLUMNS = {"Query": ROOTS, **OBJECTS}
CONNECTIONS = ("Connection", "Edge")
NOT_PLANNED = {"Mutation", "Subscription", "PageInfo"}


def test_the_committed_schema_is_the_schema():
    committed = files("raceline.graphql").joinpath("schema.graphql").read_text(encoding="utf-8")
    assert committed == sdl(), "the schema changed: run `make docs` and read the difference in graphql/schema.graphql"


def test_no_argument_is_null_unless_somebody_says_so():
    assert "= null" not in sdl()


def test_every_field_below_query_has_its_column_and_every_column_its_field():
    types = make_schema()._schema.type_map
    every_list_has = set(types["PathConnection"].fields)
    reachable = {
        name: set(type_.fields) - (every_list_has if name.endswith(CONNECTIONS) else set())
        for name, type_ in types.items()
        if isinstance(type_, GraphQLObjectType) and name in COLUMNS
    }
    assert {name: set(fields) for name, fields in COLUMNS.items()} == reachable
    below, seen = ["Query"], set()
    while below:
        name = below.pop()
        if name in seen or not isinstance(types[name], GraphQLObjectType):
            continue
        seen.add(name)
        below += [str(field.type).strip("[]!") for field in types[name].fields.values()]
    assert {name for name in seen if not name.endswith(CONNECTIONS)} - NOT_PLANNED == {
        name for name in COLUMNS if not name.endswith(CONNECTIONS)
    }


@pytest.mark.parametrize(
    "signature",
    [
        "event(position: Position!): Event",
        "type PathLengths {",
        "node(id: ID!): Node",
        "input KnownAt @oneOf {",
        "union RecordEventsResult = RecordEventsPayload | BatchTooLarge | LogUnavailable",
        "logAdvanced(",
        "scalar Position",
        "type Customer implements Node {",
    ],
)
def test_the_names_of_the_design_stay(signature):
    assert signature in sdl()


def test_the_schema_is_valid_for_other_tools():
    assert build_schema(sdl()).query_type.name == "Query"


def test_no_two_pieces_of_sql_have_the_same_name():
    assert len(PIECES) == sum(len(statements("raceline.graphql", file)) for file in FILES)
