"""Spells of cases made by hand, read models of nothing but these, and what stages are told by them in plain loops."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

from moves import checkpoint, fill
from psycopg import sql

TRACK = "ride"
STAGES = ["look", "try", "buy"]
SCALE = ["1", "2", "3", "4", "5", "6", "7"]  # the last one is more than the API tells from columns of its own
FIRST = date(2026, 3, 1)
NEVER = date(9999, 12, 31)
TABLES = [
    "customers", "cases", "case_spells", "moves", "racetracks", "racetrack_stages", "racetrack_severities",
    "racetrack_overlays", "stage_days", "case_days", "case_buckets", "case_extremes", "stage_views", "overlay_days",
]  # fmt: skip


def day(n):
    return FIRST + timedelta(days=n)


def moment(n):
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=n)


def spell(case, begins, ends=None, side="open", stage="look", **known):
    """Days from FIRST on; a case is (customer, number)."""
    told = {"severity": None, "problem": None, "cause": None, "sentiment": None, "surveys": 0, "survey_score": 0}
    return {
        "customer_id": case[0], "racetrack": TRACK, "case_n": case[1], "case_id": f"{case[0]}-{case[1]}", "side": side,
        "stage": stage, "from_day": day(begins), "to_day": NEVER if ends is None else day(ends), "event": 1,
    } | told | known  # fmt: skip


def counted(spells, side, stage, on):
    """The spells that count in a stage (None: all of them) on a day."""
    return [
        one
        for one in spells
        if one["side"] == side and one["from_day"] <= on < one["to_day"] and stage in (None, one["stage"])
    ]


def figures(spells):
    """What is told of these cases, as CaseMetrics has it."""
    scores = [one["sentiment"] for one in spells if one["sentiment"] is not None]
    surveys = sum(one["surveys"] for one in spells)
    return {
        "count": len(spells),
        "sentiment": _sentiment(scores) if scores else None,
        "severities": buckets(spells, "severity"),
        "surveys": {
            "count": surveys,
            "mean": sum(one["survey_score"] for one in spells) / surveys / 1e6 if surveys else None,
        },
    }


def _sentiment(scores):
    parts = {
        "negative": [one for one in scores if one <= -500],
        "neutral": [one for one in scores if -500 < one < 500],
        "positive": [one for one in scores if one >= 500],
    }
    return {
        "cases": len(scores),
        "mean": sum(scores) / len(scores) / 10000,
        "minimum": min(scores) / 10000,
        "maximum": max(scores) / 10000,
    } | {name: len(part) / len(scores) for name, part in parts.items()}


def buckets(spells, dimension, first=None):
    """As CaseBuckets has them."""
    counts = Counter(one[dimension] for one in spells)
    if dimension == "severity":
        order = sorted(counts, key=lambda value: (value is None, value not in SCALE, value or ""))
    else:
        order = sorted(counts, key=lambda value: (-counts[value], value or ""))
    kept = order[:first]
    rest = order[len(kept) :]
    return {
        "buckets": [{"value": value, "count": counts[value]} for value in kept],
        "leftOutValues": len(rest),
        "leftOutCases": sum(counts[value] for value in rest),
    }


def changes(spells):
    """The sums of the read models: changes by day, and the extremes wherever anything changes."""
    days, values = defaultdict(Counter), Counter()
    for one in spells:
        for on, sign in [(one["from_day"], 1), (one["to_day"], -1)]:
            if on == NEVER:
                continue
            score = one["sentiment"]
            found = {"cases": 1, "surveys": one["surveys"], "survey_score": one["survey_score"]}
            if score is not None:
                mood = "negative" if score <= -500 else "positive" if score >= 500 else "neutral"
                found |= {"scored": 1, "score": score, mood: 1}
            for name, amount in found.items():
                days[one["side"], one["stage"], on][name] += sign * amount
            for dimension in ("severity", "problem", "cause"):
                values[one["side"], one["stage"], on, dimension, one[dimension] or ""] += sign
    return days, values


SUMS = ["cases", "scored", "score", "negative", "neutral", "positive", "surveys", "survey_score"]


def tables(spells):
    days, values = changes(spells)
    extremes = []
    for side, stage, on in days:
        scores = [one["sentiment"] for one in counted(spells, side, stage, on) if one["sentiment"] is not None]
        extremes.append({"side": side, "stage": stage, "day": on, "minimum": min(scores, default=None),
                         "maximum": max(scores, default=None)})  # fmt: skip
    made = {
        "case_days": [
            dict(zip(["side", "stage", "day"], key, strict=True)) | {name: found[name] for name in SUMS}
            for key, found in days.items()
        ],
        "case_buckets": [
            dict(zip(["side", "stage", "day", "dimension", "value", "cases"], (*key, many), strict=True))
            for key, many in values.items()
            if many
        ],
        "case_extremes": extremes,
    }
    return {name: [{"racetrack": TRACK} | row for row in rows] for name, rows in made.items()}


def definition(zone="UTC"):
    racetrack = {"racetrack": TRACK, "place": 1, "version": 1, "hash": "", "title": "The ride", "documentation": "",
                 "time_zone": zone}  # fmt: skip
    return {
        "racetracks": [racetrack],
        "racetrack_stages": [
            {"racetrack": TRACK, "n": n, "stage": one, "title": one.title(), "documentation": "", "revenue": False}
            for n, one in enumerate(STAGES, 1)
        ],
        "racetrack_severities": [{"racetrack": TRACK, "n": n, "severity": one} for n, one in enumerate(SCALE, 1)],
    }


def numbered(spells):
    """The spells with their numbers, and each case and each customer of them."""
    number = Counter()
    for one in sorted(spells, key=lambda one: (one["customer_id"], one["case_n"], one["from_day"])):
        number[one["customer_id"]] += 1
        one["n"] = number[one["customer_id"]]
    cases = {(one["customer_id"], one["case_n"]): one["case_id"] for one in spells}
    customers = sorted({customer for customer, _ in cases})
    return {
        "case_spells": spells,
        "cases": [case(*key, case_id=case_id) for key, case_id in cases.items()],
        "customers": [
            {"customer_id": name, "account_id": "acme" if name < "c" else None, "first_occurred_at": moment(0),
             "last_occurred_at": moment(0), "events": 1, "paths": 0}
            for name in customers
        ],
    }  # fmt: skip


def case(customer, n, **known):
    """A case of one event, at position 1."""
    told = {"status": "open", "opened_at": moment(0), "reopened": 0, "reassigned": 0, "texts": 0, "surveys": 0,
            "survey_score": 0, "open_microseconds": 0, "events": [1], "event_at": [0], "event_does": ["opened"],
            "event_open": [True]}  # fmt: skip
    empty = {f"event_{name}": [None] for name in ("severity", "problem", "cause", "group", "engineer", "language")}
    numbers = {f"event_{name}": [None] for name in ("score", "sentiment", "survey")}
    return {"customer_id": customer, "n": n, "case_id": f"{customer}-{n}"} | told | empty | numbers | known


def write(conn, spells=(), **rows):
    """Make read models say this and nothing else; they are true at position 7 and on day 40."""
    made = definition() | tables(spells) | numbered(list(spells)) | rows
    for table in TABLES:
        conn.execute(sql.SQL("TRUNCATE views_1.{}").format(sql.Identifier(table)))
        fill(conn, table, made.get(table, ()))
    checkpoint(conn, 7, moment(40))
