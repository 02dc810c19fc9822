"""The registry: every published version of every racetrack, and which are active, as of one decision in the log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal, assert_never

from raceline.domain import deciding
from raceline.domain.errors import (
    InvalidRacetrack,
    NoRacetrack,
    NotInForce,
    UnknownRacetrack,
    UnknownStage,
    UnreadableRacetrack,
)
from raceline.domain.racetrack import Racetrack
from raceline.domain.racetrack_decisions import Decision, RacetrackDecisions
from raceline.domain.racetrack_file import content_hash, from_canonical
from raceline.domain.yaml_file import nearest

Status = Literal["published", "active", "retired"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a racetrack, by content. text: the YAML as it was given; position, recorded_at, by: of its
    publishing; since: the position of the decision that gave it its status."""

    name: str
    version: int
    hash: str
    canonical: str
    text: str
    by: str
    position: int
    recorded_at: datetime
    status: Status = "published"
    since: int = 0

    @property
    def racetrack(self) -> Racetrack:
        """The definition, read once. Raises UnreadableRacetrack, when a newer raceline published it."""
        try:
            return _read(self.canonical, self.hash)
        except InvalidRacetrack as refused:
            raise UnreadableRacetrack(refused.detail, name=self.name, version=self.version) from None


@lru_cache(maxsize=1024)
def _read(written: str, expected: str) -> Racetrack:
    racetrack = from_canonical(written.encode())
    # What this raceline does not know would be left out in silence, and the rest would be another racetrack.
    if content_hash(racetrack) != expected:
        raise InvalidRacetrack("it says more than this raceline knows of")
    return racetrack


Decided = deciding.Decided[Decision]


@dataclass(frozen=True, slots=True)
class Registry:
    """All racetracks as the log knew them. versions: in the order of publishing; active: at most one of each name, the
    name that has been active longest first; position: of the newest decision, 0 when there is none."""

    versions: tuple[Version, ...] = ()
    active: tuple[Version, ...] = ()
    position: int = 0

    @property
    def default(self) -> Version | None:
        """The racetrack that is meant when none is named."""
        return self.active[0] if self.active else None

    def find(self, name: str, version: int | None = None) -> Version | None:
        """A version of a name, by default the active one; None when there is none."""
        among = self.active if version is None else self.versions
        return next((one for one in among if one.name == name and version in (None, one.version)), None)

    def get(self, name: str, version: int | None = None) -> Version:
        """As `find`. Raises UnknownRacetrack, NotInForce when no version is named; with what there is instead."""
        found = self.find(name, version)
        if found is not None:
            return found
        among = self.named(name)
        if version is None:
            versions = " or ".join(f"{name}@{one.version} ({one.status})" for one in among)
            raise NotInForce(f"Name one: {versions}", name=name)
        numbers = ", ".join(f"{one.version} ({one.status})" for one in among)
        raise UnknownRacetrack(f"its versions are {numbers}", name=name, version=version)

    def meant(self, name: str | None, version: int | None = None) -> Version:
        """As `get`; without a name the default racetrack. Raises NoRacetrack too."""
        if name is not None:
            return self.get(name, version)
        if self.default is None:
            raise NoRacetrack
        return self.default

    def named(self, name: str) -> tuple[Version, ...]:
        """Every version of a name. Raises UnknownRacetrack, with the nearest name."""
        found = tuple(one for one in self.versions if one.name == name)
        if not found:
            known = sorted({one.name for one in self.versions})
            near = nearest(name, known)
            others = (
                f"published are: {', '.join(known) or 'none'}; `raceline racetrack publish FILE --activate` adds one."
            )
            detail = f"did you mean `{near}`?" if near else others
            raise UnknownRacetrack(detail, name=name)
        return found

    def after(self, decided: Decided) -> "Registry":
        """The registry once this was decided as well."""
        position, recorded_at, decision = decided
        match decision:
            case RacetrackDecisions.Published():
                version = Version(
                    name=decision.name,
                    version=decision.version,
                    hash=decision.hash,
                    canonical=decision.canonical,
                    text=decision.text,
                    by=decision.by,
                    position=position,
                    recorded_at=recorded_at,
                    since=position,
                )
                return replace(self, versions=(*self.versions, version), position=position)
            case RacetrackDecisions.Activated() | RacetrackDecisions.Retired():
                versions = tuple(_moved(one, decision, position) for one in self.versions)
                now = {one.name: one for one in versions if one.status == "active"}
                # A name keeps its place when another version of it takes over, and loses it when it is retired.
                names = dict.fromkeys([*(one.name for one in self.active), decision.name])
                return Registry(versions, tuple(now[name] for name in names if name in now), position)
        assert_never(decision)


def _moved(one: Version, decision: RacetrackDecisions.Activated | RacetrackDecisions.Retired, position: int) -> Version:
    if one.name != decision.name:
        return one
    if one.version == decision.version:
        activated = isinstance(decision, RacetrackDecisions.Activated)
        return replace(one, status="active" if activated else "retired", since=position)
    return replace(one, status="published", since=position) if one.status == "active" else one


def refuse_unknown_stage(racetrack: str, stage: str, stages: Sequence[str]) -> None:
    """Raises UnknownStage, with the nearest name, when it is none of these."""
    if stage not in stages:
        near = nearest(stage, stages)
        detail = f"did you mean `{near}`?" if near else f"its stages are: {', '.join(stages)}"
        raise UnknownStage(detail, racetrack=racetrack, stage=stage)
