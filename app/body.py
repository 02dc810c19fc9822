"""Bodies of `POST /v1/events`: read no further than the limit, inflated, and cut into the JSON text of each event."""

import zlib
from collections.abc import Callable, Iterable
from email.message import Message
from io import BytesIO, RawIOBase
from typing import TypeVar

import msgspec
from starlette.requests import Request

from raceline.app.problems import Kind, Problem
from raceline.domain.byte_stream import ByteStream
from raceline.domain.errors import UnreadableInput
from raceline.domain.event import Reject
from raceline.domain.json_input import read_array

_GZIP = 31  # zlib's number for a gzip header and the largest window
_SPACE = b" \t\r\n"
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_ONE = msgspec.json.Decoder(msgspec.Raw)

_MOST_APART = 100_000  # elements of a broken array; cutting them takes longer than decoding it as a whole

Cut = Callable[[bytes], list[bytes]]
T = TypeVar("T")


def _array_or_one(body: bytes) -> list[bytes]:
    return _array(body) if body.lstrip(_SPACE).startswith(b"[") else _single(body)


def _array(body: bytes) -> list[bytes]:
    try:
        return [bytes(item) for item in _decoded(_ARRAY, body)]
    except Problem:
        if (elements := _elements(body)) is None:
            raise
        return elements


def _elements(body: bytes) -> list[bytes] | None:
    """The elements of an array of which some are no JSON, each for its own check; None when it is no array at all, or
    one of far too many."""
    found = list[bytes]()
    try:
        for batch in read_array(_Body(body), ""):
            if len(found) > _MOST_APART or any(isinstance(element, Reject) for element in batch):
                return None
            found += [element.data for element in batch if not isinstance(element, Reject)]
    except UnreadableInput:
        return None
    return found if _are_listed(found, body) else None


def _are_listed(elements: list[bytes], body: bytes) -> bool:
    """Whether the body is these elements between brackets and commas; files may have more or less between them."""
    at, between = 0, b"["
    for element in elements:
        start = body.index(element, at)
        if body[at:start].strip(_SPACE) != between:
            return False
        at, between = start + len(element), b","
    return bool(elements) and body[at:].strip(_SPACE) == b"]"


class _Body(ByteStream):
    """The bytes of a body in place of a file's."""

    def __init__(self, body: bytes) -> None:
        RawIOBase.__init__(self)
        self.name, self.line, self.damage = "the body", 0, None
        self.packed = self._unpacked = BytesIO(body)
        self._reader = None


def _single(body: bytes) -> list[bytes]:
    return [bytes(_decoded(_ONE, body))]


def _lines(body: bytes) -> list[bytes]:
    # Each line stands for itself, so a broken one goes to quarantine and the others are stored.
    return [line for line in (line.strip(b" \t\r") for line in body.split(b"\n")) if line]


def _decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(Kind.MALFORMED_BODY, f"The body is not the JSON that its media type says: {error}") from None


FORMATS: dict[str, Cut] = {
    "application/json": _array_or_one,
    "application/x-ndjson": _lines,
    "application/cloudevents-batch+json": _array,
    "application/cloudevents+json": _single,
}


def format_of(request: Request) -> Cut:
    """How to cut the body into events, by its media type. Raises Problem: 415."""
    message = Message()
    message["Content-Type"] = given = request.headers.get("content-type", "")
    cut = FORMATS.get(message.get_content_type()) if given else None
    charset = str(message.get_param("charset", "utf-8")).lower()
    if cut is None or charset not in ("utf-8", "utf8", "us-ascii"):
        detail = f"The media type is {given or 'missing'}; accepted are {', '.join(FORMATS)}, in UTF-8."
        accept = {"Accept-Post": ", ".join(FORMATS)}
        raise Problem(Kind.MEDIA_TYPE_NOT_SUPPORTED, detail, headers=accept, accepted=list(FORMATS))
    return cut


def encoding_of(request: Request) -> str:
    """The content encoding: gzip or identity. Raises Problem: 415."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    encoding = "gzip" if encoding == "x-gzip" else encoding
    if encoding not in ("gzip", "identity"):
        detail = f"The content encoding is {encoding}; accepted are gzip and identity."
        raise Problem(Kind.CONTENT_ENCODING_NOT_SUPPORTED, detail, headers={"Accept-Encoding": "gzip, identity"})
    return encoding


async def read(request: Request, limit: int) -> bytes:
    """The body as it came. Raises Problem 413 as soon as it is known to be longer than `limit`, and reads no more."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_long(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_long(limit)
    return bytes(body)


def inflate(body: bytes, limit: int) -> bytes:
    """The content of a gzip body, which may have several members. Raises Problem: 413 beyond `limit` bytes, or 400."""
    whole = bytearray()
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            whole += member.decompress(body, limit + 1 - len(whole))
        except zlib.error as error:
            raise Problem(Kind.MALFORMED_BODY, f"The body is not gzip: {error}") from None
        if len(whole) > limit:
            raise _too_long(limit)
        if not member.eof:
            raise Problem(Kind.MALFORMED_BODY, "The gzip body ends too early.")
        body = member.unused_data
    return bytes(whole)


def _too_long(limit: int) -> Problem:
    detail = f"The body is longer than {limit} bytes, the limit of this server (RACELINE_MAX_BODY_BYTES)."
    # What was not read would be taken for the next request.
    return Problem(Kind.BODY_TOO_LARGE, detail, headers={"Connection": "close"}, limit=limit)


def at_most(events: Iterable[bytes], limit: int) -> list[bytes]:
    """The events, when there are not too many. Raises Problem: 413."""
    found = list(events)
    if len(found) > limit:
        detail = f"{len(found)} events; at most {limit} are taken at once (RACELINE_MAX_BATCH_EVENTS)."
        raise Problem(Kind.BATCH_TOO_LARGE, detail, limit=limit)
    return found
