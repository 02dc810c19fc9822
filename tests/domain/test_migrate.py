"""The schema of the log: the same however a database came to it, and only from a raceline that knows it."""

import multiprocessing
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from raceline.domain.errors import LogRefused, LogUnavailable, SchemaTooNew, ServerTooOld
from raceline.domain.event import Reject
from raceline.domain.log import EventLog
from raceline.domain.migrate import _migrate, check_server, migrate, migrations

NEWEST = len(migrations())

# What a schema is made of, as the server itself writes it down; oids and positions of columns are left out.
CATALOGS = {
    "relations": "SELECT c.relname, c.relkind, c.relpersistence, c.relispartition, pg_get_partkeydef(c.oid),"
    " pg_get_expr(c.relpartbound, c.oid), c.reloptions, c.relacl FROM pg_class c"
    " WHERE c.relnamespace = 'raceline'::regnamespace",
    "columns": "SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,"
    " a.attidentity, a.attgenerated, a.attcollation::regcollation::text, pg_get_expr(d.adbin, d.adrelid)"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)"
    " WHERE c.relnamespace = 'raceline'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
    " FROM pg_constraint WHERE connamespace = 'raceline'::regnamespace",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'raceline'",
    "triggers": "SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'raceline'::regnamespace",
    "functions": "SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc"
    " WHERE pronamespace = 'raceline'::regnamespace",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'raceline'",
    "sequences": "SELECT sequencename, data_type, increment_by FROM pg_sequences WHERE schemaname = 'raceline'",
    "migrations": "SELECT number, name FROM raceline.migration",
}


def catalogs(url):
    with psycopg.connect(url) as conn:
        return {name: sorted(conn.execute(query).fetchall(), key=repr) for name, query in CATALOGS.items()}


def use(url, event, n):
    """Leave something of every kind in the log, as far as this version of the schema has a place for it."""
    with EventLog(url) as log:
        log.append([event(f"{n}-{k}") for k in range(3)])
        log.recorder().insert_events([StoredEvent(uuid4(), 1, "test.decided", b"{}")])
        if n >= 2:
            log.append([], [Reject(source="web", place="x", reason="malformed", detail="x", raw=b"%d" % n)])


def test_a_fresh_schema_and_one_migrated_step_by_step_with_data_are_equal(database, empty_database, event):
    for number in range(1, NEWEST + 1):
        assert migrate(empty_database, up_to=number) == number
        use(empty_database, event, number)
    use(database, event, NEWEST)
    fresh, migrated = catalogs(database), catalogs(empty_database)
    for name in CATALOGS:
        assert migrated[name] == fresh[name], name
    assert len(fresh["triggers"]) > 5
    with EventLog(empty_database) as log:
        assert log.head() == 4 * NEWEST
        assert len([r for page in log.read_after(0) for r in page]) == 3 * NEWEST


def test_migrating_again_changes_nothing(database):
    before = catalogs(database)
    assert migrate(database) == NEWEST
    assert catalogs(database) == before


def test_read_models_made_by_version_0_1_stay_live_and_know_no_tick_yet(empty_database):
    migrate(empty_database, up_to=3)
    columns = "name, number, status, rules, position, advanced_at, created_at"
    with psycopg.connect(empty_database) as conn:
        conn.execute(f"INSERT INTO raceline.generation ({columns}) VALUES ('views_1', 1, 'live', 'x', 7, now(), now())")
    migrate(empty_database)
    with psycopg.connect(empty_database) as conn:
        found = conn.execute("SELECT name, status, position, clock::text FROM raceline.generation").fetchall()
    assert found == [("views_1", "live", 7, "-infinity")]


def _migrate_in_a_process(url, start, versions):
    start.wait()
    versions.put(migrate(url))


def test_processes_that_migrate_at_once_agree(empty_database, database):
    context = multiprocessing.get_context("spawn")
    start, versions = context.Event(), context.Queue()
    processes = [
        context.Process(target=_migrate_in_a_process, args=(empty_database, start, versions), daemon=True)
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    start.set()
    assert [versions.get(timeout=60) for _ in processes] == [NEWEST] * 3
    for process in processes:
        process.join(10)
    assert catalogs(empty_database) == catalogs(database)


def test_a_migration_that_fails_leaves_the_version_before_it(empty_database, monkeypatch):
    monkeypatch.setattr(
        "raceline.domain.migrate.migrations",
        lambda: [*migrations()[:1], (2, "0002_wrong.sql", "CREATE TABLE raceline.half (n int); SELECT 1 / 0")],
    )
    assert migrate(empty_database, up_to=1) == 1
    with pytest.raises(LogRefused, match="division by zero"):
        migrate(empty_database)
    assert [name for name, *_ in catalogs(empty_database)["relations"] if name == "half"] == []
    assert catalogs(empty_database)["migrations"] == [(1, "0001_log.sql")]


def test_a_schema_of_a_newer_raceline_is_refused_and_left_alone(database, sql):
    sql("INSERT INTO raceline.migration (number, name) VALUES (9999, 'of the future')")
    before = catalogs(database)
    with pytest.raises(SchemaTooNew, match="database=9999"):
        migrate(database)
    assert catalogs(database) == before


def test_a_role_that_may_only_use_the_schema_can_start_on_one_that_is_up_to_date(database, sql):
    role = f"reader_{uuid4().hex}"
    sql(f"CREATE ROLE {role} LOGIN")
    try:
        sql(f"GRANT USAGE ON SCHEMA raceline TO {role}")
        sql(f"GRANT SELECT ON raceline.migration TO {role}")
        with psycopg.connect(database) as conn:
            conn.execute(f"SET ROLE {role}")
            assert _migrate(conn, None) == NEWEST
    finally:
        sql(f"DROP OWNED BY {role}")
        sql(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("version", "encoding", "error"),
    [
        pytest.param(140_020, "UTF8", ServerTooOld, id="PostgreSQL 14 is too old"),
        pytest.param(150_000, "SQL_ASCII", LogRefused, id="a database without an encoding cannot hold every text"),
        pytest.param(180_001, "LATIN1", LogRefused, id="a Latin-1 database cannot hold every text"),
    ],
)
def test_is_refused(version, encoding, error):
    with pytest.raises(error):
        check_server(version, encoding)


@pytest.mark.parametrize("version", [150_000, 160_004, 180_001])
def test_postgresql_15_and_newer_will_do(version):
    check_server(version, "UTF8")


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(LogUnavailable):
        migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_migrations_are_numbered_without_a_gap():
    assert [number for number, _, _ in migrations()] == list(range(1, NEWEST + 1))


@pytest.mark.parametrize("table", ["model_file", "prediction", "prediction_drift"])
def test_what_was_predicted_and_by_which_model_is_never_taken_away(database, sql, table):
    for statement in (f"DELETE FROM raceline.{table}", f"TRUNCATE raceline.{table}"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            sql(statement)


def test_a_model_file_is_what_its_name_says(database, sql):
    keep = "INSERT INTO raceline.model_file (hash, content) VALUES (sha256(%s), %s)"
    sql(keep, b"model", b"model")
    with pytest.raises(psycopg.errors.CheckViolation):
        sql(keep, b"model", b"another")
