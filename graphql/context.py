"""What the API is given by the composition root, and what one request carries."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from raceline.domain.event import Outcome
from raceline.graphql.watch import Watch

Record = Callable[[Sequence[bytes]], Awaitable[list[Outcome]]]
Requeue = Callable[[int, bytes | None], Awaitable[Outcome]]
AsKnown = Callable[[str, int], Awaitable[dict[str, list[dict[str, Any]]]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest request that is answered (design, section 10). A refusal names the field of this class.

    `page_size`: `first` of one list; `cost`: objects that an operation could ask for, the product of its `first`s
    and of what its plain lists count for;
    `fields`: selected by an operation, fragments spread; `depth`, `aliases`, `tokens`: of one document; `body`: bytes
    of a request; `batch`: events of one mutation; `min_position_timeout`: seconds that a question waits for the read
    models; `documents`: kept parsed and checked.
    """

    page_size: int = 500
    cost: int = 100_000
    fields: int = 2_000
    depth: int = 12
    aliases: int = 30
    tokens: int = 2_000
    body: int = 16 * 1024 * 1024
    batch: int = 10_000
    min_position_timeout: float = 10.0
    documents: int = 500
    graphiql: bool = False


@dataclass(slots=True)
class Api:
    """The API's world. The pool's connections are in autocommit: each answer is one statement.

    `record`: takes raw JSON envelopes, gives an outcome for each. `requeue`: offers an entry of the quarantine again,
    as it came in or with other bytes; raises NotQuarantined. `as_known`: derives one customer from only the events up
    to a position: rows by table (customers, timeline, paths), named as the columns of live.customers and so on.
    """

    pool: AsyncConnectionPool[AsyncConnection[Any]]
    watch: Watch
    record: Record
    requeue: Requeue
    as_known: AsKnown
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class Context:
    """One request: the API's world, and the position that the client wants to see at least (header)."""

    api: Api
    min_position: str | None = None
