"""Models and predictions, asked through the API and drawn: a small model is trained, promoted and looked at."""

import json
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from ledger import incidence
from pictures import words
from small_model import small_model
from walkers import BEGIN, WALK, walkers

from raceline.analytics import model_file
from raceline.analytics.drift import Thresholds
from raceline.app import plot_frame
from raceline.app.asking import asking
from raceline.app.runtime import runtime
from raceline.app.settings import Settings, read_settings
from raceline.domain import arrow
from raceline.domain.racetrack_file import parse
from raceline.graphql.injected import names
from raceline.graphql.injected_models import LEDGER, MODELS
from raceline.projections.drift_watch import DriftWatch
from raceline.projections.feature_list import feature_list
from raceline.projections.in_force import in_force
from raceline.projections.scoring import Scorings, written_model
from raceline.projections.training import train

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
CUSTOMERS = 40


@pytest.fixture(scope="module")
def walked(databases):
    """Forty walkers, a model of them in force, and on each of twenty days what was said of ten of them."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        published = store.racetracks.publish(parse(WALK), WALK, "test")
        store.racetracks.activate(published.name, published.version, "test")
        envelopes = [json.dumps(one).encode() for one in walkers(CUSTOMERS)]
        store.ingest.record(envelopes, source="test", place="test")
        version = store.racetracks.registry().meant("walk")
        found = train(url, store.catalogue, store.rules, version)
        for _ in range(2):
            done = store.models.register(version, found.content, found.parameters_json, found.metrics_json, "ada")
        store.models.promote("walk", done.version, "ada", force=True, reason="to see it")
        store.projector().once()
        _note(url)
        yield url


def _note(url):
    with psycopg.connect(url, autocommit=True) as conn:
        # Everybody has come to the last stage, which has only a curve, and of such drift tells nothing.
        conn.execute(
            "INSERT INTO raceline.prediction_drift SELECT d.racetrack, d.model, d.day, 'look', d.feature, 0,"
            " sum(d.rows) FROM raceline.prediction_drift AS d GROUP BY d.racetrack, d.model, d.day, d.feature"
        )
        for day in range(20):
            at = BEGIN + timedelta(days=40 + day)
            for n in range(10):
                conn.execute(
                    "INSERT INTO raceline.prediction (racetrack, customer_id, entered_at, day, computed_at,"
                    " racetrack_version, model, stage, position, incidence)"
                    " SELECT m.racetrack, m.customer_id, m.entered_at, %(at)s::date, %(at)s, 1, 1, m.to_stage, 1,"
                    " %(chances)s FROM live.moves AS m WHERE m.customer_id = %(who)s AND m.entered_at <= %(at)s"
                    " AND COALESCE(m.left_at, 'infinity') > %(at)s",
                    {"at": at, "who": f"walker-{n:04d}", "chances": incidence(0.02 * n, 0.05 * n, 0.09 * n)},
                )


@pytest.fixture
def walk(walked, raceline, monkeypatch):
    """Runs a command on the walk."""
    monkeypatch.setenv("RACELINE_DATABASE_URL", walked)
    return raceline


@pytest.fixture
def ask(walked, monkeypatch):
    """Asks the API on the walk, in one snapshot."""
    monkeypatch.setenv("RACELINE_DATABASE_URL", walked)
    monkeypatch.setenv("RACELINE_RACETRACK", "none")
    with runtime(read_settings()) as store, asking(store) as asked:
        yield asked


def test_a_model_is_told_with_its_stages_checks_decisions_and_how_it_did(ask):
    (model,) = ask("""{ models { name status hash promotedBy forced unreadable features landmarks cutOff seed
        stages { stage title tier moves } checks { rule passed } decisions { kind forced reason inForce failed }
        evaluation { horizon stage rows brier aucX: auc bins { predicted observed } } } }""")["models"]
    assert (model["name"], model["status"], model["promotedBy"], model["unreadable"]) == (
        "walk#1", "PROMOTED", "ada", None
    )  # fmt: skip
    assert [one["title"] for one in model["stages"]] == ["Look", "Try", "Buy", "Love"]
    assert [(one["kind"], one["inForce"]) for one in model["decisions"]] == [("REGISTERED", None), ("PROMOTED", 1)]
    assert model["forced"] == (not all(one["passed"] for one in model["checks"]))
    assert "days_in_stage" in model["features"]
    whole = [one for one in model["evaluation"] if one["stage"] is None]
    assert [one["horizon"] for one in whole] == ["DAY", "WEEK", "MONTH"]
    assert sum(len(one["bins"]) for one in whole) > 0


def test_what_came_true_is_told_over_all_by_week_and_by_stage_and_day(ask):
    found = ask("""{ modelVersion(racetrack: "walk", version: 1) {
        calibration { rows moves observed expected brier revised pending firstDay leftOut bins { rows } }
        love: calibration(stage: "love", horizon: DAY) { rows }
        early: calibration(to: "2024-02-11") { rows }
        overTime { week rows } } }""")["modelVersion"]
    whole = found["calibration"]
    assert whole["rows"] == sum(one["rows"] for one in whole["bins"]) == sum(one["rows"] for one in found["overTime"])
    assert 0 < whole["moves"] == whole["observed"] <= whole["rows"]
    assert 0 < found["love"]["rows"] < whole["rows"]
    assert found["early"]["rows"] == 20
    assert (whole["revised"], whole["leftOut"], whole["firstDay"]) == (0, 0, "2024-02-10")
    assert whole["pending"] == CUSTOMERS, "what the live run has just said of each"
    assert all(date.fromisoformat(one["week"]).weekday() == 0 for one in found["overTime"])


def test_what_came_true_is_not_rewritten_by_other_rules_and_is_there_again_after_a_rollback(walked, ask):
    """After a version with other rules is live, the calibration of the old model says why nothing of it is counted."""
    query = """{ modelVersion(racetrack: "walk", version: 1) {
        calibration { rows moves brier revised otherVersion pending }
        overTime { rows revised otherVersion } } }"""
    before = ask(query)["modelVersion"]
    rules = WALK.replace("email.link_clicked", "content.viewed")
    with runtime(Settings(database_url=walked, racetrack="none")) as store:
        published = store.racetracks.publish(parse(rules), rules, "test")
        for version in (published.version, 1):
            store.racetracks.activate("walk", version, "test")
            store.projector().once()
            with asking(store) as asked:
                found = asked(query)["modelVersion"]
            if version != 1:
                whole = found["calibration"]
                everything = sum(before["calibration"][name] for name in ("rows", "revised", "pending"))
                assert (whole["rows"], whole["revised"], whole["pending"]) == (0, 0, 0)
                assert whole["otherVersion"] == everything == sum(one["otherVersion"] for one in found["overTime"])
    assert found == before


def test_the_rows_have_the_columns_that_the_api_reads(walked, monkeypatch):
    """A column that is misspelled would be null in every answer."""
    import asyncio

    from raceline.app.models import ModelAnswers
    from raceline.projections.ledger_asked import LedgerAsk

    monkeypatch.setenv("RACELINE_DATABASE_URL", walked)
    monkeypatch.setenv("RACELINE_RACETRACK", "none")

    async def told(store):
        async def in_thread(function, *args, **kwargs):
            return function(*args, **kwargs)

        answers = ModelAnswers(walked, store, in_thread)
        asks = [LedgerAsk(n, kind) for n, kind in enumerate(("calibration", "over_time", "drift"))]
        first, last = BEGIN.date(), BEGIN.date() + timedelta(days=99)
        rows = await answers.models(None) | await answers.ledger(asks, 0)
        return rows | await answers.ledger_days(None, first, last, 0) | await answers.ledger_stages("walk", 0)

    with runtime(read_settings()) as store:
        rows = asyncio.run(told(store))
    defined = {**MODELS, **LEDGER}
    assert set(rows) == set(defined)
    for table, definition in defined.items():
        assert rows[table], table
        assert set(rows[table][0]) == set(names(definition)), table


def test_of_many_models_only_the_beginning_of_files_is_looked_at_and_only_when_it_is_asked(database, monkeypatch):
    import asyncio

    from raceline.app.models import ModelAnswers

    async def in_thread(function, *args, **kwargs):
        return function(*args, **kwargs)

    with runtime(Settings(database_url=database, racetrack="none")) as store:
        published = store.racetracks.publish(parse(WALK), WALK, "test")
        version = store.racetracks.registry().get("walk", published.version)
        list_ = feature_list(store.catalogue, version.racetrack, {})
        good = written_model(small_model(4, list_.names, tuple(list_.groups.tolist())), {})
        other = written_model(small_model(4), {})
        size = len(model_file.MAGIC)
        newer = good[:size] + b"\xff\xff" + good[size + 2 :]
        for content in (good, other, newer, good[:-1], b"no model"):
            store.models.register(version, content, "{}", "{}", "ada")
        opened, looked, head = [], [], store.models.head
        monkeypatch.setattr(store.models, "file", opened.append)
        monkeypatch.setattr(store.models, "head", lambda *given: looked.append(given) or head(*given))
        answers = ModelAnswers(database, store, in_thread)
        plain = asyncio.run(answers.models("walk"))["models"]
        assert ({one["unreadable"] for one in plain}, looked) == ({None}, [])
        for _ in range(2):
            told = [one["unreadable"] for one in asyncio.run(answers.models(None, files_checked=True))["models"]]
        assert told[0] is None
        for said, why in zip(told[1:], ("other features", "format 65535", "damaged", "not a model file"), strict=True):
            assert why in said
    assert (len(looked), opened) == (5, []), "each once"


def test_a_watch_that_is_easily_alarmed_warns_of_what_the_live_run_counted(walked, caplog):
    with runtime(Settings(database_url=walked, racetrack="none")) as store:
        rules = in_force(store.rules, store.catalogue, store.racetracks.registry())
        rules = replace(rules, models=Scorings(store.models, store.catalogue).of(rules.tracks))
        with arrow.connect(walked) as connection:
            said = DriftWatch(Thresholds(watch=0.0, alarm=0.0, rows=1))(connection, rules)
            assert DriftWatch()(connection, rules) == [], "so few tell nothing"
    assert {one.stage for one in said} <= {"look", "try", "buy", "love"}
    assert any(one.feature == "days_in_stage" for one in said)
    assert "walk#1" in caplog.text


@pytest.mark.parametrize(("what", "kind"), [("calibration", "pdf"), ("prediction", "svg"), ("prediction", "png")])
def test_the_pictures_can_be_had_as(walk, tmp_path, what, kind):
    file = tmp_path / f"it.{kind}"
    done = walk("plot", what, *(["walker-0001"] if what == "prediction" else []), "--output", str(file))
    assert done.status == 0, done.err
    assert file.read_bytes().startswith(MAGIC[kind])


def test_a_picture_of_calibration_says_of_which_model_it_is_and_how_many_were_judged(walk, tmp_path, monkeypatch):
    figures, save = [], plot_frame.save
    monkeypatch.setattr(plot_frame, "save", lambda figure, *rest: figures.append(figure) or save(figure, *rest))
    walk("plot", "calibration", "--model", "walk#1", "--horizon", "30", "--output", str(tmp_path / "it.svg"))
    said = words(figures[0])
    assert "Calibration of walk#1" in said
    assert "walk@1, in force; 200 predictions judged" in said
    assert "Look" in said


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        pytest.param(["calibration", "--model", "walk#9"], "its models are walk#1", id="no such model"),
        pytest.param(["calibration", "--model", "wlak"], "did you mean `walk`?", id="no such racetrack"),
        pytest.param(["calibration", "--horizon", "14"], "1, 7 or 30 days", id="no such horizon"),
        pytest.param(["prediction", "nobody"], "No event of this customer", id="no such customer"),
    ],
)
def test_what_cannot_be_drawn_says_why(walk, tmp_path, arguments, cure):
    done = walk("plot", *arguments, "--output", str(tmp_path / "it.svg"))
    assert done.status in (1, 2)
    assert cure in " ".join(done.err.replace("│", " ").split())
