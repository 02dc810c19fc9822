"""The server: one ASGI application of the REST addresses and GraphQL, with the projector beside it in a thread."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from ipaddress import ip_address
from threading import Event, Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from raceline.app.api import Composed
from raceline.app.endpoints import SOURCE_HEADER, Endpoints
from raceline.app.guard import Guard
from raceline.app.problems import Kind, Problem, as_problem, of_status
from raceline.app.runtime import Runtime
from raceline.app.settings import Settings
from raceline.domain.errors import AddressTaken, RacelineError
from raceline.graphql.answer import MIN_POSITION_HEADER
from raceline.graphql.endpoint import Endpoint
from raceline.projections.runner import Projector

SHUTDOWN_SECONDS = 10
_log = logging.getLogger(__name__)


def make_app(runtime: Runtime, *, project: bool = True) -> Starlette:
    """The application. It opens its connections and starts the projector when it is started itself."""
    settings = runtime.settings
    world = Composed(runtime)
    endpoints = Endpoints(
        runtime.url, world.record, settings.max_body_bytes, settings.max_batch_events, settings.graphiql
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        running = projecting(runtime.projector(), endpoints.faults) if project else nullcontext()
        with running:
            async with world.opened():
                loading = asyncio.gather(world.paths.warm(), world.models.warm())
                try:
                    yield
                finally:
                    loading.cancel()

    graphql = Endpoint(world.api)
    return Starlette(
        routes=[*endpoints.routes(), *graphql.routes()],
        middleware=_middleware(settings),
        exception_handlers=_HANDLERS,
        lifespan=lifespan,
    )


@contextmanager
def projecting(projector: Projector, faults: list[str]) -> Iterator[None]:
    """Run the projector in a thread. If it stops by itself, the reason goes to `faults` and the rest goes on."""
    stop = Event()

    def run() -> None:
        try:
            projector.run(stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, /readyz tells it
            _log.exception("the projector of this process stopped; the API goes on with what is projected")
            faults.append(f"The projector of this process stopped: {error}")

    thread = Thread(target=run, name="raceline-projector", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # A step that takes longer is given up: its transaction is rolled back, and taken again at the next start.
        thread.join(SHUTDOWN_SECONDS)


def _middleware(settings: Settings) -> list[Middleware]:
    guard = Middleware(Guard, origins=settings.cors_origins)
    if not settings.cors_origins:
        return [guard]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", "Content-Encoding", SOURCE_HEADER, MIN_POSITION_HEADER],
    )
    return [guard, cors]


async def _problem(_: Request, error: Exception) -> Response:
    match error:
        case Problem():
            return error.response()
        case RacelineError():
            problem = as_problem(error)
            if problem.kind is Kind.INTERNAL:
                _log.error("a request failed", exc_info=error)
            return problem.response()
        case HTTPException():
            return of_status(error.status_code, error.headers).response()
        case ClientDisconnect():
            return Response(status_code=400)  # nobody reads it
    return Problem(Kind.INTERNAL).response()


_HANDLERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = dict.fromkeys(
    (Problem, RacelineError, HTTPException, ClientDisconnect, Exception), _problem
)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressTaken, with the cure."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        cure = "Stop what listens there, or choose another port: --port 8001, or RACELINE_PORT; 0 takes a free one."
        raise AddressTaken(f"{host}:{port}: {error.strerror}. {cure}") from None


def address(listening: socket.socket) -> str:
    """The URL of a listening socket, as somebody on this machine can open it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a comparison
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ip_address(listening.getsockname()[0]).is_loopback


class _Server(uvicorn.Server):
    """uvicorn, which says when it is up."""

    def __init__(self, config: uvicorn.Config, up: Callable[[], None]) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._up()


def run(app: Starlette, listening: socket.socket, up: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT or SIGTERM: then no new requests are taken and those at work are finished. Calls `up` once."""
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = _Server(config, up)

    def leave(*_: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal once more when it is done, which would kill us before the database is given back.
    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not server.started:
        raise RacelineError("The server did not start; the lines above say why.")
