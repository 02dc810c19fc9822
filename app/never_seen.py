"""Names in a question that no path has: why an answer is empty, and what was probably meant."""

from collections.abc import Iterator, Mapping
from typing import Any

from raceline.app.asking import Ask
from raceline.app.terminal import printable
from raceline.domain.path_pattern import parse
from raceline.domain.yaml_file import nearest

_EVERY = 2**31 - 1
_PAGES = "query($first: Int!) { pages(first: $first) { nodes { page } } }"
_VARIANTS = "query($first: Int!) { percolation(by: VARIANT, first: $first) { rows { variant } } }"
_MOST_COMPARED = 20_000  # comparing takes some microseconds a name, and people wait


def never_seen(ask: Ask, where: Mapping[str, Any], *patterns: str) -> Iterator[str]:
    """A sentence for each page and variant of these conditions and patterns that no path has."""
    if asked := _pages(where, patterns):
        known = {row["page"] for row in ask(_PAGES, first=_EVERY)["pages"]["nodes"]}
        yield from (_said("page", name, known) for name in asked if name not in known)
    if (variant := where.get("variant")) is not None:
        rows = ask(_VARIANTS, first=_EVERY)["percolation"]["rows"]
        seen = {row["variant"] for row in rows if row["variant"] is not None}
        if variant not in seen:
            yield _said("variant", variant, seen)


def _pages(where: Mapping[str, Any], patterns: tuple[str, ...]) -> list[str]:
    found = [*where.get("containing", ()), *where.get("transition", {}).values()]
    found += [where[name] for name in ("entryPage", "exitPage", "turnaroundAt") if name in where]
    for pattern in (*patterns, *([where["pattern"]] if "pattern" in where else [])):
        found += sorted(parse(pattern).pages)
    return list(dict.fromkeys(found))


def _said(what: str, name: str, known: set[str]) -> str:
    near = nearest(name, sorted(known)) if len(known) <= _MOST_COMPARED else None
    hint = f"; did you mean `{printable(near)}`?" if near else "."
    return f"No path has the {what} `{printable(name)}`{hint}"
