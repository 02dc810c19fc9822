"""What the API tells about paths as a whole, as rows of tables that graphql/injected.py names (design, section 6)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from raceline.projections.kept_paths import KeptPaths
from raceline.projections.path_columns import PathColumns
from raceline.projections.path_figures_chosen import Chosen, Snapshot, filters_of, snapshot_of
from raceline.projections.path_figures_funnel import funnel
from raceline.projections.path_figures_graph import site_graph
from raceline.projections.path_figures_lengths import path_comparison, path_statistics
from raceline.projections.path_figures_lists import every_path
from raceline.projections.path_figures_pages import pages
from raceline.projections.path_figures_percolation import percolation
from raceline.projections.path_figures_rows import Rows, row_of
from raceline.projections.path_figures_stays import pages_before_moves
from raceline.projections.path_figures_variants import path_variants
from raceline.projections.path_list import PathList

__all__ = ["FIELDS", "Rows", "answer"]

_Figures: TypeAlias = Callable[[Snapshot, Mapping[str, Any], Sequence[PathList]], tuple[Chosen, Rows]]


def answer(
    columns: PathColumns, kept: KeptPaths, field: str, arguments: Mapping[str, Any], lists: Sequence[PathList]
) -> Rows:
    """The rows of a root field of the API: one of FIELDS, or pagesBeforeMoves.

    columns: of `kept`, whose database is asked for stays. arguments: by the names of GraphQL, enums as their values.
    lists: the lists of paths that are wanted. Raises InvalidPathPattern, NotInForce, NoRacetrack; NoReadModels,
    LogUnavailable, LogRefused.
    """
    if field == "pagesBeforeMoves":
        columns, chosen, rows = pages_before_moves(columns, kept, arguments)
    else:
        chosen, rows = FIELDS[field](snapshot_of(columns, kept), arguments, lists)
    totals = {"position": columns.position, "paths": len(chosen.index), "customers": chosen.customers}
    return rows | {"path_totals": row_of(**totals, paths_left_out=columns.paths - len(chosen.index))}


def _paths(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths themselves."""
    chosen = snapshot.chosen(filters_of(arguments, arguments.get("where")))
    return chosen, {"path_lists": [row for one in lists for row in every_path(snapshot, chosen, one)]}


FIELDS: Mapping[str, _Figures] = {
    "paths": _paths,
    "pathStatistics": path_statistics,
    "pages": pages,
    "siteGraph": site_graph,
    "pathVariants": path_variants,
    "funnel": funnel,
    "percolation": percolation,
    "pathComparison": path_comparison,
}
