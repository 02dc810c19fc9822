"""What a prediction would be under other features. An association, not a promise: a trait that nobody recorded may be
behind both the feature and the move, and then changing the one does not bring about the other (design, section 8).
"""

from collections.abc import Iterable, Iterator
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.basis import DAYS_IN_STAGE
from raceline.analytics.contributions import NEXT
from raceline.analytics.features import (
    BEFORE_ENTRY,
    COUNT,
    DAY,
    EVER,
    HAS,
    NET,
    SINCE_ENTRY,
    TALLY,
    Plan,
)
from raceline.analytics.incidence import BIN_ENDS, expected_days
from raceline.analytics.landmark_model import BASELINE, score
from raceline.domain.yaml_file import nearest
from raceline.projections.asked import Change
from raceline.projections.experiments import Experiment, backing
from raceline.projections.scoring import Scoring
from raceline.projections.what_if_basis import REFUSED, basis

Floats = NDArray[np.float64]
Refusal = dict[str, str]

PAGES = "pages"  # the feature of a change that says which pages are seen
_FIGURES = {"within_day": 1.0, "within_week": 7.0, "within_month": 30.0}
_COUNTS = (COUNT, TALLY, NET)
# Nobody says when and how often the pages are seen.
_ONLY_SEEN = "Of pages only that they were seen is changed; how much was viewed, and when last, stays as it is."


class Asked(NamedTuple):
    """A customer's features (f,) as they are, after so many microseconds in the stage; in_stage: its name."""

    scoring: Scoring
    stage: int
    in_stage: str
    features: Floats
    stayed: int

    @property
    def plan(self) -> Plan:
        """What the features are."""
        return self.scoring.features.plan


def answers(asked: Asked, changes: Iterable[Change]) -> tuple[dict[str, Any], list[Refusal]]:
    """The figures of a row of `what_ifs`, and the refusals. When any change is refused there are no figures: those of
    the other changes would answer another question."""
    changes = tuple(changes)
    values, refusals = _read(asked, changes) if changes else ({}, [{"feature": "", "reason": "say what is to change"}])
    also: list[str] = []
    if not refusals:
        also, refusals = _carried_along(asked, values)
    if refusals:
        nothing = dict.fromkeys((*_FIGURES, "expected_days", "incidence", "basis"))
        return nothing | {"note": REFUSED}, refusals
    features = asked.features.copy()
    features[list(values)] = list(values.values())
    before, after = _scored(asked, asked.features), _scored(asked, features)
    gain = after["within_week"] - before["within_week"]
    times = [f for f in values if asked.scoring.model.names[f] == DAYS_IN_STAGE]
    experiment, others = _experiment(asked, values), len(values) > len(times)
    told = basis(times=bool(times), others=others, also=also, experiment=experiment, gain=gain)
    if any(asked.scoring.features.specs[f].slot >= 0 for f in values):
        told["note"] += f" {_ONLY_SEEN}"
    return after | told, []


def _scored(asked: Asked, features: Floats) -> dict[str, Any]:
    found = score(asked.scoring.model, np.array([asked.stage], np.int32), features[None])
    within = {name: float(found[0, BIN_ENDS.index(days), NEXT]) for name, days in _FIGURES.items()}
    return within | {"expected_days": float(expected_days(found)[0]), "incidence": found.ravel().tolist()}


def _experiment(asked: Asked, values: dict[int, float]) -> Experiment | None:
    """With the page, when nothing is changed but that one page that was not seen is seen."""
    if len(values) != 1:
        return None
    ((f, value),) = values.items()
    spec = asked.scoring.features.specs[f]
    if spec.aggregate != HAS or spec.slot < 0 or value != 1 or asked.features[f] != 0:
        return None
    return backing(asked.scoring.experiments, asked.in_stage, asked.scoring.features.pages[asked.stage][spec.slot])


def _read(asked: Asked, changes: tuple[Change, ...]) -> tuple[dict[int, float], list[Refusal]]:
    """The values that features are to have, by their numbers, and what is refused."""
    values: dict[int, float] = {}
    refusals: list[Refusal] = []
    if asked.scoring.model.tier[asked.stage] == BASELINE:
        moves = int(asked.scoring.model.moves[asked.stage])
        thin = f"only {moves} moves out of this stage were seen in training: it has a curve, and no personal claim"
        return values, [{"feature": one.feature, "reason": thin} for one in changes]
    for change in changes:
        wanted = tuple(_wanted(asked, change))
        if change.feature == PAGES and all(f >= 0 and asked.features[f] == value for f, value, _ in wanted):
            refusals.append({"feature": PAGES, "reason": "these pages were all seen already in this stage"})
            continue
        for f, value, reason in wanted:
            if reason is None and f in values:
                reason = "it is changed twice"
            if reason is None:
                reason = _unsupported(asked, f, value)
            if reason is None:
                values[f] = value
            else:
                refusals.append({"feature": change.feature, "reason": reason})
    return values, refusals


