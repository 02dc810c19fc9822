"""stageDays of a year and thirteen stages over 100,000 support cases, over HTTP, beside the plainest SQL for it.

python bench/stage_days.py [--cases N] [--customers N] [--events N] [--racetrack PRESET]

The peer is what a person would write over the spells of the cases (live.case_spells): a row for each day by
generate_series, joined by range, grouped; without the customers, who entered and who left. Each of its figures is
compared with the answer's. And: how long a late event that changes a case of a year ago takes, from recordEvents until
it is in the answer; and what it takes to open one number up to its cases, their events and the moves behind them.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any
from uuid import uuid4

import psycopg
from scratch import folder, write_journeys
from scratch_cases import merge, write_cases
from served import Served, served

FIRST, LAST = date(2025, 7, 1), date(2026, 6, 30)
LATE = date(2025, 7, 15)
SEVERITIES = ("1", "2", "3", "4")
Figures = dict[tuple[str, str, str], tuple[Any, ...]]

_METRICS = """count sentiment { cases mean minimum maximum negative neutral positive }
  severities { buckets { value count } } surveys { count mean }"""
YEAR = f"""query ($from: Date!, $to: Date!, $account: String) {{ stageDays(from: $from, to: $to, account: $account) {{
  stage day customers entered left open {{ {_METRICS} }} closed {{ {_METRICS} }} }} }}"""
_EVERYTHING = f"""{_METRICS} causes {{ buckets {{ value count }} leftOutValues leftOutCases }}
  problems {{ buckets {{ value count }} leftOutValues leftOutCases }}"""
EVERYTHING = f"""query ($from: Date!, $to: Date!) {{ stageDays(from: $from, to: $to) {{
  stage day customers entered left open {{ {_EVERYTHING} }} closed {{ {_EVERYTHING} }} pagesViewed contentViewed
  topPages {{ pages {{ page views }} leftOutPages }} overlays {{ overlay value events }} }} }}"""
COUNTS = """query ($from: Date!, $to: Date!) { stageDays(from: $from, to: $to) {
  stage day customers open { count } closed { count } } }"""
BUCKET = """query ($day: Date!, $stages: [String!]) { stageDays(from: $day, to: $day, stages: $stages) {
  open { count cases(severity: "3", first: 50) { totalCount nodes { severity sentiment fromDay toDay
    event { type occurredAt } move { from to enteredAt rule { title } }
    case { caseId customer { guid } status openedAt history { event { position } does severity } } } } } } }"""
RECORD = """mutation ($events: [EventInput!]!) { recordEvents(events: $events) {
  ... on RecordEventsPayload { position accepted } } }"""
SEEN = f"""query ($from: Date!, $to: Date!, $position: Position) {{
  stageDays(from: $from, to: $to, minPosition: $position) {{
    stage open {{ {_METRICS} }} closed {{ {_METRICS} }} }} }}"""
PLAIN = """
SELECT d.day::date, s.side, s.stage, count(*) AS cases, count(s.sentiment) AS scored, avg(s.sentiment) AS mean,
    min(s.sentiment) AS minimum, max(s.sentiment) AS maximum,
    count(*) FILTER (WHERE s.sentiment <= -500) AS negative,
    count(*) FILTER (WHERE s.sentiment > -500 AND s.sentiment < 500) AS neutral,
    count(*) FILTER (WHERE s.sentiment >= 500) AS positive,
    count(*) FILTER (WHERE s.severity = '1') AS severity_1, count(*) FILTER (WHERE s.severity = '2') AS severity_2,
    count(*) FILTER (WHERE s.severity = '3') AS severity_3, count(*) FILTER (WHERE s.severity = '4') AS severity_4,
    sum(s.surveys) AS surveys, sum(s.survey_score) AS survey_score
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d(day)
JOIN live.case_spells AS s ON s.from_day <= d.day AND d.day < s.to_day
WHERE s.racetrack = %(racetrack)s
GROUP BY d.day, s.side, s.stage
"""
# Cases that are open on that day, not the worst, and to which nothing happened on it: so for long, or for ever.
OPEN_THEN = """
SELECT s.customer_id, s.case_id
FROM live.case_spells AS s
WHERE s.racetrack = %(racetrack)s AND s.side = 'open' AND s.from_day <= %(day)s AND s.severity <> '1'
    AND CASE WHEN %(ever)s THEN s.to_day = '9999-12-31' ELSE s.to_day BETWEEN %(day)s + 2 AND '9999-12-30' END
    AND NOT EXISTS (SELECT FROM raceline.event AS e WHERE e.customer_id = s.customer_id
        AND e.data ->> 'case_id' = s.case_id AND e.occurred_at BETWEEN %(day)s AND %(day)s + 2)
