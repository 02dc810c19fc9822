"""Figures of paths and the paths behind them are of one position, whatever is recorded while they are asked for."""

import asyncio
from itertools import count

import pytest
from journeys import event

QUESTION = """query($who: String!) { pages(where: {customer: $who}) {
    position nodes { page visits turnarounds paths { position totalCount nodes { pages } }
                     turnaroundPaths { totalCount nodes { pages turnarounds { page } } } } } }"""
VISIT = [(10, "a"), (11, "b"), (12, "a")]
_NUMBER = count()


class Late:
    """The paths in memory; what is still in `coming` is recorded and projected, one by one, after they have answered
    and before the paths behind their figures are read."""

    def __init__(self, service):
        self.service, self.paths = service, service.api.paths
        self.coming, self.asked = [], []

    async def answer(self, field, arguments, lists, min_position):
        self.asked.append(min_position)
        rows = await self.paths.answer(field, arguments, lists, min_position)
        if self.coming:
            await asyncio.to_thread(self.service.take, [self.coming.pop(0)])
        return rows


@pytest.fixture
def late(common, monkeypatch):
    paths = Late(common)
    monkeypatch.setattr(common.api, "paths", paths)
    return paths


@pytest.fixture
def customer(common):
    """The name of a customer who turned round once."""
    name = f"customer {next(_NUMBER)}"
    common.take([view(name, minute, page) for minute, page in VISIT])
    return name


def view(customer, minute, page):
    return event(f"{customer}-{minute}", customer, minute, page=page)


def ask(late, customer):
    return late.service.ask(QUESTION, {"who": customer})["pages"]


def check(answer, live):
    """Every figure is what the paths that are told beside it say, and all of it is of this position."""
    assert answer["position"] == live
    for page in answer["nodes"]:
        paths, turned = page["paths"], page["turnaroundPaths"]
        assert paths["position"] == live
        assert [len(one["nodes"]) for one in (paths, turned)] == [paths["totalCount"], turned["totalCount"]]
        assert page["visits"] == sum(path["pages"].count(page["page"]) for path in paths["nodes"])
        turns = [turn["page"] for path in turned["nodes"] for turn in path["turnarounds"]]
        assert page["turnarounds"] == turns.count(page["page"])


def position(service):
    return service.ask("{ log { position } }")["log"]["position"]


@pytest.mark.parametrize(
    ("minute", "page", "turnarounds"),
    [
        pytest.param(9, "z", 1, id="at the start of a path, which has another name then"),
        pytest.param(11.5, "y", 0, id="inside of a path, which turns no more"),
        pytest.param(13, "b", 1, id="at the end of a path"),
        pytest.param(60, "a", 1, id="a path more"),
    ],
)
def test_an_event_that_is_recorded_meanwhile_is_in_figures_and_paths_alike(late, customer, minute, page, turnarounds):
    late.coming = [view(customer, minute, page)]
    answer = ask(late, customer)
    assert late.coming == []
    check(answer, position(late.service))
    assert sum(one["turnarounds"] for one in answer["nodes"]) == turnarounds
    assert late.asked == [0, answer["position"]], "again, at least up to where the read models were"


@pytest.mark.parametrize(
    "question",
    [
        "paths(where: {customer: $who}) { position totalCount nodes { pages } }",
        "pathVariants(where: {customer: $who}) { position variants { paths { totalCount nodes { pages } } } }",
        "siteGraph(where: {customer: $who}) { position edges { paths { totalCount nodes { pages } } } }",
    ],
)
def test_whatever_tells_paths_tells_all_that_it_counts(late, customer, question):
    late.coming = [view(customer, 9, "z")]
    answer = late.service.ask(f"query($who: String!) {{ asked: {question} }}", {"who": customer})["asked"]
    rows = answer.get("variants") or answer.get("edges") or [{"paths": answer}]
    assert answer["position"] == position(late.service)
    for row in rows:
        assert row["paths"]["totalCount"] == len(row["paths"]["nodes"]) == 1
        assert row["paths"]["nodes"] == [{"pages": ["z", "a", "b", "a"]}]


def test_when_nothing_is_recorded_paths_are_asked_once_and_one_statement_tells_them(late, customer):
    ask(late, customer)
    late.asked.clear()
    before = len(late.service.statements)
    check(ask(late, customer), position(late.service))
    assert (len(late.asked), len(late.service.statements) - before) == (1, 2), "the position is the other statement"


def test_figures_without_paths_are_of_the_position_that_they_were_counted_at(late, customer):
    before = position(late.service)
    late.coming = [view(customer, 9, "z")]
    answer = late.service.ask("query($who: String!) { pages(where: {customer: $who}) { position totalCount } }",
                              {"who": customer})  # fmt: skip
    assert (answer["pages"], len(late.asked)) == ({"position": before, "totalCount": 2}, 1)


def test_where_events_come_in_faster_than_questions_are_answered_an_answer_is_given_all_the_same(late, customer):
    late.coming = [view(customer, 9 - n, f"z{n}") for n in range(9)]
    answer = ask(late, customer)
    assert (len(late.asked), len(late.coming)) == (3, 6)
    assert answer["position"] == position(late.service) - 1
    assert {one["page"]: one["visits"] for one in answer["nodes"]} == {"a": 2, "b": 1, "z0": 1, "z1": 1}


def test_paths_that_come_no_further_are_not_waited_for(late, customer):
    """As those that a command holds, so that all of its questions are of one position."""
    late.paths = Held(late.paths)
    ask(late, customer)
    late.service.take([view(customer, 60, "c")])
    late.asked.clear()
    before = len(late.service.statements)
    answer = ask(late, customer)
    assert answer["position"] == position(late.service) - 1
    assert {one["page"]: one["paths"]["totalCount"] for one in answer["nodes"]} == {"a": 1, "b": 1}
    assert (len(late.asked), len(late.service.statements) - before) == (2, 2), "the position is the other statement"


class Held:
    """Paths that answer as they did the first time."""

    def __init__(self, paths):
        self.paths, self.rows = paths, None

    async def answer(self, *asked):
        self.rows = self.rows or await self.paths.answer(*asked)
        return self.rows
