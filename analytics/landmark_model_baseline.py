"""What the lengths of a stage's stays alone say, which every prediction starts from: Aalen-Johansen curves, smoothed.

A curve is lines between knots: as many exits between two as a cell holds, so that it is as sharp as what was seen
(stays of two days are left after two days) and no sharper than so many exits can tell. Hazards are shrunk towards those
of all stages, and the shares of the exits within a cell towards those of the stage. Where few were at risk, exits go on
at a constant rate. A model's predictors are added to those of the curve, given the days in the stage.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.aalen_johansen import LEAST_AT_RISK, Curves, aalen_johansen
from raceline.analytics.incidence import E
from raceline.analytics.landmark_model_reference import Lengths
from raceline.analytics.landmark_model_types import Baseline, Floats

PRIOR = 2.0  # stays that count as having ended like those of all stages
CELL = 10.0  # exits between two knots, at least
CELLS = 100  # of a stage, about, at most
SHARES = 0.5  # exits of a cell that count as having been by the exits that are usual in the stage
_JUMP = 1e-6  # days that an exit of many at once takes


class _Line(NamedTuple):
    """days (t,), gone (t, E), at_risk (t,) from each knot on; rate: exits a day (E,) beyond, or as _tail has it."""

    days: Floats
    gone: Floats
    at_risk: Floats
    rate: Floats


def possible(stages: int) -> NDArray[np.bool_]:
    """Exits (S, E) that stages in the order of the racetrack can have at all: there is none beyond its ends."""
    found = np.ones((stages, E), np.bool_)
    found[-1:, 0] = False
    found[-2:, 1] = False
    found[:1, 3] = False
    return found


def baseline_of(lengths: Lengths, stages: int, weights: Floats | None = None) -> Baseline:
    """The curves of all stages; weights (m,): for how many each stay stands."""
    counted = np.ones(len(lengths.days)) if weights is None else weights
    towards = _line(lengths, np.ones(len(lengths.days), np.bool_), counted)
    can = possible(stages)
    lines = [_shrunken(_line(lengths, lengths.stage == s, counted), towards, can[s]) for s in range(stages)]
    size = max([len(line.days) for line in lines], default=1)
    found = Baseline(np.zeros((stages, size)), np.zeros((stages, size, E)), np.zeros((stages, E)))
    for s, line in enumerate(lines):
        at = np.minimum(np.arange(size), len(line.days) - 1)
        found.days[s], found.gone[s], found.rate[s] = line.days[at], line.gone[at], line.rate
    return found


def _line(lengths: Lengths, of: NDArray[np.bool_], weights: Floats) -> _Line:
    """The curve of some stays, smoothed."""
    curves = aalen_johansen(lengths.days[of], lengths.exit[of], lengths.entry[of], weights[of])
    enough = min(LEAST_AT_RISK, float(curves.at_risk.max(initial=0.0)))
    reach = float(curves.days[curves.at_risk >= enough][-1]) if enough > 0 else 0.0
    days, gone = _cells(curves, reach)
    at_risk = np.append(curves.at_risk, 0.0)[np.searchsorted(curves.days, days, side="right")]
    return _Line(days, gone, at_risk, _tail(curves, reach))


def _cells(curves: Curves, reach: float) -> tuple[Floats, Floats]:
    """Knots (t,), and what had left by then (t, E)."""
    exits = curves.left.sum(axis=1)
    steps = np.flatnonzero((exits > 0) & (curves.days <= reach))
    days, gone = [0.0], [np.zeros(E)]
    if len(steps):
        usual = curves.left[steps].sum(axis=0) / exits[steps].sum()
        for first, last in _bounds(exits[steps], max(CELL, float(exits[steps].sum()) / CELLS)):
            start, end = float(curves.days[steps[first]]), float(curves.days[steps[last]])
            # An empty time longer than the cell is wide is no chance.
            if start - days[-1] >= end - start and start - _JUMP > days[-1]:
                days.append(start - _JUMP)
                gone.append(gone[-1])
            left = curves.left[steps[first] : steps[last] + 1].sum(axis=0)
            share = (left + SHARES * usual) / (left.sum() + SHARES)
            fall = (1 - gone[-1].sum()) - curves.survival[steps[last]]
            now = gone[-1] + fall * share
            if end > days[-1]:
                days.append(end)
                gone.append(now)
            else:  # all at the moment of entry
                gone[-1] = now
    if reach > days[-1]:
        days.append(reach)
        gone.append(gone[-1])
    return np.array(days), np.array(gone)


def _bounds(exits: Floats, cell: float) -> list[tuple[int, int]]:
    """First and last step of each cell; many exits at once are a cell of their own."""
    found, first, count = [], 0, 0.0
    for t in range(len(exits)):
        if exits[t] >= cell / 2 and t > first:
            found.append((first, t - 1))
            first, count = t, 0.0
        count += exits[t]
        if count >= cell or exits[t] >= cell / 2:
            found.append((first, t))
            first, count = t + 1, 0.0
    if first < len(exits):
        found.append((first, len(exits) - 1))
    return found


def _tail(curves: Curves, reach: float) -> Floats:
    """Exits (E + 1,) in the second half of the time until then, and the days that stays were watched in it."""
    before = np.append(0.0, curves.days[:-1])
    watched = np.clip(np.minimum(curves.days, reach) - np.maximum(before, reach / 2), 0.0, None)
    left = curves.left[(curves.days > reach / 2) & (curves.days <= reach)].sum(axis=0)
    return np.append(left, (curves.at_risk * watched).sum())


def _shrunken(line: _Line, towards: _Line, can: NDArray[np.bool_]) -> _Line:
    """The curve as if PRIOR more stays had ended as `towards` says."""
    days = np.union1d(line.days, towards.days[towards.days < line.days[-1]]) if line.days[-1] > 0 else towards.days
    own, other = _hazards_between(line, days), np.where(can, _hazards_between(towards, days), 0.0)
    n = line.at_risk[np.searchsorted(line.days, days[:-1], side="right") - 1][:, None]
    hazard = (n * own + PRIOR * other) / (n + PRIOR)
    stay = np.cumprod(1 - hazard.sum(axis=1))
    gone = np.cumsum(np.append(1.0, stay[:-1])[:, None] * hazard, axis=0) if len(hazard) else np.zeros((0, E))
    usual = np.where(can, towards.rate[:E], 0.0) / max(towards.rate[E], 1.0)
    more = PRIOR * max(1.0, float(days[-1]) / 2)
    rate = (line.rate[:E] + more * usual) / (line.rate[E] + more)
    return _Line(days, np.vstack([np.zeros(E), gone]), n, rate)


def _hazards_between(line: _Line, days: Floats) -> Floats:
    """Chances (t - 1, E) to leave between these days, of those still there."""
    gone = np.stack([np.interp(days, line.days, line.gone[:, e]) for e in range(E)], axis=1)
    there = np.maximum(1 - gone[:-1].sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(np.clip(np.diff(gone, axis=0) / there, 0.0, 1.0))
