"""The definitions that a generation is derived by, as tables of its own: every answer can say its rule in full."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from raceline.analytics.race import COUNT, DAYS, DISTINCT, NONE, SUM
from raceline.domain.condition import Condition
from raceline.domain.racetrack import Exit, Rule
from raceline.domain.racetrack_text import says
from raceline.projections.race_rules import Track, needed_of

_UNITS = {COUNT: "events", DAYS: "days", DISTINCT: "values", SUM: "millionths", NONE: "microseconds"}

_TEXT, _LONG, _TRUTH, _SHARE = pa.string(), pa.int64(), pa.bool_(), pa.float64()
_TEXTS, _LONGS, _TRUTHS = pa.list_(_TEXT), pa.list_(_LONG), pa.list_(_TRUTH)
_MOMENT = pa.timestamp("us", "UTC")


def schema_of(**columns: pa.DataType) -> pa.Schema:
    """A schema with these columns in their order."""
    return pa.schema(list(columns.items()))


DEFINITIONS = {
    "racetracks": schema_of(
        racetrack=_TEXT,
        place=_LONG,
        version=_LONG,
        hash=_TEXT,
        title=_TEXT,
        documentation=_TEXT,
        time_zone=_TEXT,
        start=_TEXT,
    ),
    "racetrack_stages": schema_of(
        racetrack=_TEXT, n=_LONG, stage=_TEXT, title=_TEXT, documentation=_TEXT, revenue=_TRUTH
    ),
    "racetrack_rules": schema_of(
        racetrack=_TEXT,
        n=_LONG,
        rule=_TEXT,
        title=_TEXT,
        stage=_TEXT,
        origins=_TEXTS,
        documentation=_TEXT,
        source_system=_TEXT,
        source_database=_TEXT,
        source_table=_TEXT,
        source_attributes=_TEXTS,
        owner=_TEXT,
        confidence=_SHARE,
        coverage=_SHARE,
        types=_TEXTS,
    ),
    "rule_conditions": schema_of(
        racetrack=_TEXT, rule=_TEXT, node=_LONG, depth=_LONG, kind=_TEXT, says=_TEXT, needed=_LONG, unit=_TEXT
    ),
    "racetrack_severities": schema_of(racetrack=_TEXT, n=_LONG, severity=_TEXT),
    "racetrack_overlays": schema_of(
        racetrack=_TEXT,
        n=_LONG,
        overlay=_TEXT,
        title=_TEXT,
        documentation=_TEXT,
        aggregate=_TEXT,
        attribute=_TEXT,
        types=_TEXTS,
    ),
}

JOURNEYS = schema_of(
    customer_id=_TEXT,
    racetrack=_TEXT,
    version=_LONG,
    account_id=_TEXT,
    status=_TEXT,
    stage=_TEXT,
    stage_n=_LONG,
    since=_MOMENT,
    first_at=_MOMENT,
    moves=_LONG,
    laps=_LONG,
    regressions=_LONG,
    skips=_LONG,
    next_timer=_MOMENT,
    revisions=_LONG,
    revisions_left_out=_LONG,
)
MOVES = schema_of(
    customer_id=_TEXT,
    racetrack=_TEXT,
    version=_LONG,
    n=_LONG,
    kind=_TEXT,
    edge=_TEXT,
    from_stage=_TEXT,
    to_stage=_TEXT,
    entered_at=_MOMENT,
    left_at=_MOMENT,
    known_at=_MOMENT,
    rule=_TEXT,
    trigger=_LONG,
    satisfied=_TRUTHS,
    observed=_LONGS,
    evidence=_LONGS,
    evidence_node=_LONGS,
)
REVISIONS = schema_of(
    customer_id=_TEXT,
    racetrack=_TEXT,
    n=_LONG,
    known_at=_MOMENT,
    causes=_LONGS,
    before_stages=_TEXTS,
    before_at=_LONGS,
    after_stages=_TEXTS,
    after_at=_LONGS,
)


def definitions(tracks: tuple[Track, ...]) -> dict[str, pa.Table]:
    """The tables of a generation that say its definitions (projections/views.sql)."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in DEFINITIONS}
    for place, track in enumerate(tracks, 1):
        race = track.racetrack
        rows["racetracks"].append(
            {"racetrack": track.name, "place": place, "version": track.version, "hash": track.hash, "title": race.title}
            | {"documentation": race.documentation, "time_zone": race.time_zone, "start": race.start}
        )
        for n, stage in enumerate(race.stages.values(), 1):
            told = {"title": stage.title, "documentation": stage.documentation, "revenue": stage.revenue}
            rows["racetrack_stages"].append({"racetrack": track.name, "n": n, "stage": stage.name} | told)
        for n, rule in enumerate(track.rules):
            rows["racetrack_rules"].append(_rule_row(track, n, rule))
            rows["rule_conditions"].extend(_condition_rows(track.name, rule))
        for n, severity in enumerate(race.severities, 1):
            rows["racetrack_severities"].append({"racetrack": track.name, "n": n, "severity": str(severity)})
        rows["racetrack_overlays"].extend(_overlay_rows(track))
    return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in DEFINITIONS.items()}


def _rule_row(track: Track, n: int, rule: Rule | Exit) -> dict[str, Any]:
    source = rule.source
    return {
        "racetrack": track.name,
        "n": n + 1,
        "rule": rule.name,
        "title": rule.title,
        "stage": None if isinstance(rule, Exit) else rule.stage,
        "origins": track.racetrack.origins(rule),
        "documentation": rule.documentation,
        "source_system": source and source.system,
        "source_database": source and source.database,
        "source_table": source and source.table,
        "source_attributes": source.attributes if source else (),
        "owner": rule.owner,
        "confidence": rule.confidence,
        "coverage": rule.coverage,
        "types": sorted(track.types[n]),
    }


def _condition_rows(racetrack: str, rule: Rule | Exit) -> Iterator[dict[str, Any]]:
    for n, (depth, node) in enumerate(rule.when.walk()):
        kind = next(name for name in ("event", "none", "all", "any", "not") if _is(node, name))
        needed, unit = (None, None)
        if node.events:
            leaf, needed = needed_of(node)
            unit = _UNITS[leaf]
        told = {"depth": depth, "kind": kind, "says": says(node), "needed": needed, "unit": unit}
        yield {"racetrack": racetrack, "rule": rule.name, "node": n} | told


def _overlay_rows(track: Track) -> Iterator[dict[str, Any]]:
    for n, lay in enumerate(track.overlays, 1):
        overlay = lay.overlay
        told = {"overlay": overlay.name, "title": overlay.title, "documentation": overlay.documentation}
        meant = {"aggregate": overlay.aggregate, "attribute": overlay.attribute, "types": sorted(lay.matcher.tests)}
        yield {"racetrack": track.name, "n": n} | told | meant


def _is(node: Condition, kind: str) -> bool:
    return getattr(node, f"{kind}_" if kind in ("all", "any", "not") else kind) is not None
