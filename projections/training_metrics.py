"""How a model did on the data that were held out, as it is registered: JSON that reads without this code."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.aalen_johansen import aalen_johansen, conditional
from raceline.analytics.basis import DAYS_IN_STAGE
from raceline.analytics.calibration import calibration_bins
from raceline.analytics.evaluation import (
    ALL,
    HORIZONS,
    Evaluation,
    Measures,
    Outcomes,
    chances,
    evaluate,
    has_next,
    measures,
)
from raceline.analytics.incidence import E, K
from raceline.analytics.landmark_model import TIERS, LandmarkModel, score
from raceline.analytics.landmark_model_reference import lengths_of
from raceline.analytics.promotion import Check, promotion
from raceline.projections.training_rows import Rows

_OF_KINDS = (
    "rows", "customers", "moves", "skill", "skill_low", "skill_high", "slope", "slope_low", "slope_high", "observed",
    "expected", "ratio", "ratio_low", "ratio_high", "log_loss",
)  # fmt: skip


class Judged(NamedTuple):
    """What was found on the data held out. metrics: as they are registered."""

    evaluation: Evaluation
    checks: tuple[Check, ...]
    metrics: dict[str, Any]


def judge(model: LandmarkModel, learned: Rows, held_out: Rows, stages: tuple[str, ...]) -> Judged:
    """Compare what the model says of rows that it never saw with what came true, beside the baseline: the curves of
    Aalen and Johansen of each stage, from the same rows that the model was learned from."""
    said = score(model, held_out.stage, held_out.features)
    curves = _baseline(model.names, learned, held_out, len(stages))
    outcomes = Outcomes(held_out.days, held_out.exit, held_out.follow)
    found = evaluate(said, curves, outcomes, held_out.stage, held_out.customer.astype(np.int64), len(stages))
    kinds = _kinds(said, curves, outcomes, held_out, has_next(held_out.stage, len(stages)))
    checks = promotion(found, {f"at {kind}": of for kind, of in kinds.items()}, stages)
    names = {ALL: None, **dict(enumerate(stages))}
    metrics = {
        "evaluation": [_plain(one._asdict() | {"stage": names[one.stage]}) for one in found],
        "kinds": [_of_kind(kind, horizon, kinds[kind][horizon]) for horizon in HORIZONS for kind in kinds],
        "bins": _bins(said, outcomes, held_out, names),
        "stages": [
            {"stage": name, "tier": TIERS[model.tier[n]], "moves": int(model.moves[n]),
             "landmarks": int(model.landmarks[n])}
            for n, name in enumerate(stages)
        ],
        "checks": [_plain(check._asdict()) for check in checks],
    }  # fmt: skip
    return Judged(found, checks, metrics)


def _baseline(names: tuple[str, ...], learned: Rows, held_out: Rows, stages: int) -> NDArray[np.float64]:
    """(n, K, E) what the curve of each stage says of those who have been there for so long."""
    lengths = lengths_of(learned.training_set(), names)
    since = held_out.features[:, names.index(DAYS_IN_STAGE)]
    found = np.zeros((len(since), K, E))
    for s in range(stages):
        mine, here = lengths.stage == s, held_out.stage == s
        curves = aalen_johansen(lengths.days[mine], lengths.exit[mine], lengths.entry[mine])
        found[here] = conditional(curves, since[here])
    return found


def _kinds(
    said: NDArray[np.float64],
    curves: NDArray[np.float64],
    outcomes: Outcomes,
    held_out: Rows,
    onward: NDArray[np.bool_],
) -> dict[str, dict[int, Measures]]:
    """How good chances are at the two kinds of landmarks, each by itself, by horizon: they have to hold at both.

    onward: (n,) who is in a stage with a next one.
    """
    found: dict[str, dict[int, Measures]] = {"days": {}, "events": {}}
    for horizon in HORIZONS:
        watched, p, y = chances(said, outcomes, horizon)
        base = chances(curves, outcomes, horizon)[1]
        customer, of_event = held_out.customer[watched].astype(np.int64), held_out.of_event[watched]
        for kind, of in (("days", ~of_event), ("events", of_event)):
            here = of & onward[watched]
            found[kind][horizon] = measures(p[here], y[here], customer[here], base[here])
    return found


def _of_kind(kind: str, horizon: int, found: Measures) -> dict[str, Any]:
    told = found._asdict()
    return _plain({"horizon": horizon, "landmarks": kind} | {name: told[name] for name in _OF_KINDS})


def _bins(
    said: NDArray[np.float64], outcomes: Outcomes, held_out: Rows, names: dict[int, str | None]
) -> list[dict[str, Any]]:
    """The calibration curve of each horizon, of all stages together and of each."""
    told = []
    for horizon in HORIZONS:
        watched, p, y = chances(said, outcomes, horizon)
        stage, customer = held_out.stage[watched], held_out.customer[watched].astype(np.int64)
        for code, name in names.items():
            here = has_next(stage, len(names) - 1) if code == ALL else stage == code
            bins = calibration_bins(p[here], y[here], customer[here])
            told += [
                _plain({"horizon": horizon, "stage": name, "n": n} | one._asdict()) for n, one in enumerate(bins, 1)
            ]
    return told


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: plain numbers, and null for what is not defined."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
    return {name: None if isinstance(one, float) and not math.isfinite(one) else one for name, one in plain.items()}
