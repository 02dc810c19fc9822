"""The picture of a site step by step: how many are where at each step of a path, and where they go from there."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from raceline.app import plot_frame as frame
from raceline.app.path_tables import Row
from raceline.app.plot_frame import Told, single, style
from raceline.domain.errors import NothingToDraw

_COLUMN, _HEIGHT = 2.1, 5.5  # inches
_BAR, _GAP = 0.05, 0.018  # of a column; of the height
_PAGES = 8  # of one step that have a bar of their own
OTHERS = "other pages"
RESOLVED, OPEN, FLOW, JUMP = "#2166ac", frame.GREY, "#9ecae1", "#f4a582"

Place = tuple[int, str]  # step, and page


class Bar(NamedTuple):
    """A page at a step: from where to where it reaches, and how many of its paths end there."""

    top: float
    bottom: float
    visits: int
    resolved: int
    open: int


class Steps(NamedTuple):
    """Bars by place, and the flows between them: how many, and of those how many took no link."""

    bars: dict[Place, Bar]
    flows: dict[tuple[Place, Place], tuple[int, int]]
    names: Mapping[str, str]
    paths: int


def steps_of(nodes: Iterable[Row], edges: Iterable[Row], last: int) -> Steps:
    """The answer about a graph by steps, the pages of fewest visits of each step put together. Heights are from 1 down
    to 0; as many paths as there are reach down from 1 to a little above 0.

    last: the last step that is drawn; the answer needs one more, else nobody knows what ends there.
    """
    pages = [row for row in nodes if row["kind"] == "page" and row["step"] <= last]
    names = {row["page"]: frame.called(row["page"], row["title"]) for row in pages}
    own = _own(pages)
    visits: dict[Place, int] = defaultdict(int)
    for row in pages:
        visits[own(row["step"], row["page"])] += row["visits"]
    ends: dict[tuple[Place, str], int] = defaultdict(int)
    flows: dict[tuple[Place, Place], tuple[int, int]] = defaultdict(lambda: (0, 0))
    paths = 0
    for edge in edges:
        count = edge["transitions"]
        if edge["source_kind"] == "start":
            paths += count
        elif edge["target_kind"] != "page":
            ends[own(edge["step"], edge["source"]), edge["target_kind"]] += count
        elif edge["step"] < last:
            between = own(edge["step"], edge["source"]), own(edge["step"] + 1, edge["target"])
            before = flows[between]
            flows[between] = (before[0] + count, before[1] + (count if edge["is_link"] is False else 0))
    return Steps(_stacked(visits, ends, paths), dict(flows), names, paths)


def _own(pages: Iterable[Row]) -> Callable[[int, str], Place]:
    """What gives the place of a page at a step: its own, or that of the others of the step."""
    by_step: dict[int, list[Row]] = defaultdict(list)
    for row in pages:
        by_step[row["step"]].append(row)
    kept: set[Place] = set()
    for step, rows in by_step.items():
        most = sorted(rows, key=lambda row: (-row["visits"], row["page"]))
        kept |= {(step, row["page"]) for row in (most if len(most) <= _PAGES + 1 else most[:_PAGES])}
    return lambda step, page: (step, page) if (step, page) in kept else (step, "")


def _stacked(visits: Mapping[Place, int], ends: Mapping[tuple[Place, str], int], paths: int) -> dict[Place, Bar]:
    scale = (1 - _GAP * (_PAGES + 1)) / max(paths, 1)
    bars: dict[Place, Bar] = {}
    top: dict[int, float] = {}
    for place in sorted(visits, key=lambda one: (one[0], one[1] == "", -visits[one], one[1])):
        begin = top.get(place[0], 1.0)
        end = begin - visits[place] * scale
        bars[place] = Bar(begin, end, visits[place], ends.get((place, "resolved"), 0), ends.get((place, "open"), 0))
        top[place[0]] = end - _GAP
    return bars


def by_steps(found: Steps, subtitle: str, source: str) -> Figure:
    """A column for each step, its pages as bars, and bands to those of the next step. Raises NothingToDraw."""
    if not found.paths:
        raise NothingToDraw("There is no such path.")
    last = max(step for step, _ in found.bars)
    unit = "paths at each page by the steps of a path; they go on to the right, end resolved, or end open"
    with style():
        told = Told("The site, step by step", subtitle, unit, source)
        figure, ax = single(told, width=_COLUMN * (last + 0.6) + 0.5, height=_HEIGHT, above=frame.LEGEND)
        ax.set_xlim(0.9, last + 1.5)
        ax.set_ylim(-0.02, 1.06)
        _bands(ax, found)
        for (step, page), bar in found.bars.items():
            _bar(ax, step, bar)
            name = found.names[page] if page else OTHERS
            ax.text(step + _BAR + 0.02, (bar.top + bar.bottom) / 2, f"{name}  {bar.visits:,}",
                    fontsize=6.5, va="center", color=frame.INK)  # fmt: skip
        for step in range(1, last + 1):
            ax.text(step, 1.035, f"step {step}", fontsize=8, fontweight="bold")
        marks = [("go on", FLOW), ("end resolved", RESOLVED), ("end open", OPEN)]
        jumps = [("go on without a link", JUMP)] if any(jumped for _, jumped in found.flows.values()) else []
        frame.legend(figure, marks + jumps)
    return figure


def _bar(ax: Axes, step: int, bar: Bar) -> None:
    """The bar in the colours of what happens next, from the top: goes on, ends resolved, ends open."""
    height = bar.top - bar.bottom
    at = bar.bottom
    for count, colour in ((bar.open, OPEN), (bar.resolved, RESOLVED), (bar.visits - bar.open - bar.resolved, FLOW)):
        part = height * count / bar.visits
        ax.add_patch(Rectangle((step, at), _BAR, part, color=colour, linewidth=0))
        at += part


def _bands(ax: Axes, found: Steps) -> None:
    """Each band leaves its bar in the order of where it goes, and comes in in the order of where it is from."""
    scale = {place: (bar.top - bar.bottom) / bar.visits for place, bar in found.bars.items()}
    leave = {place: bar.top for place, bar in found.bars.items()}
    arrive = dict(leave)
    order = {place: -bar.top for place, bar in found.bars.items()}
    for (source, target), (count, jumped) in sorted(
        found.flows.items(), key=lambda flow: (flow[0][0][0], order[flow[0][0]], order[flow[0][1]])
    ):
        height = count * scale[source]
        colour = JUMP if 2 * jumped > count else FLOW
        _band(ax, source[0] + _BAR, leave[source], target[0], arrive[target], height, colour)
        leave[source] -= height
        arrive[target] -= height


def _band(ax: Axes, left: float, begin: float, right: int, end: float, height: float, colour: str) -> None:
    middle = (left + right) / 2
    corners = [(left, begin), (middle, begin), (middle, end), (right, end),
               (right, end - height), (middle, end - height), (middle, begin - height), (left, begin - height),
               (left, begin)]  # fmt: skip
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, curve), facecolor=colour, alpha=0.45, linewidth=0))
