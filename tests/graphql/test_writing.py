"""Recording over GraphQL: an outcome for each event, and named errors for what stops all of them."""

import psycopg
import pytest

RECORD = """mutation($events: [EventInput!]!) { recordEvents(events: $events) { __typename
  ... on RecordEventsPayload { position accepted duplicates quarantined
    results { outcome eventId position reason detail } }
  ... on Error { message code }
  ... on BatchTooLarge { limit allowed found } } }"""
REQUEUE = """mutation($id: ID!, $corrected: JSON) { requeue(quarantineId: $id, corrected: $corrected) { __typename
  ... on RequeuePayload { result { outcome position reason } } ... on Error { message code } } }"""


def view(page="A", **more):
    return {
        "type": "web.page_viewed",
        "customerId": "x",
        "occurredAt": "2026-01-01T00:00:00Z",
        "data": {"page": page},
    } | more


def record(service, *events):
    return service.ask(RECORD, {"events": list(events)})["recordEvents"]


def test_each_event_of_a_batch_has_its_own_outcome(service):
    result = record(
        service,
        view(eventId="1", source="web"),
        view(eventId="1", source="web"),
        view(eventId="1", source="web", page="B", data={"page": "B"}),
        view(type="no.such_type"),
        view(occurredAt="1969-12-31T23:59:59Z"),
        view(data={"page": "a\0b"}),
        view(eventId="2", source="web"),
    )
    assert [(one["outcome"], one["position"], one["reason"]) for one in result["results"]] == [
        ("ACCEPTED", 1, None),
        ("DUPLICATE", 1, None),
        ("QUARANTINED", None, "conflict"),
        ("QUARANTINED", None, "unknown_type"),
        ("QUARANTINED", None, "invalid_time"),
        ("QUARANTINED", None, "unstorable"),
        ("ACCEPTED", 2, None),
    ]
    assert (result["position"], result["accepted"], result["duplicates"], result["quarantined"]) == (2, 2, 1, 4)
    assert service.ask("{ quarantine { totalCount } }")["quarantine"]["totalCount"] == 4


def test_an_event_keeps_everything_it_was_given(service):
    given = {"source": "shop", "eventId": "e-9", "account": "acme", "product": "router", "sequence": "-7"}
    given |= {"schemaVersion": 1, "correlationId": "c", "causationId": "d"}
    record(service, view(**given, occurredAt="2026-01-01T02:00:00.123456+02:00"))
    found = service.ask(f"{{ event(position: 1) {{ {' '.join(given)} occurredAt data }} }}")["event"]
    assert found == given | {"sequence": -7, "occurredAt": "2026-01-01T00:00:00.123456Z", "data": {"page": "A"}}


def test_an_event_without_a_source_or_an_id_gets_both(service):
    assert record(service, view())["results"][0]["outcome"] == "ACCEPTED"
    assert record(service, view())["results"][0]["outcome"] == "DUPLICATE"
    assert service.ask("{ event(position: 1) { source } }")["event"]["source"] == "graphql"


def test_no_events_are_no_error(service):
    result = record(service)
    assert (result["__typename"], result["position"], result["results"]) == ("RecordEventsPayload", None, [])
    assert (result["accepted"], result["duplicates"], result["quarantined"]) == (0, 0, 0)


def test_a_batch_above_the_limit_is_refused_by_name_and_nothing_of_it_is_stored(serve, house):
    with serve(house, batch=2) as service:
        refused = record(service, *(view(eventId=str(n)) for n in range(3)))
        assert refused.pop("message").startswith("The batch holds more events than this server takes")
        assert refused == {
            "__typename": "BatchTooLarge", "code": "BATCH_TOO_LARGE", "limit": "batch", "allowed": 2, "found": 3,
        }  # fmt: skip
        assert service.ask("{ log { head } }") == {"log": {"head": 0}}


def test_a_log_that_cannot_be_reached_is_a_named_error(service):
    with psycopg.connect(service.house.url) as conn:
        name = conn.info.dbname
    service.house.log.datastore.pool.timeout = 1
    with psycopg.connect(service.house.url, dbname="postgres", autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        conn.execute("SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a WHERE a.datname = %s", (name,))
        try:
            result = record(service, view())
            assert (result["__typename"], result["code"]) == ("LogUnavailable", "LOG_UNAVAILABLE")
            error = service.error("{ log { head } }")
            assert error["extensions"]["code"] == "LOG_UNAVAILABLE"
            assert name not in error["message"]
        finally:
            conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"occurredAt": "yesterday"}, id="a moment that is none"),
        pytest.param({"occurredAt": "2026-01-01T00:00:00"}, id="a moment without its time zone"),
        pytest.param({"sequence": 2**63}, id="a number beyond 64 bits"),
        pytest.param({"customerId": None}, id="no customer"),
        pytest.param({"color": "red"}, id="a field that does not exist"),
    ],
)
def test_input_that_is_no_event_is_refused_before_anything_is_stored(common, wrong):
    response = common.post(RECORD, {"events": [view(), view() | wrong]})
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith("Variable '$events' has invalid value")
    assert common.ask("{ log { head } }") == {"log": {"head": 0}}


def quarantined(service):
    return service.ask("{ quarantine { nodes { id } } }")["quarantine"]["nodes"]


def test_a_quarantined_event_can_be_offered_again_corrected(service):
    record(service, view(type="web.page_veiwed"))
    [entry] = quarantined(service)
    corrected = {
        "type": "web.page_viewed",
        "customer_id": "x",
        "occurred_at": "2026-01-01T00:00:00Z",
        "data": {"page": "A"},
    }
    result = service.ask(REQUEUE, {"id": entry["id"], "corrected": corrected})["requeue"]
    assert result == {"__typename": "RequeuePayload", "result": {"outcome": "ACCEPTED", "position": 1, "reason": None}}
    assert quarantined(service) == []
    shown = service.ask("{ quarantine(includeRequeued: true) { nodes { requeuedAt event { position type } } } }")
    [entry] = shown["quarantine"]["nodes"]
    assert entry["event"] == {"position": 1, "type": "web.page_viewed"}
    assert entry["requeuedAt"] is not None


def test_an_entry_that_is_still_wrong_stays_in_quarantine(service):
    record(service, view(type="no.such_type"))
    [entry] = quarantined(service)
    result = service.ask(REQUEUE, {"id": entry["id"]})["requeue"]["result"]
    assert (result["outcome"], result["reason"]) == ("QUARANTINED", "unknown_type")
    assert quarantined(service) == [entry]


@pytest.mark.parametrize("id_", ["", "nonsense", "UXVhcmFudGluZUVudHJ5Ojk5", "RXZlbnQ6MQ=="])
def test_what_is_not_in_quarantine_cannot_be_offered_again(common, id_):
    assert common.ask(REQUEUE, {"id": id_})["requeue"]["code"] == "NOT_QUARANTINED"


def test_mutations_of_one_document_run_one_after_the_other(service):
    query = "mutation($e: [EventInput!]!) { a: recordEvents(events: $e) { ...P } b: recordEvents(events: $e) { ...P } }"
    data = service.ask(query + " fragment P on RecordEventsPayload { accepted duplicates }", {"e": [view()]})
    assert data == {"a": {"accepted": 1, "duplicates": 0}, "b": {"accepted": 0, "duplicates": 1}}
