"""Events as people read them: the titles of the catalogue, filled in a column at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raceline.domain.catalogue import Catalogue

_ABSENT = "…"
_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Titles:
    """For each type, the pieces of its title: texts, and between them the numbers of the slots to fill in."""

    pieces: dict[str, tuple[str | int, ...]]

    def of(self, types: pa.ChunkedArray, slots: Sequence[pa.ChunkedArray]) -> pa.Array:
        """(n,) titles of events of these types; a type that is not in the catalogue is its own title."""
        encoded = types.combine_chunks().dictionary_encode()
        codes = encoded.indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        filled = [
            self._fill(name, order[start:stop], slots)
            for name, start, stop in zip(encoded.dictionary.to_pylist(), edges[:-1], edges[1:], strict=True)
        ]
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.chunked_array(filled, pa.string()).combine_chunks().take(pa.array(back))

    def _fill(self, name: str, rows: np.ndarray, slots: Sequence[pa.ChunkedArray]) -> pa.Array:
        texts = [
            pc.fill_null(slots[piece].take(pa.array(rows)), _ABSENT).combine_chunks()
            if isinstance(piece, int)
            else pa.repeat(piece, len(rows))
            for piece in self.pieces.get(name, (name,))
        ]
        return pc.binary_join_element_wise(*texts, "")


def titles(catalogue: Catalogue) -> Titles:
    """The titles of every type of a catalogue, cut into pieces."""
    return Titles({name: _cut(kind.title.text, kind.title.attributes) for name, kind in catalogue.types.items()})


def _cut(text: str, attributes: Sequence[str]) -> tuple[str | int, ...]:
    """`seen {page}!` with the attribute page is ("seen ", 0, "!")."""
    parts = _BRACES.split(text)
    pieces: list[str | int] = []
    for n, part in enumerate(parts):
        if n % 2:
            pieces.append(attributes.index(part))
        elif part:
            pieces.append(part)
    return tuple(pieces)
