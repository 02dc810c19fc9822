"""A company's history is what its customers' stays say at each instant; compared with the naive twin."""

from collections import defaultdict
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import param

from raceline.analytics.account_history import NOWHERE, OPEN, roll_up

# company, stage, entered, how long (None: still open)
_stays = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 8), st.none() | st.integers(0, 5)), max_size=25
)


def rolled_up(stays):
    columns = [np.array(column, np.int64) for column in zip(*stays, strict=True)] or [np.zeros(0, np.int64)] * 4
    return list(zip(*(column.tolist() for column in roll_up(*columns)), strict=True))


def naive(stays):
    """company, from, to, furthest, earliest, customers of each run."""
    companies = defaultdict(list)
    for company, *stay in stays:
        companies[company].append(stay)
    return [(company, *run) for company in sorted(companies) for run in runs_of(companies[company])]


def runs_of(stays):
    instants = sorted({at for _, entered, left in stays for at in (entered, left) if at != OPEN})
    states = [(at, *state(stays, at)) for at in instants]
    runs = [list(run)[0] for _, run in groupby(states, key=lambda one: one[1:])]  # noqa: RUF015 - groupby's iterator
    if runs and runs[0][1:] == (NOWHERE, NOWHERE, 0):
        del runs[0]
    ends = [run[0] for run in runs[1:]] + [OPEN]
    return [(run[0], end, *run[1:]) for run, end in zip(runs, ends, strict=False)]  # no run: an end too many


def state(stays, at):
    inside = [stage for stage, entered, left in stays if entered <= at < left]
    return (max(inside), min(inside), len(inside)) if inside else (NOWHERE, NOWHERE, 0)


@pytest.mark.parametrize(
    ("stays", "runs"),
    [
        param([(0, 1, OPEN)], [(1, OPEN, 0, 0, 1)], id="one customer is the whole company"),
        param(
            [(0, 1, 5), (2, 5, OPEN), (1, 3, OPEN)],
            [(1, 3, 0, 0, 1), (3, 5, 1, 0, 2), (5, OPEN, 2, 1, 2)],
            id="furthest and earliest are those of its customers at that time",
        ),
        param([(0, 1, 4), (0, 4, OPEN)], [(1, OPEN, 0, 0, 1)], id="where nothing changes there is one run"),
        param(
            [(1, 1, 2), (1, 6, OPEN)],
            [(1, 2, 1, 1, 1), (2, 6, NOWHERE, NOWHERE, 0), (6, OPEN, 1, 1, 1)],
            id="a company whose customers have all left is nowhere, and may come back",
        ),
        param([(0, 1, 3), (4, 3, 3), (1, 3, OPEN)], [(1, 3, 0, 0, 1), (3, OPEN, 1, 1, 1)],
              id="a stay of no length is passed over"),
        param([(2, 7, 7)], [], id="a company that was never in a stage has no history"),
    ],
)  # fmt: skip
def test_a_company_stands_where_its_customers_stand(stays, runs):
    assert rolled_up([(0, *stay) for stay in stays]) == [(0, *run) for run in runs]


def test_companies_do_not_mix():
    stays = [(0, 1, 1, OPEN), (1, 0, 2, 4), (2, 1, 2, OPEN)]
    assert rolled_up(stays) == [
        (0, 1, OPEN, 1, 1, 1),
        (1, 2, 4, 0, 0, 1),
        (1, 4, OPEN, NOWHERE, NOWHERE, 0),
        (2, 2, OPEN, 1, 1, 1),
    ]


@given(_stays)
def test_it_says_what_the_naive_twin_says(found):
    stays = [
        (company, stage, entered, OPEN if length is None else entered + length)
        for company, stage, entered, length in found
    ]
    assert rolled_up(stays) == naive(stays)
