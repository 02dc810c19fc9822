"""Sums over all customers: kept up by what a customer adds now less what it added before, and made of tables of codes.

So a late event corrects the past, and a replay gives the same rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.projections.rows import Longs, dates

# By table, the key of its rows; every other column can be added.
SUMS = {
    "stage_days": ["racetrack", "stage", "day"],
    "transitions": ["racetrack", "from_stage", "to_stage", "kind", "rule"],
    "rule_sources": ["racetrack", "rule"],
    "case_days": ["racetrack", "side", "stage", "day"],
    "case_buckets": ["racetrack", "dimension", "side", "stage", "day", "value"],
    "stage_views": ["racetrack", "kind", "stage", "day", "page"],
    "overlay_days": ["racetrack", "overlay", "stage", "day", "value"],
}
_SMALL = 50_000
_COLUMN_TYPES = {pa.string(): "text", pa.int64(): "bigint", pa.date32(): "date"}


def added(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    """The sums of several tables `name`, without rows that come to nothing."""
    keys = SUMS[name]
    values = [column for column in tables[0].column_names if column not in keys]
    summed = grouped(pa.concat_tables(tables), keys).aggregate([(column, "sum") for column in values])
    return _without_nothing(summed.rename_columns([*keys, *values]), values).select(tables[0].column_names)


def grouped(table: pa.Table, keys: Sequence[str]) -> pa.TableGroupBy:
    """The rows by their keys; starting threads costs more than a small table."""
    return table.group_by(keys, use_threads=table.num_rows > _SMALL)


def difference(name: str, after: pa.Table, before: pa.Table) -> pa.Table:
    """What to add to the sums `name` so that `after` takes the place of `before`, without rows that change nothing."""
    for column in before.column_names:
        if column not in SUMS[name]:
            negative = pc.negate(before[column])
            before = before.set_column(before.schema.get_field_index(column), column, negative)
    return added(name, [after, before])


def _without_nothing(table: pa.Table, values: Sequence[str]) -> pa.Table:
    some = np.zeros(table.num_rows, dtype=bool)
    for column in values:
        some |= table[column].to_numpy() != 0
    return table.filter(pa.array(some))


def statement(text: str, name: str, schema: pa.Schema) -> LiteralString:
    """A statement of views.sql about a table of sums, with its columns in their places."""
    keys, columns = SUMS[name], schema.names
    values = [column for column in columns if column not in keys]
    places = {
        "{table}": name,
        "{definition}": ", ".join(f"{field.name} {_COLUMN_TYPES[field.type]}" for field in schema),
        "{columns}": ", ".join(columns),
        "{columns_of_d}": ", ".join(f"d.{column}" for column in columns),
        "{keys}": ", ".join(keys),
        "{added}": ", ".join(f"{column} = s.{column} + excluded.{column}" for column in values),
        "{same_key}": " AND ".join(f"s.{key} = d.{key}" for key in keys),
        "{nothing_left}": " AND ".join(f"s.{column} = 0" for column in values),
    }
    for place, filled in places.items():
        text = text.replace(place, filled)
    return text


class Key(NamedTuple):
    """A column of a key as codes. codes: (n,) from 0 below size; values: what the codes stand for, by `take`."""

    codes: NDArray[Any]
    values: pa.Array


def tally(keys: Mapping[str, Key], amounts: Mapping[str, Longs]) -> pa.Table:
    """Amounts, each (n,), added up by a key of several columns; exactly, and without rows that come to nothing."""
    mixed = np.zeros(len(next(iter(keys.values())).codes), np.int64)
    for key in keys.values():
        mixed = mixed * max(1, len(key.values)) + key.codes
    table = pa.table({"key": mixed, **amounts})
    summed = grouped(table, ["key"]).aggregate([(name, "sum") for name in amounts])
    summed = _without_nothing(summed.rename_columns(["key", *amounts]), list(amounts))
    rest, columns = summed["key"].to_numpy(), {}
    for name, key in reversed(list(keys.items())):
        rest, code = np.divmod(rest, max(1, len(key.values)))
        columns[name] = key.values.take(pa.array(code))
    return pa.table({name: columns[name] for name in keys} | {name: summed[name] for name in amounts})


def day_key(days: NDArray[Any]) -> Key:
    """Days since 1970, as a column of a key."""
    if len(days) == 0:
        return Key(days, pa.array([], pa.date32()))
    first = int(days.min())
    return Key(days - first, dates(np.arange(first, int(days.max()) + 1)))
