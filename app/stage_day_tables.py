"""Stages day by day as flat rows: what GraphQL answers to `stageDays`, and no other numbers."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from raceline.app.asking import Ask
from raceline.app.export_tables import Column

Row = dict[str, Any]
SIDES = ("open", "closed")
_METRICS = """
fragment Metrics on CaseMetrics {
  count surveys { count mean }
  sentiment { cases mean minimum maximum negative neutral positive }
  severities { buckets { value count } }
}"""
_QUESTION = """
query($from: Date!, $to: Date!, $stages: [String!], $racetrack: RacetrackRef, $account: String) {
  stageDays(from: $from, to: $to, stages: $stages, racetrack: $racetrack, account: $account) {
    racetrack version stage title n day position %s
  }
}"""
_WIDE = """customers entered left pagesViewed contentViewed overlays { overlay value }
    open { ...Metrics } closed { ...Metrics }"""
# A list of values is given whole: what it leaves out would be missing in the sums.
_EVERY = 2**31 - 1
_BY = {
    "severity": ("severities", "severities"),
    "cause": ("causes", f"causes(first: {_EVERY})"),
    "problem": ("problems", f"problems(first: {_EVERY})"),
}


class Days(NamedTuple):
    """Whose days are asked for. racetrack: name and version, None for the default one; stages: None for all of them,
    and those who are in none."""

    first: date
    last: date
    racetrack: tuple[str, int | None] | None = None
    stages: tuple[str, ...] | None = None
    account: str | None = None


class Scale(NamedTuple):
    """What has a column of its own: the severities and the overlays of a racetrack, in their order."""

    severities: tuple[str, ...]
    overlays: tuple[str, ...]


def wide_days(ask: Ask, days: Days) -> Iterator[list[Row]]:
    """The answers to `stageDays` with all their figures, month by month, by day and then by stage."""
    return _asked(ask, days, _QUESTION % _WIDE + _METRICS)


def long_days(ask: Ask, days: Days, by: str) -> Iterator[list[Row]]:
    """The answers with the cases by one of severity, cause and problem."""
    selection = f"{_BY[by][1]} {{ buckets {{ value count }} leftOutValues }}"
    return _asked(ask, days, _QUESTION % " ".join(f"{side} {{ {selection} }}" for side in SIDES))


def _asked(ask: Ask, days: Days, question: str) -> Iterator[list[Row]]:
    for first, last in months(days.first, days.last):
        found: list[Row] = ask(
            question,
            **{"from": first.isoformat(), "to": last.isoformat()},
            stages=None if days.stages is None else list(days.stages),
            racetrack=as_reference(days.racetrack),
            account=days.account,
        )["stageDays"]
        yield sorted(found, key=lambda row: str(row["day"]))  # stages stay in their order


def as_reference(racetrack: tuple[str, int | None] | None) -> dict[str, str | int | None] | None:
    """A racetrack as the API is told which."""
    return None if racetrack is None else {"name": racetrack[0], "version": racetrack[1]}


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days from one to another, in parts that end with a month."""
    while first <= last:
        after = date.max if first.year == date.max.year else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(last, after - timedelta(days=1)) if after < date.max else last
        yield first, end
        if end >= last:
            return
        first = end + timedelta(days=1)


