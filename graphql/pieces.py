"""The pieces of SQL of which statements are put together: plan.sql, and journey.sql for racetracks."""

from typing import NewType

from raceline.domain.sql import statements

# Text of a statement: our own words and the names of parameters, never a value.
Sql = NewType("Sql", str)


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


PIECES = {
    name: _without_comments(text)
    for file in ("plan.sql", "journey.sql", "stages.sql")
    for name, text in statements("raceline.graphql", file).items()
}


def piece(name: str, **parts: Sql) -> Sql:
    """A piece with its places filled."""
    return Sql(PIECES[name].format_map(parts))


def literal(name: str) -> Sql:
    """A name of the schema as a text constant of SQL; only for names that are our own."""
    return Sql(f"'{name}'")
