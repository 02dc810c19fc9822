"""The least and the greatest sentiment of the cases in a stage. They are no sums: what a case that went had hidden is
only found among the others. So they are made again from the spells, for the stages and days where these changed."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raceline.analytics.cases import NEVER_DAY, NONE, extremes
from raceline.projections.rows import Longs, dates, or_null
from raceline.projections.sums import grouped

_GROUP = ["racetrack", "side", "stage"]
_FIRST_DAY, _LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
_SPELL = [*_GROUP, "from_day", "to_day", "sentiment"]


def changed_extremes(after: pa.Table, before: pa.Table) -> pa.Table:
    """The stages, and of each the days from the first to the last, whose extremes may be others than before.

    after, before: case_spells of the same customers. Rows: racetrack, side, stage, from_day, to_day.
    """
    both = pa.concat_tables([*_changes(after, 1), *_changes(before, -1)])
    summed = grouped(both, [*_GROUP, "day", "sentiment"]).aggregate([("change", "sum")])
    changed = summed.filter(pc.not_equal(summed["change_sum"], 0)).drop_columns("sentiment")
    left = grouped(both, [*_GROUP, "sentiment"]).aggregate([("change", "sum")])
    for_ever = left.filter(pc.not_equal(left["change_sum"], 0)).select([*_GROUP, "change_sum"])
    days = pa.repeat(pa.scalar(_LAST_DAY, pa.date32()), for_ever.num_rows)
    whole = pa.concat_tables([changed, for_ever.append_column("day", days).select(changed.column_names)])
    found = grouped(whole, _GROUP).aggregate([("day", "min"), ("day", "max")])
    return found.rename_columns([*_GROUP, "from_day", "to_day"])


def _changes(spells: pa.Table, sign: int) -> list[pa.Table]:
    """Scored spells as changes: one more from a day on, one less from the day on which it has ended."""
    scored = spells.filter(spells["sentiment"].is_valid())
    ended = scored.filter(pc.less(scored["to_day"], _LAST_DAY))
    parts = ((scored, "from_day", sign), (ended, "to_day", -sign))
    return [
        table.select([*_GROUP, day, "sentiment"])
        .rename_columns([*_GROUP, "day", "sentiment"])
        .append_column("change", pa.repeat(pa.scalar(change, pa.int64()), table.num_rows))
        for table, day, change in parts
    ]


def _counted(spells: pa.Table, change: int) -> pa.Table:
    scored = spells.select(_SPELL).filter(spells["sentiment"].is_valid())
    return scored.append_column("change", pa.repeat(pa.scalar(change, pa.int64()), scored.num_rows))


def counted_spells(spells: list[pa.Table], counted: pa.Table | None = None) -> pa.Table:
    """The scored spells of several tables, with how many there are of each, as `extreme_table` wants them: all days are
    touched. counted: what was counted before."""
    tables = [_counted(table, 1) for table in spells]
    if counted is not None:
        tables.append(counted.select([*_SPELL, "spells"]).rename_columns([*_SPELL, "change"]))
    summed = grouped(pa.concat_tables(tables), _SPELL).aggregate([("change", "sum")])
    days = {"touched_from": _FIRST_DAY, "touched_to": _LAST_DAY}
    summed = summed.rename_columns([*_SPELL, "spells"])
    for name, day in days.items():
        summed = summed.append_column(name, pa.repeat(pa.scalar(day, pa.date32()), summed.num_rows))
    return summed


def extreme_table(spells: pa.Table) -> pa.Table:
    """Rows of case_extremes for the days from touched_from to touched_to of each stage.

    spells: racetrack, side, stage, from_day, to_day, sentiment, spells (how many), touched_from, touched_to: all that
    count on any of these days.
    """
    groups = grouped(spells.select(_GROUP), _GROUP).aggregate([])
    group = _codes(spells, groups)
    begin, end = _days(spells["from_day"]), _days(spells["to_day"])
    first, last = _days(spells["touched_from"]), _days(spells["touched_to"])
    score, many = spells["sentiment"].to_numpy(), spells["spells"].to_numpy()
    ends = (end <= last) & (end < NEVER_DAY)
    # What began before the days that are touched is there when they begin.
    day = np.concatenate([np.maximum(begin, first - 1), end[ends]])
    which, days, minimum, maximum = extremes(
        np.concatenate([group, group[ends]]).astype(np.int32),
        day.astype(np.int32),
        np.concatenate([score, score[ends]]),
        np.concatenate([many, -many[ends]]),
    )
    from_day = np.zeros(groups.num_rows, np.int64)
    from_day[group] = first
    # Only where they change: so it does not matter which of the days are made again.
    same_stage = np.diff(which, prepend=-1) == 0
    before = [np.where(same_stage, np.append(NONE, figure[:-1])[: len(figure)], NONE) for figure in (minimum, maximum)]
    kept = (days >= from_day[which]) & ((minimum != before[0]) | (maximum != before[1]))
    return pa.table(
        {name: groups[name].take(pa.array(which[kept])) for name in _GROUP}
        | {"day": dates(days[kept])}
        | {"minimum": or_null(minimum[kept]), "maximum": or_null(maximum[kept])}
    )


def _codes(table: pa.Table, groups: pa.Table) -> Longs:
    numbered = groups.append_column("group", pa.array(np.arange(groups.num_rows)))
    order = table.select(_GROUP).append_column("i", pa.array(np.arange(table.num_rows)))
    joined = order.join(numbered, _GROUP).sort_by("i")
    codes: Longs = joined["group"].to_numpy()
    return codes


def _days(column: pa.ChunkedArray) -> Longs:
    days: Longs = column.cast(pa.int32()).to_numpy().astype(np.int64)
    return days
