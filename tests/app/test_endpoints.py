"""Events over HTTP: a result for each, in order; what cannot be taken is refused with a named problem (RFC 9457)."""

import gzip
import json
import socket

import pytest
from httpx import Headers

KNOWN = [
    "application/json",
    "application/x-ndjson",
    "application/cloudevents-batch+json",
    "application/cloudevents+json",
]
GZIP = {"Content-Encoding": "gzip"}


def view(n, page="a", **more):
    return {"event_id": str(n), "type": "web.page_viewed", "customer_id": "c", "occurred_at": f"2026-01-05T00:0{n}:00Z",
            "data": {"page": page}} | more  # fmt: skip


def cloud(n):
    return {"specversion": "1.0", "id": str(n), "source": "shop", "type": "web.page_viewed", "subject": "c",
            "time": "2026-01-05T00:00:00Z", "data": {"page": "a"}}  # fmt: skip


def post(served, body, media_type="application/json", query="", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return served.client.post(f"/v1/events{query}", content=content, headers={"Content-Type": media_type} | headers)


def refused(answer, status, kind):
    """The problem document of an answer that must be this refusal."""
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["type"]) == (status, status, f"/problems/{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_every_event_gets_its_result_in_order(served):
    post(served, [view(1)])
    answer = post(served, [view(1), view(2), {"type": "no.such_type"}, view(3)])
    assert answer.status_code == 200
    body = answer.json()
    assert [result["outcome"] for result in body["results"]] == ["duplicate", "accepted", "quarantined", "accepted"]
    assert [result["index"] for result in body["results"]] == [0, 1, 2, 3]
    assert (body["accepted"], body["duplicates"], body["quarantined"]) == (2, 1, 1)
    assert body["results"][2]["reason"] == "invalid_envelope"
    assert body["results"][3] == {"index": 3, "outcome": "accepted", "event_id": "3", "position": body["position"]}


def test_a_client_reads_its_own_write_with_the_position_of_the_answer(serve):
    with serve() as served:
        position = post(served, [view(1, "a"), view(2, "b")]).json()["position"]
        wait = {"Raceline-Min-Position": str(position)}
        found = served.ask('{ customer(id: "c") { paths { nodes { pages } } } }', **wait)
    assert found["customer"]["paths"]["nodes"] == [{"pages": ["a", "b"]}]


def test_nothing_accepted_is_an_answer_as_well(served):
    body = post(served, [{"type": "no.such_type"}]).json()
    assert (body["position"], body["quarantined"]) == (None, 1)
    assert post(served, []).json() == {
        "position": None,
        "accepted": 0,
        "duplicates": 0,
        "quarantined": 0,
        "results": [],
    }


@pytest.mark.parametrize(
    ("media_type", "body", "accepted"),
    [
        pytest.param("application/json", json.dumps([view(1), view(2)]), 2, id="a JSON array"),
        pytest.param("application/json; charset=UTF-8", json.dumps(view(1)), 1, id="a JSON object"),
        pytest.param("application/x-ndjson", f"{json.dumps(view(1))}\r\n\n{json.dumps(view(2))}", 2, id="lines"),
        pytest.param(
            "application/cloudevents-batch+json", json.dumps([cloud(1), cloud(2)]), 2, id="a CloudEvents batch"
        ),
        pytest.param("application/cloudevents+json", json.dumps(cloud(1)), 1, id="a CloudEvent"),
    ],
)
def test_events_come_as(served, media_type, body, accepted):
    answer = post(served, body.encode(), media_type).json()
    assert (answer["accepted"], answer["quarantined"]) == (accepted, 0)


def test_a_broken_line_does_not_harm_the_others(served):
    lines = b"\n".join(
        [json.dumps(view(1)).encode(), b'{"type": "web.pa', b'{"type": "\xff"}', json.dumps(view(2)).encode()]
    )
    results = post(served, lines, "application/x-ndjson").json()["results"]
    assert [result.get("reason") for result in results] == [None, "truncated", "wrong_encoding", None]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(b'{"type": "a", "data": {"page": "\\ud800"}}', "unstorable", id="half of a surrogate pair"),
        pytest.param(b'{"type": "a", "data": {"page": NaN}}', "malformed", id="NaN is no JSON"),
        pytest.param(b'{"type": "\xff"}', "wrong_encoding", id="bytes that are no text"),
        pytest.param(b'{"type": a, "b": [1, "]"]}', "malformed", id="a bracket in a text"),
        pytest.param(b"nothing", "malformed", id="a word"),
    ],
)
def test_a_broken_element_of_an_array_does_not_harm_the_others(served, broken, reason):
    body = b"[%b ,\n %b, %b ]\n" % (json.dumps(view(1)).encode(), broken, json.dumps(view(2)).encode())
    for media_type in ("application/json", "application/cloudevents-batch+json"):
        results = post(served, body, media_type).json()["results"]
        assert [result.get("reason") for result in results] == [None, reason, None]


@pytest.mark.parametrize(
    ("query", "headers", "source"),
    [
        pytest.param("", {}, "http", id="nobody named"),
        pytest.param("?source=shop", {}, "shop", id="in the address"),
        pytest.param("", {"Raceline-Source": "shop"}, "shop", id="in a header"),
    ],
)
def test_the_source_of_events_that_name_none(served, query, headers, source):
    post(served, [view(1), view(2, source="crm")], query=query, **headers)
    assert [event.source for page in served.store.log.read_after(0) for event in page] == [source, "crm"]


