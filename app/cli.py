"""The command line. Whatever a command needs is imported when it runs, so that help and completion come at once."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from raceline.app import (
    cli_db,
    cli_explain,
    cli_export_paths,
    cli_ingest,
    cli_log,
    cli_model,
    cli_plot_predictions,
    cli_racetrack,
    cli_serve,
    cli_site,
    cli_train,
    cli_views,
)
from raceline.app.say_once import say_once
from raceline.app.terminal import say, show, show_json, show_table

ERROR, INTERRUPTED, TERMINATED = 1, 130, 143
_EPILOG = (
    "Settings are environment variables, RACELINE_...; `raceline settings` lists them. Exit status: 0 done; 1 an error "
    "or a finding of verify or status; 2 wrong usage; 3 something went to quarantine, all else was stored. "
    "RACELINE_DEBUG=1 shows where an error comes from."
)

app = typer.Typer(
    name="raceline",
    help="Customer journeys from immutable events: take them in, derive, ask.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(cli_serve.serve)
app.command()(cli_ingest.ingest)
app.command()(cli_log.events)
app.command()(cli_explain.explain)
app.add_typer(cli_export_paths.export, name="export")
app.add_typer(cli_plot_predictions.plot, name="plot")
app.command()(cli_views.status)
app.command()(cli_views.project)
app.command()(cli_views.replay)
app.command()(cli_views.verify)
app.add_typer(cli_racetrack.racetrack, name="racetrack")
app.command()(cli_train.train)
app.add_typer(cli_model.model, name="model")
app.add_typer(cli_site.site, name="site")
app.add_typer(cli_log.quarantine, name="quarantine")
app.add_typer(cli_db.db, name="db")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        show(f"raceline {version('raceline')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Customer journeys from immutable events: take them in, derive, ask."""


@app.command()
def catalogue(
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    json_schema: Annotated[bool, typer.Option("--json-schema", help="Print JSON Schema of every type.")] = False,
) -> None:
    """Print the event types. The built-in ones and those of RACELINE_CATALOGUE."""
    from raceline.app.settings import read_settings
    from raceline.domain.catalogue import load

    settings = read_settings()
    found = load(settings.catalogue, allow_unknown=settings.allow_unknown_types)
    if json_schema:
        show_json(found.json_schema())
    elif json:
        show_json([row._asdict() for row in found.table()])
    else:
        columns = ("type", "version", "what it says", "attributes", "source", "owner")
        show_table("", columns, found.table())
        show("\n? may be missing or null, * holds personal data.")


@app.command()
def settings(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting and its value. Passwords are masked."""
    from raceline.app.settings import PREFIX, Settings, masked, read_settings

    found = read_settings()
    values = found.model_dump(mode="json")
    if found.database_url is not None:
        values["database_url"] = masked(found.database_url.get_secret_value())
    if json:
        show_json({f"{PREFIX}{name.upper()}": value for name, value in values.items()})
        return
    fields = Settings.model_fields
    rows = [(f"{PREFIX}{name.upper()}", _as_set(value), fields[name].description) for name, value in values.items()]
    show_table("", ("variable", "value", "meaning"), rows)


def _as_set(value: object) -> str:
    """A value as it would be written into the environment."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
    return str(value)


say_once(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit status; what goes wrong on purpose is told in a line or two."""
    from raceline.domain.errors import RacelineError

    # A command that is told to end gives the database back first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        app(arguments, prog_name="raceline")
    except RacelineError as error:
        if os.environ.get("RACELINE_DEBUG"):
            raise
        say(f"raceline: {error}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(ERROR)
