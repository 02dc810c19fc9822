"""raceline export stage-days: the figures of the API as flat rows, and the same as those written down by hand."""

import csv
import io
import json
from collections import Counter
from datetime import date, timedelta
from itertools import count, pairwise

import psycopg
import pyarrow.parquet as pq
import pytest
from fortnight import DEFINITION, feeling, late, life
from fortnight_table import FIRST, LAST, NORTH, OVERLAYS, TABLE
from fortnight_table import rows as table_rows
from hypothesis import given
from hypothesis import strategies as st

from raceline.app import racetracks
from raceline.app.asking import asking
from raceline.app.export_days import day_batches
from raceline.app.runtime import runtime
from raceline.app.settings import Settings
from raceline.app.stage_day_tables import LONG, OF_SIDE, OVERLAY, WIDE, Days, months
from raceline.domain.errors import LogUnavailable
from raceline.domain.racetrack_file import parse
from raceline.projections.stage_days import stage_days

HAND = table_rows(TABLE)
SPAN = ["--from", "2025-03-03", "--to", "2025-03-16"]


@pytest.fixture(scope="module")
def fortnight(databases):
    """A database with the fortnight of support cases, and its store."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        published = store.racetracks.publish(parse(DEFINITION), DEFINITION, "test")
        store.racetracks.activate(published.name, published.version, "test")
        store.ingest.record([json.dumps(one).encode() for one in [*life(), *late()]], source="t", place="t")
        store.projector().once()
        yield store


@pytest.fixture
def export(fortnight, raceline, monkeypatch):
    """Gives the rows of an export of the fortnight."""
    monkeypatch.setenv("RACELINE_DATABASE_URL", fortnight.url)

    def run(*arguments):
        done = raceline("export", "stage-days", *arguments)
        assert done.status == 0, done.err
        return list(csv.DictReader(io.StringIO(done.out)))

    return run


def placed(rows):
    """(stage, day of the month) -> its row."""
    return {(row["stage"] or None, int(row["day"][-2:])): row for row in rows}


def numbers(row, *names):
    return tuple(int(row[name]) for name in names)


# All figures


def test_there_is_a_row_for_every_stage_and_day_and_for_no_stage_by_day_and_then_by_stage(export):
    rows = export(*SPAN)
    days = [f"2025-03-{day:02}" for day in range(FIRST, LAST + 1)]
    assert [(row["day"], row["stage"]) for row in rows] == [
        (day, stage) for day in days for stage in ("need", "purchase", "use", "")
    ]
    assert {(row["racetrack"], row["version"]) for row in rows} == {("fortnight", "1")}
    assert {(row["stage"], row["title"], row["stage_n"]) for row in rows} == {
        ("need", "Need", "1"), ("purchase", "Purchase", "2"), ("use", "Use", "3"), ("", "", "")
    }  # fmt: skip


def test_customers_who_are_there_come_and_go_are_those_written_by_hand(export):
    found = {place: numbers(row, "customers", "entered", "left") for place, row in placed(export(*SPAN)).items()}
    assert found == {place: row.customers for place, row in HAND.items()}


@pytest.mark.parametrize("side", ["open", "closed"])
def test_cases_their_severities_and_how_they_sound_are_those_written_by_hand(export, side):
    names = [f"{side}_{one}" for one in ("cases", "scored", "negative", "neutral", "positive")]
    scale = [f"{side}_severity_{severity}" for severity in (1, 2, 3, 4)]
    for place, row in placed(export(*SPAN)).items():
        hand = getattr(HAND[place], side)
        scored = [feeling(one.texts) for one in hand.entries if one.texts]
        assert numbers(row, *names) == (len(hand.entries), len(scored), *hand.tones), place
        said = Counter(one.severity for one in hand.entries)
        assert numbers(row, *scale) == tuple(said[severity] for severity in "1234"), place
        assert numbers(row, f"{side}_other_severity", f"{side}_no_severity") == (said["5"], said[None]), place
        found = [row[f"{side}_sentiment_{name}"] for name in ("minimum", "maximum", "mean")]
        if scored:
            wanted = [min(scored), max(scored), sum(scored) / len(scored)]
            assert [float(one) for one in found] == pytest.approx(wanted), place
        else:
            assert found == ["", "", ""], place


def test_surveys_belong_to_the_closings_of_the_day(export):
    for place, row in placed(export(*SPAN)).items():
        scores = HAND[place].closed.surveys
        assert int(row["closed_surveys"]) == len(scores), place
        assert row["closed_survey_mean"] == ("" if not scores else f"{sum(scores) / len(scores):g}"), place


def test_overlays_are_columns(export):
    for place, row in placed(export(*SPAN)).items():
        for overlay, known in OVERLAYS.items():
            value = known.get(place, (None if overlay == "scores" else 0,))[0]
            assert row[f"overlay_{overlay}"] == ("" if value is None else f"{value:g}"), (place, overlay)


def test_the_rows_are_what_the_api_answers(export, serve):
    question = """{ stageDays(from: "2025-03-03", to: "2025-03-16") {
        day stage pagesViewed contentViewed open { sentiment { mean } } closed { sentiment { mean } } } }"""
    rows = placed(export(*SPAN))
    with serve(project=False) as served:
        for told in served.ask(question)["stageDays"]:
            row = rows[told["stage"], int(told["day"][-2:])]
            assert numbers(row, "pages_viewed", "content_viewed") == (told["pagesViewed"], told["contentViewed"])
            for side in ("open", "closed"):
                mean = told[side]["sentiment"] and told[side]["sentiment"]["mean"]
                found = row[f"{side}_sentiment_mean"]
                assert (float(found) if found else None) == mean


def test_columns_are_typed_and_say_what_they_mean(fortnight, export, tmp_path):
    file = tmp_path / "days.parquet"
    export(*SPAN, "--output", str(file))
    table = pq.read_table(file)
    known = {column.says for column in (*WIDE, *OF_SIDE, OVERLAY)}
    assert {field.metadata[b"documentation"].decode() for field in table.schema} == known
    assert {str(field.type) for field in table.schema} == {"string", "int64", "double", "date32[day]"}
    assert table.schema.field("open_sentiment_mean").type == "double"
    assert table.schema.metadata[b"raceline.racetrack"] == b"fortnight@1"
    assert table.num_rows == 14 * 4


def test_the_help_says_where_columns_are_explained_and_names_no_file_that_is_not_installed(raceline):
    told = " ".join(raceline("export", "--help").out.split())
    assert "Parquet and Arrow say what each column means" in told
    assert "README" not in told


# By one dimension


@pytest.mark.parametrize("by", ["severity", "cause", "problem"])
def test_cases_by_one_dimension_have_a_row_for_each_value(export, by):
    found = Counter()
    for row in export(*SPAN, "--by", by):
        found[row["stage"] or None, int(row["day"][-2:]), row["side"], row["value"] or None] += int(row["cases"])
    wanted = Counter(
        (*place, side, getattr(one, by))
        for place, row in HAND.items()
        for side in ("open", "closed")
        for one in getattr(row, side).entries
    )
    assert found == wanted


def test_the_columns_by_one_dimension_are_those_of_the_documentation(export):
    assert list(export(*SPAN, "--by", "cause")[0]) == [column.name for column in LONG]


# Which rows


def test_chosen_stages_come_without_those_who_are_in_none(export):
    rows = export("--from", "2025-03-06", "--to", "2025-03-07", "--stage", "use", "--stage", "need")
    assert [(row["stage"], row["day"][-2:]) for row in rows] == [("need", "06"), ("use", "06"), ("need", "07"),
                                                                 ("use", "07")]  # fmt: skip


def test_one_company_is_derived_on_demand(export):
    found = {place: numbers(row, "customers", "entered", "left")
             for place, row in placed(export(*SPAN, "--account", "north")).items()}  # fmt: skip
    assert {place: counts for place, counts in found.items() if any(counts)} == NORTH


def test_a_version_can_be_named(export):
    assert len(export(*SPAN, "--racetrack", "fortnight@1")) == 14 * 4


def test_days_of_several_months_are_one_table(export):
    rows = export("--from", "2025-02-27", "--to", "2025-04-01")
    assert len(rows) == 34 * 4
    assert placed(rows[4 * 4 : 18 * 4]) == placed(export(*SPAN))


@given(st.dates(), st.integers(0, 800))
def test_months_are_parts_of_a_span_that_follow_each_other(first, length):
    last = min(date.max, first + timedelta(days=min(length, (date.max - first).days)))
    parts = list(months(first, last))
    assert (parts[0][0], parts[-1][1]) == (first, last)
    assert all(begin.month == end.month and begin <= end for begin, end in parts)
    assert all(end + timedelta(days=1) == begin for (_, end), (begin, _) in pairwise(parts))


# One position


def test_all_questions_of_one_command_are_answered_of_the_same_position(databases):
    question = '{ stageDays(from: "2025-03-03", to: "2025-03-03") { position customers } }'
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        published = store.racetracks.publish(parse(DEFINITION), DEFINITION, "test")
        store.racetracks.activate(published.name, published.version, "test")
        store.projector().once()
        with asking(store) as ask:
            before = ask(question)
            store.ingest.record([json.dumps(one).encode() for one in life()], source="t", place="t")
            store.projector().once()
            assert ask(question) == before
        with asking(store) as ask:
            assert ask(question) != before


@pytest.fixture
def derivations(monkeypatch):
    """How often the days of stages were derived: of whom."""
    made = []

    def derived(*arguments, **settings):
        made.append(settings["account"])
        return stage_days(*arguments, **settings)

    monkeypatch.setattr(racetracks, "stage_days", derived)
    return made


def opened(n, account="north"):
    return {"event_id": f"late{n}", "source": "t", "type": "case.opened", "customer_id": f"new-{n}",
            "account_id": account, "occurred_at": "2025-03-08T10:00:00Z",
            "data": {"case_id": f"new-{n}", "severity": 1, "problem": "none"}}  # fmt: skip


def take(store, *envelopes):
    store.ingest.record([json.dumps(one).encode() for one in envelopes], source="t", place="t")
    store.projector().once()


@pytest.fixture
def second(databases):
    """A store of its own, where two versions of the racetrack were published and the first is active."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        for text in (DEFINITION, DEFINITION.replace("title: ", "title: Another ", 1)):
            store.racetracks.publish(parse(text), text, "test")
        store.racetracks.activate("fortnight", 1, "test")
        take(store, *life())
        yield store


