"""The addresses beside /graphql: events in, health out, and a landing page."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from raceline.app.body import at_most, encoding_of, format_of, inflate, read
from raceline.app.problems import RETRY_SECONDS, Kind, Problem, explanation
from raceline.domain.event import Name, Outcome, Reason
from raceline.domain.ingest import Summary
from raceline.projections.status import Status, read_status

SOURCE_HEADER = "Raceline-Source"
DEFAULT_SOURCE = "http"
PLACE = "POST /v1/events"

# Takes the JSON texts of envelopes, the source of those that name none, and the place they come from.
Record = Callable[[Sequence[bytes], str, str], Awaitable[list[Outcome]]]


class Result(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What became of one event. `index`: its place in the request, from 0; blank lines are not counted."""

    index: int
    outcome: str
    event_id: str | None = None
    position: int | None = None
    reason: Reason | None = None
    detail: str | None = None


class Answer(msgspec.Struct):
    """The answer to `POST /v1/events`. `position`: the highest of the results, to ask with as minPosition."""

    position: int | None
    accepted: int
    duplicates: int
    quarantined: int
    results: list[Result]


@dataclass
class Endpoints:
    """The addresses and what they need. `faults`: why a part of this process stopped, in sentences."""

    url: str
    record: Record
    max_body_bytes: int
    max_batch_events: int
    graphiql: bool
    faults: list[str] = field(default_factory=list)

    def routes(self) -> list[Route]:
        """Addresses for the router."""
        return [
            Route("/", self.landing),
            Route("/v1/events", self.take_events, methods=["POST"]),
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/problems/{slug}", self.explain),
        ]

    async def take_events(self, request: Request) -> Response:
        """Take events; 200 with a result for each, in order, also when all of them went to quarantine."""
        cut, encoding, source = format_of(request), encoding_of(request), _source(request)
        body = await read(request, self.max_body_bytes)

        def events() -> list[bytes]:
            content = inflate(body, self.max_body_bytes) if encoding == "gzip" else body
            return at_most(cut(content), self.max_batch_events)

        outcomes = await self.record(await run_sync(events), source, PLACE)
        return Response(await run_sync(_answer, outcomes), media_type="application/json")

    async def alive(self, _: Request) -> Response:
        """The process answers."""
        return _json({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """The database answers and nothing has stopped; how far the read models are, either way."""
        status = await run_sync(read_status, self.url)
        if stopped := status.failures + self.faults:
            raise Problem(Kind.PROJECTION_FAILED, " ".join(stopped), headers=_retry(), **_facts(status))
        return _json({"status": "ready", **_facts(status)})

    async def explain(self, request: Request) -> Response:
        """What a type of problem means."""
        text = explanation(request.path_params["slug"])
        if text is None:
            raise Problem(Kind.NOT_FOUND, "There is no such type of problem.")
        return PlainTextResponse(text)

    async def landing(self, _: Request) -> Response:
        """Where to go from here."""
        return HTMLResponse(_LANDING.replace("{graphql}", _GRAPHIQL if self.graphiql else _GRAPHQL))


def _source(request: Request) -> str:
    given = request.query_params.get("source") or request.headers.get(SOURCE_HEADER) or DEFAULT_SOURCE
    try:
        if "\0" in given:
            raise msgspec.ValidationError("it holds a NUL")
        return msgspec.convert(given, Name)
    except msgspec.ValidationError as error:
        raise Problem(Kind.INVALID_ARGUMENT, f"source: {error}", argument="source") from None


def _answer(outcomes: Sequence[Outcome]) -> bytes:
    summary = Summary()
    summary.add(outcomes)
    position = max((one.position for one in outcomes if one.position is not None), default=None)
    results = [
        Result(index=n, outcome=one.outcome, event_id=one.event_id, position=one.position, reason=one.reason,
               detail=one.detail)
        for n, one in enumerate(outcomes)
    ]  # fmt: skip
    return msgspec.json.encode(Answer(position, summary.accepted, summary.duplicate, summary.quarantined, results))


def _facts(status: Status) -> dict[str, object]:
    live = status.live
    return {
        "head": status.log.head,
        "position": live.position if live else 0,
        "lag_events": live.lag_events if live else status.log.head,
        "lag_seconds": live.lag_seconds if live else None,
        "projections": status.projections,
    }


def _retry() -> dict[str, str]:
    return {"Retry-After": str(RETRY_SECONDS)}


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", headers={"Cache-Control": "no-store"})


_GRAPHIQL = '<a href="/graphql">/graphql</a> - the API, with GraphiQL to explore it'
_GRAPHQL = "<code>POST /graphql</code> - the API"
_LANDING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>raceline</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}</style></head>
<body><h1>raceline</h1><p>Customer journeys from immutable events.</p><ul>
<li>{graphql}</li>
<li><code>POST /v1/events</code> - events in: a JSON array, NDJSON, or CloudEvents</li>
<li><a href="/readyz">/readyz</a> - is it ready, and how far are the read models?</li>
<li><a href="/healthz">/healthz</a> - is it alive?</li>
</ul></body></html>
"""
