"""Why a customer is where they are: what was derived, told as one story (design, section 5). No database here.

`explained` makes it of the rows that `projections.as_known` answers; app/explain_tree.py shows it to people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from raceline.app import explain_prediction
from raceline.app.explain_cases import OpenCase, open_cases
from raceline.app.explain_event import Event
from raceline.app.explain_prediction import Prediction, prediction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
Row = Mapping[str, Any]

# What is read here of what AsKnown can answer.
TABLES = frozenset(
    {"customers", "timeline", "journeys", "moves", "revisions", "prospects", "racetracks", "racetrack_stages",
     "racetrack_rules", "rule_conditions", "checkpoint", "cases", "case_spells"}
) | explain_prediction.TABLES  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A node of a rule's conditions: whether it holds, what was observed, what it needs, the events behind it.

    observed, needed: in `unit` (events, days, values, millionths, microseconds); null for all, any and not.
    """

    says: str
    kind: str
    satisfied: bool
    observed: int | None
    needed: int | None
    unit: str | None
    evidence: tuple[Event, ...]
    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Rule:
    """A rule, and where its data come from."""

    name: str
    title: str
    documentation: str
    source: str | None
    attributes: tuple[str, ...]
    owner: str
    confidence: float | None
    coverage: float | None


@dataclass(frozen=True)
class Move:
    """A move, and the stay that it begins: in the stage `to`, or outside. trigger: null for the clock alone.

    known_at: since when the store knows it. days: in the stay, up to the clock while it is open.
    """

    n: int
    kind: str
    edge: str | None
    origin: str | None
    to: str | None
    entered_at: datetime
    left_at: datetime | None
    days: float
    known_at: datetime
    rule: Rule | None
    trigger: Event | None
    condition: Condition | None


@dataclass(frozen=True)
class Prospect:
    """A rule that could move the customer on. fires_at: when it does if no event comes; null: not by time alone."""

    kind: str
    to: str | None
    fires_at: datetime | None
    rule: Rule
    condition: Condition


@dataclass(frozen=True)
class Stay:
    """Where the customer was from a moment on; null is outside."""

    stage: str | None
    entered_at: datetime
    left_at: datetime | None


@dataclass(frozen=True)
class Revision:
    """Late events changed what was known: the stays before and after, from the first difference on."""

    known_at: datetime
    causes: tuple[Event, ...]
    before: tuple[Stay, ...]
    after: tuple[Stay, ...]


@dataclass(frozen=True)
class Explanation:
    """A customer on one racetrack. status: in_stage, left, outside; or out_of_scope, when no event of the customer is
    what the racetrack is about. prediction: null in no stage, and where no model is in force; prediction_note says why.
    stages: the titles by name. others: racetracks that the customer is on as well."""

    customer_id: str
    account_id: str | None
    racetrack: str
    version: int
    title: str
    position: int
    clock: datetime
    status: str
    stage: str | None
    since: datetime | None
    moves: tuple[Move, ...]
    next_moves: tuple[Prospect, ...]
    prediction: Prediction | None
    open_cases: tuple[OpenCase, ...]
    revisions: tuple[Revision, ...]
    revisions_left_out: int
    next_timer: datetime | None
    stages: dict[str, str]
    others: tuple[str, ...]
    prediction_note: str | None = None

    def count(self, kind: str) -> int:
        """How many moves were of a kind."""
        return sum(move.kind == kind for move in self.moves)


def explained(rows: Mapping[str, list[dict[str, Any]]], customer: str, racetrack: str | None) -> Explanation | None:
    """The story of a customer on a racetrack, by default the first; None when there is no event of the customer.

    rows: by table, as AsKnown answers, of this customer, with at least one racetrack, and the one that is named.
    """
    if not rows["customers"]:
        return None
    track = next(row for row in rows["racetracks"] if racetrack in (None, row["racetrack"]))
    return _Teller(rows, track).told(customer)


