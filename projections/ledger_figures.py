"""How predictions turned out: calibration of a model, week by week, by what came true of the ledger."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.calibration import calibration_bins
from raceline.analytics.concordance import concordance
from raceline.analytics.evaluation import measures
from raceline.domain.event import DAY, EPOCH
from raceline.projections.ledger_asked import LedgerAsk
from raceline.projections.ledger_columns import NEXT, Ledger, Longs, followed, left_by
from raceline.projections.path_figures_rows import Row, Rows, moment, told_all

ModelName: TypeAlias = tuple[str, int]
_MONDAY = 4  # 1970-01-05, in days since 1970


class Judged(NamedTuple):
    """Rows of a ledger that can be judged by a horizon, and how many cannot.

    row: (n,) where they are; revised: what is known of the stay has changed; other_version: they are of another version
    of the racetrack than the stays that are known; pending: not watched for as long yet.
    """

    row: Longs
    revised: int
    other_version: int
    pending: int


def ledger_position(ledger: Ledger) -> Rows:
    """Where the figures are true, and of which days they are."""
    first = None if ledger.first_day is None else as_date(ledger.first_day)
    told = {"position": ledger.position, "clock": moment(ledger.clock), "first_day": first, "left_out": ledger.left_out}
    return {"ledger_position": [told]}


def answer(ledger: Ledger, asks: Sequence[LedgerAsk], models: Sequence[ModelName]) -> Rows:
    """The tables ledger_calibration, ledger_bins and ledger_weeks: for each question the models that it means.

    models: those that there are, by racetrack and version.
    """
    rows: Rows = {"ledger_calibration": [], "ledger_bins": [], "ledger_weeks": []}
    for ask in asks:
        for model in models:
            if ask.racetrack in (None, model[0]) and ask.version in (None, model[1]):
                _tell(rows, ledger, ask, model)
    return rows


def _tell(rows: Rows, ledger: Ledger, ask: LedgerAsk, model: ModelName) -> None:
    name = {"key": ask.key, "racetrack": model[0], "model": model[1]}
    asked = (model, ask.horizon, ask.stage, ask.from_, ask.to)
    if ask.kind == "calibration":
        figures, bins = ledger.made.once(("calibration", *asked), lambda: _calibration(ledger, ask, model))
        rows["ledger_calibration"].append({**name, "horizon": ask.horizon, **figures})
        rows["ledger_bins"] += [{**name, **one} for one in bins]
    elif ask.kind == "over_time":
        weeks = ledger.made.once(("weeks", *asked), lambda: _weeks(ledger, ask, model))
        rows["ledger_weeks"] += [{**name, **one} for one in weeks]


def _calibration(ledger: Ledger, ask: LedgerAsk, model: ModelName) -> tuple[Row, list[Row]]:
    row = _chosen(ledger, ask, model)
    judged = judged_of(ledger, row, ask.horizon)
    chance, happened, customer = _chances(ledger, judged.row, ask.horizon)
    bins = calibration_bins(chance, happened, customer)
    told = [{"n": n, **_plain(one._asdict())} for n, one in enumerate(bins, 1)]
    return _figures(ledger, row, judged, ask.horizon), told


def _weeks(ledger: Ledger, ask: LedgerAsk, model: ModelName) -> list[Row]:
    row = _chosen(ledger, ask, model)
    week = (ledger.rows.day[row] - _MONDAY) // 7  # the rows are in order of days
    starts = np.flatnonzero(np.append(True, week[1:] != week[:-1])[: len(week)])
    told = []
    for n, part in enumerate(np.split(row, starts[1:]) if len(row) else [], 1):
        monday = as_date(int(week[starts[n - 1]]) * 7 + _MONDAY)
        figures = _figures(ledger, part, judged_of(ledger, part, ask.horizon), ask.horizon)
        told.append({"n": n, "week": monday, **figures})
    return told


def _chosen(ledger: Ledger, ask: LedgerAsk, model: ModelName) -> Longs:
    """The rows that a question is about, in order of their days."""
    row = ledger.made.once(("rows", *model), lambda: _of_model(ledger, *model))
    day = ledger.rows.day[row]
    first = 0 if ask.from_ is None else np.searchsorted(day, as_day(ask.from_))
    last = len(day) if ask.to is None else np.searchsorted(day, as_day(ask.to), side="right")
    row = row[first:last]
    return row if ask.stage is None else row[ledger.rows.stage[row] == ledger.stage_code(ask.stage)]


def _of_model(ledger: Ledger, racetrack: str, version: int) -> Longs:
    of_model = (ledger.rows.racetrack == ledger.code(racetrack)) & (ledger.rows.model == version)
    row = np.flatnonzero(of_model)
    return row[np.argsort(ledger.rows.day[row], kind="stable")]


def judged_of(ledger: Ledger, row: Longs, horizon: int) -> Judged:
    """Those of the rows that have been watched for a horizon and whose stay is what it was."""
    known = ledger.outcomes
    comparable = known.comparable[row]
    judged = row[comparable & followed(ledger, row, horizon)]
    revised, other = int(known.revised[row].sum()), int(known.other_version[row].sum())
    return Judged(judged, revised, other, int(comparable.sum()) - len(judged))


def _chances(ledger: Ledger, row: Longs, horizon: int) -> tuple[Any, NDArray[np.bool_], Longs]:
    """Of rows (n,) what is judged: the chance, whether it came true, and the customer."""
    chance = ledger.rows.within(horizon)[row].astype(np.float64)
    return chance, left_by(ledger, row, NEXT, horizon), ledger.rows.customer[row].astype(np.int64)


def _figures(ledger: Ledger, row: Longs, judged: Judged, horizon: int) -> Row:
    found = measures(*_chances(ledger, judged.row, horizon))._asdict()
    told = {**found, "c_index": _c_index(ledger, row, horizon)}
    return {**_plain(told), **{name: getattr(judged, name) for name in ("revised", "other_version", "pending")}}


def _c_index(ledger: Ledger, row: Longs, horizon: int) -> float:
    """Of all rows whose stay is what it was, however long they were watched: the order in which customers moved on."""
    row = row[ledger.outcomes.comparable[row]]
    exit_, at = ledger.outcomes.exit[row], ledger.rows.at[row]
    days = (np.where(exit_ < 0, np.maximum(ledger.clock, at), ledger.outcomes.left[row]) - at) / DAY
    never = np.where(exit_ > NEXT, np.inf, days)  # who left by another exit
    return concordance(ledger.rows.within(horizon)[row].astype(np.float64), never, exit_ == NEXT)


def _plain(figures: dict[str, Any]) -> Row:
    return dict(zip(figures, told_all(list(figures.values())), strict=True))


def as_date(day: int) -> date:
    """A day since 1970 as a date."""
    return EPOCH.date() + timedelta(days=day)


def as_day(day: date) -> int:
    """A date as days since 1970."""
    return (day - EPOCH.date()).days
