"""A model learns from the moments at which predictions are made, with what is known then."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from journeys import House
from walkers import WALK, walkers

from raceline.analytics.race import run
from raceline.domain import arrow
from raceline.domain.columns import ColumnReader
from raceline.projections.cases import cases_of
from raceline.projections.customer_paths import paths_of
from raceline.projections.feature_list import feature_list
from raceline.projections.in_force import with_racetracks
from raceline.projections.predictions import standing_now
from raceline.projections.race_facts import field
from raceline.projections.rules import SCORE
from raceline.projections.training_rows import Plan, rows_of, survey
from raceline.projections.training_span import span_of

SECOND = 1_000_000
LAG = 90 * SECOND


def opened(url, envelopes):
    house = House(url)
    house.activate(WALK)
    house.take(envelopes)
    return house


@pytest.fixture(scope="module")
def live(databases):
    """What training sees of a log that was fed as things happened, each event recorded after a while."""
    with databases() as url:
        house = opened(url, walkers(8))
        version = house.racetracks.registry().default
        raced = with_racetracks(house.rules, house.catalogue, (version,))
        with arrow.connect(url) as connection:
            columns = ColumnReader(connection, house.catalogue, raced.wanted, SCORE).between("", "\U0010ffff", 2**62)
            span = span_of(connection, None, None, 0)
        house.close()
    columns = replace(columns, recorded_at=columns.occurred_at + LAG)
    end = span.until + 10 * LAG
    plan = Plan(raced, span._replace(until=end), end, 0)
    listed = feature_list(house.catalogue, version.racetrack, {})
    return columns, plan, listed


def test_a_prediction_is_made_of_a_landmark_and_goes_by_what_the_model_learned_from(live):
    columns, plan, listed = live
    found = survey(iter([columns]), plan)
    learned, held_out = rows_of(iter([columns]), plan, found, listed, 10**6)
    rows = {row.tobytes() for rows in (learned, held_out) for row in rows.features}
    track, asked = plan.rules.tracks[0], 0
    for position in np.sort(columns.position)[::3].tolist():
        told = columns.up_to(position)
        newest = int(np.flatnonzero(told.position == position)[0])
        if told.occurred_at[newest] // (86_400 * SECOND) != told.recorded_at[newest] // (86_400 * SECOND):
            continue  # recorded on the next day: predictions are of that day's beginning by then
        seen, clock = field(told, track), int(told.recorded_at[newest])
        race, paths = run(track.program, seen.facts, clock), paths_of(told, plan.rules.session_gap)
        scoring, cases = SimpleNamespace(features=listed), cases_of(told, plan.rules.cases)
        standing = standing_now(told, paths, cases, track, seen, race, clock, scoring)
        here = np.flatnonzero(standing.customer == told.customer[newest])
        assert len(here) == 1
        assert standing.features[here[0]].tobytes() in rows
        asked += 1
    assert asked > 40
