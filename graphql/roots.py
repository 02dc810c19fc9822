"""Where each root field of reading comes from (see columns.py)."""

from collections.abc import Mapping

from raceline.graphql.case_columns import case as case_by_key
from raceline.graphql.case_columns import cases
from raceline.graphql.compiling import found
from raceline.graphql.connection import connection
from raceline.graphql.journey_columns import by_key
from raceline.graphql.listings import EVENTS, QUARANTINE
from raceline.graphql.model_columns import model_version, models
from raceline.graphql.page_columns import pages
from raceline.graphql.path_columns import path_statistics, paths
from raceline.graphql.percolation_columns import pages_before_moves, path_comparison, percolation
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Compile, Selection
from raceline.graphql.question import CaseKey, case_key, move_key
from raceline.graphql.racetrack_columns import dry_run, racetracks
from raceline.graphql.scalars import HIGHEST, parse_global_id
from raceline.graphql.site_columns import funnel, path_variants, site_graph
from raceline.graphql.stage_columns import account, customers, stages
from raceline.graphql.stage_day_columns import stage_days

# What can be fetched by a global id: its table and key, and whether the key is a position-like number.
NODES: Mapping[str, tuple[str, str, bool]] = {
    "Customer": ("customers", "customer_id", False),
    "Event": ("event", "position", True),
    "Path": ("paths", "path_id", True),
    "QuarantineEntry": ("quarantine", "quarantine_id", True),
}


def node(selection: Selection, _: Sql) -> Sql:
    """Any object; null when the id is not one of ours or nothing is there."""
    type_name, key = parse_global_id(selection.arguments["id"]) or ("", "")
    if type_name == "StageMove":
        return stage_move(selection, Sql("NULL"))
    if type_name == "Case":
        return Sql("NULL") if (case := case_key(selection.arguments["id"])) is None else case_by_key(selection, case)
    if type_name == "Account":
        return account(selection, Sql("NULL"), key)
    if type_name not in NODES:
        return Sql("NULL")
    table, column_name, numeric = NODES[type_name]
    if not numeric:
        return found(selection, table, column_name, selection.plan.bind(key), type_name=type_name)
    if not (key.isascii() and key.isdecimal() and len(key) < 20 and int(key) <= HIGHEST):
        return Sql("NULL")
    return found(selection, table, column_name, selection.plan.bind(int(key), "bigint"), type_name=type_name)


def customer(selection: Selection, _: Sql) -> Sql:
    """One customer by identifier."""
    selection.plan.name(selection.plan.question.racetrack)
    return found(selection, "customers", "customer_id", selection.plan.bind(selection.arguments["id"]))


def case(selection: Selection, _: Sql) -> Sql:
    """A case by its customer and its identifier."""
    return case_by_key(selection, CaseKey(selection.arguments["customer"], selection.arguments["id"]))


def stage_move(selection: Selection, _: Sql) -> Sql:
    """A move by its id."""
    if (key := move_key(selection.arguments["id"])) is None:
        return Sql("NULL")
    return by_key(selection, key)


def event(selection: Selection, _: Sql) -> Sql:
    """One event by position."""
    return found(selection, "event", "position", selection.plan.bind(selection.arguments["position"], "bigint"))


def log(selection: Selection, _: Sql) -> Sql:
    """The one row of the log's head."""
    row = selection.plan.row()
    source = Sql(f"raceline.log_head AS {row}")
    return piece("one", object=selection.object(row), source=source, filter=Sql("true"))


ROOTS: Mapping[str, Compile] = {
    "customer": customer,
    "customers": customers,
    "events": connection(
        EVENTS,
        "e.customer_id IS NOT NULL",
        customer=("text", "e.customer_id = {value}"),
        types=("text[]", "e.type = ANY({value})"),
    ),
    "event": event,
    "stageMove": stage_move,
    "stages": stages,
    "stageDays": stage_days,
    "case": case,
    "cases": cases,
    "racetracks": racetracks,
    "racetrackDryRun": dry_run,
    "account": lambda selection, row: account(selection, row, selection.arguments["id"]),
    "models": models,
    "modelVersion": model_version,
    "paths": paths,
    "pathStatistics": path_statistics,
    "pages": pages,
    "siteGraph": site_graph,
    "pathVariants": path_variants,
    "funnel": funnel,
    "percolation": percolation,
    "pathComparison": path_comparison,
    "pagesBeforeMoves": pages_before_moves,
    "quarantine": connection(QUARANTINE, includeRequeued=("boolean", "({value} OR q.requeued_at IS NULL)")),
    "log": log,
    "node": node,
}
