"""raceline export pages, graph, variants ...: the figures that were counted by hand, none left out, in every format."""

import csv
import io
import json
import re
from datetime import date
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import worked_site as site
from hypothesis import given
from hypothesis import strategies as st

from raceline.app.asking import asking
from raceline.app.cli_where import described
from raceline.app.graphml import write_graphml
from raceline.app.path_export_tables import BEFORE_MOVES, FUNNEL, NODES, PATH_TABLES, VARIANTS
from raceline.app.path_questions import Told
from raceline.app.path_tables import camel
from raceline.app.runtime import runtime
from raceline.app.settings import Settings

COMMANDS = {
    "pages": ["pages"],
    "graph": ["graph"],
    "graph --of nodes": ["graph", "--of", "nodes"],
    "graph --of never-taken": ["graph", "--of", "never-taken"],
    "variants": ["variants"],
    "percolation": ["percolation", "--over", "week"],
    "funnel": ["funnel", site.FUNNEL],
    "comparison": ["comparison", "--a", "variant=layout=A", "--b", "variant=layout=B"],
    "before-moves": ["before-moves", "look"],
}
XML = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture
def export(quick):
    """Runs an export of the small site; gives its rows."""

    def run(*arguments):
        done = quick("export", *arguments)
        assert done.status == 0, done.err
        run.err = done.err
        return list(csv.DictReader(io.StringIO(done.out)))

    return run


def number(text):
    return None if text == "" else float(text)


def figures(row, *names):
    return tuple(number(row[name]) for name in names)


# What is in them


def test_pages_have_the_figures_that_were_counted_by_hand(export):
    names = ("visits", "customers", "entries", "exits", "resolved_here", "opportunities", "turnarounds", "rate",
             "depth", "ping_pongs", "loops")  # fmt: skip
    rows = export("pages")
    assert {row["page"]: figures(row, *names) for row in rows} == site.PAGE_FIGURES
    assert {row["page"]: number(row["dwell_median"]) for row in rows} == site.DWELL
    assert {(row["page"], row["page_type"], row["title"] or None) for row in rows} == {*site.PAGES}
    assert {row["flag"] for row in rows} == {"too_few"}
    assert {row["past_flag"] for row in rows} == {""}, "nothing was asked to be compared with"
    assert re.fullmatch(r"4 rows, as of position \d+\.\n", export.err)


def test_pages_are_compared_with_the_time_before_the_days_or_with_days_that_are_named(export):
    week = ["--from", "2026-01-12", "--to", "2026-01-18"]
    for past in ([], ["--past-from", "2025-12-15", "--past-to", "2026-01-11"]):
        rows = {row["page"]: row for row in export("pages", *week, *past)}
        assert figures(rows["a"], "opportunities", "past_opportunities", "past_turnarounds", "past_rate") == (
            1,
            3,
            2,
            2 / 3,
        )
    nothing = ["--past-from", "2025-01-01", "--past-to", "2025-01-31"]
    assert {row["past_opportunities"] for row in export("pages", *week, *nothing)} == {"0"}


def test_edges_are_those_that_were_counted_by_hand_with_what_is_no_link(export):
    def end(row, of):
        return row[of] or row[f"{of}_kind"].upper()

    found = {
        (end(row, "source"), end(row, "target")): (
            *figures(row, "transitions", "customers"),
            pytest.approx(float(row["share"])),
            number(row["median_seconds"]),
            {"true": True, "false": False, "": None}[row["is_link"]],
        )
        for row in export("graph")
    }
    assert found == site.EDGES


def test_nodes_are_numbered_as_edges_name_them(export):
    nodes = {row["n"]: row["page"] or row["kind"] for row in export("graph", "--of", "nodes")}
    assert sorted(nodes.values()) == ["a", "b", "c", "home", "open", "resolved", "start"]
    for row in export("graph"):
        assert nodes[row["source_n"]] == (row["source"] or row["source_kind"])
        assert nodes[row["target_n"]] == (row["target"] or row["target_kind"])


def test_the_first_steps_can_be_told_apart(export):
    found = {
        (int(row["step"]), row["source"] or row["source_kind"].upper(), row["target"] or row["target_kind"].upper()):
            int(row["transitions"])
        for row in export("graph", "--steps", "2")
    }  # fmt: skip
    inside = {key: count for key, count in site.FIRST_STEPS.items() if key[0] < 2}
    assert {key: count for key, count in found.items() if key[0] < 2} == inside


