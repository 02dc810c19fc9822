"""The incidents of a ServiceNow as the cases of their callers: open and closed on every day, beside DuckDB's own count.

python bench/uci_cases.py [--data ../shared/data]

By files only: uci_incident.yaml makes events of the rows, uci_cases_racetrack.yaml puts callers into stages by how many
incidents they had. What must come out DuckDB counts from the raw file by uci_cases.sql, with nothing of raceline: for
every day, stage and "no stage" the cases by priority, symptom and cause, the callers, and two overlays. Exit status 1
when anything differs on any day.

Two callers. Three incidents change hands: some of their rows name another caller. A case is the case of one customer,
so each of them is two cases, of which one is never closed: no row says so. What counting by number alone gives is
printed beside it.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from served import Report, Served, served

from raceline.app.terminal import show_table
from raceline.projections.verify import verify

INCIDENTS = Path("uci_incident/incident_event_log.csv.gz")
HERE = Path(__file__).parent
MAPPING, RACETRACK, COUNT = (HERE / name for name in ("uci_incident.yaml", "uci_cases_racetrack.yaml", "uci_cases.sql"))
OVERLAYS = ("changes", "groups")
DIMENSIONS = {"severity": "severities", "problem": "problems(first: 500)", "cause": "causes(first: 50)"}
COST = 100_000_000  # for a year with every symptom of every day; the default is for what people ask

_METRICS = "count " + " ".join(
    f"{name}: {field} {{ buckets {{ value count }} leftOutValues }}" for name, field in DIMENSIONS.items()
)
DAYS = f"""query ($from: Date!, $to: Date!) {{ stageDays(from: $from, to: $to) {{
  stage day customers entered left overlays {{ overlay value }} open {{ {_METRICS} }} closed {{ {_METRICS} }} }} }}"""
SHORT = """query ($from: Date!, $to: Date!) { stageDays(from: $from, to: $to) {
  stage day customers entered left open { count severities { buckets { value count } } }
  closed { count severities { buckets { value count } } causes(first: 20) { buckets { value count } } } } }"""
LISTED = """query ($day: Date!, $stage: [String!], $after: String) { stageDays(from: $day, to: $day, stages: $stage) {
  stage open { cases(severity: "1", first: 500, after: $after) { nodes {
    case { caseId customer { guid } history { event { eventId } } } severity } pageInfo { hasNextPage } } } } }"""
CASES = """query ($after: String) { cases(first: 500, after: $after) { pageInfo { hasNextPage endCursor } nodes {
  caseId customer { guid } status reopened history { event { eventId } } } } }"""

# By (day, stage, value): how many.
Figures = dict[str, Counter[tuple[str, str, str | None]]]


def counted(path: Path) -> tuple[duckdb.DuckDBPyConnection, Figures]:
    """DuckDB with the file counted, and what must come out."""
    counts = duckdb.connect()
    counts.execute("SET VARIABLE file = ?", [str(path)])
    counts.execute(COUNT.read_text(encoding="utf-8"))
    figures: Figures = {}
    for side in ("open", "closed"):
        for of in DIMENSIONS:
            rows = f"SELECT i.day, i.stage, i.{of}, count(*) FROM {side}_incident AS i GROUP BY ALL"
            figures[f"{side} by {of}"] = _keyed(counts.execute(rows).fetchall())
    for of, column in {"customers": "customers", "entered": "entered", "left": "departed"}.items():
        rows = f"SELECT s.day, s.stage, NULL, s.{column} FROM stage_day AS s"
        figures[of] = _keyed(counts.execute(rows).fetchall())
    rows = " UNION ALL ".join(f"SELECT o.day, o.stage, '{of}', o.{of} FROM overlay AS o" for of in OVERLAYS)
    figures["overlays"] = _keyed(counts.execute(rows).fetchall())
    return counts, figures


def _keyed(rows: Iterable[tuple[Any, ...]]) -> Counter[tuple[str, str, str | None]]:
    """Without those that are 0, for these are said or left out as one likes."""
    return Counter({(str(day), stage, value): count for day, stage, value, count in rows if count})


def told(days: list[dict[str, Any]]) -> tuple[Figures, int]:
    """The same by raceline; and how often a metric's count is not the sum of its buckets, or buckets are left out."""
    figures, odd = defaultdict[str, Counter[tuple[str, str, str | None]]](Counter), 0
    for one in days:
        key = one["day"], one["stage"] or ""
        for of in ("customers", "entered", "left"):
            figures[of].update({(*key, None): one[of]} if one[of] else {})
        figures["overlays"].update(
            {(*key, laid["overlay"]): laid["value"] for laid in one["overlays"] if laid["value"]}
        )
        for side in ("open", "closed"):
            for of in DIMENSIONS:
                buckets = one[side][of]["buckets"]
                whole = sum(bucket["count"] for bucket in buckets) == one[side]["count"]
                odd += not whole or one[side][of]["leftOutValues"] > 0
                figures[f"{side} by {of}"].update({(*key, bucket["value"]): bucket["count"] for bucket in buckets})
    return dict(figures), odd


