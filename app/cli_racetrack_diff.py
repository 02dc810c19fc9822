"""The command that says what a definition would change."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from raceline.app.cli_explain import name_and_version
from raceline.app.terminal import progress, say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from raceline.app.runtime import Runtime
    from raceline.domain.feature import Feature
    from raceline.domain.racetrack import Overlay
    from raceline.domain.racetrack_registry import Registry, Version
    from raceline.projections.dry_run import DryRun

Laid = TypeVar("Laid", "Overlay", "Feature")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def diff(
    given: Annotated[
        str,
        typer.Argument(metavar="FILE|PRESET|NAME@VERSION", help="What would be in force."),
    ],
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME[@VERSION]", help="What to compare it with; by default the active one of its name."),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="At most so many customers as examples.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Say what a definition would change. Customers by stage now and then, who would move and why; writes nothing."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.projections.dry_run import dry_run

    settings = read_settings()
    other = None if against is None else name_and_version(against, "--against")
    with runtime(settings) as store:
        registry = store.racetracks.registry()
        then = _wanted(store, registry, given)
        now = registry.find(then.name) if other is None else registry.get(*other)
        with progress("deriving") as advance:
            found = dry_run(
                store.url, store.catalogue, store.rules, then, now, chunk=settings.replay_chunk_events, progress=advance
            )
    if json:
        _show_json(found, then, now, examples)
    else:
        _show(found, then, now, examples)


def _wanted(store: "Runtime", registry: "Registry", given: str) -> "Version":
    """The version that is named; a definition is the version that it would get. Raises UnknownRacetrack."""
    from raceline.app.definition import is_definition, read_definition, say_findings
    from raceline.domain.racetrack_check import refuse

    if "@" in given and not is_definition(given):
        name, version = name_and_version(given, "FILE|PRESET|NAME@VERSION")
        return registry.get(name, version)
    definition = read_definition(given, store.catalogue)
    say_findings(definition.name, definition.findings)
    refuse(definition.findings, given)
    mine = [one for one in registry.versions if one.name == definition.racetrack.name]
    new = definition.as_version(len(mine) + 1)
    return next((one for one in mine if one.hash == new.hash), new)


def _show(found: "DryRun", then: "Version", now: "Version | None", examples: int) -> None:
    compared = f"{now.name} version {now.version} ({now.status})" if now else "nothing; none of this name is active"
    say(f"now: {compared}")
    say(f"then: {_called(then)}")
    clock = _EPOCH + timedelta(microseconds=found.clock)
    say(f"derived up to position {found.position:,}, clock {clock:%Y-%m-%d %H:%M:%S} UTC; nothing was written")
    show(f"{found.moved:,} of {found.customers:,} customers would be elsewhere.")
    stages = [
        (stage or "outside", f"{before:,}", f"{after:,}", f"{after - before:+,}" if after != before else "")
        for stage, (before, after) in found.stages.items()
    ]
    show_table("Customers by stage", ("stage", "now", "then", "change"), stages)
    if found.moved:
        moved = [
            (now_ or "outside", then_ or "outside", f"{customers:,}", rule or "")
            for (now_, then_, rule), customers in found.transitions.most_common()
        ]
        show_table("Who would be elsewhere", ("now", "then", "customers", "by the rule"), moved)
        _show_examples(found, examples)
    for title, differ in (("Overlays", _overlays(then, now)), ("Features", _features(then, now))):
        if differ:
            show_table(title, tuple(differ[0]), [tuple(one.values()) for one in differ])


def _show_examples(found: "DryRun", most: int) -> None:
    shown = found.examples[:most]
    if shown:
        rows = [(one.customer_id, one.now or "outside", one.then or "outside", one.rule or "") for one in shown]
        show_table(f"Examples ({len(shown):,} of {found.moved:,})", ("customer", "now", "then", "by the rule"), rows)


def _show_json(found: "DryRun", then: "Version", now: "Version | None", examples: int) -> None:
    show_json(
        {
            "then": _facts(then),
            "now": now and _facts(now),
            "position": found.position,
            "clock": _EPOCH + timedelta(microseconds=found.clock),
            "customers": found.customers,
            "moved": found.moved,
            "stages": [
                {"stage": stage, "now": before, "then": after} for stage, (before, after) in found.stages.items()
            ],
            "transitions": [
                {"now": before, "then": after, "rule": rule, "customers": customers}
                for (before, after, rule), customers in found.transitions.most_common()
            ],
            "examples": found.examples[:examples],
            "overlays": _overlays(then, now),
            "features": _features(then, now),
        }
    )


def _overlays(then: "Version", now: "Version | None") -> list[dict[str, str]]:
    """Those that differ, which no customer's stage shows; in words."""
    from raceline.domain.racetrack_text import overlay_says

    return _differ("overlay", now.racetrack.overlays if now else {}, then.racetrack.overlays, overlay_says)


def _features(then: "Version", now: "Version | None") -> list[dict[str, str]]:
    """Those that differ: a model that is trained for one of the versions goes by others than for the other."""
    from raceline.domain.racetrack_text import feature_says

    return _differ("feature", now.racetrack.features if now else {}, then.racetrack.features, feature_says)


def _differ(
    what: str, old: "Mapping[str, Laid]", new: "Mapping[str, Laid]", says: "Callable[[Laid], str]"
) -> list[dict[str, str]]:
    told = []
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before != after:
            change = "new" if before is None else "gone" if after is None else "changed"
            words = ["" if one is None else f"{one.title}: {says(one)}" for one in (before, after)]
            told.append({what: name, "change": change, "now": words[0], "then": words[1]})
    return told


def _facts(version: "Version") -> dict[str, object]:
    published = version.version if version.position else None
    return {"racetrack": version.name, "version": published, "hash": version.hash}


def _called(version: "Version") -> str:
    if version.position:
        return f"{version.name} version {version.version} ({version.status})"
    return f"{version.name} as given; it would be version {version.version}"
