"""Stages as a whole under a version that is not live: the same figures as if it were."""

import psycopg
import pytest
from journeys import House
from ride import EAGER, RIDE, WALK, publish, views

from raceline.domain.errors import NoReadModels
from raceline.projections.survey import survey

SUMS = {
    "stage_days": ("stage", "day"),
    "transitions": ("from_stage", "to_stage", "kind", "rule"),
    "rule_sources": ("rule",),
}


@pytest.fixture
def house(database):
    """Three customers on a racetrack with timers."""
    house = House(database)
    house.activate(RIDE)
    house.take([*views("a", WALK), *views("b", WALK[:4]), *views("c", [(5, "C"), (6, "C")])])
    house.project()
    yield house
    house.close()


def surveyed(house, version, **settings):
    return survey(house.url, house.catalogue, house.rules, house.racetracks.registry().get("ride", version), **settings)


def by_key(rows, key):
    return sorted(rows, key=lambda row: [str(row[column]) for column in key])


def test_a_survey_of_the_live_version_says_what_the_read_models_say(house):
    live, found = house.tables(), surveyed(house, 1)
    for table, key in SUMS.items():
        assert by_key(found[table], key) == by_key(live[table], key)
    for table in ("racetracks", "racetrack_stages", "racetrack_rules"):
        assert found[table] == live[table]
    assert by_key(found["rule_conditions"], ("rule", "node")) == live["rule_conditions"]
    assert found["racers"] == [{"racetrack": "ride", "customers": len(live["journeys"])}]


def test_customers_come_in_chunks_and_are_added_up(house):
    done = surveyed(house, 1, chunk=1)
    whole = surveyed(house, 1)
    for table, key in SUMS.items():
        assert by_key(done.pop(table), key) == by_key(whole.pop(table), key)
    assert done == whole


def test_a_survey_writes_nothing(house):
    published = publish(house, EAGER)
    house.project()
    before = house.tables()
    assert surveyed(house, published.version)["stage_days"] != []
    assert house.tables() == before


def test_of_an_empty_log_there_is_nothing_to_say_but_the_definition(database):
    house = House(database)
    publish(house, RIDE)
    found = surveyed(house, 1)
    house.close()
    assert [found[table] for table in ("stage_days", "transitions", "rule_sources", "stage_lengths")] == [[]] * 4
    assert len(found["racetrack_stages"]) == 3


def test_without_read_models_there_is_nothing_to_go_by(house):
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute("UPDATE raceline.generation SET status = 'retired'")
    with pytest.raises(NoReadModels):
        surveyed(house, 1)
