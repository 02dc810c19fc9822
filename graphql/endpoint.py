"""/graphql as an ASGI application: GraphQL over HTTP (the specification's working draft) and over WebSocket.

HTTP is answered here and not by strawberry's view, which streams to any client that lists text/event-stream and knows
one status only. WebSocket is strawberry's, with the one protocol graphql-transport-ws and with text frames.
"""

from collections.abc import Sequence
from json import JSONDecodeError
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from raceline.domain.errors import LimitExceeded
from raceline.graphql.accept import RESPONSE_TYPE, chosen_type, prefers_html
from raceline.graphql.answer import MIN_POSITION_HEADER
from raceline.graphql.context import Api, Context
from raceline.graphql.problems import code
from raceline.graphql.schema import Schema, make_schema

_OF_POST = {OperationType.QUERY, OperationType.MUTATION}


class Refused(Exception):
    """A request that is no GraphQL request: its status, and why."""

    def __init__(self, status: int, reason: str, **extensions: Any) -> None:
        super().__init__(reason)
        self.status, self.reason, self.extensions = status, reason, extensions


class Asked(msgspec.Struct):
    """The parameters of a GraphQL request."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - its name on the wire
    extensions: dict[str, Any] | None = None


_ASKED = msgspec.json.Decoder(Asked)


class Endpoint:
    """The application. One for a process: it holds the schema and the documents that were parsed.

    `origins`: other web origins that may open a WebSocket, such as https://app.example; its own always may.
    """

    def __init__(self, api: Api, *, origins: Sequence[str] = ()) -> None:
        self.api = api
        self.schema = make_schema(api.limits)
        self._sockets = Sockets(api, self.schema, origins)

    def routes(self, path: str = "/graphql") -> list[BaseRoute]:
        """Where it stands in a Starlette application; a Mount would answer a POST with a redirect."""
        return [Route(path, self), WebSocketRoute(path, self)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        except Refused as refused:
            error = {"message": refused.reason, **({"extensions": refused.extensions} if refused.extensions else {})}
            headers = {"Allow": "GET, POST" if request.method not in ("GET", "POST") else "POST"}
            response = _json(request, {"errors": [error]}, refused.status, headers if refused.status == 405 else {})
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        match request.method:
            case "GET" if "query" not in request.query_params and prefers_html(request.headers.get("accept", "")):
                if not self.api.limits.graphiql:
                    raise Refused(406, "GraphiQL is off on this server; ask for application/json.")
                return HTMLResponse(get_graphql_ide_html(graphql_ide="graphiql"))
            case "GET":
                asked, allowed = _from_url(request), {OperationType.QUERY}
            case "POST":
                asked, allowed = _decoded(await self._body(request)), _OF_POST
            case _:
                raise Refused(405, "GraphQL takes GET and POST.")
        return _answer(request, await self._execute(request, asked, allowed))

    async def _execute(self, request: Request, asked: Asked, allowed: set[OperationType]) -> ExecutionResult:
        try:
            return await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                operation_name=asked.operationName,
                context_value=Context(self.api, request.headers.get(MIN_POSITION_HEADER)),
                allowed_operation_types=allowed,
            )
        except MissingQueryError:
            raise Refused(400, "The request has no `query`.") from None
        except CannotGetOperationTypeError as error:
            raise Refused(400, error.as_http_error_reason()) from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise Refused(400, "Subscriptions go over WebSocket, with the protocol graphql-transport-ws.") from None
            raise Refused(405, "A mutation cannot be asked for by GET.") from None

    async def _body(self, request: Request) -> bytes:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "The body of a GraphQL request is application/json.")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self.api.limits.body:
                error = LimitExceeded(limit="body", allowed=self.api.limits.body)
                raise Refused(413, str(error), code=code(LimitExceeded), limit="body", allowed=self.api.limits.body)
        return bytes(body)


def _decoded(body: bytes) -> Asked:
    try:
        return _ASKED.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(400, f"This is no GraphQL request: {error}") from None
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is not JSON: {error}") from None


def _from_url(request: Request) -> Asked:
    parameters: dict[str, Any] = {
        name: request.query_params[name] for name in ("query", "operationName") if name in request.query_params
    }
    try:
        for name in ("variables", "extensions"):
            if text := request.query_params.get(name):
                parameters[name] = msgspec.json.decode(text)
        return msgspec.convert(parameters, Asked)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"A parameter of the URL is wrong: {error}") from None


def _answer(request: Request, result: ExecutionResult) -> Response:
    errors = [error.formatted for error in result.errors or ()]
    # An error of a field has a path. Without one, the request itself was wrong and nothing ran: then there is no data.
    if result.data is None and errors and all("path" not in error for error in errors):
        return _json(request, {"errors": errors}, 400 if chosen_type(request) == RESPONSE_TYPE else 200)
    body: dict[str, Any] = {"data": result.data}
    return _json(request, {"errors": errors, **body} if errors else body, 200)


def _json(request: Request, body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> Response:
    media_type = f"{chosen_type(request)}; charset=utf-8"
    return Response(msgspec.json.encode(body), status_code=status, media_type=media_type, headers=headers)


class Sockets(GraphQL[Context, None]):
    """strawberry's view, of which only the WebSocket part is used."""

    def __init__(self, api: Api, schema: Schema, origins: Sequence[str]) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            multipart_uploads_enabled=False,
            allowed_origins=origins,
        )
        self.api = api

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        """What the operations of one connection share."""
        return Context(self.api, request.headers.get(MIN_POSITION_HEADER))

    def encode_json(self, data: object) -> str:
        """Text, because for bytes strawberry sends binary frames, which clients do not read."""
        return msgspec.json.encode(data).decode()

    def decode_json(self, data: str | bytes) -> object:
        """The same JSON as over HTTP."""
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise JSONDecodeError(str(error), str(data), 0) from None
