"""raceline plot pages, graph, percolation, funnel: what is drawn of paths is what was asked, and nothing is lost."""

from datetime import date

import numpy as np
import pytest
import worked_site as site
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import words

from raceline.analytics import page_test
from raceline.app import plot_frame, plot_funnel, plot_pages, plot_percolation
from raceline.domain.errors import NothingToDraw

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
PICTURES = {
    "pages": ["pages"],
    "graph": ["graph"],
    "graph, folded": ["graph", "--folded"],
    "percolation": ["percolation", "--by", "variant"],
    "funnel": ["funnel", site.FUNNEL],
}
FACTS = {"tau": 0.1, "tauAll": 0.5, "overallRate": 0.25}


@pytest.fixture
def draw(quick, monkeypatch, tmp_path):
    """Draws a picture of the small site and gives the file; `figures` keeps the figures."""
    figures, save = [], plot_frame.save
    monkeypatch.setattr(plot_frame, "save", lambda figure, *rest: figures.append(figure) or save(figure, *rest))

    def run(*arguments, kind="png"):
        file = tmp_path / f"picture.{kind}"
        done = quick("plot", *arguments, "--output", str(file), "--force")
        assert (done.status, done.out) == (0, ""), done.err
        return file

    run.figures = figures
    return run


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def page(name, opportunities, turnarounds, flag="expected", stratum="article", **more):
    rate = turnarounds / opportunities if opportunities else None
    more = {"expected_from": "stratum", **more}
    return {"page": name, "title": None, "stratum": stratum, "flag": flag, "opportunities": opportunities,
            "turnarounds": turnarounds, "rate": rate, "effective_opportunities": opportunities / 2,
            "excess": turnarounds, **more}  # fmt: skip


def percolated(period, paths=4, mean=3.0, variance=1.0, resolved=1, **group):
    lengths = {"all": (paths, mean, variance), "resolved": (resolved, mean, 0.0), "open": (paths - resolved, mean, 0.0)}
    return {"period": period, "stage": None, "entry_page": None, "variant": None, **group} | {
        f"{of}_{name}": value
        for of, values in lengths.items()
        for name, value in zip(("paths", "mean_length", "variance_length"), values, strict=True)
    }


# From the command line


@pytest.mark.parametrize("kind", MAGIC)
@pytest.mark.parametrize("what", PICTURES)
def test_every_picture_can_be_had_as(draw, what, kind):
    assert draw(*PICTURES[what], kind=kind).read_bytes().startswith(MAGIC[kind])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param(
            "pages", {"paths open; 0 of 0 pages tested are unexpected", "compared with all pages"}, id="pages"
        ),
        pytest.param("graph", {"paths open", "step 1", "go on without a link"}, id="graph"),
        pytest.param("graph, folded", {"paths open", "without a link"}, id="folded"),
        pytest.param("percolation", {"paths open", "layout=A"}, id="percolation"),
        pytest.param("funnel", {f"{site.FUNNEL}, paths open", "see"}, id="funnel"),
    ],
)
def test_a_picture_says_of_which_paths_it_is_and_up_to_which_position_it_is_true(draw, what, said):
    draw(*PICTURES[what], "--open")
    found = words(draw.figures[0])
    assert said <= found
    assert any(" at position " in text for text in found)