@pytest.mark.parametrize(
    ("whose", "made"),
    [
        pytest.param({}, [], id="of all"),
        pytest.param({"account": "north"}, ["north"], id="of an account"),
        pytest.param({"racetrack": ("fortnight", 2)}, [None], id="of a version that is not active"),
        pytest.param({"account": "north", "racetrack": ("fortnight", 2)}, ["north"], id="of both"),
    ],
)
@pytest.mark.parametrize("by", [None, "severity"])
def test_all_rows_of_an_export_are_of_its_position_whatever_happens_meanwhile(second, derivations, whose, made, by):
    days = Days(date(2025, 3, 1), date(2025, 5, 2), **whose)

    def exported(after_a_part):
        with asking(second) as ask:
            table = day_batches(second.racetracks, ask, days, by)
            rows = []
            for _, batch in table.batches:
                rows += batch.to_pylist()
                after_a_part()
        return table.position, rows

    before = exported(lambda: None)
    numbers = count()
    while_it_runs = exported(lambda: take(second, opened(next(numbers))))
    assert while_it_runs == before
    assert exported(lambda: None)[0] == before[0] + 3
    assert derivations == made * 3


def test_days_of_an_account_are_as_fresh_as_what_is_live_and_derived_once_for_a_position(second, derivations, serve):
    question = '{ stageDays(from: "%s", to: "2025-03-16", account: "%s") { position open { count } } }'

    def asked(account="north", first="2025-03-15"):
        rows = served.ask(question % (first, account))["stageDays"]
        return {int(row["position"]) for row in rows}, sum(row["open"]["count"] for row in rows[1::2])

    with serve(project=False, database_url=second.url) as served:
        (position,), cases = asked()
        assert asked(first="2025-03-15") == ({position}, cases)
        assert asked(first="2025-03-01")[0] == {position}
        assert asked("south")[0] == {position}
        assert derivations == ["north", "south"]
        take(second, opened(1))
        assert asked() == ({position + 1}, cases + 1)
        assert asked("south")[0] == {position + 1}
    assert derivations == ["north", "south"] * 2