def _wanted(asked: Asked, change: Change) -> Iterator[tuple[int, float, str | None]]:
    """Of a change: feature, value, and why it is refused before its value is looked at, or None."""
    names = asked.scoring.model.names
    if change.feature == PAGES:
        if change.value is not None or not change.pages:
            yield -1, 0.0, "say which pages are seen, in `pages`, and no value"
            return
        yield from (_page(asked, page) for page in dict.fromkeys(change.pages))
    elif change.feature not in names:
        near = nearest(change.feature, (*names, PAGES))
        meant = f"did you mean `{near}`?" if near else "the factors of a prediction name those that there are"
        yield -1, 0.0, f"there is no such feature; {meant}"
    elif change.pages is not None or change.value is None:
        yield -1, 0.0, f"say a value; only `{PAGES}` takes pages"
    else:
        yield names.index(change.feature), change.value, None


def _page(asked: Asked, page: str) -> tuple[int, float, str | None]:
    list_ = asked.scoring.features
    slots = {spec.slot: f for f, spec in enumerate(list_.specs) if spec.aggregate == HAS}
    known = {name: slots[n] for n, name in enumerate(list_.pages[asked.stage]) if n in slots}
    if page in known:
        return known[page], 1.0, None
    if not known:
        return -1, 0.0, f"the model knows no page in this stage, so not `{page}`"
    near = nearest(page, known)
    meant = f"did you mean `{near}`?" if near else f"known are {', '.join(known)}"
    return -1, 0.0, f"the model does not know the page `{page}` in this stage; {meant}"


def _unsupported(asked: Asked, f: int, value: float) -> str | None:
    """Why the training data of the stage do not support a value."""
    model, unit = asked.scoring.model, asked.scoring.features.specs[f].unit
    low, high = float(model.low[asked.stage, f]), float(model.high[asked.stage, f])
    if np.isnan(low):
        return "nothing was known of it in this stage in training"
    if not isfinite(value) or not low <= value <= high:
        return f"{value:g} is outside of what was seen in this stage in training, {low:g} to {high:g}"
    if unit == "yes" and value not in (0, 1):
        return f"{value:g} is neither 0 (no) nor 1 (yes)"
    return f"{value:g} is no whole number" if unit == "number" and value % 1 else None


def _carried_along(asked: Asked, values: dict[int, float]) -> tuple[list[str], list[Refusal]]:
    """Counts of the same events in other windows go along, because a shorter window is part of a longer one: they are
    put into `values`, and said. Changes that cannot be true together are refused."""
    names, also, refusals = asked.scoring.model.names, dict[int, float](), list[Refusal]()
    changed = [f for f in values if asked.plan.aggregate[f] in _COUNTS]
    for f in changed:
        for other in _of_the_same_events(asked, f):
            now, limit = values.get(other, float(asked.features[other])), values[f]
            wanted = max(now, limit) if _length(asked, values, other) >= _length(asked, values, f) else min(now, limit)
            if wanted == now:
                continue
            reason = "they count the same events" if other in changed else _unsupported(asked, other, wanted)
            if reason is None:
                values[other] = also[other] = wanted
            else:
                reason = f"it would take {names[other]} to be {wanted:g}, and not {now:g}: {reason}"
                refusals.append({"feature": names[f], "reason": reason})
    return [f"{names[f]} is {value:g}" for f, value in also.items()], refusals


def _of_the_same_events(asked: Asked, f: int) -> list[int]:
    """Other features that count what this one counts, in another window."""
    plan, wanted = asked.plan, asked.plan.wanted[asked.stage]
    same = (plan.stream == plan.stream[f]) & (plan.aggregate == plan.aggregate[f]) & (plan.window != BEFORE_ENTRY)
    same &= (wanted == wanted[f]) | (plan.aggregate == COUNT)
    same[f] = False
    return np.flatnonzero(same).tolist()


def _length(asked: Asked, values: dict[int, float], f: int) -> float:
    """Of a feature's window, in microseconds."""
    window = int(asked.plan.window[f])
    if window != SINCE_ENTRY:
        return inf if window == EVER else window
    names = asked.scoring.model.names
    days = values.get(names.index(DAYS_IN_STAGE)) if DAYS_IN_STAGE in names else None
    return asked.stayed if days is None else days * DAY
