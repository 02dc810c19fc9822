"""Where each field of each object comes from: a column, an expression, another object, or a list (see plan.py).

A new field of the API is one more line here, or in the columns of its theme, and one in the objects of that theme.
"""

from functools import partial

from raceline.graphql.case_columns import CASE_COLUMNS, customer_cases
from raceline.graphql.compiling import column, enum, expression, many, moment, node_id, one, position, row_object
from raceline.graphql.connection import connection
from raceline.graphql.journey_columns import JOURNEY_COLUMNS, journey
from raceline.graphql.listings import (
    CUSTOMER_EVENTS,
    EVENT_COLUMNS,
    PATHS,
    TIMELINE,
)
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Compile
from raceline.graphql.racetrack_columns import RACETRACK_COLUMNS
from raceline.graphql.stage_case_columns import STAGE_CASE_COLUMNS
from raceline.graphql.stage_columns import STAGE_COLUMNS
from raceline.graphql.stage_day_columns import STAGE_DAY_COLUMNS


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
        "cases": customer_cases,
        "journey": journey,
        "journeys": many("journeys", own=True),
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
        "causedMoves": many("caused_moves"),
        "evidenceOf": many("evidence_of"),
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
        "status": enum("status"),
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
    **CASE_COLUMNS,
    **JOURNEY_COLUMNS,
    **RACETRACK_COLUMNS,
    **STAGE_COLUMNS,
    **STAGE_CASE_COLUMNS,
    **STAGE_DAY_COLUMNS,
}
