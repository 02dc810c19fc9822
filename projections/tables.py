"""The read models that derivation gives, by the names and columns of views.sql."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from raceline.projections.race_tables import JOURNEYS, MOVES, REVISIONS, schema_of

if TYPE_CHECKING:
    from raceline.projections.predictions import Predicted

_TEXT, _LONG, _DAY, _SHARE = pa.string(), pa.int64(), pa.date32(), pa.float64()
_MOMENT = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class Rows:
    """The read models of some customers.

    Those of OF_CUSTOMER belong to one customer each and replace what was there; those of SUMS are sums over these
    customers, to be added to the sums over all others. predicted: what `predictions` were made of, by racetrack.
    """

    customers: pa.Table
    timeline: pa.Table
    paths: pa.Table
    journeys: pa.Table
    moves: pa.Table
    revisions: pa.Table
    cases: pa.Table
    case_spells: pa.Table
    stage_days: pa.Table
    transitions: pa.Table
    rule_sources: pa.Table
    case_days: pa.Table
    case_buckets: pa.Table
    stage_views: pa.Table
    overlay_days: pa.Table
    predictions: pa.Table
    predicted: tuple["Predicted", ...] = ()


# By table, the key of its rows.
OF_CUSTOMER = {
    "customers": ["customer_id"],
    "timeline": ["customer_id", "n"],
    "paths": ["customer_id", "n"],
    "journeys": ["customer_id", "racetrack"],
    "moves": ["customer_id", "racetrack", "n"],
    "revisions": ["customer_id", "racetrack", "n"],
    "cases": ["customer_id", "n"],
    "case_spells": ["customer_id", "racetrack", "n"],
    "predictions": ["customer_id", "racetrack"],
}

_ON_DAY = {"racetrack": _TEXT, "stage": _TEXT, "day": _DAY}
CASE_SPELLS = schema_of(
    customer_id=_TEXT,
    racetrack=_TEXT,
    n=_LONG,
    case_n=_LONG,
    case_id=_TEXT,
    side=_TEXT,
    stage=_TEXT,
    from_day=_DAY,
    to_day=_DAY,
    severity=_TEXT,
    problem=_TEXT,
    cause=_TEXT,
    sentiment=_LONG,
    event=_LONG,
    surveys=_LONG,
    survey_score=_LONG,
)
PREDICTIONS = schema_of(
    customer_id=_TEXT,
    racetrack=_TEXT,
    version=_LONG,
    model=_LONG,
    stage=_TEXT,
    tier=_TEXT,
    entered_at=_MOMENT,
    computed_at=_MOMENT,
    day=_DAY,
    position=_LONG,
    days_in_stage=_SHARE,
    incidence=pa.list_(_SHARE),
    expected_days=_SHARE,
    median_days=_SHARE,
    expected_days_if_next=_SHARE,
)
SUM_SCHEMAS = {
    "stage_days": schema_of(**_ON_DAY, entered=_LONG, departed=_LONG),
    "transitions": schema_of(racetrack=_TEXT, from_stage=_TEXT, to_stage=_TEXT, kind=_TEXT, rule=_TEXT, moves=_LONG),
    "rule_sources": schema_of(racetrack=_TEXT, rule=_TEXT, customers=_LONG),
    "case_days": schema_of(
        racetrack=_TEXT,
        side=_TEXT,
        stage=_TEXT,
        day=_DAY,
        cases=_LONG,
        scored=_LONG,
        score=_LONG,
        negative=_LONG,
        neutral=_LONG,
        positive=_LONG,
        surveys=_LONG,
        survey_score=_LONG,
    ),
    "case_buckets": schema_of(
        racetrack=_TEXT, side=_TEXT, stage=_TEXT, day=_DAY, dimension=_TEXT, value=_TEXT, cases=_LONG
    ),
    "stage_views": schema_of(**_ON_DAY, kind=_TEXT, page=_TEXT, views=_LONG),
    "overlay_days": schema_of(
        racetrack=_TEXT, overlay=_TEXT, stage=_TEXT, day=_DAY, value=_TEXT, events=_LONG, counted=_LONG, amount=_LONG
    ),
}
# What the events of customers become on a racetrack.
RACE = {
    "journeys": JOURNEYS,
    "moves": MOVES,
    "revisions": REVISIONS,
    "case_spells": CASE_SPELLS,
    **{
        name: SUM_SCHEMAS[name]
        for name in ("stage_days", "transitions", "rule_sources", "case_days", "case_buckets", "stage_views")
    },
    "overlay_days": SUM_SCHEMAS["overlay_days"],
}
