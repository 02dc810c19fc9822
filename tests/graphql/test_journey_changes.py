"""Following journeys: moves, revisions and corrections, from a position on and then live."""

import psycopg
import pytest
from ride import EAGER, RIDE, STEADY, day, publish, views

FIELDS = """kind customer racetrack version position recordedAt
  move { id from to kind enteredAt rule { name } customer { guid } evidence { event { data } } }
  revision { recordedAt events { occurredAt } after { stage enteredAt } }"""
OF_ONE = f'subscription($after: Position) {{ journeyChanged(customer: "x", after: $after) {{ {FIELDS} }} }}'
OF_ALL = f"""subscription($after: Position, $stages: [String!], $racetrack: String) {{
  stageMoved(after: $after, stages: $stages, racetrack: $racetrack) {{ {FIELDS} }} }}"""
NOW = "{ log { position } }"


def told(socket, count):
    """So many changes, each in short."""
    changes = [next(iter(socket.data().values())) for _ in range(count)]
    return [(c["kind"], c["customer"], (c["move"] or {}).get("to")) for c in changes]


def begun(socket):
    """Answered on the same connection and later, so what was asked before has begun."""
    socket.subscribe(NOW, name="now")
    assert socket.receive()["type"] == "next"
    assert socket.receive() == {"id": "now", "type": "complete"}


@pytest.fixture
def ride(service):
    service.house.activate(STEADY)
    service.house.project()
    return service


def test_moves_are_told_as_they_become_known(ride):
    with ride.socket() as socket:
        socket.subscribe(OF_ALL)
        begun(socket)
        ride.take(views("x", [(0, "A"), (1, "A")]))
        change = socket.data()["stageMoved"]
        ride.take(views("y", [(0, "A"), (1, "A")]))
        assert told(socket, 1) == [("MOVED", "y", "look")]
    assert (change["kind"], change["customer"], change["racetrack"], change["version"]) == ("MOVED", "x", "ride", 1)
    assert change["revision"] is None
    assert change["move"]["enteredAt"] == day(1)
    assert change["move"]["rule"] == {"name": "looked"}
    assert [one["event"]["data"] for one in change["move"]["evidence"]] == [{"page": "A"}] * 2
    [stored] = ride.ask('{ customer(id: "x") { journey { moves { id recordedAt } } } }')["customer"]["journey"][
        "moves"
    ][:1]
    assert (stored["id"], stored["recordedAt"]) == (change["move"]["id"], change["recordedAt"])


def test_a_timer_that_fires_is_told_like_an_event(service):
    service.house.activate(RIDE)
    service.house.project()
    with service.socket() as socket:
        socket.subscribe(OF_ONE)
        begun(socket)
        service.take(views("x", [(0, "A"), (1, "A"), (2, "B")]))
        assert told(socket, 4) == [
            ("MOVED", "x", "look"), ("MOVED", "x", "try"), ("MOVED", "x", "look"), ("MOVED", "x", None),
        ]  # fmt: skip


def test_a_late_event_is_told_as_a_revision_and_the_moves_that_became_known_by_it(ride):
    ride.take(views("x", [(0, "A"), (4, "A"), (6, "C")]))
    with ride.socket() as socket:
        socket.subscribe(OF_ONE)
        begun(socket)
        ride.take(views("x", [(2, "A")], first=10))
        first = socket.data()["journeyChanged"]
        assert told(socket, 1) == [("MOVED", "x", "look")]
    assert (first["kind"], first["move"]) == ("REVISED", None)
    assert first["revision"]["events"] == [{"occurredAt": day(2)}]
    assert first["revision"]["after"][0] == {"stage": "look", "enteredAt": day(2)}
    assert first["revision"]["recordedAt"] == first["recordedAt"]


def test_only_the_customer_the_racetrack_and_the_stages_asked_for_are_told(ride):
    after = ride.ask("{ log { head } }")["log"]["head"]
    ride.take(views("y", [(0, "A"), (1, "A")]) + views("x", [(0, "A"), (1, "A"), (2, "B")]))
    with ride.socket() as socket:
        socket.subscribe(OF_ONE, variables={"after": after})
        assert told(socket, 2) == [("MOVED", "x", "look"), ("MOVED", "x", "try")]
    for variables, expected in (
        ({"stages": ["try"]}, [("MOVED", "x", "try")]),
        ({"stages": ["try", "look"], "racetrack": "ride"}, [("MOVED", "x", "look"), ("MOVED", "x", "try")]),
    ):
        with ride.socket() as socket:
            socket.subscribe(OF_ALL, variables=variables | {"after": after})
            assert told(socket, len(expected)) == expected
    with ride.socket() as socket:
        socket.subscribe(OF_ALL, name="one", variables={"racetrack": "other", "after": after})
        begun(socket)


