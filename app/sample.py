"""A generated sample to look at. Nothing and nobody in it exists: it says "sample" wherever it says anything.

The same events each time, so that loading it twice changes nothing. `raceline serve --sample` loads it: first what came
in when it happened, then what came in late.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import msgspec

from raceline.app.sample_cases import Fact, case_life
from raceline.app.sample_dice import Dice
from raceline.app.sample_site import CONTENT
from raceline.app.sample_visits import LAYOUTS, last_look, support_visit, web_visit

SOURCE = "raceline-sample"
CUSTOMERS = 600
FIRST_CUSTOMER = "sample-0001"
# Part of each identity: change it with the generator, for the log refuses the same identity with other content.
EDITION = 5
# With this one the first customer comes round to a new lap, with a regression and a revision on the way.
_SEED = 20_242_809
_START = datetime(2024, 1, 1, tzinfo=UTC)
# Most came in the first four months; the others since then, so that a model has moves to be tried on that are newer
# than those that it learned from.
_FIRST_CAME, _FIRST_DAYS, _ALL_DAYS = 400, 120, 480
_CUT_OFF = timedelta(weeks=6)
# Since then each visitor of the support site sees one of two layouts.
_EXPERIMENT = datetime(2024, 6, 1, tzinfo=UTC)

_FEATURES = ("dashboard", "alerts", "reports", "automation", "export")


def write_sample(file: BinaryIO, customers: int = CUSTOMERS, *, late: bool = False) -> int:
    """Write the events of so many customers as NDJSON, some sixty each; gives how many there are.

    late: those that came in only after all others, some of a few customers; without it all but those.
    """
    count = 0
    for number in range(1, customers + 1):
        for envelope in _Customer(number).envelopes(late=late):
            file.write(msgspec.json.encode(envelope) + b"\n")
            count += 1
    return count


class _Customer:
    """One customer's life: looks around, perhaps buys, uses, asks for help, buys more, recommends it, or goes."""

    def __init__(self, number: int) -> None:
        # A seed of its own, so that a customer is the same however many there are.
        self._dice = Dice(_SEED + number)
        # And another for the visits, so that a change of these changes nothing else in a life.
        self._visits = Dice(_SEED + number + 1_000_000)
        self._layout: str = self._visits.one(*LAYOUTS)
        # And one for who they are. The first customer has no manager.
        self._profile = Dice(_SEED + number + 4_000_000)
        self._managed = self._profile.chance(0.4)
        self.number = number
        self.name = f"sample-{number:04d}"
        days = (0, _FIRST_DAYS) if number <= _FIRST_CAME else (_FIRST_DAYS, _ALL_DAYS)
        self.joined = _START + timedelta(hours=self._dice.some(days[0] * 24, days[1] * 24))
        # What devices report while a customer's network is cut off comes in long after it happened.
        self._cut_off = self._moment(60, 120) if self._dice.chance(0.2) else None

    def envelopes(self, *, late: bool) -> Iterator[dict[str, Any]]:
        facts = sorted(self._life(), key=lambda fact: fact[0])
        for n, (at, kind, data) in enumerate(facts, 1):
            if late == (kind.startswith("telemetry.") and self._is_cut_off(at)):
                yield {
                    "event_id": f"{EDITION}-{self.name}-{n}",
                    "source": SOURCE,
                    "type": kind,
                    "customer_id": self.name,
                    "account_id": f"sample-account-{(self.number - 1) % 40 + 1:02d}",
                    "product": "sample-router",
                    "occurred_at": at.isoformat(),
                    "sequence": n,
                    "data": data,
                }

    def _life(self) -> Iterator[Fact]:
        profile = {"customer_success_manager": self._managed, "employees": self._profile.some(10, 5_000)}
        yield self.joined + timedelta(days=21, hours=self._profile.some(0, 72)), "account.profile_changed", profile
        for _ in range(self._dice.some(1, 4)):
            yield from web_visit(self._visits, self._moment(0, 20))
        yield from self._campaign()
        if self._dice.chance(0.75):
            yield from self._custom()

    def _custom(self) -> Iterator[Fact]:
        yield from self._purchase(1, 20)
        yield from self._usage(30)
        for _ in range(self._dice.some(2, 6)):
            at = self._moment(25, 260)
            yield from support_visit(self._visits, at, self._layout if at >= _EXPERIMENT else None)
        for case in range(self._dice.some(0, 3)):
            yield from case_life(self._dice, f"sample-case-{self.number:04d}-{case + 1}", self._moment(10, 330))
        if self._dice.chance(0.35):
            yield from self._purchase(2, self._dice.some(90, 200))
        if self._dice.chance(0.4):
            yield from self._loyalty()
        elif self._dice.chance(0.5):
            licence = {"license_id": f"sample-licence-{self.number:04d}-1"}
            yield self._moment(395, 400), "install_base.license_expired", licence

    def _is_cut_off(self, at: datetime) -> bool:
        return self._cut_off is not None and self._cut_off <= at < self._cut_off + _CUT_OFF

    def _moment(self, first_day: int, last_day: int) -> datetime:
        return self.joined + timedelta(seconds=self._dice.some(first_day * 86_400, last_day * 86_400))

    def _campaign(self) -> Iterator[Fact]:
        at = self._moment(0, 15)
        yield at, "email.opened", {"email_id": "sample-welcome", "campaign": "sample-campaign"}
        if self._dice.chance(0.5):
            at += timedelta(seconds=self._dice.some(5, 90))
            link = self._dice.one(*CONTENT)
            yield at, "email.link_clicked", {"email_id": "sample-welcome", "link": link}
            yield at + timedelta(seconds=3), "content.viewed", {"page": link, "seconds": self._dice.some(10, 600)}
        if self._dice.chance(0.3):
            session, program = f"sample-session-{self._dice.some(1, 5)}", self._dice.one("ACC", "ATX")
            attended = {"session_id": session, "program": program, "completed": self._dice.chance(0.8)}
            yield self._moment(30, 60), "learning.session_attended", attended

    def _purchase(self, number: int, day: int) -> Iterator[Fact]:
        order = {"item_id": "sample-router", "order_id": f"sample-order-{self.number:04d}-{number}"}
        booked = self._moment(day, day + 5)
        if self._visits.chance(0.6):
            yield from last_look(self._visits, booked - timedelta(hours=self._visits.some(2, 48)))
        yield booked, "install_base.item_booked", {**order, "quantity": self._dice.some(1, 9)}
        yield booked + timedelta(days=2), "install_base.item_shipped", order
        if self._dice.chance(0.9):
            licence = {"license_id": f"sample-licence-{self.number:04d}-{number}", "seats": self._dice.some(5, 50)}
            yield booked + timedelta(days=4), "install_base.license_activated", licence

    def _usage(self, day: int) -> Iterator[Fact]:
        """Weeks of work, and for some a pause and weeks of work again."""
        weeks = self._dice.some(4, 30)
        yield from self._weeks(day, weeks)
        if self._dice.chance(0.4):
            pause = self._dice.some(5, 16)
            yield from self._weeks(day + 7 * (weeks + pause), self._dice.some(4, 16))

    def _weeks(self, day: int, weeks: int) -> Iterator[Fact]:
        device = f"sample-device-{self.number:04d}"
        for week in range(weeks):
            first = day + 7 * week
            yield self._moment(first, first), "telemetry.device_reported", {
                "device_id": device, "healthy": self._dice.chance(0.95)
            }  # fmt: skip
            for _ in range(self._dice.some(0, 3)):
                at = self._moment(first, first + 7)
                yield at, "telemetry.login_recorded", {"application": "sample-console", "succeeded": True}
                if self._dice.chance(0.75 if self._managed else 0.4):  # who is looked after uses more
                    used = {"feature": self._dice.one(*_FEATURES), "device_id": device, "uses": self._dice.some(1, 20)}
                    yield at + timedelta(seconds=self._dice.some(5, 900)), "telemetry.feature_used", used

    def _loyalty(self) -> Iterator[Fact]:
        at = self._moment(340, 380)
        yield at, "install_base.contract_renewed", {"contract_id": f"sample-contract-{self.number:04d}", "months": 12}
        if self._dice.chance(0.6):
            score = {"channel": "survey", "score": self._dice.some(6, 10)}
            yield at + timedelta(days=3), "advocacy.recommendation_made", score
        if self._dice.chance(0.4):
            yield at + timedelta(days=5), "advocacy.reference_given", {"kind": "call"}
            for days in range(self._dice.some(0, 3)):
                yield from web_visit(self._visits, at + timedelta(days=20 + days))
        if self._dice.chance(0.3):
            yield from self._purchase(3, 410)
