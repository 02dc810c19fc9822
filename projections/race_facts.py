"""Events as the kernel wants them: which matchers each event satisfies, and the values that are counted or summed."""

from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.race import DAYS, Facts
from raceline.domain.columns import Columns
from raceline.domain.condition import Filter, Scalar
from raceline.projections.race_rules import MILLIONTHS, Matcher, Test, Track, ValueColumn

Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
_DAY = 86_400_000_000
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_MOST = 1e9  # of one event in a sum, so that no sum of a customer's events can leave 64 bits


class Kinds(NamedTuple):
    """The rows of each type. codes: (n,) into names; of: by type, its rows in order."""

    names: list[str]
    codes: NDArray[np.int32]
    rows: dict[str, Longs]


class Field(NamedTuple):
    """What a racetrack sees: the columns of the events that it is about, their types, and the kernel's facts. kept: of
    all the events that there were, which these are."""

    columns: Columns
    kinds: Kinds
    facts: Facts
    kept: Bools


def field(columns: Columns, track: Track) -> Field:
    """The events that a racetrack is about, as its program reads them."""
    kept = _in_scope(columns, track)
    columns = columns if kept.all() else columns.where(kept)
    kinds = kinds_of(columns)
    start = np.searchsorted(columns.customer, np.arange(len(columns.customers) + 1)).astype(np.int64)
    days = (track.program.leaf_kind == DAYS).any()
    values = [_values(columns, kinds, column) for column in track.values]
    facts = Facts(
        start=start,
        occurred_at=columns.occurred_at,
        recorded_at=columns.recorded_at,
        day=local_days(columns.occurred_at, track.racetrack.time_zone) if days else np.zeros(len(columns), np.int32),
        matches=_matches(columns, kinds, track.matchers),
        values=np.array([value for value, _ in values], np.int64).reshape(len(values), len(columns)),
        value_size=np.array([size for _, size in values], np.int64),
    )
    return Field(columns, kinds, facts, kept)


def local_days(microseconds: Longs, zone: str) -> NDArray[np.int32]:
    """(n,) days since 1970 as a calendar of that time zone has them."""
    moments = pa.array(microseconds).cast(pa.timestamp("us", "UTC"))
    if zone != "UTC":
        moments = pc.local_timestamp(moments.cast(pa.timestamp("us", zone)))
    days: NDArray[np.int32] = moments.cast(pa.date32(), safe=False).cast(pa.int32()).to_numpy()
    return days


