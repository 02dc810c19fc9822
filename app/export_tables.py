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
_CHANCES = (
    Column("within_day", "the chance of the move to the next stage within 1 day of computed_at"),
    Column("within_week", "within 7 days"),
    Column("within_month", "within 30 days"),
)
_INCIDENCE = Column(
    "incidence",
    "the chances to have left by the end of days 1, 3, 7, 14, 30, 60 and 90; of each to the next stage, further, by an "
    "edge, backward, out",
    NUMBERS,
)
PREDICTIONS = Table(
    "predictions",
    "One row per customer who is in a stage, with what is predicted now; without a model in force there is none.",
    ("customer_id",),
    (
        *_WHERE,
        Column("model", "the version of the model"),
        Column("stage", "the stage"),
        Column("title", "its title"),
        Column("stage_n", "its place on the racetrack, from 1"),
        Column("tier", "how much the model knows of the stage: STAGE, POOLED, SHARED, BASELINE"),
        Column("entered_at", "when the stay began"),
        Column("days_in_stage", "how long it has lasted"),
        Column("computed_at", "the moment that the prediction is made of"),
        Column("day", "its day, in the racetrack's time zone"),
        Column("position", "the highest position among the events that it was made from"),
        *_CHANCES,
        Column("further_within_month", "the chance to leave forward past a stage within 30 days"),
        Column("edge_within_month", "by an edge or a lap"),
        Column("backward_within_month", "backward"),
        Column("out_within_month", "out of the racetrack"),
        Column("expected_days", "the mean time that remains, by any exit; who stays longer than 90 days counts as 90"),
        Column("median_days", "when half have left; empty: not within 90 days"),
        Column("expected_days_if_next", "the mean time until the move to the next stage, if it comes within 90 days"),
        _INCIDENCE,
    ),
)
LEDGER = Table(
    "ledger",
    "One row per prediction that was made and kept: the first of each customer, stay and day. It belongs to its day.",
    ("id",),
    (
        Column("id", "its number, in the order in which they were made"),
        *_WHO,
        Column("racetrack", "the racetrack"),
        Column("racetrack_version", "its version"),
        Column("model", "the version of the model"),
        Column("stage", "the stage that the customer was in, as it was known then"),
        Column("day", "the day, in the racetrack's time zone"),
        Column("entered_at", "when the stay began, as it was known then"),
        Column("computed_at", "the moment that the prediction is made of"),
        Column("position", "the highest position among the events that it was made from"),
        *_CHANCES,
        Column("out_within_month", "the chance to leave the racetrack within 30 days"),
        _INCIDENCE,
        Column("revised", "whether the customer was, as is known now, in another stage: then nothing came true of it"),
        Column(
            "other_version",
            "whether it is for another version of the racetrack than the one that is live: then the stays of"
            " that one say nothing of it",
        ),
        Column("watched_days", "how long what came of it has been watched"),
        Column("exit", "how the stay ended: NEXT, FURTHER, EDGE, BACKWARD, OUT; empty: it goes on"),
        Column("left_after_days", "after how many days it ended; empty: it goes on"),
    ),
)
TABLES = {table.name: table for table in (STAYS, MOVES, PATHS, CASES, PREDICTIONS, LEDGER)}
