"""One root field is one statement, which gives what was selected, as it was selected."""

import msgspec
import pytest
from journeys import event

EVERYTHING = """
  __typename id guid account firstOccurredAt lastOccurredAt eventCount pathCount position
  timeline(first: 20) { totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node { n title event { data } path { id } } } }
  events(first: 20) { nodes { id position customer { guid paths { nodes { id } } } } }
  paths(first: 20) { nodes { id customer { guid } pages steps { page occurredAt event { id type } } events { id }
    turnarounds { page } pingPongs { page } loops { page } } }
"""


def test_whatever_is_selected_of_a_customer_is_read_in_one_statement(service):
    service.take([event(n, "x", 40 * n, page=page) for n, page in enumerate("ABCBADEF")])
    service.statements.clear()
    found = service.ask(f'{{ customer(id: "x") {{ {EVERYTHING} }} }}')["customer"]
    assert len(found["paths"]["nodes"]) == 8
    assert len(service.statements) == 1


@pytest.mark.parametrize("customers", [1, 20])
def test_the_number_of_statements_does_not_grow_with_the_number_of_rows(service, customers):
    service.take([event(f"{c}-{n}", f"c{c}", n, page="ABA"[n]) for c in range(customers) for n in range(3)])
    service.statements.clear()
    data = service.ask(
        f"{{ customers(first: 20) {{ nodes {{ {EVERYTHING} }} }}"
        " events { nodes { id customer { guid } } } paths { nodes { steps { event { id } } } } }"
    )
    assert len(data["customers"]["nodes"]) == customers
    assert len(service.statements) == 3


def test_the_same_field_under_two_names_with_other_arguments_gives_two_answers(shared):
    data = shared.ask(
        """{ one: customer(id: "1") { few: paths(first: 0) { nodes { id } } all: paths { nodes { length } } }
             two: customer(id: "2") { paths { nodes { length } } firstEvent: events(first: 1) { nodes { position } }
                                      events { nodes { position } } }
             none: customer(id: "3") { guid } }"""
    )
    assert data == {
        "one": {"few": {"nodes": []}, "all": {"nodes": [{"length": 4}]}},
        "two": {
            "paths": {"nodes": [{"length": 3}]},
            "firstEvent": {"nodes": [{"position": 2}]},
            "events": {"nodes": [{"position": 2}, {"position": 3}]},
        },
        "none": None,
    }


def test_fragments_selections_of_one_field_and_conditions_are_put_together(shared):
    query = """
      query($yes: Boolean!, $no: Boolean!, $id: String!, $first: Int = 1) {
        customer(id: $id) {
          ...Names
          ... on Customer @include(if: $yes) { events(first: $first) { nodes { position } } }
          ... on Node { id @skip(if: $yes) }
          events(first: $first) { nodes { type ...E } totalCount }
          account @include(if: $no)
          paths @skip(if: $yes) { nodes { id } }
        }
      }
      fragment Names on Customer { guid ...More }
      fragment More on Customer { eventCount }
      fragment E on Event { source }
    """
    assert shared.ask(query, {"yes": True, "no": False, "id": "1"}) == {
        "customer": {
            "guid": "1",
            "eventCount": 3,
            "events": {
                "nodes": [{"position": 1, "type": "support.link_followed", "source": "test"}],
                "totalCount": 3,
            },
        }
    }


def test_fields_come_in_the_order_of_the_selection(shared):
    text = shared.post('{ customer(id: "1") { pathCount guid zeta: eventCount id alpha: account } }').content
    assert list(msgspec.json.decode(text)["data"]["customer"]) == ["pathCount", "guid", "zeta", "id", "alpha"]


def test_an_object_may_have_more_fields_than_a_function_of_the_database_has_arguments(serve, house):
    with serve(house, aliases=300) as service:
        service.take([event(1, "x", 0, page="A")])
        names = [f"a{n}" for n in range(170)]
        found = service.ask('{ customer(id: "x") {' + " ".join(f"{name}: guid" for name in names) + "} }")["customer"]
    assert list(found.items()) == [(name, "x") for name in names]


@pytest.mark.parametrize(
    "selection", ["__typename", "totalCount", "position", "pageInfo { hasPreviousPage }", "nodes { __typename }"]
)
def test_a_list_can_be_asked_for_without_its_rows(shared, selection):
    found = shared.ask(f'{{ customers {{ {selection} }} customer(id: "1") {{ events {{ {selection} }} }} }}')
    assert len(found["customers"]) == len(found["customer"]["events"]) == 1


def test_what_is_counted_only_when_it_is_selected(shared):
    shared.statements.clear()
    shared.ask("{ customers { nodes { guid } } }")
    assert "count(*) FROM" not in shared.statements[0]


def test_the_name_of_every_type_is_told(shared):
    data = shared.ask(
        """{ __typename
             customers(first: 1) { __typename edges { __typename node { __typename } } pageInfo { __typename } }
             pathStatistics { __typename all { __typename } } log { __typename projections { __typename } } }"""
    )
    assert data["__typename"] == "Query"
    assert data["customers"] == {
        "__typename": "CustomerConnection",
        "edges": [{"__typename": "CustomerEdge", "node": {"__typename": "Customer"}}],
        "pageInfo": {"__typename": "PageInfo"},
    }
    assert data["pathStatistics"] == {"__typename": "PathStatistics", "all": {"__typename": "PathLengths"}}


HOSTILE = [
    "'; DROP TABLE raceline.event; --",
    '"; SELECT 1; --',
    "%s %(p0)s {row} {0} $1",
    "\\'; --",
    "'||(SELECT version())||'",
    "a') OR ('1'='1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_client_writes_is_a_value_and_never_sql(common, text):
    common.statements.clear()
    common.take([event(1, text, 0, page=text) | {"account_id": text, "source": text, "event_id": text}])
    data = common.ask(
        """query($t: String!) {
          customer(id: $t) { guid account events(types: [$t]) { totalCount } paths { nodes { pages steps { page } } } }
          customers(account: $t) { nodes { guid } }  events(customer: $t) { nodes { source eventId data } }
          paths(containing: [$t], customer: $t) { nodes { pages } } }""",
        {"t": text},
    )
    assert data["customer"]["guid"] == data["customer"]["account"] == text
    assert data["customers"]["nodes"] == [{"guid": text}]
    assert data["events"]["nodes"] == [{"source": text, "eventId": text, "data": {"page": text}}]
    assert data["paths"]["nodes"] == [{"pages": [text]}]
    assert all(text not in statement for statement in common.statements)


def test_aliases_are_values_too(shared):
    shared.statements.clear()
    assert shared.ask('{ customer(id: "1") { drop_table_event: guid } }')["customer"] == {"drop_table_event": "1"}
    assert "drop_table_event" not in shared.statements[0]
