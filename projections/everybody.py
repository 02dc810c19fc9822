"""All customers at once, or those of one account: their events chunk by chunk, in one snapshot, up to where the live
read models are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import Columns
from raceline.domain.sql import statements
from raceline.projections.generation import Claimed, Session
from raceline.projections.rules import Rules

_SQL = statements("raceline.projections", "everybody.sql")
Progress = Callable[[int, int], None]


@contextmanager
def everybody(
    url: str,
    catalogue: Catalogue,
    rules: Rules,
    *,
    account: str | None = None,
    chunk: int = 500_000,
    progress: Progress | None = None,
) -> Iterator[tuple[Claimed | None, Iterator[Columns]]]:
    """The live generation, and the events of all customers that it has taken, about `chunk` of them at a time.

    account: only of the customers who belong to this one.

    None, and no events, when there are no read models. `progress` is called with events done and in all. Nothing is
    written. Raises LogUnavailable, LogRefused.
    """
    with arrow.connect(url) as connection:
        session = Session(connection, catalogue, rules)
        arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        live = session.look("live")
        position = 0 if live is None else live.position
        if account is None:
            yield live, _chunks(session, position, chunk, progress)
        else:
            yield live, _of_account(session, account, position, chunk) if live else iter(())
        session.rollback()


def _of_account(session: Session, account: str, position: int, chunk: int) -> Iterator[Columns]:
    """Read when they are asked for: more than a chunk never is in memory."""
    arrow.settings(session.connection, {"account": account})
    members = arrow.rows(session.connection, _SQL["members"])
    events = members["events"].to_numpy()
    cuts = np.flatnonzero(np.diff((np.cumsum(events) - events) // chunk)) + 1
    for some in np.split(members["customer_id"].to_numpy(), cuts):
        yield session.reader.of(some.tolist(), position)


def _chunks(session: Session, position: int, chunk: int, progress: Progress | None) -> Iterator[Columns]:
    chunks = session.reader.chunks(position, chunk)
    total, done = sum(events for *_, events in chunks), 0
    for after, through, events in chunks:
        yield session.reader.between(after, through, position)
        done += events
        if progress is not None:
            progress(done, total)
