"""The sample: generated, plainly labelled, the same everywhere, and never among real customers."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from raceline.analytics.sentiment import NO_SCORE, score
from raceline.app.asking import asking
from raceline.app.cli_explain import answer, as_asked
from raceline.app.cli_serve import _QUERIES, explain_command, load_sample, load_sample_site
from raceline.app.runtime import runtime
from raceline.app.sample import CUSTOMERS, FIRST_CUSTOMER, write_sample
from raceline.app.sample_model import learn_sample
from raceline.app.sample_site import COMPARISON, REFERENCES, UNEXPECTED, page_table
from raceline.app.sample_visits import LAYOUTS
from raceline.app.settings import read_settings
from raceline.domain.errors import NotConfirmed
from raceline.domain.site import PageTable, SitePage, load, summary


@pytest.fixture(scope="module")
def sample():
    """What came in when it happened, and after it what came in late."""
    file = BytesIO()
    write_sample(file)
    write_sample(file, late=True)
    return file.getvalue()


@pytest.fixture
def store(configured):
    with runtime(read_settings()) as store:
        yield store


@pytest.fixture(scope="module")
def loaded(databases):
    """The sample in a log that begins as those of users do, for tests that only read."""
    with databases() as url, runtime(read_settings(database_url=url)) as store:
        load_sample(store)
        yield store


def test_it_is_the_same_on_every_machine_because_the_log_refuses_the_same_identity_with_other_content(sample):
    """A change of the generator needs another `EDITION`; then this digest changes, too."""
    assert blake2b(sample, digest_size=8).hexdigest() == "d025f69b5a365667"


def test_everything_in_it_says_that_it_is_a_sample(sample):
    events = [msgspec.json.decode(line) for line in sample.splitlines()]
    assert len({event["customer_id"] for event in events}) == CUSTOMERS
    assert {event["customer_id"][:7] + event["account_id"][:7] + event["source"][-6:] for event in events} == {
        "sample-sample-sample"
    }
    assert 50_000 < len(events) < 60_000
    assert len({event["type"].partition(".")[0] for event in events}) >= 8


def test_loading_it_twice_changes_nothing(store, capsys):
    load_sample(store)
    head = store.log.head()
    on_time, late = (int(line.split()[1].replace(",", "")) for line in capsys.readouterr().out.splitlines())
    assert head == on_time + late
    load_sample(store)
    written = capsys.readouterr().out
    assert f"0 accepted, {on_time:,} duplicate, 0 quarantined" in written
    assert f"0 accepted, {late:,} duplicate, 0 quarantined" in written
    assert store.log.head() == head


def test_it_shows_paths_with_turnarounds_and_cases(loaded):
    with loaded.log.datastore.connected() as conn:
        paths = conn.execute("SELECT turnarounds > 0 AS turned, resolved FROM live.paths").fetchall()
        types = Counter(row["type"] for row in conn.execute("SELECT type FROM live.timeline"))
    assert {(path["turned"], path["resolved"]) for path in paths} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    assert types["case.opened"] > 100


def test_its_pages_links_and_titles_say_that_they_are_generated_and_name_all_that_is_visited(sample):
    table = page_table()
    assert all((about.title or "").startswith("Sample ") and about.page_type for about in table.pages.values())
    assert {page for link in table.links for page in link} <= set(table.pages)
    data = [msgspec.json.decode(line)["data"] for line in sample.splitlines()]
    visited = {one[name] for one in data for name in ("page", "source_page", "target_page") if name in one}
    assert set(table.pages) - visited == {"feedback-form", "old-manual", "video-course"}
    assert visited <= set(table.pages)


def test_its_experiment_begins_on_a_day_and_shows_each_customer_one_of_two_layouts(sample):
    seen = defaultdict(set)
    for line in sample.splitlines():
        event = msgspec.json.decode(line)
        if event["type"] == "support.link_followed":
            begun = datetime.fromisoformat(event["occurred_at"]) >= datetime(2024, 6, 1, tzinfo=UTC)
            seen[event["customer_id"], begun].add(event["data"].get("variant"))
    assert {layout for (_, begun), layouts in seen.items() if begun for layout in layouts} == set(LAYOUTS)
    assert all(len(layouts) == 1 for (_, begun), layouts in seen.items() if begun)
    assert {layout for (_, begun), layouts in seen.items() if not begun for layout in layouts} == {None}


PAGES = "{ pages(first: 100) { nodes { page pageType rate flag } test { unexpected } } }"
LAYOUT = """{ pathComparison(a: {variant: "layout-a"}, b: {variant: "layout-b"}) {
  metrics { metric difference high q } } }"""
GRAPH = """{ siteGraph(edges: 1000, neverTaken: 1000) {
  neverTaken { source target } edges { source target transitions isLink } } }"""


def test_its_paths_show_what_is_looked_for_in_paths(loaded):
    with asking(loaded) as ask:
        pages = ask(PAGES)["pages"]
        metrics = {one["metric"]: one for one in ask(LAYOUT)["pathComparison"]["metrics"]}
        graph = ask(GRAPH)["siteGraph"]
    # One page is left as often as a reference, and only for an article that is unexpected.
    assert [page["page"] for page in pages["nodes"] if page["flag"] == "UNEXPECTED"] == [UNEXPECTED]
    rates = {page["page"]: page["rate"] for page in pages["nodes"]}
    assert min(rates[page] for page in REFERENCES) > 0.4
    assert metrics["MEAN_LENGTH"]["high"] < -0.5
    assert metrics["MEAN_LENGTH"]["q"] < 0.01
    never = {(link["source"], link["target"]) for link in graph["neverTaken"]}
    assert ("install-guide", "feedback-form") in never
    jumps = Counter({(e["source"], e["target"]): e["transitions"] for e in graph["edges"] if e["isLink"] is False})
    assert {target for (_, target), _ in jumps.most_common(5)} == {COMPARISON}
    assert jumps["solution-03", "search"] > 5


def test_the_readme_tells_of_its_pages_what_they_are(loaded):
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    query, answer = re.findall(r"<!-- sample: \w+ -->\n```\w+\n(.*?)```", text, re.DOTALL)
    with asking(loaded) as ask:
        assert_nearly(ask(query), msgspec.json.decode(answer))


def assert_nearly(found, shown):
    """As shown, where numbers are rounded."""
    match shown:
        case dict():
            assert found.keys() == shown.keys()
            for key, value in shown.items():
                assert_nearly(found[key], value)
        case list():
            for one, other in zip(found, shown, strict=True):
                assert_nearly(one, other)
        case float():
            assert found == pytest.approx(shown, rel=0.01)
        case _:
            assert found == shown


def test_a_page_table_that_is_there_already_stays(store):
    mine = PageTable({"search": SitePage("mine")}, ())
    loaded, _ = load(store.url, mine)
    load_sample_site(store)
    found = summary(store.url)
    assert found is not None
    assert found[0] == loaded


@pytest.fixture(scope="module")
def cases(sample):
    """The facts of each case in the order of their times, each (type, data)."""
    found = defaultdict(list)
    events = [msgspec.json.decode(line) for line in sample.splitlines()]
    for event in sorted(events, key=lambda event: datetime.fromisoformat(event["occurred_at"])):
        if event["type"].startswith("case."):
            found[event["data"]["case_id"]].append((event["type"], event["data"]))
    return found


def test_its_cases_differ_in_every_number_that_is_told_of_a_day(cases):
    facts = [fact for case in cases.values() for fact in case]
    told = {name: {data[name] for _, data in facts if name in data} for name in ("severity", "problem", "cause_code")}
    assert told["severity"] == {1, 2, 3, 4}
    assert len(told["problem"]) == 6
    assert {"COMM 007", "SOFT 015"} <= told["cause_code"]
    moods = Counter(len(case) > 1 and case[-1][0] for case in cases.values())
    assert moods["case.closed"] > 100
    assert moods["case.survey_answered"] > 100
    assert moods["case.updated"] > 10, "some stay open"


def test_its_cases_change_hands_and_severity_and_are_reopened(cases):
    later = [[data for kind, data in case if kind == "case.updated"] for case in cases.values()]
    assert sum(any("severity" in data for data in case) for case in later) > 100
    assert sum(any("assignment_group" in data for data in case) for case in later) > 100
    assert sum(any(data["written_by"] == "customer" for data in case) for case in later) > 100
    assert sum(any(kind == "case.reopened" for kind, _ in case) for case in cases.values()) > 30


def test_a_case_begins_when_it_opens_and_is_reopened_only_after_it_was_closed(cases):
    for case in cases.values():
        assert case[0][0] == "case.opened"
        steps = [kind for kind, _ in case if kind in ("case.opened", "case.closed", "case.reopened")]
        assert all(kind == "case.closed" for kind in steps[1::2])


def test_what_its_customers_write_is_angry_plain_or_pleased(cases):
    texts = {data["text"] for case in cases.values() for _, data in case if "text" in data}
    scores = score(sorted(texts)).score
    assert NO_SCORE not in scores, "all can be read"
    assert 200 < len(texts) < 500, "varied, and few enough to be scored at once"
    assert min((scores <= -500).mean(), (scores >= 500).mean(), (abs(scores) < 500).mean()) > 0.1


def test_its_first_customer_has_something_of_everything_to_explain(loaded):
    explanation = answer(loaded, as_asked(loaded.log, FIRST_CUSTOMER, None, None, None))
    kinds = [move.kind for move in explanation.moves]
    assert {"entered", "forward", "skip", "backward", "edge", "lap"} <= set(kinds)
    assert len(kinds) < 25, "a page or two"
    assert any(move.trigger is None for move in explanation.moves), "one by the clock alone"
    assert len(explanation.revisions) == 1


def test_its_customers_spread_over_the_racetrack_and_some_leave_it(loaded):
    with loaded.log.datastore.connected() as conn:
        journeys = conn.execute(
            "SELECT j.status, j.stage, j.revisions > 0 AS revised FROM live.journeys AS j"
        ).fetchall()
    where = Counter(journey["stage"] or journey["status"] for journey in journeys)
    assert sum(where.values()) == CUSTOMERS
    assert {name for name, customers in where.items() if customers >= 15} == {
        "need", "evaluate", "select", "implement", "renew", "recommend", "advocate", "left"
    }  # fmt: skip
    assert sum(journey["revised"] for journey in journeys) > 30


def test_its_model_passes_the_rules_of_promotion_and_what_is_asked_of_it_is_answered(loaded):
    assert learn_sample(loaded) == "cisco-13#1"
    assert learn_sample(loaded) is None
    loaded.projector().once()
    customer, models = (query for _, query in _QUERIES if "prediction" in query or "models" in query)
    with asking(loaded) as ask:
        journey = ask(customer)["customer"]["journey"]
        (model,) = ask(models)["models"]
        now = ask("{ stages { stage customers predictions { customers withinWeek } } }")["stages"]
    assert (model["status"], {check["passed"] for check in model["checks"]}) == ("PROMOTED", {True})
    said = journey["prediction"]
    assert 0 < said["withinDay"] < said["withinWeek"] < said["withinMonth"] < 1
    together = said["baseRate"] + sum(factor["contribution"] for factor in said["factors"])
    assert together == pytest.approx(said["withinMonth"], abs=1e-9)
    assert any(factor["events"] for factor in said["factors"])
    assert said["whatIf"]["basis"] == "COMPARISON"
    assert all(one["customers"] == (one["predictions"] or {"customers": 0})["customers"] for one in now)


def test_it_is_not_mixed_with_an_earlier_sample_whose_customers_have_the_same_names(store, capsys):
    store.ingest.record(
        [b'{"type":"web.page_viewed","event_id":"0-sample-0001-1","customer_id":"sample-0001",'
         b'"occurred_at":"2024-01-05T00:00:00Z","data":{"page":"a"}}'],
        source="raceline-sample",
        place="test",
    )  # fmt: skip
    load_sample(store)
    assert "an earlier raceline" in capsys.readouterr().err
    assert store.log.head() == 1


def test_it_is_not_mixed_with_other_customers(store):
    store.ingest.record(
        [b'{"type":"web.page_viewed","customer_id":"c","occurred_at":"2026-01-05T00:00:00Z","data":{"page":"a"}}'],
        source="shop",
        place="test",
    )
    with pytest.raises(NotConfirmed, match="RACELINE_HOME"):
        load_sample(store)
    assert store.log.head() == 1


@pytest.mark.parametrize(
    ("environment", "before"),
    [
        pytest.param({}, "", id="the home of the user"),
        pytest.param({"RACELINE_HOME": "/srv/my home"}, "RACELINE_HOME='/srv/my home' ", id="another home"),
        pytest.param(
            {"RACELINE_HOME": "/srv/home", "RACELINE_DATABASE_URL": "postgresql://me:secret@db/race"},
            "# (needs the same RACELINE_DATABASE_URL as this server)\n",
            id="a database, whose password is not printed",
        ),
    ],
)
def test_the_command_to_try_works_in_another_terminal_as_well(monkeypatch, environment, before):
    monkeypatch.setattr("sys.argv", ["pytest"])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert explain_command(read_settings()) == f"{before}raceline explain {FIRST_CUSTOMER}"
