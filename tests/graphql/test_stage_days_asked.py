"""How stages and days are asked for: what is refused, versions that are not active, accounts, moves behind cases."""

import psycopg
import pytest
from journeys import event
from moves import move as moved
from ride import EAGER, STEADY, publish, views
from spells import TRACK, day, moment, spell, write

CASES = "open { count cases { totalCount nodes { case { caseId } } } }"


@pytest.fixture(scope="module")
def asked(common):
    """A ride is active and another version of it is published; what is live is written by each test."""
    publish(common.house, STEADY)
    common.house.racetracks.activate("ride", 1, "test")
    publish(common.house, EAGER)
    with psycopg.connect(common.house.url, autocommit=True) as conn:
        common.conn = conn
        write(conn, [spell(("ann", 1), 0, severity="1"), spell(("dan", 1), 0, severity="2")])
        yield common


def days(first, last, also="", fields="stage"):
    return f'{{ stageDays(from: "{first}", to: "{last}"{also}) {{ {fields} }} }}'


def test_a_span_whose_first_day_comes_after_its_last_is_refused(asked):
    error = asked.error(days(day(3), day(2)))
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("INVALID_ARGUMENT", "from")
    assert "after the last" in error["message"]


@pytest.mark.parametrize("first", ["0001-01-01", "2000-01-01"])
def test_a_span_that_costs_too_much_is_refused_by_the_name_of_the_limit(asked, first):
    error = asked.error(days(first, "2026-01-01"))
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", "cost")


def test_a_year_of_all_stages_with_severities_is_within_the_limits_and_its_cases_are_not(asked):
    told = "severities { buckets { value count } }"
    fields = f"customers open {{ count sentiment {{ mean }} {told} }} closed {{ count {told} }}"
    assert len(asked.ask(days("2026-01-01", "2026-12-31", fields=fields))["stageDays"]) == 4 * 365
    error = asked.error(days("2026-01-01", "2026-12-31", fields="open { cases(first: 0) { totalCount } }"))
    assert error["extensions"]["limit"] == "cost"


