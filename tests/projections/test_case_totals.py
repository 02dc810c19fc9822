"""Whatever customers do, the figures of all stages and of none add up to all cases, on every day; and each figure is as
many cases as it leads to."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from anything import TRACK, journeys
from hypothesis import given, settings
from journeys import House, total_order
from naive_cases import is_open

ZONE = ZoneInfo("America/New_York")
DAYS = [date(2026, 1, 3) + timedelta(n) for n in range(12)]
DIMENSIONS = ("severity", "problem", "cause")


def local_day(envelope):
    return datetime.fromisoformat(envelope["occurred_at"]).astimezone(ZONE).date()


def told(envelope):
    does = {"survey_answered": "surveyed"}.get(kind := envelope["type"].removeprefix("case."), kind)
    return {"does": does} | ({"active": envelope["data"]["active"]} if "active" in envelope["data"] else {})


def naive_totals(envelopes):
    """By day, how many cases are open at its end and how many were closed on it."""
    cases = defaultdict(list)
    for one in sorted(envelopes, key=total_order):
        if one["type"].startswith("case."):
            cases[one["customer_id"], one["data"]["case_id"]].append(one)
    opened, closed = Counter(), Counter()
    for events in cases.values():
        states = [is_open([told(one) for one in events[: n + 1]]) for n in range(len(events))]
        for day in DAYS:
            before = [state for state, one in zip(states, events, strict=True) if local_day(one) <= day]
            opened[day] += bool(before and before[-1])
        ends = [n for n, state in enumerate(states) if state is False and (n == 0 or states[n - 1] is not False)]
        closed.update({local_day(events[n]) for n in ends})
    return opened, closed


def running(rows, *keys):
    """By key and day, the sum of all changes up to the day."""
    found = Counter()
    for row in rows:
        for day in DAYS:
            if row["day"] <= day:
                found[tuple(row[key] for key in keys), day] += row["cases"]
    return +found


def counted(spells, *keys):
    """By key and day, how many cases are found to count."""
    found = Counter()
    for row in spells:
        for day in DAYS:
            if row["from_day"] <= day < row["to_day"]:
                found[tuple(row[key] for key in keys), day] += 1
    return found


@given(envelopes=journeys())
@settings(max_examples=min(8, settings().max_examples))
def test_all_stages_and_none_add_up_to_all_cases_and_every_figure_to_the_cases_it_leads_to(databases, envelopes):
    with databases() as url:
        house = House(url)
        house.activate(TRACK)
        house.take(envelopes)
        house.project()
        tables = house.tables()
        house.close()
    mine = [row for row in tables["case_days"] if row["racetrack"] == "small"]
    spells = [row for row in tables["case_spells"] if row["racetrack"] == "small"]
    opened, closed = naive_totals(envelopes)
    totals = running(mine, "side")
    assert {day: totals[("open",), day] for day in DAYS} == {day: opened[day] for day in DAYS}
    assert {day: totals[("closed",), day] for day in DAYS} == {day: closed[day] for day in DAYS}
    assert running(mine, "side", "stage") == counted(spells, "side", "stage")
    for dimension in DIMENSIONS:
        buckets = [
            row for row in tables["case_buckets"] if row["racetrack"] == "small" and row["dimension"] == dimension
        ]
        found = running(buckets, "side", "stage", "value")
        assert found == counted([row | {"value": row[dimension] or ""} for row in spells], "side", "stage", "value")


@given(envelopes=journeys())
@settings(max_examples=min(8, settings().max_examples))
def test_the_extremes_are_the_least_and_the_greatest_of_the_cases_that_count(databases, envelopes):
    with databases() as url:
        house = House(url, batch=5)
        house.activate(TRACK)
        for one in envelopes:
            house.take([one])
            house.project()
        tables = house.tables()
        house.close()
    rows = sorted(tables["case_extremes"], key=lambda row: row["day"])
    scored = [row for row in tables["case_spells"] if row["sentiment"] is not None]
    for group in {(row["racetrack"], row["side"], row["stage"]) for row in scored}:
        for day in DAYS:
            true = [row for row in rows if (row["racetrack"], row["side"], row["stage"]) == group and row["day"] <= day]
            scores = [
                row["sentiment"]
                for row in scored
                if (row["racetrack"], row["side"], row["stage"]) == group and row["from_day"] <= day < row["to_day"]
            ]
            expected = (min(scores), max(scores)) if scores else (None, None)
            assert ((true[-1]["minimum"], true[-1]["maximum"]) if true else (None, None)) == expected
