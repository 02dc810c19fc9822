"""All paths in memory are those of the read models, however often they were refreshed in between."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from anything import TRACK, journeys
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys import House, click, event
from psycopg.rows import dict_row

from raceline.domain.errors import InvalidPathPattern, LimitExceeded, NoReadModels, NotInForce
from raceline.domain.migrate import migrate
from raceline.projections.kept_paths import KeptPaths
from raceline.projections.path_figures import answer
from raceline.projections.path_filter import PathFilter, keep
from raceline.projections.path_list import PathList
from raceline.projections.replay import replay

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SQL = """
SELECT p.path_id, p.customer_id, p.n, p.started_at, p.resolved, p.pages, p.step_at, p.step_events, p.stages,
       coalesce(p.variants, '{}') AS variants, coalesce(p.turn_index, '{}') AS turn_index, c.account_id
FROM live.paths AS p JOIN live.customers AS c ON c.customer_id = p.customer_id ORDER BY p.path_id
"""


@pytest.fixture
def house(database):
    with closing(House(database)) as one:
        yield one


def stored(house):
    with psycopg.connect(house.url, row_factory=dict_row) as conn:
        rows = conn.execute(_SQL).fetchall()
    for row in rows:  # two steps of one click are its source, which nobody saw reached, and its target
        events = row.pop("step_events")
        row["seen"] = [n == len(events) or event != events[n] for n, event in enumerate(events, 1)]
    return rows


def told(columns):
    """The columns as rows, by path_id."""
    arrays, found = columns.arrays, []
    pages, customers = columns.page_names.to_pylist(), columns.customer_names.to_pylist()
    stages, accounts = columns.stage_names.to_pylist(), columns.account_names.to_pylist()
    numbers = {}
    for p in range(columns.paths):
        steps = slice(arrays.path_start[p], arrays.path_start[p + 1])
        customer = arrays.customer[p]
        numbers[customer] = numbers.get(customer, 0) + 1
        account = columns.account[customer]
        turns = [n for n, depth in enumerate(arrays.turns.depth[steps], 1) if depth]
        found.append(
            {
                "path_id": columns.path_id[p],
                "customer_id": customers[customer],
                "n": numbers[customer],
                "started_at": EPOCH + timedelta(microseconds=int(columns.started_at[p])),
                "resolved": bool(arrays.resolved[p]),
                "pages": [pages[code] for code in arrays.page[steps]],
                "step_at": arrays.at[steps].tolist(),
                "stages": [stages[code] for code in columns.stage[:, p]] or None,
                "variants": list(columns.variant_sets[columns.variant[p]]),
                "turn_index": turns,
                "seen": arrays.seen[steps].tolist(),
                "account_id": None if account < 0 else accounts[account],
            }
        )
    return sorted(found, key=lambda row: row["path_id"])


def of_each(row_type, of="paths"):
    """The paths behind each row of that type."""
    return [PathList(0, of, row_type, 50, None)]


CHAIN = {"pattern": "one: a -> .* -> two: [b c]"}
QUESTIONS = [
    ("paths", {"where": {"account": "of a10"}}, of_each("Query")),
    ("pathStatistics", {"where": {"variant": "y=1"}}, []),
    ("pages", {"first": 50, "strata": "none"}, of_each("Page")),
    ("pages", {"first": 2, "orderBy": {"field": "visits", "direction": "desc"}}, of_each("Page", "turnaroundPaths")),
    ("siteGraph", {"nodes": 2, "edges": 3}, of_each("GraphEdge")),
    ("siteGraph", {"steps": 3, "nodes": 4}, of_each("GraphNode")),
    ("pathVariants", {"first": 2}, of_each("PathVariant")),
    ("funnel", CHAIN, of_each("FunnelStep")),
    ("funnel", {**CHAIN, "per": "customer"}, of_each("FunnelStep")),
    ("percolation", {"over": "day", "by": "entry_page", "first": 3}, of_each("PercolationRow")),
    ("percolation", {"by": "variant"}, []),
    ("percolation", {"by": "stage"}, of_each("PercolationRow")),
    ("pathComparison", {"a": {"resolved": True}, "b": {"resolved": False}}, of_each("ComparisonArm")),
]
OF_A_RACETRACK = [
    ("pathStatistics", {"where": {"stage": "use"}}, []),
    ("pagesBeforeMoves", {"stage": "look", "first": 2}, []),
]


def answers(kept, *, raced):
    """What is answered to all questions, without digits that are noise."""
    columns = kept.now()
    questions = QUESTIONS + OF_A_RACETRACK * raced
    return [(asked[:2], plain(answer(columns, kept, *asked))) for asked in questions]


def plain(told):
    match told:
        case dict():
            return {name: plain(value) for name, value in told.items()}
        case list():
            return [plain(value) for value in told]
        case float():
            return round(told, 7)
    return told


@given(envelopes=journeys(), cuts=st.lists(st.integers(0, 40), max_size=4), raced=st.booleans())
@settings(max_examples=min(8, settings().max_examples))
def test_refreshed_paths_and_their_figures_are_those_of_the_read_models(databases, envelopes, cuts, raced):
    with databases() as url, closing(House(url)) as house:
        kept = KeptPaths(url)
        if raced:
            house.activate(TRACK)
        borders = [0, *sorted(cuts), len(envelopes)]
        for first, last in pairwise(borders):
            house.take([one | {"account_id": f"of {one['customer_id'][0]}{last}"} for one in envelopes[first:last]])
            house.project()
            columns = kept.now()
            assert told(columns) == stored(house)
            contiguous = columns.arrays.customer[1:] != columns.arrays.customer[:-1]
            assert contiguous.sum() + 1 == len(set(columns.arrays.customer.tolist())) or columns.paths == 0
        anew = KeptPaths(url)
        assert told(anew.now()) == told(columns)
        assert answers(anew, raced=raced) == answers(kept, raced=raced)


def test_of_equals_the_same_is_told_first_whenever_it_was_loaded(house):
    """Refreshed, paths lie as their customers were seen first and had new events last, and pages are coded likewise."""
    kept = KeptPaths(house.url)
    house.activate(TRACK)
    for n, taken in enumerate(["cy c, bo b", "ada d", "ada a, cy b", "bo e, ada b, cy d"]):
        visits = [visit.split() for visit in taken.split(", ")]
        house.take([event(9 * n + k, who, 60 * k - n, page=page) for k, (who, page) in enumerate(visits)])
        house.project()
        assert answers(kept, raced=True) == answers(KeptPaths(house.url), raced=True)


def test_what_was_given_out_does_not_change_when_events_come(house):
    kept = KeptPaths(house.url)
    house.take([click(1, "c", 0, "7", "8"), click(3, "c", 2, "8", "9")])
    house.project()
    before = kept.now()
    rows = told(before)
    house.take([event(2, "c", 1, page="4"), event(4, "d", 1, page="5")])
    house.project()
    after = kept.now()
    assert (told(before), before.position) == (rows, 2)
    assert [row["pages"] for row in told(after)] == [["7", "8", "4", "8", "9"], ["5"]]
    assert after.position == 4
    assert kept.now() is after


def test_after_a_replay_all_paths_are_read_again(house):
    kept = KeptPaths(house.url)
    house.take([click(1, "c", 0, "7", "8")])
    house.project()
    first = kept.now()
    house.activate(TRACK)
    replay(house.url, house.catalogue, house.rules)
    house.project()
    second = kept.now()
    assert (first.racetracks, second.racetracks) == ((), ("small",))
    assert told(second) == stored(house)


def test_without_read_models_it_says_so(empty_database):
    migrate(empty_database)
    with pytest.raises(NoReadModels):
        KeptPaths(empty_database).now()


def test_more_steps_than_may_be_kept_are_refused_by_the_name_of_the_setting(house):
    kept = KeptPaths(house.url, most_steps=3)
    house.take([click(1, "c", 0, "7", "8")])
    house.project()
    assert kept.now().paths == 1
    house.take([click(2, "c", 1, "8", "9"), click(3, "c", 2, "9", "10")])
    house.project()
    for asked in (kept, KeptPaths(house.url, most_steps=3)):
        with pytest.raises(LimitExceeded) as refused:
            asked.now()
        assert refused.value.facts == {
            "limit": "path_steps", "allowed": 3, "found": 4, "setting": "RACELINE_PATH_STEPS"
        }  # fmt: skip


def test_the_page_table_is_read_when_it_was_loaded(house):
    kept = KeptPaths(house.url)
    house.take([click(1, "c", 0, "7", "8")])
    house.project()
    assert kept.now().site.loaded_at is None
    with psycopg.connect(house.url) as conn:
        conn.execute("INSERT INTO raceline.site VALUES (true, now(), 'x', 3, 1)")
        conn.execute("INSERT INTO raceline.site_page VALUES ('8', 'how-to', 'Eight'), ('99', NULL, NULL)")
        conn.execute("INSERT INTO raceline.site_page VALUES ('7', 'index', 'Seven')")
        conn.execute("INSERT INTO raceline.site_link VALUES ('7', '99')")
    columns = kept.now()
    names, types = columns.page_names.to_pylist(), columns.site.types.to_pylist()
    told_of = {
        name: (None if code < 0 else types[code], title)
        for name, code, title in zip(names, columns.site.type, columns.site.title.to_pylist(), strict=True)
    }
    assert told_of == {"7": ("index", "Seven"), "8": ("how-to", "Eight"), "99": (None, None)}
    assert (names[columns.site.link_source[0]], names[columns.site.link_target[0]]) == ("7", "99")
    house.take([click(2, "d", 0, "7", "new")])
    house.project()
    later = kept.now()
    assert len(later.site.type) == len(later.site.title) == len(later.page_names) == 4
    assert later.site.type[later.code("new")] == -1


WALKS = {
    "one": ["a", "b", "c"],
    "two": ["a", "b", "a"],
    "three": ["b", "c", "a", "c"],
    "four": ["a"],
}


@pytest.fixture(scope="module")
def walked(databases):
    with databases() as url, closing(House(url)) as house:
        n = 0
        for day, (customer, pages) in enumerate(WALKS.items()):
            for minute, page in enumerate(pages):
                said = {"variant": "x=A,y=1" if day % 2 else "x=B"}
                n += 1
                one = event(n, customer, day * 1440 + minute, page=page, **said)
                house.take([one | {"account_id": "firm"} if customer == "two" else one])
        house.activate(TRACK)
        house.project()
        yield KeptPaths(house.url).now()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param({}, ["one", "two", "three", "four"], id="nothing said keeps all"),
        pytest.param({"from_day": date(2026, 1, 6), "to_day": date(2026, 1, 7)}, ["two", "three"], id="days"),
        pytest.param({"containing": ("a", "c")}, ["one", "three"], id="every page that is named"),
        pytest.param({"containing": ("nowhere",)}, [], id="a page that nobody saw is in no path"),
        pytest.param({"entry_page": "a"}, ["one", "two", "four"], id="first page"),
        pytest.param({"exit_page": "c"}, ["one", "three"], id="last page"),
        pytest.param({"turnaround_at": "b"}, ["two"], id="a turnaround at a page"),
        pytest.param({"turnaround_at": "a"}, ["three"], id="a page that is seen elsewhere too"),
        pytest.param({"transition": ("a", "b")}, ["one", "two"], id="one page right after the other"),
        pytest.param({"transition": ("c", "a")}, ["three"], id="no transition from one path into the next"),
        pytest.param({"transition": ("a", "a")}, [], id="no transition to itself"),
        pytest.param({"pages": ("a", "b", "a")}, ["two"], id="exactly these pages"),
        pytest.param({"pages": ("a", "b")}, [], id="and not a part of them"),
        pytest.param({"pages": ()}, [], id="no path is empty"),
        pytest.param({"variant": "y=1"}, ["two", "four"], id="one of the variants of an experiment"),
        pytest.param({"variant": "x"}, [], id="a variant by its whole name"),
        pytest.param({"stage": "look"}, ["one", "two", "three", "four"], id="the stage entered at its start"),
        pytest.param({"stage": "use"}, [], id="a stage that nobody was in"),
        pytest.param({"stage": "look", "racetrack": "small"}, ["one", "two", "three", "four"], id="by name"),
        pytest.param({"stage": ""}, [], id="in no stage"),
        pytest.param({"resolved": True}, [], id="resolved"),
        pytest.param({"account": "firm"}, ["two"], id="of an account"),
        pytest.param({"account": "another"}, [], id="of an account that is none"),
        pytest.param({"customer": "three"}, ["three"], id="of a customer"),
        pytest.param({"pattern": "a->b->$"}, [], id="a pattern that no path has"),
        pytest.param({"pattern": "^->b->.*->c->$"}, ["three"], id="a pattern"),
        pytest.param({"entry_page": "a", "containing": ("c",), "resolved": False}, ["one"], id="all must hold"),
    ],
)  # fmt: skip
def test_a_filter_keeps(walked, asked, found):
    kept = keep(walked, PathFilter(**asked))
    names = walked.customer_names.to_pylist()
    assert sorted(names[code] for code in walked.arrays.customer[kept]) == sorted(found)


def test_a_racetrack_that_is_not_in_force_and_a_wrong_pattern_are_refused(walked):
    with pytest.raises(NotInForce):
        keep(walked, PathFilter(stage="look", racetrack="another"))
    with pytest.raises(InvalidPathPattern):
        keep(walked, PathFilter(pattern="a->"))


def test_a_connection_that_was_lost_in_between_is_made_again(house):
    kept = KeptPaths(house.url)
    house.take([click(1, "c", 0, "7", "8")])
    house.project()
    before = kept.now()
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert told(kept.now()) == told(before)


def test_read_models_of_an_older_version_are_told_apart_from_a_fault(house):
    house.take([click(1, "c", 0, "7", "8")])
    house.project()
    with psycopg.connect(house.url) as conn:
        conn.execute("ALTER TABLE views_1.paths DROP COLUMN step_at CASCADE")
    with pytest.raises(NoReadModels, match="older version"):
        KeptPaths(house.url).now()


def test_a_generation_that_is_dropped_while_it_is_read_is_let_go(house, monkeypatch):
    house.take([click(1, "c", 0, "7", "8")])
    house.project()
    kept, renewed = KeptPaths(house.url), KeptPaths._renewed

    def replayed_in_between(self, connection, known, standing):
        if standing.name == "views_1":
            replay(house.url, house.catalogue, house.rules, drop_retired=True)
        return renewed(self, connection, known, standing)

    monkeypatch.setattr(KeptPaths, "_renewed", replayed_in_between)
    columns = kept.now()
    assert (columns.generation, told(columns)) == ("views_2", stored(house))
