"""The paths of a store in memory, kept up to date.

They are read once, and then only those of customers who have new events since. Whoever asks gets what was true at one
position of the log, and what others do later does not change it.
"""

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import LiteralString, NamedTuple

import adbc_driver_manager
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection
from numpy.typing import NDArray

from raceline.domain import arrow
from raceline.domain.errors import LimitExceeded, LogRefused, LogUnavailable, NoReadModels
from raceline.domain.sql import statements
from raceline.projections.generation import checked
from raceline.projections.path_columns import NO_SITE, Codes, Names, PathColumns, Site
from raceline.projections.path_reading import Part, PathRows, in_order
from raceline.projections.rows import Longs

_SQL = statements("raceline.projections", "paths.sql")
_UNDEFINED_COLUMN = "42703"
_DROPPED = ("42P01", "3F000")  # undefined_table, invalid_schema_name: of a generation that is live no longer


@dataclass
class _Books:
    """What codes stand for in the columns of one generation."""

    pages: Names = field(default_factory=Names)
    customers: Names = field(default_factory=Names)
    stages: Names = field(default_factory=lambda: Names(""))
    variants: Names = field(default_factory=lambda: Names(""))
    accounts: Names = field(default_factory=Names)


class _Standing(NamedTuple):
    name: str
    position: int
    clock: int
    site_loaded_at: int | None