@pytest.mark.parametrize(
    ("also", "code"),
    [
        pytest.param(', stages: ["look", "lok"]', "UNKNOWN_STAGE", id="a stage"),
        pytest.param(', racetrack: {name: "ryde"}', "UNKNOWN_RACETRACK", id="a racetrack"),
        pytest.param(', racetrack: {name: "ride", version: 9}', "UNKNOWN_RACETRACK", id="a version"),
        pytest.param(', account: "acme", racetrack: {name: "ryde"}', "UNKNOWN_RACETRACK", id="of an account"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(asked, also, code):
    assert asked.error(days(day(0), day(0), also))["extensions"]["code"] == code


def test_no_stages_are_no_rows(asked):
    assert asked.ask(days(day(0), day(0), ", stages: []")) == {"stageDays": []}


@pytest.fixture
def surveyed(asked, monkeypatch):
    """What the hook was asked, and rows that it gives: two cases are open before the first day, a third since day 1."""
    calls = []
    changes = {"racetrack": TRACK, "side": "open", "stage": "try", "scored": 1, "score": 100, "negative": 0,
               "neutral": 1, "positive": 0, "surveys": 0, "survey_score": 0}  # fmt: skip
    rows = {
        "racetracks": [{"racetrack": TRACK, "place": 1, "version": 2, "title": "", "time_zone": "UTC"}],
        "racetrack_stages": [{"racetrack": TRACK, "n": 1, "stage": "try", "title": "Tries"}],
        "racetrack_severities": [],
        "racetrack_overlays": [],
        "case_days": [changes | {"day": day(-1), "cases": 2}, changes | {"day": day(1), "cases": 1}],
        "case_buckets": [
            {"racetrack": TRACK, "side": "open", "stage": "try", "day": day(-1), "dimension": "severity",
             "value": "3", "cases": 2}
        ],
        "case_extremes": [
            {"racetrack": TRACK, "side": "open", "stage": "try", "day": day(-1), "minimum": 100, "maximum": 100}
        ],
        "stage_days": [{"racetrack": TRACK, "stage": "try", "day": day(-1), "entered": 5, "departed": 1}],
        "stage_views": [],
        "overlay_days": [],
        "checkpoint": [{"position": 5, "clock": 0}],
    }  # fmt: skip

    async def stage_days(*arguments):
        calls.append(arguments)
        return rows

    monkeypatch.setattr(asked.api.racetracks, "stage_days", stage_days)
    return calls


FIGURES = """version stage day position customers
  open { count sentiment { cases minimum } severities { buckets { value count } } }"""


@pytest.mark.parametrize(
    ("also", "call"),
    [
        pytest.param(', racetrack: {name: "ride", version: 2}', ("ride", 2, None), id="a version that is not active"),
        pytest.param(', account: "acme"', (None, None, "acme"), id="an account"),
        pytest.param(', account: "acme", racetrack: {name: "ride"}', ("ride", None, "acme"), id="on a racetrack"),
        pytest.param(', account: "a", racetrack: {name: "ride", version: 2}', ("ride", 2, "a"), id="both"),
    ],
)
def test_what_is_not_live_is_derived_and_says_its_position(asked, surveyed, also, call):
    found = asked.ask(days(day(0), day(1), also, FIGURES))["stageDays"]
    assert surveyed == [(*call, day(0), day(1), 0)]
    assert {(row["version"], row["position"]) for row in found} == {(2, 5)}
    told = [(row["stage"], row["open"]["count"], row["customers"]) for row in found]
    assert told == [("try", 2, 4), ("try", 3, 4), (None, 0, 0), (None, 0, 0)]
    assert found[1]["open"]["sentiment"] == {"cases": 2, "minimum": 0.01}
    assert found[0]["open"]["severities"]["buckets"] == [{"value": "3", "count": 2}]


def test_the_version_that_is_active_is_read_from_what_is_live(asked, surveyed):
    assert len(asked.ask(days(day(0), day(0), ', racetrack: {name: "ride", version: 1}'))["stageDays"]) == 4
    assert surveyed == []


def test_the_cases_of_an_account_are_those_of_its_customers(asked, surveyed):
    fields = f"stage {CASES}".replace("open {", "open { severities { buckets { value cases { totalCount } } }")
    write(asked.conn, [spell(("ann", 1), 0)])
    row = asked.ask(days(day(0), day(0), ', account: "acme"', fields))["stageDays"][0]
    assert row["open"]["cases"]["nodes"] == []  # the hook tells of `try`; what is live of Ann is in `look`
    write(asked.conn, [spell((name, 1), 0, stage="try", severity="3") for name in ("ann", "bea", "dan")])
    row = asked.ask(days(day(0), day(0), ', account: "acme"', fields))["stageDays"][0]
    assert [one["case"]["caseId"] for one in row["open"]["cases"]["nodes"]] == ["ann-1", "bea-1"]
    assert row["open"]["severities"]["buckets"] == [{"value": "3", "cases": {"totalCount": 2}}]


def test_the_cases_of_a_version_that_is_not_active_are_refused_in_words(asked, surveyed):
    also = ', racetrack: {name: "ride", version: %d}'
    error = asked.error(days(day(0), day(0), also % 2, CASES))
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("INVALID_ARGUMENT", "racetrack")
    assert "only the figures are derived" in error["message"]
    asked.ask(days(day(0), day(0), also % 1, CASES))
    error = asked.error(days(day(0), day(0), f'{also % 2}, account: "acme"', CASES))
    assert error["extensions"]["argument"] == "racetrack"


def test_the_cases_of_an_account_are_told_also_when_the_active_version_is_named(asked):
    write(asked.conn, [spell((name, 1), 0, stage="try") for name in ("ann", "dan")])
    for version in ("", ", version: 1"):
        also = f', account: "acme", stages: ["try"], racetrack: {{name: "ride"{version}}}'
        (row,) = asked.ask(days(day(0), day(0), also, f"stage version {CASES}"))["stageDays"]
        assert row["version"] == 1
        assert [one["case"]["caseId"] for one in row["open"]["cases"]["nodes"]] == ["ann-1"]


def ann(n, stage, entered, left=None):
    return moved("ann", n, "entered", None, stage, 0) | {
        "racetrack": TRACK, "entered_at": moment(entered), "left_at": None if left is None else moment(left),
    }  # fmt: skip


def test_a_case_leads_to_the_move_that_put_its_customer_into_the_stage(asked):
    # In and out of a stage within one day; at midnight she is in it again, by another move.
    moves = [ann(1, "look", 0.2, 1.3), ann(2, "try", 1.3, 1.6), ann(3, "look", 1.6, 2.5), ann(4, "try", 2.5)]
    asked.take([event("closing", "ann", 0, page="A") | {"occurred_at": moment(2.5).isoformat()}], project=False)
    (closing,) = asked.conn.execute(
        "SELECT e.position FROM raceline.event AS e WHERE e.event_id = 'eclosing'"
    ).fetchone()
    spells = [spell(("ann", 1), 0, 2), spell(("ann", 1), 2, 3, "closed", stage="try", event=closing)]
    write(asked.conn, spells, moves=moves)
    told = "cases { nodes { stage fromDay toDay event { eventId } move { to enteredAt } } }"
    found = asked.ask(days(day(0), day(2), fields=f"open {{ {told} }} closed {{ {told} }}"))["stageDays"]
    opens = [one["move"]["enteredAt"] for row in found[:3] for one in row["open"]["cases"]["nodes"]]
    assert opens == [f"{moment(n):%Y-%m-%dT%H:%M:%S.%fZ}" for n in (0.2, 1.6)]
    (closed,) = [one for row in found for one in row["closed"]["cases"]["nodes"]]
    assert closed == {
        "stage": "try", "fromDay": str(day(2)), "toDay": str(day(3)), "event": {"eventId": "eclosing"},
        "move": {"to": "try", "enteredAt": f"{moment(2.5):%Y-%m-%dT%H:%M:%S.%fZ}"},
    }  # fmt: skip


def test_a_case_in_no_stage_has_no_move_and_one_that_goes_on_has_no_last_day(asked):
    write(asked.conn, [spell(("ann", 1), 0, stage="")], moves=[ann(1, "look", 3)])
    fields = "open { cases { nodes { stage toDay move { to } case { caseId customer { guid } } } } }"
    rows = asked.ask(days(day(0), day(0), fields=fields))["stageDays"]
    assert rows[-1]["open"]["cases"]["nodes"] == [
        {"stage": None, "toDay": None, "move": None, "case": {"caseId": "ann-1", "customer": {"guid": "ann"}}}
    ]


def test_a_stay_ends_on_a_day_of_the_racetrack_s_time_zone(asked):
    # 23:30 in UTC is the next day in Berlin.
    moves = [ann(1, "look", 0, 1 - 0.5 / 24), ann(2, "try", 1 - 0.5 / 24)]
    rows = {"racetracks": [{"racetrack": TRACK, "place": 1, "version": 1, "hash": "", "title": "", "documentation": "",
                            "time_zone": "Europe/Berlin"}]}  # fmt: skip
    write(asked.conn, [spell(("ann", 1), 0, 1), spell(("ann", 1), 1, stage="try")], moves=moves, **rows)
    fields = "open { cases { nodes { stage move { to } } } }"
    found = asked.ask(days(day(0), day(1), fields=fields))["stageDays"]
    assert [one for row in found for one in row["open"]["cases"]["nodes"]] == [
        {"stage": "look", "move": {"to": "look"}}, {"stage": "try", "move": {"to": "try"}},
    ]  # fmt: skip


def test_without_a_racetrack_in_force_there_are_no_days(service):
    service.take(views("x", [(0, "A")]))
    with psycopg.connect(service.house.url, autocommit=True) as conn:
        conn.execute("DELETE FROM live.racetracks")
    assert service.ask(days(day(0), day(0))) == {"stageDays": []}