def test_the_same_data_give_the_same_file(draw):
    for arguments in PICTURES.values():
        first = draw(*arguments, kind="svg").read_bytes()
        assert draw(*arguments, kind="svg").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        pytest.param(["pages", "--containing", "nowhere"], "could have turned round", id="pages"),
        pytest.param(["graph", "--containing", "nowhere"], "no such path", id="graph"),
        pytest.param(["graph", "--folded", "--containing", "nowhere"], "no such path", id="folded"),
        pytest.param(["percolation", "--containing", "nowhere"], "no such path", id="percolation"),
        pytest.param(["funnel", site.FUNNEL, "--containing", "nowhere"], "no such path", id="funnel"),
        pytest.param(["funnel", "home -> a"], "name", id="a pattern without names"),
        pytest.param(["graph", "-o", "x.gif"], ".png, .svg or .pdf", id="another kind of file"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_nothing_is_written(quick, monkeypatch, tmp_path, arguments, cure):
    monkeypatch.chdir(tmp_path)
    output = [] if "-o" in arguments else ["-o", "x.png"]
    done = quick("plot", *arguments, *output)
    assert (done.status, cure in done.err, list(tmp_path.iterdir())) == (1, True, []), done.err
    assert "days" not in done.err, "no days were given"


# The funnel plot of pages


def test_pages_are_compared_within_their_stratum_and_those_with_most_to_inspect_come_first():
    rows = [page("a", 100, 10), page("b", 100, 30), page("c", 10, 5, "unexpected", "hub"), page("d", 0, 0, "too_few")]
    strata = plot_pages.strata_of(rows, FACTS)
    assert [(one.name, one.rate, len(one.pages)) for one in strata] == [("hub", 0.5, 1), ("article", 0.2, 2)]


def test_pages_with_too_few_others_in_their_stratum_are_drawn_with_the_pages_that_they_are_compared_with():
    rows = [page("a", 100, 10), page("b", 50, 0, stratum="hub", expected_from="all", expected_rate=0.1),
            page("c", 150, 0, stratum="form", expected_from="all", expected_rate=0.06)]  # fmt: skip
    strata = plot_pages.strata_of(rows, FACTS)
    found = [(one.name, pytest.approx(one.rate), one.tau, names(one.pages), names(one.others)) for one in strata]
    assert found == [("compared with all pages", 0.07, 0.5, "bc", "a"), ("article", 0.1, 0.1, "a", "")]
    figure = plot_pages.funnel_plot(strata, "of what", "the source")
    drawn = {tuple(point) for points in figure.axes[0].collections for point in points.get_offsets().tolist()}
    assert drawn == {(25, 0), (75, 0), (50, 0.1)}
    assert "all other pages" in words(figure)


def names(rows):
    return "".join(row["page"] for row in rows)


def test_every_panel_of_pages_has_numbers_on_both_sides():
    rows = [page(f"p{n}", 100 + n, 10, stratum=f"s{n}") for n in range(9)]
    figure = plot_pages.funnel_plot(plot_pages.strata_of(rows, FACTS), "of what", "the source")
    figure.canvas.draw()
    assert all(any(tick.label1.get_visible() for tick in ax.xaxis.get_major_ticks()) for ax in figure.axes)


def test_flagged_pages_are_named_and_others_are_not():
    rows = [page("calm", 100, 10), page("hot", 100, 60, "unexpected"), page("small", 3, 3, "too_few")]
    figure = plot_pages.funnel_plot(plot_pages.strata_of(rows, FACTS), "of what", "the source")
    assert "hot" in words(figure)
    assert not {"calm", "small"} & words(figure)


@pytest.mark.parametrize(
    ("name", "title", "called"),
    [
        pytest.param("/a", "Article A", "Article A", id="its title"),
        pytest.param("/a", None, "/a", id="without a title its name"),
        pytest.param("/a", "Sample article: all about error codes of routers", "/a", id="a long title says little"),
        pytest.param("/shop/" * 6 + "routers/7", "x" * 50, "…" + ("/shop/" * 6 + "routers/7")[-39:], id="a long name"),
    ],
)
def test_a_page_is_called_so_that_it_can_be_told_from_others(name, title, called):
    rows = [page("calm", 100, 10), page(name, 100, 60, "unexpected", title=title)]
    figure = plot_pages.funnel_plot(plot_pages.strata_of(rows, FACTS), "of what", "the source")
    assert called in words(figure)


def test_names_of_pages_that_lie_together_do_not_lie_upon_one_another():
    rows = [page(f"hot {n}", 1000 + n, 500, "unexpected") for n in range(14)] + [page("calm", 4000, 10)]
    figure = plot_pages.funnel_plot(plot_pages.strata_of(rows, FACTS), "of what", "the source")
    heights = sorted(text.xyann[1] for text in figure.axes[0].texts if hasattr(text, "xyann"))
    assert len(heights) == 10
    assert np.diff(heights).min() * figure.axes[0].get_window_extent().height >= 8
    assert "and 4 more" in words(figure)


@settings(max_examples=10)
@given(rate=st.floats(0.01, 0.99), tau=st.floats(0, 1))
def test_limits_are_around_the_common_rate_and_narrow_as_more_is_known(rate, tau):
    figure = plot_pages.funnel_plot(
        [plot_pages.Stratum("one", rate, tau, [page("a", 20, 10), page("b", 5000, 10)])], "of what", "the source"
    )
    low, high = (line.get_ydata() for line in figure.axes[0].lines[:2])
    assert (low <= rate).all()
    assert (high >= rate).all()
    assert (np.diff(high - low) <= 1e-12).all()


@pytest.mark.parametrize("returning", [1, 2], ids=["everybody comes once", "everybody comes twice, and does the same"])
@pytest.mark.parametrize("differ", [0.0, 0.6], ids=["pages are alike", "pages differ by nature"])
def test_limits_are_drawn_where_a_page_is_so_many_standard_errors_from_what_is_expected(returning, differ):
    """As the test of pages has them, where so many others are compared with that their rate is as good as known."""
    rng = np.random.default_rng(5)
    others = 1 / (1 + np.exp(np.log(0.7 / 0.3) - differ * rng.standard_normal(500)))
    opportunities = returning * np.append([20, 200, 2_000, 20_000], np.full(500, 10_000))
    rate = np.append(np.full(4, others.mean()), others)
    turnarounds = returning * np.rint(opportunities / returning * rate).astype(np.int64)
    sums = (returning * figure for figure in (opportunities, turnarounds, turnarounds))
    everywhere = np.zeros(len(rate), np.int32), turnarounds.astype(np.float64)
    tested = page_test.test_pages(opportunities, turnarounds, *sums, *everywhere)
    assert tested.tau == pytest.approx(differ, rel=0.1, abs=0.01)
    rows = [page(f"p{n}", *both) for n, both in enumerate(zip(opportunities, turnarounds, strict=True))]
    for row, known in zip(rows, tested.effective, strict=True):
        row["effective_opportunities"] = known
    figure = plot_pages.funnel_plot(plot_pages.strata_of(rows, FACTS | {"tau": tested.tau}), "of what", "the source")
    for line, z in zip(figure.axes[0].lines[:4], (-1.96, 1.96, -3.09, 3.09), strict=True):
        drawn = np.interp(np.log(tested.effective[:4]), np.log(line.get_xdata()), line.get_ydata())
        wanted = np.clip(tested.expected_rate + z * tested.standard_error, 0, 1)[:4]
        assert (np.abs(drawn - wanted) <= 0.02 * abs(z) * tested.standard_error[:4]).all()


def test_of_many_strata_the_picture_says_how_many_it_leaves_out():
    rows = [page(f"p{n}", 100 + n, 10, stratum=f"s{n}") for n in range(15)]
    figure = plot_pages.funnel_plot(plot_pages.strata_of(rows, FACTS | {"tau": None}), "of what", "the source")
    assert len(figure.axes) == 12
    assert "of what; left out: 3 strata of 3 pages" in words(figure)


# Lengths over time


def test_a_period_without_a_path_is_a_gap():
    rows = [percolated(date(2026, 1, 5)), percolated(date(2026, 1, 19), mean=5.0, variance=4.0)]
    (group,) = plot_percolation.groups_of(rows, "week", None)
    assert group.periods == [date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19)]
    assert np.array_equal(group.means["all"], [3.0, np.nan, 5.0], equal_nan=True)
    assert np.array_equal(group.spread, [1.0, np.nan, 2.0], equal_nan=True)
    assert (group.paths, group.resolved) == (8, 0.25)


