"""The command that learns a model from the log."""

from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app.terminal import patience, progress, say, show, show_json

if TYPE_CHECKING:
    from datetime import datetime

    from raceline.app.runtime import Runtime
    from raceline.domain.errors import PromotionRefused
    from raceline.domain.model_registry import ModelVersion
    from raceline.domain.models import Registered
    from raceline.projections.training import Trained


def train(
    racetrack: Annotated[
        str | None,
        typer.Option(metavar="NAME[@VERSION]", help="For this racetrack; by default the one that is the default."),
    ] = None,
    cut_off: Annotated[
        int | None, typer.Option(min=1, metavar="POSITION", help="Read nothing that was recorded after this position.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Watching ended then; by default at the newest event.")
    ] = None,
    landmarks: Annotated[
        int, typer.Option(min=1_000, help="Learn from at most about so many moments of stays, drawn at random.")
    ] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="What chance decides; the same seed decides the same.")] = 0,
    live_since: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="Events were recorded as they happened from then on; by default since the"
                     " first that came within a day."),
    ] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Promote it when it passes every rule.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --promote: also when it does not pass.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:  # fmt: skip
    """Learn a model from the log and register it. It is judged by customers and days that were held out.

    The same positions, options and seed give the same model, to the byte. A MOMENT is 2026-03-01 or
    2026-03-01T09:30:00+01:00; without an offset it is UTC.
    """
    from raceline.app.cli_explain import moment, name_and_version
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.app.user import user
    from raceline.projections.model_kernels import load_kernels
    from raceline.projections.training import train as learn

    if force and not promote:
        raise typer.BadParameter("goes with --promote", param_hint="--force")
    named = (None, None) if racetrack is None else name_and_version(racetrack, "--racetrack")
    watched = None if until is None else _micros(moment(until, "--until"))
    live = None if live_since is None else _micros(moment(live_since, "--live-since"))
    with runtime(read_settings()) as store:
        version = store.racetracks.registry().meant(*named)
        with progress("training", "events read") as advance:
            trained = learn(
                store.url, store.catalogue, store.rules, version,
                cut_off=cut_off, until=watched, landmarks=landmarks, seed=seed, live_since=live, progress=advance,
            )  # fmt: skip
        done = store.models.register(version, trained.content, trained.parameters_json, trained.metrics_json, user())
        with patience("Compiling what explains predictions: half a minute, the first time only."):
            load_kernels(store.catalogue)  # else the first who asks would wait for it
        refused = _promote(store, done, force) if promote else None
        _tell(store, trained, done, json=json)
    if refused is not None:
        raise refused


def _promote(store: "Runtime", done: "Registered", force: bool) -> "PromotionRefused | None":
    """Promote it when it may be; what it did not pass is told after all the rest."""
    from raceline.app.user import user
    from raceline.domain.errors import PromotionRefused

    try:
        store.models.promote(done.racetrack, done.version, user(), force=force)
    except PromotionRefused as refused:
        return refused
    return None


def _tell(store: "Runtime", trained: "Trained", done: "Registered", *, json: bool) -> None:
    """What was learned, how it did, and what to do next."""
    from raceline.app.cli_model import facts, tell_promoted
    from raceline.app.model_tables import show_metrics

    model = store.models.registry().get(done.racetrack, done.version)
    if json:
        show_json(facts(model) | {"parameters": trained.parameters, "metrics": trained.metrics, "new": done.new})
        return
    told = trained.parameters
    border, count, of_events = told["held_out_from"][:10], told["landmarks"], told["landmarks_of_events"]
    show(
        f"Learned from {count:,} landmarks ({of_events:,} at events) before {border} of four fifths of"
        f" {told['customers']:,} customers;"
        f" judged by {told['landmarks_held_out']:,} of the others, and of all from then until {told['until'][:10]}."
    )
    show("")
    show_metrics(trained.metrics)
    since = f"at position {done.position:,}"
    show(f"It is registered as {model.name}, {since}." if done.new else f"This is {model.name}, registered {since}.")
    if model.status == "promoted":
        tell_promoted(store, model)
    else:
        _say_next(store, model)


def _say_next(store: "Runtime", model: "ModelVersion") -> None:
    from raceline.app.cli_model import say_whether_used

    say_whether_used(store, model)
    if not model.failed:
        say(f"It passed every rule: `raceline model promote {model.name}` lets it predict.")
    else:
        say(
            f"It did not pass every rule ({'; '.join(model.failed)}), so it is not to be promoted. More customers, or a"
            f" longer time, may cure that; `raceline model promote {model.name} --force` does it all the same."
        )


def _micros(moment: "datetime") -> int:
    from raceline.domain.event import micros

    return micros(moment)
