"""A list of paths that an answer about paths has to hold: which paths, in which part of it, and how many of them."""

from datetime import datetime
from typing import NamedTuple


class PathList(NamedTuple):
    """A list that was asked for, of the whole question or of each of its rows.

    list: its number, by which the answer names it. of: the field of the API that it stands in, `paths` or
    `turnaroundPaths`. row_type: the type of the API whose rows have it (Page, GraphNode, GraphEdge, PathVariant,
    FunnelStep, PercolationRow, ComparisonArm); Query when it is the one list of the question. first: so many paths are
    told; the answer holds one more, which says that there are more. after: when the last path of the page before
    started, and its path_id.
    """

    list: int
    of: str
    row_type: str
    first: int
    after: tuple[datetime, int] | None = None