WIDE = (
    Column("racetrack", "the racetrack"),
    Column("version", "its version"),
    Column("stage", "the stage; empty: the customers and cases in no stage"),
    Column("title", "its title"),
    Column("stage_n", "its place on the racetrack, from 1"),
    Column("day", "the day, in the racetrack's time zone"),
    Column("customers", "customers in the stage at the end of the day"),
    Column("entered", "customers who entered it on the day"),
    Column("left", "customers who left it on the day"),
    Column("pages_viewed", "views of pages by customers in the stage"),
    Column("content_viewed", "views of content by customers in the stage"),
)
# Of each side; what stands for an own column of each severity is in angle brackets.
OF_SIDE = (
    Column("cases", "cases that are open at the end of the day; for closed: cases that were closed on the day"),
    Column("scored", "those of them with a sentiment"),
    Column("sentiment_mean", "the mean of their sentiments, -1 to 1; empty: none is scored"),
    Column("sentiment_minimum", "the lowest"),
    Column("sentiment_maximum", "the highest"),
    Column("negative", "how many are at -0.05 or less"),
    Column("neutral", "how many are between"),
    Column("positive", "how many are at 0.05 or more"),
    Column("surveys", "surveys about the closings of the day"),
    Column("survey_mean", "the mean of the scores of these surveys"),
    Column("severity_<severity>", "cases of a severity; a column for each of the racetrack's scale, worst first"),
    Column("other_severity", "cases of a severity that is not on the scale"),
    Column("no_severity", "cases of which no severity is known"),
)
OVERLAY = Column("overlay_<overlay>", "the value of an overlay; a column for each")
LONG = (
    *WIDE[:6],
    Column("side", "open or closed"),
    Column("value", "the severity, cause or problem, as --by says; empty: nothing was said"),
    Column("cases", "the cases that have it"),
)
_TEXTS, _REALS = ("racetrack", "stage", "title", "side", "value"), ("_mean", "_minimum", "_maximum")


def wide_columns(scale: Scale) -> list[Column]:
    """The columns of a table with all figures."""
    columns = list(WIDE)
    for side in SIDES:
        for name, says, _ in OF_SIDE:
            names = [f"severity_{severity}" for severity in scale.severities] if name.endswith(">") else [name]
            if side == "closed" or not name.startswith("survey"):
                columns.extend(Column(f"{side}_{one}", says) for one in names)
    columns.extend(Column(f"overlay_{name}", OVERLAY.says) for name in scale.overlays)
    return columns


def wide_row(row: Row, scale: Scale) -> Row:
    """An answer as one flat row."""
    flat = _place(row) | {name: row[name] for name in ("customers", "entered", "left")}
    flat |= {"pages_viewed": row["pagesViewed"], "content_viewed": row["contentViewed"]}
    for side in SIDES:
        flat |= {f"{side}_{name}": value for name, value in _metrics(row[side], scale).items()}
    return flat | {f"overlay_{one['overlay']}": one["value"] for one in row["overlays"]}


def long_rows(row: Row, by: str) -> Iterator[Row]:
    """An answer as a row for each side and value."""
    for side in SIDES:
        found = row[side][_BY[by][0]]
        assert not found["leftOutValues"], "every value was asked for"  # noqa: S101
        for bucket in found["buckets"]:
            yield _place(row) | {"side": side, "value": bucket["value"], "cases": bucket["count"]}


def _place(row: Row) -> Row:
    names = ("racetrack", "version", "stage", "title")
    return {name: row[name] for name in names} | {"stage_n": row["n"], "day": date.fromisoformat(row["day"])}


def _metrics(found: Row, scale: Scale) -> Row:
    said = found["sentiment"] or {}
    scored = said.get("cases", 0)
    values = {bucket["value"]: bucket["count"] for bucket in found["severities"]["buckets"]}
    known = {severity: values.get(severity, 0) for severity in scale.severities}
    return {
        "cases": found["count"],
        "scored": scored,
        **{f"sentiment_{name}": said.get(name) for name in ("mean", "minimum", "maximum")},
        # The API tells shares of whole numbers.
        **{name: round(said.get(name, 0) * scored) for name in ("negative", "neutral", "positive")},
        "surveys": found["surveys"]["count"],
        "survey_mean": found["surveys"]["mean"],
        **{f"severity_{severity}": cases for severity, cases in known.items()},
        "other_severity": sum(values.values()) - sum(known.values()) - values.get(None, 0),
        "no_severity": values.get(None, 0),
    }


def batch_schema(columns: Sequence[Column], facts: dict[str, str]) -> pa.Schema:
    """The types of columns, with what each means."""
    fields = [pa.field(one.name, _type(one.name), metadata={"documentation": one.says}) for one in columns]
    return pa.schema(fields, {f"raceline.{name}": text for name, text in facts.items()})


def _type(name: str) -> pa.DataType:
    if name == "day":
        return pa.date32()
    if name in _TEXTS:
        return pa.string()
    if name.startswith("overlay_") or (name.endswith(_REALS) and "_severity_" not in name):
        return pa.float64()
    return pa.int64()
