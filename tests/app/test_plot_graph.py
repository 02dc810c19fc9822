"""raceline plot graph: the site step by step, where no path is lost, and folded, where each page has one place."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from pictures import words

from raceline.app import plot_graph, plot_graph_chosen, plot_steps


def node(n, kind="page", visits=10, step=None, entries=0, exits=0, name=None):
    return {"n": n, "kind": kind, "page": name or (f"p{n}" if kind == "page" else None), "title": None, "step": step,
            "visits": visits, "entries": entries, "exits": exits}  # fmt: skip


def edge(source, target, transitions, step=None, link=None):
    """An edge between nodes."""
    return {"source_n": source["n"], "source": source["page"], "source_kind": source["kind"], "target_n": target["n"],
            "target": target["page"], "target_kind": target["kind"], "transitions": transitions, "step": step,
            "is_link": link}  # fmt: skip


# Step by step


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 14), min_size=1, max_size=5), st.booleans()), min_size=1, max_size=40)
)
def test_no_path_is_lost_between_the_steps(paths):
    """Whoever is at a page goes on or ends there; those who come to a step went on from the one before."""
    found = plot_steps.steps_of(*steps(paths), 5)
    assert found.paths == len(paths)
    for place, bar in found.bars.items():
        goes_on = sum(count for (source, _), (count, _) in found.flows.items() if source == place)
        comes = sum(count for (_, target), (count, _) in found.flows.items() if target == place)
        assert bar.visits == goes_on + bar.resolved + bar.open
        assert place[0] == 1 or bar.visits == comes
    for step in {step for step, _ in found.bars}:
        bars = [bar for (at, _), bar in found.bars.items() if at == step]
        assert sum(bar.visits for bar in bars) == sum(len(pages) >= step for pages, _ in paths)
        assert min(bar.bottom for bar in bars) >= -1e-9
        assert all(one.bottom > other.top for one, other in pairwise(bars))
        assert len(bars) <= 9


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 14), min_size=1, max_size=5), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_at_the_last_step_that_is_drawn_paths_end_or_go_on(paths, last):
    found = plot_steps.steps_of(*steps(paths), last)
    here = [bar for (step, _), bar in found.bars.items() if step == last]
    assert max(step for step, _ in found.bars) <= last
    assert all(target[0] <= last for _, target in found.flows)
    assert sum(bar.resolved for bar in here) == sum(len(pages) == last and resolved for pages, resolved in paths)
    assert sum(bar.open for bar in here) == sum(len(pages) == last and not resolved for pages, resolved in paths)
    assert sum(bar.visits for bar in here) == sum(len(pages) >= last for pages, _ in paths)


def test_the_command_draws_what_ends_at_the_last_step(quick, monkeypatch, tmp_path):
    found, by_steps = [], plot_steps.by_steps
    monkeypatch.setattr(plot_steps, "by_steps", lambda steps, *rest: found.append(steps) or by_steps(steps, *rest))
    quick("plot", "graph", "--steps", "2", "--output", str(tmp_path / "picture.svg"))
    bars = {place: (bar.visits, bar.resolved, bar.open) for place, bar in found[0].bars.items()}
    assert bars == {(1, "home"): (5, 0, 0), (1, "a"): (1, 0, 0), (2, "a"): (4, 0, 0), (2, "b"): (2, 1, 0)}


def steps(paths):
    """The graph by steps of paths of numbered pages, in plain loops."""
    nodes, edges = {}, {}
    start, ends = node(0, "start"), {True: node(-1, "resolved"), False: node(-2, "open")}
    for pages, resolved in paths:
        before = start
        for step, name in enumerate(pages, 1):
            key = (step, name)
            nodes.setdefault(key, node(len(nodes) + 1, visits=0, step=step, name=f"p{name}"))
            nodes[key]["visits"] += 1
            count(edges, before, nodes[key], step - 1)
            before = nodes[key]
        count(edges, before, ends[resolved], len(pages))
    return list(nodes.values()), list(edges.values())


def count(edges, source, target, step):
    edges.setdefault((source["n"], target["n"], step), edge(source, target, 0, step))["transitions"] += 1


def test_bars_are_as_long_as_many_are_there_in_the_colours_of_what_comes_next():
    found = plot_steps.steps_of(*steps([([1, 2], True), ([1], False), ([1], False)]), 2)
    figure = plot_steps.by_steps(found, "of what", "the source")
    parts = [one for one in figure.axes[0].patches if isinstance(one, Rectangle)]
    heights = [part.get_height() for part in parts[:3]]
    assert heights == pytest.approx([2 * heights[2], 0, heights[2]])
    assert {"p1  3", "p2  1", "step 2"} <= words(figure)


# Folded


def test_pages_where_paths_begin_are_left_of_those_where_they_end():
    nodes = [node(1, "start"), node(2, entries=9), *(node(n) for n in range(3, 8)), node(8, exits=9), node(9, "open")]
    at = plot_graph.placed(nodes, [edge(nodes[0], nodes[1], 3), edge(nodes[7], nodes[-1], 3)])
    assert at[1].x < at[2].x < at[8].x < at[9].x
    assert len({(one.x, one.y) for one in at.values()}) == len(nodes), "no two in one place"


VISITS = st.lists(st.integers(0, 12), min_size=1, max_size=6).map(
    lambda pages: [page for page, before in zip(pages, [None, *pages], strict=False) if page != before]
)


@given(
    st.lists(st.tuples(VISITS, st.booleans()), min_size=1, max_size=30),
    st.integers(1, 6),
    st.integers(1, 40),
    st.sets(st.integers(0, 12)),
)
def test_every_visit_is_drawn_and_every_node_has_its_main_edges(paths, most_nodes, most_edges, flagged):
    nodes, edges = folded(paths)
    found = plot_graph_chosen.drawn_of(nodes, edges, most_nodes, most_edges, {f"p{n}" for n in flagged})
    drawn = {row["n"]: row for row in found.nodes}
    ends = [kind for kind in ("resolved", "open") if any(resolved == (kind == "resolved") for _, resolved in paths)]
    assert {row["kind"] for row in found.nodes} - {"page", "others"} == {"start", *ends}
    assert sum(row["visits"] for row in found.nodes if row["kind"] in ("page", "others")) == sum(
        len(pages) for pages, _ in paths
    )
    for end, but in (("source_n", ("resolved", "open")), ("target_n", ("start",))):
        assert {edge[end] for edge in found.edges} == {n for n, row in drawn.items() if row["kind"] not in but}
    assert len(found.edges) <= max(most_edges, 2 * len(drawn))
    by_visits = sorted((row for row in nodes if row["kind"] == "page"), key=lambda row: (-row["visits"], row["page"]))
    rest = [row["page"] for row in by_visits[most_nodes:] if row["page"] in {f"p{n}" for n in flagged}]
    assert {row["page"] for row in by_visits[:most_nodes]} | set(rest[:most_nodes]) <= {
        row["page"] for row in found.nodes
    }


@given(st.lists(st.tuples(VISITS, st.booleans()), min_size=1, max_size=30), st.integers(1, 6))
def test_with_all_edges_as_many_come_to_a_page_as_visit_it(paths, most_nodes):
    found = plot_graph_chosen.drawn_of(*folded(paths), most_nodes, 1_000)
    for row in found.nodes:
        comes = sum(edge["transitions"] for edge in found.edges if edge["target_n"] == row["n"])
        assert row["kind"] in ("start", "others") or comes == row["visits"]
    assert "edges" not in found.left_out


def folded(paths):
    """The graph of paths of numbered pages, in plain loops."""
    nodes, edges = {}, {}
    ends = {"start": node(1, "start", visits=0), True: node(2, "resolved", visits=0), False: node(3, "open", visits=0)}
    for pages, resolved in paths:
        before = ends["start"]
        before["visits"] += 1
        for name in pages:
            here = nodes.setdefault(name, node(len(nodes) + 4, visits=0, name=f"p{name}"))
            here["visits"] += 1
            count(edges, before, here, None)
            before = here
        ends[resolved]["visits"] += 1
        count(edges, before, ends[resolved], None)
    return [*ends.values(), *nodes.values()], list(edges.values())


def test_the_picture_says_what_it_leaves_out_and_a_flagged_page_is_in_it():
    paths = [([0, 1], True)] * 9 + [([2, 3], False)] * 2 + [([0, 4, 0], True)] + [([5], False)]
    found = plot_graph_chosen.drawn_of(*folded(paths), 2, 1, {"p4"})
    figure = plot_graph.graph(found.nodes, found.edges, "of what", "the source")
    assert {"p0\n11", "p1\n9", "p4\n1", "3 other pages\n5", "resolved\n10", "unexpected turnarounds"} <= words(figure)
    assert found.left_out == "1 edges of 1 transitions, 2 transitions among the other pages"
    assert plot_graph_chosen.drawn_of(*folded(paths), 6, 60).left_out == ""


def test_the_command_draws_all_that_there_is_as_far_as_there_is_room(quick, monkeypatch, tmp_path):
    found, graph = [], plot_graph.graph
    monkeypatch.setattr(plot_graph, "graph", lambda *arguments: found.append(arguments) or graph(*arguments))
    quick("plot", "graph", "--folded", "--nodes", "1", "--edges", "1", "--output", str(tmp_path / "picture.svg"))
    nodes, edges, subtitle, _ = found[0]
    assert [(row["page"], row["visits"]) for row in nodes if row["page"]] == [("home", 8), ("3 other pages", 14)]
    # START to home 5, home to the rest 7, the rest to home 3, to RESOLVED 3, to OPEN 2.
    # Left out: START to the rest 1, home to OPEN 1; among the rest a to b 3, b to c, c to b, b to a.
    assert sorted(edge["transitions"] for edge in edges) == [2, 3, 3, 5, 7]
    assert subtitle == "all paths; left out: 2 edges of 2 transitions, 6 transitions among the other pages"
