"""Questions about paths over GraphQL, beside PostgreSQL answering the plainest of them in SQL from the same rows.

python bench/path_answers.py [--clicks N] [--customers N] [--rounds N]

Generated clicks are ingested and derived; the server reads all paths into memory once, and then answers from there. It
prints what that reading takes, beside a plain read of the same columns by the same driver (the limit); what each
question takes when it is asked again while nothing changed, and for the first time after a click came in, from when it
is recorded until it is in the answer; and the peer: visits and turnarounds by page, in SQL over live.paths, whose
figures have to be those of the answer.
"""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from scratch import folder, write_clicks
from served import Served, served
from stage_days import asked, milliseconds

from raceline.domain import arrow
from raceline.projections.kept_paths import KeptPaths

PERIOD = {"from": "2026-02-16", "to": "2026-02-22"}
_LENGTHS = "paths meanLength varianceLength"
_FIGURES = f"""pathCount customers shareResolved all {{ {_LENGTHS} }} resolved {{ {_LENGTHS} }} open {{ {_LENGTHS} }}"""
_PAGE = """page visits customers opportunities turnarounds rate expectedRate shrunkenRate excess designEffect z p q flag
  dwellMedian exits resolvedHere firstOrder { rate q }"""
QUESTIONS = {
    "pages, the first 50 of all": f"""{{ pages(first: 50) {{ totalCount nodes {{ {_PAGE} }}
      test {{ tau unexpected }} }} }}""",
    "pages of a week against four weeks before": f"""query ($from: Date!, $to: Date!) {{
      pages(from: $from, to: $to, first: 50) {{ nodes {{ {_PAGE} past {{ rate change q flag }} }} }} }}""",
    "pages of the paths of a pattern": f"""{{ pages(where: {{ pattern: "1->.*->3" }}, first: 50) {{
      nodes {{ {_PAGE} }} }} }}""",
    "a page, its turnarounds, their events": """{ pages(first: 1) { nodes { page turnaroundPaths(first: 20) {
      totalCount nodes { pages turnarounds { page depth } steps { page event { position type } } } } } } }""",
    "pathStatistics": f"""{{ pathStatistics {{ all {{ {_LENGTHS} }} resolved {{ {_LENGTHS} }} shareResolved }} }}""",
    "siteGraph, 50 nodes and 100 edges": """{ siteGraph { nodes { kind page visits customers dwellMedian }
      edges { source target transitions customers share medianSeconds p95Seconds } } }""",
    "siteGraph of the first 5 steps": """{ siteGraph(steps: 5) { nodes { kind page step visits }
      edges { step transitions share } } }""",
    "pathVariants": "{ pathVariants { variants { pages pathCount share cumulativeShare } variantsLeftOut } }",
    "funnel of three steps": """{ funnel(pattern: "in: 1 -> .* -> then: 2 -> .* -> out: 3") { steps {
      name pathCount conversion conversionLow conversionHigh baseRate lift medianSeconds } } }""",
    "percolation by week": f"{{ percolation(over: WEEK) {{ rows {{ period {_FIGURES} }} }} }}",
    "percolation by entry page": f"{{ percolation(by: ENTRY_PAGE) {{ rows {{ entryPage {_FIGURES} }} }} }}",
    "pathComparison of two months": """{ pathComparison(a: { from: "2026-01-01", to: "2026-01-31" },
      b: { from: "2026-02-01", to: "2026-02-28" }) { metrics { metric a b difference low high p } } }""",
    "paths of a pattern": """{ paths(pattern: "^->1->.*->3->$", first: 50) { totalCount nodes {
      pages customer { guid } } } }""",
}  # fmt: skip
RECORD = """mutation ($events: [EventInput!]!) { recordEvents(events: $events) {
  ... on RecordEventsPayload { position accepted } } }"""
AFTER = "query ($position: Position) { pages(first: 50, minPosition: $position) { nodes { page visits turnarounds } } }"
ALL = """query ($after: String) { pages(first: 500, after: $after) {
  nodes { page visits turnarounds } pageInfo { hasNextPage endCursor } } }"""
PLAIN = """
SELECT s.page, count(*) AS visits, count(*) FILTER (WHERE s.i = ANY (p.turn_index)) AS turnarounds
FROM live.paths AS p
CROSS JOIN LATERAL unnest(p.pages) WITH ORDINALITY AS s(page, i)
GROUP BY s.page
"""
SAME_COLUMNS = """SELECT p.customer_id, p.n, p.path_id, p.started_at, p.resolved, p.pages, p.step_at, p.stages,
    p.variants FROM live.paths AS p"""


def reading(url: str) -> tuple[int, int]:
    """Print what it takes to read all paths, beside the driver alone; gives paths and steps."""
    begun = time.perf_counter()
    with arrow.connect(url) as connection:
        plain = sum(batch.num_rows for batch in arrow.batches(connection, SAME_COLUMNS))
    alone = time.perf_counter() - begun
    begun = time.perf_counter()
    columns = KeptPaths(url).now()
    ours, steps = time.perf_counter() - begun, len(columns.arrays.page)
    assert columns.paths == plain
    print(f"{columns.paths:,} paths, {steps:,} steps: read into memory in {ours:.2f} s = {steps / ours:,.0f} steps/s,")
    print(f"  {alone / ours:.2f} of the driver alone reading the same columns ({alone:.2f} s)", flush=True)
    return columns.paths, steps


def same(server: Served, rows: list[tuple[Any, ...]]) -> int:
    """How many pages the answer and the peer tell differently."""
    told = {one["page"]: (one["visits"], one["turnarounds"]) for one in server.all(ALL, "pages")}
    counted = {page: (visits, turnarounds) for page, visits, turnarounds in rows}
    return sum(told.get(page) != counted.get(page) for page in told.keys() | counted.keys())


def late(server: Served, rounds: int) -> tuple[float, float]:
    """Milliseconds, best and median, from a click that is recorded to the answer that has counted it."""

    def once() -> None:
        at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=len(sent))
        sent.append(1)
        data = {"source_page": "1", "target_page": "2", "resolved": False}
        click = {
            "eventId": f"late-{uuid4()}",
            "source": "bench",
            "type": "support.link_followed",
            "customerId": "generated-0000001",
            "occurredAt": at.isoformat(),
            "data": data,
        }
        position = server.ask(RECORD, events=[click])["recordEvents"]["position"]
        server.ask(AFTER, position=position)

    sent: list[int] = []
    return milliseconds(once, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    with folder() as place, served() as server:
        file = place / "clicks.ndjson"
        write_clicks(file, args.clicks, args.customers)
        server.take(file)
        server.level()
        reading(server.store.url)
        best = {
            what: asked(server, what, query, args.rounds, **(PERIOD if "$from" in query else {}))
            for what, query in QUESTIONS.items()
        }
        with psycopg.connect(server.store.url) as conn:
            wrong = same(server, conn.execute(PLAIN).fetchall())
            least, median = milliseconds(lambda: conn.execute(PLAIN).fetchall(), 3)
        print(f"{'PostgreSQL: visits and turnarounds by page':44} {least:8.1f} ms (median {median:.1f})")
        print(f"pages whose figures differ from the SQL's: {wrong}")
        best_late, median_late = late(server, args.rounds)
        print(f"{'a click, until pages has counted it':44} {best_late:8.1f} ms (median {median_late:.1f})")
        first = next(iter(best))
        print(f"{first}: {least / best[first]:,.0f} times as fast as the SQL, which has no test in it")
        print(f"slowest: {max(best.values()):,.1f} ms")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
