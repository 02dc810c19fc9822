"""The lists of the API: their rows, their order, and the key by which they are paged.

A cursor is the key of a row and no offset, so paging visits each row once while others come in between.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import msgspec

from raceline.graphql.injected import PATH_FIGURES, names

EVENT_COLUMNS = (
    "e.position, e.recorded_at, e.occurred_at, e.source, e.event_id, e.type, e.schema_version, e.customer_id,"
    " e.account_id, e.product, e.sequence, e.correlation_id, e.causation_id, e.data"
)
PATH_COLUMNS = (
    "p.path_id, p.customer_id, p.n, p.started_at, p.ended_at, p.resolved, p.length, p.turnarounds, p.pages,"
    " p.step_events, p.step_at, p.implied, p.events, p.turn_index, p.turn_depth, p.ping_pong_index,"
    " p.ping_pong_bounces, p.loop_index, p.loop_distance, p.stages, p.variants"
)
TIMELINE_COLUMNS: str = "t.customer_id, t.n, t.position, t.occurred_at, t.type, t.title, t.path_id"
CUSTOMER_COLUMNS = "c.customer_id, c.account_id, c.first_occurred_at, c.last_occurred_at, c.events, c.paths"
CASE_COLUMNS = (
    "c.customer_id, c.n, c.case_id, c.status, c.opened_at, c.closed_at, c.reopened, c.reassigned, c.severity,"
    " c.problem, c.cause, c.assignment_group, c.assigned_to, c.sentiment, c.texts, c.surveys, c.survey_score,"
    " c.open_microseconds, c.open_since, c.events, c.event_at, c.event_does, c.event_open, c.event_severity,"
    " c.event_problem, c.event_cause, c.event_group, c.event_engineer, c.event_score, c.event_language,"
    " c.event_sentiment, c.event_survey"
)

Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


@dataclass(frozen=True)
class Listing:
    """A list in SQL. `key`: JSON of a row's place in the order; `after`: the rows behind a key of that `shape`.

    {row} stands for a row of the page, {parent} for the row it is listed of, {customers}, {timeline} and {paths} for
    the tables, {0} and {1} for the parts of the key, {first} for the length of a page. total, more: how long the whole
    list is, and whether there is a next page, where that is not found by counting.
    """

    name: str
    node: str
    source: str
    columns: str
    order: str
    key: str
    after: str
    shape: Any
    total: str = ""
    more: str = ""

    def by(self, order: str) -> "Listing":
        """The same list in an order of its own, whose cursors are no others'."""
        return replace(self, name=f"{self.name}.{order}")


CUSTOMERS = Listing(
    name="customers",
    node="Customer",
    source="{customers} AS c",
    columns=CUSTOMER_COLUMNS,
    order="c.customer_id",
    key="json_build_array({row}.customer_id)",
    after="c.customer_id > {0}::text",
    shape=tuple[str],
)
EVENTS = Listing(
    name="events",
    node="Event",
    source="raceline.event AS e",
    columns=EVENT_COLUMNS,
    order="e.position",
    key="json_build_array({row}.position)",
    after="e.position > {0}::bigint",
    shape=tuple[Number],
)
# A late event moves the numbers of those behind it, so the cursor holds the event and its number is looked up again. By
# the parent and not by `t`, so that this happens once and not for each row.
_LATER = (
    "t.n > (SELECT s.n FROM {timeline} AS s WHERE s.customer_id = {parent}.customer_id AND s.position = {0}::bigint)"
)
CUSTOMER_EVENTS = Listing(
    name="customerEvents",
    node="Event",
    source="{timeline} AS t JOIN raceline.event AS e ON e.position = t.position",
    columns=EVENT_COLUMNS,
    order="t.n",
    key="json_build_array({row}.position)",
    after=_LATER,
    shape=tuple[Number],
)
TIMELINE = Listing(
    name="timeline",
    node="TimelineEntry",
    source="{timeline} AS t",
    columns=TIMELINE_COLUMNS,
    order="t.n",
    key="json_build_array({row}.position)",
    after=_LATER,
    shape=tuple[Number],
)
# Two visits may start at the same moment; path_id, the position of the first event, tells them apart.
PATHS = Listing(
    name="paths",
    node="Path",
    source="{paths} AS p",
    columns=PATH_COLUMNS,
    order="p.started_at, p.path_id",
    key="json_build_array(to_json({row}.started_at AT TIME ZONE 'UTC') #>> '{{}}' || 'Z', {row}.path_id)",
    after="(p.started_at, p.path_id) > ({0}::timestamptz, {1}::bigint)",
    shape=tuple[datetime, Number],
)
# A case of which only surveys are known was never opened, and comes last; nothing is greater than null.
# A late event moves the numbers of cases, so it is their own identifier that tells them apart.
_OPENED_LATER = (
    "(c.opened_at, c.customer_id, c.case_id) > ({0}::timestamptz, {1}::text, {2}::text) OR c.opened_at IS NULL"
)
_NEVER_OPENED = "c.opened_at IS NULL AND (c.customer_id, c.case_id) > ({1}::text, {2}::text)"
CASES = Listing(
    name="cases",
    node="Case",
    source="{cases} AS c",
    columns=CASE_COLUMNS,
    order="c.opened_at, c.customer_id, c.case_id",
    key=(
        "json_build_array(to_json({row}.opened_at AT TIME ZONE 'UTC') #>> '{{}}' || 'Z', {row}.customer_id,"
        " {row}.case_id)"
    ),
    after=f"CASE WHEN {{0}}::timestamptz IS NULL THEN {_NEVER_OPENED} ELSE {_OPENED_LATER} END",
    shape=tuple[datetime | None, str, str],
)
# The cases that are counted in a stage on a day; {row}.day is that day.
STAGE_CASES = Listing(
    name="stageCases",
    node="StageCase",
    source="live.case_spells AS s",
    columns=(
        "s.customer_id, s.racetrack, s.case_n, s.case_id, s.side, s.stage, s.from_day, s.to_day, s.severity, s.problem,"
        " s.cause, s.sentiment, s.event"
    ),
    order="s.customer_id, s.case_id",
    key="json_build_array({row}.customer_id, {row}.case_id)",
    after="(s.customer_id, s.case_id) > ({0}::text, {1}::text)",
    shape=tuple[str, str],
)
DRY_RUN_EXAMPLES = Listing(
    name="dryRunExamples",
    node="DryRunExample",
    source="given_dry_run_examples AS x",
    columns="x.n, x.customer_id, x.from_stage, x.to_stage, x.rule",
    order="x.n",
    key="json_build_array({row}.n)",
    after="x.n > {0}::bigint",
    shape=tuple[Number],
)
QUARANTINE = Listing(
    name="quarantine",
    node="QuarantineEntry",
    source="raceline.quarantine AS q",
    columns=(
        "q.quarantine_id, q.source, q.place, q.reason, q.detail, q.raw, q.received_at, q.requeued_at, q.requeued_as"
    ),
    order="q.quarantine_id DESC",
    key="json_build_array({row}.quarantine_id)",
    after="q.quarantine_id < {0}::bigint",
    shape=tuple[Number],
)


# Counted in memory, and given from the row behind the cursor on; so nothing is left to be filtered here.
PAGES = Listing(
    name="pages",
    node="Page",
    source="given_path_pages AS g",
    columns=", ".join(f"g.{name}" for name in names(PATH_FIGURES["path_pages"])),
    order="g.n",
    key="json_build_array({row}.figure, {row}.page)",
    after="true",
    shape=tuple[float | None, str],
    total="(SELECT t.pages FROM given_page_test AS t)",
)
