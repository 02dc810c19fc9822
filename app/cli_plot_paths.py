"""Commands that draw pictures of paths: plot pages, graph, percolation, funnel."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app import cli_plot
from raceline.app.cli_export import Force
from raceline.app.cli_export_paths import answer
from raceline.app.cli_path_options import (
    Alpha,
    ByGroups,
    FunnelPattern,
    OfStrata,
    Over,
    Per,
    PerUnit,
    Strata,
)
from raceline.app.cli_plot import PictureFile, refuse_picture, save_picture
from raceline.app.cli_where import Where, described, of_paths
from raceline.app.terminal import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from raceline.app.asking import Ask
    from raceline.app.path_questions import Told

plot = cli_plot.plot


@plot.command()
@of_paths
def pages(
    output: PictureFile,
    where: Where,
    strata: OfStrata = Strata.TYPE,
    alpha: Alpha = 0.05,
    force: Force = False,
) -> None:
    """Turnaround rates of pages, with the limits of what is expected. A funnel plot; flagged pages have their names."""

    def asked(ask: "Ask") -> "Told":
        from raceline.app import path_questions

        return path_questions.pages(ask, where, strata=strata, alpha=alpha)

    def drawn(told: "Told", source: str) -> "Figure":
        from raceline.app import plot_pages
        from raceline.app.path_export_tables import PAGES

        tested = f"{told.facts['unexpected']} of {told.facts['tested']} pages tested are unexpected"
        found = plot_pages.strata_of(PAGES.flat(told.rows["nodes"]), told.facts)
        return plot_pages.funnel_plot(found, f"{described(where)}; {tested}", source)

    _plot(asked, drawn, output, force=force)


@plot.command()
@of_paths
def graph(
    output: PictureFile,
    where: Where,
    steps: Annotated[int, typer.Option(min=1, max=12, help="The first so many steps of paths.")] = 5,
    folded: Annotated[
        bool, typer.Option("--folded", help="A page in one place, wherever in a path it comes, and arrows between.")
    ] = False,
    nodes: Annotated[int, typer.Option(min=1, max=60, help="So many pages by themselves, when folded.")] = 16,
    edges: Annotated[int, typer.Option(min=1, help="So many edges, when folded.")] = 60,
    force: Force = False,
) -> None:
    """The site as customers use it. Step by step from the left to the right, or --folded as pages and arrows."""

    flagged: set[str] = set()

    def asked(ask: "Ask") -> "Told":
        from raceline.app import path_questions

        if folded:
            flagged.update(path_questions.flagged(ask, where))
        last = None if folded else steps + 1  # one more, to see what ends at the last
        return path_questions.graph(ask, where, steps=last, never_taken=1)

    def drawn(told: "Told", source: str) -> "Figure":
        from raceline.app import plot_graph, plot_graph_chosen, plot_steps
        from raceline.app.path_export_tables import EDGES, NODES

        rows = list(NODES.flat(told.rows["nodes"])), list(EDGES.flat(told.rows["edges"]))
        if not folded:
            return plot_steps.by_steps(plot_steps.steps_of(*rows, steps), described(where), source)
        found = plot_graph_chosen.drawn_of(*rows, nodes, edges, flagged)
        rest = f"; left out: {found.left_out}" if found.left_out else ""
        return plot_graph.graph(found.nodes, found.edges, described(where) + rest, source)

    _plot(asked, drawn, output, force=force)


@plot.command()
@of_paths
def percolation(
    output: PictureFile,
    where: Where,
    over: Annotated[Over, typer.Option(help="Period by period.")] = Over.WEEK,
    by: ByGroups = None,
    force: Force = False,
) -> None:
    """How long paths are, over time. Mean and spread, resolved and open ones apart, a panel for each group."""

    def asked(ask: "Ask") -> "Told":
        from raceline.app import path_questions

        return path_questions.percolation(ask, where, over=over, by=by)

    def drawn(told: "Told", source: str) -> "Figure":
        from raceline.app import plot_percolation
        from raceline.app.path_export_tables import PERCOLATION

        group = by and by.replace("-", "_")
        found = plot_percolation.groups_of(PERCOLATION.flat(told.rows["rows"]), over, group)
        return plot_percolation.percolation(found, over, described(where), source)

    _plot(asked, drawn, output, force=force)


@plot.command()
@of_paths
def funnel(
    steps: FunnelPattern,
    output: PictureFile,
    where: Where,
    per: PerUnit = Per.PATH,
    force: Force = False,
) -> None:
    """How many come from step to step. A bar for each named step, with conversion, time between and lift."""

    def asked(ask: "Ask") -> "Told":
        from raceline.app import path_questions

        return path_questions.funnel(ask, where, steps, per=per)

    def drawn(told: "Told", source: str) -> "Figure":
        from raceline.app import plot_funnel
        from raceline.app.path_export_tables import FUNNEL

        rows = list(FUNNEL.flat(told.rows["steps"]))
        return plot_funnel.funnel(rows, per, f"{steps}, {described(where)}", source)

    _plot(asked, drawn, output, force=force)


def _plot(
    question: "Callable[[Ask], Told]", drawn: "Callable[[Told, str], Figure]", output: str, *, force: bool
) -> None:
    refuse_picture(output, force=force)
    told = answer(question)
    for remark in told.remarks:  # before it turns out that there is nothing to draw
        say(remark)
    from raceline.app.plot_asked import true_at

    save_picture(drawn(told, true_at(told.field, told.position)), output)
