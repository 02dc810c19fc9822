"""The look-through before a definition is published: each complaint with its place and its cure (design, section 5)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import InvalidRacetrack
from raceline.domain.racetrack import Racetrack
from raceline.domain.racetrack_check_conditions import contradictions
from raceline.domain.racetrack_check_cycles import cycles
from raceline.domain.racetrack_check_names import wrong_features, wrong_names, wrong_overlays
from raceline.domain.racetrack_check_rules import (
    wrong_edges,
    wrong_rules,
    wrong_scope,
    wrong_severities,
    wrong_stages,
)
from raceline.domain.racetrack_file import definition
from raceline.domain.racetrack_finding import Finding
from raceline.domain.racetrack_graph import Graph
from raceline.domain.yaml_file import YamlFile


def check(racetrack: Racetrack, catalogue: Catalogue) -> tuple[Finding, ...]:
    """What is wrong with a definition, and what is probably not meant; errors first, each in the order of its part."""
    return tuple(sorted(_findings(racetrack, catalogue), key=lambda one: one.severity))


def check_file(path: Path, catalogue: Catalogue) -> tuple[Racetrack, tuple[Finding, ...]]:
    """The definition in a file, and what is wrong with it at which line. Raises InvalidRacetrack if unreadable."""
    return _placed(YamlFile(path, InvalidRacetrack), catalogue)


def check_text(text: str, catalogue: Catalogue, name: str = "definition") -> tuple[Racetrack, tuple[Finding, ...]]:
    """The definition in a YAML text, and what is wrong with it at which line. Raises InvalidRacetrack if unreadable."""
    return _placed(YamlFile(name, InvalidRacetrack, text), catalogue)


def refuse(findings: tuple[Finding, ...], name: str) -> None:
    """Raise InvalidRacetrack with the first error and how many there are; warnings pass."""
    errors = [one for one in findings if one.severity == "error"]
    if errors:
        first, more = errors[0], f" (and {len(errors) - 1} more)" if errors[1:] else ""
        refused = InvalidRacetrack(f"{name}:{first}{more}", file=name, line=first.line, column=first.column)
        refused.findings = findings
        raise refused


def _findings(racetrack: Racetrack, catalogue: Catalogue) -> Iterator[Finding]:
    graph = Graph(racetrack, catalogue)
    terms = [turn.term for turn in graph.turns]
    yield from wrong_scope(racetrack)
    yield from wrong_severities(racetrack)
    yield from wrong_stages(graph)
    yield from wrong_edges(racetrack, graph)
    yield from wrong_names(terms, catalogue)
    yield from contradictions(terms, catalogue, racetrack.time_zone)
    yield from wrong_rules(graph)
    yield from cycles(graph, catalogue)
    yield from wrong_overlays(racetrack, catalogue)
    yield from wrong_features(racetrack, catalogue)


def _placed(file: YamlFile, catalogue: Catalogue) -> tuple[Racetrack, tuple[Finding, ...]]:
    racetrack = definition(file)
    found = ((one, file.place(*one.place)) for one in check(racetrack, catalogue))
    placed = [replace(one, line=line, column=column) for one, (line, column) in found]
    return racetrack, tuple(sorted(placed, key=lambda one: (one.severity, one.line or 0, one.column or 0)))
