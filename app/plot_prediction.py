"""The picture of one customer's prediction: when the stay ends and how, and why that is so likely."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from raceline.analytics.incidence import BIN_ENDS, HORIZON, E, K, at
from raceline.app import plot_frame as frame
from raceline.app.plot_data import Floats
from raceline.app.plot_frame import Told, beside, style
from raceline.app.stage_day_tables import Row

# By exit: the name in the answer, what it is called, and a colour.
_EXITS = (
    ("next", "next stage", "#4292c6"),
    ("further", "further forward", "#9ecae1"),
    ("edge", "back by an edge", "#a1d99b"),
    ("backward", "backward", "#fdae6b"),
    ("out", "out of the racetrack", "#bdbdbd"),
)
_DAYS = np.linspace(0, HORIZON, 181)
_HORIZONS = ((1.0, "withinDay"), (7.0, "withinWeek"), (30.0, "withinMonth"))
_UP, _DOWN = "#08519c", "#d94801"
_LEAST = 0.0005  # of a chance; what is less is not to be seen
_NO_NEXT = "nobody moves to a next stage from here"
_HEIGHT = 3.6  # inches
_PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}  # so that it is read on any colour


def prediction(customer: str, found: Row, source: str) -> Figure:
    """Curves of how the stay may end, and what leads from the stage's base rate to the chance of this customer."""
    told = found["prediction"]
    model = told["modelVersion"]["name"] if told["modelVersion"] else "a model"
    moment = told["computedAt"][:16].replace("T", " ")
    title = f"{found['stageTitle'] or told['stage']}, for {told['daysInStage']:,.1f} days so far"
    words = Told(
        f"Prediction of {frame.short(customer, 48)}",
        f"{title}; by {model} ({found['racetrack']}@{told['racetrackVersion']}, {told['tier'].lower()})",
        f"looking ahead from {moment} UTC; expected to stay {told['expectedDays']:.1f} more days (of {HORIZON:.0f} at "
        "most)",
        source,
    )
    with style():
        figure, (curves, bars) = beside(words, ("How the stay ends", "Why, within 7 days"), height=_HEIGHT)
        _curves(curves, told)
        _factors(bars, told)
        frame.legend(figure, [(name, colour) for exit_, name, colour in _EXITS if exit_ in _seen(told)])
    return figure


def _seen(told: Row) -> list[str]:
    """The exits that there are of this stage, as far as can be seen."""
    return [exit_ for exit_, *_ in _EXITS if max(one[exit_] for one in told["curve"]) >= _LEAST]


def _curves(ax: Axes, told: Row) -> None:
    found = np.concatenate([at(_incidence(told["curve"]), days) for days in _DAYS])
    ax.stackplot(_DAYS, found.T, colors=[colour for *_, colour in _EXITS], linewidth=0)
    for days, name in _HORIZONS if "next" in _seen(told) else ():
        chance, between = told[name], told["interval"][name] or {"low": told[name], "high": told[name]}
        bounds = [[max(chance - between["low"], 0)], [max(between["high"] - chance, 0)]]
        ax.errorbar([days], [chance], bounds, fmt="o", color=frame.INK, markersize=3.5, elinewidth=1, capsize=2)
        ax.annotate(f"{chance:.0%}", (days, chance), (6, 4), textcoords="offset points", fontsize=8, bbox=_PAPER)
    ax.set_xlim(0, HORIZON)
    ax.set_ylim(0, 1)
    ax.set_xticks([0, 7, 30, 60, 90])
    ax.set_xlabel("days from then on", fontsize=7, color=frame.PALE)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    frame.note(ax, "dots: next stage, with 90 % interval" if "next" in _seen(told) else _NO_NEXT)


def _incidence(curve: Sequence[Row]) -> Floats:
    """(1, K, E), as analytics has it."""
    by_days = {one["days"]: one for one in curve}
    rows = [[by_days[end][name] for name, *_ in _EXITS] for end in BIN_ENDS]
    return np.array(rows, np.float64).reshape(1, K, E)


def _factors(ax: Axes, told: Row) -> None:
    """A waterfall from the base rate to the chance."""
    if told["baseRate"] is None:
        ax.set_axis_off()
        frame.inside(ax, "nothing personal is known of this stage")
        return
    if "next" not in _seen(told):
        ax.set_axis_off()
        frame.inside(ax, _NO_NEXT)
        return
    added = [(one["title"], one["contribution"]) for one in told["factors"]]
    if min(told["baseRate"] + np.cumsum([step for _, step in added]), default=0.0) < 0:  # no chance is below 0
        added.sort(key=lambda one: one[1] < 0)
    steps = [("base rate of the stage", told["baseRate"]), *added]
    ends = np.cumsum([step for _, step in steps])
    starts = np.append(0.0, ends[:-1])
    for n, ((_, step), start, end) in enumerate(zip(steps, starts, ends, strict=True)):
        colour = frame.GREY if n == 0 else _UP if step >= 0 else _DOWN
        ax.barh(n, step, left=start, height=0.6, color=colour, linewidth=0)
        said = f"{step:.1%}" if n == 0 else f"{round(step * 100, 1) + 0.0:+.1f}"
        ax.annotate(said, (max(start, end), n), (4, 0), textcoords="offset points", va="center", size=7, bbox=_PAPER)
    ax.axvline(told["withinWeek"], color=frame.INK, linewidth=0.9, linestyle=":")
    ax.set_yticks(range(len(steps)), [frame.short(name) for name, _ in steps])
    ax.set_ylim(len(steps) - 0.4, -0.6)
    ax.set_xlim(0.0, max(float(max(ends.max(), told["withinWeek"])) * 1.25, 0.01))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    frame.note(ax, f"points; {told['withinWeek']:.1%} in all (dotted)")
