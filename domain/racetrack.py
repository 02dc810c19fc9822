"""The racetrack: ordered stages, the rules by which events move a customer into a stage, what is laid over the stages,
and what predictions go by (design, sections 5, 7 and 8).

A definition is data. It is read from YAML (racetrack_file.py), looked through before it is published
(racetrack_check.py), and published, activated and retired by decisions in the log (racetracks.py).
"""

from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

import msgspec
from msgspec import Meta

from raceline.domain.condition import Condition, Where, refuse_no_event, refuse_where
from raceline.domain.feature import Feature, Name, Text
from raceline.domain.yaml_file import Misfit, nearest
from raceline.domain.yaml_tree import shown

Share = Annotated[float, Meta(ge=0, le=1)]
Aggregate = Literal["count", "distinct", "sum", "mean"]

# In `from`: outside of the racetrack, that is, in no stage yet, or no more.
OUTSIDE = "outside"
# The look-through before publishing compares each rule, with the exits, and each condition with each other.
_MOST_STAGES = 60
_MOST_RULES = 200
_MOST_CONDITIONS = 1_000
# Each is worked out for every stage and day, whether anybody looks or not.
_MOST_OVERLAYS = 50
# Each is worked out for every landmark that a model learns from.
_MOST_FEATURES = 50
_AGGREGATES: tuple[Aggregate, ...] = ("distinct", "sum", "mean")


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which events a racetrack is about: those of these products, and those that name no product."""

    products: tuple[Text, ...] = ()
    without_product: bool = True


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stop of the racetrack. revenue: money changes hands here."""

    name: Name
    title: Text
    documentation: str = ""
    revenue: bool = False


class Edge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """A legal way back, which is no regression: buying more, buying something else, a lap.

    new_lap: from here on, conditions count anew (all but those `since: start`).
    """

    name: Name
    title: Text
    from_: tuple[Name, ...]
    to: Name
    new_lap: bool = False


class RuleSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the data behind a rule come from, as people look them up."""

    system: Text
    database: Text
    table: Text
    attributes: tuple[Text, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """What moves a customer into a stage. from_: the stages it moves from; None is any earlier one, and outside.

    confidence: how sure the rule is, from 0 to 1; coverage: the share of customers for whom its source exists.
    """

    name: Name
    title: Text
    stage: Name
    when: Condition
    from_: tuple[Name, ...] | None = None
    documentation: str = ""
    source: RuleSource | None = None
    owner: str = ""
    confidence: Share | None = None
    coverage: Share | None = None


class Exit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """What moves a customer out of the racetrack. from_: None is any stage. The customer may come back."""

    name: Name
    title: Text
    when: Condition
    from_: tuple[Name, ...] | None = None
    documentation: str = ""
    source: RuleSource | None = None
    owner: str = ""
    confidence: Share | None = None
    coverage: Share | None = None


class Overlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Events that are laid over the stages: what happened on each day while customers were in each stage.

    event: types, or `family.*`, that pass `where`. At most one of distinct, sum, mean names an attribute: how many
    different values it has, what they add up to, what they are on average. Without any, the events are counted.
    """

    name: Name
    title: Text
    event: str | tuple[str, ...]
    where: Where = {}
    distinct: Text | None = None
    sum: Text | None = None
    mean: Text | None = None
    documentation: str = ""

    def __post_init__(self) -> None:
        """Refuse two aggregates at once, and what no event passes."""
        refuse_no_event(self.events)
        refuse_where(self.where)
        given = [key for key in _AGGREGATES if getattr(self, key) is not None]
        if len(given) > 1:
            raise Misfit(f"give at most one of {', '.join(_AGGREGATES)}; another is another overlay", given[1])

    @property
    def events(self) -> tuple[str, ...]:
        """The types, or `family.*`."""
        return (self.event,) if isinstance(self.event, str) else self.event

    @property
    def filters(self) -> Where:
        """`where`, by the name that a condition has for it."""
        return self.where

    @property
    def aggregate(self) -> Aggregate:
        """What is made of the events of a stage and day."""
        return next((key for key in _AGGREGATES if getattr(self, key) is not None), "count")

    @property
    def attribute(self) -> str | None:
        """Whose values are counted, added up or averaged; None when the events themselves are counted."""
        return self.distinct or self.sum or self.mean


class Racetrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One definition. stages and rules are in order; start: the stage in which a customer's first event puts them.

    time_zone: of its days. severities: the scale of cases, worst first, as it is compared with their severity: as
    text, so that 1 and "1" are the same. overlays: what else is told of each stage and day. features: what predictions
    go by, beside what is built in.
    """

    name: Name
    title: Text
    stages: dict[Name, Stage]
    rules: dict[Name, Rule]
    documentation: str = ""
    events: Scope = Scope()
    time_zone: str = "UTC"
    start: Name | None = None
    edges: dict[Name, Edge] = {}
    exits: dict[Name, Exit] = {}
    severities: tuple[int | str, ...] = (1, 2, 3, 4)
    overlays: dict[Name, Overlay] = {}
    features: dict[Name, Feature] = {}

    def __post_init__(self) -> None:
        """Refuse a name of a stage that is none."""
        if not self.stages:
            raise Misfit("a racetrack has at least one stage", "stages")
        if OUTSIDE in self.stages:
            raise Misfit(f"`{OUTSIDE}` means no stage, and cannot be the name of one", "stages", OUTSIDE)
        self._refuse_size()
        self._refuse_unknown_zone()
        if self.start is not None:
            self._refuse_unknown(self.start, "start")
        for rule in self.rules.values():
            self._refuse_unknown(rule.stage, "rules", rule.name, "stage")
            self._refuse_unknown_origins(rule.from_, "rules", rule.name, outside=True)
        for out in self.exits.values():
            self._refuse_unknown_origins(out.from_, "exits", out.name, outside=False)
            if out.name in self.rules:
                raise Misfit(f"`{out.name}` is a rule already; give the exit its own name", "exits", out.name)
        for edge in self.edges.values():
            self._refuse_unknown(edge.to, "edges", edge.name, "to")
            self._refuse_unknown_origins(edge.from_, "edges", edge.name, outside=False)

    def origins(self, rule: Rule | Exit) -> tuple[str, ...]:
        """The stages that a rule moves from, in order; `outside` is last."""
        if rule.from_ is not None:
            return rule.from_
        names = list(self.stages)
        if isinstance(rule, Exit):
            return tuple(names)
        return (*names[: names.index(rule.stage)], OUTSIDE)

    def edge(self, origin: str, to: str) -> Edge | None:
        """The edge that leads from one stage to another."""
        return next((edge for edge in self.edges.values() if edge.to == to and origin in edge.from_), None)

    def _refuse_size(self) -> None:
        rules: tuple[Rule | Exit, ...] = (*self.rules.values(), *self.exits.values())
        if len(self.stages) > _MOST_STAGES:
            raise Misfit(f"a racetrack has at most {_MOST_STAGES} stages", "stages")
        if len(rules) > _MOST_RULES:
            raise Misfit(f"a racetrack has at most {_MOST_RULES} rules, exits among them", "rules")
        if sum(1 for rule in rules for _ in rule.when.walk()) > _MOST_CONDITIONS:
            raise Misfit(f"the rules of a racetrack have at most {_MOST_CONDITIONS:,} conditions together", "rules")
        if len(self.overlays) > _MOST_OVERLAYS:
            raise Misfit(f"a racetrack has at most {_MOST_OVERLAYS} overlays", "overlays")
        if len(self.features) > _MOST_FEATURES:
            raise Misfit(f"a racetrack has at most {_MOST_FEATURES} features", "features")

    def _refuse_unknown_zone(self) -> None:
        if self.time_zone not in _zones():
            near = nearest(self.time_zone, _zones())
            hint = f"did you mean `{near}`?" if near else "give a name such as Europe/Berlin"
            raise Misfit(f"`{shown(self.time_zone)}` is no time zone; {hint}", "time_zone")

    def _refuse_unknown_origins(self, names: tuple[str, ...] | None, *keys: str, outside: bool) -> None:
        for n, name in enumerate(names or ()):
            if not (outside and name == OUTSIDE):
                self._refuse_unknown(name, *keys, "from", n)

    def _refuse_unknown(self, name: str, *keys: str | int) -> None:
        if name not in self.stages:
            near = nearest(name, self.stages)
            raise Misfit(f"there is no stage `{name}`" + (f"; did you mean `{near}`?" if near else ""), *keys)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
