"""A customer as the store knew them at a position: derived on demand from the events up to it (design, section 3)."""

from contextlib import ExitStack, suppress
from queue import Empty, Full, LifoQueue
from typing import Any

import adbc_driver_manager

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import ColumnReader, Columns
from raceline.domain.errors import LimitExceeded, LogRefused, LogUnavailable
from raceline.projections.derive import OF_CUSTOMER, Rules, derive

Rows = dict[str, list[dict[str, Any]]]
_CANCELED = "57014"  # query_canceled: what statement_timeout does


class AsKnown:
    """Derives single customers; safe to share between threads. Keeps a few connections ready, because one costs more
    than the question."""

    def __init__(self, url: str, catalogue: Catalogue, rules: Rules, *, idle: int = 4) -> None:
        self._url, self._catalogue, self._rules = url, catalogue, rules
        self._idle: LifoQueue[tuple[ExitStack, ColumnReader]] = LifoQueue(idle)

    def __call__(self, customer_id: str, position: int) -> Rows:
        """The rows of live.customers, live.timeline and live.paths, by these names.

        Raises LimitExceeded when a statement takes too long, LogUnavailable.
        """
        try:
            columns = self._columns(customer_id, position)
        except LogUnavailable as error:
            raise LogUnavailable from error  # what the driver says may name hosts and users
        except LogRefused as error:
            if isinstance(told := error.__cause__, adbc_driver_manager.Error) and told.sqlstate == _CANCELED:
                raise LimitExceeded(limit="statement_timeout") from error
            raise
        rows = derive(columns, self._rules)
        return {name: getattr(rows, name).to_pylist() for name in OF_CUSTOMER}

    def _columns(self, customer_id: str, position: int) -> Columns:
        # A connection may have died while it lay idle; only a new one tells whether the database is away.
        with suppress(Empty, LogUnavailable):
            return self._read(*self._idle.get_nowait(), customer_id, position)
        return self._read(*self._new(), customer_id, position)

    def _new(self) -> tuple[ExitStack, ColumnReader]:
        with ExitStack() as stack:
            reader = ColumnReader(stack.enter_context(arrow.connect(self._url)), self._catalogue)
            return stack.pop_all(), reader

    def _read(self, stack: ExitStack, reader: ColumnReader, customer_id: str, position: int) -> Columns:
        try:
            columns = reader.customer(customer_id, position)
            with arrow.translated():
                reader.connection.rollback()
        except BaseException:
            stack.close()
            raise
        self._keep(stack, reader)
        return columns

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
