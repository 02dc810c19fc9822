"""Where the figures of stages and companies come from; see columns.py."""

from raceline.graphql.bound import storable
from raceline.graphql.compiling import column, enum, expression, many, moment, node_id, position, row_object, rows
from raceline.graphql.connection import page
from raceline.graphql.forecast_columns import stage_predictions
from raceline.graphql.listings import CUSTOMERS
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Compile, Selection


def stages(selection: Selection, row: Sql) -> Sql:
    """The stages of a racetrack; null for a version that the tables do not have."""
    plan = selection.plan
    version = plan.question.version
    plan.name(plan.question.racetrack)
    condition = Sql("true") if version is None else Sql(f"t.version = {plan.bind(version.version, 'bigint')}")
    found = rows(selection, row, "stages", racetrack=plan.racetrack(plan.question.racetrack), filter=condition)
    return found if version is None else piece("or_null", list=found)


def customers(selection: Selection, row: Sql) -> Sql:
    """Customers by identifier, of an account, in a stage of a racetrack, stalled there or not."""
    plan, asked = selection.plan, selection.arguments
    where, track = [], plan.racetrack(plan.question.racetrack)
    plan.name(plan.question.racetrack, asked.get("stage"))
    if (account := asked.get("account")) is not None:
        where.append(Sql(f"c.account_id = {plan.bind(account)}"))
    if (stage := asked.get("stage")) is not None:
        where.append(piece("of_stage", racetrack=track, stage=plan.bind(stage)))
    elif plan.question.racetrack is not None:
        where.append(piece("on_racetrack", racetrack=track))
    if (stalled := asked.get("stalled")) is not None:
        where.append(plan.piece("of_stalled", racetrack=track, stalled=plan.bind(stalled, "boolean")))
    return page(selection, CUSTOMERS, where, row)


def account(selection: Selection, _: Sql, id_: str) -> Sql:
    """A company; null when none of its customers is known."""
    plan = selection.plan
    plan.parameters["account"] = storable(id_)
    plan.name(plan.question.racetrack)
    row, track = plan.row(), plan.racetrack(plan.question.racetrack)
    source = piece("account", row=row, account=_ACCOUNT, racetrack=track)
    return piece("one", object=selection.object(row, type_name="Account"), source=source, filter=Sql("true"))


_ACCOUNT = Sql("%(account)s::text")


def _account_customers(selection: Selection, row: Sql) -> Sql:
    plan = selection.plan
    where = [Sql(f"c.account_id = {_ACCOUNT}")]
    if (stage := selection.arguments.get("stage")) is not None:
        track = plan.racetrack(plan.question.racetrack)
        plan.name(plan.question.racetrack, stage)
        where.append(piece("of_stage", racetrack=track, stage=plan.bind(stage)))
    return page(selection, CUSTOMERS, where, row)


def _days(selection: Selection, row: Sql) -> Sql:
    bounds = [
        f"d.day {sign} {selection.plan.bind(day, 'date')}"
        for name, sign in (("from", ">="), ("to", "<="))
        if (day := selection.arguments.get(name)) is not None
    ]
    return rows(selection, row, "stage_days", own=True, filter=Sql(" AND ".join(bounds) or "true"))


def _moves(kind: str) -> Compile:
    return expression("moves_of_kind", kind=f"'{kind}'")


def _estimate(figure: str) -> Compile:
    return row_object("estimate", figure=figure)


STAGE_COLUMNS: Columns = {
    "StageSummary": {
        "racetrack": column("racetrack"),
        "version": column("version"),
        "stage": column("stage"),
        "title": column("title"),
        "n": column("n"),
        "position": position,
        "customers": expression("customers_now"),
        "entered": expression("stage_sum", amount="entered"),
        "departed": expression("stage_sum", amount="departed"),
        "days": _days,
        "lengthOfStay": row_object("stage_length"),
        "regressions": _moves("backward"),
        "skips": _moves("skip"),
        "laps": _moves("lap"),
        "exits": _moves("left"),
        "shareLeft": expression("share_left"),
        "transitions": many("transitions", own=True),
        "stalled": expression("stalled_now"),
        "rules": many("stage_rules", own=True),
        "predictions": stage_predictions,
    },
    "StageFlow": {
        "day": column("day"),
        "entered": column("entered"),
        "departed": column("departed"),
        "customers": column("customers"),
    },
    "LengthOfStay": {
        "stays": column("stays"),
        "open": column("open"),
        "horizonDays": column("horizon_days"),
        "mean": _estimate("mean"),
        "median": _estimate("median"),
        "lowerQuartile": _estimate("q25"),
        "upperQuartile": _estimate("q75"),
        "ninetieth": _estimate("p90"),
        "stalledAfter": column("stalled_after_days"),
        "curve": many("curve", own=True),
        "curveLeftOut": column("curve_left_out"),
    },
    "Estimate": {"days": column("days"), "lower": column("lower"), "upper": column("upper")},
    "CurvePoint": {
        "days": column("days"),
        "survival": column("survival"),
        "lower": column("lower"),
        "upper": column("upper"),
    },
    "StageTransition": {
        "to": column("to_stage"),
        "kind": enum("kind"),
        "moves": column("moves"),
        "share": column("share"),
    },
    "Account": {
        "id": node_id("Account", "account_id"),
        "account": column("account_id"),
        "racetrack": column("racetrack"),
        "position": position,
        "customerCount": column("customers"),
        "customers": _account_customers,
        "stages": many("account_stages"),
        "furthest": expression("account_stage", direction="DESC"),
        "earliest": expression("account_stage", direction="ASC"),
        "history": many("account_history"),
    },
    "AccountStage": {"stage": column("stage"), "title": column("title"), "customers": column("customers")},
    "AccountStay": {
        "enteredAt": moment("entered_at"),
        "leftAt": moment("left_at"),
        "furthest": column("furthest"),
        "earliest": column("earliest"),
        "customers": column("customers"),
    },
}
