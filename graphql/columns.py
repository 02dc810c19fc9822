"""Where each field of each object comes from: a column, an expression, another object, or a list (see plan.py).

A new field of the API is one more line here and one in objects.py.
"""

from functools import partial

from raceline.graphql.connection import connection
from raceline.graphql.listings import (
    CUSTOMER_EVENTS,
    EVENT_COLUMNS,
    PATHS,
    TIMELINE,
)
from raceline.graphql.plan import Columns, Compile, Selection, Sql, literal, piece


def column(name: str) -> Compile:
    """A column as it is."""
    return lambda _, row: Sql(f"{row}.{name}")


def moment(name: str) -> Compile:
    """A timestamptz as RFC 3339."""
    return lambda _, row: piece("moment", value=Sql(f"{row}.{name}"))


def expression(name: str) -> Compile:
    """A piece of plan.sql over the row."""
    return lambda _, row: piece(name, row=row)


def node_id(type_name: str, key: str) -> Compile:
    """A global id; the SQL twin of scalars.global_id."""
    prefix = literal(f"{type_name}:")
    return lambda _, row: piece("opaque", text=Sql(f"{prefix} || {row}.{key}::text"))


def position(selection: Selection, _: Sql) -> Sql:
    """The position at which the whole answer is true."""
    return selection.plan.position


def one(table: str, key: str, foreign: str) -> Compile:
    """The object of another table whose `key` is the row's `foreign`."""

    def compiled(selection: Selection, row: Sql) -> Sql:
        with selection.plan.repeating():
            return found(selection, table, key, Sql(f"{row}.{foreign}"))

    return compiled


def found(selection: Selection, table: str, key: str, value: Sql, *, type_name: str = "") -> Sql:
    """The object of the row of a table whose `key` has a value; null when there is none."""
    row = selection.plan.row()
    source = selection.plan.tables.get(table) or f"raceline.{table}"
    # Decisions are in the log as well, and are no events of a customer.
    facts = f" AND {row}.customer_id IS NOT NULL" if table == "event" else ""
    return piece(
        "one",
        object=selection.object(row, type_name=type_name),
        source=Sql(f"{source} AS {row}"),
        filter=Sql(f"{row}.{key} = {value}{facts}"),
    )


def many(source: str, **parts: str) -> Compile:
    """A plain list, whole, from a piece of plan.sql that unnests the row's arrays."""

    def compiled(selection: Selection, parent: Sql) -> Sql:
        row = selection.plan.row()
        names = {name: Sql(text) for name, text in parts.items()}
        rows = piece(source, parent=parent, row=row, **names)
        return piece("many", object=selection.entry(row), row=row, source=rows)

    return compiled


def row_object(source: str, **parts: str) -> Compile:
    """An object over one row that a piece of plan.sql makes of the parent's."""

    def compiled(selection: Selection, parent: Sql) -> Sql:
        row = selection.plan.row()
        names = {name: Sql(text) for name, text in parts.items()}
        rows = piece(source, parent=parent, row=row, **names)
        return piece("one", object=selection.object(row), source=rows, filter=Sql("true"))

    return compiled


def _share(part: str) -> Compile:
    return lambda _, row: Sql(f"(COALESCE({row}.{part}, 0) / {row}.paths)::float8")


def _lengths(prefix: str) -> Compile:
    return row_object("lengths", paths=prefix + "paths", length=prefix + "length", squared=prefix + "squared")


_marks = partial(many, "marks")

