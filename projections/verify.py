"""Verify: derive everything again, write nothing, and say where the stored read models differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.projections.derive import derive
from raceline.projections.generation import Claimed, Session
from raceline.projections.in_force import in_force_now
from raceline.projections.replay import Progress
from raceline.projections.rules import Rules
from raceline.projections.sums import SUMS, added
from raceline.projections.tables import OF_CUSTOMER

_KEYS = OF_CUSTOMER | SUMS | {"case_extremes": ["racetrack", "side", "stage", "day"]}


@dataclass(frozen=True)
class Difference:
    """One row of a read model that is not as derived; `stored` or `derived` is None where there is no such row."""

    table: str
    key: tuple[Any, ...]
    stored: dict[str, Any] | None
    derived: dict[str, Any] | None


def verify(
    url: str, catalogue: Catalogue, rules: Rules, *, chunk: int = 250_000, progress: Progress | None = None
) -> Iterator[Difference]:
    """The differences between the live generation and a fresh derivation up to its checkpoint, position and clock.

    A prediction that waits for its turn is none: it is of an earlier day, by another model, or was never made on this
    day. Everything is read in one snapshot, so the live run may go on meanwhile.
    """
    rules = in_force_now(url, rules, catalogue)
    with arrow.connect(url) as connection:
        session = Session(connection, catalogue, rules)
        arrow.run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        live = session.look("live")
        if live is not None:
            yield from _verify(session, live, chunk, progress or (lambda _done, _all: None))
        session.rollback()


def _verify(session: Session, live: Claimed, chunk: int, progress: Progress) -> Iterator[Difference]:
    chunks = session.reader.chunks(live.position, chunk)
    total, done = sum(events for *_, events in chunks), 0
    nothing = derive(session.reader.between("", "", 0), session.rules, live.clock)
    sums = {name: getattr(nothing, name) for name in SUMS}
    for after, through, events in chunks:
        rows = derive(session.reader.between(after, through, live.position), session.rules, live.clock)
        for table in OF_CUSTOMER:
            yield from _compare_range(session, live, table, getattr(rows, table), _RANGE)
        for name in SUMS:
            sums[name] = added(name, [sums[name], getattr(rows, name)])
        done += events
        progress(done, total)
    # Whoever is stored beyond the last customer of the log is a stranger to it.
    arrow.settings(session.connection, {"after_customer": chunks[-1][1] if chunks else ""})
    for table in OF_CUSTOMER:
        yield from _compare_range(session, live, table, getattr(nothing, table), _BEYOND)
    for name, derived in [*sums.items(), ("case_extremes", session.extremes(live.name))]:
        stored = session.stored(live.name, name, derived.schema, order=_order(name))
        yield from _compare(name, stored, derived.sort_by([(key, "ascending") for key in _KEYS[name]]))


_BEYOND = "WHERE t.customer_id > current_setting('raceline.after_customer')"
_RANGE = f"{_BEYOND} AND t.customer_id <= current_setting('raceline.through_customer')"


def _order(table: str) -> str:
    return ", ".join(f"t.{key}" for key in _KEYS[table])


def _compare_range(session: Session, live: Claimed, table: str, derived: pa.Table, where: str) -> Iterator[Difference]:
    stored = session.stored(live.name, table, derived.schema, where=where, order=_order(table))
    found = list(_compare(table, stored, derived))
    if table != "predictions" or not found:
        yield from found
        return
    noted = _noted(session, live)
    yield from (one for one in found if not _waits(one, session.rules, noted))


def _noted(session: Session, live: Claimed) -> set[tuple[Any, ...]]:
    """The stays of this range of customers that are in the ledger of the day, where nothing is left to be projected: of
    these a prediction was made."""
    if live.position != live.head:
        return set()
    arrow.settings(session.connection, {"models": session.rescoring.in_force(live)})
    rows = session.rows("noted").to_pylist()
    return {(row["customer_id"], row["racetrack"], row["entered_at"]) for row in rows}


def _waits(found: Difference, rules: Rules, noted: set[tuple[Any, ...]]) -> bool:
    """Whether the live run has not come to a prediction yet; where no model is in force, to taking it away."""
    stored, derived = found.stored, found.derived
    if stored is None and derived is not None:
        return (*found.key, derived["entered_at"]) not in noted
    if stored is None or derived is None:
        return stored is not None and stored["racetrack"] not in rules.models
    return any(stored[column] != derived[column] for column in ("day", "model"))


def _compare(table: str, stored: pa.Table, derived: pa.Table) -> Iterator[Difference]:
    if stored.equals(derived):
        return
    keys = _KEYS[table]
    ours = {tuple(row[key] for key in keys): row for row in stored.to_pylist()}
    theirs = {tuple(row[key] for key in keys): row for row in derived.to_pylist()}
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            yield Difference(table, key, ours.get(key), theirs.get(key))
