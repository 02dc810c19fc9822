"""Columns made in memory, of envelopes, as the reader would make them."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from raceline.domain.catalogue import load
from raceline.domain.columns import Columns, attribute_columns

CATALOGUE = load()


def columns(events, reads):
    """The columns of envelopes; equal times in the order given. reads: by type, the attributes that are wanted.

    An envelope may say when it was recorded (`recorded_at`, else when it occurred) and how its text scores
    (`sentiment`).
    """
    events = sorted(events, key=lambda event: (event["customer_id"], datetime.fromisoformat(event["occurred_at"])))
    names = sorted({event["customer_id"] for event in events})
    rows = [
        {"type": event["type"], "account_id": None, "product": event.get("product")}
        | {
            column: _text(event["data"].get(attribute))
            for attribute, column in attribute_columns(
                CATALOGUE.types[event["type"]], reads.get(event["type"], ())
            ).items()
        }
        for event in events
    ]
    always = {"type", "product", "account_id", "page", "from_page", "resolved", "variant", "slot1"}
    texts = {
        name: pa.chunked_array([pa.array([row.get(name) for row in rows], pa.string())])
        for name in sorted(always.union(*rows))
    }
    texts["sentiment"] = pa.chunked_array([pa.array([event.get("sentiment") for event in events], pa.int64())])
    texts["language"] = pa.chunked_array([pa.nulls(len(rows), pa.string())])
    at = np.array([_microseconds(event["occurred_at"]) for event in events], np.int64)
    recorded = np.array([_microseconds(event.get("recorded_at", event["occurred_at"])) for event in events], np.int64)
    customer = np.array([names.index(event["customer_id"]) for event in events], np.int32)
    position = np.empty(len(events), np.int64)
    position[np.argsort(recorded, kind="stable")] = np.arange(1, len(events) + 1)
    return Columns(pa.array(names, pa.string()), customer, position, at, recorded, pa.table(texts))


def _microseconds(moment):
    return round(datetime.fromisoformat(moment).astimezone(UTC).timestamp() * 1e6)


def _text(value):
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
