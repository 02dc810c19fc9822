"""How predictions turned out: every figure counts what it says, and nothing is counted before it can be known."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger import kept
from moves import TRACK

from raceline.projections.ledger_asked import LedgerAsk
from raceline.projections.ledger_days import ledger_days, ledger_stages
from raceline.projections.ledger_figures import answer, ledger_position

CLOCK = 40
MODELS = [(TRACK, 1), (TRACK, 2), ("other", 1)]
FIRST = date(1970, 1, 1)
EVER = FIRST, FIRST + timedelta(days=99)


@st.composite
def predictions(draw):
    """Rows of two stages and two models over forty days; those of one day have the same chances now and then."""
    found = []
    for _ in range(draw(st.integers(0, 30))):
        at = draw(st.integers(0, CLOCK)) + draw(st.sampled_from([0, 0.25]))
        left = draw(st.none() | st.integers(0, 12).map(lambda days, at=at: at + days))
        rising = sorted(draw(st.lists(st.integers(1, 9), min_size=3, max_size=3)))
        found.append(
            {
                "customer": draw(st.integers(0, 4)), "at": at, "stage": draw(st.sampled_from(["look", "try"])),
                "model": draw(st.integers(1, 2)), "chances": [*(one / 10 for one in rising), 0.05],
                "left": None if left is None or left > CLOCK else left, "exit": draw(st.sampled_from(["NEXT", "OUT"])),
                "revised": draw(st.booleans()) and draw(st.booleans()), "version": draw(st.sampled_from([1, 1, 1, 2])),
            }
        )  # fmt: skip
    return found


def day_of(row):
    return FIRST + timedelta(days=int(row["at"]))


def came(row, horizon, exit_="NEXT"):
    return row["left"] is not None and row["exit"] == exit_ and row["left"] - row["at"] <= horizon


def watched(row, horizon):
    return CLOCK - row["at"] >= horizon


def counted(rows, horizon, column):
    """What a plain loop says of these rows."""
    others, rows = sum(row["version"] != 1 for row in rows), [row for row in rows if row["version"] == 1]
    judged = [row for row in rows if not row["revised"] and watched(row, horizon)]
    chances = [row["chances"][column] for row in judged]
    happened = [came(row, horizon) for row in judged]
    return {
        "rows": len(judged),
        "customers": len({row["customer"] for row in judged}),
        "moves": sum(happened),
        "brier": np.mean([(p - y) ** 2 for p, y in zip(chances, happened, strict=True)]) if judged else None,
        "observed": sum(happened),
        "expected": sum(chances),
        "revised": sum(row["revised"] for row in rows),
        "other_version": others,
        "pending": sum(not row["revised"] and not watched(row, horizon) for row in rows),
    }


def told(row, names):
    return {name: row[name] for name in names}


@given(predictions(), st.sampled_from([(1, 0), (7, 1), (30, 2)]), st.sampled_from([None, "look"]))
def test_calibration_and_its_weeks_count_what_a_plain_loop_counts(rows, horizon, stage):
    days, column = horizon
    ask = {"racetrack": TRACK, "version": 1, "horizon": days, "stage": stage}
    asks = [LedgerAsk(1, "calibration", **ask), LedgerAsk(2, "over_time", **ask)]
    ledger = kept(rows, CLOCK)
    found = answer(ledger, asks, MODELS)
    mine = [row for row in rows if row["model"] == 1 and stage in (None, row["stage"])]
    wanted = counted(mine, days, column)
    (whole,) = found["ledger_calibration"]
    assert told(whole, wanted) == pytest.approx(wanted, abs=1e-6)
    assert sum(one["rows"] for one in found["ledger_bins"]) == wanted["rows"]
    assert (whole["key"], whole["racetrack"], whole["model"], whole["horizon"]) == (1, TRACK, 1, days)
    weeks = defaultdict(list)
    for row in mine:
        weeks[day_of(row) - timedelta(days=day_of(row).weekday())].append(row)
    assert [one["week"] for one in found["ledger_weeks"]] == sorted(weeks)
    for one in found["ledger_weeks"]:
        wanted = counted(weeks[one["week"]], days, column)
        assert told(one, wanted) == pytest.approx(wanted, abs=1e-6)


@given(predictions(), st.integers(0, CLOCK), st.integers(0, CLOCK))
def test_days_that_are_asked_for_bound_what_is_counted_both_included(rows, one, other):
    first, last = (FIRST + timedelta(days=day) for day in sorted((one, other)))
    ask = LedgerAsk(1, "calibration", from_=first, to=last)
    found = answer(kept(rows, CLOCK), [ask], MODELS)["ledger_calibration"]
    assert [(one["racetrack"], one["model"]) for one in found] == MODELS, "every model is told, also without a row"
    for figures, (track, model) in zip(found, MODELS, strict=True):
        mine = [r for r in rows if track == TRACK and r["model"] == model and first <= day_of(r) <= last]
        assert figures["rows"] == counted(mine, 7, 1)["rows"]


@given(predictions())
def test_sums_of_stages_and_days_are_those_of_a_plain_loop_and_null_until_all_can_be_known(rows):
    found = ledger_days(kept(rows, CLOCK), TRACK, *EVER)["ledger_days"]
    cells = defaultdict(list)
    for row in rows:
        cells[row["stage"], day_of(row)].append(row)
    assert [(one["stage"], one["day"]) for one in found] == sorted(cells)
    sums = [("day", 1, "NEXT"), ("week", 7, "NEXT"), ("month", 30, "NEXT"), ("left_month", 30, "OUT")]
    for one in found:
        cell = cells[one["stage"], one["day"]]
        others = [row for row in cell if row["version"] != 1]
        same = [row for row in cell if not row["revised"] and row["version"] == 1]
        counts = (len(cell), len(cell) - len(same) - len(others), len(others))
        assert (one["predicted"], one["revised"], one["other_version"]) == counts
        judged = same or not others
        for column, (name, horizon, exit_) in enumerate(sums):
            known = judged and all(watched(row, horizon) for row in same)
            happened = sum(came(row, horizon, exit_) for row in same) if known else None
            assert one[f"mean_{name}"] == pytest.approx(np.mean([row["chances"][column] for row in cell]), abs=1e-6)
            expected = pytest.approx(sum(row["chances"][column] for row in same), abs=1e-6) if judged else None
            assert one[f"expected_{name}"] == expected
            assert one["left_month" if exit_ == "OUT" else f"moved_{name}"] == happened
    newest = {one["stage"]: one for one in found if one["moved_week"] is not None}
    assert ledger_stages(kept(rows, CLOCK), TRACK)["ledger_stages"] == list(newest.values())


def test_chances_that_mean_what_they_say_are_found_so_and_those_that_are_too_high_are_not():
    """Who is said to move with a chance of p within the week does so in the fourth day of it, p of the time."""
    rng = np.random.default_rng(3)
    rows = [
        {"customer": n, "at": n % 20, "stage": "look", "model": model, "chances": [0.0, factor * p, 0.9, 0.0],
         "left": n % 20 + 4 if rng.random() < p else None, "exit": "NEXT", "revised": False}
        for model, factor in ((1, 1.0), (2, 1.6))
        for n, p in enumerate(rng.uniform(0.05, 0.6, 1_500))
    ]  # fmt: skip
    found = answer(kept(rows, CLOCK), [LedgerAsk(1, "calibration")], MODELS)
    right, high, none = found["ledger_calibration"]
    assert right["ratio_low"] < 1 < right["ratio_high"]
    assert right["slope_low"] < 1 < right["slope_high"]
    assert high["ratio_high"] < 0.75
    assert right["auc"] == pytest.approx(high["auc"], abs=0.05)
    assert 0.6 < right["c_index"] < right["auc"] + 0.05
    assert (none["rows"], none["brier"], none["slope"], none["c_index"]) == (0, None, None, None)
    inside = [one["low"] <= one["predicted"] <= one["high"] for one in found["ledger_bins"] if one["model"] == 1]
    assert len(inside) == 10
    assert sum(inside) >= 8


def test_an_empty_ledger_has_an_answer_and_a_position():
    ledger = kept([], CLOCK)
    assert ledger_position(ledger) == {
        "ledger_position": [
            {"position": 7, "clock": ledger_position(ledger)["ledger_position"][0]["clock"], "first_day": None,
             "left_out": 0}
        ]
    }  # fmt: skip
    assert ledger_days(ledger, TRACK, *EVER) == {"ledger_days": []}
    assert ledger_stages(ledger, "never heard of") == {"ledger_stages": []}
    asks = [LedgerAsk(1, "calibration", TRACK, 1), LedgerAsk(2, "over_time", stage="never heard of")]
    found = answer(ledger, asks, MODELS)
    assert ([one["rows"] for one in found["ledger_calibration"]], found["ledger_weeks"]) == ([0], [])
