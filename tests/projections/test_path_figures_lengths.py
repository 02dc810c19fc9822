"""How long paths are: in all, over time and by group, and of two kinds compared."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_paths import DAY, Visit, asked, ids, listed, many_visits, numbered
from pytest import approx
from tests.analytics.naive import marks

from raceline.domain.errors import UnknownRacetrack
from raceline.projections.path_list import PathList

GROUPS = PathList(0, "paths", "PercolationRow", 1_000, None)


def turned(visit):
    return any(mark.depth for mark in marks(visit.steps))


def share(visits, holds):
    return sum(map(holds, visits)) / len(visits) if visits else None


def lengths(visits, kind):
    """paths, mean_length and variance_length of the visits of a kind."""
    chosen = {
        "all": visits,
        "resolved": [v for v in visits if v.resolved],
        "open": [v for v in visits if not v.resolved],
    }
    found = [len(visit.steps) for visit in chosen[kind]]
    mean = sum(found) / len(found) if found else None
    variance = sum((length - mean) ** 2 for length in found) / len(found) if found else None
    return {"paths": len(found), "mean_length": approx(mean), "variance_length": approx(variance, abs=1e-9)}


def all_lengths(visits):
    return {
        f"{kind}_{name}": value for kind in ("all", "resolved", "open") for name, value in lengths(visits, kind).items()
    }


@given(many_visits())
def test_statistics_are_those_of_all_paths_of_the_resolved_and_of_the_open_ones(visits):
    rows = asked(visits, "pathStatistics")

    assert {row.pop("key"): row for row in rows["path_sums"]} == {
        kind: lengths(visits, kind) for kind in ("all", "resolved", "open")
    }
    (shares,) = rows["path_shares"]
    assert shares["share_resolved"] == approx(share(visits, lambda one: one.resolved))
    assert shares["share_with_turnaround"] == approx(share(visits, turned))
    assert shares["customers"] == len({visit.customer for visit in visits})


@given(many_visits(), st.integers(0, 20), st.integers(0, 20), st.sampled_from([None, "a -> b", "^ -> c"]))
def test_all_that_is_said_of_paths_must_hold_beside_the_arguments_as_in_where(visits, begins, lasts, pattern):
    first = date(2026, 3, 2) + timedelta(days=begins)
    last = first + timedelta(days=lasts)
    flat = asked(visits, "pathStatistics", from_=first, to=last, pattern=pattern)
    where = asked(visits, "pathStatistics", where={"from": first, "to": last, "pattern": pattern})
    both = asked(visits, "pathStatistics", from_=first, where={"to": last, "pattern": pattern})

    assert flat == where == both
    inside = [visit for visit in visits if first <= visit.day <= last]
    if pattern is None:
        assert flat["path_totals"] == [
            {
                "position": 41,
                "paths": len(inside),
                "customers": len({visit.customer for visit in inside}),
                "paths_left_out": len(visits) - len(inside),
            }
        ]


def period_of(visit, over):
    match over:
        case "day":
            return visit.day
        case "week":
            return visit.day - timedelta(days=visit.day.weekday())
        case "month":
            return visit.day.replace(day=1)
    return None


def groups_of(visit, by):
    match by:
        case "stage":
            return [visit.stage or None]
        case "entry_page":
            return [visit.steps[0]]
        case "variant":
            return list(visit.variants) or [None]
    return [None]


def grouped(visits, over, by):
    found = defaultdict(list)
    for visit in visits:
        for group in groups_of(visit, by):
            found[period_of(visit, over), group].append(visit)
    return found


@given(
    many_visits(most=20),
    st.sampled_from([None, "day", "week", "month"]),
    st.sampled_from([None, "stage", "entry_page", "variant"]),
)
def test_percolation_is_counted_by_period_and_group(visits, over, by):
    rows = asked(visits, "percolation", [GROUPS], over=over, by=by)
    expected, paths = grouped(visits, over, by), listed(rows)

    assert {(row["period"], row[by] if by else None) for row in rows["percolation"]} == set(expected)
    for row in rows["percolation"]:
        found = expected[row["period"], row[by] if by else None]
        assert (row["paths"], row["customers"]) == (len(found), len({visit.customer for visit in found}))
        assert row["share_resolved"] == approx(share(found, lambda one: one.resolved))
        assert row["share_with_turnaround"] == approx(share(found, turned))
        assert {name: row[name] for name in all_lengths(found)} == all_lengths(found)
        assert paths[row["n"]] == (ids(found), len(found))
    order = [(row["period"] or date.min, -row["paths"]) for row in rows["percolation"]]
    assert order == sorted(order)
    assert rows["percolation_totals"] == [{"groups_left_out": 0, "paths_left_out": 0}]


@given(many_visits(most=20), st.integers(0, 4), st.sampled_from([None, "week"]), st.sampled_from(["stage", "variant"]))
def test_a_cut_leaves_out_the_oldest_periods_then_the_rarest_groups_and_says_how_much(visits, first, over, by):
    whole = asked(visits, "percolation", over=over, by=by)["percolation"]
    cut = asked(visits, "percolation", first=first, over=over, by=by)
    newest = sorted(whole, key=lambda row: (row["period"] or date.min, -row["n"]), reverse=True)[:first]
    kept = sorted(newest, key=lambda row: row["n"])

    assert [row | {"n": 0} for row in cut["percolation"]] == [row | {"n": 0} for row in kept]
    told = {(row["period"], row[by]) for row in kept}
    left_out = [v for v in visits if not any((period_of(v, over), one) in told for one in groups_of(v, by))]
    assert cut["percolation_totals"] == [{"groups_left_out": len(whole) - len(kept), "paths_left_out": len(left_out)}]


def test_the_stage_is_that_of_a_racetrack_which_must_be_in_force():
    visits = numbered([Visit("ann", "a", stage="use")])

    assert asked(visits, "percolation", by="STAGE", where={"racetrack": "track"})["percolation"][0]["stage"] == "use"
    with pytest.raises(UnknownRacetrack):
        asked(visits, "percolation", by="STAGE", where={"racetrack": "other"})


def test_weeks_begin_on_monday_and_months_on_their_first_day_also_before_1970():
    visits = numbered([Visit("ann", "a", at=-60 * 366 * DAY)])  # the 16th of January 1966, a Sunday

    for over, expected in [("DAY", visits[0].day), ("WEEK", date(1966, 1, 10)), ("MONTH", date(1966, 1, 1))]:
        assert asked(visits, "percolation", over=over)["percolation"][0]["period"] == expected


@given(many_visits(most=20))
def test_two_kinds_of_paths_are_compared_metric_by_metric(visits):
    rows = asked(
        visits,
        "pathComparison",
        [PathList(0, "paths", "ComparisonArm", 1_000, None)],
        a={"variant": "blue"},
        b={"variant": "green"},
    )
    blue = [visit for visit in visits if "blue" in visit.variants]
    green = [visit for visit in visits if "green" in visit.variants]
    metrics = {row["metric"]: row for row in rows["comparison"]}

    assert [row["n"] for row in rows["comparison"]] == list(range(1, 8))
    for arm, found in (("a", blue), ("b", green)):
        assert metrics["MEAN_LENGTH"][arm] == lengths(found, "all")["mean_length"]
        assert metrics["MEAN_LENGTH_RESOLVED"][arm] == lengths(found, "resolved")["mean_length"]
        assert metrics["MEAN_LENGTH_OPEN"][arm] == lengths(found, "open")["mean_length"]
        assert metrics["SHARE_RESOLVED"][arm] == approx(share(found, lambda one: one.resolved))
        assert metrics["SHARE_WITH_TURNAROUND"][arm] == approx(share(found, turned))
        assert metrics["VARIANCE_LENGTH"][arm] == lengths(found, "all")["variance_length"]
    arms, customers = rows["comparison_arms"], [{one.customer for one in arm} for arm in (blue, green)]
    for n, found in enumerate((blue, green)):
        head = {"n": n + 1, "paths": len(found), "customers": len(customers[n])}
        assert arms[n] == head | all_lengths(found)
        assert listed(rows)[n + 1] == (ids(found), len(found))
    both = [visit for visit in blue if visit in green]
    (totals,) = rows["comparison_totals"]
    assert totals == {"customers_in_both": len(customers[0] & customers[1]), "paths_in_both": len(both)}
    assert rows["path_totals"][0]["paths"] == len(blue) + len(green) - len(both)


def test_a_layout_that_shortens_paths_is_seen_in_the_comparison():
    visits = [Visit(f"c{n}", "a b c d e f", at=n * DAY, variants=("blue",)) for n in range(30)]
    visits += [Visit(f"c{n}", "a b c d" if n % 3 else "a b", at=n * DAY, variants=("green",)) for n in range(30, 60)]
    visits[0] = visits[0]._replace(pages="a b c")
    rows = asked(numbered(visits), "pathComparison", a={"variant": "blue"}, b={"variant": "green"})
    mean = rows["comparison"][0]

    assert (mean["a"], mean["b"], mean["difference"]) == (approx(5.9), approx(10 / 3), approx(10 / 3 - 5.9))
    assert mean["low"] < mean["difference"] < mean["high"] < 0
    assert mean["q"] < 0.001
