"""The funnel plot of pages: how often customers turn round there, against how much is known of it.

A page between the lines differs from the others of its stratum by no more than chance and the nature of pages explain
(Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24, 2005).
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from raceline.app import plot_frame as frame
from raceline.app.path_tables import Row
from raceline.app.plot_data import Floats
from raceline.app.plot_frame import Told, panels, style
from raceline.domain.errors import NothingToDraw

_HIGH = 3.2  # inches
_PANELS, _NAMES = 12, 10
_LONGEST = 40  # characters of a name
_LIMITS = ((1.96, "-"), (3.09, "--"))  # 95 % and 99.8 % of a normal curve
_ALL = "compared with all pages"
_FLAGGED, _TOO_FEW, _OTHERS = "#b2182b", "#bdbdbd", frame.RANGE


class Stratum(NamedTuple):
    """Pages that are compared with one another, or all with the rest: the rate that is expected, how pages differ from
    it by nature, a row for each page, and one for each of the rest."""

    name: str
    rate: float
    tau: float
    pages: list[Row]
    others: Sequence[Row] = ()

    def figures(self, name: str, *flags: str) -> Floats:
        """A figure of the pages with one of these flags."""
        return np.array([one[name] for one in self.pages if one["flag"] in flags], np.float64)

    @property
    def flagged(self) -> list[Row]:
        """Those that are to be inspected, the most excess turnarounds first."""
        return sorted((one for one in self.pages if one["flag"] == "unexpected"), key=lambda one: -float(one["excess"]))


def strata_of(rows: Iterable[Row], facts: Row) -> list[Stratum]:
    """The pages that could be turned at, by those that they are compared with; those with most to be inspected first,
    then the busiest. facts: what the test of all pages says."""
    inside: dict[str | None, list[Row]] = {}
    for row in rows:
        if row["opportunities"]:
            compared = _ALL if row["expected_from"] == "all" else row["stratum"]
            inside.setdefault(compared, []).append(row)
    found, without = [], "all pages" if len(inside) == 1 else "without a type"
    for name, pages in inside.items():
        if name == _ALL:
            others = [one for other, rest in inside.items() if other != _ALL for one in rest]
            stratum = Stratum(name, _expected(pages), facts["tauAll"] or 0.0, pages, others)
        else:
            rate = sum(one["turnarounds"] for one in pages) / _opportunities(pages)
            stratum = Stratum(name or without, rate, facts["tau"] or 0.0, pages)
        found.append(stratum)
    return sorted(found, key=lambda one: (-len(one.flagged), -_opportunities(one.pages), one.name))


def _opportunities(pages: Sequence[Row]) -> int:
    return sum(one["opportunities"] for one in pages)


def _expected(pages: Sequence[Row]) -> float:
    """The rate that is expected of pages that are compared with all others: of each that of all pages but itself."""
    return float(sum(one["opportunities"] * one["expected_rate"] for one in pages) / _opportunities(pages))


def funnel_plot(strata: Sequence[Stratum], subtitle: str, source: str) -> Figure:
    """A panel for each stratum, with the pages that are flagged by name. Raises NothingToDraw."""
    if not strata:
        raise NothingToDraw("No path has a step at which its customer could have turned round.")
    drawn, rest = strata[:_PANELS], strata[_PANELS:]
    if rest:
        subtitle += f"; left out: {len(rest)} strata of {sum(len(one.pages) for one in rest):,} pages"
    unit = "turnarounds per opportunity, against opportunities by design effect; lines: 95 % and 99.8 % limits"
    with style():
        figure, axes = panels(
            Told("Pages that customers turn round at", subtitle, unit, source),
            [one.name for one in drawn],
            above=frame.LEGEND,
            high=_HIGH,
        )
        _scales(axes[0], drawn)
        for ax, one in zip(axes, drawn, strict=True):
            ax.tick_params(labelbottom=True)  # the last panel may be far below
            _limits(ax, one)
            _points(ax, one)
        figure.canvas.draw()  # names are placed by what is there
        for ax, one in zip(axes, drawn, strict=True):
            _name(ax, one.flagged)
        marks = [("unexpected", _FLAGGED), ("expected", frame.INK), ("too few to tell", _TOO_FEW)]
        compared = [("all other pages", _OTHERS)] if any(one.others for one in drawn) else []
        frame.legend(figure, marks + compared)
    return figure


def _scales(ax: Axes, strata: Sequence[Stratum]) -> None:
    known = [one["effective_opportunities"] or one["opportunities"] for each in strata for one in each.pages]
    rates = [one["rate"] for each in strata for one in each.pages]
    ax.set_xscale("log")
    ax.set_xlim(min(known) / 1.3, max(known) * 1.6)
    ax.set_ylim(0, min(1.02, 1.1 * max([*rates, *(2 * each.rate for each in strata), 0.02])))
    ax.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))


def _limits(ax: Axes, one: Stratum) -> None:
    known = np.geomspace(*ax.get_xlim(), 200)
    chance = one.rate * (1 - one.rate)
    deviation = np.sqrt(chance / known + (chance * one.tau) ** 2)
    for z, line in _LIMITS:
        for side in (-z, z):
            ax.plot(known, np.clip(one.rate + side * deviation, 0, 1), line, color=frame.PALE, linewidth=0.7)
    ax.axhline(one.rate, color=frame.PALE, linewidth=0.9)


def _points(ax: Axes, one: Stratum) -> None:
    of_others = [page["effective_opportunities"] or page["opportunities"] for page in one.others]
    ax.scatter(
        of_others, [page["rate"] for page in one.others], s=7, color=_OTHERS, linewidths=0, zorder=2, clip_on=False
    )
    for flag, colour, size in (("too_few", _TOO_FEW, 7), ("expected", frame.INK, 10), ("unexpected", _FLAGGED, 18)):
        known = one.figures("effective_opportunities", flag)
        ax.scatter(
            known, one.figures("rate", flag), s=size, color=colour, linewidths=0, alpha=0.85, zorder=3, clip_on=False
        )
    frame.note(ax, f"{_opportunities(one.pages):,} opportunities")
    frame.inside(ax, f"expected {one.rate:.1%}")


def _name(ax: Axes, flagged: Sequence[Row]) -> None:
    """The names beside their points, moved up or down until none is upon another."""
    height = 8.5 / ax.get_window_extent().height  # of a line, in parts of the panel
    taken: list[float] = []
    for page in flagged[:_NAMES]:
        point = ax.transData.transform((page["effective_opportunities"], page["rate"]))
        x, y = ax.transAxes.inverted().transform(point)
        steps = sorted((n * height for n in range(-60, 61)), key=abs)
        y = next((y + move for move in steps if _free(y + move, taken, height)), y)
        taken.append(y)
        side: Any = ("left", 1) if x < 0.6 else ("right", -1)
        ax.annotate(
            frame.called(page["page"], page["title"], _LONGEST),
            (page["effective_opportunities"], page["rate"]),
            (x + side[1] * 0.025, y),
            textcoords="axes fraction",
            ha=side[0],
            va="center",
            fontsize=6.5,
            color=_FLAGGED,
            arrowprops={"arrowstyle": "-", "color": _FLAGGED, "linewidth": 0.3, "shrinkA": 0, "shrinkB": 2},
        )
    if len(flagged) > _NAMES:
        frame.inside(ax, f"and {len(flagged) - _NAMES} more")


def _free(y: float, taken: Sequence[float], height: float) -> bool:
    return height / 2 < y < 1 - height / 2 and all(abs(y - one) >= height for one in taken)
