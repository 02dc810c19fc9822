"""A small site worked through by hand: each figure of its paths, and the paths behind it, as GraphQL tells them."""

from contextlib import closing

import pytest
from journeys import House
from pytest import approx
from worked_site import (
    DWELL,
    EDGES,
    FILTERS,
    FIRST_STEPS,
    FUNNEL,
    FUNNEL_STEPS,
    LENGTHS,
    LINKS,
    PAGE_FIGURES,
    PAGES,
    TRACK,
    VARIANTS,
    VISITS,
    events,
    visit,
)

from raceline.domain.site import PageTable, SitePage, load
from raceline.projections.replay import replay

PATHS = "pathCount customers all { ...l } resolved { ...l } open { ...l }"
LENGTH = "fragment l on PathLengths { paths meanLength varianceLength }"
WHOSE = "paths { totalCount nodes { startedAt customer { guid } } }"


def load_site(house):
    table = PageTable({page: SitePage(kind, title) for page, kind, title in PAGES}, tuple(LINKS))
    load(house.url, table)


def at_once(service):
    service.house.activate(TRACK)
    load_site(service.house)
    service.take(events())


def backwards(service):
    """Event by event, the last one first, and asked in between: paths in memory are refreshed again and again."""
    service.house.activate(TRACK)
    for one in reversed(events()):
        service.take([one])
        service.ask("{ pathStatistics { all { paths } } }")
    load_site(service.house)


def replayed(service):
    service.take(events())
    service.ask("{ pathStatistics { all { paths } } }")
    service.house.activate(TRACK)
    load_site(service.house)
    house = service.house
    house.project()
    replay(house.url, house.catalogue, house.projector().rules)
    house.project()


@pytest.fixture(scope="module", params=[at_once, backwards, replayed], ids=lambda way: way.__name__.replace("_", " "))
def told(request, databases, serve):
    with databases() as url, closing(House(url)) as house, serve(house) as service:
        request.param(service)
        yield service


def names(connection):
    """The visits that a connection of paths lists, all of them."""
    found = {visit(path["startedAt"], path["customer"]["guid"]) for path in connection["nodes"]}
    assert len(found) == len(connection["nodes"]) == connection["totalCount"]
    return found


def lengths(row):
    return tuple(
        tuple(row[of][key] for key in ("paths", "meanLength", "varianceLength")) for of in ("all", "resolved", "open")
    )


def close(found, expected):
    """Numbers in nested tuples, and nulls, as far as rounding lets them."""
    if isinstance(expected, tuple):
        return len(found) == len(expected) and all(map(close, found, expected))
    return found == (None if expected is None else approx(expected, abs=1e-9))


def test_pages(told):
    found = told.ask(f"""{{ pages {{ totalCount nodes {{ page title pageType visits customers entries exits resolvedHere
        opportunities turnarounds rate depth pingPongs loops dwellMedian flag links {WHOSE}
        turnaroundPaths {{ totalCount nodes {{ startedAt customer {{ guid }} }} }} }} }} }}""")["pages"]
    assert found["totalCount"] == len(PAGE_FIGURES)
    columns = ("visits", "customers", "entries", "exits", "resolvedHere", "opportunities", "turnarounds", "rate",
               "depth", "pingPongs", "loops")  # fmt: skip
    assert {row["page"]: tuple(row[name] for name in columns) for row in found["nodes"]} == PAGE_FIGURES
    assert {row["page"]: row["dwellMedian"] for row in found["nodes"]} == DWELL
    assert {(row["page"], row["pageType"], row["title"]) for row in found["nodes"]} == set(PAGES)
    assert {row["flag"] for row in found["nodes"]} == {"TOO_FEW"}
    for row in found["nodes"]:
        page = row["page"]
        assert row["links"] == sum(source == page for source, _ in LINKS)
        assert names(row["paths"]) == {name for name, one in VISITS.items() if page in dict(one[3])}
        assert names(row["turnaroundPaths"]) == {"a": {"P1", "P3"}, "c": {"P4"}}.get(page, set())


