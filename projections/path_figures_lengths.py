"""How long paths are and how many of them are resolved, and two kinds of paths compared in this."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.path_lengths import METRICS, LengthSums, compare_paths, length_sums, mean_and_variance
from raceline.projections.path_figures_chosen import Chosen, Codes, Flags, Snapshot, filters_of
from raceline.projections.path_figures_lists import listed
from raceline.projections.path_figures_rows import Rows, row_of, rows_of, share
from raceline.projections.path_list import PathList


def path_statistics(snapshot: Snapshot, arguments: Mapping[str, Any], _: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths that are asked about, and of them the rows path_sums and path_shares."""
    chosen = snapshot.chosen(filters_of(arguments, arguments.get("where")))
    paths = len(chosen.index)
    found = length_sums(chosen.length, chosen.resolved, np.zeros(paths, np.int32), 1)
    kinds = {name: [figure[0] for figure in kind] for name, kind in _by_end(found).items()}
    count, mean, variance = zip(*kinds.values(), strict=True)
    return chosen, {
        "path_sums": rows_of(key=list(kinds), paths=count, mean_length=mean, variance_length=variance),
        "path_shares": row_of(
            share_resolved=share(chosen.resolved.sum(), paths),
            share_with_turnaround=share(chosen.turned.sum(), paths),
            customers=chosen.customers,
        ),
        "path_lists": [],
    }


def path_comparison(snapshot: Snapshot, arguments: Mapping[str, Any], lists: Sequence[PathList]) -> tuple[Chosen, Rows]:
    """The paths of either arm, and the rows comparison, comparison_arms and comparison_totals."""
    arms = [snapshot.chosen(filters_of(arguments[arm])) for arm in ("a", "b")]
    found = compare_paths(
        _codes([_customers(arm) for arm in arms]),
        np.repeat(np.array([0, 1], np.int8), [len(arm.index) for arm in arms]),
        *(np.concatenate(columns) for columns in zip(*map(_compared, arms), strict=True)),
    )
    figures = ("a", "b", "difference", "low", "high", "p", "q")
    either = snapshot.those(_either(arms))
    return either, {
        "comparison": rows_of(
            n=np.arange(1, len(METRICS) + 1),
            metric=[name.upper() for name in METRICS],
            **{name: getattr(found, name) for name in figures},
        ),
        "comparison_arms": [row for n, arm in enumerate(arms, 1) for row in _arm(n, arm)],
        "comparison_totals": row_of(
            customers_in_both=_in_both(*(_customers(arm) for arm in arms)),
            paths_in_both=sum(len(arm.index) for arm in arms) - len(either.index),
        ),
        "path_lists": [
            row
            for one in lists
            for n, arm in enumerate(arms, 1)
            for row in listed(snapshot, arm, one, [n], np.zeros(len(arm.index), np.int32), np.arange(len(arm.index)))
        ],
    }


def lengths(found: LengthSums) -> dict[str, NDArray[Any]]:
    """paths, mean_length and variance_length of each group: of all its paths, of the resolved and of the open ones."""
    names = ("paths", "mean_length", "variance_length")
    return {
        f"{kind}_{name}": figure
        for kind, figures in _by_end(found).items()
        for name, figure in zip(names, figures, strict=True)
    }


def _by_end(found: LengthSums) -> dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    kinds = {
        "all": [sums.sum(axis=1) for sums in found],
        "resolved": [sums[:, 1] for sums in found],
        "open": [sums[:, 0] for sums in found],
    }
    return {name: (sums[0], *mean_and_variance(*sums)) for name, sums in kinds.items()}


def _codes(customers: list[Codes]) -> Codes:
    """Customers of both arms, numbered from 0."""
    every = np.concatenate(customers)
    number = np.zeros(int(every.max(initial=-1)) + 1, np.int32)
    number[every] = 1
    codes: Codes = (np.cumsum(number, dtype=np.int32) - 1)[every]
    return codes


def _customers(arm: Chosen) -> Codes:
    """(q,) the customers of its paths, by their codes."""
    codes: Codes = arm.columns.arrays.customer[arm.index]
    return codes


def _in_both(a: Codes, b: Codes) -> int:
    """How many codes are in both."""
    in_a, in_b = (
        np.bincount(codes, minlength=int(max(a.max(initial=0), b.max(initial=0))) + 1) > 0 for codes in (a, b)
    )
    return int(np.count_nonzero(in_a & in_b))


def _compared(arm: Chosen) -> tuple[NDArray[Any], Flags, Flags]:
    return arm.length, arm.resolved, arm.turned


def _either(arms: list[Chosen]) -> Flags:
    kept = np.zeros(arms[0].columns.paths, np.bool_)
    for arm in arms:
        kept[arm.index] = True
    return kept


def _arm(n: int, arm: Chosen) -> list[dict[str, Any]]:
    paths = len(arm.index)
    found = length_sums(arm.length, arm.resolved, np.zeros(paths, np.int32), 1)
    return rows_of(n=[n], paths=[paths], customers=[arm.customers], **lengths(found))
