"""Look-through of rules that lead customers round without anything new: at every event, or by time alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from raceline.domain.catalogue import Catalogue
from raceline.domain.condition import Since
from raceline.domain.event import DAY
from raceline.domain.racetrack_finding import Finding, Severity
from raceline.domain.racetrack_graph import Graph, Step
from raceline.domain.racetrack_logic import Term, excludes, requires_silence, requires_since

_STAGE: frozenset[Since] = frozenset({"stage"})
_LAP: frozenset[Since] = frozenset({"stage", "lap"})

_LONGEST = 1 << 60  # longer than any window

# Whether a step can be one of a cycle; the scopes are those that begin anew in the course of it, the microseconds how
# long one round of it takes at least.
Test: TypeAlias = Callable[[Step, frozenset[Since], int], bool]


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
        if not self._holds((first,)):
            return None
        ways: list[tuple[Step, ...]] = [(first,)]
        seen = {first.to}
        while ways:
            way = ways.pop(0)
            for step in self.graph.candidates[way[-1].to]:
                if step.to not in seen and self._goes_on(way, step):
                    longer = (*way, step)
                    if step.to != first.origin:
                        seen.add(step.to)
                        ways.append(longer)
                    elif self._holds(longer):
                        return longer
        return None

    def _goes_on(self, way: tuple[Step, ...], step: Step) -> bool:
        longer = (*way, step)
        possible = self.test(step, _anew(longer), _round(longer))
        return possible and not any(excludes(one.turn.term, step.turn.term) for one in way)

    def _holds(self, way: tuple[Step, ...]) -> bool:
        return all(self.test(one, _anew(way), _round(way)) for one in way)


def cycles(graph: Graph, catalogue: Catalogue) -> Iterator[Finding]:
    """Rules that lead round at every event while all of them hold, and those that lead round by time alone."""
    types = frozenset(catalogue.types)

    def stands(step: Step, anew: frozenset[Since], _time: int) -> bool:
        return not requires_since(step.turn.term, anew) and not requires_silence(step.turn.term, types)

    def silent(step: Step, anew: frozenset[Since], time: int) -> bool:
        return _by_time(step.turn.term, anew, time) and _has_timer(step.turn.term, anew)

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
        yield _of_silence(way)


def _of_silence(way: Sequence[Step]) -> Finding:
    """Of rules that hold without end, or within a time that is longer than one round."""
    place, cure = (*way[0].turn.place, "when"), "let one of them need an event `since: stage`"
    anew, time = _anew(way), _round(way)
    if all(_by_time(step.turn.term, anew, _LONGEST) for step in way):
        return Finding(place, f"a cycle of silence: time alone leads round for ever along {_route(way)}", cure)
    # What holds must not be too old when the round begins: that is sure if there is time for the silences before it.
    needed = 2 * time + max(_windows_under_not(step.turn.term) for step in way)
    sure = all(_by_time(step.turn.term, anew, needed) for step in way)
    return Finding(
        place,
        "a cycle of silence: as long as what they count is `within` its time, time alone leads round again and again "
        f"along {_route(way)}",
        f"{cure}, or shorten `within` to the silences of one round",
        "error" if sure else "warning",
    )


def _anew(way: Sequence[Step]) -> frozenset[Since]:
    return _LAP if any(one.lap for one in way) else _STAGE


def _round(way: Sequence[Step]) -> int:
    """How long the silences on the way last, one after the other: microseconds."""
    return sum(_silence(step.turn.term, _anew(way)) for step in way)


def _route(way: Sequence[Step]) -> str:
    return ", ".join(f"`{one.turn.name}` from `{one.origin}` to `{one.to}`" for one in way)


def _lasts(term: Term) -> bool:
    """Once it holds it holds for long, so that a way round of such rules is certain to be gone round."""
    if term.kind == "count":
        return term.condition.window is None and (term.condition.sum is None or term.never_falls)
    return term.kind == "none" or (term.kind != "not" and all(map(_lasts, term.children)))


def _by_time(term: Term, anew: frozenset[Since], time: int) -> bool:
    """It can hold again after so many microseconds, though no event comes."""
    match term.kind:
        case "count":
            return term.condition.counted_since not in anew and _lasting(term) > time
        case "none":
            return True
        case "all":
            return all(_by_time(child, anew, time) for child in term.children)
        case "any":
            return any(_by_time(child, anew, time) for child in term.children)
    return term.children[0].kind != "none"


def _lasting(term: Term) -> int:
    """How long a count can go on holding without an event: its window, but for the days that the events lie apart."""
    window, days = term.condition.window, term.condition.distinct_days or 1
    return _LONGEST + 1 if window is None else window - (days - 1) * DAY


def _windows_under_not(term: Term) -> int:
    """How long it takes at most until what must not be in a window has left it."""
    if term.kind == "not":
        return max(one.condition.window or 0 for one in term.walk())
    return max(map(_windows_under_not, term.children), default=0)


def _silence(term: Term, anew: frozenset[Since]) -> int:
    """How long it takes to hold after it began anew: microseconds."""
    if term.kind == "none":
        return term.condition.none.duration if term.condition.none and _has_timer(term, anew) else 0
    waits = [_silence(child, anew) for child in term.children if _has_timer(child, anew)]
    return (min if term.kind == "any" else max)(waits, default=0)


def _has_timer(term: Term, anew: frozenset[Since]) -> bool:
    """It has an instant of its own in each round."""
    if term.kind == "none":
        return term.condition.counted_since in anew
    return term.kind != "not" and any(_has_timer(child, anew) for child in term.children)
