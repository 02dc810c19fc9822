"""The conditions of a question as it says them."""

from collections.abc import Mapping
from typing import Any

from raceline.projections.path_filter import PathFilter


def path_filter(said: Mapping[str, Any]) -> PathFilter:
    """The filter of an input PathFilter, or of the arguments of a field that are named as its fields."""
    transition, pages = said.get("transition"), said.get("pages")
    return PathFilter(
        from_day=said.get("from"),
        to_day=said.get("to"),
        pattern=said.get("pattern"),
        containing=tuple(said.get("containing") or ()),
        entry_page=said.get("entryPage"),
        exit_page=said.get("exitPage"),
        turnaround_at=said.get("turnaroundAt"),
        transition=None if transition is None else (transition["from"], transition["to"]),
        pages=None if pages is None else tuple(pages),
        stage=said.get("stage"),
        racetrack=said.get("racetrack"),
        variant=said.get("variant"),
        resolved=said.get("resolved"),
        account=said.get("account"),
        customer=said.get("customer"),
    )
