"""Variants, funnels and the paths themselves."""

from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_paths import NoDatabase, Visit, asked, columns_of, ids, listed, many_visits, numbered, quantile
from pytest import approx

from raceline.domain.errors import InvalidPathPattern, NoRacetrack, NotInForce
from raceline.projections.path_figures import answer
from raceline.projections.path_list import PathList

EVERY = PathList(0, "paths", "Query", 1_000, None)


@given(many_visits(pages="ab", most=15), st.integers(0, 5))
def test_variants_are_identical_paths_the_most_frequent_first(visits, first):
    rows = asked(visits, "pathVariants", [EVERY], first=first)
    same = defaultdict(list)
    for visit in visits:
        same[tuple(visit.steps)].append(visit)
    paths, covered = listed(rows), 0

    assert [row["paths"] for row in rows["path_variants"]] == sorted(map(len, same.values()), reverse=True)[:first]
    for row in rows["path_variants"]:
        found = same.pop(tuple(row["pages"]))
        resolved = sum(visit.resolved for visit in found)
        covered += len(found)
        assert (row["length"], row["paths"]) == (len(row["pages"]), len(found))
        assert row["customers"] == len({visit.customer for visit in found})
        assert (row["resolved"], row["share_resolved"]) == (resolved, approx(resolved / len(found)))
        assert (row["share"], row["cumulative_share"]) == (
            approx(len(found) / len(visits)),
            approx(covered / len(visits)),
        )
        took = [visit.time(len(visit.steps) - 1) - visit.at for visit in found]
        assert row["median_seconds"] == approx(quantile(took, 0.5))
        assert paths[row["n"]] == (ids(found), len(found))
    assert rows["variant_totals"] == [
        {
            "variants": len(rows["path_variants"]) + len(same),
            "paths": len(visits),
            "variants_left_out": len(same),
            "paths_left_out": len(visits) - covered,
        }
    ]


def test_of_equally_many_the_variant_that_was_taken_first_is_told_first():
    visits = numbered([Visit("ann", "a", at=900), Visit("ann", "b", at=300), Visit("bob", "c", at=100)])
    rows = asked(visits, "pathVariants", first=2)

    assert [row["pages"] for row in rows["path_variants"]] == [["c"], ["b"]]


def completed(steps, pages):
    """At which step all of the pages have come one after another, others between; None when they do not."""
    wanted = list(pages)
    for n, page in enumerate(steps):
        if page == wanted[0]:
            wanted = wanted[1:]
            if not wanted:
                return n
    return None


@given(many_visits(most=20))
def test_a_funnel_counts_who_gets_how_far(visits):
    rows = asked(visits, "funnel", [EVERY], pattern="search: a -> .* -> read: b -> .* -> buy: c")
    before, first = visits, None
    for n, row in enumerate(rows["funnel_steps"]):
        there = [visit for visit in visits if completed(visit.steps, "abc"[: n + 1]) is not None]
        first = there if first is None else first
        anywhere = sum("abc"[n] in visit.steps for visit in visits)
        assert (row["n"], row["name"]) == (n + 1, ["search", "read", "buy"][n])
        assert (row["paths"], row["customers"]) == (len(there), len({visit.customer for visit in there}))
        assert (row["of_previous"], row["of_first"]) == (len(before), len(first))
        assert row["conversion"] == (approx(len(there) / len(before)) if before else None)
        assert row["overall_conversion"] == (approx(len(there) / len(first)) if first else None)
        assert row["base_rate"] == (approx(anywhere / len(visits)) if visits else None)
        assert listed(rows)[row["n"]] == (ids(there), len(there))
        # The pattern of a step leads to its paths.
        assert asked(visits, "pathStatistics", pattern=row["pattern"])["path_sums"][0]["paths"] == len(there)
        if n:
            took = [
                visit.time(completed(visit.steps, "abc"[: n + 1])) - visit.time(completed(visit.steps, "abc"[:n]))
                for visit in there
            ]
            assert row["median_seconds"] == approx(quantile(took, 0.5))
        before = there


def test_a_funnel_per_customer_joins_the_visits_of_each():
    visits = numbered([Visit("ann", "a x", at=0), Visit("ann", "y b", at=900), Visit("bob", "a b", at=100)])
    pattern = "start: a -> .* -> end: b"
    per_path = asked(visits, "funnel", pattern=pattern)["funnel_steps"]
    rows = asked(visits, "funnel", [EVERY], pattern=pattern, per="CUSTOMER")

    assert [row["paths"] for row in per_path] == [2, 1]
    assert [row["paths"] for row in rows["funnel_steps"]] == [2, 2]
    assert listed(rows)[2] == (ids([visits[1], visits[2]]), 2)  # where the customers came to the end


