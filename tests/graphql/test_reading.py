"""What a frontend developer reads of a customer's journey."""

from datetime import UTC, datetime

import pytest
from journeys import click, event

from raceline.graphql.scalars import global_id

CASE = {"case_id": "c-1", "severity": 2, "problem": "no power", "text": "It is dark."}


def paths_of(service, customer):
    data = service.ask(
        """query($id: String!) { customer(id: $id) { paths { nodes {
          pages length resolved startedAt endedAt
          turnarounds { page depth index } pingPongs { page index bounces } loops { page index distance }
        } } } }""",
        {"id": customer},
    )
    return data["customer"]["paths"]["nodes"]


def test_the_five_clicks_of_the_example_are_two_resolved_paths_without_a_turnaround(shared):
    [one], [two] = paths_of(shared, "1"), paths_of(shared, "2")
    assert (one["pages"], one["length"], one["startedAt"]) == (["11", "28", "35", "42"], 4, moment(1515764691))
    assert (two["pages"], two["length"], two["startedAt"]) == (["11", "35", "42"], 3, moment(1515764752))
    assert (one["resolved"], two["resolved"]) == (True, True)
    assert one["turnarounds"] == two["turnarounds"] == []


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_lengths_four_and_three_have_the_mean_three_and_a_half_and_the_variance_a_quarter(shared):
    data = shared.ask(
        """{ pathStatistics(from: "2018-01-12", to: "2018-01-12") {
          all { paths meanLength varianceLength } resolved { paths meanLength } open { paths meanLength varianceLength }
          shareResolved shareWithTurnaround } }"""
    )["pathStatistics"]
    assert data == {
        "all": {"paths": 2, "meanLength": 3.5, "varianceLength": 0.25},
        "resolved": {"paths": 2, "meanLength": 3.5},
        "open": {"paths": 0, "meanLength": None, "varianceLength": None},
        "shareResolved": 1.0,
        "shareWithTurnaround": 0.0,
    }


@pytest.mark.parametrize(
    ("span", "paths"),
    [
        pytest.param('(from: "2018-01-12", to: "2018-01-12")', 2, id="both days of a span belong to it"),
        pytest.param('(from: "2018-01-13")', 4, id="without an end, everything from a day on"),
        pytest.param('(to: "2018-01-12")', 2, id="without a start, everything up to a day"),
        pytest.param("", 6, id="without a span, everything"),
    ],
)
def test_path_statistics_are_over_the_paths_that_started_in_a_span_of_days(shared, span, paths):
    assert shared.ask(f"{{ pathStatistics{span} {{ all {{ paths }} }} }}")["pathStatistics"]["all"]["paths"] == paths


def test_a_span_that_ends_before_it_starts_is_refused(shared):
    error = shared.error('{ pathStatistics(from: "2019-01-01", to: "2018-01-01") { all { paths } } }')
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("INVALID_ARGUMENT", "from")


@pytest.mark.parametrize(
    ("customer", "pages", "expected"),
    [
        pytest.param(
            "turning",
            "A B C B A",
            {"turnarounds": [{"page": "C", "depth": 2, "index": 3}], "pingPongs": [], "loops": []},
            id="A B C B A is one turnaround at C of depth two",
        ),
        pytest.param(
            "bouncing",
            "A B A B A",
            {
                "turnarounds": [{"page": "B", "depth": 1, "index": 2}],
                "pingPongs": [{"page": "B", "index": 2, "bounces": 3}],
                "loops": [],
            },
            id="A B A B A is one turnaround at B and a ping-pong with three bounces",
        ),
        pytest.param(
            "Zoë ☕",
            "A B A",
            {"turnarounds": [{"page": "B", "depth": 1, "index": 2}], "pingPongs": [], "loops": []},
            id="A A B B A is one turnaround at B, for runs collapse",
        ),
    ],
)
def test_turnarounds_are_those_of_the_definition(shared, customer, pages, expected):
    [path] = paths_of(shared, customer)
    assert path["pages"] == pages.split()
    assert {name: path[name] for name in expected} == expected


