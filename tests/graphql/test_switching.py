"""Readers notice neither a switch of generations nor connections that die."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
from journeys import event
from ride import STEADY, views

from raceline.projections.replay import replay

WHOLE = """{ paths { nodes { customer { guid } pages } position } pages { nodes { page } } customers { nodes { guid
  timeline { nodes { title path { pages customer { guid } } } } } } pathStatistics { all { paths } } }"""


def kill_all_but_the_log(url):
    with psycopg.connect(url) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a"
            " WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
        )


def test_questions_are_answered_alike_before_while_and_after_generations_are_switched(service):
    service.take([event(n, f"c{n % 3}", n, page="ABA"[n % 3]) for n in range(30)])
    expected, done, wrong = service.ask(WHOLE), threading.Event(), []

    def ask():
        while not done.is_set():
            answer = service.post(WHOLE).json()
            if answer != {"data": expected}:
                wrong.append(answer)

    readers = [threading.Thread(target=ask) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(4):
            replay(service.house.url, service.house.catalogue, service.house.rules, drop_retired=True)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert service.ask(WHOLE) == expected


def test_a_question_does_not_notice_that_its_connection_had_died(service):
    service.take([event(1, "x", 0, page="A")])
    for _ in range(3):
        kill_all_but_the_log(service.house.url)
        assert service.ask('{ customer(id: "x") { guid } }') == {"customer": {"guid": "x"}}


def test_a_question_about_what_was_known_does_not_notice_it_either(service):
    service.take([event(1, "x", 0, page="A")])
    for _ in range(3):
        found = service.ask('{ customer(id: "x", knownAt: {position: 1}) { guid } }')
        assert found == {"customer": {"guid": "x"}}
        kill_all_but_the_log(service.house.url)


def test_a_statement_that_takes_too_long_names_the_limit(serve, house):
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute("ALTER TABLE raceline.quarantine RENAME TO entries")
        conn.execute("CREATE VIEW raceline.quarantine AS SELECT e.* FROM raceline.entries AS e, pg_sleep(1) AS s")
        conn.execute("INSERT INTO raceline.entries (digest, received_at, source, place, reason, detail, raw)"
                     " VALUES ('', now(), '', '', '', '', '')")  # fmt: skip
        conn.execute(f"ALTER DATABASE {conn.info.dbname} SET statement_timeout = '100ms'")
    with serve(house) as service:
        error = service.error("{ quarantine { nodes { id } } }")
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "statement_timeout"}


def test_a_database_whose_connections_are_all_in_use_is_busy_and_not_away(service):
    question = "{ quarantine { totalCount } }"
    with psycopg.connect(service.house.url, autocommit=True) as conn, ThreadPoolExecutor() as clients:
        with conn.transaction():
            conn.execute("LOCK TABLE raceline.quarantine")
            waiting = [clients.submit(service.ask, question) for _ in range(service.api.pool.max_size)]
            while conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() != (len(waiting),):
                pass
            error = service.error("{ log { head } }")
        assert [one.result() for one in waiting] == [{"quarantine": {"totalCount": 0}}] * len(waiting)
    assert error["extensions"]["code"] == "LOG_BUSY"
    assert "in use" in error["message"]


def test_what_is_derived_for_a_question_fits_the_read_models_also_while_generations_are_switched(service):
    service.house.activate(STEADY)
    service.take([one for n in range(3) for one in views(f"c{n}", [(0, "A"), (1, "A"), (2, "B")])])
    question = "{ customers { nodes { guid journey { currentStage moveCount nextMoves { rule { name } to } } } } }"
    expected, done, wrong = service.ask(question), threading.Event(), []

    def ask():
        while not done.is_set():
            answer = service.post(question).json()
            if answer != {"data": expected}:
                wrong.append(answer)

    readers = [threading.Thread(target=ask) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(3):
            replay(service.house.url, service.house.catalogue, service.house.rules, drop_retired=True)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def test_without_read_models_whoever_asks_is_told_so(house, serve):
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute("UPDATE raceline.generation SET status = 'retired'")
    with serve(house) as service:
        for question in (
            '{ customer(id: "x", at: "2026-01-10T00:00:00Z") { guid } }',
            '{ customer(id: "x") { journey { nextMoves { to } } } }',
        ):
            assert service.error(question)["extensions"]["code"] == "NO_READ_MODELS"
        with service.socket() as socket:
            socket.subscribe("subscription { stageMoved { kind } }")
            assert socket.receive()["payload"]["errors"][0]["extensions"]["code"] == "NO_READ_MODELS"
