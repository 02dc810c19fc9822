"""Look-through of rules that lead customers round without anything new: at every event, or by time alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from raceline.domain.catalogue import Catalogue
from raceline.domain.condition import Since
from raceline.domain.racetrack_finding import Finding, Severity
from raceline.domain.racetrack_graph import Graph, Step
from raceline.domain.racetrack_logic import Term, excludes, requires_silence, requires_since

_STAGE: frozenset[Since] = frozenset({"stage"})
_LAP: frozenset[Since] = frozenset({"stage", "lap"})

# Whether a step can be one of a cycle; the scopes are those that begin anew in the course of it.
Test: TypeAlias = Callable[[Step, frozenset[Since]], bool]


@dataclass(frozen=True)
class _Search:
    """For a way round that begins with a step back. Every way round has one, for stages are in order."""

    graph: Graph
    test: Test

    def cycles(self) -> Iterator[tuple[Step, ...]]:
        """For each rule that leads back or out, one way round, if there is any."""
        told = set()
        for first in self.graph.steps:
            if first.back and first.origin in self.graph.reachable and first.turn not in told:
                way = self._way_round(first)
                if way is not None:
                    told.add(first.turn)
                    yield way

    def _way_round(self, first: Step) -> tuple[Step, ...] | None:
        if not self.test(first, _LAP if first.lap else _STAGE):
            return None
        ways: list[tuple[Step, ...]] = [(first,)]
        seen = {first.to}
        while ways:
            way = ways.pop(0)
            for step in self.graph.candidates[way[-1].to]:
                if step.to not in seen and self._goes_on(way, step):
                    longer = (*way, step)
                    if step.to == first.origin:
                        return longer if self._holds(longer) else None
                    seen.add(step.to)
                    ways.append(longer)
        return None

    def _goes_on(self, way: tuple[Step, ...], step: Step) -> bool:
        anew = _LAP if step.lap or any(one.lap for one in way) else _STAGE
        return self.test(step, anew) and not any(excludes(one.turn.term, step.turn.term) for one in way)

    def _holds(self, way: tuple[Step, ...]) -> bool:
        anew = _LAP if any(one.lap for one in way) else _STAGE
        return all(self.test(one, anew) for one in way)


def cycles(graph: Graph, catalogue: Catalogue) -> Iterator[Finding]:
    """Rules that lead round at every event while all of them hold, and those that lead round by time alone."""
    types = frozenset(catalogue.types)

    def stands(step: Step, anew: frozenset[Since]) -> bool:
        return not requires_since(step.turn.term, anew) and not requires_silence(step.turn.term, types)

    def silent(step: Step, anew: frozenset[Since]) -> bool:
        return _by_time(step.turn.term, anew) and _has_timer(step.turn.term, anew)

    for way in _Search(graph, stands).cycles():
        severity: Severity = "error" if all(_lasts(step.turn.term) for step in way) else "warning"
        yield Finding(
            (*way[0].turn.place, "when"),
            f"a cycle at one instant: while all of them hold, every event moves on along {_route(way)}",
            "count `since: stage` in one of them, or let them exclude each other: what one counts `within` a time, "
            "and the other has `none` of for as long",
            severity,
        )
    for way in _Search(graph, silent).cycles():
        yield Finding(
            (*way[0].turn.place, "when"),
            f"a cycle of silence: time alone leads round for ever along {_route(way)}",
            "let one of them need an event `since: stage`",
        )


def _route(way: Sequence[Step]) -> str:
    return ", ".join(f"`{one.turn.name}` from `{one.origin}` to `{one.to}`" for one in way)


def _lasts(term: Term) -> bool:
    """Once it holds it holds for long, so that a way round of such rules is certain to be gone round."""
    if term.kind == "count":
        return term.condition.window is None and (term.condition.sum is None or term.never_falls)
    return term.kind == "none" or (term.kind != "not" and all(map(_lasts, term.children)))


def _by_time(term: Term, anew: frozenset[Since]) -> bool:
    """It can hold again in each round, though no event comes."""
    match term.kind:
        case "count":
            return term.condition.window is None and term.condition.counted_since not in anew
        case "none":
            return True
        case "all":
            return all(_by_time(child, anew) for child in term.children)
        case "any":
            return any(_by_time(child, anew) for child in term.children)
    return term.children[0].kind != "none"


def _has_timer(term: Term, anew: frozenset[Since]) -> bool:
    """It has an instant of its own in each round."""
    if term.kind == "none":
        return term.condition.counted_since in anew
    return term.kind != "not" and any(_has_timer(child, anew) for child in term.children)
