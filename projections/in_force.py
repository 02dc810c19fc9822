"""The rules with the racetracks that are in force: what is decided in the log, compiled for derivation."""

from dataclasses import replace

from raceline.domain.catalogue import Catalogue
from raceline.domain.racetrack_registry import Registry, Version
from raceline.domain.racetracks import Racetracks
from raceline.projections.race_rules import Track, compiled, wanted
from raceline.projections.rules import Rules


def with_racetracks(
    rules: Rules, catalogue: Catalogue, versions: tuple[Version, ...], beside: tuple[Version, ...] = ()
) -> Rules:
    """The rules, racing on these versions; the first is the default. The same object when nothing changes.

    beside: versions that will be raced on the same columns. Raises UnreadableRacetrack; InvalidRacetrack when the
    catalogue lacks what a version is about.
    """
    if [track.identity for track in rules.tracks] == [_identity(version) for version in versions]:
        return rules
    reads = wanted(tuple(version.racetrack for version in (*versions, *beside)), catalogue)
    tracks = tuple(_compiled(version, catalogue, reads) for version in versions)
    return replace(rules, tracks=tracks, wanted=reads)


def in_force(rules: Rules, catalogue: Catalogue, registry: Registry) -> Rules:
    """The rules with the racetracks that are active."""
    return with_racetracks(rules, catalogue, registry.active)


def in_force_now(url: str, rules: Rules, catalogue: Catalogue) -> Rules:
    """As `in_force`, by what the log says now."""
    with Racetracks(url) as racetracks:
        return in_force(rules, catalogue, racetracks.registry())


def _identity(version: Version) -> tuple[str, int, str]:
    return version.name, version.version, version.hash


def _compiled(version: Version, catalogue: Catalogue, reads: dict[str, frozenset[str]]) -> Track:
    return compiled(version.name, version.version, version.hash, version.racetrack, catalogue, reads)
