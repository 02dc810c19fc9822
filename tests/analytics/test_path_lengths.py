"""Sums of lengths, and two arms compared."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx, param
from scipy import stats

from raceline.analytics import path_lengths
from raceline.analytics.path_lengths import METRICS, compare_paths, length_sums, mean_and_variance

# Each path: its group, or its customer and arm; its length; whether it is resolved; whether somebody turned.
grouped = st.lists(st.tuples(st.integers(-1, 2), st.integers(1, 10**6), st.booleans()), max_size=30)
armed = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 1), st.integers(1, 6), st.booleans(), st.booleans()), max_size=40
)
LENGTHS = [name for name in METRICS if "length" in name]


def summed(found, groups=3):
    group, length, resolved = zip(*found, strict=True) if found else ((),) * 3
    return length_sums(np.array(length, np.int64), np.array(resolved, bool), np.array(group, np.int32), groups)


def compared(found):
    customer, arm, length, resolved, turned = zip(*found, strict=True) if found else ((),) * 5
    return compare_paths(
        np.array(customer, np.int32),
        np.array(arm, np.int8),
        np.array(length, np.int64),
        np.array(resolved, bool),
        np.array(turned, bool),
    )


def told(found, name):
    """One row of a comparison, by the names of its columns."""
    return {column: float(values[METRICS.index(name)]) for column, values in compared(found)._asdict().items()}


def arms(a, b):
    """Customers as lists of the lengths of their open paths -> paths; no customer is in both arms."""
    return [
        (customer, arm, length, False, False)
        for customer, (arm, lengths) in enumerate([*((0, x) for x in a), *((1, x) for x in b)])
        for length in lengths
    ]


class Naive:
    """Bell and McCaffrey by their definition, in whole matrices: a row for each path, a column for each arm."""

    def __init__(self, customer, arm, figure):
        x = np.stack([1 - arm, arm], axis=1).astype(float)
        contrast = np.array([-1.0, 1.0])
        n = len(figure)
        bread = np.linalg.inv(x.T @ x)
        residual_maker = np.eye(n) - x @ bread @ x.T
        residual = residual_maker @ figure
        columns = []
        for c in np.unique(customer):
            own = customer == c
            values, vectors = np.linalg.eigh(residual_maker[np.ix_(own, own)])
            root = vectors @ np.diag([0 if v < 1e-9 else v**-0.5 for v in values]) @ vectors.T
            columns.append(residual_maker[:, own] @ root @ x[own] @ bread @ contrast)
        spread = np.stack(columns, axis=1)
        inner = spread.T @ spread
        self.variance = float(((spread.T @ residual) ** 2).sum())
        self.freedom = float(np.trace(inner) ** 2 / (inner**2).sum())
        self.difference = float(contrast @ bread @ x.T @ figure)


@given(grouped)
def test_sums_of_lengths_are_those_of_plain_loops(found):
    expected = np.zeros((3, 3, 2), int)
    for group, length, resolved in found:
        if group >= 0:
            expected[:, group, int(resolved)] += (1, length, length * length)
    assert [sums.tolist() for sums in summed(found)] == expected.tolist()


@settings(max_examples=10)
@given(grouped)
def test_compiled_and_plain_sums_agree(found):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(path_lengths, "_sum_lengths", path_lengths._sum_lengths.py_func)
        plain = summed(found)
    assert [sums.tolist() for sums in summed(found)] == [sums.tolist() for sums in plain]


def test_a_group_that_does_not_exist_is_refused():
    with pytest.raises(IndexError):
        summed([(3, 1, True)])
    with pytest.raises(ValueError, match="differ in length"):
        length_sums(np.ones(2, np.int64), np.ones(1, bool), np.zeros(2, np.int32), 1)


@given(st.lists(st.integers(1, 10**6), max_size=30))
def test_the_variance_is_that_of_all_the_paths_there_are(lengths):
    """The population variance: divided by the number of paths, not by one less."""
    found = summed([(0, length, True) for length in lengths], groups=1)
    mean, variance = (float(figure[0, 1]) for figure in mean_and_variance(*found))
    if not lengths:
        assert np.isnan(mean)
        assert np.isnan(variance)
    else:
        exact = Fraction(sum(lengths), len(lengths))
        spread = sum((length - exact) ** 2 for length in lengths) / len(lengths)
        assert (mean, variance) == (approx(float(exact)), approx(float(spread), rel=1e-6, abs=1e-3))


def test_the_figures_of_two_arms():
    a = [(1, 0, 2, True, False), (1, 0, 4, True, True), (2, 0, 6, False, False), (2, 0, 6, False, False)]
    b = [(3, 1, 5, True, True), (4, 1, 7, True, False), (4, 1, 1, False, True)]
    found = compared(a + b)
    assert found.a.tolist() == approx([4.5, 3, 6, 1 / 2, 1 / 4, 2.75, 1])
    assert found.b.tolist() == approx([13 / 3, 6, 1, 2 / 3, 2 / 3, 56 / 9, 1])
    assert found.difference.tolist() == approx((found.b - found.a).tolist())


@given(armed)
def test_a_comparison_of_lengths_is_that_of_the_naive_twin(found):
    """Closed sums over customers say what the matrices of the paper say, also for customers in both arms."""
    customer, arm, length, _, _ = (np.array(column) for column in zip(*found, strict=True)) if found else ([],) * 5
    row = told(found, "mean_length")
    in_arm = [len({c for c, of, *_ in found if of == side}) for side in (0, 1)]
    if min(in_arm) < 2:
        assert np.isnan([row["low"], row["high"], row["t"], row["freedom"], row["p"]]).all()
        return
    twin = Naive(customer, arm, length.astype(float))
    assert row["difference"] == approx(twin.difference)
    if twin.variance < 1e-15:
        assert np.isnan(row["p"])
    else:
        assert row["t"] == approx(twin.difference / np.sqrt(twin.variance), abs=1e-9)
        assert row["freedom"] == approx(twin.freedom)
        assert row["p"] == approx(2 * stats.t.sf(abs(row["t"]), twin.freedom))
        assert (row["high"] - row["low"]) / 2 == approx(stats.t.ppf(0.975, twin.freedom) * np.sqrt(twin.variance))


def test_one_path_a_customer_is_the_test_of_welch():
    a, b = [1, 2, 2, 5, 9], [3, 4, 4, 8]
    row = told(arms([[x] for x in a], [[x] for x in b]), "mean_length")
    assert row["t"] == approx(stats.ttest_ind(b, a, equal_var=False).statistic)


def test_customers_in_both_arms_are_compared_with_themselves():
    before, after = [3, 9, 20, 31, 40], [2, 9, 18, 29, 37]
    found = [(c, arm, x, True, False) for arm, lengths in enumerate([before, after]) for c, x in enumerate(lengths)]
    row, paired = told(found, "mean_length"), stats.ttest_rel(after, before)
    assert (row["t"], row["p"], row["freedom"]) == approx((paired.statistic, paired.pvalue, 4))


def test_many_paths_of_one_customer_are_no_more_than_one_customer():
    once = [[3], [4], [6], [8]], [[5], [7], [8], [9]]
    often = tuple([lengths * 50 for lengths in arm] for arm in once)
    for name in ("mean_length", "mean_length_open", "variance_length"):
        few, many = (told(arms(*found), name) for found in (once, often))
        assert (few["p"], few["low"], few["high"]) == approx((many["p"], many["low"], many["high"]))


@given(armed)
def test_an_interval_leaves_out_0_just_when_p_is_below_a_twentieth(found):
    row = compared(found)
    known = ~np.isnan(row.p)
    assert (known == ~np.isnan(row.low)).all()
    assert (((row.low > 0) | (row.high < 0)) == (row.p < 0.05))[known].all()
    assert (row.low[known] <= row.high[known]).all()
    assert (row.q[known] >= row.p[known] - 1e-12).all()


@given(armed)
def test_arms_that_change_places_change_the_sign(found):
    other = compared([(customer, 1 - arm, *more) for customer, arm, *more in found])
    row = compared(found)
    for mine, theirs in [
        (row.a, other.b),
        (row.difference, -other.difference),
        (row.low, -other.high),
        (row.p, other.p),
    ]:
        assert mine.tolist() == approx(theirs.tolist(), nan_ok=True, abs=1e-9)


@given(armed, st.randoms())
def test_neither_the_order_of_paths_nor_the_codes_of_customers_matter(found, random):
    names = random.sample(range(100), 8)
    mixed = [(names[customer], *more) for customer, *more in found]
    random.shuffle(mixed)
    for mine, theirs in zip(compared(found), compared(mixed), strict=True):
        assert mine.tolist() == approx(theirs.tolist(), nan_ok=True, abs=1e-9)


@pytest.mark.parametrize(
    ("found", "a", "b"),
    [
        param([], np.nan, np.nan, id="no paths at all"),
        param(arms([[3], [4]], []), 3.5, np.nan, id="no paths in an arm"),
        param(arms([[3, 5]], [[1], [2]]), 4, 1.5, id="one customer in an arm"),
        param(arms([[3], [3]], [[3], [3, 3]]), 3, 3, id="no length differs"),
        param(
            arms([[1, 1, 2]] * 3, [[2, 2, 3]] * 4), 4 / 3, 7 / 3, id="no customer differs from the others of its arm"
        ),
    ],
)
def test_where_customers_tell_nothing_of_the_error_there_is_no_test(found, a, b):
    row = told(found, "mean_length")
    assert (row["a"], row["b"], row["difference"]) == approx((a, b, b - a), nan_ok=True)
    assert np.isnan([row[column] for column in ("low", "high", "t", "freedom", "p", "q")]).all()


def resolving(a, b):
    """For each arm: customers of one path that is resolved, and customers of one path that is open."""
    counts = [(0, True, a[0]), (0, False, a[1]), (1, True, b[0]), (1, False, b[1])]
    found = [(arm, 3, resolved, False) for arm, resolved, count in counts for _ in range(count)]
    return [(customer, *path) for customer, path in enumerate(found)]


@pytest.mark.parametrize(
    ("a", "b", "significant"),
    [
        param((1, 0), (0, 1), False, id="one customer against one tells nothing"),
        param((50, 0), (50, 0), False, id="all are resolved in both arms"),
        param((50, 0), (0, 50), True, id="all are resolved in one arm, none in the other"),
        param((50, 0), (48, 2), False, id="an arm without an exception is not known exactly"),
        param((500, 0), (470, 30), True, id="an arm without an exception differs from one with many"),
    ],
)
def test_a_share_of_all_or_of_none_has_an_interval(a, b, significant):
    row = told(resolving(a, b), "share_resolved")
    assert (row["a"], row["b"]) == (a[0] / sum(a), b[0] / sum(b))
    assert -1 <= row["low"] <= row["difference"] <= row["high"] <= 1
    assert row["low"] < row["high"]
    assert (row["p"] < 0.05) == significant


def test_a_share_without_an_exception_is_as_uncertain_as_its_customers_are_few():
    once = resolving((20, 0), (20, 0))
    often = once * 50
    assert told(once, "share_resolved")["high"] == approx(told(often, "share_resolved")["high"])


def test_q_is_corrected_for_the_comparisons_that_could_be_made():
    found = compared(arms([[2], [4], [6], [8]], [[5], [7], [9], [12]]))
    known = ~np.isnan(found.p)
    assert [name for name, one in zip(METRICS, known, strict=True) if one] == [
        "mean_length",
        "mean_length_open",
        "share_resolved",
        "share_with_turnaround",
        "variance_length",
    ]
    assert found.q[known].tolist() == approx(stats.false_discovery_control(found.p[known]).tolist())


def test_columns_that_do_not_fit_are_refused():
    one = np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="differ in length"):
        compare_paths(one, np.zeros(2, np.int8), np.ones(1, np.int64), one > 0, one > 0)
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        compare_paths(one, np.full(1, 2, np.int8), np.ones(1, np.int64), one > 0, one > 0)


def drawn(rng, customers, stop, common):
    """An experiment: each customer has a trait of its own, which is in all of its paths, and 1 to 20 paths."""
    shared = rng.normal(0, 0.4, customers[0])
    columns = []
    for arm in (0, 1):
        trait = shared if common else rng.normal(0, 0.4, customers[arm])
        of = np.repeat(np.arange(customers[arm]), np.minimum(rng.geometric(0.3, customers[arm]), 20))
        rate = stop[arm] * np.exp(trait[of])
        length = rng.geometric(np.clip(rate, 0.05, 0.95))
        resolved, turned = rng.random(len(of)) < 0.5 + 0.3 * np.tanh(trait[of]), rng.random(len(of)) < 0.1
        columns.append((of + (0 if common else arm * 10_000), np.full(len(of), arm), length, resolved, turned))
    return [np.concatenate(column) for column in zip(*columns, strict=True)]


def runs(times, customers, stop, common):
    rng = np.random.default_rng(20)
    for _ in range(times):
        customer, arm, length, resolved, turned = drawn(rng, customers, stop, common)
        yield compare_paths(customer.astype(np.int32), arm.astype(np.int8), length, resolved, turned)


@pytest.mark.parametrize(
    ("customers", "common"),
    [
        param((40, 40), False, id="two arms of 40 customers"),
        param((40, 40), True, id="40 customers in both arms"),
        param((150, 300), False, id="arms of 150 and 300 customers"),
    ],
)
def test_without_a_difference_one_comparison_in_twenty_finds_one(customers, common):
    """400 times each; three errors of a level are 3.3 %. Variances may find fewer (see the module)."""
    found = np.stack([row.p < 0.05 for row in runs(400, customers, (0.3, 0.3), common)]).mean(axis=0)
    level = dict(zip(METRICS, found.tolist(), strict=True))
    assert max(level.values()) <= 0.083
    assert min(value for name, value in level.items() if "variance" not in name) >= 0.015


def test_intervals_hold_the_true_difference_nineteen_times_in_twenty():
    """Paths stop with chances 0.3 and 0.45 at each step, so that b is shorter; the truth: of very many customers."""
    truth = next(runs(1, (200_000, 200_000), (0.3, 0.45), common=False)).difference
    found = list(runs(400, (100, 100), (0.3, 0.45), common=False))
    held = np.stack([(row.low <= truth) & (truth <= row.high) for row in found]).mean(axis=0)
    assert (held[:5] >= 0.925).all()
    assert (held[5:] >= 0.88).all(), "those of variances hang on the few longest paths"
    assert np.mean([row.p[0] < 0.05 for row in found]) > 0.9, "and a difference of this size is found"
