"""Moves made by hand, and live read models of nothing but these."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from psycopg import sql

from raceline.domain.sql import statements

START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = ["need", "select", "use", "renew"]
TRACK = "cisco-13"
VIEWS = statements("raceline.projections", "views.sql")


def day(n):
    return None if n is None else START + timedelta(days=n)


def move(customer, n, kind, from_stage, to_stage, entered, left=None, rule="rule"):
    return {
        "customer_id": customer, "racetrack": TRACK, "version": 1, "n": n, "kind": kind, "from_stage": from_stage,
        "to_stage": to_stage, "entered_at": day(entered), "left_at": day(left), "known_at": day(entered), "rule": rule,
        "satisfied": [], "observed": [], "evidence": [], "evidence_node": [],
    }  # fmt: skip


# Ann goes round, falls back and is there; Bob skips, leaves and comes back; Cid has left; Dan was never in a stage.
MOVES = [
    move("ann", 1, "entered", None, "need", 0, 2),
    move("ann", 2, "forward", "need", "select", 2, 6),
    move("ann", 3, "backward", "select", "need", 6),
    move("bob", 1, "entered", None, "need", 1, 4),
    move("bob", 2, "skip", "need", "renew", 4, 5),
    move("bob", 3, "lap", "renew", "need", 5, 8),
    move("bob", 4, "left", "need", None, 8, 9, rule="gone"),
    move("bob", 5, "returned", None, "use", 9),
    move("cid", 1, "entered", None, "use", 3, 7),
    move("cid", 2, "left", "use", None, 7, rule="gone"),
]
ACCOUNTS = {"ann": "acme", "bob": "acme", "cid": "other", "dan": None}


def journey(customer, account):
    return {"customer_id": customer, "racetrack": TRACK, "version": 1, "account_id": account, "status": "outside",
            "first_at": START, "moves": 0, "laps": 0, "regressions": 0, "skips": 0, "revisions": 0,
            "revisions_left_out": 0}  # fmt: skip


def sums(moves):
    """The sums over moves, in plain loops."""
    transitions, days = Counter(), defaultdict(Counter)
    for one in moves:
        key = one["from_stage"] or "", one["to_stage"] or "", one["kind"], one["rule"]
        transitions[key] += 1
        for stage, what in [(one["to_stage"], "entered"), (one["from_stage"], "departed")]:
            if stage:
                days[stage, one["entered_at"].date()][what] += 1
    names = ["from_stage", "to_stage", "kind", "rule", "moves"]
    return {
        "transitions": [
            {"racetrack": TRACK} | dict(zip(names, (*key, count), strict=True)) for key, count in transitions.items()
        ],
        "stage_days": [
            {"racetrack": TRACK, "stage": stage, "day": on, "entered": found["entered"], "departed": found["departed"]}
            for (stage, on), found in days.items()
        ],
    }


def rule(n, name, stage, **declared):
    return {"racetrack": TRACK, "n": n, "rule": name, "title": name, "stage": stage, "origins": [], "owner": "",
            "documentation": "", "source_attributes": [], "types": [], "confidence": None, "coverage": None,
            } | declared  # fmt: skip


def tables(moves, accounts):
    """Everything that is read, as rows by table."""
    stages = [
        {"racetrack": TRACK, "n": n, "stage": stage, "title": stage, "documentation": "", "revenue": False}
        for n, stage in enumerate(STAGES, 1)
    ]
    return {
        "racetrack_stages": stages,
        "racetrack_rules": [
            rule(1, "rule", "need", confidence=0.9, coverage=0.5),
            rule(2, "gone", None),
            rule(3, "chosen", "select"),
        ],
        "rule_sources": [{"racetrack": TRACK, "rule": "rule", "customers": 3}],
        "journeys": [journey(*one) for one in accounts.items()],
        **sums(moves),
    }


def fill(conn, table, rows, schema="views_1"):
    for row in rows:
        statement = sql.SQL("INSERT INTO {}.{} ({}) VALUES ({})").format(
            sql.Identifier(schema),
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        conn.execute(statement, list(row.values()))


def checkpoint(conn, position, clock):
    conn.execute("DELETE FROM raceline.generation")
    conn.execute(
        "INSERT INTO raceline.generation (name, number, status, rules, position, clock, advanced_at, created_at)"
        " VALUES ('views_1', 1, 'live', '', %s, %s, now(), now())",
        [position, clock],
    )


def number(stage):
    return STAGES.index(stage) + 1


def write(conn, moves):
    """Make read models say these moves and no others; they are true at position 7 and day 10."""
    racetrack = {"racetrack": TRACK, "place": 1, "version": 1, "hash": "", "title": "", "documentation": "",
                 "time_zone": "UTC"}  # fmt: skip
    for table, rows in {"racetracks": [racetrack], "moves": moves, **tables(moves, ACCOUNTS)}.items():
        conn.execute(sql.SQL("TRUNCATE views_1.{}").format(sql.Identifier(table)))
        fill(conn, table, rows)
    checkpoint(conn, 7, day(10))


def store(conn):
    """Make live read models of MOVES."""
    conn.execute(VIEWS["create_tables"].replace("{views}", "views_1"))
    conn.execute(VIEWS["publish"].replace("{views}", "views_1"))
    write(conn, MOVES)
