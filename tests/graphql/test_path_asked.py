"""What the API asks of the paths in memory, and what it makes of the rows that it is given for it."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from raceline.domain.errors import NoReadModels
from raceline.graphql.context import Context
from raceline.graphql.scalars import b64encode, global_id
from raceline.graphql.schema import make_schema
from raceline.projections.path_list import PathList

# As many steps as a funnel may have: each of them is looked for in all paths.
FUNNEL = 'funnel(pattern: "' + " -> ".join(f"s{n}: p{n}" for n in range(20)) + '") { pathCount }'

# Rows that every question is given here, as far as it needs them. position: far behind the read models.
TOTALS = {"path_totals": [{"position": 3, "paths": 6, "customers": 5}]}
ROWS = {
    "path_shares": [{"share_resolved": None, "share_with_turnaround": float("nan"), "customers": 0}],
    "path_sums": [{"key": key, "paths": 0} for key in ("all", "resolved", "open")],
    "path_pages": [
        {"n": n, "page": page, "visits": 2, "flag": "EXPECTED", "figure": figure, "excess": figure}
        for n, page, figure in ((11, "b", 0.1), (12, "a", -1e-17), (13, "c", None))
    ],
    "page_test": [{"alpha": 0.05, "tested": 3, "pages": 44}],
    "graph_totals": [{"nodes": 1, "edges": 1, "transitions": 1}],
    "graph_edges": [{"n": 1, "source_kind": "START", "target_kind": "PAGE", "target": "a", "transitions": 1}],
    "graph_nodes": [{"n": 1, "kind": "START", "visits": 1}, {"n": 2, "kind": "PAGE", "page": "a", "visits": 1}],
    "path_variants": [{"n": 1, "pages": ["a", "b"], "paths": 4}],
    "variant_totals": [{"variants": 9, "paths": 6, "variants_left_out": 8, "paths_left_out": 2}],
    "funnel_steps": [{"n": 1, "name": "in", "pattern": "in: a", "paths": 4}],
    "percolation": [{"n": 1, "period": "2026-01-05", "paths": 4, "all_paths": 4, "all_mean_length": 2.5}],
    "percolation_totals": [{"groups_left_out": 3, "paths_left_out": 2}],
    "comparison": [{"n": 1, "metric": "MEAN_LENGTH", "a": 1.5, "b": 2.0}],
    "comparison_arms": [{"n": 1, "paths": 4, "open_paths": 1}, {"n": 2, "paths": 2, "open_paths": 0}],
    "comparison_totals": [{"customers_in_both": 1, "paths_in_both": 0}],
    "before_moves": [{"n": 1, "page": "a", "flag": "MORE", "rate_ratio": 2.0}],
    "before_totals": [{"stage": "look", "racetrack": "ride", "stays": 3, "pages_left_out": 7}],
}


class Handed:
    """In the place of the paths in memory: gives the rows of the test, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.rows = ROWS | TOTALS

    async def answer(self, field, arguments, lists, min_position):
        self.asked.append((field, arguments, list(lists), min_position))
        return self.rows


@pytest.fixture
def handed(shared, monkeypatch):
    """Asks the API for something, and gives the answer and what was asked of the paths for it."""
    paths = Handed()
    monkeypatch.setattr(shared.api, "paths", paths)

    def ask(question, **headers):
        data = shared.ask("{ " + question + " }", **headers)
        asked, *again = paths.asked  # for paths that have come further, if there are lists of them; here there are none
        assert (len(again), [one[:3] for one in again]) == (bool(asked[2]), [asked[:3]] * len(again))
        paths.asked.clear()
        (answer,) = data.values()
        return answer, asked

    ask.paths, ask.service = paths, shared
    return ask


def argued(handed, question):
    """The arguments of the question that the paths were asked."""
    return handed(question)[1][1]


