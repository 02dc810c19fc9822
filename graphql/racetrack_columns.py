"""Where the fields of definitions and of their dry runs come from; see columns.py."""

from raceline.graphql.compiling import column, enum, expression, many, moment, one, rows
from raceline.graphql.connection import connection
from raceline.graphql.listings import DRY_RUN_EXAMPLES
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Selection
from raceline.graphql.tables import REGISTRY

# All customers are derived for it, of the whole log: one fits into an operation of the usual limit, and no second one.
_DRY_RUN_COST = 60_000


def racetracks(selection: Selection, row: Sql) -> Sql:
    """Every version that was published."""
    with selection.plan.reading(REGISTRY):
        return rows(selection, row, "racetracks")


def dry_run(selection: Selection, _: Sql) -> Sql:
    """What would change; the rows are derived for the question."""
    selection.plan.budget.cost += _DRY_RUN_COST
    row = selection.plan.row()
    return piece("one", object=selection.object(row), source=piece("dry_run", row=row), filter=Sql("true"))


RACETRACK_COLUMNS: Columns = {
    "Racetrack": {
        "name": expression("racetrack_name"),
        "version": column("version"),
        "hash": column("hash"),
        "title": column("title"),
        "documentation": column("documentation"),
        "timeZone": column("time_zone"),
        "start": column("start"),
        "status": enum("status"),
        "default": column("is_default"),
        "stages": many("racetrack_stages", own=True),
        "rules": many("racetrack_rules", own=True),
        "text": column("text"),
        "publishedAt": moment("published_at"),
        "position": column("position"),
    },
    "RacetrackStage": {
        "name": column("stage"),
        "title": column("title"),
        "n": column("n"),
        "documentation": column("documentation"),
        "revenue": column("revenue"),
    },
    "RacetrackDryRun": {
        "racetrack": column("racetrack"),
        "version": column("version"),
        "against": column("against"),
        "position": column("position"),
        "customers": column("customers"),
        "moved": column("moved"),
        "stages": many("dry_run_stages"),
        "transitions": many("dry_run_transitions"),
        "examples": connection(DRY_RUN_EXAMPLES),
    },
    "DryRunStage": {"stage": column("stage"), "now": column("now"), "then": column('"then"')},
    "DryRunTransition": {
        "from": column("from_stage"),
        "to": column("to_stage"),
        "customers": column("customers"),
        "why": column("rule"),
    },
    "DryRunExample": {
        "customerId": column("customer_id"),
        "customer": one("customers", "customer_id", "customer_id"),
        "from": column("from_stage"),
        "to": column("to_stage"),
        "rule": column("rule"),
    },
}
