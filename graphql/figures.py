"""What a statement is given of the whole store: definitions, models, and figures over all customers."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from raceline.domain.errors import NoRacetrack, NotInForce
from raceline.graphql.context import Api, Rows
from raceline.graphql.injected import PATH_FIGURES
from raceline.graphql.injected_models import LEDGER, MODELS
from raceline.graphql.plan import Plan

# By table, what it is asked for by; anything else is a definition.
_SOURCES = {
    "stage_lengths": "stage_lengths",
    "account_history": "account_history",
    **dict.fromkeys(("dry_run", "dry_run_stages", "dry_run_transitions", "dry_run_examples"), "dry_run"),
    **dict.fromkeys(MODELS, "models"),
    **dict.fromkeys(LEDGER, "ledger"),
    "ledger_days": "ledger_days",
    "ledger_stages": "ledger_stages",
}


async def figures(api: Api, plan: Plan, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of the whole store that a plan has to be given, as parameters of its statement.

    Those of paths come from elsewhere (answer.py), because the whole answer is true at their position.
    """
    tables = [
        (source, table) for source, table in plan.given if not source.startswith("known") and table not in PATH_FIGURES
    ]
    rows: Rows = {}
    survey = "stage_days" if plan.question.by_day else "survey"
    for name in {survey if source == "surveyed" else _SOURCES.get(table, "registry") for source, table in tables}:
        rows |= await _figure(api, plan, name, {**plan.parameters, **arguments})
    parameters: dict[str, Any] = {f"{source}_{table}": as_json(rows.get(table, [])) for source, table in tables}
    for found in rows.get("checkpoint", []):
        parameters["surveyed_position"] = found["position"]
    return parameters


async def _figure(api: Api, plan: Plan, name: str, values: Mapping[str, Any]) -> Rows:
    least: int = values.get("minPosition") or 0
    match name:
        case "stage_lengths":
            return await api.racetracks.stage_lengths()
        case "account_history":
            return await api.racetracks.account_history(values["account"], values.get("racetrack"))
        case "dry_run":
            return await api.racetracks.dry_run(values["name"], values["version"])
        case "survey":
            track = values["racetrack"]
            return await api.racetracks.survey(track["name"], track["version"], least)
        case "stage_days":
            track = values.get("racetrack") or {"name": None}
            place = (track["name"], track.get("version"), values.get("account"))
            return await api.racetracks.stage_days(*place, values["from"], values["to"], least)
        case "registry":
            return await _registry(api)
    return await _of_models(api, plan, name, values, least)


async def _registry(api: Api) -> Rows:
    # Of a racetrack there is one version in every other table, so here the version is part of its name.
    return {
        table: [row | {"racetrack": f"{row['racetrack']}@{row['version']}"} for row in found]
        for table, found in (await api.racetracks.registry()).items()
    }


async def _of_models(api: Api, plan: Plan, name: str, values: Mapping[str, Any], least: int) -> Rows:
    racetrack = plan.question.racetrack and plan.question.racetrack.name
    match name:
        case "ledger":
            return await api.models.ledger(plan.ledger, least)
        case "models":
            return await api.models.models(plan.models[0], files_checked=plan.files_checked)
    with suppress(NotInForce, NoRacetrack):  # of what is not in force there are no stages with predictions
        if name == "ledger_days":
            return await api.models.ledger_days(racetrack, values["from"], values["to"], least)
        return await api.models.ledger_stages(racetrack, least)
    return {}


def as_json(rows: list[dict[str, Any]]) -> str:
    """Rows as a parameter of a statement."""
    return msgspec.json.encode(rows).decode()
