"""A whole input on its way into the log: read and checked in this thread, appended in another, in order."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from raceline.domain.errors import IngestInterrupted, LogUnavailable
from raceline.domain.event import Outcome, Reject
from raceline.domain.formats import Input
from raceline.domain.ingest import Ingest, Prepared, Summary, prepare
from raceline.domain.json_input import Raw

PATIENCE_SECONDS = 60.0


class FileIngest:
    """One input and what has become of it. summary: counts so far. line: everything up to it is stored.

    While a batch is appended the next one is read and checked; there are never more than these two in memory.
    """

    def __init__(self, ingest: Ingest, records: Input, *, patience: float = PATIENCE_SECONDS) -> None:
        """`patience`: seconds to wait for a database that went away, before each batch is given up."""
        self.summary = Summary()
        self.line = 0
        self._ingest, self._records, self._patience = ingest, records, patience
        self._pending: tuple[Future[list[Outcome]], int] | None = None

    def run(self, progress: Callable[["FileIngest"], None] = lambda _: None) -> Summary:
        """Take the whole input in; `progress` is called after each batch.

        Raises what the input raises, after everything before is stored, and IngestInterrupted when the database stays
        away. Either way the input can be given again: what is stored counts as duplicate.
        """
        with ThreadPoolExecutor(1, "raceline-append") as appender, _frequent_switches():
            try:
                for batch in self._records:
                    checked = self._check(batch)
                    self._settle(progress)
                    self._pending = appender.submit(self._store, checked), _last_line(batch, self.line)
            except BaseException:
                # Whatever stopped us: count what is on its way, and let the first error be the one that is told.
                with suppress(Exception):
                    self._settle(progress)
                raise
            self._settle(progress)
        return self.summary

    def _settle(self, progress: Callable[["FileIngest"], None]) -> None:
        if self._pending is None:
            return
        appended, last = self._pending
        outcomes = (
            appended.result()
        )  # if this wait is interrupted, the batch is still pending, and is counted at the end
        self._pending = None
        self.summary.add(outcomes)
        self.line = last
        progress(self)

    def _check(self, batch: Sequence[Raw | Reject]) -> Prepared:
        check, source, place = self._ingest.check, self._records.source, self._records.place
        now = self._ingest.clock()
        return prepare(
            [
                item if isinstance(item, Reject) else check(item.data, source=source, place=place(item.line), now=now)
                for item in batch
            ]
        )

    def _store(self, checked: Prepared) -> list[Outcome]:
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(LogUnavailable),
                wait=wait_exponential(multiplier=0.2, max=5),
                stop=stop_after_delay(self._patience),
                reraise=True,
            ):
                with attempt:
                    return self._ingest.store(checked, batch_source=self._records.name)
        except LogUnavailable as error:
            raise IngestInterrupted(self._so_far(), file=self._records.name, line=self.line) from error
        raise AssertionError("Retrying returns or raises")

    def _so_far(self) -> str:
        stored = f"is stored up to line {self.line}" if self.line else "has nothing stored yet"
        return f"{self._records.name} {stored}. Give it again: what is stored already counts as duplicate."


@contextmanager
def _frequent_switches() -> Iterator[None]:
    """Give the other thread its turn ten times as often: it waits for the database in many short steps, and each would
    otherwise cost it up to 5 ms of waiting for the interpreter."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _last_line(batch: Sequence[Raw | Reject], before: int) -> int:
    last = batch[-1]
    if isinstance(last, Raw):
        return last.line
    line = last.place.rpartition(":")[2]
    return int(line) if line.isdecimal() else before
