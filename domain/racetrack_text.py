"""Conditions, overlays and features in words, as people read them. Each node of a condition says itself, and not what
is below it."""

from collections.abc import Sequence

from raceline.domain.condition import Absence, Condition, Filter, Scalar, Since, Where
from raceline.domain.feature import Feature
from raceline.domain.racetrack import Overlay

_SINCE: dict[Since, str] = {
    "stage": "since entering the stage",
    "start": "since the first event",
    "lap": "",  # what is not said: conditions count anew with each lap
}
_FILTERS = {
    "prefix": "begins with",
    "at_least": "is at least",
    "at_most": "is at most",
    "above": "is above",
    "below": "is below",
}


def says(condition: Condition) -> str:
    """One node: `at least 3 telemetry.login_recorded within 30d`; `all of`, `any of` and `not` for those that join."""
    if condition.none is not None:
        return _absence(condition.none)
    if condition.event is not None:
        within = f"within {condition.within}" if condition.within else ""
        return _joined(_counted(condition), within, _SINCE[condition.counted_since])
    if condition.not_ is not None:
        return "not"
    return "all of" if condition.all_ is not None else "any of"


def overlay_says(overlay: Overlay) -> str:
    """What is told of a day: `different values of device_id in telemetry.device_reported whose healthy is true`."""
    events = _matching(overlay.events, overlay.where)
    match overlay.aggregate:
        case "count":
            return f"number of {events}"
        case "distinct":
            return f"different values of {overlay.attribute} in {events}"
        case "sum" | "mean":
            return f"{overlay.aggregate} of {overlay.attribute} in {events}"


def feature_says(feature: Feature) -> str:
    """What is made of events: `sum of uses in telemetry.feature_used since entering the stage`."""
    events = _matching(feature.events, feature.where)
    days = feature.window_days
    within = f"in the last {days} days" if days != 1 else "in the last day"
    when = within if days is not None else _SINCE["stage"] if feature.since == "stage" else ""
    match feature.aggregate:
        case "count":
            return _joined(f"number of {events}", when)
        case "distinct":
            return _joined(f"different values of {feature.attribute} in {events}", when)
        case "days_since":
            return _joined(f"days since the last {events}", when)
        case "sum" | "mean":
            return _joined(f"{feature.aggregate} of {feature.attribute} in {events}", when)
        case "last":
            return _joined(f"last {feature.attribute} in {events}", when)


def _absence(none: Absence) -> str:
    return _joined(f"no {_matching(none.events, none.where)} for {none.for_}", _SINCE[none.since])


def _counted(condition: Condition) -> str:
    events = _matching(condition.events, condition.where)
    if condition.distinct_days is not None:
        days = "1 day" if condition.distinct_days == 1 else f"{condition.distinct_days} different days"
        return f"{events} on at least {days}"
    if condition.distinct is not None:
        values = "1 value" if condition.distinct.at_least == 1 else f"{condition.distinct.at_least} different values"
        return f"at least {values} of {condition.distinct.attribute} in {events}"
    if condition.sum is not None:
        return f"{condition.sum.attribute} in {events} adding up to at least {condition.sum.at_least}"
    return f"at least {condition.at_least or 1} {events}"


def _matching(events: Sequence[str], where: Where) -> str:
    filters = " and ".join(_filtered(attribute, wanted) for attribute, wanted in where.items())
    return _joined(_listed(events), f"whose {filters}" if filters else "")


def _filtered(attribute: str, wanted: Scalar | tuple[Scalar, ...] | Filter) -> str:
    if not isinstance(wanted, Filter):
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        return f"{attribute} is {_listed([_value(one) for one in values])}"
    parts = [
        f"{words} {_value(getattr(wanted, key))}" for key, words in _FILTERS.items() if getattr(wanted, key) is not None
    ]
    if wanted.present is not None:
        parts.append("is given" if wanted.present else "is missing")
    return f"{attribute} {' and '.join(parts)}"


def _value(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
