"""What the API gives to GraphQL: connections on which no statement takes longer than the settings allow."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from raceline.app.api import reading
from raceline.app.settings import read_settings
from raceline.domain.errors import LogUnavailable
from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("postgresql://user@host/name", "", id="none of its own"),
        pytest.param("postgresql://host/name?options=-c%20work_mem%3D7MB", "-c work_mem=7MB ", id="some of its own"),
    ],
)
def test_a_connection_keeps_its_options_and_gets_a_limit(given, kept):
    found = conninfo_to_dict(reading(given, read_settings(statement_timeout_seconds=1.5)))
    assert found == conninfo_to_dict(given) | {"options": f"{kept}-c statement_timeout=1500 -c jit=off"}


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("{ events { nodes { id } } }", id="what is"),
        pytest.param('{ customer(id: "x", knownAt: {position: 0}) { guid } }', id="what was known"),
    ],
)
def test_no_question_takes_longer_than_the_settings_allow(serve, database, question):
    with (
        serve(project=False, statement_timeout_seconds=0.5) as served,
        psycopg.connect(database) as conn,
    ):
        conn.execute("LOCK TABLE raceline.event IN ACCESS EXCLUSIVE MODE")
        answer = served.client.post("/graphql", json={"query": question})
    assert answer.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "statement_timeout"}


def test_what_the_driver_says_of_a_database_that_is_away_is_not_told(served):
    store = served.store
    with pytest.raises(LogUnavailable) as told:
        AsKnown("postgresql://secret@127.0.0.1:1/secret", store.catalogue, store.rules, store.racetracks, store.models)(
            Asked(("x",), 1)
        )
    assert str(told.value) == LogUnavailable.__doc__
