"""Experiments with outreach: who was offered a page by chance, and what came of it."""

from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest
from journeys import START, House, event
from walkers import WALK

from raceline.analytics.race import run
from raceline.domain import arrow
from raceline.domain.columns import ColumnReader
from raceline.projections.as_known import AsKnown
from raceline.projections.asked import Asked, Change, WhatIf
from raceline.projections.experiments import Experiment, Trials, experiments_of
from raceline.projections.feature_streams import stays_of
from raceline.projections.in_force import with_racetracks
from raceline.projections.race_facts import field
from raceline.projections.training import train
from raceline.projections.what_if_basis import basis

DAY = 24 * 60
STAGES = ("look", "try", "buy", "love")


def offer(customer, day, arm="sent", experiment="spring", page="manual"):
    named = {} if experiment is None else {"experiment": experiment}
    more = {"channel": "email"} if arm == "sent" else {}
    said = {"outreach_id": f"{customer}-{day}", "action": page, **named, **more}
    return event(f"{customer}-{arm}-{day}", customer, day * DAY, f"outreach.{arm}", **said)


def begins(customer):
    return event(f"{customer}-0", customer, 0, page="home")


def moves(customer, day):
    return event(f"{customer}-m{day}", customer, day * DAY, "email.link_clicked", email_id="spring", link="/new")


def life(customer, *events):
    return [begins(customer), *events]


LIVES = [
    *life("moved", offer("moved", 1), moves("moved", 3)),
    *life("late", offer("late", 1), moves("late", 9)),
    *life("never", offer("never", 2)),
    *life("held", offer("held", 1, "held_out"), moves("held", 2)),
    *life("held too", offer("held too", 1, "held_out")),
    *life("twice", offer("twice", 1), offer("twice", 2, "held_out"), moves("twice", 8)),
    *life("elsewhere", offer("elsewhere", 1, page="story"), offer("elsewhere", 3, "held_out", "autumn")),
    *life("no experiment", offer("no experiment", 1, experiment=None), moves("no experiment", 2)),
    *life("unwatched", offer("unwatched", 24), moves("unwatched", 25)),
    *life("alone"),
    *life("tries", moves("tries", 1), offer("tries", 2)),
]


@pytest.fixture(scope="module")
def trials(databases):
    """Counts, after 30 days, the customers after one and up to another."""
    with databases() as url, closing(House(url)) as house:
        house.activate(WALK)
        house.take(LIVES)
        raced = with_racetracks(house.rules, house.catalogue, (house.racetracks.registry().default,))
        (track,), until = raced.tracks, int((START + timedelta(days=30)).timestamp() * 1e6)
        with arrow.connect(url) as connection:
            reader = ColumnReader(connection, house.catalogue, raced.wanted)

            def trials(after="", through="~"):
                seen = field(reader.between(after, through, house.log.head()), track)
                counted = Trials()
                counted.add(track, seen, stays_of(track, run(track.program, seen.facts, until)), until)
                return counted

            yield trials


def test_a_customer_counts_once_in_the_stage_they_were_in_by_whether_they_moved_on_within_a_week(trials):
    counted = trials().counted
    assert {(*key[:2], STAGES[key[2]]): arms.ravel().tolist() for key, arms in counted.items()} == {
        ("spring", "manual", "look"): [4, 2, 2, 1],
        ("spring", "manual", "try"): [1, 0, 0, 0],
        ("spring", "story", "look"): [1, 0, 0, 0],
        ("autumn", "manual", "look"): [0, 0, 1, 0],
    }


def test_arms_that_are_too_small_show_nothing(trials):
    (shown,) = trials().experiments(STAGES, least=2)
    assert (shown.page, shown.stage, shown.sent, shown.effect) == ("manual", "look", 4, 0.0)
    assert trials().experiments(STAGES, least=3) == trials().experiments(STAGES) == ()


def test_without_outreach_there_are_no_experiments(trials):
    assert trials("a", "alone").counted == {}


