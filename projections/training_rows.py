"""Rows to learn from and rows to be judged by: landmarks in the stays of all customers, their features and outcomes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.features import Streams, features
from raceline.analytics.landmark_model import TrainingSet
from raceline.analytics.landmarks import Count, Landmarks, Moments, Stays, landmarks, outcomes, possible
from raceline.analytics.race import Race, run
from raceline.analytics.stay_at import stay_at
from raceline.domain.columns import ColumnReader, Columns
from raceline.projections import race_facts
from raceline.projections.cases import cases_of
from raceline.projections.customer_paths import paths_of
from raceline.projections.experiments import Trials
from raceline.projections.feature_list import FeatureList
from raceline.projections.feature_streams import stays_of, streams_of
from raceline.projections.race_facts import Field
from raceline.projections.rows import Longs
from raceline.projections.rules import Rules
from raceline.projections.training_span import Draw, Span, drawn, midnights_until

Pages = Mapping[str, tuple[str, ...]]
Progress = Callable[[int], None]  # told how many events were read
MOST_PAGES = 8  # of a stage
NONE = Count(0, 0)


class Rows(NamedTuple):
    """n rows. customer, stay: (n,) numbers over all that was read. As analytics/landmark_model.py has them."""

    stage: NDArray[np.int32]
    customer: NDArray[np.int32]
    features: NDArray[np.float64]
    days: NDArray[np.float64]
    exit: NDArray[np.int8]
    follow: NDArray[np.float64]
    stay: NDArray[np.int64]
    of_event: NDArray[np.bool_]

    def training_set(self) -> TrainingSet:
        """What a model is made of."""
        return TrainingSet(*self)


@dataclass(frozen=True)
class Plan:
    """What rows are made of. rules: racing on the one racetrack; held_out_from: the local midnight that parts what is
    learned from what is held out."""

    rules: Rules
    span: Span
    held_out_from: int
    seed: int

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the racetrack's stages."""
        return tuple(self.rules.tracks[0].racetrack.stages)


