"""Commands about racetracks: look through, publish, activate and retire definitions; what a change would do."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from raceline.app.cli_explain import name_and_version
from raceline.app.cli_racetrack_diff import diff
from raceline.app.cli_racetrack_history import history
from raceline.app.terminal import say, show, show_json, show_table, show_tree

if TYPE_CHECKING:
    from rich.tree import Tree

    from raceline.app.definition import Definition
    from raceline.app.runtime import Runtime
    from raceline.domain.racetrack_registry import Registry, Version

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Given = Annotated[str, typer.Argument(metavar="FILE|PRESET", help="A YAML file, or the name of a preset.")]
Named = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A racetrack by name, and one of its versions.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the read models have it; a projector has to run.")]
Patience = Annotated[float, typer.Option("--timeout", min=0, help="Seconds that --wait waits; 0 for ever.")]

racetrack = typer.Typer(help="The definitions of stages: check, publish, activate, compare.", no_args_is_help=True)


@racetrack.command("list")
def list_racetracks(json: Json = False) -> None:
    """List every published version, in the order of publishing."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    with runtime(read_settings()) as store:
        registry = store.racetracks.registry()
    if json:
        show_json([_facts(one, registry) for one in registry.versions])
    elif registry.versions:
        rows = [
            (one.name, one.version, _status(one, registry), one.racetrack.title, len(one.racetrack.stages),
             f"{one.recorded_at:%Y-%m-%d %H:%M}", one.by)
            for one in registry.versions
        ]  # fmt: skip
        show_table("", ("racetrack", "version", "status", "title", "stages", "published", "by"), rows)
    else:
        say("There is none. `raceline racetrack presets` lists those that come with raceline.")


@racetrack.command("show")
def show_racetrack(
    name: Named,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print the YAML as it was published, to copy.")] = False,
    json: Json = False,
) -> None:
    """Print a published definition, or a preset. Stages, rules and their conditions, exits, edges.

    By default the active version. A preset is meant when no version of the name is published.
    """
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    wanted = name_and_version(name, "NAME[@VERSION]")
    with runtime(read_settings()) as store:
        registry = store.racetracks.registry()
    version = _preset(registry, *wanted) or _active_or_newest(registry, *wanted)
    if yaml:
        typer.echo(version.text, nl=not version.text.endswith("\n"))
    elif json:
        import msgspec

        show_json(_facts(version, registry) | {"definition": msgspec.Raw(version.canonical.encode())})
    else:
        show_tree(_tree(version, registry))


@racetrack.command()
def check(given: Given, json: Json = False) -> None:
    """Look through a definition. Findings with file, line, column and cure; exit status 1 when one is an error."""
    from raceline.app.definition import count, read_definition, show_findings, unreadable
    from raceline.app.settings import read_settings
    from raceline.domain.catalogue import load
    from raceline.domain.errors import InvalidRacetrack

    settings = read_settings()
    catalogue = load(settings.catalogue, allow_unknown=settings.allow_unknown_types)
    try:
        findings = read_definition(given, catalogue).findings
    except InvalidRacetrack as error:
        findings = (unreadable(error, given),)
    show_findings(given, findings, json=json)
    say(f"{given}: {count(findings)}.")
    if any(one.severity == "error" for one in findings):
        raise typer.Exit(1)


@racetrack.command()
def publish(
    given: Given,
    activate: Annotated[bool, typer.Option("--activate", help="And put it in force.")] = False,
    wait: Wait = False,
    timeout: Patience = 600,
    json: Json = False,
) -> None:
    """Publish a definition as a new version of its name. It is looked through first, and refused when there are errors.

    Content that was published before keeps its version, and nothing is written.
    """
    from raceline.app.definition import read_definition
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.app.user import user

    if wait and not activate:
        raise typer.BadParameter("goes with --activate", param_hint="--wait")
    with runtime(read_settings()) as store:
        definition = read_definition(given, store.catalogue)
        _refuse(definition)
        done = store.racetracks.publish(definition.racetrack, definition.text, user())
        if json:
            show_json(done._asdict() | {"active": activate})
        elif done.new:
            show(f"{done.name} version {done.version} is published, at position {done.position:,}.")
        else:
            show(f"This is version {done.version} of {done.name} already, published at position {done.position:,}.")
        if activate:
            _activate(store, done.name, done.version, wait, timeout, quiet=json)
        elif not json and store.racetracks.registry().find(done.name, done.version) not in _active(store):
            say(f"`raceline racetrack activate {done.name}@{done.version}` puts it in force.")


