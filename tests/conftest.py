"""One PostgreSQL for the whole run, one template database with the schema of the log, one clone of it for each test.

Where tests run in several processes, each has a server of its own. What is said of durability is tested on other
servers, which tests start as raceline does; this one is only fast.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from pathlib import Path
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from raceline.app.embedded import EmbeddedServer, wheel_binaries
from raceline.domain.migrate import migrate

# A server that is there already, and the programs of another PostgreSQL to start instead of the wheel's.
GIVEN_URL = os.environ.get("RACELINE_TEST_DATABASE_URL")
GIVEN_BINARIES = os.environ.get("RACELINE_TEST_POSTGRES_BIN")

HOMES = "raceline-tests-"
MEMORY = Path("/dev/shm")  # in memory, on Linux: cloning a database takes a tenth of the time that a disk takes
ROOM = 3 << 30  # several processes share it, and the write-ahead log of one may grow to a gigabyte

# No test may touch the store of whoever runs the tests: nothing is inherited, and the default home is none.
for _name in [name for name in os.environ if name.startswith("RACELINE_") and not name.startswith("RACELINE_TEST_")]:
    del os.environ[_name]
os.environ["RACELINE_HOME"] = os.devnull

_slow_machine = [hypothesis.HealthCheck.too_slow]  # two cores share the whole suite; speed is judged in bench/
hypothesis.settings.register_profile("default", deadline=None, suppress_health_check=_slow_machine, max_examples=30)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("default"), print_blob=True)
# On the other major version of PostgreSQL it is the statements that are tried, and less what all must hold for.
hypothesis.settings.register_profile("other_server", hypothesis.settings.get_profile("ci"), max_examples=10)
_PROFILE = "other_server" if GIVEN_BINARIES else "ci" if os.environ.get("CI") else "default"
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", _PROFILE))


def pytest_report_header() -> str:
    """Name the server: a failure on one version only is a finding."""
    if GIVEN_URL and not GIVEN_BINARIES:
        with psycopg.connect(GIVEN_URL) as conn:
            return f"PostgreSQL: {conn.info.parameter_status('server_version')}, by RACELINE_TEST_DATABASE_URL"
    server = Path(GIVEN_BINARIES or wheel_binaries()) / "postgres"
    return f"PostgreSQL: {subprocess.check_output([server, '--version'], text=True).strip()}, embedded, from {server}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a database is run once more on a server of another major version."""
    for item in items:
        if "server_url" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A database of a running server, from which others can be made."""
    if GIVEN_URL and not GIVEN_BINARIES:
        yield GIVEN_URL
        return
    _clear_up_after_killed_runs()
    home = Path(tempfile.mkdtemp(prefix=HOMES, dir=_fast_folder()))
    home.chmod(0o755)  # the server of root runs as another user
    server = EmbeddedServer(home, Path(GIVEN_BINARIES) if GIVEN_BINARIES else None)
    try:
        with server as url:
            with psycopg.connect(url, autocommit=True) as conn:
                for needless in ("fsync", "full_page_writes", "autovacuum"):  # nothing of a test outlives the run
                    conn.execute(f"ALTER SYSTEM SET {needless} = off")
                conn.execute("SELECT pg_reload_conf()")
            yield url
    finally:
        shutil.rmtree(home)


def _fast_folder() -> Path:
    with suppress(OSError):  # there is none on macOS
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
            return MEMORY
    return Path(tempfile.gettempdir())


def _clear_up_after_killed_runs() -> None:
    """Remove the homes that nobody uses; a PostgreSQL that has lost its data directory ends within a minute."""
    pattern = f"{HOMES}*/postgres-*/users.lock"
    for users in chain(MEMORY.glob(pattern), Path(tempfile.gettempdir()).glob(pattern)):
        with suppress(OSError), users.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(users.parents[1])


@contextmanager
def _database(server_url: str, template: str) -> Iterator[str]:
    name = f"raceline_test_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")  # 4 times faster
    yield make_conninfo(**{**conninfo_to_dict(server_url), "dbname": name})
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _migrated(server_url: str) -> Iterator[str]:
    with _database(server_url, "template0") as url:
        migrate(url)
        yield str(conninfo_to_dict(url)["dbname"])


@pytest.fixture
def database(server_url: str, _migrated: str) -> Iterator[str]:
    """The URL of a database of this test's own, with the schema of the log."""
    with _database(server_url, _migrated) as url:
        yield url


@pytest.fixture
def empty_database(server_url: str) -> Iterator[str]:
    """The URL of a database of this test's own, with nothing in it."""
    with _database(server_url, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def databases(server_url: str, _migrated: str) -> Callable[[], AbstractContextManager[str]]:
    """Makes databases with the schema of the log, one for each `with`: for the examples of a property."""
    return lambda: _database(server_url, _migrated)