def tried(seed=3):
    """Of 220 customers every other is offered the manual; who reads it moves on more often, and more of them do."""
    dice, found = np.random.default_rng(seed), []
    for n in range(220):
        who, day = f"c{n:03}", int(dice.integers(2, 40))
        reads = dice.random() < (0.8 if n % 2 else 0.1)
        found += life(who, offer(who, day, "sent" if n % 2 else "held_out"))
        if reads:
            found.append(event(f"{who}-v", who, day * DAY + 60, "content.viewed", page="manual"))
        if dice.random() < (0.6 if reads else 0.1):
            found.append(moves(who, day + int(dice.integers(1, 6))))
    return [*found, event("end", "end", 90 * DAY, page="home")]


def test_a_what_if_with_the_page_of_an_experiment_tells_what_the_experiment_showed(database):
    house = House(database)
    house.activate(WALK)
    house.take(tried())
    trained = train(house.url, house.catalogue, house.rules, house.racetracks.registry().default)
    (shown,) = experiments_of(trained.parameters)
    assert (shown.experiment, shown.page, shown.stage) == ("spring", "manual", "look")
    assert (shown.sent, shown.held_out) == (110, 110)
    assert shown.low > 0.1
    version = house.models.register(
        house.racetracks.registry().default, trained.content, trained.parameters_json, trained.metrics_json, "test"
    ).version
    house.models.promote("walk", version, "test", force=True)
    offered, at = WhatIf(1, (Change("pages", pages=("manual",)),)), START + timedelta(days=91)
    asked = Asked(("end",), house.log.head(), at=at, what_ifs=(offered,))
    with (
        closing(house),
        closing(AsKnown(house.url, house.catalogue, house.rules, house.racetracks, house.models)) as known,
    ):
        (told,) = known(asked)["what_ifs"]
    assert "In the experiment spring, " in told["note"]
    assert "of 110 customers in this stage who were offered this page moved on within a week" in told["note"]
    assert told["basis"] == ("EXPERIMENT" if "bears the model out" in told["note"] else "ASSOCIATION")


SPRING = Experiment("spring", "manual", "look", 200, 60, 200, 30, 0.15, 0.07, 0.23)
TELLS = (
    "In the experiment spring, 30.0 % of 200 customers in this stage who were offered this page moved on within a week,"
    " and 15.0 % of 200 who were not: +15.0 points (+7.0 to +23.0). "
)
NOT_THE_EFFECT = (
    "Customers who are like that move on so often. Making a customer like that need not have this effect: what nobody"
    " recorded may be behind both."
)


@pytest.mark.parametrize(
    ("experiment", "gain", "told"),
    [
        pytest.param(None, 0.2, ("ASSOCIATION", NOT_THE_EFFECT), id="no experiment"),
        pytest.param(SPRING, 0.2, ("EXPERIMENT", f"{TELLS}That bears the model out, which says +20.0."),
                     id="a gain that the experiment saw as well"),
        pytest.param(SPRING, 0.27, ("ASSOCIATION",
                     f"{NOT_THE_EFFECT} {TELLS}That does not bear the model out, which says +27.0."),
                     id="a model that overstates"),
    ],
)  # fmt: skip
def test_an_experiment_backs_a_what_if_when_it_saw_an_effect_like_it(experiment, gain, told):
    found = basis(times=False, others=True, also=(), experiment=experiment, gain=gain)
    assert (found["basis"], found["note"]) == told


def test_an_experiment_that_showed_no_effect_backs_nothing():
    nothing = Experiment("spring", "manual", "look", 100, 30, 100, 25, 0.05, -0.07, 0.17)
    assert basis(times=False, others=True, also=(), experiment=nothing, gain=0.05)["basis"] == "ASSOCIATION"


def test_an_experiment_that_knows_little_backs_nothing_although_nearly_every_gain_is_in_its_interval():
    little = Experiment("spring", "manual", "look", 100, 60, 100, 40, 0.2, 0.06, 0.33)
    found = basis(times=False, others=True, also=(), experiment=little, gain=0.2)
    assert (found["basis"], "too uncertain to bear the model out" in found["note"]) == ("ASSOCIATION", True)
    assert "wider than 20 points" in found["note"]


def test_what_a_newer_raceline_tells_of_experiments_is_left_aside():
    told = {**vars(SPRING), "more": 1}
    assert experiments_of({"experiments": [told]}) == (SPRING,)
    assert experiments_of({}) == ()
