"""What others make of the same customers: the curve of each stage, and the models of lifelines.

Each model is fitted for each stage, and apart for moves to the next stage and for other exits (cause-specific), as
competing risks want it; a move to the next stage ends being watched for the other, and the other way round. What comes
out is put together to incidences: no 1 - Kaplan-Meier. All get the features of ours, logarithms of counts, and marks
where a value is missing. Cox and Weibull learn from the features at entry; the time-varying Cox from those of every
midnight, in whole days, and what it says of a customer holds the features of today for all days to come.
"""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, CoxTimeVaryingFitter, WeibullAFTFitter
from predictions_world import HORIZON, NAMES, STAGES, People

from raceline.analytics.aalen_johansen import aalen_johansen, conditional
from raceline.analytics.incidence import BIN_ENDS, E, expected_days

PENALTY = 0.001
_BINARY = ("open_cases", "success_manager", "segment", "page_1", "page_2", "size", "sentiment")


class Said(NamedTuple):
    """Of midnights: the chance of the next stage by BIN_ENDS (n, K), and the mean days up to HORIZON (n,)."""

    next: np.ndarray
    days: np.ndarray


class Stays(NamedTuple):
    """Stays of one stage that saw a midnight: the rows of all of theirs, of the first, days, and exit."""

    rows: np.ndarray
    first: np.ndarray
    days: np.ndarray
    exit: np.ndarray


Hazard = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of covariates (n, v) and days (n, d): cumulative (n, d)


def curves(learned: People, asked: People, rows: np.ndarray) -> Said:
    """Aalen and Johansen by stage, of those who have been there for so long."""
    found = np.zeros((len(rows), len(BIN_ENDS), E))
    for s in range(STAGES):
        of = learned.of_stage == s
        curve = aalen_johansen((learned.left - learned.entered)[of], learned.exit[of])
        here = asked.stage[rows] == s
        found[here] = conditional(curve, asked.features[rows[here], 0].astype(float))
    return Said(found[:, :, 0], expected_days(found))


def cox(learned: People, asked: People, rows: np.ndarray) -> Said:
    return _by_stage(_cox, learned, asked, rows)


def weibull(learned: People, asked: People, rows: np.ndarray) -> Said:
    return _by_stage(_weibull, learned, asked, rows)


def time_varying(learned: People, asked: People, rows: np.ndarray) -> Said:
    return _by_stage(_time_varying, learned, asked, rows)


def _by_stage(
    fit: Callable[[np.ndarray, Stays, People, np.ndarray], Hazard], learned: People, asked: People, rows: np.ndarray
) -> Said:
    said = Said(np.zeros((len(rows), len(BIN_ENDS))), np.zeros(len(rows)))
    for s in range(STAGES):
        here = np.flatnonzero(asked.stage[rows] == s)
        if not len(here):
            continue
        stays = _stays(learned, s)
        known = stays.rows if fit is _time_varying else stays.rows[stays.first]
        covariates = _covariates(learned.features[known])
        used = np.flatnonzero(covariates.std(axis=0) > 0.01)
        asking = _covariates(asked.features[rows[here]])[:, used]
        since = asked.features[rows[here], 0].astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # columns that hardly vary
            hazards = [fit(covariates[:, used], stays, learned, ends) for ends in _causes(stays.exit) if ends.sum() > 2]
        days = since[:, None] + np.arange(HORIZON + 1)
        steps = [np.diff(hazard(asking, days), axis=1) for hazard in hazards]
        said.next[here], said.days[here] = _together(steps, bool((stays.exit == 0).sum() > 2))
    return said


def _causes(exit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # noqa: A002 - the word of the house
    return exit == 0, exit > 0


def _together(steps: list[np.ndarray], moves: bool) -> tuple[np.ndarray, np.ndarray]:
    """Chance of the first cause by BIN_ENDS and mean days, of hazards (n, HORIZON) by day."""
    total = np.sum(steps, axis=0)
    there = np.exp(-np.cumsum(total, axis=1))
    before = np.hstack([np.ones((len(there), 1)), there[:, :-1]])
    share = np.divide(steps[0], total, out=np.zeros_like(total), where=total > 0) if moves else np.zeros_like(total)
    left = np.cumsum((before - there) * share, axis=1)
    return left[:, np.array(BIN_ENDS, np.int64) - 1], (before + there).sum(axis=1) / 2


def _stays(p: People, s: int) -> Stays:
    rows = np.flatnonzero(p.stage == s)
    stay, first = np.unique(p.stay[rows], return_index=True)
    return Stays(rows, first, (p.left - p.entered)[stay], p.exit[stay])


def _covariates(features: np.ndarray) -> np.ndarray:
    """Covariates (n, v)."""
    found = []
    for name, column in zip(NAMES, features.T.astype(float), strict=True):
        if name == "days_in_stage":
            continue  # the time scale
        missing = np.isnan(column)
        filled = np.where(missing, 0.0, column)
        found.append(filled if name in _BINARY else np.log1p(filled))
        if name in ("days_since_content", "sentiment"):
            found.append(missing.astype(float))
    return np.stack(found, axis=1)


def _cox(covariates: np.ndarray, stays: Stays, _: People, ends: np.ndarray) -> Hazard:
    table = _table(covariates, days=stays.days, ended=ends)
    fitted = CoxPHFitter(penalizer=PENALTY).fit(table, "days", "ended")
    return _proportional(fitted.params_.to_numpy(), table.mean().to_numpy()[:-2], fitted.baseline_cumulative_hazard_)


def _weibull(covariates: np.ndarray, stays: Stays, _: People, ends: np.ndarray) -> Hazard:
    table = _table(covariates, days=stays.days, ended=ends)
    fitted = WeibullAFTFitter(penalizer=PENALTY).fit(table, "days", "ended")
    scale, rho = fitted.params_["lambda_"], float(np.exp(fitted.params_["rho_"].iloc[0]))
    weights = scale[list(table.columns[:-2])].to_numpy()

    def hazard(asking: np.ndarray, days: np.ndarray) -> np.ndarray:
        return (days / np.exp(asking @ weights + scale["Intercept"])[:, None]) ** rho

    return hazard


def _time_varying(covariates: np.ndarray, stays: Stays, learned: People, ends: np.ndarray) -> Hazard:
    stay = learned.stay[stays.rows]
    of = np.searchsorted(stay, stay)  # rows of a stay follow each other: the first of its rows
    start = np.arange(len(stay)) - of
    last = np.append(np.diff(stay) != 0, True)
    ended = np.zeros(len(stay), np.bool_)
    ended[last] = ends
    table = _table(covariates, start=start.astype(float), stop=start + 1.0, ended=ended, id=stay)
    fitted = CoxTimeVaryingFitter(penalizer=PENALTY).fit(table, "ended", "start", "stop", id_col="id")
    return _proportional(fitted.params_.to_numpy(), covariates.mean(axis=0), fitted.baseline_cumulative_hazard_)


def _proportional(weights: np.ndarray, mean: np.ndarray, baseline: pd.DataFrame) -> Hazard:
    """lifelines' baseline is that of the mean covariates."""
    known = np.append(0.0, baseline.index.to_numpy(float)), np.append(0.0, baseline.to_numpy()[:, 0])

    def hazard(asking: np.ndarray, days: np.ndarray) -> np.ndarray:
        return np.interp(days, *known) * np.exp((asking - mean) @ weights)[:, None]

    return hazard


def _table(covariates: np.ndarray, **more: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(covariates, columns=[f"c{n}" for n in range(covariates.shape[1])])
    return table.assign(**more)
