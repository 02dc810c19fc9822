"""How a field becomes SQL: a column, an expression, another object, or a list. columns.py says which field is which."""

from raceline.graphql.pieces import Sql, literal, piece
from raceline.graphql.plan import Compile, Selection


def column(name: str) -> Compile:
    """A column as it is."""
    return lambda _, row: Sql(f"{row}.{name}")


def moment(name: str) -> Compile:
    """A timestamptz as RFC 3339."""
    return lambda _, row: piece("moment", value=Sql(f"{row}.{name}"))


def expression(name: str, **parts: str) -> Compile:
    """A piece of SQL over the row."""
    names = {part: Sql(text) for part, text in parts.items()}
    return lambda selection, row: selection.plan.piece(name, row=row, **names)


def enum(name: str) -> Compile:
    """A word of ours as a value of an enum."""
    return lambda _, row: Sql(f"upper({row}.{name})")


def node_id(type_name: str, key: str) -> Compile:
    """A global id; the SQL twin of scalars.global_id."""
    prefix = literal(f"{type_name}:")
    return lambda _, row: piece("opaque", text=Sql(f"{prefix} || {row}.{key}::text"))


def position(selection: Selection, _: Sql) -> Sql:
    """The position at which the whole answer is true."""
    return selection.plan.position


def one(table: str, key: str, foreign: str) -> Compile:
    """The object of another table whose `key` is the row's `foreign`, by the racetracks of the question."""

    def compiled(selection: Selection, row: Sql) -> Sql:
        with selection.plan.repeating(), selection.plan.reading():
            return found(selection, table, key, Sql(f"{row}.{foreign}"))

    return compiled


def found(selection: Selection, table: str, key: str, value: Sql, *, type_name: str = "") -> Sql:
    """The object of the row of a table whose `key` has a value; null when there is none."""
    row = selection.plan.row()
    # Decisions are in the log as well, and are no events of a customer.
    facts = f" AND {row}.customer_id IS NOT NULL" if table == "event" else ""
    return row_where(selection, table, row, Sql(f"{row}.{key} = {value}{facts}"), type_name=type_name)


def row_where(selection: Selection, table: str, row: Sql, condition: Sql, *, type_name: str = "") -> Sql:
    """The object of the one row of a table, under the alias `row`, for which a condition holds; null without one."""
    source = selection.plan.tables.get(table) or f"raceline.{table}"
    return piece(
        "one",
        object=selection.object(row, type_name=type_name),
        source=Sql(f"{source} AS {row}"),
        filter=condition,
    )


def rows(selection: Selection, parent: Sql, source: str, *, own: bool = False, **parts: Sql) -> Sql:
    """A plain list, whole, of the rows that a piece of SQL makes. own: see many."""
    plan = selection.plan
    row = plan.row()
    made = plan.piece(source, parent=parent, row=row, **parts)
    return piece("many", object=selection.own_entry(row) if own else selection.entry(row), row=row, source=made)


def many(source: str, *, own: bool = False, **parts: str) -> Compile:
    """A plain list, whole, from a piece of SQL. own: its entries belong to the parent alone, and are few."""
    names = {name: Sql(text) for name, text in parts.items()}
    return lambda selection, parent: rows(selection, parent, source, own=own, **names)


def row_object(source: str, **parts: str) -> Compile:
    """An object over one row that a piece of SQL makes of the parent's."""

    def compiled(selection: Selection, parent: Sql) -> Sql:
        row = selection.plan.row()
        names = {name: Sql(text) for name, text in parts.items()}
        made = selection.plan.piece(source, parent=parent, row=row, **names)
        return piece("one", object=selection.object(row), source=made, filter=Sql("true"))

    return compiled
