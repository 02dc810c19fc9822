"""Commands of the operator of read models: status, project, replay, verify."""

import signal
from collections.abc import Iterable
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raceline.app.terminal import progress, say, show, show_json, show_table

if TYPE_CHECKING:
    from raceline.projections.status import Status
    from raceline.projections.verify import Difference

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def status(json: Json = False) -> None:
    """Say where log and read models are. Exit status 1 when a projection has stopped."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.projections.status import read_status

    with runtime(read_settings()) as store:
        found = read_status(store.url, patience=30)
    if json:
        show_json(found)
    else:
        _show_status(found)
    if found.failures:
        raise typer.Exit(1)


def _show_status(found: "Status") -> None:
    newest = f", the newest recorded at {found.log.recorded_at:%Y-%m-%d %H:%M:%S %Z}" if found.log.recorded_at else ""
    # Decisions about racetracks have positions, too: this is no count of events.
    show(f"log          at position {found.log.head:,}{newest}")
    show(f"quarantine   {found.log.quarantined:,} entries")
    show("")
    rows = [
        (one.name, one.status, f"{one.position:,}", f"{one.lag_events:,}", f"{one.lag_seconds or 0:.1f}",
         f"stopped before {one.failed_position}: {one.failure}" if one.failure else "")
        for one in found.projections
    ]  # fmt: skip
    show_table("", ("read models", "status", "position", "lag (positions)", "lag (seconds)", "failure"), rows)


def project(
    once: Annotated[
        bool, typer.Option("--once", help="Stop as soon as the read models are level with the log.")
    ] = False,
) -> None:
    """Keep the read models up to date. `raceline serve` does it as well; ends with Ctrl-C."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    with runtime(read_settings()) as store:
        if once:
            say(f"Projected {store.projector().once():,} positions.")
            return
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        say("Projecting; Ctrl-C ends it.")
        store.projector().run(stop)


def replay(
    drop_retired: Annotated[
        bool, typer.Option("--drop-retired", help="Drop the read models that are no longer live afterwards.")
    ] = False,
) -> None:
    """Derive all read models again. They grow beside the live ones, then take their place at once."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.projections.replay import replay as run_replay

    settings = read_settings()
    with runtime(settings) as store, progress("replaying") as advance:
        done = run_replay(
            store.url,
            store.catalogue,
            store.rules,
            chunk=settings.replay_chunk_events,
            progress=advance,
            drop_retired=drop_retired,
        )
    show(f"{done.name} is live, at position {done.position:,}, from {done.events:,} events.")
    if done.dropped:
        show(f"Dropped {', '.join(done.dropped)}.")


def verify(json: Json = False) -> None:
    """Compare the read models with the log. Derives all again, prints what differs; exit status 1 if anything does."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.projections.status import read_status
    from raceline.projections.verify import verify as run_verify

    settings = read_settings()
    with runtime(settings) as store, progress("verifying") as advance:
        differences = run_verify(
            store.url, store.catalogue, store.rules, chunk=settings.replay_chunk_events, progress=advance
        )
        found = _show_differences(differences, json=json)
        live = read_status(store.url).live
    upto = f"up to position {live.position:,} of {live.position + live.lag_events:,}" if live else "anywhere"
    say(f"{found:,} differences." if found else f"The read models are as derived, {upto}.")
    if found:
        raise typer.Exit(1)


def _show_differences(differences: "Iterable[Difference]", *, json: bool) -> int:
    found = 0
    for one in differences:
        found += 1
        if json:
            show_json(one)
        else:
            show(f"{one.table} {', '.join(map(str, one.key))}")
            for name, stored, derived in _unequal(one.stored, one.derived):
                show(f"    {name}: stored {stored}, derived {derived}")
    return found


def _unequal(stored: dict[str, Any] | None, derived: dict[str, Any] | None) -> list[tuple[str, Any, Any]]:
    if stored is None or derived is None:
        missing, there = "nothing", "a row"
        return [("row", missing if stored is None else there, missing if derived is None else there)]
    return [(name, stored[name], derived[name]) for name in stored if stored[name] != derived[name]]