@pytest.mark.parametrize(
    ("over", "last", "count"),
    [("day", date(2026, 2, 1), 32), ("week", date(2026, 2, 2), 5), ("month", date(2027, 1, 1), 13)],
)
def test_periods_follow_one_another(over, last, count):
    first = date(2026, 1, 5) if over == "week" else date(2026, 1, 1)
    (group,) = plot_percolation.groups_of([percolated(first), percolated(last)], over, None)
    assert (len(group.periods), group.periods[-1]) == (count, last)


def test_there_is_a_panel_for_each_group_that_of_most_paths_first_and_what_is_left_out_is_said():
    rows = [percolated(date(2026, 1, 5), paths=n + 1, stage=f"s{n}" if n else None) for n in range(14)]
    groups = plot_percolation.groups_of(rows, "week", "stage")
    figure = plot_percolation.percolation(groups, "week", "of what", "the source")
    assert titles(figure)[:2] == ["s13", "s12"]
    assert "of what; left out: 2 groups of 3 paths" in words(figure)
    assert groups[-1].name == "No stage"


# Funnels


def funnel_step(n, paths, before, **more):
    return {"n": n, "name": f"step {n}", "paths": paths, "customers": paths, "of_previous": before, "lift": None,
            "conversion": paths / before if before else None, "conversion_low": None, "conversion_high": None,
            "median_seconds": None, **more}  # fmt: skip


def test_bars_of_a_funnel_are_as_long_as_many_come():
    rows = [funnel_step(1, 50, 100), funnel_step(2, 10, 50, lift=1.5, median_seconds=7_200.0), funnel_step(3, 0, 10)]
    figure = plot_funnel.funnel(rows, "path", "of what", "the source")
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == pytest.approx([widths[0], widths[0] / 2, widths[0] / 10, 0])
    assert {"50.0%", "20.0%", "1.50 x base rate, after 2 hours (median)"} <= words(figure)


def test_a_step_that_nobody_could_come_to_is_drawn():
    rows = [funnel_step(1, 0, 5), funnel_step(2, 0, 0)]
    assert "nobody could come here" in words(plot_funnel.funnel(rows, "customer", "of what", "the source"))
    with pytest.raises(NothingToDraw):
        plot_funnel.funnel([funnel_step(1, 0, 0)], "path", "of what", "the source")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 seconds"), (119.0, "119 seconds"), (120.0, "2 minutes"), (172_800.0, "2 days")]
)
def test_times_are_said_in_the_unit_that_fits(seconds, said):
    row = funnel_step(1, 5, 5, median_seconds=seconds)
    assert f"after {said} (median)" in words(plot_funnel.funnel([row], "path", "of what", "the source"))
