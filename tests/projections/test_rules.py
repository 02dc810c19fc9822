"""What decides which rows events give may change between two runs; the read models never mix old rules with new."""

import json

import psycopg
import pytest
from journeys import House, event

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import InvalidEvent, ProjectionFailed
from raceline.domain.ingest import Ingest
from raceline.projections.generation import fingerprint
from raceline.projections.replay import replay
from raceline.projections.rules import rules_of
from raceline.projections.status import read_status as status
from raceline.projections.verify import verify

TYPE = """
types:
  kiosk.page_shown:
    version: {version}
    documentation: A kiosk showed a page.
    source: {{system: kiosk, database: kiosk, table: shown}}
    owner: Kiosk team
    title: saw {page}
    path: {{page: {attribute}}}
    attributes:
      {attribute}: {{type: code, documentation: The page.}}
{upcasts}
"""


@pytest.fixture
def house(database):
    house = House(database)
    yield house
    house.close()


@pytest.fixture
def catalogue(tmp_path):
    def write(version=1, attribute="page", upcasts="", allow_unknown=False):
        path = tmp_path / f"mine-{version}.yaml"
        text = TYPE.format(version=version, attribute=attribute, page="{" + attribute + "}", upcasts=upcasts)
        path.write_text(text, encoding="utf-8")
        return load([path], allow_unknown=allow_unknown)

    return write


def under(house, catalogue=None, gap=None):
    """The same house, run with another catalogue or session gap."""
    catalogue = catalogue or house.catalogue
    other = House(house.url, catalogue)
    if gap is not None:
        other.rules = rules_of(catalogue, gap)
    return other


def paths(house):
    return [row["pages"] for row in house.tables()["paths"]]


def differences(house):
    return list(verify(house.url, house.catalogue, house.rules))


def test_another_session_gap_replays_and_nothing_of_the_old_rules_stays(house):
    house.take([event(n, "c", 10 * n, page=page) for n, page in enumerate("ABA")])
    house.project()
    assert paths(house) == [["A", "B", "A"]]
    strict = under(house, gap=300_000_000)
    strict.take([event(9, "c", 11, page="D")])
    strict.project()
    assert paths(strict) == [["A"], ["B", "D"], ["A"]]
    assert differences(strict) == []
    assert [one.status for one in status(house.url).projections] == ["live"]
    strict.close()


def test_rules_that_change_without_a_new_event_are_followed(house, catalogue):
    house.take([event(1, "c", 0, page="A")])
    house.project()
    other = under(house, gap=1)
    other.project()
    assert status(house.url).projections[0].name == "views_2"
    other.close()


def test_two_projectors_of_different_rules_do_not_take_turns_for_ever(house):
    other = under(house, gap=1)
    house.take([event(1, "c", 0, page="A")])
    house.project()
    other.project()
    house.project()
    with pytest.raises(ProjectionFailed, match="give all raceline processes the same settings"):
        other.project()
        house.project()
    assert "other rules" in status(house.url).projections[-1].failure
    other.close()


def test_events_of_an_old_version_are_lifted_in_every_run(house, catalogue):
    first = under(house, catalogue(1, "page"))
    first.take([event(1, "c", 0, "kiosk.page_shown", page="A"), event(2, "c", 1, page="B")])
    first.project()
    lifting = catalogue(2, "screen", "    upcasts:\n      1: {rename: {page: screen}}")
    second = under(house, lifting)
    second.take([event(3, "c", 2, "kiosk.page_shown", screen="A")])
    second.project()
    assert paths(second) == [["A", "B", "A"]]
    assert [row["title"] for row in second.tables()["timeline"]] == ["saw A", "viewed B", "saw A"]
    assert differences(second) == []
    replay(second.url, second.catalogue, second.rules)
    assert differences(second) == []
    first.close()
    second.close()


@pytest.mark.parametrize("rebuild_after", [0, 200_000], ids=["by replay", "by batches"])
def test_an_event_that_cannot_be_lifted_is_named_and_not_the_one_that_led_to_it(house, catalogue, rebuild_after):
    plain = under(house, catalogue(2, "screen", "    upcasts:\n      1: {rename: {page: screen}}"))
    old = event(1, "c", 0, "kiosk.page_shown", page="A") | {"schema_version": 1}
    plain.take([event(0, "b", 0, page="X"), old])
    plain.project()
    with psycopg.connect(house.url) as conn:  # the catalogue loses its upcast; the rules stay, so that nothing replays
        conn.execute("UPDATE raceline.generation SET rules = %s", (_fingerprint(_without_upcast(catalogue)),))
    broken = under(house, _without_upcast(catalogue))
    broken.take([event(5, "c", 9, page="B")])
    with pytest.raises(ProjectionFailed, match="customer=c"):
        broken.project(rebuild_after=rebuild_after)
    (live,) = [one for one in status(house.url).projections if one.status == "live"]
    assert (live.position, live.failed_position) == (2, 2)
    with pytest.raises(InvalidEvent, match="position=2"):
        replay(broken.url, broken.catalogue, broken.rules)
    for one in (plain, broken):
        one.close()


def _without_upcast(catalogue):
    # A version 3 whose upcasts begin with version 2: version 1 leads nowhere.
    return catalogue(3, "screen", "    upcasts:\n      2: {}")


def _fingerprint(catalogue):
    return fingerprint(catalogue, rules_of(catalogue))


def test_a_catalogue_that_was_rolled_back_is_named(house, catalogue):
    newer = under(house, catalogue(2, "screen", "    upcasts:\n      1: {rename: {page: screen}}"))
    newer.take([event(1, "c", 0, "kiosk.page_shown", screen="A")])
    newer.project()
    older = under(house, catalogue(1, "page"))
    with pytest.raises(ProjectionFailed, match="newer than the catalogue"):
        older.project()
    newer.close()
    older.close()


@pytest.mark.parametrize(
    "junk",
    ["x" * 20_000, {"a": 1}, [1, 2], True, "", None],
    ids=["a text too long for an index", "an object", "a list", "a boolean", "an empty text", "null"],
)
def test_what_was_stored_before_its_type_was_known_is_no_page_if_none_could_be_made_of_it(house, catalogue, junk):
    blind = under(house, load(allow_unknown=True))
    raw = event(1, "c", 0, "kiosk.page_shown", page=junk)
    Ingest(blind.log, Check(blind.catalogue)).record([json.dumps(raw).encode()], source="test", place="test")
    blind.take([event(2, "c", 1, page="B")])
    blind.project()
    knowing = under(house, catalogue(1, "page"))
    knowing.project()
    assert paths(knowing) == [["B"]]
    assert differences(knowing) == []
    blind.close()
    knowing.close()
