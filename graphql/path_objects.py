"""What can be read of paths: visits, their turns, and pages. See objects.py."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from raceline.graphql.relay import Connection, Node
from raceline.graphql.scalars import Position

if TYPE_CHECKING:
    from raceline.graphql.objects import Customer, Event

LazyCustomer: TypeAlias = Annotated["Customer", strawberry.lazy("raceline.graphql.objects")]
LazyEvent: TypeAlias = Annotated["Event", strawberry.lazy("raceline.graphql.objects")]


@strawberry.type(description="A turn: the page before it is the page after it.")
class Turnaround:
    """A turnaround (design, section 6)."""

    page: str
    depth: int = strawberry.field(description="The longest mirrored arm: A B C B A has depth 2.")
    index: int = strawberry.field(description="The step at which it turns, from 1.")


@strawberry.type(description="A run a b a b of four steps or more.")
class PingPong:
    """A ping-pong (design, section 6)."""

    page: str = strawberry.field(description="The page at the first turn.")
    index: int = strawberry.field(description="The step of the first turn, from 1.")
    bounces: int


@strawberry.type(description="A return to a page at a distance of more than two steps.")
class Loop:
    """A loop (design, section 6)."""

    page: str
    index: int = strawberry.field(description="The step at which it is back, from 1.")
    distance: int = strawberry.field(description="So many steps after the page was last seen.")


@strawberry.type(description="One page of a path.")
class PathStep:
    """A step: an element of the parallel arrays of live.paths."""

    page: str
    occurred_at: datetime
    implied: bool = strawberry.field(description="Nobody saw this step; the next click says that it was made.")
    event: LazyEvent = strawberry.field(description="The event that says so.")


@strawberry.type(description="The ordered pages of one visit.")
class Path(Node):
    """A path: a row of live.paths."""

    customer: LazyCustomer
    started_at: datetime
    ended_at: datetime
    pages: list[str]
    length: int = strawberry.field(description="How many steps it has.")
    seconds: float = strawberry.field(description="From its first event to its last.")
    resolved: bool = strawberry.field(description="The customer said that the visit solved the matter.")
    stage: str | None = strawberry.field(
        description="The customer's stage when it started, on the racetrack that was activated first; null for none."
    )
    variants: list[str] = strawberry.field(description="The variants of experiments that its events say.")
    turnarounds: list[Turnaround]
    ping_pongs: list[PingPong]
    loops: list[Loop]
    steps: list[PathStep]
    events: list[LazyEvent] = strawberry.field(description="Every event of the visit, also those whose page collapsed.")


@strawberry.type
class PathLengths:
    """How long some paths are. The variance is that of the population; both are null when there is no path."""

    paths: int = strawberry.field(description="How many they are.")
    mean_length: float | None = strawberry.field(description="In steps; null when there is no path.")
    variance_length: float | None = strawberry.field(description="Of the population.")


@strawberry.type(description="Figures over all paths that the question is about.")
class PathStatistics:
    """The answer to `pathStatistics`."""

    all: PathLengths
    resolved: PathLengths
    open: PathLengths
    share_resolved: float | None = strawberry.field(description="Null when there is no path.")
    share_with_turnaround: float | None
    customers: int = strawberry.field(description="Different ones whose paths these are.")
    position: Position = strawberry.field(description="Up to this position of the log the figures are true.")


@strawberry.type
class PathConnection(Connection[Path]):
    """A page of paths."""
