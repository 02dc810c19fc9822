"""Why a prediction is what it is: what each group of features adds to the stage's usual rate, the values and the events
behind it, how sure it is, and what it would be under other features (design, section 8). Made when it is asked for.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.contributions import HORIZONS, NEXT, Contributions, all_contributions
from raceline.analytics.features import NEVER, contributing
from raceline.analytics.incidence import BIN_ENDS, expected_days
from raceline.analytics.landmark_model import GROUPS, score, score_replicates
from raceline.analytics.uncertainty import interval
from raceline.domain.columns import Columns
from raceline.projections.asked import WhatIf
from raceline.projections.feature_table import Source
from raceline.projections.predictions import Predicted, Standing
from raceline.projections.rows import Longs
from raceline.projections.said import in_words
from raceline.projections.scoring import Scoring
from raceline.projections.what_if import Asked, answers

Answer = dict[str, list[dict[str, Any]]]
Floats = NDArray[np.float64]

# By name, what is told of the customers who have a prediction; `n` of a factor is the number of its group, from 1.
_FACTORS = frozenset({"factors", "factor_features", "factor_events"})
EXPLAINED = _FACTORS | {"prediction_intervals", "what_ifs", "what_if_refusals"}
MOST_EVENTS = 20  # of a factor; how many there are is told with it
WITHIN = ("withinDay", "withinWeek", "withinMonth")
_TITLES = ("Time", "Content", "Usage", "Purchases", "Support cases", "Sentiment", "Paths", "Account")
_BINS = [BIN_ENDS.index(days) for days in HORIZONS]
_WEEK = HORIZONS.index(7)
_TIME = GROUPS.index("TIME")
_STAYS = Source("stays")


class _Customer(NamedTuple):
    """One who is in a stage, as a model sees them. in_stage: its name; k: the place in `standing`."""

    key: dict[str, str]
    in_stage: str
    scoring: Scoring
    standing: Standing
    k: int

    @property
    def stage(self) -> int:
        return int(self.standing.stage[self.k])

    @property
    def features(self) -> Floats:
        values: Floats = self.standing.features[self.k]
        return values


def explain(
    columns: Columns,
    predicted: Sequence[Predicted],
    wanted: frozenset[str] | None,
    what_ifs: tuple[WhatIf, ...] = (),
) -> Answer:
    """The rows of EXPLAINED that are wanted; None is all. Those of factors come by horizon, the largest contribution
    first; the base and all contributions of a horizon add up to the score.

    columns: all events of the customers; predicted: what is derived of them.
    """
    names = EXPLAINED if wanted is None else EXPLAINED & wanted
    found: Answer = {name: [] for name in sorted(EXPLAINED)}
    for one in predicted if names else ():
        ids = columns.customers.take(pa.array(one.standing.customer)).to_pylist()
        if "prediction_intervals" in names:
            found["prediction_intervals"] += _intervals(ids, one)
        for customer in _customers(ids, one):
            if names & _FACTORS:
                _add_factors(found, columns, customer)
            _add_what_ifs(found, customer, what_ifs)
    return {name: rows for name, rows in found.items() if name in names}


def _customers(ids: list[str], predicted: Predicted) -> Iterator[_Customer]:
    track, scoring, standing = predicted.track, predicted.scoring, predicted.standing
    for k, customer in enumerate(ids):
        key = {"customer_id": customer, "racetrack": track.name}
        yield _Customer(key, track.stages[standing.stage[k]], scoring, standing, k)


def _intervals(ids: list[str], one: Predicted) -> Iterator[dict[str, Any]]:
    """Where each figure lies, nine times of ten, as far as chance in the training data goes."""
    point, by_all = one.incidence, score_replicates(one.scoring.model, one.standing.stage, one.standing.features)
    if len(by_all) < 2:
        return
    ends = {name: interval(point[:, k, NEXT], by_all[:, :, k, NEXT]) for name, k in zip(WITHIN, _BINS, strict=True)}
    low, high = interval(expected_days(point), np.array([expected_days(each) for each in by_all]), "log")
    ends["expectedDays"] = low, np.minimum(high, BIN_ENDS[-1])
    for k, customer in enumerate(ids):
        for name, (lows, highs) in ends.items():
            key = {"customer_id": customer, "racetrack": one.track.name}
            yield key | {"name": name, "low": float(lows[k]), "high": float(highs[k])}


def _add_factors(found: Answer, columns: Columns, one: _Customer) -> None:
    model = one.scoring.model
    told = all_contributions(model, one.stage, one.features)
    effects, factors = _effects(one), list[dict[str, Any]]()
    for g in sorted(set(model.groups.tolist())):
        features = np.flatnonzero(model.groups == g)
        events = _events(one, features, g)
        key = one.key | {"n": g + 1}
        factors += _of_group(key, g, told, len(events))
        if not effects[features].any() and any(parts.groups[g] for parts in told):
            effects[features] = _against_others(one, features)  # typical all over, and yet unlike many
        found["factor_features"] += _of_features(key, one, features, effects)
        newest = columns.position[events[::-1][:MOST_EVENTS]].tolist()
        found["factor_events"] += [key | {"m": m, "position": position} for m, position in enumerate(newest, 1)]
    found["factors"] += sorted(factors, key=lambda row: (row["horizon"], -abs(row["contribution"]), row["n"]))


def _of_group(key: dict[str, Any], g: int, told: tuple[Contributions, ...], events: int) -> Iterator[dict[str, Any]]:
    for horizon, parts in zip(HORIZONS, told, strict=True):
        yield key | {
            "horizon": horizon,
            "group": GROUPS[g],
            "title": _TITLES[g],
            "contribution": float(parts.groups[g]),
            "base": parts.base,
            "score": parts.score,
            "events": events,
        }


def _effects(one: _Customer) -> Floats:
    """(f,) by how much each feature changes the chance to move on within a week, against its typical value."""
    model, stage = one.scoring.model, one.stage
    rows = np.repeat(one.features[None], len(one.features) + 1, axis=0)
    np.fill_diagonal(rows, model.typical[stage])
    found = score(model, np.full(len(rows), stage, np.int32), rows)[:, _BINS[_WEEK], NEXT]
    effects: Floats = found[-1] - found[:-1]
    return effects


def _against_others(one: _Customer, features: Longs) -> Floats:
    """By how much each of these features changes the chances at most, against the values of others in the stage."""
    model, stage = one.scoring.model, one.stage
    others = model.background[stage]
    rows = np.repeat(one.features[None], len(features) * len(others), axis=0)
    for n, f in enumerate(features.tolist()):
        rows[n * len(others) : (n + 1) * len(others), f] = others[:, f]
    found = score(model, np.full(1 + len(rows), stage, np.int32), np.vstack([one.features, rows]))[:, _BINS, NEXT]
    changes: Floats = np.abs(found[1:] - found[0]).reshape(len(features), -1).max(1)
    return changes


def _of_features(key: dict[str, Any], one: _Customer, features: Longs, effects: Floats) -> Iterator[dict[str, Any]]:
    """Those that there is something to say of; first those that make the greatest difference."""
    list_ = one.scoring.features
    titles = list_.titles_of(one.stage)
    value, typical = one.features, one.scoring.model.typical[one.stage]
    telling = (effects != 0) | (np.nan_to_num(value) != 0)
    some = [f for f in features.tolist() if titles[f] and telling[f]]
    for m, f in enumerate(sorted(some, key=lambda f: -abs(effects[f])), 1):
        yield key | {
            "m": m,
            "feature": list_.names[f],
            "title": titles[f],
            "value": None if np.isnan(value[f]) else float(value[f]),
            "typical": None if np.isnan(typical[f]) else float(typical[f]),
            "said": in_words(one.scoring.model, one.stage, f, list_.specs[f].unit, float(value[f])),
        }


def _events(one: _Customer, features: Longs, g: int) -> Longs:
    """The rows of the events behind a group, by time."""
    standing, k = one.standing, one.k
    customer, at, entered = int(standing.customer[k]), int(standing.at[k]), int(standing.entered[k])
    of_each = [
        contributing(standing.streams, one.scoring.features.plan, f, customer, at, entered, NEVER, one.stage)
        for f in features.tolist()
    ]
    rows = np.unique(np.concatenate([*of_each, *([_came(one)] if g == _TIME else ())]))
    return rows[rows >= 0]  # no event is behind a move by the clock alone


def _came(one: _Customer) -> Longs:
    """The rows of the events that brought a customer into the stage, this time and before."""
    sources, streams, k = one.scoring.features.sources, one.standing.streams, one.k
    if _STAYS not in sources:  # a definition may have taken the place of what looks at them
        return np.empty(0, np.int64)
    place = sources.index(_STAYS) * streams.customers + one.standing.customer[k]
    here = slice(streams.start[place], streams.start[place + 1])
    rows: Longs = streams.row[here][(streams.value[here] == one.stage) & (streams.at[here] <= one.standing.entered[k])]
    return rows


def _add_what_ifs(found: Answer, one: _Customer, what_ifs: tuple[WhatIf, ...]) -> None:
    if not what_ifs:
        return
    standing, k = one.standing, one.k
    stayed = int(standing.at[k] - standing.entered[k])
    asked = Asked(one.scoring, one.stage, one.in_stage, one.features, stayed)
    for what_if in what_ifs:
        key = {"key": what_if.key, **one.key}
        figures, refusals = answers(asked, what_if.changes)
        found["what_ifs"].append(key | figures)
        found["what_if_refusals"] += [key | {"m": m, **refusal} for m, refusal in enumerate(refusals, 1)]
