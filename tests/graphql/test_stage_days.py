"""Stages day by day: the figures are those of counting spells in plain loops, and each leads to the cases it counts."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from ride import STEADY, publish
from spells import SCALE, STAGES, buckets, counted, day, figures, spell, write

BUCKETS = "buckets { value count } leftOutValues leftOutCases"
METRICS = f"""count sentiment {{ cases mean minimum maximum negative neutral positive }} severities {{ {BUCKETS} }}
  surveys {{ count mean }}"""


@pytest.fixture(scope="module")
def grid(common):
    """Asks for stages and days over what is written."""
    publish(common.house, STEADY)
    common.house.racetracks.activate("ride", 1, "test")
    with psycopg.connect(common.house.url, autocommit=True) as conn:

        def ask(spells, fields, first=0, last=9, also="", **rows):
            write(conn, spells, **rows)
            span = f'from: "{day(first)}", to: "{day(last)}"{also}'
            fields = fields.replace("...M", METRICS).replace("...B", BUCKETS)
            return common.ask(f"{{ stageDays({span}) {{ stage day {fields} }} }}")["stageDays"]

        ask.service, ask.conn = common, conn
        yield ask


ANN, BOB, CID = ("ann", 1), ("bob", 1), ("cid", 1)
# Ann's case moves on with her and is closed; Bob's was open before the first day; Cid, in no stage, never said a word.
SPELLS = [
    spell(ANN, 0, 2, stage="look", severity="2", problem="no power", sentiment=-5000),
    spell(ANN, 2, 5, stage="try", severity="1", problem="no power", sentiment=-2500),
    spell(ANN, 5, 6, side="closed", stage="try", severity="1", cause="COMM 007", problem="no power", sentiment=-2500,
          surveys=1, survey_score=4_500_000),
    spell(BOB, -30, stage="look", severity="odd", problem="slow", sentiment=400),
    spell(CID, 1, 4, stage=""),
]  # fmt: skip


def test_the_grid_has_every_stage_on_every_day_and_last_those_in_no_stage(grid):
    found = grid(SPELLS, "n title racetrack version position", last=2)
    assert [(row["stage"], row["day"]) for row in found] == [
        (stage, str(day(n))) for stage in [*STAGES, None] for n in range(3)
    ]
    assert found[0] | {"day": None} == {
        "stage": "look", "day": None, "n": 1, "title": "Look", "racetrack": "ride", "version": 1, "position": 7,
    }  # fmt: skip
    assert (found[-1]["n"], found[-1]["title"]) == (None, None)


def test_what_counts_on_a_day_is_what_was_true_at_its_end(grid):
    found = grid(SPELLS, "open { ...M } closed { ...M }")
    cells = {(row["stage"], row["day"]): row for row in found}
    look, trying, none = (cells[stage, str(day(n))] for stage, n in [("look", 1), ("try", 5), (None, 1)])
    assert look["open"]["count"] == 2
    assert look["open"]["sentiment"] == {
        "cases": 2, "mean": -0.23, "minimum": -0.5, "maximum": 0.04, "negative": 0.5, "neutral": 0.5, "positive": 0,
    }  # fmt: skip
    assert look["open"]["severities"]["buckets"] == [{"value": "2", "count": 1}, {"value": "odd", "count": 1}]
    assert trying["open"]["count"] == 0
    assert trying["open"]["sentiment"] is None
    assert trying["closed"]["surveys"] == {"count": 1, "mean": 4.5}
    assert none["open"]["severities"]["buckets"] == [{"value": None, "count": 1}]
    assert cells["look", str(day(9))]["open"]["count"] == 1


SEVERITIES = st.sampled_from([None, *SCALE, "odd", "unheard of"])
WORDS = st.sampled_from([None, "a", "b", "c", "é", "Z"])
SCORES = st.none() | st.sampled_from([-10000, -500, -499, 0, 499, 500, 10000])


@st.composite
def lives(draw):
    """The spells of some cases; those of one case follow each other, and it may close at any of their ends."""
    found = []
    for n in range(draw(st.integers(0, 6))):
        key, at = (draw(st.sampled_from("abcd")), n), draw(st.integers(-9, 11))
        for _ in range(draw(st.integers(1, 3))):
            ends = draw(st.none() | st.integers(at + 1, at + 6))
            known = {
                "stage": draw(st.sampled_from(["", *STAGES])), "severity": draw(SEVERITIES), "problem": draw(WORDS),
                "cause": draw(WORDS), "sentiment": draw(SCORES),
            }  # fmt: skip
            found.append(spell(key, at, ends, **known))
            if ends is None:
                break
            if draw(st.booleans()):
                answered = draw(st.integers(0, 2))
                found.append(spell(key, ends, ends + 1, "closed", **known, surveys=answered,
                                   survey_score=answered * 3_250_000))  # fmt: skip
            at = ends
    return found


EXAMPLES = settings(max_examples=min(25, settings().max_examples))


@given(lives())
@EXAMPLES
def test_the_figures_of_each_stage_and_day_are_those_of_counting_its_cases(grid, spells):
    lists = "causes(first: 2) { ...B } problems { ...B }"
    found = grid(spells, f"open {{ ...M {lists} }} closed {{ ...M {lists} }}")
    for row in found:
        for side in ("open", "closed"):
            cases = counted(spells, side, row["stage"] or "", date_of(row))
            told = figures(cases) | {"causes": buckets(cases, "cause", 2), "problems": buckets(cases, "problem")}
            told["sentiment"] = told["sentiment"] and approx(told["sentiment"])
            assert row[side] == told


@given(lives())
@EXAMPLES
def test_the_stages_and_no_stage_together_are_all_cases_on_every_day(grid, spells):
    found = grid(spells, "open { count } closed { count }")
    for n in range(10):
        rows = [row for row in found if row["day"] == str(day(n))]
        for side in ("open", "closed"):
            assert sum(row[side]["count"] for row in rows) == len(counted(spells, side, None, day(n)))


@given(lives())
@EXAMPLES
def test_every_figure_leads_to_exactly_the_cases_that_it_counts(grid, spells):
    cases = "cases(first: 9) { totalCount nodes { case { caseId } stage severity } }"
    listed = f"buckets {{ value count {cases} }}"
    fields = f"count {cases} severities {{ {listed} }} causes {{ {listed} }}"
    for row in grid(spells, f"open {{ {fields} }} closed {{ {fields} }}", first=2, last=5):
        for side in ("open", "closed"):
            told, there = row[side], counted(spells, side, row["stage"] or "", date_of(row))
            assert _ids(told["cases"]) == sorted(one["case_id"] for one in there)
            assert told["cases"]["totalCount"] == told["count"]
            assert all(one["stage"] == row["stage"] for one in told["cases"]["nodes"])
            for dimension, name in [("severity", "severities"), ("cause", "causes")]:
                for bucket in told[name]["buckets"]:
                    assert bucket["cases"]["totalCount"] == bucket["count"]
                    assert _ids(bucket["cases"]) == sorted(
                        one["case_id"] for one in there if one[dimension] == bucket["value"]
                    )


@given(lives(), st.integers(-12, 12), st.integers(0, 8), st.sets(st.sampled_from(STAGES)))
@EXAMPLES
def test_any_span_and_any_stages_say_what_the_whole_says(grid, spells, first, length, stages):
    fields = "open { ...M causes { ...B } } closed { ...M }"
    whole = {(row["stage"], row["day"]): row for row in grid(spells, fields, first=-12, last=20)}
    names = ", ".join(f'"{stage}"' for stage in sorted(stages))
    part = grid(spells, fields, first=first, last=first + length, also=f", stages: [{names}]")
    assert part == [
        whole[stage, str(day(n))] for stage in STAGES if stage in stages for n in range(first, first + length + 1)
    ]


def date_of(row):
    return type(day(0)).fromisoformat(row["day"])


def _ids(cases):
    return sorted(one["case"]["caseId"] for one in cases["nodes"])


def test_severities_are_told_alike_with_and_without_the_cases_behind_them(grid):
    spells = [spell(("a", n), 0, severity=one) for n, one in enumerate([*SCALE, None, "odd", "a's", '"', "7"])]
    plain, led = (
        grid(spells, f"open {{ severities {{ buckets {{ value count {more} }} }} }}", last=0)[0]
        for more in ("", "cases(first: 1) { totalCount }")
    )
    told = [bucket["value"] for bucket in plain["open"]["severities"]["buckets"]]
    assert told == [*SCALE, '"', "a's", "odd", None]
    assert [(one["value"], one["count"]) for one in led["open"]["severities"]["buckets"]] == [
        (one["value"], one["count"]) for one in plain["open"]["severities"]["buckets"]
    ]


def test_cases_behind_a_figure_are_filtered_and_paged_by_customer(grid):
    spells = [spell((name, n), 0, severity=str(n % 2), cause="x") for name in "cab" for n in (2, 1)]
    query = "open { cases(%s) { nodes { case { caseId } } pageInfo { hasNextPage endCursor } } }"

    def page(arguments):
        return grid(spells, query % arguments, last=0, also=', stages: ["look"]')[0]["open"]["cases"]

    seen, after = [], ""
    while True:
        found = page(f"first: 4{after}")
        seen += [one["case"]["caseId"] for one in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{found["pageInfo"]["endCursor"]}"'
    assert seen == ["a-1", "a-2", "b-1", "b-2", "c-1", "c-2"]
    odd = page('severity: "1", cause: "x"')
    assert [one["case"]["caseId"] for one in odd["nodes"]] == ["a-1", "b-1", "c-1"]
    assert page('severity: "1", cause: "y"')["nodes"] == []


def flow(stage, n, entered, departed):
    return {"racetrack": "ride", "stage": stage, "day": day(n), "entered": entered, "departed": departed}


def test_customers_at_the_end_of_a_day_are_those_who_came_less_those_who_left_also_before_the_span(grid):
    flows = [flow("look", -5, 9, 2), flow("look", 1, 1, 3), flow("", -5, 10, 9), flow("", 3, 0, 1)]
    found = grid([], "customers entered left", last=3, stage_days=flows)
    told = {stage: [tuple(row.values())[2:] for row in found if row["stage"] == stage] for stage in ["look", None]}
    assert told == {
        "look": [(7, 0, 0), (5, 1, 3), (5, 0, 0), (5, 0, 0)],
        None: [(1, 0, 0), (1, 0, 0), (1, 0, 0), (0, 0, 1)],
    }


def view(page, views, n=0, kind="page", stage="look"):
    return {"racetrack": "ride", "stage": stage, "day": day(n), "kind": kind, "page": page, "views": views}


def test_what_was_viewed_most_comes_first_and_the_rest_is_said(grid):
    seen = [view("a", 2), view("b", 5), view("c", 2), view("v", 4, kind="content"), view("a", 1, n=2)]
    top = "pages { page views } leftOutPages leftOutViews"
    fields = f"pagesViewed contentViewed topPages(first: 2) {{ {top} }} topContent {{ {top} }}"
    first, second, third = grid([], fields, last=2, also=', stages: ["look"]', stage_views=seen)
    assert (first["pagesViewed"], first["contentViewed"]) == (9, 4)
    assert first["topPages"] == {
        "pages": [{"page": "b", "views": 5}, {"page": "a", "views": 2}], "leftOutPages": 1, "leftOutViews": 2,
    }  # fmt: skip
    assert first["topContent"]["pages"] == [{"page": "v", "views": 4}]
    assert (second["pagesViewed"], second["topPages"]) == (0, {"pages": [], "leftOutPages": 0, "leftOutViews": 0})
    assert third["topPages"]["pages"] == [{"page": "a", "views": 1}]


def test_overlays_are_told_on_every_day_by_their_aggregate(grid):
    kinds = ["count", "sum", "mean", "distinct"]
    overlays = [
        {"racetrack": "ride", "n": n, "overlay": one, "title": one.title(), "documentation": "", "aggregate": one,
         "types": []}
        for n, one in enumerate(kinds, 1)
    ]  # fmt: skip
    amounts = [("count", "", 3, 0, 0), ("sum", "", 3, 2, 2_500_000), ("mean", "", 3, 2, 3_000_000),
               ("distinct", "x", 2, 2, 0), ("distinct", "y", 1, 1, 0), ("distinct", "", 4, 0, 0)]  # fmt: skip
    names = ["overlay", "value", "events", "counted", "amount"]
    days = [
        {"racetrack": "ride", "stage": "look", "day": day(0)} | dict(zip(names, one, strict=True)) for one in amounts
    ]
    found = grid([], "overlays { overlay title aggregate value events }", last=1, also=', stages: ["look"]',
                 racetrack_overlays=overlays, overlay_days=days)  # fmt: skip
    told = [[(one["overlay"], one["value"], one["events"]) for one in row["overlays"]] for row in found]
    assert told == [
        [("count", 3, 3), ("sum", 2.5, 3), ("mean", 1.5, 3), ("distinct", 2, 7)],
        [("count", 0, 0), ("sum", 0, 0), ("mean", None, 0), ("distinct", 0, 0)],
    ]
    assert found[0]["overlays"][2] | {"value": None} == {
        "overlay": "mean", "title": "Mean", "aggregate": "MEAN", "value": None, "events": 3,
    }  # fmt: skip


def test_aliases_and_names_of_types_are_told_as_everywhere(grid):
    fields = """__typename s: stage o: open { __typename n: count again: count x: severities { __typename }
                y: severities { b: buckets { __typename v: value } } sentiment { __typename } } closed { __typename }"""
    found = grid(SPELLS, fields, last=0)[0]
    assert (found["__typename"], found["s"], found["closed"]) == ("StageDay", "look", {"__typename": "CaseMetrics"})
    assert found["o"] == {
        "__typename": "CaseMetrics", "n": 2, "again": 2, "x": {"__typename": "CaseBuckets"},
        "y": {"b": [{"__typename": "CaseBucket", "v": "2"}, {"__typename": "CaseBucket", "v": "odd"}]},
        "sentiment": {"__typename": "Sentiment"},
    }  # fmt: skip


def test_one_statement_tells_all_of_it(grid):
    grid(SPELLS, "day", last=0)
    before = len(grid.service.statements)
    grid(SPELLS, "customers open { ...M causes { ...B } } closed { ...M } topPages { leftOutPages }", last=3)
    assert len(grid.service.statements) == before + 1
