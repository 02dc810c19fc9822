"""Commands that give flat tables to other programs: export stays, moves, paths, cases, predictions and the like."""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app.export_format import Format
from raceline.app.terminal import progress, say

if TYPE_CHECKING:
    from raceline.app.export import Span
    from raceline.app.export_tables import Table
    from raceline.app.stage_day_tables import Days

export = typer.Typer(
    help="Give flat tables to other programs: CSV, Parquet, Arrow IPC. Parquet and Arrow say what each column means, "
    "in the metadata of its field.",
    no_args_is_help=True,
)


def parse_day(text: str | date) -> date:
    """A day from the command line."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"write a day such as 2026-03-01, not {text!r}") from None


From = Annotated[
    date | None,
    typer.Option("--from", parser=parse_day, metavar="DAY", help="From this day on; without it from the first."),
]
To = Annotated[
    date | None,
    typer.Option("--to", parser=parse_day, metavar="DAY", help="To this day, included; without it to the last."),
]
Kind = Annotated[
    Format | None,
    typer.Option("--format", help="The format; without it what the file's name ends in, or csv.", show_default=False),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE|-", help="The file; - is standard output.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
Racetrack = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of this racetrack; without it of the one that was activated first.")
]
Stages = Annotated[
    list[str] | None, typer.Option("--stage", metavar="STAGE", help="Only of this stage; may be repeated.")
]

FirstDay = Annotated[date, typer.Option("--from", parser=parse_day, metavar="DAY", help="The first day.")]
LastDay = Annotated[date, typer.Option("--to", parser=parse_day, metavar="DAY", help="The last day, included.")]
AnyVersion = Annotated[
    str | None,
    typer.Option("--racetrack", metavar="NAME[@VERSION]", help="On this racetrack; without a version the active one."),
]
Account = Annotated[str | None, typer.Option(metavar="ACCOUNT", help="Only customers who belong to this company now.")]


class By(StrEnum):
    """What cases can be told by, a row for each value."""

    SEVERITY = "severity"
    CAUSE = "cause"
    PROBLEM = "problem"


@export.command("stage-days")
def stage_days(
    first: FirstDay,
    last: LastDay,
    by: Annotated[
        By | None, typer.Option(help="Instead of all figures the cases by this, a row for each value.")
    ] = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    racetrack: AnyVersion = None,
    stage: Stages = None,
    account: Account = None,
    force: Force = False,
) -> None:
    """Every stage on every day. Customers, support cases open and closed, sentiment, severities, surveys, overlays."""
    days = stages_and_days(first, last, racetrack, stage, account)
    _export_days(days, by, format, output, force=force)


@export.command()
def stays(
    first: From = None,
    last: To = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    racetrack: Racetrack = None,
    stage: Stages = None,
    force: Force = False,
) -> None:
    """Stays in stages that began in these days. When each began and ended, by which rule, and where it led."""
    from raceline.app.export_tables import STAYS

    _export(STAYS, span(first, last), format, output, force=force, racetrack=racetrack, stages=tuple(stage or ()))


@export.command()
def moves(
    first: From = None,
    last: To = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    racetrack: Racetrack = None,
    stage: Annotated[
        list[str] | None,
        typer.Option("--stage", metavar="STAGE", help="Only into or out of this stage; may be repeated."),
    ] = None,
    force: Force = False,
) -> None:
    """Moves of these days. By which rule, with the positions of the event and of the evidence."""
    from raceline.app.export_tables import MOVES

    _export(MOVES, span(first, last), format, output, force=force, racetrack=racetrack, stages=tuple(stage or ()))


@export.command()
def paths(
    first: From = None,
    last: To = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """Paths that started in these days. Their pages, turnarounds, ping-pongs and loops; days are of UTC."""
    from raceline.app.export_tables import PATHS

    _export(PATHS, span(first, last), format, output, force=force)


@export.command()
def cases(
    first: From = None,
    last: To = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    racetrack: Racetrack = None,
    force: Force = False,
) -> None:
    """Support cases that were opened in these days. As known now, with the history of each; of all products."""
    from raceline.app.export_tables import CASES

    _export(CASES, span(first, last), format, output, force=force, racetrack=racetrack)


@export.command()
def predictions(
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    racetrack: Racetrack = None,
    stage: Stages = None,
    force: Force = False,
) -> None:
    """What is predicted now of customers in stages. Chances by exit, expected days, by which model and from what."""
    from raceline.app.export_tables import PREDICTIONS

    _export(PREDICTIONS, span(None, None), format, output, force=force, racetrack=racetrack, stages=tuple(stage or ()))


@export.command()
def ledger(
    first: From = None,
    last: To = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    racetrack: Racetrack = None,
    stage: Stages = None,
    force: Force = False,
) -> None:
    """Predictions that were made in these days. The first of each customer, stay and day, and what came true of it."""
    from raceline.app.export_tables import LEDGER

    _export(LEDGER, span(first, last), format, output, force=force, racetrack=racetrack, stages=tuple(stage or ()))


def span(first: date | None, last: date | None, of: str = "") -> "Span":
    """The days between two; wrong usage when the first comes after the last. of: what its options begin with."""
    from raceline.app.export import Span

    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"{first} is after {last}, the day of --{of}to", param_hint=f"--{of}from")
    return Span(first, last)


def stages_and_days(
    first: date, last: date, racetrack: str | None, stage: list[str] | None, account: str | None
) -> "Days":
    """Whose days the options name; wrong usage when there are none."""
    from raceline.app.cli_explain import name_and_version
    from raceline.app.stage_day_tables import Days

    span(first, last)
    named = None if racetrack is None else name_and_version(racetrack, "--racetrack")
    return Days(first, last, named, tuple(stage) if stage else None, account)


def _export_days(days: "Days", by: By | None, kind: Format | None, output: str, *, force: bool) -> None:
    from raceline.app.asking import asking
    from raceline.app.export_days import day_batches
    from raceline.app.export_file import refuse_output, table_file
    from raceline.app.export_format import format_of
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    kind = format_of(output, kind)
    refuse_output(output, kind, force=force)
    with runtime(read_settings()) as store, asking(store) as ask, progress("exporting", of="rows") as advance:
        table = day_batches(store.racetracks, ask, days, by)
        count, whole = 0, (days.last - days.first).days + 1
        with table_file(output, kind, table.schema) as write:
            for day, batch in table.batches:
                write(batch)
                count += batch.num_rows
                advance((day - days.first).days + 1, whole, count)
    say_done(count, "rows", table.position, output)


def _export(
    table: "Table",
    days: "Span",
    kind: Format | None,
    output: str,
    *,
    force: bool,
    racetrack: str | None = None,
    stages: tuple[str, ...] = (),
) -> None:
    from raceline.app.export import snapshot
    from raceline.app.export_file import refuse_output, table_file
    from raceline.app.export_format import format_of
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    kind = format_of(output, kind)
    refuse_output(output, kind, force=force)
    with runtime(read_settings()) as store, snapshot(store.url) as now:
        track = now.track(store.racetracks, racetrack)
        if track is not None:
            now.refuse_unknown(track, stages)
        schema, batches = now.batches(table, days, track, stages, text_lists=kind is Format.CSV)
        count = 0
        with table_file(output, kind, schema) as write, progress("exporting", of=table.name) as advance:
            for batch in batches:
                write(batch)
                count += batch.num_rows
                advance(count, None)
        say_done(count, "predictions" if table.name == "ledger" else table.name, now.position, output)
        if table.name == "predictions" and track is not None and not count:
            from raceline.app.no_prediction import why_nothing

            say(why_nothing(store.models.registry(now.position), track.name, track.version))


def say_done(count: int, what: str, position: int, output: str) -> None:
    """How many rows there are, and at which position they are true."""
    where = "" if output == "-" else f" in {output}"
    say(f"{count:,} {what}{where}, as of position {position:,}.")