def test_the_graph_of_the_site(told):
    graph = told.ask(f"""{{ siteGraph {{ nodes {{ kind page visits customers title }} neverTaken {{ source target }}
        edges {{ sourceKind source targetKind target transitions customers share medianSeconds isLink {WHOSE} }}
        totals {{ nodes edges transitions nodesLeftOut edgesLeftOut links linksNeverTaken jumps }} }} }}""")[
        "siteGraph"
    ]
    end = lambda edge, way: edge[way] or edge[f"{way}Kind"]  # noqa: E731
    found = {
        (end(edge, "source"), end(edge, "target")): tuple(
            edge[name] for name in ("transitions", "customers", "share", "medianSeconds", "isLink")
        )
        for edge in graph["edges"]
    }
    assert found.keys() == EDGES.keys()
    assert all(close(found[key], EDGES[key]) for key in EDGES), found
    assert {(node["kind"], node["page"], node["visits"]) for node in graph["nodes"]} == {
        ("START", None, 6), ("RESOLVED", None, 3), ("OPEN", None, 3),
        *(("PAGE", page, figures[0]) for page, figures in PAGE_FIGURES.items()),
    }  # fmt: skip
    assert graph["neverTaken"] == [{"source": "home", "target": "c"}]
    totals = graph["totals"]
    assert (totals["links"], totals["linksNeverTaken"], totals["jumps"]) == (4, 1, 6)
    assert (totals["nodes"], totals["edges"]) == (len(PAGES), len(EDGES))
    assert totals["transitions"] == sum(transitions for transitions, *_ in EDGES.values())
    behind = {(end(edge, "source"), end(edge, "target")): names(edge["paths"]) for edge in graph["edges"]}
    assert behind["a", "home"] == {"P1", "P3"}
    assert behind["b", "RESOLVED"] == {"P1", "P5", "P6"}
    assert behind["START", "a"] == {"P4"}


def test_the_graph_step_by_step(told):
    graph = told.ask("{ siteGraph(steps: 2) { edges { step sourceKind source targetKind target transitions } } }")
    found = {
        (edge["step"], edge["source"] or edge["sourceKind"], edge["target"] or edge["targetKind"]): edge["transitions"]
        for edge in graph["siteGraph"]["edges"]
    }
    assert {key: n for key, n in found.items() if key[0] < 2} == {
        key: n for key, n in FIRST_STEPS.items() if key[0] < 2
    }


def test_variants(told):
    found = told.ask(f"""{{ pathVariants {{ variantCount pathCount variantsLeftOut pathsLeftOut
        variants {{ pages pathCount resolved customers share cumulativeShare {WHOSE} }} }} }}""")["pathVariants"]
    assert {
        tuple(row["pages"]): (row["pathCount"], row["resolved"], row["customers"]) for row in found["variants"]
    } == VARIANTS
    assert names(found["variants"][0]["paths"]) == {"P2", "P6"}
    assert [row["cumulativeShare"] for row in found["variants"]] == approx([2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    cut = told.ask("{ pathVariants(first: 2) { variants { pages } variantsLeftOut pathsLeftOut } }")["pathVariants"]
    assert (len(cut["variants"]), cut["variantsLeftOut"], cut["pathsLeftOut"]) == (2, 3, 3)


def test_a_funnel(told):
    found = told.ask(f"""query ($pattern: String!) {{ funnel(pattern: $pattern) {{ pathCount steps {{ name pattern
        pathCount customers ofPrevious ofFirst conversion overallConversion baseRate lift
        medianSeconds {WHOSE} }} }} }}""",
        {"pattern": FUNNEL})["funnel"]  # fmt: skip
    assert found["pathCount"] == 6
    assert [row["name"] for row in found["steps"]] == list(FUNNEL_STEPS)
    columns = ("pathCount", "customers", "ofPrevious", "ofFirst", "conversion", "overallConversion", "baseRate", "lift",
               "medianSeconds")  # fmt: skip
    for row in found["steps"]:
        *figures, whose = FUNNEL_STEPS[row["name"]]
        assert close(tuple(row[name] for name in columns), tuple(figures)), row
        assert names(row["paths"]) == whose
        asked = told.ask("query ($pattern: String) { " + WHOSE.replace("paths", "paths(pattern: $pattern)") + " }", row)
        assert names(asked["paths"]) == whose


def test_a_funnel_of_customers(told):
    found = told.ask("query ($p: String!) { funnel(pattern: $p, per: CUSTOMER) { steps { pathCount customers } } }",
                     {"p": FUNNEL})  # fmt: skip
    assert [row["customers"] for row in found["funnel"]["steps"]] == [3, 3, 3]


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ("", {"all": {}}),
        ("over: WEEK", {"2026-01-05": {"period": "2026-01-05"}, "2026-01-12": {"period": "2026-01-12"}}),
        ("by: VARIANT", {"layout=A": {"variant": "layout=A"}, "layout=B": {"variant": "layout=B"}}),
        ("by: ENTRY_PAGE", {"home": {"entryPage": "home"}, "a": {"entryPage": "a"}}),
        ("by: STAGE", {"all": {"stage": "look"}}),
    ],
    ids=["all", "by week", "by variant", "by entry page", "by stage"],
)
def test_percolation(told, asked, keys):
    given = f"({asked})" if asked else ""
    found = told.ask(
        f"{{ percolation{given} {{ groupsLeftOut rows {{ period stage entryPage variant {PATHS} }} }} }} {LENGTH}"
    )
    rows = found["percolation"]["rows"]
    nothing = dict.fromkeys(("period", "stage", "entryPage", "variant"))
    by_key = {
        name: row for name, key in keys.items() for row in rows if {k: row[k] for k in nothing} == nothing | key
    }  # fmt: skip
    assert by_key.keys() == keys.keys()
    assert len(rows) == len(keys)
    for name, row in by_key.items():
        assert close(lengths(row), LENGTHS[name]), (name, row)


