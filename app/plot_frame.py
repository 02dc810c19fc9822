"""The frame of a picture: a panel for each stage on one scale, a title, and a line that says what it is true of.

Colours are ordered in lightness, so that they are told apart without seeing hues and in print.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import IO, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Patch

PANEL_WIDTH, PANEL_HEIGHT = 3.1, 1.6  # inches
_TOP, _BOTTOM = 0.95, 0.62  # inches, for the titles and for the source
LEGEND = 0.25
_LONGEST = 26  # characters
INK, PALE, GRID = "#222222", "#666666", "#e4e4e4"
GREY, PALE_GREY, RANGE = "#9a9a9a", "#cfcfcf", "#9ecae1"
_STYLE: Any = {  # its keys are too many for a type
    "font.size": 8,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so a picture is the same everywhere
    "text.parse_math": False,  # a dollar in a title is a dollar
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "svg.hashsalt": "raceline",  # the same data give the same file
    "savefig.dpi": 150,
}


class Told(NamedTuple):
    """The words of a picture: what it shows, of what, its unit, and what it is true of."""

    title: str
    subtitle: str
    unit: str
    source: str


@contextmanager
def style() -> Iterator[None]:
    """Fonts, lines and grids of all pictures."""
    with mpl.rc_context(_STYLE):
        yield


def shades(name: str, count: int, *, dark: float, light: float) -> list[Any]:
    """So many colours of one of matplotlib's maps, from its dark end to its light one."""
    step = (light - dark) / max(count - 1, 1)
    return [mpl.colormaps[name](dark + step * n) for n in range(count)]


def of_stages(count: int) -> list[Any]:
    """A colour for each stage, in the order of the racetrack."""
    return shades("cividis", count, dark=0.0, light=0.92)


def of_severities(count: int) -> list[Any]:
    """A colour for each severity, the worst the darkest."""
    return shades("YlOrRd", count, dark=1.0, light=0.22)


def panels(
    told: Told, titles: Sequence[str], *, above: float = 0.0, high: float = PANEL_HEIGHT, one_scale: bool = True
) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each of the titles. Inches: above, that stay free under the heading; high, a panel.

    one_scale: all panels have the same; else each has its own.
    """
    columns = next(n for n in (1, 2, 3, 4, 5) if n == 5 or len(titles) <= n * (n + 1))
    rows = -(-len(titles) // columns)
    width = max(columns, 2) * PANEL_WIDTH + 0.5
    height = rows * high + _TOP + above + _BOTTOM
    figure = Figure(figsize=(width, height))
    _write(figure, told, width, height)
    grid = figure.add_gridspec(
        rows,
        columns,
        left=0.6 / width,
        right=1 - 0.25 / width,
        top=1 - (_TOP + above + 0.3) / height,
        bottom=_BOTTOM / height,
        wspace=0.16 if one_scale else 0.22,
        hspace=(0.42 if one_scale else 0.55) * PANEL_HEIGHT / high,
    )
    axes: list[Axes] = []
    for n, title in enumerate(titles):
        row, column = divmod(n, columns)
        first = axes[0] if axes and one_scale else None
        ax = figure.add_subplot(grid[row, column], sharex=first, sharey=first)
        ax.set_title(short(title), loc="left", fontsize=8.5, fontweight="bold", pad=4)
        last = n + columns >= len(titles)
        ax.tick_params(length=2, labelleft=column == 0 or not one_scale, labelbottom=last or not one_scale)
        axes.append(ax)
    return figure, axes


def _write(figure: Figure, told: Told, width: float, height: float) -> None:
    left = 0.25 / width
    figure.text(left, 1 - 0.3 / height, told.title, fontsize=14, fontweight="bold", va="center")
    figure.text(left, 1 - 0.56 / height, told.subtitle, fontsize=9, color=PALE, va="center")
    figure.text(left, 1 - 0.78 / height, told.unit, fontsize=8, color=PALE, va="center", fontstyle="italic")
    figure.text(left, 0.16 / height, told.source, fontsize=7, color=PALE, va="center")


def legend(figure: Figure, colours: Sequence[tuple[str, Any]]) -> None:
    """What the colours mean, in a line under the heading (LEGEND inches)."""
    width, height = figure.get_size_inches()
    figure.legend(
        handles=[Patch(facecolor=colour, label=name) for name, colour in colours],
        loc="center left",
        bbox_to_anchor=(0.25 / width, 1 - 1.03 / height),
        ncols=len(colours),
        frameon=False,
        handlelength=1,
        handleheight=1,
        columnspacing=1.2,
        borderpad=0,
        borderaxespad=0,
    )


def note(ax: Axes, text: str) -> None:
    """A figure of the panel, over its right end."""
    ax.set_title(text, loc="right", fontsize=7, color=PALE, pad=4)


def inside(ax: Axes, text: str) -> None:
    """A figure of the panel, in it at the top on the right."""
    ax.text(0.99, 0.93, text, transform=ax.transAxes, ha="right", va="center", fontsize=7, color=PALE)


def date_axis(ax: Axes, first: date, last: date, ticks: int = 6) -> None:
    """Days from left to right, with at most so many ticks."""
    ax.set_xlim(first, last)  # type: ignore[arg-type]
    locator = AutoDateLocator(minticks=ticks // 2, maxticks=ticks)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]


def on(colour: Any) -> str:
    """Black or white, whichever can be read on the colour (WCAG 2.2, relative luminance)."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "white" if linear @ [0.2126, 0.7152, 0.0722] < 0.18 else INK


