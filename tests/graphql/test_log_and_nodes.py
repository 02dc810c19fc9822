"""What an operator and an auditor read: the log, the quarantine, and anything by its id."""

from base64 import b64encode

import psycopg
import pytest
from journeys import event

from raceline.graphql.scalars import global_id
from raceline.projections.replay import replay


def test_the_log_says_where_it_is_and_how_far_behind_the_read_models_are(service):
    assert service.ask("{ log { head recordedAt position projections { lagEvents lagSeconds } } }")["log"] == {
        "head": 0,
        "recordedAt": None,
        "position": 0,
        "projections": [{"lagEvents": 0, "lagSeconds": 0}],
    }
    service.take([event(1, "x", 0, page="A")])
    service.take([event(2, "x", 0, page="A"), event(3, "x", 0, page="A")], project=False)
    log = service.ask("{ log { head position projections { name status position lagEvents lagSeconds failure } } }")[
        "log"
    ]
    assert (log["head"], log["position"]) == (3, 1)
    [projection] = log["projections"]
    assert projection["lagSeconds"] > 0
    assert (projection["status"], projection["position"], projection["lagEvents"]) == ("LIVE", 1, 2)
    assert projection["failure"] is None


def test_a_projection_that_stopped_says_where_and_why(service):
    with psycopg.connect(service.house.url) as conn:
        conn.execute("UPDATE raceline.generation SET failed_position = 7, failure = 'KeyError: page'")
    [projection] = service.ask("{ log { projections { failedPosition failure } } }")["log"]["projections"]
    assert projection == {"failedPosition": 7, "failure": "KeyError: page"}


@pytest.mark.parametrize("kind", ["Customer", "Event", "Path", "QuarantineEntry"])
def test_whatever_has_an_id_can_be_fetched_by_it(service, kind):
    service.take([event(1, "x", 0, page="A"), {"type": "nothing"}])
    ids = service.ask(
        '{ customer(id: "x") { id paths { nodes { id } } events { nodes { id } } } quarantine { nodes { id } } }'
    )
    id_ = {
        "Customer": ids["customer"]["id"],
        "Event": ids["customer"]["events"]["nodes"][0]["id"],
        "Path": ids["customer"]["paths"]["nodes"][0]["id"],
        "QuarantineEntry": ids["quarantine"]["nodes"][0]["id"],
    }[kind]
    found = service.ask("query($id: ID!) { node(id: $id) { __typename id ... on Path { pages } } }", {"id": id_})[
        "node"
    ]
    assert (found["__typename"], found["id"]) == (kind, id_)
    assert found.get("pages") == (["A"] if kind == "Path" else None)


@pytest.mark.parametrize(
    "id_",
    [
        pytest.param("", id="an empty id"),
        pytest.param("no base64!", id="no base64"),
        pytest.param(b64encode(b"\xff\xfe").decode(), id="no text"),
        pytest.param(b64encode(b"Customer").decode(), id="no key"),
        pytest.param(global_id("Robot", 1), id="a type that does not exist"),
        pytest.param(global_id("Page", "A"), id="a type that has no ids"),
        pytest.param(global_id("Customer", "nobody"), id="a customer who does not exist"),
        pytest.param(global_id("Customer", "a\0b"), id="text that no database holds"),
        pytest.param(global_id("Event", "x"), id="a position that is no number"),
        pytest.param(global_id("Event", "99999999999999999999"), id="a position beyond 64 bits"),
        pytest.param(global_id("Event", "٣"), id="digits of another script"),
        pytest.param(global_id("Path", 10**9), id="a path that does not exist"),
    ],
)
def test_an_id_that_means_nothing_is_null_and_no_error(shared, id_):
    assert shared.ask("query($id: ID!) { node(id: $id) { id } }", {"id": id_}) == {"node": None}


def test_what_does_not_exist_is_null(shared):
    query = '{ customer(id: "nobody") { id } nul: customer(id: "a\\u0000b") { id } event(position: 99) { id } }'
    assert shared.ask(query) == {"customer": None, "nul": None, "event": None}
    assert shared.ask('{ customer(id: "1") { events(types: ["a\\u0000"]) { nodes { id } } } }')["customer"][
        "events"
    ] == {"nodes": []}


def test_an_event_is_in_the_log_at_once_and_its_customer_when_the_read_models_have_come_to_it(service):
    service.take([event(1, "new", 0, page="A")], project=False)
    query = "{ event(position: 1) { customerId customer { guid } } events { position nodes { position } } }"
    assert service.ask(query) == {
        "event": {"customerId": "new", "customer": None},
        "events": {"position": 0, "nodes": [{"position": 1}]},
    }
    service.house.project()
    assert service.ask(query)["event"]["customer"] == {"guid": "new"}


def test_every_root_list_and_figure_says_at_which_position_it_is_true(shared):
    data = shared.ask(
        "{ customers { position } events { position } paths { position } pages { position } quarantine { position }"
        ' pathStatistics { position } log { position } customer(id: "1") { position timeline { position } } }'
    )
    assert {field["position"] for field in data.values()} == {27}
    assert data["customer"]["timeline"]["position"] == 27


def test_the_quarantine_shows_what_was_rejected_whole_the_newest_first(service):
    service.take([{"type": "nothing", "note": "é"}])
    raws = [b'{"type": "\xff\xfe"}', b'{"customer_id": "a\x00b"}', "☕\U0001f600".encode()]
    service.house.ingest.record(raws, source="files", place="f.csv")
    nodes = service.ask(
        "{ quarantine { nodes { source place reason detail raw rawBase64 receivedAt requeuedAt event { id } } } }"
    )
    newest, nul, broken, oldest = nodes["quarantine"]["nodes"]
    assert (newest["raw"], newest["source"], newest["place"]) == ("☕\U0001f600", "files", "f.csv[2]")
    assert (nul["raw"], nul["rawBase64"]) == (None, b64encode(raws[1]).decode())
    assert (broken["raw"], broken["rawBase64"]) == (None, b64encode(raws[0]).decode())
    assert broken["reason"] == "wrong_encoding"
    assert "note" in oldest["raw"]
    assert (oldest["requeuedAt"], oldest["event"]) == (None, None)


def test_a_retired_generation_is_not_listed_and_a_new_one_answers(service):
    service.take([event(1, "x", 0, page="A")])
    for _ in range(7):  # often enough for the database to keep the statement's plan
        service.ask('{ customer(id: "x") { guid paths { nodes { pages } } } }')
    replay(service.house.url, service.house.catalogue, service.house.rules, drop_retired=True)
    assert service.ask('{ customer(id: "x") { paths { nodes { pages } } } }')["customer"]["paths"]["nodes"] == [
        {"pages": ["A"]}
    ]
    projections = service.ask("{ log { projections { name status } } }")["log"]["projections"]
    assert projections == [{"name": "views_2", "status": "LIVE"}]
