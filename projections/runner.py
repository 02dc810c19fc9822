"""The live run: it wakes when the log grows, and moves the live generation forward batch by batch."""

import logging
import time
from dataclasses import dataclass, field, replace
from threading import Event, Thread
from typing import LiteralString

import psycopg
from tenacity import Retrying, retry_if_exception, retry_if_exception_type, wait_exponential

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import LogUnavailable, ProjectionFailed, RacelineError, ReplayRunning, RulesChanged
from raceline.domain.recorder import CHANNEL, listen
from raceline.domain.sql import statements
from raceline.projections.drift_watch import DriftWatch
from raceline.projections.generation import Claimed, Session
from raceline.projections.in_force import InForce
from raceline.projections.replay import replay
from raceline.projections.rules import MICROSECONDS, Rules

_SQL: dict[str, LiteralString] = statements("raceline.projections", "generation.sql")
_log = logging.getLogger(__name__)


@dataclass
class _Pace:
    """How a run goes on: positions in a transaction at most, and what it may still do once."""

    limit: int
    may_rebuild: bool = True
    may_tick: bool = True


@dataclass(frozen=True)
class Projector:
    """Keeps the read models level with the log, and with the clock. `batch`: positions a transaction; `rebuild_after`:
    positions of lag from which a replay into a new generation is cheaper than touching the same customers batch after
    batch; `tick`: microseconds after which the clock moves on although no timer is due; `most_due`: customers whose
    timers are let fire in one transaction; `most_scored`: customers who are predicted anew in one transaction; `watch`:
    looks for drift when all are."""

    url: str
    catalogue: Catalogue
    rules: Rules
    batch: int = 50_000
    rebuild_after: int = 200_000
    tick: int = 60 * MICROSECONDS
    most_due: int = 20_000
    most_scored: int = 20_000
    watch: DriftWatch = field(default_factory=DriftWatch)

    def run(self, stop: Event) -> None:
        """Project until `stop` is set. A lost database is waited for; a failed derivation raises ProjectionFailed."""
        wake, done = Event(), Event()

        def hear() -> None:
            listen(self.url, CHANNEL, wake.set, lambda: stop.is_set() or done.is_set())
            wake.set()  # nobody would wake the projector any more

        listener = Thread(target=hear, name="raceline-wake", daemon=True)
        listener.start()
        retry = Retrying(
            retry=retry_if_exception_type(LogUnavailable) & retry_if_exception(lambda _: not stop.is_set()),
            wait=wait_exponential(max=5),
            sleep=lambda seconds: _pause(stop, seconds),
            reraise=True,
        )
        try:
            retry(self._run, stop, wake)
        finally:
            done.set()
            listener.join()

    def _run(self, stop: Event, wake: Event) -> None:
        with arrow.connect(self.url) as connection, InForce(self.url, self.catalogue) as decided:
            session = Session(connection, self.catalogue, self.rules)
            while not stop.is_set():
                wake.clear()
                self.catch_up(session, decided, stop=stop)
                wake.wait(1.0)

    def once(self) -> int:
        """Project everything the log holds now, and predict; gives the number of positions. Raises ProjectionFailed."""
        with arrow.connect(self.url) as connection, InForce(self.url, self.catalogue) as decided:
            return self.catch_up(Session(connection, self.catalogue, self.rules), decided)

    def catch_up(self, session: Session, decided: InForce, *, stop: Event | None = None) -> int:
        """Advance until level with the log and nobody waits for a prediction, or until another runner holds the
        generation; gives the number of positions."""
        pace, moved = _Pace(self.batch), 0
        while stop is None or not stop.is_set():
            try:
                step = self._step(session, decided, pace)
            except LogUnavailable:
                raise
            except Exception as error:  # whatever derivation raised: narrow it down to one position
                session.rollback()
                session.rescoring.start_over()
                if pace.limit == 1 or isinstance(error, RulesChanged):
                    raise self._failed(session, error) from error
                pace.limit, pace.may_rebuild = max(1, pace.limit // 8), False
                continue
            if step is None:
                return moved
            moved += step
        return moved

    def _step(self, session: Session, decided: InForce, pace: _Pace) -> int | None:
        """Do what is next; gives the positions that it took, None when there is nothing to do."""
        claimed = session.claim("live")
        if claimed is None:
            session.rollback()
            return None
        registry = decided.racetracks.registry(claimed.head)
        rules = decided.racing(session.rules, registry, claimed.head)
        if rules is not session.rules:
            session.rollback()
            session.follow(rules)
            claimed = session.claim("live")
            if claimed is None:
                return None
        if claimed.rules != session.fingerprint:
            return self._follow_rules(session, claimed, registry.position) or None
        if claimed.head == claimed.position:
            return self._level(session, claimed, pace)
        if pace.may_rebuild and claimed.head - claimed.position > self.rebuild_after:
            session.rollback()
            _log.info("far behind the log: replaying into a new generation")
            if moved := self._rebuild():
                return moved
            claimed = session.claim("live")
            if claimed is None:
                return None
        return self._advance(session, claimed, pace.limit) or None

    def _level(self, session: Session, claimed: Claimed, pace: _Pace) -> int | None:
        """Level with the log: predict who waits, then let time pass, which may make others wait."""
        waiting = self._predict(session, claimed)
        if not waiting and not pace.may_tick:
            return None
        if not waiting:
            pace.may_tick = False
            self._tick(session, claimed)
        return 0

    def _predict(self, session: Session, claimed: Claimed, seconds: float | None = None) -> bool:
        """Predict some of those who wait; False when nobody does."""
        waiting = session.rescoring.step(claimed, self.most_scored, seconds)
        session.commit()
        if session.rescoring.came_level():
            self._look_for_drift(session)
        return waiting

    def _look_for_drift(self, session: Session) -> None:
        try:
            self.watch(session.connection, session.rules)
        except LogUnavailable:
            raise
        except Exception:  # noqa: BLE001 - a warning that cannot be given is no reason to stop
            _log.exception("whether customers are still as the models know them could not be looked at")
        finally:
            session.rollback()

    def _advance(self, session: Session, claimed: Claimed, limit: int) -> int:
        begun = time.perf_counter()
        up_to = min(claimed.head, claimed.position + limit)
        end, recorded_at = session.batch_end(up_to)
        if limit == self.batch:  # while it is narrowed down to one position, appends are not taken whole
            up_to = end
        moved = self._apply(session, claimed, up_to, recorded_at)
        if moved is None:
            return 0
        # A log that is written to all the time is never level: who waits gets a turn as long as that of the events.
        if moved.position >= moved.head and session.rescoring.waits(moved):
            self._turn(session, time.perf_counter() - begun)
        return moved.position - claimed.position

    def _turn(self, session: Session, seconds: float) -> None:
        claimed = session.claim("live")
        if claimed is not None and claimed.rules == session.fingerprint:
            self._predict(session, claimed, seconds)
        else:
            session.rollback()

    def _tick(self, session: Session, claimed: Claimed) -> None:
        """Let time pass for whom it matters: timers fire without an event."""
        wanted = min(session.due(claimed.name), claimed.clock + self.tick)
        early = session.now() < wanted
        session.rollback()
        if early or (now := session.tick()) is None:
            return
        again = session.claim("live")
        if again is not None and again.position == claimed.position and again.name == claimed.name:
            self._apply(session, again, again.position, now)
        else:
            session.rollback()

    def _apply(self, session: Session, claimed: Claimed, up_to: int, clock: int) -> Claimed | None:
        """Move to a position and a clock, and give where the generation is then. When very many customers are due
        (nobody projected for long), time passes first, in steps. None when another runner took over in between."""
        clock = max(claimed.clock, clock)
        while (paced := session.paced(claimed.name, clock, self.most_due)) < clock:
            # Nothing is predicted of days on which nobody looked.
            session.apply(claimed, claimed.position, paced, predicting=False)
            session.commit()
            again = session.claim("live")
            if again is None or again.name != claimed.name or again.position != claimed.position:
                session.rollback()
                return None
            claimed = again
        # Behind the log whoever is touched may be touched again at once, and what is not known yet is no forecast.
        level = up_to >= claimed.head
        session.apply(claimed, up_to, clock, predicting=level)
        session.commit()
        session.rescoring.moved(claimed, up_to, clock, predicted=level)
        return replace(claimed, position=up_to, clock=clock)

    def _follow_rules(self, session: Session, claimed: Claimed, decided: int) -> int:
        """Replay once for the rules that this process was started with and what is decided in the log; whoever changes
        them again, though nothing was decided since, does not agree."""
        session.rollback()
        if session.followed == decided:
            raise RulesChanged(generation=claimed.name)
        _log.info("the rules changed: replaying into a new generation")
        if moved := self._rebuild():
            session.followed = decided
        return moved

    def _rebuild(self) -> int:
        try:
            return max(1, replay(self.url, self.catalogue, self.rules, drop_retired=True).position)
        except ReplayRunning:
            return 0

    def _failed(self, session: Session, error: Exception) -> ProjectionFailed:
        claimed = session.look("live")
        session.rollback()
        name, position = (claimed.name, claimed.position + 1) if claimed else ("live", 0)
        if isinstance(error, RacelineError):  # it may know the event, which can be older than the one that led to it
            position = error.facts.get("position", position)
        failure = f"{type(error).__name__}: {error}"
        with psycopg.connect(self.url) as conn:
            conn.execute(_SQL["fail"], {"name": name, "position": position, "failure": failure})
        _log.error("projection %s stopped at position %s: %s", name, position, failure)
        return ProjectionFailed(failure, projection=name, position=position)


def _pause(stop: Event, seconds: float) -> None:
    stop.wait(seconds)
