"""The features that are built in, as data; and what a feature is made of."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from raceline.analytics.features import (
    AGE,
    BEFORE_ENTRY,
    COUNT,
    DAY,
    DAYS_SINCE,
    DISTINCT,
    EVER,
    HAS,
    LAST,
    LAST_IS,
    LEVEL,
    MEAN,
    MOST_LEVELS,
    NET,
    SINCE_ENTRY,
    STANDING,
    SUM,
    TALLY,
)
from raceline.domain.condition import Filter, Scalar

# Where the values of a stream come from: events of some types; or what derivation makes of events.
Kind = Literal["events", "pages", "turnarounds", "ping_pongs", "paths", "resolved", "cases", "case_events", "sentiment",
               "stays"]  # fmt: skip
# How a value reads.
Unit = Literal["number", "days", "yes", "amount", "score"]
Predicate = Scalar | tuple[Scalar, ...] | Filter


class Source(NamedTuple):
    """A stream. types: of the events; attribute: whose values they are, as codes if that is said, else as numbers;
    without one each counts 1, or as `amounts` says by type. where: the tests that events pass. does: of case events."""

    kind: Kind
    types: tuple[str, ...] = ()
    attribute: str | None = None
    codes: bool = False
    amounts: tuple[float, ...] = ()
    where: tuple[tuple[str, Predicate], ...] = ()
    does: str = ""


class Spec(NamedTuple):
    """One feature. group: one of analytics' GROUPS; aggregate, window: of analytics.features. slot: of the stage's
    pages, whose place in the vocabulary is wanted; by_stage: the stage is wanted."""

    name: str
    title: str
    group: str
    unit: Unit
    source: Source | None
    aggregate: int
    window: int
    wanted: float = 0.0
    slot: int = -1
    by_stage: bool = False


# The families whose events are counted; types of other families count as usage. `identity` and `account` say nothing
# by their number.
FAMILIES = {
    "web": ("PATHS", "Events on the web site"),
    "support": ("PATHS", "Links followed on the support site"),
    "content": ("CONTENT", "Content views"),
    "email": ("CONTENT", "Emails opened and clicked"),
    "learning": ("CONTENT", "Sessions attended"),
    "install_base": ("PURCHASES", "Bookings, shipments and licences"),
    "telemetry": ("USAGE", "Telemetry reports"),
    "case": ("CASES", "Events of support cases"),
    "advocacy": ("ACCOUNT", "References and recommendations"),
    "outreach": ("ACCOUNT", "Outreach"),
}
_NOT_COUNTED = ("identity", "account")
WINDOWS = (
    ("1d", DAY, "in the last day"),
    ("7d", 7 * DAY, "in the last 7 days"),
    ("30d", 30 * DAY, "in the last 30 days"),
    ("in_stage", SINCE_ENTRY, "since entering the stage"),
)
PAGES, LAST_PAGES = 8, 4  # slots for the pages of a stage
HAS_PAGE, LAST_PAGE = "Saw {page} since entering the stage", "Last saw {page}"
_SEVERITIES = 5  # of the scale, the worst ones first

_STAYS, _CASES, _SCORES = Source("stays"), Source("cases"), Source("sentiment")
_BOOKED = ("install_base.item_booked",)
_BOUGHT = (*_BOOKED, "install_base.contract_renewed")
_LICENCES = ("install_base.license_activated", "install_base.license_expired")
_PROFILE = ("account.profile_changed",)
_DEVICES = ("telemetry.device_reported", "telemetry.feature_used")

_BUILT_IN = (
    Spec("days_in_stage", "Days in the stage", "TIME", "days", None, AGE, EVER),
    Spec("visits_before", "Earlier stays in the stage", "TIME", "number", _STAYS, TALLY, BEFORE_ENTRY, by_stage=True),
    Spec("days_since_content", "Days since content was viewed", "CONTENT", "days",
         Source("events", ("content.viewed",)), DAYS_SINCE, EVER),
    Spec("days_since_telemetry", "Days since the last telemetry report", "USAGE", "days",
         Source("events", ("telemetry.*",)), DAYS_SINCE, EVER),
    Spec("days_since_purchase", "Days since something was booked or renewed", "PURCHASES", "days",
         Source("events", _BOUGHT), DAYS_SINCE, EVER),
    Spec("devices_30d", "Devices that were used in the last 30 days", "USAGE", "number",
         Source("events", _DEVICES, "device_id", codes=True), DISTINCT, 30 * DAY),
    Spec("bookings", "Items booked so far", "PURCHASES", "number", Source("events", _BOOKED), COUNT, EVER),
    Spec("amount", "Value of bookings and renewals so far", "PURCHASES", "amount",
         Source("events", _BOUGHT, "amount"), SUM, EVER),
    Spec("licences", "Licences that have not ended", "PURCHASES", "number",
         Source("events", _LICENCES, amounts=(1, -1)), LEVEL, EVER),
    Spec("seats", "Seats of the licences activated so far", "PURCHASES", "number",
         Source("events", _LICENCES[:1], "seats"), SUM, EVER),
    Spec("customer_success_manager", "Has a customer-success manager", "ACCOUNT", "yes",
         Source("events", _PROFILE, "customer_success_manager"), LAST, EVER),
    Spec("employees", "Employees of the company", "ACCOUNT", "number",
         Source("events", _PROFILE, "employees"), LAST, EVER),
    Spec("open_cases", "Open support cases", "CASES", "number", _CASES, STANDING, EVER, -1.0),
    Spec("cases_opened_30d", "Support cases opened in the last 30 days", "CASES", "number",
         Source("case_events", does="opened"), COUNT, 30 * DAY),
    Spec("cases_reopened_30d", "Support cases reopened in the last 30 days", "CASES", "number",
         Source("case_events", does="reopened"), COUNT, 30 * DAY),
    Spec("sentiment", "Mean sentiment so far", "SENTIMENT", "score", _SCORES, MEAN, EVER),
    Spec("sentiment_30d", "Mean sentiment of the last 30 days", "SENTIMENT", "score", _SCORES, MEAN, 30 * DAY),
    Spec("sentiment_last", "Sentiment of the last text", "SENTIMENT", "score", _SCORES, LAST, EVER),
    *(Spec(f"turnarounds_{name}", f"Turnarounds {words}", "PATHS", "number", Source("turnarounds"), NET, window)
      for name, window, words in WINDOWS[1:]),
    Spec("ping_pongs_30d", "Ping-pongs in the last 30 days", "PATHS", "number", Source("ping_pongs"), NET, 30 * DAY),
    Spec("paths_30d", "Paths in the last 30 days", "PATHS", "number", Source("paths"), NET, 30 * DAY),
    Spec("resolved_30d", "Paths that were resolved in the last 30 days", "PATHS", "number",
         Source("resolved"), COUNT, 30 * DAY),
    *(Spec(f"page_{n}", f"Saw page {n} of the stage since entering it", "CONTENT", "yes",
           Source("pages"), HAS, SINCE_ENTRY, slot=n - 1) for n in range(1, PAGES + 1)),
    *(Spec(f"last_page_{n}", f"Last saw page {n} of the stage", "CONTENT", "yes",
           Source("pages"), LAST_IS, EVER, slot=n - 1) for n in range(1, LAST_PAGES + 1)),
)  # fmt: skip


def built_in(families: tuple[str, ...], severities: tuple[int | str, ...]) -> Iterator[Spec]:
    """The features of every racetrack. families: those of the catalogue; severities: the scale of the racetrack."""
    yield from _BUILT_IN
    for n, severity in enumerate(severities[: min(_SEVERITIES, MOST_LEVELS - 1)], 1):
        title = f"Open support cases of severity {severity}"
        yield Spec(f"open_cases_{n}", title, "CASES", "number", _CASES, STANDING, EVER, float(n - 1))
    for family in families:
        if family not in _NOT_COUNTED:
            group, words = FAMILIES.get(family, ("USAGE", f"Events of the family {family}"))
            for name, window, when in WINDOWS:
                source = Source("events", (f"{family}.*",))
                yield Spec(f"{family}_{name}", f"{words} {when}", group, "number", source, COUNT, window)
