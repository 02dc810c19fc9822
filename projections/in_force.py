"""The rules with what is in force: the racetracks that are decided in the log, compiled for derivation, and the models
that predict on them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from raceline.domain.catalogue import Catalogue
from raceline.domain.log import EventLog
from raceline.domain.models import Models
from raceline.domain.racetrack_registry import Registry, Version
from raceline.domain.racetracks import Racetracks
from raceline.projections.race_rules import Track, compiled, wanted
from raceline.projections.rules import Rules
from raceline.projections.scoring import Scoring, Scorings


class InForce:
    """What a log says is in force; safe to share between threads. A log given by its URL is closed with it."""

    def __init__(self, log: EventLog | str, catalogue: Catalogue) -> None:
        self._log, self._owned = (EventLog(log), True) if isinstance(log, str) else (log, False)
        self.racetracks, self.models = Racetracks(self._log), Models(self._log)
        self.scorings = Scorings(self.models, catalogue)
        self._catalogue = catalogue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._owned:
            self._log.close()

    def racing(self, rules: Rules, registry: Registry, up_to: int | None = None) -> Rules:
        """The rules with the racetracks that a registry has active, and with the models in force at a position; by
        default now. The same object when nothing changes."""
        rules = in_force(rules, self._catalogue, registry)
        return with_models(rules, self.scorings.of(rules.tracks, up_to))

    def now(self, rules: Rules) -> Rules:
        """The rules by what the log says now."""
        return self.racing(rules, self.racetracks.registry())


def with_racetracks(
    rules: Rules, catalogue: Catalogue, versions: tuple[Version, ...], beside: tuple[Version, ...] = ()
) -> Rules:
    """The rules, racing on these versions; the first is the default. The same object when nothing changes.

    beside: versions that will be raced on the same columns. Models of other racetracks predict no more. Raises
    UnreadableRacetrack; InvalidRacetrack when the catalogue lacks what a version is about.
    """
    if [track.identity for track in rules.tracks] == [_identity(version) for version in versions]:
        return rules
    reads = wanted(tuple(version.racetrack for version in (*versions, *beside)), catalogue)
    tracks = tuple(_compiled(version, catalogue, reads) for version in versions)
    return replace(rules, tracks=tracks, wanted=reads, models={})


def with_models(rules: Rules, models: Mapping[str, Scoring]) -> Rules:
    """The rules, predicting by these. The same object when nothing changes."""
    return rules if rules.models == models else replace(rules, models=models)


def in_force(rules: Rules, catalogue: Catalogue, registry: Registry) -> Rules:
    """The rules with the racetracks that are active."""
    return with_racetracks(rules, catalogue, registry.active)


def in_force_now(url: str, rules: Rules, catalogue: Catalogue) -> Rules:
    """The rules with the racetracks and the models that are in force, by what the log says now."""
    with InForce(url, catalogue) as found:
        return found.now(rules)


def _identity(version: Version) -> tuple[str, int, str]:
    return version.name, version.version, version.hash


def _compiled(version: Version, catalogue: Catalogue, reads: dict[str, frozenset[str]]) -> Track:
    return compiled(version.name, version.version, version.hash, version.racetrack, catalogue, reads)
