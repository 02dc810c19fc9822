"""Funnels: how many paths, or customers, do one thing after another, how long that takes, and is it more than chance.

A step of a funnel is done at the step of the path at which its prefix - all that was asked up to it and with it - is
first complete. So nobody is at a step without having been at those before it, and times never run backwards.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from raceline.analytics.path_arrays import PathArrays
from raceline.analytics.path_match import Automaton, matches
from raceline.analytics.paths import Flags, Longs
from raceline.analytics.rates import share

Figures = NDArray[np.float64]
_SECOND = 1_000_000
_Z = 1.959963984540054  # of a confidence of 95 %


class Funnel(NamedTuple):
    """k steps, (k,) each; nan where a figure is not defined.

    A *sequence* is a path; or, when customers are asked about, all paths of a customer as one. The interval of the
    conversion is a 95 % one and takes the customer, not the path, as the independent unit.
    """

    paths: Longs  # sequences that got there
    customers: Longs  # different customers of theirs
    of_previous: Longs  # sequences that got to the step before; at the first step all there are
    of_first: Longs  # sequences that got to the first step
    conversion: Figures  # paths / of_previous
    conversion_low: Figures
    conversion_high: Figures
    overall_conversion: Figures  # paths / of_first
    median_seconds: Figures  # from the step before to this one, of those that got here
    p95_seconds: Figures
    base_rate: Figures  # of all sequences, those that do what the step asks for anywhere
    lift: Figures  # conversion / base_rate: above 1 those who came from the step before do it more often


class _Sequences(NamedTuple):
    start: Longs  # (q + 1,) where each starts among the steps
    customer: Longs  # (q,) from 0, whose it is


def funnel(
    paths: PathArrays, prefixes: Sequence[Automaton], alone: Sequence[Automaton], *, per_customer: bool = False
) -> Funnel:
    """Figures of each step of a funnel.

    prefixes: (k,) what is asked up to each step and with it; alone: (k,) what the step asks for by itself. With
    per_customer the visits of a customer are one long path, and each customer counts once.
    """
    sequences = _sequences(paths, per_customer=per_customer)
    done = _done(paths, sequences, prefixes)
    there = done >= 0
    before = np.vstack([np.ones_like(there[:1]), there[:-1]])
    counts, tries = there.sum(axis=1), before.sum(axis=1)
    hits = [_by_customer(sequences, row) for row in there]
    bounds = [_bounds(ours, _by_customer(sequences, row)) for ours, row in zip(hits, before, strict=True)]
    low, high = np.stack(bounds, axis=1)
    seconds = [(np.nan, np.nan), *(_seconds(paths, sequences.start, *pair) for pair in pairwise(done))]
    median, p95 = np.stack(seconds, axis=1)
    anywhere = np.array([np.sum(matches(sequences.start, paths.page, step) >= 0) for step in alone])
    conversion, base_rate = share(counts, tries), share(anywhere, tries[0])
    return Funnel(
        counts,
        np.array([np.count_nonzero(row) for row in hits]),
        tries,
        np.full_like(counts, counts[0]),
        conversion,
        low,
        high,
        share(counts, counts[0]),
        median,
        p95,
        base_rate,
        share(conversion, base_rate),
    )


def reached(paths: PathArrays, prefixes: Sequence[Automaton], *, per_customer: bool = False) -> Flags:
    """The paths behind each step, (k, p): those that got there; with per_customer those in which a customer did."""
    sequences = _sequences(paths, per_customer=per_customer)
    found = np.zeros((len(prefixes), len(paths.customer)), np.bool_)
    for row, done in zip(found, _done(paths, sequences, prefixes), strict=True):
        steps = (sequences.start[:-1] + done)[done >= 0]
        row[np.searchsorted(paths.path_start, steps, side="right") - 1] = True
    return found


def _sequences(paths: PathArrays, *, per_customer: bool) -> _Sequences:
    new = np.diff(paths.customer, prepend=-1) != 0
    if not per_customer:
        return _Sequences(paths.path_start, np.cumsum(new) - 1)
    start = np.append(paths.path_start[:-1][new], paths.path_start[-1])
    return _Sequences(start, np.arange(len(start) - 1))


def _done(paths: PathArrays, sequences: _Sequences, prefixes: Sequence[Automaton]) -> Longs:
    """(k, q) the step at which each sequence is done with each prefix, -1 for never."""
    found: list[Longs] = []
    for prefix in prefixes:  # who is not done with the one before is not with the next
        among = found[-1] >= 0 if found else None
        found.append(matches(sequences.start, paths.page, prefix, among))
    return np.stack(found)


def _by_customer(sequences: _Sequences, flags: Flags) -> Longs:
    """(customers,) how many sequences of each are flagged."""
    customers = int(sequences.customer[-1]) + 1 if len(sequences.customer) else 0
    return np.bincount(sequences.customer[flags], minlength=customers)


def _bounds(hits: Longs, tries: Longs) -> tuple[float, float]:
    """A 95 % interval of sum(hits) / sum(tries), both (customers,); nan with fewer than two customers.

    Wilson's, on the effective number of tries of Korn and Graubard (Survey Methodology 24, 1998): divided by the design
    effect of the linearised ratio over customers, and made smaller for few customers as a t is wider than a normal. A
    design effect below 1 is taken as 1. Where all tries succeed, or none, each customer counts as one try. Such
    intervals are compared by Dean and Pagano (J. Survey Statistics and Methodology 3, 2015).
    """
    tried = tries > 0
    hits, tries, customers = hits[tried], tries[tried], int(tried.sum())
    if customers < 2:
        return np.nan, np.nan
    n = tries.sum()
    rate = hits.sum() / n
    effective = float(customers)
    if 0 < rate < 1:
        variance = customers / (customers - 1) * np.sum((hits - rate * tries) ** 2) / n**2
        effective = n / max(variance / (rate * (1 - rate) / n), 1.0)
    effective *= (_Z / stdtrit(customers - 1, 0.975)) ** 2
    middle = rate + _Z**2 / (2 * effective)
    width = _Z * np.sqrt(rate * (1 - rate) / effective + (_Z / (2 * effective)) ** 2)
    whole = 1 + _Z**2 / effective
    return max((middle - width) / whole, 0.0), min((middle + width) / whole, 1.0)


def _seconds(paths: PathArrays, start: Longs, before: Longs, done: Longs) -> tuple[float, float]:
    """Median and 95th percentile of the time from one step to the next, of those that did both at times known."""
    there = done >= 0
    first, last = start[:-1][there] + before[there], start[:-1][there] + done[there]
    known = paths.seen[first] & paths.seen[last]
    if not known.any():
        return np.nan, np.nan
    found = np.quantile((paths.at[last] - paths.at[first])[known], (0.5, 0.95)) / _SECOND
    return float(found[0]), float(found[1])
