"""Raceline as people meet it: its command line, and its server on a free port."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import httpx
import psycopg
import pytest
import uvicorn
import worked_site as site
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from raceline.app import cli, cli_export_paths, cli_plot_paths
from raceline.app.asking import asking
from raceline.app.runtime import runtime
from raceline.app.server import address, listen, make_app
from raceline.app.settings import Settings, read_settings
from raceline.domain.racetrack_file import parse
from raceline.domain.site import PageTable, SitePage, load

# The example of the clickstream format.
CLICKS = """TimeStamp,CustomerID,SourcePageID,TargetPageID,IsResolved
1515764691,1,11,28,False
1515764752,2,11,35,False
1515764876,2,35,42,True
1515764997,1,28,35,False
1515765000,1,35,42,True
"""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in list(os.environ):
        if name.startswith("RACELINE_") and not name.startswith("RACELINE_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def configured(database, monkeypatch):
    """The database of this test is the one that raceline uses, also in a process of its own.

    Its log begins with no decision about racetracks, so that the first event has position 1.
    """
    monkeypatch.setenv("RACELINE_DATABASE_URL", database)
    monkeypatch.setenv("RACELINE_RACETRACK", "none")
    return database


@pytest.fixture
def raceline(configured, capsys):
    """Runs a command in this process: gives its exit status and what it wrote."""

    def run(*arguments):
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as left:
                cli.main(arguments)
        finally:
            signal.signal(signal.SIGTERM, before)
        written = capsys.readouterr()
        return SimpleNamespace(status=left.value.code or 0, out=written.out, err=written.err)

    return run


@pytest.fixture
def start():
    """Starts a command in a process of its own, which ends with the test."""
    started = []

    def start(*arguments, **environment):
        command = [sys.executable, "-W", "error", "-c", "from raceline.app.cli import main; main()", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=os.environ | environment
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def clicks(tmp_path):
    path = tmp_path / "clicks.csv"
    path.write_text(CLICKS)
    return path


@dataclass
class Served:
    """A server, its address, and a client. `store`: what it works on; `app`: the application."""

    url: str
    client: httpx.Client
    store: object

    def ask(self, query, **headers):
        answer = self.client.post("/graphql", json={"query": query}, headers=headers).json()
        assert "errors" not in answer, answer
        return answer["data"]


@pytest.fixture
def serve(configured):
    """Serves the database of this test, with settings: `with serve(port=0) as served`."""

    @contextmanager
    def serving(*, project=True, **settings):
        with listen("127.0.0.1", 0) as listening, runtime(read_settings(**settings)) as store:
            config = uvicorn.Config(make_app(store, project=project), lifespan="on", log_config=None, access_log=False)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            url = address(listening)
            try:
                with httpx.Client(base_url=url, timeout=30) as client:
                    yield Served(url, client, store)
            finally:
                server.should_exit = True
                thread.join()

    return serving


@pytest.fixture
def served(serve):
    """A server without a projector, which takes a second to end."""
    with serve(project=False) as served:
        yield served


@pytest.fixture
def outage(server_url, database):
    """Takes the database of this test away, and gives it back."""
    name = str(conninfo_to_dict(database)["dbname"])

    def allow(*, allowed):
        with psycopg.connect(server_url, autocommit=True) as conn:
            statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
            conn.execute(statement.format(sql.Identifier(name), sql.SQL("true" if allowed else "false")))
            if not allowed:
                conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    yield SimpleNamespace(begin=lambda: allow(allowed=False), end=lambda: allow(allowed=True))
    allow(allowed=True)


@pytest.fixture(scope="module")
def worked_site(databases):
    """The store of the small site."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        published = store.racetracks.publish(parse(site.TRACK), site.TRACK, "test")
        store.racetracks.activate(published.name, published.version, "test")
        load(url, PageTable({page: SitePage(kind, title) for page, kind, title in site.PAGES}, tuple(site.LINKS)))
        store.ingest.record([json.dumps(one).encode() for one in site.events()], source="test", place="test")
        store.projector().once()
        yield store


@pytest.fixture(scope="module")
def worked_ask(worked_site):
    """Asks the API, once for many commands: each would open the store for itself."""
    with asking(worked_site) as ask:
        yield ask


@pytest.fixture
def quick(worked_ask, raceline, monkeypatch):
    """Runs commands that find the store open."""
    for module in (cli_export_paths, cli_plot_paths):
        monkeypatch.setattr(module, "answer", lambda question: question(worked_ask))
    return raceline
