"""Commands about the database itself."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from raceline.app.terminal import say, show

db = typer.Typer(help="The database that raceline uses.", no_args_is_help=True)


@db.command()
def url() -> None:
    """Print the connection URL. It has the password in it."""
    from raceline.app.runtime import database
    from raceline.app.settings import read_settings

    settings = read_settings()
    with database(settings) as found:
        show(found)
    if settings.database_url is None:
        say(
            "The embedded server runs only while a raceline command does: keep `raceline serve` running, or use"
            " `raceline db psql`."
        )


@db.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database. What follows is passed on to it."""
    from raceline.app.runtime import database
    from raceline.app.settings import read_settings

    program = _psql()
    with database(read_settings()) as found:
        # psql deals with Ctrl-C by itself, and its exit status is ours.
        done = subprocess.run([program, found, *context.args], check=False)  # noqa: S603 - a program by its full path
    raise typer.Exit(done.returncode)


def _psql() -> str:
    from raceline.app.embedded import wheel_binaries
    from raceline.domain.errors import EmbeddedServerFailed, RacelineError

    if found := shutil.which("psql"):
        return found
    try:
        ours: Path | None = wheel_binaries() / "psql"
    except EmbeddedServerFailed:
        ours = None
    if ours is None or not ours.exists():
        raise RacelineError(
            "There is no psql on this machine. Install PostgreSQL's client, or give another program the URL that"
            " `raceline db url` prints."
        )
    return str(ours)


@db.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Drop every event and every read model. Nothing brings them back; the rest of the database stays."""
    from raceline.app.reset import reset as run_reset
    from raceline.app.runtime import database
    from raceline.app.settings import masked, read_settings
    from raceline.domain.errors import NotConfirmed

    with database(read_settings()) as found:
        if not yes:
            if not sys.stdin.isatty():
                raise NotConfirmed("Nobody is here to ask; say --yes.")
            typer.confirm(f"Drop every event in {masked(found)}?", abort=True, err=True)
        dropped = run_reset(found)
    show(f"Dropped {', '.join(dropped)}." if dropped else "There was nothing to drop.")
