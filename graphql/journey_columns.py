"""Where the fields of journeys come from; see columns.py."""

from raceline.graphql.case_columns import open_cases
from raceline.graphql.compiling import (
    column,
    enum,
    expression,
    many,
    moment,
    one,
    position,
    row_object,
    row_where,
    rows,
)
from raceline.graphql.listings import EVENT_COLUMNS
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Selection
from raceline.graphql.prediction_columns import prediction, prediction_note, tables_of_journey
from raceline.graphql.question import MoveKey, Racetrack, racetrack


def journey(selection: Selection, row: Sql) -> Sql:
    """Where a customer stands on a racetrack: the one of the argument, of the question, or the default one."""
    plan = selection.plan
    named = racetrack(selection.arguments.get("racetrack"))
    plan.name(named)
    track = named or plan.question.racetrack
    with plan.reading(tables_of_journey(selection, plan.tables_of(track))):
        found = plan.row()
        condition = Sql(f"{found}.customer_id = {row}.customer_id AND {found}.racetrack = {plan.racetrack(track)}")
        return row_where(selection, "journeys", found, condition)


def journeys(selection: Selection, row: Sql) -> Sql:
    """Where a customer stands on every racetrack."""
    with selection.plan.reading(tables_of_journey(selection, selection.plan.tables)):
        return rows(selection, row, "journeys", own=True)


def rule(selection: Selection, row: Sql) -> Sql:
    """The rule of the row; null for none."""
    found = selection.plan.row()
    return row_where(selection, "racetrack_rules", found, piece("rule_by_name", row=found, parent=row))


def by_key(selection: Selection, move: MoveKey) -> Sql:
    """The move of a key."""
    row = selection.plan.row()
    return row_where(selection, "moves", row, _is_move(selection, row, move), type_name="StageMove")


def _is_move(selection: Selection, row: Sql, move: MoveKey) -> Sql:
    bind = selection.plan.bind
    return piece(
        "move_by_key",
        row=row,
        racetrack=bind(move.racetrack.name),
        version=bind(move.racetrack.version, "bigint"),
        entered_at=bind(move.entered_at, "bigint"),
        trigger=bind(move.trigger, "bigint"),
        customer=bind(move.customer),
    )


def _changed_move(selection: Selection, _: Sql) -> Sql:
    track, version, at, trigger, customer = selection.plan.source.key
    return by_key(selection, MoveKey(Racetrack(track, version), at, trigger, customer))


def _changed_revision(selection: Selection, _: Sql) -> Sql:
    customer, track, known_at = selection.plan.source.key
    plan = selection.plan
    row, moment = plan.row(), plan.bind(known_at, "timestamptz")
    condition = f"{row}.customer_id = {plan.bind(customer)} AND {row}.racetrack = {plan.bind(track)}"
    return row_where(selection, "revisions", row, Sql(f"{condition} AND {row}.known_at = {moment}"))


def _id(_: Selection, row: Sql) -> Sql:
    return piece("opaque", text=Sql(f"'StageMove:' || {piece('move_id', row=row)}"))


def _taken_back_at(selection: Selection, row: Sql) -> Sql:
    if (move := selection.plan.question.taken_back) is None:
        return Sql("NULL")
    # Only of the move that was asked for, and not of those told along with it.
    when = piece("moment", value=Sql("%(taken_back_at)s::timestamptz"))
    return Sql(f"CASE WHEN {_is_move(selection, row, move)} THEN {when} END")


def _stay_move(selection: Selection, row: Sql) -> Sql:
    return selection.object(row)


def _stalled_reasons(selection: Selection, row: Sql) -> Sql:
    return rows(selection, row, "stalled_prospects", stalled=selection.plan.piece("stalled", row=row))


def _revised(when: str) -> dict[str, str]:
    return {"stages": f"{when}_stages", "moments": f"{when}_at"}


_CONDITION = {
    "node": column("node"),
    "depth": column("depth"),
    "kind": enum("kind"),
    "says": column("says"),
    "needed": expression("amount", amount="needed"),
    "unit": expression("unit"),
}

