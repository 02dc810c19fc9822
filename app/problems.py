"""Errors over HTTP: problem details, application/problem+json (RFC 9457). Each type is a page that says what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from raceline.domain.errors import BatchTooLarge, LimitExceeded, LogBusy, LogUnavailable, RacelineError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


@dataclass(frozen=True)
class _Kind:
    status: int
    title: str
    cure: str


class Kind(Enum):
    """Everything that can go wrong here; the name, in lower case, is the end of the problem's type."""

    BODY_TOO_LARGE = _Kind(413, "The body is longer than this server takes", "Send the events in several requests.")
    BATCH_TOO_LARGE = _Kind(413, "The request has more events than this server takes at once", "Send them in parts.")
    MEDIA_TYPE_NOT_SUPPORTED = _Kind(
        415, "This media type is not read here", "Use one of those in the problem's `accepted`."
    )
    CONTENT_ENCODING_NOT_SUPPORTED = _Kind(
        415, "This content encoding is not read here", "Send the body as it is, or with Content-Encoding: gzip."
    )
    MALFORMED_BODY = _Kind(
        400, "The body cannot be read", "Nothing of it was stored. Correct it at the place that `detail` names."
    )
    INVALID_ARGUMENT = _Kind(400, "An argument is not valid", "Correct what `detail` names.")
    DATABASE_AWAY = _Kind(
        503,
        "The database cannot be reached",
        "Send the same request again after Retry-After seconds: what was stored already counts as a duplicate.",
    )
    PROJECTION_FAILED = _Kind(
        503,
        "A projection has stopped",
        "The API answers with what was true at its position. Mend the cause, then start `raceline serve` or "
        "`raceline project` again, or run `raceline replay`.",
    )
    NOT_FOUND = _Kind(404, "There is nothing here", "GET / lists what there is.")
    METHOD_NOT_ALLOWED = _Kind(405, "This method is not for this address", "The header Allow names those that are.")
    INTERNAL = _Kind(500, "Something went wrong inside", "The server's log has the details.")

    @property
    def slug(self) -> str:
        """The end of its type, such as body-too-large."""
        return self.name.lower().replace("_", "-")


class Problem(Exception):
    """An answer that is an error. `facts` are further members of the document, such as the limit."""

    def __init__(self, kind: Kind, detail: str = "", *, headers: Mapping[str, str] | None = None, **facts: Any) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.facts = facts

    def response(self) -> Response:
        """The document."""
        status, title = self.kind.value.status, self.kind.value.title
        document = {"type": f"/problems/{self.kind.slug}", "title": title, "status": status, "detail": self.detail}
        body = msgspec.json.encode(document | self.facts, enc_hook=str)
        return Response(body, status, self.headers, MEDIA_TYPE)


def as_problem(error: RacelineError) -> Problem:
    """What a client is told of an error."""
    match error:
        case LogUnavailable() | LogBusy():
            # What the driver says may name hosts and users.
            return Problem(Kind.DATABASE_AWAY, error.title, headers={"Retry-After": str(RETRY_SECONDS)})
        case BatchTooLarge():
            return Problem(Kind.BATCH_TOO_LARGE, str(error), **error.facts)
        case LimitExceeded():
            return Problem(Kind.BODY_TOO_LARGE, str(error), **error.facts)
    return Problem(Kind.INTERNAL)


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """A status that the router gives, as a problem."""
    kinds = {404: Kind.NOT_FOUND, 405: Kind.METHOD_NOT_ALLOWED}
    return Problem(kinds.get(status, Kind.INTERNAL), HTTPStatus(status).description, headers=headers)


def explanation(slug: str) -> str | None:
    """What a type of problem means and what to do about it, as text; None when there is no such type."""
    for kind in Kind:
        if kind.slug == slug:
            return f"{kind.value.title} ({kind.value.status}).\n\n{kind.value.cure}\n"
    return None
