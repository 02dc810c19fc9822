"""How a planned statement is answered: what it has to be given is derived, and then it is sent.

Whatever is derived for a question is derived at a position and a clock, and those are what the answer says of itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import msgspec
from psycopg import AsyncConnection

from raceline.domain.errors import InvalidArgument, NoReadModels, UnknownRacetrack
from raceline.graphql.bound import storable
from raceline.graphql.context import Api, Context
from raceline.graphql.fetching import fetch, reading, row_of
from raceline.graphql.figures import as_json, figures
from raceline.graphql.injected import PATH_FIGURES
from raceline.graphql.path_asked import PathsAsked
from raceline.graphql.pieces import PIECES
from raceline.graphql.plan import Plan
from raceline.graphql.question import MoveKey, Racetrack
from raceline.graphql.scalars import parse_position
from raceline.graphql.taken_back import taken_back
from raceline.projections.asked import Asked

MIN_POSITION_HEADER = "Raceline-Min-Position"
# These tell about the log as it is now; everything else can be asked to wait for the read models.
_NEVER_WAIT = ("log", "quarantine")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_TRIES = 3  # to tell figures of paths and the paths behind them at one position
_SNAPSHOT = b"BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

Planned: TypeAlias = tuple[Plan, bytes]
Parameters: TypeAlias = dict[str, Any]


async def answer(
    context: Context, plans: list[Planned], field: str, arguments: Mapping[str, Any]
) -> msgspec.Raw | None:
    """The JSON of a root field: of the first plan that finds something."""
    plans[0][0].budget.check()
    api = context.api
    if field not in _NEVER_WAIT and (position := _wanted(context, arguments)):
        await api.watch.reach(position, api.limits.min_position_timeout)
        arguments = {**arguments, "minPosition": position}
    for name, stage in plans[0][0].named:
        await api.racetracks.known(name, stage)
    for n, (plan, statement) in enumerate(plans):
        try:
            text = await _text(api, plan, statement, arguments)
        except UnknownRacetrack:
            if n == 0 or plan.question.surveyed:  # otherwise it is the version in an id
                raise
            return None
        if text is not None:
            return msgspec.Raw(text.encode())
    return None


def _wanted(context: Context, arguments: Mapping[str, Any]) -> int:
    """The position that both the argument and the header are content with; 0 when there is neither."""
    header = 0
    if context.min_position is not None:
        try:
            header = parse_position(context.min_position.strip())
        except ValueError as error:
            raise InvalidArgument(str(error), header=MIN_POSITION_HEADER, found=context.min_position) from error
    return max(header, arguments.get("minPosition") or 0)


async def _text(api: Api, plan: Plan, statement: bytes, arguments: Mapping[str, Any]) -> str | None:
    if plan.refused is not None and not await _active(api, plan.question.version):
        raise plan.refused
    parameters = plan.parameters | await figures(api, plan, arguments)
    if plan.paths is not None:
        least = arguments.get("minPosition") or 0
        return await _with_paths(api, plan, plan.paths, statement, parameters, least)
    return _first(await _sent(api, plan, statement, parameters))


async def _sent(api: Api, plan: Plan, statement: bytes, parameters: Parameters) -> Any:
    """The one row of the statement, given whoever has to be derived for it."""
    if not plan.derived:
        return await fetch(api, statement, parameters)
    if plan.question.taken_back is not None:
        return await _last_known(api, plan, statement, parameters, plan.question.taken_back)
    if plan.question.derived:
        asked = await _asked(api, plan)
        return await fetch(api, statement, parameters | await _derived(api, plan, asked))

    async def in_snapshot(conn: AsyncConnection[Any]) -> Any:
        await conn.execute(_SNAPSHOT)
        try:
            asked = _at_point(plan, await row_of(conn, plan.customers(), parameters))
            return await row_of(conn, statement, parameters | await _derived(api, plan, asked))
        finally:
            await conn.rollback()

    return await reading(api, in_snapshot)


async def _active(api: Api, track: Racetrack | None) -> bool:
    """Whether the live read models are of this version."""
    if track is None:
        return True
    given = {"racetrack": storable(track.name), "version": track.version}
    return _first(await fetch(api, PIECES["is_active"].encode(), given)) is not None


async def _last_known(api: Api, plan: Plan, statement: bytes, parameters: Parameters, move: MoveKey) -> Any:
    """The row of a move as it was known just before a late event took it back; of null when it was never known."""
    for moment in await taken_back(api.as_known, move):
        plan.question = replace(plan.question, known_at={"time": moment - _INSTANT})
        asked = await _asked(api, plan)
        given = parameters | await _derived(api, plan, asked) | {"taken_back_at": moment}
        row = await fetch(api, statement, given)
        if _first(row) is not None:
            return row
    return (None,)


def _first(row: tuple[str | None, ...]) -> str | None:
    return row[0]


async def _with_paths(
    api: Api, plan: Plan, asked: PathsAsked, statement: bytes, parameters: Parameters, least: int
) -> str | None:
    """Figures of the paths in memory, and the paths behind them as the read models have them.

    A late event gives a path another name or other steps. So when the read models have moved on since the figures were
    counted, these are counted again; where that happens each time, what was told last is the answer.
    """
    told, told_at = None, -1
    if asked.lists:
        statement += b", " + PIECES["live_position"].encode()
    for _ in range(_TRIES):
        rows = await api.paths.answer(asked.root, asked.arguments, asked.lists, least)
        if (position := rows["path_totals"][0]["position"]) == told_at:
            break  # there are no newer paths
        given = {f"given_{table}": as_json(rows.get(table, [])) for _, table in plan.given if table in PATH_FIGURES}
        told, *live = await _sent(api, plan, statement, {**parameters, **given, "paths_position": position})
        if live in ([], [position]):
            break
        told_at, (least,) = position, live
    return told


async def _asked(api: Api, plan: Plan) -> Asked:
    """Whom a question is about and when, as it says itself."""
    question = plan.question
    if (known_at := question.known_at) is None:
        return _at_point(plan, await fetch(api, plan.customers(), {}))
    time, position = known_at.get("time"), known_at.get("position")
    if time is not None:
        (position,) = await fetch(api, PIECES["position_at"].encode(), {"time": time})
    values = {"position": position, "time": time, "at": question.at}
    position, clock = await fetch(api, PIECES["known_point"].encode(), values)
    return Asked(question.customers, position, clock, question.at)


def _at_point(plan: Plan, row: tuple[int, datetime | None, list[tuple[str, int]], list[str]] | None) -> Asked:
    if row is None:
        raise NoReadModels
    position, clock, tracks, customers = row
    at = plan.question.at
    clock = min(clock, at) if clock is not None and at is not None else clock
    return Asked(
        plan.question.customers or tuple(customers), position, clock, at, tuple((name, n) for name, n in tracks)
    )


async def _derived(api: Api, plan: Plan, asked: Asked) -> Parameters:
    """The rows of the customers as they were asked for, as parameters of the statement."""
    customers = tuple(customer for customer in asked.customers if storable(customer) is not None)
    parameters: Parameters = {"known_position": asked.position, "known_clock": asked.clock}
    for prefix, track in plan.derived.items():
        tracks = asked.racetracks if track is None else (track,)
        tables = frozenset(table for source, table in plan.given if source == prefix)
        whole = replace(asked, customers=customers, racetracks=tracks, tables=tables, what_ifs=tuple(plan.what_ifs))
        rows = await api.as_known(whole) if customers else {}
        for found in rows.get("checkpoint", []):
            parameters |= {"known_position": found["position"], "known_clock": _moment(found["clock"])}
        parameters |= {f"{prefix}_{table}": as_json(rows.get(table, [])) for table in tables}
    return parameters


def _moment(microseconds: int) -> datetime | None:
    """None before there is any event."""
    return None if microseconds <= 0 else _EPOCH + timedelta(microseconds=microseconds)
