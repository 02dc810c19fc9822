"""raceline plot: a panel for each stage, words that say what it is true of, and nothing drawn of nothing."""

import json
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from fortnight import DEFINITION, late, life
from fortnight_table import TABLE
from fortnight_table import rows as table_rows

from raceline.app import plot_frame, plots
from raceline.app.plot_data import Curve, Picture, Series, in_parts
from raceline.app.runtime import runtime
from raceline.app.settings import Settings
from raceline.domain.errors import NothingToDraw
from raceline.domain.racetrack_file import parse

HAND = table_rows(TABLE)
SPAN = ["--from", "2025-03-03", "--to", "2025-03-16"]
MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
_NAMES = ("cases", "scored", "severity_1", "severity_2", "other_severity", "no_severity")


@pytest.fixture(scope="module")
def fortnight(databases):
    """A database with the fortnight of support cases."""
    with databases() as url, runtime(Settings(database_url=url, racetrack="none")) as store:
        published = store.racetracks.publish(parse(DEFINITION), DEFINITION, "test")
        store.racetracks.activate(published.name, published.version, "test")
        store.ingest.record([json.dumps(one).encode() for one in [*life(), *late()]], source="t", place="t")
        store.projector().once()
        yield url


@pytest.fixture
def draw(fortnight, raceline, monkeypatch, tmp_path):
    """Draws a picture of the fortnight and gives the file; `drawn` keeps the figures."""
    monkeypatch.setenv("RACELINE_DATABASE_URL", fortnight)
    figures, save = [], plot_frame.save
    monkeypatch.setattr(plot_frame, "save", lambda figure, *rest: figures.append(figure) or save(figure, *rest))

    def run(*arguments, kind="png"):
        file = tmp_path / f"picture.{kind}"
        done = raceline("plot", *arguments, "--output", str(file), "--force")
        assert (done.status, done.out) == (0, ""), done.err
        return file

    run.figures = figures
    return run


def words(figure):
    """All that is written in a figure."""
    return {text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))}


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]


def figures_of(days, *, side="open", **given):
    """The figures of a stage: nothing, but for what is given."""
    nothing, unknown = np.zeros(days), np.full(days, np.nan)
    return (
        {"customers": nothing}
        | {f"{side}_{name}": nothing for name in _NAMES}
        | {f"{side}_sentiment_{name}": unknown for name in ("mean", "minimum", "maximum")}
        | {name: np.array(values, float) for name, values in given.items()}
    )


def picture(days, *stages, nowhere=False):
    dates = [date(2026, 1, 1) + timedelta(days=n) for n in range(days)]
    return Picture(dates, 1, [Series(*one) for one in stages], nowhere, ("1", "2"), "of what", "the source")


# From the command line


@pytest.mark.parametrize("kind", MAGIC)
@pytest.mark.parametrize("what", ["cases", "sentiment", "customers", "stays"])
def test_every_picture_can_be_had_as(draw, what, kind):
    span = [] if what == "stays" else SPAN
    assert draw(what, *span, kind=kind).read_bytes().startswith(MAGIC[kind])


def test_a_picture_says_what_it_shows_of_what_in_which_unit_and_up_to_which_position_it_is_true(draw):
    draw("cases", *SPAN)
    found = words(draw.figures[0])
    assert {"Open support cases by severity", "cases that are open at the end of the day"} <= found
    assert "Three stages, and no stage (fortnight, version 1), 2025-03-03 to 2025-03-16" in found
    assert any("stageDays at position" in text and text.endswith("days of America/New_York") for text in found)
    assert {"severity 1", "severity 4", "another", "not known"} <= found


def test_there_is_a_panel_for_each_stage_in_order_and_one_for_those_in_none(draw):
    draw("cases", *SPAN)
    draw("stays")
    assert titles(draw.figures[0]) == ["1  Need", "2  Purchase", "3  Use", "No stage"]
    assert titles(draw.figures[1]) == ["1  Need", "2  Purchase", "3  Use"], "nobody stays nowhere"


def test_what_is_stacked_is_what_was_counted_by_hand(draw):
    draw("cases", *SPAN, "--stage", "use")
    (ax,) = draw.figures[0].axes
    top = ax.collections[-1].get_paths()[0].vertices
    days = sorted({round(x) for x, _ in top})
    for n, day in enumerate(range(3, 17)):
        height = max(y for x, y in top if days[n] <= x <= days[n + 1] - 1e-6 and x >= days[n])
        assert height >= len(HAND["use", day].open.entries)
    assert max(y for _, y in top) == max(len(HAND["use", day].open.entries) for day in range(3, 17))