def cases(report: Report, path: Path) -> duckdb.DuckDBPyConnection:
    """Ingest, replay, ask for every day, and compare; gives DuckDB with the file counted."""
    counts, expected = report.timed("DuckDB: the whole count, from the file", lambda: counted(path))
    ((rows, incidents, first, last),) = counts.execute("""
        SELECT count(*), count(DISTINCT (r.caller, r.number)), min(r.day)::text, max(r.day)::text
        FROM incident_row AS r""").fetchall()
    span = {"from": first, "to": last}
    with served(racetrack="none", query_cost=COST) as server:
        summary = report.timed("incidents as cases: ingest", lambda: server.take(path, MAPPING), rows)
        report.timed("  read models level, from then on", server.level)
        findings = report.timed("their racetrack: activate, until live", lambda: server.activate(RACETRACK), rows)
        live = server.ask(DAYS, **span)["stageDays"]
        report.timed("  replay, while served", server.replay, rows)
        made_of = (server.store.url, server.store.catalogue, server.store.rules)
        differing = report.timed("  verify", lambda: sum(1 for _ in verify(*made_of)), rows)
        days = server.ask(DAYS, **span)["stageDays"]
        every = report.timed("all cases with their events, by 500", lambda: server.all(CASES, "cases"))
        expect_listed(report, server, counts)
        report.answers("stageDays of the whole file, without symptoms", lambda: server.ask(SHORT, **span))
        report.answers("  with every symptom", partial(server.ask, DAYS, **span), rounds=5)
    taken = (summary.accepted, summary.duplicate, summary.quarantined)
    report.compare("incidents as cases", (rows, 0, 0), taken, "accepted / duplicate / quarantined")
    report.compare("findings in uci_cases_racetrack.yaml", 0, findings, "as `raceline racetrack check`")
    report.compare("rows that a fresh derivation has otherwise", 0, differing, "as `raceline verify`")
    report.compare("days, before the replay and after", live, days, "every figure")
    expect_days(report, expected, days)
    expect_cases(report, counts, incidents, every)
    return counts


def expect_days(report: Report, expected: Figures, days: list[dict[str, Any]]) -> None:
    """Every figure of every day and stage, and their sums over the stages."""
    found, odd = told(days)
    number = len({day for day, *_ in expected["customers"]})
    report.compare("days", number, len({one["day"] for one in days}), "from the first row to the last")
    report.compare("metrics whose buckets do not add up", 0, odd, "or that leave a bucket out")
    for name, figures in expected.items():
        wrong = {key[0] for key in figures.keys() | found[name].keys() if figures[key] != found[name][key]}
        why = f"{len(figures):,} figures; {min(wrong, default='none differs')}"
        report.compare(f"{name}: days that differ", 0, len(wrong), why)
    for side, why in (("open", "at its end"), ("closed", "on it")):
        of_day = [Counter[str](), Counter[str]()]
        for sums, figures in zip(of_day, (expected, found), strict=True):
            for (day, *_), count in figures[f"{side} by severity"].items():
                sums[day] += count
        report.compare(f"{side}, all stages and none", *of_day, f"by day, {why}")
        report.compare("  added up over the days", *(sums.total() for sums in of_day), "")
        report.compare("  most", *(sums.most_common(1)[0][1] for sums in of_day), of_day[0].most_common(1)[0][0])


