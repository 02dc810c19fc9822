"""Which pages come before a move onward; the moves are those of tests/support/moves.py, whose day 0 is January 1st."""

from dataclasses import replace
from datetime import date

import pytest
from made_paths import DAY, START, PageTableRow, Visit, columns_of, numbered
from moves import TRACK
from pytest import approx

from raceline.domain.errors import NoRacetrack, NotInForce
from raceline.projections.path_figures import answer

DAY_0 = -60  # from made_paths.START
CLOCK = int(START.timestamp() * 1_000_000) + (DAY_0 + 10) * DAY * 1_000_000  # when the moves are told


class Kept:
    """Columns that become newer each time somebody asks for them anew."""

    def __init__(self, url, *newer):
        self.url, self.newer = url, list(newer)

    def now(self):
        return self.newer.pop(0)


def view(customer, pages, day):
    return Visit(customer, pages, at=int((DAY_0 + day) * DAY), every=0)


# In the stage need: ann on days 0 to 2, then she moves on, and from day 6 to now, day 10; bob on days 1 to 4, then he
# moves on, and on days 5 to 8, when he leaves.
VIEWS = [
    view("eve", "never", 1),
    view("ann", "guide", 1.5),
    view("ann", "guide", 7),
    view("bob", "guide price", 3.5),
    view("bob", "price", 7),
]
SITE = [PageTableRow("guide", "article", "The guide")]


@pytest.fixture
def columns():
    return replace(columns_of(numbered(VIEWS), SITE), position=7, clock=CLOCK, racetracks=(TRACK,))


def asked(columns, kept, **arguments):
    named = {"stage": "need", "window": 1} | {name.rstrip("_"): value for name, value in arguments.items()}
    return answer(columns, kept, "pagesBeforeMoves", named, [])


def test_moves_and_days_after_a_view_are_counted_against_those_without_it(stored, columns):
    rows = asked(columns, Kept(stored.info.dsn))
    pages = {row["page"]: row for row in rows["before_moves"]}

    assert rows["before_totals"] == [
        {"stage": "need", "racetrack": TRACK, "stays": 4, "moves": 2, "open_stays": 1, "days": approx(2 + 4 + 3 + 3),
         "tested": 0, "pages_left_out": 0},
    ]  # fmt: skip
    assert set(pages) == {"guide", "price"}
    guide, price = pages["guide"], pages["price"]
    assert (guide["moves_after"], guide["moves"]) == (2, 2)
    assert (guide["exposed_days"], guide["unexposed_days"]) == (approx(0.5 + 1 + 0.5), approx(12 - 2))
    assert (price["moves_after"], price["exposed_days"]) == (1, approx(0.5 + 1))
    assert (guide["title"], guide["page_type"], price["title"]) == ("The guide", "article", None)
    assert {row["flag"] for row in pages.values()} == {"TOO_FEW"}
    assert rows["path_totals"][0]["position"] == 7


def test_only_the_days_asked_about_count(stored, columns):
    rows = asked(columns, Kept(stored.info.dsn), from_=date(2026, 1, 3), to=date(2026, 1, 6))  # days 2 to 6

    (totals,) = rows["before_totals"]
    assert (totals["stays"], totals["moves"], totals["days"]) == (2, 1, approx(2 + 1))
    assert totals["open_stays"] == 1  # that of bob, at the end of the last day
    assert {row["page"]: row["moves_after"] for row in rows["before_moves"]} == {"guide": 1, "price": 1}


def test_pages_that_differ_in_nothing_are_told_by_their_names(stored):
    same = [view._replace(pages=pages) for view in VIEWS[1:] for pages in ("y", "x")]
    columns = replace(columns_of(numbered(same)), position=7, clock=CLOCK, racetracks=(TRACK,))
    rows = asked(columns, Kept(stored.info.dsn))

    assert columns.page_names.to_pylist() == ["y", "x"]
    assert [row["page"] for row in rows["before_moves"]] == ["x", "y"]


def test_of_many_pages_so_many_are_told_as_are_asked_for(stored, columns):
    rows = asked(columns, Kept(stored.info.dsn), first=1)

    assert [row["n"] for row in rows["before_moves"]] == [1]
    assert rows["before_totals"][0]["pages_left_out"] == 1


def test_a_stage_that_nobody_was_in_has_no_stays(stored, columns):
    rows = asked(columns, Kept(stored.info.dsn), stage="renewed")

    assert rows["before_moves"] == []
    assert (rows["before_totals"][0]["stays"], rows["before_totals"][0]["days"]) == (0, 0)


def test_stays_and_paths_are_of_one_position(stored, columns):
    kept = Kept(stored.info.dsn, columns)

    assert asked(replace(columns, position=6), kept)["path_totals"][0]["position"] == 7
    assert kept.newer == []


def test_stays_are_read_once_for_a_position(stored, columns):
    kept = Kept(stored.info.dsn)
    found = asked(columns, kept)
    kept.url = "postgresql://nowhere.invalid/"

    assert asked(columns, kept) == found


def test_an_open_stay_has_lasted_until_the_clock_also_where_nothing_else_happened(stored, columns):
    kept = Kept(stored.info.dsn, columns, columns, columns)
    (found,) = asked(columns, kept)["before_totals"]
    stored.execute("UPDATE raceline.generation SET clock = clock + interval '2 days'")
    (later,) = asked(replace(columns, clock=CLOCK + 2 * DAY * 1_000_000), kept)["before_totals"]

    assert (found["days"], later["days"]) == (approx(12), approx(14))


def test_a_racetrack_must_be_in_force(columns):
    with pytest.raises(NotInForce):
        asked(columns, Kept(""), racetrack="other")
    with pytest.raises(NoRacetrack):
        asked(replace(columns, racetracks=()), Kept(""))
