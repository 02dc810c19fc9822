"""The open support cases of a customer: one reason why they may not move on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

_FOR_EVER = date(9999, 12, 31)
_DAY = timedelta(days=1)
_SCALE = 10_000  # a score is told in ten-thousandths


@dataclass(frozen=True)
class OpenCase:
    """A case that is open. days: how long it has been open, all open times together, up to the clock.

    open_since: when it was opened the last time; sentiment: from -1 to 1, or null; event: the position of its newest.
    """

    case_id: str
    open_since: datetime
    days: float
    severity: str | None
    problem: str | None
    sentiment: float | None
    event: int


def open_cases(
    cases: Iterable[Mapping[str, Any]], spells: Iterable[Mapping[str, Any]], clock: datetime
) -> tuple[OpenCase, ...]:
    """Those of a racetrack: a case belongs to it if it has spells of it."""
    here = {spell["case_n"] for spell in spells if spell["side"] == "open" and spell["to_day"] == _FOR_EVER}
    return tuple(_told(case, clock) for case in cases if case["n"] in here and case["open_since"] is not None)


def _told(case: Mapping[str, Any], clock: datetime) -> OpenCase:
    since = case["open_since"]
    return OpenCase(
        case_id=case["case_id"],
        open_since=since,
        # A source's clock may be ahead of ours.
        days=(timedelta(microseconds=case["open_microseconds"]) + max(clock, since) - since) / _DAY,
        severity=case["severity"],
        problem=case["problem"],
        sentiment=None if case["sentiment"] is None else case["sentiment"] / _SCALE,
        event=case["events"][-1],
    )