@pytest.mark.parametrize(
    ("question", "field", "arguments"),
    [
        ("pathStatistics { customers }", "pathStatistics", {}),
        (
            "pages { totalCount }",
            "pages",
            {"strata": "type", "alpha": 0.05, "first": 50, "orderBy": {"field": "excess", "direction": "desc"}},
        ),
        ("siteGraph { pathCount }", "siteGraph", {"nodes": 50, "edges": 100, "neverTaken": 50}),
        ("pathVariants { pathCount }", "pathVariants", {"first": 20}),
        ('funnel(pattern: "in: a") { pathCount }', "funnel", {"pattern": "in: a", "per": "path"}),
        ("percolation { pathCount }", "percolation", {"first": 100}),
        ("pathComparison(a: {}, b: {}) { pathsInBoth }", "pathComparison", {"a": {}, "b": {}}),
        ('paths(pattern: "a") { totalCount }', "paths", {"pattern": "a", "first": 50}),
        ("paths(where: {}) { totalCount }", "paths", {"where": {}, "first": 50}),
    ],
)
def test_what_is_not_said_is_asked_as_the_schema_says(handed, question, field, arguments):
    _, (asked, found, _, least) = handed(question)
    assert (asked, found, least) == (field, arguments, 0)


def test_what_is_said_is_asked_in_words_and_days_without_what_is_null(handed):
    where = """{from: "2026-01-05", to: null, containing: ["a"], transition: {from: "a", to: "b"}, resolved: false,
                pages: [], variant: "x"}"""
    assert argued(handed, f"siteGraph(where: {where}, steps: 3, minPosition: 1) {{ pathCount }}")["where"] == {
        "from": date(2026, 1, 5),
        "containing": ["a"],
        "transition": {"from": "a", "to": "b"},
        "resolved": False,
        "pages": [],
        "variant": "x",
    }
    found = argued(handed, "percolation(over: WEEK, by: ENTRY_PAGE, where: null) { pathCount }")
    assert found == {"over": "week", "by": "entry_page", "first": 100}
    found = argued(handed, 'funnel(pattern: "in: a", per: CUSTOMER) { pathCount }')
    assert found["per"] == "customer"
    found = argued(
        handed,
        """pages(strata: LINKS, past: {from: "2025-12-01", to: "2025-12-31"}, orderBy: {field: DWELL, direction: ASC})
           { totalCount }""",
    )
    assert found["strata"] == "links"
    assert found["past"] == {"from": date(2025, 12, 1), "to": date(2025, 12, 31)}
    assert found["orderBy"] == {"field": "dwell_median", "direction": "asc"}


def test_what_the_read_models_can_tell_is_not_asked_of_the_paths_in_memory(handed):
    handed.service.ask('{ paths(containing: ["A"], customer: "turning", resolved: false, where: null) { totalCount } }')
    assert handed.paths.asked == []


def test_the_days_of_two_groups_need_not_be_the_same(handed):
    found = argued(handed, 'pathComparison(a: {from: "2026-01-08"}, b: {to: "2026-01-02"}) { pathsInBoth }')
    assert found == {"a": {"from": date(2026, 1, 8)}, "b": {"to": date(2026, 1, 2)}}


def test_the_greater_of_header_and_argument_is_the_position_that_the_paths_must_have(handed):
    assert handed("pathStatistics(minPosition: 2) { customers }", Raceline_Min_Position="1")[1][3] == 2
    assert handed("pathStatistics { customers }", Raceline_Min_Position="5")[1][3] == 5


LISTS = [
    ("pages { nodes { paths(first: 3) { totalCount } } }", "Page", "paths"),
    ("pages { edges { node { turnaroundPaths(first: 3) { totalCount } } } }", "Page", "turnaroundPaths"),
    ("siteGraph { nodes { paths(first: 3) { totalCount } } }", "GraphNode", "paths"),
    ("siteGraph { edges { paths(first: 3) { totalCount } } }", "GraphEdge", "paths"),
    ("pathVariants { variants { paths(first: 3) { totalCount } } }", "PathVariant", "paths"),
    ('funnel(pattern: "in: a") { steps { paths(first: 3) { totalCount } } }', "FunnelStep", "paths"),
    ("percolation { rows { paths(first: 3) { totalCount } } }", "PercolationRow", "paths"),
    ("pathComparison(a: {}, b: {}) { a { paths(first: 3) { totalCount } } }", "ComparisonArm", "paths"),
    ("paths(where: {}, first: 3) { totalCount }", "Query", "paths"),
]


@pytest.mark.parametrize(("question", "row_type", "of"), LISTS)
def test_a_connection_of_paths_is_a_list_that_is_asked_for(handed, question, row_type, of):
    handed.paths.rows = {**handed.paths.rows, "path_lists": []}
    _, (_, _, lists, _) = handed(question)
    assert lists == [PathList(0, of, row_type, 3)]


