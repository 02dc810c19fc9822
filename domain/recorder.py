"""The log behind the interfaces of the eventsourcing library: its recorder, its subscription, its factory.

Facts and decisions share one table. What the library calls originator_id, originator_version and notification_id are
event_uid, version and position here (design, section 4).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    ListenNotifySubscription,
    Notification,
    ShutDown,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import (
    ConnectionPool,
    PostgresApplicationRecorder,
    PostgresDatastore,
)
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, class_row, dict_row
from psycopg.sql import SQL, Identifier

from raceline.domain import arrays
from raceline.domain.errors import LogImmutable, LogRefused, LogUnavailable
from raceline.domain.sql import statements

CHANNEL = "raceline_log"
POLL_SECONDS = 1.0
# A process that stops in the middle of an append holds the lock of all others; the server ends it after this.
IDLE_SECONDS = 60
PAGE = 2_000
_SQL = statements("raceline.domain", "log.sql")


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the database driver become raceline's own; its pool's time-outs too."""
    try:
        yield
    except psycopg.errors.RestrictViolation as error:
        raise LogImmutable(str(error).splitlines()[0]) from error
    except psycopg.Error as error:
        raise _meant(error) from error


def _meant(error: psycopg.Error) -> LogUnavailable | LogRefused:
    """Whether to try again. Class 54 is a limit that this value exceeds at all times; 25006 a server that takes no
    writes at present, such as a standby."""
    state = error.sqlstate or ""
    away = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not state.startswith("54")
    if away or state == "25006":
        return LogUnavailable(str(error).strip())
    return LogRefused(str(error).strip(), sqlstate=state)


class LogDatastore(PostgresDatastore):
    """The library's datastore over a connection URL: any parameter that libpq knows may be in it.

    `timeout`: seconds to wait for a connection; `lock_timeout`: seconds to wait for the log's lock.
    """

    def __init__(self, url: str, *, pool_size: int = 4, timeout: float = 3.0, lock_timeout: int = 30) -> None:
        super().__init__("", "", "", "", "", schema="raceline", lock_timeout=lock_timeout)
        self.url = url
        self.pool = ConnectionPool(
            url,
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row, "application_name": "raceline"},
            min_size=1,
            max_size=pool_size,
            open=False,
            configure=_configure(lock_timeout),
            check=ConnectionPool.check_connection,
            timeout=timeout,
        )

    def register_type_adapters(self) -> None:
        """Nothing to do: raceline sends arrays of plain types."""

    @contextmanager
    def connected(self, timeout: float | None = None) -> Iterator[Connection[DictRow]]:
        """A connection of the pool, whose errors are raceline's own."""
        with translated():
            self.pool.open()
            with self.pool.connection(timeout) as conn:
                yield conn


def _configure(lock_timeout: int) -> Callable[[Connection[Any]], None]:
    def configure(conn: Connection[Any]) -> None:
        conn.autocommit = True
        arrays.register(conn)
        conn.execute(_SQL["configure"], {"lock": f"{lock_timeout}s", "idle": f"{IDLE_SECONDS}s"})

    return configure


