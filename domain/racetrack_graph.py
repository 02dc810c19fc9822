"""The racetrack as a graph: which rule leads from which state to which, and which one goes before which."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from raceline.domain.catalogue import Catalogue
from raceline.domain.racetrack import OUTSIDE, Exit, Racetrack, Rule
from raceline.domain.racetrack_finding import Place
from raceline.domain.racetrack_logic import Term, term


@dataclass(frozen=True, eq=False)
class Turn:
    """A rule or an exit, with its condition and its place in the definition."""

    rule: Rule | Exit
    place: Place
    term: Term
    origins: tuple[str, ...]
    to: str

    @property
    def name(self) -> str:
        """Of the rule."""
        return self.rule.name


@dataclass(frozen=True, eq=False)
class Step:
    """A rule as it leads from one of its origins. back: to an earlier stage, or out; lap: conditions count anew."""

    turn: Turn
    origin: str
    to: str
    back: bool
    lap: bool


class Graph:
    """States are the stages and `outside`. A rule to the stage that it starts from is no step: it never moves."""

    def __init__(self, racetrack: Racetrack, catalogue: Catalogue) -> None:
        self.racetrack = racetrack
        self._place = {name: n for n, name in enumerate(racetrack.stages)} | {OUTSIDE: -1}
        found: dict[str, Mapping[str, Rule | Exit]] = {"rules": racetrack.rules, "exits": racetrack.exits}
        self.turns = tuple(
            Turn(
                rule,
                (key, name),
                term(rule.when, (key, name, "when"), catalogue),
                tuple(dict.fromkeys(racetrack.origins(rule))),
                rule.stage if isinstance(rule, Rule) else OUTSIDE,
            )
            for key, rules in found.items()
            for name, rule in rules.items()
        )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every step, rules in the order of the file and exits after them."""
        return tuple(self._step(turn, origin) for turn in self.turns for origin in turn.origins if origin != turn.to)

    @cached_property
    def candidates(self) -> Mapping[str, tuple[Step, ...]]:
        """By state, its steps in order of preference: forward, the furthest first; out; back."""
        found: dict[str, list[Step]] = {state: [] for state in self._place}
        for step in self.steps:
            found[step.origin].append(step)
        return {state: tuple(sorted(steps, key=self._preference)) for state, steps in found.items()}

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The states that a customer can come to, if every rule can hold."""
        first = self.racetrack.start or OUTSIDE
        seen, left = {first}, [first]
        while left:
            fresh = {step.to for step in self.candidates[left.pop()]} - seen
            seen |= fresh
            left.extend(fresh)
        return frozenset(seen)

    def _step(self, turn: Turn, origin: str) -> Step:
        edge = self.racetrack.edge(origin, turn.to)
        back = self._place[turn.to] < self._place[origin]
        return Step(turn, origin, turn.to, back, turn.to == OUTSIDE or bool(edge and edge.new_lap))

    def _preference(self, step: Step) -> tuple[int, int]:
        if not step.back:
            return 0, -self._place[step.to]
        return (1, 0) if step.to == OUTSIDE else (2, 0)
