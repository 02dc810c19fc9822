"""Where a statement finds its tables: in the read models, or among rows that it is given (see injected.py).

`live`: the read models. `known`: rows derived for the question. `known1`, `known2` ...: rows derived by another version
of a racetrack. `registry`: every version of every racetrack. `given`: figures of the whole store.
"""

import re

from raceline.graphql.injected import FIGURES, INJECTED
from raceline.graphql.pieces import Sql, piece

Tables = dict[str, Sql]
_GIVEN = re.compile(r"\b(known\d*|registry|given)_([a-z0-9_]+)\b")


def known(prefix: str) -> Tables:
    """The tables of derived rows by their names."""
    return {name: Sql(f"{prefix}_{name}") for name in INJECTED}


# What is never stored is derived also for a question about now.
LIVE: Tables = {name: Sql(f"live.{name}") for name in INJECTED} | {"prospects": Sql("known_prospects")}
REGISTRY: Tables = LIVE | {
    "racetracks": Sql("given_registry"),
    "racetrack_stages": Sql("registry_racetrack_stages"),
    "racetrack_rules": Sql("registry_racetrack_rules"),
    "rule_conditions": Sql("registry_rule_conditions"),
}


def given(statement: str) -> list[tuple[str, str]]:
    """The tables that a statement has to be given: where from, and the table's name."""
    found = dict.fromkeys(_GIVEN.findall(statement))
    return [(source, table) for source, table in found if table in (FIGURES if source == "given" else INJECTED)]


def relation(source: str, table: str) -> Sql:
    """A table of rows that were sent along; its parameter has the name of the relation."""
    definition = (FIGURES if source == "given" else INJECTED)[table]
    names = [column.split()[0] for column in definition.split(", ")]
    name = f"{source}_{table}"
    return piece(
        "given",
        relation=Sql(name),
        columns=Sql(", ".join(f"k.{column}" for column in [*names, "i"])),
        names=Sql(", ".join([*names, "i"])),
        definition=Sql(definition),
        rows=Sql(f"%({name})s"),
    )
