"""The bone-marrow transplants of EBMT as customers on a racetrack: are stays and censoring built right?

python bench/ebmt.py [--data ../shared/data]

The standard example of multi-state models (R package mstate; de Wreede, Fiocco and Putter, Journal of Statistical
Software 38, 2011): patients are transplanted, platelets recover (PR), and at any time they relapse or die. Each patient
becomes one to three events, ebmt_racetrack.yaml makes stages of them, and the stays and outcomes are the very ones that
training learns from. Patients are followed for unequally long and a log ends for all at once, so each is transplanted
as long before the end as they were followed.

Compared are the published numbers of transitions, and the published coefficients of a Cox model of the first
transition, whose ties are broken as Breslow (Biometrics 30, 1974) has it. Exit status 1 when something differs.
"""

import argparse
import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from scratch import database, folder
from served import Report

from raceline.analytics.aalen_johansen import aalen_johansen
from raceline.analytics.incidence import EXITS, E
from raceline.analytics.landmarks import Outcomes, Stays, landmarks, outcomes
from raceline.analytics.race import run
from raceline.app.definition import read_definition
from raceline.app.runtime import Runtime, runtime
from raceline.app.settings import read_settings
from raceline.domain import arrow
from raceline.domain.columns import ColumnReader
from raceline.projections.feature_streams import stays_of
from raceline.projections.in_force import with_racetracks
from raceline.projections.race_facts import field

PATIENTS = Path("ebmt/ebmt3.csv")
HERE = Path(__file__).parent
CATALOGUE, RACETRACK = HERE / "ebmt_catalogue.yaml", HERE / "ebmt_racetrack.yaml"
END = datetime(2020, 1, 1, 12, tzinfo=UTC)
NEXT, OUT = EXITS.index("NEXT"), EXITS.index("OUT")
TICKS = 10_000  # of a day, to order what happens on the same day
# ../shared/data/README.md, from the documentation of mstate.
PUBLISHED = {
    "dissub1": -0.04359, "dissub2": -0.29724, "age1": -0.16461, "age2": -0.08979, "drmatch": 0.04575, "tcd": 0.42907,
}  # fmt: skip
COVARIATES = {
    "dissub1": ("dissub", "ALL"), "dissub2": ("dissub", "CML"), "age1": ("age", "20-40"), "age2": ("age", ">40"),
    "drmatch": ("drmatch", "Gender mismatch"), "tcd": ("tcd", "TCD"),
}  # fmt: skip


def events(patient: dict[str, str]) -> list[dict[str, Any]]:
    """What happened to a patient, who was followed until the end."""
    number, followed = patient["id"], float(patient["rfstime"])
    found = [("transplant.done", 0.0)]
    if patient["prstat"] == "1":
        found.append(("transplant.platelets_recovered", float(patient["prtime"])))
    if patient["rfsstat"] == "1":
        found.append(("transplant.relapsed_or_died", followed))
    return [
        {
            "event_id": f"{number}/{type_}",
            "type": type_,
            "customer_id": f"patient-{int(number):04}",
            "occurred_at": (END - timedelta(days=followed - day)).isoformat(),
            "data": {name: patient[name] for name in ("dissub", "age", "drmatch", "tcd")} if day == 0 else {},
        }
        for type_, day in found
    ]


def watched(store: Runtime) -> tuple[list[str], Stays, Outcomes]:
    """Patients, their stays, and what became of each stay since it was entered: as training sees them at the end."""
    definition = read_definition(str(RACETRACK), store.catalogue)
    published = store.racetracks.publish(definition.racetrack, definition.text, "bench")
    rules = with_racetracks(
        store.rules, store.catalogue, (store.racetracks.registry().find(published.name, published.version),)
    )
    until = int(END.timestamp()) * 1_000_000
    with arrow.connect(store.url) as connection:
        reader = ColumnReader(connection, store.catalogue, rules.wanted)
        head = store.log.head()
        (whole,) = reader.chunks(head, 1_000_000)
        columns = reader.between(*whole[:2], head)
    seen = field(columns, rules.tracks[0])
    stays = stays_of(rules.tracks[0], run(rules.tracks[0].program, seen.facts, until))
    entries = landmarks(stays, np.empty(0, np.int64), until)
    if entries.stay.tolist() != list(range(len(stays.customer))):
        raise SystemExit("not every stay has its entry as the first landmark")
    return columns.customers.to_pylist(), stays, outcomes(stays, entries, until)


