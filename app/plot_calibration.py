"""The picture of calibration: of those who were given a chance, how many moved on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from raceline.app import plot_frame as frame
from raceline.app.plot_data import Floats
from raceline.app.plot_frame import Told, panels, style
from raceline.app.prediction_questions import Calibrated
from raceline.app.stage_day_tables import Row
from raceline.domain.errors import NothingToDraw

_HIGH = 2.2  # inches
_LEAST = 0.0005  # where no chance is more there is no next stage, or nobody ever goes there
_HELD_OUT, _LIVE = "#9ecae1", frame.INK
_OF_LIVE, _OF_HELD_OUT = ("what came true of its predictions", _LIVE), ("data held out from training", _HELD_OUT)
_SPAN = {1: "1 day", 7: "7 days", 30: "30 days"}


class Line(NamedTuple):
    """A calibration curve, (b,) each: the mean chance of a bin, the share that came true and its bounds; of so many
    rows, with the slope (None where it is not defined)."""

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    rows: int
    slope: float | None


def line_of(figures: Row | None) -> Line | None:
    """The curve of an evaluation or a calibration; None when nothing could be judged."""
    if figures is None or not figures["bins"]:
        return None
    predicted, observed, low, high = (
        np.array([one[name] for one in figures["bins"]], np.float64)
        for name in ("predicted", "observed", "low", "high")
    )
    return Line(predicted, observed, low, high, figures["rows"], figures["slope"])


def calibration(found: Calibrated, horizon: int, source: str) -> Figure:
    """A panel for all stages together and for each: chances against what came true. Raises NothingToDraw."""
    lines = [(title, line_of(found.live.get(name)), line_of(found.held_out.get(name))) for name, title in found.stages]
    drawn = [one for one in lines if any(map(_said, one[1:]))]
    if not drawn:
        raise NothingToDraw("It is not known yet what came true of any of its predictions.", model=found.model["name"])
    rest = len(lines) - len(drawn)
    without = f"; {rest} stages without any are left out" if rest else ""
    unit = (
        f"share that moved on within {_SPAN[horizon]} (95 % interval), by the chance given; on the diagonal both agree"
    )
    with style():
        told = Told(f"Calibration of {found.model['name']}", _subtitle(found) + without, unit, source)
        titles = [title for title, *_ in drawn]
        figure, axes = panels(told, titles, above=frame.LEGEND, high=_HIGH, one_scale=False)
        for ax, (_, live, held_out) in zip(axes, drawn, strict=True):
            _panel(ax, live, held_out)
            _scale(ax, [line for line in (live, held_out) if line])
        frame.legend(figure, [_OF_LIVE] * any(live for _, live, _ in drawn) + [_OF_HELD_OUT])
    return figure


def _said(line: Line | None) -> bool:
    return line is not None and bool(line.predicted.max() >= _LEAST or line.observed.any())


def _subtitle(found: Calibrated) -> str:
    model = found.model
    live = found.live[None]
    made = f"{live['rows']:,} predictions judged" if live and live["rows"] else "no prediction judged yet"
    if live and live["otherVersion"]:
        made += f", {live['otherVersion']:,} not: another version of the racetrack is live"
    status = "in force" if model["status"] == "PROMOTED" else model["status"].lower().replace("_", " ")
    return f"{model['racetrack']}@{model['racetrackVersion']}, {status}; {made}"


def _panel(ax: Axes, live: Line | None, held_out: Line | None) -> None:
    ax.axline((0, 0), slope=1, color=frame.PALE_GREY, linewidth=0.8)
    if held_out:
        _draw(ax, held_out, _HELD_OUT)
    if live:
        _draw(ax, live, _LIVE)
    shown = live or held_out
    if shown:
        slope = "" if shown.slope is None else f", slope {shown.slope:.2f}"
        frame.note(ax, f"{shown.rows:,} rows{slope}")


def _draw(ax: Axes, line: Line, colour: str) -> None:
    bounds = np.maximum([line.observed - line.low, line.high - line.observed], 0)
    ax.errorbar(
        line.predicted, line.observed, bounds, color=colour, marker="o", markersize=3, linewidth=0.9, elinewidth=0.8
    )


def _scale(ax: Axes, lines: Sequence[Line]) -> None:
    """The same for both axes, as far as anything comes."""
    furthest = max(float(max(line.predicted.max(), line.high.max())) for line in lines)
    furthest = min(max(furthest * 1.05, 0.01), 1.02)
    ax.set_xlim(0, furthest)
    ax.set_ylim(0, furthest)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