def test_the_same_data_give_the_same_file(draw):
    first = draw("customers", *SPAN, kind="svg").read_bytes()
    assert draw("customers", *SPAN, kind="svg").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "status", "cure"),
    [
        pytest.param(["cases", *SPAN, "-o", "x.gif"], 1, ".png, .svg or .pdf", id="another kind of file"),
        pytest.param(["cases", *SPAN, "-o", "-"], 1, ".png, .svg or .pdf", id="standard output"),
        pytest.param(["cases", *SPAN, "-o", "/no/such/x.png"], 1, "no such folder", id="a folder that is none"),
        pytest.param(["stays", "-o", "x.png", "--racetrack", "no"], 1, "published are: fortnight", id="a racetrack"),
        pytest.param(["cases", "--from", "2020-01-01", "--to", "2020-01-31", "-o", "x.png"], 1,
                     "No support case was open.", id="days without cases"),
        pytest.param(["sentiment", "--from", "2020-01-01", "--to", "2020-01-31", "-o", "x.png"], 1,
                     "has a text that could be scored", id="days without texts"),
        pytest.param(["customers", "--from", "2020-01-01", "--to", "2020-01-31", "-o", "x.png"], 1,
                     "No customer had any event by then.", id="days without customers"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said_and_nothing_is_written(
    fortnight, raceline, monkeypatch, tmp_path, arguments, status, cure
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACELINE_DATABASE_URL", fortnight)
    done = raceline("plot", *arguments)
    assert (done.status, cure in done.err, list(tmp_path.iterdir())) == (status, True, [])


def test_a_picture_that_is_there_is_replaced_only_by_force(fortnight, raceline, monkeypatch, tmp_path):
    file = tmp_path / "x.png"
    file.write_text("mine")
    monkeypatch.setenv("RACELINE_DATABASE_URL", fortnight)
    assert "--force replaces it" in raceline("plot", "stays", "--output", str(file)).err
    assert file.read_text() == "mine"


def test_stages_that_nobody_has_entered_are_told(raceline, monkeypatch, tmp_path):
    monkeypatch.setenv("RACELINE_RACETRACK", "seven-stage")
    done = raceline("plot", "stays", "--output", str(tmp_path / "x.png"))
    assert "Nobody has entered a stage." in done.err


# What is drawn


def test_many_stages_stay_readable(tmp_path):
    """Thirteen panels and more on one scale, each as large as that of few."""
    stages = [(f"{n}  Stage", figures_of(400, customers=range(400))) for n in range(1, 14)]
    whole = plots.customers(picture(400, *stages, ("No stage", figures_of(400)), nowhere=True))
    few = plots.customers(picture(400, *stages[:4]))
    sizes = [figure.axes[0].get_window_extent() for figure in (whole, few)]
    assert sizes[0].width > 150
    assert sizes[0].width >= 0.85 * sizes[1].width
    assert len({ax.get_ylim() for ax in whole.axes[:14]}) == 1


@pytest.mark.parametrize("days", [1, 2, 93, 1_200])
@pytest.mark.parametrize("side", ["open", "closed"])
def test_any_number_of_days_is_drawn(days, side):
    counts, mood = np.arange(days) % 3 + 1, {"mean": 0.0, "minimum": -0.5, "maximum": 0.5}
    some = {f"{side}_{name}": counts for name in ("cases", "severity_1", "scored")}
    some |= {f"{side}_sentiment_{name}": np.full(days, value) for name, value in mood.items()}
    drawn = picture(days, ("1  Use", figures_of(days, side=side, **some)), ("2  Renew", figures_of(days, side=side)))
    for figure in (plots.cases(drawn, side), plots.sentiment(drawn, side)):
        figure.canvas.draw()
        assert titles(figure) == ["1  Use", "2  Renew"]


@pytest.mark.parametrize(("days", "width"), [(92, 1), (93, 7), (1_100, 7), (1_101, 30)])
def test_closed_cases_of_many_days_are_summed_by_the_week_or_month_and_none_is_lost(days, width):
    counts = np.arange(days) % 5.0
    figures = figures_of(days, side="closed", closed_cases=counts, closed_scored=counts,
                         closed_sentiment_mean=np.where(counts > 0, counts / 10, np.nan),
                         closed_sentiment_minimum=np.where(counts > 0, -counts / 10, np.nan))  # fmt: skip
    found = in_parts(picture(days, ("1  Use", figures)), "closed")
    sums = found.stages[0].figures
    assert (found.width, len(found.days)) == (width, -(-days // width))
    assert sums["closed_cases"].sum() == counts.sum()
    first = counts[:width]
    if first.sum():
        assert sums["closed_sentiment_mean"][0] == pytest.approx((first * first / 10).sum() / first.sum())
        assert sums["closed_sentiment_minimum"][0] == -first.max() / 10
    else:
        assert np.isnan(sums["closed_sentiment_mean"][0])


def test_titles_of_any_script_and_length_are_no_mathematics_and_no_warning(tmp_path):
    stages = [("1  $5 or $6_x^2", figures_of(3, customers=[1, 2, 3])), ("2  利用 ☕", figures_of(3)),
              ("3  " + "A very long title " * 5, figures_of(3))]  # fmt: skip
    figure = plots.customers(picture(3, *stages))
    for kind in MAGIC:
        with (tmp_path / f"x.{kind}").open("wb") as file:
            plot_frame.save(figure, file, kind)
    assert titles(figure)[0] == "1  $5 or $6_x^2"
    assert titles(figure)[2].endswith("…")


def test_a_curve_without_a_median_and_a_stage_without_stays_are_drawn():
    days = np.array([0.0, 1.0, 2.0])
    share = np.array([1.0, 0.9, 0.8])
    unknown = np.full(3, np.nan)
    curves = [Curve("1  Use", 5, 4, 2.0, None, days, share, unknown, unknown),
              Curve("2  Renew", 0, 0, 0.0, None, *(np.zeros(0),) * 4)]  # fmt: skip
    figure = plots.stays(curves, "of what", "the source")
    figure.canvas.draw()
    assert {"5 stays, 4 go on", "nobody yet"} <= words(figure)
    with pytest.raises(NothingToDraw):
        plots.stays(curves[1:], "of what", "the source")


@pytest.mark.parametrize("colours", [plot_frame.of_severities(4), plot_frame.of_stages(13)])
def test_colours_are_told_apart_by_their_lightness_alone(colours):
    """Whoever sees no hues, or prints in grey, sees an order (Rec. 709 luma)."""
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b, *_ in colours]
    assert lightness == sorted(lightness)
    assert min(b - a for a, b in pairwise(lightness)) > 0.02
