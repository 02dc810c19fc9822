"""The command that takes files in."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from raceline.app.terminal import progress, say, show, show_json

if TYPE_CHECKING:
    from raceline.app.runtime import Runtime
    from raceline.domain.formats import Format, Input
    from raceline.domain.ingest import Summary

QUARANTINED = 3


def ingest(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Files, also packed by gzip or zstd; - is standard input.")
    ],
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="ndjson, json, parquet, clickstream or csv; without it, recognised.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="What the columns of a CSV file mean, as YAML.", exists=True, dir_okay=False)
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The source of events that name none; else the file's name.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each file.")] = False,
) -> None:
    """Take the events of files in. The same file again changes nothing.

    Exit status 3 when something went to quarantine; everything else was stored.
    """
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.domain.formats import open_input
    from raceline.domain.mapping import Mapping

    quarantined = 0
    with runtime(read_settings()) as store:
        if mapping is not None:
            for remark in Mapping(mapping).check(store.catalogue):
                say(f"{mapping}: {remark}.")
        for file in files:
            with open_input(file, format=cast("Format | None", format), mapping=mapping, source=source) as records:
                quarantined += take(store, records, json=json).quarantined
    if quarantined:
        say("Look at what went to quarantine with `raceline quarantine list`.")
        raise typer.Exit(QUARANTINED)


def take(store: "Runtime", records: "Input", *, json: bool = False) -> "Summary":
    """Take one input in and print what became of it, also when it cannot be read to its end."""
    from raceline.domain.file_ingest import FileIngest

    begun = time.monotonic()
    running = FileIngest(store.ingest, records, patience=store.settings.database_patience_seconds)
    try:
        with progress(records.name) as advance:
            return running.run(lambda _: advance(records.read, records.size, running.summary.received))
    except (KeyboardInterrupt, SystemExit):
        say(f"Interrupted; {records.name} is stored up to line {running.line:,} and can be given again.")
        raise
    finally:
        _show(records.name, running.summary, time.monotonic() - begun, json=json)


def _show(name: str, summary: "Summary", seconds: float, *, json: bool) -> None:
    if json:
        show_json(
            {
                "file": name,
                "received": summary.received,
                "accepted": summary.accepted,
                "duplicate": summary.duplicate,
                "quarantined": summary.quarantined,
                "reasons": summary.reasons,
                "seconds": round(seconds, 3),
            }
        )
        return
    rate = f", {summary.received / seconds:,.0f} a second" if seconds > 1 else ""
    show(
        f"{name}: {summary.received:,} events: {summary.accepted:,} accepted, {summary.duplicate:,} duplicate,"
        f" {summary.quarantined:,} quarantined ({seconds:.1f} s{rate})"
    )
    for reason, count in sorted(summary.reasons.items()):
        show(f"    {count:>8,} {reason}")