def test_a_funnel_of_unnamed_steps_is_refused():
    with pytest.raises(InvalidPathPattern):
        asked([], "funnel", pattern="a -> b")


@given(many_visits(), st.data())
def test_paging_through_paths_tells_each_once_in_the_order_in_which_they_started(visits, data):
    page = data.draw(st.sampled_from(["a", "b", "zebra"]))
    expected = [visit for visit in visits if page in visit.steps]
    first, told, after = data.draw(st.integers(1, 4)), [], None
    while True:
        rows = asked(visits, "paths", [PathList(3, "paths", "Query", first, after)], containing=[page])
        (row,) = rows["path_lists"]
        assert (row["list"], row["row"], row["total"]) == (3, 0, len(expected))
        told += row["path_ids"][:first]
        if len(row["path_ids"]) <= first:
            break
        last = next(visit for visit in visits if visit.path_id == told[-1])
        after = (last.started_at, last.path_id)

    assert told == ids(expected)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param({"entryPage": "a"}, [0, 1], id="entry page"),
        pytest.param({"exitPage": "b"}, [1], id="exit page"),
        pytest.param({"turnaroundAt": "b"}, [0], id="a turnaround at a page"),
        pytest.param({"transition": {"from": "b", "to": "a"}}, [0], id="a transition"),
        pytest.param({"pages": ["c", "a"]}, [2], id="exactly these pages"),
        pytest.param({"containing": ["b", "a"]}, [0, 1], id="all of these pages"),
        pytest.param({"stage": "use"}, [1], id="stage at the start"),
        pytest.param({"stage": "", "racetrack": "track"}, [0, 2], id="in no stage of a racetrack"),
        pytest.param({"variant": "blue"}, [2], id="variant"),
        pytest.param({"resolved": True}, [1], id="resolved"),
        pytest.param({"customer": "bob"}, [2], id="customer"),
        pytest.param({"customer": "bob", "resolved": True}, [], id="all of it must hold"),
        pytest.param({}, [0, 1, 2], id="nothing is said"),
    ],
)
def test_each_part_of_the_filter_has_its_say(where, expected):
    visits = numbered(
        [
            Visit("ann", "a b a"),
            Visit("ann", "a b", at=3_000, stage="use", resolved=True),
            Visit("bob", "c a", at=500, variants=("blue",)),
        ]
    )
    rows = asked(visits, "paths", [EVERY], where=where)

    assert listed(rows)[0] == (ids([visits[n] for n in expected]), len(expected))


def without_racetrack(field, **arguments):
    columns = columns_of(numbered([Visit("ann", "a b"), Visit("bob", "a")]))
    columns = replace(columns, racetracks=(), stage=columns.stage[:0])
    return answer(columns, NoDatabase(), field, arguments, [EVERY])


def test_without_a_racetrack_all_paths_are_in_no_stage():
    (found,) = without_racetrack("paths", where={"stage": ""})["path_lists"]
    rows = without_racetrack("percolation", by="STAGE")["percolation"]

    assert found["total"] == 2
    assert [(row["stage"], row["paths"]) for row in rows] == [(None, 2)]


def test_without_a_racetrack_there_is_no_stage_to_ask_for():
    with pytest.raises(NoRacetrack):
        without_racetrack("paths", where={"stage": "use"})


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        pytest.param("paths", {"where": {"stage": "use", "racetrack": "other"}}, id="a stage of it"),
        pytest.param("paths", {"where": {"stage": "", "racetrack": "other"}}, id="in none of its stages"),
        pytest.param("percolation", {"where": {"racetrack": "other"}, "by": "STAGE"}, id="by its stages"),
        pytest.param("pagesBeforeMoves", {"racetrack": "other", "stage": "use"}, id="moves onward in it"),
    ],
)
def test_a_racetrack_that_the_paths_were_not_told_by_is_refused_in_one_way(field, arguments):
    with pytest.raises(NotInForce, match="In the read models are: track"):
        answer(columns_of([]), NoDatabase(), field, arguments, [])
    with pytest.raises(NotInForce, match="In the read models are: none"):
        without_racetrack(field, **arguments)
