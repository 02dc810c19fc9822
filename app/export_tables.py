"""The tables that `raceline export` gives, with what each column means. README.md is made from this."""

from typing import NamedTuple

# How a list is written into a CSV file.
NUMBERS, JSON = "numbers", "json"


class Column(NamedTuple):
    """A column, and what it means. csv: how it is written there when it is a list."""

    name: str
    says: str
    csv: str = ""


class Table(NamedTuple):
    """A table of which the rows are read as they are. order: the columns that its rows are in order of.

    says: what a row is, and to which day it belongs; of_racetrack: whether it is one racetrack's, with its stages.
    """

    name: str
    says: str
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    of_racetrack: bool = True


_WHO = (
    Column("customer_id", "the customer"),
    Column("account_id", "the company; empty: none is known"),
)
_WHERE = (
    *_WHO,
    Column("racetrack", "the racetrack"),
    Column("version", "its version"),
)
STAYS = Table(
    "stays",
    "One row per stay in a stage; a stay belongs to the day on which it began, in the racetrack's time zone.",
    ("customer_id", "n"),
    (
        *_WHERE,
        Column("n", "the number of the move that began the stay, from 1 for each customer"),
        Column("stage", "the stage"),
        Column("title", "its title"),
        Column("stage_n", "its place on the racetrack, from 1"),
        Column("entered_at", "when the stay began"),
        Column("left_at", "when it ended, exclusive; empty: it goes on"),
        Column("days", "how long it lasted; empty: it goes on"),
        Column("kind", "the kind of the move that began it: entered, forward, skip, edge, lap, backward, ..."),
        Column("rule", "the rule that began it; empty: the customer started there"),
        Column("from_stage", "the stage before; empty: outside"),
        Column("to_stage", "the stage after; empty: outside, or it goes on"),
        Column("left_by", "the kind of the move that ended it; empty: it goes on"),
    ),
)
MOVES = Table(
    "moves",
    "One row per move; it belongs to the day on which it happened, in the racetrack's time zone.",
    ("customer_id", "n"),
    (
        *_WHERE,
        Column("n", "the number of the move, from 1 for each customer"),
        Column("kind", "its kind: entered, forward, skip, edge, lap, backward, returned, left, ..."),
        Column("edge", "the edge, where the racetrack names one"),
        Column("from_stage", "the stage before; empty: outside"),
        Column("to_stage", "the stage after; empty: outside"),
        Column("moved_at", "when it happened"),
        Column("known_at", "since when the store knows it"),
        Column("rule", "the rule, or the exit, by which it came; empty: the customer started there"),
        Column("trigger_event", "the position of the event that made the rule true; empty: the clock alone"),
        Column("evidence", "the positions of the events behind its conditions", NUMBERS),
        Column("evidence_node", "for each of them, the condition: its place in the rule, from 0", NUMBERS),
    ),
)
PATHS = Table(
    "paths",
    "One row per path; it belongs to the day on which it started, in UTC.",
    ("started_at", "path_id"),
    (
        Column("path_id", "the position of its first event"),
        *_WHO,
        Column("n", "its number, from 1 for each customer"),
        Column("started_at", "when its first event happened"),
        Column("ended_at", "when its last event happened"),
        Column("resolved", "whether the last page helped"),
        Column("length", "how many steps it has"),
        Column("turnarounds", "how many turnarounds"),
        Column("pages", "the page of each step", JSON),
        Column("step_events", "for each step, the position of its event", NUMBERS),
        Column("implied", "for each step, whether nobody saw a click to it", JSON),
        Column("events", "the positions of all its events", NUMBERS),
        Column("turn_index", "the steps with a turnaround, from 1", NUMBERS),
        Column("turn_depth", "the depth of each turnaround", NUMBERS),
        Column("ping_pong_index", "the first apex of each ping-pong", NUMBERS),
        Column("ping_pong_bounces", "the bounces of each ping-pong", NUMBERS),
        Column("loop_index", "the steps that close a loop", NUMBERS),
        Column("loop_distance", "how many steps before each of them the page was", NUMBERS),
    ),
    of_racetrack=False,
)
CASES = Table(
    "cases",
    "One row per support case; it belongs to the day on which it was opened, in the racetrack's time zone.",
    ("customer_id", "n"),
    (
        *_WHO,
        Column("n", "its number, from 1 for each customer, in the order of the first events"),
        Column("case_id", "the case; with the customer its identity"),
        Column("status", "open, closed, or unknown: only surveys are known"),
        Column("opened_at", "when it was opened for the first time"),
        Column("closed_at", "when it was closed for the last time; empty: it is open"),
        Column("open_days", "how long it has been open so far, all open times together"),
        Column("reopened", "how often it was opened again"),
        Column("reassigned", "how often it went to another group or engineer"),
        Column("severity", "as known now, like the next five"),
        Column("problem", "what the customer described"),
        Column("cause", "the code of the underlying cause"),
        Column("assignment_group", "the group that works on it"),
        Column("assigned_to", "the engineer who works on it"),
        Column("sentiment", "the mean over the customer's texts, -1 to 1; empty: none could be scored"),
        Column("texts", "how many texts were scored"),
        Column("surveys", "how many surveys were answered"),
        Column("survey_mean", "the mean of their scores"),
        Column("opened_stage", "the customer's stage when it was opened; empty: none"),
        Column("closed_stage", "the customer's stage when it was closed for the last time; empty: none, or it is open"),
        Column("events", "the positions of its events in the order in which they happened", NUMBERS),
        Column("event_at", "for each event, when it happened", JSON),
        Column("event_does", "what it does: opened, updated, closed, reopened, surveyed", JSON),
        Column("event_open", "whether the case is open after it; null: unknown", JSON),
        Column("event_severity", "the severity after it, and so on", JSON),
        Column("event_problem", "the problem after it", JSON),
        Column("event_cause", "the cause after it", JSON),
        Column("event_group", "the group after it", JSON),
        Column("event_engineer", "the engineer after it", JSON),
        Column("event_sentiment", "the mean over the customer's texts so far", JSON),
        Column("event_survey", "the score that it gives", JSON),
    ),
)
TABLES = {table.name: table for table in (STAYS, MOVES, PATHS, CASES)}
