"""Where each field of each object comes from: a column, an expression, another object, or a list (see plan.py).

A new field of the API is one more line here, or in the columns of its theme, and one in the objects of that theme.
"""

from raceline.graphql.case_columns import CASE_COLUMNS, customer_cases
from raceline.graphql.compiling import column, enum, expression, many, moment, node_id, one, position
from raceline.graphql.connection import connection
from raceline.graphql.forecast_columns import FORECAST_COLUMNS
from raceline.graphql.journey_columns import JOURNEY_COLUMNS, journey, journeys
from raceline.graphql.listings import (
    CUSTOMER_EVENTS,
    PATHS,
    TIMELINE,
)
from raceline.graphql.model_columns import MODEL_COLUMNS
from raceline.graphql.page_columns import PAGE_COLUMNS
from raceline.graphql.path_columns import PATH_COLUMNS
from raceline.graphql.percolation_columns import PERCOLATION_COLUMNS
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns
from raceline.graphql.prediction_columns import PREDICTION_COLUMNS
from raceline.graphql.racetrack_columns import RACETRACK_COLUMNS
from raceline.graphql.site_columns import SITE_COLUMNS
from raceline.graphql.stage_case_columns import STAGE_CASE_COLUMNS
from raceline.graphql.stage_columns import STAGE_COLUMNS
from raceline.graphql.stage_day_columns import STAGE_DAY_COLUMNS

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
        "journeys": journeys,
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
    **FORECAST_COLUMNS,
    **JOURNEY_COLUMNS,
    **MODEL_COLUMNS,
    **PAGE_COLUMNS,
    **PATH_COLUMNS,
    **PERCOLATION_COLUMNS,
    **PREDICTION_COLUMNS,
    **RACETRACK_COLUMNS,
    **SITE_COLUMNS,
    **STAGE_COLUMNS,
    **STAGE_CASE_COLUMNS,
    **STAGE_DAY_COLUMNS,
}