def test_statistics(told):
    found = told.ask(f"""{{ pathStatistics {{ all {{ ...l }} resolved {{ ...l }} open {{ ...l }} shareResolved
        shareWithTurnaround }} }} {LENGTH}""")["pathStatistics"]
    assert close(lengths(found), LENGTHS["all"])
    assert (found["shareResolved"], found["shareWithTurnaround"]) == (0.5, 0.5)


def test_does_layout_b_shorten_paths(told):
    found = told.ask(f"""{{ pathComparison(a: {{ variant: "layout=A" }}, b: {{ variant: "layout=B" }}) {{
        a {{ {PATHS} }} b {{ {PATHS} }} customersInBoth pathsInBoth metrics {{ metric a b difference low high p }} }} }}
        {LENGTH}""")["pathComparison"]
    assert close(lengths(found["a"]), LENGTHS["layout=A"])
    assert close(lengths(found["b"]), LENGTHS["layout=B"])
    assert (found["customersInBoth"], found["pathsInBoth"]) == (1, 0)
    by_name = {row["metric"]: row for row in found["metrics"]}
    mean = by_name["MEAN_LENGTH"]
    assert close((mean["a"], mean["b"], mean["difference"]), (13 / 3, 3.0, -4 / 3))
    assert mean["low"] < mean["difference"] < mean["high"]
    assert by_name["MEAN_LENGTH_RESOLVED"]["a"] is None


def test_pages_before_moves(told):
    found = told.ask("""{ pagesBeforeMoves(stage: "look") { stays moves openStays
        pages { page movesAfter moves flag } } }""")["pagesBeforeMoves"]
    assert (found["stays"], found["moves"], found["openStays"]) == (3, 2, 1)
    assert {row["page"]: row["movesAfter"] for row in found["pages"]} == {"home": 2, "a": 2, "b": 2, "c": 0}


@pytest.mark.parametrize(("where", "whose"), FILTERS, ids=[str(where) for where, _ in FILTERS])
def test_a_filter_keeps_the_same_paths_everywhere(told, where, whose):
    found = told.ask("""query ($where: PathFilter) {
        paths(where: $where) { totalCount nodes { startedAt customer { guid } } }
        pathStatistics(where: $where) { all { paths } }
        pages(where: $where) { nodes { page visits } }
        pathVariants(where: $where) { pathCount } siteGraph(where: $where) { pathCount }
        percolation(where: $where) { pathCount }
    }""", {"where": where})  # fmt: skip
    assert names(found["paths"]) == whose
    counts = [found["pathStatistics"]["all"]["paths"]] + [
        found[name]["pathCount"] for name in ("pathVariants", "siteGraph", "percolation")
    ]
    assert counts == [len(whose)] * 4
    visits = sum(len(VISITS[name][3]) for name in whose)
    assert sum(row["visits"] for row in found["pages"]["nodes"]) == visits


def test_a_path_says_in_which_stage_and_variant_it_was(told):
    found = told.ask("{ paths(first: 1) { nodes { stage variants seconds length } } }")["paths"]["nodes"]
    assert found == [{"stage": "look", "variants": ["layout=B"], "seconds": 240.0, "length": 4}] or found == [
        {"stage": "look", "variants": ["layout=A"], "seconds": 300.0, "length": 5}
    ]
