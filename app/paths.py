"""What GraphQL asks about paths, answered in threads from the paths that are kept in memory."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

import pyarrow as pa
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from raceline.analytics.before_moves import Stays, Views, pages_before
from raceline.domain.errors import RacelineError
from raceline.projections import path_figures
from raceline.projections.kept_paths import KeptPaths
from raceline.projections.path_columns import NO_SITE, PathColumns
from raceline.projections.path_list import PathList
from raceline.projections.path_reading import in_order

Rows = dict[str, list[dict[str, Any]]]
# From so many steps on, what has come since is only looked for after so many times as long as the last look took: else,
# in a store that never rests, every question would count everything anew.
_MANY_STEPS = 1_000_000
_PATIENCE = 10
_MOST_PATIENCE = 60  # seconds
_AT_ONCE = 2  # each works on all cores; the second so that a short question need not wait for a long one
_FIRST: Mapping[str, Mapping[str, Any]] = {
    "pathStatistics": {},
    "pages": {},
    "siteGraph": {},
    "pathVariants": {},
    "percolation": {},
    "funnel": {"pattern": "one: . -> two: ."},
    "pathComparison": {"a": {}, "b": {}},
}
_log = logging.getLogger(__name__)


class PathAnswers:
    """The paths of one store. `url`: without a limit on the time of statements, because loading takes long;
    `most_steps`: how many steps of paths are kept at most.
    """

    def __init__(self, url: str, most_steps: int) -> None:
        self._kept = KeptPaths(url, most_steps)
        self._threads = CapacityLimiter(_AT_ONCE)
        self._turn = asyncio.Lock()
        self._looked = 0
        self._until = 0.0
        self._columns: PathColumns | None = None
        self._held = False

    def hold(self) -> None:
        """From now on answer every question from the same paths, for one command."""
        self._held = True

    async def answer(
        self, field: str, arguments: Mapping[str, Any], lists: Sequence[PathList], min_position: int
    ) -> Rows:
        """As graphql/context.py says."""
        columns = await self._now(min_position)
        ask = partial(path_figures.answer, columns, self._kept, field, arguments, lists)
        return await run_sync(ask, limiter=self._threads)

    async def warm(self) -> None:
        """Load the paths and make their sums before somebody asks. What fails is logged, and told to whoever asks."""
        try:
            for field, arguments in _FIRST.items():
                await self.answer(field, arguments, (), 0)
        except RacelineError as error:
            _log.warning("the paths were not loaded ahead: %s", error)

    async def _now(self, min_position: int) -> PathColumns:
        """The paths as they are now. One question looks at a time; those that have waited since before it looked share
        what it found, and none of them holds a thread."""
        asked = self._looked
        async with self._turn:
            found = self._columns
            shared = self._looked != asked or monotonic() < self._until
            if found is None or (not self._held and (not shared or found.position < min_position)):
                self._looked += 1
                self._columns = None  # should it fail, nobody shares what was found before
                begun = monotonic()
                self._columns = found = await run_sync(self._kept.now, limiter=self._threads)
                took = monotonic() - begun if found.steps > _MANY_STEPS else 0.0
                self._until = monotonic() + min(_PATIENCE * took, _MOST_PATIENCE)
        return found


def load_kernels() -> None:
    """Load the kernels that answer questions about paths, or compile them the first time: answer each of no path."""
    rows, none = in_order([], 0, 0), pa.array([], pa.string())
    columns = PathColumns(
        position=0,
        clock=0,
        generation="",
        arrays=rows.arrays,
        page_names=none,
        customer_names=none,
        path_id=rows.path_id,
        started_at=rows.started_at,
        racetracks=(),
        stage=rows.stage,
        stage_names=none,
        variant=rows.variant,
        variant_sets=(),
        account=rows.arrays.customer,
        account_names=none,
        site=NO_SITE,
    )
    kept, moments, customers = KeptPaths(""), rows.started_at, rows.arrays.customer
    for field, arguments in _FIRST.items():
        path_figures.answer(columns, kept, field, arguments, ())
    pages_before(
        Stays(customers, moments, moments, rows.arrays.resolved), Views(customers, moments, rows.arrays.page), 0, 1
    )