JOURNEY_COLUMNS: Columns = {
    "Journey": {
        "racetrack": column("racetrack"),
        "version": column("version"),
        "title": expression("racetrack_title"),
        "position": position,
        "clock": lambda selection, _: piece("moment", value=selection.plan.clock),
        "account": column("account_id"),
        "status": enum("status"),
        "currentStage": column("stage"),
        "stageTitle": expression("stage_title", stage="stage"),
        "since": moment("since"),
        "daysInStage": expression("days_in_stage"),
        "stays": many("stays"),
        "moves": many("moves"),
        "nextMoves": many("prospects"),
        "revisions": many("revisions"),
        "revisionsLeftOut": column("revisions_left_out"),
        "moveCount": column("moves"),
        "laps": column("laps"),
        "regressions": column("regressions"),
        "skips": column("skips"),
        "stalled": expression("stalled"),
        "stalledReasons": _stalled_reasons,
        "openCases": open_cases,
        "openCaseCount": expression("open_case_count"),
        "prediction": prediction,
        "predictionNote": prediction_note,
    },
    "StageStay": {
        "stage": column("to_stage"),
        "title": expression("stage_title", stage="to_stage"),
        "enteredAt": moment("entered_at"),
        "leftAt": moment("left_at"),
        "days": expression("days_of_stay"),
        "move": _stay_move,
    },
    "StageMove": {
        "id": _id,
        "customer": one("customers", "customer_id", "customer_id"),
        "racetrack": column("racetrack"),
        "racetrackVersion": column("version"),
        "from": column("from_stage"),
        "to": column("to_stage"),
        "kind": enum("kind"),
        "edge": column("edge"),
        "enteredAt": moment("entered_at"),
        "leftAt": moment("left_at"),
        "recordedAt": moment("known_at"),
        "takenBackAt": _taken_back_at,
        "rule": rule,
        "conditions": many("conditions", own=True),
        "evidence": many("move_evidence", own=True),
        "trigger": one("event", "position", "trigger"),
    },
    "Condition": {
        **_CONDITION,
        "satisfied": column("satisfied"),
        "observed": expression("amount", amount="observed"),
        "evidence": many("condition_evidence", own=True),
    },
    "RuleCondition": _CONDITION,
    "Evidence": {
        "event": one("event", "position", "position"),
        "role": column("role"),
        "note": column("note"),
    },
    "WhyNotYet": {
        "rule": rule,
        "to": column("to_stage"),
        "kind": enum("kind"),
        "conditions": many("conditions", own=True),
        "missing": many("missing", own=True),
        "holds": lambda _, row: Sql(f"{row}.satisfied[1]"),
        "firesAt": moment("fires_at"),
    },
    "JourneyRevision": {
        "recordedAt": moment("known_at"),
        "events": many("causes", own=True, columns=EVENT_COLUMNS),
        "before": many("revised_stays", own=True, **_revised("before")),
        "after": many("revised_stays", own=True, **_revised("after")),
    },
    "RevisedStay": {"stage": column("stage"), "enteredAt": moment("entered_at"), "leftAt": moment("left_at")},
    "Rule": {
        "name": column("rule"),
        "title": column("title"),
        "stage": column("stage"),
        "origins": column("origins"),
        "documentation": column("documentation"),
        "source": row_object("rule_source"),
        "owner": column("owner"),
        "confidence": column("confidence"),
        "coverage": column("coverage"),
        "measuredCoverage": expression("measured_coverage"),
        "types": column("types"),
        "conditions": many("rule_conditions", own=True),
    },
    "RuleSource": {
        "system": column("system"),
        "database": column("database"),
        "table": column('"table"'),
        "attributes": column("attributes"),
    },
}

# What is read for an object that was not planned itself.
FOLLOWED_COLUMNS: Columns = {"JourneyChange": {"move": _changed_move, "revision": _changed_revision}}
