"""Figures in arrays as rows of tables, in which an answer is given to the API."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.domain.event import EPOCH

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[Row]]
Column: TypeAlias = NDArray[Any] | pa.Array | Sequence[Any]


def rows_of(**columns: Column) -> list[Row]:
    """Columns of equal length as rows; what is not a finite number is null."""
    told = [told_all(column) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*told, strict=True)]


def row_of(**figures: Any) -> list[Row]:
    """A table of one row."""
    return [{name: told_all([figure])[0] for name, figure in figures.items()}]


def told_all(column: Column) -> list[Any]:
    """Values as JSON knows them."""
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return list(column.to_pylist())
    if isinstance(column, np.ndarray) and column.dtype.kind != "O":
        return _numbers(column)
    values = [_plain(value) for value in column]
    return [None if isinstance(value, float) and not np.isfinite(value) else value for value in values]


def named(names: pa.Array, codes: NDArray[Any]) -> list[str | None]:
    """What codes stand for; None for those below zero."""
    return list(names.take(pa.array(codes, mask=codes < 0)).to_pylist())


def share(part: Any, whole: Any) -> NDArray[np.float64]:
    """part / whole; nan where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    found = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=found, where=whole != 0)
    return found


def moment(microseconds: int | None) -> datetime | None:
    """Microseconds since 1970 as a moment."""
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def day_of(microseconds: int) -> date:
    """The UTC day of a moment in microseconds since 1970."""
    return (EPOCH + timedelta(microseconds=int(microseconds))).date()


def _numbers(column: NDArray[Any]) -> list[Any]:
    values: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        for n in np.flatnonzero(~np.isfinite(column)).tolist():
            values[n] = None
    return values


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic | np.ndarray) else value
