"""Where a statement finds its tables: in the read models, or among rows that it is given (see injected.py).

`live`: the read models. `known`: rows derived for the question. `known1`, `known2` ...: rows derived by another version
of a racetrack. `registry`: every version of every racetrack. `given`: figures of the whole store. `surveyed`: figures
of the whole store, derived by a version that is not live.
"""

import re

from raceline.graphql.injected import FIGURES, INJECTED, PATH_FIGURES, SUMS, names
from raceline.graphql.injected_models import EXPLAINED, LEDGER, MODELS
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.question import Question

Tables = dict[str, Sql]
_GIVEN = re.compile(r"\b(known\d*|registry|given|surveyed)_([a-z0-9_]+)\b")
_DEFINITIONS = {**INJECTED, **EXPLAINED, **FIGURES, **MODELS, **LEDGER, **PATH_FIGURES, **SUMS}
# What is said of all customers is never derived for some of them. counted: the versions that it is said of.
_WHOLE: Tables = {name: Sql(f"live.{name}") for name in SUMS} | {
    "stage_lengths": Sql("given_stage_lengths"),
    "racers": Sql("racers"),
    "counted": Sql("live.racetracks"),
}


def known(prefix: str) -> Tables:
    """The tables of derived rows by their names."""
    return _WHOLE | {name: Sql(f"{prefix}_{name}") for name in (*INJECTED, *EXPLAINED)}


# What is never stored is derived also for a question about now.
LIVE: Tables = (
    _WHOLE
    | {name: Sql(f"live.{name}") for name in INJECTED}
    | {name: Sql(f"known_{name}") for name in ("prospects", *EXPLAINED)}
)
# A grid of stages and days that is derived; the cases behind it are read where they are.
GRID = (
    "racetracks", "racetrack_stages", "racetrack_severities", "racetrack_overlays", "stage_days", "case_days",
    "case_buckets", "case_extremes", "stage_views", "overlay_days",
)  # fmt: skip
SURVEYED_DAYS: Tables = LIVE | {name: Sql(f"surveyed_{name}") for name in GRID}
SURVEYED: Tables = {name: Sql(f"surveyed_{name}") for name in _DEFINITIONS} | {"counted": Sql("surveyed_racetracks")}
REGISTRY: Tables = LIVE | {
    "racetracks": Sql("given_registry"),
    "racetrack_stages": Sql("registry_racetrack_stages"),
    "racetrack_rules": Sql("registry_racetrack_rules"),
    "rule_conditions": Sql("registry_rule_conditions"),
}


def tables_for(question: Question) -> Tables:
    """The tables that a question is about."""
    if question.surveyed:
        return LIVE if question.by_day else SURVEYED
    return known("known") if question.derived else LIVE


def grid_tables(question: Question) -> Tables:
    """The tables that a grid of stages and days is made of."""
    return SURVEYED_DAYS if question.surveyed else LIVE


def position_for(question: Question) -> Sql:
    """The position at which these tables are true."""
    if question.surveyed:
        return Sql("%(surveyed_position)s::bigint")
    return Sql("%(known_position)s::bigint") if question.derived else piece("live_position")


def given(statement: str) -> list[tuple[str, str]]:
    """The tables that a statement has to be given: where from, and the table's name."""
    found = dict.fromkeys(_GIVEN.findall(statement))
    return [(source, table) for source, table in found if table in _DEFINITIONS]


def relation(source: str, table: str) -> Sql:
    """A table of rows that were sent along; its parameter has the name of the relation."""
    definition = _DEFINITIONS[table]
    columns = [*names(definition), "i"]
    name = f"{source}_{table}"
    return piece(
        "given",
        relation=Sql(name),
        columns=Sql(", ".join(f"k.{column}" for column in columns)),
        names=Sql(", ".join(columns)),
        definition=Sql(definition),
        rows=Sql(f"%({name})s"),
    )
