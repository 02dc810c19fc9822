"""On which days a case counts in which stage of a racetrack, and the sums over them (design, section 7)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.cases import NEVER_DAY, NONE, closing_rows, open_spells, states_at
from raceline.analytics.race import Race
from raceline.analytics.sentiment import NEGATIVE, POSITIVE
from raceline.projections.cases import Cases
from raceline.projections.race_facts import Field, local_days
from raceline.projections.race_rules import Track
from raceline.projections.rows import Longs, dates, numbered, or_null
from raceline.projections.sums import Key, day_key, tally

SIDES = ("open", "closed")
_OPEN, _CLOSED = range(len(SIDES))


class Stays(NamedTuple):
    """The moves of c customers on a racetrack. start: (c + 1,); at, day, to: (m,)."""

    start: Longs
    at: Longs
    day: NDArray[np.int32]
    to: NDArray[np.int32]
    outside: int


class _Counted(NamedTuple):
    """s spells. event: rows of the case events; surveys, survey_score: of the closings that they are."""

    case: Longs
    event: Longs
    side: NDArray[np.int8]
    state: NDArray[np.int32]
    from_day: NDArray[np.int32]
    to_day: NDArray[np.int32]
    surveys: Longs
    survey_score: Longs


def stays_of(track: Track, seen: Field, race: Race) -> Stays:
    """Where customers were, and since which day."""
    start = np.searchsorted(race.customer, np.arange(len(seen.columns.customers) + 1)).astype(np.int64)
    day = local_days(race.at, track.racetrack.time_zone)
    return Stays(start, race.at, day, race.to_state, track.program.stages)


def case_tables(cases: Cases, track: Track, seen: Field, stays: Stays) -> dict[str, pa.Table]:
    """case_spells, case_days and case_buckets of the cases that a racetrack is about."""
    spells = _ordered(_counted(cases, track, seen, stays))
    changes = _changes(spells)
    keys = _keys(track, spells, changes)
    return {
        "case_spells": _spell_table(cases, track, spells),
        "case_days": _day_table(cases, spells, changes, keys),
        "case_buckets": pa.concat_tables(_bucket_tables(cases, spells, changes, keys)),
    }


def _counted(cases: Cases, track: Track, seen: Field, stays: Stays) -> list[_Counted]:
    day = local_days(cases.at, track.racetrack.time_zone)
    told = cases.told
    about = seen.kept[cases.row[cases.start[:-1]]]
    found = open_spells(
        cases.start, day, told.open, _values(cases), cases.customer, stays.start, stays.day, stays.to, stays.outside
    )
    mine = about[found.case]
    none = np.zeros(int(mine.sum()), np.int64)
    opened = _Counted(
        case=found.case[mine].astype(np.int64),
        event=found.event[mine],
        side=np.full(len(none), _OPEN, np.int8),
        state=found.state[mine],
        from_day=found.from_day[mine],
        to_day=found.to_day[mine],
        surveys=none,
        survey_score=none,
    )
    return [opened, _closed(cases, day, about, stays)]


def _closed(cases: Cases, day: NDArray[np.int32], about: NDArray[np.bool_], stays: Stays) -> _Counted:
    """The last closing of each case and day, with the surveys of all closings of the case on that day."""
    case = cases.events.case
    rows = closing_rows(cases.start, day, cases.told.closing)
    rows = rows[about[case[rows]]]
    by_time = np.argsort(cases.row[rows])  # the events of a customer, in total order
    state = np.empty(len(rows), np.int32)
    asked = rows[by_time]
    owner = cases.customer[case[asked]]
    state[by_time] = states_at(owner, cases.at[asked], stays.start, stays.at, stays.to, stays.outside)
    surveys, score = _surveys(cases, day, about, rows)
    return _Counted(
        case=case[rows].astype(np.int64),
        event=rows,
        side=np.full(len(rows), _CLOSED, np.int8),
        state=state,
        from_day=day[rows],
        to_day=day[rows] + 1,
        surveys=surveys,
        survey_score=score,
    )


def _surveys(cases: Cases, day: NDArray[np.int32], about: NDArray[np.bool_], rows: Longs) -> tuple[Longs, Longs]:
    """How many surveys belong to each of these closings, and what they add up to."""
    case, closing_of = cases.events.case, cases.told.closing_of
    answered = np.flatnonzero((closing_of >= 0) & about[case])
    mixed = case.astype(np.int64) * (NEVER_DAY + 1) + day
    # Local days go back where clocks are put back over midnight, so rows in their order need not be in that of days.
    order = np.argsort(mixed[rows])
    place = order[np.searchsorted(mixed[rows], mixed[closing_of[answered]], sorter=order)]
    surveys, score = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    np.add.at(surveys, place, 1)
    np.add.at(score, place, cases.events.survey[answered])
    return surveys, score


def _values(cases: Cases) -> NDArray[np.int32]:
    """(n,) a code of all that a case is counted by."""
    told = cases.told
    mixed = np.zeros(len(cases.row), np.int64)
    for column in (told.severity, told.problem, told.cause, told.sentiment):
        codes = pa.array(column).dictionary_encode()
        mixed = mixed * max(1, len(codes.dictionary)) + codes.indices.to_numpy()
        mixed = pa.array(mixed).dictionary_encode().indices.to_numpy().astype(np.int64)
    return mixed.astype(np.int32)


def _ordered(parts: list[_Counted]) -> _Counted:
    """All spells, by case, day and side."""
    columns: list[NDArray[Any]] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    whole = _Counted(*columns)
    order = np.lexsort((whole.side, whole.from_day, whole.case))
    return _Counted(*(column[order] for column in columns))


def _spell_table(cases: Cases, track: Track, spells: _Counted) -> pa.Table:
    customer = cases.customer[spells.case]
    event = pa.array(spells.event)
    return pa.table(
        {
            "customer_id": cases.columns.customers.take(pa.array(customer)),
            "racetrack": pa.repeat(track.name, len(customer)),
            "n": numbered(customer),
            "case_n": cases.number[spells.case],
            "case_id": cases.case_id.take(pa.array(spells.case)),
            "side": pa.array(SIDES, pa.string()).take(pa.array(spells.side)),
            "stage": pa.array(track.stages, pa.string()).take(pa.array(spells.state)),
            "from_day": dates(spells.from_day),
            "to_day": dates(spells.to_day),
            **{role: cases.said(role).take(event) for role in ("severity", "problem", "cause")},
            "sentiment": or_null(cases.told.sentiment).take(event),
            "event": cases.position[spells.event],
            "surveys": spells.surveys,
            "survey_score": spells.survey_score,
        }
    )


class _Changes(NamedTuple):
    """Spells as changes: +1 on the day from which each counts, -1 on the day from which it does not."""

    spell: Longs
    day: NDArray[np.int32]
    sign: Longs


def _changes(spells: _Counted) -> _Changes:
    ends = np.flatnonzero(spells.to_day < NEVER_DAY)
    return _Changes(
        np.concatenate([np.arange(len(spells.case)), ends]),
        np.concatenate([spells.from_day, spells.to_day[ends]]),
        np.concatenate([np.ones(len(spells.case), np.int64), np.full(len(ends), -1)]),
    )


def _keys(track: Track, spells: _Counted, changes: _Changes) -> dict[str, Key]:
    whole = len(changes.spell)
    return {
        "racetrack": Key(np.zeros(whole, np.int64), pa.array([track.name])),
        "side": Key(spells.side[changes.spell], pa.array(SIDES)),
        "stage": Key(spells.state[changes.spell], pa.array(track.stages)),
        "day": day_key(changes.day),
    }


def _day_table(cases: Cases, spells: _Counted, changes: _Changes, keys: dict[str, Key]) -> pa.Table:
    score = cases.told.sentiment[spells.event]
    scored = score != NONE
    figures = {
        "cases": np.ones(len(score), np.int64),
        "scored": scored,
        "score": np.where(scored, score, 0),
        "negative": scored & (score <= NEGATIVE),
        "neutral": scored & (score > NEGATIVE) & (score < POSITIVE),
        "positive": scored & (score >= POSITIVE),
        "surveys": spells.surveys,
        "survey_score": spells.survey_score,
    }
    return tally(
        keys,
        {name: figure.astype(np.int64)[changes.spell] * changes.sign for name, figure in figures.items()},
    )


def _bucket_tables(cases: Cases, spells: _Counted, changes: _Changes, keys: dict[str, Key]) -> Iterator[pa.Table]:
    event = spells.event[changes.spell]
    for dimension in ("severity", "problem", "cause"):
        # Code 0 is: not said.
        code = Key(
            getattr(cases.told, dimension)[event] + 1, pa.concat_arrays([pa.array([""]), cases.names[dimension]])
        )
        named = Key(np.zeros(len(event), np.int64), pa.array([dimension]))
        yield tally(keys | {"dimension": named, "value": code}, {"cases": changes.sign})
