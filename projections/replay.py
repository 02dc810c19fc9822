"""Replay: derive everything again into a new generation beside the live one, catch up, and switch at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import pyarrow as pa
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import Columns
from raceline.domain.errors import LogBusy, ReplayRunning
from raceline.projections.derive import derive
from raceline.projections.generation import Claimed, Session
from raceline.projections.in_force import in_force_now
from raceline.projections.rules import Rules
from raceline.projections.sums import SUMS, added

Progress = Callable[[int, int], None]
_ROUNDS = 20
_MOST_IN_MEMORY = 500_000  # rows of one table of sums, such as each device on each day
_PATIENCE_SECONDS = 600
Result = TypeVar("Result")


@dataclass(frozen=True)
class Replayed:
    """What a replay did: the generation that is live now, its position, the events read, the generations dropped."""

    name: str
    position: int
    events: int
    dropped: tuple[str, ...] = ()


def replay(
    url: str,
    catalogue: Catalogue,
    rules: Rules,
    *,
    chunk: int = 250_000,
    progress: Progress | None = None,
    drop_retired: bool = False,
) -> Replayed:
    """Derive all customers again and switch to the result, while the live run goes on.

    Two chunks of about `chunk` events are in memory at a time. `progress` is called with events done and in all. A
    replay that was killed leaves a generation that nobody reads; the next one drops it. It derives by the racetracks
    that are active when it begins. Raises ReplayRunning.
    """
    rules = in_force_now(url, rules, catalogue)
    with arrow.connect(url) as connection, arrow.connect(url) as second:
        session, beside = Session(connection, catalogue, rules), Session(second, catalogue, rules)
        if not session.try_replay_lock():
            raise ReplayRunning
        _patiently(session, lambda: session.drop("building"))
        begun = _begin(session)
        events = _fill(session, beside, begun, chunk, progress or (lambda _done, _all: None))
        _catch_up(session, chunk)
        position = _patiently(session, lambda: _switch(session))
        dropped = _patiently(session, lambda: session.drop("retired")) if drop_retired else []
        return Replayed(begun.name, position, events, tuple(dropped))


@dataclass(frozen=True)
class _Begun:
    """The generation that is being built, and what it is true at."""

    name: str
    position: int
    clock: int


@dataclass
class _Sums:
    """Sums over the customers so far, by table; written: the tables that hold some of them already."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def write(self, session: Session, generation: str, table: str) -> None:
        rows = {table: self.tables.pop(table)}
        if table in self.written:
            session.add(generation, rows)
        else:
            session.fill_sums(generation, rows)
        self.written.add(table)


def _begin(session: Session) -> _Begun:
    live = session.claim("live", wait=True)
    position, clock = (live.head, live.clock) if live else (0, 0)
    if position:
        clock = max(clock, session.batch_end(position)[1])
    name = session.create("building", position, clock)
    session.commit()
    return _Begun(name, position, clock)


def _fill(session: Session, beside: Session, begun: _Begun, chunk: int, progress: Progress) -> int:
    """Derive and write chunk by chunk; the next one is read beside it, on a connection and a core of its own."""
    chunks = session.reader.chunks(begun.position, chunk)
    total, done = sum(events for *_, events in chunks), 0

    sums = _Sums()

    def read(after: str, through: str) -> Columns:
        columns = beside.reader.between(after, through, begun.position)
        beside.reader.keep_scores()
        beside.commit()
        return columns

    with ThreadPoolExecutor(1, "raceline-read") as reading:
        ahead = [reading.submit(read, *chunks[0][:2])] if chunks else []
        for n, (*_, events) in enumerate(chunks):
            columns = ahead.pop().result()
            if n + 1 < len(chunks):
                ahead.append(reading.submit(read, *chunks[n + 1][:2]))
            _write(session, begun, columns, sums)
            done += events
            progress(done, total)
        timeline = reading.submit(_create_timeline_keys, beside, begun.name)
        for table in list(sums.tables):
            sums.write(session, begun.name, table)
        session.create_keys(begun.name)
        session.renew_extremes(begun.name)
        timeline.result()
    session.commit()
    return total


def _write(session: Session, begun: _Begun, columns: Columns, sums: _Sums) -> None:
    """Write what belongs to these customers, and add to the sums, which are written when they are many and at last."""
    # Nothing is lost by a crash that the next replay does not make again.
    arrow.run(session.connection, "SET LOCAL synchronous_commit = off")
    rows = derive(columns, session.rules, begun.clock)
    session.fill(begun.name, rows)
    for name in SUMS:
        sums.tables[name] = added(name, [*filter(None, [sums.tables.get(name)]), getattr(rows, name)])
        if sums.tables[name].num_rows > _MOST_IN_MEMORY:
            sums.write(session, begun.name, name)
    session.commit()


def _create_timeline_keys(session: Session, name: str) -> None:
    session.create_timeline_keys(name)
    session.commit()


def _catch_up(session: Session, chunk: int) -> None:
    """Take what came in meanwhile, until less than half a chunk is left for the switch.

    The live run moves on while we do, so the rounds are counted: the switch holds it, and takes whatever is left.
    """
    for _ in range(_ROUNDS):
        building, live = session.claim("building", wait=True), session.look("live")
        if building is None or live is None or live.position - building.position < chunk // 2:
            break
        up_to = min(live.position, building.position + chunk)
        session.apply(building, up_to, max(building.clock, live.clock if up_to == live.position else 0))
        session.commit()
    session.rollback()


def _switch(session: Session) -> int:
    """In one transaction: hold the live generation, draw level with it, and take its place."""
    live = session.claim("live", wait=True)
    building = session.claim("building", wait=True)
    assert building is not None, "the replay made it"  # noqa: S101
    position = _level(session, building, live)
    session.switch(building.name)
    return position


def _patiently(session: Session, work: Callable[[], Result]) -> Result:
    """Do this in a transaction of its own, again and again while readers are in its way."""
    patience = Retrying(
        retry=retry_if_exception_type(LogBusy),
        wait=wait_random(0.01, 0.2),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        after=lambda _: session.rollback(),
        reraise=True,
    )

    def transaction() -> Result:
        result = work()
        session.commit()
        return result

    return patience(transaction)


def _level(session: Session, building: Claimed, live: Claimed | None) -> int:
    if live is None:
        return building.position
    position, clock = max(live.position, building.position), max(live.clock, building.clock)
    if (position, clock) != (building.position, building.clock):
        session.apply(building, position, clock)
    return position
