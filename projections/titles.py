"""Events as people read them: the titles of the catalogue, filled in a column at a time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import attribute_columns

_ABSENT = "…"
_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Titles:
    """For each type, the pieces of its title: texts, and between them the columns whose values fill it in."""

    pieces: dict[str, tuple["Text | Column", ...]]

    def of(self, texts: pa.Table) -> pa.Array:
        """(n,) titles of events with these columns; a type that is not in the catalogue is its own title."""
        encoded = texts["type"].combine_chunks().dictionary_encode()
        codes = encoded.indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        filled = [
            self._fill(name, order[start:stop], texts)
            for name, start, stop in zip(encoded.dictionary.to_pylist(), edges[:-1], edges[1:], strict=True)
        ]
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.chunked_array(filled, pa.string()).combine_chunks().take(pa.array(back))

    def _fill(self, name: str, rows: NDArray[np.int64], texts: pa.Table) -> pa.Array:
        filled = [
            pc.fill_null(texts[piece.name].take(pa.array(rows)), _ABSENT).combine_chunks()
            if isinstance(piece, Column)
            else pa.repeat(piece.text, len(rows))
            for piece in self.pieces.get(name, (Text(name),))
        ]
        return pc.binary_join_element_wise(*filled, "")


class Text(NamedTuple):
    """A piece that stands as it is."""

    text: str


class Column(NamedTuple):
    """A piece that is the event's value in a column of `Columns.texts`."""

    name: str


def titles(catalogue: Catalogue) -> Titles:
    """The titles of every type of a catalogue, cut into pieces."""
    return Titles({name: _cut(kind.title.text, attribute_columns(kind)) for name, kind in catalogue.types.items()})


def _cut(text: str, columns: Mapping[str, str]) -> tuple[Text | Column, ...]:
    """`seen {page}!` is the text "seen ", the column of the attribute page, and the text "!"."""
    parts = _BRACES.split(text)
    pieces = (Column(columns[part]) if n % 2 else Text(part) for n, part in enumerate(parts))
    return tuple(piece for piece in pieces if piece != Text(""))
