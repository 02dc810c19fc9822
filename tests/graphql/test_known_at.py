"""What the store knew: a customer's journey from only what was recorded by a moment or a position."""

import pytest
from journeys import click, event

JOURNEY = """customer(id: "x", knownAt: $known) {
  position eventCount pathCount lastOccurredAt
  timeline { totalCount nodes { n title event { position } path { pages } } }
  events { nodes { position customer { eventCount } } }
  paths { totalCount nodes { pages resolved length turnarounds { page } steps { page event { position } }
                             customer { pathCount } } }
}"""


def known(service, **at):
    return service.ask(f"query($known: KnownAt) {{ {JOURNEY} }}", {"known": at})["customer"]


@pytest.fixture(scope="module")
def story(common):
    """B was seen between A and A, but the store heard of the last A only later, and of the first B last."""
    common.take([event(1, "x", 0, page="A"), event(2, "other", 0, page="Z")])
    common.take([event(3, "x", 10, page="A")])
    common.take([event(4, "x", 5, page="B")])
    return common


@pytest.mark.parametrize(
    ("position", "pages"),
    [(1, ["A"]), (2, ["A"]), (3, ["A"]), (4, ["A", "B", "A"]), (1_000_000, ["A", "B", "A"])],
)
def test_a_path_is_derived_from_what_was_recorded_up_to_a_position(story, position, pages):
    [path] = known(story, position=position)["paths"]["nodes"]
    assert path["pages"] == pages
    assert [step["page"] for step in path["steps"]] == pages
    assert len(path["turnarounds"]) == (len(pages) == 3)


def test_everything_below_a_customer_as_known_is_of_that_time(story):
    found = known(story, position=3)
    assert (found["position"], found["eventCount"], found["pathCount"]) == (3, 2, 1)
    assert [entry["event"]["position"] for entry in found["timeline"]["nodes"]] == [1, 3]
    assert [entry["path"]["pages"] for entry in found["timeline"]["nodes"]] == [["A"], ["A"]]
    assert found["events"]["nodes"] == [{"position": n, "customer": {"eventCount": 2}} for n in (1, 3)]
    assert found["paths"]["totalCount"] == 1
    assert found["paths"]["nodes"][0]["customer"] == {"pathCount": 1}


def test_a_moment_means_what_was_recorded_by_then(story):
    recorded = [row["recordedAt"] for row in story.ask("{ events { nodes { recordedAt } } }")["events"]["nodes"]]
    assert known(story, time=recorded[2])["position"] == 3
    assert known(story, time=recorded[0])["position"] == 2, "both were recorded in one batch"
    assert known(story, time="2999-01-01T00:00:00Z")["position"] == 4
    assert known(story, time="1999-01-01T00:00:00Z") is None


def test_a_customer_of_whom_nothing_was_known_is_null(story):
    assert known(story, position=0) is None
    assert story.ask('{ customer(id: "other", knownAt: {position: 1}) { guid } }') == {"customer": None}


def test_what_is_known_now_is_what_the_read_models_say(service):
    service.take(
        [click(n, "x", 13 * n, source, target) for n, (source, target) in enumerate(["AB", "BA", "AB", "CD", "DC"])]
    )
    query = f"query($known: KnownAt) {{ now: {JOURNEY.replace(', knownAt: $known', '')} as_known: {JOURNEY} }}"
    data = service.ask(query, {"known": {"position": 5}})
    assert data["now"] == data["as_known"]


def test_as_known_needs_no_read_models_up_to_there(service):
    service.take([event(1, "x", 0, page="A")], project=False)
    assert known(service, position=1)["paths"]["nodes"][0]["pages"] == ["A"]
    assert service.ask('{ customer(id: "x") { guid } }') == {"customer": None}


def test_only_the_tables_that_the_answer_reads_are_sent_to_the_database(service):
    service.take([event(1, "x", 0, page="A")])
    service.statements.clear()
    service.ask('{ customer(id: "x", knownAt: {position: 1}) { paths { totalCount } } }')
    assert [name for name in ("customers", "timeline", "paths") if f"known_{name}" in service.statements[-1]] == [
        "customers",
        "paths",
    ]


def test_paging_through_a_timeline_as_it_was_known(story):
    query = """query($after: String) { customer(id: "x", knownAt: {position: 3}) { timeline(first: 1, after: $after) {
                 nodes { event { position } } pageInfo { hasNextPage endCursor } } } }"""
    first = story.ask(query)["customer"]["timeline"]
    second = story.ask(query, {"after": first["pageInfo"]["endCursor"]})["customer"]["timeline"]
    assert [page["nodes"][0]["event"]["position"] for page in (first, second)] == [1, 3]
    assert second["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize(
    "known_at",
    [
        pytest.param("{}", id="neither a time nor a position"),
        pytest.param('{position: 1, time: "2026-01-01T00:00:00Z"}', id="both"),
        pytest.param("{position: -1}", id="a position below zero"),
        pytest.param('{position: "x"}', id="a position that is no number"),
        pytest.param('{time: "2026-01-01T00:00:00"}', id="a moment without its time zone"),
        pytest.param('{time: "yesterday"}', id="a moment that is none"),
        pytest.param("{position: null}", id="null"),
    ],
)
def test_a_point_in_the_stores_history_is_one_moment_or_one_position(shared, known_at):
    response = shared.post(f'{{ customer(id: "1", knownAt: {known_at}) {{ guid }} }}')
    assert response.status_code == 400
    assert response.json()["errors"]


@pytest.mark.parametrize("position", [3, "3"])
def test_a_position_may_be_a_text_of_digits_for_javascripts_sake(story, position):
    assert known(story, position=position)["position"] == 3
