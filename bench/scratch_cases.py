"""Generated support cases: what becomes of each, what customers write, how they answer surveys; and their types."""

import heapq
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import yaml

DAYS = 400
BEGIN = "2025-06-01T00:00:00"
SCALE = 5  # of the surveys
_OPENED, _UPDATED, _CLOSED, _REOPENED, _SURVEYED = range(5)
_KINDS = ("opened", "updated", "closed", "reopened", "survey_answered")
_CATALOGUE = Path(__file__).parent.parent / "domain" / "catalogue.yaml"

# Three moods of a customer. {n} becomes a number from 0 to 9999.
_SAYS = (
    (
        "Since the upgrade to build {n} the controller restarts every night and nobody can work.",
        "This is the third time that I report it, and I am very disappointed.",
        "Device {n} lost its configuration again, which is a disaster for our branch offices.",
        "The answer that I got was useless and did not even mention error {n}.",
        "We are angry: {n} users cannot log in and your portal shows nothing.",
        "Port {n} fails as soon as there is traffic, the workaround makes it worse.",
        "I hate to say it, but the documentation of command {n} is wrong.",
        "Nobody called back about ticket {n}; this delay is unacceptable.",
        "The licence server refuses key {n} and we lose money every hour.",
        "Switch {n} crashed during the backup and the data are corrupt.",
        "The interface is terribly slow with more than {n} devices.",
        "We had a serious outage for {n} minutes because of this bug.",
    ),
    (
        "We run version {n} on two controllers in one data center.",
        "The log has {n} lines about the certificate; they are attached.",
        "Please tell us which release contains change {n}.",
        "Site {n} uses the template for small branches.",
        "The device at address {n} was moved to another rack last week.",
        "How does one export the report of the last {n} days?",
        "Our change window is on Saturday, reference {n}.",
        "The trace was taken on interface {n} with the default filter.",
        "It happens with devices of the series {n} only.",
        "We followed article {n} up to step four.",
        "The proxy listens on port {n}.",
        "Does the contract cover unit {n} as well?",
    ),
    (
        "Thank you, your engineer was great and solved it within {n} minutes.",
        "Everything works perfectly now on all {n} devices.",
        "I am happy with the quick answer about item {n}.",
        "The new dashboard is excellent and saves us {n} hours a month.",
        "Great help with case {n}, I appreciate the patience.",
        "The upgrade of {n} switches went smoothly, well done.",
        "We love the automation, it found fault {n} before we did.",
        "The workaround for {n} is good enough for us, thanks.",
        "Very friendly and competent support, as with request {n}.",
        "The training for our {n} colleagues was a success.",
        "It is a pleasure to see patch {n} so soon.",
        "Best support I ever had, thank you for staying late on day {n}.",
    ),
)
_PROBLEMS = tuple(f"{area}/{what}" for area in ("upgrade", "licence", "login", "discovery", "template", "report",
                  "backup", "cluster") for what in ("fails", "slow", "question", "wrong data", "crash"))  # fmt: skip
_CAUSES = tuple(f"{area} {n:03d}" for area in ("COMM", "CONF", "HARD", "SOFT", "USER") for n in range(1, 6))


def write_cases(
    path: Path, cases: int, customers: int, *, family: str = "case", product: str = "network-controller",
    events: int | None = None,
) -> int:  # fmt: skip
    """So many cases over 400 days as NDJSON in the order of time, of the customers of write_journeys; gives the events.

    A case has five events on average: it is opened, changed, closed, perhaps opened and closed again, perhaps asked
    about. One in sixteen is never closed. Four events of ten have a text of the customer, of one to three sentences
    with numbers, so that a text hardly comes twice. family: of the types. events: at most so many, the first ones.
    """
    rng = np.random.default_rng(11)
    second, case, kind = _lives(rng, cases)
    customer = (rng.beta(1, 2, cases) * customers).astype(int)
    at = np.datetime64(BEGIN) + second.astype("timedelta64[s]")
    count = min(len(case), events or len(case))
    data = _Data(rng, cases, count)
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            of = case[n]
            said = json.dumps({"case_id": f"c-{of}", **data.of(n, of, kind[n])})
            file.write(
                f'{{"event_id": "{family}{n}", "source": "bench", "type": "{family}.{_KINDS[kind[n]]}", '
                f'"occurred_at": "{at[n]}Z", "customer_id": "generated-{customer[of]:07d}", '
                f'"account_id": "account-{customer[of] % 5000:05d}", "product": "{product}", "data": {said}}}\n'
            )
    return count


