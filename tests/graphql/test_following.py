"""Following the log: in order, nothing stale, and never for ever silent."""

import asyncio
import threading

import psycopg
import pytest
from journeys import event

from raceline.graphql.watch import Watch

FOLLOW = "subscription($after: Position) { logAdvanced(after: $after) { position recordedAt } }"


def test_the_log_tells_each_time_it_moves_in_order(service):
    with service.socket() as socket:
        socket.subscribe(FOLLOW, variables={"after": 0})
        seen = []
        for n in range(5):
            service.take([event(n, "x", n, page="A")], project=False)
            seen.append(socket.data()["logAdvanced"]["position"])
    assert seen == [1, 2, 3, 4, 5]


def test_who_comes_back_with_the_last_position_hears_at_once_what_was_missed(service):
    service.take([event(1, "x", 0, page="A")])
    with service.socket() as socket:
        socket.subscribe(FOLLOW, variables={"after": 0})
        last = socket.data()["logAdvanced"]["position"]
    service.take([event(2, "x", 1, page="A"), event(3, "x", 2, page="A")])
    with service.socket() as socket:
        socket.subscribe(FOLLOW, variables={"after": last})
        advance = socket.data()["logAdvanced"]
    assert advance["position"] == 3
    assert advance["recordedAt"] == service.ask("{ log { recordedAt } }")["log"]["recordedAt"]


def test_without_a_position_only_what_is_new_is_told(service):
    service.take([event(1, "x", 0, page="A")])
    with service.socket() as socket:
        socket.subscribe(FOLLOW)
        # Answered on the same connection and later, so the subscription has begun.
        socket.subscribe("{ log { head } }", name="two")
        assert socket.data() == {"log": {"head": 1}}
        assert socket.receive() == {"id": "two", "type": "complete"}
        service.take([event(2, "x", 1, page="A")])
        assert socket.data()["logAdvanced"]["position"] == 2


def test_a_subscriber_hears_again_after_the_watch_lost_its_connection(service):
    with service.socket() as socket:
        socket.subscribe(FOLLOW, variables={"after": 0})
        service.take([event(1, "x", 0, page="A")])
        assert socket.data()["logAdvanced"]["position"] == 1
        with psycopg.connect(service.house.url) as conn:
            killed = conn.execute(
                "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a"
                " WHERE a.datname = current_database() AND a.application_name = 'raceline watch'"
            ).fetchall()
        assert killed == [(True,)]
        service.take([event(2, "x", 1, page="A")])
        assert socket.data()["logAdvanced"]["position"] == 2


def test_a_lost_notification_delays_and_never_stalls(service):
    with service.socket() as socket:
        socket.subscribe(FOLLOW, variables={"after": 0})
        with psycopg.connect(service.house.url) as conn:  # the head moves, and nobody says so
            conn.execute("UPDATE raceline.log_head SET position = 41, recorded_at = now()")
        assert socket.data()["logAdvanced"]["position"] == 41


def test_a_subscription_can_be_ended_and_the_connection_used_on(service):
    with service.socket() as socket:
        socket.subscribe(FOLLOW, variables={"after": 0})
        service.take([event(1, "x", 0, page="A")])
        socket.data()
        socket.send(type="complete", id="one")
        service.take([event(2, "x", 1, page="A")])
        socket.subscribe("query { log { head } }", name="two")
        assert socket.receive() == {"id": "two", "type": "next", "payload": {"data": {"log": {"head": 2}}}}


def test_everything_can_be_asked_over_a_websocket(service):
    service.take([event(1, "é", 0, page="A")])
    with service.socket() as socket:
        socket.subscribe('{ customer(id: "é") { guid paths { nodes { pages } } } }')
        assert socket.data() == {"customer": {"guid": "é", "paths": {"nodes": [{"pages": ["A"]}]}}}
        assert socket.receive()["type"] == "complete"
        socket.subscribe("{ customers(first: 501) { nodes { guid } } }")
        message = socket.receive()
        assert message["payload"]["errors"][0]["extensions"]["limit"] == "page_size"
        assert socket.receive()["type"] == "complete"
        socket.subscribe("{ nobody }")
        message = socket.receive()
        assert message["type"] == "error"
        assert "nobody" in message["payload"][0]["message"]
        socket.subscribe('mutation { requeue(quarantineId: "x") { __typename } }')
        assert socket.data() == {"requeue": {"__typename": "NotQuarantined"}}


def test_a_header_of_the_handshake_asks_for_a_position_for_the_whole_connection(service):
    service.take([event(1, "x", 0, page="A")], project=False)
    with service.socket(additional_headers={"Raceline-Min-Position": "1"}) as socket:
        socket.subscribe('{ customer(id: "x") { guid } }')
        threading.Timer(0.3, service.house.project).start()
        assert socket.data() == {"customer": {"guid": "x"}}


@pytest.mark.parametrize("protocols", [["graphql-ws"], [], ["soap"]])
def test_only_the_one_protocol_is_spoken(shared, protocols):
    from websockets.exceptions import ConnectionClosedError
    from websockets.sync.client import connect

    url = shared.url.replace("http", "ws")
    with connect(url, subprotocols=protocols or None) as connection, pytest.raises(ConnectionClosedError) as closed:
        connection.recv(timeout=10)
    assert closed.value.rcvd.code == 4406


def test_a_page_of_another_origin_cannot_open_a_websocket(shared):
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    with (
        pytest.raises(InvalidStatus) as refused,
        connect(shared.url.replace("http", "ws"), subprotocols=["graphql-transport-ws"], origin="https://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_a_watch_of_a_database_that_is_away_finds_it_again(house):
    async def follow():
        async with Watch(house.url, poll=0.1) as watch:
            with psycopg.connect(house.url, autocommit=True) as conn:
                name = conn.info.dbname
            with psycopg.connect(house.url, dbname="postgres", autocommit=True) as conn:
                conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
                conn.execute(
                    "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a WHERE a.datname = %s", (name,)
                )
                await asyncio.sleep(0.5)
                conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            await asyncio.to_thread(house.take, [event(1, "x", 0, page="A")])
            async for found in watch.advances(0):
                return found.head
        return None

    assert asyncio.run(asyncio.wait_for(follow(), 30)) == 1
