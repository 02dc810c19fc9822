"""raceline explain: why a customer is where they are, as a person reads it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import psycopg
import pytest
from rich.console import Console
from small_race import LATE, LIFE, RACE, RACE_2, written

from raceline.app import cli_explain, explain_prediction
from raceline.app.explain import Condition, Prospect, explained
from raceline.app.explain_tree import explanation_tree, how_far
from raceline.app.settings import read_settings
from raceline.app.terminal import printable

NO_MODEL = (
    "nothing is predicted: No model is in force for this racetrack."
    " `raceline train --racetrack race --promote` learns one."
)
AT = datetime(2026, 1, 5, tzinfo=UTC)
JOURNEYS = [{"racetrack": "r", "status": "in_stage", "stage": "s", "since": AT, "next_timer": None}]


@pytest.fixture
def life(raceline, tmp_path, monkeypatch):
    """The racetrack is active from position 3 on, the events of LIFE are 4 to 11, the late one is 12."""
    monkeypatch.setenv("RACELINE_RACETRACK", "none")
    definition = tmp_path / "race.yaml"
    definition.write_text(RACE)
    assert raceline("racetrack", "publish", str(definition), "--activate").status == 0
    for n, batch in enumerate((LIFE, LATE)):
        assert raceline("ingest", written(tmp_path / f"{n}.ndjson", batch)).status == 0


@pytest.fixture
def explain(life, raceline):
    """What is explained of customer c-1; T is the moment at which this run took the events in."""

    def explain(*arguments):
        done = raceline("explain", "c-1", *arguments)
        assert (done.status, done.err) == (0, "")
        return re.sub(r"known since [-0-9]+ [:0-9]+", "known since T", done.out)

    return explain


def branches(out):
    """The branches of the tree by the line that names them: their lines, without what draws the tree."""
    found = {}
    for line in out.splitlines():
        if re.match("[├└]", line):
            name = line[4:]
            found[name] = []
        elif found:
            found[name].append(re.sub("^[│├└─ ]+", "", line))
    return found


def test_each_stay_is_told_with_its_length_and_the_kind_of_the_move(explain):
    assert list(branches(explain("--at", "2025-02-01"))) == [
        "Need  2024-01-01 00:00:00 to 2024-01-09 00:00:00  8.0 days  start",
        "Try  2024-01-09 00:00:00 to 2024-01-13 00:00:00  4.0 days  forward",
        "Use  2024-01-13 00:00:00 to 2024-04-20 00:00:00  98.0 days  forward",
        "Try  2024-04-20 00:00:00 to 2024-05-01 00:00:00  11.0 days  REGRESSION from Use",
        "Advocate  2024-05-01 00:00:00 to 2024-05-10 00:00:00  9.0 days  skip from Try",
        "Need  2024-05-10 00:00:00 to 2024-11-06 00:00:00  180.0 days  new lap (next_lap) from Advocate",
        "outside  2024-11-06 00:00:00 to 2025-01-12 00:00:00  67.0 days  left the racetrack from Need",
        "Advocate  2025-01-12 00:00:00 and on  20.0 days  came back",
        "why not yet (the first that holds moves)",
        NO_MODEL,
        "revisions: late events that changed the past",
    ]


def test_the_head_says_who_where_on_which_racetrack_and_up_to_when_it_is_true(explain):
    assert explain("--at", "2025-02-01").split("├")[0].splitlines() == [
        "customer c-1 of acme",
        "A small race (race, version 1)",
        "in Advocate since 2025-01-12 00:00:00, 20.0 days; 1 regression; 1 skip; 1 lap; 1 exit",
        "true up to position 12, clock 2025-02-01 00:00:00 (all times UTC)",
        "the clock alone is looked at next at 2025-05-05 00:00:00",
    ]


def test_a_move_is_told_with_its_rule_its_source_and_the_events_that_were_counted(explain):
    told = branches(explain("--at", "2025-02-01"))
    assert told["Try  2024-01-09 00:00:00 to 2024-01-13 00:00:00  4.0 days  forward"] == [
        "by Three page views in a month (looked), at the event 6, known since T",
        "source web.shop.views (page, at); owner Marketing; confidence 90 %; coverage 62.5 %",
        "✓ at least 3 web.page_viewed within 30d: 3 of 3 events",
        "4  2024-01-01 00:00:00  web.page_viewed  viewed pricing",
        "5  2024-01-05 00:00:00  web.page_viewed  viewed pricing",
        "6  2024-01-09 00:00:00  web.page_viewed  viewed pricing",
    ]
    assert told["Use  2024-01-13 00:00:00 to 2024-04-20 00:00:00  98.0 days  forward"] == [
        "by Logins on two days, and not searching any more (works), at the event 8, known since T",
        "✓ all of",
        "✓ telemetry.login_recorded on at least 2 different days within 60d: 2 of 2 days",
        "7  2024-01-12 00:00:00  telemetry.login_recorded  logged in to console",
        "8  2024-01-13 00:00:00  telemetry.login_recorded  logged in to console",
        "✓ not",
        "✗ at least 9 web.page_viewed: 3 of 9 events",
    ]


def test_a_move_by_silence_is_told_with_the_last_event_before_it(explain):
    told = branches(explain("--at", "2025-02-01"))
    assert told["Try  2024-04-20 00:00:00 to 2024-05-01 00:00:00  11.0 days  REGRESSION from Use"] == [
        "by No login for two months (silent), by the clock alone, at no event, known since T",
        "✓ no telemetry.login_recorded for 60d: 60 of 60 days",
        "12  2024-02-20 00:00:00  telemetry.login_recorded  logged in to console",
    ]


def test_why_not_yet_says_how_far_each_rule_is_and_when_the_clock_alone_moves(explain):
    told = branches(explain("--at", "2025-02-01"))
    assert told["why not yet (the first that holds moves)"] == [
        "out of the racetrack  exit  by Nothing for half a year (gone), 2025-05-05 00:00:00 if no event comes",
        "✗ no telemetry.login_recorded or web.page_viewed for 180d: 87 of 180 days",
        "to Need  new lap  by Looks again (again)",
        "✗ at least 1 web.page_viewed since entering the stage: 0 of 1 event",
    ]


def test_a_rule_that_holds_already_without_a_timer_to_come_moves_at_the_next_event(raceline, tmp_path):
    """A new stage is looked at only then."""
    definition = tmp_path / "quick.yaml"
    definition.write_text("""