def test_a_return_over_more_than_two_steps_is_a_loop(shared):
    [path] = paths_of(shared, "looping")
    assert path["turnarounds"] == []
    assert path["loops"][0] == {"page": "A", "index": 4, "distance": 3}


def test_a_click_from_another_page_than_the_last_one_implies_a_step(service):
    service.take([click(1, "back", 0, 7, 8), click(2, "back", 1, 7, 9)])
    query = (
        '{ customer(id: "back") { paths { nodes { steps { page implied event { eventId } } turnarounds { page } } } } }'
    )
    [path] = service.ask(query)["customer"]["paths"]["nodes"]
    assert [(step["page"], step["implied"], step["event"]["eventId"]) for step in path["steps"]] == [
        ("7", False, "e1"),
        ("8", False, "e1"),
        ("7", True, "e2"),
        ("9", False, "e2"),
    ]
    assert path["turnarounds"] == [{"page": "8"}]


def test_every_event_of_a_path_is_listed_also_those_whose_page_collapsed(shared):
    query = """{ customer(id: "Zoë ☕") { paths { nodes { length events { eventId data } } } } }"""
    [path] = shared.ask(query)["customer"]["paths"]["nodes"]
    assert path["length"] == 3
    assert [one["data"]["page"] for one in path["events"]] == ["A", "A", "B", "B", "A"]


def test_a_customer_shows_what_the_source_said_and_the_journey_as_people_read_it(shared):
    found = shared.ask(
        """{ customer(id: "calling") { id guid account firstOccurredAt eventCount pathCount position
          timeline { totalCount nodes { n title type event { position customer { guid } } path { id } } } } }"""
    )["customer"]
    assert (found["id"], found["guid"], found["account"]) == (global_id("Customer", "calling"), "calling", "acme")
    assert (found["eventCount"], found["pathCount"], found["position"]) == (1, 0, 27)
    [entry] = found["timeline"]["nodes"]
    assert (entry["n"], entry["type"], entry["path"]) == (1, "case.opened", None)
    assert entry["event"] == {"position": 27, "customer": {"guid": "calling"}}
    assert found["timeline"]["totalCount"] == 1


def test_an_event_is_what_was_recorded(shared):
    found = shared.ask(
        """{ event(position: 27) { id position type source eventId customerId customer { guid } account product
          occurredAt sequence schemaVersion correlationId causationId data } }"""
    )["event"]
    assert found == {
        "id": global_id("Event", 27),
        "position": 27,
        "type": "case.opened",
        "source": "test",
        "eventId": "ecase",
        "customerId": "calling",
        "customer": {"guid": "calling"},
        "account": "acme",
        "product": "router",
        "occurredAt": "2026-01-05T00:03:00.000000Z",
        "sequence": None,
        "schemaVersion": 1,
        "correlationId": "k",
        "causationId": None,
        "data": CASE,
    }


def test_moments_keep_their_microseconds_and_are_utc(service):
    service.take([event(1, "x", 0, page="A") | {"occurred_at": "2026-01-05T01:02:03.000004+05:30"}])
    found = service.ask('{ customer(id: "x") { firstOccurredAt timeline { nodes { occurredAt } } } }')["customer"]
    assert found["firstOccurredAt"] == "2026-01-04T19:32:03.000004Z"
    assert found["timeline"]["nodes"] == [{"occurredAt": "2026-01-04T19:32:03.000004Z"}]


def test_data_come_back_as_they_went_in(service):
    data = {"page": "é\n\"'\\ ☕", "nested": {"list": [1, 2.5, None, True, "x"]}, "big": 2**60}
    service.take([event(1, "x", 0, **data)])
    assert service.ask("{ event(position: 1) { data } }")["event"]["data"] == data


def test_the_log_is_read_in_the_order_of_positions_and_filtered_by_customer_and_type(shared):
    def positions(arguments):
        return [
            one["position"]
            for one in shared.ask(f"{{ events{arguments} {{ nodes {{ position }} }} }}")["events"]["nodes"]
        ]

    assert positions("(first: 100)") == list(range(1, 28))
    assert positions('(customer: "1")') == [1, 4, 5]
    assert positions('(types: ["case.opened", "case.closed"])') == [27]
    assert positions('(customer: "1", types: ["web.page_viewed"])') == []
    assert positions("(types: [])") == []


