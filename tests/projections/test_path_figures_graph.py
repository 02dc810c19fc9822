"""The site as a graph: nodes, transitions, links that nobody takes."""

from collections import defaultdict
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_paths import (
    START,
    NoDatabase,
    PageTableRow,
    Visit,
    asked,
    columns_of,
    ids,
    listed,
    many_visits,
    numbered,
    quantile,
)
from pytest import approx

from raceline.projections.path_figures import answer
from raceline.projections.path_list import PathList

NODES = PathList(0, "paths", "GraphNode", 1_000, None)
EDGES = PathList(0, "paths", "GraphEdge", 1_000, None)
ALL = {"nodes": 1_000, "edges": 1_000, "neverTaken": 1_000}


class Passage(NamedTuple):
    """A transition of a path; the step is that of its source, from 1, 0 for the start."""

    visit: Visit
    step: int
    source: str
    target: str
    seconds: int | None


def passages(visit):
    steps = ["START", *visit.steps, "RESOLVED" if visit.resolved else "OPEN"]
    for n, source in enumerate(steps[:-1]):
        inner = 0 < n < len(visit.steps)
        yield Passage(visit, n, source, steps[n + 1], visit.time(n) - visit.time(n - 1) if inner else None)


def edges_of(visits, steps):
    """By step (None where folded), source and target: the passages."""
    found = defaultdict(list)
    for passage in (one for visit in visits for one in passages(visit)):
        if steps == 0 or passage.step < steps:
            found[passage.step if steps else None, passage.source, passage.target].append(passage)
    return found


def name(row, end):
    return row[end] or row[f"{end}_kind"]


def check_edges(rows, expected):
    leaving = defaultdict(int)
    for (step, source, _), found in expected.items():
        leaving[step, source] += len(found)
    paths, nodes = listed(rows), {row["n"]: row for row in rows["graph_nodes"]}
    assert {(row["step"], name(row, "source"), name(row, "target")) for row in rows["graph_edges"]} == set(expected)
    for row in rows["graph_edges"]:
        step, source, target = row["step"], name(row, "source"), name(row, "target")
        found = expected[step, source, target]
        seconds = [one.seconds for one in found if one.seconds is not None]
        of_edge = [
            visit for n, visit in enumerate(one.visit for one in found) if visit not in [o.visit for o in found[:n]]
        ]
        assert row["transitions"] == len(found)
        assert row["customers"] == len({one.visit.customer for one in found})
        assert row["share"] == approx(len(found) / leaving[step, source])
        assert row["median_seconds"] == approx(quantile(seconds, 0.5))
        assert row["p95_seconds"] == approx(quantile(seconds, 0.95))
        assert paths[row["n"]] == (ids(of_edge), len(of_edge))
        at, to = nodes[row["source_n"]], nodes[row["target_n"]]
        assert (at["page"] or at["kind"], to["page"] or to["kind"]) == (source, target)
        assert at["step"] == step
        assert to["step"] == (None if step is None or to["kind"] in ("RESOLVED", "OPEN") else step + 1)


@given(many_visits(), st.sampled_from([0, 1, 2, 3, 20]))
def test_every_passage_of_a_path_is_counted_on_its_edge(visits, steps):
    rows = asked(visits, "siteGraph", [EDGES], steps=steps, **ALL)
    expected = edges_of(visits, steps)

    check_edges(rows, expected)
    order = [(-row["transitions"], row["step"] or 0) for row in rows["graph_edges"]]
    assert order == sorted(order)
    (totals,) = rows["graph_totals"]
    assert totals["transitions"] == sum(map(len, expected.values()))
    assert (totals["edges"], totals["edges_left_out"], totals["transitions_left_out"]) == (len(expected), 0, 0)


