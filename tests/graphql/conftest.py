"""A raceline with its API on a free port: a real server, a real database, and the projector in the test's hand."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import uvicorn
from journeys import House, click, event
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from websockets.sync.client import connect

from raceline.app.models import ModelAnswers
from raceline.app.paths import PathAnswers
from raceline.app.racetracks import RacetrackAnswers
from raceline.app.settings import read_settings
from raceline.domain.requeue import requeue
from raceline.graphql.context import Api, Limits
from raceline.graphql.endpoint import Endpoint
from raceline.graphql.watch import Watch
from raceline.projections.as_known import AsKnown

# The example of the clickstream format: seconds, customer, source page, target page, resolved.
CLICKS = [
    (1515764691, "1", 11, 28, False),
    (1515764752, "2", 11, 35, False),
    (1515764876, "2", 35, 42, True),
    (1515764997, "1", 28, 35, False),
    (1515765000, "1", 35, 42, True),
]
VISITS = {"turning": "A B C B A", "bouncing": "A B A B A", "looping": "A B C A B C", "Zoë ☕": "A A B B A"}


def town() -> list[dict[str, Any]]:
    """Two customers who click, four who view pages, and one of an account with cases."""
    clicks = [
        click(f"click-{n}", customer, 0, source, target, resolved=resolved)
        | {"occurred_at": datetime.fromtimestamp(second, UTC).isoformat()}
        for n, (second, customer, source, target, resolved) in enumerate(CLICKS)
    ]
    views = [
        event(f"{customer}-{n}", customer, n, page=page)
        for customer, pages in VISITS.items()
        for n, page in enumerate(pages.split())
    ]
    case = event("case", "calling", 3, "case.opened", case_id="c-1", severity=2, problem="no power", text="It is dark.")
    return [*clicks, *views, case | {"account_id": "acme", "product": "router", "correlation_id": "k"}]


MOST_STEPS = 1_000_000  # of paths in memory
RESPONSE_JSON = "application/graphql-response+json"


@dataclass
class Service:
    """The house, its server, and a client. `statements`: what the API sent to the database, one text each."""

    house: House
    url: str
    client: httpx.Client
    api: Api
    statements: list[str] = field(default_factory=list)

    def post(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        given = {"accept": RESPONSE_JSON} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.post(self.url, json={"query": query, "variables": variables}, headers=given)

    def ask(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
        """The data of an answer without errors."""
        answer = self.post(query, variables, **headers).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
        """The first error of an answer."""
        return self.post(query, variables, **headers).json()["errors"][0]

    def take(self, envelopes: list[dict[str, Any]], *, project: bool = True) -> list[Any]:
        """Take events in, and move the read models."""
        outcomes = self.house.take(envelopes)
        if project:
            self.house.project()
        return outcomes

    @contextmanager
    def socket(self, **options: Any) -> Iterator["Socket"]:
        """A WebSocket behind its handshake."""
        url = self.url.replace("http", "ws")
        with connect(url, subprotocols=["graphql-transport-ws"], **options) as connection:  # type: ignore[list-item]
            socket = Socket(connection)
            socket.send(type="connection_init")
            assert socket.receive()["type"] == "connection_ack"
            yield socket


@dataclass
class Socket:
    """A client of graphql-transport-ws."""

    connection: Any

    def send(self, **message: Any) -> None:
        self.connection.send(msgspec.json.encode(message).decode())

    def receive(self, timeout: float = 20) -> Any:
        frame = self.connection.recv(timeout=timeout)
        assert isinstance(frame, str), "clients read text frames only"
        return msgspec.json.decode(frame)

    def subscribe(self, query: str, name: str = "one", variables: dict[str, Any] | None = None) -> None:
        self.send(type="subscribe", id=name, payload={"query": query, "variables": variables})

    def data(self) -> Any:
        """The data of the next answer, which must have no errors."""
        message = self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]


def _listening(statements: list[str]) -> type[psycopg.AsyncCursor[Any]]:
    class Listening(psycopg.AsyncCursor[Any]):
        async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            statements.append(query.decode())
            return await super().execute(query, *args, **kwargs)

    return Listening


def _runtime(house: House) -> Any:
    """The house as the composition root has it."""
    return SimpleNamespace(**vars(house), settings=read_settings(database_url=house.url))


def make_api(house: House, pool: Any, watch: Watch, as_known: AsKnown, limits: Limits) -> Api:
    ingest = house.ingest
    return Api(
        pool=pool,
        watch=watch,
        record=lambda raws: asyncio.to_thread(ingest.record, raws, source="graphql", place="recordEvents"),
        requeue=lambda entry, corrected: asyncio.to_thread(requeue, ingest, entry, corrected),
        as_known=lambda asked: asyncio.to_thread(as_known, asked),
        racetracks=RacetrackAnswers(house.url, house, house.racetracks, asyncio.to_thread),
        paths=PathAnswers(house.url, MOST_STEPS),
        models=ModelAnswers(house.url, _runtime(house), asyncio.to_thread),
        limits=limits,
    )


@contextmanager
def serving(house: House, **limits: Any) -> Iterator[Service]:
    """The house's API on a free port, with these limits."""
    statements: list[str] = []
    made: list[Api] = []
    as_known = AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        pool = AsyncConnectionPool(
            house.url,
            kwargs={"autocommit": True, "cursor_factory": _listening(statements)},
            min_size=1,
            max_size=4,
            open=False,
            timeout=2,
        )
        async with pool, Watch(house.url, poll=0.5) as watch:
            made.append(make_api(house, pool, watch, as_known, Limits(**limits)))
            app.router.routes.extend(Endpoint(made[0]).routes())
            yield

    config = uvicorn.Config(Starlette(lifespan=lifespan), port=0, log_level="warning", timeout_graceful_shutdown=1)
    with running(config) as url, httpx.Client(timeout=30) as client:
        yield Service(house, url + "/graphql", client, made[0], statements)
    as_known.close()


@contextmanager
def running(config: uvicorn.Config) -> Iterator[str]:
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def house(database: str) -> Iterator[House]:
    house = House(database)
    yield house
    house.close()


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[Service]]:
    """Serves a house with other limits."""
    return serving


@pytest.fixture(scope="module")
def common(databases: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """An API that the tests of one file share; each has customers of its own, or changes nothing."""
    with databases() as url:
        house = House(url)
        with serving(house) as service:
            yield service
        house.close()


@pytest.fixture
def service(house: House) -> Iterator[Service]:
    """An API of this test's own."""
    with serving(house) as service:
        yield service


@pytest.fixture(scope="session")
def shared(databases: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """An API that many tests only ask; what is in it stands in `town`."""
    with databases() as url:
        house = House(url)
        with serving(house, graphiql=True) as service:
            service.take(town())
            service.statements.clear()
            yield service
        house.close()
