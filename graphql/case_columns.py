"""Where the fields of support cases come from; see columns.py."""

from raceline.graphql.case_objects import HISTORY
from raceline.graphql.compiling import column, enum, expression, moment, one, position, row_where
from raceline.graphql.connection import connection
from raceline.graphql.journey_objects import OPEN_CASES
from raceline.graphql.listings import CASE_COLUMNS as COLUMNS_OF_CASE
from raceline.graphql.listings import CASES
from raceline.graphql.pieces import Json, Sql, piece
from raceline.graphql.plan import Columns, Compile, Selection
from raceline.graphql.question import CaseKey, racetrack
from raceline.projections.rules import SCORE

cases = connection(
    CASES,
    caseId=("text", "c.case_id = {value}"),
    customer=("text", "c.customer_id = {value}"),
    account=("text", "c.customer_id IN (SELECT k.customer_id FROM live.customers AS k WHERE k.account_id = {value})"),
    status=("text", "c.status = {value}"),
    severity=("text", "c.severity = {value}"),
    problem=("text", "c.problem = {value}"),
    cause=("text", "c.cause = {value}"),
)
customer_cases = connection(CASES, "c.customer_id = {parent}.customer_id", status=("text", "c.status = {value}"))


def case(selection: Selection, key: CaseKey) -> Sql:
    """The case of a key."""
    row, bind = selection.plan.row(), selection.plan.bind
    condition = piece("case_by_id", row=row, customer=bind(key.customer), case=bind(key.case))
    return row_where(selection, "cases", row, condition, type_name="Case")


def score(name: str) -> Compile:
    """A sentiment, from -1 to 1."""
    return expression("ten_thousandths", figure=name)


def _id(_: Selection, row: Sql) -> Sql:
    return piece("opaque", text=piece("case_node_key", row=row))


def _history(selection: Selection, row: Sql) -> Sql:
    plan = selection.plan
    named = racetrack(selection.arguments.get("racetrack"))
    plan.name(named)
    track = named or plan.question.racetrack
    with plan.reading(plan.tables_of(track)):
        first = plan.bind(selection.page_size(HISTORY), "bigint")
        return _list(selection, row, "case_events", first=first, racetrack=plan.racetrack(track))


def _stage(selection: Selection, row: Sql) -> Sql:
    stay = piece("stay_at", row=Sql("m"), parent=row, at=Sql(f"{row}.at"))
    return selection.plan.piece("stage_at", stay=stay)


def _move(selection: Selection, row: Sql) -> Sql:
    found = selection.plan.row()
    return row_where(selection, "moves", found, piece("stay_at", row=found, parent=row, at=Sql(f"{row}.at")))


def _text(selection: Selection, row: Sql) -> Sql:
    return piece("case_text", row=row, object=selection.object(row))


def open_cases(selection: Selection, row: Sql) -> Sql:
    """The open cases of a journey's customer on its racetrack."""
    first = selection.plan.bind(selection.page_size(OPEN_CASES), "bigint")
    return _list(selection, row, "open_cases", first=first, columns=Sql(COLUMNS_OF_CASE))


def _list(selection: Selection, parent: Sql, source: str, **parts: Sql) -> Sql:
    """A plain list of no more entries than the client said; they count like those of a page."""
    row = selection.plan.row()
    made = selection.plan.piece(source, parent=parent, row=row, **parts)
    return piece("many", object=selection.object(row), row=row, source=made)


# Of a case, or of a cell of stages and days: what stands for `row` in Surveys is what their columns begin with.
CASE_COLUMNS: Columns = {
    "Case": {
        "id": _id,
        "caseId": column("case_id"),
        "customer": one("customers", "customer_id", "customer_id"),
        "status": enum("status"),
        "openedAt": moment("opened_at"),
        "closedAt": moment("closed_at"),
        "openDays": expression("open_days"),
        "reopened": column("reopened"),
        "reassigned": column("reassigned"),
        "severity": column("severity"),
        "problem": column("problem"),
        "cause": column("cause"),
        "assignmentGroup": column("assignment_group"),
        "assignedTo": column("assigned_to"),
        "sentiment": score("sentiment"),
        "textCount": column("texts"),
        "surveys": lambda selection, row: selection.object(Sql(f"{row}.")),
        "eventCount": expression("case_event_count"),
        "history": _history,
        "position": position,
    },
    "CaseEvent": {
        "event": one("event", "position", "position"),
        "does": enum("does"),
        "open": column("open"),
        "severity": column("severity"),
        "problem": column("problem"),
        "cause": column("cause"),
        "assignmentGroup": column("assignment_group"),
        "assignedTo": column("assigned_to"),
        "text": _text,
        "sentiment": score("sentiment"),
        "survey": expression("millionths", figure="survey"),
        "stage": _stage,
        "move": _move,
    },
    "CaseText": {
        "sentiment": score("score"),
        "language": column("language"),
        "scorer": lambda selection, _: selection.plan.bind(SCORE.name),
    },
    "Surveys": {
        "count": lambda _, prefix: Json(f"{prefix}surveys"),
        "mean": lambda _, prefix: Json(piece("surveys_mean", prefix=prefix)),
    },
}
