"""What GraphQL asks about racetracks, answered in threads: the registry, dry runs, figures of stages, decisions."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any

import pyarrow as pa

from raceline.app.runtime import Runtime
from raceline.domain import arrow
from raceline.domain.errors import NoRacetrack, RacelineError, UnknownStage, UnreadableRacetrack
from raceline.domain.racetrack_check import check_text, refuse
from raceline.domain.racetrack_registry import Registry, Version
from raceline.domain.racetracks import Published, Racetracks
from raceline.domain.yaml_file import nearest
from raceline.projections.accounts import account_history
from raceline.projections.dry_run import DryRun, dry_run
from raceline.projections.in_force import with_racetracks
from raceline.projections.race_tables import definitions
from raceline.projections.stage_days import stage_days
from raceline.projections.stage_lengths import KeptStageLengths
from raceline.projections.survey import survey

Rows = dict[str, list[dict[str, Any]]]
DaysAsked = tuple[str | None, int | None, str | None, date, date]
InThread = Callable[..., Awaitable[Any]]
_BY = "graphql"
_KEPT_SECONDS = 60  # an answer says at which position it is true


class _Kept:
    """Rows for which all customers are derived: the newest are kept for a while, so that pages are of one run, and only
    one such run goes on at a time."""

    def __init__(self, one_at_a_time: Lock) -> None:
        self._one_at_a_time = one_at_a_time
        self._key: tuple[Any, ...] = ()
        self._until, self._rows = 0.0, Rows()

    def __call__(
        self, key: tuple[Any, ...], make: Callable[[], Rows], is_late: Callable[[Rows], bool] = lambda _: False
    ) -> Rows:
        with self._one_at_a_time:
            if self._key != key or monotonic() > self._until or is_late(self._rows):
                self._rows = make()
                self._key, self._until = key, monotonic() + _KEPT_SECONDS
            return self._rows


class RacetrackAnswers:
    """The racetracks of one store. `url`: as the API reads it; `in_thread`: runs what blocks."""

    def __init__(self, url: str, runtime: Runtime, racetracks: Racetracks, in_thread: InThread) -> None:
        self._url, self._catalogue, self._rules = url, runtime.catalogue, runtime.rules
        self._racetracks, self._in_thread = racetracks, in_thread
        self._lengths = KeptStageLengths()
        self._known: set[tuple[str | None, str | None]] = set()
        self._told: tuple[int, Rows] = (-1, {})
        one_at_a_time = Lock()
        self._tried, self._surveyed, self._counted = (_Kept(one_at_a_time) for _ in range(3))

    async def registry(self) -> Rows:
        """Every version that was published, and its definition."""
        rows: Rows = await self._in_thread(self._registry)
        return rows

    async def known(self, racetrack: str | None, stage: str | None) -> None:
        """As graphql/context.py says."""
        if (racetrack, stage) not in self._known:  # what was published once stays published
            await self._in_thread(self._look_up, racetrack, stage)
            self._known.add((racetrack, stage))

    async def active_at(self, position: int) -> dict[str, int]:
        """The active versions by name, as the log had them at a position."""
        registry: Registry = await self._in_thread(self._racetracks.registry, position)
        return {version.name: version.version for version in registry.active}

    async def dry_run(self, name: str, version: int) -> Rows:
        """What would change if a version were active. Raises UnknownRacetrack."""
        rows: Rows = await self._in_thread(self._dry_run, name, version)
        return rows

    async def survey(self, name: str, version: int, position: int) -> Rows:
        """Stages as a whole under a version that is not live. Raises UnknownRacetrack, NoReadModels."""
        rows: Rows = await self._in_thread(self._survey, name, version, position)
        return rows

    async def stage_days(
        self, racetrack: str | None, version: int | None, account: str | None, from_: date, to: date, min_position: int
    ) -> Rows:
        """As graphql/context.py says. Raises UnknownRacetrack, NoRacetrack, NoReadModels."""
        asked = (racetrack, version, account, from_, to)
        rows: Rows = await self._in_thread(self._stage_days, asked, min_position)
        return rows

    async def stage_lengths(self) -> Rows:
        """How long stays last, under the live versions."""
        rows: Rows = await self._in_thread(self._stage_lengths)
        return rows

    async def account_history(self, account: str, racetrack: str | None) -> Rows:
        """The stays of a company, rolled up."""
        rows: Rows = await self._in_thread(self._account_history, account, racetrack)
        return rows

    async def publish(self, definition: str) -> Published:
        """A version from its YAML. Raises InvalidRacetrack."""
        published: Published = await self._in_thread(self._publish, definition)
        return published

    async def activate(self, name: str, version: int) -> int:
        """Make a version the active one. Raises UnknownRacetrack."""
        position: int = await self._in_thread(self._racetracks.activate, name, version, _BY)
        return position

    async def retire(self, name: str) -> int:
        """Put the active version out of force. Raises UnknownRacetrack, NotActive."""
        position: int = await self._in_thread(self._racetracks.retire, name, _BY)
        return position

    def _look_up(self, racetrack: str | None, stage: str | None) -> None:
        registry = self._racetracks.registry()
        if racetrack is None:
            if registry.default is None:
                raise NoRacetrack
            racetrack = registry.default.name
        versions = registry.named(racetrack)
        if stage is None:
            return
        with suppress(UnreadableRacetrack):  # it may well have the stage
            stages = list(dict.fromkeys(name for version in versions for name in version.racetrack.stages))
            if stage not in stages:
                near = nearest(stage, stages)
                detail = f"did you mean `{near}`?" if near else f"its stages are: {', '.join(stages)}"
                raise UnknownStage(detail, racetrack=racetrack, stage=stage)

    def _registry(self) -> Rows:
        registry = self._racetracks.registry()
        if self._told[0] != registry.position:
            self._told = (registry.position, self._registry_rows(registry))
        return self._told[1]

    def _registry_rows(self, registry: Registry) -> Rows:
        rows: Rows = {"registry": []}
        for version in registry.versions:
            told, tables = self._definition(version)
            rows["registry"].append(told | _decided(version, default=version == registry.default))
            for name, table in tables.items():
                numbered = ({**row, "version": version.version} for row in table.to_pylist())
                rows.setdefault(name, []).extend(numbered)
        return rows

    def _definition(self, version: Version) -> tuple[dict[str, Any], dict[str, pa.Table]]:
        try:
            tables = definitions(with_racetracks(self._rules, self._catalogue, (version,)).tracks)
        except RacelineError as unreadable:  # of a newer raceline, or of a catalogue that is not loaded: only listed
            told = {"racetrack": version.name, "version": version.version, "hash": version.hash, "title": version.name}
            return told | {"documentation": str(unreadable), "time_zone": "UTC", "start": None}, {}
        (told,) = tables.pop("racetracks").to_pylist()
        return told, tables

    def _dry_run(self, name: str, version: int) -> Rows:
        registry = self._racetracks.registry()
        wanted = registry.get(name, version)
        return self._tried(
            (name, version, registry.position),
            lambda: _rows(dry_run(self._url, self._catalogue, self._rules, wanted, registry.find(name))),
        )

    def _survey(self, name: str, version: int, position: int) -> Rows:
        wanted = self._racetracks.registry().get(name, version)
        make = partial(survey, self._url, self._catalogue, self._rules, wanted)
        return self._surveyed((name, version), make, partial(_is_before, position))

    def _stage_days(self, asked: DaysAsked, position: int) -> Rows:
        racetrack, version, account, from_, to = asked
        registry = self._racetracks.registry()
        if racetrack is None:
            if registry.default is None:
                raise NoRacetrack
            wanted = registry.default
        else:
            wanted = registry.get(racetrack, version)
        make = partial(stage_days, self._url, self._catalogue, self._rules, wanted, from_, to, account=account)
        if account is not None:  # few customers: as fresh as everything else
            return make()
        return self._counted((wanted.name, wanted.version, from_, to), make, partial(_is_before, position))

    def _stage_lengths(self) -> Rows:
        with arrow.connect(self._url) as connection:
            return {"stage_lengths": self._lengths(connection).rows}

    def _account_history(self, account: str, racetrack: str | None) -> Rows:
        with arrow.connect(self._url) as connection:
            return {"account_history": account_history(connection, account, racetrack)}

    def _publish(self, definition: str) -> Published:
        racetrack, findings = check_text(definition, self._catalogue)
        refuse(findings, racetrack.name)
        return self._racetracks.publish(racetrack, definition, _BY)


def _is_before(position: int, rows: Rows) -> bool:
    return bool(rows["checkpoint"][0]["position"] < position)


def _decided(version: Version, *, default: bool) -> dict[str, Any]:
    return {
        "status": version.status,
        "is_default": default,
        "text": version.text,
        "published_at": version.recorded_at,
        "position": version.position,
    }


def _rows(found: DryRun) -> Rows:
    plain = ("racetrack", "version", "against", "position", "customers", "moved")
    return {
        "dry_run": [{name: getattr(found, name) for name in plain}],
        "dry_run_stages": [{"stage": stage, "now": now, "then": then} for stage, (now, then) in found.stages.items()],
        "dry_run_transitions": [
            {"from_stage": origin, "to_stage": to, "rule": rule, "customers": customers}
            for (origin, to, rule), customers in found.transitions.most_common()
        ],
        "dry_run_examples": [
            {"n": n, "customer_id": one.customer_id, "from_stage": one.now, "to_stage": one.then, "rule": one.rule}
            for n, one in enumerate(found.examples, 1)
        ],
    }