def merge(path: Path, *files: Path) -> None:
    """The lines of generated files in one, in the order of time; else all of one file came in late after the other."""
    mark = '"occurred_at": "'
    with ExitStack() as stack, path.open("w", encoding="utf-8") as into:
        opened = [stack.enter_context(file.open(encoding="utf-8")) for file in files]
        into.writelines(heapq.merge(*opened, key=lambda line: line[(at := line.index(mark) + len(mark)) : at + 20]))


def write_types(path: Path, family: str) -> None:
    """A catalogue of types with the attributes of the case types and without their role: what happens is no case."""
    built_in = yaml.safe_load(_CATALOGUE.read_text(encoding="utf-8"))["types"]
    types = {
        f"{family}.{name}": {key: value for key, value in built_in[f"case.{name}"].items() if key != "case"}
        for name in _KINDS
    }
    path.write_text(yaml.safe_dump({"types": types}, sort_keys=False), encoding="utf-8")


def _lives(rng: np.random.Generator, cases: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Second, case and kind of each event, in the order of time, up to the last day."""
    day, every = 86_400, np.arange(cases)
    opened = np.sort(rng.integers(0, DAYS * day, cases))
    length = rng.lognormal(np.log(4 * day), 1.2, cases)
    closed = np.where(rng.random(cases) < 1 / 16, np.inf, opened + length)
    reopened = np.where(rng.random(cases) < 0.1, closed + rng.exponential(3 * day, cases), np.inf)
    again = reopened + rng.lognormal(np.log(2 * day), 1, cases)
    last = np.where(np.isfinite(again), again, closed)
    survey = np.where(rng.random(cases) < 0.3, last + rng.exponential(2 * day, cases), np.inf)
    updates = rng.poisson(2.9, cases)
    updated = np.repeat(every, updates)
    within = np.where(np.isfinite(closed), length, 60 * day)[updated] * rng.random(len(updated))
    parts = [(opened, every, _OPENED), (opened[updated] + within, updated, _UPDATED), (closed, every, _CLOSED),
             (reopened, every, _REOPENED), (again, every, _CLOSED), (survey, every, _SURVEYED)]  # fmt: skip
    second = np.concatenate([of for of, *_ in parts])
    case = np.concatenate([of for _, of, _ in parts])
    kind = np.concatenate([np.full(len(of), kind) for _, of, kind in parts])
    order = np.argsort(second, kind="stable")[: np.count_nonzero(second < DAYS * day)]
    return second[order].astype(np.int64), case[order], kind[order]


class _Data:
    """What each event says."""

    def __init__(self, rng: np.random.Generator, cases: int, events: int) -> None:
        self.mood = rng.choice(3, cases, p=[0.35, 0.4, 0.25])
        self.severity = rng.choice(4, cases, p=[0.05, 0.2, 0.55, 0.2]) + 1
        self.problem = np.minimum(rng.zipf(1.5, cases) - 1, len(_PROBLEMS) - 1)
        self.cause = rng.integers(0, len(_CAUSES), cases)
        self.chance, self.other = rng.random(events), rng.integers(0, 1_000_000, events)
        self.sentences, self.number = rng.integers(1, 4, events), rng.integers(0, 10_000, (events, 3))
        self.pick, self.turn = rng.integers(0, 12, (events, 3)), rng.random((events, 3))

    def of(self, n: int, case: int, kind: int) -> dict[str, Any]:
        """kind: of the event n of the case."""
        chance, other = self.chance[n], int(self.other[n])
        match int(kind):
            case 0:
                return {"severity": int(self.severity[case]), "problem": _PROBLEMS[self.problem[case]],
                        "text": self._text(n, case), "assignment_group": f"group {other % 20}"}  # fmt: skip
            case 1 if chance < 0.2:
                return {"severity": other % 4 + 1}
            case 1 if chance < 0.35:
                return {"assignment_group": f"group {other % 20}", "assigned_to": f"engineer {other % 300}"}
            case 1:
                return {"text": self._text(n, case), "written_by": "customer" if chance < 0.7 else "engineer"}
            case 2:
                return {"cause_code": _CAUSES[(self.cause[case] + (chance < 0.05)) % len(_CAUSES)],
                        "text": f"Closed with remedy {other}."}  # fmt: skip
            case 3:
                return {"text": self._text(n, case)} | ({"severity": 1} if chance < 0.2 else {})
        answer = {"score": (5, 5, 4, 3, 2, 1)[other % 6], "highest_score": SCALE}
        return answer | ({"text": self._text(n, case)} if chance < 0.6 else {})

    def _text(self, n: int, case: int) -> str:
        """Mostly in the mood of the case, now and then in another one."""
        mood = self.mood[case]
        return " ".join(
            _SAYS[(mood + (self.turn[n, k] < 0.2)) % 3][self.pick[n, k]].format(n=self.number[n, k])
            for k in range(self.sentences[n])
        )