@pytest.mark.parametrize("packed", [gzip.compress, lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])])
def test_a_body_may_be_packed_by_gzip_also_in_several_members(served, packed):
    assert post(served, packed(json.dumps([view(1)]).encode()), **GZIP).json()["accepted"] == 1


@pytest.mark.parametrize(
    ("body", "headers", "detail"),
    [
        pytest.param(b"", {}, "truncated", id="nothing"),
        pytest.param(b'[{"a":1}', {}, "truncated", id="an array that is not closed"),
        pytest.param(b'[{"a":NaN}, {"a":1}', {}, "byte 6", id="an array of broken elements that is not closed"),
        pytest.param(b'[{"a":NaN}] {"b":1}', {}, "byte 6", id="more after the array"),
        pytest.param(b'[{"a":NaN} {"b":1}]', {}, "byte 6", id="elements without a comma"),
        pytest.param(b'[[{"a":1}], {"a":NaN}]', {}, "byte 17", id="a broken element beside an array of its own"),
        pytest.param(b"[,]", {}, "byte 1", id="an array of nothing but commas"),
        pytest.param(b"[%bNaN]" % (b"1," * 200_000), {}, "byte 400001", id="far too many elements and a broken one"),
        pytest.param(b'{"a":NaN}', {}, "byte 5", id="NaN is no JSON"),
        pytest.param(b"[" * 100_000, {}, "recursion", id="a nesting that would exhaust the stack"),
        pytest.param(b"[1]", GZIP, "not gzip", id="gzip that is none"),
        pytest.param(gzip.compress(b"[1]")[:-9], GZIP, "too early", id="gzip that is cut off"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(served, body, headers, detail):
    problem = refused(post(served, body, **headers), 400, "malformed-body")
    assert detail in problem["detail"]
    assert served.store.log.head() == 0


@pytest.mark.parametrize("media_type", ["text/csv", "", "application/json; charset=latin-1", "multipart/form-data"])
def test_another_media_type_is_refused_and_the_known_ones_are_named(served, media_type):
    problem = refused(post(served, [view(1)], media_type), 415, "media-type-not-supported")
    assert problem["accepted"] == KNOWN
    assert all(known in problem["detail"] for known in KNOWN)


def test_another_content_encoding_is_refused(served):
    answer = post(served, [view(1)], **{"Content-Encoding": "br"})
    refused(answer, 415, "content-encoding-not-supported")
    assert answer.headers["accept-encoding"] == "gzip, identity"


def test_a_source_that_no_event_could_have_is_refused(served):
    refused(post(served, [view(1)], query=f"?source={'x' * 513}"), 400, "invalid-argument")
    refused(post(served, [view(1)], query="?source=%00"), 400, "invalid-argument")


def test_a_body_over_the_limit_is_refused_with_the_limit(serve):
    with serve(project=False, max_body_bytes=1_000) as served:
        problem = refused(post(served, b" " * 1_001), 413, "body-too-large")
        assert problem["limit"] == 1_000
        assert "RACELINE_MAX_BODY_BYTES" in problem["detail"]
        refused(post(served, gzip.compress(b" " * 1_001), **GZIP), 413, "body-too-large")
        assert post(served, gzip.compress(json.dumps([view(1)]).encode()), **GZIP).json()["accepted"] == 1


def test_a_body_of_unknown_length_is_read_no_further_than_the_limit(serve):
    """It never ends, so only a server that stops reading answers."""
    with (
        serve(project=False, max_body_bytes=100_000) as served,
        socket.create_connection(("127.0.0.1", int(served.url[-5:]))) as raw,
    ):
        raw.settimeout(20)
        raw.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n")  # fmt: skip
        for _ in range(11):
            raw.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        head, _, body = _all(raw).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert Headers([line.split(": ") for line in head.decode().split("\r\n")[1:]])["connection"] == "close"
    assert json.loads(body)["limit"] == 100_000


def _all(raw):
    return b"".join(iter(lambda: raw.recv(65_536), b""))


def test_too_many_events_are_refused_with_the_limit(serve):
    with serve(project=False, max_batch_events=2) as served:
        problem = refused(post(served, [view(1), view(2), view(3)]), 413, "batch-too-large")
        assert (problem["limit"], served.store.log.head()) == (2, 0)
        assert post(served, [view(1), view(2)]).json()["accepted"] == 2


def test_one_event_over_its_limit_is_quarantined_and_the_others_are_taken(serve):
    with serve(project=False, max_event_bytes=1_000) as served:
        results = post(served, [view(1), view(2, "p" * 1_000)]).json()["results"]
        assert [result.get("reason") for result in results] == [None, "too_large"]


def test_while_the_database_is_away_events_are_refused_with_the_time_to_try_again(served, outage):
    post(served, [view(1)])
    outage.begin()
    answer = post(served, [view(2)])
    problem = refused(answer, 503, "database-away")
    assert answer.headers["retry-after"] == "5"
    assert "raceline_test" not in problem["detail"], "what the driver says may name hosts and users"
    outage.end()
    assert [result["outcome"] for result in post(served, [view(1), view(2)]).json()["results"]] == [
        "duplicate",
        "accepted",
    ]


def test_an_unknown_address_and_a_wrong_method_are_problems_too(served):
    refused(served.client.get("/nothing"), 404, "not-found")
    answer = served.client.get("/v1/events")
    refused(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


def test_a_problem_s_type_is_a_page_that_says_what_to_do(served):
    kind = post(served, b"").json()["type"]
    assert "Correct it" in served.client.get(kind).text
    refused(served.client.get("/problems/none"), 404, "not-found")
