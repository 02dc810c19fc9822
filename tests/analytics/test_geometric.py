"""Paths whose length is known: every click resolves with one probability, whatever came before."""

import numpy as np
import pytest
from tests.analytics.walks import GAP, SECOND

from raceline.analytics.path_lengths import length_sums, mean_and_variance
from raceline.analytics.paths import build_paths

CUSTOMERS, RESOLVES = 100_000, 0.3


@pytest.mark.parametrize("seed", range(3))
def test_clicks_that_resolve_with_probability_three_tenths_make_paths_of_geometric_length(seed):
    """Mean 1 / p = 3.33 and variance (1 - p) / p^2 = 7.78, in clicks. A path of n clicks has n + 1 steps, because the
    first click adds its source too; that moves the mean by one and leaves the variance."""
    clicks = np.random.default_rng(seed).random((CUSTOMERS, 60)) < RESOLVES
    clicks[:, -1] = True  # one customer in 10^9 comes so far
    count = clicks.argmax(axis=1) + 1
    end = np.cumsum(count)
    step = np.arange(end[-1]) - np.repeat(end - count, count)
    customer = np.repeat(np.arange(CUSTOMERS, dtype=np.int32), count)
    page = (step + 1).astype(np.int32)
    built = build_paths(customer, step * SECOND, page, page - 1, clicks[customer, step], GAP)

    length = np.diff(built.path_start) - 1
    assert built.resolved.all()
    sums = length_sums(length, built.resolved, np.zeros(len(length), np.int32), 1)
    mean, variance = (figures[0, 1] for figures in mean_and_variance(*sums))
    fourth = ((length - mean) ** 4).mean()
    assert mean == pytest.approx(1 / RESOLVES, abs=4 * np.sqrt(variance / CUSTOMERS))
    assert variance == pytest.approx((1 - RESOLVES) / RESOLVES**2, abs=4 * np.sqrt((fourth - variance**2) / CUSTOMERS))
