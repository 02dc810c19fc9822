"""Stays and censoring are built right, from events to what training learns of them: the EBMT example in small.

bench/ebmt.py is the same with the 2,204 patients and the published figures.
"""

from contextlib import closing
from datetime import timedelta

import numpy as np
from journeys import START, House, event
from pytest import approx

from raceline.analytics.aalen_johansen import aalen_johansen
from raceline.analytics.incidence import EXITS
from raceline.analytics.landmarks import landmarks, outcomes
from raceline.analytics.race import run
from raceline.domain import arrow
from raceline.domain.columns import ColumnReader
from raceline.projections.feature_streams import stays_of
from raceline.projections.in_force import with_racetracks
from raceline.projections.race_facts import field

NEXT, OUT, OPEN = EXITS.index("NEXT"), EXITS.index("OUT"), -1
DAY = 24 * 60
END = 100  # days after START

TRACK = """
name: transplant
title: After a transplant
stages: {transplanted: {title: Transplanted}, recovered: {title: Recovered}}
rules:
  is_transplanted: {title: Transplanted, stage: transplanted, when: {event: web.page_viewed, where: {page: transplant}}}
  has_recovered: {title: Recovered, stage: recovered, when: {event: web.page_viewed, where: {page: recovery}}}
exits:
  ended: {title: Relapse or death, when: {event: web.page_viewed, where: {page: end}}}
"""
# Of each patient: days until recovery, days until relapse or death, days followed; None: not seen.
PATIENTS = {
    "a": (20, None, 90), "b": (20, 50, 60), "c": (None, 30, 30), "d": (None, None, 25), "e": (7, None, 7.5),
    "f": (None, 20, 40), "g": (40, 41, 41),
}  # fmt: skip


def patients():
    """Their events: each transplanted as long before the end as they were followed."""
    for name, (recovered, ended, followed) in PATIENTS.items():
        for page, day in (("transplant", 0), ("recovery", recovered), ("end", ended)):
            if day is not None:
                yield event(f"{name}-{page}", name, int((END - followed + day) * DAY), page=page)


def watched(url, house, until):
    version = house.racetracks.registry().get("transplant")
    (track,) = (rules := with_racetracks(house.rules, house.catalogue, (version,))).tracks
    with arrow.connect(url) as connection:
        columns = ColumnReader(connection, house.catalogue, rules.wanted).of(PATIENTS, house.log.head())
    columns = columns.where(columns.occurred_at <= until)
    seen = field(columns, track)
    stays = stays_of(track, run(track.program, seen.facts, until))
    entries = landmarks(stays, np.empty(0, np.int64), until)
    names = columns.customers.take(stays.customer[entries.stay]).to_pylist()
    return names, stays.stage[entries.stay].tolist(), outcomes(stays, entries, until)


def told(names, stages, became):
    rows = zip(names, stages, np.round(became.days, 6).tolist(), became.exit.tolist(), strict=True)
    return {(name, stage): (days, exit_) for name, stage, days, exit_ in rows}


def test_every_stay_has_its_length_its_exit_and_how_long_it_was_watched(database):
    end = START + timedelta(days=END)
    with closing(House(database)) as house:
        house.activate(TRACK)
        house.take(reversed(list(patients())))
        names, stages, became = watched(database, house, int(end.timestamp()) * 1_000_000)
        earlier = told(*watched(database, house, int((end - timedelta(days=20)).timestamp()) * 1_000_000))
    assert told(names, stages, became) == {
        ("a", 0): (20, NEXT), ("a", 1): (70, OPEN),
        ("b", 0): (20, NEXT), ("b", 1): (30, OUT),
        ("c", 0): (30, OUT), ("d", 0): (25, OPEN),
        ("e", 0): (7, NEXT), ("e", 1): (0.5, OPEN),
        ("f", 0): (20, OUT), ("g", 0): (40, NEXT), ("g", 1): (1, OUT),
    }  # fmt: skip
    followed = [PATIENTS[name][2] - stage * (PATIENTS[name][0] or 0) for name, stage in zip(names, stages, strict=True)]
    assert became.follow == approx(followed), "until the end of watching, whatever happened before"
    assert earlier == {
        ("a", 0): (20, NEXT), ("a", 1): (50, OPEN), ("b", 0): (20, NEXT), ("b", 1): (20, OPEN),
        ("c", 0): (10, OPEN), ("d", 0): (5, OPEN), ("f", 0): (20, OUT), ("g", 0): (21, OPEN),
    }, "what comes after the end is not known, and who comes after it is not there"  # fmt: skip
    first = np.array(stages) == 0
    curves = aalen_johansen(became.days[first], became.exit[first])
    assert curves.at_risk[curves.days == 20].tolist() == [6]
    # 1 of 7 recovers on day 7, 2 of 6 on day 20, the last on day 40; 1 of 6 ends on day 20, 1 of 2 on day 30.
    assert curves.incidence[-1, [NEXT, OUT]] == approx([9 / 14, 5 / 14])