def test_links_that_nobody_took_are_a_table(export):
    assert export("graph", "--of", "never-taken") == [{"source": "home", "target": "c"}]


def test_variants_are_paths_of_identical_steps(export):
    rows = export("variants")
    found = {tuple(json.loads(row["pages"])): figures(row, "paths", "resolved", "customers") for row in rows}
    assert found == site.VARIANTS
    assert float(rows[-1]["cumulative_share"]) == 1


@pytest.mark.parametrize(
    ("arguments", "column"),
    [
        pytest.param([], None, id="all"),
        pytest.param(["--over", "week"], "period", id="by week"),
        pytest.param(["--by", "variant"], "variant", id="by variant"),
        pytest.param(["--by", "entry-page"], "entry_page", id="by the first page"),
    ],
)
def test_percolation_has_the_lengths_of_each_group(export, arguments, column):
    rows = export("percolation", *arguments)
    assert len(rows) == (1 if column is None else 2)
    for row in rows:
        wanted = site.LENGTHS["all" if column is None else row[column]]
        for of, (paths, mean, variance) in zip(("all", "resolved", "open"), wanted, strict=True):
            assert number(row[f"{of}_paths"]) == paths
            assert number(row[f"{of}_mean_length"]) == pytest.approx(mean)
            assert number(row[f"{of}_variance_length"]) == pytest.approx(variance)


def test_a_funnel_has_a_row_for_each_named_step(export):
    for row in export("funnel", site.FUNNEL):
        *wanted, _ = site.FUNNEL_STEPS[row["name"]]
        names = ("paths", "customers", "of_previous", "of_first", "conversion", "overall_conversion", "base_rate",
                 "lift", "median_seconds")  # fmt: skip
        assert figures(row, *names) == pytest.approx(tuple(wanted)), row["name"]


def test_two_groups_are_compared_figure_by_figure(export):
    rows = {row["metric"]: row for row in export("comparison", "--a", "variant=layout=A", "--b", "variant=layout=B")}
    assert figures(rows["mean_length"], "a", "b", "difference") == pytest.approx((13 / 3, 3, -4 / 3))
    assert figures(rows["share_resolved"], "a", "b", "difference") == (0, 1, 1)
    assert figures(rows["share_with_turnaround"], "a", "b") == pytest.approx((2 / 3, 1 / 3))
    assert number(rows["mean_length"]["low"]) < -4 / 3 < number(rows["mean_length"]["high"])
    assert "a: 3 paths of 2 customers; b: 3 paths of 2 customers; in both: 0 paths, 1 customers." in export.err


@pytest.mark.parametrize(
    ("arguments", "sizes"),
    [
        pytest.param(["--a", "to=2026-01-07", "--b", "from=2026-01-08"], (3, 3), id="days"),
        pytest.param(["--a", "resolved", "--b", "open"], (3, 3), id="how they end"),
        pytest.param(["--a", "entry-page=home", "--a", "variant=layout=B", "--b", "customer=c2"], (3, 2), id="several"),
        pytest.param(["--a", "containing=a", "--a", "containing=c", "--b", "pattern=home -> b"], (1, 2), id="pages"),
        pytest.param(["--a", "resolved", "--b", "open", "--entry-page", "home"], (3, 2), id="what holds for both"),
    ],
)
def test_a_group_is_chosen_by(export, arguments, sizes):
    export("comparison", *arguments)
    assert tuple(map(int, re.findall(r"[ab]: (\d+) paths", export.err))) == sizes


def test_pages_before_moves_count_those_who_stayed_too(export):
    rows = export("before-moves", "look", "--window", "3")
    assert {row["page"] for row in rows} <= {"home", "a", "b", "c"}
    assert {row["moves"] for row in rows} == {"2"}
    assert {row["flag"] for row in rows} == {"too_few"}