def short(title: str, longest: int = _LONGEST) -> str:
    """A title of so many characters at most; by default as long as that of a panel, so that a note fits beside it."""
    return title if len(title) <= longest else f"{title[: longest - 1].rstrip()}…"


def called(page: str, title: str | None, longest: int = _LONGEST) -> str:
    """What a page is called in a picture: by its title, or by its name where that is too long. Of a name that is too
    long as well the end is kept, which tells pages of one part of a site apart."""
    if title is not None and len(title) <= longest:
        return title
    return page if len(page) <= longest else f"…{page[1 - longest :].lstrip()}"


def single(told: Told, *, width: float, height: float, above: float = 0.0) -> tuple[Figure, Axes]:
    """A figure of one panel without axes of its own, for what has no scale; sizes in inches."""
    whole = height + _TOP + above + _BOTTOM
    figure = Figure(figsize=(width, whole))
    _write(figure, told, width, whole)
    ax = figure.add_axes((0.25 / width, _BOTTOM / whole, 1 - 0.5 / width, height / whole))
    ax.set_axis_off()
    return figure, ax


def beside(told: Told, titles: Sequence[str], *, height: float, width: float = 10.5) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side, each with scales of its own, under a legend; sizes in inches."""
    whole = height + _TOP + LEGEND + _BOTTOM
    figure = Figure(figsize=(width, whole))
    _write(figure, told, width, whole)
    top = 1 - (_TOP + LEGEND + 0.3) / whole
    grid = figure.add_gridspec(
        1, len(titles), left=0.6 / width, right=1 - 0.25 / width, top=top, bottom=(_BOTTOM + 0.2) / whole, wspace=0.55
    )
    axes = [figure.add_subplot(grid[0, n]) for n in range(len(titles))]
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(short(title), loc="left", fontsize=8.5, fontweight="bold", pad=4)
        ax.tick_params(length=2)
    return figure, axes


def overview(figure: Figure, inches: float) -> Axes:
    """A panel of the whole width, in the room that was left above the others."""
    width, height = figure.get_size_inches()
    left, right = 0.6 / width, 1 - 0.25 / width
    return figure.add_axes((left, 1 - (_TOP + inches - 0.25) / height, right - left, (inches - 0.35) / height))


def save(figure: Figure, file: IO[bytes], kind: str) -> None:
    """Write it as png, svg or pdf, without a date: the same data give the same file."""
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # of a script that the font does not have
        figure.savefig(file, format=kind, metadata=dates.get(kind))