@dataclass
class Survey:
    """What there is. learned, held_out: how many landmarks; pages: of each stage and page, the customers who saw it;
    trials: of experiments, with all customers."""

    learned: Count = NONE
    held_out: Count = NONE
    customers: int = 0
    pages: Counter[tuple[int, str]] = field(default_factory=Counter)
    trials: Trials = field(default_factory=Trials)

    def most_seen(self, stages: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """The pages of each stage that most customers saw, most first; equals by name."""
        order = sorted(self.pages.items(), key=lambda one: (-one[1], one[0][1]))
        found = {name: tuple(page for (code, page), _ in order if code == n) for n, name in enumerate(stages)}
        return {name: pages[:MOST_PAGES] for name, pages in found.items()}


class _Chunk(NamedTuple):
    """Customers, and how a racetrack sees their events."""

    columns: Columns
    seen: Field
    race: Race
    stays: Stays
    draw: Draw
    midnights: Longs
    moments: Moments


class _Part(NamedTuple):
    """Stays of a chunk that landmarks before `until` are taken from; row: which of the chunk's they are."""

    stays: Stays
    row: Longs
    until: int


def chunks(reader: ColumnReader, plan: Plan, size: int, progress: Progress) -> Iterator[Columns]:
    """The events of all customers, about `size` at a time; the next ones are read beside what is done with these."""
    ranges = reader.chunks(plan.span.cut_off, size)
    with ThreadPoolExecutor(1, "raceline-read") as reading:
        ahead = None
        for n in range(len(ranges) + 1):
            columns = None if ahead is None else ahead.result()
            if n < len(ranges):
                ahead = reading.submit(reader.between, *ranges[n][:2], plan.span.cut_off)
            if columns is not None:
                progress(ranges[n - 1][2])
                yield columns.where(columns.occurred_at <= plan.span.until)


def survey(columns: Iterator[Columns], plan: Plan) -> Survey:
    """Count what there is to learn from, before any of it is made."""
    found = Survey()
    for some in columns:
        chunk = _chunk(some, plan)
        learned, held_out = (_part(chunk, plan, held_out=which) for which in (False, True))
        found.learned = _more(found.learned, chunk, learned, plan)
        found.held_out = _more(found.held_out, chunk, held_out, plan)
        found.customers += len(some.customers)
        _count_pages(found.pages, chunk, plan)
        found.trials.add(plan.rules.tracks[0], chunk.seen, chunk.stays, plan.span.until)
    return found


def rows_of(columns: Iterator[Columns], plan: Plan, found: Survey, listed: FeatureList, most: int) -> tuple[Rows, Rows]:
    """The rows to learn from, at most about `most`, and those to be judged by, at most about a quarter as many; of both
    about half are moments of events, where there are enough, and each of a kind has the same chance."""
    both = [
        _Filled(count, limit, len(listed.names)) for count, limit in ((found.learned, most), (found.held_out, most / 4))
    ]
    first, first_stay = 0, 0
    for some in columns:
        chunk = _chunk(some, plan)
        made = streams_of(
            some, paths_of(some, plan.rules.session_gap), cases_of(some, plan.rules.cases), plan.rules.tracks[0],
            chunk.seen, chunk.race, listed, plan.span.live_since,
        )  # fmt: skip
        for filled, held_out in zip(both, (False, True), strict=True):
            part = _part(chunk, plan, held_out=held_out)
            taken = landmarks(
                part.stays, chunk.midnights, part.until, plan.span.live_since, filled.keep, plan.seed, chunk.draw.key,
                chunk.moments,
            )  # fmt: skip
            rows = _rows(chunk, made.streams, listed, part, taken, plan)
            filled.add(rows._replace(customer=rows.customer + np.int32(first), stay=rows.stay + first_stay))
        first, first_stay = first + len(some.customers), first_stay + len(chunk.stays.customer)
    return both[0].rows(), both[1].rows()


def _chunk(columns: Columns, plan: Plan) -> _Chunk:
    track = plan.rules.tracks[0]
    seen = race_facts.field(columns, track)
    race = run(track.program, seen.facts, plan.span.until)
    stays = stays_of(track, race)
    oldest = int(stays.entered.min(initial=plan.span.until))
    days = midnights_until(oldest, plan.span.until, track.racetrack.time_zone)
    start = np.searchsorted(columns.customer, np.arange(len(columns.customers) + 1))
    moments = Moments(start, columns.occurred_at, columns.recorded_at)  # whatever happened, as predictions are made
    return _Chunk(columns, seen, race, stays, drawn(columns.customers, plan.seed), days, moments)


def _more(count: Count, chunk: _Chunk, part: _Part, plan: Plan) -> Count:
    more = possible(part.stays, chunk.midnights, part.until, plan.span.live_since, chunk.moments)
    return Count(count.days + more.days, count.moments + more.moments)


def _part(chunk: _Chunk, plan: Plan, *, held_out: bool) -> _Part:
    """The stays to learn from, until the border; or those to be judged by: all of the customers who are held out, and
    of the others what is beyond the border."""
    stays, parted = chunk.stays, plan.held_out_from
    apart = chunk.draw.held_out[stays.customer]
    row = np.flatnonzero(apart | (stays.left > parted) if held_out else ~apart & (stays.entered < parted))
    some = Stays._make(column[row] for column in stays)
    if held_out:
        entered = np.where(apart[row], some.entered, np.maximum(some.entered, parted))
        return _Part(some._replace(entered=entered), row, plan.span.until)
    return _Part(some, row, parted)


def _rows(chunk: _Chunk, streams: Streams, listed: FeatureList, part: _Part, taken: Landmarks, plan: Plan) -> Rows:
    """With customers and stays by their numbers in the chunk."""
    stays = chunk.stays
    stay = part.row[taken.stay]
    customer, stage = stays.customer[stay], stays.stage[stay]
    became = outcomes(part.stays, taken, part.until)
    made = features(
        streams, listed.plan, customer, taken.at, stays.entered[stay], plan.span.live_since, stage, taken.known
    )
    return Rows(stage, customer, made, became.days, became.exit, became.follow, stay, taken.of_event)


def _count_pages(counted: Counter[tuple[int, str]], chunk: _Chunk, plan: Plan) -> None:
    """Add the customers who saw a page in a stage, of those and of the time that is learned from."""
    columns, stays = chunk.seen.columns, chunk.stays
    row = np.flatnonzero(columns.texts["page"].is_valid().to_numpy() & (columns.occurred_at < plan.held_out_from))
    customer, at = columns.customer[row], columns.occurred_at[row]
    start = np.searchsorted(stays.customer, np.arange(len(columns.customers) + 1))
    stay = stay_at(start, stays.entered, stays.left, customer.astype(np.int64), at)
    kept = (stay >= 0) & ~chunk.draw.held_out[customer]
    pages = columns.texts["page"].take(pa.array(row[kept])).combine_chunks().dictionary_encode()
    names = pages.dictionary.to_pylist()
    each = np.stack([stays.stage[stay[kept]], pages.indices.to_numpy(), customer[kept]]).astype(np.int64)
    seen = np.unique(each, axis=1)[:2]
    keys, customers = np.unique(seen, axis=1, return_counts=True)
    for stage, page, count in zip(*keys.tolist(), customers.tolist(), strict=True):
        counted[stage, names[page]] += count


class _Filled:
    """Rows that grow chunk by chunk, in arrays that are there from the start: twice of them would be too much."""

    def __init__(self, count: Count, most: float, width: int) -> None:
        self.keep = count.shares(most)
        room = sum(
            many if share == 1 else int(many * share + 10 * np.sqrt(many) + 10)
            for many, share in zip(count, self.keep, strict=True)
        )
        self._rows = Rows(
            np.empty(room, np.int32), np.empty(room, np.int32), np.empty((room, width)), np.empty(room),
            np.empty(room, np.int8), np.empty(room), np.empty(room, np.int64), np.empty(room, np.bool_),
        )  # fmt: skip
        self._size = 0

    def add(self, some: Rows) -> None:
        first, self._size = self._size, self._size + len(some.stage)
        columns: Iterable[NDArray[Any]] = self._rows
        for column, values in zip(columns, some, strict=True):
            column[first : self._size] = values

    def rows(self) -> Rows:
        return Rows._make(column[: self._size] for column in self._rows)
