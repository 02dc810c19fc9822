"""Experiments with outreach: what being offered a page did, because chance decided whom it was offered (design,
section 8).

An experiment is randomised outreach: events `outreach.sent` and `outreach.held_out` that name the same `experiment`,
and as their `action` the page. A customer counts once, by the first of them, in the stage they were in, if they could
be watched for a week; and who was offered the page counts as that, whether they looked at it or not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.contributions import NEXT
from raceline.analytics.landmarks import Stays
from raceline.analytics.stay_at import stay_at
from raceline.analytics.two_shares import difference
from raceline.projections.feature_list import ACTION, ARMS, EXPERIMENT
from raceline.projections.race_facts import Field
from raceline.projections.race_rules import Track
from raceline.projections.rows import Longs

LEAST = 100  # customers in each arm
_WEEK = 7 * 86_400_000_000


@dataclass(frozen=True)
class Experiment:
    """What an experiment showed of a page in a stage: how many were offered it and how many were not, who of them moved
    on to the next stage within a week, and the difference of these shares with its interval of 95 %."""

    experiment: str
    page: str
    stage: str
    sent: int
    sent_moved: int
    held_out: int
    held_out_moved: int
    effect: float
    low: float
    high: float


class Trials:
    """Counts customers of experiments, some customers at a time.

    counted: by experiment, page and stage (2, 2) who was offered the page and who was not: how many, and how many of
    them moved on within a week.
    """

    def __init__(self) -> None:
        self.counted: dict[tuple[str, str, int], Longs] = defaultdict(lambda: np.zeros((2, 2), np.int64))

    def add(self, track: Track, seen: Field, stays: Stays, until: int) -> None:
        """Count those of `seen`, who were watched until a moment; stays: theirs."""
        rows = [seen.kinds.rows.get(kind, np.empty(0, np.int64)) for kind in ARMS]
        if not sum(map(len, rows)) or not len(stays.customer) or not all(_said(track, kind) for kind in ARMS):
            return
        names = [_texts(track, seen, row, kind) for row, kind in zip(rows, ARMS, strict=True)]
        experiment, page = (pa.concat_arrays(each).dictionary_encode() for each in zip(*names, strict=True))
        row, held_out = np.concatenate(rows), np.repeat([0, 1], [len(row) for row in rows])
        codes = np.stack([one.indices.fill_null(-1).to_numpy() for one in (experiment, page)]).astype(np.int64)
        first = _first(row, seen.columns.customer[row], codes)
        stay, moved = _outcomes(seen, stays, row[first], until)
        kept = stay >= 0
        each = np.stack([*codes[:, first], stays.stage[stay], held_out[first], moved])[:, kept]
        keys, customers = np.unique(each, axis=1, return_counts=True)
        for (e, p, stage, arm, went), count in zip(keys.T.tolist(), customers.tolist(), strict=True):
            key = (experiment.dictionary[e].as_py(), page.dictionary[p].as_py(), stage)
            self.counted[key][arm] += count, count * went

    def experiments(self, stages: Sequence[str], least: int = LEAST) -> tuple[Experiment, ...]:
        """Those with at least so many customers in each arm; of a stage and page the largest first."""
        found = [
            _experiment(name, page, stages[stage], arms)
            for (name, page, stage), arms in self.counted.items()
            if arms[:, 0].min() >= least
        ]
        return tuple(sorted(found, key=lambda one: (one.stage, one.page, -one.sent - one.held_out, one.experiment)))


def experiments_of(parameters: Mapping[str, Any]) -> tuple[Experiment, ...]:
    """Those that the parameters of a model tell of."""
    known = [field.name for field in fields(Experiment)]  # a newer raceline may tell more
    return tuple(Experiment(**{name: one[name] for name in known}) for one in parameters.get("experiments", ()))


def backing(experiments: Iterable[Experiment], stage: str, page: str) -> Experiment | None:
    """The largest experiment with a page in a stage."""
    return next((one for one in experiments if (one.stage, one.page) == (stage, page)), None)


def _said(track: Track, kind: str) -> bool:
    """A catalogue may have other attributes."""
    return {EXPERIMENT, ACTION} <= track.reads.get(kind, {}).keys()


def _texts(track: Track, seen: Field, row: Longs, kind: str) -> tuple[pa.Array, pa.Array]:
    of = seen.columns.texts.select([track.reads[kind][name] for name in (EXPERIMENT, ACTION)]).take(pa.array(row))
    return of.column(0).combine_chunks(), of.column(1).combine_chunks()


def _first(row: Longs, customer: NDArray[np.int32], codes: Longs) -> Longs:
    """Of each customer and experiment, the place of the first event; none where one or the other is not said."""
    order = np.argsort(row)  # events of a customer are in order of time
    order = order[(codes[:, order] >= 0).all(axis=0)]
    which = np.stack([customer[order].astype(np.int64), codes[0, order]])
    return order[np.unique(which, axis=1, return_index=True)[1]]


def _outcomes(seen: Field, stays: Stays, row: Longs, until: int) -> tuple[Longs, NDArray[np.bool_]]:
    """The stay that each event fell into, -1 for none or when nobody can know what came of it; and whether the customer
    moved on within a week."""
    customer, at = seen.columns.customer[row], seen.columns.occurred_at[row]
    start = np.searchsorted(stays.customer, np.arange(len(seen.columns.customers) + 1))
    stay = stay_at(start, stays.entered, stays.left, customer.astype(np.int64), at)
    stay = np.where(at + _WEEK <= until, stay, -1)
    return stay, (stays.exit[stay] == NEXT) & (stays.left[stay] <= at + _WEEK)


def _experiment(name: str, page: str, stage: str, arms: Longs) -> Experiment:
    (sent, sent_moved), (held_out, held_out_moved) = arms.tolist()
    found = difference(sent_moved, sent, held_out_moved, held_out)
    return Experiment(name, page, stage, sent, sent_moved, held_out, held_out_moved, *found)
