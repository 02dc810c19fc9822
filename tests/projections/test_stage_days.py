"""Figures of days that are derived for one question are those of the read models."""

from collections import Counter
from datetime import date, timedelta

import psycopg
import pytest
from anything import TRACK, journeys
from hypothesis import given, settings
from journeys import House

from raceline.domain.errors import NoReadModels
from raceline.projections.stage_days import stage_days

DAYS = [date(2026, 1, 4) + timedelta(n) for n in range(8)]
SPANS = [DAYS, DAYS[2:5], DAYS[:1], DAYS[-1:], [date.min]]
CHANGES = {
    "stage_days": ("stage",),
    "case_days": ("side", "stage"),
    "case_buckets": ("side", "stage", "dimension", "value"),
}
AMOUNTS = {"stage_views": ("stage", "kind", "page"), "overlay_days": ("stage", "overlay", "value")}


def on_days(table, rows, days):
    """By key, figure and day what the rows say: changes up to the day, amounts on it."""
    keys, found = (CHANGES | AMOUNTS)[table], Counter()
    for row in rows:
        figures = row.keys() - {*keys, "racetrack", "day"}
        for day in days:
            if row["day"] == day or (table in CHANGES and row["day"] < day):
                found.update({(*(row[key] for key in keys), name, day): row[name] for name in figures})
    return {key: figure for key, figure in found.items() if figure}


def extremes(rows, days):
    last = {}
    for day in days:
        for row in sorted(rows, key=lambda row: row["day"]):
            if row["day"] <= day and row["minimum"] is not None:
                last[row["side"], row["stage"], day] = (row["minimum"], row["maximum"])
            elif row["day"] <= day:
                last.pop((row["side"], row["stage"], day), None)
    return last


def of(tables, table):
    return [row for row in tables[table] if row["racetrack"] == "small"]


@given(envelopes=journeys())
@settings(max_examples=min(6, settings().max_examples))
def test_derived_for_a_question_they_are_those_of_the_read_models_of_all_or_of_an_account(databases, envelopes):
    with databases() as url:
        house = House(url)
        house.activate(TRACK)
        house.take([one | {"account_id": "a" if one["customer_id"] == "Z-3" else "b"} for one in envelopes])
        house.project()
        tables = house.tables()
        version = house.racetracks.registry().get("small")

        whole, *parts = (
            stage_days(url, house.catalogue, house.rules, version, account=account, chunk=5)
            for account in (None, "a", "b", "nobody")
        )
        house.close()
    for days in SPANS:
        agree(tables, [days[0], days[-1]], days, whole, parts)


def agree(tables, span, days, whole, parts):
    """Of these days one derivation, and those of all accounts together, say what is live."""
    whole, parts = whole.between(*span), [part.between(*span) for part in parts]
    for table in CHANGES | AMOUNTS:
        live = on_days(table, of(tables, table), days)
        assert on_days(table, whole[table], days) == live
        assert on_days(table, [row for part in parts for row in part[table]], days) == live
        assert parts[2][table] == []
        assert all(row["day"] <= span[1] for row in whole[table])
    assert extremes(whole["case_extremes"], days) == extremes(of(tables, "case_extremes"), days)
    assert all(row["day"] >= span[0] for table in AMOUNTS for row in whole[table])
    day_before = [row["day"] for table in CHANGES for row in whole[table] if row["day"] < span[0]]
    assert set(day_before) <= {span[0] - timedelta(bool(day_before))}


def test_without_read_models_there_is_nothing_to_say(databases):
    with databases() as url:
        house = House(url)
        published = house.activate(TRACK)
        version = house.racetracks.registry().get("small", published.version)
        with psycopg.connect(url) as conn:
            conn.execute("DELETE FROM raceline.generation")
        with pytest.raises(NoReadModels):
            stage_days(url, house.catalogue, house.rules, version)
        house.close()
