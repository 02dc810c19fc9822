"""A model that learned from moments of events too says what holds at them and at midnights; its curves are of stays."""

import numpy as np

from raceline.analytics.aalen_johansen import aalen_johansen
from raceline.analytics.evaluation import measures
from raceline.analytics.features import AGE, COUNT, DAY, DAYS_SINCE, NEVER, Plan, Streams, features
from raceline.analytics.incidence import at
from raceline.analytics.landmark_model import TrainingSet, fit, score
from raceline.analytics.landmark_model_reference import lengths_of
from raceline.analytics.landmarks import Moments, Stays, landmarks, outcomes

HOUR = DAY // 24
LAST = 120 * DAY
NAMES = ("days_in_stage", "events_hour", "strong_hour", "events_week", "days_since_event")
ASKED = Plan(np.array([-1, 0, 1, 0, 0], np.int32), np.array([AGE, COUNT, COUNT, COUNT, DAYS_SINCE], np.int8),
             np.array([0, HOUR, HOUR, 7 * DAY, -2]), np.zeros(5))  # fmt: skip


def bursts(customers, seed):
    """Stays in one stage, and what customers do: for some time they do something every third day, and then once in
    forty days, and so on. Within hours after it they move on by two chances in five if it was something strong (one
    time in three), else by one in forty; and nobody else does. The last answer: which events were strong."""
    rng = np.random.default_rng(seed)
    happened, left = [], np.full(customers, NEVER)
    for who in range(customers):
        when, busy = int(rng.integers(1, 12 * DAY)), bool(rng.random() < 0.5)
        while when < LAST and left[who] == NEVER:
            strong = rng.random() < 1 / 3
            happened.append((who, when, strong))
            if rng.random() < (0.4 if strong else 0.025):
                left[who] = when + int(rng.integers(1, 5 * HOUR))
            busy ^= rng.random() < (0.15 if busy else 0.6)
            when += int(rng.exponential((3 if busy else 40) * DAY)) + 5 * HOUR
    whose, moment, strong = np.array(happened).T
    whom, nobody = np.arange(customers), np.zeros(customers, np.int32)
    stays = Stays(whom.astype(np.int32), nobody, np.zeros(customers, np.int64), left,
                  np.where(left < NEVER, 0, -1).astype(np.int8), np.zeros(customers, np.int64), nobody)  # fmt: skip
    return stays, Moments(np.searchsorted(whose, np.arange(customers + 1)), moment, moment), strong == 1


def rows(world, keep):
    stays, moments, strong = world
    found = landmarks(stays, np.arange(0, LAST, DAY), LAST, keep=keep, moments=moments)
    became, customer = outcomes(stays, found, LAST), stays.customer[found.stay]
    row = np.concatenate([np.arange(len(strong)), np.flatnonzero(strong)])
    of_strong = np.append(0, np.cumsum(strong))[moments.start] + len(strong)
    start, when = np.concatenate([moments.start[:-1], of_strong]), moments.at[row]
    made = features(Streams(len(stays.customer), start, when, when, np.ones(len(row)), row), ASKED, customer, found.at,
                    np.zeros(len(found.at), np.int64))  # fmt: skip
    nobody = np.zeros(len(customer), np.int32)
    return TrainingSet(nobody, customer, made, *became, found.stay, found.of_event)


def judged(keep):
    """The calibration within a day, at days and at events, of a model of landmarks that are kept by these shares."""
    learned = rows(bursts(1_000, 1), keep)
    model = fit(learned, NAMES, 2, groups=np.zeros(len(NAMES), np.int8), seed=0)
    asked = rows(bursts(1_000, 2), (0.3, 1.0))
    said = at(score(model, asked.stage, asked.features), 1)[:, 0]
    moved, watched = (asked.exit == 0) & (asked.days <= 1), asked.follow >= 1
    return [
        measures(said[here], moved[here], asked.customer[here].astype(np.int64))
        for here in (watched & ~asked.of_event, watched & asked.of_event)
    ]


def test_a_model_that_learned_from_both_holds_at_midnights_and_just_after_something_happened():
    for kind in judged(keep=(0.3, 1.0)):
        assert kind.slope_low < 1.2 and kind.slope_high > 0.8
        assert kind.ratio_low < 1.1 and kind.ratio_high > 0.9
        assert kind.auc > 0.7


def test_a_model_that_learned_from_days_alone_does_not_hold_just_after_something_happened():
    _, after_events = judged(keep=(0.3, 0.0))
    assert after_events.slope_low > 1
    assert after_events.ratio_low > 1.1


def test_the_curve_of_thinned_landmarks_is_that_of_the_stays_themselves():
    world = bursts(4_000, 3)
    stays = world[0]
    days = np.minimum(stays.left, LAST) / DAY
    whole = aalen_johansen(days, stays.exit)
    kept = lengths_of(rows(world, (0.1, 1.0)), NAMES)
    thinned = aalen_johansen(kept.days, kept.exit, kept.entry)
    for day in (10, 30, 60, 90):
        true, found = (c.survival[np.searchsorted(c.days, day)] for c in (whole, thinned))
        assert abs(true - found) < 0.03


def test_stays_are_told_apart_by_their_numbers_and_watched_from_an_entry_or_a_midnight_on():
    stay, of_event = np.array([0, 0, 1, 1, 2]), np.array([True, False, False, True, True])
    since = np.array([1.0, 2.0, 0.5, 3.0, 4.0])
    nobody, whole = np.zeros(5, np.int32), np.full(5, 9.0)  # of one customer and equally long
    made = TrainingSet(nobody, nobody, since[:, None], whole - since, np.zeros(5, np.int8), whole, stay, of_event)
    found = lengths_of(made, ("days_in_stage",))
    assert found.of_row.tolist() == stay.tolist()
    assert found.entry.tolist() == [2.0, 0.5, 9.0]
    assert found.days.tolist() == [9.0, 9.0, 9.0]
    assert len(aalen_johansen(found.days, found.exit, found.entry).days) > 0
    assert aalen_johansen(found.days[2:], found.exit[2:], found.entry[2:]).days.tolist() == []
