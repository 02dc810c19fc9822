"""What pictures are drawn of: the figures of each stage as arrays, one value a day or a few days."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.app.stage_day_tables import Row, Scale, wide_row

Floats = NDArray[np.float64]
_TEXTS = ("racetrack", "version", "stage", "title", "stage_n", "day")
# A sum of a day is drawn as wide as this many pixels at least: else of so many days together.
_MOST_DAYS, _MOST_WEEKS = 92, 1_100


class Series(NamedTuple):
    """A stage and its figures by the names of their columns; NaN where there is none."""

    title: str
    figures: dict[str, Floats]


class Picture(NamedTuple):
    """The first days of the parts, how many days each has, and the stages in order.

    nowhere: whether the last one is those who are in no stage.
    """

    days: list[date]
    width: int
    stages: list[Series]
    nowhere: bool
    severities: tuple[str, ...]
    subtitle: str
    source: str

    def any(self, name: str) -> bool:
        """Whether a figure is more than 0 anywhere."""
        return any(bool((one.figures[name] > 0).any()) for one in self.stages)

    def edges(self) -> list[date]:
        """The days and the end of the last, because a day is as wide as it is long."""
        return [*self.days, self.days[-1] + timedelta(days=self.width)]


class Curve(NamedTuple):
    """How long the stays in a stage last: days, and the share that lasts longer with its confidence band."""

    title: str
    stays: int
    going_on: int
    horizon: float
    median: float | None
    days: Floats
    share: Floats
    lower: Floats
    upper: Floats


def picture(answers: Iterable[Sequence[Row]], scale: Scale, subtitle: str, source: str) -> Picture:
    """The answers to `stageDays`, by day and then by stage. Those in no stage are left out when there never is one."""
    by_stage: dict[str | None, list[Row]] = {}
    for part in answers:
        for row in part:
            by_stage.setdefault(row["stage"], []).append(wide_row(row, scale))
    stages = [Series(_title(rows[0]["stage_n"], rows[0]["title"]), _figures(rows)) for rows in by_stage.values()]
    nowhere = None in by_stage
    if nowhere and not any(stages[-1].figures[name].any() for name in ("customers", "open_cases", "closed_cases")):
        del stages[-1]
        nowhere = False
    days = [row["day"] for row in next(iter(by_stage.values()))]
    return Picture(days, 1, stages, nowhere, scale.severities, subtitle, source)


def _title(n: int | None, title: str | None) -> str:
    return "No stage" if title is None else f"{n}  {title}"


def _figures(rows: Sequence[Row]) -> dict[str, Floats]:
    names = [name for name in rows[0] if name not in _TEXTS]
    return {name: _floats(row[name] for row in rows) for name in names}


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def in_parts(whole: Picture, side: str) -> Picture:
    """Weeks, or parts of thirty days, where the days are too many to be seen; of the figures of cases on one side."""
    count = len(whole.days)
    width = 1 if count <= _MOST_DAYS else 7 if count <= _MOST_WEEKS else 30
    starts = list(range(0, count, width))
    stages = [Series(one.title, _summed(one.figures, side, starts)) for one in whole.stages]
    return whole._replace(days=[whole.days[n] for n in starts], width=width, stages=stages)


def _summed(figures: dict[str, Floats], side: str, starts: list[int]) -> dict[str, Floats]:
    mean, low, high = (figures[f"{side}_sentiment_{name}"] for name in ("mean", "minimum", "maximum"))
    counts = [name for name in figures if name.startswith(side) and "_sentiment_" not in name and "mean" not in name]
    found = {name: np.add.reduceat(figures[name], starts) for name in counts}
    total = np.add.reduceat(np.nan_to_num(mean) * figures[f"{side}_scored"], starts)
    scored = found[f"{side}_scored"]
    found[f"{side}_sentiment_mean"] = np.divide(total, scored, out=np.full(len(starts), np.nan), where=scored > 0)
    found[f"{side}_sentiment_minimum"] = np.fmin.reduceat(low, starts)
    found[f"{side}_sentiment_maximum"] = np.fmax.reduceat(high, starts)
    return found


def curve(stage: dict[str, Any]) -> Curve:
    """The answer to `stages { lengthOfStay { curve } }` for one stage."""
    title, found = _title(stage["n"], stage["title"]), stage["lengthOfStay"]
    if found is None:
        nothing = np.zeros(0)
        return Curve(title, 0, 0, 0.0, None, nothing, nothing, nothing, nothing)
    points = [_floats(point[name] for point in found["curve"]) for name in ("days", "survival", "lower", "upper")]
    median = None if found["median"] is None else found["median"]["days"]
    return Curve(title, found["stays"], found["open"], found["horizonDays"], median, *points)
