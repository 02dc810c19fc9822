"""The picture of a site as a graph: pages where paths begin on the left, pages where they end on the right."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke

from raceline.app import plot_frame as frame
from raceline.app.path_tables import Row
from raceline.app.plot_frame import Told, single, style
from raceline.app.plot_graph_chosen import OTHERS
from raceline.app.plot_steps import JUMP, OPEN, RESOLVED
from raceline.domain.errors import NothingToDraw

_COLUMN, _HEIGHT = 2.2, 5.5  # inches
_ROWS = 4  # pages of one column
_SWEEPS = 8
_WIDEST, _LARGEST = 7.0, 900.0  # points, square points
_NAMES = {"start": "start", "resolved": "resolved", "open": "open"}
_COLOURS = {"start": frame.INK, "resolved": RESOLVED, "open": OPEN, "page": "#c6dbef", OTHERS: "white"}
_FLAGGED = "#b2182b"


class Node(NamedTuple):
    """A node in its place, both from 0 to 1 and x in columns."""

    x: float
    y: float
    row: Row


def placed(nodes: Sequence[Row], edges: Sequence[Row]) -> dict[int, Node]:
    """Nodes by number: pages in columns by how much more often paths end there than begin, and within a column near
    those that they have most transitions with."""
    pages = sorted(
        (row for row in nodes if row["kind"] in ("page", OTHERS)), key=lambda row: (_lateness(row), row["page"])
    )
    columns = [pages[n : n + _ROWS] for n in range(0, len(pages), _ROWS)]
    ends = [row for row in nodes if row["kind"] in ("resolved", "open")]
    columns = [[row for row in nodes if row["kind"] == "start"], *columns, ends]
    height = {row["n"]: (k + 0.5) / len(column) for column in columns for k, row in enumerate(column)}
    weight = _weights(edges)
    for sweep in range(_SWEEPS):
        for column in columns[:: 1 if sweep % 2 == 0 else -1]:
            near = {row["n"]: _near(weight.get(row["n"], {}), height) for row in column}
            for k, row in enumerate(sorted(column, key=lambda row: (near[row["n"]], row["n"]))):
                height[row["n"]] = (k + 0.5) / len(column)
    return {row["n"]: Node(float(x), height[row["n"]], row) for x, column in enumerate(columns) for row in column}


def _lateness(row: Row) -> float:
    return float(((row["exits"] or 0) - (row["entries"] or 0)) / max(row["visits"], 1))


def _weights(edges: Sequence[Row]) -> dict[int, dict[int, int]]:
    """How many transitions each node has with each other, in either direction."""
    found: dict[int, dict[int, int]] = {}
    for edge in edges:
        for one, other in ((edge["source_n"], edge["target_n"]), (edge["target_n"], edge["source_n"])):
            inside = found.setdefault(one, {})
            inside[other] = inside.get(other, 0) + edge["transitions"]
    return found


def _near(weight: Mapping[int, int], height: Mapping[int, float]) -> float:
    total = sum(weight.values())
    return sum(height[other] * count for other, count in weight.items()) / total if total else 0.5


def graph(nodes: Sequence[Row], edges: Sequence[Row], subtitle: str, source: str) -> Figure:
    """Pages as circles by their visits, transitions as arrows by their number. Raises NothingToDraw."""
    if not any(row["kind"] == "page" for row in nodes):
        raise NothingToDraw("There is no such path.")
    at = placed(nodes, edges)
    columns = int(max(node.x for node in at.values())) + 1
    unit = "circles: visits; arrows: transitions; pages where paths begin are on the left, those where they end right"
    with style():
        told = Told("The site as customers use it", subtitle, unit, source)
        figure, ax = single(told, width=_COLUMN * columns, height=_HEIGHT, above=frame.LEGEND)
        ax.set_xlim(-0.4, columns - 0.6)
        ax.set_ylim(-0.02, 1.02)
        most = max(edge["transitions"] for edge in edges)
        for edge in reversed(edges):  # the most frequent on top
            _arrow(ax, at[edge["source_n"]], at[edge["target_n"]], edge, most)
        _circles(ax, list(at.values()))
        marks = [("transitions", frame.GREY)]
        marks += [("without a link", JUMP)] if any(edge["is_link"] is False for edge in edges) else []
        marks += [("unexpected turnarounds", _FLAGGED)] if any(row.get("flagged") for row in nodes) else []
        frame.legend(figure, marks)
    return figure


def _arrow(ax: Axes, begin: Node, end: Node, edge: Row, most: int) -> None:
    share = edge["transitions"] / most
    ax.add_patch(
        FancyArrowPatch(
            (begin.x, begin.y),
            (end.x, end.y),
            connectionstyle="arc3,rad=0.18",  # there and back are two arrows
            arrowstyle=f"-|>,head_length={2 + 3 * share:.2f},head_width={1 + 2 * share:.2f}",
            shrinkA=8,
            shrinkB=10,
            linewidth=max(_WIDEST * share, 0.3),
            color=JUMP if edge["is_link"] is False else frame.GREY,
            alpha=0.35 + 0.5 * share,
            zorder=1,
        )
    )


def _circles(ax: Axes, nodes: Sequence[Node]) -> None:
    visits = np.array([node.row["visits"] for node in nodes], np.float64)
    size = np.maximum(_LARGEST * visits / visits.max(), 30)
    colours = [_FLAGGED if node.row.get("flagged") else _COLOURS[node.row["kind"]] for node in nodes]
    x, y = [node.x for node in nodes], [node.y for node in nodes]
    ax.scatter(x, y, s=size, c=colours, edgecolors=frame.PALE, linewidths=0.5, zorder=2)
    for node, points in zip(nodes, size, strict=True):
        row = node.row
        name = _NAMES.get(row["kind"]) or frame.called(row["page"], row["title"])
        below = -float(np.sqrt(points / np.pi)) - 1.5  # the radius, in points
        ax.annotate(
            f"{name}\n{row['visits']:,}",
            (node.x, node.y),
            (0, below),
            textcoords="offset points",
            fontsize=6.5,
            ha="center",
            va="top",
            path_effects=[withStroke(linewidth=1.5, foreground="white")],  # it stays readable upon arrows
        )