class LogRecorder(PostgresApplicationRecorder):
    """The library's recorder on raceline's log; tables are made by migrations and never by the library."""

    def __init__(self, datastore: LogDatastore) -> None:
        super().__init__(datastore, events_table_name="stored_event")
        self.datastore: LogDatastore = datastore
        self.select_events_statement = SQL(_SQL["stored_events_of"]).format()
        self.channel_name = CHANNEL
        self.url = datastore.url

    def create_table(self) -> None:
        """Nothing to do: `raceline.domain.migrate` makes the tables, safely with several processes at once."""

    def _insert_stored_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any) -> None:
        held = curs.connection.execute(_SQL["lock"], {"room": len(stored_events)}, prepare=True).fetchone()
        assert held is not None, "lock_log gives one row"  # noqa: S101
        columns = _decision_columns(stored_events) | {"recorded_at": held["recorded_at"]}
        curs.execute(_SQL["insert_decisions"], columns, prepare=True)
        curs.connection.execute(_SQL["notify"], prepare=True)

    def _fetch_ids_after_insert_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int]:
        row = curs.fetchone()
        assert row is not None, "insert_decisions gives one row"  # noqa: S101
        first = row["position_before"] + 1
        return list(range(first, first + len(stored_events)))

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Notifications after position `gt`; survives lost notifications and lost connections."""
        return LogSubscription(self, gt=gt, topics=topics)


def _decision_columns(stored_events: Sequence[StoredEvent]) -> dict[str, arrays.BinaryArray]:
    uids = [event.originator_id for event in stored_events]
    return {
        "uid": arrays.uuids([UUID(str(uid)).bytes for uid in uids]),
        "version": arrays.bigints([event.originator_version for event in stored_events]),
        "event_id": arrays.texts([f"{event.originator_id}/{event.originator_version}" for event in stored_events]),
        "type": arrays.texts([event.topic for event in stored_events]),
        "hash": arrays.byteas(
            [blake2b(event.topic.encode() + b"\0" + event.state, digest_size=16).digest() for event in stored_events]
        ),
        "state": arrays.byteas([event.state for event in stored_events]),
    }


def listen(
    url: str, channel: str, heard: Callable[[], None], stopped: Callable[[], bool], *, poll: float = POLL_SECONDS
) -> None:
    """Call `heard` when the channel is notified, and every `poll` seconds; reconnect when the connection is lost.

    The poll is what makes a lost NOTIFY harmless. Returns when `stopped()` is true, asked at least every 0.1 s.
    """
    while not stopped():
        try:
            with psycopg.connect(url, autocommit=True, application_name="raceline listen", connect_timeout=5) as conn:
                conn.execute(SQL("LISTEN {}").format(Identifier(channel)))
                _hear(conn, heard, stopped, poll)
        except psycopg.OperationalError:
            heard()
            _pause(stopped, poll)


def _hear(conn: Connection[Any], heard: Callable[[], None], stopped: Callable[[], bool], poll: float) -> None:
    waited = poll
    while not stopped():
        notified = any(True for _ in conn.notifies(timeout=min(0.1, poll), stop_after=1))
        waited += 0.1
        if notified or waited >= poll:
            waited = 0.0
            heard()


def _pause(stopped: Callable[[], bool], seconds: float) -> None:
    end = monotonic() + seconds
    while not stopped() and monotonic() < end:
        sleep(0.1)


class LogSubscription(ListenNotifySubscription[LogRecorder]):
    """The library's subscription, with its known faults mended: it polls each second and reconnects."""

    def __init__(self, recorder: LogRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._select_limit = PAGE
        self._url = recorder.url
        self._listen_thread = Thread(target=self._listen, name="raceline-listen", daemon=True)
        self._listen_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listen_thread.join()

    def _pull(self) -> None:
        try:
            while not self._has_been_stopped and self._pull_page():
                pass
        except LogUnavailable:
            # Nothing was skipped: the next notification, or poll, pulls from the same place.
            _pause(lambda: self._has_been_stopped, POLL_SECONDS)
        except ShutDown:
            pass

    def _pull_page(self) -> bool:
        """Queue a page of notifications; true when there may be more."""
        self._has_been_notified.clear()
        after = self._last_notification_id or 0
        with self._recorder.datastore.connected(POLL_SECONDS) as conn:
            head = conn.execute(_SQL["head"], prepare=True).fetchone()
            up_to = head["position"] if head else 0
            if up_to <= after:
                return False
            asked = {"after": after, "up_to": up_to, "topics": list(self._topics), "all": not self._topics}
            cursor = conn.cursor(binary=True, row_factory=class_row(Notification))
            page = cursor.execute(_SQL["notifications"], asked | {"limit": self._select_limit}, prepare=True).fetchall()
        if page:
            self._notifications_queue.put(page)
        more = len(page) == self._select_limit
        self._last_notification_id = page[-1].id if more else up_to
        return more

    def _listen(self) -> None:
        try:
            listen(
                self._url,
                CHANNEL,
                self._has_been_notified.set,
                lambda: self._has_been_stopped or self._thread_error is not None,
            )
        except BaseException as error:  # noqa: BLE001 - handed to the thread that reads, as the library does
            self._thread_error = self._thread_error or error
            self.stop()
