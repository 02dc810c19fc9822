"""GraphQL over HTTP: what the specification's working draft asks of a server."""

import socket

import httpx
import msgspec
import pytest

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
SYNTAX, UNKNOWN, VARIABLE = "{", "{ nobody }", "query($at: Position!) { event(position: $at) { id } }"

TWO_AND_NO_NAME = "query A { __typename } query B { __typename }"


def send(service, body, **headers):
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    given = {"content-type": JSON, "accept": RESPONSE_JSON} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return service.client.post(service.url, content=content, headers={k: v for k, v in given.items() if v is not None})


def get(service, params, **headers):
    return service.client.get(service.url, params=params, headers={"accept": RESPONSE_JSON} | headers)


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        pytest.param(None, JSON, id="without a wish, application/json"),
        pytest.param("*/*", JSON, id="anything, application/json"),
        pytest.param(JSON, JSON, id="application/json"),
        pytest.param(RESPONSE_JSON, RESPONSE_JSON, id="the type of its own"),
        pytest.param(f"{RESPONSE_JSON}, {JSON};q=0.9", RESPONSE_JSON, id="rather the type of its own"),
        pytest.param(f"{RESPONSE_JSON};q=0.5, {JSON}", JSON, id="rather application/json"),
        pytest.param(f"{JSON}, text/event-stream", JSON, id="a client that could also read a stream"),
        pytest.param("text/event-stream", JSON, id="a client that wants a stream gets one answer"),
        pytest.param("multipart/mixed;subscriptionSpec=1.0, application/json", JSON, id="or the stream in parts"),
        pytest.param(f"{RESPONSE_JSON};q=0", JSON, id="not the type of its own"),
        pytest.param(f"{RESPONSE_JSON};q=x", JSON, id="a weight that is none"),
    ],
)
def test_an_answer_has_the_type_that_the_client_would_like(shared, accept, answered):
    response = send(shared, {"query": "{ __typename }"}, accept=accept or "")
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("query", [SYNTAX, UNKNOWN, VARIABLE, TWO_AND_NO_NAME])
def test_a_request_that_never_ran_is_a_400_without_data_in_the_type_of_its_own_and_a_200_in_json(shared, query):
    own, json = send(shared, {"query": query}), send(shared, {"query": query}, accept=JSON)
    assert (own.status_code, json.status_code) == (400, 200)
    assert own.json() == json.json()
    assert "data" not in own.json()
    assert own.json()["errors"][0]["message"]


def test_an_error_of_a_field_is_a_200_and_says_which_field(shared):
    response = send(shared, {"query": "{ customers(first: -1) { nodes { id } } }"})
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["path"] == ["customers"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="no body"),
        pytest.param(b"{", 400, id="no JSON"),
        pytest.param(b"\xff", 400, id="no UTF-8"),
        pytest.param(b'"text"', 400, id="no object"),
        pytest.param([{"query": "{ __typename }"}], 400, id="a batch of requests"),
        pytest.param({}, 400, id="no query"),
        pytest.param({"query": ""}, 400, id="an empty query"),
        pytest.param({"query": None}, 400, id="null for a query"),
        pytest.param({"query": 7}, 400, id="a number for a query"),
        pytest.param({"query": {"a": 1}}, 400, id="an object for a query"),
        pytest.param({"query": "{ __typename }", "variables": "x"}, 400, id="a text for the variables"),
        pytest.param({"query": "{ __typename }", "variables": [1]}, 400, id="a list for the variables"),
        pytest.param({"query": "{ __typename }", "extensions": 1}, 400, id="a number for the extensions"),
        pytest.param({"query": "{ __typename }", "operationName": {}}, 400, id="an object for the operation's name"),
        pytest.param({"query": "{ __typename }", "operationName": "B"}, 400, id="an operation that does not exist"),
        pytest.param({"query": "fragment F on Query { __typename }"}, 400, id="no operation"),
        pytest.param({"query": "subscription { logAdvanced { position } }"}, 400, id="a subscription"),
        pytest.param({"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None}, 200,
                     id="nulls for what may be left out"),
        pytest.param({"query": "{ __typename }", "variables": {}, "extensions": {"a": 1}, "more": 1}, 200,
                     id="more than is known"),
        pytest.param({"query": "query A { __typename } query B { a: __typename }", "operationName": "A"}, 200,
                     id="one operation of two, by its name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", [JSON, RESPONSE_JSON])
def test_what_is_no_request_is_refused_with_words(shared, body, status, accept):
    response = send(shared, body, accept=accept)
    assert response.status_code == status
    assert response.headers["content-type"].startswith(accept)
    if status == 400:
        assert response.json()["errors"][0]["message"]
        assert "data" not in response.json()
    else:
        assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_that_is_not_said_to_be_json_is_refused(shared, kind):
    response = send(shared, {"query": "{ __typename }"}, content_type=kind)
    assert response.status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_type_of_a_body_is_read_as_http_writes_it(shared, kind):
    assert send(shared, {"query": "{ __typename }"}, content_type=kind).status_code == 200


def test_a_query_may_be_in_the_url(shared):
    query = "query A($id: String!) { customer(id: $id) { guid } } query B { __typename }"
    response = get(shared, {"query": query, "variables": '{"id": "1"}', "operationName": "A"})
    assert response.json() == {"data": {"customer": {"guid": "1"}}}


@pytest.mark.parametrize(
    "params", [{"query": "{"}, {"query": "{ x }"}, {"query": "{ __typename }", "variables": "{"}, {"query": ""}]
)
def test_a_url_that_is_no_request_is_a_400(shared, params):
    assert get(shared, params).status_code == 400


def test_nothing_is_written_by_get(shared):
    response = get(shared, {"query": 'mutation { requeue(quarantineId: "x") { __typename } }'})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "GET" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_taken(shared, method):
    response = shared.client.request(method, shared.url)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


def test_a_browser_gets_graphiql_where_it_is_on(shared, service):
    wish = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = shared.client.get(shared.url, headers=wish)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "graphiql" in page.text.lower()
    off = service.client.get(service.url, headers=wish)
    assert off.status_code == 406
    assert "GraphiQL" in off.json()["errors"][0]["message"]


def test_text_goes_in_and_out_as_utf_8(shared):
    query = '{ customer(id: "Zoë ☕") { guid } }'
    response = send(shared, msgspec.json.encode({"query": query}), content_type="application/json")
    assert "Zoë ☕".encode() in response.content


def test_a_body_above_the_limit_is_refused_by_name(serve, house):
    with serve(house, body=1000) as service:
        response = send(service, {"query": "{ __typename }", "variables": {"x": "y" * 2000}})
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"] == {
            "code": "LIMIT_EXCEEDED",
            "limit": "body",
            "allowed": 1000,
        }
        assert send(service, {"query": "{ __typename }"}).status_code == 200


@pytest.mark.parametrize("sent", [b"", b'{"query": "{ __ty', b'{"query": "{ customers { nodes { guid } } }"}'])
def test_a_client_that_goes_away_does_no_harm(shared, sent, caplog):
    url = httpx.URL(shared.url)
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: {JSON}\r\nContent-Length: 45\r\n\r\n"
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(head.encode() + sent)
    assert shared.ask("{ __typename }")
    assert caplog.records == []
