"""What each player of a game contributes: exact Shapley values; here the players are groups of features.

Lundberg and Lee, A unified approach to interpreting model predictions (2017), in its interventional form: a group that
is left out has the values of a background row, and what is told is the mean over the background rows. There are eight
groups, so all 256 coalitions are computed and nothing is sampled.
"""

from functools import cache
from math import exp, factorial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import kernel

Floats: TypeAlias = NDArray[np.float64]


def coalitions(intercept: Floats, own: Floats, background: Floats, exit: int) -> Floats:  # noqa: A002
    """Values (2^G, K) of all coalitions: bit g of the row is set where group g is the customer's own.

    intercept: (K, E) and own: (G, K, E), background: (M, G, K, E) make logits by their sums: of leaving by that exit in
    that bin, against still being there at its end. A value is the cumulative probability of the exit by the bin's end,
    the mean over the M background rows. Whatever is the same in both changes nothing, to the last bit.
    """
    first, second, third = (np.ascontiguousarray(one, np.float64) for one in (intercept, own, background))
    return _coalitions(first, second, third, exit)


def shapley(values: Floats) -> Floats:
    """Shapley values (G, K) of a game, given the values (2^G, K) of its coalitions."""
    groups = len(values).bit_length() - 1
    without, weight = _orders(groups)
    gains = [values[rest | 1 << g] - values[rest] for g, rest in enumerate(without)]
    return np.array([(weight[:, None] * gain).sum(axis=0) for gain in gains]).reshape(groups, values.shape[1])


@cache
def _orders(groups: int) -> tuple[list[NDArray[np.int64]], Floats]:
    """For each group the coalitions without it, and their weights: the share of orders in which just they come first.

    The coalitions without a group are in such an order that the sizes, and so the weights, are the same for every one.
    """
    rest = np.arange(1 << (groups - 1))
    sizes = [int(one).bit_count() for one in rest]
    weight = [factorial(size) * factorial(groups - size - 1) / factorial(groups) for size in sizes]
    without = [(rest >> g << (g + 1)) | (rest & ((1 << g) - 1)) for g in range(groups)]
    return without, np.array(weight)


@kernel
def _coalitions(intercept: Floats, own: Floats, background: Floats, exit: int) -> Floats:  # noqa: A002
    rows, groups, bins, exits = background.shape
    count = 1 << groups
    values = np.zeros((count, bins))
    logits = np.empty((count, bins, exits))
    for m in range(rows):
        logits[0] = intercept
        # Group by group, every sum that there is so far goes on in two ways.
        for g in range(groups):
            for s in range(1 << g):
                for k in range(bins):
                    for e in range(exits):
                        logits[s + (1 << g), k, e] = logits[s, k, e] + own[g, k, e]
                        logits[s, k, e] += background[m, g, k, e]
        for s in range(count):
            there, left = 1.0, 0.0
            for k in range(bins):
                top = 0.0
                for e in range(exits):
                    top = max(top, logits[s, k, e])
                stay = exp(-top)
                total = stay
                for e in range(exits):
                    total += exp(logits[s, k, e] - top)
                left += there * (exp(logits[s, k, exit] - top) / total)
                there *= stay / total
                values[s, k] += left
    values /= rows
    return values
