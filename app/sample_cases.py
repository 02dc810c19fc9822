"""The support cases of the generated sample: invented texts, put together of what is wrong and how one takes it.

Cases last hours or weeks. They change severity, are handed on, are reopened, and some stay open; surveys follow.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from raceline.app.sample_dice import Dice

Fact = tuple[datetime, str, dict[str, Any]]

_WRONG = {
    "installation": (
        "The installation of the sample router stops at the third step.",
        "The sample router does not start after the installation.",
        "The installer of the sample router asks for a file that is not in the package.",
    ),
    "licence": (
        "The licence key of the sample router is rejected.",
        "The sample console counts more seats than we have.",
        "The sample licence ends a month before the contract does.",
    ),
    "performance": (
        "The sample router is slow in the afternoon.",
        "The sample reports take ten minutes instead of one.",
        "The sample console hangs while it loads the dashboard.",
    ),
    "configuration": (
        "The settings of the sample router are gone after a restart.",
        "We would like to use the sample router behind another one.",
        "The alerts of the sample console reach only one of two addresses.",
    ),
    "connection": (
        "The sample router loses the connection every night.",
        "Two sample devices do not see each other.",
        "The sample console says that a device is offline, and it is online.",
    ),
    "hardware": (
        "One port of the sample router stays dark.",
        "The fan of the sample router runs at full speed.",
        "The sample router restarts by itself once a day.",
    ),
}
_ANGRY = (
    "This is a terrible experience and we are very disappointed.",
    "We are frustrated, because it is the second failure this month.",
    "The delay is unacceptable and our work is stopped.",
    "Nobody has answered us for days, and that is very bad.",
    "We lost a whole day to this horrible error.",
    "We are worried that we will lose data.",
    "The manual is confusing and useless here.",
    "It is worse than before the update, and people complain.",
    "The last answer was wrong and did not help.",
    "We are angry that it broke again.",
    "This is annoying, and it is hard to trust the product now.",
    "It is a serious problem for us.",
)
_PLEASED = (
    "Thank you, that was quick and helpful.",
    "Great, it works again.",
    "Excellent support, we are very happy.",
    "Thanks for the clear and friendly explanation.",
    "We are glad that it is solved.",
    "Everything runs perfectly now, wonderful.",
    "Good work, we appreciate the help.",
    "The update is a nice improvement, thank you.",
    "This is the best answer that we have had so far.",
    "We like the product, and this made us like it more.",
)
_PLAIN = (
    "The log file is attached.",
    "It began on Monday.",
    "We have restarted it twice.",
    "Two devices are affected.",
    "It is the version of last month.",
    "The settings are those of the manual.",
    "We can be reached in the morning.",
    "The same is seen on the second device.",
    "It comes back after about an hour.",
    "The serial number is on the order.",
)
_ENGINEER = (
    "The log file was asked for.",
    "The behaviour was seen in the laboratory as well.",
    "A new version was sent.",
    "The customer was asked to try other settings.",
    "Waiting for an answer.",
)
_CLOSING = ("Solved with a new version.", "Solved with other settings.", "The part was replaced.", "Explained by mail.")
_CAUSES = ("COMM 007", "COMM 012", "CONF 003", "DOCU 001", "HARD 021", "LICN 004", "SOFT 015", "USER 002")
_GROUPS = ("sample-first-line", "sample-network", "sample-software", "sample-field")
_SEVERITIES = (1, 2, 2, 3, 3, 3, 3, 4, 4, 4)  # as often as they stand here
_MOODS = (_ANGRY, _ANGRY, _PLAIN, _PLAIN, _PLEASED)


def case_life(dice: Dice, case_id: str, at: datetime) -> Iterator[Fact]:
    """The events of one case that opens at a moment, in the order of their times."""
    case = _Case(dice, case_id, at)
    yield from case.worked_on("case.opened", dice.some(1, 4))
    if dice.chance(0.04):
        return  # nobody ever closed it
    yield case.closed()
    if dice.chance(0.15):
        case.wait(24, 24 * 20)
        yield from case.worked_on("case.reopened", dice.some(0, 2))
        yield case.closed()
    if dice.chance(0.5):
        yield case.surveyed()


class _Case:
    def __init__(self, dice: Dice, case_id: str, at: datetime) -> None:
        self._dice, self._id, self._at = dice, case_id, at
        self._problem = dice.one(*_WRONG)
        self._severity = dice.one(*_SEVERITIES)
        self._group = _GROUPS[0]
        self._pace = dice.one(1, 1, 2, 4, 12)  # some take much longer than others
        self._pleased = dice.chance(0.5)

    def worked_on(self, kind: str, notes: int) -> Iterator[Fact]:
        """It opens, or opens again, and is worked on."""
        yield self._fact(kind, severity=self._severity, text=self._complaint(), **self._opening(kind))
        for _ in range(notes):
            self.wait(2, 40)
            yield self._fact("case.updated", state="active", **self._change())

    def closed(self) -> Fact:
        self.wait(2, 60)
        cause, text = self._dice.one(*_CAUSES), self._dice.one(*_CLOSING)
        return self._fact("case.closed", cause_code=cause, text=text)

    def surveyed(self) -> Fact:
        self.wait(12, 72)
        answer: dict[str, Any] = {"score": self._dice.some(3, 5) if self._pleased else self._dice.some(1, 4)}
        if self._dice.chance(0.4):
            answer["text"] = self._dice.one(*(_PLEASED if self._pleased else _ANGRY))
        return self._fact("case.survey_answered", **answer, highest_score=5)

    def wait(self, least: int, most: int) -> None:
        """So many hours, for a case of the usual pace."""
        self._at += timedelta(minutes=60 * self._pace * self._dice.some(least, most) + self._dice.some(0, 59))

    def _opening(self, kind: str) -> dict[str, Any]:
        if kind == "case.reopened":
            return {}
        return {"problem": self._problem, "channel": self._dice.one("web", "phone"), "assignment_group": self._group}

    def _complaint(self) -> str:
        mood = self._dice.one(*_MOODS)
        return f"{self._dice.one(*_WRONG[self._problem])} {self._dice.one(*mood)}"

    def _change(self) -> dict[str, Any]:
        """A note of the customer, or of an engineer who may also hand the case on or weigh it anew."""
        dice = self._dice
        if dice.chance(0.4):
            return {"text": dice.one(*(_PLEASED if self._pleased else dice.one(*_MOODS))), "written_by": "customer"}
        change: dict[str, Any] = {"text": dice.one(*_ENGINEER), "written_by": "engineer"}
        if dice.chance(0.35):
            self._group = dice.one(*(group for group in _GROUPS if group != self._group))
            change |= {"assignment_group": self._group, "assigned_to": f"sample-engineer-{dice.some(1, 20):02d}"}
        if dice.chance(0.35):
            self._severity = min(4, max(1, self._severity + dice.one(-1, 1)))
            change["severity"] = self._severity
        return change

    def _fact(self, kind: str, **data: Any) -> Fact:
        return self._at, kind, {"case_id": self._id, **data}
