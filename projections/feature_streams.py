"""What happened to customers as the streams that features are made of, and the stays that they are features in.

It is made of what derivation has at hand anyway - columns, paths, cases, moves - so a model learns from the same that
it is asked with. Like everything on a racetrack, features see only the events that it is about.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.cases import CLOSED, SURVEYED, UPDATED
from raceline.analytics.features import NOTHING_SAID, OPEN, OPEN_IF_UNKNOWN, SHUT, Streams, said
from raceline.analytics.landmarks import NEVER, Stays
from raceline.analytics.race import Race
from raceline.domain.columns import Columns
from raceline.projections.cases import DOES, Cases
from raceline.projections.customer_paths import Paths
from raceline.projections.feature_list import FeatureList
from raceline.projections.feature_table import Source
from raceline.projections.move_kinds import exit_codes
from raceline.projections.paths_as_known import AsKnown, Told, beginnings, ping_pongs, turnarounds
from raceline.projections.race_facts import Field, Longs, matching_rows, numbers
from raceline.projections.race_rules import Matcher, Test, Track

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
_SCORE = 10_000  # sentiments are in ten-thousandths


class Made(NamedTuple):
    """What features are made of: their streams, and the stays of the same customers."""

    streams: Streams
    stays: Stays


class _Values(NamedTuple):
    """One stream, by customer and time. row: of the columns, -1 for what no event did. customer, at, known: None where
    they are those of the row."""

    row: Longs
    value: Floats
    customer: Codes | None = None
    at: Longs | None = None
    known: Longs | None = None


def stays_of(track: Track, race: Race) -> Stays:
    """The stays in the stages of a racetrack, by customer and time. customer: codes as in the columns."""
    inside = np.flatnonzero(race.to_state < track.program.stages)
    customer, stage = race.customer[inside], race.to_state[inside]
    later = np.minimum(inside + 1, len(race.customer) - 1)
    moved = (later > inside) & (race.customer[later] == customer)
    exits = exit_codes(track)[race.from_state[later], race.to_state[later]]
    return Stays(
        customer=customer,
        stage=stage,
        entered=race.at[inside],
        left=np.where(moved, race.at[later], NEVER),
        exit=np.where(moved, exits, -1).astype(np.int8),
        known=race.known_at[inside],
        visit=_visits(customer, stage, track.program.stages),
    )


def _visits(customer: Codes, stage: Codes, stages: int) -> Codes:
    """How many earlier stays of the customer were in the same stage."""
    key = customer.astype(np.int64) * stages + stage
    order = np.argsort(key, kind="stable")
    begin = np.flatnonzero(np.diff(key[order], prepend=-1))
    visit = np.empty(len(key), np.int32)
    visit[order] = np.arange(len(key)) - np.repeat(begin, np.diff(np.append(begin, len(key))))
    return visit


def streams_of(
    columns: Columns,
    paths: Paths,
    cases: Cases,
    track: Track,
    seen: Field,
    race: Race,
    features: FeatureList,
    live_since: int = NEVER,
) -> Made:
    """The streams of a list of features, in the order of its `sources`. columns: all events of the customers; paths,
    cases: of the same; seen, race: what the racetrack makes of them; live_since: as features are asked with it."""
    made = _Maker(columns, AsKnown(columns, paths, live_since), cases, track, seen, race, features)
    return Made(_laid(columns, [made.values(source) for source in features.sources]), stays_of(track, race))


def _laid(columns: Columns, parts: list[_Values]) -> Streams:
    """The streams one after the other."""
    count = len(columns.customers)
    owners = [columns.customer[part.row] if part.customer is None else part.customer for part in parts]
    before = np.cumsum([0, *(len(owner) for owner in owners)])
    codes = np.arange(count)
    starts = [np.searchsorted(owner, codes) + first for owner, first in zip(owners, before, strict=False)]
    at = [columns.occurred_at[part.row] if part.at is None else part.at for part in parts]
    known = [columns.recorded_at[part.row] if part.known is None else part.known for part in parts]
    return Streams(
        customers=count,
        start=np.concatenate([*starts, before[-1:]]).astype(np.int64),
        at=_joined(at, np.int64),
        recorded=_joined(known, np.int64),
        value=_joined([part.value for part in parts], np.float64),
        row=_joined([part.row for part in parts], np.int64),
    )


def _joined(parts: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *parts])


class _Maker:
    """Makes the values of each source."""

    def __init__(
        self,
        columns: Columns,
        known: AsKnown,
        cases: Cases,
        track: Track,
        seen: Field,
        race: Race,
        features: FeatureList,
    ) -> None:
        self.columns, self.known, self.paths, self.cases = columns, known, known.paths, cases
        self.track, self.seen, self.race, self.features = track, seen, race, features
        self.row = None if seen.kept.all() else np.flatnonzero(seen.kept)

    def values(self, source: Source) -> _Values:
        match source.kind:
            case "events":
                return self._events(source)
            case "pages":
                return self._pages()
            case "turnarounds":
                return self._told(turnarounds)
            case "ping_pongs":
                return self._told(ping_pongs)
            case "paths":
                return self._told(beginnings)
            case "resolved":
                last = self.paths.steps.event_start[1:] - 1
                return self._some(self.paths.row[last[self.paths.steps.resolved]])
            case "cases":
                return self._cases()
            case "case_events":
                does = self.cases.events.does == DOES[source.does]
                return self._some(np.sort(self.cases.row[self._about() & does]), everywhere=True)
            case "sentiment":
                return self._sentiment()
            case "stays":
                return self._stays()

    def _some(self, row: Longs, everywhere: bool = False) -> _Values:
        """Each of these rows of the columns counts 1; only those that the racetrack is about."""
        row = row if everywhere or self.row is None else row[self.seen.kept[row]]
        return _Values(row, np.ones(len(row)))

    def _told(self, told: Told) -> _Values:
        row, value, known = self.known.of(told)
        kept = self.seen.kept[row]
        return _Values(row[kept], value[kept], known=known[kept])

    def _pages(self) -> _Values:
        row = self._some(self.paths.row).row
        vocabulary = pa.array(self.features.vocabulary, pa.string())
        page = self.columns.texts["page"].take(pa.array(row))
        code = pc.index_in(page, value_set=vocabulary).fill_null(-1)
        return _Values(row, code.to_numpy().astype(np.float64))

    def _sentiment(self) -> _Values:
        score = self.columns.texts["sentiment"]
        row = np.flatnonzero(score.is_valid().to_numpy() & self.seen.kept)
        return _Values(row, score.take(pa.array(row)).to_numpy() / _SCORE)

    def _about(self) -> NDArray[np.bool_]:
        """(n,) which events are of cases that the racetrack is about."""
        cases = self.cases
        about: NDArray[np.bool_] = self.seen.kept[cases.row[cases.start[:-1]]][cases.events.case]
        return about

    def _cases(self) -> _Values:
        """What each event says of its case being open, and of its severity."""
        cases, scale = self.cases, self.track.racetrack.severities
        does, active = cases.events.does, cases.events.active
        opens = np.where(does == CLOSED, SHUT, np.where(does == SURVEYED, NOTHING_SAID, OPEN))
        updated = np.where(active == 1, OPEN, np.where(active == 0, SHUT, OPEN_IF_UNKNOWN))
        opens = np.where(does == UPDATED, updated, opens).astype(np.int8)
        texts = pa.array([str(one) for one in scale], pa.string())
        # A severity that is not on the scale comes after those that are.
        place = pc.index_in(cases.names["severity"], value_set=texts).fill_null(len(scale)).to_numpy()
        level = np.append(place, -1)[cases.events.severity].astype(np.int32)
        value, about = said(cases.events.case, opens, level), self._about()
        order = np.argsort(cases.row[about], kind="stable")
        return _Values(cases.row[about][order], value[about][order])

    def _stays(self) -> _Values:
        race = self.race
        inside = np.flatnonzero(race.to_state < self.track.program.stages)
        trigger = race.trigger[inside]
        row = trigger if self.row is None else np.where(trigger >= 0, np.append(self.row, -1)[trigger], -1)
        stage = race.to_state[inside].astype(np.float64)
        return _Values(row, stage, race.customer[inside], race.at[inside], race.known_at[inside])

    def _events(self, source: Source) -> _Values:
        seen, reads = self.seen, self.track.reads
        tests = {kind: self._tests(kind, source) for kind in source.types}
        found = dict(matching_rows(seen.columns, seen.kinds, Matcher(tests)))
        if not found:
            return _Values(np.empty(0, np.int64), np.empty(0))
        amounts = dict(zip(source.types, source.amounts, strict=False))
        row = _joined(list(found.values()), np.int64)
        if source.attribute is None:
            value = _joined([np.full(len(part), amounts.get(kind, 1.0)) for kind, part in found.items()], np.float64)
        else:
            texts = [
                seen.columns.texts[reads[kind][source.attribute]].take(pa.array(part)) for kind, part in found.items()
            ]
            value = _read(texts, source.codes)
        order = np.argsort(row, kind="stable")
        order = order[np.isfinite(value[order])]
        row = row[order]
        return _Values(row if self.row is None else self.row[row], value[order])

    def _tests(self, kind: str, source: Source) -> tuple[Test, ...]:
        reads, known = self.track.reads.get(kind, {}), self.features.kinds[kind]
        return tuple(Test(reads[name], known[name], predicate) for name, predicate in source.where)


def _read(texts: list[pa.ChunkedArray], codes: bool) -> Floats:
    """The values that texts are: true and false are 1 and 0, what is no number is nan; or codes of the texts."""
    whole = pa.chunked_array([chunk for one in texts for chunk in one.chunks], pa.string()).combine_chunks()
    encoded = whole.dictionary_encode()
    if codes:
        value = np.arange(len(encoded.dictionary), dtype=np.float64)
        return _at(value, encoded.indices)
    yes, no = (pc.equal(encoded.dictionary, word).to_numpy(zero_copy_only=False) for word in ("true", "false"))
    value = np.where(yes, 1.0, np.where(no, 0.0, numbers(encoded.dictionary)))
    return _at(value, encoded.indices)


def _at(value: Floats, indices: pa.Array) -> Floats:
    """The values of a dictionary in their places; nan where there is none."""
    found: Floats = np.append(value, np.nan)[indices.fill_null(-1).to_numpy()]
    return found
