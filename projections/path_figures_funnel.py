"""Funnels: a pattern with named steps, and who gets how far."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from raceline.analytics.funnel import Funnel, reached
from raceline.analytics.funnel import funnel as counted
from raceline.domain.path_pattern import Pattern, parse
from raceline.projections.path_figures_chosen import Chosen, Snapshot, filters_of
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_rows import Rows, rows_of
from raceline.projections.path_list import PathList
from raceline.projections.path_patterns import automaton, funnel_steps


def funnel(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of them the rows funnel_steps. Raises InvalidPathPattern."""
    steps = funnel_steps(parse(arguments["pattern"]))
    chosen = snapshot.chosen(filters_of(arguments.get("where")))
    per_customer = str(arguments.get("per") or "path").lower() == "customer"
    prefixes = [_automaton(chosen, step.prefix) for step in steps]
    key = ("funnel", tuple(step.prefix.text for step in steps), per_customer)
    alone = [_automaton(chosen, step.alone) for step in steps]
    found: Funnel = chosen.once(key, lambda: counted(chosen.paths, prefixes, alone, per_customer=per_customer))
    numbers = np.arange(1, len(steps) + 1)
    rows = rows_of(
        n=numbers,
        name=[step.name for step in steps],
        pattern=[step.prefix.text for step in steps],
        **found._asdict(),
    )
    there = np.nonzero(reached(chosen.paths, prefixes, per_customer=per_customer)) if lists else ()
    told = [row for one in lists for row in listed(snapshot, chosen, one, numbers.tolist(), *there)]
    return chosen, {"funnel_steps": rows, "path_lists": told}


def _automaton(chosen: Chosen, pattern: Pattern) -> Any:
    return automaton(pattern, chosen.columns.page_codes, chosen.pages)