def test_a_connection_that_is_lost_on_the_way_is_told(fortnight):
    question = '{ stageDays(from: "2025-03-03", to: "2025-03-03") { day } }'
    with pytest.raises(LogUnavailable), asking(fortnight) as ask:
        ask(question)
        with psycopg.connect(fortnight.url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a"
                " WHERE a.datname = current_database() AND a.state = 'idle in transaction'"
            )
        ask(question)


# Refusals


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["--from", "2025-03-03"], 2, "--to", id="no last day"),
        pytest.param(["--from", "2025-03-04", "--to", "2025-03-03"], 2, "is after", id="backwards"),
        pytest.param([*SPAN, "--racetrack", "fortnigt"], 1, "did you mean `fortnight`?", id="a racetrack that is none"),
        pytest.param([*SPAN, "--racetrack", "fortnight@7"], 1, "its versions are 1", id="a version that is none"),
        pytest.param([*SPAN, "--racetrack", "@"], 2, "NAME@VERSION", id="no name"),
        pytest.param([*SPAN, "--stage", "usee"], 1, "did you mean `use`?", id="a stage that is none"),
        pytest.param([*SPAN, "--by", "mood"], 2, "mood", id="no dimension"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(fortnight, raceline, monkeypatch, arguments, status, words):
    monkeypatch.setenv("RACELINE_DATABASE_URL", fortnight.url)
    done = raceline("export", "stage-days", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in done.err


def test_without_a_racetrack_there_are_no_stages(raceline):
    done = raceline("export", "stage-days", *SPAN)
    assert (done.status, "No racetrack is active" in done.err) == (1, True)
