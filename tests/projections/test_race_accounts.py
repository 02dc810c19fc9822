"""Whose a journey is: a racetrack may be about one product, a company is not."""

from contextlib import closing

import psycopg
import pytest
from journeys import House, event

from raceline.domain import arrow
from raceline.projections.accounts import account_history
from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked
from raceline.projections.replay import replay

TRACK = """
name: router
title: Router
events: {products: [router]}
stages: {look: {title: Look}}
rules:
  looks: {title: Looks around, stage: look, when: {event: web.page_viewed}}
"""


@pytest.fixture
def house(database):
    """Ada's company is named by an event about a switch alone, Cy's by none, Bo never looked at a router."""
    with closing(House(database)) as house:
        house.activate(TRACK)
        house.take([
            event(1, "ada", 0, page="a") | {"product": "router"},
            event(2, "ada", 1, page="a") | {"product": "switch", "account_id": "acme"},
            event(3, "bo", 0, page="a") | {"product": "switch", "account_id": "other"},
            event(4, "cy", 0, page="a") | {"product": "router"},
        ])  # fmt: skip
        house.project()
        yield house


def accounts(house):
    with psycopg.connect(house.url) as conn:
        return dict(conn.execute("SELECT j.customer_id, j.account_id FROM live.journeys AS j").fetchall())


def test_a_journey_is_of_the_company_that_any_event_of_the_customer_names(house):
    assert accounts(house) == {"ada": "acme", "cy": None}
    replay(house.url, house.catalogue, house.rules)
    assert accounts(house) == {"ada": "acme", "cy": None}


def test_the_same_is_known_of_a_customer_who_is_derived_for_a_question(house):
    with closing(AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)) as known:
        answer = known(Asked(("ada", "bo", "cy")))
        before = known(Asked(("ada",), position=house.racetracks.registry().position + 1))
    assert {row["customer_id"]: row["account_id"] for row in answer["journeys"]} == {"ada": "acme", "cy": None}
    assert [row["account_id"] for row in before["journeys"]] == [None]


def test_such_a_customer_is_in_the_history_of_the_company(house):
    with arrow.connect(house.url) as connection:
        assert [(row["furthest"], row["customers"]) for row in account_history(connection, "acme")] == [("look", 1)]
        assert account_history(connection, "other") == []
