"""What can be read of definitions: racetracks, their rules, and what activating one would change. See objects.py."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.relay import DEFAULT_FIRST, After, Connection, First
from raceline.graphql.scalars import Position

if TYPE_CHECKING:
    from raceline.graphql.objects import Customer

LazyCustomer: TypeAlias = Annotated["Customer", strawberry.lazy("raceline.graphql.objects")]


@strawberry.input(description="A racetrack by name; without a version, the active one.")
class RacetrackRef:
    """A reference to a definition."""

    name: str
    version: int | None = UNSET


@strawberry.enum(description="What a move is, by where it leads.")
class MoveKind(Enum):
    """The kinds of live.moves."""

    STARTED = strawberry.enum_value("started", description="The first event put the customer into the first stage.")
    ENTERED = strawberry.enum_value("entered", description="The first move onto the racetrack.")
    RETURNED = strawberry.enum_value("returned", description="Back on the racetrack after having left it.")
    LEFT = strawberry.enum_value("left", description="Out of the racetrack.")
    FORWARD = strawberry.enum_value("forward", description="To the next stage.")
    SKIP = strawberry.enum_value("skip", description="Forward past at least one stage.")
    BACKWARD = strawberry.enum_value("backward", description="A regression: to an earlier stage without an edge.")
    EDGE = strawberry.enum_value("edge", description="To an earlier stage by an edge, such as buying more.")
    LAP = strawberry.enum_value("lap", description="By an edge that begins a new lap.")


@strawberry.enum(description="What a condition is about.")
class ConditionKind(Enum):
    """The kinds of live.rule_conditions."""

    EVENT = strawberry.enum_value("event", description="Events that happened.")
    NONE = strawberry.enum_value("none", description="Events that did not happen for a time.")
    ALL = "all"
    ANY = "any"
    NOT = "not"


@strawberry.enum(description="What is counted by a condition.")
class ConditionUnit(Enum):
    """The units of journey.sql."""

    EVENTS = "EVENTS"
    DAYS = strawberry.enum_value("DAYS", description="Distinct days with such an event.")
    VALUES = strawberry.enum_value("VALUES", description="Distinct values of an attribute.")
    AMOUNT = strawberry.enum_value("AMOUNT", description="The sum of an attribute.")
    DURATION_DAYS = strawberry.enum_value("DURATION_DAYS", description="Days that passed without such an event.")


@strawberry.type(description="Where the data behind a rule come from.")
class RuleSource:
    """The source of a rule of a definition."""

    system: str
    database: str
    table: str
    attributes: list[str]


@strawberry.type(description="One condition of a definition.")
class RuleCondition:
    """A row of live.rule_conditions."""

    node: int = strawberry.field(description="Its place in the order of the file, from 0.")
    depth: int = strawberry.field(description="How deep it stands below the rule; 0 is the whole condition.")
    kind: ConditionKind
    says: str = strawberry.field(description="The condition in words.")
    needed: float | None
    unit: ConditionUnit | None


@strawberry.type(description="What moves a customer into a stage, or out of the racetrack.")
class Rule:
    """A row of live.racetrack_rules."""

    name: str
    title: str
    stage: str | None = strawberry.field(description="Where it leads; null: out of the racetrack.")
    origins: list[str] = strawberry.field(description="The stages it moves from; `outside` is none.")
    documentation: str
    source: RuleSource | None
    owner: str
    confidence: float | None = strawberry.field(description="How sure the rule is, as declared.")
    coverage: float | None = strawberry.field(description="For what share of customers its source exists, as declared.")
    measured_coverage: float | None = strawberry.field(
        description="The share of customers who have any event of its types; null unless its version is live."
    )
    types: list[str] = strawberry.field(description="The types of the events it looks at.")
    conditions: list[RuleCondition]


@strawberry.enum(description="Whether a version is in force.")
class RacetrackStatus(Enum):
    """The status of a version."""

    PUBLISHED = "published"
    ACTIVE = "active"
    RETIRED = "retired"


@strawberry.type(description="One stop of a racetrack.")
class RacetrackStage:
    """A row of live.racetrack_stages."""

    name: str
    title: str
    n: int = strawberry.field(description="Its place, from 1.")
    documentation: str
    revenue: bool = strawberry.field(description="Money changes hands here.")


@strawberry.type(description="A version of a definition.")
class Racetrack:
    """A version in the registry."""

    name: str
    version: int
    hash: str = strawberry.field(description="Identifies the content.")
    title: str
    documentation: str
    time_zone: str = strawberry.field(description="Of its days.")
    start: str | None = strawberry.field(description="The stage in which a customer's first event puts them.")
    status: RacetrackStatus
    default: bool = strawberry.field(description="Meant where no racetrack is named.")
    stages: list[RacetrackStage]
    rules: list[Rule]
    text: str = strawberry.field(description="The YAML as it was published.")
    published_at: datetime
    position: Position = strawberry.field(description="Where in the log it was published.")


@strawberry.type(description="Customers in a stage, now and if the version were active.")
class DryRunStage:
    """A row of a dry run."""

    stage: str | None = strawberry.field(description="Null: outside of the racetrack.")
    now: int
    then: int


@strawberry.type(description="Customers who would be elsewhere, and by which rule.")
class DryRunTransition:
    """A row of a dry run."""

    from_: str | None = strawberry.field(name="from", description="Where they are now; null: outside.")
    to: str | None = strawberry.field(description="Where they would be; null: outside.")
    customers: int
    why: str | None = strawberry.field(description="The title of the rule that would have moved them there.")


@strawberry.type(description="A customer who would be elsewhere.")
class DryRunExample:
    """A row of a dry run."""

    customer_id: str
    customer: LazyCustomer | None
    from_: str | None = strawberry.field(name="from")
    to: str | None
    rule: str | None


@strawberry.type
class DryRunExampleConnection(Connection[DryRunExample]):
    """A page of examples."""


@strawberry.type(description="What would change if a version were active. Nothing is written.")
class RacetrackDryRun:
    """A dry run."""

    racetrack: str
    version: int
    against: int | None = strawberry.field(description="The active version; null when there is none.")
    position: Position = strawberry.field(description="Up to this position of the log it is true.")
    customers: int
    moved: int = strawberry.field(description="Customers who would be in another stage.")
    stages: list[DryRunStage]
    transitions: list[DryRunTransition]

    @planned
    def examples(self, first: First = DEFAULT_FIRST, after: After = UNSET) -> DryRunExampleConnection:  # type: ignore[empty-body]
        """Customers who would be elsewhere."""
