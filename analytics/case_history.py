"""What is known of a case after each of its events: whether it is open, and what was last said of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.case_arrays import (
    CLOSED,
    NONE,
    SURVEYED,
    UPDATED,
    CaseEvents,
    Codes,
    Flags,
    Histories,
    Longs,
    Small,
    check_lengths,
    flat,
)
from raceline.analytics.kernel import kernel

_TYPES: tuple[type[np.generic], ...] = (np.int32, np.int8, np.int8, *[np.int32] * 5, np.int64, np.int64)


def histories(events: CaseEvents) -> Histories:
    """Follow each case through its events.

    Opened and reopened cases are open, closed ones closed; an update says so by `active`, and opens a case of which
    nothing but surveys was known; a survey changes nothing of it. A survey belongs to the last closing before it,
    without one to the first after it. Raises ValueError when the columns differ in length.
    """
    check_lengths(len(events.case), *events)
    columns: tuple[NDArray[Any], ...] = events
    events = CaseEvents(*(flat(column, dtype) for column, dtype in zip(columns, _TYPES, strict=True)))
    case, n = events.case, len(events.case)
    first = np.diff(case, prepend=-1) != 0
    is_open, before = np.empty(n, np.int8), np.empty(n, np.int8)
    _follow(first, events.does, events.active, is_open, before)
    closing = (is_open == 0) & (before != 0)
    group, engineer = _last_said(first, events.group), _last_said(first, events.engineer)
    texts, sentiment = np.empty(n, np.int64), np.empty(n, np.int64)
    _mean_so_far(first, events.score, texts, sentiment)
    closing_of = np.full(n, -1, np.int64)
    _answer(first, events.does, closing, closing_of)
    return Histories(
        open=is_open,
        severity=_last_said(first, events.severity),
        problem=_last_said(first, events.problem),
        cause=_last_said(first, events.cause),
        group=group,
        engineer=engineer,
        texts=texts,
        sentiment=sentiment,
        opening=(is_open == 1) & (before == -1),
        closing=closing,
        reopening=(is_open == 1) & (before == 0),
        reassigned=_changed(first, group) | _changed(first, engineer),
        closing_of=closing_of,
    )


def _last_said(first: Flags, said: Codes) -> Codes:
    """The last code that is not -1, up to each event of a case."""
    here = np.where(first | (said >= 0), np.arange(len(said)), 0)
    return said[np.maximum.accumulate(here)]


def _changed(first: Flags, known: Codes) -> Flags:
    """Where another code is known than before, if one was."""
    before = np.where(first, -1, np.roll(known, 1))
    changed: Flags = (before >= 0) & (known != before)
    return changed


@kernel
def _follow(first: Flags, does: Small, active: Small, is_open: Small, before: Small) -> None:
    """Fill is_open and before: the state after each event and that before it."""
    state = -1
    for i in range(len(first)):
        if first[i]:
            state = -1
        before[i] = state
        if does[i] == UPDATED:
            if active[i] >= 0:
                state = active[i]
            elif state < 0:
                state = 1
        elif does[i] != SURVEYED:
            state = 0 if does[i] == CLOSED else 1
        is_open[i] = state


@kernel
def _mean_so_far(first: Flags, score: Longs, texts: Longs, sentiment: Longs) -> None:
    """Fill texts and sentiment: how many scores a case has so far, and their mean rounded half up."""
    total = count = 0
    for i in range(len(first)):
        if first[i]:
            total = count = 0
        if score[i] != NONE:
            total += score[i]
            count += 1
        texts[i] = count
        sentiment[i] = (2 * total + count) // (2 * count) if count else NONE


@kernel
def _answer(first: Flags, does: Small, closing: Flags, closing_of: Longs) -> None:
    """Fill closing_of, which is -1, for the surveys."""
    start, last = 0, -1
    for i in range(len(first)):
        if first[i]:
            start, last = i, -1
        if does[i] == SURVEYED:
            closing_of[i] = last
        if closing[i]:
            if last < 0:  # so a case looks back only once
                for early in range(start, i):
                    if does[early] == SURVEYED:
                        closing_of[early] = i
            last = i