ORDER BY md5(s.customer_id || s.case_id)
LIMIT %(limit)s
"""
ABOUT = """
SELECT (SELECT count(*) FROM live.cases),
    (SELECT count(*) FROM live.case_spells AS s WHERE s.racetrack = %(racetrack)s),
    (SELECT count(*) FROM live.moves AS m WHERE m.racetrack = %(racetrack)s), (SELECT count(*) FROM raceline.event)
"""


def milliseconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The least, which is what it takes where nobody else is at work, and the median."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return min(times), statistics.median(times)


def posted(server: Served, query: str, **variables: object) -> bytes:
    """The answer as it comes over the wire, not taken apart."""
    return server.client.post("/graphql", json={"query": query, "variables": variables}).raise_for_status().content


def asked(server: Served, what: str, query: str, rounds: int, **variables: object) -> float:
    """Print what a question takes and gives; gives its best time."""
    server.ask(query, **variables)  # refused, it says why
    size = len(posted(server, query, **variables))
    best, median = milliseconds(lambda: posted(server, query, **variables), rounds)
    print(f"{what:44} {best:8.1f} ms (median {median:.1f}), {size / 1e6:.2f} MB", flush=True)
    return best


def told(days: list[dict[str, Any]]) -> Figures:
    """The figures of the answer as the peer has them, of those stages and days that have cases."""
    return {
        (one["day"], side, one["stage"] or ""): _figures(one[side])
        for one in days
        for side in ("open", "closed")
        if one[side]["count"]
    }


def _figures(metrics: dict[str, Any]) -> tuple[Any, ...]:
    mood, surveys = metrics["sentiment"], metrics["surveys"]
    by_severity = {bucket["value"]: bucket["count"] for bucket in metrics["severities"]["buckets"]}
    scored = mood["cases"] if mood else 0
    felt = (
        *(round(mood[of] * 10_000 * times) for of, times in (("mean", scored), ("minimum", 1), ("maximum", 1))),
        *(round(mood[of] * scored) for of in ("negative", "neutral", "positive")),
    ) if mood else (None, None, None, 0, 0, 0)  # fmt: skip
    answered = round(surveys["count"] * surveys["mean"] * 1e6) if surveys["count"] else 0
    return metrics["count"], scored, *felt, *(by_severity.get(of, 0) for of in SEVERITIES), surveys["count"], answered


def plainly(conn: psycopg.Connection[Any], racetrack: str) -> list[tuple[Any, ...]]:
    return conn.execute(PLAIN, {"first": FIRST, "last": LAST, "racetrack": racetrack}, prepare=True).fetchall()


def counted(rows: list[tuple[Any, ...]]) -> Figures:
    """The peer's rows in the same form: means as sums, which are whole numbers."""
    return {
        (str(day), side, stage): (
            cases, scored, mean if mean is None else round(mean * scored), *figures, int(surveys or 0), int(score or 0)
        )
        for day, side, stage, cases, scored, mean, *figures, surveys, score in rows
    }  # fmt: skip


def late(server: Served, conn: psycopg.Connection[Any], racetrack: str, what: str, rounds: int, *, ever: bool) -> None:
    """Print how long a late event takes, from its append to the answer that has it. ever: it closes a case that was
    open for ever since; else it makes one more severe that was open on that day."""
    given = {"racetrack": racetrack, "day": LATE, "ever": ever, "limit": rounds}
    data = {"cause_code": "late"} if ever else {"severity": 1}
    times, writes = [], []
    for customer, case in conn.execute(OPEN_THEN, given).fetchall():
        event = {
            "type": "case.closed" if ever else "case.updated", "customerId": customer, "eventId": str(uuid4()),
            "product": "network-controller", "data": {"case_id": case, **data},
            "occurredAt": datetime.combine(LATE, clock(20), UTC).isoformat(),
        }  # fmt: skip
        before = seen(server)
        begun = time.perf_counter()
        recorded = server.ask(RECORD, events=[event])["recordEvents"]
        writes.append(time.perf_counter() - begun)
        after = seen(server, recorded["position"])
        times.append(time.perf_counter() - begun)
        changed = tuple(one - other for one, other in zip(after, before, strict=True))
        assert changed == ((-1, 1, 0) if ever else (0, 0, 1)), (customer, case, changed)
    write, best, median = min(writes), min(times), statistics.median(times)
    print(f"{what:44} {best * 1e3:8.1f} ms (median {median * 1e3:.1f}, worst {max(times) * 1e3:.1f}), of it the append "
          f"{write * 1e3:.1f}", flush=True)  # fmt: skip


