"""Drift: whether the customers that a model predicts for are still like those that it was trained on.

What the live run counted, feature by feature and stage by stage, against the counts of the training: the population
stability index (analytics/drift.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from adbc_driver_manager.dbapi import Connection

from raceline.analytics.drift import Thresholds, stability, verdict
from raceline.analytics.incidence import Floats
from raceline.analytics.landmark_model import BASELINE
from raceline.domain import arrow
from raceline.domain.sql import statements
from raceline.projections.rows import Longs
from raceline.projections.scoring import Scoring

_SQL = statements("raceline.projections", "ledger.sql")
DAYS: Final = 7  # that are looked at together
THE_WEEK: Final = ""  # the feature that stands for the chance to move on within a week
_TITLE = "Chance to move on within a week"


class Drift(NamedTuple):
    """A feature in a stage. stability: the index, nan where it is not defined; rows: predictions that were counted."""

    stage: str
    feature: str
    title: str
    rows: int
    stability: float
    verdict: str


class Trained(NamedTuple):
    """What was counted when a model was trained. names: of its features, the chance to move on within a week last;
    edges, counts: as LandmarkModel has them; stages: names in its order; titles: by stage what its features are called,
    '' for one that a stage does not use."""

    names: Sequence[str]
    edges: Floats
    counts: Longs
    stages: Sequence[str]
    titles: Sequence[Sequence[str]]


def trained(scoring: Scoring, stages: Sequence[str]) -> Trained:
    """A model at work, with the stages of the racetrack that it was trained for. In stages that only have a curve
    nothing of a customer matters but the time, which goes on: nothing is told of them."""
    model = scoring.model
    names = [(*scoring.features.titles_of(n), _TITLE) for n in range(len(stages))]
    titles = [("",) * len(of) if model.tier[n] == BASELINE else of for n, of in enumerate(names)]
    return Trained((*model.names, THE_WEEK), model.drift_edges, model.drift_counts, stages, titles)


class Counted(NamedTuple):
    """What was counted of a model on some days. bins: by stage and feature the rows in each bin that has any."""

    from_day: date
    to_day: date
    bins: dict[tuple[str, str], dict[int, int]]


def counted(
    connection: Connection,
    racetrack: str = "",
    model: int | None = None,
    from_: date | None = None,
    to: date | None = None,
    days: int = DAYS,
) -> dict[tuple[str, int], Counted]:
    """What was counted, by racetrack and model, on the newest days between two that have any, at most so many.

    Without a racetrack of all of them. Raises LogUnavailable.
    """
    asked = {"racetrack": racetrack, "model": "" if model is None else str(model), "days": str(days)}
    between = {"from": str(from_ or "-infinity"), "to": str(to or "infinity")}
    arrow.settings(connection, {**asked, **between})
    found: dict[tuple[str, int], Counted] = {}
    for row in arrow.rows(connection, _SQL["drift"]).to_pylist():
        one = found.setdefault((row["racetrack"], row["model"]), Counted(row["from_day"], row["to_day"], {}))
        one.bins.setdefault((row["stage"], row["feature"]), {})[row["bin"]] = row["rows"]
    return found


def drift(model: Trained, seen: Counted, thresholds: Thresholds = Thresholds()) -> list[Drift]:  # noqa: B008
    """Every feature in every stage that anything was counted of, the least stable first, those of too few rows last."""
    found = []
    for (stage, feature), bins in seen.bins.items():
        if stage in model.stages and feature in model.names:
            of_stage, column = model.stages.index(stage), model.names.index(feature)
            if title := model.titles[of_stage][column]:
                index, rows = _stability(model, of_stage, column, bins)
                found.append(Drift(stage, feature, title, rows, index, verdict(index, rows, thresholds)))
    return sorted(found, key=_worst_first)


def _worst_first(one: Drift) -> tuple[bool, float, str, str]:
    return one.verdict == "TOO_FEW", -np.nan_to_num(one.stability, nan=-1.0), one.stage, one.feature


def _stability(model: Trained, stage: int, column: int, bins: Mapping[int, int]) -> tuple[float, int]:
    borders = model.edges[stage, column]
    size = int((~np.isnan(borders)).sum()) + 2
    now: Longs = np.zeros(size, np.int64)
    for place, rows in bins.items():
        now[place] = rows
    return stability(model.counts[stage, column, :size], now), int(now.sum())