def test_each_connection_is_a_list_of_its_own_behind_its_cursor(handed):
    cursor = b64encode(b'paths:["2026-01-05T00:01:00.000002Z", 7]').decode()
    _, (_, _, lists, _) = handed(
        f"""pages {{ nodes {{ a: paths(first: 1) {{ totalCount }} b: turnaroundPaths(after: "{cursor}") {{ totalCount }}
            }} edges {{ node {{ paths(first: 0) {{ totalCount }} }} }} }}"""
    )
    assert lists == [
        PathList(0, "paths", "Page", 1),
        PathList(1, "turnaroundPaths", "Page", 50, (datetime(2026, 1, 5, 0, 1, 0, 2, UTC), 7)),
        PathList(2, "paths", "Page", 50)._replace(first=0),
    ]
    arguments = argued(handed, f'paths(where: {{}}, after: "{cursor}") {{ totalCount }}')
    assert "after" not in arguments


def path_ids(service):
    return [(row["id"], row["pages"]) for row in service.ask("{ paths { nodes { id pages } } }")["paths"]["nodes"]]


def number(id_):
    """The path_id in a global id."""
    return next(n for n in range(1, 100) if global_id("Path", n) == id_)


def test_each_row_tells_the_paths_that_were_found_for_it_in_the_order_in_which_they_started(handed):
    known = path_ids(handed.service)
    ids = [number(id_) for id_, _ in known]
    rows = [
        {"list": 0, "row": 12, "path_ids": [ids[3], ids[0]], "total": 2},
        {"list": 0, "row": 11, "path_ids": ids[:3], "total": 6},
        {"list": 1, "row": 11, "path_ids": [ids[5]], "total": 1},
    ]
    handed.paths.rows = {**handed.paths.rows, "path_lists": rows}
    found, _ = handed("""pages { nodes { page paths(first: 2) { totalCount pageInfo { hasNextPage } nodes { id pages }
                         edges { cursor node { id } } } turnaroundPaths { totalCount nodes { id } } } }""")
    b, a, c = found["nodes"]
    assert [(one["id"], one["pages"]) for one in b["paths"]["nodes"]] == known[:2]
    assert (b["paths"]["totalCount"], b["paths"]["pageInfo"]) == (6, {"hasNextPage": True})
    assert [one["id"] for one in a["paths"]["nodes"]] == [known[0][0], known[3][0]]
    assert a["paths"]["pageInfo"] == {"hasNextPage": False}
    assert [one["id"] for one in b["turnaroundPaths"]["nodes"]] == [known[5][0]]
    assert c["paths"]["nodes"] == c["turnaroundPaths"]["nodes"] == []
    assert c["paths"]["totalCount"] == 0


def test_a_list_goes_on_behind_a_path_that_is_gone_since_it_was_found(handed):
    first, second, *_ = [number(id_) for id_, _ in path_ids(handed.service)]
    rows = [{"list": 0, "row": 0, "path_ids": [first, 2**40, second], "total": 9}]
    handed.paths.rows = {**handed.paths.rows, "path_lists": rows}
    page, _ = handed("paths(where: {}, first: 2) { nodes { id } pageInfo { hasNextPage endCursor } totalCount }")
    assert [number(one["id"]) for one in page["nodes"]] == [first, second]
    assert (page["pageInfo"]["hasNextPage"], page["totalCount"]) == (True, 9)
    assert page["pageInfo"]["endCursor"] is not None


def test_the_answer_is_true_at_the_position_of_the_paths(handed):
    assert handed("pages { position nodes { page } }")[0]["position"] == 3
    for question in ("siteGraph", "pathVariants", "percolation", "pathStatistics"):
        assert handed(f"{question} {{ position }}")[0] == {"position": 3}
    rows = [{"list": 0, "row": 12, "path_ids": [number(path_ids(handed.service)[0][0])], "total": 1}]
    handed.paths.rows = {**handed.paths.rows, "path_lists": rows}
    found, _ = handed("pages { nodes { paths { position nodes { customer { position } } } } }")
    assert found["nodes"][1]["paths"] == {"position": 3, "nodes": [{"customer": {"position": 3}}]}


