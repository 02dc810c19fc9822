"""Lists are paged by key: each row is visited once, whatever comes in between."""

import psycopg
import pytest
from journeys import event

from raceline.graphql.scalars import b64encode

LISTS = {
    "customers": ("customers(first: $first, after: $after)", "guid"),
    "the log": ("events(first: $first, after: $after)", "position"),
    "the log of one customer": ('events(customer: "c1", first: $first, after: $after)', "position"),
    "paths": ("paths(first: $first, after: $after)", "id"),
    "paths with a page": ('paths(containing: ["A"], first: $first, after: $after)', "id"),
    "paths that match a pattern": ('paths(pattern: "A -> .", first: $first, after: $after)', "id"),
    "paths that are filtered": ("paths(where: {resolved: false}, first: $first, after: $after)", "id"),
    "pages by excess turnarounds": ("pages(first: $first, after: $after)", "page"),
    "pages by turnarounds": ("pages(orderBy: {field: TURNAROUNDS}, first: $first, after: $after)", "page"),
    "pages by q, which none has": ("pages(orderBy: {field: Q, direction: ASC}, first: $first, after: $after)", "page"),
    "pages by dwell": ("pages(orderBy: {field: DWELL}, first: $first, after: $after)", "page"),
    "pages by name": ("pages(orderBy: {field: PAGE, direction: ASC}, first: $first, after: $after)", "page"),
    "pages by name, backwards": ("pages(orderBy: {field: PAGE}, first: $first, after: $after)", "page"),
    "pages by rate": ("pages(orderBy: {field: RATE, direction: ASC}, first: $first, after: $after)", "page"),
    "pages by depth": ("pages(orderBy: {field: DEPTH}, first: $first, after: $after)", "page"),
    "the quarantine": ("quarantine(first: $first, after: $after)", "id"),
}
OF_CUSTOMER = {
    "a timeline": ("timeline(first: $first, after: $after)", "n"),
    "a customer's events": ("events(first: $first, after: $after)", "id"),
    "a customer's events of a type": ('events(types: ["web.page_viewed"], first: $first, after: $after)', "id"),
    "a customer's paths": ("paths(first: $first, after: $after)", "id"),
}


