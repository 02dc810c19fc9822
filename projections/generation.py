"""A generation of read models: a schema of its own that is filled, moved forward, switched to, and dropped."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import LiteralString, cast

import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import ColumnReader, attribute_columns
from raceline.domain.errors import RulesChanged
from raceline.domain.migrate import migrate
from raceline.domain.sql import statements
from raceline.projections.derive import DERIVATION, derive
from raceline.projections.extremes import changed_extremes, extreme_table
from raceline.projections.noting import note
from raceline.projections.race_tables import definitions
from raceline.projections.rescoring import Rescoring
from raceline.projections.rules import SCORE, Rules
from raceline.projections.sums import SUMS, difference, statement
from raceline.projections.tables import OF_CUSTOMER, SUM_SCHEMAS, Rows

_log = logging.getLogger(__name__)
_STATEMENTS = statements("raceline.projections", "generation.sql")
_SQL = {name: text.replace("{clock}", _STATEMENTS["clock"]) for name, text in _STATEMENTS.items()}
_TEXTS = statements("raceline.projections", "views.sql")
_VIEWS = {name: text.replace("{in_force}", _TEXTS["in_force"]) for name, text in _TEXTS.items()}


@dataclass(frozen=True)
class Claimed:
    """A generation, its status, its checkpoint (a position, and the clock that its timers were looked at), the
    fingerprint of its rules, and the head of the log. clock: microseconds since 1970."""

    name: str
    status: str
    position: int
    clock: int
    rules: str
    head: int


class Session:
    """One connection that derives and writes; what it does stands or falls with its transaction."""

    def __init__(self, connection: Connection, catalogue: Catalogue, rules: Rules) -> None:
        self.connection = connection
        self.catalogue = catalogue
        self.rules = rules
        self.fingerprint = fingerprint(catalogue, rules)
        self.rescoring = Rescoring(self)
        self._unknown: set[str] = set()
        # The decision up to which a replay was made because the live generation had other rules.
        self.followed: int | None = None
        self.reader = ColumnReader(connection, catalogue, rules.wanted, SCORE)
        for table, schema in SUM_SCHEMAS.items():
            self._execute(statement(_VIEWS["create_difference"], table, schema))
        self.run("create_touched_extremes")
        self.run("create_new_drift")
        self.commit()

    def follow(self, rules: Rules) -> None:
        """Derive by other racetracks from now on; what decides them is in the log, and everybody follows it."""
        if rules is not self.rules:
            self.rules = rules
            self.fingerprint = fingerprint(self.catalogue, rules)
            self.reader.want(rules.wanted)

    def commit(self) -> None:
        """Make everything since the last commit true at once."""
        with arrow.translated():
            self.connection.commit()

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        with arrow.translated():
            self.connection.rollback()

    def claim(self, status: str, *, wait: bool = False) -> Claimed | None:
        """Hold the generation of this status until commit; None when there is none or another runner holds it."""
        return self._find("claim_waiting" if wait else "claim", status)

    def look(self, status: str) -> Claimed | None:
        """The generation of this status as this transaction sees it, without holding it."""
        return self._find("look", status)

    def _find(self, statement: str, status: str) -> Claimed | None:
        arrow.settings(self.connection, {"status": status})
        found = arrow.rows(self.connection, _SQL[statement]).to_pylist()
        return Claimed(**found[0]) if found else None

    def batch_end(self, up_to: int) -> tuple[int, int]:
        """The last position of the append that a position belongs to, and when it was recorded."""
        arrow.settings(self.connection, {"up_to": str(up_to)})
        found = arrow.rows(self.connection, _SQL["batch_end"]).to_pylist()[0]
        return found["position"], found["recorded_at"]

    def tick(self) -> int | None:
        """What time it is, once nothing that was recorded before is still to come; ends the transaction."""
        found = arrow.rows(self.connection, _SQL["tick"]).to_pylist()
        self.commit()
        return found[0]["clock"] if found else None

    def paced(self, name: str, clock: int, most: int) -> int:
        """A clock, or an earlier one up to which only about so many customers are due."""
        arrow.settings(self.connection, {"clock": str(clock), "most": str(most)})
        found = self.rows("paced", name)
        return cast(int, found["clock"][0].as_py()) if found.num_rows else clock

    def now(self) -> int:
        """What time it is by the database's clock."""
        return cast(int, arrow.rows(self.connection, _SQL["now"])["clock"][0].as_py())

    def due(self, name: str) -> int:
        """When the next timer of a generation fires, in microseconds since 1970; a far future if there is none."""
        found = self.rows("next_due", name)
        return cast(int, found["due"][0].as_py())

    def apply(self, claimed: Claimed, up_to: int, clock: int, *, predicting: bool = True) -> None:
        """Move a claimed generation to a position and a clock: rows, sums and checkpoint.

        Without predicting, the customers touched wait for their turn to be predicted (rescoring.py). Raises
        RulesChanged when it is derived by other rules: what they gave before could not be taken back.
        """
        if claimed.rules != self.fingerprint:
            raise RulesChanged(generation=claimed.name)
        self.reader.touch_new(claimed.position, up_to)
        arrow.settings(self.connection, {"clock": str(clock)})
        self.run("touch_due", claimed.name)
        columns = self.reader.touched(up_to)
        rows = derive(columns, self.rules, clock, predicting=predicting)
        before = derive(columns.up_to(claimed.position), self.rules, claimed.clock, predicting=False)
        self.run("replace_customers", claimed.name)
        self.fill(claimed.name, rows)
        self.add(claimed.name, {name: difference(name, getattr(rows, name), getattr(before, name)) for name in SUMS})
        self.renew_extremes(claimed.name, changed_extremes(rows.case_spells, before.case_spells))
        self.reader.keep_scores()
        if claimed.status == "live":
            note(self, claimed.name, rows.predicted)
        self.checkpoint(claimed.name, up_to, clock)

    def fill(self, name: str, rows: Rows) -> None:
        """Add the rows of customers that the generation does not have; the sums over them are apart."""
        self._tell_unknown(rows.timeline["type"])
        for table in OF_CUSTOMER:
            arrow.write(self.connection, table, getattr(rows, table), schema=name)

    def _tell_unknown(self, types: pa.ChunkedArray) -> None:
        """Say, once for each type, that nothing but a line of the timeline comes of its events."""
        unknown = set(types.unique().to_pylist()) - self.catalogue.types.keys() - self._unknown
        if unknown:
            self._unknown |= unknown
            _log.warning(
                "the log has events of types that this process has in no catalogue, so that no paths and no cases come"
                " of them: %s; is RACELINE_CATALOGUE the same for every process?",
                ", ".join(sorted(unknown)),
            )

    def add(self, name: str, changes: Mapping[str, pa.Table]) -> None:
        """Add to the sums of a generation."""
        for table, change in changes.items():
            if change.num_rows:
                arrow.write(self.connection, f"{table}_difference", change)
                self._execute(statement(_VIEWS["add_difference"], table, SUM_SCHEMAS[table]), name)

    def fill_sums(self, name: str, sums: Mapping[str, pa.Table]) -> None:
        """Write the sums of a generation that has none."""
        for table, rows in sums.items():
            arrow.write(self.connection, table, rows, schema=name)

    def renew_extremes(self, name: str, touched: pa.Table | None = None) -> None:
        """Make the extremes again of the stages and days that are touched; None: of all."""
        if touched is not None and touched.num_rows == 0:
            return
        made = self.extremes(name, touched)
        self.run("forget_extremes", name)
        arrow.write(self.connection, "case_extremes", made, schema=name)

    def extremes(self, name: str, touched: pa.Table | None = None) -> pa.Table:
        """The extremes of the stages and days that are touched, by the spells that are stored; None: of all."""
        if touched is None:
            self.run("touch_all_extremes", name)
        else:
            arrow.write(self.connection, "touched_extremes", touched)
        return extreme_table(self.rows("extreme_spells", name))

    def checkpoint(self, name: str, position: int, clock: int) -> None:
        """Note the position and the clock up to which a generation is true, and tell who waits for it."""
        arrow.settings(self.connection, {"generation": name, "up_to": str(position), "clock": str(clock)})
        arrow.run(self.connection, _SQL["advance"])
        arrow.rows(self.connection, _SQL["tell"])

    def create(self, status: str, position: int, clock: int = 0) -> str:
        """A new generation, empty but for its definitions; gives its name."""
        parameters = {"status": status, "rules": self.fingerprint, "up_to": str(position), "clock": str(clock)}
        arrow.settings(self.connection, parameters)
        arrow.run(self.connection, _SQL["add_generation"])
        claimed = self.claim(status)
        assert claimed is not None, "the generation was made in this transaction"  # noqa: S101
        self.run("create_tables", claimed.name)
        for table, rows in definitions(self.rules.tracks).items():
            arrow.write(self.connection, table, rows, schema=claimed.name)
        return claimed.name

    def create_keys(self, name: str) -> None:
        """Keys and indexes, once the bulk of the rows is there; those of the timeline are apart."""
        self.run("create_keys", name)

    def create_timeline_keys(self, name: str) -> None:
        """The key of the timeline."""
        self.run("create_timeline_keys", name)

    def switch(self, name: str) -> None:
        """Make a generation the live one: from commit on, readers of the schema `live` see it.

        Raises LogBusy when readers hold the schema `live`; roll back, and try again.
        """
        arrow.settings(self.connection, {"generation": name})
        arrow.run(self.connection, _SQL["retire"])
        arrow.run(self.connection, _SQL["make_live"])
        self._yield_to_readers()
        self.run("publish", name)

    def _yield_to_readers(self) -> None:
        # Readers take the views in any order, so waiting for them can end in a deadlock. Giving up well before the
        # server looks for one (after a second, by default) means that it is never a reader who has to start again.
        arrow.run(self.connection, "SET LOCAL lock_timeout = '200ms'")

    def drop(self, *statuses: str) -> list[str]:
        """Drop the generations of these statuses; gives their names. Raises LogBusy when somebody reads them."""
        self._yield_to_readers()
        arrow.settings(self.connection, {"status": ",".join(statuses)})
        names = cast(list[str], arrow.rows(self.connection, _SQL["disposable"])["name"].to_pylist())
        for name in names:
            arrow.settings(self.connection, {"generation": name})
            self.run("drop", name)
            arrow.run(self.connection, _SQL["forget"])
        return names

    def try_replay_lock(self) -> bool:
        """Hold the lock that only one replay can have, for as long as this connection lives."""
        return bool(arrow.rows(self.connection, _SQL["try_replay_lock"])["taken"][0].as_py())

    def stored(self, name: str, table: str, schema: pa.Schema, *, where: str = "", order: str) -> pa.Table:
        """The rows that a generation holds, with the columns and types of `schema`."""
        columns = ", ".join(f"t.{column}" for column in schema.names)
        query = f"SELECT {columns} FROM {checked(name)}.{table} AS t {where} ORDER BY {order}"  # noqa: S608 - our names
        return arrow.rows(self.connection, query).cast(schema)

    def run(self, name: str, views: str = "") -> None:
        """Run the statements of this name in views.sql, on the read models of a generation."""
        self._execute(_VIEWS[name], views)

    def rows(self, name: str, views: str = "") -> pa.Table:
        """What the query of this name in views.sql gives."""
        return arrow.rows(self.connection, _VIEWS[name].replace("{views}", checked(views) if views else ""))

    def _execute(self, text: LiteralString, views: str = "") -> None:
        for part in text.replace("{views}", checked(views) if views else "").split(";\n"):
            if part.strip().rstrip(";"):
                arrow.run(self.connection, part)


