"""What every answer carries, and which foreign pages may talk to this server: none, unless the settings name them."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """An ASGI middleware.

    Browsers open WebSockets across origins without asking, so that is refused here; for HTTP they ask (CORS), and get
    no answer.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str] = ()) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed, with our headers on the answer."""
        if scope["type"] == "websocket":
            if not self._welcome(Headers(scope=scope)):
                await WebSocketClose(1008, "This origin is not in RACELINE_CORS_ORIGINS.")(scope, receive, send)
                return
            # strawberry checks it once more, and knows only our own origin.
            scope = {**scope, "headers": [header for header in scope["headers"] if header[0] != b"origin"]}

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_guarded)

    def _welcome(self, headers: Headers) -> bool:
        origin = headers.get("origin")  # programs send none
        return origin is None or origin in self.origins or urlsplit(origin).netloc == headers.get("host")