class _Teller:
    """Puts the rows of one racetrack together."""

    def __init__(self, rows: Mapping[str, list[dict[str, Any]]], track: Row) -> None:
        self._rows, self._track = rows, track
        (checkpoint,) = rows["checkpoint"]
        self._position, self._clock = checkpoint["position"], _moment(checkpoint["clock"])
        self._events = {
            row["position"]: Event(row["position"], row["occurred_at"], row["type"], row["title"])
            for row in rows["timeline"]
        }
        self._rules = {row["rule"]: _rule(row) for row in self._of("racetrack_rules")}
        self._nodes: dict[str, list[Row]] = {}
        for row in self._of("rule_conditions"):
            self._nodes.setdefault(row["rule"], []).append(row)

    def _of(self, table: str) -> Iterator[dict[str, Any]]:
        return (row for row in self._rows.get(table, ()) if row["racetrack"] == self._track["racetrack"])

    def told(self, customer: str) -> Explanation:
        journey: Row = next(self._of("journeys"), {})
        name = self._track["racetrack"]
        return Explanation(
            customer_id=customer,
            account_id=self._rows["customers"][0]["account_id"],
            racetrack=name,
            version=self._track["version"],
            title=self._track["title"],
            position=self._position,
            clock=self._clock,
            status=journey.get("status", "out_of_scope"),
            stage=journey.get("stage"),
            since=journey.get("since"),
            moves=tuple(map(self._move, self._of("moves"))),
            next_moves=tuple(map(self._prospect, self._of("prospects"))) if journey else (),
            prediction=prediction({name: list(self._of(name)) for name in explain_prediction.TABLES}, self._event),
            open_cases=open_cases(self._rows["cases"], self._of("case_spells"), self._clock),
            revisions=tuple(map(self._revision, self._of("revisions"))),
            revisions_left_out=journey.get("revisions_left_out", 0),
            next_timer=journey.get("next_timer"),
            stages={row["stage"]: row["title"] for row in self._of("racetrack_stages")},
            others=tuple(row["racetrack"] for row in self._rows["journeys"] if row["racetrack"] != name),
        )

    def _move(self, row: Row) -> Move:
        return Move(
            n=row["n"],
            kind=row["kind"],
            edge=row["edge"],
            origin=row["from_stage"],
            to=row["to_stage"],
            entered_at=row["entered_at"],
            left_at=row["left_at"],
            days=((row["left_at"] or max(self._clock, row["entered_at"])) - row["entered_at"]) / _DAY,
            known_at=row["known_at"],
            rule=self._rules[row["rule"]] if row["rule"] else None,
            trigger=None if row["trigger"] is None else self._event(row["trigger"]),
            condition=self._condition(row) if row["rule"] else None,
        )

    def _prospect(self, row: Row) -> Prospect:
        return Prospect(row["kind"], row["to_stage"], row["fires_at"], self._rules[row["rule"]], self._condition(row))

    def _revision(self, row: Row) -> Revision:
        causes = tuple(map(self._event, row["causes"]))
        before, after = (tuple(_stays(row[f"{side}_stages"], row[f"{side}_at"])) for side in ("before", "after"))
        return Revision(row["known_at"], causes, before, after)

    def _event(self, position: int) -> Event:
        return self._events.get(position) or Event(position, None, "", "")

    def _condition(self, seen: Row) -> Condition:
        """The root of a rule's conditions, and what was seen of each; nodes are in preorder, depth counts from 0."""
        nodes = self._nodes[seen["rule"]]
        evidence: dict[int, list[Event]] = {}
        for node, position in zip(seen["evidence_node"], seen["evidence"], strict=True):
            evidence.setdefault(node, []).append(self._event(position))
        below: dict[int, list[Condition]] = {}
        for n in reversed(range(len(nodes))):
            row = nodes[n]
            one = Condition(
                says=row["says"],
                kind=row["kind"],
                satisfied=seen["satisfied"][n],
                observed=seen["observed"][n],
                needed=row["needed"],
                unit=row["unit"],
                evidence=tuple(evidence.get(n, ())),
                conditions=tuple(reversed(below.pop(row["depth"] + 1, []))),
            )
            below.setdefault(row["depth"], []).append(one)
        return below[0][0]


def _rule(row: Row) -> Rule:
    source = [row[f"source_{part}"] for part in ("system", "database", "table")]
    return Rule(
        name=row["rule"],
        title=row["title"],
        documentation=row["documentation"],
        source=".".join(source) if row["source_system"] else None,
        attributes=tuple(row["source_attributes"]),
        owner=row["owner"],
        confidence=row["confidence"],
        coverage=row["coverage"],
    )


def _stays(stages: list[str], entered_at: list[int]) -> Iterator[Stay]:
    moments = [*map(_moment, entered_at), None]
    for stage, (entered, left) in zip(stages, pairwise(moments), strict=True):
        assert entered is not None, "only the last has no end"  # noqa: S101
        yield Stay(stage or None, entered, left)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
