"""Where the fields of paths and of figures over paths come from; see columns.py and path_asked.py."""

from functools import partial

from raceline.graphql.compiling import column, expression, many, moment, node_id, one, position, row_object
from raceline.graphql.connection import connection
from raceline.graphql.listings import EVENT_COLUMNS, PATHS
from raceline.graphql.path_asked import ask, told
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Compile, Selection

_marks = partial(many, "marks")
_stored = connection(
    PATHS,
    containing=("text[]", "p.pages @> {value}"),
    customer=("text", "p.customer_id = {value}"),
    resolved=("boolean", "p.resolved = {value}"),
)


def paths(selection: Selection, row: Sql) -> Sql:
    """Paths as they started: where the read models can tell which, from there, and else those found in memory."""
    if selection.arguments.get("pattern") is None and selection.arguments.get("where") is None:
        return _stored(selection, row)
    asked = ask(selection, "paths", first=selection.size())
    asked.arguments.pop("after", None)  # as it is in the list
    return told(selection, row, "paths", "Query", Sql("0"))


def path_statistics(selection: Selection, _: Sql) -> Sql:
    """Figures over paths as a whole."""
    ask(selection, "pathStatistics")
    row = selection.plan.row()
    source = Sql(f"given_path_shares AS {row}")
    return piece("one", object=selection.object(row), source=source, filter=Sql("true"))


def lengths(of: str) -> Compile:
    """How long the paths of a row are: all, resolved, or open ones."""
    return row_object("lengths", of=of)


def _sums(of: str) -> Compile:
    return row_object("length_sums", of=of)


PATH_COLUMNS: Columns = {
    "Path": {
        "id": node_id("Path", "path_id"),
        "customer": one("customers", "customer_id", "customer_id"),
        "startedAt": moment("started_at"),
        "endedAt": moment("ended_at"),
        "seconds": expression("path_seconds"),
        "pages": column("pages"),
        "length": column("length"),
        "resolved": column("resolved"),
        "stage": lambda _, row: Sql(f"NULLIF({row}.stages[1], '')"),
        "variants": expression("path_variants"),
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
        "all": _sums("all"),
        "resolved": _sums("resolved"),
        "open": _sums("open"),
        "shareResolved": column("share_resolved"),
        "shareWithTurnaround": column("share_with_turnaround"),
        "customers": column("customers"),
        "position": position,
    },
    "PathLengths": {
        "paths": column("paths"),
        "meanLength": column("mean_length"),
        "varianceLength": column("variance_length"),
    },
}