def test_events_of_a_customer_are_in_the_order_in_which_they_happened(service):
    service.take([event(1, "x", 9, page="late"), event(2, "x", 1, page="early")])
    found = service.ask(
        '{ customer(id: "x") { events { nodes { position } } timeline { nodes { n event { position } } } } }'
    )
    assert [one["position"] for one in found["customer"]["events"]["nodes"]] == [2, 1]
    assert [(one["n"], one["event"]["position"]) for one in found["customer"]["timeline"]["nodes"]] == [(1, 2), (2, 1)]


@pytest.mark.parametrize(
    ("arguments", "customers"),
    [
        pytest.param('(containing: ["C"])', {"turning", "looping"}, id="with a page"),
        pytest.param('(containing: ["35", "28"])', {"1"}, id="with all of several pages"),
        pytest.param("(resolved: true)", {"1", "2"}, id="resolved"),
        pytest.param("(resolved: false)", {"turning", "bouncing", "looping", "Zoë ☕"}, id="open"),
        pytest.param('(customer: "turning")', {"turning"}, id="of a customer"),
        pytest.param('(customer: "turning", resolved: true)', set(), id="all conditions hold together"),
        pytest.param("(containing: null, resolved: null)", {"1", "2", "turning", "bouncing", "looping", "Zoë ☕"},
                     id="null is no condition"),
    ],
)  # fmt: skip
def test_paths_can_be_found(shared, arguments, customers):
    nodes = shared.ask(f"{{ paths{arguments} {{ nodes {{ customer {{ guid }} }} }} }}")["paths"]["nodes"]
    assert {one["customer"]["guid"] for one in nodes} == customers


def test_customers_of_an_account(shared):
    assert shared.ask('{ customers(account: "acme") { nodes { guid } } }')["customers"]["nodes"] == [
        {"guid": "calling"}
    ]
    assert shared.ask('{ customers(account: "none") { nodes { guid } totalCount } }')["customers"] == {
        "nodes": [],
        "totalCount": 0,
    }


@pytest.mark.parametrize(
    ("order", "key"),
    [
        pytest.param("", lambda page: (-page["excess"], page["page"]), id="most excess turnarounds first, by default"),
        pytest.param("(orderBy: {field: TURNAROUNDS})", lambda page: (-page["turnarounds"], page["page"]),
                     id="most turnarounds"),
        pytest.param("(orderBy: {field: VISITS})", lambda page: (-page["visits"], page["page"]), id="most visits"),
        pytest.param("(orderBy: {field: VISITS, direction: ASC})", lambda page: (page["visits"], page["page"]),
                     id="fewest visits"),
        pytest.param("(orderBy: {field: PAGE, direction: ASC})", lambda page: page["page"], id="by name"),
        pytest.param("(orderBy: {field: RATE})", lambda page: (-(page["rate"] if page["rate"] is not None else -1),
                     page["page"]), id="highest rate first, pages without an opportunity last"),
    ],
)  # fmt: skip
def test_pages_are_in_the_order_that_was_asked_for(shared, order, key):
    pages = shared.ask(f"{{ pages{order} {{ nodes {{ page visits turnarounds opportunities rate excess }} }} }}")[
        "pages"
    ]
    assert len(pages["nodes"]) == 7
    assert pages["nodes"] == sorted(pages["nodes"], key=key)


def test_a_page_has_a_rate_and_a_mean_depth_or_null_where_there_is_none(shared):
    pages = shared.ask("{ pages { nodes { page opportunities turnarounds rate depth } } }")["pages"]["nodes"]
    for page in pages:
        assert (page["rate"] is None) == (page["opportunities"] == 0)
        assert (page["depth"] is None) == (page["turnarounds"] == 0)
    assert next(page["depth"] for page in pages if page["page"] == "C") == 2.0