def busy():
    """Seven customers; some paths start at the same moment, and pages differ in every figure."""
    pages = "ABACADABCBAEFG"
    views = [
        event(f"{c}-{n}", f"c{c}", 50 * (n // 4) + n % 4 + c % 2, page=pages[(c * n) % 14])
        for c in range(7)
        for n in range(9)
    ]
    return [*views, *({"type": "nothing", "n": n} for n in range(6))]


def walk(service, field, node, first, *, within=None):
    """The rows and the pages' sizes from the first page to the last."""
    info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    inner = f"{field} {{ nodes {{ {node} }} edges {{ cursor }} {info} }}"
    outer = f'customer(id: "{within}") {{ {inner} }}' if within else inner
    query = f"query($first: Int, $after: String) {{ {outer} }}"
    rows, sizes, after = [], [], None
    while True:
        data = service.ask(query, {"first": first, "after": after})
        page = next(iter((data["customer"] if within else data).values()))
        info, cursors = page["pageInfo"], [edge["cursor"] for edge in page["edges"]]
        rows += [row[node] for row in page["nodes"]]
        sizes.append(len(page["nodes"]))
        assert info["hasPreviousPage"] == (after is not None)
        assert (info["startCursor"], info["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
        if not info["hasNextPage"]:
            return rows, sizes
        after = info["endCursor"]


@pytest.fixture(scope="module")
def crowded(databases, serve):
    from journeys import House

    with databases() as url:
        house = House(url)
        with serve(house) as service:
            service.take(busy())
            yield service
        house.close()


@pytest.mark.parametrize("name", LISTS)
def test_paging_visits_each_row_once_and_in_order(crowded, name):
    field, node = LISTS[name]
    whole, sizes = walk(crowded, field, node, 500)
    assert len(sizes) == 1
    assert len(set(whole)) == len(whole) >= 5
    for first in (1, 2, 3):
        rows, sizes = walk(crowded, field, node, first)
        assert rows == whole
        assert set(sizes[:-1]) <= {first}
        assert 0 < sizes[-1] <= first


@pytest.mark.parametrize("name", OF_CUSTOMER)
def test_paging_inside_of_a_customer_visits_each_row_once_and_in_order(crowded, name):
    field, node = OF_CUSTOMER[name]
    whole, _ = walk(crowded, field, node, 500, within="c3")
    assert len(set(whole)) == len(whole) >= 3
    assert walk(crowded, field, node, 2, within="c3")[0] == whole


def test_paging_through_the_paths_behind_a_page_visits_each_once_and_in_order(crowded):
    query = """query($first: Int, $after: String) { pages(orderBy: {field: PAGE, direction: ASC}, first: 1) { nodes {
                 paths(first: $first, after: $after) { nodes { startedAt id pages } totalCount
                   pageInfo { hasNextPage hasPreviousPage endCursor } } } } }"""

    def page(first, after=None):
        return crowded.ask(query, {"first": first, "after": after})["pages"]["nodes"][0]["paths"]

    whole = page(100)
    rows, found = [], page(2)
    while True:
        rows += found["nodes"]
        assert found["totalCount"] == whole["totalCount"] == len(whole["nodes"])
        if not found["pageInfo"]["hasNextPage"]:
            break
        found = page(2, found["pageInfo"]["endCursor"])
        assert found["pageInfo"]["hasPreviousPage"]
    assert rows == whole["nodes"]
    assert len(rows) > 4
    assert all("A" in one["pages"] for one in rows)
    assert [one["startedAt"] for one in rows] == sorted(one["startedAt"] for one in rows)


def test_the_size_of_the_whole_list_does_not_depend_on_the_page(crowded):
    query = """query($after: String) { customer(id: "c1") {
                 timeline(first: 4, after: $after) { totalCount pageInfo { endCursor } } } }"""
    page = crowded.ask(query)["customer"]["timeline"]
    assert page["totalCount"] == 9
    assert crowded.ask(query, {"after": page["pageInfo"]["endCursor"]})["customer"]["timeline"]["totalCount"] == 9


def test_a_list_of_no_rows_and_a_page_of_none(crowded):
    data = crowded.ask(
        """{ customers(first: 0) { nodes { guid } ...Info } none: customers(account: "x") { edges { cursor } ...Info } }
           fragment Info on CustomerConnection { pageInfo { hasNextPage startCursor endCursor } }"""
    )
    assert data["customers"] == {"nodes": [], "pageInfo": {"hasNextPage": True, "startCursor": None, "endCursor": None}}
    assert data["none"] == {"edges": [], "pageInfo": {"hasNextPage": False, "startCursor": None, "endCursor": None}}


def test_without_a_number_a_page_has_fifty_rows(service):
    service.take([event(n, f"c{n:03}", 0, page="A") for n in range(60)])
    page = service.ask(
        "{ customers { nodes { guid } pageInfo { hasNextPage } } all: customers(first: null) { nodes { guid } } }"
    )
    assert len(page["customers"]["nodes"]) == len(page["all"]["nodes"]) == 50
    assert page["customers"]["pageInfo"] == {"hasNextPage": True}


def test_a_late_event_neither_repeats_nor_hides_a_row_of_a_timeline(service):
    service.take([event(n, "x", 10 * n, page="A") for n in range(1, 7)])
    query = """query($after: String) { customer(id: "x") { timeline(first: 3, after: $after) {
                 nodes { n event { eventId } } pageInfo { endCursor } } } }"""
    page = service.ask(query)["customer"]["timeline"]
    assert [row["event"]["eventId"] for row in page["nodes"]] == ["e1", "e2", "e3"]
    service.take([event(0, "x", 0, page="early")])
    page = service.ask(query, {"after": page["pageInfo"]["endCursor"]})["customer"]["timeline"]
    assert [(row["n"], row["event"]["eventId"]) for row in page["nodes"]] == [(5, "e4"), (6, "e5"), (7, "e6")]


def test_new_rejects_do_not_move_the_pages_of_the_quarantine(service):
    service.take([{"n": n} for n in range(4)])
    query = "query($after: String) { quarantine(first: 2, after: $after) { nodes { raw } pageInfo { endCursor } } }"
    page = service.ask(query)["quarantine"]
    service.take([{"n": 9}])
    page = service.ask(query, {"after": page["pageInfo"]["endCursor"]})["quarantine"]
    assert [row["raw"] for row in page["nodes"]] == ['{"n": 1}', '{"n": 0}']


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("%%%", id="no base64"),
        pytest.param(b64encode(b"events").decode(), id="no key"),
        pytest.param(b64encode(b"events:[]").decode(), id="an empty key"),
        pytest.param(b64encode(b'events:["1"]').decode(), id="text for a number"),
        pytest.param(b64encode(b"events:[1, 2]").decode(), id="a key that is too long"),
        pytest.param(b64encode(b"events:[1e400]").decode(), id="a number that is none"),
        pytest.param(b64encode(b"events:[99999999999999999999]").decode(), id="a position beyond 64 bits"),
        pytest.param(b64encode(b"events:[1").decode(), id="cut short"),
        pytest.param(b64encode(b'customers:["a"]').decode(), id="of another list"),
    ],
)
def test_a_cursor_that_this_list_did_not_give_out_is_refused_by_name(shared, cursor):
    error = shared.error("query($c: String) { events(after: $c) { nodes { id } } }", {"c": cursor})
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert error["extensions"]["argument"] == "after"
    assert "cursor" in error["message"] or "another list" in error["message"]


def test_the_order_of_pages_is_part_of_their_cursors(shared):
    page = shared.ask("{ pages(first: 1) { pageInfo { endCursor } } }")["pages"]
    error = shared.error(
        "query($c: String) { pages(orderBy: {field: RATE}, after: $c) { nodes { page } } }",
        {"c": page["pageInfo"]["endCursor"]},
    )
    assert "another list" in error["message"]


def test_cursors_and_ids_have_no_line_breaks(service):
    long = "k" * 400
    service.take([event(1, long, 0, page="A")])
    found = service.ask("{ customers { edges { cursor node { id } } } }")["customers"]["edges"][0]
    assert "\n" not in found["cursor"] + found["node"]["id"]
    assert service.ask(
        "query($id: ID!) { node(id: $id) { ... on Customer { guid } } }", {"id": found["node"]["id"]}
    ) == {"node": {"guid": long}}


def test_paging_through_customers_who_share_everything_but_case_is_by_bytes(service):
    with psycopg.connect(service.house.url) as conn:
        assert conn.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    service.take([event(name, name, 0, page="A") for name in ("b", "B", "é", "a", "_", "10", "9")])
    rows, _ = walk(service, LISTS["customers"][0], "guid", 2)
    assert rows == sorted(rows, key=str.encode)
    assert len(rows) == 7