COLUMNS: Columns = {
    "Customer": {
        "id": node_id("Customer", "customer_id"),
        "guid": column("customer_id"),
        "account": column("account_id"),
        "firstOccurredAt": moment("first_occurred_at"),
        "lastOccurredAt": moment("last_occurred_at"),
        "eventCount": column("events"),
        "pathCount": column("paths"),
        "position": position,
        "timeline": connection(TIMELINE, "t.customer_id = {parent}.customer_id"),
        "events": connection(
            CUSTOMER_EVENTS, "t.customer_id = {parent}.customer_id", types=("text[]", "t.type = ANY({value})")
        ),
        "paths": connection(PATHS, "p.customer_id = {parent}.customer_id"),
    },
    "Event": {
        "id": node_id("Event", "position"),
        "position": column("position"),
        "type": column("type"),
        "source": column("source"),
        "eventId": column("event_id"),
        "customerId": column("customer_id"),
        "customer": one("customers", "customer_id", "customer_id"),
        "account": column("account_id"),
        "product": column("product"),
        "occurredAt": moment("occurred_at"),
        "recordedAt": moment("recorded_at"),
        "sequence": column("sequence"),
        "schemaVersion": column("schema_version"),
        "correlationId": column("correlation_id"),
        "causationId": column("causation_id"),
        "data": column("data"),
    },
    "TimelineEntry": {
        "n": column("n"),
        "title": column("title"),
        "type": column("type"),
        "occurredAt": moment("occurred_at"),
        "event": one("event", "position", "position"),
        "path": one("paths", "path_id", "path_id"),
    },
    "Path": {
        "id": node_id("Path", "path_id"),
        "customer": one("customers", "customer_id", "customer_id"),
        "startedAt": moment("started_at"),
        "endedAt": moment("ended_at"),
        "pages": column("pages"),
        "length": column("length"),
        "resolved": column("resolved"),
        "turnarounds": _marks(steps="turn_index", amounts="turn_depth"),
        "pingPongs": _marks(steps="ping_pong_index", amounts="ping_pong_bounces"),
        "loops": _marks(steps="loop_index", amounts="loop_distance"),
        "steps": many("steps"),
        "events": many("path_events", columns=EVENT_COLUMNS),
    },
    "Turnaround": {"page": column("page"), "index": column("step"), "depth": column("amount")},
    "PingPong": {"page": column("page"), "index": column("step"), "bounces": column("amount")},
    "Loop": {"page": column("page"), "index": column("step"), "distance": column("amount")},
    "PathStep": {
        "page": column("page"),
        "occurredAt": lambda _, row: piece("moment", value=piece("step_moment", row=row)),
        "implied": column("implied"),
        "event": one("event", "position", "position"),
    },
    "PathStatistics": {
        "all": _lengths(""),
        "resolved": _lengths("resolved_"),
        "open": _lengths("open_"),
        "shareResolved": _share("resolved_paths"),
        "shareWithTurnaround": _share("turned_paths"),
        "position": position,
    },
    "PathLengths": {
        "paths": lambda _, row: Sql(f"COALESCE({row}.paths, 0)"),
        "meanLength": expression("mean"),
        "varianceLength": expression("variance"),
    },
    "Page": {
        "page": column("page"),
        "visits": column("visits"),
        "customers": column("customers"),
        "opportunities": column("opportunities"),
        "turnarounds": column("turnarounds"),
        "rate": expression("page_rate"),
        "depth": expression("page_depth"),
        "pingPongs": column("ping_pongs"),
    },
    "Log": {
        "head": column("position"),
        "recordedAt": lambda _, row: piece("moment", value=Sql(f"NULLIF({row}.recorded_at, '-infinity')")),
        "position": position,
        "projections": many("projections"),
    },
    "Projection": {
        "name": column("name"),
        "status": lambda _, row: Sql(f"upper({row}.status)"),
        "position": column("position"),
        "lagEvents": expression("lag_events"),
        "lagSeconds": expression("lag_seconds"),
        "failedPosition": column("failed_position"),
        "failure": column("failure"),
    },
    "QuarantineEntry": {
        "id": node_id("QuarantineEntry", "quarantine_id"),
        "source": column("source"),
        "place": column("place"),
        "reason": column("reason"),
        "detail": column("detail"),
        "raw": expression("raw_text"),
        "rawBase64": expression("raw_base64"),
        "receivedAt": moment("received_at"),
        "requeuedAt": moment("requeued_at"),
        "event": one("event", "position", "requeued_as"),
    },
}
