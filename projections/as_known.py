"""Customers as they were asked for: at another time, as known at another position, by another racetrack. Derived on
demand from the events that the question is about (design, sections 3 and 5)."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from queue import Empty, Full, LifoQueue
from typing import Any

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import ColumnReader, Columns
from raceline.domain.errors import LimitExceeded, LogRefused, LogUnavailable
from raceline.domain.models import Models
from raceline.domain.racetrack_registry import Version
from raceline.domain.racetracks import Racetracks
from raceline.projections.asked import Asked
from raceline.projections.derive import derive
from raceline.projections.explained import EXPLAINED, explain
from raceline.projections.generation import checkpoint_as_of
from raceline.projections.in_force import with_models, with_racetracks
from raceline.projections.race import prospect_table
from raceline.projections.race_tables import definitions
from raceline.projections.rules import MICROSECONDS, SCORE, Rules
from raceline.projections.scoring import Scorings
from raceline.projections.tables import OF_CUSTOMER

Answer = dict[str, list[dict[str, Any]]]
_CANCELED = "57014"  # query_canceled: what statement_timeout does
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What an explanation of predictions is made of.
_OF_MODELS = frozenset({"predictions"})
_KEPT = 32  # sets of racetracks that stay compiled


class AsKnown:
    """Derives what is asked of customers; safe to share between threads. Keeps a few connections ready, because one
    costs more than the question."""

    def __init__(
        self, url: str, catalogue: Catalogue, rules: Rules, racetracks: Racetracks, models: Models, *, idle: int = 4
    ) -> None:
        self._url, self._catalogue, self._rules, self._racetracks = url, catalogue, rules, racetracks
        self._scorings = Scorings(models, catalogue)
        self._idle: LifoQueue[tuple[ExitStack, ColumnReader]] = LifoQueue(idle)
        self._compiled: dict[tuple[str, ...], Rules] = {}
        self._told: dict[int, tuple[Rules, Answer]] = {}

    def __call__(self, asked: Asked) -> Answer:
        """The rows of the read models that belong to customers, by the names of their tables, and with them:

        prospects: what could move each customer on; racetracks, racetrack_stages, racetrack_rules, rule_conditions: the
        definitions; checkpoint: one row with the position and the clock (microseconds since 1970) of the answer.

        Raises UnknownRacetrack, LimitExceeded when a statement takes too long, LogUnavailable.
        """
        try:
            return self._answer(asked)
        except LogUnavailable as error:
            raise LogUnavailable from error  # what the driver says may name hosts and users
        except LogRefused as error:
            if isinstance(told := error.__cause__, adbc_driver_manager.Error) and told.sqlstate == _CANCELED:
                raise LimitExceeded(limit="statement_timeout") from error
            raise

    def _versions(self, position: int, racetracks: tuple[tuple[str, int | None], ...]) -> tuple[Version, ...]:
        """Those that were active at a position, and in place of them or after them those that are named.

        Whoever names a version means it, also where it was not published yet. Raises UnknownRacetrack.
        """
        registry = self._racetracks.registry(position)
        newest = self._racetracks.registry() if racetracks else registry
        named = {
            name: registry.get(name) if version is None else newest.get(name, version) for name, version in racetracks
        }
        active = {version.name: version for version in registry.active}
        return tuple((active | named)[name] for name in dict.fromkeys([*active, *named]))

    def rules(self, versions: tuple[Version, ...]) -> Rules:
        """The rules with these racetracks, compiled once."""
        key = tuple(version.hash + str(version.version) for version in versions)
        if key not in self._compiled:
            if len(self._compiled) >= _KEPT:
                self._compiled.clear()
            self._compiled[key] = with_racetracks(self._rules, self._catalogue, versions)
        return self._compiled[key]

    def _definitions(self, rules: Rules) -> Answer:
        """What the racetracks say; the same rows for every question about them."""
        key = id(rules)
        if self._told.get(key, (None,))[0] is not rules:
            if len(self._told) >= _KEPT:
                self._told.clear()
            rows = {name: table.to_pylist() for name, table in definitions(rules.tracks).items()}
            self._told[key] = (rules, rows)
        return self._told[key][1]

    def _answer(self, asked: Asked) -> Answer:
        # A connection may have died while it lay idle; only a new one tells whether the database is away.
        with suppress(Empty, LogUnavailable):
            return self._ask(*self._idle.get_nowait(), asked)
        return self._ask(*self._new(), asked)

    def _new(self) -> tuple[ExitStack, ColumnReader]:
        with ExitStack() as stack:
            connection = stack.enter_context(arrow.connect(self._url))
            reader = ColumnReader(connection, self._catalogue, scorer=SCORE)
            return stack.pop_all(), reader

    def _ask(self, stack: ExitStack, reader: ColumnReader, asked: Asked) -> Answer:
        try:
            position, clock = self._as_of(reader.connection, asked)
            racing = self.rules(self._versions(position, asked.racetracks))
            rules = with_models(racing, self._scorings.of(racing.tracks, position))
            reader.want(rules.wanted)
            columns = reader.of(asked.customers, position)
            with arrow.translated():
                reader.connection.rollback()
        except BaseException:
            stack.close()
            raise
        self._keep(stack, reader)
        answer = _told(columns if asked.at is None else _until(columns, asked.at), rules, clock, asked)
        if asked.at is not None:
            _end_revisions(answer, _microseconds(asked.at))
        return answer | self._definitions(racing) | {"checkpoint": [{"position": position, "clock": clock}]}

    def _as_of(self, connection: Connection, asked: Asked) -> tuple[int, int]:
        position, clock = checkpoint_as_of(connection, asked.position)
        if asked.clock is not None:
            clock = max(clock, _microseconds(asked.clock)) if asked.position is not None else _microseconds(asked.clock)
        return position, clock if asked.at is None else min(clock, _microseconds(asked.at))

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


def _until(columns: Columns, at: datetime) -> Columns:
    return columns.where(columns.occurred_at <= _microseconds(at))


def _end_revisions(answer: Answer, at: int) -> None:
    """Leave out of revisions the stays that began after a moment, and the revisions of which nothing is left.

    What was known when they came, timers up to then included, is more than had happened by the moment of the question.
    """
    if "revisions" not in answer:
        return
    kept = []
    for row in answer["revisions"]:
        for side in ("before", "after"):
            begun = sum(moment <= at for moment in row[f"{side}_at"])
            row |= {f"{side}_stages": row[f"{side}_stages"][:begun], f"{side}_at": row[f"{side}_at"][:begun]}
        if row["before_at"] or row["after_at"]:
            kept.append(row)
    answer["revisions"] = kept
    for journey in answer.get("journeys", ()):
        same = [row for row in kept if all(row[key] == journey[key] for key in ("customer_id", "racetrack"))]
        journey["revisions"] = len(same)
        for n, row in enumerate(same, 1):
            row["n"] = n


def _microseconds(moment: datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * MICROSECONDS + passed.microseconds


def _told(columns: Columns, rules: Rules, clock: int, asked: Asked) -> Answer:
    """The rows of the tables that are wanted; None is all of them."""
    tables = asked.tables
    answer: Answer = {}
    if tables is None or "prospects" in tables:
        answer["prospects"] = [row for table in _prospects(columns, rules, clock) for row in table.to_pylist()]
    needed = None if tables is None else _needed(tables)
    if needed is not None and not needed:
        return answer
    if needed is not None and needed <= _OF_MODELS:  # a racetrack without a model has nothing to say
        rules = replace(rules, tracks=tuple(track for track in rules.tracks if track.name in rules.models))
    rows = derive(columns, rules, clock, predicting=needed is None or "predictions" in needed, wanted=needed)
    answer |= {name: getattr(rows, name).to_pylist() for name in OF_CUSTOMER if tables is None or name in tables}
    return answer | explain(columns, rows.predicted, tables, asked.what_ifs)


def _needed(tables: frozenset[str]) -> frozenset[str]:
    """The tables to derive for those that are wanted."""
    return (tables & OF_CUSTOMER.keys()) | (_OF_MODELS if tables & EXPLAINED else frozenset())


def _prospects(columns: Columns, rules: Rules, clock: int) -> Iterator[pa.Table]:
    return (prospect_table(columns, track, clock) for track in rules.tracks)
