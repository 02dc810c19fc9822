"""All customers at once: their events chunk by chunk, in one snapshot, up to where the live read models are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import Columns
from raceline.projections.derive import Rules
from raceline.projections.generation import Claimed, Session

Progress = Callable[[int, int], None]


@contextmanager
def everybody(
    url: str, catalogue: Catalogue, rules: Rules, *, chunk: int = 500_000, progress: Progress | None = None
) -> Iterator[tuple[Claimed | None, Iterator[Columns]]]:
    """The live generation, and the events of all customers that it has taken, about `chunk` of them at a time.

    None, and no events, when there are no read models. `progress` is called with events done and in all. Nothing is
    written. Raises LogUnavailable, LogRefused.
    """
    with arrow.connect(url) as connection:
        session = Session(connection, catalogue, rules)
        arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        live = session.look("live")
        yield live, _chunks(session, 0 if live is None else live.position, chunk, progress)
        session.rollback()


def _chunks(session: Session, position: int, chunk: int, progress: Progress | None) -> Iterator[Columns]:
    chunks = session.reader.chunks(position, chunk)
    total, done = sum(events for *_, events in chunks), 0
    for after, through, events in chunks:
        yield session.reader.between(after, through, position)
        done += events
        if progress is not None:
            progress(done, total)