@racetrack.command("activate")
def activate_version(name: Named, wait: Wait = False, timeout: Patience = 600) -> None:
    """Put a version in force, for the whole history; without a version the newest. It takes the place of the active."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    wanted, version = name_and_version(name, "NAME[@VERSION]")
    with runtime(read_settings()) as store:
        newest = store.racetracks.registry().named(wanted)[-1].version
        _activate(store, wanted, newest if version is None else version, wait, timeout)


@racetrack.command()
def retire(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Put a racetrack out of force. Its versions stay, and can be asked for and activated again."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.app.user import user

    with runtime(read_settings()) as store:
        position = store.racetracks.retire(name, user())
    show(f"{name} is in force no more since position {position:,}.")
    say(_NEXT)


racetrack.command("diff")(diff)
racetrack.command("history")(history)


@racetrack.command()
def presets(json: Json = False) -> None:
    """List the definitions that come with raceline. Their names stand for their files in every command here."""
    from raceline.domain.racetrack_file import presets, read

    found = {name: (read(path), path) for name, path in presets().items()}
    if json:
        show_json([{"preset": name, "title": race.title, "stages": list(race.stages), "file": str(path)}
                   for name, (race, path) in found.items()])  # fmt: skip
    else:
        rows = [(name, len(race.stages), race.title) for name, (race, _) in found.items()]
        show_table("", ("preset", "stages", "title"), rows)


_NEXT = (
    "The read models are rebuilt beside the live ones and take their place at once, by `raceline serve` or `raceline"
    " project`; `raceline status` says how far they are."
)


def _activate(store: "Runtime", name: str, version: int, wait: bool, timeout: float, *, quiet: bool = False) -> None:
    from raceline.app.user import user

    position = store.racetracks.activate(name, version, user())
    if not quiet:
        show(f"{name} version {version} is active since position {position:,}.")
    if not wait:
        say(_NEXT)
        return
    from raceline.app.live import wait_until_live

    say("Waiting for the read models.")
    wait_until_live(store.url, name, version, timeout or None)
    say(f"The read models have {name} version {version}.")


def _refuse(definition: "Definition") -> None:
    """Say what was found; an error ends the command."""
    from raceline.app.definition import count, say_findings

    say_findings(definition.name, definition.findings)
    if definition.errors:
        say(f"{definition.name}: {count(definition.findings)}; nothing was published.")
        raise typer.Exit(1)


def _active(store: "Runtime") -> "tuple[Version, ...]":
    return store.racetracks.registry().active


def _active_or_newest(registry: "Registry", name: str, version: int | None) -> "Version":
    if version is not None:
        return registry.get(name, version)
    return registry.find(name) or registry.named(name)[-1]


def _preset(registry: "Registry", name: str, version: int | None) -> "Version | None":
    """The preset that is meant: no version of its name is published."""
    from raceline.app.definition import read_preset

    if version is not None or any(one.name == name for one in registry.versions):
        return None
    preset = read_preset(name)
    return None if preset is None else preset.as_version(1)


def _tree(version: "Version", registry: "Registry") -> "Tree":
    from rich.text import Text

    from raceline.app.racetrack_tree import racetrack_tree

    tree = racetrack_tree(version, default=version == registry.default)
    if not version.position and isinstance(tree.label, Text):
        # Of a preset nobody can say when it was published: the first and the last line of the head.
        title = Text.assemble((version.racetrack.title, "bold"), f" ({version.name}, a preset, not published)")
        last = Text(f"`raceline racetrack publish {version.name}` publishes it; content {version.hash[:12]}", "dim")
        tree.label = Text("\n").join([title, *tree.label.split("\n")[1:-1], last])
    return tree


def _status(one: "Version", registry: "Registry") -> str:
    return "active, default" if one == registry.default else one.status


def _facts(one: "Version", registry: "Registry") -> dict[str, Any]:
    names = ("name", "version", "status", "hash", "position", "recorded_at", "by")
    published = {name: getattr(one, name) for name in names}
    if not one.position:
        published |= dict.fromkeys(names[1:]) | {"status": "preset", "hash": one.hash}
    return published | {
        "title": one.racetrack.title,
        "stages": list(one.racetrack.stages),
        "default": one == registry.default,
    }