def expect_counts(report: Report, stays: Stays, became: Outcomes) -> None:
    """The transitions that mstate's `events` tells of these data."""
    for stage, name, wanted in ((0, "Tx", (2_204, 1_169, 458, 577)), (1, "PR", (1_169, 0, 383, 786))):
        exits = became.exit[stays.stage == stage]
        found = (len(exits), int((exits == NEXT).sum()), int((exits == OUT).sum()), int((exits == -1).sum()))
        report.compare(f"stays {name}", wanted, found, "all / to PR / to relapse or death / no event; published")
    told = aalen_johansen(became.days[stays.stage == 0], became.exit[stays.stage == 0], exits=E)
    report.compare("curves: who left Tx", (1_169.0, 458.0), tuple(told.left.sum(axis=0)[[NEXT, OUT]]), "Aalen-Johansen")


def expect_durations(report: Report, patients: list[dict[str, str]], became: Outcomes) -> None:
    """Days in each stage, patient by patient, straight from the file."""
    wanted = []
    for patient in patients:
        recovered, followed = patient["prstat"] == "1", float(patient["rfstime"])
        wanted.append(float(patient["prtime"]) if recovered else followed)
        wanted += [followed - float(patient["prtime"])] if recovered else []
    error = float(np.abs(became.days - np.array(wanted)).max()) if len(wanted) == len(became.days) else np.inf
    report.compare("days of every stay, microseconds off", 0, round(error * 86_400e6), "against the file")


def expect_cox(report: Report, patients: list[dict[str, str]], stays: Stays, became: Outcomes) -> None:
    first = stays.stage == 0
    days, moved = np.round(became.days[first]).astype(int), became.exit[first] == NEXT
    table = pd.DataFrame(
        {
            name: [float(patient[column] == value) for patient in patients]
            for name, (column, value) in COVARIATES.items()
        }
    )
    fitted = CoxPHFitter().fit(breslow(table, days, moved), "until", "moved", entry_col="since").params_
    for name, wanted in PUBLISHED.items():
        report.compare(f"Cox, Tx to PR: {name}", wanted, round(float(fitted[name]), 5), "Breslow ties; published")


def breslow(table: pd.DataFrame, days: np.ndarray, moved: np.ndarray) -> pd.DataFrame:
    """Rows for lifelines, which knows Efron's way with ties alone, so that it gives Breslow's.

    Breslow: each of several who move on a day is compared with everybody who was there that day. So they move one after
    the other within the day, and who has moved stays at risk, as a row that does not move, until the last has.
    """
    order = np.lexsort((np.arange(len(days)), ~moved, days))
    tick = np.empty(len(days), int)
    starts = np.searchsorted(days[order], days[order])
    tick[order] = np.arange(len(days)) - starts + 1  # those who move are the first of their day
    movers = np.bincount(days[moved], minlength=days.max() + 1)[days]
    own = table.assign(since=0, until=days * TICKS + np.where(moved, tick, movers + 1), moved=moved)
    stay = moved & (tick < movers)
    rest = table[stay].assign(since=(days * TICKS + tick)[stay], until=(days * TICKS + movers)[stay], moved=False)
    return pd.concat([own, rest], ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Read the EBMT example as a racetrack, and compare with what is published."
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    path = parser.parse_args().data / PATIENTS
    if not path.is_file():
        print(f"There is no {path}, so there is nothing to do; name the folder of the data with --data.")
        return
    with path.open(newline="") as file:
        patients = sorted(csv.DictReader(file), key=lambda one: int(one["id"]))
    report, made = Report(), [event for patient in patients for event in events(patient)]
    with folder() as home, database(home) as url, runtime(
        read_settings(database_url=url, catalogue=(CATALOGUE,), racetrack="none")
    ) as store:  # fmt: skip
        raws = [json.dumps(event).encode() for event in made]
        taken = report.timed("ingest", lambda: store.ingest.record(raws, source="ebmt", place="bench"), len(raws))
        report.compare(
            "events", len(made), sum(one.outcome == "accepted" for one in taken), "one to three of each patient"
        )
        names, stays, became = report.timed("stays and outcomes", lambda: watched(store), len(raws))
    report.compare("patients", 2_204, len(names), "published")
    expect_counts(report, stays, became)
    expect_durations(report, patients, became)
    report.timed("Cox", lambda: expect_cox(report, patients, stays, became))
    sys.exit(0 if report.show() else 1)


if __name__ == "__main__":
    main()
