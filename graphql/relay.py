"""What Relay asks of an API: ids of the whole API, and lists in pages."""

from typing import Annotated, Generic, TypeVar

import strawberry

from raceline.graphql.scalars import Position

DEFAULT_FIRST = 50

First = Annotated[int | None, strawberry.argument(description="At most so many, up to the server's page size.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]

MinPosition = Annotated[
    Position | None,
    strawberry.argument(
        description="Wait until the read models have come so far; with the position of your own write, you read it. "
        "The header Raceline-Min-Position says the same for every field of a request."
    ),
]

T = TypeVar("T")


@strawberry.interface(description="Anything that has an id of its own in the whole API.")
class Node:
    """Anything with a global id."""

    id: strawberry.ID


@strawberry.type
class PageInfo:
    """Where this page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    """One entry of a list and the cursor that stands behind it."""

    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo
    total_count: int = strawberry.field(description="Of the whole list; counted only when it is asked for.")
    position: Position = strawberry.field(description="Up to this position of the log the read models are true.")