@given(many_visits(), st.sampled_from([0, 1, 3, 20]))
def test_nodes_are_pages_with_their_visits_and_where_paths_start_and_end(visits, steps):
    rows = asked(visits, "siteGraph", [NODES], steps=steps, **ALL)
    expected = defaultdict(list)
    for visit in visits:
        for n, page in enumerate(visit.steps[: steps or None]):
            expected[n + 1 if steps else None, page].append((visit, n))
    paths, ended = listed(rows), [visit for visit in visits if steps == 0 or len(visit.steps) < steps]
    start, *pages, resolved, still_open = rows["graph_nodes"]

    for row, kind, ends in [
        (start, "START", visits),
        (resolved, "RESOLVED", [visit for visit in ended if visit.resolved]),
        (still_open, "OPEN", [visit for visit in ended if not visit.resolved]),
    ]:
        assert (row["kind"], row["page"], row["visits"]) == (kind, None, len(ends))
        assert row["customers"] == len({visit.customer for visit in ends})
        assert paths[row["n"]] == (ids(ends), len(ends))
    assert {(row["step"], row["page"]) for row in pages} == set(expected)
    assert [row["visits"] for row in pages] == sorted((row["visits"] for row in pages), reverse=True)
    for row in pages:
        found = expected[row["step"], row["page"]]
        waits = [visit.time(n + 1) - visit.time(n) for visit, n in found if n + 1 < len(visit.steps)]
        through = [visit for visit in visits if any(one is visit for one, _ in found)]
        assert row["visits"] == len(found)
        assert row["customers"] == len({visit.customer for visit, _ in found})
        assert row["entries"] == sum(n == 0 for _, n in found)
        assert row["exits"] == sum(n == len(visit.steps) - 1 for visit, n in found)
        assert (row["dwell_median"], row["dwell_p95"]) == (approx(quantile(waits, 0.5)), approx(quantile(waits, 0.95)))
        assert paths[row["n"]] == (ids(through), len(through))


@pytest.mark.parametrize("steps", [0, 3])
def test_how_long_customers_stay_counts_only_where_its_beginning_was_seen(steps):
    columns = columns_of(numbered([Visit("ann", "a b a"), Visit("bob", "a b")]))  # 60 seconds, and then 120
    seen = np.array([False, True, True, True, True])
    columns = replace(columns, arrays=columns.arrays._replace(seen=seen))
    rows = answer(columns, NoDatabase(), "siteGraph", {"steps": steps}, [])["graph_nodes"]

    stays = {(row["page"], row["step"]): (row["dwell_median"], row["dwell_p95"]) for row in rows if row["page"]}
    told = {("a", 1): (60, 60), ("b", 2): (120, 120), ("a", 3): (None, None)}
    assert stays == (told if steps else {("a", None): (60, 60), ("b", None): (120, 120)})


@given(many_visits(), st.sampled_from([0, 1, 2, 4]))
def test_as_many_come_to_a_node_as_are_told_to_be_there(visits, steps):
    rows = asked(visits, "siteGraph", steps=steps, **ALL)
    come = defaultdict(int)
    for row in rows["graph_edges"]:
        come[row["target_n"]] += row["transitions"]

    assert {row["n"]: row["visits"] for row in rows["graph_nodes"][1:]} == {
        row["n"]: come[row["n"]] for row in rows["graph_nodes"][1:]
    }


@given(many_visits(), st.sampled_from([0, 2]), st.integers(0, 3), st.integers(0, 4))
def test_what_is_cut_off_is_said_and_edges_join_only_nodes_that_are_told(visits, steps, nodes, edges):
    whole = asked(visits, "siteGraph", steps=steps, **ALL)
    cut = asked(visits, "siteGraph", steps=steps, nodes=nodes, edges=edges)
    kept = {(row["kind"], row["page"], row["step"]) for row in cut["graph_nodes"]}
    by_n = {row["n"]: (row["kind"], row["page"], row["step"]) for row in whole["graph_nodes"]}
    within = [row for row in whole["graph_edges"] if {by_n[row["source_n"]], by_n[row["target_n"]]} <= kept]
    figures = ["step", "source", "target", "transitions", "customers", "share", "median_seconds"]

    assert [row["page"] for row in cut["graph_nodes"]][1:-2] == [row["page"] for row in whole["graph_nodes"]][1:-2][
        :nodes
    ]
    assert [[row[one] for one in figures] for row in cut["graph_edges"]] == [
        [row[one] for one in figures] for row in within[:edges]
    ]
    (totals,) = cut["graph_totals"]
    assert totals["nodes"] - totals["nodes_left_out"] == len(cut["graph_nodes"]) - 3
    assert totals["edges"] - totals["edges_left_out"] == len(cut["graph_edges"])
    assert totals["transitions"] - totals["transitions_left_out"] == sum(
        row["transitions"] for row in cut["graph_edges"]
    )


