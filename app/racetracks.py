"""What GraphQL asks about racetracks, answered in threads: the registry, dry runs, figures of stages, decisions."""

from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa

from raceline.app.kept import InThread, Kept, Turn, Wanted
from raceline.app.runtime import Runtime
from raceline.domain import arrow
from raceline.domain.errors import RacelineError, UnreadableRacetrack
from raceline.domain.racetrack_check import check_text, refuse
from raceline.domain.racetrack_registry import Registry, Version, refuse_unknown_stage
from raceline.domain.racetracks import Published, Racetracks
from raceline.projections.accounts import account_history
from raceline.projections.dry_run import DryRun, dry_run
from raceline.projections.in_force import with_racetracks
from raceline.projections.race_tables import definitions
from raceline.projections.stage_days import Moment, StageDays, live_moment, stage_days
from raceline.projections.stage_lengths import KeptStageLengths
from raceline.projections.survey import survey

Rows = dict[str, list[dict[str, Any]]]
DaysAsked = tuple[str | None, int | None, str | None]  # racetrack, version, account
_BY = "graphql"


class RacetrackAnswers:
    """The racetracks of one store. `url`: as the API reads it; `in_thread`: runs what blocks."""

    def __init__(self, url: str, runtime: Runtime, racetracks: Racetracks, in_thread: InThread) -> None:
        self._url, self._catalogue, self._rules = url, runtime.catalogue, runtime.rules
        self._racetracks, self._in_thread = racetracks, in_thread
        self._lengths = KeptStageLengths()
        self._known: set[tuple[str | None, str | None]] = set()
        self._told: tuple[int, Rows] = (-1, {})
        turn = Turn(in_thread)
        self._tried: Kept[Rows] = Kept(turn)
        self._surveyed: Kept[Rows] = Kept(turn)
        self._counted: Kept[StageDays] = Kept(turn, lambda days: days.size)
        self._held: dict[DaysAsked, StageDays] | None = None

    def hold(self) -> None:
        """From now on answer every question about the same days of stages by one derivation, for one command."""
        self._held = {}

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
        return await self._tried(await self._in_thread(self._dry_run, name, version))

    async def survey(self, name: str, version: int, position: int) -> Rows:
        """Stages as a whole under a version that is not live. Raises UnknownRacetrack, NoReadModels."""
        return await self._surveyed(await self._in_thread(self._survey, name, version, position))

    async def stage_days(
        self, racetrack: str | None, version: int | None, account: str | None, from_: date, to: date, min_position: int
    ) -> Rows:
        """As graphql/context.py says. Raises UnknownRacetrack, NoRacetrack, NoReadModels."""
        asked = (racetrack, version, account)
        days = self._held.get(asked) if self._held is not None else None
        if days is None:
            days = await self._counted(await self._in_thread(self._stage_days, asked, min_position))
        if self._held is not None:
            self._held[asked] = days
        rows: Rows = await self._in_thread(days.between, from_, to)
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
            racetrack = registry.meant(None).name
        versions = registry.named(racetrack)
        if stage is None:
            return
        with suppress(UnreadableRacetrack):  # it may well have the stage
            stages = list(dict.fromkeys(name for version in versions for name in version.racetrack.stages))
            refuse_unknown_stage(racetrack, stage, stages)

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

    def _dry_run(self, name: str, version: int) -> Wanted[Rows]:
        registry = self._racetracks.registry()
        wanted = registry.get(name, version)
        return Wanted(
            (name, version, registry.position),
            lambda: _rows(dry_run(self._url, self._catalogue, self._rules, wanted, registry.find(name))),
        )

    def _survey(self, name: str, version: int, position: int) -> Wanted[Rows]:
        wanted = self._racetracks.registry().get(name, version)
        make = partial(survey, self._url, self._catalogue, self._rules, wanted)
        return Wanted((name, version), make, lambda rows: bool(rows["checkpoint"][0]["position"] < position))

    def _stage_days(self, asked: DaysAsked, position: int) -> Wanted[StageDays]:
        racetrack, version, account = asked
        registry = self._racetracks.registry()
        wanted = registry.meant(racetrack, version)
        make = partial(stage_days, self._url, self._catalogue, self._rules, wanted, account=account)
        # Beside what is live, the figures of an account are as fresh; who waits for their turn is content with what is
        # made meanwhile.
        live = account is not None and wanted == registry.find(wanted.name)
        least = live_moment(self._url) if live else Moment(0, 0)
        return Wanted(
            (wanted.name, wanted.version, account), make, lambda days: days.at < least or days.at.position < position
        )

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
