"""raceline plot graph: the site step by step, where no path is lost, and folded, where each page has one place."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from pictures import words

from raceline.app import plot_graph, plot_steps


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