TABLE = [
    PageTableRow("a", "home", "Start", "b c z"),
    PageTableRow("b", "article", "Manual", "a b"),
    PageTableRow("c", None, None, "a"),
    PageTableRow("z", None, "Never seen", "a b"),
]


def test_links_that_nobody_takes_are_listed_those_of_the_most_visited_pages_first():
    visits = numbered([Visit("ann", "a b c a"), Visit("bob", "b c")])
    rows = asked(visits, "siteGraph", page_table=TABLE)

    never = [(row["source"], row["target"]) for row in rows["never_taken"]]
    assert never == [("a", "c"), ("a", "z"), ("b", "a"), ("z", "a"), ("z", "b")]
    (totals,) = rows["graph_totals"]
    assert (totals["links"], totals["links_never_taken"]) == (7, 5)  # that of b to itself can be no step of a path
    assert totals["site_loaded_at"] == START
    assert asked(visits, "siteGraph", page_table=TABLE, neverTaken=2)["never_taken"] == rows["never_taken"][:2]


def test_a_jump_is_a_transition_between_pages_without_a_link():
    visits = numbered([Visit("ann", "a b c a"), Visit("bob", "b c")])
    rows = asked(visits, "siteGraph", page_table=TABLE)
    linked = {(name(row, "source"), name(row, "target")): row["is_link"] for row in rows["graph_edges"]}

    assert linked["a", "b"] is True
    assert linked["b", "c"] is False
    assert linked["c", "a"] is True
    assert {linked["START", "a"], linked["a", "OPEN"]} == {None}
    assert rows["graph_totals"][0]["jumps"] == 2
    titles = {row["page"]: (row["title"], row["page_type"]) for row in rows["graph_nodes"]}
    assert titles == {"a": ("Start", "home"), "b": ("Manual", "article"), "c": (None, None), None: (None, None)}


def test_what_a_page_links_to_that_the_page_table_does_not_name_nobody_knows():
    visits = numbered([Visit("ann", "a x b c x"), Visit("bob", "x a")])
    rows = asked(visits, "siteGraph", page_table=TABLE)
    linked = {(name(row, "source"), name(row, "target")): row["is_link"] for row in rows["graph_edges"]}

    assert linked["a", "x"] is linked["c", "x"] is linked["b", "c"] is False
    assert linked["x", "b"] is linked["x", "a"] is None
    assert rows["graph_totals"][0]["jumps"] == 3


@pytest.mark.parametrize(
    "page_table",
    [
        pytest.param(None, id="no page table"),
        pytest.param([row._replace(links="") for row in TABLE], id="a page table without links"),
    ],
)
def test_where_no_links_were_loaded_nothing_is_said_of_them(page_table):
    rows = asked(numbered([Visit("ann", "a b")]), "siteGraph", page_table=page_table)
    (totals,) = rows["graph_totals"]

    assert {totals[one] for one in ("links", "links_never_taken", "jumps")} == {None}
    assert (totals["site_loaded_at"] is None) == (page_table is None)
    assert rows["never_taken"] == []
    assert {row["is_link"] for row in rows["graph_edges"]} == {None}


@pytest.mark.parametrize("steps", [None, 3])
def test_a_store_without_paths_has_a_start_and_two_ends_that_nobody_reached(steps):
    rows = asked([], "siteGraph", [NODES, EDGES._replace(list=1)], steps=steps)

    assert [(row["kind"], row["visits"]) for row in rows["graph_nodes"]] == [("START", 0), ("RESOLVED", 0), ("OPEN", 0)]
    assert (rows["graph_edges"], rows["path_totals"][0]["paths"]) == ([], 0)
