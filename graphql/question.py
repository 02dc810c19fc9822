"""The coordinates of a question (design, section 5): at, knownAt, and a version of a racetrack."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from raceline.graphql.scalars import HIGHEST, parse_global_id

_HIGHEST_VERSION = 2**31 - 1


class Racetrack(NamedTuple):
    """A racetrack by name; `version` None means the active one."""

    name: str
    version: int | None = None


class MoveKey(NamedTuple):
    """What identifies a move for ever: entered_at is microseconds since 1970, trigger the event's position or 0."""

    racetrack: Racetrack
    entered_at: int
    trigger: int
    customer: str


class CaseKey(NamedTuple):
    """What identifies a support case."""

    customer: str
    case: str


@dataclass(frozen=True)
class Question:
    """What a root field asks. customers: whom it is about, when it names them. taken_back: the move that is asked for
    as it was known until a late event took it back.

    `derived`: the read models do not hold the answer, so the customers are derived for it. `surveyed`: all of them are,
    by a version that is not live, or those of an account, and what is told is not of any one of them. `by_day`: it is
    told stage by stage and day by day.
    """

    customers: tuple[str, ...] = ()
    at: datetime | None = None
    known_at: Mapping[str, Any] | None = None
    racetrack: Racetrack | None = None
    derived: bool = False
    taken_back: MoveKey | None = None
    surveyed: bool = False
    by_day: bool = False
    account: str | None = None

    @property
    def version(self) -> Racetrack | None:
        """The racetrack, if it is one of a version."""
        return self.racetrack if self.racetrack and self.racetrack.version is not None else None


def racetrack(argument: Mapping[str, Any] | None) -> Racetrack | None:
    """A RacetrackRef as it was given."""
    return None if argument is None else Racetrack(argument["name"], argument.get("version"))


def questions(field: str, arguments: Mapping[str, Any]) -> list[Question]:
    """What a root field asks; each after the first is asked only if those before it were answered by null."""
    if field in ("stageMove", "node") and (move := move_key(arguments["id"])) is not None:
        # A move of a version that is active stands in the read models; any other is derived anew.
        anew = Question((move.customer,), racetrack=move.racetrack, derived=True)
        return [Question((move.customer,)), anew, replace(anew, taken_back=move)]
    asked = _question(field, arguments)
    if asked.account is not None:
        return [replace(asked, surveyed=True)]
    if field in ("stages", "stageDays") and asked.version is not None:
        return [asked, replace(asked, surveyed=True)]
    return [asked]


def _question(field: str, arguments: Mapping[str, Any]) -> Question:
    match field:
        case "customer":
            at, known_at = arguments.get("at"), arguments.get("knownAt")
            track = racetrack(arguments.get("racetrack"))
            derived = at is not None or known_at is not None or (track is not None and track.version is not None)
            return Question((arguments["id"],), at, known_at, track, derived)
        case "node":
            type_name, key = parse_global_id(arguments["id"]) or ("", "")
            if (case := case_key(arguments["id"])) is not None:
                return Question((case.customer,))
            return Question((key,) if type_name == "Customer" else ())
        case "case":
            return Question((arguments["customer"],))
        case "stageDays":
            track = racetrack(arguments.get("racetrack"))
            return Question(racetrack=track, by_day=True, account=arguments.get("account"))
        case "stages" | "account" | "customers":
            track = arguments.get("racetrack")
            return Question(racetrack=Racetrack(track) if isinstance(track, str) else racetrack(track))
    return Question()


def move_key(id_: str) -> MoveKey | None:
    """The key in the global id of a move; None when it is none."""
    type_name, text = parse_global_id(id_) or ("", "")
    parts = text.split("/", 3)
    name, at, version = parts[0].partition("@")
    numbers = [version, *parts[1:3]]
    if type_name != "StageMove" or len(parts) < 4 or not at or not all(map(_whole, numbers)):
        return None
    found = MoveKey(Racetrack(name, int(version)), int(parts[1]), int(parts[2]), parts[3])
    fits = int(version) <= _HIGHEST_VERSION and max(found.entered_at, found.trigger) <= HIGHEST
    return found if fits else None


def case_key(id_: str) -> CaseKey | None:
    """The key in the global id of a support case; None when it is none."""
    type_name, text = parse_global_id(id_) or ("", "")
    length, slash, rest = text.partition("/")
    if type_name != "Case" or not slash or not _whole(length):
        return None
    case, slash, customer = rest[: int(length)], rest[int(length) : int(length) + 1], rest[int(length) + 1 :]
    return CaseKey(customer, case) if len(case) == int(length) and slash == "/" else None


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20