# Which paths


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        pytest.param(["--pattern", "home -> a -> home"], 2, id="pattern"),
        pytest.param(["--turnaround-at", "a"], 2, id="turnaround"),
        pytest.param(["--transition", "b", "c"], 1, id="transition"),
        pytest.param(["--from", "2026-01-06", "--to", "2026-01-12"], 3, id="days"),
        pytest.param(["--variant", "layout=B", "--entry-page", "home"], 3, id="variant and entry page"),
        pytest.param(["--exit-page", "b", "--customer", "c1"], 2, id="exit page and customer"),
        pytest.param(["--containing", "a", "--containing", "c"], 1, id="several pages"),
        pytest.param(["--stage", "look", "--racetrack", "site"], 6, id="stage"),
        pytest.param(["--stage", "use"], 0, id="another stage"),
        pytest.param(["--resolved"], 3, id="resolved"),
        pytest.param(["--open"], 3, id="open"),
    ],
)
def test_paths_are_chosen_by(export, arguments, paths):
    assert sum(int(row["paths"]) for row in export("variants", *arguments)) == paths


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["pages", "--pattern", "a -> (b"], 1, "^", id="a pattern with a fault is shown with its place"),
        pytest.param(["pages", "--stage", "lok"], 1, "did you mean `look`", id="a stage that is none"),
        pytest.param(["pages", "--racetrack", "sit", "--stage", "look"], 1, "did you mean `site`", id="a racetrack"),
        pytest.param(["pages", "--past-from", "2026-01-01"], 2, "both days", id="half a past"),
        pytest.param(["pages", "--from", "2026-01-02", "--to", "2026-01-01"], 2, "is after", id="days backwards"),
        pytest.param(
            ["pages", "--past-from", "2026-01-02", "--past-to", "2026-01-01"], 2, "--past-to", id="a past backwards"
        ),
        pytest.param(
            ["pages", "--from", "2026-01-12", "--past-from", "2026-01-05", "--past-to", "2026-01-12"],
            1,
            "The past has to end before the period begins",
            id="a past that overlaps the period",
        ),
        pytest.param(
            ["before-moves", "look", "--from", "2026-01-02", "--to", "2026-01-01"], 2, "is after", id="no time to move"
        ),
        pytest.param(["comparison", "--a", "resolved"], 2, "--b", id="one group only"),
        pytest.param(["comparison", "--a", "varaint=x", "--b", "open"], 2, "did you mean `variant`?", id="a condition"),
        pytest.param(["comparison", "--a", "variant", "--b", "open"], 2, "write `variant=...`", id="without a value"),
        pytest.param(["comparison", "--a", "open=yes", "--b", "open"], 2, "write `open`", id="with a value"),
        pytest.param(["comparison", "--a", "from=monday", "--b", "open"], 2, "write a day such as", id="no day"),
        pytest.param(
            ["comparison", "--a", "to=2026-01-01", "--a", "to=2026-01-02", "--b", "open"],
            2,
            "`to` is said twice",
            id="a condition twice",
        ),
        pytest.param(
            ["comparison", "--a", "open", "--b", "open", "--resolved"], 2, "said twice", id="here and for both"
        ),
        pytest.param(["before-moves", "nowhere"], 1, "nowhere", id="a stage to move from that is none"),
        pytest.param(["pages", "--variant", "a", "--variant", "b"], 2, "'--variant': say it once", id="two variants"),
        pytest.param(["graph", "--pattern", "a", "--pattern=b"], 2, "'--pattern': say it once", id="two patterns"),
        pytest.param(
            ["variants", "--resolved", "--open"], 2, "'--resolved' / '--open': say it once", id="resolved and open"
        ),
        pytest.param(["stays", "--from", "2026-01-01", "--from", "2026-01-02"], 2, "say it once", id="two first days"),
        pytest.param(["graph", "--format", "parquet"], 1, "name a file", id="parquet into a pipe"),
        pytest.param(["graph", "-o", "/no/such/x.graphml"], 1, "There is no such folder", id="a folder that is none"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(quick, arguments, status, words):
    done = quick("export", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pages", "--containing", "hme"], ["No path has the page `hme`; did you mean `home`?"]),
        (["graph", "--entry-page", "shop"], ["No path has the page `shop`."]),
        (["graph", "--of", "nodes", "--transition", "hom", "a"], ["No path has the page `hom`; did you mean `home`?"]),
        (["variants", "--variant", "layout-A"], ["No path has the variant `layout-A`; did you mean `layout=A`?"]),
        (["percolation", "--pattern", "home -> hoem"], ["No path has the page `hoem`; did you mean `home`?"]),
        (["funnel", "one: home -> two: hoem"], ["No path has the page `hoem`; did you mean `home`?"]),
        (["variants", "--entry-page", "c"], []),
        (["variants", "--entry-page", "home"], []),
        (["funnel", "one: home -> two: [a hoem]"], []),
        (
            ["comparison", "--a", "variant=layout-A", "--b", "variant=layout=B"],
            ["No path has the variant `layout-A`; did you mean `layout=A`?"],
        ),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_name_that_no_path_has_is_told_when_the_answer_is_empty(export, arguments, said):
    export(*arguments)
    assert [line for line in export.err.splitlines() if line.startswith("No path")] == said


def test_before_an_empty_picture_too(quick, tmp_path):
    done = quick("plot", "funnel", "one: home -> two: hoem", "--output", str(tmp_path / "x.svg"))
    assert "No path has the page `hoem`; did you mean `home`?\n" in done.err


def test_more_steps_than_a_process_may_keep_are_refused_with_the_setting(worked_site, raceline, monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_URL", worked_site.url)
    monkeypatch.setenv("RACELINE_PATH_STEPS", "21")
    done = raceline("export", "pages")
    assert (done.status, done.out) == (1, "")
    assert "RACELINE_PATH_STEPS" in done.err
    monkeypatch.setenv("RACELINE_PATH_STEPS", "22")
    assert raceline("export", "pages").status == 0


# How they are written


def test_every_table_has_a_command():
    assert [table.name for table in PATH_TABLES] == list(COMMANDS)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("table", PATH_TABLES, ids=lambda table: table.name)
def test_other_formats_have_the_same_rows_with_types_and_say_what_each_column_means(export, tmp_path, table, kind):
    file = tmp_path / f"it.{kind}"
    export(*COMMANDS[table.name], "--output", str(file))
    found = pq.read_table(file) if kind == "parquet" else pa.ipc.open_file(file).read_all()
    assert found.column_names == [column.name for column in table.columns]
    assert [field.metadata[b"documentation"].decode() for field in found.schema] == [one.says for one in table.columns]
    assert int(found.schema.metadata[b"raceline.position"]) > 22
    assert found.num_rows == len(export(*COMMANDS[table.name]))


def test_lists_are_lists_and_days_are_days_where_a_format_has_them(export, tmp_path):
    export("variants", "-o", str(tmp_path / "v.parquet"))
    assert set(map(tuple, pq.read_table(tmp_path / "v.parquet")["pages"].to_pylist())) == set(site.VARIANTS)
    export("percolation", "--over", "week", "-o", str(tmp_path / "p.parquet"))
    periods = pq.read_table(tmp_path / "p.parquet")["period"].to_pylist()
    assert sorted(periods) == [date(2026, 1, 5), date(2026, 1, 12)]


def test_what_the_test_of_pages_goes_by_is_told_beside_its_rows(export, tmp_path):
    export("pages", "--from", "2026-01-12", "--to", "2026-01-18", "--alpha", "0.1", "-o", str(tmp_path / "p.parquet"))
    said = pq.read_schema(tmp_path / "p.parquet").metadata
    assert (said[b"raceline.alpha"], said[b"raceline.too_few"]) == (b"0.1", b"4")
    assert (said[b"raceline.past_from"], said[b"raceline.past_to"]) == (b"2025-12-15", b"2026-01-11")


def test_rows_that_are_not_asked_for_are_counted(export):
    assert len(export("variants", "--first", "1")) == 1
    assert "Left out: 4 variants, 4 paths.\n" in export.err
    assert len(export("graph", "--nodes", "2", "--edges", "3")) == 3
    assert "Left out: 2 nodes, 10 edges," in export.err
    export("variants")
    assert "Left out" not in export.err


# GraphML


@pytest.fixture
def graphml(export, tmp_path):
    """The graph of an export as a reader of XML sees it."""

    def run(*arguments):
        file = tmp_path / "site.graphml"
        export("graph", *arguments, "--output", str(file), "--force")
        return ET.parse(file).getroot()

    return run


def attributes(element, keys):
    return {keys[one.get("key")][0]: keys[one.get("key")][1](one.text) for one in element.iter(f"{XML}data")}


def read_graph(root):
    """Nodes by id, and edges, with their attributes by name, as the format says that they are read."""
    kinds = {"string": str, "long": int, "double": float, "boolean": {"true": True, "false": False}.get}
    keys = {key.get("id"): (key.get("attr.name"), kinds[key.get("attr.type")]) for key in root.iter(f"{XML}key")}
    nodes = {node.get("id"): attributes(node, keys) for node in root.iter(f"{XML}node")}
    edges = {
        (nodes[edge.get("source")]["label"], nodes[edge.get("target")]["label"]): attributes(edge, keys)
        for edge in root.iter(f"{XML}edge")
    }
    return nodes, edges


def test_graphml_holds_nodes_and_edges_with_their_figures(graphml):
    root = graphml()
    nodes, edges = read_graph(root)
    assert root.find(f"{XML}graph").get("edgedefault") == "directed"
    assert {one["page"]: one["visits"] for one in nodes.values() if one["kind"] == "page"} == {
        page: found[0] for page, found in site.PAGE_FIGURES.items()
    }
    wanted = {
        (source.lower(), target.lower()): (transitions, customers, link)
        for (source, target), (transitions, customers, _, _, link) in site.EDGES.items()
    }
    assert wanted == {ends: (one["transitions"], one["customers"], one.get("is_link")) for ends, one in edges.items()}


def test_graphml_of_steps_has_a_node_for_each_page_and_step(graphml):
    nodes, _ = read_graph(graphml("--steps", "2"))
    assert {(one["page"], one["step"]) for one in nodes.values() if one["kind"] == "page"} == {
        ("home", 1), ("a", 1), ("a", 2), ("b", 2)
    }  # fmt: skip


_NAMES = st.text(
    st.characters() | st.characters(max_codepoint=40) | st.sampled_from("\x7f\x85\ufffe\uffff\U0001f600"), min_size=1
)


@given(_NAMES, _NAMES)
def test_names_are_in_graphml_as_they_are_but_for_characters_that_xml_cannot_hold(name, title):
    """Two nodes stay two, also if their names are told alike."""
    unknown = {camel(column.name): None for column in NODES.columns}
    rows = [{**unknown, "n": n, "kind": "PAGE", "page": name, "title": title} for n in (1, 2)]
    file = io.BytesIO()
    write_graphml(file, rows, [], {"note": name})
    root = ET.fromstring(file.getvalue())
    nodes, _ = read_graph(root)
    assert nodes.keys() == {"n1", "n2"}
    for one in nodes.values():
        assert [one[key] for key in ("page", "label", "title")] == [*[writable(name)] * 2, writable(title)]
    assert root.find(f"{XML}graph/{XML}data").text == writable(name)


def writable(text):
    """By XML 1.0, section 2.2; by section 2.11 a reader would make another character of a carriage return."""
    return "".join(one if one in "\t\n" or (one >= " " and one not in "\ufffe\uffff") else "\ufffd" for one in text)


def test_graphml_can_be_had_on_standard_output(worked_site, raceline, monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_URL", worked_site.url)
    done = raceline("export", "graph", "--format", "graphml")
    assert len(read_graph(ET.fromstring(done.out.encode()))[1]) == len(site.EDGES)


# One position


def test_what_one_command_asks_is_of_one_position_whatever_is_recorded_meanwhile(databases):
    question = "{ pathStatistics { position all { paths } } }"
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        events = [json.dumps(one).encode() for one in site.events()]
        store.ingest.record(events[:10], source="test", place="test")
        store.projector().once()
        with asking(store) as ask:
            first = ask(question)
            store.ingest.record(events, source="test", place="test")
            store.projector().once()
            assert ask(question) == first
        with asking(store) as ask:
            assert ask(question) != first


# In words


def test_which_paths_are_meant_is_said_in_words():
    assert described({}) == "all paths"
    assert described({"from": "2026-01-01", "resolved": False, "containing": ["a", "b"]}) == (
        "paths from 2026-01-01, open, containing a, b"
    )
    assert described({"transition": {"from": "a", "to": "b"}, "stage": "use"}) == "paths with a -> b, in stage use"


def test_a_table_asks_for_exactly_its_columns():
    assert "paths: pathCount" not in VARIANTS.selection
    assert "pathCount" in VARIANTS.selection
    assert FUNNEL.selection.split()[:3] == ["n", "name", "pattern"]
    assert "moversShare" in BEFORE_MOVES.selection


def test_what_is_left_out_is_named():
    assert Told("x", {}, {"position": "7", "nodesLeftOut": 1200, "edgesLeftOut": 0}).left_out() == "1,200 nodes"
