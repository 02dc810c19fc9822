"""What a client sees of an error, and what it does not."""

import logging

import psycopg
import pytest
from graphql import GraphQLError

from raceline.domain.errors import ProjectionTimeout
from raceline.graphql.problems import presentable


def test_an_error_of_ours_is_shown_with_its_code_and_its_facts():
    error = presentable(GraphQLError("x", original_error=ProjectionTimeout(position=7, live=3), path=["customer"]))
    assert error.message.startswith("The projection did not reach the position in time")
    assert error.extensions == {"code": "PROJECTION_TIMEOUT", "position": 7, "live": 3}
    assert error.path == ["customer"]


def test_an_error_inside_is_a_reference_for_the_client_and_a_traceback_for_the_operator(caplog):
    with caplog.at_level(logging.ERROR):
        error = presentable(GraphQLError("secret", original_error=KeyError("secret"), path=["customer"]))
    assert "secret" not in error.message
    assert error.extensions["code"] == "INTERNAL"
    assert error.extensions["reference"] in error.message
    assert error.extensions["reference"] in caplog.text
    assert "secret" in caplog.text


def test_what_graphql_says_about_a_document_is_shown_as_it_is():
    error = GraphQLError("Cannot query field 'x'")
    assert presentable(error) is error


@pytest.mark.parametrize("transport", ["http", "websocket"])
def test_a_fault_of_the_server_does_not_show_its_inside(service, caplog, transport):
    with psycopg.connect(service.house.url) as conn:
        conn.execute("ALTER TABLE raceline.event RENAME COLUMN product TO produce")
    query = "{ events { nodes { product } } }"
    with caplog.at_level(logging.CRITICAL, logger="raceline.graphql.problems"):
        if transport == "http":
            error = service.error(query)
        else:
            with service.socket() as socket:
                socket.subscribe(query)
                [error] = socket.receive()["payload"]["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "product" not in error["message"]
    assert error["path"] == ["events"]


def test_without_read_models_the_log_can_still_be_read(service):
    service.take([{"type": "nothing"}])
    with psycopg.connect(service.house.url) as conn:
        conn.execute("DROP SCHEMA live CASCADE; DELETE FROM raceline.generation")
    assert service.error("{ customers { nodes { guid } } }")["extensions"]["code"] == "NO_READ_MODELS"
    assert service.ask(
        "{ events { position nodes { id } } log { head projections { name } } quarantine { totalCount } }"
    ) == {
        "events": {"position": 0, "nodes": []},
        "log": {"head": 0, "projections": []},
        "quarantine": {"totalCount": 1},
    }