def test_pages_are_told_in_the_order_of_the_rows_and_the_whole_list_is_as_long_as_the_test_says(handed):
    found, _ = handed("pages(first: 2) { totalCount nodes { page excess } pageInfo { hasNextPage endCursor } }")
    assert found["totalCount"] == 44
    assert found["nodes"] == [{"page": "b", "excess": 0.1}, {"page": "a", "excess": -1e-17}]
    assert found["pageInfo"]["hasNextPage"]
    arguments = argued(handed, f'pages(after: "{found["pageInfo"]["endCursor"]}") {{ totalCount }}')
    assert arguments["after"] == (-1e-17, "a"), "a figure comes back as it was"


def test_a_page_without_a_figure_has_a_cursor_too(handed):
    found, _ = handed("pages { edges { cursor } }")
    cursor = found["edges"][2]["cursor"]
    assert argued(handed, f'pages(after: "{cursor}") {{ totalCount }}')["after"] == (None, "c")


def test_a_figure_that_is_no_number_is_null(handed):
    found, _ = handed("pathStatistics { shareResolved shareWithTurnaround open { paths meanLength } }")
    assert found == {"shareResolved": None, "shareWithTurnaround": None, "open": {"paths": 0, "meanLength": None}}


def test_what_was_not_asked_for_is_null_as_a_whole(handed):
    found, _ = handed("pages { nodes { past { rate flag } firstOrder { rate } } test { past { from } tested } }")
    assert found["nodes"][0] == {"past": None, "firstOrder": None}
    assert found["test"] == {"past": None, "tested": 3}
    row = handed.paths.rows["path_pages"][0] | {
        "past_flag": "TOO_FEW",
        "past_opportunities": 0,
        "first_order_rate": 0.5,
    }
    test = {"past_from": "2026-01-01", "past_to": "2026-01-28", "past_tau": 0.1}
    handed.paths.rows = {**handed.paths.rows, "path_pages": [row], "page_test": [test]}
    found, _ = handed("""pages { nodes { past { rate opportunities flag } firstOrder { rate z } }
                         test { past { from to tau } } }""")
    assert found["nodes"] == [
        {"past": {"rate": None, "opportunities": 0, "flag": "TOO_FEW"}, "firstOrder": {"rate": 0.5, "z": None}}
    ]
    assert found["test"] == {"past": {"from": "2026-01-01", "to": "2026-01-28", "tau": 0.1}}


def test_lists_of_an_answer_are_told_with_what_they_leave_out(handed):
    found, _ = handed("pathVariants { variants { pages pathCount } variantCount pathCount variantsLeftOut customers }")
    assert found == {
        "variants": [{"pages": ["a", "b"], "pathCount": 4}],
        "variantCount": 9, "pathCount": 6, "variantsLeftOut": 8, "customers": 5,
    }  # fmt: skip
    found, _ = handed("percolation { rows { period pathCount all { meanLength } open { paths } } groupsLeftOut }")
    assert found["rows"][0] | {"open": 0} == {
        "period": "2026-01-05", "pathCount": 4, "all": {"meanLength": 2.5}, "open": 0,
    }  # fmt: skip
    assert found["groupsLeftOut"] == 3
    found, _ = handed("pathComparison(a: {}, b: {}) { a { pathCount } b { open { paths } } metrics { metric a } }")
    assert found == {
        "a": {"pathCount": 4}, "b": {"open": {"paths": 0}}, "metrics": [{"metric": "MEAN_LENGTH", "a": 1.5}],
    }  # fmt: skip
    found, _ = handed(
        "siteGraph { nodes { kind page } edges { sourceKind target } neverTaken { source } totals { nodes } }"
    )
    assert [node["kind"] for node in found["nodes"]] == ["START", "PAGE"]
    assert found["edges"] == [{"sourceKind": "START", "target": "a"}]
    assert (found["neverTaken"], found["totals"]) == ([], {"nodes": 1})


def test_one_statement_tells_all_of_it(handed):
    before = len(handed.service.statements)
    handed(
        "siteGraph { nodes { kind paths { nodes { pages } } } edges { share paths { totalCount } } totals { nodes } }"
    )
    assert len(handed.service.statements) == before + 1


def test_names_of_types_and_aliases_are_told_as_everywhere(handed):
    found, _ = handed("x: pages { __typename t: test { __typename a: alpha } nodes { __typename } }")
    assert (found["__typename"], found["t"]) == ("PageConnection", {"__typename": "PageTest", "a": 0.05})
    assert handed("siteGraph { __typename }")[0] == {"__typename": "SiteGraph"}


