"""Rows to learn from whose chances are known: customers in a stage whom content, and nothing else, makes move."""

import numpy as np

from raceline.analytics.landmark_model import TrainingSet

NAMES = ("days_in_stage", "content", "manager", "mood", "nothing")
GROUPS = np.array([0, 1, 7, 5, 7], np.int8)
STAGES = 4
WATCHED = 100.0
RATES = (0.6, 0.1, 0.0, 0.1, 0.2)  # of the exits, of all who leave


def known_rows(counts=(1_500, 400, 60, 8), seed=0, of=2):
    """So many customers in each stage, at `of` landmarks five days apart; half of them are watched for 100 days."""
    dice = np.random.default_rng(seed)
    stage = np.repeat(np.arange(len(counts)), counts)
    n = len(stage)
    content, manager = dice.poisson(1.0, n), dice.integers(0, 2, n)
    mood = np.where(dice.random(n) < 0.3, np.nan, dice.uniform(-1, 1, n))
    length = dice.exponential(1 / rate(content))
    out = dice.choice(5, n, p=RATES)
    watched = np.where(dice.random(n) < 0.5, WATCHED, dice.uniform(1, WATCHED, n))
    left = length <= watched
    whole = np.minimum(length, watched)
    rows = [(i, 5.0 * k) for i in range(n) for k in range(of) if whole[i] > 5.0 * k]
    at, since = np.array([i for i, _ in rows], np.int64), np.array([days for _, days in rows], np.float64)
    features = np.stack([since, content[at], manager[at], mood[at], np.full(len(at), 3.0)], axis=1)
    exits = np.where(left, out, -1).astype(np.int8)
    whole, watched = whole[at] - since, watched[at] - since
    return TrainingSet(stage[at].astype(np.int32), at.astype(np.int32), features, whole, exits[at], watched)


def rate(content):
    """How many leave within a day, of all."""
    return 0.02 * np.exp(0.8 * np.log1p(content))
