"""All paths of the live read models as columns: what every figure of paths is counted from (design, section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.path_arrays import PathArrays
from raceline.projections.rows import Longs

Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]


class Names:
    """Names and their codes, from 0 in the order in which they came. They are only added: a code stays what it is."""

    def __init__(self, *first: str) -> None:
        self._codes = {name: code for code, name in enumerate(first)}
        self._array = pa.array([], pa.string())

    def __len__(self) -> int:
        return len(self._codes)

    def find(self, name: str) -> int:
        """The code of a name; -1 when it never came."""
        return self._codes.get(name, -1)

    def codes(self, values: pa.Array) -> Codes:
        """The codes of texts, new ones too; -1 for null."""
        encoded = values.dictionary_encode()
        known = self._codes
        codes = [known.setdefault(name, len(known)) for name in encoded.dictionary.to_pylist()]
        index = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return cast("Codes", np.array([*codes, -1], np.int32).take(index))

    @property
    def array(self) -> pa.Array:
        """All names, by their codes."""
        if len(self._array) < len(self._codes):
            self._array = pa.array(list(self._codes), pa.string())
        return self._array


@dataclass(frozen=True)
class Site:
    """The page table. loaded_at: microseconds since 1970, None without one; known: (pages,) which pages it names; type:
    (pages,) codes into types, -1 for none; title: by page, null without one; link_source, link_target: (l,) codes of
    pages."""

    loaded_at: int | None
    known: Flags
    type: Codes
    types: pa.Array
    title: pa.Array
    link_source: Codes
    link_target: Codes

    @property
    def has_links(self) -> bool:
        """It says which page links to which; without any link, nobody has said."""
        return len(self.link_source) > 0

    def longer(self, pages: int) -> "Site":
        """With codes for pages that were seen since."""
        more = pages - len(self.type)
        if more == 0:
            return self
        return replace(
            self,
            known=np.append(self.known, np.zeros(more, np.bool_)),
            type=np.append(self.type, np.full(more, -1, np.int32)),
            title=pa.concat_arrays([self.title, pa.nulls(more, pa.string())]),
        )


NO_SITE = Site(
    None,
    np.empty(0, np.bool_),
    np.empty(0, np.int32),
    pa.array([], pa.string()),
    pa.array([], pa.string()),
    *[np.empty(0, np.int32)] * 2,
)


@dataclass(frozen=True)
class PathColumns:
    """p paths as of a position. page_names, customer_names, stage_names, account_names: what codes stand for.

    path_id, started_at (microseconds since 1970): (p,); stage: (racetracks, p) where customers were when their paths
    started, 0 for no stage; racetracks: their names, the default one first; variant: (p,) codes into variant_sets, the
    variants that the events of a path say; account: (customers,) -1 for none.
    """

    position: int
    clock: int
    generation: str
    arrays: PathArrays
    page_names: pa.Array
    customer_names: pa.Array
    path_id: Longs
    started_at: Longs
    racetracks: tuple[str, ...]
    stage: Codes
    stage_names: pa.Array
    variant: Codes
    variant_sets: tuple[tuple[str, ...], ...]
    account: Codes
    account_names: pa.Array
    site: Site

    @property
    def paths(self) -> int:
        """How many there are."""
        return len(self.path_id)

    @property
    def steps(self) -> int:
        """How many steps they have together."""
        return len(self.arrays.page)

    @cached_property
    def page_codes(self) -> Mapping[str, int]:
        """The code of each page by its name."""
        return {name: code for code, name in enumerate(self.page_names.to_pylist())}

    def code(self, page: str) -> int:
        """The code of a page; -1 when nobody ever saw it and no page table names it."""
        return self.page_codes.get(page, -1)

    @cached_property
    def by_start(self) -> Longs:
        """(p,) the paths in the order in which they are listed: by when they started, and then by their ids."""
        return np.lexsort((self.path_id, self.started_at)).astype(np.int64)