def test_who_comes_back_after_a_position_misses_nothing(ride):
    ride.take(views("x", [(0, "A"), (1, "A")]))
    with ride.socket() as socket:
        socket.subscribe(OF_ALL, variables={"after": 0})
        seen = socket.data()["stageMoved"]
    ride.take(views("y", [(0, "A"), (1, "A")]))
    with ride.socket() as socket:
        socket.subscribe(OF_ALL, variables={"after": seen["position"]})
        again = socket.data()["stageMoved"]
        assert again == seen, "what became known at that moment comes again"
        assert told(socket, 1) == [("MOVED", "y", "look")]
        last = socket
    head = ride.ask("{ log { head } }")["log"]["head"]
    with ride.socket() as socket:
        socket.subscribe(OF_ALL, variables={"after": head})
        begun(socket)
        ride.take(views("z", [(0, "A"), (1, "A")]))
        assert told(socket, 1) == [("MOVED", "z", "look")]
    assert last is not socket


def test_many_changes_of_one_moment_come_in_order_and_each_once(ride):
    after = ride.ask("{ log { head } }")["log"]["head"]
    ride.take([one for n in range(450) for one in views(f"c{n:03}", [(0, "A"), (1, "A")])])
    with ride.socket() as socket:
        socket.subscribe(
            "subscription($after: Position) { stageMoved(after: $after) { customer } }", variables={"after": after}
        )
        seen = [socket.data()["stageMoved"]["customer"] for _ in range(450)]
    assert seen == [f"c{n:03}" for n in range(450)]


def test_another_version_in_force_is_told_once_as_a_correction(ride):
    ride.take(views("x", [(0, "A"), (1, "A")]) + views("y", [(0, "Q")]))
    second = publish(ride.house, EAGER)
    with ride.socket() as socket, ride.socket() as other:
        socket.subscribe(OF_ALL)
        begun(socket)
        other.subscribe(OF_ONE.replace('"x"', '"y"'))
        begun(other)
        ride.house.racetracks.activate("ride", second.version, "test")
        ride.house.project()
        change = socket.data()["stageMoved"]
        assert (change["kind"], change["customer"], change["racetrack"], change["version"]) == (
            "CORRECTED",
            None,
            "ride",
            2,
        )
        ride.take(views("y", [(2, "A")], first=5) + views("z", [(2, "A")]))
        assert told(socket, 2) == [("MOVED", "y", "look"), ("MOVED", "z", "look")]
        assert told(other, 1) == [("MOVED", "y", "look")], "its stays were the same under either version"


def test_a_customer_whose_stays_change_with_the_version_is_corrected(ride):
    ride.take(views("x", [(0, "A"), (1, "A")]))
    second = publish(ride.house, EAGER)
    with ride.socket() as socket:
        socket.subscribe(OF_ONE)
        begun(socket)
        ride.house.racetracks.activate("ride", second.version, "test")
        ride.house.project()
        assert told(socket, 1) == [("CORRECTED", "x", None)]


def test_a_position_that_the_log_has_not_come_to_is_refused(ride):
    with ride.socket() as socket:
        socket.subscribe(OF_ALL, variables={"after": 1_000_000})
        message = socket.receive()
    assert message["payload"]["errors"][0]["extensions"]["code"] == "POSITION_AHEAD"


def test_changes_are_told_after_the_connections_of_the_api_died(ride):
    with ride.socket() as socket:
        socket.subscribe(OF_ALL)
        begun(socket)
        with psycopg.connect(ride.house.url) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a WHERE a.datname = current_database()"
                " AND a.pid <> pg_backend_pid() AND a.application_name = 'raceline watch'"
            )
        ride.take(views("x", [(0, "A"), (1, "A")]))
        assert told(socket, 1) == [("MOVED", "x", "look")]


def test_who_was_away_while_another_version_came_into_force_is_told(ride):
    ride.take(views("x", [(0, "A"), (1, "A")]))
    head = ride.ask("{ log { head } }")["log"]["head"]
    ride.house.activate(EAGER)
    ride.house.project()
    after = ride.house.racetracks.registry().position
    with ride.socket() as socket:
        socket.subscribe(OF_ONE, variables={"after": head})
        assert told(socket, 1) == [("CORRECTED", "x", None)]
    with ride.socket() as socket:
        socket.subscribe(OF_ALL, variables={"after": after})
        begun(socket)
        ride.take(views("y", [(0, "A")]))
        assert told(socket, 1) == [("MOVED", "y", "look")]
