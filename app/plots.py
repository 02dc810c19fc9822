"""The pictures of `raceline plot`, each a panel for each stage."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from raceline.app import plot_frame as frame
from raceline.app.plot_data import Curve, Floats, Picture, in_parts
from raceline.app.plot_frame import Told, panels, style
from raceline.domain.errors import NothingToDraw

_THRESHOLD = 0.05  # from here on a sentiment is no longer neutral
_OVERVIEW = 2.5  # inches
_BAND = 0.3  # of a confidence band, how much of the colour
_WRITABLE = 0.07  # of the height: where a stage's number fits in


def cases(picture: Picture, side: str) -> Figure:
    """Cases by severity, stacked, the worst at the bottom. Raises NothingToDraw."""
    if not picture.any(f"{side}_cases"):
        raise NothingToDraw(f"No support case was {side}.")
    layers = _layers(picture, side)
    picture = picture if side == "open" else in_parts(picture, side)
    with style():
        told = Told(f"{side.title()} support cases by severity", picture.subtitle, _when(picture, side), picture.source)
        figure, axes = panels(told, [one.title for one in picture.stages], above=frame.LEGEND)
        for ax, one in zip(axes, picture.stages, strict=True):
            _stack(ax, picture, [one.figures[name] for name, *_ in layers], [colour for *_, colour in layers])
            most = int(one.figures[f"{side}_cases"].max())
            frame.note(ax, f"at most {most:,}" if most else "none")
        _count_axis(axes[0], picture)
        frame.legend(figure, [(label, colour) for _, label, colour in layers])
    return figure


def _layers(picture: Picture, side: str) -> list[tuple[str, str, Any]]:
    """Column, label and colour of each severity of the scale, and of what is beside it, where there is any."""
    shades = frame.of_severities(len(picture.severities))
    scale = zip(picture.severities, shades, strict=True)
    layers = [(f"{side}_severity_{one}", f"severity {one}", shade) for one, shade in scale]
    beside = [(f"{side}_other_severity", "another", frame.GREY), (f"{side}_no_severity", "not known", frame.PALE_GREY)]
    return layers + [one for one in beside if picture.any(one[0])]


def _when(picture: Picture, side: str) -> str:
    if side == "open":
        return "cases that are open at the end of the day"
    return "cases closed on the day" if picture.width == 1 else f"cases closed in each {picture.width} days"


def sentiment(picture: Picture, side: str) -> Figure:
    """The range and the mean of the sentiments of cases. Raises NothingToDraw."""
    if not picture.any(f"{side}_scored"):
        raise NothingToDraw(f"No support case that was {side} has a text that could be scored.")
    picture = picture if side == "open" else in_parts(picture, side)
    unit = f"{_when(picture, side)}; a case's sentiment is the mean over its customer's texts, -1 to 1"
    with style():
        told = Told(f"Sentiment of {side} support cases", picture.subtitle, unit, picture.source)
        figure, axes = panels(told, [one.title for one in picture.stages], above=frame.LEGEND)
        for ax, one in zip(axes, picture.stages, strict=True):
            names = (f"{side}_sentiment_{name}" for name in ("minimum", "maximum", "mean"))
            _range(ax, picture, *(_held(one.figures[name]) for name in names))
            if not one.figures[f"{side}_scored"].any():
                frame.note(ax, "none")
        axes[0].set_ylim(-1, 1)
        axes[0].set_yticks([-1, 0, 1])
        _date_axis(axes[0], picture)
        frame.legend(figure, [("lowest to highest", frame.RANGE), ("mean", frame.INK), ("neutral", frame.GRID)])
    return figure


def _range(ax: Axes, picture: Picture, lowest: Floats, highest: Floats, mean: Floats) -> None:
    days = picture.edges()
    ax.axhspan(-_THRESHOLD, _THRESHOLD, color=frame.GRID, linewidth=0)
    ax.fill_between(days, lowest, highest, step="post", color=frame.RANGE, linewidth=0.6)  # type: ignore[arg-type]
    ax.plot(days, mean, drawstyle="steps-post", color=frame.INK, linewidth=1)  # type: ignore[arg-type]


def customers(picture: Picture) -> Figure:
    """Customers at the end of each day: all stages stacked, and each by itself. Raises NothingToDraw."""
    if not picture.any("customers"):
        raise NothingToDraw("No customer had any event by then.")
    counts = [one.figures["customers"] for one in picture.stages]
    colours = frame.of_stages(len(counts) - picture.nowhere) + [frame.PALE_GREY] * picture.nowhere
    with style():
        told = Told("Customers by stage", picture.subtitle, "customers at the end of the day", picture.source)
        figure, axes = panels(told, [one.title for one in picture.stages], above=_OVERVIEW)
        for ax, count, colour in zip(axes, counts, colours, strict=True):
            _stack(ax, picture, [count], [colour])
            frame.note(ax, f"{int(count[-1]):,} on the last day")
        _count_axis(axes[0], picture)
        whole = frame.overview(figure, _OVERVIEW)
        _stack(whole, picture, counts, colours, edge="white")
        _count_axis(whole, picture, ticks=12)
        _number(whole, picture, counts, colours)
    return figure


def _number(ax: Axes, picture: Picture, counts: Sequence[Floats], colours: Sequence[Any]) -> None:
    """The number of each stage, where its band is widest and high enough to read it."""
    tops = np.cumsum(counts, axis=0)
    for one, count, top, colour in zip(picture.stages, counts, tops, colours, strict=True):
        widest = int(count.argmax())
        if count[widest] > _WRITABLE * tops[-1].max():
            at, height = picture.days[widest], float(top[widest] - count[widest] / 2)
            word = one.title.partition("  ")
            text = word[0] if word[1] else "none"
            ax.text(at, height, text, color=frame.on(colour), ha="center", va="center", fontsize=7)  # type: ignore[arg-type]


def stays(curves: Sequence[Curve], subtitle: str, source: str) -> Figure:
    """How long stays last: the share that is still in the stage after so many days. Raises NothingToDraw."""
    if not any(one.stays for one in curves):
        raise NothingToDraw("Nobody has entered a stage.")
    unit = "share of the stays that last longer than so many days (Kaplan-Meier with its 95 % band; dotted: the median)"
    with style():
        figure, axes = panels(Told("Length of stay", subtitle, unit, source), [one.title for one in curves])
        for ax, one, colour in zip(axes, curves, frame.of_stages(len(curves)), strict=True):
            _curve(ax, one, colour)
        axes[0].set_ylim(0, 1.02)
        axes[0].set_xlim(0, max(max(one.horizon for one in curves), 1))
        axes[0].set_yticks([0, 0.5, 1])
        axes[0].xaxis.set_major_locator(MaxNLocator(5))
        axes[0].yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def _curve(ax: Axes, one: Curve, colour: Any) -> None:
    if not one.stays:
        frame.note(ax, "nobody yet")
        return
    ax.fill_between(one.days, one.lower, one.upper, step="post", color=colour, alpha=_BAND, linewidth=0)
    ax.plot(one.days, one.share, drawstyle="steps-post", color=colour, linewidth=1.4)
    if one.median is not None:
        ax.plot([0, one.median, one.median], [0.5, 0.5, 0], ":", color=frame.PALE, linewidth=1)
    frame.note(ax, f"{one.stays:,} stays, {one.going_on:,} go on")
    frame.inside(ax, "" if one.median is None else f"median {_days(one.median)}")


def _days(days: float) -> str:
    return f"{days:,.0f} days" if days >= 10 else f"{days:.1f} days"


def _stack(
    ax: Axes, picture: Picture, counts: Sequence[Floats], colours: Sequence[Any], edge: str | None = None
) -> None:
    ax.stackplot(
        picture.edges(),  # type: ignore[arg-type]
        [_held(one) for one in counts],
        step="post",
        colors=list(colours),
        linewidth=0.3 if edge else 0,
        edgecolor=edge,
    )


def _held(values: Floats) -> Floats:
    return np.append(values, values[-1:])


def _count_axis(ax: Axes, picture: Picture, ticks: int = 6) -> None:
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    _date_axis(ax, picture, ticks)


def _date_axis(ax: Axes, picture: Picture, ticks: int = 6) -> None:
    frame.date_axis(ax, picture.days[0], picture.edges()[-1], ticks)
