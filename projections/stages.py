"""Stages as a whole: who is where, who came and went, which moves are made how often, and which rules have sources.

All of it follows from sums over moves, by the statements of stages.sql. They read the live read models, or the sums of
a race that is not stored: of an old version, or of one that is not active yet.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, LiteralString

import msgspec
import psycopg
import pyarrow as pa
from psycopg.rows import dict_row

from raceline.domain.recorder import translated
from raceline.domain.sql import statements

_SQL = statements("raceline.projections", "stages.sql")
_TABLES: tuple[LiteralString, ...] = (
    "racetrack_stages",
    "racetrack_rules",
    "transitions",
    "stage_days",
    "rule_sources",
    "journeys",
)

Row = dict[str, Any]


class Stages(msgspec.Struct, frozen=True):
    """Rows by the statements of the same names in stages.sql."""

    summaries: list[Row]
    days: list[Row]
    transitions: list[Row]
    coverage: list[Row]


def read_stages(
    connection: psycopg.Connection[Any],
    given: Mapping[str, pa.Table] | None = None,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Stages:
    """The stages of all racetracks; days from the first to the last one, both included.

    given: tables to read in place of the live ones of the same name: racetrack_stages, racetrack_rules, transitions,
    stage_days, rule_sources, journeys. Raises LogUnavailable.
    """
    given = given or {}
    values = {"first": first, "last": last} | {name: _json(name, table) for name, table in given.items()}
    places = {name: _place(name, given) for name in _TABLES}
    with translated():
        cursor = connection.cursor(row_factory=dict_row)
        answers = (cursor.execute(_SQL[name].format(**places), values).fetchall() for name in Stages.__struct_fields__)
        return Stages(*answers)


def _place(table: LiteralString, given: Mapping[str, pa.Table]) -> LiteralString:
    if table == "journeys":
        return _SQL["given_journeys" if table in given else "live_journeys"]
    return _SQL["given"].format(table=table) if table in given else "live." + table


def _json(name: str, table: pa.Table) -> str:
    if name == "journeys":  # of them, only how many there are
        table = table.group_by("racetrack").aggregate([([], "count_all")]).rename_columns(["racetrack", "customers"])
    return msgspec.json.encode(table.to_pylist()).decode()
