"""On which days a case was open, in which stage and with which value; and which closings count."""

from typing import NamedTuple

import numpy as np

from raceline.analytics.case_arrays import (
    NEVER_DAY,
    Codes,
    Flags,
    Longs,
    Small,
    Spells,
    check_codes,
    check_lengths,
    check_starts,
    flat,
)
from raceline.analytics.kernel import kernel, part

# The value of a case that is not open.
_NOT_OPEN = -1


class _Changes(NamedTuple):
    """The days at whose end something is not what it was at the end of the day before."""

    start: Longs  # (k + 1,) where the changes of each thing start
    day: Codes  # (x,) rising within a thing
    row: Longs  # (x,) what changed it: the first of the rows on end that agree with the end of the day
    state: Codes  # (x,) what it is from then on; never that of the change before


def open_spells(
    start: Longs,
    day: Codes,
    open: Small,  # noqa: A002 - the word of the domain
    value: Codes,
    customer: Codes,
    move_start: Longs,
    move_day: Codes,
    move_to: Codes,
    outside: int,
) -> Spells:
    """The spells of k cases that are open at the end of some day, by case and day.

    start: (k + 1,) where the n events of each case start; day, open (1: open from then on), value (a code from 0):
    (n,), in total order within a case. customer: (k,) code of each case's customer; move_start: (c + 1,) where the m
    moves of each customer start; move_day, move_to: (m,). A customer is `outside` before the first move. What happens
    last decides a day, of events and of moves. Takes time for the events, the moves and the spells that there are.
    Raises ValueError when lengths or offsets do not fit, IndexError for a customer without moves' offsets.
    """
    check_lengths(len(day), open, value)
    check_lengths(len(customer), start[1:])
    check_lengths(len(move_day), move_to)
    check_starts(start, len(day))
    check_starts(move_start, len(move_day))
    check_codes(customer, len(move_start) - 1)
    cases = _changes(start, day, np.where(open == 1, value, _NOT_OPEN), _NOT_OPEN)
    moves = _changes(move_start, move_day, move_to, outside)
    customer = flat(customer, np.int32)
    # Once to count and once to write: cases times moves cannot be reserved for.
    spells = _spells(_cross(cases, customer, moves, outside, _spells(0)))
    _cross(cases, customer, moves, outside, spells)
    return spells


def closing_rows(start: Longs, day: Codes, closing: Flags) -> Longs:
    """The rows, ascending, of the last closing of each case on each day: start (k + 1,), day and closing (n,)."""
    check_lengths(len(day), closing)
    check_starts(start, len(day))
    row = np.flatnonzero(closing)
    case, on = np.searchsorted(start, row, side="right"), day[row]
    # Local days go back where clocks are put back over midnight, so those of one day need not be neighbours.
    order = np.lexsort((row, on, case))
    case, on = case[order], on[order]
    last = np.append((case[1:] != case[:-1]) | (on[1:] != on[:-1]), True)[: len(row)]
    return np.sort(row[order[last]])


def states_at(customer: Codes, at: Longs, move_start: Longs, move_at: Longs, move_to: Codes, outside: int) -> Codes:
    """Where each customer is at each instant (n,), after all moves up to and including it.

    customer: (n,) codes, never falling; at: (n,) and move_at: (m,) microseconds, never falling within a customer.
    Raises ValueError when lengths or offsets do not fit, IndexError for a customer without moves' offsets.
    """
    check_lengths(len(customer), at)
    check_lengths(len(move_at), move_to)
    check_starts(move_start, len(move_at))
    check_codes(customer, len(move_start) - 1)
    state = np.full(len(customer), outside, np.int32)
    columns = flat(customer, np.int32), flat(at, np.int64)
    _look_up(*columns, flat(move_start, np.int64), flat(move_at, np.int64), flat(move_to, np.int32), state)
    return state


def _spells(count: int) -> Spells:
    codes = [np.empty(count, np.int32) for _ in range(4)]
    return Spells(codes[0], np.empty(count, np.int64), *codes[1:])


def _changes(start: Longs, day: Codes, state: Codes, before: int) -> _Changes:
    """What rows (n,) in order make of things that were `before`."""
    columns = flat(start, np.int64), flat(day, np.int32), flat(state, np.int32)
    n = len(day)
    days, rows, states = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int32)
    found = _Changes(np.zeros(len(start), np.int64), days, rows, states)
    _find_changes(*columns, before, found)
    return found


@kernel
def _find_changes(start: Longs, day: Codes, state: Codes, before: int, found: _Changes) -> None:
    x = row = 0
    for k in range(len(start) - 1):
        first = x
        for i in range(start[k], start[k + 1]):
            if i == start[k] or state[i] != state[i - 1]:
                row = i
            # A later row overrules those of its day. (And of days after it: see closing_rows.)
            while x > first and found.day[x - 1] >= day[i]:
                x -= 1
            if state[i] != (found.state[x - 1] if x > first else before):
                found.day[x], found.row[x], found.state[x] = day[i], row, state[i]
                x += 1
        found.start[k + 1] = x


@kernel
def _cross(cases: _Changes, customer: Codes, moves: _Changes, outside: int, spells: Spells) -> int:
    """Write as many spells as there is room for; how many there are."""
    s = 0
    for case in range(len(customer)):
        first, last = moves.start[customer[case]], moves.start[customer[case] + 1]
        for i in range(cases.start[case], cases.start[case + 1]):
            if cases.state[i] == _NOT_OPEN:
                continue
            day = cases.day[i]
            end = _day_of(cases.day, i + 1, cases.start[case + 1])
            move = _after(moves.day, first, last, day)
            while day < end:
                until = min(end, _day_of(moves.day, move, last))
                if s < len(spells.case):
                    spells.case[s], spells.event[s] = case, cases.row[i]
                    spells.state[s] = moves.state[move - 1] if move > first else outside
                    spells.from_day[s], spells.to_day[s] = day, until
                s += 1
                day = until
                move += 1
    return s


@part
def _day_of(day: Codes, i: int, end: int) -> int:
    return min(day[i], NEVER_DAY) if i < end else NEVER_DAY


@part
def _after(day: Codes, first: int, last: int, limit: int) -> int:
    """The first of rising days that is after the limit."""
    while first < last:
        middle = (first + last) // 2
        if day[middle] > limit:
            last = middle
        else:
            first = middle + 1
    return first


@kernel
def _look_up(customer: Codes, at: Longs, move_start: Longs, move_at: Longs, move_to: Codes, state: Codes) -> None:
    """Fill state, which is that of a customer without a move."""
    move = 0
    for i in range(len(customer)):
        first = move_start[customer[i]]
        if i == 0 or customer[i] != customer[i - 1]:
            move = first
        while move < move_start[customer[i] + 1] and move_at[move] <= at[i]:
            move += 1
        if move > first:
            state[i] = move_to[move - 1]
