"""A client reads its own write: it asks for an answer that is true at its position or later."""

import threading
import time

import pytest
from journeys import event

RECORD = (
    "mutation($events: [EventInput!]!) { recordEvents(events: $events) { ... on RecordEventsPayload { position } } }"
)
FIELDS = {
    "customer": '{ customer(id: "x", minPosition: $at) { eventCount } }',
    "customers": "{ customers(minPosition: $at) { nodes { eventCount } } }",
    "events": "{ events(minPosition: $at) { nodes { customer { eventCount } } } }",
    "paths": "{ paths(minPosition: $at) { nodes { length } } }",
    "pathStatistics": "{ pathStatistics(minPosition: $at) { all { paths } } }",
    "paths that match": '{ paths(pattern: "A", minPosition: $at) { position nodes { length } } }',
    "pages": "{ pages(minPosition: $at) { position nodes { visits } } }",
    "siteGraph": "{ siteGraph(minPosition: $at) { position pathCount } }",
    "pathVariants": "{ pathVariants(minPosition: $at) { position variants { pages } } }",
    "funnel": '{ funnel(pattern: "a: A -> b: B", minPosition: $at) { position steps { pathCount } } }',
    "percolation": "{ percolation(minPosition: $at) { position rows { pathCount } } }",
    "pathComparison": '{ pathComparison(a: {}, b: {exitPage: "B"}, minPosition: $at) { position b { pathCount } } }',
}


def later(service, seconds=0.5):
    """The projector, some time from now."""

    def project():
        time.sleep(seconds)
        service.house.project()

    thread = threading.Thread(target=project)
    thread.start()
    return thread


def record(service, *pages):
    events = [
        {"type": "web.page_viewed", "customerId": "x", "occurredAt": f"2026-01-01T00:0{n}:00Z", "data": {"page": page}}
        for n, page in enumerate(pages)
    ]
    return service.ask(RECORD, {"events": events})["recordEvents"]["position"]


@pytest.mark.parametrize("field", FIELDS)
def test_an_answer_waits_for_the_read_models_to_come_to_a_position(service, field):
    position = record(service, "A", "B")
    projecting = later(service)
    waited = service.ask("query($at: Position)" + FIELDS[field], {"at": position})
    projecting.join()
    assert waited == service.ask("query($at: Position)" + FIELDS[field], {"at": None})


def test_a_header_asks_for_a_position_for_the_whole_request(service):
    position = record(service, "A")
    projecting = later(service)
    query = '{ customer(id: "x") { guid position } log { head } event(position: 1) { customer { guid } } }'
    data = service.ask(query, Raceline_Min_Position=str(position))
    projecting.join()
    assert data == {"customer": {"guid": "x", "position": 1}, "log": {"head": 1}, "event": {"customer": {"guid": "x"}}}


def test_the_log_tells_where_it_is_without_waiting(service):
    record(service, "A")
    assert service.ask("{ log { position } quarantine { position } }", Raceline_Min_Position="1") == {
        "log": {"position": 0},
        "quarantine": {"position": 0},
    }


def test_the_greater_of_header_and_argument_counts(serve, house):
    with serve(house, min_position_timeout=0.05) as service:
        service.take([event(1, "x", 0, page="A")])
        service.take([event(2, "x", 1, page="B")], project=False)
        query = '{ customer(id: "x", minPosition: %s) { position } }'
        assert service.ask(query % 1, Raceline_Min_Position="0")["customer"] == {"position": 1}
        assert service.error(query % 1, Raceline_Min_Position="2")["extensions"]["code"] == "PROJECTION_TIMEOUT"
        assert service.error(query % 2, Raceline_Min_Position="1")["extensions"]["code"] == "PROJECTION_TIMEOUT"


def test_read_models_that_do_not_come_in_time_are_a_named_error_that_says_where_they_stand(serve, house):
    with serve(house, min_position_timeout=0.1) as service:
        position = record(service, "A", "B")
        error = service.error("query($at: Position)" + FIELDS["customer"], {"at": position})
    assert error["extensions"] == {"code": "PROJECTION_TIMEOUT", "position": 2, "live": 0, "head": 2, "seconds": 0.1}
    assert error["path"] == ["customer"]


def test_a_position_that_the_log_never_gave_out_is_refused_at_once(service):
    record(service, "A")
    before = time.monotonic()
    error = service.error("query($at: Position)" + FIELDS["customer"], {"at": 7})
    assert error["extensions"] == {"code": "POSITION_AHEAD", "position": 7, "head": 1}
    assert time.monotonic() - before < service.api.limits.min_position_timeout / 2


@pytest.mark.parametrize("header", ["x", "-1", "1.5", "99999999999999999999", ""])
def test_a_header_that_is_no_position_is_refused_by_name(common, header):
    error = common.error("{ customers { nodes { guid } } }", Raceline_Min_Position=header)
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert error["extensions"]["header"] == "Raceline-Min-Position"
    assert common.ask("{ log { head } }", Raceline_Min_Position=header) == {"log": {"head": 0}}


def test_many_wait_at_once_and_all_are_answered(service):
    position = record(service, "A", "B", "C")
    projecting = later(service, 1)
    query = (
        "query($at: Position) { "
        + " ".join(f'a{n}: customer(id: "x", minPosition: $at) {{ eventCount }}' for n in range(20))
        + " }"
    )
    data = service.ask(query, {"at": position})
    projecting.join()
    assert data == {f"a{n}": {"eventCount": 3} for n in range(20)}