name: quick
title: Quick
stages: {look: {title: Look}, buy: {title: Buy}}
rules:
  looks: {title: Looks, stage: look, from: [outside], when: {event: web.page_viewed}}
  buys: {title: Has looked, stage: buy, from: [look], when: {event: web.page_viewed, since: start}}
""")
    assert raceline("racetrack", "publish", str(definition), "--activate").status == 0
    assert raceline("ingest", written(tmp_path / "life.ndjson", LIFE[:1])).status == 0
    told = branches(raceline("explain", "c-1").out)
    assert told["why not yet (the first that holds moves)"] == [
        "to Buy  forward  by Has looked (buys), holds already: moves at the next event (no timer will come)",
        "✓ at least 1 web.page_viewed since the first event: 1 of 1 event",
        "4  2024-01-01 00:00:00  web.page_viewed  viewed pricing",
    ]


@pytest.mark.parametrize(
    ("fires_at", "next_timer", "words"),
    [
        pytest.param(None, None, "at the next event (no timer will come)", id="no timer"),
        pytest.param(
            None, AT, "at the next event (no timer will come while it holds)", id="a timer when it is too late"
        ),
        pytest.param(AT, AT, "at the next event or timer, 2026-01-05 00:00:00 if no event comes", id="a timer"),
    ],
)
def test_a_rule_that_holds_already_says_when_it_moves(fires_at, next_timer, words):
    told = explained(rows([node(0, 0, "event", "a")]), "c", None)
    move = told.moves[0]
    prospect = Prospect("forward", "s", fires_at, move.rule, move.condition)
    told = replace(told, next_moves=(prospect,), next_timer=next_timer)
    assert f"holds already: moves {words}\n" in in_words(told)


def test_a_late_event_is_a_revision_with_the_stays_before_and_after(explain):
    told = branches(explain("--at", "2025-02-01"))["revisions: late events that changed the past"]
    assert told == [
        "known since T, by 1 late event",
        "12  2024-02-20 00:00:00  telemetry.login_recorded  logged in to console",
        "before:",
        "Try  2024-03-13 00:00:00 to 2024-05-01 00:00:00",
        "after:",
        "Try  2024-04-20 00:00:00 to 2024-05-01 00:00:00",
        "from 2024-05-01 00:00:00 on nothing changed",
    ]


def test_a_customer_is_told_as_at_a_moment_of_their_life(explain):
    told = explain("--at", "2024-01-11T12:00:00+02:00")
    assert "in Try since 2024-01-09 00:00:00, 2.4 days" in told
    assert "clock 2024-01-11 10:00:00" in told
    assert list(branches(told))[2:] == ["why not yet (the first that holds moves)", NO_MODEL]


def test_a_customer_is_told_as_it_was_known_at_a_position(explain):
    """Before the late event came in, the lull was thought to be longer."""
    told = explain("--known-at", "11", "--at", "2024-05-05")
    assert "true up to position 11" in told
    assert "Try  2024-03-13 00:00:00 to 2024-05-01 00:00:00  49.0 days  REGRESSION from Use" in told
    assert "revisions" not in told


def test_a_customer_is_told_as_it_was_known_at_a_moment(explain, database):
    with psycopg.connect(database) as conn:
        (before,) = conn.execute("SELECT recorded_at FROM raceline.event WHERE position = 11").fetchone()
    assert "true up to position 11" in explain("--known-at", before.isoformat())
    assert "true up to position 12" in explain("--known-at", "9999-12-31")


def test_what_was_known_is_told_by_the_racetrack_that_was_active_then_or_by_the_one_that_is_named(
    explain, raceline, tmp_path
):
    second = tmp_path / "race_2.yaml"
    second.write_text(RACE_2)
    assert raceline("racetrack", "publish", str(second), "--activate").status == 0
    early = ("--at", "2024-01-06")
    assert "in Try since 2024-01-05 00:00:00" in explain(*early)
    assert "(race, version 1)" in explain("--known-at", "12", *early)
    assert "in Need since 2024-01-01 00:00:00" in explain("--racetrack", "race@1", *early)


def test_a_racetrack_of_which_no_version_is_in_force_is_asked_for_by_version(life, raceline):
    assert raceline("racetrack", "publish", "six-phase").status == 0
    done = raceline("explain", "c-1", "--racetrack", "six-phase")
    assert (done.status, done.out) == (1, "")
    assert "No version of this racetrack is in force. Name one: six-phase@1 (published)" in done.err
    assert raceline("explain", "c-1", "--racetrack", "six-phase@1").status == 0


def case(n, kind, at, **data):
    return {"event_id": f"k{n}", "source": "tac", "type": f"case.{kind}", "customer_id": "c-1", "occurred_at": at,
            "data": {"case_id": "K-1", **data}}  # fmt: skip


CASE = [
    case(1, "opened", "2025-01-20T00:00:00Z", severity=2, problem="no power", text="This is terrible."),
    case(2, "updated", "2025-01-25T00:00:00Z", severity=1),
    case(3, "closed", "2025-02-10T00:00:00Z", cause_code="COMM 007"),
]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        pytest.param("2025-01-19", None, id="before it was opened"),
        pytest.param("2025-01-21", "open 1.0 days in all  severity 2, no power, sentiment -0.48  (13)", id="opened"),
        pytest.param("2025-02-01", "open 12.0 days in all  severity 1, no power, sentiment -0.48  (14)", id="changed"),
        pytest.param("2025-02-10", None, id="closed"),
    ],
)
def test_support_cases_that_are_open_are_told_as_known_then(explain, raceline, tmp_path, at, told):
    raceline("ingest", written(tmp_path / "case.ndjson", CASE))
    found = branches(explain("--at", at)).get("open support cases")
    assert found == (None if told is None else [f"K-1  since 2025-01-20 00:00:00, {told}"])
    cases = json.loads(explain("--at", at, "--json"))["open_cases"]
    assert [one["case_id"] for one in cases] == ([] if told is None else ["K-1"])


def test_a_case_that_was_reopened_has_been_open_for_as_long_as_the_api_says(explain, raceline, tmp_path, serve):
    again = case(4, "reopened", "2025-03-01T00:00:00Z", text="It failed again.")
    raceline("ingest", written(tmp_path / "case.ndjson", [*CASE, again]))
    at = "2025-03-05T12:00:00Z"
    (told,) = json.loads(explain("--at", at, "--json"))["open_cases"]
    assert (told["case_id"], told["days"], told["open_since"]) == ("K-1", 21 + 4.5, "2025-03-01T00:00:00Z")
    with serve(project=False) as served:
        served.store.projector().once()
        found = served.ask(f'{{ customer(id: "c-1", at: "{at}") {{ journey {{ openCases {{ caseId openDays }} }} }} }}')
    assert found["customer"]["journey"]["openCases"] == [{"caseId": told["case_id"], "openDays": told["days"]}]


def test_an_explanation_is_json_for_scripts(explain):
    told = json.loads(explain("--json", "--at", "2025-02-01"))
    assert (told["customer_id"], told["position"], told["clock"]) == ("c-1", 12, "2025-02-01T00:00:00Z")
    assert [move["to"] for move in told["moves"]] == [
        "need", "try", "use", "try", "advocate", "need", None, "advocate",
    ]  # fmt: skip
    condition = told["moves"][2]["condition"]
    assert (condition["kind"], condition["satisfied"]) == ("all", True)
    assert [one["position"] for one in condition["conditions"][0]["evidence"]] == [7, 8]
    assert told["next_moves"][0]["fires_at"] == "2025-05-05T00:00:00Z"
    assert [one["position"] for one in told["revisions"][0]["causes"]] == [12]


def test_of_many_events_the_newest_are_shown_and_how_many_are_left_out(explain):
    told = branches(explain("--at", "2025-02-01", "--events", "1"))
    assert told["Try  2024-01-09 00:00:00 to 2024-01-13 00:00:00  4.0 days  forward"][-2:] == [
        "2 earlier events (--events 0 shows all)",
        "6  2024-01-09 00:00:00  web.page_viewed  viewed pricing",
    ]


def test_an_explanation_fits_a_narrow_terminal(explain, monkeypatch):
    told = explained_on_a_terminal(monkeypatch, explain, columns=80)
    assert max(map(len, told.splitlines())) <= 80
    assert "3 of 3" in told


def explained_on_a_terminal(monkeypatch, explain, columns):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    return re.sub("\x1b\\[[0-9;]*m", "", explain("--at", "2025-02-01"))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["nobody"], 1, "no event of this customer", id="a customer that is not there"),
        pytest.param(["c-1", "--at", "2023-12-31"], 1, "at=2023-12-31", id="a customer before the first event"),
        pytest.param(["c-1", "--known-at", "13"], 1, "has not come to this position", id="a position ahead of the log"),
        pytest.param(["c-1", "--racetrack", "rase"], 1, "did you mean `race`?", id="a racetrack that is not there"),
        pytest.param(["c-1", "--racetrack", "race@7"], 1, "1 (active)", id="a version that is not there"),
        pytest.param(["c-1", "--known-at", "1"], 1, "No racetrack is active", id="before a racetrack was active"),
        pytest.param(["c-1", "--racetrack", "race@x"], 2, "NAME@VERSION", id="a version that is no number"),
        pytest.param(["c-1", "--at", "yesterday"], 2, "--at", id="a moment that is none"),
        pytest.param(["c-1", "--at", "2026-13-01"], 2, "--at", id="a month that is none"),
        pytest.param(["c-1", "--at", "0001-01-01T00:00:00+01:00"], 2, "--at", id="a moment before all time"),
        pytest.param(["c-1", "--known-at", "-1"], 2, "position", id="a position below zero"),
    ],
)
def test_what_cannot_be_explained_is_told(life, raceline, arguments, status, words):
    done = raceline("explain", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in " ".join(done.err.split())
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("unit", "observed", "needed", "words"),
    [
        pytest.param("events", 2, 3, ": 2 of 3 events", id="events"),
        pytest.param("events", 0, 1, ": 0 of 1 event", id="one event"),
        pytest.param("events", 1200, 1000, ": 1,200 of 1,000 events", id="more than were needed"),
        pytest.param("days", 4, 5, ": 4 of 5 days", id="days on which something happened"),
        pytest.param("values", 4, 5, ": 4 of 5 values", id="different values"),
        pytest.param("millionths", 2_500_000, 10_000_000, ": 2.5 of 10", id="a sum"),
        pytest.param("millionths", 12_000_000_000, 1, ": 12,000 of 0.000001", id="a sum from large to small"),
        pytest.param("microseconds", 40 * 86_400_000_000, 60 * 86_400_000_000, ": 40 of 60 days", id="days of silence"),
        pytest.param(
            "microseconds", 60 * 86_400_000_000 - 1, 60 * 86_400_000_000, ": 59.9 of 60 days", id="almost is not there"
        ),
        pytest.param("microseconds", 0, 86_400_000_000, ": 0 of 1 day", id="a day"),
        pytest.param("microseconds", 5_400_000_000, 43_200_000_000, ": 1.5 of 12 hours", id="hours"),
        pytest.param("microseconds", 30_000_000, 5_400_000_000, ": 0 of 1.5 hours", id="seconds of hours"),
        pytest.param("microseconds", 30_000_000, 45_000_000, ": 30 of 45 seconds", id="seconds"),
        pytest.param(None, None, None, "", id="what joins conditions has nothing to observe"),
    ],
)
def test_what_was_observed_and_needed_is_told_in_units_of_people(unit, observed, needed, words):
    condition = Condition("it", "event", needed is None or observed >= needed, observed, needed, unit, (), ())
    assert how_far(condition) == words


def test_text_of_anyone_cannot_steer_the_terminal():
    assert printable("a\x1b[2Jb\nc\u202ed\u00e9") == "a�[2Jb c�dé"


def node(n, depth, kind, says):
    facts = {"needed": 1, "unit": "events"} if kind == "event" else {"needed": None, "unit": None}
    return {"racetrack": "r", "rule": "x", "node": n, "depth": depth, "kind": kind, "says": says} | facts


def test_conditions_are_nested_as_in_the_definition():
    shape = [
        (0, "all", "all"),
        (1, "any", "any"),
        (2, "event", "a"),
        (2, "event", "b"),
        (1, "not", "not"),
        (2, "event", "c"),
    ]
    told = explained(rows([node(n, *one) for n, one in enumerate(shape)]), "c", None)

    def nested(condition):
        return (condition.says, *map(nested, condition.conditions))

    (move,) = told.moves
    assert nested(move.condition) == ("all", ("any", ("a",), ("b",)), ("not", ("c",)))
    assert [one.observed for one in move.condition.conditions[0].conditions] == [2, 3]
    assert [one.position for one in move.condition.conditions[1].conditions[0].evidence] == [7]


def rows(nodes):
    """The rows of one customer who moved once, by a rule with these conditions; node n observed n."""
    seen = {
        "satisfied": [True] * len(nodes),
        "observed": [n if one["kind"] == "event" else None for n, one in enumerate(nodes)],
        "evidence": [7],
        "evidence_node": [len(nodes) - 1],
    }
    at = AT
    move = {"racetrack": "r", "n": 1, "kind": "entered", "edge": None, "from_stage": None, "to_stage": "s", "rule": "x"}
    rule = {"racetrack": "r", "rule": "x", "title": "X", "documentation": "", "owner": ""}
    source = {f"source_{part}": None for part in ("system", "database", "table")}
    return {
        "customers": [{"account_id": None}],
        "racetracks": [{"racetrack": "r", "version": 1, "title": "R"}],
        "racetrack_stages": [{"racetrack": "r", "stage": "s", "title": "S"}],
        "racetrack_rules": [rule | source | {"source_attributes": [], "confidence": None, "coverage": None}],
        "rule_conditions": nodes,
        "timeline": [{"position": 7, "occurred_at": at, "type": "t", "title": "T"}],
        "journeys": JOURNEYS,
        "moves": [move | seen | {"entered_at": at, "left_at": None, "known_at": at, "trigger": 7}],
        "prospects": [],
        "cases": [],
        "case_spells": [],
        "revisions": [],
        "checkpoint": [{"position": 7, "clock": 0}],
        **{name: [] for name in explain_prediction.TABLES},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"journeys": [], "moves": []}, "no event of this customer is what this racetrack is about",
                     id="a customer out of scope"),
        pytest.param({"journeys": [{"racetrack": "r", "status": "outside", "stage": None, "since": None}], "moves": []},
                     "in no stage yet", id="a customer who never moved"),
        pytest.param({"journeys": [*JOURNEYS, {"racetrack": "other"}]}, "also on: other (--racetrack)",
                     id="a customer on two racetracks"),
        pytest.param({"journeys": [JOURNEYS[0] | {"revisions_left_out": 1200}]},
                     "1,200 earlier steps of what was known were not looked at", id="too many events to look at all"),
        pytest.param({"timeline": []}, "at the event 7", id="an event without its text"),
    ],
)  # fmt: skip
def test_what_is_special_about_a_customer_is_told(changed, words):
    told = explained(rows([node(0, 0, "event", "a")]) | changed, "c", None)
    assert words in in_words(told)


def in_words(told):
    console = Console(width=120, file=StringIO())
    console.print(explanation_tree(told, 10))
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def test_a_customer_that_is_not_there_is_told_with_the_log_that_was_asked_and_without_its_password(
    life, raceline, tmp_path, monkeypatch
):
    assert "the database that RACELINE_DATABASE_URL names" in raceline("explain", "nobody").err
    assert "postgresql://" not in raceline("explain", "nobody").err
    monkeypatch.delenv("RACELINE_DATABASE_URL")
    monkeypatch.setenv("RACELINE_HOME", str(tmp_path / "home"))
    assert f"This is the log in {tmp_path / 'home'};" in cli_explain._where(read_settings())
