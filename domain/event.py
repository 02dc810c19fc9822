"""An event: its envelope as it comes in, its identity, and the form in which the log takes it (design, section 4)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b, sha1
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000

# Names and identifiers are indexed; an index entry of PostgreSQL holds some 2,700 bytes, and a character up to four.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Sequence64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Reason = Literal[
    "malformed",  # not JSON, or not an object
    "wrong_encoding",  # not UTF-8
    "truncated",  # the input ended inside of this record
    "invalid_envelope",  # a field of the envelope is missing or wrong
    "invalid_time",  # before 1970 or further in the future than allowed
    "unknown_type",  # not in the catalogue
    "invalid_data",  # the data do not fit the type
    "too_large",  # more bytes than allowed for one event
    "unstorable",  # text that PostgreSQL cannot hold
    "conflict",  # the same source and event_id with other content
]


class Envelope(msgspec.Struct, kw_only=True):
    """An event as a client writes it; `data` stays JSON text until its type is known."""

    type: Name
    customer_id: Name
    occurred_at: Moment
    source: Name | None = None
    event_id: Name | None = None
    account_id: Name | None = None
    product: Name | None = None
    sequence: Sequence64 | None = None
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    correlation_id: Name | None = None
    causation_id: Name | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A checked event, ready for the log. `occurred_at`: microseconds since 1970; `data`: canonical JSON."""

    uid: bytes
    content_hash: bytes
    source: str
    event_id: str
    type: str
    schema_version: int
    customer_id: str
    occurred_at: int
    data: bytes
    account_id: str | None = None
    product: str | None = None
    sequence: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Input that the log does not take, kept whole. `place`: where it stood, such as `clicks.csv:17`."""

    source: str
    place: str
    reason: Reason
    detail: str
    raw: bytes
    event_id: str | None = None


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of one record: accepted, accepted as a duplicate, or quarantined with its reason."""

    outcome: Literal["accepted", "duplicate", "quarantined"]
    event_id: str | None = None
    position: int | None = None
    reason: Reason | None = None
    detail: str | None = None


@lru_cache(maxsize=1024)
def _namespace(source: str) -> bytes:
    return uuid5(NAMESPACE_URL, f"raceline:{source}").bytes


def event_uid(source: str, event_id: str) -> bytes:
    """UUIDv5 (RFC 9562) of an event's identity, 16 bytes: the source makes the namespace, event_id the name.

    The same as `uuid.uuid5`, at a third of its price.
    """
    digest = bytearray(sha1(_namespace(source) + event_id.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def canonical_json(raw: bytes | msgspec.Raw) -> bytes:
    """The same JSON value in the one form that is hashed and stored: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(msgspec.json.decode(raw), order="deterministic")


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (moment - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def make_event(envelope: Envelope, *, source: str, version: int, data: bytes, occurred_at: int | None = None) -> Event:
    """An event of an envelope whose data are canonical JSON. `occurred_at`: its microseconds, where they are known.

    The content hash covers what happened, not `sequence`: that may be the line of a file, and the same fact in another
    file is still the same fact. Without an `event_id`, the content is the identity (UUIDv5 of source and content).
    """
    occurred_at = micros(envelope.occurred_at) if occurred_at is None else occurred_at
    content = msgspec.json.encode(
        (
            envelope.type,
            version,
            envelope.customer_id,
            envelope.account_id,
            envelope.product,
            occurred_at,
            envelope.correlation_id,
            envelope.causation_id,
            msgspec.Raw(data),
        )
    )
    event_id = envelope.event_id or str(UUID(bytes=event_uid(source, content.decode())))
    return Event(
        uid=event_uid(source, event_id),
        content_hash=blake2b(content, digest_size=16).digest(),
        source=source,
        event_id=event_id,
        type=envelope.type,
        schema_version=version,
        customer_id=envelope.customer_id,
        occurred_at=occurred_at,
        data=data,
        account_id=envelope.account_id,
        product=envelope.product,
        sequence=envelope.sequence,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
    )


_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_CLOUD_NAMES = {
    "id": "event_id",
    "subject": "customer_id",
    "time": "occurred_at",
    "dataschema": None,
    "specversion": None,
}
_CLOUD_EXTENSIONS = {
    "accountid": "account_id",
    "correlationid": "correlation_id",
    "causationid": "causation_id",
    "schemaversion": "schema_version",
}


def from_cloud_event(record: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope of a CloudEvents 1.0 record: id, subject, time are event_id, customer_id, occurred_at.

    `sequence` is the CloudEvents extension, whose value is a string there. Extension names carry no underscores by the
    specification, so accountid, correlationid, causationid and schemaversion are read as ours.
    """
    envelope: dict[str, Any] = {}
    for name, value in record.items():
        ours = _CLOUD_NAMES.get(name, _CLOUD_EXTENSIONS.get(name, name))
        if ours is not None:
            envelope[ours] = value
    if isinstance(sequence := envelope.get("sequence"), str) and _INTEGER.fullmatch(sequence):
        envelope["sequence"] = int(sequence)
    return envelope