def checkpoint_as_of(connection: Connection, position: int | None) -> tuple[int, int]:
    """A position, and the clock at which what had been recorded by then was known; None: of the live read models."""
    arrow.settings(connection, {"up_to": "" if position is None else str(position)})
    found = arrow.rows(connection, _SQL["as_of"]).to_pylist()[0]
    return found["position"], found["clock"]


def fingerprint(catalogue: Catalogue, rules: Rules) -> str:
    """What decides which rows events give: paths, titles, upcasts and cases of each type, how texts are scored, the
    session gap, the racetracks, the tables, and the version of the derivation itself."""
    kinds = sorted(catalogue.types.values(), key=lambda kind: kind.name)
    types = [(kind.name, kind.version, attribute_columns(kind), kind.title, kind.upcasts, kind.case) for kind in kinds]
    tracks = [track.identity for track in rules.tracks]
    everything = (DERIVATION, SCORE.name, rules.session_gap, types, tracks, _VIEWS)
    return blake2b(repr(everything).encode(), digest_size=16).hexdigest()


def checked(name: str) -> str:
    """The name of a generation's schema."""
    # A schema cannot be a parameter; this is the only text that is ever put into a statement.
    assert re.fullmatch(r"views_\d+", name), name  # noqa: S101
    return name


def prepare(url: str, catalogue: Catalogue, rules: Rules) -> None:
    """Migrate the log and see to it that there is a live generation; safe with several processes at once."""
    migrate(url)
    with arrow.connect(url) as connection:
        session = Session(connection, catalogue, rules)
        arrow.rows(connection, _SQL["lock_start"])
        if session.claim("live", wait=True) is None:
            name = session.create("live", 0)
            session.create_keys(name)
            session.create_timeline_keys(name)
            session.switch(name)
        session.commit()
