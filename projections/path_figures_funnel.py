"""Funnels: a pattern with named steps, and who gets how far."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from raceline.analytics.funnel import funnel as counted
from raceline.analytics.funnel import reached
from raceline.analytics.path_match import Automaton
from raceline.domain.path_pattern import parse
from raceline.projections.path_figures_chosen import Chosen, Snapshot, filters_of
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_rows import Rows, rows_of
from raceline.projections.path_list import PathList
from raceline.projections.path_patterns import FunnelStep, automaton, funnel_steps


def funnel(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of them the rows funnel_steps. Raises InvalidPathPattern."""
    pattern = parse(arguments["pattern"])
    steps = funnel_steps(pattern)
    chosen = snapshot.chosen(filters_of(arguments.get("where")))
    per_customer = str(arguments.get("per") or "path").lower() == "customer"
    key = ("funnel", pattern.text, per_customer)
    found = chosen.once(key, lambda: counted(chosen.paths, *_machines(chosen, steps), per_customer=per_customer))
    numbers = np.arange(1, len(steps) + 1)
    rows = rows_of(
        n=numbers,
        name=[step.name for step in steps],
        pattern=[step.prefix.text for step in steps],
        **found._asdict(),
    )
    there = _there(chosen, steps, per_customer=per_customer) if lists else ()
    told = [row for one in lists for row in listed(snapshot, chosen, one, numbers.tolist(), *there)]
    return chosen, {"funnel_steps": rows, "path_lists": told}


def _there(chosen: Chosen, steps: Sequence[FunnelStep], *, per_customer: bool) -> Any:
    """(m,) steps, and the paths that got there."""
    prefixes, _ = _machines(chosen, steps)
    return np.nonzero(reached(chosen.paths, prefixes, per_customer=per_customer))


def _machines(chosen: Chosen, steps: Sequence[FunnelStep]) -> tuple[list[Automaton], list[Automaton]]:
    """What reads the steps: each with all before it, and each by itself."""
    key = ("machines", tuple(step.prefix.text for step in steps))
    read = partial(automaton, page_code=chosen.columns.page_codes, pages=chosen.pages)
    return chosen.once(key, lambda: ([read(step.prefix) for step in steps], [read(step.alone) for step in steps]))
