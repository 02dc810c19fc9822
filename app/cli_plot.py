"""Commands that draw pictures of stages: plot cases, sentiment, customers, stays."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app.cli_export import Account, AnyVersion, FirstDay, Force, LastDay, stages_and_days
from raceline.app.terminal import progress, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from raceline.app.plot_data import Picture
    from raceline.app.stage_day_tables import Days

plot = typer.Typer(help="Draw pictures of stages and of paths, as PNG, SVG or PDF.", no_args_is_help=True)

PictureFile = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="The picture; it ends in .png, .svg or .pdf.")
]
OnlyStages = Annotated[
    list[str] | None, typer.Option("--stage", metavar="STAGE", help="Only this stage; may be repeated.")
]


class Side(StrEnum):
    """Which cases are drawn."""

    OPEN = "open"
    CLOSED = "closed"


OfSide = Annotated[Side, typer.Option(help="Cases that are open at the end of each day, or that were closed.")]


@plot.command()
def cases(
    first: FirstDay,
    last: LastDay,
    output: PictureFile,
    side: OfSide = Side.OPEN,
    racetrack: AnyVersion = None,
    stage: OnlyStages = None,
    account: Account = None,
    force: Force = False,
) -> None:
    """Support cases by severity, stacked, the worst at the bottom. Closed ones by the week where the days are many."""
    days = stages_and_days(first, last, racetrack, stage, account)

    def drawn(picture: "Picture") -> "Figure":
        from raceline.app import plots

        return plots.cases(picture, side)

    _plot_days(days, output, drawn, force=force)


@plot.command()
def sentiment(
    first: FirstDay,
    last: LastDay,
    output: PictureFile,
    side: OfSide = Side.OPEN,
    racetrack: AnyVersion = None,
    stage: OnlyStages = None,
    account: Account = None,
    force: Force = False,
) -> None:
    """The sentiment of support cases. Lowest, highest and mean."""
    days = stages_and_days(first, last, racetrack, stage, account)

    def drawn(picture: "Picture") -> "Figure":
        from raceline.app import plots

        return plots.sentiment(picture, side)

    _plot_days(days, output, drawn, force=force)


@plot.command()
def customers(
    first: FirstDay,
    last: LastDay,
    output: PictureFile,
    racetrack: AnyVersion = None,
    stage: OnlyStages = None,
    account: Account = None,
    force: Force = False,
) -> None:
    """Customers by stage at the end of each day. All stages stacked, and each by itself."""
    days = stages_and_days(first, last, racetrack, stage, account)

    def drawn(picture: "Picture") -> "Figure":
        from raceline.app import plots

        return plots.customers(picture)

    _plot_days(days, output, drawn, force=force)


@plot.command()
def stays(output: PictureFile, racetrack: AnyVersion = None, force: Force = False) -> None:
    """How long stays last. Kaplan-Meier curves of all stays, with those that go on, and their 95 % bands."""
    from raceline.app.asking import asking
    from raceline.app.cli_explain import name_and_version
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    refuse_picture(output, force=force)
    named = None if racetrack is None else name_and_version(racetrack, "--racetrack")
    with runtime(read_settings()) as store, asking(store) as ask:
        from raceline.app import plots
        from raceline.app.plot_asked import lengths

        found = lengths(store.racetracks, ask, named)
        save_picture(plots.stays(found.curves, found.subtitle, found.source), output)


def _plot_days(days: "Days", output: str, drawn: "Callable[[Picture], Figure]", *, force: bool) -> None:
    from raceline.app.asking import asking
    from raceline.app.plot_asked import days_picture
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    refuse_picture(output, force=force)
    whole = (days.last - days.first).days + 1
    with runtime(read_settings()) as store, asking(store) as ask, progress("asking", of="days") as advance:
        picture = days_picture(store.racetracks, ask, days, lambda day: advance((day - days.first).days + 1, whole))
    save_picture(drawn(picture), output)


def refuse_picture(output: str, *, force: bool) -> None:
    """Look before the work is done whether it can be drawn and written. Raises CannotWrite."""
    from importlib.util import find_spec

    from raceline.app.export_file import refuse_file
    from raceline.domain.errors import CannotWrite

    if find_spec("matplotlib") is None:
        raise CannotWrite("Pictures need matplotlib: pip install 'raceline[plot]'.")
    if Path(output).suffix.lower() not in (".png", ".svg", ".pdf"):
        raise CannotWrite("A picture ends in .png, .svg or .pdf.", output=output)
    refuse_file(output, force=force)


def save_picture(figure: "Figure", output: str) -> None:
    """Write it in the format that the name ends in."""
    from raceline.app.export_file import sink
    from raceline.app.plot_frame import save

    with sink(output) as file:
        save(figure, file, Path(output).suffix[1:].lower())
    say(f"The picture is in {output}.")
