"""Commands about models: list, show, promote, roll back, retire, save. `raceline train` makes them (cli_train.py)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from raceline.app.terminal import say, show, show_json

if TYPE_CHECKING:
    from raceline.app.runtime import Runtime
    from raceline.domain.model_registry import ModelVersion

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Named = Annotated[str, typer.Argument(metavar="RACETRACK[#VERSION]", help="A model, such as cisco-13#2.")]
Raced = Annotated[str, typer.Argument(metavar="RACETRACK", help="A racetrack by name.")]
_NEXT = "Predictions follow with the read models, by `raceline serve` or `raceline project`; nothing is replayed."

model = typer.Typer(help="The models that predict: list, show, promote, roll back, retire.", no_args_is_help=True)


@model.command("list")
def list_models(json: Json = False) -> None:
    """List every registered model, in the order of registering."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    with runtime(read_settings()) as store:
        found = store.models.registry()
        if json:
            show_json([facts(one) for one in found.versions])
        elif found.versions:
            from raceline.app.model_tables import show_models

            show_models(found.versions)
            for one in found.promoted:
                say_whether_used(store, one)
        else:
            say("There is none. `raceline train` learns one from the log.")


@model.command("show")
def show_model(name: Named, json: Json = False) -> None:
    """Print what a model was trained by and how it did. Its stages, and the rules of promotion with what was observed.

    Without a version the one in force, else the newest.
    """
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    racetrack, version = model_name(name)
    with runtime(read_settings()) as store:
        registry = store.models.registry()
    found = registry.in_force(racetrack) if version is None else registry.get(racetrack, version)
    found = found or registry.named(racetrack)[-1]
    if json:
        show_json(facts(found) | {"parameters": found.parameters_read, "metrics": found.metrics_read})
    else:
        from raceline.app import model_tables

        model_tables.show_model(found)


@model.command("promote")
def promote_model(
    name: Named,
    force: Annotated[
        bool, typer.Option("--force", help="Although it did not pass every rule; the log keeps it.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, in your words; kept in the log.")] = "",
) -> None:
    """Let a model predict from here on, in the place of the one that does. Without a version the newest.

    Refused when it did not pass every rule of promotion.
    """
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.app.user import user

    racetrack, version = model_name(name)
    with runtime(read_settings()) as store:
        before = store.models.registry()
        wanted = before.named(racetrack)[-1].version if version is None else version
        store.models.promote(racetrack, wanted, user(), force=force, reason=reason)
        if any(one.version == wanted for one in before.promoted if one.racetrack == racetrack):
            say("It was in force already: nothing was decided, and no reason is kept.")
        tell_promoted(store, store.models.registry().get(racetrack, wanted))


@model.command("roll-back")
def roll_back(racetrack: Raced) -> None:
    """Put the model in force that was before the one that is."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.app.user import user

    racetrack = _racetrack_alone(racetrack)
    with runtime(read_settings()) as store:
        position = store.models.roll_back(racetrack, user())
        now = store.models.registry(position).in_force(racetrack)
        if now is not None:
            show(f"{now.name} is in force again since position {position:,}.")
            if say_whether_used(store, now):
                say(_NEXT)


@model.command()
def retire(racetrack: Raced) -> None:
    """Put the model of a racetrack out of force. Nothing is predicted until one is promoted."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.app.user import user

    racetrack = _racetrack_alone(racetrack)
    with runtime(read_settings()) as store:
        position = store.models.retire(racetrack, user())
    show(f"No model of {racetrack} is in force since position {position:,}.")


@model.command()
def save(
    name: Annotated[str, typer.Argument(metavar="RACETRACK#VERSION", help="A model, such as cisco-13#2.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the file of a model: plain arrays, with a checksum."""
    from raceline.app.export_file import refuse_file, sink
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    racetrack, version = model_name(name)
    if version is None:
        raise typer.BadParameter(f"name a version, such as {racetrack}#1", param_hint="RACETRACK#VERSION")
    refuse_file(file, force=force)
    with runtime(read_settings()) as store:
        found = store.models.registry().get(racetrack, version)
        content = store.models.file(found.hash)
    with sink(file) as written:
        written.write(content)
    show(f"{found.name} is written to {file}, {len(content):,} bytes with SHA-256 {found.hash}.")


def model_name(text: str) -> tuple[str, int | None]:
    """A racetrack and the version of a model: cisco-13#2, or cisco-13."""
    name, sharp, number = text.rpartition("#")
    if not sharp:
        if "@" in text:
            name, _, number = text.partition("@")
            meant = f"{text} is a version of a racetrack; a model is written {name}#{number or 1}"
            raise typer.BadParameter(meant, param_hint="RACETRACK[#VERSION]")
        return text, None
    if not name or not number.isascii() or not number.isdecimal():
        raise typer.BadParameter(f"not a model: {text}; one is written cisco-13#2", param_hint="RACETRACK[#VERSION]")
    return name, int(number)


def _racetrack_alone(text: str) -> str:
    name = text.partition("#")[0].partition("@")[0]
    if name != text:
        raise typer.BadParameter(
            f"write {name or 'cisco-13'} without a version; `raceline model promote {name or 'cisco-13'}#1` puts the"
            " one in force that you name",
            param_hint="RACETRACK",
        )
    return text


def tell_promoted(store: "Runtime", promoted: "ModelVersion") -> None:
    """Say since when a model is in force, whether by force, and whether it predicts."""
    forced = promoted.promotion is not None and promoted.promotion.forced
    show(f"{promoted.name} is in force since position {promoted.since:,}{', forced' if forced else ''}.")
    if say_whether_used(store, promoted):
        say(_NEXT)


def say_whether_used(store: "Runtime", model: "ModelVersion") -> bool:
    """Say it when the racetrack has changed since, or is not in force, so that the model predicts nothing."""
    active = store.racetracks.registry().find(model.racetrack)
    if active is None:
        say(f"No version of {model.racetrack} is in force, so nothing is predicted until one is.")
        return False
    if active.hash != model.racetrack_hash:
        now, then = f"{model.racetrack}@{active.version}", f"{model.racetrack}@{model.racetrack_version}"
        said = f"{model.name} was trained for {then}, and {now} is in force: nothing is predicted"
        say(f"WARNING: {said} by it. {_way_on(store, model.racetrack, active.hash)}")
        return False
    return True


def _way_on(store: "Runtime", racetrack: str, active: str) -> str:
    """How predictions come back for the version of a racetrack that is in force, by its hash."""
    models = store.models.registry()
    in_force = models.in_force(racetrack)
    if in_force is not None and in_force.racetrack_hash == active:
        return f"{in_force.name}, which is in force, goes on predicting."
    fitting = [one for one in models.named(racetrack) if one.racetrack_hash == active]
    if passed := [one for one in fitting if not one.failed]:
        return f"`raceline model promote {passed[-1].name}` lets one predict that was trained for it."
    return f"`raceline train --racetrack {racetrack} --promote` learns one for it."


def facts(one: "ModelVersion") -> dict[str, Any]:
    """A model for scripts, without its parameters and metrics."""
    names = (
        "racetrack",
        "version",
        "status",
        "racetrack_version",
        "racetrack_hash",
        "hash",
        "position",
        "recorded_at",
        "by",
    )
    promotion = None if one.promotion is None else one.promotion._asdict()
    return {name: getattr(one, name) for name in names} | {
        "since": one.since,
        "failed": one.failed,
        "promotion": promotion,
    }
