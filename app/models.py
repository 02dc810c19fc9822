"""What GraphQL asks about models and about the predictions that were made, answered in threads."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from raceline.analytics.drift import Thresholds
from raceline.analytics.model_file import HEAD
from raceline.app.kept import InThread
from raceline.app.model_rows import decision_rows, model_rows
from raceline.app.runtime import Runtime
from raceline.domain import arrow
from raceline.domain.errors import RacelineError, UnknownModel, UnknownRacetrack, UnreadableModel, UnreadableRacetrack
from raceline.domain.model_registry import ModelRegistry, ModelVersion
from raceline.domain.racetrack import Racetrack
from raceline.projections.drift import DAYS, Trained, counted, drift, trained
from raceline.projections.kept_ledger import KeptLedger
from raceline.projections.ledger_asked import LedgerAsk
from raceline.projections.ledger_columns import Ledger
from raceline.projections.ledger_days import ledger_days, ledger_stages
from raceline.projections.ledger_figures import answer, ledger_position
from raceline.projections.path_figures_rows import rows_of
from raceline.projections.scoring import checked_head, scoring_of

Rows = dict[str, list[dict[str, Any]]]
_AT_ONCE = 2  # questions to the ledger: the second so that a short one need not wait for a long one
_BY = "graphql"
_EVERY_DAY = 2**31 - 1
_log = logging.getLogger(__name__)


class ModelAnswers:
    """The models of one store, and its ledger of predictions.

    url: as the API reads it; in_thread: runs what blocks. The ledger is read without a limit on the time of statements,
    because loading it takes long.
    """

    def __init__(self, url: str, runtime: Runtime, in_thread: InThread) -> None:
        self._url, self._in_thread = url, in_thread
        self._models, self._racetracks, self._catalogue = runtime.models, runtime.racetracks, runtime.catalogue
        self._kept = KeptLedger(runtime.url, runtime.settings.ledger_rows)
        self._thresholds = Thresholds(runtime.settings.drift_watch, runtime.settings.drift_alarm)
        self._threads = CapacityLimiter(_AT_ONCE)
        self._turn = asyncio.Lock()
        self._opened: dict[str, Trained | str] = {}
        self._checked: dict[str, str | None] = {}
        self._told: dict[str | None, tuple[int, Rows]] = {}
        self._held: Ledger | None = None
        self._holding = False

    def hold(self) -> None:
        """From now on answer every question from the same ledger, for one command."""
        self._holding = True

    async def models(self, racetrack: str | None, *, files_checked: bool = False) -> Rows:
        """As graphql/context.py says."""
        rows: Rows = await self._in_thread(self._model_rows, racetrack, files_checked=files_checked)
        return rows

    async def ledger(self, asks: Sequence[LedgerAsk], min_position: int) -> Rows:
        """As graphql/context.py says. Raises NoReadModels."""
        ledger = await self._now(min_position)
        return await run_sync(self._answer, ledger, asks, limiter=self._threads)

    async def ledger_days(self, racetrack: str | None, from_: date, to: date, min_position: int) -> Rows:
        """As graphql/context.py says. Raises UnknownRacetrack, NotInForce, NoRacetrack, NoReadModels."""
        name = await self._in_thread(self._name, racetrack)
        ledger = await self._now(min_position)
        found = await run_sync(ledger_days, ledger, name, from_, to, limiter=self._threads)
        return ledger_position(ledger) | found

    async def ledger_stages(self, racetrack: str | None, min_position: int) -> Rows:
        """As graphql/context.py says. Raises UnknownRacetrack, NotInForce, NoRacetrack, NoReadModels."""
        name = await self._in_thread(self._name, racetrack)
        ledger = await self._now(min_position)
        return ledger_position(ledger) | await run_sync(ledger_stages, ledger, name, limiter=self._threads)

    async def promote(self, name: str, version: int, *, force: bool, reason: str) -> int:
        """As graphql/context.py says."""
        position: int = await self._in_thread(self._models.promote, name, version, _BY, force=force, reason=reason)
        return position

    async def roll_back(self, name: str) -> tuple[int, int]:
        """As graphql/context.py says."""
        found: tuple[int, int] = await self._in_thread(self._roll_back, name)
        return found

    async def retire(self, name: str) -> int:
        """As graphql/context.py says."""
        position: int = await self._in_thread(self._models.retire, name, _BY)
        return position

    async def warm(self) -> None:
        """Load the ledger before somebody asks. What fails is logged, and told to whoever asks."""
        try:
            await self._now(0)
        except RacelineError as error:
            _log.warning("the ledger of predictions was not loaded ahead: %s", error)

    async def _now(self, min_position: int) -> Ledger:
        """The ledger as it is now. Whoever waits while it is read holds no thread."""
        async with self._turn:
            if self._holding and self._held is not None:
                return self._held
            self._held = found = await run_sync(self._kept.now, min_position, limiter=self._threads)
        return found

    def _name(self, racetrack: str | None) -> str:
        return self._racetracks.registry().meant(racetrack).name

    def _roll_back(self, name: str) -> tuple[int, int]:
        position = self._models.roll_back(name, _BY)
        in_force = self._models.registry(position).in_force(name)
        assert in_force is not None, "this is what a step back leads to"  # noqa: S101
        return in_force.version, position

    def _model_rows(self, racetrack: str | None, *, files_checked: bool) -> Rows:
        registry = self._models.registry()
        position, rows = self._told.get(racetrack, (-1, {}))
        versions = [one for one in registry.versions if racetrack in (None, one.racetrack)]
        if position != registry.position:
            rows = model_rows(versions, self._titles)
            rows["model_decisions"] = decision_rows(self._models.decisions(), racetrack)
            self._told[racetrack] = registry.position, rows
        if not files_checked:
            return rows
        told = zip(rows["models"], versions, strict=True)
        return rows | {"models": [row | {"unreadable": self._unreadable(version)} for row, version in told]}

    def _answer(self, ledger: Ledger, asks: Sequence[LedgerAsk]) -> Rows:
        registry = self._models.registry()
        names = [(one.racetrack, one.version) for one in registry.versions]
        return ledger_position(ledger) | answer(ledger, asks, names) | {"drift": self._drift(registry, asks)}

    def _drift(self, registry: ModelRegistry, asks: Sequence[LedgerAsk]) -> list[dict[str, Any]]:
        asks = [ask for ask in asks if ask.kind == "drift"]
        if not asks:
            return []
        with arrow.connect(self._url) as connection:
            return [row for ask in asks for row in self._drift_rows(connection, registry, ask)]

    def _drift_rows(self, connection: Any, registry: ModelRegistry, ask: LedgerAsk) -> Iterator[dict[str, Any]]:
        days = DAYS if ask.from_ is None and ask.to is None else _EVERY_DAY
        found = counted(connection, ask.racetrack or "", ask.version, ask.from_, ask.to, days)
        for (racetrack, model), seen in found.items():
            version = registry.find(racetrack, model)
            opened = None if version is None else self._open(version)
            if isinstance(opened, Trained):
                told = [one for one in drift(opened, seen, self._thresholds) if ask.stage in (None, one.stage)]
                name = {"key": ask.key, "racetrack": racetrack, "model": model}
                days_ = {"from_day": seen.from_day, "to_day": seen.to_day}
                columns = {name: [getattr(one, name) for one in told] for name in told[0]._fields} if told else {}
                for n, row in enumerate(rows_of(**columns), 1):
                    yield {**name, "n": n, **days_, **row}

    def _open(self, version: ModelVersion) -> Trained | str:
        """A model, or why it cannot be read. It is opened once: what is registered never changes."""
        if version.hash not in self._opened:
            self._opened[version.hash] = self._read(version)
        return self._opened[version.hash]

    def _read(self, version: ModelVersion) -> Trained | str:
        try:
            racetrack = self._racetrack(version)
            scoring = scoring_of(version, self._models.file(version.hash), self._catalogue, racetrack)
        except (UnreadableModel, UnknownModel, UnreadableRacetrack, UnknownRacetrack) as problem:
            return str(problem)
        return trained(scoring, list(racetrack.stages))

    def _racetrack(self, version: ModelVersion) -> Racetrack:
        return self._racetracks.registry().get(version.racetrack, version.racetrack_version).racetrack

    def _unreadable(self, version: ModelVersion) -> str | None:
        """Why its file cannot be read. The one in force is opened; of the others, of which there may be many and large
        ones, only the beginning is read, and the database sees whether the rest is what was registered."""
        if version.status == "promoted":
            opened = self._open(version)
            return opened if isinstance(opened, str) else None
        if version.hash not in self._checked:
            self._checked[version.hash] = self._problem(version)
        return self._checked[version.hash]

    def _problem(self, version: ModelVersion) -> str | None:
        try:
            checked_head(self._models.head(version.hash, HEAD), self._catalogue, self._racetrack(version))
        except UnreadableModel as problem:
            return str(UnreadableModel(problem.detail, racetrack=version.racetrack, version=version.version))
        except (UnknownModel, UnreadableRacetrack, UnknownRacetrack) as problem:
            return str(problem)
        return None

    def _titles(self, version: ModelVersion) -> Mapping[str, str]:
        with suppress(RacelineError):
            return {name: stage.title for name, stage in self._racetrack(version).stages.items()}
        return {}