def seen(server: Served, position: str | None = None) -> tuple[int, int, int]:
    """Open and closed on the late day, and of those that are open the most severe; over all stages and none."""
    days = server.ask(SEEN, **{"from": str(LATE), "to": str(LATE)}, position=position)["stageDays"]
    severe = sum(one["count"] for day in days for one in day["open"]["severities"]["buckets"] if one["value"] == "1")
    return sum(day["open"]["count"] for day in days), sum(day["closed"]["count"] for day in days), severe


def fill(server: Served, given: argparse.Namespace) -> None:
    """Journeys and cases of the same customers, and the read models level with them."""
    with folder() as home:
        journeys, cases, both = (home / f"{name}.ndjson" for name in ("journeys", "cases", "both"))
        write_journeys(journeys, given.events, given.customers)
        write_cases(cases, given.cases, given.customers)
        merge(both, journeys, cases)
        begun = time.perf_counter()
        taken = server.take(both)
        print(f"{taken.accepted:,} events taken in, {time.perf_counter() - begun:.0f} s", flush=True)
    begun = time.perf_counter()
    server.level()
    print(f"read models level {time.perf_counter() - begun:.0f} s later", flush=True)


def compare(server: Served, conn: psycopg.Connection[Any], racetrack: str, rounds: int) -> None:
    """The judged question, beside the plain SQL, figure by figure."""
    span = {"from": str(FIRST), "to": str(LAST)}
    ours, theirs = told(server.ask(YEAR, **span)["stageDays"]), counted(plainly(conn, racetrack))
    wrong = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
    print(f"{len(theirs):,} stages and days with cases, {len(wrong):,} of them differ from the plain SQL", flush=True)
    for key in sorted(wrong)[:3]:
        print(f"  {key}: stageDays {ours.get(key)}, plain SQL {theirs.get(key)}")
    plain, median = milliseconds(lambda: plainly(conn, racetrack), 5)
    print(f"{'plain SQL over the spells, these figures':44} {plain:8.1f} ms (median {median:.1f})", flush=True)
    best = asked(server, "stageDays of a year, all stages", YEAR, rounds, **span)
    print(f"  {best / plain:.3f} of the plain SQL, {plain / best:.1f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=500_000, help="of the journeys, beside those of the cases")
    parser.add_argument("--racetrack", default="network-controller")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    race, rounds = given.racetrack, given.rounds
    with served(racetrack=race) as server, psycopg.connect(server.store.url, autocommit=True) as conn:
        fill(server, given)
        conn.execute("VACUUM ANALYZE")
        cases, spells, moves, events = conn.execute(ABOUT, {"racetrack": race}).fetchone() or ()
        print(f"{cases:,} cases, {spells:,} spells, {moves:,} moves, {events:,} events")
        compare(server, conn, race, rounds)
        month = {"from": "2026-05-01", "to": "2026-05-31"}
        asked(server, "  of a month", YEAR, rounds, **month)
        asked(server, "  of a year, numbers of cases only", COUNTS, rounds, **{"from": str(FIRST), "to": str(LAST)})
        asked(server, "  of a month, every field there is", EVERYTHING, rounds, **month)
        asked(server, "  of a month, of one account", YEAR, rounds, **month, account="account-00001")
        stage = {"day": "2026-03-02", "stages": busiest(conn, race)}
        asked(server, "one bucket opened: 50 cases, events, moves", BUCKET, rounds, **stage)
        late(server, conn, race, "late: more severe a year ago, then visible", rounds, ever=False)
        late(server, conn, race, "late: closed a year ago, then visible", rounds, ever=True)


def busiest(conn: psycopg.Connection[Any], racetrack: str) -> list[str]:
    """The stage with most open cases on a day in the middle."""
    rows = conn.execute(
        """
        SELECT s.stage FROM live.case_spells AS s
        WHERE s.racetrack = %s AND s.side = 'open' AND s.stage <> '' AND date '2026-03-02' >= s.from_day
            AND date '2026-03-02' < s.to_day
        GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
        """,
        [racetrack],
    ).fetchall()
    return [stage for (stage,) in rows]


if __name__ == "__main__":
    main()
