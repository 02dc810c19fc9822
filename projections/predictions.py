"""Predictions: where each customer stands now, what is known of them, and what the model in force makes of it (design,
section 8).

The landmark of a prediction is the last of three moments: the start of the current local day, the customer's newest
event before the end of that day, the entry into the stay. So it depends on the clock by its local day alone: a source
whose clock is fast gives the same prediction in the live run, in a replay and whenever it is asked for.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics import incidence as incidences
from raceline.analytics.features import NEVER, Floats, Plan, Streams, features
from raceline.analytics.incidence import EXITS, K
from raceline.analytics.landmark_model import TIERS, score
from raceline.analytics.race import Race, run
from raceline.domain.columns import Columns
from raceline.projections.cases import Cases, cases_of
from raceline.projections.customer_paths import Paths, paths_of
from raceline.projections.feature_streams import streams_of
from raceline.projections.race_facts import Field, field, local_days, midnights
from raceline.projections.race_rules import Track
from raceline.projections.rows import Longs, dates, lists, moments, named
from raceline.projections.rules import Rules
from raceline.projections.scoring import Scoring
from raceline.projections.tables import PREDICTIONS

_DAY = 86_400_000_000
_NEXT = EXITS.index("NEXT")


class Standing(NamedTuple):
    """The n customers who are in a stage, in the order of their codes, and what is known of them at their landmarks.

    customer, stage: codes; entered, at: of the stay and of the landmark, microseconds since 1970; day: the local day
    that the landmark is of, in days since 1970; position: the highest one of the events up to the landmark; features:
    (n, f) by `plan` from `streams`, where `wanted` has a row for each stage.
    """

    customer: NDArray[np.int32]
    stage: NDArray[np.int32]
    entered: Longs
    at: Longs
    day: int
    position: Longs
    features: Floats
    streams: Streams
    plan: Plan


class Predicted(NamedTuple):
    """What a model predicts of customers. incidence: (n, K, E), as the rows of `table`."""

    track: Track
    scoring: Scoring
    standing: Standing
    incidence: Floats
    table: pa.Table


def predictions_for(columns: Columns, rules: Rules, clock: int) -> Iterator[Predicted]:
    """What the models in force predict of customers, by their events alone; clock: microseconds since 1970."""
    for track, scoring, standing in standings_for(columns, rules, clock):
        yield predicted(columns, track, scoring, standing)


def standings_for(columns: Columns, rules: Rules, clock: int) -> Iterator[tuple[Track, Scoring, Standing]]:
    """Of each racetrack with a model in force, where customers stand."""
    tracks = [track for track in rules.tracks if track.name in rules.models]
    if tracks:
        paths, cases = paths_of(columns, rules.session_gap), cases_of(columns, rules.cases)
    for track in tracks:
        seen, scoring = field(columns, track), rules.models[track.name]
        race = run(track.program, seen.facts, clock, revision_budget=0)  # since when stays are known is not asked
        yield track, scoring, standing_now(columns, paths, cases, track, seen, race, clock, scoring)


def standing_now(
    columns: Columns, paths: Paths, cases: Cases, track: Track, seen: Field, race: Race, clock: int, scoring: Scoring
) -> Standing:
    """Where customers stand on a racetrack, and their features. columns: all events of the customers; seen, race: what
    the racetrack makes of those that it is about, up to the clock."""
    last = np.flatnonzero(np.append(np.diff(race.customer) != 0, True)[: len(race.customer)])
    last = last[race.to_state[last] < track.program.stages]
    customer, stage, entered = race.customer[last], race.to_state[last], race.at[last]
    day, at = _landmarks(columns, track.racetrack.time_zone, clock, customer, entered)
    streams = streams_of(columns, paths, cases, track, seen, race, scoring.features).streams
    plan = scoring.features.plan
    return Standing(
        customer=customer,
        stage=stage,
        entered=entered,
        at=at,
        day=day,
        position=_highest(columns, customer, at),
        features=features(streams, plan, customer, at, entered, NEVER, stage),
        streams=streams,
        plan=plan,
    )


def predicted(columns: Columns, track: Track, scoring: Scoring, standing: Standing) -> Predicted:
    """What a model predicts, as rows of the table `predictions`."""
    customer, stage = standing.customer, standing.stage
    found = score(scoring.model, stage, standing.features)
    rows, size = len(customer), found[0].size if len(found) else K * len(EXITS)
    median, if_next = incidences.median_days(found), incidences.expected_days_if(found, _NEXT)
    table = pa.table(
        {
            "customer_id": columns.customers.take(pa.array(customer)),
            "racetrack": pa.repeat(track.name, rows),
            "version": np.full(rows, track.version, np.int64),
            "model": np.full(rows, scoring.version, np.int64),
            "stage": named(pa.array(track.stages, pa.string()), stage),
            "tier": named(pa.array(TIERS, pa.string()), scoring.model.tier[stage].astype(np.int64)),
            "entered_at": moments(standing.entered),
            "computed_at": moments(standing.at),
            "day": dates(np.full(rows, standing.day)),
            "position": standing.position,
            "days_in_stage": (standing.at - standing.entered) / _DAY,
            "incidence": lists(np.arange(rows + 1) * size, found.ravel()),
            "expected_days": incidences.expected_days(found),
            "median_days": pa.array(median, mask=np.isnan(median)),
            "expected_days_if_next": pa.array(if_next, mask=np.isnan(if_next)),
        },
        schema=PREDICTIONS,
    )
    return Predicted(track, scoring, standing, found, table)


def local_day(clock: int, zone: str) -> int:
    """The day that a moment falls on in a time zone, in days since 1970."""
    return int(local_days(np.array([clock]), zone)[0])


def day_starts(day: int, zone: str) -> int:
    """When a local day begins, in microseconds since 1970."""
    return int(midnights(np.array([day]), zone)[0])


def _landmarks(
    columns: Columns, zone: str, clock: int, customer: NDArray[np.int32], entered: Longs
) -> tuple[int, Longs]:
    day = local_day(clock, zone)
    before = columns.occurred_at < day_starts(day + 1, zone)
    count = np.bincount(columns.customer[before], minlength=len(columns.customers))[customer]
    newest = np.searchsorted(columns.customer, customer) + count - 1  # events of a customer are in order of time
    at = np.where(count > 0, columns.occurred_at[newest], entered)
    return day, np.maximum(np.maximum(at, entered), day_starts(day, zone))


def _highest(columns: Columns, customer: NDArray[np.int32], at: Longs) -> Longs:
    """The highest position of the events of each customer up to a moment."""
    until = np.full(len(columns.customers), np.iinfo(np.int64).min)
    until[customer] = at
    used = np.where(columns.occurred_at <= until[columns.customer], columns.position, 0)
    highest = np.zeros(len(columns.customers), np.int64)
    if len(used):
        present = np.flatnonzero(np.diff(columns.customer, prepend=-1))
        highest[columns.customer[present]] = np.maximum.reduceat(used, present)
    found: Longs = highest[customer]
    return found
