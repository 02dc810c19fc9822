"""What the kernels of support cases answer, said once more in plain loops over plain dictionaries.

Slow, and easy to check by reading beside section 7 of the design. Rows are places in a list of events, those of a case
together and in total order. An event is a dictionary with `does` and what it says; what it does not say is not in it.
A question about a day is asked of all events again, each day.
"""

from typing import Any

NEVER_DAY = 2_932_896
SAID = ("severity", "problem", "cause", "group", "engineer")

Event = dict[str, Any]
Rows = list[tuple[int, Event]]


def cases_of(events: list[Event]) -> dict[int, Rows]:
    """The rows of each case, in order of the cases."""
    found: dict[int, Rows] = {}
    for row, event in enumerate(events):
        found.setdefault(event["case"], []).append((row, event))
    return dict(sorted(found.items()))


def histories(events: list[Event]) -> list[dict[str, Any]]:
    """What is known of its case after each event."""
    told = [after(rows[:n]) for rows in cases_of(events).values() for n in range(1, len(rows) + 1)]
    for rows in cases_of(events).values():
        for row, event in rows:
            if event["does"] == "surveyed":
                told[row]["closing_of"] = closing_of(row, [other for other, _ in rows if told[other]["closing"]])
    return told


def after(rows: Rows) -> dict[str, Any]:
    """All about the last of these events of a case."""
    before, last = [event for _, event in rows[:-1]], rows[-1][1]
    was, now = is_open(before), is_open([*before, last])
    return {
        "open": now,
        **{name: last_said(name, [*before, last]) for name in SAID},
        "texts": len(scores([*before, last])),
        "sentiment": sentiment([*before, last]),
        "opening": was is None and now is True,
        "closing": was is not False and now is False,
        "reopening": was is False and now is True,
        "reassigned": any(reassigns(name, before, last) for name in ("group", "engineer")),
        "closing_of": None,
    }


def is_open(events: list[Event]) -> bool | None:
    """Whether the case is open after these events; None: nobody has said anything but surveys."""
    known = [event for event in events if event["does"] != "surveyed"]
    if not known:
        return None
    saying = [event for event in known if event["does"] != "updated" or "active" in event]
    if not saying:  # updates alone: the first of them opened it
        return True
    last = saying[-1]
    return last["active"] if last["does"] == "updated" else last["does"] != "closed"


def last_said(name: str, events: list[Event]) -> int | None:
    said = [event[name] for event in events if name in event]
    return said[-1] if said else None


def reassigns(name: str, before: list[Event], last: Event) -> bool:
    return name in last and last_said(name, before) not in (None, last[name])


def scores(events: list[Event]) -> list[int]:
    return [event["score"] for event in events if "score" in event]


def sentiment(events: list[Event]) -> int | None:
    """The mean score, halves rounded up."""
    if not (found := scores(events)):
        return None
    whole, rest = divmod(sum(found), len(found))
    return whole + (2 * rest >= len(found))


def closing_of(row: int, closings: list[int]) -> int | None:
    """The last closing before the survey, else the first one after it."""
    earlier = [closing for closing in closings if closing < row]
    return max(earlier) if earlier else min(closings, default=None)


def closings_that_count(events: list[Event]) -> list[int]:
    """The last closing of each case on each day; events with `day` and `closing`."""
    last = {(event["case"], event["day"]): row for row, event in enumerate(events) if event["closing"]}
    return sorted(last.values())


def last_by(day: int, rows: Rows) -> tuple[int, Event] | None:
    """What happened last up to the end of the day."""
    found = [(row, event) for row, event in rows if event["day"] <= day]
    return found[-1] if found else None


def value_at(day: int, rows: Rows) -> int | None:
    """The value of a case at the end of a day, None if it is not open; events with `day`, `open`, `value`."""
    last = last_by(day, rows)
    return last[1]["value"] if last and last[1]["open"] is True else None


def stage_at(day: int, moves: list[Event], outside: int) -> int:
    """The stage of a customer at the end of a day; moves with `day` and `to`."""
    last = last_by(day, list(enumerate(moves)))
    return last[1]["to"] if last else outside


def since(day: int, rows: Rows) -> int:
    """The row by which the case came to the value that it has at the end of the day."""
    first_day = min(event["day"] for _, event in rows)
    while day > first_day and value_at(day - 1, rows) == value_at(day, rows):
        day -= 1
    row, _ = last_by(day, rows) or rows[0]
    state = {row: (event["open"] is True, event["value"]) for row, event in rows}
    while state.get(row - 1) == state[row]:
        row -= 1
    return row


def open_spells(events: list[Event], customer: list[int], moves: list[list[Event]], outside: int) -> list[Event]:
    """Each day is asked for the stage and the value of each case; neighbouring days that agree are one spell."""
    days = [one["day"] for one in [*events, *(move for of_one in moves for move in of_one)]]
    found: list[Event] = []
    for case, rows in cases_of(events).items():
        running = None
        for day in range(min(days), max(days) + 1):
            value, stage = value_at(day, rows), stage_at(day, moves[customer[case]], outside)
            here = None if value is None else (stage, value)
            if here != running:
                if running is not None:
                    found[-1]["to"] = day
                if here is not None:
                    spell = {"case": case, "stage": stage, "event": since(day, rows), "from": day, "to": NEVER_DAY}
                    found.append(spell)
                running = here
    return found


def states_at(asked: list[Event], moves: list[list[Event]], outside: int) -> list[int]:
    """Where each customer is at each instant: `customer` and `at` are asked; moves with `at` and `to`."""
    found = []
    for one in asked:
        made = [move["to"] for move in moves[one["customer"]] if move["at"] <= one["at"]]
        found.append(made[-1] if made else outside)
    return found


def extremes(changes: list[Event]) -> list[tuple[int, int, int | None, int | None]]:
    """Group, day, lowest and highest score that is there; changes with `group`, `day`, `score`, `change`."""
    found = []
    for group, day in sorted({(change["group"], change["day"]) for change in changes}):
        sums: dict[int, int] = {}
        for one in changes:
            if one["group"] == group and one["day"] <= day and one["score"] is not None:
                sums[one["score"]] = sums.get(one["score"], 0) + one["change"]
        there = [score for score, total in sums.items() if total > 0]
        found.append((group, day, min(there, default=None), max(there, default=None)))
    return found
