"""Many events as the rows of a binary COPY: the fastest way into PostgreSQL, and worth its three round trips from some
hundreds of events on. What is known of a row before the log's lock is held is packed before.

Source: "Binary Format" in PostgreSQL's documentation of COPY.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct

from raceline.domain.arrays import POSTGRES_EPOCH
from raceline.domain.event import Event

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
# Each value is preceded by its length; a row by the number of its values.
_PLACED = Struct(">hiqiqiqiq").pack
_KNOWN = Struct(">i16siqii").pack
_KEY = Struct(">hi16siqiqi16s").pack
_LONG = Struct(">iq").pack
_SIZE = Struct(">i").pack


class Rows:
    """Events on their way into the tables `event` and `event_key`."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._known = [_known(event) for event in events]

    def events(self, position: int, recorded_at: int, batch_id: int) -> bytes:
        """COPY data for `event`, by the statement copy_events; the first event follows `position`."""
        at = recorded_at - POSTGRES_EPOCH
        parts = [_HEADER]
        for n, known in enumerate(self._known, position + 1):
            parts += _PLACED(18, 8, n, 8, at, 8, batch_id, 8, 1), known
        return b"".join([*parts, _TRAILER])

    def keys(self, position: int) -> bytes:
        """COPY data for `event_key`, by the statement copy_keys."""
        rows = (
            _KEY(4, 16, event.uid, 8, 1, 8, n, 16, event.content_hash)
            for n, event in enumerate(self._events, position + 1)
        )
        return b"".join([_HEADER, *rows, _TRAILER])


def _known(event: Event) -> bytes:
    data = event.data
    return b"".join(
        (
            _KNOWN(16, event.uid, 8, event.occurred_at - POSTGRES_EPOCH, 4, event.schema_version),
            _bytes(event.content_hash),
            _often(event.source),
            _text(event.event_id),
            _often(event.type),
            _text(event.customer_id),
            _SIZE(len(data) + 1),
            b"\x01",  # the version of jsonb's binary form
            data,
            _NULL if event.sequence is None else _LONG(8, event.sequence),
            _NULL if event.account_id is None else _text(event.account_id),
            _NULL if event.product is None else _text(event.product),
            _NULL if event.correlation_id is None else _text(event.correlation_id),
            _NULL if event.causation_id is None else _text(event.causation_id),
        )
    )


def _bytes(value: bytes) -> bytes:
    return _SIZE(len(value)) + value


def _text(value: str) -> bytes:
    return _bytes(value.encode())


_often = lru_cache(maxsize=1024)(_text)
