"""The server: health, what foreign pages may do, a projector beside it that may fail, and an end in good order."""

import signal
import socket
import threading
from itertools import islice

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from raceline.app.server import address, is_loopback, listen, projecting
from raceline.app.settings import read_settings
from raceline.domain.errors import AddressTaken, InvalidSetting, ProjectionFailed

VIEW = {"event_id": "1", "type": "web.page_viewed", "customer_id": "c", "occurred_at": "2026-01-05T00:00:00Z",
        "data": {"page": "a"}}  # fmt: skip


def test_it_is_alive_and_ready_and_says_how_far_it_is(served):
    assert served.client.get("/healthz").json() == {"status": "alive"}
    served.client.post("/v1/events", json=[VIEW])
    body = served.client.get("/readyz").json()
    assert (body["status"], body["head"], body["position"], body["lag_events"]) == ("ready", 1, 0, 1)
    assert body["lag_seconds"] > 0
    assert [one["status"] for one in body["projections"]] == ["live"]


def test_it_is_not_ready_when_a_projection_has_failed_and_names_it(served, database):
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE raceline.generation SET failed_position = 7, failure = 'ValueError: no such day'")
    answer = served.client.get("/readyz")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (503, "/problems/projection-failed")
    assert problem["detail"] == "views_1 stopped before position 7: ValueError: no such day"
    assert problem["projections"][0]["failed_position"] == 7
    assert problem["lag_events"] == 0
    assert served.client.get("/healthz").status_code == 200


def test_it_is_not_ready_without_a_database_but_alive(served, outage):
    outage.begin()
    answer = served.client.get("/readyz")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/database-away")
    assert served.client.get("/healthz").status_code == 200
    outage.end()
    assert served.client.get("/readyz").status_code == 200


def test_a_projector_that_fails_is_told_and_the_rest_goes_on():
    class Failing:
        def run(self, stop):
            raise ProjectionFailed("ValueError", position=3)

    faults: list[str] = []
    with projecting(Failing(), faults):
        for thread in threading.enumerate():
            if thread.name == "raceline-projector":
                thread.join()
    assert faults == [f"The projector of this process stopped: {ProjectionFailed('ValueError', position=3)}"]


def test_the_landing_page_leads_on(serve):
    with serve(project=False, graphiql=True) as served:
        assert 'href="/graphql"' in served.client.get("/").text
        assert "<html" in served.client.get("/graphql", headers={"Accept": "text/html"}).text


def test_answers_tell_browsers_to_be_careful_and_foreign_pages_nothing(served):
    answer = served.client.get("/healthz", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_pages_of_an_origin_that_the_settings_name_may_use_the_api(serve):
    with serve(project=False, cors_origins=("https://app.example",)) as served:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "content-type, raceline-min-position"}  # fmt: skip
        answer = served.client.options("/graphql", headers=asked)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://app.example")
        assert served.client.options("/graphql", headers=asked | {"Origin": "https://b.example"}).status_code == 400


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        pytest.param(None, True, id="programs send no origin"),
        pytest.param("http://{host}", True, id="our own page"),
        pytest.param("https://app.example", True, id="an origin of the settings"),
        pytest.param("https://elsewhere.example", False, id="any other page"),
    ],
)
def test_a_websocket_is_opened_for(serve, origin, welcome):
    """Browsers let any page open one, so a page of somebody else could read journeys."""
    with serve(project=False, cors_origins=("https://app.example",)) as served:
        host = served.url.removeprefix("http://")
        headers = {"Origin": origin.format(host=host)} if origin else {}

        def handshake():
            with connect(f"ws://{host}/graphql", subprotocols=["graphql-transport-ws"], additional_headers=headers):
                pass

        if welcome:
            handshake()
        else:
            with pytest.raises(InvalidStatus, match="403"):
                handshake()


@pytest.mark.parametrize("origin", ["*", "app.example", "https://app.example/page", "ftp://app.example"])
def test_what_is_no_origin_is_refused_in_the_settings(monkeypatch, origin):
    monkeypatch.setenv("RACELINE_CORS_ORIGINS", f"https://fine.example, {origin}")
    with pytest.raises(InvalidSetting, match="is no origin"):
        read_settings()


def test_an_address_that_is_taken_is_refused_with_the_cure():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressTaken, match=rf"127.0.0.1:{port}: Address already in use.*--port"):
            listen("127.0.0.1", port)


def test_listening_beyond_this_machine_is_noticed():
    """The API has no log-in; `serve` says so then."""
    for host, alone in (("127.0.0.1", True), ("0.0.0.0", False)):
        with listen(host, 0) as listening:
            assert is_loopback(listening) is alone
            assert address(listening).startswith("http://127.0.0.1:")


def test_a_taken_port_ends_the_command_before_anything_is_started(start, configured):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("serve", "--port", str(taken.getsockname()[1]))
        _, written = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "--port" in written
    assert "Traceback" not in written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end_and_then_leaves_in_good_order(start, configured, number):
    process = start("serve", "--port", "0")
    url = _address(process)
    assert httpx.post(f"{url}/v1/events", json=[VIEW]).json()["accepted"] == 1
    query = {"query": '{ customer(id: "c", minPosition: 1) { eventCount } }'}
    assert httpx.post(f"{url}/graphql", json=query, timeout=60).json()["data"] == {"customer": {"eventCount": 1}}
    process.send_signal(number)
    _, written = process.communicate(timeout=60)
    assert process.returncode == 0, written
    assert "Traceback" not in written


def _address(process):
    for line in process.stderr:
        if "raceline serves " in line:
            return line.split()[2].removesuffix("/graphql")
    raise AssertionError("it ended")


def test_the_sample_is_served_with_queries_and_an_explanation_that_work(start, configured, monkeypatch, raceline):
    monkeypatch.delenv("RACELINE_RACETRACK")
    process = start("serve", "--sample", "--port", "0")
    url = _address(process)
    commands = list(islice((line for line in process.stdout if "raceline explain" in line or "curl" in line), 11))
    explained = raceline(*commands.pop(0).split()[1:])
    assert (explained.status, "why not yet" in explained.out) == (0, True)
    for command in commands:
        body = command.partition(" -d ")[2].strip().strip("'")
        told = {"Content-Type": "application/json"}
        # A kernel that was never asked for is compiled now, once on each machine.
        answer = httpx.post(f"{url}/graphql", content=body, headers=told, timeout=120).json()
        assert "errors" not in answer
        assert all(value is not None for value in answer["data"].values())
        for day in answer["data"].get("stageDays", ()):
            cases = day["closed"]["cases"]["nodes"]
            assert day["open"]["count"] > 10
            assert day["closed"]["count"] > len(cases) == 2
            assert all(one["case"]["history"] and one["move"]["rule"] for one in cases)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
