"""The picture of a funnel: a bar for each named step, as long as many come so far."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from raceline.app import plot_frame as frame
from raceline.app.path_tables import Row
from raceline.app.plot_frame import Told, single, style
from raceline.domain.errors import NothingToDraw

_WIDTH, _ROW = 7.5, 0.62  # inches
_LEFT, _RIGHT = 0.2, 0.62  # of the width: where bars begin, and where the longest ends
_BAR = 0.36  # of a row


def funnel(rows: Sequence[Row], per: str, subtitle: str, source: str) -> Figure:
    """Bars from the first step to the last, with what leads from each to the next. Raises NothingToDraw."""
    counted = "customers" if per == "customer" else "paths"
    whole = rows[0]["of_previous"] if rows else 0
    if not whole:
        raise NothingToDraw("There is no such path.")
    unit = f"{counted} that come so far; conversion from the step before with its 95 % interval"
    with style():
        told = Told("Funnel", subtitle, unit, source)
        figure, ax = single(told, width=_WIDTH, height=_ROW * (len(rows) + 1))
        ax.set_xlim(0, 1)
        ax.set_ylim(len(rows) + 0.5, -0.5)
        _bar(ax, 0, 1.0, "all", f"{whole:,}", frame.PALE_GREY)
        shades = frame.of_stages(len(rows))
        for n, (row, colour) in enumerate(zip(rows, shades, strict=True), 1):
            come = row["customers"] if per == "customer" else row["paths"]
            _bar(ax, n, come / whole, row["name"], f"{come:,}", colour)
            ax.text(0.66, n - 0.13, _conversion(row), fontsize=8, va="center")
            ax.text(0.66, n + 0.17, _more(row), fontsize=7, color=frame.PALE, va="center")
    return figure


def _bar(ax: Axes, n: int, share: float, name: str, count: str, colour: object) -> None:
    width = (_RIGHT - _LEFT) * share
    ax.barh(n, width, left=_LEFT, height=2 * _BAR, color=colour, linewidth=0)
    ax.text(_LEFT - 0.01, n, frame.short(name), ha="right", va="center", fontsize=8.5, fontweight="bold")
    inside = width > 0.08
    at, side = (_LEFT + width - 0.008, "right") if inside else (_LEFT + width + 0.008, "left")
    ax.text(at, n, count, ha=side, va="center", fontsize=8, color=frame.on(colour) if inside else frame.INK)


def _conversion(row: Row) -> str:
    if row["conversion"] is None:
        return "nobody could come here"
    interval = ""
    if row["conversion_low"] is not None and row["conversion_high"] is not None:
        interval = f"  ({row['conversion_low']:.1%} to {row['conversion_high']:.1%})"
    return f"{row['conversion']:.1%}{interval}"


def _more(row: Row) -> str:
    words = []
    if row["lift"] is not None:
        words.append(f"{row['lift']:.2f} x base rate")
    if row["median_seconds"] is not None:
        words.append(f"after {_time(row['median_seconds'])} (median)")
    return ", ".join(words)


def _time(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
