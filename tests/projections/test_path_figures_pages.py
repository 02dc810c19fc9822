"""Pages: what happens at each, in what order they are told, and what they are compared with."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_paths import (
    DAY,
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
from tests.analytics.naive import marks

from raceline.domain.errors import InvalidArgument
from raceline.projections import path_figures_pages
from raceline.projections.path_figures import answer
from raceline.projections.path_figures_page_table import page_table
from raceline.projections.path_list import PathList

EVERY = PathList(0, "paths", "Page", 1_000, None)
TURNS = PathList(0, "turnaroundPaths", "Page", 1_000, None)
SITE = [
    PageTableRow("a", "home", "Start", "b c"),
    PageTableRow("b", "article", "Manual", "a"),
    PageTableRow("c", "article", None, "a b d"),
    PageTableRow("d"),
]


def pages_of(visits, **asked_for):
    rows = asked(visits, "pages", **asked_for)
    return {row["page"]: row for row in rows["path_pages"]}, rows


def counted(visits, page):
    """What the rows say of a page, in plain loops."""
    at = [(visit, n, mark) for visit in visits for n, mark in enumerate(marks(visit.steps)) if visit.steps[n] == page]
    ends = [visit for visit, n, _ in at if n == len(visit.steps) - 1]
    opportunities, turnarounds = sum(m.opportunity for _, _, m in at), sum(m.depth > 0 for _, _, m in at)
    waits = [visit.time(n + 1) - visit.time(n) for visit, n, _ in at if n < len(visit.steps) - 1]
    return {
        "visits": len(at),
        "customers": len({visit.customer for visit, _, _ in at}),
        "entries": sum(n == 0 for _, n, _ in at),
        "exits": len(ends),
        "resolved_here": sum(visit.resolved for visit in ends),
        "opportunities": opportunities,
        "turnarounds": turnarounds,
        "rate": turnarounds / opportunities if opportunities else None,
        "depth": sum(m.depth for _, _, m in at) / turnarounds if turnarounds else None,
        "ping_pongs": sum(m.bounces > 0 for _, _, m in at),
        "loops": sum(m.loop > 0 for _, _, m in at),
        "dwell_median": quantile(waits, 0.5),
        "dwell_p95": quantile(waits, 0.95),
    }


@given(many_visits())
def test_each_page_that_was_visited_is_a_row_with_what_happened_there(visits):
    found, rows = pages_of(visits, lists=[EVERY, TURNS._replace(list=1)])

    assert set(found) == {page for visit in visits for page in visit.steps}
    assert rows["page_test"][0]["pages"] == len(found)
    for page, row in found.items():
        expected = counted(visits, page)
        assert {name: row[name] for name in expected} == {name: approx(value) for name, value in expected.items()}
        there = [visit for visit in visits if page in visit.steps]
        turned = [v for v in there if any(m.depth and p == page for p, m in zip(v.steps, marks(v.steps), strict=True))]
        told = {one["list"]: one for one in rows["path_lists"] if one["row"] == row["n"]}
        assert (told[0]["path_ids"], told[0]["total"]) == (ids(there), len(there))
        assert (told[1]["path_ids"], told[1]["total"]) == (ids(turned), len(turned))


@given(many_visits(), st.sampled_from(["excess", "rate", "q", "visits", "dwell_median", "page"]), st.booleans())
def test_paging_tells_every_page_once_by_its_figure_and_then_its_name_and_those_without_a_figure_last(
    visits, field, descending
):
    order = {"field": field, "direction": "desc" if descending else "asc"}
    whole = asked(visits, "pages", first=1_000, orderBy=order)["path_pages"]
    told, after = [], None
    while part := asked(visits, "pages", first=2, orderBy=order, after=after)["path_pages"]:
        told += part[:2]
        after = (part[:2][-1]["figure"], part[:2][-1]["page"])
        if len(part) < 3:
            break

    def place(row):
        figure = row["figure"]
        name = row["page"].encode()
        return (figure is None, 0 if figure is None else -figure if descending else figure, name)

    assert told == whole
    assert [row["n"] for row in told] == list(range(1, len(told) + 1))
    if field == "page":
        names = [row["page"].encode() for row in told]
        assert names == sorted(names, reverse=descending)
    else:
        assert whole == sorted(whole, key=place)
        assert all(row["figure"] == row[field] for row in whole)


def test_paging_goes_on_where_it_was_when_the_page_of_the_cursor_is_gone():
    visits = numbered([Visit("ann", "a b a d c")])
    order = {"field": "page", "direction": "ASC"}

    assert [row["page"] for row in asked(visits, "pages", after=(None, "bb"), orderBy=order)["path_pages"]] == [
        "c",
        "d",
    ]
    behind = asked(visits, "pages", after=(1.5, "zz"), orderBy={"field": "VISITS", "direction": "DESC"})["path_pages"]
    assert [row["page"] for row in behind] == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("strata", "expected"),
    [
        pytest.param("type", {"a": "home", "b": "article", "c": "article", "d": None, "e": None}, id="by page type"),
        pytest.param("links", {"a": "2-3", "b": "1", "c": "2-3", "d": "0", "e": None}, id="by octaves of links"),
        pytest.param("none", dict.fromkeys("abcde"), id="all pages are one stratum"),
    ],
)
def test_a_page_is_compared_with_those_of_its_stratum(strata, expected):
    found, rows = pages_of(numbered([Visit("ann", "a b c d e")]), page_table=SITE, strata=strata)

    assert {page: row["stratum"] for page, row in found.items()} == expected
    assert {page: row["links"] for page, row in found.items()} == {"a": 2, "b": 1, "c": 3, "d": 0, "e": None}
    assert [found["b"]["title"], found["b"]["page_type"], found["e"]["page_type"]] == ["Manual", "article", None]
    assert rows["page_test"][0]["site_loaded_at"] == START


@pytest.mark.parametrize("strata", ["type", "links", "none"])
def test_without_a_page_table_all_pages_are_one_stratum_and_links_are_unknown(strata):
    found, rows = pages_of(numbered([Visit("ann", "a b c")]), strata=strata)

    assert {(row["stratum"], row["links"], row["title"]) for row in found.values()} == {(None, None, None)}
    assert rows["page_test"][0]["site_loaded_at"] is None


def test_a_page_table_without_links_says_nothing_about_them():
    table = [PageTableRow("a", "home"), PageTableRow("b", "article")]
    found, _ = pages_of(numbered([Visit("ann", "a b c")]), page_table=table, strata="links")

    assert {(row["stratum"], row["links"]) for row in found.values()} == {(None, None)}
    assert [found[page]["page_type"] for page in "abc"] == ["home", "article", None]


def test_pages_that_the_page_table_does_not_know_are_compared_with_each_other_and_not_with_those_without_links():
    visits = [visit for n in range(8) for visit in turning(60, f"end{n}", 6, 54)]
    visits += [visit for n in range(8) for visit in turning(60, f"new{n}", 40, 20)]
    table = [PageTableRow("x", links="y"), *(PageTableRow(f"end{n}") for n in range(8))]
    found, _ = pages_of(numbered(visits), page_table=table, strata="links")

    assert (found["end0"]["stratum"], found["end0"]["expected_rate"]) == ("0", approx(0.1))
    assert (found["new0"]["stratum"], found["new0"]["expected_rate"]) == (None, approx(2 / 3))


def turning(customers, page, turns, stays, first_day=0):
    """Visits over a page at which so many of the customers turn."""
    return [
        Visit(f"{page}{first_day}{n}", f"x {page} x" if n < turns else f"x {page} y", at=first_day * DAY)
        for n in range(turns + stays)
    ]


def test_a_page_where_far_more_turn_than_at_others_of_its_type_is_unexpected():
    visits = [*turning(60, "hot", 50, 10)]
    visits += [visit for n in range(8) for visit in turning(60, f"cool{n}", 6, 54)]
    visits += [visit for n in range(8) for visit in turning(60, f"menu{n}", 50, 10)]
    table = [PageTableRow("hot", "article")]
    table += [PageTableRow(f"cool{n}", "article") for n in range(8)] + [
        PageTableRow(f"menu{n}", "menu") for n in range(8)
    ]
    found, rows = pages_of(numbered(visits), page_table=table, first=50)

    assert [page for page, row in found.items() if row["flag"] == "UNEXPECTED"] == ["hot"]
    assert found["hot"]["expected_from"] == "STRATUM"
    assert found["hot"]["expected_rate"] == approx(0.1)
    assert found["hot"]["n"] == 1  # the most turnarounds beyond those expected
    assert found["x"]["flag"] == "TOO_FEW"
    (test,) = rows["page_test"]
    assert (test["tested"], test["too_few"], test["unexpected"]) == (17, 2, 1)
    assert test["overall_rate"] == approx((50 + 8 * 6 + 8 * 50) / (17 * 60))
    assert (test["alpha"], test["least_opportunities"]) == (0.05, 30)


def test_the_past_of_a_period_is_four_times_as_long_and_just_before_it():
    visits = numbered([Visit("ann", "a b a", at=day * DAY) for day in range(-40, 40)])
    begins = date(2026, 3, 16)
    found, rows = pages_of(visits, from_=begins, to=begins + timedelta(days=6))

    assert (rows["page_test"][0]["past_from"], rows["page_test"][0]["past_to"]) == (
        date(2026, 2, 16),
        date(2026, 3, 15),
    )
    assert (found["b"]["turnarounds"], found["b"]["past_turnarounds"], found["b"]["past_opportunities"]) == (7, 28, 28)
    assert (found["b"]["past_rate"], found["b"]["past_change"], found["b"]["past_flag"]) == (1.0, 0.0, "TOO_FEW")


def test_a_period_without_an_end_reaches_to_the_last_day_on_which_a_path_started():
    visits = numbered([Visit("ann", "a b a", at=day * DAY) for day in range(20)])  # up to March 21
    _, rows = pages_of(visits, where={"from": date(2026, 3, 20)})

    assert (rows["page_test"][0]["past_from"], rows["page_test"][0]["past_to"]) == (
        date(2026, 3, 12),
        date(2026, 3, 19),
    )


def test_a_past_that_is_said_ends_before_the_period_begins_and_is_filtered_as_the_period():
    visits = numbered([Visit("ann", "a b a", at=0), Visit("ann", "a b", at=DAY), Visit("ann", "a b a", at=2 * DAY)])
    past = {"from": date(2026, 3, 1), "to": date(2026, 3, 3)}
    found, rows = pages_of(visits, past=past, pattern="a -> b -> a")

    assert (found["a"]["visits"], found["b"]["opportunities"], found["b"]["past_opportunities"]) == (2, 1, 1)
    assert rows["path_totals"][0]["paths"] == 1
    assert (rows["page_test"][0]["past_from"], rows["page_test"][0]["past_to"]) == (past["from"], past["to"])


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(
            {"from_": date(2026, 3, 2), "past": {"from": date(2026, 2, 1), "to": date(2026, 3, 2)}}, id="past"
        ),
        pytest.param({"from_": date(2026, 3, 2), "to": date(2026, 3, 1)}, id="days"),
    ],
)
def test_days_that_are_no_period_are_refused(days):
    with pytest.raises(InvalidArgument):
        asked(numbered([Visit("ann", "a b a")]), "pages", **days)


def test_how_sure_a_flag_has_to_be_is_asked_of_figures_that_are_counted_once(monkeypatch):
    """A share of false flags is read off q; all that takes long does not depend on it."""
    visits = [*turning(60, "hot", 50, 10), *(visit for n in range(8) for visit in turning(60, f"cool{n}", 6, 54))]
    columns, kept, counted = columns_of(numbered(visits)), NoDatabase(), []
    monkeypatch.setattr(path_figures_pages, "page_table", lambda *asked: counted.append(asked) or page_table(*asked))

    def ask(alpha):
        rows = answer(columns, kept, "pages", {"alpha": alpha, "from": START.date()}, [])
        (test,) = rows["page_test"]
        assert test["alpha"] == alpha
        assert test["unexpected"] == sum(row["flag"] == "UNEXPECTED" for row in rows["path_pages"])
        return {row["page"]: row for row in rows["path_pages"]}

    first = ask(0.05)
    q = first["hot"]["q"]
    assert {page: row["flag"] for page, row in first.items()} == {
        "hot": "UNEXPECTED", **{f"cool{n}": "EXPECTED" for n in range(8)}, "x": "TOO_FEW", "y": "TOO_FEW",
    }  # fmt: skip
    assert {page: row["flag"] for page, row in ask(q / 2).items()} == {
        "hot": "EXPECTED", **{f"cool{n}": "EXPECTED" for n in range(8)}, "x": "TOO_FEW", "y": "TOO_FEW",
    }  # fmt: skip
    assert ask(q) == first
    assert len(counted) == 1


def test_without_a_period_pages_have_no_past():
    found, rows = pages_of(numbered([Visit("ann", "a b a")]))

    assert {value for name, value in found["b"].items() if name.startswith("past_")} == {None}
    assert (rows["page_test"][0]["past_from"], rows["page_test"][0]["past_tau"]) == (None, None)


@pytest.mark.parametrize("begins", [date.min, date.max, date.min + timedelta(days=1)])
def test_the_first_and_the_last_day_of_the_calendar_can_be_asked_about(begins):
    rows = asked(numbered([Visit("ann", "a b a")]), "pages", from_=begins, to=date.max)

    assert rows["page_test"][0]["pages"] == (0 if begins == date.max else 2)


def test_a_page_that_changed_against_its_own_past_is_said_to_be():
    begins = date(2026, 3, 30)
    visits = turning(120, "p", 20, 100) + turning(120, "p", 100, 20, first_day=30)
    for n in range(6):
        visits += turning(120, f"q{n}", 20, 100) + turning(120, f"q{n}", 20, 100, first_day=30)
    found, _ = pages_of(numbered(visits), from_=begins, past={"from": date(2026, 3, 1), "to": date(2026, 3, 29)})

    assert {page: row["past_flag"] for page, row in found.items() if page not in "xy"} == {
        "p": "UNEXPECTED",
        **{f"q{n}": "EXPECTED" for n in range(6)},
    }
    assert found["p"]["past_change"] == approx(100 / 120 - 20 / 120)
    surer = {"alpha": found["p"]["past_q"] / 2, "past": {"from": date(2026, 3, 1), "to": date(2026, 3, 29)}}
    assert pages_of(numbered(visits), from_=begins, **surer)[0]["p"]["past_flag"] == "EXPECTED"


def test_of_the_paths_of_a_page_so_many_are_told_as_are_asked_for_and_one_more():
    visits = numbered([Visit("ann", "a b", at=n * DAY) for n in range(6)])
    second = sorted(visits, key=lambda one: one.at)[1]
    asked_for = PathList(0, "paths", "Page", 2, (second.started_at, second.path_id))
    rows = asked(visits, "pages", lists=[asked_for], orderBy={"field": "page", "direction": "asc"})

    assert listed(rows)[1] == (ids(visits)[2:5], 6)
