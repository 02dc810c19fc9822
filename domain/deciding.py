"""Decisions about named things, of which the log alone tells what was in force at any position (design, section 4).

Shared by racetracks.py and models.py: an aggregate for each name, whose events tell their whole story; and a registry
that grows by one decision after the other.

Every call raises LogUnavailable and LogRefused as the log does; what decides raises LogBusy as well.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Repository
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import (
    DatetimeAsISO,
    EventStore,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.utils import TopicError, register_topic
from psycopg.rows import DictRow
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from raceline.domain.errors import LogBusy, RacelineError
from raceline.domain.log import EventLog
from raceline.domain.recorder import translated
from raceline.domain.sql import statements

_SQL = statements("raceline.domain", "deciding.sql")
_ATTEMPTS = 20  # each time somebody else's decision came first

Named = TypeVar("Named", bound=Aggregate)
Decision = TypeVar("Decision")
R = TypeVar("R", bound="_Registry")


class Decided(NamedTuple, Generic[Decision]):
    """A decision and its place in the log."""

    position: int
    recorded_at: datetime
    decision: Decision


class _Registry(Protocol):
    """What a sequence of decisions comes to. position: of the newest of them, 0 when there is none."""

    @property
    def position(self) -> int: ...

    def after(self, decided: Any, /) -> Self: ...


class _History(NamedTuple, Generic[Decision, R]):
    """The decisions up to a head of the log, and the registry after each. Never becomes untrue: the log only grows."""

    head: int
    decisions: tuple[Decided[Decision], ...]
    registries: tuple[R, ...]  # before the first decision, and after each

    def at(self, position: int) -> R:
        """As the log knew it at a position that is not beyond the head."""
        return self.registries[bisect_right(self.registries, position, key=lambda registry: registry.position) - 1]


@dataclass(frozen=True)
class Kind(Generic[Named, Decision, R]):
    """What is decided about. aggregate: its constructor takes a name, as its `create_id` does; naming: the event that
    says nothing but that the name is in use; decisions: all others; empty: the registry before any; of: the word for
    it; unreadable: the error when a newer raceline decided what this one does not know."""

    aggregate: type[Named]
    naming: type[Any]
    decisions: Sequence[type[Any]]
    empty: R
    of: str
    unreadable: type[RacelineError]

    def register_topics(self) -> None:
        """Make the topics known to the library, however it was used before."""
        for kind in (self.aggregate, self.naming, *self.decisions):
            register_topic(cast(Any, kind).TOPIC, kind)


class Deciding(Generic[Named, Decision, R]):
    """What is decided about things of one kind, in one log; safe to share between threads. A log given by its URL is
    closed with it."""

    def __init__(self, kind: Kind[Named, Decision, R], log: EventLog | str) -> None:
        kind.register_topics()
        self._kind = kind
        self._topics = [one.TOPIC for one in kind.decisions]
        self._log, self._owned = (EventLog(log), True) if isinstance(log, str) else (log, False)
        transcoder = JSONTranscoder()
        transcoder.register(DatetimeAsISO())
        self._store = EventStore(Mapper[UUID](transcoder), self._log.recorder())
        self._repository = Repository(self._store)
        self._history: _History[Decision, R] = _History(0, (), (kind.empty,))

    def close(self) -> None:
        """Give the connections back."""
        if self._owned:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def registry(self, up_to: int | None = None) -> R:
        """What was decided as the log knew it at a position; by default as it knows it now.

        Asks the database only for what was decided since it was asked last, and not at all about positions before.
        """
        history = self._history
        if up_to is None or up_to > history.head:
            history = self._history = self._read_on(history)
        return history.at(history.head if up_to is None else up_to)

    def decisions(self) -> tuple[Decided[Decision], ...]:
        """What was ever decided, in the order of the log. Asks the database only for what came since it was asked."""
        history = self._history = self._read_on(self._history)
        return history.decisions

    def _read_on(self, history: _History[Decision, R]) -> _History[Decision, R]:
        with self._log.datastore.connected() as conn:
            cursor = conn.cursor(binary=True)
            parameters = {"after": history.head, "topics": self._topics}
            rows = cursor.execute(_SQL["decisions_after"], parameters, prepare=True).fetchall()
        decided = [self._decided(row) for row in rows if row["position"] is not None]
        registries = list(history.registries)
        for one in decided:
            registries.append(registries[-1].after(one))
        return _History(rows[0]["head"], (*history.decisions, *decided), tuple(registries))

    def _decided(self, row: DictRow) -> Decided[Decision]:
        stored = StoredEvent(row["event_uid"], row["version"], row["type"], row["state"])
        decision = cast(Decision, self._store.mapper.to_domain_event(stored))
        return Decided(row["position"], row["recorded_at"], decision)

    def _decide(self, name: str, decide: Callable[[Named], None]) -> int | None:
        """Decide about what is there now; gives the position of what was written, None when there was no need.

        Another who decided about the same name in between is seen by the library as a conflict: look, and decide anew.
        """
        again = Retrying(
            retry=retry_if_exception_type(IntegrityError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random(0, 0.05),
            reraise=True,
        )
        try:
            return again(self._decide_once, name, decide)
        except IntegrityError as conflict:
            raise LogBusy(f"others decide about {self._kind.of}", name=name) from conflict

    def _decide_once(self, name: str, decide: Callable[[Named], None]) -> int | None:
        with _errors_of_the_library():
            decisions = self._of(name)
            decide(decisions)
            recordings = self._store.put(decisions.collect_events())
        return recordings[-1].notification.id if recordings else None

    def _of(self, name: str) -> Named:
        kind = cast(Any, self._kind.aggregate)
        try:
            return cast(Named, self._repository.get(kind.create_id(name)))
        except AggregateNotFoundError:
            return cast(Named, kind(name))  # stored together with its first decision, or not at all
        except TopicError as unknown:
            raise self._kind.unreadable(str(unknown), name=name) from None


@contextmanager
def _errors_of_the_library() -> Iterator[None]:
    """The library's errors of the database become raceline's own; a conflict stays what it is."""
    try:
        yield
    except IntegrityError:
        raise
    except PersistenceError as error:
        with translated():
            raise error.__cause__ or error from error
