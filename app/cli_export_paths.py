"""Commands that give what is counted of paths to other programs: export pages, graph, variants, percolation ..."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app import cli_export
from raceline.app.cli_export import Force, From, Kind, Output, Racetrack, To, say_done, span
from raceline.app.cli_path_options import (
    Alpha,
    ByGroups,
    First,
    FunnelPattern,
    GraphFormat,
    Of,
    OfStrata,
    OverPeriods,
    PastFrom,
    PastTo,
    Per,
    PerUnit,
    Steps,
    Strata,
    past,
)
from raceline.app.cli_where import CONDITIONS, Where, group, of_paths
from raceline.app.export_format import Format, format_of

if TYPE_CHECKING:
    from raceline.app.asking import Ask
    from raceline.app.path_questions import Told
    from raceline.app.path_tables import PathTable

export = cli_export.export


@export.command()
@of_paths
def pages(
    where: Where,
    past_from: PastFrom = None,
    past_to: PastTo = None,
    strata: OfStrata = Strata.TYPE,
    alpha: Alpha = 0.05,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """Every page with what happens there. Turnarounds, what rate was expected, and the test that flags pages."""
    from raceline.app import path_questions
    from raceline.app.path_export_tables import PAGES

    then = past(past_from, past_to)
    _export(
        PAGES,
        lambda ask: path_questions.pages(ask, where, past=then, strata=strata, alpha=alpha),
        "nodes",
        format,
        output,
        force=force,
    )


@export.command()
@of_paths
def graph(
    where: Where,
    steps: Steps = None,
    of: Annotated[Of, typer.Option(help="Which table; GraphML holds nodes and edges.")] = Of.EDGES,
    nodes: Annotated[int | None, typer.Option(min=1, help="Only so many pages, the most visited.")] = None,
    edges: Annotated[int | None, typer.Option(min=1, help="Only so many edges, the most frequent.")] = None,
    format: Annotated[  # noqa: A002
        GraphFormat | None,
        typer.Option(help="The format; without it what the file's name ends in, or csv.", show_default=False),
    ] = None,
    output: Output = "-",
    force: Force = False,
) -> None:
    """The site as a graph. Pages with the start and the ends, steps between them, and links that nobody took.

    GraphML cannot hold control characters: where the name or the title of a page has one, it has U+FFFD there. Other
    formats have it as it is.
    """
    from raceline.app import path_questions
    from raceline.app.path_export_tables import EDGES, NEVER_TAKEN, NODES

    def ask_graph(ask: "Ask") -> "Told":
        most = path_questions.EVERY
        return path_questions.graph(ask, where, steps=steps, nodes=nodes or most, edges=edges or most)

    if format is GraphFormat.GRAPHML or (format is None and output.lower().endswith(".graphml")):
        _export_graphml(ask_graph, output, force=force)
        return
    table, rows = {
        Of.EDGES: (EDGES, "edges"),
        Of.NODES: (NODES, "nodes"),
        Of.NEVER_TAKEN: (NEVER_TAKEN, "neverTaken"),
    }[of]
    _export(table, ask_graph, rows, None if format is None else Format(format.value), output, force=force)


@export.command()
@of_paths
def variants(
    where: Where,
    first: First = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """Paths of identical steps. How many there are of each, with cumulative coverage and the share resolved."""
    from raceline.app import path_questions
    from raceline.app.path_export_tables import VARIANTS

    _export(
        VARIANTS,
        lambda ask: path_questions.variants(ask, where, first=first or path_questions.EVERY),
        "variants",
        format,
        output,
        force=force,
    )


@export.command()
@of_paths
def percolation(
    where: Where,
    over: OverPeriods = None,
    by: ByGroups = None,
    first: First = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """How long paths are. Mean and variance of all, resolved and open ones, over time and by group."""
    from raceline.app import path_questions
    from raceline.app.path_export_tables import PERCOLATION

    _export(
        PERCOLATION,
        lambda ask: path_questions.percolation(ask, where, over=over, by=by, first=first or path_questions.EVERY),
        "rows",
        format,
        output,
        force=force,
    )


@export.command()
@of_paths
def funnel(
    steps: FunnelPattern,
    where: Where,
    per: PerUnit = Per.PATH,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """How many come from step to step. Conversion with its interval, time between, base rate and lift."""
    from raceline.app import path_questions
    from raceline.app.path_export_tables import FUNNEL

    _export(FUNNEL, lambda ask: path_questions.funnel(ask, where, steps, per=per), "steps", format, output, force=force)


@export.command()
@of_paths
def comparison(
    where: Where,
    a: Annotated[list[str], typer.Option("--a", metavar="CONDITION", help=f"Of the first group: {CONDITIONS}.")],
    b: Annotated[list[str], typer.Option("--b", metavar="CONDITION", help="The same of the second group.")],
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """Two groups of paths side by side. Each figure with the difference, its interval and a test.

    As in: raceline export comparison --a variant=layout-a --b variant=layout-b. The other options hold for both groups.
    """
    from raceline.app import path_questions
    from raceline.app.path_export_tables import COMPARISON

    groups = group(a, where, "--a"), group(b, where, "--b")
    _export(COMPARISON, lambda ask: path_questions.comparison(ask, *groups), "metrics", format, output, force=force)


@export.command("before-moves")
def before_moves(
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="The stage that customers move on from.")],
    first_day: From = None,
    last_day: To = None,
    racetrack: Racetrack = None,
    window: Annotated[int, typer.Option(min=1, help="A page counts for so many days after it was viewed.")] = 7,
    first: First = None,
    format: Kind = None,  # noqa: A002
    output: Output = "-",
    force: Force = False,
) -> None:
    """Which pages come before a move into a later stage. Counted against customers who stayed."""
    from raceline.app import path_questions
    from raceline.app.path_export_tables import BEFORE_MOVES

    span(first_day, last_day)

    def asked(ask: "Ask") -> "Told":
        days, most = (first_day, last_day), first or path_questions.EVERY
        return path_questions.before_moves(ask, stage, racetrack=racetrack, window=window, days=days, first=most)

    _export(BEFORE_MOVES, asked, "pages", format, output, force=force)


def _export(
    table: "PathTable",
    question: "Callable[[Ask], Told]",
    rows: str,
    kind: Format | None,
    output: str,
    *,
    force: bool,
) -> None:
    from raceline.app.export_file import refuse_output, table_file

    kind = format_of(output, kind)
    refuse_output(output, kind, force=force)
    told = answer(question)
    batch = table.batch(told.rows[rows], told.metadata(), text_lists=kind is Format.CSV)
    with table_file(output, kind, batch.schema) as write:
        write(batch)
    say_told(told, batch.num_rows, output)


def _export_graphml(question: "Callable[[Ask], Told]", output: str, *, force: bool) -> None:
    from raceline.app.export_file import refuse_output, sink
    from raceline.app.graphml import write_graphml

    refuse_output(output, Format.CSV, force=force)
    told = answer(question)
    with sink(output) as file:
        write_graphml(file, told.rows["nodes"], told.rows["edges"], told.metadata())
    say_told(told, len(told.rows["nodes"]) + len(told.rows["edges"]), output)


def answer(question: "Callable[[Ask], Told]") -> "Told":
    """What the API answers on the database of the settings."""
    from raceline.app.asking import asking
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    with runtime(read_settings()) as store, asking(store) as ask:
        return question(ask)


def say_told(told: "Told", rows: int, output: str) -> None:
    """How many rows there are, at which position they are true, and what they leave out."""
    from raceline.app.terminal import say

    say_done(rows, "rows", told.position, output)
    if rest := told.left_out():
        say(f"Left out: {rest}.")
    for remark in told.remarks:
        say(remark)
