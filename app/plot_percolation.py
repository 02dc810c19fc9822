"""The picture of how long customers look for an answer: lengths of paths over time, a panel for each group."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from raceline.app import plot_frame as frame
from raceline.app.path_tables import Row
from raceline.app.plot_data import Floats
from raceline.app.plot_frame import Told, date_axis, panels, style
from raceline.domain.errors import NothingToDraw

_PANELS = 12
_HIGH = 2.0  # inches
_LINES = (("all", "all paths", frame.INK), ("resolved", "resolved", "#2166ac"), ("open", "open", "#b2182b"))
_GROUPS = ("stage", "entry_page", "variant")


class Group(NamedTuple):
    """Paths of one stage, entry page or variant, period by period; figures are NaN in a period without any.

    spread: the standard deviation of the lengths of all paths; means: by the names of the lines.
    """

    name: str
    paths: int
    resolved: float
    periods: list[date]
    means: dict[str, Floats]
    spread: Floats


def groups_of(rows: Iterable[Row], over: str, by: str | None) -> list[Group]:
    """The rows of a percolation by group, that of most paths first."""
    inside: dict[str | None, dict[date, Row]] = {}
    for row in rows:
        named = row[by] if by else None
        inside.setdefault(named, {})[row["period"]] = row
    days = [day for found in inside.values() for day in found]
    periods = list(_periods(min(days), max(days), over)) if days else []
    groups = [_group(_name(named, by), found, periods) for named, found in inside.items()]
    return sorted(groups, key=lambda one: (-one.paths, one.name))


def _name(named: str | None, by: str | None) -> str:
    if by is None:
        return "All paths"
    return named or {"stage": "No stage", "variant": "No variant"}.get(by, "")


def _group(name: str, found: dict[date, Row], periods: list[date]) -> Group:
    def figure(column: str) -> Floats:
        values = (found[day][column] if day in found else None for day in periods)
        return np.array([np.nan if value is None else value for value in values], np.float64)

    paths = sum(row["all_paths"] for row in found.values())
    resolved = sum(row["resolved_paths"] for row in found.values()) / max(paths, 1)
    means = {line: figure(f"{line}_mean_length") for line, *_ in _LINES}
    return Group(name, paths, resolved, periods, means, np.sqrt(figure("all_variance_length")))


def _periods(first: date, last: date, over: str) -> Iterable[date]:
    """Every period from one to another, also those without a path."""
    while first <= last:
        yield first
        match over:
            case "month":
                first = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            case "week":
                first += timedelta(days=7)
            case _:
                first += timedelta(days=1)


def percolation(groups: Sequence[Group], over: str, subtitle: str, source: str) -> Figure:
    """The mean length of resolved, open and all paths. Raises NothingToDraw."""
    if not groups:
        raise NothingToDraw("There is no such path.")
    drawn, rest = groups[:_PANELS], groups[_PANELS:]
    if rest:
        subtitle += f"; left out: {len(rest)} groups of {sum(one.paths for one in rest):,} paths"
    unit = f"mean steps of the paths that started in each {over}; shaded: all paths, one standard deviation up and down"
    with style():
        told = Told("Length of paths", subtitle, unit, source)
        figure, axes = panels(told, [one.name for one in drawn], above=frame.LEGEND, high=_HIGH)
        for ax, one in zip(axes, drawn, strict=True):
            _draw(ax, one)
        axes[0].set_ylim(bottom=0)
        date_axis(axes[0], drawn[0].periods[0] - timedelta(days=1), drawn[0].periods[-1] + timedelta(days=1))
        frame.legend(figure, [(label, colour) for _, label, colour in _LINES])
    return figure


def _draw(ax: Axes, one: Group) -> None:
    middle = one.means["all"]
    low, high = np.maximum(middle - one.spread, 0), middle + one.spread
    ax.fill_between(one.periods, low, high, color=frame.GRID, linewidth=0)  # type: ignore[arg-type]
    for line, _, colour in _LINES:
        ax.plot(one.periods, one.means[line], color=colour, linewidth=1.1, marker="o", markersize=2)  # type: ignore[arg-type]
    frame.note(ax, f"{one.paths:,} paths")
    frame.inside(ax, f"{one.resolved:.0%} resolved")
