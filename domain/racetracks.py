"""The racetracks of a log: which are published, which are active, and which were at any position.

    publish(racetrack, text, by)    a new version of its name; content that is there already keeps its version
    activate(name, version, by)     in force from here on, and for the whole history (design, section 5)
    retire(name, by)                in force no more
    registry(up_to=position)        all of them as the log knew them at a position
    decisions()                     all of the above that was decided, with who and when

Every call raises LogUnavailable and LogRefused as the log does; what decides raises LogBusy as well.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Repository
from eventsourcing.persistence import (
    DatetimeAsISO,
    EventStore,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.utils import TopicError
from psycopg.rows import DictRow
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from raceline.domain.errors import LogBusy, UnreadableRacetrack
from raceline.domain.log import EventLog, shown
from raceline.domain.racetrack import Racetrack
from raceline.domain.racetrack_decisions import DECISIONS, Decision, RacetrackDecisions, register_topics
from raceline.domain.racetrack_file import canonical, content_hash
from raceline.domain.racetrack_registry import Decided, Registry, Version
from raceline.domain.recorder import translated
from raceline.domain.sql import statements

__all__ = ["Published", "Racetracks", "Registry", "Version"]

_SQL = statements("raceline.domain", "racetracks.sql")
_TOPICS = [kind.TOPIC for kind in DECISIONS]
_ATTEMPTS = 20  # each time somebody else's decision came first


class Published(NamedTuple):
    """The version that a definition has; `new` when it was given now. position: where the log says so."""

    name: str
    version: int
    hash: str
    position: int
    new: bool


class _History(NamedTuple):
    """The decisions up to a head of the log, and the registry after each. Never becomes untrue: the log only grows."""

    head: int = 0
    decisions: tuple[Decided, ...] = ()
    registries: tuple[Registry, ...] = (Registry(),)  # before the first decision, and after each

    def at(self, position: int) -> Registry:
        """As the log knew it at a position that is not beyond the head."""
        return self.registries[bisect_right(self.registries, position, key=lambda registry: registry.position) - 1]


class Racetracks:
    """The racetracks of one log; safe to share between threads. A log given by its URL is closed with it."""

    def __init__(self, log: EventLog | str) -> None:
        register_topics()
        self._log, self._owned = (EventLog(log), True) if isinstance(log, str) else (log, False)
        recorder = self._log.recorder()
        transcoder = JSONTranscoder()
        transcoder.register(DatetimeAsISO())
        self._store = EventStore(Mapper[UUID](transcoder), recorder)
        self._repository = Repository(self._store)
        self._history = _History()

    def close(self) -> None:
        """Give the connections back."""
        if self._owned:
            self._log.close()

    def __enter__(self) -> "Racetracks":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def publish(self, racetrack: Racetrack, text: str, by: str) -> Published:
        """Give a definition a version of its name, and keep the YAML that it was read from.

        Whether it is a good one (racetrack_check.py) is looked at before. Content that has a version already keeps it:
        nothing is written.
        """
        name, identity = racetrack.name, content_hash(racetrack)
        content = canonical(racetrack).decode()

        def decide(decisions: RacetrackDecisions) -> None:
            decisions.publish(identity, content, text, shown(by))

        self.registry()  # a database that is away is found out at once; the library would try it ten times
        written = self._decide(name, decide)
        found = next(v for v in self.registry(written).versions if (v.name, v.hash) == (name, identity))
        return Published(name, found.version, identity, found.position, new=written is not None)

    def activate(self, name: str, version: int, by: str) -> int:
        """Put a version in force, in the place of the one that was; gives the position since which it is.

        What is active already stays so: nothing is written. Raises UnknownRacetrack.
        """
        self.registry().get(name, version)
        written = self._decide(name, lambda decisions: decisions.activate(version, shown(by)))
        return self.registry(written).get(name, version).since

    def retire(self, name: str, by: str) -> int:
        """Put the active version of a name out of force; gives the position of this decision.

        Raises UnknownRacetrack, NotActive.
        """
        self.registry().named(name)
        written = self._decide(name, lambda decisions: decisions.retire(shown(by)))
        assert written is not None, "to retire is to decide, or to raise"  # noqa: S101
        return written

    def registry(self, up_to: int | None = None) -> Registry:
        """The racetracks as the log knew them at a position; by default as it knows them now.

        Asks the database only for what was decided since it was asked last, and not at all about positions before.
        """
        history = self._history
        if up_to is None or up_to > history.head:
            history = self._history = self._read_on(history)
        return history.at(history.head if up_to is None else up_to)

    def decisions(self) -> tuple[Decided, ...]:
        """What was ever decided, in the order of the log. Asks the database only for what came since it was asked."""
        history = self._history = self._read_on(self._history)
        return history.decisions

    def _read_on(self, history: _History) -> _History:
        with self._log.datastore.connected() as conn:
            cursor = conn.cursor(binary=True)
            parameters = {"after": history.head, "topics": _TOPICS}
            rows = cursor.execute(_SQL["decisions_after"], parameters, prepare=True).fetchall()
        decided = [self._decided(row) for row in rows if row["position"] is not None]
        registries = list(history.registries)
        for one in decided:
            registries.append(registries[-1].after(one))
        return _History(rows[0]["head"], (*history.decisions, *decided), tuple(registries))

    def _decided(self, row: DictRow) -> Decided:
        stored = StoredEvent(row["event_uid"], row["version"], row["type"], row["state"])
        decision = cast(Decision, self._store.mapper.to_domain_event(stored))
        return Decided(row["position"], row["recorded_at"], decision)

    def _decide(self, name: str, decide: Callable[[RacetrackDecisions], None]) -> int | None:
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
            raise LogBusy("others decide about this racetrack", name=name) from conflict

    def _decide_once(self, name: str, decide: Callable[[RacetrackDecisions], None]) -> int | None:
        with _errors_of_the_library():
            decisions = self._of(name)
            decide(decisions)
            recordings = self._store.put(decisions.collect_events())
        return recordings[-1].notification.id if recordings else None

    def _of(self, name: str) -> RacetrackDecisions:
        try:
            return self._repository.get(RacetrackDecisions.create_id(name))
        except AggregateNotFoundError:
            return RacetrackDecisions(name)  # stored together with its first version, or not at all
        except TopicError as unknown:
            raise UnreadableRacetrack(str(unknown), name=name) from None


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
