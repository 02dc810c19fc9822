"""The command that says who decided what about racetracks, and when."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from raceline.app.terminal import printable, say, show_json, show_table

if TYPE_CHECKING:
    from raceline.domain.racetrack_registry import Decided


def history(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only of this racetrack.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Say what was decided, when and by whom. Every version published, put in force or out of force; oldest first."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    with runtime(read_settings()) as store:
        decisions = store.racetracks.decisions()
        if name is not None:
            store.racetracks.registry().named(name)
    told = [_facts(one) for one in decisions if name in (None, one.decision.name)]
    if json:
        show_json(told)
    elif told:
        rows = [
            (f"{one['position']:,}", f"{one['recorded_at']:%Y-%m-%d %H:%M:%S}", one["name"],
             f"{one['what']} v{one['version']}", printable(one["by"]))
            for one in told
        ]  # fmt: skip
        show_table("", ("position", "time (UTC)", "racetrack", "what", "by"), rows)
    else:
        say("Nothing was decided yet. `raceline racetrack presets` lists the racetracks that come with raceline.")


def _facts(decided: "Decided") -> dict[str, Any]:
    from datetime import UTC

    decision = decided.decision
    return {
        "position": decided.position,
        "recorded_at": decided.recorded_at.astimezone(UTC),
        "name": decision.name,
        "what": decision.TOPIC.removeprefix("racetrack."),
        "version": decision.version,
        "by": decision.by,
    }