@pytest.mark.parametrize(
    ("question", "argument"),
    [
        ("pages(alpha: 0) { totalCount }", "alpha"),
        ("pages(alpha: 1) { totalCount }", "alpha"),
        ("siteGraph(steps: 0) { pathCount }", "steps"),
        ("siteGraph(steps: 51) { pathCount }", "steps"),
        ("siteGraph(nodes: -1) { pathCount }", "nodes"),
        ("percolation(first: -1) { pathCount }", "first"),
        ('pagesBeforeMoves(stage: "look", window: 0) { stays }', "window"),
        ('pagesBeforeMoves(stage: "look", window: 3651) { stays }', "window"),
        (r'paths(pattern: "a\u0000") { totalCount }', "pattern"),
        ('pages(from: "2026-01-08", to: "2026-01-02") { totalCount }', "from"),
        ('pages(from: "2026-01-08", where: {to: "2026-01-02"}) { totalCount }', "from"),
        ('pages(from: "2026-01-05", past: {from: "2026-01-01", to: "2026-01-05"}) { totalCount }', "past"),
        ('pages(from: "2026-01-09", past: {from: "2026-01-05", to: "2026-01-01"}) { totalCount }', "past"),
        ('paths(where: {from: "2026-01-08", to: "2026-01-02"}) { totalCount }', "from"),
        ('pathComparison(a: {}, b: {from: "2026-01-08", to: "2026-01-02"}) { pathsInBoth }', "from"),
        ('pagesBeforeMoves(stage: "look", from: "2026-01-08", to: "2026-01-02") { stays }', "from"),
        ('paths(where: {}, after: "x") { totalCount }', "after"),
        ('pages(after: "x") { totalCount }', "after"),
        ('pages { nodes { paths(after: "x") { totalCount } } }', "after"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_by_name_and_nothing_is_counted(handed, question, argument):
    error = handed.service.error("{ " + question + " }")
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("INVALID_ARGUMENT", argument)
    assert handed.paths.asked == []


@pytest.mark.parametrize("pattern", ["a", "", "in: a -> b", "in: [a"])
def test_a_funnel_of_a_pattern_without_named_steps_is_refused_before_anything_is_counted(handed, pattern):
    error = handed.service.error("query($p: String!) { funnel(pattern: $p) { pathCount } }", {"p": pattern})
    assert error["extensions"]["code"] == "INVALID_PATH_PATTERN"
    assert handed.paths.asked == []


@pytest.mark.parametrize(
    ("question", "limit"),
    [
        ("siteGraph(edges: 501) { pathCount }", "page_size"),
        ("pathVariants(first: 501) { pathCount }", "page_size"),
        ("pages(first: 501) { totalCount }", "page_size"),
        ("pages { nodes { paths(first: 501) { totalCount } } }", "page_size"),
        ("pages(first: 400) { nodes { paths(first: 400) { nodes { id } } } }", "cost"),
        ("siteGraph(nodes: 0, edges: 400) { edges { paths(first: 400) { nodes { id } } } }", "cost"),
        ("percolation(first: 500) { rows { paths(first: 300) { nodes { id } } } }", "cost"),
        (f"{' '.join(f'f{n}: {FUNNEL}' for n in range(10))}", "cost"),
    ],
)
def test_what_could_cost_too_much_is_refused_before_anything_is_counted(handed, question, limit):
    error = handed.service.error("{ " + question + " }")
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", limit)
    assert handed.paths.asked == []


def test_a_text_that_no_page_can_be_is_asked_as_one_and_is_no_pattern(shared):
    """Half a surrogate pair, as a command line can hold it; in JSON it is refused."""

    class Asked(Handed):
        async def answer(self, *asked):
            await super().answer(*asked)
            raise NoReadModels

    def ask(name):
        query = f"query($p: String!) {{ pathStatistics(where: {{{name}: $p}}) {{ all {{ paths }} }} }}"
        executed = make_schema().execute(query, {"p": "A\ud800"}, context_value=Context(api))
        return asyncio.run(executed).errors[0].extensions

    api = replace(shared.api, paths=Asked())
    assert ask("entryPage") == {"code": "NO_READ_MODELS"}
    assert api.paths.asked[0][1] == {"where": {"entryPage": "A\0"}}
    assert ask("pattern")["argument"] == "pattern"
    found = shared.ask(r'{ pathStatistics(where: {entryPage: "A\u0000"}) { all { paths } } }')
    assert found == {"pathStatistics": {"all": {"paths": 0}}}
