"""A customer as the store knew them at a position: derived on demand from the events up to it (design, section 3)."""

from contextlib import ExitStack
from queue import Empty, Full, LifoQueue
from typing import Any

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import ColumnReader
from raceline.projections.derive import OF_CUSTOMER, Rules, derive

Rows = dict[str, list[dict[str, Any]]]


class AsKnown:
    """Derives single customers; safe to share between threads. Keeps a few connections ready, because one costs more
    than the question."""

    def __init__(self, url: str, catalogue: Catalogue, rules: Rules, *, idle: int = 4) -> None:
        self._url, self._catalogue, self._rules = url, catalogue, rules
        self._idle: LifoQueue[tuple[ExitStack, ColumnReader]] = LifoQueue(idle)

    def __call__(self, customer_id: str, position: int) -> Rows:
        """The rows of live.customers, live.timeline and live.paths, by these names."""
        stack, reader = self._reader()
        try:
            columns = reader.customer(customer_id, position)
            reader.connection.rollback()
        except BaseException:
            stack.close()
            raise
        self._keep(stack, reader)
        rows = derive(columns, self._rules)
        return {name: getattr(rows, name).to_pylist() for name in OF_CUSTOMER}

    def _reader(self) -> tuple[ExitStack, ColumnReader]:
        try:
            return self._idle.get_nowait()
        except Empty:
            stack = ExitStack()
            connection = stack.enter_context(arrow.connect(self._url))
            return stack, ColumnReader(connection, self._catalogue)

    def _keep(self, stack: ExitStack, reader: ColumnReader) -> None:
        try:
            self._idle.put_nowait((stack, reader))
        except Full:
            stack.close()

    def close(self) -> None:
        """Give the connections back."""
        while True:
            try:
                self._idle.get_nowait()[0].close()
            except Empty:
                return