def expect_cases(
    report: Report, counts: duckdb.DuckDBPyConnection, incidents: int, every: list[dict[str, Any]]
) -> None:
    """Each case by caller and number, with every row of it as an event, and how often it was opened again."""
    rows = counts.execute("""
        SELECT s.caller, s.number, last(s.active ORDER BY s.updated, s.count), count(*),
            count(*) FILTER (s.active AND s.was_active = false)
        FROM (SELECT s.*, lag(s.active) OVER (PARTITION BY s.caller, s.number ORDER BY s.updated, s.count) AS was_active
              FROM state AS s) AS s
        GROUP BY ALL""").fetchall()
    expected = {(caller, number): (active, events, again) for caller, number, active, events, again in rows}
    found = {
        (one["customer"]["guid"], one["caseId"]): (one["status"] == "OPEN", len(one["history"]), one["reopened"])
        for one in every
    }
    report.compare("cases", incidents, len(every), "by caller and number")
    report.compare("  each: open now, events, reopenings", expected, found, "`active` again after a closing")
    for what, n in (("open after the last row", 0), ("opened again", 2)):
        report.compare(f"  {what}", *(sum(bool(one[n]) for one in of.values()) for of in (expected, found)), "")


def expect_listed(report: Report, server: Served, counts: duckdb.DuckDBPyConnection) -> None:
    """One bucket opened up: the critical cases at the end of the day that had most of them, stage by stage."""
    ((day,),) = counts.execute("""
        SELECT i.day::text FROM open_incident AS i WHERE i.severity = '1' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
        """).fetchall()
    rows = counts.execute("""
        SELECT i.stage, i.caller, i.number FROM open_incident AS i WHERE i.severity = '1' AND i.day = ?::date
        """, [day]).fetchall()  # fmt: skip
    listed = server.ask(LISTED, day=day)["stageDays"]
    found = {
        (one["stage"] or "", node["case"]["customer"]["guid"], node["case"]["caseId"])
        for one in listed
        for node in one["open"]["cases"]["nodes"]
    }
    report.compare("critical cases of one day, listed", set(rows), found, f"at the end of {day}, by stage")
    report.answers("  the list, with the events of each", lambda: server.ask(LISTED, day=day))


def show_changed_hands(counts: duckdb.DuckDBPyConnection) -> None:
    """The incidents of two callers, and what counting by number alone would give."""
    rows = counts.execute("""
        SELECT r.number, r.caller, count(*)::text, min(r.updated)::text, max(r.updated)::text,
            CASE WHEN bool_and(r.active) THEN 'never closed' ELSE 'closed' END
        FROM incident_row AS r
        WHERE r.number IN (SELECT o.number FROM incident_row AS o GROUP BY 1 HAVING count(DISTINCT o.caller) > 1)
        GROUP BY r.number, r.caller ORDER BY r.number, min(r.updated), min(r.count)""").fetchall()
    show_table("Incidents of two callers", ("incident", "caller", "rows", "from", "to", ""), rows)
    ((days, most, last, cases, numbers),) = counts.execute("""
        SELECT count(*) FILTER (b.by_number IS DISTINCT FROM d.by_both), max(d.by_both - coalesce(b.by_number, 0)),
            last(d.by_both - coalesce(b.by_number, 0) ORDER BY d.day), (SELECT count(*) FROM (
                SELECT DISTINCT r.caller, r.number FROM incident_row AS r)),
            (SELECT count(DISTINCT r.number) FROM incident_row AS r)
        FROM (SELECT i.day, count(*) AS by_both FROM open_incident AS i GROUP BY 1) AS d
        LEFT JOIN (SELECT i.day, count(*) AS by_number FROM open_by_number AS i GROUP BY 1) AS b ON b.day = d.day
        """).fetchall()
    print(f"By number alone there are {numbers:,} cases instead of {cases:,}; on {days:,} days up to {most} fewer are "
          f"open, {last} fewer at the end; as many are closed.")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Read incidents as cases, and compare every day with plain SQL.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    path = parser.parse_args().data / INCIDENTS
    if not path.is_file():
        print(f"There is no {path}, so there is nothing to do; name the folder of the data with --data.")
        return
    report = Report()
    counts = cases(report, path)
    right = report.show()
    show_changed_hands(counts)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
