"""What an event has to be before it may be stored: a record is checked against the catalogue and against what the log
can hold (design, sections 4 and 10).
"""

import json
import re
from dataclasses import dataclass, field

import msgspec

from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import InvalidEvent, UnknownEventType
from raceline.domain.event import (
    DAY,
    Envelope,
    Event,
    Reason,
    Reject,
    canonical_json,
    from_cloud_event,
    make_event,
    micros,
)

_ENVELOPE: msgspec.json.Decoder[Envelope] = msgspec.json.Decoder(Envelope)
_CLOUD_EVENT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOTHING_KNOWN = 1
# In canonical JSON a NUL is always written like this, and a backslash before it is doubled.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True)
class Limits:
    """What one event may be. `future_tolerance`: microseconds that a source's clock may be ahead."""

    max_event_bytes: int = 1_048_576
    future_tolerance: int = DAY


@dataclass(frozen=True)
class Check:
    """Makes an event of the JSON text of an envelope, or a reject that says why not."""

    catalogue: Catalogue
    limits: Limits = field(default_factory=Limits)

    def __call__(self, raw: bytes, *, source: str, place: str, now: int, sequence: int | None = None) -> Event | Reject:
        """`source` and `sequence` serve where the envelope names none; `now`: microseconds since 1970."""
        try:
            return self._event(raw, source, now, sequence)
        except _Rejected as rejected:
            return Reject(source=rejected.source or source, place=place, reason=rejected.reason,
                          detail=rejected.detail, raw=raw, event_id=rejected.event_id)  # fmt: skip

    def _event(self, raw: bytes, source: str, now: int, sequence: int | None) -> Event:
        if len(raw) > self.limits.max_event_bytes:
            raise _Rejected("too_large", f"{len(raw)} bytes; the limit for one event is {self.limits.max_event_bytes}")
        envelope = _envelope(raw)
        if envelope.sequence is None:
            envelope.sequence = sequence
        source = envelope.source or source
        try:
            occurred_at = self._check_time(envelope, now)
            data = _canonical_data(envelope)
            version = self._check_data(envelope, data)
            # JSON has a NUL only as an escape; the source that the caller gave may have any.
            if b"\\u0000" in raw or "\0" in source:
                _check_text(envelope, source, data)
        except _Rejected as rejected:
            rejected.source, rejected.event_id = source, envelope.event_id
            raise
        return make_event(envelope, source=source, version=version, data=data, occurred_at=occurred_at)

    def _check_time(self, envelope: Envelope, now: int) -> int:
        occurred_at = micros(envelope.occurred_at)
        if occurred_at < 0:
            raise _Rejected("invalid_time", f"occurred_at {envelope.occurred_at.isoformat()} is before 1970")
        if occurred_at > now + self.limits.future_tolerance:
            ahead = self.limits.future_tolerance // 1_000_000
            raise _Rejected(
                "invalid_time",
                f"occurred_at {envelope.occurred_at.isoformat()} is more than {ahead} seconds in the future",
            )
        return occurred_at

    def _check_data(self, envelope: Envelope, data: bytes) -> int:
        known = self.catalogue.types.get(envelope.type)
        version = envelope.schema_version or (known.version if known else _NOTHING_KNOWN)
        try:
            self.catalogue.check(envelope.type, version, data)
        except UnknownEventType as error:
            raise _Rejected("unknown_type", str(error)) from None
        except InvalidEvent as error:
            raise _Rejected("invalid_data", error.detail) from None
        return version


class _Rejected(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail
        self.source: str | None = None
        self.event_id: str | None = None


def _envelope(raw: bytes) -> Envelope:
    try:
        # A CloudEvent says so in itself; the look is cheap and only a hint.
        if b'"specversion"' in raw and "specversion" in (record := _CLOUD_EVENT.decode(raw)):
            return _of_cloud_event(record)
        return _ENVELOPE.decode(raw)
    except msgspec.ValidationError as error:
        raise _Rejected("invalid_envelope", str(error)) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(raw, error) from None


def _of_cloud_event(record: dict[str, msgspec.Raw]) -> Envelope:
    fields = {name: value if name == "data" else msgspec.json.decode(value) for name, value in record.items()}
    if fields["specversion"] != "1.0":
        raise _Rejected("invalid_envelope", "only version 1.0 of CloudEvents is known - at `$.specversion`")
    if "data_base64" in fields:
        raise _Rejected("invalid_envelope", "data has to be JSON, in `data` - at `$.data_base64`")
    return msgspec.convert(from_cloud_event(fields), Envelope)


def _unreadable(raw: bytes, error: Exception) -> _Rejected:
    """Why these bytes are no JSON text; the decoder's words alone do not tell all of these apart."""
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        if wrong.reason == "unexpected end of data":
            return _Rejected("truncated", f"the record ends inside of a character, at byte {wrong.start}")
        return _Rejected("wrong_encoding", f"not UTF-8: {wrong.reason} at byte {wrong.start}")
    if isinstance(error, RecursionError):
        return _Rejected("malformed", "nested too deeply")
    if "surrogate" in str(error) or ("truncated" in str(error) and _is_whole(raw)):
        return _Rejected("unstorable", "a text holds half of a surrogate pair, which is not Unicode")
    return _Rejected("truncated" if "truncated" in str(error) else "malformed", str(error))


def _is_whole(raw: bytes) -> bool:
    """A reader that lets half of a surrogate pair pass comes to the end."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _canonical_data(envelope: Envelope) -> bytes:
    try:
        return canonical_json(envelope.data)
    except UnicodeDecodeError as error:
        raise _Rejected(
            "wrong_encoding", f"not UTF-8: {error.reason} at byte {error.start} of a text in the data"
        ) from None
    except RecursionError:
        raise _Rejected("invalid_data", "nested too deeply - at `$.data`") from None
    except ValueError as error:
        raise _Rejected("invalid_data", str(error).replace("at `$", "at `$.data")) from None


def _check_text(envelope: Envelope, source: str, data: bytes) -> None:
    # PostgreSQL's text and jsonb cannot hold NUL; everything else that is Unicode they can.
    if _NUL.search(data):
        raise _Rejected("unstorable", "data hold a NUL character (\\u0000), which PostgreSQL cannot store")
    names = (envelope.type, envelope.customer_id, source, envelope.event_id, envelope.account_id, envelope.product,
             envelope.correlation_id, envelope.causation_id)  # fmt: skip
    for name in names:
        if name and "\0" in name:
            raise _Rejected("unstorable", "the envelope holds a NUL character (\\u0000), which PostgreSQL cannot store")