class _Open:
    """A connection that stays open, because a new one costs more than most questions."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.connection: Connection | None = None

    @contextmanager
    def transaction(self, url: str) -> Iterator[Connection]:
        """One snapshot of the database. Raises LogUnavailable."""
        if self.connection is None:
            self.connection = self._stack.enter_context(arrow.connect(url))
        connection = self.connection
        arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            yield connection
        finally:
            with suppress(adbc_driver_manager.Error):  # what went wrong before says more
                connection.rollback()

    def close(self) -> None:
        self.connection = None
        self._stack.close()


def _seen(event: Longs) -> NDArray[np.bool_]:
    """(s,) Nobody saw when the source of a click was reached; it and the target are steps of one event."""
    return np.append(event[1:] != event[:-1], True)[: len(event)]


def _statement(name: LiteralString, standing: _Standing) -> LiteralString:
    """A statement of paths.sql about the tables of a generation."""
    parts = {"columns": _SQL["columns"], "touched": _SQL["touched"], "views": checked(standing.name)}
    text = _SQL[name]
    for part, filled in parts.items():
        text = text.replace(f"{{{part}}}", filled)
    return text


class KeptPaths:
    """The paths of one store, kept up to date; safe to share between threads. most_steps: of all paths together."""

    def __init__(self, url: str, most_steps: int = 50_000_000) -> None:
        self.url, self._most = url, most_steps
        self._lock = Lock()
        self._books = _Books()
        self._columns: PathColumns | None = None
        self._open = _Open()
        weakref.finalize(self, self._open.close)

    def now(self) -> PathColumns:
        """All paths, up to where the live read models are.

        Raises NoReadModels, LimitExceeded when there are more steps than may be kept, LogUnavailable.
        """
        with self._lock:
            try:
                return self._looked()
            except (LogRefused, LogUnavailable) as error:
                if not self._can_look_again(error):
                    raise
            return self._looked()

    def _can_look_again(self, error: LogRefused | LogUnavailable) -> bool:
        if isinstance(error, LogUnavailable):  # the server may have been away since the last question
            was_open = self._open.connection is not None
            self._open.close()
            return was_open
        state = error.__cause__.sqlstate if isinstance(error.__cause__, adbc_driver_manager.Error) else None
        if state == _UNDEFINED_COLUMN:
            raise NoReadModels("Those that are there are of an older version.") from error
        return state in _DROPPED

    def _looked(self) -> PathColumns:
        with self._open.transaction(self.url) as connection:
            found = arrow.rows(connection, _SQL["standing"]).to_pylist()
            if not found:
                raise NoReadModels
            self._columns = self._renewed(connection, self._columns, _Standing(**found[0]))
            return self._columns

    def _renewed(self, connection: Connection, known: PathColumns | None, standing: _Standing) -> PathColumns:
        if known is None or known.generation != standing.name or known.position > standing.position:
            self._books, known = _Books(), None
            columns = self._loaded(connection, standing)
        elif known.position < standing.position:
            columns = self._refreshed(connection, known, standing)
        else:
            columns = replace(known, clock=standing.clock) if known.clock != standing.clock else known
        if known is None or known.site.loaded_at != standing.site_loaded_at:
            columns = self._with_site(connection, columns, standing.site_loaded_at)
        return columns

    def _loaded(self, connection: Connection, standing: _Standing) -> PathColumns:
        members = arrow.rows(connection, _statement("all_accounts", standing))
        self._refuse_too_many(arrow.rows(connection, _statement("size", standing))["steps"][0].as_py())
        racetracks = tuple(arrow.rows(connection, _statement("racetracks", standing))["racetrack"].to_pylist())
        query = _statement("all_paths", standing)
        part = self._read(arrow.batches(connection, query), len(racetracks))
        account = np.full(len(self._books.customers), -1, np.int32)
        return self._told(standing, racetracks, part, self._with_accounts(account, members), NO_SITE)

    def _refreshed(self, connection: Connection, known: PathColumns, standing: _Standing) -> PathColumns:
        """Customers with new events once more, behind those whose paths are what they were."""
        arrow.settings(connection, {"after_position": str(known.position), "up_to": str(standing.position)})
        members = arrow.rows(connection, _statement("touched_accounts", standing))
        query = _statement("touched_paths", standing)
        part = self._read(arrow.batches(connection, query), len(known.racetracks))
        changed = np.zeros(len(self._books.customers), np.bool_)
        changed[part.arrays.customer] = True  # whoever had a path still has one: events are only added
        old = Part(known.arrays, known.path_id, known.started_at, known.stage, known.variant)
        whole = old.where(~changed[old.arrays.customer]).and_then(part)
        self._refuse_too_many(len(whole.arrays.page))
        account = np.full(len(changed), -1, np.int32)
        account[: len(known.account)] = known.account
        return self._told(
            standing,
            known.racetracks,
            whole,
            self._with_accounts(account, members),
            known.site,
        )

    def _refuse_too_many(self, steps: int) -> None:
        if steps > self._most:
            raise LimitExceeded(limit="path_steps", allowed=self._most, found=steps, setting="RACELINE_PATH_STEPS")

    def _with_accounts(self, account: Codes, members: pa.Table) -> Codes:
        customer = self._books.customers
        code = np.array([customer.find(name) for name in members["customer_id"].to_pylist()], np.int64)
        with_paths = code >= 0
        account[code[with_paths]] = self._books.accounts.codes(members["account_id"].combine_chunks())[with_paths]
        return account

    def _told(
        self, standing: _Standing, racetracks: tuple[str, ...], part: Part, account: Codes, site: Site
    ) -> PathColumns:
        books = self._books
        return PathColumns(
            position=standing.position,
            clock=standing.clock,
            generation=standing.name,
            arrays=part.arrays,
            page_names=books.pages.array,
            customer_names=books.customers.array,
            path_id=part.path_id,
            started_at=part.started_at,
            racetracks=racetracks,
            stage=part.stage,
            stage_names=books.stages.array,
            variant=part.variant,
            variant_sets=tuple(tuple(text.split(",")) if text else () for text in books.variants.array.to_pylist()),
            account=account,
            account_names=books.accounts.array,
            site=site.longer(len(books.pages)),
        )

    def _read(self, batches: Iterator[pa.RecordBatch], racetracks: int) -> Part:
        read = [self._coded(batch, racetracks) for batch in batches if batch.num_rows]
        return in_order(read, racetracks, len(self._books.pages))

    def _coded(self, batch: pa.RecordBatch, racetracks: int) -> PathRows:
        books, resolved = self._books, batch["resolved"].to_numpy(zero_copy_only=False)
        stages = books.stages.codes(batch["stages"].flatten()) if racetracks else np.empty(0, np.int32)
        return PathRows(
            books.customers.codes(batch["customer_id"]),
            batch["n"].to_numpy(),
            batch["path_id"].to_numpy(),
            batch["started_at"].cast(pa.int64()).to_numpy(),
            resolved,
            pc.list_value_length(batch["pages"]).to_numpy().astype(np.int64),
            books.pages.codes(batch["pages"].flatten()),
            batch["step_at"].flatten().to_numpy(),
            _seen(batch["step_events"].flatten().to_numpy()),
            stages.reshape(batch.num_rows, racetracks).T,
            books.variants.codes(pc.fill_null(pc.binary_join(batch["variants"], ","), "")),
        )

    def _with_site(self, connection: Connection, columns: PathColumns, loaded_at: int | None) -> PathColumns:
        pages, links = (arrow.rows(connection, _SQL[name]) for name in ("site_pages", "site_links"))
        books, types = self._books.pages, Names()
        code = books.codes(pages["page"].combine_chunks())
        source, target = (books.codes(links[name].combine_chunks()) for name in ("source", "target"))
        type_of, place = np.full(len(books), -1, np.int32), np.full(len(books), -1, np.int64)
        type_of[code] = types.codes(pages["page_type"].combine_chunks())
        place[code] = np.arange(len(code))
        title = pages["title"].combine_chunks().take(pa.array(place, mask=place < 0))
        site = Site(loaded_at, place >= 0, type_of, types.array, title, source, target)
        return replace(columns, page_names=books.array, site=site)
