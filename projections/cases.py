"""Support cases: what their events say of them, as rows; independent of any racetrack (design, section 7)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.cases import (
    CLOSED,
    NONE,
    OPENED,
    REOPENED,
    SURVEYED,
    UPDATED,
    CaseEvents,
    Histories,
    histories,
)
from raceline.domain.columns import Columns, keys
from raceline.projections.race_facts import kinds_of, millionths
from raceline.projections.rows import Longs, lists, moments, named, numbered, or_null
from raceline.projections.rules import CaseType

DOES = {"opened": OPENED, "updated": UPDATED, "closed": CLOSED, "reopened": REOPENED, "surveyed": SURVEYED}
_CODES = ("severity", "problem", "cause", "group", "engineer")
STATUS = ("closed", "open", "unknown")  # by Histories.open


@dataclass(frozen=True)
class Cases:
    """The k cases of some customers and their n events, sorted by customer, case (by its first event) and total order.

    row: (n,) rows of the columns; start: (k + 1,) where the events of each case are; customer: (k,) codes; number: (k,)
    from 1 within a customer; case_id: (k,); names: by role, what its codes stand for.
    """

    columns: Columns
    row: Longs
    start: Longs
    customer: NDArray[np.int32]
    number: Longs
    case_id: pa.Array
    names: Mapping[str, pa.Array]
    events: CaseEvents
    told: Histories

    @property
    def at(self) -> Longs:
        """(n,) when each event occurred."""
        return self.columns.occurred_at[self.row]

    @property
    def position(self) -> Longs:
        """(n,) where each event was recorded."""
        return self.columns.position[self.row]

    def said(self, role: str) -> pa.Array:
        """(n,) what is known of a role after each event."""
        return named(self.names[role], getattr(self.told, role))


def cases_of(columns: Columns, types: Mapping[str, CaseType]) -> Cases:
    """The cases that events of these types tell of."""
    rows, does, texts = _gathered(columns, types)
    customer, number, case_id, case = _numbered(columns.customer[rows], texts["id"])
    order = np.argsort(case, kind="stable")
    case, rows = case[order], rows[order]
    coded = {role: texts[role].take(pa.array(order)).dictionary_encode() for role in _CODES}
    codes = {role: found.indices.fill_null(-1).to_numpy().astype(np.int32) for role, found in coded.items()}
    active = texts["active"].take(pa.array(order))
    score = texts["score"].take(pa.array(order))
    events = CaseEvents(
        case=case,
        does=does[order],
        active=pc.if_else(pc.equal(active, "true"), 1, pc.if_else(pc.equal(active, "false"), 0, -1))
        .fill_null(-1)
        .to_numpy(zero_copy_only=False)
        .astype(np.int8),
        **codes,
        score=pc.fill_null(columns.texts["sentiment"].take(pa.array(rows)), NONE).to_numpy(),
        survey=np.where(score.is_valid().to_numpy(zero_copy_only=False), millionths(score), NONE),
    )
    return Cases(
        columns=columns,
        row=rows,
        start=np.searchsorted(case, np.arange(len(customer) + 1)),
        customer=customer,
        number=number,
        case_id=case_id,
        names={role: found.dictionary for role, found in coded.items()},
        events=events,
        told=histories(events),
    )


def _gathered(columns: Columns, types: Mapping[str, CaseType]) -> tuple[Longs, NDArray[np.int8], dict[str, pa.Array]]:
    """The rows of events that name a case, in their order; what they do; and the text of each role, null for none."""
    kinds = kinds_of(columns).rows
    found = {kind: kinds[kind] for kind in types if kind in kinds}
    rows = np.concatenate([np.empty(0, np.int64), *found.values()])
    does = [np.full(len(part), DOES[types[kind].does], np.int8) for kind, part in found.items()]
    texts = {
        role: pa.chunked_array([_text(columns, part, types[kind], role) for kind, part in found.items()], pa.string())
        for role in ("id", *_CODES, "active", "score")
    }
    order = np.argsort(rows)
    order = order[texts["id"].is_valid().to_numpy()[order]]
    told = {role: column.combine_chunks().take(pa.array(order)) for role, column in texts.items()}
    return rows[order], np.concatenate([np.empty(0, np.int8), *does])[order], told


def _text(columns: Columns, rows: Longs, kind: CaseType, role: str) -> pa.Array:
    if (column := kind.columns.get(role)) is None:
        return pa.nulls(len(rows), pa.string())
    texts = columns.texts[column].take(pa.array(rows))
    # What was stored before its type was known may be anything.
    return (texts if role in ("active", "score") else keys(texts)).combine_chunks()


def _numbered(
    customer: NDArray[np.int32], id_: pa.Array
) -> tuple[NDArray[np.int32], Longs, pa.Array, NDArray[np.int32]]:
    """Of k cases the customer, the number and the id; and (n,) the case of each event, by first events."""
    encoded = id_.dictionary_encode()
    key = customer.astype(np.int64) * max(1, len(encoded.dictionary)) + encoded.indices.to_numpy()
    # Codes of a dictionary count up as values first appear, so cases are numbered by their first events.
    case = pa.array(key).dictionary_encode().indices.to_numpy().astype(np.int32)
    first = np.unique(case, return_index=True)[1]
    owner = customer[first]
    return owner, numbered(owner), id_.take(pa.array(first)), case


def case_table(cases: Cases) -> pa.Table:
    """The rows of the read model `cases`."""
    told, start = cases.told, cases.start
    last = start[1:] - 1
    status = told.open[last]
    closed_at = _last_where(cases, told.closing)
    at = cases.at
    # A case that is first heard of when it closes was open until then; since when, nobody knows.
    opened_at = _first_where(cases, told.opening | told.closing)
    spans = np.where(told.open == 1, np.diff(at, append=0), 0)
    spans[last] = 0
    since = _last_where(cases, told.opening | told.reopening)
    open_now = status == 1
    # Spans between events of the time that has not ended are not counted yet.
    ended = _sums(spans, start) - np.where(open_now, at[last] - since, 0)
    surveys = cases.events.survey != NONE
    return pa.table(
        {
            "customer_id": cases.columns.customers.take(pa.array(cases.customer)),
            "n": cases.number,
            "case_id": cases.case_id,
            "status": pa.array(STATUS, pa.string()).take(pa.array(status.astype(np.int64) % 3)),
            "opened_at": moments(opened_at, opened_at == NONE),
            "closed_at": moments(closed_at, open_now | (closed_at == NONE)),
            "reopened": _sums(told.reopening, start),
            "reassigned": _sums(told.reassigned, start),
            **{name: cases.said(role).take(pa.array(last)) for name, role in _NAMES.items()},
            "sentiment": or_null(told.sentiment[last]),
            "texts": told.texts[last],
            "surveys": _sums(surveys, start),
            "survey_score": _sums(np.where(surveys, cases.events.survey, 0), start),
            "open_microseconds": ended,
            "open_since": moments(since, ~open_now),
            **_event_columns(cases),
        }
    )


_NAMES = {
    "severity": "severity",
    "problem": "problem",
    "cause": "cause",
    "assignment_group": "group",
    "assigned_to": "engineer",
}


def _event_columns(cases: Cases) -> dict[str, pa.ListArray]:
    told, events, start = cases.told, cases.events, cases.start
    return {
        "events": lists(start, cases.position),
        "event_at": lists(start, cases.at),
        "event_does": lists(start, pa.array(list(DOES), pa.string()).take(pa.array(events.does))),
        "event_open": lists(start, pa.array(told.open == 1, mask=told.open == -1)),
        **{f"event_{role}": _some(start, cases.said(role)) for role in _CODES},
        "event_language": _some(start, cases.columns.texts["language"].take(pa.array(cases.row)).combine_chunks()),
        "event_score": _some(start, or_null(events.score)),
        "event_sentiment": _some(start, or_null(told.sentiment)),
        "event_survey": _some(start, or_null(events.survey)),
    }


def _some(start: Longs, values: pa.Array) -> pa.ListArray:
    """Lists of values; null where all of a case are, which is much cheaper to write."""
    known = _sums(values.is_valid().to_numpy(zero_copy_only=False), start)
    return lists(start, values, pa.array(known == 0))


def _first_where(cases: Cases, which: NDArray[np.bool_]) -> Longs:
    """(k,) when the first marked event of each case occurred; NONE without one."""
    rows = np.flatnonzero(which)[::-1]
    found = np.full(len(cases.customer), NONE)
    found[cases.events.case[rows]] = cases.at[rows]
    return found


def _last_where(cases: Cases, which: NDArray[np.bool_]) -> Longs:
    """(k,) when the last marked event of each case occurred; NONE without one."""
    rows = np.flatnonzero(which)
    found = np.full(len(cases.customer), NONE)
    found[cases.events.case[rows]] = cases.at[rows]
    return found


def _sums(values: NDArray[np.generic], start: Longs) -> Longs:
    """(k,) the sums over the events of each case; no case is without one."""
    whole = values.astype(np.int64)
    return np.add.reduceat(whole, start[:-1]) if len(start) > 1 else whole[:0]