def midnights(days: Longs, zone: str) -> Longs:
    """(n,) when local days (n,) begin, in microseconds since 1970: after the hour that is left out or before the one
    that comes twice, where clocks are put on or back at midnight."""
    local = pa.array(days * _DAY).cast(pa.timestamp("us"))
    begun = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest")
    return np.asarray(begun.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _in_scope(columns: Columns, track: Track) -> Bools:
    """(n,) which events a racetrack is about."""
    scope = track.racetrack.events
    if not scope.products:
        return np.ones(len(columns), np.bool_)
    product = columns.texts["product"]
    kept: Bools = pc.is_in(product, pa.array(scope.products, pa.string())).to_numpy()
    return kept | pc.is_null(product).to_numpy() if scope.without_product else kept


def kinds_of(columns: Columns) -> Kinds:
    """The rows of the columns by type."""
    encoded = columns.texts["type"].combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
    names = encoded.dictionary.to_pylist()
    rows = {name: order[start:stop] for name, start, stop in zip(names, edges[:-1], edges[1:], strict=True)}
    return Kinds(names, codes, rows)


def _matches(columns: Columns, kinds: Kinds, matchers: tuple[Matcher, ...]) -> NDArray[np.uint64]:
    """(n, words): bit m % 64 of word m // 64 is set where matcher m counts the event."""
    matches = np.zeros((len(columns), max(1, -(-len(matchers) // 64))), np.uint64)
    for n, matcher in enumerate(matchers):
        bit = np.uint64(1 << n % 64)
        for _, passed in matching_rows(columns, kinds, matcher):
            matches[passed, n // 64] |= bit
    return matches


def matching_rows(columns: Columns, kinds: Kinds, matcher: Matcher) -> Iterator[tuple[str, Longs]]:
    """The rows that a matcher counts, type by type."""
    for kind, tests in matcher.tests.items():
        if (rows := kinds.rows.get(kind)) is not None:
            yield kind, reduce(lambda left, test: left[_passes(columns, left, test)], tests, rows)


def _passes(columns: Columns, rows: Longs, test: Test) -> Bools:
    """Which of these rows a test lets pass. A missing value passes only where it has to be missing."""
    encoded = columns.texts[test.column].take(pa.array(rows)).combine_chunks().dictionary_encode()
    # Values repeat, so each is looked at once; the last place stands for a missing one.
    verdict = np.append(_verdicts(encoded.dictionary, test), _missing_passes(test))
    codes = encoded.indices.fill_null(len(verdict) - 1).to_numpy()
    passes: Bools = verdict[codes]
    return passes


def _missing_passes(test: Test) -> bool:
    return isinstance(test.predicate, Filter) and test.predicate.present is False


def _verdicts(values: pa.Array, test: Test) -> Bools:
    match test.predicate:
        case Filter() as wanted:
            return _filtered(values, wanted)
        case tuple() as several:
            return reduce(np.logical_or, [_equal(values, one, test.kind) for one in several])
        case one:
            return _equal(values, one, test.kind)


def _equal(values: pa.Array, wanted: Scalar, kind: str) -> Bools:
    if kind in ("integer", "number"):
        return np.asarray(numbers(values) == float(wanted), np.bool_)
    return np.asarray(pc.equal(values, _text(wanted)).to_numpy(zero_copy_only=False), np.bool_)


def _text(value: Scalar) -> str:
    """What the column holds for such a value: JSON's words."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filtered(values: pa.Array, wanted: Filter) -> Bools:
    kept = np.full(len(values), wanted.present is not False)
    if wanted.prefix is not None:
        kept &= pc.starts_with(values, wanted.prefix).to_numpy(zero_copy_only=False)
    found = numbers(values)
    with np.errstate(invalid="ignore"):  # what is no number is nowhere near
        for bound, compare in (
            (wanted.at_least, np.greater_equal),
            (wanted.at_most, np.less_equal),
            (wanted.above, np.greater),
            (wanted.below, np.less),
        ):
            if bound is not None:
                kept &= compare(found, bound)
    return kept


def numbers(values: pa.Array) -> NDArray[np.float64]:
    """The numbers that texts are; not-a-number for those that are none."""
    like = pc.match_substring_regex(values, _NUMBER)
    found = pc.if_else(like, values, pa.scalar(None, pa.string())).cast(pa.float64())
    return np.asarray(found.to_numpy(zero_copy_only=False), np.float64)


def _values(columns: Columns, kinds: Kinds, column: ValueColumn) -> tuple[Longs, int]:
    """(n,) codes of the values, -1 where there is none, and how many codes there are; or millionths, and 0."""
    made = np.full(len(columns), 0 if column.sums else -1, np.int64)
    present = [(rows, name) for kind, name in column.columns.items() if (rows := kinds.rows.get(kind)) is not None]
    if not present:
        return made, 0
    texts = pa.chunked_array([columns.texts[name].take(pa.array(rows)).combine_chunks() for rows, name in present])
    encoded = texts.combine_chunks().dictionary_encode()
    rows = np.concatenate([rows for rows, _ in present])
    codes = encoded.indices.fill_null(-1).to_numpy()
    if not column.sums:
        made[rows] = codes
        return made, len(encoded.dictionary)
    made[rows] = np.append(millionths(encoded.dictionary), 0)[codes]
    return made, 0


def millionths(texts: pa.Array) -> Longs:
    """The numbers that texts are, in millionths; 0 for those that are none."""
    amounts = np.nan_to_num(np.clip(numbers(texts), -_MOST, _MOST))
    whole: Longs = np.rint(amounts * MILLIONTHS).astype(np.int64)
    return whole
