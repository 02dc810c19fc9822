"""A question about customers is derived as far as somebody wants to know it, and is no other for that."""

from contextlib import closing

import pytest
from anything import TRACK
from journeys import House, click, event
from predicting import model_file
from ride import STEADY, views

from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked
from raceline.projections.explained import EXPLAINED
from raceline.projections.tables import OF_CUSTOMER

WHOM = ("ann", "bob", "nobody")


@pytest.fixture(scope="module")
def ask(databases):
    """Asks of a house with a racetrack that has a model, and one that has none."""
    with databases() as url, closing(House(url)) as house:
        house.activate(STEADY)
        house.activate(TRACK)
        house.promote("small", model_file(TRACK))
        house.take([
            *views("ann", [(0, "A"), (1, "a"), (2, "A"), (3, "B")], account="acme"),
            event("d", "ann", 4000, "telemetry.device_reported", device_id="x"),
            event("c", "ann", 4100, "case.opened", case_id="c-1", severity=2, text="It is dark."),
            *views("bob", [(0, "A"), (2, "b"), (3, "A")]),
            *(click(f"k{n}", "bob", 5000 + n, "p", "q") for n in range(4)),
        ])  # fmt: skip
        house.take(views("bob", [(1, "A")], first=9))  # late, so that what was known before is another story
        house.project()
        as_known = AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)
        with closing(as_known):
            yield lambda *tables: as_known(Asked(WHOM, tables=frozenset(tables) if tables else None))


@pytest.mark.parametrize("table", sorted({*OF_CUSTOMER, *EXPLAINED, "prospects"} - {"what_ifs", "what_if_refusals"}))
def test_a_table_that_is_wanted_alone_is_what_it_is_among_all(ask, table):
    everything, alone = ask(), ask(table)
    assert everything[table], "there is something to tell"
    assert alone[table] == everything[table]
    others = {*OF_CUSTOMER, *EXPLAINED, "prospects"} - {table}
    assert not others & alone.keys()


def test_whoever_wants_reasons_and_rows_of_all_racetracks_gets_both(ask):
    both = ask("factors", "journeys")
    assert {row["racetrack"] for row in both["journeys"]} == {"ride", "small"}
    assert {row["racetrack"] for row in both["factors"]} == {"small"}
