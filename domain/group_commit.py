"""Group commit: small appends that arrive together are committed together (design, section 4).

A commit waits for the disk, and the log takes one at a time; so what arrives while one is under way shares the next.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread

from raceline.domain.errors import LogUnavailable
from raceline.domain.event import Event, Outcome, Reject
from raceline.domain.ingest import Ingest


@dataclass(frozen=True)
class _Submitted:
    checked: Sequence[Event | Reject]
    batch_source: str
    outcomes: Future[list[Outcome]] = field(default_factory=Future)


class GroupCommit:
    """Appends for many callers, a group of them in one transaction.

    A group waits, `wait` seconds at most, for as many callers as the last one had: so a lone caller never waits, and
    of a crowd nobody is committed alone because he came back first. `most`: events of a group; more only from one
    caller. A context manager; safe to share between threads.
    """

    def __init__(self, ingest: Ingest, *, wait: float = 0.005, most: int = 1_000) -> None:
        self.ingest, self.wait, self.most = ingest, wait, most
        self._waiting: deque[_Submitted] = deque()
        self._events = 0
        self._crowd = 1
        self._closed = False
        self._arrived = Condition()
        self._worker = Thread(target=self._run, name="raceline-group-commit", daemon=True)
        self._worker.start()

    def submit(self, checked: Sequence[Event | Reject], *, batch_source: str) -> Future[list[Outcome]]:
        """Append what was checked and quarantine the rest; the future gives an outcome for each, in order.

        It raises what `Ingest.store` raises. What the database refuses concerns only the event it is about. Raises
        LogUnavailable after `close`.
        """
        submitted = _Submitted(checked, batch_source)
        with self._arrived:
            if self._closed:
                raise LogUnavailable("raceline is stopping")
            self._waiting.append(submitted)
            self._events += len(checked)
            if len(self._waiting) == 1 or self._is_full():
                self._arrived.notify()
        return submitted.outcomes

    def close(self) -> None:
        """Commit what waits, and stop."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
        self._worker.join()

    def __enter__(self) -> "GroupCommit":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _is_full(self) -> bool:
        return self._closed or len(self._waiting) >= self._crowd or self._events >= self.most

    def _run(self) -> None:
        while group := self._take():
            self._commit([one for one in group if one.outcomes.set_running_or_notify_cancel()])

    def _take(self) -> list[_Submitted]:
        """The next group; empty when closed and everything is done."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting or self._closed)
            self._arrived.wait_for(self._is_full, self.wait)
            group: list[_Submitted] = []
            room = self.most
            while self._waiting and (not group or len(self._waiting[0].checked) <= room):
                group.append(self._waiting.popleft())
                room -= len(group[-1].checked)
            self._events -= self.most - room
            self._crowd = 1 if self._waiting else len(group)  # who was left over has waited long enough
            return group

    def _commit(self, group: Sequence[_Submitted]) -> None:
        if not group:
            return
        source = ", ".join(dict.fromkeys(one.batch_source for one in group))
        try:
            outcomes = iter(self.ingest.store([item for one in group for item in one.checked], batch_source=source))
        except Exception as error:  # noqa: BLE001 - it belongs to the callers, and the worker goes on
            for one in group:
                one.outcomes.set_exception(error)
            return
        for one in group:
            one.outcomes.set_result([next(outcomes) for _ in one.checked])
