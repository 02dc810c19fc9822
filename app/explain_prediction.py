"""When a customer will probably move on, how sure that is, and why: what a model adds to an explanation."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from raceline.analytics.incidence import BIN_ENDS, EXITS
from raceline.app.explain_event import Event

Row = Mapping[str, Any]

TABLES = frozenset({"predictions", "factors", "factor_features", "factor_events", "prediction_intervals"})
HORIZONS = {"withinDay": 1, "withinWeek": 7, "withinMonth": 30}


@dataclass(frozen=True)
class Chance:
    """The chance to move to the next stage within some days. low, high: where it lies, nine times of ten; usual: of
    customers in the stage. They are null where nothing is known of it."""

    days: int
    chance: float
    low: float | None
    high: float | None
    usual: float | None


@dataclass(frozen=True)
class Exit:
    """Chances to leave the stage in another way than to the next one: within a day, a week, a month."""

    exit: str
    within_day: float
    within_week: float
    within_month: float


@dataclass(frozen=True)
class Feature:
    """What is known of a customer, beside the value that is typical of the stage; said: the value in words."""

    feature: str
    title: str
    value: float | None
    typical: float | None
    said: str


@dataclass(frozen=True)
class Factor:
    """What a group of features adds to the usual chances within a day, a week, a month. event_count: how many events
    are behind it; events: the newest of them."""

    group: str
    title: str
    within_day: float
    within_week: float
    within_month: float
    features: tuple[Feature, ...]
    event_count: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Prediction:
    """A prediction by a model, as of `computed_at` and the events up to `position`.

    expected_days: the mean of the days that remain, of which none counts as more than `horizon_days`; expected_low,
    expected_high: where it lies, nine times of ten; median_days: null when it is later than that. factors: what matters
    most within a week comes first, and their sum leads from the usual chance to the customer's.
    """

    model: str
    tier: str
    computed_at: datetime
    position: int
    chances: tuple[Chance, ...]
    exits: tuple[Exit, ...]
    expected_days: float
    expected_low: float | None
    expected_high: float | None
    horizon_days: float
    median_days: float | None
    expected_days_if_next: float | None
    factors: tuple[Factor, ...]


def prediction(rows: Mapping[str, Iterable[Row]], event: Callable[[int], Event]) -> Prediction | None:
    """Of a customer on a racetrack, from their rows of TABLES; event: by position. None when nothing is predicted."""
    found = next(iter(rows["predictions"]), None)
    if found is None:
        return None
    ends = {row["name"]: (row["low"], row["high"]) for row in rows["prediction_intervals"]}
    usual = {row["horizon"]: row["base"] for row in rows["factors"]}
    exits = {exit_: _within(found["incidence"], e) for e, exit_ in enumerate(EXITS)}
    chances = zip(HORIZONS.items(), exits.pop("NEXT"), strict=True)
    nothing = (None, None)
    expected_low, expected_high = ends.get("expectedDays", nothing)
    return Prediction(
        model=f"{found['racetrack']}#{found['model']}",
        tier=found["tier"],
        computed_at=found["computed_at"],
        position=found["position"],
        chances=tuple(Chance(d, chance, *ends.get(name, nothing), usual.get(d)) for (name, d), chance in chances),
        exits=tuple(Exit(name, *within) for name, within in exits.items()),
        expected_days=found["expected_days"],
        expected_low=expected_low,
        expected_high=expected_high,
        horizon_days=BIN_ENDS[-1],
        median_days=found["median_days"],
        expected_days_if_next=found["expected_days_if_next"],
        factors=_factors(rows, event),
    )


def _within(incidence: list[float], exit_: int) -> tuple[float, ...]:
    """Of a list of bins of exits, the chances within a day, a week, a month."""
    return tuple(incidence[BIN_ENDS.index(days) * len(EXITS) + exit_] for days in HORIZONS.values())


def _factors(rows: Mapping[str, Iterable[Row]], event: Callable[[int], Event]) -> tuple[Factor, ...]:
    added = {(row["n"], row["horizon"]): row["contribution"] for row in rows["factors"]}
    features: dict[int, list[Feature]] = {}
    for row in rows["factor_features"]:
        one = Feature(row["feature"], row["title"], row["value"], row["typical"], row["said"])
        features.setdefault(row["n"], []).append(one)
    events: dict[int, list[Event]] = {}
    for row in rows["factor_events"]:
        events.setdefault(row["n"], []).append(event(row["position"]))
    return tuple(
        Factor(
            group=row["group"],
            title=row["title"],
            within_day=added[row["n"], HORIZONS["withinDay"]],
            within_week=row["contribution"],
            within_month=added[row["n"], HORIZONS["withinMonth"]],
            features=tuple(features.get(row["n"], ())),
            event_count=row["events"],
            events=tuple(events.get(row["n"], ())),
        )
        for row in rows["factors"]
        if row["horizon"] == HORIZONS["withinWeek"]
    )
